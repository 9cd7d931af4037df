"""SQL of other dialects in DuckDB's: as sqlglot translates it, with what it leaves out.

Two rules of a dialect change an answer without a word, so they are carried over: whether whole numbers divide to whole
numbers, and whether a session has a time zone at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from analysis import contract
from analysis.contract.nearest_names import did_you_mean
from testbed.failure import BadInput
from testbed.validation.columns import KNOWN, InputColumns

DUCKDB = "duckdb"
KNOWN_DIALECTS = tuple(sorted(name for name in Dialect.classes if name))
"""What `--dialect` may say."""
LIKELY = (
    DUCKDB,
    "postgres",
    "bigquery",
    "snowflake",
    "spark",
    "clickhouse",
    "trino",
    "mysql",
    "tsql",
    "redshift",
)
UNZONED = frozenset({"bigquery", "clickhouse", "tsql"})
"""Dialects in which days of a moment in UTC are UTC days, whatever the session."""
SUMS_WIDEN = frozenset({"postgres", "redshift"})
"""Dialects in which a sum of 64-bit numbers is a decimal, so that its division is none of whole numbers."""
MARKS: dict[str, str] = {  # spellings that are of one dialect
    "bigquery": r"`|\bSAFE_(DIVIDE|CAST)|\bCOUNTIF\(|\bTIMESTAMP_TRUNC|\bDATE_TRUNC\([^,']+,\s*(ISO)?(WEEK|MONTH|DAY)",
    "snowflake": r"\bDATEADD\(|\bCONVERT_TIMEZONE|\bIFF\(|\bDIV0|\bZEROIFNULL|\bRATIO_TO_REPORT|\bFLATTEN\(",
    "clickhouse": r"\btoStartOf|\btoYYYYMM|\buniq(Exact)?\(|\b(count|sum|uniq|avg)If\(|\btoDate\(|\barrayJoin",
    "spark": r"\bLATERAL VIEW|\bdate_format\([^,]+,\s*'[yM]|\bexplode\(|\bmonths_between|\b(from|to)_utc_timestamp",
    "trino": r"\bapprox_distinct|\bat_timezone\(|\bdate_parse\(|\bsequence\(",
    "tsql": r"\bSELECT\s+TOP\b|\bGETDATE\(|\bEOMONTH\(|\bDATETRUNC\(|\[\w+\]\.\[\w+\]",
    "mysql": r"\bDATE_FORMAT\([^,]+,\s*'%|\bPERIOD_DIFF|\bTIMESTAMPDIFF\(",
    "postgres": r"\bDISTINCT ON\b|\bto_char\(|::timestamptz",
}
TYPES = {"string": "VARCHAR", "int32": "INT", "int64": "BIGINT", "float32": "REAL", "float64": "DOUBLE",
         "bool": "BOOLEAN", "date32": "DATE"}  # fmt: skip


@dataclass(frozen=True)
class Translation:
    """A query as DuckDB takes it. dialect: in which it was read. text: the user's own, where that is DuckDB's.
    zoned: whether the zone of the session means anything in that dialect. notes: what was changed, for people."""

    dialect: str
    text: str
    zoned: bool
    notes: tuple[str, ...] = ()


def check_dialect(name: str, where: str) -> str:
    """The name of a dialect. Raises BadInput if nobody knows it; where: who says so."""
    if name.lower() not in KNOWN_DIALECTS:
        hint = did_you_mean(name, KNOWN_DIALECTS)
        raise BadInput(f"{where}: no dialect '{name}'; {hint or 'known: ' + ', '.join(KNOWN_DIALECTS)}")
    return name.lower()


def likely_dialects(text: str) -> tuple[str, ...]:
    """Dialects that a query may be written in, the likeliest first: those whose spellings it has, then DuckDB's."""
    marks = {name: len(re.findall(mark, text, re.IGNORECASE)) for name, mark in MARKS.items()}
    seen = sorted((name for name in marks if marks[name]), key=lambda name: -marks[name])
    return tuple(dict.fromkeys([*seen, *LIKELY]))


def translate(text: str, dialect: str, columns: InputColumns) -> Translation:
    """A query of this dialect in DuckDB's. Raises SqlglotError."""
    try:
        statements = [one for one in sqlglot.parse(text, read=dialect) if one is not None]
    except SqlglotError:
        if dialect == DUCKDB:  # which says itself what is wrong, and knows its newest words
            return Translation(DUCKDB, text, True)
        raise
    named = {columns.table(name) for name in KNOWN}
    tables = [table for one in statements for table in one.find_all(exp.Table)]
    paths = [table for table in tables if table.db not in ("", "main") and table.name in named]
    if dialect == DUCKDB and not paths:
        return Translation(DUCKDB, text, True)
    notes = dict.fromkeys(f"{path.sql(dialect=dialect)} is read as {path.name}" for path in paths)
    for path in paths:
        path.set("db", None)
        path.set("catalog", None)
    if Dialect.get_or_raise(dialect).TYPED_DIVISION:
        statements = [_divided(one, dialect, columns) for one in statements]
    written = ";\n".join(one.sql(dialect=DUCKDB, pretty=True) for one in statements)
    return Translation(dialect, written, dialect not in UNZONED, tuple(notes))


def _divided(statement: exp.Expr, dialect: str, columns: InputColumns) -> exp.Expr:
    """The same where whole numbers divide to whole numbers. What is whole is judged on a copy in which every column
    has its table, since only there its type is known."""
    divisions = {str(i): division for i, division in enumerate(statement.find_all(exp.Div))}
    if not divisions:
        return statement
    for i, division in divisions.items():
        division.meta["division"] = i
    schema: dict[str, Any] = {columns.table(table): _types(table, columns) for table in contract.TABLES}
    try:
        known = qualify(statement.copy(), dialect=dialect, schema=schema, validate_qualify_columns=False)
        known = annotate_types(known, schema, _metadata(dialect), dialect=dialect)
    except SqlglotError:
        return statement
    whole = {
        division.meta["division"]
        for division in known.find_all(exp.Div)
        if "division" in division.meta and _is_whole(division.left) and _is_whole(division.right)
    }
    for i in sorted(whole, key=int, reverse=True):  # the inner ones first
        division = divisions[i]
        divided = exp.IntDiv(this=division.this, expression=division.expression)
        if division is statement:
            statement = divided
        else:
            division.replace(divided)
    return statement


def _types(table: contract.Table, columns: InputColumns) -> Mapping[str, str]:
    return {
        columns.column(table, one.name): TYPES.get(one.type, "TIMESTAMPTZ") for one in contract.FIELDS[table]
    }


def _is_whole(part: exp.Expr) -> bool:
    return part.is_type(*exp.DataType.INTEGER_TYPES)


def _metadata(dialect: str) -> dict[Any, Any]:
    """How sqlglot finds the type of an expression in a dialect, with sums as wide as it makes them."""
    known: dict[Any, Any] = dict(Dialect.get_or_raise(dialect).EXPRESSION_METADATA)
    if dialect in SUMS_WIDEN:
        plain = known[exp.Sum]["annotator"]

        def widened(annotator: Any, total: exp.Sum) -> Any:
            found = plain(annotator, total)
            if total.this.is_type("bigint"):
                found.type = exp.DataType.build("decimal")
            return found

        known[exp.Sum] = {"annotator": widened}
    return known
