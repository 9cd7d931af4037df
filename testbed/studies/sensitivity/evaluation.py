"""From points to outcomes: the runs of a design, carried out by the experiment engine, and what they answer.

A point is a set of settings of the world; all points share the seeds, and so their luck. What is remembered is not run
again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np

from sim import ScenarioError
from sim.world import load_world
from testbed.experiment import runner
from testbed.experiment.arms import BASE
from testbed.experiment.plan import Plan
from testbed.experiment.runs import Job, Record, Task, Tell, ask, check_version, key_of
from testbed.experiment.store import Store
from testbed.failure import BadInput
from testbed.studies.sensitivity.design import Rows
from testbed.studies.sensitivity.indices import Values
from testbed.studies.sensitivity.inputs import Input

OF_WHICH = ": "
"""In the name of a pattern, before the number of its answer that is the outcome."""

Point = tuple[str, ...]
"""Settings, as `--set` takes them; none: the world as it is."""
JobsOf = Callable[[Sequence[Point], int], list[list[Job]]]
"""The jobs of some points, by seed and point. Takes the number of seeds."""


@dataclass(frozen=True)
class Outcome:
    """What is looked at. name: as in the experiment. number: which number of the pattern's answer, None: its value."""

    name: str
    number: str | None = None

    @classmethod
    def named(cls, name: str) -> Outcome:
        """`GPT-4o mini, month 5: ratio` is the ratio of that pattern's answer; without a colon its value."""
        _, found, number = name.rpartition(OF_WHICH)
        return cls(name, number if found else None)

    def of(self, record: Record) -> float:
        """The outcome of a run; missing where the run cannot tell. Raises BadInput for a number that the pattern does
        not give."""
        answer = record["patterns"][self.name]
        value, numbers = answer["value"], answer.get("numbers", {})
        if self.number is not None:
            if numbers and self.number not in numbers:
                raise BadInput(
                    f"'{self.name}': the pattern gives no number '{self.number}'; it gives {', '.join(numbers)}"
                )
            value = numbers[self.number]["value"] if numbers else None
        return float("nan") if value is None else float(value)


@dataclass
class Evaluation:
    """Runs points and keeps what they cost. seconds: of each run, by its key."""

    outcomes: Sequence[Outcome]
    jobs_of: JobsOf
    store: Store
    workers: int | None = None
    quiet: bool = False
    seconds: dict[str, float] = field(default_factory=dict)
    versions: set[str] = field(default_factory=set)

    def __call__(self, points: Sequence[Point], seeds: int, further: int = 0) -> Values:
        """The outcomes, (seeds, and one if there are further ones) x points x outcomes. further: so many of the first
        points are run with one seed more; the others miss it. Raises Failure if a run failed."""
        jobs = self.jobs_of(points, seeds)
        if further:
            jobs.append(self.jobs_of(points[:further], seeds + 1)[-1])
        runner.run([job for row in jobs for job in row], self.store, workers=self.workers, quiet=self.quiet)
        found = np.full((len(jobs), len(points), len(self.outcomes)), np.nan)
        for seed, row in enumerate(jobs):
            for point, job in enumerate(row):
                record = self.store.of(job)
                self.seconds[job.key] = record["seconds"]
                self.versions.add(record["version"])
                found[seed, point] = [outcome.of(record) for outcome in self.outcomes]
        return found


def points_of(inputs: Sequence[Input], rows: Rows) -> list[Point]:
    """The settings of each row. Raises BadInput for a place outside a range."""
    return [tuple(one.setting(unit) for one, unit in zip(inputs, row, strict=True)) for row in rows]


@dataclass(frozen=True)
class At:
    """The run of a world at a point. as_it_is: the run of the same world, with the same seed, as the experiment has
    it."""

    as_it_is: Task
    point: Point

    @property
    def key(self) -> str:
        """See Job. The world as it is and the settings say which world it is; it is read where it is run."""
        whole = json.dumps([self.as_it_is.key, self.point])
        return key_of(whole) if self.point else self.as_it_is.key

    @property
    def seed(self) -> int:
        """See Job."""
        return self.as_it_is.seed

    @property
    def names(self) -> tuple[str, ...]:
        """See Job."""
        return self.as_it_is.names

    def answers(self, tell: Tell) -> dict[str, Any]:
        """See Job. Raises OtherVersion as `Task` does."""
        _check_version(self.as_it_is)
        return ask(replace(self.as_it_is, settings=(*self.as_it_is.settings, *self.point)), tell)


@cache
def _check_version(task: Task) -> None:
    """Once a process and seed: the points are worlds of the same files."""
    check_version(task)


def in_world(plan: Plan) -> JobsOf:
    """Jobs that simulate the one world of an experiment, as its base has it but for a point's settings."""

    def jobs(points: Sequence[Point], seeds: int) -> list[list[Job]]:
        cells = replace(plan, arms=plan.arms[:1], replicates=seeds).cells
        return [[At(cell.task, point) for point in points] for cell in cells]

    return jobs


def check(plan: Plan, inputs: Sequence[Input]) -> None:
    """Raises BadInput for an experiment that is not of one world and its activity, and where the world refuses the ends
    of a range or what lies between; each problem with the key that it is about."""
    if len(plan.worlds) != 1 or plan.needs != "activity":
        raise BadInput(f"{plan.name}: expected one world, and patterns that need no whole log")
    file, (settings, _) = plan.worlds[0].file, plan.worlds_resolved[plan.worlds[0].name, BASE]
    for unit in (0.0, 1 / 3, 1.0):
        (point,) = points_of(inputs, np.full((1, len(inputs)), unit))
        try:
            load_world(file, settings=(*settings, *point), seed=0, users=plan.users)
        except ScenarioError as error:
            said = "; ".join(f"{problem.path}: {problem.message}" for problem in error.problems)
            raise BadInput(f"{file}: the world refuses a value within a range: {said}") from None
