"""MySQL: units that passed whole, weeks by mode, clocks by offset.

Source: the reference manual of MySQL, "Date and Time Functions". `default_week_format` is 0.
"""

from __future__ import annotations

import re

from sqlglot import exp

from testbed.validation.dialects.calendar import (
    ISO_WEEK,
    ISO_YEAR,
    NAIVE,
    SUNDAY,
    UNIX_SECONDS,
    WEEK_FROM_SUNDAY,
    passed,
)
from testbed.validation.dialects.patterns import Rules, extracting, fill, untranslated, without_dates
from testbed.validation.dialects.rules.trino import formatted

_YEAR = f"date_trunc('year', {NAIVE})"
WEEK_MODES = {
    "0": WEEK_FROM_SUNDAY,
    "1": f"(dayofyear({NAIVE}) + isodow({_YEAR}) - 2) // 7 + CASE WHEN isodow({_YEAR}) <= 4 THEN 1 ELSE 0 END",
    "3": ISO_WEEK,
}
_ISO = f"{ISO_YEAR} * 100 + {ISO_WEEK}"
_SUNDAYS = f"year({SUNDAY}) * 100 + (dayofyear({SUNDAY}) - 1) // 7 + 1"
YEAR_WEEK_MODES = {"0": _SUNDAYS, "1": _ISO, "2": _SUNDAYS, "3": _ISO}
_MONTHS = "(CAST({0} AS INTEGER) // 100 * 12 + CAST({0} AS INTEGER) % 100)"
_ADDED = "(CAST(_1 AS INTEGER) // 100 * 12 + CAST(_1 AS INTEGER) % 100 - 1 + _2)"
FUNCTIONS = {
    "weekday": (f"isodow({NAIVE}) - 1",),
    "yearweek": (_SUNDAYS,),
    "period_diff": (f"{_MONTHS.format('_1')} - {_MONTHS.format('_2')}",),
    "period_add": (f"{_ADDED} // 12 * 100 + {_ADDED} % 12 + 1",),
    "unix_timestamp": (UNIX_SECONDS,),
    "makedate": ("make_date(_1, 1, 1) + (CAST(_2 AS INTEGER) - 1)",),
}
PARTS = {"year_month": f"year({NAIVE}) * 100 + month({NAIVE})", "week": WEEK_FROM_SUNDAY}
_UNITS = ("second", "minute", "hour", "day", "week", "month", "year")
_OFFSET = re.compile(r"([+-])(\d?\d):(\d\d)")


def _function(node: exp.Expr) -> exp.Expr | None:
    name, parts = node.name.lower(), node.expressions
    if name == "yearweek" and len(parts) == 2:
        pattern = YEAR_WEEK_MODES.get(parts[1].name)
        return fill(pattern, parts[0]) if pattern else None
    if name in ("adddate", "subdate") and len(parts) == 2:
        sign = "+" if name == "adddate" else "-"
        interval = isinstance(parts[1], exp.Interval)
        return fill(f"{NAIVE} {sign} {'_2' if interval else 'to_days(CAST(_2 AS INTEGER))'}", *parts)
    if name == "timestampadd" and len(parts) == 3 and parts[0].name.lower() in _UNITS:
        return fill(f"{NAIVE} + to_{parts[0].name.lower()}s(CAST(_2 AS INTEGER))", parts[2], parts[1])
    return None


def _week(node: exp.Expr) -> exp.Expr:
    mode = node.args.get("mode")
    pattern = WEEK_MODES.get(mode.name if mode is not None else "0")
    return fill(pattern, without_dates(node.this)) if pattern else untranslated("week")


def _passed(node: exp.Expr) -> exp.Expr | None:
    pattern = passed(node.args["unit"].name.lower())
    return fill(pattern, node.expression, node.this) if pattern else None


def _first_parts(node: exp.Expr) -> exp.Expr:
    """SUBSTRING_INDEX: what is before the n-th delimiter, from the end where n is negative."""
    count, negative = node.args["count"], isinstance(node.args["count"], exp.Neg)
    number = count.this.name if negative else count.name
    if not number.isdigit():
        return untranslated("substring_index")
    part = f"-{number}:" if negative else f"1:{number}"
    return fill(f"array_to_string(string_split(_1, _2)[{part}], _2)", node.this, node.args["delimiter"])


def _clock(node: exp.Expr) -> exp.Expr | None:
    """CONVERT_TZ: a clock's time read as that of one zone and shown on the clock of another."""
    source, target = node.args.get("source_tz"), node.args.get("target_tz")
    if source is None or target is None:
        return None
    utc = _moved(NAIVE, source, back=True)
    return fill(_moved(utc, target, back=False), node.args["timestamp"])


def _moved(clock: str, zone: exp.Expr, back: bool) -> str:
    """A clock's time in UTC from that of a zone (back), or the other way round."""
    if match := _OFFSET.fullmatch(zone.name):
        minutes = int(match[1] + "1") * (int(match[2]) * 60 + int(match[3]))
        return f"({clock} + to_minutes({-minutes if back else minutes}))"
    if isinstance(zone, exp.SessionParameter) or zone.name.upper() == "SYSTEM":
        utc = f"(CAST({clock} AS TIMESTAMPTZ) AT TIME ZONE 'UTC')"
        return utc if back else f"CAST({clock} AT TIME ZONE 'UTC' AS TIMESTAMP)"
    if back:
        return f"({clock} AT TIME ZONE '{zone.name}' AT TIME ZONE 'UTC')"
    return f"({clock} AT TIME ZONE 'UTC' AT TIME ZONE '{zone.name}')"


def _joined(node: exp.Expr) -> exp.Expr:
    """CONCAT_WS leaves nulls out."""
    return exp.Anonymous(this="concat_ws", expressions=[one.copy() for one in node.expressions])


RULES = Rules(
    FUNCTIONS,
    {
        exp.Anonymous: _function,
        exp.DayOfWeek: lambda node: fill("dayofweek(_1) + 1", node.this),
        exp.Week: _week,
        exp.TimestampDiff: _passed,
        exp.SubstringIndex: _first_parts,
        exp.ConvertTimezone: _clock,
        exp.ConcatWs: _joined,
        exp.Extract: extracting(PARTS),
        exp.TimeToStr: formatted,
        exp.Avg: lambda node: (
            None if isinstance(node.this, exp.Distinct) else fill("avg(CAST(_1 AS DOUBLE))", node.this)
        ),
    },
    instead={
        "date_format": "DATE_FORMAT(x, '%x-%v') for ISO weeks, or YEARWEEK(x, 3)",
        "week": "WEEK(x, 3), or WEEK(x) for weeks from Sunday",
        "yearweek": "YEARWEEK(x, 3), or YEARWEEK(x) for weeks from Sunday",
        "substring_index": "SUBSTRING_INDEX(x, '/', 1), with the count as a number",
    },
)
