"""Random factors of a request: how far its lengths and its wait lie from their medians.

A factor is lognormal with median 1. Its quantiles stand in a table, since they are quicker to look up than to compute.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

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
