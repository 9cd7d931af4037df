"""Snowflake: conversions of moments, formats in either case, months between moments.

Source: the SQL reference of Snowflake. WEEK_START and the like are at their defaults, so that weeks begin on Monday.
"""

from __future__ import annotations

import re

from sqlglot import exp
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.time import format_time

from testbed.validation.dialects.calendar import MONTHS_OF_31_DAYS, NAIVE
from testbed.validation.dialects.patterns import Rules, fill, untranslated
from testbed.validation.dialects.rules.postgres import interval
from testbed.validation.dialects.rules.reports import ratio_to_report
from testbed.validation.dialects.rules.tsql import recursive

_OF_DATES = re.compile(r"YY|MM|MON|DD|DY|HH|MI|SS")
FUNCTIONS = {
    "to_timestamp_ntz": (NAIVE,),
    "to_timestamp_ltz": ("CAST(_1 AS TIMESTAMPTZ)",),
    "to_timestamp_tz": ("CAST(_1 AS TIMESTAMPTZ)",),
}


def _text(node: exp.Expr) -> exp.Expr | None:
    """TO_CHAR with a format, whose letters are of either case."""
    form = node.args.get("format")
    if form is None:
        return None
    if not form.is_string or not _OF_DATES.search(form.name.upper()):
        return untranslated("to_char")
    written = format_time(form.name.upper(), Snowflake.TIME_MAPPING, Snowflake.TIME_TRIE)
    return exp.TimeToStr(this=fill(NAIVE, node.this), format=exp.Literal.string(written))


def _formatted(node: exp.Expr) -> exp.Expr | None:
    """Formats as sqlglot reads them: small letters are taken for others than capitals."""
    form = node.args["format"]
    if form.is_string:
        node.set("format", exp.Literal.string(form.name.replace("%-d", "%d").replace("%w", "%a")))
    return None


def _number(node: exp.Expr) -> exp.Expr | None:
    if not node.args.get("safe") or node.args.get("format") is not None:
        return None
    size = f"DECIMAL({node.args['precision'].name}, {node.args['scale'].name})"
    return fill(f"TRY_CAST(_1 AS {size})", node.this)


def _slice(node: exp.Expr) -> exp.Expr:
    unit = node.args["unit"].name.lower()
    if node.expression.name == "1":
        return fill(f"date_trunc('{unit}', {NAIVE})", node.this)
    return untranslated("time_slice")


RULES = Rules(
    FUNCTIONS,
    {
        exp.ToChar: _text,
        exp.TimeToStr: _formatted,
        exp.ToNumber: _number,
        exp.TimeSlice: _slice,
        exp.MonthsBetween: lambda node: fill(MONTHS_OF_31_DAYS, node.this, node.expression),
        exp.Window: ratio_to_report,
        exp.Interval: interval,
        exp.With: recursive,
    },
    instead={
        "to_char": "TO_CHAR(x, 'YYYY-MM-DD') of a date, or CAST(x AS VARCHAR) of a number",
        "time_slice": "DATE_TRUNC('HOUR', x)",
        "flatten": "a join with the table of which the array was made",
    },
)
