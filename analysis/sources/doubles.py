"""Rows that share their generation_id: copies of one request, and different requests under an id that was used again.

A **copy** has the id, user, moment and model of another row: a retried write, two files that overlap. It counts twice
in every sum. A **reused id** names rows that differ in one of these: gateways and providers hand out ids again
(`chatcmpl-213`). They are requests in their own right and count; only what is joined by the id, the labels, cannot be
trusted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis.expr.types as ir

from analysis import vocabulary as v
from analysis.numerals import counted
from analysis.proportions import share
from analysis.sources.errors import LogError

if TYPE_CHECKING:
    from analysis.sources.log import Log

MOST_ROWS_COUNTED = 20_000_000  # of larger logs a sample of the ids is looked at, of about so many rows
MOST_COPIES = 0.05  # share of copies from which a log is refused (assumed)
SAME = ("generation_id", "user_id", "created_at", "model")  # what makes a row a copy of another


@dataclass(frozen=True)
class Doubles:
    """What rows share their ids. copies: rows beyond the first of the same request. reused: rows of different requests
    under one id, that is of `reused_ids`. sampled: one id in so many was looked at; the counts are scaled up."""

    copies: int
    reused: int
    reused_ids: int
    sampled: int = 1

    @property
    def about(self) -> str:
        """The word before a count that is no exact one."""
        return "about " if self.sampled > 1 else ""


def per_id(rows: ir.Table) -> ir.Table:
    """Ids of more than one row: generation_id, rows (count), requests (count of different ones)."""
    requests = rows.group_by([name for name in SAME if name in rows.columns]).aggregate(rows=rows.count())
    counts = requests.group_by("generation_id").aggregate(
        rows=v.total(requests.rows), requests=requests.count()
    )
    return counts.filter(counts.rows > 1)


def reused_ids(rows: ir.Table) -> ir.Table:
    """The generation_ids of more than one request, each once."""
    counts = per_id(rows)
    return counts.filter(counts.requests > 1).select("generation_id")


def look(log: Log) -> Doubles:
    """Count the rows that share their ids.

    Exact up to `MOST_ROWS_COUNTED` rows (on DuckDB up to ids whose 64-bit hashes agree by chance: at 20 million rows
    1 log in 90,000 has a pair); beyond, of one id in `sampled`, chosen by its hash, or a warning where the engine has
    none.
    """
    rows = log.generations.filter(_has_id(log.generations))
    sampled = math.ceil(share(log.rows, MOST_ROWS_COUNTED))
    hashes = log.connection.name == "duckdb"
    if sampled > 1 and hashes:
        rows = rows.filter(rows.generation_id.hash() % sampled == 0)
    elif sampled > 1:
        log.warn(
            f"a log of {counted(log.rows, 'row')} on {log.connection.name}: not looked through for doubled requests, "
            f"which is done up to {MOST_ROWS_COUNTED:,}."
        )
        return Doubles(0, 0, 0)
    if hashes:  # a hash is half the memory and time
        found = rows.aggregate(rows=rows.count(), ids=rows.generation_id.hash().nunique())
        unique = len(set(found.to_pyarrow().to_pylist()[0].values())) == 1
    else:  # PostgreSQL sorts what it counts the different values of
        each = rows.select("generation_id").distinct()
        unique = each.count().to_pyarrow().as_py() == rows.count().to_pyarrow().as_py()
    if unique:
        return Doubles(0, 0, 0, sampled)
    ids = per_id(rows)
    several = ids.requests > 1
    sums = ids.aggregate(
        copies=v.total(ids.rows - ids.requests),
        reused=v.total_where(ids.requests, several),
        reused_ids=v.count_where(several),
    )
    count = {name: int(value or 0) for name, value in sums.to_pyarrow().to_pylist()[0].items()}
    return Doubles(
        count["copies"] * sampled, count["reused"] * sampled, count["reused_ids"] * sampled, sampled
    )


def _has_id(rows: ir.Table) -> ir.BooleanValue:
    return rows.generation_id.notnull() & (rows.generation_id.cast("string") != "")


def judge(log: Log, tolerate: bool = False) -> None:
    """Refuse a log with many copies (tolerate: warn), warn of few ones and of reused ids, and leave out the labels of
    reused ids."""
    found = look(log)
    if found.copies:
        said = (
            f"{counted(log.rows, 'row')}, with {found.about}{counted(found.copies, 'copy', 'copies')} of other rows "
            "(the same generation_id, user, moment and model)"
        )
        if share(found.copies, log.rows) > MOST_COPIES and not tolerate:
            raise LogError(
                f"{log.name}: {said}, and so would be every sum. Keep one of each. `slipper analyze LOG --check-log` "
                "shows examples."
            )
        log.warn(
            f"{said}: sums are too high by about {100 * share(found.copies, log.rows - found.copies):.2g}%. "
            "Keep one of each to be exact; `slipper analyze LOG --check-log` shows examples."
        )
    if found.reused:
        labels = ""
        if log.labels is not None and "generation_id" in log.labels.columns:
            log.labels = log.labels.anti_join(reused_ids(log.generations), "generation_id")
            labels = "; labels of these ids are left out, since nobody can say which request they are of"
        log.warn(
            f"{found.about}{found.reused:,} of {log.rows:,} requests share their generation_id with a different "
            f"request ({found.about}{found.reused_ids:,} ids were used again). They are no copies, and all are "
            f"counted{labels}."
        )
