"""Negative controls: the launch cohorts of other models, which share whatever brings the engaged to any launch.

If people who come first stay with whatever model, every launch cohort stands out by about as much, and a model whose
cohort exceeds its own later ones, but not what the other launches foretell, has shown nothing of itself. Lipsitch,
Tchetgen Tchetgen & Cohen (2010), Epidemiology 21:383, on negative controls.

A few true launch cohorts among the controls must not withdraw another one. So three things are asked before they do:
more than half of the controls have a launch effect above 0 of their own, their mean is above 0 beyond what their own
spread gives (Hartung & Knapp 2001, Stat. Med. 20:3875), and the judged effect does not exceed their median by more
than one more launch may (Higgins, Thompson & Spiegelhalter 2009, J. R. Stat. Soc. A 172:137, on such predictions).
What each costs, on simulated panels of 1,500 launch users and 500 a later cohort, 25% loyal ones in the judged launch:
without the mean's test, 18 of 60 are withdrawn beside five models whose cohorts merely vary (sd 0.25), with it 3 of 60.
In return, launches that keep users by unequal amounts, or of which half are too small to show it, are missed: of 18
runs of the early-adopters world (three controls) one is called foundational, of 6 runs with two more releases, three.

Where more than half of a log's launches do keep users for a cause of their own, this rule cannot tell them from
launches in general, and withdraws all but those that exceed the rest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.inference.cohorts.cells import Floats
from analysis.inference.launch.four_tests import ALPHA, LaunchTests
from analysis.inference.pooling import random_effects
from analysis.proportions import Z95

LEAST_CONTROLS = 3  # other launch cohorts from which anything can be foretold (assumed)
MAJORITY = 0.5  # share of the controls above which launches in general keep users (assumed)


@dataclass(frozen=True)
class Controls:
    """What the other launch cohorts say. stand_out, judged: how many stand out of how many that could be judged;
    above, measured: how many have a launch effect (test A) above 0 at one-sided 5%, of how many whose effect has an
    interval; odds_ratio: their median launch effect; p_mean: that there is none on average; p_excess: that the judged
    model's effect is no larger than theirs foretell. One-sided; NaN with fewer than three controls."""

    stand_out: int = 0
    judged: int = 0
    odds_ratio: float = math.nan
    p_mean: float = math.nan
    p_excess: float = math.nan
    above: int = 0
    measured: int = 0

    @property
    def explain(self) -> bool:
        """Whether launches in general keep users, and this one no more than they do."""
        general = self.measured >= LEAST_CONTROLS and self.above > MAJORITY * self.measured
        return general and self.p_mean <= ALPHA and self.p_excess > ALPHA


def effect(found: LaunchTests) -> tuple[float, float] | None:
    """A launch cohort's log odds ratio (test A) with its variance; None where it could not be measured."""
    bounds = (found.odds_ratio, found.odds_ratio_low, found.odds_ratio_high)
    if not all(math.isfinite(b) and b > 0 for b in bounds):
        return None
    se = (math.log(found.odds_ratio_high) - math.log(found.odds_ratio_low)) / (2 * Z95)
    return (math.log(found.odds_ratio), se * se) if se > 0 else None


def compare(found: LaunchTests | None, others: Sequence[tuple[LaunchTests, bool]]) -> Controls:
    """The judged launch cohort beside others, each with whether it stands out by enough."""
    stand_out, judged = sum(stands for _, stands in others), len(others)
    held = [(pair, other.tests["A"].rejects()) for other, _ in others if (pair := effect(other)) is not None]
    above, measured = sum(rejects for _, rejects in held), len(held)
    own = effect(found) if found is not None else None
    if own is None or measured < LEAST_CONTROLS:
        return Controls(stand_out, judged, above=above, measured=measured)
    values, variances = np.array([pair for pair, _ in held]).T
    middle = float(np.median(values))
    return Controls(
        stand_out, judged, math.exp(middle), _none_on_average(values, variances),
        _no_larger(own, values, variances), above, measured,
    )  # fmt: skip


def _none_on_average(values: Floats, variances: Floats) -> float:
    """p-value that effects are 0 on average, Student's t with a degree less than effects (Hartung & Knapp 2001)."""
    from scipy import stats

    mean, between, precision = random_effects(values, variances)
    degrees = len(values) - 1
    weights = 1 / (variances + between)
    # Never below the variance that the effects' own intervals give: few effects may lie together by luck.
    scale = max(float(weights @ (values - mean) ** 2) / degrees, 1.0)
    return float(stats.t.sf(mean * math.sqrt(precision / scale), degrees))


def _no_larger(own: tuple[float, float], values: Floats, variances: Floats) -> float:
    """p-value that one effect is no larger than a further one of the others would be. Their centre is the median, whose
    variance is pi / 2 times that of a mean of normal values; their spread is that of `random_effects`."""
    from scipy import stats

    middle = float(np.median(values))
    _, between, precision = random_effects(values, variances)
    spread = math.sqrt(between + own[1] + math.pi / 2 / precision)
    return float(stats.t.sf((own[0] - middle) / spread, len(values) - 1))
