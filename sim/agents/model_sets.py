"""Sets of models, one for each workload: a row of bits, 64 to a word; and what workloads remember in them."""

import numpy as np
from numpy.typing import NDArray

from sim.compiled import compiled, inlined

NO_MODEL = -1
"""In place of a model's number: there is none."""
Sets = NDArray[np.uint64]
"""Workloads x words."""


def empty_sets(workloads: int, models: int) -> Sets:
    """No models for anybody."""
    return np.zeros((workloads, (models + 63) // 64), dtype=np.uint64)


def add(sets: Sets, rows: NDArray[np.int64], model: NDArray[np.int16]) -> None:
    """Add one model each to the sets of `rows`."""
    sets[rows, model >> 6] |= np.uint64(1) << (model & 63).astype(np.uint64)


def discard(sets: Sets, rows: NDArray[np.int64], model: NDArray[np.int16]) -> None:
    """Take one model each out of the sets of `rows`."""
    sets[rows, model >> 6] &= ~(np.uint64(1) << (model & 63).astype(np.uint64))


def contains(sets: Sets, rows: NDArray[np.int64], model: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Whether the set of each of `rows` holds one model each."""
    bits = sets[rows, model >> 6] >> (model & 63).astype(np.uint64)
    return np.asarray(bits & np.uint64(1) == 1)


def holds(sets: Sets, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each set holds each model: rows x models."""
    return np.asarray((sets[:, numbers >> 6] >> (numbers & 63).astype(np.uint64)) & np.uint64(1) == 1)


# -- one row, in compiled loops ---------------------------------------------------------------------------------------


@inlined
def has(sets: Sets, row: int, number: int) -> bool:
    """Whether the set of a row holds a model."""
    return (sets[row, number >> 6] >> np.uint64(number & 63)) & np.uint64(1) != 0


@compiled
def include(sets, row, number):  # type: ignore[no-untyped-def]
    """Add a model to the set of a row."""
    sets[row, number >> 6] |= np.uint64(1) << np.uint64(number & 63)


@compiled
def exclude(sets, row, number):  # type: ignore[no-untyped-def]
    """Take a model out of the set of a row."""
    sets[row, number >> 6] &= ~(np.uint64(1) << np.uint64(number & 63))


@compiled
def remove(sets, number, category, of_category):  # type: ignore[no-untyped-def]
    """Take a model out of the sets of the workloads of some categories."""
    for row in range(len(sets)):
        if of_category[category[row]]:
            exclude(sets, row, number)


class Memory:
    """What workloads remember of models."""

    def __init__(self, workloads: int, models: int) -> None:
        self.rejected = empty_sets(workloads, models)
        """Models that failed a trial, or whose fit broke: not tried again until they change."""
        self.known_to_fit = empty_sets(workloads, models)
        """Models that are known to fit: former homes, and rivals that did not beat the home by enough."""
        self.passed_over = empty_sets(workloads, models)
        """Models that work with a home does not look at: all of both, but homes that are to be compared again."""

    def reject(self, rows: NDArray[np.int64], model: NDArray[np.int16]) -> None:
        """A model each failed."""
        add(self.rejected, rows, model)
        add(self.passed_over, rows, model)

    def compare(self, rows: NDArray[np.int64], model: NDArray[np.int16]) -> None:
        """A model each fits, and was compared with another one."""
        add(self.known_to_fit, rows, model)
        add(self.passed_over, rows, model)

    def reopen(self, rows: NDArray[np.int64], model: NDArray[np.int16]) -> None:
        """A model each that is known to fit may be compared again."""
        discard(self.passed_over, rows, model)

    def forget(self, number: int, category: NDArray[np.int8], of_category: NDArray[np.bool_]) -> None:
        """A model is another one now for the workloads of some categories."""
        for sets in (self.rejected, self.known_to_fit, self.passed_over):
            remove(sets, number, category, of_category)
