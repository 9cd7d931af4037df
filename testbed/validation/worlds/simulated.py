"""Simulated worlds at a small size: the report world, and a null world. Each is simulated once and remembered.

What is remembered lies in a cache folder under the digest of the world, which holds its scenario, its catalogue and the
source of the simulator: another version is another world.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from analysis import contract
from testbed.validation.tables import Tables
from testbed.validation.worlds.world import World

CACHE = "SLIPPER_CACHE"
"""The environment variable that names another cache folder."""


def cache_folder() -> Path:
    """Where worlds are remembered: $SLIPPER_CACHE, or `glass-slipper` in the user's folder of caches."""
    if named := os.environ.get(CACHE):
        return Path(named)
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "glass-slipper"


def simulated(scenario: str, users: int) -> Tables:
    """The log of a shipped scenario with so many users: from the cache, or simulated now and kept there. A cache that
    cannot be written is done without."""
    from sim.world import load_world
    from testbed import shipped

    world = load_world(shipped.named(scenario), users=users)
    kept = cache_folder() / "worlds" / world.digest
    if (found := _read(kept)) is not None:
        return found
    with tempfile.TemporaryDirectory() as folder:
        from sim.runs import run_world

        tables = _of_run(run_world(world, out=folder, workers=1).path)
    _keep(tables, kept)
    return tables


def _of_run(run: Path) -> Tables:
    """The tables of a run folder, requests in the order of their moments."""

    def read(where: Path, table: contract.Table, order: str) -> pa.Table:
        schema = contract.arrow_schema(table)
        return ds.dataset(where, format="parquet").to_table(columns=schema.names).cast(schema).sort_by(order)

    generations = ds.dataset(run / "log", format="parquet").to_table(
        columns=contract.arrow_schema("generations").names
    )
    ordered = generations.sort_by([("created_at", "ascending"), ("generation_id", "ascending")])
    return Tables(
        ordered.cast(contract.arrow_schema("generations")),
        read(run / "labels", "labels", "generation_id"),
        read(run / "models.parquet", "models", "model"),
    )


def _read(folder: Path) -> Tables | None:
    """Remembered tables; None if there are none, or they cannot be read."""
    try:
        return Tables(*(pq.read_table(folder / f"{name}.parquet") for name in contract.TABLES))
    except (OSError, pa.ArrowInvalid):
        return None


def _keep(tables: Tables, folder: Path) -> None:
    """Remember tables: all of them or none."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as aside:
            staged = Path(aside) / "world"
            staged.mkdir()
            for name in contract.TABLES:
                pq.write_table(getattr(tables, name), staged / f"{name}.parquet")
            if folder.exists():  # one that cannot be read
                shutil.rmtree(folder, ignore_errors=True)
            staged.rename(folder)
    except OSError:
        return


def _maker(scenario: str, users: int) -> Callable[[], Tables]:
    return partial(simulated, scenario, users)


WORLDS = (
    World("null world", "150 users whose cohorts are alike, simulated", _maker("nulls/heterogeneity", 150),
          "new/focal", simulated=True),
    World("report world, small", "60 users of the report world, simulated", _maker("report-small", 60),
          "openai/gpt-4o-mini", simulated=True),
)  # fmt: skip
