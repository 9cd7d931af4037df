"""A log as it may be shown: without the requests of small cells in any sum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis import vocabulary as v
from analysis.disclosure.account import MOST_LEFT_OUT, Account, Unit
from analysis.disclosure.cells import Bools, Floats, Ints, Partition, settle
from analysis.disclosure.grids import Grid, facet, grids_of
from analysis.queries import retention
from analysis.queries.query import collect
from analysis.sources.log import Log, LogError

IDENTITIES = frozenset(("user_id", "account_id", "app_name", "session_id"))
"""Columns that name one party: sums are made without them."""


def protected(log: Log, least: int) -> tuple[Log, Account]:
    """The log as it may be shown where each cell has to stand on `least` users, and what that took; close it, too.

    Its sums are of the requests that are left, its cohorts of all users (`Log.in_sums`). Raises LogError where the
    whole log is too small.
    """
    unit, grids = _unit(log), grids_of(log)
    rows = _Rows.of(log, grids, unit)
    whole = np.ones(rows.count, dtype=bool)
    if rows.units(whole) < least:
        raise LogError(
            f"{log.name}: the log has fewer than {least} {unit}s, so that none of its numbers stands on as many"
        )
    shown: dict[str, Partition] = {}
    kept = whole
    small: dict[str, Bools] = {}
    for grid in grids:
        tried = shown | {grid.name: rows.partition(grid.facets, grid.amounts)}
        left, out = settle(tried, kept, rows.amounts, least)
        if all(
            amount[kept & ~left].sum() <= MOST_LEFT_OUT * amount.sum()
            for amount in (rows.amounts["requests"], rows.amounts["tokens"])
        ):
            shown, kept = tried, left
            small = {name: found | small.get(name, False) for name, found in out.items()}
    left_out = {
        grid: rows.facets_of(grid, shown[grid.name], small[grid.name])
        for grid in grids
        if grid.name in shown and small[grid.name].any()
    }
    safe = log.in_sums(_outside(log, left_out), log.labels, least)
    account = Account(
        least, unit, {name: int(found.sum()) for name, found in small.items()},
        tuple(grid.name for grid in grids if grid.name not in shown), rows.share(~kept, small.values(), least),
        retention.withheld_cells(safe),
    )  # fmt: skip
    return safe, account


def _unit(log: Log) -> Unit:
    """What is counted: users; accounts where there is one user alone, or requests."""
    units: dict[Unit, str] = {"user": "user_id", "account": "account_id"}
    for unit, column in units.items():
        if column in log.columns:
            count = log.generations.aggregate(n=log.generations[column].nunique())
            if collect(count)["n"].iloc[0] > 1:
                return unit
    return "request"


@dataclass(frozen=True, eq=False)
class _Rows:
    """Requests added up by their facets, unit and contributor, each facet numbered from 0 in the order of `names`."""

    names: Mapping[str, pa.Array]
    codes: Mapping[str, Ints]
    unit: Ints
    contributor: Ints
    amounts: Mapping[str, Floats]  # requests, tokens, cost_usd

    @classmethod
    def of(cls, log: Log, grids: Sequence[Grid], unit: Unit) -> _Rows:
        """The rows of a log: one scan. A contributor is an account, or a user where there is none."""
        rows = log.generations
        user = rows.user_id.cast("string").fill_null("")
        account = rows.account_id.cast("string").fill_null(user) if "account_id" in log.columns else user
        request = rows.generation_id.cast("string")
        keys: dict[str, ir.Value] = {f"facet_{name}": facet(log, name) for name in _facets(grids)}
        keys["unit"] = {"user": user, "account": account, "request": request}[unit]
        keys["contributor"] = request if unit == "request" else account
        found = rows.group_by(**keys).aggregate(
            requests=rows.count().cast("int64"),
            tokens=v.total(v.tokens_total(rows)),
            cost_usd=v.amount(rows.cost_total),
        ).to_pyarrow()  # fmt: skip
        coded = {name: _coded(found[name]) for name in keys}
        amounts = {
            name: found[name].to_numpy().astype(np.float64) for name in ("requests", "tokens", "cost_usd")
        }
        facets = {name: coded[f"facet_{name}"] for name in _facets(grids)}
        return cls(
            {name: values for name, (values, _) in facets.items()},
            {name: codes for name, (_, codes) in facets.items()},
            coded["unit"][1],
            coded["contributor"][1],
            amounts,
        )

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.unit)

    def units(self, some: Bools) -> int:
        """The units behind some rows."""
        return len(np.unique(self.unit[some]))

    def partition(self, facets: Sequence[str], amounts: Sequence[str]) -> Partition:
        """The rows in cells by facets; one cell without any."""
        return Partition.of([self.codes[name] for name in facets], self.unit, self.contributor, amounts)

    def facets_of(self, grid: Grid, partition: Partition, cells: Bools) -> pa.Table:
        """The facets of some cells of a grid, a row each."""
        at = np.unique(partition.cell, return_index=True)[1][np.flatnonzero(cells)]
        return pa.table({name: self.names[name].take(pa.array(self.codes[name][at])) for name in grid.facets})

    def share(self, out: Bools, cells: Iterable[Bools], least: int) -> float | None:
        """Requests of the rows that are left out over all, to a whole percent; None where that would tell of one cell,
        or of cells that together are a small one."""
        together = self.partition((), ("tokens", "cost_usd"))
        if sum(int(one.sum()) for one in cells) < 2 or together.small(out, self.amounts, least).any():
            return None
        requests = self.amounts["requests"]
        return round(float(requests[out].sum() / requests.sum()), 2)


def _facets(grids: Iterable[Grid]) -> list[str]:
    return sorted({name for grid in grids for name in grid.facets})


def _coded(column: pa.ChunkedArray) -> tuple[pa.Array, Ints]:
    """The values of a column, and the number of each row's."""
    coded = pc.dictionary_encode(column).combine_chunks()
    coded = coded if isinstance(coded, pa.DictionaryArray) else coded.chunk(0)
    return coded.dictionary, coded.indices.to_numpy().astype(np.int64)


def _outside(log: Log, left_out: Mapping[Grid, pa.Table]) -> ir.Table:
    """The generations outside of the cells, without the columns that name one party."""
    rows = log.generations
    columns = [name for name in rows.columns if name not in IDENTITIES]
    rows = rows.mutate(**{f"facet_{name}": facet(log, name) for name in _facets(left_out)})
    for grid, cells in left_out.items():
        named = {f"facet_{name}": cells[name] for name in grid.facets}
        table = ibis.memtable(pa.table(named))
        table = table.select(**{name: table[name].cast(rows[name].type()) for name in named})
        rows = rows.anti_join(table, list(named))
    return rows.select(columns)
