"""Maximum likelihood on a bounded box: one optimiser for all the fits of this package.

The models here have two to four parameters and smooth likelihoods, some of them flat along a ridge or best on
the edge of the parameter space. scipy's L-BFGS-B with central differences, from several starts, finds their
maxima to about five digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

Bounds = Sequence[tuple[float, float]]

EDGE = 1e-3  # as near to a bound as this (on the optimiser's scale), a maximum is said to lie on it


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where a log-likelihood is largest: point (shape: parameters), value, on_edge (of the box)."""

    point: Floats
    value: float
    on_edge: bool


@dataclass(frozen=True)
class LikelihoodRatio:
    """A likelihood-ratio test: statistic 2(l1 - l0), its degrees of freedom and p.

    boundary: the null lies on the edge of the parameter space, so that the reference is half a chi-squared with
    0 and half one with `df` degrees of freedom (Self & Liang 1987, JASA 82:605), not the plain chi-squared.
    """

    statistic: float
    df: int
    p: float
    boundary: bool


def maximise(log_likelihood: Callable[[Floats], float], starts: Sequence[Floats], bounds: Bounds) -> Maximum:
    """The largest value of a function on a box, from several starts.

    log_likelihood: of a point (shape: parameters), finite in the box up to -inf; best scaled to about 1 an
    observation, because the tolerances are absolute.
    """
    from scipy.optimize import minimize

    def loss(point: Floats) -> float:
        value = log_likelihood(point)
        return -value if np.isfinite(value) else 1e10

    low, high = np.array(bounds, dtype=np.float64).T
    best = None
    for start in starts:
        inside = np.clip(np.asarray(start, dtype=np.float64), low, high)
        found = minimize(
            loss, inside, method="L-BFGS-B", jac="3-point", bounds=bounds,
            options={"ftol": 1e-13, "gtol": 1e-8, "maxiter": 300},
        )  # fmt: skip
        if best is None or found.fun < best.fun:
            best = found
    if best is None:
        raise ValueError("maximise needs at least one start")
    point = np.asarray(best.x, dtype=np.float64)
    on_edge = bool(np.any((point - low < EDGE) | (high - point < EDGE)))
    return Maximum(point=point, value=-float(best.fun), on_edge=on_edge)


def likelihood_ratio(larger: float, smaller: float, df: int = 1, boundary: bool = False) -> LikelihoodRatio:
    """Test of a model against a larger one that nests it, from their maximised log-likelihoods."""
    from scipy.stats import chi2

    statistic = max(0.0, 2.0 * (larger - smaller))
    tail = float(chi2.sf(statistic, df))
    if boundary:
        p = 1.0 if statistic == 0.0 else tail / 2
    else:
        p = tail
    return LikelihoodRatio(statistic=statistic, df=df, p=p, boundary=boundary)


BETA_MEANS = (-11.0, 11.0)  # bounds of `beta_shapes`: logit of the mean
BETA_SPREADS = (-11.5, 9.0)  # logit of the polarisation


def beta_shapes(mean_logit: float, spread_logit: float) -> tuple[float, float]:
    """Both shapes of a Beta distribution from the logits of its mean m and its polarisation 1/(a + b + 1).

    On this scale the two are nearly orthogonal in the likelihood, and the homogeneous limit (polarisation 0) is
    a bound and not a ridge to infinity.
    """
    mean = 1.0 / (1.0 + np.exp(-mean_logit))
    size = float(np.exp(-spread_logit))  # a + b: 1/polarisation - 1
    return float(mean * size), float(size / (1.0 + np.exp(mean_logit)))
