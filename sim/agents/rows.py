"""Rows of workloads in the arrays of a world."""

import numpy as np
from numpy.typing import NDArray

from sim.compiled import compiled

Rows = NDArray[np.int64]
BLOCK = 64


@compiled
def where_equal(values, value):  # type: ignore[no-untyped-def]
    """The rows where an array of integers has this value. A block without any is passed at once."""
    rows = np.empty(len(values), dtype=np.int64)
    count = 0
    for first in range(0, len(values), BLOCK):
        last, found = min(first + BLOCK, len(values)), 0
        for i in range(first, last):
            found += values[i] == value
        if found:
            for i in range(first, last):
                rows[count] = i
                count += values[i] == value
    return rows[:count].copy()
