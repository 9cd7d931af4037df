"""Random factors of a request: how far its lengths and its wait lie from their medians.

A factor is lognormal with median 1. Its quantiles stand in a table, since they are quicker to look up than to compute.
`FactorLaw` is the law of the very factors that `factor` draws, its steps included.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from analysis.contract import CATEGORIES
from sim.compiled import inlined
from sim.randomness import low_unit, normal_quantile
from sim.scenario import Scenario

THOUGHT_SIGMA, WAIT_SIGMA = 0.8, 0.45
"""Spread of the log of reasoning tokens for a visible one, and of the log of a provider's wait (assumed)."""

PROMPT, COMPLETION = 0, len(CATEGORIES)
THOUGHT, WAIT = 2 * len(CATEGORIES), 2 * len(CATEGORIES) + 1
"""Rows of the factor table: prompts and completions by category, reasoning, wait."""
_STEPS = 1 << 10
_STEP_BITS, _STEP_MASK, _TO_PART = np.uint64(22), np.uint64((1 << 22) - 1), 1.0 / (1 << 22)


class FactorTable(NamedTuple):
    """Lognormal factors with median 1, by their quantiles, which are quicker to look up than to compute."""

    sigma: NDArray[np.float64]
    quantile: NDArray[np.float32]  # row x steps of equal probability, and the end


@inlined
def factor(factors: FactorTable, row: int, half: np.uint64) -> float:
    """The factor of a row at the quantile given by 32 bits: linear between steps, exact in the first and the last."""
    step = np.int64(half >> _STEP_BITS)
    if step == 0 or step == _STEPS - 1:
        return math.exp(factors.sigma[row] * normal_quantile(low_unit(half)))
    below, above = factors.quantile[row, step], factors.quantile[row, step + 1]
    return below + (above - below) * (np.float64(half & _STEP_MASK) * _TO_PART)


def factor_table(scenario: Scenario) -> FactorTable:
    """The table of a scenario's spreads."""
    sigma = np.ones(WAIT + 1)
    for name, kind in scenario.workloads.categories.items():
        sigma[PROMPT + CATEGORIES.index(name)] = kind.prompt_sigma
        sigma[COMPLETION + CATEGORIES.index(name)] = kind.completion_sigma
    sigma[THOUGHT], sigma[WAIT] = THOUGHT_SIGMA, WAIT_SIGMA
    steps = ndtri(np.arange(_STEPS + 1) / _STEPS)
    # The ends are infinite and not looked up; the bound keeps absurd spreads within a float32.
    logs = np.clip(sigma[:, None] * steps, -80.0, 80.0)
    return FactorTable(sigma, np.exp(logs).astype(np.float32))


class FactorLaw:
    """The law of the factors of one row: lognormal in the first and the last step of the table, even between two steps.

    A step is linear where the lognormal is curved, which makes the mean larger by a part in some thousands.
    """

    def __init__(self, factors: FactorTable, row: int) -> None:
        self.sigma = float(factors.sigma[row])
        self._inner = factors.quantile[row, 1:-1].astype(np.float64)
        """Quantiles at 1 / _STEPS, 2 / _STEPS, ... 1 - 1 / _STEPS."""
        self._part = np.arange(1, _STEPS) / _STEPS
        self._lognormal_mean = math.exp(min(self.sigma**2 / 2, 700.0))
        steps = (self._inner[1:] + self._inner[:-1]) / (2 * _STEPS)
        first = self._lognormal_mean * ndtr(ndtri(1 / _STEPS) - self.sigma)
        self._below = np.concatenate([[first], first + np.cumsum(steps)])
        """The part of the mean that lies below each of these quantiles."""
        self.mean = float(self._below[-1]) + self._lognormal_mean * ndtr(self.sigma - ndtri(1 - 1 / _STEPS))

    def capped(self, most: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The mean of min(factor, most), and the chance of a factor below, for each of `most` (above 0)."""
        z = np.log(most) / self.sigma
        first, last = most < self._inner[0], most > self._inner[-1]
        chance = np.where(first | last, ndtr(z), np.interp(most, self._inner, self._part))
        step = np.clip((chance * _STEPS).astype(np.int64) - 1, 0, _STEPS - 3)
        mean = self._below[step] + (chance - self._part[step]) * (self._inner[step] + most) / 2
        # The lognormal's mean below and above z.
        rest = self._lognormal_mean * ndtr(np.where(last, self.sigma - z, z - self.sigma))
        mean = np.where(first, rest, np.where(last, self.mean - rest, mean))
        return mean + most * (1.0 - chance), chance

    def parts(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The law in parts: the chance of each and its mean factor. They are finest at the upper end."""
        edges = np.concatenate([np.arange(0, _STEPS - 32, 32), np.arange(_STEPS - 32, _STEPS + 1, 2)])
        chance = np.diff(edges) / _STEPS
        below = np.concatenate([[0.0], self._below, [self.mean]])[edges]
        return chance, np.diff(below) / chance
