"""Requirements as rows of linear conditions: what an integer programme and a target are made of."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import sparse

from testbed.calibration.linear.requirements import Bound, Every, Requirement
from testbed.calibration.tensor.cells import Cells
from testbed.calibration.tensor.reader import Reader

Floats = npt.NDArray[np.float64]
ALMOST = 1e-9  # by how much a sum of weights may miss what is needed, for its rounding
DIGITS = 9  # decimals to which numbers of a row must agree to be one, its largest being 1


@dataclass(frozen=True)
class Choice:
    """Several trees of which those that hold weigh at least `needed` together; all of them where it is None."""

    of: tuple[Tree, ...]
    weights: tuple[float, ...] = ()
    needed: float | None = None


Tree = int | Choice
"""A row by its number, or a choice."""


@dataclass
class Conditions:
    """Rows over cells, which hold where the row times the cells' tokens is at least its `least`.

    Each row is a bound's slack on the reader's tensor, scaled so that its largest number is 1. In every period, whose
    tokens add up to 1, the most common number is taken out of the row and into `least`, so that few are left. Bounds
    that ask the same are one row: both weeks of a fortnight often do.
    """

    reader: Reader
    cells: Cells
    bounds: list[Bound] = field(default_factory=list)
    """By row, what it is about."""
    _rows: list[tuple[npt.NDArray[np.int64], Floats]] = field(default_factory=list)
    _least: list[float] = field(default_factory=list)
    _scales: list[float] = field(default_factory=list)
    _hopeless: list[bool] = field(default_factory=list)
    _numbers: dict[Hashable, int] = field(default_factory=dict)

    def add(self, requirement: Requirement, surely: bool = False) -> Tree:
        """The tree of a requirement, whose rows are added. surely: ask of choices what is surely enough, not what is
        necessary."""
        if isinstance(requirement, Bound):
            there = self.reader.presence(requirement)
            return (
                Choice((self._number(requirement), *map(self._number, there)))
                if there
                else self._number(requirement)
            )
        parts = [self.add(part, surely) for part in requirement.of]
        if isinstance(requirement, Every):
            return Choice(tuple(dict.fromkeys(parts)))
        weights: dict[Tree, float] = {}
        for part, weight in zip(parts, requirement.weights, strict=True):
            weights[part] = weights.get(part, 0.0) + weight
        needed = requirement.enough if surely else requirement.needed
        return Choice(tuple(weights), tuple(weights.values()), needed)

    def _number(self, bound: Bound) -> int:
        """The number of a bound's row, which is written where it is new."""
        key = self.reader.key(bound)
        if key not in self._numbers:
            self._numbers[key] = len(self.bounds)
            self._write(bound)
        return self._numbers[key]

    def _write(self, bound: Bound) -> None:
        row = self.cells.spread.T @ self.reader.row(bound).ravel()
        self.bounds.append(bound)
        self._hopeless.append(bool(row.max(initial=0.0) <= 0))
        scale = float(np.abs(row).max(initial=0.0)) or 1.0
        row /= scale
        least = 0.0
        for period in np.unique(self.cells.period[row != 0]):
            mine = self.cells.of_period[period]
            rounded = np.round(row[mine], DIGITS)
            values, counts = np.unique(rounded, return_counts=True)
            common = rounded == values[counts.argmax()]
            usual = float(row[mine][common].mean())
            row[mine] = np.where(common, 0.0, row[mine] - usual)
            least -= usual
        kept = np.flatnonzero(row)
        self._rows.append((kept, row[kept]))
        self._least.append(least)
        self._scales.append(scale)

    def some(self, rows: Sequence[int]) -> Conditions:
        """Some of the rows, numbered anew."""
        return Conditions(
            self.reader, self.cells, [self.bounds[row] for row in rows], [self._rows[row] for row in rows],
            [self._least[row] for row in rows], [self._scales[row] for row in rows],
            [self._hopeless[row] for row in rows],
        )  # fmt: skip

    def around(self, reader: Reader) -> Conditions:
        """The same bounds around the tensor of another reader. A bound of one whole asks the same everywhere."""
        found = Conditions(reader, self.cells)
        for row, bound in enumerate(self.bounds):
            if reader.one_whole(bound):
                found.bounds.append(bound)
                found._rows.append(self._rows[row])
                found._least.append(self._least[row])
                found._hopeless.append(self._hopeless[row])
                found._scales.append(self._scales[row] * self.reader.size(bound) / reader.size(bound))
            else:
                found._write(bound)
        return found

    def matrix(self) -> sparse.csr_array:
        """All rows: conditions x cells."""
        columns = np.concatenate([np.zeros(0, dtype=np.int64), *(columns for columns, _ in self._rows)])
        values = np.concatenate([np.zeros(0), *(values for _, values in self._rows)])
        ends = np.cumsum([0, *(len(columns) for columns, _ in self._rows)])
        return sparse.csr_array((values, columns, ends), shape=(len(self._rows), len(self.cells)))

    def row(self, number: int) -> tuple[npt.NDArray[np.int64], Floats]:
        """The cells of a row, and its numbers there."""
        return self._rows[number]

    @property
    def least(self) -> Floats:
        """What each row must reach."""
        return np.array(self._least)

    @property
    def scales(self) -> Floats:
        """By row: what its excess over `least` is multiplied by to be the bound's slack, in its widths."""
        return np.array(self._scales)

    @property
    def hopeless(self) -> npt.NDArray[np.bool_]:
        """By row: whether no cell helps it, so that it holds only where all that it is about is empty, as a share of a
        model that is not yet released does where there is nothing to share."""
        return np.array(self._hopeless, dtype=bool)


def rows_of(tree: Tree) -> Iterator[int]:
    """All rows in a tree."""
    if isinstance(tree, int):
        yield tree
    else:
        for part in tree.of:
            yield from rows_of(part)


def chosen(tree: Tree, excess: Floats) -> Iterator[int]:
    """Rows that make a tree hold: of each choice the parts that come nearest to holding. excess: by row, what it has
    beyond its `least`, -inf where it must not be chosen."""
    if isinstance(tree, int):
        yield tree
        return
    parts = tree.of
    if tree.needed is not None:
        nearest = sorted(range(len(parts)), key=lambda n: -nearness(parts[n], excess))
        weights = np.cumsum([tree.weights[n] for n in nearest])
        parts = tuple(parts[n] for n in nearest[: int(np.searchsorted(weights, tree.needed - ALMOST)) + 1])
    for part in parts:
        yield from chosen(part, excess)


def nearness(tree: Tree, excess: Floats) -> float:
    """The excess of the row that decides whether a tree holds."""
    if isinstance(tree, int):
        return float(excess[tree])
    each = np.array([nearness(part, excess) for part in tree.of])
    if tree.needed is None:
        return float(each.min(initial=np.inf))
    order = np.argsort(-each, kind="stable")
    weights = np.cumsum(np.array(tree.weights)[order])
    last = int(np.searchsorted(weights, tree.needed - ALMOST))
    return float(each[order[last]]) if last < len(each) else -np.inf
