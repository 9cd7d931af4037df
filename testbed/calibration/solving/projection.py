"""The tokens nearest to given ones that meet linear conditions, in Kullback and Leibler's sense.

Minimise the sum over periods of KL(x || p), subject to B x >= b, each period's x adding up to 1. The solution is x
proportional to p exp(B' m) in each period, with multipliers m >= 0 that maximise the dual

    b m - sum over periods of log sum p exp(B' m) - softness / 2 * |m|^2,

a smooth concave function of as many numbers as there are conditions (Jaynes 1957, Physical Review 106:620; Csiszar
1975, Annals of Probability 3:146). Conditions of very unlike sizes make it too ill-conditioned for quasi-Newton
steps, and few of them bind: so it is maximised by projected Newton steps (Bertsekas 1982, SIAM J. Control 20:221)
among those with a multiplier or short of what they ask. Conditions are taken in units of what their terms add up to,
so that softness means the same to all: a condition may fall short by softness times its multiplier in that unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg import cho_factor, cho_solve

Floats = npt.NDArray[np.float64]
SOFTNESS = 1e-6
"""Keeps the multipliers finite where conditions can just be met (assumed)."""
TOLERANCE = 1e-5
"""How far a condition that binds may be from what it asks, in units of its terms."""
STEPS = 500
LONGEST = 3.0
"""Longest step, as the largest change of the logarithm of tokens that it makes (assumed)."""


class NotReached(Exception):
    """The conditions were not met in the given number of steps: they cannot hold together, or hardly. short: by row,
    whether it was still short of what it asks."""

    def __init__(self, short: npt.NDArray[np.bool_]) -> None:
        super().__init__(f"conditions were not met in {STEPS} steps")
        self.short = short


@dataclass(frozen=True)
class Projected:
    """tokens: by column. multipliers: by row, of the rows as given. steps: how many Newton steps it took."""

    tokens: Floats
    multipliers: Floats
    steps: int


@dataclass(frozen=True)
class _Block:
    """The columns of one period, the rows that touch them, and the numbers where they meet."""

    columns: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    numbers: Floats


@dataclass(frozen=True)
class _Dual:
    """The dual at some multipliers: minus its value, its gradient, and the tokens."""

    value: float
    gradient: Floats
    tokens: Floats


def project(
    matrix: sparse.csr_array, least: Floats, start: Floats, period: npt.NDArray[np.int64]
) -> Projected:
    """The nearest tokens to `start` with which matrix times tokens is at least `least`. start: by column, above 0, each
    period adding up to 1. Raises NotReached."""
    unit = abs(matrix) @ start
    if (unit <= 0).any():
        raise ValueError("a condition is about no column")
    scaled, asked = sparse.csr_array(sparse.diags_array(1 / unit) @ matrix), least / unit
    blocks = _blocks(scaled, period)
    multipliers = np.zeros(len(asked))
    now = _dual(blocks, asked, start, multipliers)
    for steps in range(STEPS):
        free = (multipliers > 0) | (now.gradient < 0)
        if not free.any() or np.abs(now.gradient[free]).max() < TOLERANCE:
            return Projected(now.tokens, multipliers / unit, steps)
        direction = _newton(blocks, now, free)
        change = max(float(np.abs(direction[b.rows] @ b.numbers).max(initial=0.0)) for b in blocks)
        length = min(1.0, LONGEST / change) if change > 0 else 1.0
        while True:
            tried = np.maximum(multipliers + length * direction, 0.0)
            found = _dual(blocks, asked, start, tried)
            expected = float(now.gradient @ (tried - multipliers))
            if found.value <= now.value + 1e-4 * expected + 1e-12 * (1 + abs(now.value)) or length < 1e-10:
                break
            length /= 2
        multipliers, now = tried, found
    raise NotReached(now.gradient < -TOLERANCE)


def _blocks(matrix: sparse.csr_array, period: npt.NDArray[np.int64]) -> list[_Block]:
    by_column = matrix.tocsc()
    blocks = []
    for number in np.unique(period):
        columns = np.flatnonzero(period == number)
        part = by_column[:, columns].tocsr()
        rows = np.flatnonzero(np.diff(part.indptr))
        blocks.append(_Block(columns, rows, part[rows].toarray()))
    return blocks


def _dual(blocks: list[_Block], asked: Floats, start: Floats, multipliers: Floats) -> _Dual:
    tokens = np.empty_like(start)
    value = float(0.5 * SOFTNESS * multipliers @ multipliers - multipliers @ asked)
    gradient = SOFTNESS * multipliers - asked
    for block in blocks:
        exponents = multipliers[block.rows] @ block.numbers
        top = float(exponents.max(initial=0.0))
        weights = start[block.columns] * np.exp(exponents - top)
        whole = float(weights.sum())
        tokens[block.columns] = weights / whole
        value += float(np.log(whole)) + top
        gradient[block.rows] += block.numbers @ tokens[block.columns]
    return _Dual(value, gradient, tokens)


def _newton(blocks: list[_Block], now: _Dual, free: npt.NDArray[np.bool_]) -> Floats:
    """The Newton step of the free multipliers; 0 for the others."""
    where = np.flatnonzero(free)
    position = np.full(len(free), -1)
    position[where] = np.arange(len(where))
    curvature = np.zeros((len(where), len(where)))
    for block in blocks:
        mine = free[block.rows]
        at = position[block.rows[mine]]
        numbers = block.numbers[mine]
        weighted = numbers * now.tokens[block.columns]
        mean = weighted.sum(axis=1)
        curvature[np.ix_(at, at)] += weighted @ numbers.T - np.outer(mean, mean)
    curvature[np.diag_indices(len(where))] += SOFTNESS
    scale = 1 / np.sqrt(np.diagonal(curvature))
    factor = cho_factor(curvature * scale[:, None] * scale)
    direction = np.zeros(len(free))
    direction[where] = -scale * cho_solve(factor, scale * now.gradient[where])
    return direction
