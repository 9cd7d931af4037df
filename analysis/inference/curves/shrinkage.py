"""Cohorts pulled towards what they have in common: beta-binomial shrinkage, and which cohort is the largest.

The highest of many noisy shares is mostly luck, and small cohorts have more of it. Here the cohorts' true shares are
taken as draws of one Beta distribution, fitted to all of them (empirical Bayes); each cohort's own share then moves
towards the common mean, the more the smaller the cohort. This is for display and no test: that the launch cohort is
one draw among others is exactly what is in dispute. Gelman et al. (2013), Bayesian Data Analysis, section 5.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.inference.cohorts.panel import Panel
from analysis.inference.curves.likelihood import BETA_MEANS, BETA_SPREADS, Floats, beta_shapes, maximise
from analysis.proportions import share

FEWEST_COHORTS = 3  # two cohorts hold one difference: no spread can be told from it (assumed)
NODES = 400  # of the quadrature over a cohort's own distribution
COLUMNS = (
    "k", "cohort", "users", "effective_users", "retention", "shrunken", "low", "high", "probability_largest",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Shrinkage:
    """Cohorts' shares shrunken: all arrays of shape (cohorts,).

    alpha, beta: the fitted Beta of the cohorts' true shares; at_boundary: the maximum lies on the edge of the
    parameter space, most often because the cohorts differ by no more than chance, so that all shrink to one value.
    successes, trials: what was fitted.
    """

    alpha: float
    beta: float
    at_boundary: bool
    successes: Floats
    trials: Floats

    @property
    def mean(self) -> float:
        """The common mean alpha/(alpha + beta)."""
        return self.alpha / (self.alpha + self.beta)

    @property
    def raw(self) -> Floats:
        """The cohorts' own shares."""
        return share(self.successes, self.trials)

    @property
    def shrunken(self) -> Floats:
        """(s + alpha)/(n + alpha + beta): the mean of each cohort's share given all cohorts."""
        return np.asarray((self.successes + self.alpha) / (self.trials + self.alpha + self.beta))

    @cached_property
    def interval(self) -> tuple[Floats, Floats]:
        """Central 95% of each cohort's share given all cohorts; narrower than the truth, since alpha and beta are
        taken as known."""
        low, high = (self._quantile(q) for q in (0.025, 0.975))
        return low, high

    @cached_property
    def largest(self) -> Floats:
        """Probability that each cohort's true share is the largest; they add up to 1.

        The integral of one cohort's density times the others' distribution functions, by Gauss-Legendre quadrature
        over the cohort's own quantiles: exact to about four digits and without draws.
        """
        from scipy.special import betainc

        a, b = self._shapes
        points, weights = np.polynomial.legendre.leggauss(NODES)
        values = np.stack([self._quantile(u) for u in (points + 1) / 2])  # (nodes, cohorts)
        below = betainc(a, b, values[:, :, None])  # (nodes, own, others)
        own = np.arange(a.size)
        below[:, own, own] = 1.0
        found = (weights / 2) @ below.prod(axis=2)
        return np.asarray(found / found.sum(), dtype=np.float64)

    @property
    def _shapes(self) -> tuple[Floats, Floats]:
        return self.successes + self.alpha, self.trials - self.successes + self.beta

    def _quantile(self, q: float) -> Floats:
        from scipy.special import betaincinv

        return np.asarray(betaincinv(*self._shapes, q), dtype=np.float64)


def shrink(successes: npt.ArrayLike, trials: npt.ArrayLike) -> Shrinkage:
    """Beta-binomial fit by maximum likelihood: the sum of ln B(s + a, n - s + b) - ln B(a, b) over cohorts.

    successes, trials: active users and size of each cohort, shape (cohorts,); need not be whole numbers (effective
    ones). Errors: ValueError for fewer than FEWEST_COHORTS cohorts, or counts that cannot be.
    """
    from scipy.special import betaln

    s, n = np.broadcast_arrays(np.asarray(successes, np.float64), np.asarray(trials, np.float64))
    if s.ndim != 1 or s.size < FEWEST_COHORTS:
        raise ValueError(f"shrinkage needs a row of at least {FEWEST_COHORTS} cohorts, got shape {s.shape}")
    if not np.isfinite(s + n).all() or np.any(n <= 0) or np.any(s < 0) or np.any(s > n):
        raise ValueError("each cohort needs users, and a count of active ones between 0 and their number")
    total = float(n.sum())

    def log_likelihood(point: Floats) -> float:
        a, b = beta_shapes(point[0], point[1])
        if min(a, b) <= 0:
            return -np.inf
        return float((betaln(s + a, n - s + b) - betaln(a, b)).sum()) / total

    pooled = float(np.clip(s.sum() / total, 1e-4, 1 - 1e-4))
    logit = float(np.log(pooled) - np.log1p(-pooled))
    starts = [np.array([logit, spread]) for spread in (-2.0, -5.0, -8.0)]
    best = maximise(log_likelihood, starts, (BETA_MEANS, BETA_SPREADS))
    alpha, beta = beta_shapes(best.point[0], best.point[1])
    return Shrinkage(alpha, beta, best.on_edge, s.copy(), n.copy())


def shrunken_cohorts(panel: Panel) -> pd.DataFrame:
    """Shrunken retention of a panel's tested cohorts: one row an age k with at least FEWEST_COHORTS of them, and cohort
    (first day of its month); see COLUMNS.

    effective_users: users over the design effect of the panel's organisations; these are what is fitted.
    """
    cells = panel.cells
    frames = []
    for k in np.unique(cells.age):
        at = cells.at(int(k))
        if len(at) < FEWEST_COHORTS:
            continue
        effective = cells.size[at] / cells.design_effect[at]
        fit = shrink(cells.share[at] * effective, effective)
        frames.append(
            pd.DataFrame(
                {
                    "k": int(k),
                    "cohort": pd.to_datetime([panel.months[c] for c in cells.cohort[at]]),
                    "users": cells.size[at].astype(np.int64),
                    "effective_users": effective,
                    "retention": fit.raw,
                    "shrunken": fit.shrunken,
                    "low": fit.interval[0],
                    "high": fit.interval[1],
                    "probability_largest": fit.largest,
                }
            )
        )
    if not frames:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(frames, ignore_index=True)
