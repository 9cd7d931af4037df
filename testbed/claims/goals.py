"""What is asked of the report world over its replicates: how many claims must hold, those that calibration may use and
those for validation apart."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from analysis.proportions import wilson
from testbed.claims.frequency import GOAL, Frequency
from testbed.claims.registry import Claim

Side = Literal["calibration", "validation"]
GOALS: dict[Side, float] = {"calibration": 0.85, "validation": 0.65}
"""Of the testable claims, how many are to hold in at least 80% of the replicates."""
EXPLAINED = (
    "calibration: the world was fitted to these, so they say how well the fit works. validation: nobody looked at "
    "these while the world was made, so they say what it is worth; definitions, which say how to measure, are not "
    "among them."
)
"""What the sides are."""


@dataclass(frozen=True)
class Reached:
    """How near a side is to its goal. contradictory: testable claims that are not counted, since a contradiction names
    them. hold: of the others, those that hold in at least 80% of the replicates."""

    side: Side
    claims: int
    testable: int
    contradictory: tuple[str, ...]
    hold: int

    @property
    def counted(self) -> int:
        """The claims of which the share is taken."""
        return self.testable - len(self.contradictory)

    @property
    def share(self) -> float | None:
        """Of the counted claims, how many hold; None without any."""
        return self.hold / self.counted if self.counted else None

    @property
    def goal(self) -> float:
        """What the share is to be."""
        return GOALS[self.side]

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95% interval of the share."""
        if not self.counted:
            return None
        low, high = wilson(self.hold, self.counted)
        return float(low), float(high)

    def as_json(self) -> dict[str, Any]:
        """This as data."""
        return {
            "claims": self.claims, "testable": self.testable, "contradictory": list(self.contradictory),
            "hold": self.hold, "share": self.share, "interval": self.interval, "goal": self.goal,
        }  # fmt: skip


def side_of(claim: Claim) -> Side | None:
    """The side of a claim; None for a definition, which says how to measure."""
    return "calibration" if claim.calibration else None if claim.role == "definition" else "validation"


def holds(frequency: Frequency) -> bool:
    """Whether a claim holds in at least 80% of the replicates that can tell."""
    return frequency.counted is not None and frequency.counted >= GOAL


def fails(frequency: Frequency) -> bool:
    """Whether it can be told and does not hold in so many."""
    return frequency.counted is not None and frequency.counted < GOAL


def reached(frequencies: Iterable[Frequency], contradictory: Collection[str] = ()) -> list[Reached]:
    """How near both sides are to their goals. contradictory: claims that a contradiction names."""
    found, told = [], list(frequencies)
    for side in GOALS:
        mine = [f for f in told if side_of(f.entry.claim) == side]
        testable = [f for f in mine if f.counted is not None]
        out = tuple(f.entry.id for f in testable if f.entry.id in contradictory)
        hold = sum(holds(f) for f in testable if f.entry.id not in contradictory)
        found.append(Reached(side, len(mine), len(testable), out, hold))
    return found
