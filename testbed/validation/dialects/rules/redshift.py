"""Redshift: averages of whole numbers, CONCAT with nulls, months added to last days of months.

Source: the SQL reference of Amazon Redshift. It does not say on which day the weeks of DATEDIFF begin: not translated.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.dialects.redshift import Redshift
from sqlglot.parsers.redshift import RedshiftParser

from testbed.validation.dialects.calendar import MONTHS_OF_31_DAYS, NAIVE
from testbed.validation.dialects.column_types import Types, whole_average
from testbed.validation.dialects.patterns import Rules, fill, untranslated
from testbed.validation.dialects.rules import postgres
from testbed.validation.dialects.rules.reports import ratio_to_report

_SUM = f"({NAIVE} + to_months(CAST(_2 AS INTEGER)))"
FUNCTIONS = {
    "add_months": (
        f"CASE WHEN last_day({NAIVE}) = CAST({NAIVE} AS DATE) THEN CAST(last_day({_SUM}) AS TIMESTAMP) ELSE {_SUM} END",
    )
}


class AsWritten(Redshift):
    """Reads Redshift without losing what ADD_MONTHS and TO_CHAR say."""

    class Parser(RedshiftParser):
        """With its own reading of them."""

        FUNCTIONS = {  # noqa: RUF012
            **{name: one for name, one in RedshiftParser.FUNCTIONS.items() if name != "ADD_MONTHS"},
            "TO_CHAR": postgres.AsWritten.Parser.FUNCTIONS["TO_CHAR"],
        }


del Dialect.classes["aswritten"]  # it is no dialect to choose


def _difference(node: exp.Expr) -> exp.Expr | None:
    unit = node.args.get("unit")
    return (
        untranslated("datediff") if unit is not None and unit.name.lower() in ("week", "w", "weeks") else None
    )


def _joined(node: exp.Expr) -> exp.Expr:
    """CONCAT of a null is null."""
    parts: Sequence[exp.Expr] = [one.copy() for one in node.expressions]
    return reduce(lambda left, right: exp.DPipe(this=left, expression=right, safe=True), parts)


def _date(node: exp.Expr, types: Types) -> exp.Expr | None:
    """TRUNC of a moment is its date."""
    moment = types.is_a(node.this, exp.DType.TIMESTAMPTZ, exp.DType.TIMESTAMP)
    return exp.cast(node.this.copy(), exp.DType.DATE) if moment and not node.expression else None


RULES = Rules(
    FUNCTIONS,
    {
        exp.Interval: postgres.interval,
        exp.Table: postgres.named_series,
        exp.TsOrDsDiff: _difference,
        exp.Concat: _joined,
        exp.MonthsBetween: lambda node: fill(MONTHS_OF_31_DAYS, node.this, node.expression),
        exp.Window: ratio_to_report,
    },
    {exp.Avg: whole_average, exp.Trunc: _date},
    instead={
        **postgres.RULES.instead,
        "datediff": "DATEDIFF(day, DATE_TRUNC('week', a), DATE_TRUNC('week', b)) / 7 for weeks",
    },
    reader=AsWritten,
)
