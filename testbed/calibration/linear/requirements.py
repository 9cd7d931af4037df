"""What must be true of readings: bounds, all of several requirements, or enough of them.

Bounds are linear conditions on the tensor; `Some` needs a binary variable for each of its parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from testbed.calibration.linear.readings import Reading

Read = Callable[[Reading], float]
"""The value of a reading on some tensor."""


class NotLinear(Exception):
    """What is asked is no linear condition on the tensor; the text says why."""


@dataclass(frozen=True)
class Bound:
    """A reading that is at least `least`. width: the unit of its slack, the width of the band that the bound belongs
    to."""

    reading: Reading
    least: float
    width: float = 1.0

    def slack(self, read: Read) -> float:
        """By how many widths the reading lies above the bound; below 0 if it does not."""
        return (read(self.reading) - self.least) / self.width


@dataclass(frozen=True)
class Every:
    """All of several requirements."""

    of: tuple[Requirement, ...]

    def slack(self, read: Read) -> float:
        """The least slack of the parts."""
        return min((part.slack(read) for part in self.of), default=float("inf"))


@dataclass(frozen=True)
class Some:
    """Several requirements of which those that hold weigh at least `needed` together.

    surely: how much makes the claim true beyond doubt, where `needed` is only necessary (a median between two values).
    """

    of: tuple[Requirement, ...]
    weights: tuple[float, ...]
    needed: float
    surely: float | None = None

    @property
    def enough(self) -> float:
        """The weight that is surely enough."""
        return self.needed if self.surely is None else self.surely

    def slack(self, read: Read) -> float:
        """The slack of the last of the parts, best first, that is needed to be surely enough."""
        ranked = sorted(zip((part.slack(read) for part in self.of), self.weights, strict=True), reverse=True)
        reached = 0.0
        for slack, weight in ranked:
            reached += weight
            if reached >= self.enough - 1e-9:
                return slack
        return float("-inf")


Requirement = Bound | Every | Some


def inwards(requirement: Requirement, room: float) -> Requirement:
    """The same with all bounds passed by `room` of their widths: room for what has no band, such as a place."""
    if isinstance(requirement, Bound):
        return replace(requirement, least=requirement.least + room * requirement.width)
    return replace(requirement, of=tuple(inwards(part, room) for part in requirement.of))


def some(of: Sequence[Requirement], needed: float, surely: float | None = None) -> Some:
    """`Some` of parts of equal weight."""
    return Some(tuple(of), (1.0,) * len(of), needed, surely)


def bounds(requirement: Requirement) -> Iterator[Bound]:
    """All bounds in a requirement."""
    if isinstance(requirement, Bound):
        yield requirement
    else:
        for part in requirement.of:
            yield from bounds(part)
