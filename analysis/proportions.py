"""Proportions of counts on results already at home: the share, its Wilson interval, and whether a side is small."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.ArrayLike
Floats = npt.NDArray[np.float64]

Z95 = 1.959963984540054  # two-sided 95% point of the normal distribution


def share(part: Numbers, whole: Numbers) -> Floats:
    """part over whole, elementwise; NaN where the whole is 0 or missing."""
    a, b = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    out = np.full(np.broadcast_shapes(a.shape, b.shape), np.nan)
    return np.divide(a, b, out=out, where=np.broadcast_to(b > 0, out.shape))


def few(part: Numbers, whole: Numbers, least: int) -> npt.NDArray[np.bool_]:
    """Whether fewer than `least` are in the part or in the rest of the whole, elementwise; nobody is few, too."""
    a, b = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    return np.asarray((a < least) | ((b - a) < least))


def wilson(successes: Numbers, trials: Numbers) -> tuple[Floats, Floats]:
    """95% Wilson score interval of a proportion, elementwise: (low, high), NaN without trials. Wilson (1927)."""
    n, z = np.asarray(trials, dtype=np.float64), Z95
    p = share(successes, n)
    n = np.where(n > 0, n, np.nan)
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)


def newcombe(
    successes: Numbers, trials: Numbers, others: Numbers, other_trials: Numbers
) -> tuple[Floats, Floats]:
    """95% interval of the difference (others/other_trials - successes/trials) of two independent proportions.

    Newcombe (1998), method 10: from the two Wilson intervals, elementwise. (low, high); NaN where one has no trials.
    """
    p, q = share(successes, trials), share(others, other_trials)
    p_low, p_high = wilson(successes, trials)
    q_low, q_high = wilson(others, other_trials)
    low = (q - p) - np.sqrt((q - q_low) ** 2 + (p_high - p) ** 2)
    high = (q - p) + np.sqrt((q_high - q) ** 2 + (p - p_low) ** 2)
    return low, high
