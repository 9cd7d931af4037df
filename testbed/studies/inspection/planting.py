"""Faults of data planted on the log of a small world, at several rates, and the checks that should find each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import sim
from analysis.inspection.inspection import Inspection, inspect
from analysis.sources.opening import open_log

if TYPE_CHECKING:
    from sim.gateway.faults import Ground

DATE = "2025-06-01"  # of what begins or ends at a date
FAR_PROVIDERS = 9.0  # hours


@dataclass(frozen=True)
class Tables:
    """The tables of a world's log, without a fault, and what faults need to know of the world."""

    generations: pa.Table
    labels: pa.Table
    models: pa.Table
    ground: Ground


Plant = Callable[[Tables, float], pa.Table]
"""The generations of a log with a fault at a rate."""


@dataclass(frozen=True)
class Planting:
    """A fault at several rates. checks: any of which finds it; none: nobody can tell from a log. needs_users: whether
    it is looked for among many users, too, because its traces are in how users differ."""

    name: str
    plant: Plant
    rates: tuple[float, ...]
    checks: tuple[str, ...]
    unit: str = "of the rows"
    needs_users: bool = False


def _fault(key: str, settings: Callable[[float], Mapping[str, Any]] = lambda rate: {"share": rate}) -> Plant:
    """A fault of the simulation's catalogue. key: of `observation.faults`; settings: its values at a rate."""

    def planted(tables: Tables, rate: float) -> pa.Table:
        from sim.gateway.faults import FaultSettings, Rows, plant

        faults = FaultSettings.model_validate({key: settings(rate)})
        return plant(faults, Rows.of(tables.generations.combine_chunks()), tables.ground)[0].table

    return planted


def _nulls(*columns: str) -> Plant:
    return _fault("nulls", lambda rate: {"columns": dict.fromkeys(columns, rate)})


def _put(table: pa.Table, name: str, values: Any) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, name, values)


def _costs(times: float) -> Plant:
    """All costs, so many times as high."""
    return lambda tables, rate: _put(
        tables.generations, "cost_total", pc.multiply(tables.generations["cost_total"], times)
    )


def _with(name: str, other: str) -> Plant:
    """Another column's values in a share of the rows; of a word, the word."""

    def planted(tables: Tables, rate: float) -> pa.Table:
        table = tables.generations
        hit = pa.array(np.random.default_rng(1).random(len(table)) < rate)
        values = table[other].cast(pa.string()) if other in table.schema.names else pa.scalar(other)
        return _put(table, name, pc.if_else(hit, values, table[name].cast(pa.string())))

    return planted


def _twice(part: str, whole: str) -> Plant:
    return _counted(part, whole, pc.add)


def _apart(part: str, whole: str) -> Plant:
    """The part left out of the whole, as systems do that report them apart."""
    return _counted(part, whole, pc.subtract)


def _counted(part: str, whole: str, by: Callable[[Any, Any], Any]) -> Plant:
    def planted(tables: Tables, rate: float) -> pa.Table:
        table = tables.generations
        return _put(table, whole, by(table[whole], pc.fill_null(table[part], 0)).cast(pa.int32()))

    return planted


PLANTINGS = (
    Planting("exact duplicates", _fault("duplicates"), (0.001, 0.01, 0.1), ("unique",)),
    Planting("retries", _fault("retries"), (0.002, 0.005, 0.02, 0.1), ("repeated requests",)),
    Planting("late rows", _fault("late_rows"), (0.2,), ()),
    Planting("missing days", _fault("missing_days"), (0.01, 0.03, 0.1), ("days without a hole", "thin days"),
             "of the days", needs_users=True),
    Planting("sample of requests", _fault("sampling", lambda rate: {"kept": 1 - rate}), (0.2,), ()),
    Planting("cut in a day", _fault("truncation", lambda rate: {"last_day": "2025-11-20", "hours": 24 * (1 - rate)}),
             (0.25, 0.5, 0.75), ("cut inside a day", "apart from the rest"), "of the last day"),
    Planting("clocks off", _fault("clock_skew", lambda rate: {"share": rate, "hours": FAR_PROVIDERS}), (0.1, 0.3, 0.5),
             ("clocks of providers", "clocks of countries"), "of the providers", needs_users=True),
    Planting("mixed zones", _fault("mixed_zones"), (0.1, 0.3, 0.5, 1.0), ("clocks of countries", "local times"),
             "of the users", needs_users=True),
    Planting("users missing", _nulls("user_id"), (0.0005, 0.01), ("not null",)),
    Planting("regions missing", _nulls("country", "continent"), (0.001, 0.005, 0.05), ("missing values",)),
    Planting("finish reasons missing", _nulls("finish_reason"), (0.001, 0.005, 0.05), ("missing values",)),
    Planting("costs missing", _nulls("cost_total"), (0.0005, 0.01), ("not null",)),
    Planting("negative counts", _fault("negative_counts"), (0.0005, 0.01), ("not negative",)),
    Planting("huge counts", _fault("huge_counts"), (0.0005, 0.005, 0.01), ("prompts beyond the context",)),
    Planting("ids reset", _fault("id_reset", lambda rate: {"date": DATE, "share": rate}), (0.1, 0.3, 0.5, 1.0),
             ("ids reset",), "of the users", needs_users=True),
    Planting("shared keys", _fault("shared_keys"), (0.02, 0.1, 0.33), ("users of several countries",), "of the users"),
    Planting("dated aliases", _fault("aliases"), (0.001, 0.01, 0.2), ("several names of a version", "model is known")),
    Planting("bare aliases", _fault("aliases", lambda rate: {"share": rate, "spelling": "bare"}), (0.001, 0.01, 0.2),
             ("author/slug",)),
    Planting("regions from a date on",
             _fault("schema_drift", lambda rate: {"missing_before": {"country": DATE, "continent": DATE}}), (1.0,),
             ("columns that come and go",), "of the rows before"),
    Planting("cached tokens until a date",
             _fault("schema_drift", lambda rate: {"missing_from": {"tokens_cached": DATE}}), (1.0,),
             ("columns that come and go",), "of the rows after"),
    Planting("finish reasons renamed", _fault("finish_reasons", lambda rate: {"date": DATE}), (1.0,),
             ("allowed values",), "of the rows after"),
    Planting("costs in cents", _costs(100.0), (1.0,), ("unit of costs",)),
    Planting("costs in nanodollars", _costs(1e9), (1.0,), ("unit of costs",)),
    Planting("costs all zero", _costs(0.0), (1.0,), ("no cost",)),
    Planting("one user", _with("user_id", "me"), (1.0,), ("one user",)),
    Planting("placeholder users", _with("user_id", "unknown"), (0.001, 0.1), ("placeholder users",)),
    Planting("empty users", _with("user_id", ""), (0.001, 0.1), ("not blank",)),
    Planting("sessions as users", _with("user_id", "session_id"), (1.0,), ("sessions as users",)),
    Planting("accounts as users", _with("user_id", "account_id"), (1.0,), ("keys as users",)),
    Planting("country names", _with("country", "Germany"), (0.001, 0.1), ("country codes",)),
    Planting("cached tokens apart", _apart("tokens_cached", "tokens_prompt"), (1.0,), ("part of prompt",)),
    Planting("cached tokens twice", _twice("tokens_cached", "tokens_prompt"), (1.0,),
             ("cached tokens added twice", "prompts beyond the context")),
    Planting("reasoning tokens apart", _apart("tokens_reasoning", "tokens_completion"), (1.0,),
             ("part of completion",)),
    Planting("reasoning tokens twice", _twice("tokens_reasoning", "tokens_completion"), (1.0,),
             ("reasoning tokens added twice",)),
)  # fmt: skip


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


def inspected(generations: pa.Table, tables: Tables) -> Inspection:
    """The inspection of a log of these generations, with the labels and the models of a world."""
    held = pc.is_in(tables.labels["generation_id"], value_set=generations["generation_id"].combine_chunks())
    whole = {"generations": generations, "labels": tables.labels.filter(held), "models": tables.models}
    connection = ibis.duckdb.connect()
    try:
        for name, table in whole.items():
            connection.create_table(name, table)
        with open_log((connection, "generations"), check=False) as log:
            return inspect(log)
    finally:
        connection.disconnect()
