"""Reactivations: cohorts that come back after silence, by more than chance, habit or the calendar explains.

A reactivation of cohort c at age k needs: a rise of at least three points after a fall; more users who come back than
who fall silent (paired: McNemar, exact; where users share organisations also by the organisations' sums, and the larger
p-value counts); and a bend that no mix of users who skip months and leave for good can show (their curves are
log-convex), beyond the bend that older cohorts show in the same calendar months. Both p-values are adjusted for all
cells looked at (Holm). The oldest cohort has no older one beside it and is not judged. The tests are those of
`analysis.inference.curves.reactivation_evidence`; here are the thresholds and the search over a model's cohorts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analysis.inference.cohorts.cells import Floats
from analysis.inference.cohorts.co_activity import CoActivity
from analysis.inference.cohorts.panel import Panel
from analysis.inference.curves.reactivation_evidence import calendar_safe, mcnemar, return_rates
from analysis.inference.launch.four_tests import ALPHA
from analysis.inference.launch.multiplicity import adjusted

RISE = 0.03  # least rise of a reactivation: 3 points (suggested)
RETURNERS = 0.25  # least share of a reactivation's actives who had been silent before (suggested)
EARLIEST_REACTIVATION = 2  # months: a rise to month 1 from 1 cannot be


@dataclass(frozen=True)
class Reactivation:
    """A rise of activity after silence in one cohort: share before and after, and what supports it."""

    cohort: int
    age: int
    before: float
    after: float
    returners: float  # share of the actives at `age` who were silent in an earlier month
    p_rise: float  # paired (McNemar), adjusted for the cells looked at (Holm)
    p_shape: float  # not convex as any mix of users who skip and leave would be, beside older cohorts (Holm)

    @property
    def confirmed(self) -> bool:
        """Whether both tests reject."""
        return self.p_rise <= ALPHA and self.p_shape <= ALPHA


def find_reactivations(panel: Panel) -> tuple[Reactivation, ...]:
    """Candidate reactivations of all tested cohorts but the oldest, with their p-values; `Reactivation.confirmed` says
    which hold."""
    seen = [c for c in panel.tested if panel.ages(c).shape[1] > 1]  # the next month may be lost
    together = {c: panel.co_activity(c) for c in seen}
    if not any(_rises(together[c], k) for c in seen[1:] for k in _interior(together[c])):
        return ()
    looked_at = [
        reactivation
        for i, cohort in enumerate(seen)
        if i and together[cohort].months > EARLIEST_REACTIVATION
        for reactivation in _steps(cohort, together, panel.has_organisations)
    ]
    rises, shapes = (
        adjusted(p, "holm") for p in ([j.p_rise for j in looked_at], [j.p_shape for j in looked_at])
    )
    return tuple(
        Reactivation(j.cohort, j.age, j.before, j.after, j.returners, rise, shape)
        for j, rise, shape in zip(looked_at, rises, shapes, strict=True)
        if _rises(together[j.cohort], j.age) and j.returners >= RETURNERS and math.isfinite(shape)
    )


def _clustered_rise(own: CoActivity) -> Floats:
    """One-sided p-values of R(k) > R(k - 1), k = 2..K, by the covariance that the cohort's clusters give: McNemar's z
    without its assumption that users are independent (Obuchowski 1998, Stat. Med. 17:1495). NaN without variation and
    where one organisation holds most users."""
    from scipy.stats import norm

    k = np.arange(2, own.months + 1)
    variance = own.covariance[k, k] + own.covariance[k - 1, k - 1] - 2 * own.covariance[k, k - 1]
    se = np.sqrt(np.where(variance > 1e-20, variance, np.nan))
    return np.asarray(norm.sf((own.retention[k] - own.retention[k - 1]) / se), dtype=np.float64)


def _steps(cohort: int, together: dict[int, CoActivity], clustered: bool = False) -> list[Reactivation]:
    """All interior months of a cohort, with p-values that are not adjusted."""
    own = together[cohort]
    older = [(other, cohort - c) for c, other in together.items() if c < cohort and _testable(other)]
    shape = calendar_safe(own, older)
    rise, returns = mcnemar(own), return_rates(own)
    by_cluster = _clustered_rise(own) if clustered else np.zeros(len(rise.p))
    before = dict(zip(returns.months.tolist(), returns.silent_before.tolist(), strict=True))
    p_rise = dict(zip(rise.months.tolist(), np.maximum(rise.p, by_cluster).tolist(), strict=True))
    return [
        Reactivation(cohort, k, float(own.retention[k - 1]), float(own.retention[k]), before[k], p_rise[k], p)
        for k, p in zip(shape.months.tolist(), shape.p.tolist(), strict=True)
        if k >= EARLIEST_REACTIVATION
    ]


def _testable(own: CoActivity) -> bool:
    """Whether the cohort's clusters say how much its retention varies."""
    return bool(np.isfinite(own.covariance).all())


def _interior(own: CoActivity) -> range:
    """Ages at which a reactivation can be told: the month after it is needed, too."""
    return range(EARLIEST_REACTIVATION, own.months)


def _rises(own: CoActivity, k: int) -> bool:
    """A rise of three points after a fall."""
    r = own.retention
    return bool((r[k - 1] < r[1] or r[k - 1] < r[k - 2]) and r[k] - r[k - 1] >= RISE)
