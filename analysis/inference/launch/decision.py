"""The decision on one cohort: does it stand out by enough, and does that survive the robustness checks?

This is the procedure whose error rates are measured: the same function judges a log and simulated panels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from analysis.inference.cohorts.cells import Cells
from analysis.inference.cohorts.panel import Panel
from analysis.inference.launch.effects import Effects, difference, effects
from analysis.inference.launch.four_tests import (
    LaunchTests,
    beats_every_other,
    beats_trend,
    launch_tests,
    predicted_from_others,
)
from analysis.inference.launch.robustness import LEAST_SHRINKAGE, Outcome, RobustnessCheck, robustness_checks

Answer = Literal["foundational", "fragile", "launch advantage", "no stand-out", "insufficient data"]

# Least difference R(5) of the cohort minus the later ones that counts as a loyal cohort. The report's panels suggest
# 10 points and more; half of that is the floor here, since 15% loyal users give 12 points, and a floor at 10 would
# miss a quarter of such cohorts by chance alone (assumed).
LEAST_DIFFERENCE = 0.05


@dataclass(frozen=True)
class Decision:
    """What was found for one cohort. outcomes: the robustness checks that were tried, with what they did."""

    cohort: int
    found: LaunchTests
    sizes: Effects | None
    outcomes: tuple[Outcome, ...] = ()

    @property
    def stands(self) -> bool:
        """Whether the cohort stands out by enough, before any robustness check."""
        return _stands(self.found, self.sizes)

    @property
    def withdrawn_by(self) -> tuple[str, ...]:
        """Robustness checks that withdraw the verdict."""
        return tuple(o.name for o in self.outcomes if o.withdraws and o.overturns and self.stands)

    @property
    def overturned_by(self) -> tuple[str, ...]:
        """All robustness checks under which the answer changes, either way."""
        return tuple(o.name for o in self.outcomes if o.overturns)

    @property
    def left_out_in_turn(self) -> tuple[Outcome, ...]:
        """The outcomes of leaving out one other cohort, for each of them."""
        return tuple(o for o in self.outcomes if o.without is not None)

    @property
    def other_outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes of all other robustness checks."""
        return tuple(o for o in self.outcomes if o.without is None)

    @property
    def answer(self) -> Answer:
        """The decision in a word."""
        if self.stands:
            return "fragile" if self.withdrawn_by else "foundational"
        if not self.found.testable:
            return "insufficient data"
        return "launch advantage" if self.found.stands_out else "no stand-out"


def _stands(found: LaunchTests, sizes: Effects | None) -> bool:
    return found.stands_out and sizes is not None and sizes.difference.value >= LEAST_DIFFERENCE


def decide(
    panel: Panel,
    cohort: int | None = None,
    *,
    merged: Panel | None = None,
    thorough: bool = True,
    base: Decision | None = None,
    step: Callable[[], None] = lambda: None,
) -> Decision:
    """Judge one cohort of a panel (default: its launch cohort). Raises ValueError without one.

    merged: the panel with the model's earlier ids merged. thorough: try all robustness checks; else only those that can
    change the answer from "foundational" to "fragile", and only until one does. base: the `first_look` at this cohort,
    where it was made already. step: is called before each robustness check, and may raise to end the work.
    """
    chosen = panel.launch if cohort is None else cohort
    if chosen is None:
        raise ValueError(
            "the panel has no launch cohort: name the cohort to judge, as an index into panel.months"
        )
    if base is None:
        base = first_look(panel, chosen)
    if not thorough and not base.stands:
        return base
    outcomes = []
    for check in _wanted(robustness_checks(panel, chosen, merged), thorough):
        step()
        outcomes.append(_try(check, base))
        if not thorough and outcomes[-1].overturns:
            break
    return Decision(chosen, base.found, base.sizes, tuple(outcomes))


def first_look(panel: Panel, cohort: int) -> Decision:
    """The decision before any robustness check."""
    return Decision(cohort, *_judged(panel.cells, cohort))


def may_stand(cells: Cells, cohort: int) -> bool:
    """Whether the first look can find that the cohort stands out by enough: what can be told without test A, the
    regression. Most panels without a loyal cohort end here, at a fifth of the cost."""
    gap = difference(cells, cohort)
    return (
        gap is not None
        and gap >= LEAST_DIFFERENCE
        and beats_every_other(cells, cohort).rejects()
        and predicted_from_others(cells, cohort).rejects()
        and ((trend := beats_trend(cells, cohort)).rejects() or not trend.ran)
    )


def _judged(cells: Cells, cohort: int) -> tuple[LaunchTests, Effects | None]:
    return launch_tests(cells, cohort), effects(cells, cohort)


def _wanted(tried: Iterable[RobustnessCheck], thorough: bool) -> Iterable[RobustnessCheck]:
    return (c for c in tried if thorough or c.withdraws)


def _try(check: RobustnessCheck, base: Decision) -> Outcome:
    cells, cohort = check.cells()
    if cohort < 0 or cohort not in cells.cohorts:
        return _of_what_is_left(check, base)
    found, sizes = _judged(cells, cohort)
    overturns = None if not found.testable else _stands(found, sizes) != base.stands
    gap = sizes.difference.value if sizes else math.nan
    if (
        overturns
        and check.beside is not None
        and _stands(*_judged(check.beside(), base.cohort)) != base.stands
    ):
        overturns = None
    if overturns and check.part and base.stands and base.sizes is not None:
        overturns = True if gap < LEAST_SHRINKAGE * base.sizes.difference.value else None
    return _outcome(check, overturns, gap, found.p)


def _of_what_is_left(check: RobustnessCheck, base: Decision) -> Outcome:
    """A robustness check that leaves too little of the cohort to judge it: it overturns what stood if the difference
    has gone, or if nobody is left."""
    overturns, gap = None, math.nan
    if check.left is not None and base.stands and base.sizes is not None:
        cells = check.left()
        sizes = effects(cells, base.cohort)
        if sizes is not None:
            gap = sizes.difference.value
        if base.cohort not in cells.cohorts or gap < LEAST_SHRINKAGE * base.sizes.difference.value:
            overturns = True
    return _outcome(check, overturns, gap)


def _outcome(check: RobustnessCheck, overturns: bool | None, gap: float, p: float = math.nan) -> Outcome:
    return Outcome(check.name, check.about, check.withdraws, overturns, p, gap, without=check.without)
