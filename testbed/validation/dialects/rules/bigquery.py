"""BigQuery: parts of dates, differences of timestamps in whole units, formats with a zone.

Source: the reference of GoogleSQL, chapters "Date functions", "Timestamp functions".
"""

from __future__ import annotations

from sqlglot import exp

from testbed.validation.dialects.calendar import CLOCK, ISO_WEEK, NAIVE, WEEK_FROM_SUNDAY, elapsed
from testbed.validation.dialects.patterns import Rules, extracting, fill, untranslated

PARTS = {
    "dayofweek": f"dayofweek({NAIVE}) + 1",
    "week": WEEK_FROM_SUNDAY,
    "isoweek": ISO_WEEK,
    "date": f"CAST({NAIVE} AS DATE)",
    "datetime": NAIVE,
}


_part = extracting(PARTS)
_WEEKS = {"sunday": WEEK_FROM_SUNDAY, "monday": f"CAST(strftime({NAIVE}, '%W') AS INTEGER)"}


def _extracted(node: exp.Expr) -> exp.Expr | None:
    """EXTRACT; WEEK(MONDAY) counts from the year's first Monday, what is before it is week 0."""
    if not isinstance(node.this, exp.WeekStart):
        return _part(node)
    pattern = _WEEKS.get(node.this.name.lower())
    return fill(pattern, node.expression) if pattern else untranslated("extract")


def _elapsed(node: exp.Expr) -> exp.Expr:
    return fill(elapsed(node.args["unit"].name.lower()), node.expression, node.this)


def _formatted(node: exp.Expr) -> exp.Expr | None:
    zone = node.args.get("zone")
    if zone is not None:
        moment = node.this.this if isinstance(node.this, exp.TsOrDsToTimestamp) else node.this
        node.set("this", fill(CLOCK, moment, zone))
        node.set("zone", None)
    return None


def _first_of_array(node: exp.Expr) -> exp.Expr | None:
    """ARRAY_AGG(x ORDER BY y LIMIT n)."""
    limit = node.this
    if not isinstance(limit, exp.Limit):
        return None
    return fill("_1[1:_2]", exp.ArrayAgg(this=limit.this.copy()), limit.expression)


RULES = Rules(
    {"ieee_divide": ("CAST(_1 AS DOUBLE) / _2",)},
    nodes={
        exp.ArrayAgg: _first_of_array,
        exp.Extract: _extracted,
        exp.TimestampDiff: _elapsed,
        exp.TimeToStr: _formatted,
    },
    instead={"extract": "EXTRACT(ISOWEEK FROM x), or EXTRACT(WEEK FROM x) for weeks from Sunday"},
)
