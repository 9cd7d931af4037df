"""A resolved experiment: its worlds, arms and patterns, and the runs to carry out, replicate by replicate."""

from __future__ import annotations

import fnmatch
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sim.config.problems import Path as KeyPath
from sim.randomness import replicate_seed
from sim.world import load_world
from testbed.claims.statistics.registry import Needs
from testbed.experiment.arms import BASE, Arm, written
from testbed.experiment.finding import Declared
from testbed.experiment.runs import Task, key_of, portable
from testbed.experiment.schema import PatternSettings, PlanFile
from testbed.patterns import Bound, bind
from testbed.patterns.registry import method_digest


@dataclass(frozen=True)
class PlannedWorld:
    """A world of the experiment. effect: absent or present, None if the plan does not say."""

    name: str
    file: Path
    effect: str | None
    settings: tuple[tuple[KeyPath, str], ...]  # place in the experiment file, and `key=value`


@dataclass(frozen=True)
class PlannedPattern:
    """A pattern under its name in the experiment."""

    name: str
    bound: Bound
    expect: Mapping[str, Declared]
    counts_as_false_positive: bool = True  # in a world without the effect


@dataclass(frozen=True)
class Cell:
    """A task's place in the grid."""

    world: PlannedWorld
    arm: Arm
    replicate: int
    task: Task

    @property
    def label(self) -> str:
        """`world/arm`."""
        return label(self.world, self.arm)


@dataclass(frozen=True)
class Plan:
    """A resolved experiment."""

    name: str
    file: PlanFile
    worlds: tuple[PlannedWorld, ...]
    arms: tuple[Arm, ...]
    patterns: tuple[PlannedPattern, ...]
    seed: int
    users: int | None
    replicates: int
    worlds_resolved: Mapping[
        tuple[str, str], tuple[tuple[str, ...], str]
    ]  # settings and digest by world and arm

    @property
    def needs(self) -> Needs:
        """What the runs must simulate: the whole log if one pattern needs it."""
        return "log" if any(p.bound.pattern.needs == "log" for p in self.patterns) else "activity"

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors."""
        return tuple(self.file.factors)

    def level_of(self, arm: Arm, factor: str) -> str:
        """A factor's level in an arm, as text; empty where it is as the world has it."""
        level = arm.changed.get(factor, self.file.factors[factor].base)
        return "" if level is None else written(level)

    def same_world(self, world: PlannedWorld, arm: Arm) -> bool:
        """Whether an arm's world is that of the arm that it is compared with: the change is none."""
        if not arm.reference:
            return False
        _, own = self.worlds_resolved[world.name, arm.name]
        _, other = self.worlds_resolved[world.name, arm.reference]
        return own == other

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """All runs, replicate-major: an interrupted experiment is balanced."""
        asked = tuple(
            (p.name, p.bound.pattern.name, json.dumps(p.bound.arguments, sort_keys=True, default=str))
            for p in self.patterns
        )
        judges = hashlib.sha256(json.dumps([sorted(asked), self.needs, method_digest()]).encode()).hexdigest()
        found = []
        for number in range(self.replicates):
            seed = replicate_seed(self.seed, number)
            for world in self.worlds:
                for arm in self.arms:
                    settings, digest = self.worlds_resolved[world.name, arm.name]
                    key = key_of(f"{digest} {seed} {judges}")
                    users = None if "users" in {f.path for f in self.file.factors.values()} else self.users
                    task = Task(key, portable(world.file), settings, users, seed, self.needs, asked, digest)
                    found.append(Cell(world, arm, number, task))
        return tuple(found)


def chosen(pattern: str, world: PlannedWorld, arm: Arm) -> bool:
    """Whether a glob of `--only` matches an arm, by its name or as `world/arm`."""
    return any(fnmatch.fnmatchcase(name, pattern) for name in (arm.name, label(world, arm)))


def label(world: PlannedWorld, arm: Arm) -> str:
    """`world/arm`."""
    return f"{world.name}/{arm.name}"


def of_scenario(
    scenario: Path,
    patterns: Sequence[str],
    *,
    replicates: int,
    seed: int | None = None,
    users: int | None = None,
    settings: Sequence[str] = (),
) -> Plan:
    """An experiment with one arm: a scenario as it is. patterns: registered names, without arguments. seed: the master
    seed (default: the scenario's own). Raises sim.ScenarioError."""
    world = load_world(scenario, settings=settings, seed=seed, users=users)
    digest = load_world(scenario, settings=settings, seed=0, users=users).digest
    file = PlanFile.model_construct(
        title=world.scenario.title, question=world.scenario.question, base=str(scenario), users=users,
        seed=world.scenario.seed, replicates=replicates,
        patterns={name: PatternSettings() for name in patterns},
    )  # fmt: skip
    return Plan(
        name=world.name,
        file=file,
        worlds=(PlannedWorld(world.name, scenario.resolve(), None, tuple(((), one) for one in settings)),),
        arms=(Arm(BASE, reference=""),),
        patterns=tuple(PlannedPattern(name, bind(name), {}) for name in patterns),
        seed=file.seed,
        users=users,
        replicates=replicates,
        worlds_resolved={(world.name, BASE): (tuple(settings), digest)},
    )
