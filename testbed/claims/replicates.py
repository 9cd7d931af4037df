"""The replicates of a world as the sampling units of a direction: what one log of a simulated world cannot tell.

In one simulated log a direction is judged by the number itself, since the log is its world whole: in a world without
the direction it holds in half of the replicates, by the luck of the draw. How far it is luck, the spread over the
replicates says: the world as such has the direction if the mean of the number over the replicates lies on the claimed
side with its t interval. A direction that the replicates together do not show counts for nothing, in however many of
them it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from testbed.claims.measuring.measured import Unit
from testbed.claims.measuring.uncertainty import mean_interval
from testbed.claims.verdict import Tested, directed

OF_A_DRAW = ("world", "labels")
"""How a direction is tested in one simulated log; other tests are not about the draw of the world."""

Shown = Literal["shown", "not shown", ""]


@dataclass(frozen=True)
class OfWorld:
    """What the replicates together say of a direction: the mean of its number, with Student's t interval. shown: the
    interval lies on the claimed side of the bound, and the mean is as large as it must be."""

    replicates: int
    mean: float
    low: float
    high: float
    unit: Unit
    shown: bool


def of_world(tests: Sequence[dict[str, Any] | None]) -> OfWorld | None:
    """What the replicates say together of one condition. tests: of each replicate, as plain data (`Tested`); None where
    it cannot tell. None where it is no direction that is judged so, or fewer than two replicates can tell."""
    found = [Tested.of(test) for test in tests if test is not None and test["by"] in OF_A_DRAW]
    if len(found) < 2:
        return None
    mean, low, high = mean_interval([test.value for test in found], found[0].level)
    verdict = directed(replace(found[0], by="replicates", value=mean, low=low, high=high))
    return OfWorld(len(found), mean, low, high, found[0].unit, verdict.status == "holds")


def shown(worlds: Sequence[OfWorld | None]) -> Shown:
    """Whether replicates show all directions of a claim; empty where it has none that is judged so."""
    known = [one.shown for one in worlds if one is not None]
    return "" if not known else "shown" if all(known) else "not shown"
