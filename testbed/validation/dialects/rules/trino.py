"""Trino, Presto, Athena: differences in whole units, moments shown on another clock, weeks of formats.

Source: the documentation of Trino, "Date and time functions". A moment has a zone of its own, here UTC.
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.dialects.hive import Hive
from sqlglot.time import format_time

from testbed.validation.dialects.calendar import CLOCK, ISO_WEEK, ISO_YEAR, NAIVE, elapsed
from testbed.validation.dialects.patterns import Rules, extracting, fill, is_written, untranslated

PARTS = {
    **dict.fromkeys(("dow", "day_of_week", "dayofweek"), f"isodow({NAIVE})"),
    **dict.fromkeys(("doy", "day_of_year"), f"dayofyear({NAIVE})"),
    **dict.fromkeys(("yow", "year_of_week"), ISO_YEAR),
    **dict.fromkeys(("week", "week_of_year"), ISO_WEEK),
    "day_of_month": f"day({NAIVE})",
}
FUNCTIONS = {
    "at_timezone": (CLOCK,),
    "with_timezone": (f"{NAIVE} AT TIME ZONE _2",),
    "last_day_of_month": (f"last_day(CAST({NAIVE} AS DATE))",),
}


def _elapsed(node: exp.Expr) -> exp.Expr:
    pattern = f"CAST({elapsed(node.args['unit'].name.lower())} AS BIGINT)"
    return fill(pattern, node.expression, node.this)


def _function(node: exp.Expr) -> exp.Expr | None:
    if (
        node.name.lower() != "format_datetime"
        or len(node.expressions) != 2
        or not node.expressions[1].is_string
    ):
        return None
    form = format_time(node.expressions[1].name, Hive.TIME_MAPPING, Hive.TIME_TRIE)
    if form is None or not is_written(form):
        return None
    return exp.TimeToStr(this=fill(NAIVE, node.expressions[0]), format=exp.Literal.string(form))


def clock_of_clock(node: exp.Expr) -> exp.Expr | None:
    """`AT TIME ZONE` twice shows the same moment on the second clock."""
    if isinstance(node.this, exp.AtTimeZone):
        return exp.AtTimeZone(this=node.this.this, zone=node.args["zone"])
    return None


def formatted(node: exp.Expr) -> exp.Expr | None:
    """Weeks in formats of MySQL, which Trino has too: `%x-%v` is the ISO week; others differ from those of C."""
    form = node.args["format"]
    if not form.is_string:
        return None
    if any(code in form.name for code in ("%X", "%V", "%W")):  # %W is what sqlglot makes of %u
        return untranslated("date_format")
    node.set("format", exp.Literal.string(form.name.replace("%x", "%G").replace("%v", "%V")))
    return None


RULES = Rules(
    FUNCTIONS,
    {
        exp.Anonymous: _function,
        exp.DateDiff: _elapsed,
        exp.Extract: extracting(PARTS),
        exp.AtTimeZone: clock_of_clock,
        exp.TimeToStr: formatted,
    },
    instead={
        "date_format": "date_format(x, '%x-%v') for ISO weeks, or date_trunc('week', x)",
        "format_datetime": "format_datetime(x, 'yyyy-MM-dd'), or date_format(x, '%x-%v') for ISO weeks",
        "day": "date_diff('day', a, b) for the days between dates",
    },
)
