"""Curves of final dropout fitted to survivor counts: geometric, shifted-beta-geometric, beta-discrete-Weibull, cure.

Survivors N_0..N_K are the users still there after 0..K periods; who leaves does not come back, so the counts
never rise. The log-likelihood of all of them is sum_t (N_{t-1} - N_t) ln[S(t-1) - S(t)] + N_K ln S(K).
Activity retention allows gaps and can rise: for that, see `analysis.inference.curves.bgbb`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from analysis.inference.curves.likelihood import Floats, beta_shapes, maximise

LOGITS = (-13.0, 13.0)  # of a mean churn
STAYING = (
    0.0,
    1.0 - 1e-6,
)  # the share that stays, as it is: 0 is a point of the model and often the best one
SPREADS = (-9.2, 11.5)  # of the logit of the polarisation: Beta sizes a + b from 1e-5 to 1e4
LOG_SHAPES = (np.log(0.05), np.log(20.0))  # of the duration dependence c of the beta-discrete-Weibull


def counted(survivors: npt.ArrayLike, fewest: int) -> Floats:
    """Survivor counts as checked floats of shape (K + 1,).

    Errors: ValueError when they are not one row of finite counts, start at 0, rise, or give fewer than `fewest`
    periods.
    """
    counts = np.asarray(survivors, dtype=np.float64)
    if counts.ndim != 1 or not np.all(np.isfinite(counts)) or np.any(counts < 0):
        raise ValueError(
            "survivors must be one row of counts N_0, N_1, ..., N_K, none of them negative or missing"
        )
    if counts.size < fewest + 1:
        raise ValueError(
            f"this fit needs survivors of at least {fewest} periods after the start, got {max(counts.size - 1, 0)}"
        )
    if counts[0] <= 0:
        raise ValueError("survivors must start with a positive number of users, got N_0 = 0")
    rises = np.flatnonzero(np.diff(counts) > 0)
    if rises.size:
        t = int(rises[0]) + 1
        raise ValueError(
            f"survivors must not rise, but N_{t} = {counts[t]:g} is above N_{t - 1} = {counts[t - 1]:g}; "
            "retention that allows gaps can rise: fit it with fit_bgbb"
        )
    return counts


def leavers(survivors: Floats) -> Floats:
    """Users by what became of them, shape (K + 1,): gone in period 1, ..., gone in period K, still there."""
    return np.append(-np.diff(survivors), survivors[-1])


def log_fates(log_survival: Floats) -> Floats:
    """Log probabilities of the fates of `leavers`, shape (K + 1,), from ln S(0..K)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        gone = log_survival[:-1] + np.log(-np.expm1(np.diff(log_survival)))
    return np.append(gone, log_survival[-1])


def _total(users: Floats, log_survival: Floats) -> float:
    """Log-likelihood: a fate that nobody had does not count, whatever its probability."""
    seen = users > 0
    return float(users[seen] @ log_fates(log_survival)[seen])


@dataclass(frozen=True)
class Dropout(ABC):
    """A fitted curve of final dropout.

    log_likelihood at the maximum; users: N_0; periods: K; at_boundary: the maximum lies on the edge of the
    parameter space (for example, no heterogeneity), so that standard errors of parameters would be wrong.
    """

    log_likelihood: float
    users: float
    periods: int
    at_boundary: bool

    name: ClassVar[str]
    parameters: ClassVar[int]

    @abstractmethod
    def log_survival(self, t: npt.ArrayLike) -> Floats:
        """ln S(t), elementwise; t: periods since the start, 0 or more."""

    def survival(self, t: npt.ArrayLike) -> Floats:
        """S(t): the share still there after t periods, elementwise."""
        return np.asarray(np.exp(self.log_survival(t)), dtype=np.float64)

    def retention(self, t: npt.ArrayLike) -> Floats:
        """S(t)/S(t - 1): of those there after t - 1 periods, the share that stays another one; t: 1 or more."""
        periods = np.asarray(t, dtype=np.float64)
        return np.asarray(
            np.exp(self.log_survival(periods) - self.log_survival(periods - 1)), dtype=np.float64
        )

    def fates(self, periods: int) -> Floats:
        """Log probabilities of leaving in period 1..periods and of staying, shape (periods + 1,)."""
        return log_fates(self.log_survival(np.arange(periods + 1)))

    def score(self, survivors: npt.ArrayLike) -> float:
        """Log-likelihood of other survivor counts under this curve."""
        counts = counted(survivors, 1)
        return _total(leavers(counts), self.log_survival(np.arange(counts.size)))

    @property
    def aic(self) -> float:
        """Akaike's information criterion."""
        return 2.0 * self.parameters - 2.0 * self.log_likelihood


@dataclass(frozen=True)
class Geometric(Dropout):
    """The same churn probability for everybody in every period. S(t) = (1 - churn)^t."""

    churn: float

    name = "geometric"
    parameters = 1

    def log_survival(self, t: npt.ArrayLike) -> Floats:
        """ln S(t), elementwise."""
        from scipy.special import xlog1py

        return np.asarray(xlog1py(np.asarray(t, dtype=np.float64), -self.churn), dtype=np.float64)


@dataclass(frozen=True)
class SBG(Dropout):
    """Shifted-beta-geometric: each user has a constant churn, Beta(alpha, beta) over users.

    S(t) = B(alpha, beta + t)/B(alpha, beta). It flattens because those with a high churn leave first, with no user
    changing. Fader & Hardie (2007), Journal of Interactive Marketing 21:76.
    """

    alpha: float
    beta: float

    name = "shifted-beta-geometric"
    parameters = 2

    def log_survival(self, t: npt.ArrayLike) -> Floats:
        """ln S(t), elementwise."""
        return _log_beta_survival(self.alpha, self.beta, np.asarray(t, dtype=np.float64))

    def retention(self, t: npt.ArrayLike) -> Floats:
        """r_t = (beta + t - 1)/(alpha + beta + t - 1): rises towards 1 for every alpha and beta."""
        before = self.beta + np.asarray(t, dtype=np.float64) - 1
        return np.asarray(before / (self.alpha + before), dtype=np.float64)


@dataclass(frozen=True)
class BdW(Dropout):
    """Beta-discrete-Weibull: a shifted-beta-geometric whose users' own churn may change with age.

    S(t) = B(alpha, beta + t^c)/B(alpha, beta); c > 1: a user's churn rises with age, c < 1: it falls, c = 1: the
    sBG. Fader, Hardie, Liu, Davin & Steenburgh (2018), Journal of Interactive Marketing 43:1.
    """

    alpha: float
    beta: float
    c: float

    name = "beta-discrete-Weibull"
    parameters = 3

    def log_survival(self, t: npt.ArrayLike) -> Floats:
        """ln S(t), elementwise."""
        return _log_beta_survival(self.alpha, self.beta, np.asarray(t, dtype=np.float64) ** self.c)


@dataclass(frozen=True)
class Cure(Dropout):
    """A share `stays` that never leaves, and a common churn for the rest. S(t) = stays + (1 - stays)(1 - churn)^t."""

    stays: float
    churn: float

    name = "cure-geometric"
    parameters = 2

    def log_survival(self, t: npt.ArrayLike) -> Floats:
        """ln S(t), elementwise."""
        return _log_cure_survival(self.stays, self.churn, np.asarray(t, dtype=np.float64))


def _log_beta_survival(alpha: float, beta: float, exposure: Floats) -> Floats:
    from scipy.special import betaln

    return np.asarray(betaln(alpha, beta + exposure) - betaln(alpha, beta), dtype=np.float64)


def _log_cure_survival(stays: float, churn: float, t: Floats) -> Floats:
    from scipy.special import xlog1py

    with np.errstate(divide="ignore"):
        return np.asarray(
            np.logaddexp(np.log(stays), np.log1p(-stays) + xlog1py(t, -churn)), dtype=np.float64
        )


def _logit(share: float) -> float:
    return float(np.log(share) - np.log1p(-share))


def _share(logit: float) -> float:
    return float(1.0 / (1.0 + np.exp(-logit)))


def _pooled_churn(counts: Floats) -> float:
    """Maximum likelihood of a common churn: departures over user-periods at risk."""
    return float((counts[0] - counts[-1]) / counts[:-1].sum())


def _inner_churn(counts: Floats) -> float:
    """The pooled churn, kept off 0 and 1: a start for the optimisers."""
    return float(np.clip(_pooled_churn(counts), 1e-4, 1 - 1e-4))


def fit_geometric(survivors: npt.ArrayLike) -> Geometric:
    """Maximum-likelihood common churn of survivor counts, shape (K + 1,), K at least 1; closed form."""
    counts = counted(survivors, 1)
    churn = _pooled_churn(counts)
    fit = Geometric(0.0, float(counts[0]), counts.size - 1, churn in (0.0, 1.0), churn)
    return Geometric(fit.score(counts), fit.users, fit.periods, fit.at_boundary, churn)


def fit_sbg(survivors: npt.ArrayLike) -> SBG:
    """Maximum-likelihood sBG of survivor counts, shape (K + 1,), K at least 2. Errors: see `counted`."""
    counts = counted(survivors, 2)
    start, users, t = float(counts[0]), leavers(counts), np.arange(counts.size, dtype=np.float64)
    churn = _logit(_inner_churn(counts))

    def log_likelihood(point: Floats) -> float:
        alpha, beta = beta_shapes(point[0], point[1])
        return _total(users, _log_beta_survival(alpha, beta, t)) / start

    starts = [np.array([churn + shift, spread]) for shift, spread in ((0.3, -1.0), (0.0, -5.0))]
    best = maximise(log_likelihood, starts, (LOGITS, SPREADS))
    alpha, beta = beta_shapes(best.point[0], best.point[1])
    return SBG(best.value * start, start, counts.size - 1, best.on_edge, alpha, beta)


def fit_bdw(survivors: npt.ArrayLike) -> BdW:
    """Maximum-likelihood beta-discrete-Weibull of survivor counts, shape (K + 1,), K at least 3.

    One start is the best sBG, so that its likelihood is never below that of the sBG which it nests.
    """
    counts = counted(survivors, 3)
    start, users, t = float(counts[0]), leavers(counts), np.arange(counts.size, dtype=np.float64)
    sbg = fit_sbg(counts)

    def log_likelihood(point: Floats) -> float:
        alpha, beta = beta_shapes(point[0], point[1])
        return _total(users, _log_beta_survival(alpha, beta, t ** np.exp(point[2]))) / start

    mean, spread = np.log(sbg.alpha / sbg.beta), -np.log(sbg.alpha + sbg.beta)
    starts = [np.array([mean, spread, 0.0]), np.array([mean, spread + 1.0, 0.5])]
    best = maximise(log_likelihood, starts, (LOGITS, SPREADS, LOG_SHAPES))
    alpha, beta = beta_shapes(best.point[0], best.point[1])
    c = float(np.exp(best.point[2]))
    return BdW(best.value * start, start, counts.size - 1, best.on_edge, alpha, beta, c)


def fit_cure(survivors: npt.ArrayLike) -> Cure:
    """Maximum-likelihood cure-geometric of survivor counts, shape (K + 1,), K at least 2.

    Where no share that stays helps, it is 0 exactly (at_boundary) and the curve is the geometric.
    """
    counts = counted(survivors, 2)
    start, users, t = float(counts[0]), leavers(counts), np.arange(counts.size, dtype=np.float64)
    plain = fit_geometric(counts)

    def log_likelihood(point: Floats) -> float:
        return _total(users, _log_cure_survival(point[0], _share(point[1]), t)) / start

    churn, left = _inner_churn(counts), float(np.clip(counts[-1] / counts[0], 1e-3, 1 - 1e-3))
    starts = [np.array([share * left, _logit(churn) + 0.5]) for share in (0.9, 0.3)]
    best = maximise(log_likelihood, starts, (STAYING, LOGITS))
    value = best.value * start
    if value <= plain.log_likelihood + 1e-9:
        return Cure(plain.log_likelihood, plain.users, plain.periods, True, 0.0, plain.churn)
    return Cure(value, plain.users, plain.periods, best.on_edge, float(best.point[0]), _share(best.point[1]))
