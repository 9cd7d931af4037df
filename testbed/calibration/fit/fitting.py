"""The fit of a world: evaluate, aim, step, again and again, through the experiment engine.

Each step evaluates the world at the present parameters over the same seeds, looks for the likeliest parameters with
which the calibration claims would hold, and goes a part of the way; where that made the world much worse, it goes back
and takes a shorter one. Evaluations are remembered by what decides them, so the same command goes on where an earlier
one was interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import sim
from analysis.contract import files
from sim.scenario import Scenario
from testbed.calibration.fit.aim import Aiming
from testbed.calibration.fit.evaluation import evaluate
from testbed.calibration.fit.multipliers import Multipliers
from testbed.calibration.fit.parameters import Parameters, Space
from testbed.calibration.fit.shortfall import loss
from testbed.calibration.fit.walk import Place, Walk
from testbed.calibration.fit.world_file import document, space_of, text
from testbed.calibration.tensor.amounts import Amounts
from testbed.calibration.tensor.frame import Tensor
from testbed.experiment.engine import Engine
from testbed.experiment.runs import key_of

WORLDS = "worlds"
"""Folder of the scenario files of all evaluations."""


@dataclass(frozen=True)
class Step:
    """One step of a fit. distance: from the market that it aims at, half the sum of absolute differences of shares, in
    the mean of the fortnights; by_author: the same of shares by author; out_of_reach: by how many widths conditions
    would fall short there. slack: as in `Aim`; room: what the fit keeps from the edges of bands; users: of the
    world that was evaluated."""

    number: int
    distance: float
    by_author: float
    out_of_reach: float
    slack: Mapping[str, float]
    parameters: Parameters
    room: float
    users: int

    @property
    def asked(self) -> list[str]:
        """Ids of the claims that have a condition, sorted: the first word of its name."""
        return sorted({name.partition(" ")[0] for name in self.slack})

    @property
    def met(self) -> int:
        """How many of the conditions asked for hold on the expected amounts."""
        return sum(slack >= 0 for slack in self.slack.values())

    @property
    def shortfall(self) -> float:
        """By how many widths of their bands conditions asked for do not hold, in all."""
        return sum(max(-slack, 0.0) for slack in self.slack.values())

    @property
    def strain(self) -> float:
        """What it costs that conditions asked for do not hold with room: what steps lessen."""
        return float(loss(np.array([max(self.room - slack, 0.0) for slack in self.slack.values()])).sum())


@dataclass(frozen=True)
class Fit:
    """A finished fit."""

    space: Space
    steps: tuple[Step, ...]

    @property
    def best(self) -> Step:
        """The step with the least strain, of those with the most users."""
        most = max(step.users for step in self.steps)
        return min((step for step in self.steps if step.users == most), key=lambda step: step.strain)


@dataclass(frozen=True)
class Settings:
    """How a fit is run: `steps` steps with `users` users, then `final_steps` with all of the scenario's, from the best
    of the first. seeds: numbers of the replicates of the master seed that every evaluation adds up."""

    users: int
    steps: int
    seeds: Sequence[int]
    master: int
    workers: int | None = None
    final_steps: int = 0


def fit(
    scenario: Path,
    aiming: Aiming,
    settings: Settings,
    folder: Path,
    told: Callable[[Step], None],
    engine: str | Engine = "processes",
) -> Fit:
    """Fit a world. folder: where what is remembered lies. told: is called with each step. engine: see `runner.run`.

    Raises sim.ScenarioError for a scenario that cannot run, Failure for an evaluation that failed, KeyboardInterrupt
    with what is finished remembered.
    """
    world = sim.load_world(scenario, users=settings.users)
    space = space_of(world.scenario, world.catalogue.models)
    at, steps = Parameters.none(space), list[Step]()
    multipliers = Multipliers(aiming.room)
    whole = sim.load_world(scenario).scenario.users
    for users, some in ((settings.users, settings.steps + 1), (whole, settings.final_steps)):
        walk = Walk()
        for _ in range(some):
            amounts = evaluated(world.scenario, scenario, space, at, settings, folder, engine, users)
            aim = aiming(amounts, space, at, multipliers)
            step = Step(
                len(steps), aim.now.distance(aim.to.tensor), _by_author(aim.now, aim.to.tensor), aim.to.short,
                aim.slack, at, aiming.room, users,
            )  # fmt: skip
            steps.append(step)
            told(step)
            at = walk.onwards(Place(step.strain, at, aim.to.at))
        at = Fit(space, tuple(steps)).best.parameters
    return Fit(space, tuple(steps))


def evaluated(
    base: Scenario,
    file: Path,
    space: Space,
    at: Parameters,
    settings: Settings,
    folder: Path,
    engine: str | Engine = "processes",
    users: int | None = None,
) -> Amounts:
    """What the world brings at some parameters. base: the scenario of `file`, before the fit; users: default
    `settings.users`."""
    sections = document(base, space, at.settled(space))
    return evaluate(
        _world(folder, file, sections), (), users=users or settings.users, master=settings.master,
        seeds=settings.seeds, folder=folder, engine=engine,
    )  # fmt: skip


def _world(folder: Path, scenario: Path, sections: dict[str, object]) -> Path:
    """The scenario file of an evaluation, by what it says: the same parameters, the same file."""
    written = text(str(scenario.resolve()), sections)
    file = folder / WORLDS / f"{key_of(written)}.yaml"
    if not file.exists():
        files.write_text(file, written)
    return file


def _by_author(now: Tensor, target: Tensor) -> float:
    """Half the sum of the absolute differences of authors' shares, in the mean of the periods."""
    one, other = now.by_author(), target.by_author()
    gaps = [abs(one[name].sum(axis=1) - other[name].sum(axis=1)) for name in one]
    return float(0.5 * sum(gap.mean() for gap in gaps))
