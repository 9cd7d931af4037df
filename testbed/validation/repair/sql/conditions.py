"""Edits of what a query asks of rows: comparisons turned, conditions left out, conditions put in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

import sqlglot
from sqlglot import exp

from testbed.validation.columns import InputColumns
from testbed.validation.repair import vocabulary
from testbed.validation.repair.form import Edit, edit
from testbed.validation.repair.sql.places import Placed
from testbed.validation.repair.sql.scopes import Columns, Reachable, Scopes
from testbed.validation.repair.vocabulary import Subject

_TURNED: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.LT: ("<=", ">=", ">", "="),
    exp.LTE: ("<", ">", ">=", "="),
    exp.GT: (">=", "<=", "<", "="),
    exp.GTE: (">", "<", "<=", "="),
    exp.EQ: ("<>", ">=", "<=", ">", "<"),
    exp.NEQ: ("=", ">", "<"),
}
_NULLS: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.EQ: ("IS NOT DISTINCT FROM",),
    exp.NEQ: ("IS DISTINCT FROM",),
    exp.NullSafeEQ: ("=", "IS DISTINCT FROM"),
    exp.NullSafeNEQ: ("<>", "IS NOT DISTINCT FROM"),
}
_NOT_NULL = re.compile(r"^NOT (.+) IS NULL$")
COMPARISONS = (*_TURNED, exp.NullSafeEQ, exp.NullSafeNEQ)


@dataclass(frozen=True, eq=False)
class Query:
    """A query that is to be edited: its places, what each SELECT can speak of, and what the question speaks of."""

    placed: Placed
    subject: Subject
    names: InputColumns

    @cached_property
    def nodes(self) -> list[exp.Expr]:
        """All nodes whose places are known."""
        return [node for node in self.placed.nodes() if self.placed.span(node) is not None]

    @cached_property
    def _scopes(self) -> dict[int, Scopes]:
        return {id(one): Scopes(one, self.names) for one in self.placed.statements}

    def reachable(self, node: exp.Expr) -> Columns:
        """The columns that a node can speak of."""
        return self._scopes[id(node.root())].of(node)

    def span(self, node: exp.Expr) -> tuple[int, int]:
        """The place of a node, which is known."""
        found = self.placed.span(node)
        assert found is not None
        return found

    def source(self, node: object) -> str:
        """The user's own words for a node."""
        return self.placed.source(node)

    def replaced(self, node: exp.Expr, becomes: str, kind: str, cost: float) -> Edit:
        """An edit that writes something else for a node."""
        return edit(*self.span(node), becomes, kind, cost)

    def written(self, pattern: str, node: exp.Expr) -> str | None:
        """A pattern over columns of the contract as the user writes it there; None where a column is out of reach."""
        columns = self.reachable(node)
        several = len({one.source for one in columns}) > 1
        tree = _read(pattern).copy()
        for column in list(tree.find_all(exp.Column)):
            if column.find_ancestor(exp.Subquery):
                table = column.find_ancestor(exp.Select).find(exp.Table).name  # type: ignore[union-attr]
                column.set("this", exp.to_identifier(self.names.column(table, column.name)))
                continue
            found = next((one for one in columns if one.origin == column.name), None)
            if found is None:
                return None
            column.replace(exp.column(found.name, found.source if several and found.source else None))
        for table in tree.find_all(exp.Table):
            table.set("this", exp.to_identifier(self.names.table(table.name)))
        return _NOT_NULL.sub(r"\1 IS NOT NULL", tree.sql(dialect=self.placed.dialect))


@cache
def _read(pattern: str) -> exp.Expr:
    return exp.maybe_parse(pattern, dialect="duckdb")


def edits(query: Query) -> Iterator[Edit]:
    """All of them."""
    for node in query.nodes:
        if isinstance(node, COMPARISONS):
            yield from _turned(query, node)
        elif isinstance(node, exp.Connector):
            yield from _one_less(query, node)
        elif isinstance(node, exp.Between):
            yield from _ends(query, node)
        elif isinstance(node, exp.Not):
            yield from _negated(query, node)
        elif isinstance(node, exp.Is) and not isinstance(node.parent, exp.Not):
            told = query.source(node)
            turned = re.sub(r"\bIS\b", "IS NOT", told, count=1, flags=re.IGNORECASE)
            yield query.replaced(node, turned, "condition turned round", 1.4)
        elif isinstance(node, exp.Where | exp.Having | exp.Qualify):
            kind = "filter too many"
            if isinstance(node.parent, exp.Filter):
                yield query.replaced(node.parent, query.source(node.parent.this), kind, 1.7)
            else:
                yield query.replaced(node, "", kind, 1.1 if isinstance(node, exp.Qualify) else 1.7)
        elif isinstance(node, exp.In):
            yield from _values(query, node)
        elif isinstance(node, exp.Column) and _is_flag(query, node):
            yield from _flag(query, node)
        if isinstance(node, exp.Select):
            yield from _put_in(query, node)


def _negated(query: Query, node: exp.Not) -> Iterator[Edit]:
    held = query.source(node)
    plain = query.source(node.this)
    if plain == held:  # x IS NOT NULL, x NOT IN (...)
        plain = re.sub(r"\bNOT\b\s*", "", held, count=1, flags=re.IGNORECASE)
    yield query.replaced(node, plain, "condition turned round", 1.4)


def _turned(query: Query, node: exp.Expr) -> Iterator[Edit]:
    left, right = query.source(node.this), query.source(node.expression)
    if not left or not right:
        return
    for place, sign in enumerate(_TURNED.get(type(node), ())):
        yield query.replaced(node, f"{left} {sign} {right}", "wrong comparison", 1.0 + 0.3 * place)
    for sign in _NULLS.get(type(node), ()):
        yield query.replaced(node, f"{left} {sign} {right}", "missing values lost or kept", 1.2)
    if isinstance(node, exp.EQ | exp.NEQ) and isinstance(node.expression, exp.Boolean):
        plain = (
            "IS NOT TRUE" if (node.expression.this is False) == isinstance(node, exp.EQ) else "IS NOT FALSE"
        )
        yield query.replaced(node, f"{left} {plain}", "missing values lost or kept", 1.3)
    if isinstance(node, exp.NEQ):
        yield query.replaced(
            node, f"({left} <> {right} OR {left} IS NULL)", "missing values lost or kept", 1.3
        )
        yield query.replaced(
            node, f"({left} <> {right} AND {left} IS NOT NULL)", "missing values lost or kept", 1.5
        )
    if isinstance(node, exp.LT | exp.LTE | exp.GT | exp.GTE | exp.EQ):
        sign = query.placed.text[query.span(node.this)[1] : query.span(node.expression)[0]].strip()
        for step in ("- 1", "+ 1", "- INTERVAL '1' MONTH", "+ INTERVAL '1' MONTH", "+ INTERVAL '1' DAY"):
            yield query.replaced(node, f"{left} {sign} {right} {step}", "wrong limit", 2.4)


def _is_flag(query: Query, node: exp.Column) -> bool:
    """Whether a column stands alone for a condition."""
    parent = node.parent
    return isinstance(parent, exp.Where | exp.Connector | exp.Not | exp.If)


def _flag(query: Query, node: exp.Column) -> Iterator[Edit]:
    whole: exp.Expr = node.parent if isinstance(node.parent, exp.Not) else node
    name = query.source(node)
    for told in ("IS TRUE", "IS FALSE", "IS NOT TRUE", "IS NOT FALSE", "= FALSE"):
        yield query.replaced(whole, f"{name} {told}", "missing values lost or kept", 1.5)


def _one_less(query: Query, node: exp.Connector) -> Iterator[Edit]:
    (start, left), (right, end) = query.span(node.this), query.span(node.expression)
    kind = "filter too many" if isinstance(node, exp.And) else "alternative too many"
    yield edit(left, end, "", kind, 1.2)
    yield edit(start, right, "", kind, 1.2)
    word = "OR" if isinstance(node, exp.And) else "AND"
    yield edit(left, right, f" {word} ", "and for or", 2.0)


def _ends(query: Query, node: exp.Between) -> Iterator[Edit]:
    value, low, high = (query.source(one) for one in (node.this, node.args["low"], node.args["high"]))
    for first, last in ((">=", "<"), (">", "<="), (">", "<")):
        yield query.replaced(
            node, f"({value} {first} {low} AND {value} {last} {high})", "wrong comparison", 1.2
        )
    for one, sign in ((low, ">="), (high, "<=")):
        yield query.replaced(node, f"{value} {sign} {one}", "filter too many", 1.6)


def _values(query: Query, node: exp.In) -> Iterator[Edit]:
    held = [query.source(one) for one in node.expressions]
    if not all(held) or not held:
        return
    start, end = query.span(node.expressions[0])[0], query.span(node.expressions[-1])[1]
    for place in range(len(held) if len(held) > 1 else 0):
        yield edit(start, end, ", ".join(held[:place] + held[place + 1 :]), "value too many", 1.5)
    columns = [
        one
        for one in query.reachable(node)
        if isinstance(node.this, exp.Column) and one.name == node.this.name
    ]
    more = dict.fromkeys([*(columns[0].allowed if columns else ()), *query.subject.strings])
    for value in more:
        if f"'{value}'" not in held:
            yield edit(start, end, f"{', '.join(held)}, '{value}'", "value missing", 2.2)


def _put_in(query: Query, select: exp.Select) -> Iterator[Edit]:
    """Conditions that a SELECT may lack."""
    if select.args.get("from_") is None:
        return
    conditions = list(_conditions(query, select))
    where = select.args.get("where")
    joins = select.args.get("joins") or []
    if where is None:
        last = [select.args["from_"], *joins, *(select.args.get("laterals") or [])]
        end = max(query.placed.span(one)[1] for one in last if query.placed.span(one))  # type: ignore[index]
        for text, cost in conditions:
            yield edit(end, end, f" WHERE {text}", "filter missing", cost)
    else:
        start, end = query.span(where.this)
        held = query.source(where.this)
        for text, cost in conditions:
            if isinstance(where.this, exp.Or):
                yield edit(start, end, f"({held}) AND {text}", "filter missing", cost)
            else:
                yield edit(end, end, f" AND {text}", "filter missing", cost)
    for join in joins:
        on = join.args.get("on")
        if on is not None and join.side and query.placed.span(on) is not None:
            for text, cost in conditions:
                yield edit(query.span(on)[1], query.span(on)[1], f" AND {text}", "filter missing", cost + 0.3)
    yield from _having(query, select)


def _conditions(query: Query, select: exp.Select) -> Iterator[tuple[str, float]]:
    held = {query.source(node) for node in select.walk() if isinstance(node, exp.Condition)}
    for pattern, cost in query.subject.conditions():
        text = query.written(pattern, select)
        if text is not None and text not in held:
            yield text, cost
    columns = query.reachable(select)
    own = {one.source for one in columns}
    for one in columns[:60]:
        name = f"{one.source}.{one.name}" if one.source and len(own) > 1 else one.name
        asked = not one.origin or query.subject.speaks_of(one.origin)
        yield f"{name} IS NOT NULL", 2.0 if asked else 4.0
        if one.family == "text" and asked:
            yield f"{name} <> ''", 3.0
        if one.family in ("number", "unknown") and not one.origin:
            yield f"{name} >= 0", 2.0
            yield f"{name} > 0", 2.0
        if one.family == "flag" and asked:
            yield name, 2.4
            yield f"NOT {name}", 2.6
        if one.family == "day" and not one.origin:
            text = query.written(vocabulary.DAY_CONDITION.replace("_1", "0"), select)
            if text is not None:
                yield text.replace("0 <", f"{name} <", 1), 1.8


def _having(query: Query, select: exp.Select) -> Iterator[Edit]:
    group = select.args.get("group")
    if group is None or select.args.get("having") is not None:
        return
    end = query.span(group)[1]
    for one in select.expressions:
        inner = one.this if isinstance(one, exp.Alias) else one
        if inner.find(exp.Sum, exp.Count) and not inner.find(exp.Window) and query.source(inner):
            yield edit(end, end, f" HAVING {query.source(inner)} > 0", "filter missing", 2.6)


def qualified(column: Reachable, columns: Columns) -> str:
    """A column's name as a query writes it that can speak of these."""
    several = len({one.source for one in columns}) > 1
    return f"{column.source}.{column.name}" if several and column.source else column.name


def is_query(text: str, dialect: str) -> bool:
    """Whether a text can be read as a query of a dialect."""
    try:
        return bool(sqlglot.parse(text, read=dialect))
    except sqlglot.errors.SqlglotError:
        return False
