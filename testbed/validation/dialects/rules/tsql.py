"""T-SQL: weeks from Sunday (DATEFIRST 7), averages of whole numbers, zones by their names in Windows.

Source: the Transact-SQL reference of Microsoft. A moment has an offset of its own, here UTC.
"""

from __future__ import annotations

import re

from sqlglot import exp

from testbed.validation.dialects.calendar import ISO_WEEK, MONDAY, NAIVE, SUNDAY, weeks_crossed
from testbed.validation.dialects.column_types import Types, truncated_cast, whole_average
from testbed.validation.dialects.patterns import Rules, extracting, fill, without_dates
from testbed.validation.dialects.rules.trino import clock_of_clock

PARTS = {
    **dict.fromkeys(("dayofweek", "weekday", "dw"), f"dayofweek({NAIVE}) + 1"),
    **dict.fromkeys(
        ("week", "wk", "ww"), f"(dayofyear({NAIVE}) + dayofweek(date_trunc('year', {NAIVE})) - 1) // 7 + 1"
    ),
    **dict.fromkeys(("iso_week", "isowk", "isoww"), ISO_WEEK),
}
ZONES = {
    "UTC": "UTC",
    "GMT Standard Time": "Europe/London",
    "W. Europe Standard Time": "Europe/Berlin",
    "Central Europe Standard Time": "Europe/Budapest",
    "Romance Standard Time": "Europe/Paris",
    "Eastern Standard Time": "America/New_York",
    "Central Standard Time": "America/Chicago",
    "Mountain Standard Time": "America/Denver",
    "Pacific Standard Time": "America/Los_Angeles",
    "India Standard Time": "Asia/Kolkata",
    "China Standard Time": "Asia/Shanghai",
    "Tokyo Standard Time": "Asia/Tokyo",
    "AUS Eastern Standard Time": "Australia/Sydney",
}
"""The commonest, by the mapping of the Unicode CLDR."""
_COMPACT = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
FUNCTIONS = {
    "eomonth": (f"last_day(CAST({NAIVE} AS DATE))", f"last_day(CAST({NAIVE} + to_months(_2) AS DATE))"),
}


def _function(node: exp.Expr) -> exp.Expr | None:
    """SWITCHOFFSET: what a clock so many minutes ahead of UTC shows."""
    if node.name.lower() != "switchoffset" or len(node.expressions) != 2:
        return None
    moment, ahead = node.expressions
    if match := _OFFSET.fullmatch(ahead.name):
        minutes = int(f"{match[1]}{int(match[2]) * 60 + int(match[3])}")
        return fill(f"CAST(_1 AS TIMESTAMPTZ) AT TIME ZONE 'UTC' + to_minutes({minutes})", moment)
    pattern = "CAST(_1 AS TIMESTAMPTZ) AT TIME ZONE 'UTC' + to_minutes(CAST(_2 AS INTEGER))"
    return fill(pattern, moment, ahead) if ahead.is_number else None


def _truncated(node: exp.Expr) -> exp.Expr | None:
    unit = node.args["unit"].name.lower()
    pattern = {"week": SUNDAY, "iso_week": MONDAY}.get(unit)
    return fill(pattern, node.this) if pattern else None


def _crossed(node: exp.Expr) -> exp.Expr | None:
    if node.args["unit"].name.lower() != "week":  # other units are counted by boundaries in DuckDB too
        return None
    return fill(weeks_crossed("sunday"), without_dates(node.expression), without_dates(node.this))


def _table(node: exp.Expr) -> exp.Expr | None:
    """GENERATE_SERIES has a column `value`."""
    if isinstance(node.this, exp.GenerateSeries) and not (node.alias and node.args["alias"].columns):
        name = node.alias or "generate_series"
        node.set("alias", exp.TableAlias(this=exp.to_identifier(name), columns=[exp.to_identifier("value")]))
    return None


def _applied(node: exp.Expr) -> exp.Expr | None:
    """CROSS APPLY, OUTER APPLY."""
    lateral = node.this
    if isinstance(lateral, exp.Lateral) and lateral.args.get("cross_apply") is not None:
        side = "" if lateral.args["cross_apply"] else "LEFT"
        lateral.set("cross_apply", None)
        return exp.Join(this=lateral.copy(), side=side, on=exp.true())
    return None


def _literal(node: exp.Expr) -> exp.Expr | None:
    """'20250131' is a date there."""
    if not node.is_string or not _COMPACT.fullmatch(node.name):
        return None
    return exp.Literal.string(f"{node.name[:4]}-{node.name[4:6]}-{node.name[6:]}")


def _type(node: exp.Expr) -> exp.Expr | None:
    """`float` has 53 bits."""
    return exp.DataType.build("double") if node.is_type(exp.DType.FLOAT) else None


def recursive(node: exp.Expr) -> exp.Expr | None:
    """WITH that refers to itself without saying RECURSIVE."""
    for one in node.expressions:
        if any(table.name.lower() == one.alias.lower() for table in one.this.find_all(exp.Table)):
            node.set("recursive", True)
    return None


def _added(node: exp.Expr) -> exp.Expr | None:
    """A number as a date counts days from 1900-01-01."""
    if node.this.is_int:
        node.set("this", fill(f"TIMESTAMP '1900-01-01' + INTERVAL {node.this.name} DAY"))
    return None


def _zoned(node: exp.Expr) -> exp.Expr | None:
    if node.args["zone"].name in ZONES:
        node.set("zone", exp.Literal.string(ZONES[node.args["zone"].name]))
    return clock_of_clock(node)


def _converted(node: exp.Expr) -> exp.Expr | None:
    """CONVERT to a text of some length, which cuts it."""
    length = node.this.expressions
    if not length or not node.this.is_type(*exp.DataType.TEXT_TYPES):
        return None
    whole = node.copy()
    whole.this.set("expressions", [])
    return fill("left(CAST(_1 AS VARCHAR), _2)", whole, length[0].this)


def _plus(node: exp.Expr, types: Types) -> exp.Expr | None:
    left, right = node.this, node.expression
    texts = any(types.is_a(part, *exp.DataType.TEXT_TYPES) for part in (left, right))
    texts = texts or any(isinstance(part, exp.DPipe) or part.is_string for part in (left, right))
    return exp.DPipe(this=left.copy(), expression=right.copy(), safe=True) if texts else None


RULES = Rules(
    FUNCTIONS,
    {
        exp.Anonymous: _function,
        exp.TimestampTrunc: _truncated,
        exp.DateDiff: _crossed,
        exp.DateAdd: _added,
        exp.Extract: extracting(PARTS),
        exp.AtTimeZone: _zoned,
        exp.Convert: _converted,
        exp.Table: _table,
        exp.Join: _applied,
        exp.With: recursive,
        exp.DataType: _type,
        exp.Literal: _literal,
        exp.Length: lambda node: fill("length(rtrim(_1))", node.this),
    },
    {exp.Add: _plus, exp.Avg: whole_average, **dict.fromkeys((exp.Cast, exp.TryCast), truncated_cast)},
)
