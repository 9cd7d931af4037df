"""The integer programme: whether conditions can hold together, and tokens of cells with which they do.

A choice among conditions takes a binary variable for each of its parts. Most programmes need no branching: where the
relaxation, in which parts may be chosen in part, has no solution, there is none; where it has one, the parts that come
nearest to holding are chosen, and the rest is linear. Only what neither settles goes to branch and bound.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from testbed.calibration.solving.conditions import ALMOST, Conditions, Tree, chosen, rows_of

Floats = npt.NDArray[np.float64]
SECONDS = 60.0
"""How long branch and bound may take before the question is left open (assumed)."""
GUESSES = 5
"""How often the parts of choices are chosen, each time leaving more of them to branch and bound (assumed)."""
BLAME = 0.01
"""Part of the largest price from which on a row is to blame for what is short (assumed)."""
TOLERANCE = 1e-7
"""By how much a row may fall short: the solver's."""
HELD = 1e-6
"""Shortfall of all rows together up to which nothing is short."""


class Unsettled(Exception):
    """Branch and bound did not settle in time whether conditions can hold together."""


@dataclass
class _Rows:
    """Rows under way, over cells and over the binary variables that come after them. owner: whose each row is."""

    variables: int
    at: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    least: list[float] = field(default_factory=list)
    owner: list[str] = field(default_factory=list)

    def add(self, columns: Sequence[int], values: Sequence[float], least: float, owner: str) -> None:
        """A row: the sum of values times variables is at least `least`."""
        self.at += [len(self.least)] * len(columns)
        self.columns += columns
        self.values += values
        self.least.append(least)
        self.owner.append(owner)

    def matrix(self) -> sparse.csr_array:
        """All rows."""
        return sparse.csr_array(
            (self.values, (self.at, self.columns)), shape=(len(self.least), self.variables)
        )


@dataclass(frozen=True)
class Settled:
    """tokens: by cell, each period adding up to 1. rows: which rows hold for them, so that all that was named holds."""

    tokens: Floats
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Programme:
    """Conditions on cells by the names of what they make true."""

    conditions: Conditions
    trees: Mapping[str, Tree]

    @cached_property
    def matrix(self) -> sparse.csr_array:
        """The rows of the conditions."""
        return self.conditions.matrix()

    @cached_property
    def _least(self) -> Floats:
        return self.conditions.least

    @cached_property
    def _hopeless(self) -> npt.NDArray[np.bool_]:
        return self.conditions.hopeless

    @cached_property
    def _idle(self) -> set[int]:
        """Rows that hold whatever the tokens are."""
        return set(np.flatnonzero(self._worst >= self._least - ALMOST).tolist())

    @cached_property
    def _worst(self) -> Floats:
        """The least that each row can reach: in every period that of its worst cell."""
        period, total = self.conditions.cells.period, np.zeros(self.matrix.shape[0])
        by_column = self.matrix.tocsc()
        for number in np.unique(period):
            part = by_column[:, np.flatnonzero(period == number)]
            total += np.asarray(part.min(axis=1).todense()).ravel()
        return total

    def settle(
        self, names: Collection[str], near: Floats | None = None, seconds: float = SECONDS
    ) -> Settled | None:
        """Tokens with which all that is named holds, and rows that make it hold; None where there are none. near:
        tokens by which parts of choices are chosen as long as they can hold: those that come nearest to holding.
        Raises Unsettled."""
        if near is not None and (found := self._guessed(names, self._excess(near), ())):
            return found
        rows = self._rows(names)
        tokens = self._solve(rows)
        if tokens is None:
            return None
        excess = self._excess(tokens if near is None else near)
        open_: set[str] = set()
        for _ in range(GUESSES):
            try:
                if found := self._guessed(names, excess, open_, seconds):
                    return found
            except Unsettled:
                break
            blamed = self._shortest(self._rows(names, excess, open_))[2]
            if not blamed - open_:
                break
            open_ |= blamed
        tokens = self._solve(rows, whole=True, seconds=seconds)
        return None if tokens is None else self._settled(names, tokens, self._excess(tokens), ())

    def _guessed(
        self, names: Collection[str], excess: Floats, open_: Collection[str], seconds: float = SECONDS
    ) -> Settled | None:
        """What is found where the parts of choices are chosen by their excess, but for the names of `open_`; None if
        nothing is, which proves nothing."""
        tokens = self._solve(self._rows(names, excess, open_), whole=True, seconds=seconds)
        return None if tokens is None else self._settled(names, tokens, excess, open_)

    def _settled(
        self, names: Collection[str], tokens: Floats, excess: Floats, open_: Collection[str]
    ) -> Settled:
        own = self._excess(tokens)
        each = (chosen(self.trees[name], own if name in open_ else excess) for name in names)
        return Settled(tokens, tuple(sorted({row for rows in each for row in rows} - self._idle)))

    def owners(self, rows: Sequence[int]) -> list[list[str]]:
        """By row, the names that it is part of."""
        found: dict[int, list[str]] = {row: [] for row in rows}
        for name, tree in self.trees.items():
            for row in set(rows_of(tree)) & found.keys():
                found[row].append(name)
        return [found[row] for row in rows]

    def _excess(self, tokens: Floats) -> Floats:
        """By row, what it has beyond its `least`; rows that no cell helps are never chosen."""
        return np.where(self._hopeless, -np.inf, self.matrix @ tokens - self._least)

    def support(self, names: Collection[str]) -> list[str]:
        """Those of the names that the dual of the relaxation holds against each other: they cannot hold together. All
        of the names where the relaxation has a solution."""
        _, short, blamed = self._shortest(self._rows(names), least_price=TOLERANCE)
        return [name for name in names if short <= HELD or name in blamed]

    # --- rows

    def _rows(
        self, names: Collection[str], excess: Floats | None = None, open_: Collection[str] = ()
    ) -> _Rows:
        """Rows of what is named. excess: by it the parts of choices are chosen, but for the names of `open_`; without
        it all choices are left open, as binary variables."""
        rows = _Rows(len(self.conditions.cells))
        for name in names:
            if excess is None or name in open_:
                self._require(rows, self.trees[name], None, name)
            else:
                for row in dict.fromkeys(chosen(self.trees[name], excess)):
                    self._require(rows, row, None, name)
        return rows

    def _require(self, rows: _Rows, tree: Tree, when: int | None, owner: str) -> None:
        """That a tree holds, always or when a binary variable is 1."""
        if isinstance(tree, int):
            cells, numbers = self.conditions.row(tree)
            columns, values, least = cells.tolist(), numbers.tolist(), float(self._least[tree])
            spare = float(self._worst[tree]) - least
            if tree in self._idle:
                return
            if when is None:
                rows.add(columns, values, least, owner)
            elif self._hopeless[tree]:
                rows.add([when], [-1.0], 0.0, owner)
            else:
                rows.add([*columns, when], [*values, spare], least + spare, owner)
            return
        if tree.needed is None:
            for one in tree.of:
                self._require(rows, one, when, owner)
            return
        picked = list(range(rows.variables, rows.variables + len(tree.of)))
        rows.variables += len(tree.of)
        for one, variable in zip(tree.of, picked, strict=True):
            self._require(rows, one, variable, owner)
        if when is None:
            rows.add(picked, list(tree.weights), tree.needed, owner)
        else:
            rows.add([*picked, when], [*tree.weights, -tree.needed], 0.0, owner)

    # --- solving

    def _solve(self, rows: _Rows, whole: bool = False, seconds: float = SECONDS) -> Floats | None:
        """Tokens that meet rows; None where there are none. whole: binary variables are 0 or 1, not between."""
        matrix = rows.matrix()
        kept, each = self._merged(matrix)
        cells = len(kept) - (matrix.shape[1] - len(self.conditions.cells))
        found = milp(
            np.zeros(len(kept)),
            constraints=[
                LinearConstraint(matrix[:, kept], lb=rows.least),
                LinearConstraint(each, lb=1.0, ub=1.0),
            ],
            integrality=np.where(np.arange(len(kept)) < cells, 0, int(whole)),
            bounds=Bounds(0.0, 1.0),
            options={"time_limit": seconds} if whole else {},
        )
        if found.status == 2:
            return None
        if found.x is None:
            raise Unsettled(f"not settled in {seconds:.0f} seconds")
        tokens = np.zeros(len(self.conditions.cells))
        tokens[kept[:cells]] = found.x[:cells]
        return tokens

    def _shortest(self, rows: _Rows, least_price: float = BLAME) -> tuple[Floats, float, set[str]]:
        """Tokens with which rows fall short as little as possible, the sum of what they fall short, and whose rows
        are to blame: those with which that would grow if they asked for more, by at least `least_price` of the
        largest."""
        matrix = rows.matrix()
        kept, each = self._merged(matrix)
        count, cells = matrix.shape[0], len(kept) - (matrix.shape[1] - len(self.conditions.cells))
        found = linprog(
            np.r_[np.zeros(len(kept)), np.ones(count)],
            A_ub=-sparse.hstack([matrix[:, kept], sparse.eye_array(count)], format="csr"),
            b_ub=-np.array(rows.least),
            A_eq=sparse.hstack([each, sparse.csr_array((each.shape[0], count))], format="csr"),
            b_eq=np.ones(each.shape[0]),
            bounds=[(0.0, 1.0)] * len(kept) + [(0.0, None)] * count,
            method="highs",
        )
        if found.x is None or found.fun is None:
            raise Unsettled(found.message)
        tokens = np.zeros(len(self.conditions.cells))
        tokens[kept[:cells]] = found.x[:cells]
        prices = -found.ineqlin.marginals
        dear = prices > max(least_price * prices.max(initial=0.0), TOLERANCE)
        return tokens, float(found.fun), {owner for owner, mark in zip(rows.owner, dear, strict=True) if mark}

    def _merged(self, matrix: sparse.csr_array) -> tuple[npt.NDArray[np.int64], sparse.csr_array]:
        """Columns of which one stands for all cells that rows do not tell apart, binary variables last; and the rows
        that add up each period's cells among them."""
        period, cells = self.conditions.cells.period, len(self.conditions.cells)
        rng = np.random.default_rng(0)
        marks = matrix[:, :cells].T @ rng.standard_normal((matrix.shape[0], 2))
        _, first = np.unique(np.round(np.column_stack([period, marks]), 9), axis=0, return_index=True)
        first = np.sort(first)
        kept = np.r_[first, np.arange(cells, matrix.shape[1])].astype(np.int64)
        shape = (int(period.max()) + 1, len(kept))
        return kept, sparse.csr_array(
            (np.ones(len(first)), (period[first], np.arange(len(first)))), shape=shape
        )
