"""The account of an import: what was read, written and left out, how ids were resolved, what is null.

It is counted from the rows in the engine, after all of them were read and before any is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import duckdb

from analysis import contract
from analysis.importing.format import COST, FALLBACK, OPTIONS, Importer
from analysis.importing.model_ids import ModelId
from analysis.importing.reading import FIELDS, FileRead
from analysis.importing.records import places
from analysis.json_values import plain
from analysis.numerals import counted, listed
from analysis.sources.quoting import identifier

WAYS: Mapping[str, str] = {
    FALLBACK: f"If the rows name no user, say who sent them: {OPTIONS[FALLBACK]}",
    COST: f"If the rows state no cost, it can be computed at listed prices: {OPTIONS[COST]}",
}
"""What an import does, if it is told to, about rows without a field that a log needs."""
SUMMED = tuple(field.name for field in contract.GENERATIONS if field.unit in ("tokens", "USD"))
"""Fields whose sums are stated."""
LOST: Mapping[str, str] = {
    "user_id": "retention, cohorts, verdicts on launches, and whatever else is counted by user",
    "model": "shares of models, authors and origins, launches, prices",
    "cost_total": "costs, effective prices, and tokens by price",
}
"""What a log says nothing of where a field is the same in every row, because a mapping states it."""
SHOWN = 5  # places of rows that are named for each reason
COPIES = "a copy of another row"
_MOMENT = "'%Y-%m-%dT%H:%M:%S.%gZ'"


@dataclass(frozen=True)
class Noted:
    """Rows that share a reason. examples: the first ones, as PLACE: what was found."""

    why: str
    rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class ReadFile:
    """A file of the source. records: its rows, those that are none included."""

    file: str
    form: str
    records: int


@dataclass(frozen=True)
class Account:
    """What an import did. read = written + left out.

    left_out: rows that are not in the log. odd: rows that are, with a value that could not be read and is null.
    empty: fields of the contract that are null in every row. users_from: where rows name their user, with their count.
    at_list_prices: rows that state no cost, which was computed.
    stated: fields that the source does not have, with the one value that a mapping states for every row.
    numbered: the rows have no ids; they were numbered, so that copies of rows cannot be told.
    totals: tokens and USD of the written rows. first, last: their moments, ISO 8601 in UTC. not_read: files beside; of
    a table on a server, columns that the user has no right to read.
    not_carried: fields that no form of the files has. partly: those that a form has in part, and what of them.
    warnings: what is odd about the log as a whole.
    """

    format: str
    title: str
    files: tuple[ReadFile, ...]
    read: int
    written: int
    left_out: tuple[Noted, ...]
    odd: tuple[Noted, ...]
    ids: tuple[ModelId, ...]
    empty: tuple[str, ...]
    users_from: Mapping[str, int]
    totals: Mapping[str, float]
    first: str
    last: str
    not_read: tuple[str, ...]
    at_list_prices: int = 0
    not_carried: tuple[str, ...] = ()
    partly: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    stated: Mapping[str, str] = field(default_factory=dict)
    numbered: bool = False

    @property
    def unresolved(self) -> tuple[ModelId, ...]:
        """Ids that mean no listed model."""
        return tuple(one for one in self.ids if not one.how)

    def as_json(self) -> dict[str, Any]:
        """The account for programs."""
        return dict(plain(asdict(self)))


# --- counted in the engine ----------------------------------------------------------------------------------


def account_of(
    connection: duckdb.DuckDBPyConnection,
    importer: Importer,
    reads: Sequence[FileRead],
    ids: list[ModelId],
    beside: tuple[str, ...],
) -> Account:
    """What was read, and what the view `log` holds."""
    counts = ", ".join(f"count({identifier(name)})" for name in FIELDS)
    totals = ", ".join(f"sum({identifier(name)})" for name in SUMMED)
    one = connection.execute(
        f"SELECT count(*), strftime(min(created_at), {_MOMENT}), strftime(max(created_at), {_MOMENT}), "
        f"count_if(listed), {counts}, {totals} FROM log"
    ).fetchall()[0]
    (written, first, last, priced), others = one[:4], one[4:]
    filled, summed = others[: len(FIELDS)], others[len(FIELDS) :]
    users = connection.execute("SELECT user_from, count(*) FROM log GROUP BY 1 ORDER BY 2 DESC, 1").fetchall()
    not_carried = _not_carried(reads)
    partly = {name: what for r in reads for name, what in r.form.in_part(not_carried).items()}
    return Account(
        format=importer.name,
        title=importer.title,
        files=tuple(ReadFile(r.file.name, r.form.name, r.rows) for r in reads),
        read=sum(r.rows for r in reads),
        written=written,
        left_out=tuple(_left_out(connection, reads)),
        odd=tuple(_odd(connection, reads)),
        ids=tuple(ids),
        empty=tuple(name for name, count in zip(FIELDS, filled, strict=True) if not count),
        users_from={str(place): count for place, count in users},
        totals={name: total or 0 for name, total in zip(SUMMED, summed, strict=True) if total is not None},
        first=first or "",
        last=last or "",
        not_read=beside,
        at_list_prices=priced,
        stated=_stated(connection, reads),
        numbered=any(r.form.numbered for r in reads),
        not_carried=not_carried,
        partly=partly,
    )


def _stated(connection: duckdb.DuckDBPyConnection, reads: Sequence[FileRead]) -> dict[str, str]:
    """Fields that are constants of a mapping, with their values."""
    names = [name for name, rule in reads[0].form.rules.items() if not rule.places] if reads else []
    if not names:
        return {}
    values = ", ".join(f"CAST(any_value({identifier(name)}) AS VARCHAR)" for name in names)
    one = connection.execute(f"SELECT {values} FROM log").fetchall()[0]
    return {name: value for name, value in zip(names, one, strict=True) if value is not None}


def _not_carried(reads: Sequence[FileRead]) -> tuple[str, ...]:
    """Fields that no file has a place for."""
    lacks = [
        set(r.form.lacks(None if r.form.unfold or not r.file.is_table else r.file.columns)) for r in reads
    ]
    return tuple(name for name in FIELDS if all(name in one for one in lacks))


def _left_out(connection: duckdb.DuckDBPyConnection, reads: Sequence[FileRead]) -> list[Noted]:
    """Rows that are not in the log, by reason, the most frequent first."""
    notes = [
        *_noted(connection, reads, "SELECT rowid AS row, wrong AS note FROM rows WHERE wrong IS NOT NULL"),
        *_noted(connection, reads, f"SELECT row, {{'what': '{COPIES}', 'found': NULL}} AS note FROM copies"),
    ]
    return sorted(notes, key=lambda note: (-note.rows, note.why))


def _odd(connection: duckdb.DuckDBPyConnection, reads: Sequence[FileRead]) -> list[Noted]:
    """Rows of the log with a value that could not be read."""
    return _noted(connection, reads, "SELECT row, unnest(odd) AS note FROM log WHERE odd IS NOT NULL")


def _noted(connection: duckdb.DuckDBPyConnection, reads: Sequence[FileRead], query: str) -> list[Noted]:
    """Notes on rows by what they say. query: row and note of each."""
    found: list[tuple[str, int, list[dict[str, Any]]]] = connection.execute(
        f"SELECT note.what, count(*), min({{'row': row, 'found': note.found}}, {SHOWN}) FROM ({query}) GROUP BY 1 "
        "ORDER BY 2 DESC, 1"
    ).fetchall()
    shown = [example["row"] for _, _, examples in found for example in examples]
    where: dict[int, str] = {}
    for one in reads:
        mine = {row - one.first_row for row in shown if one.first_row <= row < one.first_row + one.rows}
        where |= {
            one.first_row + record: place for record, place in places(one.file, mine, one.form.unfold).items()
        }
    return [
        Noted(what, rows, tuple(_example(where[e["row"]], e["found"]) for e in examples))
        for what, rows, examples in found
    ]


def _example(place: str, found: str | None) -> str:
    return place if found is None else f"{place}: '{found}'"


def nameless(ids: Sequence[ModelId]) -> tuple[str, ...]:
    """What is said of ids that stand in the log without an author; nothing where there is none."""
    bare = [one for one in ids if "/" not in one.model]
    if not bare:
        return ()
    names = listed([one.id for one in bare], SHOWN)
    rows = sum(one.rows for one in bare)
    return (
        f"{counted(rows, 'row')} of models without an author ({names}): an analysis stops at them. Give them one: "
        "author/slug in the models table of --models FILE.",
    )


def ways(left_out: Sequence[Noted]) -> list[str]:
    """What to do about rows that were left out since they lack what a log needs."""
    whys = {one.why for one in left_out}
    return [way for field, way in WAYS.items() if f"{field} is empty" in whys]
