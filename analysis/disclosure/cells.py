"""Which cells are small, and which requests to leave out so that none is: on arrays, without an engine.

A cell is small if it stands on fewer than `least` units, or fails the p% rule: all its contributors but the two largest
have less than p of what the largest has, so that the second largest could work out the largest to within p%
(Hundepool et al. 2012, Statistical Disclosure Control, section 4.2.2).

Complementary suppression hides further cells because totals hold the small ones. Here totals do not: the rows of small
cells are left out of everything, so that no sum, share or difference leads back to them. A row that is left out of one
cell is missing in all others that hold it, which may make them small: this goes on until no cell is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]  # of rows: a log has fewer than two billion
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

P_PERCENT = 0.10
"""The p of the p% rule (assumed: offices use 5 to 20)."""


@dataclass(frozen=True, eq=False)
class Partition:
    """Rows in cells. amounts: for which the p% rule is asked."""

    cell: Codes  # of each row
    size: int  # how many cells
    pair: Codes  # of each row: cell and unit
    pair_cell: Codes  # of each pair, in order
    part: Codes  # of each row: cell and contributor
    part_cell: Codes
    amounts: tuple[str, ...]

    @classmethod
    def of(cls, codes: Sequence[Codes], unit: Codes, contributor: Codes, amounts: Sequence[str]) -> Partition:
        """The cells of rows that agree in all codes. Codes, units and contributors are numbered from 0."""
        cell = np.zeros(len(unit), dtype=np.int64)
        for one in codes:
            cell = np.unique(cell * (int(one.max(initial=0)) + 1) + one, return_inverse=True)[1]
        pair, pair_cell = _pairs(cell, unit)
        part, part_cell = (pair, pair_cell) if contributor is unit else _pairs(cell, contributor)
        size = int(cell.max(initial=-1)) + 1
        return cls(cell.astype(np.int32), size, pair, pair_cell, part, part_cell, tuple(amounts))

    def small(self, kept: Bools, amounts: Mapping[str, Floats], least: int) -> Bools:
        """Which cells are small and not empty, of the rows that are kept."""
        there = np.zeros(len(self.pair_cell), dtype=bool)
        there[self.pair[kept]] = True
        units = np.bincount(self.pair_cell[there], minlength=self.size)
        few = units < least
        for name in self.amounts:
            few |= self._dominated(np.where(kept, amounts[name], 0.0))
        return few & (units > 0)

    def _dominated(self, amount: Floats) -> Bools:
        """Which cells fail the p% rule."""
        parts = np.asarray(np.bincount(self.part, amount, len(self.part_cell)), dtype=np.float64)
        total = np.bincount(self.part_cell, weights=parts, minlength=self.size)
        largest = self._largest(parts)
        first = np.flatnonzero(parts == largest[self.part_cell])
        at = np.unique(self.part_cell[first], return_index=True)[1]
        rest = parts.copy()
        rest[first[at]] = 0.0
        second = self._largest(rest)
        # Sums differ in their last digits with their order: what is equal but for these is on the safe side.
        return np.asarray(total - largest - second < P_PERCENT * largest * (1 + 1e-9))

    def _largest(self, parts: Floats) -> Floats:
        """The largest part of each cell."""
        return np.asarray(np.maximum.reduceat(parts, self._starts)) if self.size else np.zeros(0)

    @cached_property
    def _starts(self) -> Ints:
        """The first part of each cell."""
        return np.searchsorted(self.part_cell, np.arange(self.size))


def _pairs(cell: Ints, other: Codes) -> tuple[Codes, Codes]:
    """The number of each row's pair, and the cell of each pair; pairs are in the order of their cells."""
    width = int(other.max(initial=0)) + 1
    found, pair = np.unique(cell * width + other, return_inverse=True)
    return pair.astype(np.int32), (found // width).astype(np.int32)


def settle(
    partitions: Mapping[str, Partition],
    kept: Bools,
    amounts: Mapping[str, Floats],
    least: int,
    group: Codes | None = None,
    unchecked: Iterable[str] | None = None,
) -> tuple[Bools, dict[str, Bools]]:
    """The rows to keep so that no cell of any partition is small, and the cells of each that were small on the way.

    kept: the rows to begin with. group: of each row; a group is kept or left out as a whole. unchecked: partitions of
    which cells may be small to begin with (default: all).
    """
    out = {name: np.zeros(one.size, dtype=bool) for name, one in partitions.items()}
    waiting = set(partitions if unchecked is None else unchecked)
    while waiting:
        for name, one in partitions.items():
            if name not in waiting:
                continue
            waiting.remove(name)
            small = one.small(kept, amounts, least)
            if small.any():
                out[name] |= small
                kept = without(kept, small[one.cell], group)
                waiting = set(partitions)
    return kept, out


def without(kept: Bools, some: Bools, group: Codes | None = None) -> Bools:
    """The kept rows without some of them, and without what is in one group with these."""
    if group is None:
        return kept & ~some
    gone = np.zeros(int(group.max(initial=-1)) + 1, dtype=bool)
    gone[group[some]] = True
    return kept & ~gone[group]
