"""Operations that Ibis lacks, and their SQL in each dialect: moments on the UTC clock, and texts in byte order.

Ibis takes the days, weeks and months of a moment in the zone of the session, which is UTC where Ibis made the session.
The printed SQL runs in sessions of others: there the query itself must say UTC, and that weeks begin on Monday.
`analysis.vocabulary` is where they are used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.base import SQLGlotCompiler

ZONE = "UTC"
MICROSECONDS = 1_000_000  # in a second


class UtcClock(ops.Unary):
    """What a clock in UTC shows at a moment: a timestamp without a zone."""

    arg: ops.Value[dt.Timestamp]
    dtype = dt.timestamp


class UtcDate(ops.Unary):
    """The first day of the UTC day, week (from Monday) or calendar month in which a moment lies. unit: one of these
    words, in small letters."""

    arg: ops.Value[dt.Timestamp]
    unit: str
    dtype = dt.date


class UnixMicroseconds(ops.Unary):
    """Whole microseconds of a moment since 1970-01-01 00:00 UTC."""

    arg: ops.Value[dt.Timestamp]
    dtype = dt.int64


class InByteOrder(ops.Unary):
    """A text that is ordered byte by byte, not by the rules of a language."""

    arg: ops.Value[dt.String]
    dtype = dt.string


class Elements(ops.Unnest):
    """Each element of a list, on a row of its own."""


# --- SQL, by dialect. c: the compiler; arg: the SQL of a moment with its zone


CLOCKS: dict[str, Callable[[Any, Any], Any]] = {
    # AT TIME ZONE would ask a calendar of zones for each row: seven times slower
    "duckdb": lambda c, arg: c.f.anon.MAKE_TIMESTAMP(c.f.anon.EPOCH_US(arg)),
    "postgres": lambda c, arg: sge.AtTimeZone(this=arg, zone=sge.convert(ZONE)),
    "bigquery": lambda c, arg: c.f.anon.DATETIME(arg, ZONE),
    "snowflake": lambda c, arg: c.f.anon.TO_TIMESTAMP_NTZ(c.f.anon.CONVERT_TIMEZONE(ZONE, arg)),
    "clickhouse": lambda c, arg: c.f.anon.toTimeZone(arg, ZONE),
    # a clock of the session that shows what one in UTC does; the day is right also where the session skips that hour
    "spark": lambda c, arg: c.f.anon.to_utc_timestamp(arg, c.f.anon.current_timezone()),
    "standard": lambda c, arg: c.cast(sge.AtTimeZone(this=arg, zone=sge.convert(ZONE)), dt.timestamp),
}
MICROSECONDS_SINCE_1970: dict[str, Callable[[Any, Any], Any]] = {
    "duckdb": lambda c, arg: c.f.anon.EPOCH_US(arg),
    "bigquery": lambda c, arg: c.f.anon.UNIX_MICROS(arg),
    "snowflake": lambda c, arg: c.f.extract("epoch_microsecond", arg),
    "clickhouse": lambda c, arg: c.f.anon.toUnixTimestamp64Micro(c.f.anon.toDateTime64(arg, 6)),
    "spark": lambda c, arg: c.f.anon.unix_micros(arg),
    "standard": lambda c, arg: c.cast(c.f.extract("epoch", arg) * sge.convert(MICROSECONDS), dt.int64),
}


def _bigquery_date(c: Any, arg: Any, unit: str) -> Any:
    day = c.f.anon.DATE(arg, ZONE)
    name = {"week": "WEEK(MONDAY)", "month": "MONTH"}.get(unit)
    return c.f.anon.DATE_TRUNC(day, c.v[name]) if name else day


def _snowflake_date(c: Any, arg: Any, unit: str) -> Any:
    day = c.cast(c.f.anon.CONVERT_TIMEZONE(ZONE, arg), dt.date)
    if unit == "week":  # its weeks begin where the session's WEEK_START says
        return c.f.anon.PREVIOUS_DAY(day + 1, "mo")
    return c.f.anon.DATE_TRUNC(unit, day) if unit == "month" else day


def _clickhouse_date(c: Any, arg: Any, unit: str) -> Any:
    name = {"day": "toDate", "week": "toMonday", "month": "toStartOfMonth"}[unit]
    return c.f.anon[name](c.f.anon.toTimeZone(arg, ZONE))


def _standard_date(c: Any, arg: Any, unit: str) -> Any:
    clock = _of(CLOCKS, c)(c, arg)
    return c.cast(clock if unit == "day" else c.f.anon.DATE_TRUNC(unit, clock), dt.date)


DATES: dict[str, Callable[[Any, Any, str], Any]] = {
    "bigquery": _bigquery_date,
    "snowflake": _snowflake_date,
    "clickhouse": _clickhouse_date,
    "standard": _standard_date,
}


def _of(rules: dict[str, Any], compiler: Any) -> Any:
    """The rule of the dialect that a compiler writes."""
    name = compiler.dialect.__name__.lower()
    return rules.get("spark" if name in ("pyspark", "databricks") else name, rules["standard"])


def _clock(compiler: Any, op: UtcClock, *, arg: Any) -> Any:
    return _of(CLOCKS, compiler)(compiler, arg)


def _date(compiler: Any, op: UtcDate, *, arg: Any, unit: str) -> Any:
    return _of(DATES, compiler)(compiler, arg, unit)


def _microseconds(compiler: Any, op: UnixMicroseconds, *, arg: Any) -> Any:
    return _of(MICROSECONDS_SINCE_1970, compiler)(compiler, arg)


def _byte_order(compiler: Any, op: InByteOrder, *, arg: Any) -> Any:
    is_postgres = compiler.dialect.__name__ == "Postgres"  # all others order texts so
    return sge.Collate(this=arg, expression=sge.to_identifier("C", quoted=True)) if is_postgres else arg


def _elements(compiler: Any, op: Elements, *, arg: Any) -> Any:
    # Ibis would join the elements to a text, at a mark drawn anew each time, and split it: records do not survive that
    is_snowflake = compiler.dialect.__name__ == "Snowflake"
    if not is_snowflake:
        return compiler.visit_Unnest(op, arg=arg)
    each = compiler.f.explode(arg)
    return compiler.cast(each, op.dtype) if op.dtype.is_numeric() else each


# Ibis finds the SQL of an operation as a method of the compiler, named after it.
SQLGlotCompiler.visit_UtcClock = _clock
SQLGlotCompiler.visit_UtcDate = _date
SQLGlotCompiler.visit_UnixMicroseconds = _microseconds
SQLGlotCompiler.visit_InByteOrder = _byte_order
SQLGlotCompiler.visit_Elements = _elements
