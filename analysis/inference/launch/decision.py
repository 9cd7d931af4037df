"""The decision on one cohort: does it stand out by enough, and does that survive the challenges?

This is the procedure whose error rates are measured: the same function judges a log and simulated panels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from analysis.inference.cohorts.panel import Cells, Panel
from analysis.inference.launch.effects import Effects, difference, effects
from analysis.inference.launch.robustness import LEAST_SHRINKAGE, Challenge, Outcome, challenges
from analysis.inference.launch.tests import (
    ALPHA,
    StandOut,
    beats_every_other,
    beats_trend,
    predicted_from_others,
    stand_out,
)

Answer = Literal["foundational", "fragile", "launch advantage", "no stand-out", "insufficient data"]

# Least difference R(5) of the cohort minus the later ones that counts as a loyal cohort. The report's panels suggest
# 10 points and more; half of that is the floor here, since 15% loyal users give 12 points, and a floor at 10 would
# miss a quarter of such cohorts by chance alone (assumed).
LEAST_DIFFERENCE = 0.05


@dataclass(frozen=True)
class Decision:
    """What was found for one cohort. outcomes: the challenges that were tried, with what they did."""

    cohort: int
    found: StandOut
    sizes: Effects | None
    outcomes: tuple[Outcome, ...] = ()

    @property
    def stands(self) -> bool:
        """Whether the cohort stands out by enough, before any challenge."""
        return _stands(self.found, self.sizes)

    @property
    def withdrawn_by(self) -> tuple[str, ...]:
        """Challenges that withdraw the verdict."""
        return tuple(o.name for o in self.outcomes if o.withdraws and o.flips and self.stands)

    @property
    def flips_under(self) -> tuple[str, ...]:
        """All challenges under which the answer changes, either way."""
        return tuple(o.name for o in self.outcomes if o.flips)

    @property
    def left_out_in_turn(self) -> tuple[Outcome, ...]:
        """The outcomes of leaving out one other cohort, for each of them."""
        return tuple(o for o in self.outcomes if o.without is not None)

    @property
    def other_outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes of all other challenges."""
        return tuple(o for o in self.outcomes if o.without is None)

    @property
    def answer(self) -> Answer:
        """The decision in a word."""
        if self.stands:
            return "fragile" if self.withdrawn_by else "foundational"
        if not self.found.testable:
            return "insufficient data"
        return "launch advantage" if self.found.stands_out else "no stand-out"


def _stands(found: StandOut, sizes: Effects | None) -> bool:
    return found.stands_out and sizes is not None and sizes.difference.value >= LEAST_DIFFERENCE


def decide(
    panel: Panel,
    cohort: int | None = None,
    *,
    merged: Panel | None = None,
    thorough: bool = True,
    alpha: float = ALPHA,
    base: Decision | None = None,
) -> Decision:
    """Judge one cohort of a panel (default: its launch cohort). Raises ValueError without one.

    merged: the panel with the model's earlier ids merged. thorough: try all challenges; else only those that can change
    the answer from "foundational" to "fragile", and only until one does. base: the `first_look` at this cohort, where
    it was made already.
    """
    chosen = panel.launch if cohort is None else cohort
    if chosen is None:
        raise ValueError(
            "the panel has no launch cohort: name the cohort to judge, as an index into panel.months"
        )
    if base is None:
        base = first_look(panel, chosen, alpha)
    if not thorough and not base.stands:
        return base
    outcomes = []
    for challenge in _wanted(challenges(panel, chosen, merged), thorough):
        outcomes.append(_try(challenge, base, alpha))
        if not thorough and outcomes[-1].flips:
            break
    return Decision(chosen, base.found, base.sizes, tuple(outcomes))


def first_look(panel: Panel, cohort: int, alpha: float = ALPHA) -> Decision:
    """The decision before any challenge."""
    return Decision(cohort, *_judged(panel.cells, cohort, alpha))


def may_stand(cells: Cells, cohort: int, alpha: float = ALPHA) -> bool:
    """Whether the first look can find that the cohort stands out by enough: what can be told without test A, the
    regression. Most panels without a loyal cohort end here, at a fifth of the cost."""
    gap = difference(cells, cohort)
    return (
        gap is not None
        and gap >= LEAST_DIFFERENCE
        and beats_every_other(cells, cohort).rejects(alpha)
        and predicted_from_others(cells, cohort).rejects(alpha)
        and ((trend := beats_trend(cells, cohort)).rejects(alpha) or not trend.ran)
    )


def _judged(cells: Cells, cohort: int, alpha: float) -> tuple[StandOut, Effects | None]:
    return stand_out(cells, cohort, alpha), effects(cells, cohort)


def _wanted(tried: Iterable[Challenge], thorough: bool) -> Iterable[Challenge]:
    return (c for c in tried if thorough or c.withdraws)


def _try(challenge: Challenge, base: Decision, alpha: float) -> Outcome:
    cells, cohort = challenge.cells()
    if cohort < 0 or cohort not in cells.cohorts:
        return _of_what_is_left(challenge, base)
    found, sizes = _judged(cells, cohort, alpha)
    flips = None if not found.testable else _stands(found, sizes) != base.stands
    gap = sizes.difference.value if sizes else math.nan
    if (
        flips
        and challenge.beside is not None
        and _stands(*_judged(challenge.beside(), base.cohort, alpha)) != base.stands
    ):
        flips = None
    if flips and challenge.part and base.stands and base.sizes is not None:
        flips = True if gap < LEAST_SHRINKAGE * base.sizes.difference.value else None
    return _outcome(challenge, flips, gap, found.p)


def _of_what_is_left(challenge: Challenge, base: Decision) -> Outcome:
    """A challenge that leaves too little of the cohort to judge it: it flips what stood if the difference has gone, or
    if nobody is left."""
    flips, gap = None, math.nan
    if challenge.left is not None and base.stands and base.sizes is not None:
        cells = challenge.left()
        sizes = effects(cells, base.cohort)
        if sizes is not None:
            gap = sizes.difference.value
        if base.cohort not in cells.cohorts or gap < LEAST_SHRINKAGE * base.sizes.difference.value:
            flips = True
    return _outcome(challenge, flips, gap)


def _outcome(challenge: Challenge, flips: bool | None, gap: float, p: float = math.nan) -> Outcome:
    return Outcome(
        challenge.name, challenge.about, challenge.withdraws, flips, p, gap, without=challenge.without
    )
