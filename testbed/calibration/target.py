"""The target of a fit: the market nearest to the simulated one in which the calibration claims hold, with room.

A fit that sits on the edges of bands flips from seed to seed, so the bands are narrowed by a part of their width on
each side. Where not all of that room can be had, the conditions that stand in each other's way get half of it, and
half again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from testbed.calibration.feasibility import asked_of
from testbed.calibration.linear_claims import LinearClaim
from testbed.calibration.solving.nearest import Impossible, Nearest, nearest
from testbed.calibration.tensor.frame import Tensor
from testbed.calibration.tensor.reference import Reference

ROOM = 0.15
"""Part of a band's width by which each of its edges moves inwards (assumed)."""
LEAST_ROOM = 0.01
"""Room below which there is none."""
BINDING = 1e-3
"""Multiplier from which on a condition binds, in nats a width of its band."""


class Contradiction(Exception):
    """The claims cannot hold together even without room. names: the conditions that stand in each other's way."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__(
            f"{', '.join(names)} cannot hold together; take out what `feasibility` says must be given up"
        )
        self.names = tuple(names)


@dataclass(frozen=True)
class Target:
    """nearest: the tensor, with the multiplier and the slack of each condition. rooms: the room that each got. start:
    the tensor that it is nearest to."""

    nearest: Nearest
    rooms: Mapping[str, float]
    start: Tensor

    @property
    def tensor(self) -> Tensor:
        """What a fit aims at."""
        return self.nearest.tensor

    @property
    def distance(self) -> float:
        """How far it is from the start: half the sum of absolute differences of shares, in the mean of the periods."""
        return self.tensor.distance(self.start)

    @property
    def binding(self) -> dict[str, float]:
        """The conditions that bind, with their multipliers, the dearest first."""
        found = {name: m for name, m in self.nearest.multipliers.items() if m > BINDING}
        return dict(sorted(found.items(), key=lambda item: -item[1]))


def target(claims: Collection[LinearClaim], reference: Reference, room: float = ROOM) -> Target:
    """The target for claims around a world. Raises ValueError for a claim that is for validation only, Contradiction
    where claims cannot hold together, and Unsettled."""
    others = [claim.id for claim in claims if not claim.entry.claim.calibration]
    if others:
        raise ValueError(f"no target may use claims that are for validation only: {', '.join(others)}")
    if not 0 <= room < 0.5:
        raise ValueError(f"room {room}: expected a part of the width of a band, at least 0 and less than 0.5")
    parts = asked_of(claims)
    exactly = {name: part.exactly for name, part in parts.items()}
    rooms = dict.fromkeys(parts, room)
    while True:
        asked = {name: part.requirement(rooms[name]) for name, part in parts.items()}
        try:
            found = nearest(reference, asked, exactly)
            break
        except Impossible as reason:
            narrowed = [name for name in reason.names if rooms[name] > 0]
            if not narrowed:
                raise Contradiction(reason.names) from None
            for name in narrowed:
                rooms[name] = rooms[name] / 2 if rooms[name] / 2 >= LEAST_ROOM else 0.0
    return Target(found, rooms, reference.tensor)
