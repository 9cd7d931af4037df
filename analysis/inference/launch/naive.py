"""The tests that one would reach for first, kept to show what they do: how often each is wrong is in the size study.

None of them knows calendar months, other cohorts one by one, or that cohorts differ; the second does not even know
that the months of one user go together.
"""

from __future__ import annotations

import math

import numpy as np

from analysis.inference.cohorts.cells import Cells
from analysis.inference.launch.four_tests import Test, binomial_regression, expit


def two_proportions(cells: Cells, cohort: int, k: int = 3) -> Test:
    """Pooled two-proportion z test, one-sided: the cohort against all others together, at age k."""
    from scipy import stats

    name = "two proportions"
    at = cells.at(k)
    own, others = at[cells.cohort[at] == cohort], at[cells.cohort[at] != cohort]
    if not len(own) or not len(others):
        return Test(name, math.nan, why=f"no two cohorts reach month {k}")
    s0, n0 = cells.count[own].sum(), cells.size[own].sum()
    s1, n1 = cells.count[others].sum(), cells.size[others].sum()
    z = pooled_z(s0, n0, s1, n1)
    return Test(name, float(stats.norm.sf(z)), z, k, len(others))


def pooled_z(active: float, users: float, others_active: float, others: float) -> float:
    """The z of two proportions with their pooled variance: positive where the first is larger; 0 without variance."""
    pooled = (active + others_active) / (users + others)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / users + 1 / others))
    return float((active / users - others_active / others) / spread) if spread else 0.0


def age_only(cells: Cells, cohort: int, robust: bool) -> Test:
    """Binomial regression on age and the cohort's own effect, one-sided; robust: to users, else each row its own."""
    from scipy import stats

    name = "age only, robust" if robust else "age only"
    others = len(cells.cohorts) - 1
    own = cells.cohort == cohort
    if others < 1 or not own.any():
        return Test(name, math.nan, others=max(others, 0), why="no other cohort")
    ages = np.unique(cells.age[np.isin(cells.age, cells.age[own])])
    columns = np.column_stack([(cells.age[:, None] == np.unique(cells.age)).astype(np.float64), own])
    beta, variance = binomial_regression(cells, columns)
    if not robust:
        p = expit(columns @ beta)
        weight = cells.size * p * (1 - p)
        variance = np.linalg.pinv(columns.T @ (weight[:, None] * columns))
    z = float(beta[-1] / math.sqrt(variance[-1, -1])) if len(ages) else math.nan
    return Test(name, float(stats.norm.sf(z)), z, others=others)
