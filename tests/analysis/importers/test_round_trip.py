"""What `slipper export` writes, `slipper import` reads again: the same log for all that a form carries; what it does
not carry, both of them say."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import hypothesis.strategies as st
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

import sim
from analysis import Log, contract, open_log, retention
from analysis.exporting.run import Exported, chosen, export_log
from analysis.exporting.target import Target
from analysis.importers import importers
from analysis.importing.account import Account
from analysis.importing.rules import MOST_WHOLE
from analysis.importing.run import import_log
from tests.analysis.importers import exports
from tests.analysis.importers.exports import written
from tests.sim.traffic_world import shipped

Row = dict[str, Any]
NEVER = {"country", "continent", "language"}
"""Fields that no gateway exports."""
TIMES = {"time_to_first_token_ms", "generation_time_ms"}
NAMED = (
    (
        "anthropic/claude-3.7-sonnet",
        "anthropic/claude-3-7-sonnet-20250219",
        "anthropic/claude-3-7-sonnet-20250219",
    ),
    ("anthropic/claude-3.7-sonnet", None, "anthropic/claude-3.7-sonnet"),
    ("openai/gpt-4o", "openai/gpt-4o-2024-08-06", "openai/gpt-4o"),  # which is a listed model by itself
    ('own/"model", a', None, 'own/"model", a'),
    ("own/model", "own/model-20250101", "own/model"),  # nobody lists it
)
"""A model, its version, and the name that stands for both where a form has one place for them."""


Key = tuple[str, str, str]
Rows = list[Row]


@dataclass(frozen=True)
class Way:
    """A form, and what comes back of a log that was written in it.

    lost: fields that are not written. change: what of the others is changed, in all rows. back: fields that are lost,
    and yet come back. unsaid: fields that are lost, and of which an import cannot know.
    """

    lost: set[str]
    change: Callable[[Rows], None] = lambda rows: None
    back: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()


def each(change: Callable[[Row], Row]) -> Callable[[Rows], None]:
    """A change of every row by itself."""

    def all_of(rows: Rows) -> None:
        for row in rows:
            row |= change(row)

    return all_of


def of_litellm(row: Row) -> Row:
    streamed, wait, end = row["streamed"], row["time_to_first_token_ms"], row["generation_time_ms"]
    told = streamed and wait is not None and end is not None and wait < end
    said = True if told else False if streamed is False and end is not None else None
    return {"time_to_first_token_ms": wait if told else None, "streamed": said}


def of_codex(rows: Rows) -> None:
    numbers: Counter[str] = Counter()
    for row in sorted(rows, key=lambda row: row["created_at"]):
        row["session_id"] = row["session_id"] or row["generation_id"]
        numbers[row["session_id"]] += 1
        row["generation_id"] = f"{row['session_id']}-{numbers[row['session_id']]}"


ONLY_OFFERED = each(lambda row: {"tools_offered": row["tools_offered"] or None})
WAYS: Mapping[Key, Way] = {
    ("openrouter", "activity", "csv"): Way({"tools_offered", "session_id"}),
    ("openrouter", "activity-21", "csv.gz"): Way(
        {"account_id", "tokens_cached", "tools_offered", "session_id"},
        each(lambda row: {"account_id": row["user_id"]}),
        back=("account_id",),
    ),
    ("openrouter", "activity-7", "csv"): Way(
        {"account_id", "app_name", "variant", "provider_name", "tokens_reasoning", "tokens_cached", "byok",
         "finish_reason", "tool_called", "tools_offered", "streamed", "cancelled", "session_id"} | TIMES,
    ),
    ("openrouter", "generation", "jsonl"): Way({"tools_offered"}),
    ("openrouter", "response", "json.zst"): Way(
        {"user_id", "account_id", "app_name", "tools_offered", "streamed", "cancelled", "session_id"} | TIMES,
        each(lambda row: {"created_at": row["created_at"].replace(microsecond=0)}),
        unsaid=("streamed",),
    ),
    ("litellm", "spend", "csv"): Way({"byok", "cancelled"}, each(of_litellm)),
    ("litellm", "spend", "jsonl"): Way({"byok", "cancelled"}, each(of_litellm)),
    **dict.fromkeys(
        [("helicone", form, end) for form in ("table", "api") for end in ("csv", "json")],
        Way({"app_name", "byok", "tools_offered", "streamed", "cancelled"}),
    ),
    **dict.fromkeys(
        [("langfuse", "observations", end) for end in ("csv.zst", "json")],
        Way({"provider_name", "byok", "streamed", "cancelled"}, ONLY_OFFERED),
    ),
    ("opentelemetry", "genai", "json"): Way({"account_id", "byok", "cancelled"}, ONLY_OFFERED),
    ("opentelemetry", "openinference", "jsonl"): Way(
        {"account_id", "byok", "cancelled", "streamed", "time_to_first_token_ms"},
        ONLY_OFFERED,
        unsaid=("streamed", "time_to_first_token_ms"),
    ),
    ("claude_code", "session", "jsonl"): Way(
        {"user_id", "account_id", "provider_name", "tokens_reasoning", "byok", "tools_offered", "streamed",
         "cancelled"} | TIMES,
        each(lambda row: {"app_name": "Claude Code"}),
    ),
    ("codex", "session", "jsonl"): Way(
        {"user_id", "account_id", "cost_total", "byok", "finish_reason", "tool_called", "tools_offered", "streamed",
         "cancelled"} | TIMES,
        of_codex,
    ),
}  # fmt: skip
TWO_NAMES = {("openrouter", "generation")}
"""Forms that have a place for the model and one for its version."""
OTHER_IDS = {("opentelemetry", "openinference")}
"""Forms whose ids are not those of the log."""


@contextmanager
def opened(folder: Path, rows: Sequence[Row]) -> Iterator[Log]:
    """A log of rows."""
    pq.write_table(
        pa.Table.from_pylist(rows, schema=contract.arrow_schema("generations")), folder / "rows.parquet"
    )
    with open_log(folder / "rows.parquet", check=False) as log:
        yield log


def there_and_back(
    log: Log, folder: Path, key: Key, models: pa.Table | None = None, **options: Any
) -> tuple[Exported, Account, list[Row]]:
    """A log exported and imported again: both accounts, and the rows that came back."""
    name, form, end = key
    target = Target.named(folder / f"{form}.{end}")
    importer, export = chosen(importers(), name, form, target)
    models = exports.models() if models is None else models
    exported = export_log(log, importer, export, target, models, overwrite=True)
    account = import_log(target.path, folder / f"{form}-{end}", importers(), models, **options)
    assert (account.format, account.written, account.odd) == (name, log.rows, ())
    assert all(one.why.startswith("no count of tokens: a record of type") for one in account.left_out)
    return exported, account, written(folder / f"{form}-{end}").to_pylist()


def expected(made: Sequence[tuple[Row, str]], key: Key) -> Rows:
    """What of the rows comes back. made: each with the name of its model, where a form has one place for it."""
    way, rows = WAYS[key], [dict(row) for row, _ in made]
    way.change(rows)
    for row, (_, name) in zip(rows, made, strict=True):
        if key[:2] not in TWO_NAMES:
            row["model_permaslug"] = name
        if key[1] not in ("activity", "activity-21") and row["variant"] == "standard":
            row["variant"] = None
        reason = row["finish_reason"]
        row["tool_called"] = None if reason is None else reason == "tool_calls"
        row |= dict.fromkeys((way.lost | NEVER) - set(way.back))
    return rows


# --- random logs ----------------------------------------------------------------------------------------------

TEXTS = (
    "ann", "Anna  B", 'said "so"', "two\nlines", "\r", "tab\t,", "né", "用户", "👩\u200d🚀", "'", "None", "\\n", "{}",
    "[1", "0",
)  # fmt: skip
WORDS = "ab,;\"'\\\n\t é日{}[]:"


def a_text(random: Random) -> str:
    made = "".join(random.choice(WORDS) for _ in range(random.randint(1, 9))).strip(" ")
    return random.choice([*TEXTS, made or "x"]).strip(" ")


def a_count(random: Random, most: int = MOST_WHOLE) -> int:
    return random.choice([0, most, random.randint(0, most), random.randint(0, min(most, 5000))])


def a_row(random: Random, number: int) -> tuple[Row, str]:
    """A row of a log, and the one name of its model."""

    def maybe(value: Any) -> Any:
        return random.choice([None, value, value])

    prompt, completion = a_count(random), a_count(random)
    model, version, name = random.choice(NAMED)
    second = random.randint(0, 2_000_000)
    at = dt.datetime(2025, 3, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=second, milliseconds=number)
    return {
        "generation_id": f"gen-{number:03d}", "created_at": at, "user_id": a_text(random),
        "account_id": maybe(a_text(random)), "app_name": maybe(a_text(random)), "model": model,
        "model_permaslug": version, "variant": maybe(random.choice(["standard", "free", "nitro"])),
        "provider_name": maybe(a_text(random)), "tokens_prompt": prompt, "tokens_completion": completion,
        "tokens_reasoning": maybe(a_count(random, completion)), "tokens_cached": maybe(a_count(random, prompt)),
        "cost_total": random.choice([0.0, 0.1 + 0.2, 1e-12, random.random(), 1e6 * random.random()]),
        "byok": maybe(random.random() < 0.5), "finish_reason": maybe(random.choice(contract.FINISH_REASONS)),
        "tools_offered": maybe(random.random() < 0.5), "tool_called": None, "streamed": maybe(random.random() < 0.7),
        "cancelled": maybe(random.random() < 0.5), "time_to_first_token_ms": maybe(a_count(random)),
        "generation_time_ms": maybe(a_count(random)), "country": "DE", "continent": "Europe", "language": "de",
        "session_id": maybe(a_text(random)),
    }, name  # fmt: skip


def check(log: Log, folder: Path, key: Key, made: Sequence[tuple[Row, str]]) -> None:
    """What of the rows comes back is what the form carries, and both ways say the same of what it does not."""
    way = WAYS[key]
    user = {"user": "somebody"} if "user_id" in way.lost else {}
    prices = {"list_prices": True} if "cost_total" in way.lost else {}
    exported, account, found = there_and_back(log, folder, key, **user, **prices)
    assert set(exported.not_carried) == way.lost | NEVER
    assert set(account.not_carried) == (way.lost | NEVER) - set(way.back) - set(way.unsaid)
    assert account.partly == exported.partly
    assert exported.needs == (*("--user" for _ in user), *("--list-prices" for _ in prices))
    assert account.totals["tokens_prompt"] == sum(row["tokens_prompt"] for row, _ in made)
    ids = key[:2] not in OTHER_IDS
    by = "generation_id" if ids else "created_at"
    back = {row[by]: row for row in found}
    for want in expected(made, key):
        got = back.pop(want[by])
        if key[:2] == ("helicone", "table"):  # it has billionths of a dollar
            got["cost_total"] = pytest.approx(got["cost_total"], rel=1e-15, abs=0)
        want |= {"user_id": "somebody"} if user else {}
        unread = {*(["cost_total"] if prices else []), *(["generation_id"] if not ids else [])}
        assert {name: got[name] for name in got if name not in unread} == {
            name: want[name] for name in want if name not in unread
        }
    assert back == {}


@pytest.fixture(scope="module")
def made() -> list[tuple[Row, str]]:
    random = Random(1)
    return [a_row(random, number) for number in range(90)]


@pytest.fixture(scope="module")
def log(tmp_path_factory, made):
    with opened(tmp_path_factory.mktemp("log"), [row for row, _ in made]) as log:
        yield log


def listed(made: Sequence[tuple[Row, str]]) -> list[tuple[Row, str]]:
    """Rows whose model has a price."""
    return [(row, name) for row, name in made if not row["model"].startswith("own")]


@pytest.mark.parametrize("key", [key for key in WAYS if key[0] != "codex"], ids="-".join)
def test_a_log_comes_back_as_far_as_the_form_carries_it(tmp_path, log, made, key):
    check(log, tmp_path, key, made)


def test_a_log_comes_back_from_a_form_without_costs(tmp_path, made):
    priced = listed(made)
    with opened(tmp_path, [row for row, _ in priced]) as log:
        check(log, tmp_path, ("codex", "session", "jsonl"), priced)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A small world, simulated."""
    out = tmp_path_factory.mktemp("run")
    return sim.run(shipped("one-frontier-model"), users=80, settings=["end=2025-03-31"], out=out).path


@pytest.mark.parametrize(
    "key",
    [
        ("openrouter", "activity", "csv.gz"),
        pytest.param(("opentelemetry", "genai", "jsonl"), marks=pytest.mark.slow),
    ],
    ids="-".join,
)
def test_a_simulated_run_comes_back_and_gives_the_same_retention(tmp_path, run, key):
    with open_log(run) as log:
        _, account, _ = there_and_back(log, tmp_path, key, models=pq.read_table(run / "models.parquet"))
        rows, before = log.rows, retention.triangle(log, model="new/frontier")
    assert account.left_out == () and rows > 500
    kept = [name for name in contract.fields("generations") if name not in account.not_carried]
    kept = [name for name in kept if name not in account.partly or name == "byok"]
    back = tmp_path / f"{key[1]}-{key[2]}"
    with open_log(back) as log:
        pd.testing.assert_frame_equal(retention.triangle(log, model="new/frontier"), before)
    differing = duckdb.sql(
        f"SELECT count(*) FROM (SELECT {', '.join(kept)} FROM '{run}/log/*/*.parquet' EXCEPT ALL "
        f"SELECT {', '.join(kept)} FROM '{back}/log/*/*.parquet')"
    ).fetchall()
    assert differing == [(0,)] and len(kept) > 15


def test_each_export_is_taken_there_and_back():
    kinds = {"csv": "table", "json": "json", "jsonl": "json"}
    taken = {(name, form, kinds[end.partition(".")[0]]) for name, form, end in WAYS}
    assert taken == {
        (name, export.name, export.form.kind) for name, one in importers().items() for export in one.exports
    }


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(random=st.randoms(use_true_random=False), size=st.integers(1, 40), key=st.sampled_from(list(WAYS)))
def test_any_log_comes_back(tmp_path_factory, random, size, key):
    folder = tmp_path_factory.mktemp("any")
    made = [a_row(random, number) for number in range(size)]
    made = listed(made) if key[0] == "codex" else made
    if made:
        with opened(folder, [row for row, _ in made]) as log:
            check(log, folder, key, made)
