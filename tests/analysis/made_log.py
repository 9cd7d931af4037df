# ruff: noqa: E501
"""Conforming logs made with plain numpy for the tests: small, quick, and independent of any simulator.

`made(rows, users, ...)` returns pyarrow tables with the contract's schemas; `write_run` lays them out as a run folder.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis import contract

# model, name, released, open, origin, country, params, size, reasoning, optimised, tools, (in, out, cached) USD/Mtok
CATALOGUE = [
    ("openai/gpt-4o-mini", "GPT-4o mini", "2024-07-18", False, "RoW", "US", None, None, "none", False, True, (0.15, 0.6, 0.075)),
    ("anthropic/claude-3.5-sonnet", "Claude 3.5 Sonnet", "2024-06-20", False, "RoW", "US", None, None, "none", False, True, (3, 15, 0.3)),
    ("meta-llama/llama-3.3-70b-instruct", "Llama 3.3 70B", "2024-12-06", True, "RoW", "US", 70.6, "large", "none", False, True, (0.1, 0.3, None)),
    ("mistralai/mistral-nemo", "Mistral Nemo", "2024-07-19", True, "RoW", "FR", 12.2, "small", "none", False, True, (0.03, 0.07, None)),
    ("deepseek/deepseek-chat", "DeepSeek V3", "2024-12-26", True, "CN", "CN", 671.0, "large", "none", False, True, (0.27, 1.1, 0.07)),
    ("deepseek/deepseek-r1", "DeepSeek R1", "2025-01-20", True, "CN", "CN", 671.0, "large", "always", True, False, (0.55, 2.19, 0.14)),
    ("google/gemini-2.0-flash-001", "Gemini 2.0 Flash", "2025-02-05", False, "RoW", "US", None, None, "none", False, True, (0.1, 0.4, 0.025)),
    ("deepseek/deepseek-chat-v3-0324", "DeepSeek V3 0324", "2025-03-24", True, "CN", "CN", 671.0, "large", "none", False, True, (0.27, 1.1, 0.07)),
    ("meta-llama/llama-4-maverick", "Llama 4 Maverick", "2025-04-05", True, "RoW", "US", 400.0, "large", "none", False, True, (0.15, 0.6, None)),
    ("anthropic/claude-sonnet-4", "Claude Sonnet 4", "2025-05-22", False, "RoW", "US", None, None, "hybrid", True, True, (3, 15, 0.3)),
    ("google/gemini-2.5-pro", "Gemini 2.5 Pro", "2025-06-17", False, "RoW", "US", None, None, "always", True, True, (1.25, 10, 0.31)),
    ("google/gemini-2.5-flash", "Gemini 2.5 Flash", "2025-06-17", False, "RoW", "US", None, None, "hybrid", True, True, (0.3, 2.5, 0.075)),
    ("moonshotai/kimi-k2", "Kimi K2", "2025-07-11", True, "CN", "CN", 1000.0, "large", "none", False, True, (0.6, 2.5, 0.15)),
    ("qwen/qwen3-coder", "Qwen3 Coder", "2025-07-23", True, "CN", "CN", 480.0, "large", "none", False, True, (0.3, 1.2, None)),
    ("openai/gpt-oss-120b", "gpt-oss-120b", "2025-08-05", True, "RoW", "US", 117.0, "large", "always", True, True, (0.1, 0.5, None)),
    ("x-ai/grok-code-fast-1", "Grok Code Fast 1", "2025-08-26", False, "RoW", "US", None, None, "always", True, True, (0.2, 1.5, 0.02)),
    ("baidu/ernie-closed", "ERNIE closed", "2025-06-30", False, "CN", "CN", None, None, "none", False, True, (0.5, 2.0, None)),
]  # fmt: skip

PATHS = [
    "/Computers & Electronics/Programming/Other",
    "/Computers & Electronics/Programming/Development Tools",
    "/Games/Roleplaying Games",
    "/Adult",
    "/Science/Computer Science/Machine Learning & Artificial Intelligence",
    "/Finance/Investing/Stocks & Bonds/Somewhere deeper",
    "/Reference/Language Resources/Foreign Language Resources",
    "/Sensitive Subjects/Other",
]

READ = (
    "account_id", "variant", "tokens_reasoning", "tokens_cached", "byok", "finish_reason", "tools_offered", "country",
    "continent", "language",
)  # fmt: skip
"""The optional columns that some query reads, which tests leave out by turns; the others are left out together."""


@dataclass(frozen=True)
class MadeLog:
    """Tables of a made log."""

    generations: pa.Table
    labels: pa.Table
    models: pa.Table
    start: dt.date
    end: dt.date


def made(
    rows: int = 4000,
    users: int = 300,
    seed: int = 0,
    start: str = "2024-12-01",
    end: str = "2025-11-30",
    models: int | None = None,
    label_share: float = 0.1,
) -> MadeLog:
    """A log of about `rows` requests by `users` users; launch cohorts of some models stay longer than later ones."""
    rng = np.random.default_rng(seed)
    first, last = np.datetime64(start), np.datetime64(end)
    days = int((last - first).astype(int)) + 1
    entries = CATALOGUE[:models]
    released = np.array([np.datetime64(entry[2]) for entry in entries])
    release_day = np.maximum((released - first).astype(int), 0)

    # spells: user x model from a day on, for a time; more spells at launch, longer ones for sticky launch cohorts
    spells = users * 3
    model = rng.integers(len(entries), size=spells)
    room = np.maximum(days - release_day[model], 1)
    begin = release_day[model] + (room * rng.beta(1, 1.8, size=spells)).astype(int)
    sticky = np.isin(model, [0, 9, 10]) & (begin - release_day[model] < 14) & (rng.random(spells) < 0.45)
    length = np.where(sticky, rng.exponential(400, spells), rng.exponential(25, spells)) + 0.5
    volume = np.sqrt(length) * rng.lognormal(0, 1, spells)
    spell = rng.choice(spells, size=rows, p=volume / volume.sum())
    day = begin[spell] + rng.random(rows) * length[spell]
    spell, day = spell[day < days], day[day < days]
    order = np.argsort(day, kind="stable")
    spell, day = spell[order], day[order]
    n = len(spell)
    owner = rng.integers(users, size=spells)[spell]
    chosen = model[spell]

    share = day / days
    prompt = (rng.lognormal(7.2, 1.0, n) * (1 + 2.5 * share)).astype(np.int64) + 1
    completion = (rng.lognormal(5.0, 0.8, n) * (1 + share)).astype(np.int64) + 1
    always = np.array([entry[8] != "none" for entry in entries])[chosen]
    reasoning = np.where(always, (completion * rng.random(n) * 0.8).astype(np.int64), 0)
    cached = np.where(rng.random(n) < 0.4, (prompt * rng.random(n) * 0.9).astype(np.int64), 0)
    price = np.array([[p if p is not None else entry[11][0] for p in entry[11]] for entry in entries], float)[
        chosen
    ]
    byok = rng.random(n) < 0.05
    cost = ((prompt - cached) * price[:, 0] + completion * price[:, 1] + cached * price[:, 2]) / 1e6
    cost = np.where(byok, cost * 0.05, cost)
    finish = rng.choice(["stop", "length", "content_filter", "error"], size=n, p=[0.93, 0.04, 0.01, 0.02])
    called = rng.random(n) < 0.04 + 0.12 * share
    finish = np.where(called, "tool_calls", finish)
    created = (first.astype("datetime64[ms]").astype(np.int64) + (day * 86_400_000).astype(np.int64)).astype(
        "datetime64[ms]"
    )
    offered = called | (rng.random(n) < 0.2)
    recorded = created >= np.datetime64("2025-09-01")
    countries = np.array(["US", "DE", "CN", "BR", "AU", "ZA"])
    continents = np.array(["North America", "Europe", "Asia", "South America", "Oceania", "Africa"])
    home = rng.choice(6, size=users, p=[0.5, 0.2, 0.2, 0.04, 0.03, 0.03])[owner]
    ids = np.char.add("gen-", np.char.zfill(np.arange(n).astype(str), 9))
    names = np.array([entry[0] for entry in entries])
    values: dict[str, object] = {
        "generation_id": ids,
        "created_at": pa.array(created, pa.timestamp("ms")).cast(pa.timestamp("ms", tz="UTC")),
        "user_id": pa.DictionaryArray.from_arrays(
            pa.array(owner.astype(np.int32)), pa.array([f"u{i:06d}" for i in range(users)])
        ),
        "account_id": pa.array([f"a{i // 3:06d}" for i in range(users)]).take(pa.array(owner)),
        "app_name": np.array(["chat", "agent"])[owner % 2],
        "model": pa.DictionaryArray.from_arrays(pa.array(chosen.astype(np.int32)), pa.array(names)),
        "model_permaslug": pa.array(names + "-v1").take(pa.array(chosen)),
        "variant": np.full(n, "standard"),
        "provider_name": np.full(n, "Provider"),
        "tokens_prompt": prompt,
        "tokens_completion": completion,
        "tokens_reasoning": reasoning,
        "tokens_cached": cached,
        "cost_total": cost,
        "byok": byok,
        "finish_reason": finish,
        "tools_offered": pa.array(offered, mask=~recorded),
        "tool_called": called,
        "streamed": rng.random(n) < 0.7,
        "cancelled": rng.random(n) < 0.02,
        "time_to_first_token_ms": rng.integers(100, 3000, n),
        "generation_time_ms": rng.integers(3000, 30000, n),
        "country": pa.array(countries).take(pa.array(home)),
        "continent": pa.array(continents).take(pa.array(home)),
        "language": np.full(n, "en"),
        "session_id": pa.array([f"s{i:06d}" for i in range(users)]).take(pa.array(owner)),
    }
    schema = contract.arrow_schema("generations")
    generations = pa.table({f.name: _column(values[f.name], f.type) for f in schema}, schema=schema)

    picked = np.flatnonzero(rng.random(n) < label_share)
    twice = picked[rng.random(len(picked)) < 0.25]
    at = np.concatenate([picked, twice])
    weights = np.array([4, 2, 2, 1, 1, 1, 1, 1], float)
    labels = pa.table(
        {
            "generation_id": ids[at],
            "path": np.array(PATHS)[rng.choice(len(PATHS), size=len(at), p=weights / weights.sum())],
            "confidence": pa.array(rng.uniform(0.2, 1.0, len(at)).astype(np.float32)),
        },
        schema=contract.arrow_schema("labels"),
    )
    return MadeLog(generations, labels, catalogue(entries), first.astype(object), last.astype(object))


def _column(value: object, kind: pa.DataType) -> pa.Array:
    array = value if isinstance(value, pa.Array) else pa.array(np.asarray(value))
    return array.cast(kind)


def catalogue(entries: list[tuple] = CATALOGUE) -> pa.Table:
    """The models table of `entries`."""
    rows = [
        {
            "model": slug,
            "name": name,
            "author": slug.split("/")[0],
            "released": dt.date.fromisoformat(released),
            "open_weights": is_open,
            "origin": origin,
            "developer_country": country,
            "params_total_b": params,
            "size_class": size,
            "reasoning": reasoning,
            "reasoning_optimised": optimised,
            "tools": tools,
            "context_tokens": 128_000,
            "model_permaslug": slug + "-v1",
            "retired": None,
            "successor": None,
            "prices": [
                {
                    "from": dt.date.fromisoformat(released),
                    "prompt_usd_per_mtok": float(price[0]),
                    "completion_usd_per_mtok": float(price[1]),
                    "cached_usd_per_mtok": None if price[2] is None else float(price[2]),
                }
            ],
            "free_windows": [],
        }
        for slug, name, released, is_open, origin, country, params, size, reasoning, optimised, tools, price in entries
    ]
    return pa.Table.from_pylist(rows, schema=contract.arrow_schema("models"))


def week_of(created: pa.ChunkedArray) -> np.ndarray:
    """UTC Monday of each timestamp, as datetime64[D]."""
    days = created.cast(pa.timestamp("ms")).to_numpy().astype("datetime64[D]").astype(np.int64)
    return (days - (days + 3) % 7).astype("datetime64[D]")


def write_run(log: MadeLog, folder: Path, manifest: bool = True) -> Path:
    """Write the tables as a run folder: log/, labels/, models.parquet, manifest.json."""
    weeks = week_of(log.generations["created_at"])
    by_id = dict(zip(log.generations["generation_id"].to_pylist(), weeks, strict=True))
    _partitioned(log.generations, weeks, folder / "log")
    if log.labels.num_rows:
        label_weeks = np.array([by_id.get(i, weeks[0]) for i in log.labels["generation_id"].to_pylist()])
        _partitioned(log.labels, label_weeks, folder / "labels")
    pq.write_table(log.models, folder / "models.parquet")
    if manifest:
        content = {
            "title": "A made log",
            "scenario": "made",
            "question": "Do the numbers agree?",
            "run_id": "made-1",
            "seed": 1,
            "study_window": True,
            "users": 1,
            "start": log.start.isoformat(),
            "end": log.end.isoformat(),
            "versions": {"glass_slipper": "0"},
            "counts": {"generations": log.generations.num_rows},
            "census": [["Users", "made"], ["Models", str(log.models.num_rows)]],
        }
        (folder / "manifest.json").write_text(json.dumps(content))
    return folder


def _partitioned(table: pa.Table, weeks: np.ndarray, folder: Path) -> None:
    order = np.argsort(weeks, kind="stable")
    table, weeks = table.take(pa.array(order)), weeks[order]
    starts = np.flatnonzero(np.r_[True, weeks[1:] != weeks[:-1]])
    for begin, stop in zip(starts, [*starts[1:], len(weeks)], strict=True):
        target = folder / f"week={weeks[begin]}"
        target.mkdir(parents=True, exist_ok=True)
        pq.write_table(table.slice(begin, stop - begin), target / "part-0.parquet", compression="zstd")
