"""A made log with what the tables of categories, geography and cost need: free variants, several languages, gaps in
optional columns, price changes, labels of every category."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.queries.categories import taxonomy
from tests.analysis.made_log import made
from tests.analysis.rows import put

LANGUAGES = ("en", "zh-Hans", "ru", "es", "th", None)
PATHS = (*(row.path for row in taxonomy()), "/Pets & Animals", "/Finance/Investing/Commodities")


@dataclass(frozen=True)
class RichLog:
    """Tables of a rich log."""

    generations: pa.Table
    labels: pa.Table
    models: pa.Table


def rich(rows: int = 9000, users: int = 500, seed: int = 5) -> RichLog:
    """About `rows` requests; a third of them labelled, some with two or three paths."""
    log = made(rows=rows, users=users, seed=seed)
    rng = np.random.default_rng(seed)
    table, n = log.generations, log.generations.num_rows
    free = rng.random(n) < 0.15
    table = put(table, "variant", pa.array(np.where(free, "free", "standard"), mask=rng.random(n) < 0.05))
    free &= np.asarray(pc.is_valid(table["variant"]))
    table = put(table, "cost_total", pa.array(np.where(free, 0.0, table["cost_total"].to_numpy())))
    table = put(
        table,
        "language",
        pa.array(rng.choice(np.array(LANGUAGES, object), n, p=[0.7, 0.1, 0.06, 0.05, 0.04, 0.05])),
    )
    for name in ("continent", "country", "byok"):
        table = put(table, name, pa.array(table[name].to_pylist(), mask=rng.random(n) < 0.03))
    table = put(
        table,
        "tokens_cached",
        pa.array(table["tokens_cached"].to_pylist(), pa.int32(), mask=rng.random(n) < 0.1),
    )

    picked = np.flatnonzero(rng.random(n) < 0.33)
    at = np.concatenate(
        [picked, picked[rng.random(len(picked)) < 0.3], picked[rng.random(len(picked)) < 0.1]]
    )
    weights = rng.exponential(1, len(PATHS))
    weights[
        [PATHS.index("/Computers & Electronics/Programming/Other"), PATHS.index("/Games/Roleplaying Games")]
    ] = 25
    labels = pa.table(
        {
            "generation_id": table["generation_id"].take(pa.array(at)).combine_chunks(),
            "path": pa.array(np.array(PATHS)[rng.choice(len(PATHS), len(at), p=weights / weights.sum())]),
            "confidence": pa.array(rng.uniform(0.3, 1.0, len(at)).astype(np.float32)),
        },
        schema=log.labels.schema,
    )
    facts = log.models.to_pylist()
    for row in facts[::2]:  # every other model becomes cheaper in the middle of a week
        row["prices"].append(
            {"from": dt.date(2025, 9, 18), "prompt_usd_per_mtok": 0.07, "completion_usd_per_mtok": 0.31}
        )
    facts[1]["prices"][0]["from"] = dt.date(2025, 3, 1)  # no list price is known before
    return RichLog(table, labels, pa.Table.from_pylist(facts, schema=log.models.schema))
