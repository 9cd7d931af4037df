"""Edits of how a query puts rows together: DISTINCT, joins, unions, groups, orders, windows, limits."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from testbed.validation.repair.form import Edit, edit
from testbed.validation.repair.sql.conditions import Query, qualified

WHOLE = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
_JOINS = ("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN")


def edits(query: Query) -> Iterator[Edit]:
    """All of them."""
    for node in query.nodes:
        if isinstance(node, exp.Select):
            yield from _distinct(query, node)
        elif isinstance(node, exp.Join):
            yield from _join(query, node)
        elif isinstance(node, exp.Group):
            yield from _list(query, node, node.expressions, "wrong group")
        elif isinstance(node, exp.Order):
            yield from _order(query, node)
        elif isinstance(node, exp.Window):
            yield from _window(query, node)
        elif isinstance(node, exp.Limit):
            yield query.replaced(node, "", "limit too many", 1.6)
    yield from _unions(query)


def _distinct(query: Query, select: exp.Select) -> Iterator[Edit]:
    first = query.placed.span(select.expressions[0]) if select.expressions else None
    before = query.placed.token_before(first[0]) if first is not None else None
    if first is None or before is None:
        return
    if before.token_type == TokenType.DISTINCT:
        yield edit(before.start, first[0], "", "rows merged", 1.2)
    elif before.token_type == TokenType.SELECT and select.args.get("from_") is not None:
        cost = 2.4 if select.args.get("group") or isinstance(select.parent, exp.SetOperation) else 1.2
        yield edit(first[0], first[0], "DISTINCT ", "rows counted twice", cost)


def _join(query: Query, join: exp.Join) -> Iterator[Edit]:
    start, first = query.span(join)[0], query.placed.span(join.this)
    if first is None or not query.placed.text[start : first[0]].rstrip().upper().endswith("JOIN"):
        return
    if join.args.get("on") is None and not join.args.get("using"):
        return
    held = " ".join(
        query.placed.text[start : first[0]].upper().replace("OUTER", "").replace("INNER", "").split()
    )
    for other in _JOINS:
        if other != held:
            near = "LEFT" in (*held.split(), *other.split())
            yield edit(start, first[0], f"{other} ", "wrong join", 1.1 if near else 1.8)


def _unions(query: Query) -> Iterator[Edit]:
    tokens = query.placed.tokens
    for token, after in pairwise(tokens):
        if token.token_type == TokenType.UNION:
            if after.token_type == TokenType.ALL:
                yield edit(token.start, after.end + 1, "UNION DISTINCT", "rows counted twice", 1.2)
            elif after.token_type == TokenType.DISTINCT:
                yield edit(token.start, after.end + 1, "UNION ALL", "rows merged", 1.1)
            else:
                yield edit(token.start, token.end + 1, "UNION ALL", "rows merged", 1.1)


def _list(query: Query, node: exp.Expr, held: list[exp.Expr], kind: str) -> Iterator[Edit]:
    """One entry of a list less, or one more."""
    sources = [query.source(one) for one in held]
    if not all(sources) or not held:
        return
    start, end = query.span(held[0])[0], query.span(held[-1])[1]
    for place in range(len(held) if len(held) > 1 else 0):
        yield edit(start, end, ", ".join(sources[:place] + sources[place + 1 :]), kind, 1.5)
    columns = query.reachable(node)
    for one in columns[:60]:
        if one.name not in sources and (not one.origin or query.subject.speaks_of(one.origin)):
            yield edit(end, end, f", {qualified(one, columns)}", kind, 2.0)


def _order(query: Query, order: exp.Order) -> Iterator[Edit]:
    entries = [one for one in order.expressions if query.placed.span(one) is not None]
    if not entries:
        return
    inside = isinstance(order.parent, exp.Window)
    select = order.find_ancestor(exp.Select)
    cut = inside or (select is not None and select.args.get("limit") is not None)
    if not cut:
        return  # the order of an answer's rows does not matter
    for one in entries:
        text = query.source(one.this)
        if text:
            other = "" if one.args.get("desc") else " DESC"
            yield query.replaced(one, f"{text}{other}", "wrong order", 1.4)
    end = query.span(entries[-1])[1]
    columns = query.reachable(order)
    names = [
        qualified(one, columns) for one in columns if not one.origin or query.subject.speaks_of(one.origin)
    ]
    names += [one.alias_or_name for one in (select.expressions if select is not None and not inside else ())]
    held = {query.source(one.this) for one in entries}
    for name in dict.fromkeys(names[:40]):
        if name and name not in held:
            yield edit(end, end, f", {name}", "ties left to chance", 1.7)
            yield edit(end, end, f", {name} DESC", "ties left to chance", 2.2)
    sources = [query.source(one) for one in entries]
    start = query.span(entries[0])[0]
    for place in range(len(entries) if len(entries) > 1 else 0):
        yield edit(start, end, ", ".join(sources[:place] + sources[place + 1 :]), "wrong order", 1.8)


def _window(query: Query, window: exp.Window) -> Iterator[Edit]:
    partition = window.args.get("partition_by") or []
    order = window.args.get("order")
    kind = "wrong window"
    inner = query.placed.span(window.this)
    opening = _opening(query, window)
    if opening is None or inner is None:
        return
    yield from _list(query, window, partition, kind)
    columns = query.reachable(window)
    if partition:
        first = query.placed.span(partition[0])
        last = query.placed.span(partition[-1])
        if first is not None and last is not None:
            words = [
                one
                for one in query.placed.between(opening, first[0])
                if one.token_type == TokenType.PARTITION_BY
            ]
            if words:
                yield edit(words[0].start, last[1], "", kind, 1.6)
    else:
        for one in columns[:60]:
            if not one.origin or query.subject.speaks_of(one.origin):
                put = f"PARTITION BY {qualified(one, columns)} "
                yield edit(opening, opening, put, kind, 1.6)
    if order is not None and query.placed.span(order) is not None:
        start, end = query.span(order)
        spec = window.args.get("spec")
        if spec is None:
            yield edit(start, end, "", kind, 1.2)
            yield edit(end, end, f" {WHOLE}", kind, 1.5)
        else:
            closing = query.span(window)[1] - 1
            yield edit(end, closing, "", kind, 1.5)
            yield edit(end, closing, f" {WHOLE}", kind, 1.5)
            yield edit(end, closing, " ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW", kind, 1.6)
            yield edit(end, closing, " ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", kind, 1.7)
            yield edit(end, closing, " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING", kind, 1.9)


def _opening(query: Query, window: exp.Window) -> int | None:
    """Where the inside of a window's brackets begins; None for one that has a name."""
    start, end = query.span(window)
    tokens = query.placed.between(start, end)
    for token, after in pairwise(tokens):
        if token.text.upper() == "OVER" and after.token_type == TokenType.L_PAREN:
            return after.end + 1
    return None
