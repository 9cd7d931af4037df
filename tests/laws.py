"""Whether what was drawn follows the law that was asked for, at a stated rate of false alarms.

Every test's seed is fixed, so that no test fails by chance today and passes tomorrow. The rate says how rarely a right
program would fail if the seed were drawn anew: a failure is news.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

FALSE_ALARM = 1e-6
"""Chance that a test of a right program would fail, over the choice of its seed."""


def share_p(hits: ArrayLike, probability: ArrayLike) -> float:
    """Two-sided p-value of independent hits (bools) whose chances are known (a number, or one for each)."""
    seen = np.asarray(hits, dtype=bool)
    chance = np.broadcast_to(np.asarray(probability, dtype=float), seen.shape)
    spread = np.sqrt((chance * (1 - chance)).sum())
    return float(2 * stats.norm.sf(abs(seen.sum() - chance.sum()) / spread))


def counts_p(counts: ArrayLike, expected: ArrayLike) -> float:
    """Pearson's chi-square p-value of multinomial counts; cells with fewer than 5 expected are merged with others."""
    seen, asked = np.asarray(counts, dtype=float).ravel(), np.asarray(expected, dtype=float).ravel()
    asked = asked * (seen.sum() / asked.sum())
    small = asked < 5
    if small.any():
        seen = np.append(seen[~small], seen[small].sum())
        asked = np.append(asked[~small], asked[small].sum())
        if asked[-1] == 0:
            assert seen[-1] == 0, "something happened that cannot happen"
            seen, asked = seen[:-1], asked[:-1]
    return float(stats.chisquare(seen, asked).pvalue)


def correlation_p(x: ArrayLike, y: ArrayLike) -> float:
    """Two-sided p-value of no linear correlation (normal approximation, for thousands of pairs)."""
    a, b = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    return float(2 * stats.norm.sf(abs(np.corrcoef(a, b)[0, 1]) * np.sqrt(len(a))))


def grid_p(x: ArrayLike, y: ArrayLike, cells: int = 16) -> float:
    """Chi-square p-value of two uniform variables filling a square evenly: it sees any coarse dependence."""
    counts, _, _ = np.histogram2d(np.asarray(x), np.asarray(y), bins=cells, range=[[0, 1], [0, 1]])
    return counts_p(counts, np.ones(counts.shape))


def assert_share(hits: ArrayLike, share: float) -> None:
    """Independent yes-or-no draws with this chance of yes."""
    flags = np.asarray(hits, dtype=bool)
    assert len(flags) > 0
    p = share_p(flags, share)
    assert p > FALSE_ALARM, f"{flags.mean():.4f} of {len(flags)}, expected {share:.4f}"


def assert_shares(counts: ArrayLike, weights: ArrayLike) -> None:
    """Counts of independent draws among choices with these relative weights."""
    if np.size(weights) == 1:
        return  # the only choice
    p = counts_p(counts, weights)
    assert p > FALSE_ALARM, (
        f"p = {p:.1e}: {np.asarray(counts).tolist()}, weights {np.asarray(weights).tolist()}"
    )


def assert_mean(values: ArrayLike, mean: float) -> None:
    """Mean of independent draws (normal approximation, so for thousands of them)."""
    sample = np.asarray(values, dtype=float)
    z = (sample.mean() - mean) / (sample.std(ddof=1) / np.sqrt(len(sample)))
    assert 2 * stats.norm.sf(abs(z)) > FALSE_ALARM, (
        f"mean {sample.mean():.5g} of {len(sample)}, expected {mean:.5g}"
    )


def assert_total(count: int, mean: float) -> None:
    """A Poisson count with this mean (for means of hundreds)."""
    z = (count - mean) / np.sqrt(mean)
    assert 2 * stats.norm.sf(abs(z)) > FALSE_ALARM, f"{count}, expected {mean:.1f}"


def assert_poisson(counts: ArrayLike, mean: float) -> None:
    """Thousands of counts with this mean and as much variance (dispersion test)."""
    sample = np.asarray(counts, dtype=float)
    assert_total(int(sample.sum()), mean * len(sample))
    # The chi-square of many counts by its normal limit; (n - m)^2 / m has mean 1 and variance 2 + 1 / m.
    z = (((sample - mean) ** 2 / mean).sum() - len(sample)) / np.sqrt(len(sample) * (2 + 1 / mean))
    assert 2 * stats.norm.sf(abs(z)) > FALSE_ALARM, f"variance {sample.var():.3f} at mean {mean:.3f}"


def assert_law(values: ArrayLike, cdf: Callable[[Any], Any]) -> None:
    """Independent draws of a continuous law (Kolmogorov-Smirnov)."""
    found = stats.kstest(np.asarray(values, dtype=float), cdf)
    assert found.pvalue > FALSE_ALARM, f"p = {found.pvalue:.1e}, distance {found.statistic:.4f}"
