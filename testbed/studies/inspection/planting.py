"""Faults of data planted on the log of a small world, at several rates, and the checks that should find each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import sim
from analysis.inspection.inspection import Inspection, inspect
from analysis.sources.opening import open_log

DATE = "2025-06-01"  # of what begins or ends at a date
FAR_PROVIDERS = 9.0  # hours


@dataclass(frozen=True)
class Planting:
    """A fault at several rates. key: of `observation.faults`, or empty where `change` makes it; settings: its values at
    a rate; checks: any of which finds it; none: nobody can tell from a log."""

    name: str
    key: str
    settings: Callable[[float], Mapping[str, Any]]
    rates: tuple[float, ...]
    checks: tuple[str, ...]
    unit: str = "of the rows"


def _share(rate: float) -> dict[str, Any]:
    return {"share": rate}


def _nulls(*columns: str) -> Callable[[float], Mapping[str, Any]]:
    return lambda rate: {"columns": dict.fromkeys(columns, rate)}


PLANTINGS = (
    Planting("exact duplicates", "duplicates", _share, (0.001, 0.01, 0.1), ("unique",)),
    Planting("retries", "retries", _share, (0.002, 0.005, 0.02, 0.1), ("repeated requests",)),
    Planting("late rows", "late_rows", _share, (0.2,), ()),
    Planting("missing days", "missing_days", _share, (0.01, 0.03, 0.1),
             ("days without a hole", "thin days"), "of the days"),
    Planting("sample of requests", "sampling", lambda rate: {"kept": 1 - rate}, (0.2,), ()),
    Planting("cut in a day", "truncation", lambda rate: {"last_day": "2025-11-20", "hours": 24 * (1 - rate)},
             (0.25, 0.5, 0.75), ("cut inside a day", "apart from the rest"), "of the last day"),
    Planting("clocks off", "clock_skew", lambda rate: {"share": rate, "hours": FAR_PROVIDERS}, (0.1, 0.3, 0.5),
             ("clocks of providers", "clocks of countries"), "of the providers"),
    Planting("mixed zones", "mixed_zones", _share, (0.1, 0.3, 0.5, 1.0),
             ("clocks of countries", "local times"), "of the users"),
    Planting("users missing", "nulls", _nulls("user_id"), (0.0005, 0.01), ("not null",)),
    Planting("regions missing", "nulls", _nulls("country", "continent"), (0.001, 0.005, 0.05), ("missing values",)),
    Planting("finish reasons missing", "nulls", _nulls("finish_reason"), (0.001, 0.005, 0.05), ("missing values",)),
    Planting("costs missing", "nulls", _nulls("cost_total"), (0.0005, 0.01), ("not null",)),
    Planting("negative counts", "negative_counts", _share, (0.0005, 0.01), ("not negative",)),
    Planting("huge counts", "huge_counts", _share, (0.0005, 0.005, 0.01), ("prompts beyond the context",)),
    Planting("ids reset", "id_reset", lambda rate: {"date": DATE, "share": rate}, (0.1, 0.3, 0.5, 1.0),
             ("ids reset",), "of the users"),
    Planting("shared keys", "shared_keys", _share, (0.02, 0.1, 0.33), ("users of several countries",), "of the users"),
    Planting("dated aliases", "aliases", _share, (0.001, 0.01, 0.2), ("several names of a version", "model is known")),
    Planting("bare aliases", "aliases", lambda rate: {"share": rate, "spelling": "bare"}, (0.001, 0.01, 0.2),
             ("author/slug",)),
    Planting("regions from a date on", "schema_drift",
             lambda rate: {"missing_before": {"country": DATE, "continent": DATE}}, (1.0,),
             ("columns that come and go",), "of the rows before"),
    Planting("cached tokens until a date", "schema_drift", lambda rate: {"missing_from": {"tokens_cached": DATE}},
             (1.0,), ("columns that come and go",), "of the rows after"),
    Planting("finish reasons renamed", "finish_reasons", lambda rate: {"date": DATE}, (1.0,), ("allowed values",),
             "of the rows after"),
)  # fmt: skip


Change = Callable[[pa.Table, float, np.random.Generator], pa.Table]


def _put(table: pa.Table, name: str, values: Any) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, name, values)


def _in_cents(table: pa.Table, rate: float, rng: np.random.Generator) -> pa.Table:
    return _put(table, "cost_total", pc.multiply(table["cost_total"], 100.0))


def _in_nanodollars(table: pa.Table, rate: float, rng: np.random.Generator) -> pa.Table:
    return _put(table, "cost_total", pc.multiply(table["cost_total"], 1e9))


def _without_cost(table: pa.Table, rate: float, rng: np.random.Generator) -> pa.Table:
    return _put(table, "cost_total", pc.multiply(table["cost_total"], 0.0))


def _with(name: str, other: str) -> Change:
    """Another column's values in a share of the rows; of a word, the word."""

    def change(table: pa.Table, rate: float, rng: np.random.Generator) -> pa.Table:
        hit = pa.array(rng.random(len(table)) < rate)
        values = table[other].cast(pa.string()) if other in table.schema.names else pa.scalar(other)
        return _put(table, name, pc.if_else(hit, values, table[name].cast(pa.string())))

    return change


def _twice(part: str, whole: str) -> Change:
    def change(table: pa.Table, rate: float, rng: np.random.Generator) -> pa.Table:
        return _put(table, whole, pc.add(table[whole], pc.fill_null(table[part], 0)).cast(pa.int32()))

    return change


def _apart(part: str, whole: str) -> Change:
    """The part left out of the whole, as systems do that report them apart."""

    def change(table: pa.Table, rate: float, rng: np.random.Generator) -> pa.Table:
        return _put(table, whole, pc.subtract(table[whole], pc.fill_null(table[part], 0)).cast(pa.int32()))

    return change


CHANGES: tuple[tuple[str, Change, tuple[float, ...], tuple[str, ...], str], ...] = (
    ("costs in cents", _in_cents, (1.0,), ("unit of costs",), "of the rows"),
    ("costs in nanodollars", _in_nanodollars, (1.0,), ("unit of costs",), "of the rows"),
    ("costs all zero", _without_cost, (1.0,), ("no cost",), "of the rows"),
    ("one user", _with("user_id", "me"), (1.0,), ("one user",), "of the rows"),
    ("placeholder users", _with("user_id", "unknown"), (0.001, 0.1), ("placeholder users",), "of the rows"),
    ("empty users", _with("user_id", ""), (0.001, 0.1), ("not blank",), "of the rows"),
    ("sessions as users", _with("user_id", "session_id"), (1.0,), ("sessions as users",), "of the rows"),
    ("accounts as users", _with("user_id", "account_id"), (1.0,), ("keys as users",), "of the rows"),
    ("country names", _with("country", "Germany"), (0.001, 0.1), ("country codes",), "of the rows"),
    ("cached tokens apart", _apart("tokens_cached", "tokens_prompt"), (1.0,), ("part of prompt",), "of the rows"),
    ("cached tokens twice", _twice("tokens_cached", "tokens_prompt"), (1.0,),
     ("cached tokens added twice", "prompts beyond the context"), "of the rows"),
    ("reasoning tokens apart", _apart("tokens_reasoning", "tokens_completion"), (1.0,), ("part of completion",),
     "of the rows"),
    ("reasoning tokens twice", _twice("tokens_reasoning", "tokens_completion"), (1.0,),
     ("reasoning tokens added twice",),
     "of the rows"),
)  # fmt: skip


@dataclass(frozen=True)
class Tables:
    """The tables of a world's log, without a fault, and what faults need to know of the world."""

    generations: pa.Table
    labels: pa.Table
    models: pa.Table
    ground: Any


def world_of(scenario: Path, users: int, seed: int, out: Path) -> Tables:
    """The log of a small world; its run stays in `out` and is used again."""
    from sim.gateway.faults import Ground
    from sim.gateway.ids import id_array
    from sim.randomness import Draws

    run = sim.run(scenario, users=users, seed=seed, out=out, workers=1)
    world = sim.load_world(scenario, users=users, seed=seed)
    zones = {name: place.utc_offset_hours for name, place in world.scenario.population.countries.items()}
    ground = Ground(Draws(seed), world.scenario.start, world.scenario.end, zones, id_array)
    parts = (pq.read_table(run.path / name) for name in ("log", "labels"))
    generations, labels = (
        part.drop_columns(["week"]) if "week" in part.schema.names else part for part in parts
    )
    return Tables(generations, labels, pq.read_table(run.path / "models.parquet"), ground)


def planted(tables: Tables, planting: Planting, rate: float) -> pa.Table:
    """The generations with a fault of the simulation's catalogue."""
    from sim.gateway.faults import FaultSettings, Rows, plant

    settings = FaultSettings.model_validate({planting.key: planting.settings(rate)})
    return plant(settings, Rows.of(tables.generations.combine_chunks()), tables.ground)[0].table


@contextmanager
def _connected(tables: Mapping[str, pa.Table]) -> Iterator[Any]:
    connection = ibis.duckdb.connect()
    try:
        for name, table in tables.items():
            connection.con.register("filled", table)
            connection.con.execute(f"CREATE TABLE {name} AS SELECT * FROM filled")
            connection.con.unregister("filled")
        yield connection
    finally:
        connection.disconnect()


def inspected(generations: pa.Table, tables: Tables) -> Inspection:
    """The inspection of a log of these generations, with the labels and the models of a world."""
    held = pc.is_in(tables.labels["generation_id"], value_set=generations["generation_id"].combine_chunks())
    whole = {"generations": generations, "labels": tables.labels.filter(held), "models": tables.models}
    with _connected(whole) as connection, open_log((connection, "generations"), check=False) as log:
        return inspect(log)
