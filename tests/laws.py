"""Assertions that a sample follows a law. For a right program each fails by chance at the rate `FALSE_ALARM`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from tests.agreement import FALSE_ALARM, counts_p


def assert_share(hits: ArrayLike, share: float) -> None:
    """Independent yes-or-no draws with this chance of yes."""
    flags = np.asarray(hits, dtype=bool)
    assert len(flags) > 0
    p = stats.binomtest(int(flags.sum()), len(flags), share).pvalue
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
