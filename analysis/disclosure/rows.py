"""Rows of a log on which cells are counted: facets, units and contributors as numbers, and amounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.disclosure.cells import Bools, Codes, Floats, Partition, settle
from analysis.disclosure.grids import Grid
from analysis.queries.query import collect
from analysis.sources.log import Log

Unit = Literal["user", "account", "request"]
MOST_LEFT_OUT = 0.10
"""The largest part of the requests or tokens that one grid may take out of all sums (assumed)."""


@dataclass(frozen=True, eq=False)
class Settled:
    """Which rows are kept, of which grids (partitions by name), and which cells of these were left out."""

    kept: Bools
    shown: Mapping[str, Partition]
    small: Mapping[str, Bools]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows with their facets: names has the values of each, codes their numbers. group: rows that go together."""

    names: Mapping[str, pa.Array]
    codes: Mapping[str, Codes]
    unit: Codes
    contributor: Codes
    amounts: Mapping[str, Floats]
    group: Codes | None = None

    @classmethod
    def of(
        cls, table: pa.Table, facets: Iterable[str], amounts: Mapping[str, Floats], group: Codes | None = None
    ) -> Rows:
        """The rows of a table with the facets, and the columns `unit` and `contributor`."""
        coded = {name: coded_values(table[name]) for name in facets}
        return cls(
            {name: values for name, (values, _) in coded.items()},
            {name: codes for name, (_, codes) in coded.items()},
            coded_values(table["unit"])[1],
            coded_values(table["contributor"])[1],
            amounts,
            group,
        )

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.unit)

    @property
    def units(self) -> int:
        """The units behind them."""
        return len(np.unique(self.unit))

    def partition(self, facets: Sequence[str], amounts: Sequence[str]) -> Partition:
        """The rows in cells by facets; one cell without any."""
        return Partition.of([self.codes[name] for name in facets], self.unit, self.contributor, amounts)

    def settled(self, grids: Iterable[Grid], least: int) -> Settled:
        """The rows to keep so that no cell is small. A grid for which too much would go is left out instead; too much
        is said of the amounts `requests` and `tokens`."""
        found = Settled(np.ones(self.count, dtype=bool), {}, {})
        for grid in grids:
            tried = dict(found.shown) | {grid.name: self.partition(grid.facets, grid.amounts)}
            left, small = settle(tried, found.kept, self.amounts, least, self.group, (grid.name,))
            gone = found.kept & ~left
            measured = (self.amounts["requests"], self.amounts["tokens"])
            if all(amount[gone].sum() <= MOST_LEFT_OUT * amount.sum() for amount in measured):
                both = {name: cells | found.small.get(name, False) for name, cells in small.items()}
                found = Settled(left, tried, both)
        return found

    def facets_of(self, grid: Grid, partition: Partition, cells: Bools) -> pa.Table:
        """The facets of some cells of a grid, a row each."""
        at = np.unique(partition.cell, return_index=True)[1][np.flatnonzero(cells)]
        return pa.table({name: self.names[name].take(pa.array(self.codes[name][at])) for name in grid.facets})

    def share(self, found: Settled, least: int) -> float | None:
        """Requests of the rows that are left out over all, to a whole percent; None where that would tell of one cell,
        or of cells that together are a small one."""
        together = self.partition((), ("tokens", "cost_usd"))
        cells = sum(int(one.sum()) for one in found.small.values())
        if cells < 2 or together.small(~found.kept, self.amounts, least).any():
            return None
        requests = self.amounts["requests"]
        return round(float(np.average(~found.kept, weights=requests)), 2)


def facets_of(grids: Iterable[Grid]) -> list[str]:
    """The facets of some grids, in order."""
    return sorted({name for grid in grids for name in grid.facets})


def coded_values(column: pa.ChunkedArray) -> tuple[pa.Array, Codes]:
    """The values of a column, and the number of each row's."""
    coded = pc.dictionary_encode(column).combine_chunks()
    coded = coded if isinstance(coded, pa.DictionaryArray) else coded.chunk(0)
    return coded.dictionary, coded.indices.to_numpy(zero_copy_only=False).astype(np.int32)


def unit_of(log: Log) -> Unit:
    """What is counted: users; accounts where there is one user alone, or requests."""
    units: dict[Unit, str] = {"user": "user_id", "account": "account_id"}
    for unit, column in units.items():
        if column in log.columns:
            count = log.generations.aggregate(n=log.generations[column].nunique())
            if collect(count)["n"].iloc[0] > 1:
                return unit
    return "request"


def parties(rows: ir.Table, unit: Unit) -> dict[str, ir.Value]:
    """The columns `unit` and `contributor` of generations. A contributor is an account, or a user without one."""
    user = rows.user_id.cast("string").fill_null("")
    account = rows.account_id.cast("string").fill_null(user) if "account_id" in rows.columns else user
    request = rows.generation_id.cast("string")
    counted = {"user": user, "account": account, "request": request}[unit]
    return {"unit": counted, "contributor": request if unit == "request" else account}
