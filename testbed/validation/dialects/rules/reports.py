"""Functions of reports that Snowflake and Redshift have alike."""

from __future__ import annotations

from sqlglot import exp

from testbed.validation.dialects.patterns import fill


def ratio_to_report(node: exp.Expr) -> exp.Expr | None:
    """RATIO_TO_REPORT(x) OVER (...): x divided by its sum, null where that is 0."""
    inner = node.this
    if not isinstance(inner, exp.Anonymous) or inner.name.lower() != "ratio_to_report":
        return None
    total = node.copy()
    total.set("this", exp.Sum(this=inner.expressions[0].copy()))
    return fill("CAST(_1 AS DOUBLE) / nullif(_2, 0)", inner.expressions[0], total)
