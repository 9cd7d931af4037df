"""Spark and Databricks: units that passed whole, days of the week from 1, moments as seconds, shifted clocks.

Sources: the SQL reference of Spark, and of Databricks for `timestampdiff` ("counts whole elapsed units").
"""

from __future__ import annotations

from sqlglot import exp

from testbed.validation.dialects.calendar import (
    ISO_WEEK,
    ISO_YEAR,
    MONTHS_OF_31_DAYS,
    NAIVE,
    UNIX_SECONDS,
    passed,
)
from testbed.validation.dialects.column_types import Types, truncated_cast
from testbed.validation.dialects.patterns import (
    Rules,
    extracting,
    fill,
    is_written,
    untranslated,
    without_dates,
)

_UNITS = {"mm": "month", "mon": "month", "month": "month", "yyyy": "year", "yy": "year", "year": "year",
          "quarter": "quarter", "week": "week"}  # fmt: skip
PARTS = {
    **dict.fromkeys(("dow", "dayofweek"), f"dayofweek({NAIVE}) + 1"),
    **dict.fromkeys(("dow_iso", "dayofweek_iso"), f"isodow({NAIVE})"),
    **dict.fromkeys(("week", "w", "weeks"), ISO_WEEK),
    "yearofweek": ISO_YEAR,
}
FUNCTIONS = {
    "weekday": (f"isodow({NAIVE}) - 1",),
    "timestamp_seconds": ("to_timestamp(_1)",),
    "timestamp_millis": ("to_timestamp(_1 / 1000)",),
    "pmod": ("((_1 % _2) + _2) % _2",),
    "bround": ("round_even(_1, 0)", "round_even(_1, _2)"),
    "bigint": ("CAST(_1 AS BIGINT)",),
}


def _passed(node: exp.Expr) -> exp.Expr | None:
    """With a unit; `datediff(end, start)` without one counts days."""
    unit = node.args.get("unit")
    pattern = passed(unit.name.lower()) if unit is not None else None
    return fill(pattern, without_dates(node.expression), without_dates(node.this)) if pattern else None


def _truncated(node: exp.Expr) -> exp.Expr:
    unit = _UNITS.get(node.args["unit"].name.lower())
    return fill(f"CAST(date_trunc('{unit}', {NAIVE}) AS DATE)", node.this) if unit else untranslated("trunc")


def _moment_truncated(node: exp.Expr) -> exp.Expr | None:
    """`date_trunc`, whose units have several names."""
    unit = node.args["unit"].name.lower()
    known = {**_UNITS, "dd": "day"}.get(unit)
    return fill(f"date_trunc('{known}', _1)", node.this) if known and known != unit else None


def _formatted(node: exp.Expr) -> exp.Expr | None:
    form = node.args["format"]
    return untranslated("date_format") if form.is_string and not is_written(form.name) else None


def _part(node: exp.Expr) -> exp.Expr | None:
    if node.name.lower() not in ("date_part", "datepart") or len(node.expressions) != 2:
        return None
    pattern = PARTS.get(node.expressions[0].name.lower())
    return fill(pattern, node.expressions[1]) if pattern else None


def _shifted(node: exp.Expr) -> exp.Expr | None:
    """`from_utc_timestamp` moves a moment, so that a session in UTC shows the clock of the zone."""
    if isinstance(node.this, exp.Cast) and node.this.to.is_type(exp.DType.TIMESTAMP):
        return fill(
            "CAST(_1 AS TIMESTAMPTZ) AT TIME ZONE _2 AT TIME ZONE 'UTC'", node.this.this, node.args["zone"]
        )
    return None


def _shifted_back(node: exp.Expr) -> exp.Expr:
    return fill("CAST(_1 AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AT TIME ZONE _2", node.this, node.args["zone"])


def _seconds(node: exp.Expr) -> exp.Expr | None:
    """`unix_timestamp` of a moment, or of a text in the form in which moments are written."""
    form = node.args.get("format")
    usual = form is None or form.name.replace("strict", "") == "%Y-%m-%d %H:%M:%S"
    return fill(UNIX_SECONDS, node.this) if usual else None


def _table(node: exp.Expr) -> exp.Expr | None:
    """`range(n)` has a column `id`."""
    if (
        isinstance(node.this, exp.Anonymous)
        and node.this.name.lower() == "range"
        and not node.args.get("alias")
    ):
        node.set("alias", exp.TableAlias(this=exp.to_identifier("range"), columns=[exp.to_identifier("id")]))
    return None


def _months(node: exp.Expr) -> exp.Expr:
    exact = node.args.get("roundoff") is not None and node.args["roundoff"].name.lower() == "false"
    pattern = MONTHS_OF_31_DAYS if exact else f"round({MONTHS_OF_31_DAYS}, 8)"
    return fill(pattern, node.this, node.expression)


def _cast(node: exp.Expr, types: Types) -> exp.Expr | None:
    whole = node.args["to"].is_type(*exp.DataType.INTEGER_TYPES)
    if whole and types.is_a(node.this, exp.DType.TIMESTAMPTZ, exp.DType.TIMESTAMPLTZ, exp.DType.TIMESTAMP):
        return fill(UNIX_SECONDS, node.this)
    if whole and types.is_a(node.this, *exp.DataType.TEXT_TYPES):
        return exp.TryCast(this=fill("trunc(TRY_CAST(_1 AS DOUBLE))", node.this), to=node.args["to"].copy())
    return truncated_cast(node, types)


RULES = Rules(
    FUNCTIONS,
    {
        exp.Anonymous: _part,
        exp.DateDiff: _passed,
        exp.TimestampDiff: _passed,
        exp.DateTrunc: _truncated,
        exp.TimestampTrunc: _moment_truncated,
        exp.TimeToStr: _formatted,
        exp.DayOfWeek: lambda node: fill("dayofweek(_1) + 1", node.this),
        exp.Extract: extracting(PARTS),
        exp.AtTimeZone: _shifted,
        exp.FromTimeZone: _shifted_back,
        exp.StrToUnix: _seconds,
        exp.Table: _table,
        exp.MonthsBetween: _months,
        exp.Quantile: lambda node: fill("quantile_cont(_1, _2)", node.this, node.args["quantile"]),
        exp.AddMonths: lambda node: fill(
            f"CAST(CAST({NAIVE} AS DATE) + to_months(CAST(_2 AS INTEGER)) AS DATE)",
            node.this,
            node.expression,
        ),
    },
    dict.fromkeys((exp.Cast, exp.TryCast), _cast),
    instead={
        "date_format": "date_format(x, 'yyyy-MM-dd'), or extract(WEEK FROM x) for ISO weeks",
        "trunc": "trunc(x, 'MM') or date_trunc('week', x), with the unit as text",
        "window": "date_trunc('hour', x), or GROUP BY the beginning of the window",
    },
)
