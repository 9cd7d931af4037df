"""PostgreSQL: DATE_TRUNC in a zone, TO_CHAR, intervals of several parts.

Source: the documentation of PostgreSQL, chapters "Date/Time Functions" and "Data Type Formatting Functions".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.dialects.postgres import Postgres
from sqlglot.parsers.postgres import PostgresParser

from testbed.validation.dialects.calendar import NAIVE
from testbed.validation.dialects.patterns import Rules, fill, untranslated

FORMATS = {
    "YYYY": "%Y", "IYYY": "%G", "YY": "%y", "MM": "%m", "FMMM": "%-m", "Mon": "%b", "FMMonth": "%B", "TMMonth": "%B",
    "DD": "%d", "FMDD": "%-d", "DDD": "%j", "Dy": "%a", "FMDay": "%A", "TMDay": "%A", "ID": "%u", "IW": "%V",
    "HH24": "%H", "HH12": "%I", "HH": "%I", "MI": "%M", "SS": "%S", "US": "%f", "AM": "%p", "PM": "%p",
}  # fmt: skip
FORMATS |= {name.lower(): FORMATS[name] for name in ("YYYY", "IYYY", "MM", "DD", "IW", "HH24", "MI", "SS")}
_IN_FORMATS = re.compile(
    r'"([^"]*)"|(' + "|".join(sorted(FORMATS, key=len, reverse=True)) + r")|([A-Za-z])|(.)", re.DOTALL
)
_INTERVAL_PART = re.compile(r"([+-]?)\s*(\d+)\s*([a-z]+),?\s*", re.IGNORECASE)
_UNITS = {
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), "YEAR"),
    **dict.fromkeys(("mon", "mons", "month", "months"), "MONTH"),
    **dict.fromkeys(("w", "week", "weeks"), "WEEK"),
    **dict.fromkeys(("d", "day", "days"), "DAY"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "HOUR"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "MINUTE"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "SECOND"),
}
_INTERVAL_ARGUMENTS = ("years", "months", "weeks", "days", "hours", "mins", "secs")


def _truncation(parts: Sequence[exp.Expr]) -> exp.Expr:
    unit = exp.var(parts[0].name.upper())
    plain = exp.TimestampTrunc(this=parts[1], unit=unit)
    if len(parts) < 3:
        return plain
    return fill(
        f"date_trunc('{unit.name}', CAST(_1 AS TIMESTAMPTZ) AT TIME ZONE _2) AT TIME ZONE _2", *parts[1:3]
    )


def _text(parts: Sequence[exp.Expr]) -> exp.Expr:
    """TO_CHAR of a moment; what is no format of moments that C has too is not translated."""
    if len(parts) != 2 or not parts[1].is_string:
        return untranslated("to_char")
    written, of_moments = "", False
    for quoted, known, letter, other in _IN_FORMATS.findall(parts[1].name):
        if letter:
            return untranslated("to_char")
        of_moments = of_moments or bool(known)
        written += FORMATS.get(known, "") or (quoted or other).replace("%", "%%")
    if not of_moments:
        return untranslated("to_char")
    return exp.TimeToStr(this=fill(NAIVE, parts[0]), format=exp.Literal.string(written))


class AsWritten(Postgres):
    """Reads PostgreSQL without losing the zone of DATE_TRUNC and the letters of TO_CHAR's format."""

    class Parser(PostgresParser):
        """With its own reading of the two."""

        FUNCTIONS = {**PostgresParser.FUNCTIONS, "DATE_TRUNC": _truncation, "TO_CHAR": _text}  # noqa: RUF012


del Dialect.classes["aswritten"]  # it is no dialect to choose


def interval(node: exp.Expr) -> exp.Expr | None:
    """An interval of several parts, as a sum."""
    unit = node.args.get("unit")
    text = f"{node.this.name} {unit.name}" if unit is not None else node.this.name
    if not node.this.is_string or _INTERVAL_PART.sub("", text).strip():
        return None
    parts = [(sign, number, _UNITS.get(name.lower())) for sign, number, name in _INTERVAL_PART.findall(text)]
    if not parts or any(unit is None for _, _, unit in parts):
        return None
    if unit is not None and unit.name.upper().removesuffix("S") == parts[0][2]:
        return None  # as DuckDB writes it
    written = [f"INTERVAL ({'-' if sign == '-' else ''}{number}) {unit}" for sign, number, unit in parts]
    return exp.Paren(this=fill(" + ".join(written))) if len(written) > 1 else fill(written[0])


def _made_interval(node: exp.Expr) -> exp.Expr | None:
    """`make_interval(months => 1)`, or its arguments in their order."""
    given = {}
    for name, value in zip(_INTERVAL_ARGUMENTS, node.iter_expressions(), strict=False):
        given[value.this.name.lower() if isinstance(value, exp.Kwarg) else name] = (
            value.expression if isinstance(value, exp.Kwarg) else value
        )
    units = {"mins": "minutes", "secs": "seconds"}
    if not given or set(given) - set(_INTERVAL_ARGUMENTS):
        return None
    pattern = " + ".join(
        f"to_{units.get(name, name)}(CAST(_{i} AS INTEGER))" for i, name in enumerate(given, 1)
    )
    return fill(pattern, *given.values())


def _function(node: exp.Expr) -> exp.Expr | None:
    if node.name.lower() not in ("num_nulls", "num_nonnulls") or not node.expressions:
        return None
    test = "IS NULL" if node.name.lower() == "num_nulls" else "IS NOT NULL"
    pattern = " + ".join(f"CAST(_{i} {test} AS INTEGER)" for i in range(1, len(node.expressions) + 1))
    return fill(pattern, *node.expressions)


def named_series(node: exp.Expr) -> exp.Expr | None:
    """`FROM generate_series(0, 11) AS k` has a column k."""
    alias = node.args.get("alias")
    made = isinstance(node, exp.Unnest) or isinstance(
        node.this, exp.GenerateSeries | exp.ExplodingGenerateSeries
    )
    if made and alias is not None and alias.this is not None and not alias.columns:
        alias.set("columns", [alias.this.copy()])
    return None


RULES = Rules(
    {"cardinality": ("len(_1)",), "every": ("bool_and(_1)",)},
    {
        **dict.fromkeys((exp.Table, exp.Unnest), named_series),
        exp.Anonymous: _function,
        exp.Interval: interval,
        exp.MakeInterval: _made_interval,
    },
    instead={
        "to_char": "TO_CHAR(x, 'YYYY-MM-DD') or 'IYYY-IW' of a moment, CAST(x AS text) of a number",
        "justify_days": "the days themselves: extract(day from b - a)",
    },
    reader=AsWritten,
)
