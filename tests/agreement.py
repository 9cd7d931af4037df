"""Whether what was drawn agrees with what was asked for, at a stated rate of false alarms.

Every test's seed is fixed, so that no test fails by chance today and passes tomorrow. The rate says how rarely a right
program would fail if the seed were drawn anew: a failure is news.
"""

from __future__ import annotations

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
