"""Intervals and tests on results already at home. All intervals are at 95%, all tests two-sided.

Weekly values follow each other, so a mean of weeks gets a Newey-West interval, and a trend a Mann-Kendall test whose
variance allows for autocorrelation. Proportions of users get Wilson's interval; a difference is combined from the
intervals of its two sides (MOVER; for two Wilson intervals this is Newcombe's method).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.numerals import counted
from analysis.proportions import Z95, share, wilson
from testbed.claims.measuring.measured import NAN, Floats, Measured, Unit

LEAST_WEEKS_FOR_TREND = 8  # below this a rank test has next to no power
BLOCK_WEEKS = 4  # length of the bootstrap's blocks: shares are correlated over about a month (assumed)
RESAMPLES = 999
LABEL_DRAWS = 199  # samples of labels drawn for a weekly series of labelled requests
SEED = 20251130  # of every draw of a statistic, so that it gives the same number each time


def fixed_draws() -> np.random.Generator:
    """Draws that are the same every time."""
    return np.random.default_rng(SEED)


def mean_interval(values: npt.ArrayLike, level: float = 0.05) -> tuple[float, float, float]:
    """Mean of values that do not hang together, with Student's t interval at 1 - level: (mean, low, high); no interval
    from fewer than two, and no mean without any."""
    from scipy import stats

    x = np.asarray(values, dtype=np.float64)
    if not len(x):
        return NAN, NAN, NAN
    mean = float(x.mean())
    if len(x) < 2:
        return mean, NAN, NAN
    half = float(stats.t.ppf(1 - level / 2, len(x) - 1)) * float(x.std(ddof=1)) / math.sqrt(len(x))
    return mean, mean - half, mean + half


def mean_of_weeks(values: npt.ArrayLike, unit: Unit = "share", detail: str = "") -> Measured:
    """Mean of a weekly series with a Newey-West interval: Bartlett weights, floor(4 (weeks/100)^(2/9)) lags,
    Student's t with weeks - 1 degrees of freedom. Newey & West (1987), Econometrica 55:703."""
    x = np.asarray(values, dtype=np.float64)
    x = x[np.isfinite(x)]
    weeks = len(x)
    if not weeks:
        return Measured(NAN, unit=unit, detail=detail)
    mean = float(x.mean())
    if weeks < 3:
        return Measured(mean, n=weeks, unit=unit, detail=f"{detail}; too few weeks for an interval")
    from scipy import stats

    half = float(stats.t.ppf(0.975, weeks - 1)) * math.sqrt(_long_run_variance(x - mean) / weeks)
    text = f"{detail}; " if detail else ""
    within_unit = unit == "share" and bool(((x >= 0) & (x <= 1)).all())
    low, high = (max(mean - half, 0.0), min(mean + half, 1.0)) if within_unit else (mean - half, mean + half)
    return Measured(mean, low, high, weeks, unit, f"{text}mean of {weeks} weeks, Newey-West interval")


def _long_run_variance(centred: Floats) -> float:
    n = len(centred)
    lags = min(int(4 * (n / 100) ** (2 / 9)), n - 1)
    total = float(centred @ centred) / n
    for lag in range(1, lags + 1):
        total += 2 * (1 - lag / (lags + 1)) * float(centred[lag:] @ centred[:-lag]) / n
    return max(total, 0.0) * n / (n - 1)


def ratio_of_weeks(parts: npt.ArrayLike, wholes: npt.ArrayLike) -> tuple[float, float, float]:
    """Sum of the parts over sum of the wholes, with a percentile interval of a moving-block bootstrap over the weeks
    (blocks of 4 weeks, 999 resamples, fixed draws). Kuensch (1989), Annals of Statistics 17:1217."""
    a, b = np.asarray(parts, dtype=np.float64), np.asarray(wholes, dtype=np.float64)
    value = float(share(a.sum(), b.sum()))
    weeks = len(a)
    if weeks < 2 * BLOCK_WEEKS or not math.isfinite(value):
        return value, NAN, NAN
    rng = fixed_draws()
    starts = rng.integers(0, weeks - BLOCK_WEEKS + 1, size=(RESAMPLES, -(-weeks // BLOCK_WEEKS)))
    rows = (starts[:, :, None] + np.arange(BLOCK_WEEKS)).reshape(RESAMPLES, -1)[:, :weeks]
    ratios = share(a[rows].sum(axis=1), b[rows].sum(axis=1))
    low, high = np.nanpercentile(ratios, [2.5, 97.5])
    return value, float(low), float(high)


def label_share(part: float, whole: float, whole_squares: float, requests: int) -> Measured:
    """A token share in a random sample of labelled requests, with the interval of the sampling of labels.

    Tokens weigh requests unequally, so the sample counts as Kish's effective number of requests, (sum of tokens)^2
    over the sum of squared tokens, in Wilson's interval. Kish (1965), Survey Sampling, section 11.7.
    """
    value = float(share(part, whole))
    effective = float(share(whole**2, whole_squares))
    if not math.isfinite(value) or not math.isfinite(effective):
        return Measured(NAN, n=requests)
    low, high = wilson(value * effective, effective)
    return Measured(
        value, float(low), float(high), requests, "share",
        f"{counted(requests, 'labelled request')}, worth {effective:,.0f} of equal size; "
        "interval of the label sample",
    )  # fmt: skip


def label_draws(values: npt.ArrayLike, errors: npt.ArrayLike) -> Floats:
    """A weekly series as it might have come out of other samples of labels: one row a draw (fixed draws), from its
    values and their standard errors by week."""
    middle = np.asarray(values, dtype=np.float64)
    return middle + np.asarray(errors, dtype=np.float64) * label_noise(len(middle))


def label_noise(*shape: int) -> Floats:
    """`LABEL_DRAWS` fixed draws of a standard normal of that shape."""
    return fixed_draws().standard_normal((LABEL_DRAWS, *shape))


def share_error(shares: npt.ArrayLike, wholes: npt.ArrayLike, whole_squares: npt.ArrayLike) -> Floats:
    """Standard error of shares in a sample of labelled requests of unequal size, with Kish's effective number of them
    (see `label_share`). wholes, whole_squares: sums of sizes and of squared sizes."""
    p = np.asarray(shares, dtype=np.float64)
    return np.sqrt(np.clip(p * (1 - p), 0, None)) * share(np.sqrt(whole_squares), wholes)


def median(values: npt.ArrayLike, unit: Unit, detail: str) -> Measured:
    """The median; interval: the order statistics that cover it at 95% (binomial)."""
    from scipy import stats

    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    rank = int(stats.binom.ppf(0.025, n, 0.5))
    low, high = ordered[max(rank - 1, 0)], ordered[min(n - rank, n - 1)]
    return Measured(float(np.median(ordered)), float(low), float(high), n, unit, detail)


def proportion(successes: float, trials: float, detail: str = "") -> Measured:
    """A share of users or of requests, with Wilson's interval."""
    low, high = wilson(successes, trials)
    return Measured(
        float(share(successes, trials)), float(low), float(high), int(trials), "share",
        f"{detail}; Wilson interval" if detail else "Wilson interval",
    )  # fmt: skip


def correlated(r: float, variance: float, n: int, detail: str) -> Measured:
    """A correlation with the interval of Fisher's z. variance: of z, for the coefficient's kind; n: the pairs. A
    coefficient beyond 0.999 enters the interval as 0.999, since z has no bound at 1; the interval holds the
    coefficient itself."""
    z, half = math.atanh(min(max(r, -0.999), 0.999)), Z95 * math.sqrt(variance)
    low, high = min(math.tanh(z - half), r), max(math.tanh(z + half), r)
    return Measured(r, low, high, n, "ratio", detail)


def difference(left: Measured, right: Measured) -> Measured:
    """left minus right, with the interval that follows from theirs (MOVER). Zou & Donner (2008), Statistics in
    Medicine 27:1693. Without intervals on both sides there is none."""
    value = left.value - right.value
    unit: Unit = "points" if left.unit == "share" else left.unit
    n = min(left.n, right.n)
    if not (left.has_interval and right.has_interval):
        return Measured(value, n=n, unit=unit, detail="difference")
    low = value - math.hypot(left.value - left.low, right.high - right.value)
    high = value + math.hypot(left.high - left.value, right.value - right.low)
    return Measured(value, low, high, n, unit, "difference, interval from both sides (MOVER)")


@dataclass(frozen=True)
class Trend:
    """A monotone trend. slope: Theil-Sen's, per step; change: slope times the length of the window, with its interval;
    p: two-sided, of the Mann-Kendall test."""

    slope: float
    change: float
    low: float
    high: float
    p: float
    steps: int


def trend(values: npt.ArrayLike) -> Trend:
    """Mann-Kendall test and Theil-Sen slope of an evenly spaced series, ties allowed, gaps (NaN) left out.

    The variance is multiplied by the correction of Yue & Wang (2004), Water Resources Management 18:201, for a
    first-order autocorrelation. It is that of the ranks of the residuals from a cubic (a line below twelve steps), so
    that an S-shaped rise does not count as autocorrelation, with the bias of order 1/n taken out (Marriott & Pope 1954,
    Biometrika 41:390). In simulations with autocorrelations of 0 to 0.7 and 12 to 56 steps the test gives at most 12%
    false positives at the level of 5%, the plain test up to 40%. The interval of the slope is Sen's (1968), with that
    variance.
    """
    from scipy import stats

    y = np.asarray(values, dtype=np.float64)
    x = np.arange(len(y), dtype=np.float64)[np.isfinite(y)]
    y = y[np.isfinite(y)]
    n = len(y)
    if n < 3:
        return Trend(NAN, NAN, NAN, NAN, NAN, n)
    later, earlier = np.triu_indices(n, 1)[::-1]
    steps = y[later] - y[earlier]
    slopes = np.sort(steps / (x[later] - x[earlier]))
    slope = float(np.median(slopes))
    score = float(np.sign(steps).sum())
    _, ties = np.unique(y, return_counts=True)
    variance = (n * (n - 1) * (2 * n + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    variance *= _autocorrelation_factor(y)
    spread = math.sqrt(variance)
    if spread == 0:
        return Trend(0.0, 0.0, 0.0, 0.0, 1.0, n)
    z = (score - math.copysign(1, score)) / spread if score else 0.0
    reach = Z95 * spread
    low = slopes[max(0, int((len(slopes) - reach) / 2))]
    high = slopes[min(len(slopes) - 1, math.ceil((len(slopes) + reach) / 2))]
    length = x[-1] - x[0]
    return Trend(
        slope, slope * length, float(low) * length, float(high) * length, float(2 * stats.norm.sf(abs(z))), n
    )


def _autocorrelation_factor(values: Floats) -> float:
    """By how much autocorrelation inflates the variance of the Mann-Kendall score; at least 1."""
    n = len(values)
    if n < 6:
        return 1.0
    degree = 3 if n >= 12 else 1
    x = np.linspace(-1, 1, n)
    residuals = values - np.polynomial.polynomial.polyval(
        x, np.polynomial.polynomial.polyfit(x, values, degree)
    )
    if np.ptp(residuals) <= 1e-9 * np.ptp(values):
        return 1.0
    from scipy import stats

    ranks = stats.rankdata(residuals)
    centred = ranks - ranks.mean()
    r = float(centred[1:] @ centred[:-1]) / float(centred @ centred)
    r = min(max((n * r + degree + 2) / (n - 4), 0.0), 0.95)
    lags = np.arange(1, n)
    return 1 + 2 * float(((1 - lags / n) * r**lags).sum())
