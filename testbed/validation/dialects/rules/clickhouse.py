"""ClickHouse: functions of the calendar that take a zone, aggregates with a condition, and fillings that are no nulls.

Sources: the reference of ClickHouse, chapters "Dates and times", "Combinators", "Window functions", "JOIN".
A moment that was put into a zone is held as what its clock shows: its days are right, it is no moment any more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

from testbed.validation.dialects.calendar import (
    CLOCK,
    ISO_WEEK,
    ISO_YEAR,
    MONDAY,
    NAIVE,
    SUNDAY,
    passed,
    weeks_crossed,
)
from testbed.validation.dialects.column_types import rounded_to_even, truncated_cast
from testbed.validation.dialects.patterns import Rules, by_arguments, fill, untranslated
from testbed.validation.dialects.rules.clickhouse_clauses import (
    array_join,
    notes_of,
    numbers,
    own_clauses,
    scalars_of_with,
)
from testbed.validation.dialects.rules.clickhouse_defaults import (
    EPOCH,
    FILL,
    NULL,
    filled,
    in_window,
    of_no_rows,
)
from testbed.validation.dialects.rules.mysql import WEEK_MODES, YEAR_WEEK_MODES

_UNITS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
_DATES = ("week", "month", "quarter", "year")
"""Units whose beginning is a date, not a moment."""


def _start(unit: str) -> str:
    start = f"date_trunc('{unit}', {NAIVE})"
    return f"CAST({start} AS DATE)" if unit in _DATES else start


CALENDAR: dict[str, str] = {
    "todate": f"CAST({NAIVE} AS DATE)",
    "todate32": f"CAST({NAIVE} AS DATE)",
    "todatetime": f"date_trunc('second', {NAIVE})",
    "tomonday": MONDAY,
    "tolastdayofmonth": f"last_day(CAST({NAIVE} AS DATE))",
    "tostartofisoyear": f"CAST(date_trunc('isoyear', {NAIVE}) AS DATE)",
    **{f"tostartof{unit}": _start(unit) for unit in ("second", "minute", "hour", "day", "month", "quarter", "year")},
    "tostartoffiveminutes": f"time_bucket(INTERVAL 5 MINUTE, {NAIVE})",
    "tostartoftenminutes": f"time_bucket(INTERVAL 10 MINUTE, {NAIVE})",
    "tostartoffifteenminutes": f"time_bucket(INTERVAL 15 MINUTE, {NAIVE})",
    "toyear": f"year({NAIVE})",
    "toquarter": f"quarter({NAIVE})",
    "tomonth": f"month({NAIVE})",
    "todayofmonth": f"day({NAIVE})",
    "todayofyear": f"dayofyear({NAIVE})",
    "tohour": f"hour({NAIVE})",
    "tominute": f"minute({NAIVE})",
    "tosecond": f"second({NAIVE})",
    "toisoweek": ISO_WEEK,
    "toisoyear": ISO_YEAR,
    "toyyyymm": f"year({NAIVE}) * 100 + month({NAIVE})",
    "toyyyymmdd": f"year({NAIVE}) * 10000 + month({NAIVE}) * 100 + day({NAIVE})",
    "torelativeyearnum": f"year({NAIVE})",
    "torelativequarternum": f"year({NAIVE}) * 4 + quarter({NAIVE})",
    "torelativemonthnum": f"year({NAIVE}) * 12 + month({NAIVE})",
    "torelativeweeknum": f"(date_diff('day', DATE '1970-01-01', {MONDAY}) + 7) // 7",
    "torelativedaynum": f"date_diff('day', {EPOCH}, {NAIVE})",
    "torelativehournum": f"date_diff('hour', {EPOCH}, {NAIVE})",
}  # fmt: skip
"""Of a moment or a date, in UTC; the same names take a zone after it."""
_DAY_MODES = {
    "0": f"isodow({NAIVE})",
    "1": f"isodow({NAIVE}) - 1",
    "2": f"dayofweek({NAIVE})",
    "3": f"dayofweek({NAIVE}) + 1",
}
BY_MODE = {
    "tostartofweek": {**dict.fromkeys("02468", SUNDAY), **dict.fromkeys("13579", MONDAY)},
    "toweek": WEEK_MODES,
    "todayofweek": _DAY_MODES,
}
"""Of a moment or a date, by the mode that may follow it, which is 0 otherwise; then a zone."""

CODES = {
    "i": "%M",
    "M": "%B",
    "h": "%I",
    "c": "%m",
    "s": "%S",
    "W": "%A",
    "T": "%H:%M:%S",
    "R": "%H:%M",
    "F": "%Y-%m-%d",
}
"""Codes of formats that C has otherwise."""

FUNCTIONS: dict[str, Sequence[str]] = {
    "totimezone": (CLOCK,),
    "intdiv": ("_1 // _2",),
    "intdivorzero": ("coalesce(_1 // nullif(_2, 0), 0)",),
    "modulo": ("_1 % _2",),
    "plus": ("_1 + _2",),
    "minus": ("_1 - _2",),
    "multiply": ("_1 * _2",),
    "divide": ("_1 / _2",),
    "empty": ("length(_1) = 0",),
    "notempty": ("length(_1) > 0",),
    "isnull": ("_1 IS NULL",),
    "isnotnull": ("_1 IS NOT NULL",),
    **dict.fromkeys(("assumenotnull", "tonullable", "tolowcardinality", "materialize", "identity"), ("_1",)),
    "tostring": ("CAST(_1 AS VARCHAR)",),
    **dict.fromkeys(("tofloat32", "tofloat64"), ("CAST(_1 AS DOUBLE)",)),
    **{f"to{kind}{bits}": ("CAST(trunc(CAST(_1 AS DOUBLE)) AS BIGINT)",)
       for kind in ("int", "uint") for bits in (8, 16, 32, 64)},
    "tounixtimestamp": ("CAST(floor(epoch(_1)) AS BIGINT)",),
    "tounixtimestamp64milli": ("epoch_us(_1) // 1000",),
    "fromunixtimestamp": ("make_timestamp(CAST(_1 AS BIGINT) * 1000000)",),
    "fromunixtimestamp64milli": ("make_timestamp(CAST(_1 AS BIGINT) * 1000)",),
    **{f"add{unit}s": (f"_1 + to_{unit}s(CAST(_2 AS INTEGER))",) for unit in _UNITS if unit != "quarter"},
    **{f"subtract{unit}s": (f"_1 - to_{unit}s(CAST(_2 AS INTEGER))",) for unit in _UNITS if unit != "quarter"},
    "addquarters": ("_1 + to_months(3 * CAST(_2 AS INTEGER))",),
    "subtractquarters": ("_1 - to_months(3 * CAST(_2 AS INTEGER))",),
    **{f"tointerval{unit}": (f"to_{unit}s(CAST(_1 AS INTEGER))",) for unit in _UNITS if unit != "quarter"},
    "today": ("CAST(now() AS DATE)",),
    "yesterday": ("CAST(now() AS DATE) - 1",),
    "arrayelement": ("_1[_2]",),
    "arraystringconcat": ("array_to_string(_1, _2)", "array_to_string(_1, '')"),
    "replaceall": ("replace(_1, _2, _3)",),
    "roundbankers": ("round_even(_1, _2)", "round_even(_1, 0)"),
    "ifnotfinite": ("CASE WHEN isfinite(_1) THEN _1 ELSE _2 END",),
    "arraysort": ("list_sort(_1)",),
    "arrayreversesort": ("list_reverse_sort(_1)",),
    "parsedatetimebesteffort": (NAIVE,),
    "makedate": ("make_date(_1, _2, _3)",),
}  # fmt: skip

AGGREGATES: dict[str, Sequence[str]] = {
    "count": ("count(_1)",),
    "sum": ("sum(_1)",),
    "avg": ("avg(_1)",),
    "min": ("min(_1)",),
    "max": ("max(_1)",),
    "any": ("any_value(_1)",),
    "anylast": ("last(_1)",),
    "argmin": ("arg_min(_1, _2)",),
    "argmax": ("arg_max(_1, _2)",),
    "grouparray": ("array_agg(_1)",),
    "groupuniqarray": ("array_agg(DISTINCT _1)",),
    "median": ("quantile_cont(_1, 0.5)",),
    "stddevpop": ("stddev_pop(_1)",),
    "stddevsamp": ("stddev_samp(_1)",),
    "varpop": ("var_pop(_1)",),
    "varsamp": ("var_samp(_1)",),
}
_DISTINCT = frozenset({"uniqexact", "countdistinct"})
_APPROXIMATE = frozenset({"uniq", "uniqcombined", "uniqcombined64", "uniqhll12", "uniqtheta"})
_SKIP_NULLS = frozenset({"grouparray", "groupuniqarray"})
_FILLED = frozenset({"sum", "avg", "min", "max", "any", "anylast", "argmin", "argmax"})
"""Aggregates that of no rows are the default of their type, where that has no nulls."""


def _function(node: exp.Expr) -> exp.Expr | None:
    name, parts = node.name.lower(), node.expressions
    if name in BY_MODE and parts:
        mode = parts[1] if len(parts) > 1 else exp.Literal.number(0)
        pattern = BY_MODE[name].get(mode.name) if mode.is_number else None
        return fill(pattern, _clock(parts[0], parts[2:])) if pattern else None
    if name in ("todatetime", "todatetime64") and parts:
        zone = parts[1:] if name == "todatetime" else parts[2:]
        if zone and parts[0].is_string:  # a text is read on the clock of that zone
            return fill(f"{NAIVE} AT TIME ZONE _2", parts[0], zone[0])
        return fill(CALENDAR["todatetime"] if name == "todatetime" else NAIVE, _clock(parts[0], zone))
    if name == "tostartofinterval" and len(parts) in (2, 3) and isinstance(parts[1], exp.Interval):
        return _interval_start(parts[0], parts[1], parts[2:])
    if name == "age" and len(parts) in (3, 4):
        return _difference(parts[0].name, parts[1], parts[2], parts[3:], whole=True)
    if name == "multiif" and len(parts) % 2:
        pairs = [exp.If(this=test, true=value) for test, value in zip(parts[:-1:2], parts[1::2], strict=True)]
        return exp.Case(ifs=pairs, default=parts[-1])
    inner = parts[0].unnest() if parts else None
    if name.startswith("tounixtimestamp") and isinstance(inner, exp.AtTimeZone):
        # the moment itself, not what a clock shows
        return by_arguments(FUNCTIONS.get(name, ()), [inner.this])
    if name == "toyearweek" and len(parts) in (1, 2):
        pattern = YEAR_WEEK_MODES.get(parts[1].name if len(parts) == 2 else "0")
        return fill(pattern, parts[0]) if pattern else None
    if name in CALENDAR and len(parts) in (1, 2):
        return fill(CALENDAR[name], _clock(parts[0], parts[1:]))
    return _aggregate(name, parts)


def _clock(moment: exp.Expr, zone: Sequence[exp.Expr]) -> exp.Expr:
    return fill(CLOCK, moment, zone[0]) if zone and zone[0] is not None else moment


def _aggregate(name: str, parts: Sequence[exp.Expr]) -> exp.Expr | None:
    if name in _DISTINCT and parts:
        return exp.Count(this=exp.Distinct(expressions=list(parts)))
    if name in _APPROXIMATE and len(parts) == 1:  # approximate counts are a mistake to be seen: they stay so
        return exp.ApproxDistinct(this=parts[0])
    found = by_arguments(AGGREGATES.get(name, ()), parts)
    if found is not None and name in _SKIP_NULLS:
        return exp.Filter(this=found, expression=exp.Where(this=fill("_1 IS NOT NULL", parts[0])))
    return found


def _combined(node: exp.Expr) -> exp.Expr | None:
    """`sumIf(x, condition)` and its like."""
    name, parts = node.name.lower(), list(node.expressions)
    if name in _DISTINCT:
        return _aggregate(name, parts)
    if name.endswith("distinct") and len(parts) == 1:
        found = _aggregate(name.removesuffix("distinct"), parts)
        if found is not None:
            found.set("this", exp.Distinct(expressions=[found.this]))
        return found
    if name.endswith("ornull"):
        found = _aggregate(name.removesuffix("ornull"), parts)
        if found is not None:
            found.meta[NULL] = True
        return found
    if not name.endswith("if") or not parts:
        return None
    base, condition = name.removesuffix("if"), parts.pop()
    found = exp.Count(this=exp.Star()) if base == "count" and not parts else _aggregate(base, parts)
    if found is None:
        return None
    if isinstance(found, exp.Filter):
        condition = exp.and_(found.expression.this, condition)
        found = found.this
    filtered = exp.Filter(this=found, expression=exp.Where(this=condition))
    if base in _FILLED:
        filtered.meta[FILL] = base
    return filtered


def _parameterized(node: exp.Expr) -> exp.Expr | None:
    """`quantile(0.9)(x)` and its like, with a condition or without."""
    name, parts = node.name.lower(), list(node.args["params"])
    condition = parts.pop() if name.endswith("if") else None
    base = name.removesuffix("if")
    if len(node.expressions) != 1 or len(parts) != 1:
        return None
    if base in ("quantile", "quantileexactinclusive"):
        found = fill("quantile_cont(_1, _2)", parts[0], node.expressions[0])
    elif base == "quantileexact":  # the element after that share of them
        kept = fill("array_agg(_1) FILTER (WHERE _1 IS NOT NULL)", parts[0])
        if condition is not None:
            kept = fill("array_agg(_1) FILTER (WHERE _1 IS NOT NULL AND _2)", parts[0], condition)
        position = "least(CAST(floor(_2 * len(_1)) AS BIGINT) + 1, len(_1))"
        return fill(f"list_sort(_1)[{position}]", kept, node.expressions[0])
    else:
        return None
    return exp.Filter(this=found, expression=exp.Where(this=condition)) if condition is not None else found


def _quantile(node: exp.Expr) -> exp.Expr:
    return fill("quantile_cont(_1, _2)", node.this, node.args["quantile"])


def _truncated(node: exp.Expr) -> exp.Expr | None:
    unit, zone = node.args["unit"].name.lower(), node.args.get("zone")
    return fill(_start(unit), _clock(node.this, [zone] if zone else [])) if unit in _UNITS else None


def _interval_start(moment: exp.Expr, interval: exp.Interval, zone: Sequence[exp.Expr]) -> exp.Expr | None:
    unit, count = interval.unit.name.lower() if interval.unit else "", interval.this.name
    if count == "1" and unit in _UNITS:
        return fill(_start(unit), _clock(moment, zone))
    if count.isdigit() and unit in ("second", "minute", "hour", "day"):
        return fill(f"time_bucket(INTERVAL {count} {unit}, {NAIVE}, {EPOCH})", _clock(moment, zone))
    return None


def _difference(
    unit: str, start: exp.Expr, end: exp.Expr, zone: Sequence[exp.Expr], whole: bool = False
) -> exp.Expr | None:
    unit = unit.lower()
    pattern: str | None = f"date_diff('{unit}', CAST(_1 AS TIMESTAMP), CAST(_2 AS TIMESTAMP))"
    if whole:
        pattern = passed(unit)
    elif unit == "week":
        pattern = weeks_crossed("monday")
    return fill(pattern, _clock(start, zone), _clock(end, zone)) if pattern else None


def _date_diff(node: exp.Expr) -> exp.Expr | None:
    zone = node.args.get("zone")
    return _difference(node.args["unit"].name, node.expression, node.this, [zone] if zone else [])


def _formatted(node: exp.Expr) -> exp.Expr | None:
    """formatDateTime, whose codes are MySQL's and not C's, and which takes a zone."""
    form, zone = node.args["format"], node.args.get("zone")
    if not form.is_string or re.search("%[QeDnrtCNO]", form.name):
        return untranslated("formatDateTime")
    written = re.sub("%(.)", lambda code: CODES.get(code[1], code[0]), form.name)
    moment = fill(NAIVE, _clock(node.this, [zone] if zone else []))
    return exp.TimeToStr(this=moment, format=exp.Literal.string(written))


INSTEAD = {
    "runningdifference": "x - lag(x) OVER (ORDER BY ...)",
    "neighbor": "lag(x) or lead(x) OVER (ORDER BY ...)",
    "leadinframe": "lead(x) OVER (ORDER BY ...), or a frame that ends with UNBOUNDED FOLLOWING",
    "laginframe": "lag(x) OVER (ORDER BY ...), or a frame that begins with UNBOUNDED PRECEDING",
    "windowfunnel": "a join of the first moments of each step",
    "retention": "count(DISTINCT user_id) by cohort and month",
    "sequencematch": "lag(x) OVER (PARTITION BY user_id ORDER BY ...)",
    "dictget": "a join with the table behind the dictionary",
    "tostartofweek": "toStartOfWeek(x, 0) or toStartOfWeek(x, 1), with the mode as a number",
    "toweek": "toISOWeek(x), or toWeek(x, 0) or toWeek(x, 3)",
    "array join": "ARRAY JOIN x AS name",
    "any": "a join on a subquery with one row for each key",
    "totals": "a second query for the totals",
}


RULES = Rules(
    FUNCTIONS,
    {
        exp.Select: own_clauses,
        exp.Join: array_join,
        exp.Table: numbers,
        exp.With: scalars_of_with,
        exp.Final: lambda node: node.this,
        exp.Anonymous: _function,
        exp.AnonymousAggFunc: _function,
        exp.CombinedAggFunc: _combined,
        exp.ParameterizedAgg: _parameterized,
        exp.CombinedParameterizedAgg: _parameterized,
        exp.Quantile: _quantile,
        exp.DayOfWeek: lambda node: fill(f"isodow({NAIVE})", node.this),
        exp.Week: lambda node: (
            fill(WEEK_MODES["0"], node.this) if node.args.get("mode") is None else untranslated("week")
        ),
        exp.Length: lambda node: fill("len(_1)", node.this),
        exp.TimestampTrunc: _truncated,
        exp.DateTrunc: _truncated,
        exp.DateDiff: _date_diff,
        exp.TimeToStr: _formatted,
    },
    {
        exp.Filter: filled,
        exp.Window: in_window,
        exp.Round: rounded_to_even,
        **dict.fromkeys((exp.Cast, exp.TryCast), truncated_cast),
        **dict.fromkeys((exp.Sum, exp.Avg, exp.Min, exp.Max), of_no_rows),
    },
    notes_of,
    INSTEAD,
)
