"""Runs a scenario at points of its global parameters and reads the numbers of each world, through the engine's store.

No log is made: the numbers are read off what the world is expected to bring.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import sim
from sim.randomness import replicate_seed
from testbed.calibration.fit.evaluation import digest_of, played
from testbed.calibration.globals.instrument import WHOLE_LOG, Instrument, instrument_for
from testbed.calibration.globals.parameters import Global, Globals, globals_of
from testbed.calibration.globals.published import Published
from testbed.calibration.globals.whole_log import log_names
from testbed.calibration.tensor.frame import main_weeks
from testbed.experiment import runner
from testbed.experiment.runs import OtherVersion, Tell, key_of, local, neither
from testbed.experiment.store import Store

Floats = npt.NDArray[np.float64]
MARKET_PART = 0.7
"""Of the time of a run, for its progress."""


@dataclass(frozen=True)
class Read:
    """A job: the numbers of a world. authors: see `whole_log`; names: of all numbers; digest: of the
    scenario as it is, without its seed; key, scenario: as in `fit.evaluation`."""

    key: str
    scenario: str
    settings: tuple[str, ...]
    users: int
    seed: int
    digest: str
    authors: tuple[str, ...]
    names: tuple[str, ...]

    def answers(self, tell: Tell) -> dict[str, Any]:
        """See Job."""
        file = local(self.scenario)
        _check(file, self.users, self.digest)
        world = sim.load_world(file, settings=self.settings, seed=self.seed, users=self.users)
        found = instrument_for(file, self.authors).numbers(played(world, tell, MARKET_PART))
        return {
            name: neither(found[name] if np.isfinite(found.get(name, np.nan)) else None) for name in self.names
        }  # fmt: skip


@dataclass(frozen=True)
class Worlds:
    """A scenario at points of its parameters. master: seed of which all seeds are replicates; authors: told apart in
    the whole log."""

    scenario: Path
    wanted: tuple[Global, ...]
    authors: tuple[str, ...]
    users: int
    master: int
    store: Store
    workers: int | None = None
    quiet: bool = False

    @cached_property
    def world(self) -> sim.World:
        """The scenario as it is. Raises ValueError for one that does not cover the main window."""
        world = sim.load_world(self.scenario, users=self.users)
        weeks = main_weeks()
        first, last = weeks[0], weeks[-1] + dt.timedelta(days=6)
        if world.scenario.start > first or world.scenario.end < last:
            raise ValueError(f"{self.scenario}: the world does not cover the main window, {first} to {last}")
        return world

    @cached_property
    def parameters(self) -> Globals:
        """The parameters, with the scenario's numbers. Raises ValueError for one that it does not have."""
        return globals_of(self.world.scenario, self.wanted)

    @cached_property
    def instrument(self) -> Instrument:
        """What reads the numbers."""
        return instrument_for(self.scenario.absolute(), self.authors)

    @property
    def published(self) -> tuple[Published, ...]:
        """The published numbers."""
        return self.instrument.published

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of all numbers: the published ones first."""
        log = (f"{WHOLE_LOG}{name}" for name in log_names(self.authors))
        return (*(one.name for one in self.published), *log)

    def read(self, points: Sequence[tuple[Floats, int]]) -> Floats:
        """The numbers of worlds: points x numbers, NaN where nothing tells one. points: parameters, and the number of
        the replicate of the master seed. Raises Failure if a run fails, KeyboardInterrupt with the finished runs
        remembered."""
        jobs = [self._job(self.parameters.settings(z), number) for z, number in points]
        runner.run(jobs, self.store, workers=self.workers, quiet=self.quiet)
        found = np.full((len(jobs), len(self.names)), np.nan)
        for row, job in zip(found, jobs, strict=True):
            answers = self.store.of(job)["patterns"]
            values = [answers[name]["value"] for name in self.names]
            row[:] = [np.nan if value is None else value for value in values]
        return found

    def _job(self, settings: tuple[str, ...], number: int) -> Read:
        seed = replicate_seed(self.master, number)
        whole = json.dumps(["numbers", self._digest, settings, seed, self.users, self.authors, self.names])
        file = str(self.scenario.absolute())
        return Read(key_of(whole), file, settings, self.users, seed, self._digest, self.authors, self.names)

    @cached_property
    def _digest(self) -> str:
        return digest_of(self.scenario, (), self.users)


@cache
def _check(scenario: Path, users: int, digest: str) -> None:
    """Once a process: that it reads the same world."""
    if digest_of(scenario, (), users) != digest:
        raise OtherVersion("the scenario, the catalogue or the code changed meanwhile; start it again")
