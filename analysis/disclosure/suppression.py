"""A log as it may be shown: without the requests of small cells in any sum, and without their labels."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from analysis import vocabulary as v
from analysis.disclosure import labelled
from analysis.disclosure.account import Account
from analysis.disclosure.grids import LABEL_GRIDS, Grid, facet, grids_of
from analysis.disclosure.rows import Rows, facets_of, parties, unit_of
from analysis.queries import retention
from analysis.queries.query import collect
from analysis.sources.log import Log, LogError

IDENTITIES = frozenset(("user_id", "account_id", "app_name", "session_id"))
"""Columns that name one party: sums are made without them."""


def check_size(log: Log, least: int) -> None:
    """Raise LogError where the whole log stands on fewer than `least` users, so that nothing of it can be shown."""
    unit = unit_of(log)
    units = parties(log.generations, unit)["unit"].nunique()
    _refuse_few(log, int(collect(log.generations.aggregate(n=units))["n"].iloc[0]), least, unit)


def _refuse_few(log: Log, units: int, least: int, unit: str) -> None:
    if units < least:
        raise LogError(
            f"{log.name}: the log has fewer than {least} {unit}s, so that none of its numbers stands on as many"
        )


def protected(log: Log, least: int) -> tuple[Log, Account]:
    """The log as it may be shown where each cell has to stand on `least` users, and what that took; close it, too.

    Its sums are of the requests that are left, its cohorts of all users (`Log.in_sums`). Raises LogError where the
    whole log is too small.
    """
    unit, grids = unit_of(log), grids_of(log)
    facets = facets_of(grids)
    keys: dict[str, ir.Value] = {name: facet(log, name) for name in facets}
    more = (
        {"reasoning_tokens": v.total(log.generations.tokens_reasoning.fill_null(0))}
        if "tokens_reasoning" in log.columns
        else {}
    )
    sums = log.generations.group_by(**keys, **parties(log.generations, unit)).aggregate(
        requests=log.generations.count().cast("int64"),
        tokens=v.total(v.tokens_total(log.generations)),
        cost_usd=v.amount(log.generations.cost_total),
        **more,
    ).to_pyarrow()  # fmt: skip
    names = ("requests", "tokens", "cost_usd", *more)
    amounts = {name: sums[name].to_numpy().astype(np.float64) for name in names}
    rows = Rows.of(sums, facets, amounts)
    del sums  # as large again
    _refuse_few(log, rows.units, least, unit)
    found = rows.settled(grids, least)
    left_out = {
        grid: rows.facets_of(grid, found.shown[grid.name], found.small[grid.name])
        for grid in grids
        if grid.name in found.shown and found.small[grid.name].any()
    }
    kept = _outside(log, left_out)
    labels, label_cells = log.labels, dict[str, int]()
    if labels is not None:
        labels, label_cells = labelled.protected(log, labels, kept, least, unit)
    safe = log.in_sums(kept.drop(*(IDENTITIES & log.columns)), labels, least)
    account = Account(
        least=least,
        unit=unit,
        cells={name: int(cells.sum()) for name, cells in found.small.items()},
        label_cells=label_cells,
        grids=(
            *(grid.name for grid in grids if grid.name not in found.shown),
            *(grid.name for grid in LABEL_GRIDS if labels is not None and grid.name not in label_cells),
        ),
        share_left_out=rows.share(found, least),
        cohort_cells=retention.withheld_cells(safe),
    )
    return safe, account


def _outside(log: Log, left_out: Mapping[Grid, pa.Table]) -> ir.Table:
    """The generations outside of the cells."""
    rows = log.generations
    rows = rows.mutate(**{f"facet_{name}": facet(log, name) for name in facets_of(left_out)})
    for grid, cells in left_out.items():
        named = {f"facet_{name}": cells[name] for name in grid.facets}
        table = ibis.memtable(pa.table(named))
        table = table.select(**{name: table[name].cast(rows[name].type()) for name in named})
        rows = rows.anti_join(table, list(named))
    return rows.select(log.generations.columns)
