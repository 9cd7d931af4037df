"""ClickHouse's own clauses: PREWHERE, LIMIT BY, ARRAY JOIN, WITH of expressions, and what is said of outer joins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sqlglot import exp


def own_clauses(node: exp.Expr) -> exp.Expr | None:
    """PREWHERE, which is a WHERE, and LIMIT n BY, which numbers the rows of each group."""
    before, limit = node.args.get("prewhere"), node.args.get("limit")
    if before is not None:
        node.set("prewhere", None)
        cast(exp.Select, node).where(before.this, copy=False)
    if limit is not None and limit.expressions:
        order = node.args.get("order")
        number = exp.Window(this=exp.RowNumber(), partition_by=[one.copy() for one in limit.expressions],
                            order=order.copy() if order is not None else None)  # fmt: skip
        node.set("limit", None)
        node.set("qualify", exp.Qualify(this=exp.LTE(this=number, expression=limit.expression.copy())))
    return None


def array_join(node: exp.Expr) -> exp.Expr | None:
    """ARRAY JOIN: a row for each element."""
    if node.args.get("kind") != "ARRAY":
        return None
    array, name = (node.this.this, node.this.alias) if isinstance(node.this, exp.Alias) else (node.this, "")
    if not name:  # it takes the array's own name, which a query cannot have twice
        return None
    alias = exp.TableAlias(this=exp.to_identifier(f"each_{name}"), columns=[exp.to_identifier(name)])
    return exp.Join(this=exp.Unnest(expressions=[array.copy()], alias=alias), side=node.args.get("side"),
                    kind=None if node.args.get("side") else "CROSS",
                    on=exp.true() if node.args.get("side") else None)  # fmt: skip


def numbers(node: exp.Expr) -> exp.Expr | None:
    """`numbers(n)` and `numbers(first, n)` have a column `number`."""
    call = node.this
    if (
        not isinstance(call, exp.Anonymous)
        or call.name.lower() != "numbers"
        or len(call.expressions) not in (1, 2)
    ):
        return None
    first = call.expressions[0] if len(call.expressions) == 2 else exp.Literal.number(0)
    end = exp.Add(this=first.copy(), expression=call.expressions[-1].copy())
    node.set("this", exp.Anonymous(this="range", expressions=[first.copy(), end]))
    name = node.alias or "numbers"
    node.set("alias", exp.TableAlias(this=exp.to_identifier(name), columns=[exp.to_identifier("number")]))
    return None


def scalars_of_with(node: exp.Expr) -> exp.Expr | None:
    """`WITH expression AS name`: the expression stands wherever its name does, in the query and those inside it."""
    scalars = {one.alias: one.this for one in node.expressions if one.args.get("scalar")}
    for name, part in scalars.items():  # a later one may name an earlier one
        for column in list(node.parent.find_all(exp.Column)) if node.parent is not None else ():
            if column.name == name and not column.table:
                column.replace(part.copy() if isinstance(part, exp.Subquery) else exp.Paren(this=part.copy()))
    kept = [one for one in node.expressions if not one.args.get("scalar")]
    if not kept and node.parent is not None:
        node.parent.set("with_", None)
    elif scalars:
        node.set("expressions", kept)
    return None


def notes_of(statement: exp.Expr) -> Sequence[str]:
    """What a person should know of a query as it is run."""
    said = []
    settings = {str(one).lower().replace(" ", "") for one in statement.find_all(exp.EQ)}
    outer = any(join.side in ("LEFT", "RIGHT", "FULL") for join in statement.find_all(exp.Join))
    if outer and "join_use_nulls=1" not in settings:
        said.append(
            "outer joins are run as with join_use_nulls = 1: no match gives nulls, where ClickHouse's own default "
            "fills in 0, '' and 1970-01-01; set it in the query, or test the key of the join"
        )
    if statement.find(exp.Final):
        said.append("FINAL is left out: the tables of the worlds have their rows once")
    return said
