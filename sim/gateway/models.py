"""The public catalogue beside a log: what an analyst may know of the models by the end of the world."""

import datetime as dt
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sim.catalogue import MODELS_SCHEMA, Catalogue, write_models_table
from sim.gateway.columns import COMPRESSION
from sim.market import Market
from sim.scenario import Scenario
from sim.scenario.calendar import PromotionEvent

FREE = ":free"
"""How the catalogue marks the free variant of a model, at the end of its slug."""


def listed_name(slug: str) -> str:
    """A model's name in the log: the variant has a column of its own."""
    return slug.removesuffix(FREE)


def is_free_variant(slug: str) -> bool:
    """Whether a model of the catalogue is, in the log, the free variant of another."""
    return slug.endswith(FREE)


def write_models(folder: Path, catalogue: Catalogue, scenario: Scenario, market: Market) -> int:
    """Write `models_table` into a run folder. Returns the number of models."""
    table = models_table(catalogue, scenario, market)
    pq.write_table(table, folder / "models.parquet", **COMPRESSION)
    return len(table)


def models_table(catalogue: Catalogue, scenario: Scenario, market: Market) -> pa.Table:
    """The public catalogue: what an analyst may know by the end of the world, after the market has run (schema
    `MODELS_SCHEMA`).

    Prices are those that were in force, changes by the scenario's calendar and by authors' strategies included.
    """
    rows = write_models_table(catalogue, scenario.end).to_pylist()
    for row in rows:
        slug = row["model"]
        row["prices"] = _price_path(
            row["prices"], market.price_history[:, catalogue.index(slug)], scenario.start
        )
        row["free_windows"] += [
            {"from": e.date, "to": e.until if e.until <= scenario.end else None, "kind": "promotion"}
            for e in scenario.calendar
            if isinstance(e, PromotionEvent) and e.model == slug and e.date <= scenario.end
        ]
        row["free_windows"].sort(key=lambda window: window["from"])
        row["model"] = listed_name(slug)
    return pa.Table.from_pylist(rows, schema=MODELS_SCHEMA)


def _price_path(
    listed: list[dict[str, Any]], history: NDArray[np.float64], start: dt.date
) -> list[dict[str, Any]]:
    """The list prices before `start`, and from then on the daily prices (days x 3) where they change."""
    path = [point for point in listed if point["from"] < start]
    changes = np.flatnonzero((history[1:] != history[:-1]).any(axis=1)) + 1
    for day in [0, *changes.tolist()]:
        prompt, completion, cached = history[day].tolist()
        point = {
            "from": start + dt.timedelta(days=day),
            "prompt_usd_per_mtok": prompt,
            "completion_usd_per_mtok": completion,
            "cached_usd_per_mtok": cached if cached < prompt else None,  # none: no discount
        }
        if not math.isnan(prompt) and not (path and _same_price(path[-1], point)):
            path.append(point)
    return path


def _same_price(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one[key] == other[key] for key in other if key != "from")
