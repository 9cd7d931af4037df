"""The numbers that a report publishes: of the calibration claims, those that say how large something is.

A claim that only says that something is above a bound, first, or rising has no number: it is met or not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from testbed.calibration.linear.requirements import Read
from testbed.calibration.linear.results import Number, Parts, Plain
from testbed.calibration.linear_claims import LinearClaim, LinearPart
from testbed.claims.predicates import Profile, Range, Value

Link = Literal["share", "log", "plain"]
"""On which scale a number answers evenly: a share between 0 and 1 on a logit, a level on a log."""


@dataclass(frozen=True)
class Published:
    """A number. target, width: the report's, logarithms if it is a level."""

    name: str
    number: Number
    target: float
    width: float

    @property
    def link(self) -> Link:
        """Its scale; a level is already told as its logarithm."""
        return "share" if self.number.unit == "share" else "plain"

    @property
    def sd(self) -> float:
        """Standard deviation of what the report's number may be off by: a band is four of them wide."""
        return self.width / 4

    def value(self, read: Read) -> float:
        """What a world has; NaN where it has nothing to tell it by."""
        found = self.number.value(read)
        if self.number.unit == "level":
            found = math.log(found) if found > 0 else math.nan
        return found if math.isfinite(found) else math.nan


def published(claims: Sequence[LinearClaim]) -> tuple[Published, ...]:
    """The numbers of calibration claims; of several about the same number the one with the narrowest band."""
    found: dict[Number, Published] = {}
    for claim in claims:
        if claim.entry.claim.calibration:
            for one in (one for part in claim.linear_parts for one in _of(part)):
                known = found.get(one.number)
                if known is None or one.width < known.width:
                    found[one.number] = one
    return tuple(found.values())


def _of(part: LinearPart) -> Iterator[Published]:
    predicate, result = part.predicate, part.result
    if isinstance(predicate, Profile) and isinstance(result, Parts):
        for name, target in predicate.targets.items():
            low, high = predicate.band(target)
            if name in result.of:
                yield from _number(f"{part.name}: {name}", Plain(result.of[name]), target, low, high)
    elif isinstance(predicate, Value) and result is not None and not isinstance(result, Parts):
        low, high = predicate.band(predicate.target)
        yield from _number(part.name, result, predicate.target, low, high)
    elif isinstance(predicate, Range) and predicate.at_least is not None and predicate.at_most is not None:
        low, high = predicate.at_least, predicate.at_most
        yield from _number(part.name, result, (low + high) / 2, low, high)


def _number(name: str, result: object, target: float, low: float, high: float) -> Iterator[Published]:
    unit = getattr(result, "unit", None)
    if unit == "level" and low > 0:
        yield Published(name, result, math.log(target), math.log(high / low))  # type: ignore[arg-type]
    elif unit in ("share", "log10"):
        yield Published(name, result, target, high - low)  # type: ignore[arg-type]
