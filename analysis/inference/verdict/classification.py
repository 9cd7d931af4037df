"""What kind of model a log shows: foundational, dominant launch, no fit, boomerang, drift, or not enough to say.

The kinds are those of the report (State of AI, section 7), the thresholds those suggested for it where it gives none;
each says where it comes from. A kind is named only by what the tests support: the order of the rules is the order of
`classify`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.inference.cohorts.cells import Cells
from analysis.inference.cohorts.panel import Panel
from analysis.inference.curves.reactivations import Reactivation
from analysis.inference.launch.decision import LEAST_DIFFERENCE, Decision
from analysis.inference.launch.four_tests import ALPHA, trend_of_others
from analysis.numerals import percent, points
from analysis.proportions import Z95
from analysis.study import LEVEL, durable

Kind = Literal[
    "foundational", "dominant launch", "fragile", "launch advantage", "drift", "boomerang", "no fit",
    "no stand-out", "insufficient data",
]  # fmt: skip

ALIKE = 0.05  # largest spread between cohorts that are "alike" at an age: 5 points (suggested)
FLOOR = 0.15  # R(k) from month 3 on of later cohorts "near the floor" (suggested)
DOMINANT_RATIO = 2.0  # launch cohort over later ones in a dominant launch: "2 to 3 times" (suggested)
SHAPE_AGES = (3, 4, 5)  # ages at which cohorts are compared (report, figure 25, read at month 5)


CALLED: tuple[Kind, ...] = ("foundational", "dominant launch")
"""The kinds that say that a launch cohort is special and stays."""


@dataclass(frozen=True)
class Classification:
    """The kind of a model and why; at_level: whether the launch cohort also reaches the report's level and plateau
    (None: not observed)."""

    kind: Kind
    because: str
    at_level: bool | None
    reactivations: tuple[Reactivation, ...] = ()


def classify(
    panel: Panel,
    decision: Decision,
    reactivations: tuple[Reactivation, ...] = (),
    enough_power: bool | None = None,
) -> Classification:
    """The kind of a model. reactivations: what `find_reactivations` found; enough_power: whether a loyal share of a
    quarter would have been found. "No fit" asks for that, or, where it was not simulated (None), for intervals so short
    that the cohorts cannot lie further apart than `ALIKE`; and for shares of active users below `LEVEL`: users who stay
    in every cohort fit the model."""
    level = at_level(decision)
    confirmed = tuple(j for j in reactivations if j.confirmed)
    cells = panel.cells

    def called(kind: Kind, because: str) -> Classification:
        return Classification(kind, because, level, confirmed)

    if decision.stands:
        if decision.withdrawn_by:
            return called("fragile", "no longer stands out under: " + ", ".join(decision.withdrawn_by))
        if _is_dominant(cells, decision):
            return called(
                "dominant launch",
                "the launch cohort stands out, and all later ones lie together near the floor",
            )
        return called("foundational", "the launch cohort stands out from every other, and from their trend")
    if decision.found.stands_out:
        return called(
            "launch advantage", "the launch cohort stands out, but by less than counts as a loyal cohort"
        )
    if confirmed:
        return called("boomerang", reactivation_words(panel, confirmed))
    if not decision.found.testable:
        return called("insufficient data", "; ".join(dict.fromkeys(decision.found.gaps)))
    drift = _drift(cells, decision)
    if drift:
        return called("drift", drift)
    if enough_power is False:
        return called(
            "insufficient data",
            "at these cohort sizes even a quarter of loyal users would be missed too often",
        )
    alike = _alike(cells, decision)
    if not alike:
        return called("no stand-out", "the launch cohort is not told from the other cohorts")
    if enough_power is None and not surely_alike(cells, cells.cohorts):
        return called(
            "no stand-out",
            f"{alike}; whether a loyal cohort would have been found was not simulated, and the data alone do not rule "
            f"out that they differ by more than {points(ALIKE)}",
        )
    k, share = latest_share(cells)
    if share >= LEVEL:
        return called(
            "no stand-out",
            f"all cohorts are alike, at a level of {percent(share)} together in month {k}",
        )
    few = f"of all cohorts together {percent(share)} are active in month {k}"
    return called("no fit", f"{alike}, and few stay in any: {few}")


def _alike(cells: Cells, decision: Decision) -> str:
    """That cohorts are not told apart, in words, or nothing. A launch cohort that leads or lags by as much as counts as
    a loyal cohort is not alike, however uncertain its lead is."""
    if decision.sizes is not None and abs(decision.sizes.difference.value) >= LEAST_DIFFERENCE:
        return ""
    spread = spread_beyond_noise(cells, cells.cohorts)
    if spread is None or spread > ALIKE or decision.found.tests["C"].rejects():
        return ""
    ages = [k for k in SHAPE_AGES if len(cells.at(k)) > 1]
    widest = max(zip(_spreads(cells, cells.cohorts), ages, strict=True), key=lambda at: at[0][0] - at[0][1])
    (apart, noise), k = widest
    return (
        f"the highest and the lowest cohort are {points(apart)} apart in month {k}, where chance alone makes up to "
        f"{points(noise)}"
    )


def at_level(decision: Decision) -> bool | None:
    """Whether the cohort reaches the report's level and plateau at month 5; None if month 5 was not observed."""
    sizes = decision.sizes
    if sizes is None or sizes.age != 5 or not math.isfinite(sizes.plateau.value):
        return None
    return durable(sizes.own.value, sizes.plateau.value)


def spread_beyond_noise(cells: Cells, cohorts: list[int]) -> float | None:
    """Largest over ages 3 to 5 of: the spread of R(k) over cohorts, less its own 95% noise. None with one cohort."""
    found = [spread - noise for spread, noise in _spreads(cells, cohorts)]
    return max(found) if found else None


def surely_alike(cells: Cells, cohorts: list[int]) -> bool:
    """Whether at every one of ages 3 to 5 the spread of R(k) over cohorts, with its 95% noise, is at most `ALIKE`."""
    found = [spread + noise for spread, noise in _spreads(cells, cohorts)]
    return bool(found) and max(found) <= ALIKE


def latest_share(cells: Cells) -> tuple[int, float]:
    """The latest of ages 3 to 5 that two cohorts reach (else the latest of all), and the pooled R(k) there."""
    shared = [k for k in SHAPE_AGES if len(cells.at(k)) > 1]
    k = max(shared or [int(cells.age.max())])
    at = cells.at(k)
    return k, float(cells.count[at].sum() / cells.size[at].sum())


def _spreads(cells: Cells, cohorts: list[int]) -> list[tuple[float, float]]:
    """For each of ages 3 to 5 with two cohorts: the spread of R(k) over cohorts, and half its 95% interval."""
    found = []
    for k in SHAPE_AGES:
        at = np.array([i for i in cells.at(k) if int(cells.cohort[i]) in cohorts], dtype=np.int64)
        if len(at) < 2:
            continue
        top, bottom = at[int(np.argmax(cells.share[at]))], at[int(np.argmin(cells.share[at]))]
        difference = np.zeros(len(cells.age))
        difference[top] += 1.0
        difference[bottom] -= 1.0
        variance = max(float(difference @ cells.covariance @ difference), 0.0)
        found.append((float(cells.share[top] - cells.share[bottom]), Z95 * math.sqrt(variance)))
    return found


def _is_dominant(cells: Cells, decision: Decision) -> bool:
    """All later cohorts alike and near the floor, the launch cohort at least twice as high."""
    later = [c for c in cells.cohorts if c > decision.cohort]
    spread = spread_beyond_noise(cells, later)
    sizes = decision.sizes
    if sizes is None or spread is None or spread > ALIKE or not sizes.ratio.value >= DOMINANT_RATIO:
        return False
    at = np.isin(cells.cohort, later) & (cells.age >= min(SHAPE_AGES))
    pooled = [
        cells.count[at & (cells.age == k)].sum() / cells.size[at & (cells.age == k)].sum()
        for k in np.unique(cells.age[at])
    ]
    return bool(pooled) and max(pooled) <= FLOOR


def _drift(cells: Cells, decision: Decision) -> str:
    """Why the cohort's lead looks like a drift over cohorts, or nothing."""
    tests = decision.found.tests
    lead = [tests[letter].rejects() for letter in "BC"]
    if all(lead) and tests["D"].ran and not tests["D"].rejects():
        return "the launch cohort is the best, but no better than the cohorts' own trend foretells"
    trend = trend_of_others(cells, decision.cohort)
    if trend is not None and trend[0] < 0 and trend[1] <= ALPHA and any(lead):
        return "later cohorts are worse one after the other; calendar and age effects give the same numbers"
    return ""


def reactivation_words(panel: Panel, reactivations: tuple[Reactivation, ...]) -> str:
    """The largest of the reactivations, in words."""
    best = max(reactivations, key=lambda j: j.after - j.before)
    return (
        f"users come back: the cohort of {panel.months[best.cohort]:%B %Y} rises from {percent(best.before)} to "
        f"{percent(best.after)} in its month {best.age}"
    )
