"""Traits from uniform draws: choices by weights, and quantiles of each group's own distribution."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.settings.distributions import Distribution


def pick(u: NDArray[np.float64], weights: NDArray[np.float64], days: NDArray[np.int32]) -> NDArray[np.int64]:
    """Categorical draws whose weights (days x choices) change by the day: for each uniform and day, a choice."""
    table = np.cumsum(weights, axis=1)
    table /= table[:, -1:]
    chosen = np.empty(len(u), dtype=np.int64)
    step = 1 << 18
    for at in range(0, len(u), step):
        rows = table[days[at : at + step]]
        chosen[at : at + step] = (u[at : at + step, None] > rows).sum(axis=1)
    return np.minimum(chosen, weights.shape[1] - 1)


def pick_fixed(u: NDArray[np.float64], weights: list[float]) -> NDArray[np.int64]:
    """Categorical draws whose weights are the same for all: for each uniform a choice."""
    edges = np.cumsum(weights) / np.sum(weights)
    return np.minimum(np.searchsorted(edges, u), len(weights) - 1)


def by_group(
    groups: NDArray[Any], distributions: list[Distribution], u: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Quantiles of each group's own distribution."""
    out = np.empty(len(u))
    for number, distribution in enumerate(distributions):
        rows = groups == number
        out[rows] = distribution.quantile(u[rows])
    return out
