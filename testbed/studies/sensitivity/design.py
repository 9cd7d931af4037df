"""Where the parameters are put: Morris trajectories and Sobol blocks, as rows of places from 0 to 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from SALib.sample import morris as morris_sample
from SALib.sample import sobol as sobol_sample

from testbed.failure import BadInput

LEVELS = 4
"""Places in its range that a parameter can take in a trajectory: 0, 1/3, 2/3 and 1."""
STEP = LEVELS / (2 * (LEVELS - 1))
"""Of a trajectory: two thirds of a range (Morris 1991)."""
LEAST_TRAJECTORIES, LEAST_POINTS = 4, 8
"""Fewer tell nothing (assumed)."""

Rows = NDArray[np.float64]
"""One row a point, one column a parameter; from 0 to 1."""


def problem(count: int) -> dict[str, Any]:
    """What SALib calls a problem: so many parameters from 0 to 1."""
    return {"num_vars": count, "names": [str(n) for n in range(count)], "bounds": [[0.0, 1.0]] * count}


def check(trajectories: int, points: int) -> None:
    """Raises BadInput for fewer than four trajectories, and for a number of points that is no power of 2."""
    if trajectories < LEAST_TRAJECTORIES:
        raise BadInput(f"{trajectories} trajectories: expected at least {LEAST_TRAJECTORIES}")
    if points < LEAST_POINTS or points & (points - 1):
        raise BadInput(f"{points} points: expected a power of 2, such as 16, 32 or 64, for a Sobol sequence")


def trajectories(parameters: int, number: int, seed: int) -> Rows:
    """Morris (1991): each trajectory is one row more than there are parameters, and each parameter is moved once in
    it."""
    return np.asarray(morris_sample.sample(problem(parameters), number, num_levels=LEVELS, seed=seed))


def blocks(parameters: int, points: int, seed: int) -> Rows:
    """Saltelli et al. (2010): for each of the points of a scrambled Sobol sequence a block of rows: A, then A with one
    parameter from B for each of them, then B. points: a power of 2."""
    rows = sobol_sample.sample(problem(parameters), points, calc_second_order=False, seed=seed)
    return np.asarray(rows)


def block_length(parameters: int) -> int:
    """Rows of a block."""
    return parameters + 2
