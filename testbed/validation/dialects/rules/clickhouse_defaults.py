"""ClickHouse fills in the default of a type where there is no row: 0, '' or 1970-01-01, unless the type has nulls."""

from __future__ import annotations

from sqlglot import exp

from testbed.validation.dialects.column_types import Types
from testbed.validation.dialects.patterns import fill

EPOCH = "TIMESTAMP '1970-01-01'"
FILL = "fill"
"""A mark on an aggregate with a condition: which aggregate it is."""
NULL = "null"
"""A mark on an aggregate that is null of no rows, `maxOrNull` and its like."""


def _default(types: Types, part: exp.Expr) -> exp.Expr | None:
    if _nullable(part, types):
        return None
    for default, kinds in (
        ("0", exp.DataType.NUMERIC_TYPES),
        ("''", exp.DataType.TEXT_TYPES),
        ("DATE '1970-01-01'", {exp.DType.DATE}),
        ("TIMESTAMPTZ '1970-01-01 00:00:00+00'", {exp.DType.TIMESTAMPTZ, exp.DType.TIMESTAMPLTZ}),
        (EPOCH, {exp.DType.TIMESTAMP, exp.DType.DATETIME, exp.DType.DATETIME64}),
    ):
        if types.is_a(part, *kinds):
            return fill(default)
    return None


def _nullable(part: exp.Expr, types: Types, seen: frozenset[str] = frozenset()) -> bool:
    """Whether an expression can be null in ClickHouse: it has a column that can be, itself or behind an alias."""
    if isinstance(part, exp.Coalesce):
        return _nullable([part.this, *part.expressions][-1], types, seen)
    if isinstance(part, exp.Count | exp.Is):
        return False
    if isinstance(part, exp.Column):
        if part.name in seen:
            return False
        root = part.root()
        aliased = [
            one.this
            for one in root.find_all(exp.Alias)
            if one.alias == part.name and part not in one.find_all(exp.Column)
        ]
        return part.name in types.nullable or any(
            _nullable(one, types, seen | {part.name}) for one in aliased
        )
    if isinstance(part, exp.Null):
        return True
    return any(_nullable(one, types, seen) for one in part.iter_expressions())


def filled(node: exp.Expr, types: Types) -> exp.Expr | None:
    """An aggregate with a condition that no row meets."""
    kind = node.meta.get(FILL)
    return _with_default(node, kind, node.this.this, types) if kind else None


def of_no_rows(node: exp.Expr, types: Types) -> exp.Expr | None:
    """An aggregate over a query that may have no rows; a group always has one."""
    select = node.find_ancestor(exp.Select)
    if (
        node.meta.get(NULL)
        or isinstance(node.parent, exp.Window | exp.Filter)
        or select is None
        or select.args.get("group")
    ):
        return None
    return _with_default(node, node.key, node.this, types)


def _with_default(node: exp.Expr, kind: str, part: exp.Expr, types: Types) -> exp.Expr | None:
    if isinstance(node.parent, exp.Window) and node.parent.this is node:
        return None
    if kind in ("sum", "avg"):
        default = None if _nullable(part, types) else fill("0" if kind == "sum" else "CAST('nan' AS DOUBLE)")
    else:
        default = _default(types, part)
    return exp.Coalesce(this=node.copy(), expressions=[default]) if default is not None else None


def in_window(node: exp.Expr, types: Types) -> exp.Expr | None:
    """`lagInFrame`, `leadInFrame`: where the frame reaches as far, and with the default of the type beyond it."""
    inner = node.this
    if (
        isinstance(inner, exp.Filter)
        and inner.meta.get(FILL) == "sum"
        and not _nullable(inner.this.this, types)
    ):
        return exp.Coalesce(this=node.copy(), expressions=[fill("0")])
    name = inner.name.lower() if isinstance(inner, exp.Anonymous) else inner.key
    if name not in ("laginframe", "leadinframe", "lag", "lead"):
        return None
    if isinstance(inner, exp.Anonymous):
        if not _reaches(node.args.get("spec"), back=name == "laginframe"):
            return None
        parts = list(inner.expressions)
    else:
        given = (inner.this, inner.args.get("offset"), inner.args.get("default"))
        parts = [one for one in given if one is not None]
    default = parts[2] if len(parts) > 2 else _default(types, parts[0])
    offset = parts[1] if len(parts) > 1 else exp.Literal.number(1)
    kind = exp.Lag if name.startswith("lag") else exp.Lead
    made = node.copy()
    made.set(
        "this", kind(this=parts[0].copy(), offset=offset.copy(), default=default.copy() if default else None)
    )
    made.set("spec", None)
    return made


def _reaches(frame: exp.Expr | None, back: bool) -> bool:
    """Whether a frame reaches to the first row (back), as it does where none is given, or to the last."""
    if frame is None:
        return back
    return str(frame.args.get("start" if back else "end")).upper() == "UNBOUNDED"
