"""Negative controls: the launch cohorts of other models, which share whatever brings the engaged to any launch.

If people who come first stay with whatever model, every launch cohort stands out by about as much, and a model whose
cohort exceeds its own later ones, but not what the other launches foretell, has shown nothing of itself. Lipsitch,
Tchetgen Tchetgen & Cohen (2010), Epidemiology 21:383, on negative controls; Higgins, Thompson & Spiegelhalter (2009),
J. R. Stat. Soc. A 172:137, on the prediction from a few effects.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.inference.standout import ALPHA, StandOut, random_effects
from analysis.proportions import Z95

LEAST_CONTROLS = 3  # other launch cohorts from which anything can be foretold (assumed)


@dataclass(frozen=True)
class Controls:
    """What the other launch cohorts say. stand_out, judged: how many stand out of how many that could be judged;
    odds_ratio: their mean launch effect (test A); p_mean: that there is none on average; p_excess: that the judged
    model's effect is no larger than theirs foretell. One-sided; NaN with fewer than three controls."""

    stand_out: int = 0
    judged: int = 0
    odds_ratio: float = math.nan
    p_mean: float = math.nan
    p_excess: float = math.nan

    @property
    def explain(self) -> bool:
        """Whether launches in general keep users, and this one no more than they do."""
        return self.p_mean <= ALPHA and self.p_excess > ALPHA


def effect(found: StandOut) -> tuple[float, float] | None:
    """A launch cohort's log odds ratio (test A) with its variance; None where it could not be measured."""
    bounds = (found.odds_ratio, found.odds_ratio_low, found.odds_ratio_high)
    if not all(math.isfinite(b) and b > 0 for b in bounds):
        return None
    se = (math.log(found.odds_ratio_high) - math.log(found.odds_ratio_low)) / (2 * Z95)
    return (math.log(found.odds_ratio), se * se) if se > 0 else None


def compare(found: StandOut | None, others: Sequence[tuple[StandOut, bool]]) -> Controls:
    """The judged launch cohort beside others, each with whether it stands out by enough."""
    from scipy import stats

    stand_out, judged = sum(stands for _, stands in others), len(others)
    effects = [pair for other, _ in others if (pair := effect(other)) is not None]
    own = effect(found) if found is not None else None
    if own is None or len(effects) < LEAST_CONTROLS:
        return Controls(stand_out, judged)
    values, variances = np.array(effects).T
    mean, between, precision = random_effects(values, variances)
    spread = math.sqrt(between + own[1] + 1 / precision)
    return Controls(
        stand_out, judged, math.exp(mean), float(stats.norm.sf(mean * math.sqrt(precision))),
        float(stats.t.sf((own[0] - mean) / spread, len(values) - 1)),
    )  # fmt: skip
