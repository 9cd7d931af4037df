"""Arms: which levels of the factors are run together, in a fixed order, each combination once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from math import prod
from typing import Any

from testbed.experiment.schema import ArmSettings, Design, FactorSettings, Level

BASE = "base"
NONE = "none"
ABSENT = ("off", "false", "0", "0.0")  # levels at which a cause is not there


@dataclass(frozen=True)
class Arm:
    """A set of changes. levels: by factor, those that are changed; the others stay at their base.

    reference: the arm that it is compared with. factor: the one by which the two differ, None if they differ by more.
    weakens_cause: whether it has less of every cause by which the two differ (off, 0, or a number below the base's), or
    more (False); None where that cannot be said. at_extreme: it takes its factor as far as the experiment does: to off,
    or to the lowest or highest number. alone: its factor is the one cause that is there, and the reference has none.
    """

    name: str
    levels: tuple[tuple[str, Level], ...] = ()
    reference: str = BASE
    factor: str | None = None
    weakens_cause: bool | None = None
    at_extreme: bool = False
    alone: bool = False

    @property
    def changed(self) -> dict[str, Level]:
        """The changes as a mapping."""
        return dict(self.levels)


def written(level: Level | None) -> str:
    """A level as people write it, and as `--set` reads it."""
    if isinstance(level, bool):
        return "true" if level else "false"
    if isinstance(level, str | dt.date):
        return str(level)
    return json.dumps(level, default=str, sort_keys=True)


class SameArm(ValueError):
    """A listed arm that is there already, by its name or by its levels. name: the listed one's."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


def arms_of(factors: Mapping[str, FactorSettings], section: ArmSettings) -> tuple[Arm, ...]:
    """All arms, the base first. Designs come in the order given, each combination once, under its first name; but an
    arm of `alone` stands in place of one that says nothing of a single cause. Listed arms come last. Raises
    SameArm."""
    found: dict[str, Arm] = {_key({}): Arm(BASE, reference="")}
    for design in section.designs:
        for name, levels, alone in _design(design, factors):
            made = _arm(name, levels, factors, alone)
            first = found.setdefault(_key(levels), made)
            if design == "alone" and first.factor is None and first.name != BASE:
                found[_key(levels)] = made  # the arm that was there says nothing of a single cause
    for name, levels in section.listed.items():
        changed = {factor: level for factor, level in levels.items() if level != factors[factor].base}
        if (there := found.get(_key(changed))) is not None:
            raise SameArm(name, f"these levels are already the arm '{there.name}'")
        if name in {arm.name for arm in found.values()}:
            raise SameArm(name, f"another arm is called '{name}'; choose another name")
        found[_key(changed)] = _arm(name, changed, factors)
    return tuple(found.values())


def count(design: Design, factors: Mapping[str, FactorSettings]) -> int:
    """How many arms a design makes, the base included, without making them."""
    sizes = [len(section.changes) for section in factors.values()]
    if design == "full":
        return prod(size + 1 for size in sizes)
    if design == "alone":
        return 2 + len(sizes)
    pairs = sum(one * other for one, other in combinations(sizes, 2)) if design == "pairwise" else 0
    return 1 + sum(sizes) + pairs


def _design(
    design: Design, factors: Mapping[str, FactorSettings]
) -> Iterator[tuple[str, dict[str, Level], str | None]]:
    """The name and the levels of each arm, and the cause that is there alone in it, if there is one."""
    if design in ("one_at_a_time", "pairwise"):
        for factor, section in factors.items():
            for level in section.changes:
                yield _name({factor: level}), {factor: level}, None
    if design == "pairwise":
        for (one, first), (two, second) in combinations(factors.items(), 2):
            for level, other in product(first.changes, second.changes):
                yield _name({one: level, two: other}), {one: level, two: other}, None
    elif design == "alone":
        every = {factor: section.changes[0] for factor, section in factors.items()}
        yield NONE, every, None
        for factor in factors:
            rest = {other: level for other, level in every.items() if other != factor}
            yield f"only {factor}", rest, factor
    elif design == "full":
        choices = [[None, *section.changes] for section in factors.values()]
        for chosen in product(*choices):
            levels = {f: level for f, level in zip(factors, chosen, strict=True) if level is not None}
            yield _name(levels), levels, None


def _arm(
    name: str, levels: Mapping[str, Level], factors: Mapping[str, FactorSettings], alone: str | None = None
) -> Arm:
    """alone: the factor that is there alone; the arm is compared with the one that has none."""
    ordered = tuple((factor, levels[factor]) for factor in factors if factor in levels)
    if alone is not None:
        # Less of the cause in `none` is more of it here.
        less = _less(factors[alone].changes[0], factors[alone].base)
        return Arm(
            name, ordered, NONE, alone, None if less is None else not less, at_extreme=True, alone=True
        )
    directions = {_less(level, factors[factor].base) for factor, level in ordered}
    weakens_cause = directions.pop() if len(directions) == 1 else None
    if len(levels) != 1:
        return Arm(name, ordered, BASE, None, weakens_cause)
    ((factor, level),) = ordered
    return Arm(name, ordered, BASE, factor, weakens_cause, _is_end(level, factors[factor]))


def _less(level: Level, base: Level | None) -> bool | None:
    """Whether a level is less of a cause than the base; None where the two have no order. A base that is not stated is
    a cause that is there: absence is less, and of any other level it cannot be said."""
    if base is not None and written(base) in ABSENT:
        return None if written(level) in ABSENT else False
    if written(level) in ABSENT:
        return True
    one, other = number_of(level), None if base is None else number_of(base)
    return None if one is None or other is None or one == other else one < other


def _is_end(level: Level, section: FactorSettings) -> bool:
    if written(level) in ABSENT:
        return True
    numbers = [n for n in map(number_of, section.changes) if n is not None]
    return number_of(level) in (min(numbers), max(numbers)) if numbers else len(section.changes) == 1


def number_of(level: Level) -> float | None:
    """A level as a number; None for all that is none."""
    return float(level) if isinstance(level, int | float) and not isinstance(level, bool) else None


def _name(levels: Mapping[str, Level]) -> str:
    return ", ".join(f"{factor}={written(level)}" for factor, level in levels.items()) or BASE


def _key(levels: Mapping[str, Any]) -> str:
    return json.dumps({factor: written(level) for factor, level in levels.items()}, sort_keys=True)
