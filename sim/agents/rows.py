"""Rows of workloads in the arrays of a world."""

import numpy as np
from numpy.typing import NDArray

from sim.compiled import compiled

Rows = NDArray[np.int64]


@compiled
def where_equal(values, value):  # type: ignore[no-untyped-def]
    """The rows where an array of integers has this value."""
    total = 0
    for i in range(len(values)):
        total += values[i] == value
    rows = np.empty(total + 1, dtype=np.int64)  # one more: each row is written before it is known to count
    if total:
        count = 0
        for i in range(len(values)):
            rows[count] = i
            count += values[i] == value
    return rows[:total]


@compiled
def where_between(values, first, last):  # type: ignore[no-untyped-def]
    """The rows where an array of integers has a value from `first` to `last` - 1."""
    total = 0
    for i in range(len(values)):
        total += (values[i] >= first) & (values[i] < last)
    rows = np.empty(total + 1, dtype=np.int64)
    if total:
        count = 0
        for i in range(len(values)):
            rows[count] = i
            count += (values[i] >= first) & (values[i] < last)
    return rows[:total]
