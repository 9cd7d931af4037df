"""Shares and their contrasts with 95% intervals that are robust to clusters (several workloads of one user).

The variance between clusters is that of Liang & Zeger (1986) with the factor G / (G - 1). Where shares may be 0 or 1,
for which it is 0, it enters as a design effect (Kish 1965): the intervals of Wilson (1927) and Newcombe (1998) at
n / effect. The effect is at least 1; where nothing varies, all of a cluster count as one observation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.proportions import Z95, newcombe, wilson

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A number and its 95% interval."""

    value: float
    low: float
    high: float


def _between(residual: Floats, cluster: Ints) -> float:
    """Variance of the sum of the residuals, robust to clusters."""
    _, codes = np.unique(cluster, return_inverse=True)
    sums = np.bincount(codes, weights=residual)
    return float(len(sums) / max(len(sums) - 1, 1) * (sums**2).sum())


def share(hit: Bools, cluster: Ints) -> Estimate:
    """Share of hits among n observations (n,)."""
    n, p = len(hit), float(hit.mean())
    plain = p * (1 - p) / n
    effect = n / len(np.unique(cluster)) if plain == 0 else _between((hit - p) / n, cluster) / plain
    size = n / max(effect, 1.0)
    low, high = wilson(p * size, size)
    return Estimate(p, float(low), float(high))


def change(hit: Bools, after: Bools, cluster: Ints) -> Estimate:
    """Share of hits after less that before, of n observations (n,); a cluster may have both."""
    (p, n), (q, m) = ((float(hit[side].mean()), int(side.sum())) for side in (~after, after))
    plain = p * (1 - p) / n + q * (1 - q) / m
    if plain == 0:
        effect = len(hit) / len(np.unique(2 * cluster + after))
    else:
        effect = _between(np.where(after, (hit - q) / m, (p - hit) / n), cluster) / plain
    n_eff, m_eff = n / max(effect, 1.0), m / max(effect, 1.0)
    low, high = newcombe(p * n_eff, n_eff, q * m_eff, m_eff)
    return Estimate(q - p, float(low), float(high))


def contrast(hit: Bools, group: Bools, stratum: Ints, cluster: Ints) -> Estimate:
    """Share of hits in the group less that outside, within strata: least squares with an effect of each stratum."""
    frame = pd.DataFrame({"hit": hit.astype(float), "group": group.astype(float)})
    within = frame - frame.groupby(stratum).transform("mean")
    x, y = within["group"].to_numpy(), within["hit"].to_numpy()
    square = float((x**2).sum())
    value = float((x * y).sum()) / square
    half = Z95 * math.sqrt(_between(x * (y - value * x) / square, cluster))
    return Estimate(value, value - half, value + half)


def odds_ratio(hit: Bools, group: Bools, stratum: Ints, cluster: Ints) -> Estimate:
    """Odds of a hit in the group against outside, pooled over strata by Mantel & Haenszel (1959).

    The variance of its logarithm sums each observation's influence (infinitesimal jackknife) by cluster; for one
    stratum and clusters of one it is Woolf's (1955). The interval is (0, inf) where it is not defined.
    """
    _, strata = np.unique(stratum, return_inverse=True)
    kinds = np.where(group, np.where(hit, 0, 1), np.where(hit, 2, 3))
    cells = np.zeros((int(strata.max()) + 1, 4))
    np.add.at(cells, (strata, kinds), 1.0)
    a, b, c, d = cells.T
    total = cells.sum(axis=1)
    top, bottom = a * d / total, b * c / total
    if not top.sum() or not bottom.sum():
        return Estimate(math.inf if top.sum() else 0.0, 0.0, math.inf)
    # How the log of the ratio changes with one more observation in a cell.
    zero = np.zeros_like(a)
    up = (np.stack([d, zero, zero, a], axis=1) - top[:, None]) / total[:, None] / top.sum()
    down = (np.stack([zero, c, b, zero], axis=1) - bottom[:, None]) / total[:, None] / bottom.sum()
    half = Z95 * math.sqrt(_between((up - down)[strata, kinds], cluster))
    value = float(top.sum() / bottom.sum())
    return Estimate(value, value * math.exp(-half), value * math.exp(half))
