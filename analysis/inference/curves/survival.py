"""Time until the last activity: Kaplan-Meier curves and weighted log-rank tests between cohorts.

Durations are months (or any unit) from first use; many are tied, so variances are hypergeometric. Three cautions for
activity logs. The last activity is known only in retrospect: a dormant user who will come back is counted as gone,
more so near the end of the data. Calendar time is ignored, so a shock that meets cohorts at different ages looks like
a difference between them. And these tests answer to any difference of hazards, not to one cohort that stands out.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.inference.cohorts.co_activity import Bools, checked_activity
from analysis.inference.curves.likelihood import Floats

Ints = npt.NDArray[np.int64]
Weights = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True, eq=False)
class KaplanMeier:
    """Survival curve: at the event times (shape (events,)) S just after each, its log-log 95% interval low..high,
    at_risk just before, and events.
    """

    times: Floats
    survival: Floats
    low: Floats
    high: Floats
    at_risk: Ints
    events: Ints

    def at(self, t: npt.ArrayLike) -> Floats:
        """S(t), right-continuous, elementwise; after the last event it stays at its last value."""
        steps = np.append(1.0, self.survival)
        place = np.searchsorted(self.times, np.asarray(t, dtype=np.float64), side="right")
        return np.asarray(steps[place], dtype=np.float64)

    @property
    def median(self) -> float:
        """The first time with S at most 1/2; infinite when the curve never falls so far."""
        below = np.flatnonzero(self.survival <= 0.5)
        return float(self.times[below[0]]) if below.size else float("inf")


@dataclass(frozen=True, eq=False)
class LogRank:
    """A weighted log-rank test of equal hazards in k groups.

    groups: their labels; observed, expected: weighted events, shape (k,) (plain counts with weight 1); variance: shape
    (k, k), of observed - expected; statistic: chi-squared with df degrees of freedom, and its p. z: for two groups,
    signed, positive when the first group has more events than expected; NaN for more.
    """

    groups: tuple[object, ...]
    observed: Floats
    expected: Floats
    variance: Floats
    statistic: float
    df: int
    p: float
    z: float


def _timed(durations: npt.ArrayLike, events: npt.ArrayLike) -> tuple[Floats, Bools]:
    time, event = np.asarray(durations, dtype=np.float64), np.asarray(events)
    if time.ndim != 1 or time.shape != event.shape or not time.size:
        raise ValueError(
            f"durations and events must be rows of one length, got shapes {time.shape} and {event.shape}"
        )
    if not np.all(np.isfinite(time)) or np.any(time < 0):
        raise ValueError("durations must be finite and not negative")
    if not np.isin(event, (0, 1)).all():
        raise ValueError("events must be true (seen) or false (censored)")
    return time, event.astype(np.bool_)


def durations(active: npt.ArrayLike, gap: int = 2) -> tuple[Ints, Bools]:
    """Durations and events from a matrix of activity, shape (users, K + 1), column 0 the month of first use.

    A user whose last active month is l leaves at l + 1, if at least `gap` complete months of silence follow l; else
    the user is censored at l (was there until l; what came after is open). gap must be 2 or more: one silent month at
    the end of the data is no departure. Returns durations (users,) in months and events (users,), true when seen.
    """
    months = checked_activity(active)
    if gap < 2:
        raise ValueError(f"gap must be at least 2 months of silence, got {gap}")
    end = months.shape[1] - 1
    last = end - np.argmax(months[:, ::-1], axis=1)
    gone = end - last >= gap
    return np.where(gone, last + 1, last).astype(np.int64), np.asarray(gone, dtype=np.bool_)


def kaplan_meier(durations: npt.ArrayLike, events: npt.ArrayLike) -> KaplanMeier:
    """Product-limit estimate (Kaplan & Meier 1958, JASA 53:457) by scipy, with Greenwood's log-log 95% interval.

    durations: shape (n,); events: true when the event was seen, false when censored. The interval is NaN where the
    curve is 0 or 1.
    """
    from scipy.stats import CensoredData, ecdf

    time, event = _timed(durations, events)
    if not event.any():
        none = np.empty(0)
        return KaplanMeier(none, none, none, none, none.astype(np.int64), none.astype(np.int64))
    curve = ecdf(CensoredData(uncensored=time[event], right=time[~event])).sf
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.filterwarnings("ignore", "The confidence interval is undefined")  # at 0 and 1: said above
        band: Any = curve.confidence_interval(confidence_level=0.95, method="log-log")
    times, deaths = np.unique(time[event], return_counts=True)
    at = np.searchsorted(curve.quantiles, times)
    ranked = np.sort(time)
    return KaplanMeier(
        times=times,
        survival=np.asarray(curve.probabilities[at], dtype=np.float64),
        low=np.asarray(band.low.probabilities[at], dtype=np.float64),
        high=np.asarray(band.high.probabilities[at], dtype=np.float64),
        at_risk=(len(ranked) - np.searchsorted(ranked, times, side="left")).astype(np.int64),
        events=deaths.astype(np.int64),
    )


def log_rank(
    durations: npt.ArrayLike, events: npt.ArrayLike, groups: npt.ArrayLike, p: float = 0.0, q: float = 0.0
) -> LogRank:
    """Log-rank test of k groups, with the weights S(t-)^p (1 - S(t-))^q of Fleming & Harrington (1991).

    S is the pooled Kaplan-Meier curve just before t. p = q = 0: the plain log-rank test (Mantel 1966); p > 0 stresses
    early differences, q > 0 late ones (a difference of plateaus). All arrays of shape (n,).
    """
    if p < 0 or q < 0:
        raise ValueError(f"Fleming-Harrington weights need p and q of 0 or more, got p = {p}, q = {q}")
    time, event = _timed(durations, events)

    def weights(at_risk: Floats, deaths: Floats) -> Floats:
        before = np.append(1.0, np.cumprod(1.0 - deaths / at_risk)[:-1])
        return np.asarray(before**p * (1.0 - before) ** q, dtype=np.float64)

    return _weighted(time, event, np.asarray(groups), weights)


def gehan(durations: npt.ArrayLike, events: npt.ArrayLike, groups: npt.ArrayLike) -> LogRank:
    """Generalised Wilcoxon test: weights n_t, the number at risk. Gehan (1965), Biometrika 52:203; Breslow (1970)."""
    time, event = _timed(durations, events)
    return _weighted(time, event, np.asarray(groups), lambda at_risk, _: at_risk)


def tarone_ware(durations: npt.ArrayLike, events: npt.ArrayLike, groups: npt.ArrayLike) -> LogRank:
    """Log-rank test with weights sqrt(n_t). Tarone & Ware (1977), Biometrika 64:156."""
    time, event = _timed(durations, events)
    return _weighted(time, event, np.asarray(groups), lambda at_risk, _: np.sqrt(at_risk))


def _weighted(time: Floats, event: Bools, groups: npt.NDArray[np.generic], weights: Weights) -> LogRank:
    """The test for weights that are a function of (at risk, events) at the event times."""
    from scipy.stats import chi2

    if groups.shape != time.shape:
        raise ValueError(
            f"groups must hold one label a duration, {time.size} of them, got shape {groups.shape}"
        )
    labels, code = np.unique(groups, return_inverse=True)
    k = len(labels)
    if k < 2:
        raise ValueError(f"a log-rank test compares at least 2 groups, got {k}")
    if not event.any():
        raise ValueError("no event was seen, so that there is nothing to compare")
    times = np.unique(time[event])
    deaths = np.zeros((k, times.size))
    np.add.at(deaths, (code[event], np.searchsorted(times, time[event])), 1.0)
    at_risk = np.stack(
        [(code == g).sum() - np.searchsorted(np.sort(time[code == g]), times, side="left") for g in range(k)]
    ).astype(np.float64)
    d, n = deaths.sum(axis=0), at_risk.sum(axis=0)
    w = weights(n, d)
    part = at_risk / n
    observed, expected = deaths @ w, part @ (w * d)
    scale = w**2 * d * (n - d) / np.maximum(n - 1.0, 1.0)
    variance = np.diag(part @ scale) - (part * scale) @ part.T
    difference = observed - expected
    inner = variance[:-1, :-1]
    df = int(np.linalg.matrix_rank(inner, hermitian=True))
    statistic = float(difference[:-1] @ np.linalg.pinv(inner, hermitian=True) @ difference[:-1])
    z = float(np.sign(difference[0]) * np.sqrt(max(statistic, 0.0))) if k == 2 else float("nan")
    return LogRank(
        groups=tuple(labels.tolist()), observed=observed, expected=expected, variance=variance,
        statistic=statistic, df=df, p=float(chi2.sf(statistic, df)) if df else 1.0, z=z,
    )  # fmt: skip
