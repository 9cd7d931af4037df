"""Edits of what a query works out: columns, constants, functions, sums and quotients, missing values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from testbed.validation.repair import vocabulary
from testbed.validation.repair.form import Edit, edit
from testbed.validation.repair.sql.conditions import Query, qualified
from testbed.validation.repair.sql.scopes import Reachable, family, named

_CALL = re.compile(r"(\w+)\s*\(")
_DATED = (
    exp.TimestampTrunc, exp.DateTrunc, exp.DateDiff, exp.TimestampDiff, exp.DateAdd, exp.DateSub, exp.Interval,
    exp.Extract, exp.Anonymous, exp.DatetimeTrunc, exp.TsOrDsAdd, exp.TimestampAdd,
)  # fmt: skip


def edits(query: Query) -> Iterator[Edit]:
    """All of them."""
    for node in query.nodes:
        if isinstance(node, exp.Column):
            yield from _column(query, node)
        elif isinstance(node, exp.Literal):
            yield from _constant(query, node)
        elif isinstance(node, exp.Case):
            yield from _case(query, node)
        elif isinstance(node, exp.Binary) and not isinstance(node, exp.Predicate | exp.Connector):
            yield from _arithmetic(query, node)
        elif isinstance(node, exp.AtTimeZone):
            yield query.replaced(node, query.source(node.this), "wrong time zone", 1.3)
            yield query.replaced(
                node, f"{query.source(node.this)} AT TIME ZONE 'UTC'", "wrong time zone", 1.2
            )
        if isinstance(node, exp.Func | exp.Window | exp.Cast):
            yield from _call(query, node)
        if isinstance(node, _DATED):
            yield from _unit(query, node)
        if isinstance(node, exp.Func | exp.Column | exp.Binary | exp.Cast | exp.AtTimeZone):
            yield from _meaning(query, node)


def _column(query: Query, node: exp.Column) -> Iterator[Edit]:
    columns = query.reachable(node)
    held = named(columns, node)
    if not held:
        return
    for one in columns:
        if one.name == node.name or not one.fits(held[0]) or not _holds(one, node):
            continue
        asked = not one.origin or query.subject.speaks_of(one.origin)
        known = one.family == held[0].family != "unknown"
        cost = 1.8 + 2.0 * (not asked) + 0.4 * (one.source != held[0].source) + 0.4 * (not known)
        yield query.replaced(node, qualified(one, columns), "wrong column", cost)
    for one in columns:
        if one.name == node.name and node.table and one.source.lower() != node.table.lower():
            yield query.replaced(node, qualified(one, columns), "column of another table", 1.6)
    if isinstance(node.parent, exp.Coalesce | exp.Group | exp.Ordered):
        return
    name = query.source(node)
    fillers = {"number": ("0",), "unknown": ("0",), "flag": ("FALSE",), "text": _filling(query)}
    for filler in fillers.get(held[0].family, ()):
        yield query.replaced(node, f"COALESCE({name}, {filler})", "missing values lost", 1.9)


def _holds(one: Reachable, node: exp.Expr) -> bool:
    """Whether a column can have the values with which what stands there is compared: where it cannot, the comparison
    would only be made true, or false, of all rows."""
    if not isinstance(node.parent, exp.EQ | exp.NEQ | exp.In):
        return True
    values = [
        value.name
        for value in node.parent.iter_expressions()
        if isinstance(value, exp.Literal) and value.is_string
    ]
    if one.origin in vocabulary.MODEL_IDS:
        return all("/" in value for value in values)
    return not one.allowed or set(values) <= set(one.allowed)


def _filling(query: Query) -> tuple[str, ...]:
    said = [one for one in ("unknown", "other") if f"`{one}`" in query.subject.question.definition]
    return tuple(f"'{one}'" for one in said)


def _meaning(query: Query, node: exp.Expr) -> Iterator[Edit]:
    """Expressions of certain columns alone, in whose place another one of them is meant."""
    columns = list(node.find_all(exp.Column))
    if not columns or node.find(exp.AggFunc, exp.Window, exp.Subquery, exp.Select, exp.Predicate, exp.Case):
        return
    reachable = query.reachable(node)
    origins = [next((one.origin for one in named(reachable, column)), "") for column in columns]
    for kind, (of, expressions) in vocabulary.EXPRESSIONS.items():
        if not all(origin in of for origin in origins):
            continue
        if not all(_holds(one, node) for one in reachable if one.origin == expressions[0]):
            continue
        for place, pattern in enumerate(expressions):
            text = query.written(pattern, node)
            if text is not None:
                yield query.replaced(node, text, kind, 1.5 + 0.1 * place)


def _constant(query: Query, node: exp.Literal) -> Iterator[Edit]:
    if isinstance(node.parent, exp.Group | exp.Ordered | exp.Alias | exp.DataTypeParam):
        return
    text = query.source(node)
    if node.is_string:
        quoted = text.startswith("'")
        inside = text.strip("'\"")
        if re.fullmatch(r"-?\d+(\.\d+)?", inside) and quoted:
            for value, cost in vocabulary.near(float(inside), query.subject):
                yield query.replaced(node, f"'{vocabulary.written(value)}'", "wrong constant", cost + 0.1)
        elif quoted and inside.lower() not in vocabulary.UNITS:
            for one in _texts(query, node):
                yield query.replaced(node, f"'{one}'", "wrong constant", 1.7)
        return
    try:
        value = float(text)
    except ValueError:
        return
    for other, cost in vocabulary.near(value, query.subject):
        yield query.replaced(node, vocabulary.written(other), "wrong constant", cost)


def _texts(query: Query, node: exp.Literal) -> Iterator[str]:
    """Texts that may stand for one: the values of the column beside it, those of the definition."""
    parent = node.parent
    beside = parent.find(exp.Column) if isinstance(parent, exp.Condition) else None
    if beside is not None:
        yield from (value for one in named(query.reachable(node), beside)[:1] for value in one.allowed)
    yield from query.subject.strings
    yield from vocabulary.STRINGS
    if query.subject.model is not None and "/" in node.name:
        yield query.subject.model


def _call(query: Query, node: exp.Expr) -> Iterator[Edit]:
    """A function by another one; left out; its arguments the other way round."""
    text = query.source(node)
    match = _CALL.match(text)
    if isinstance(node, exp.Cast):
        yield query.replaced(node, query.source(node.this), "wrong type", 1.7)
        if node.args["to"].is_type(*exp.DataType.INTEGER_TYPES):
            inner, (start, end) = query.source(node.this), query.span(node)
            held = query.span(node.this)
            yield edit(held[0], held[1], f"FLOOR({inner})", "wrong rounding", 1.4)
            yield edit(start, end, f"FLOOR({inner})", "wrong rounding", 1.5)
        return
    if match is None:
        return
    start = query.span(node)[0]
    name, end = match[1], start + len(match[1])
    for other in vocabulary.siblings(name):
        yield edit(start, end, other, "wrong function", 1.2)
    if isinstance(node, exp.Window):
        return
    if isinstance(node, exp.AggFunc):
        yield from _aggregate(query, node, name, start)
    arguments = [one for one in _arguments(node) if query.placed.span(one) is not None]
    if name.lower() in vocabulary.DROPPED and arguments:
        yield query.replaced(node, query.source(arguments[0]), "function too many", 1.4)
    if len(arguments) > 1:
        (a, b), (c, d) = query.span(arguments[0]), query.span(arguments[1])
        if b <= c:
            turned = query.placed.text[c:d] + query.placed.text[b:c] + query.placed.text[a:b]
            yield edit(a, d, turned, "arguments the wrong way round", 1.6)


def _arguments(node: exp.Expr) -> list[exp.Expr]:
    """What a call is given, in the order of the text."""
    found = [one for one in node.iter_expressions() if not isinstance(one, exp.Var | exp.DataType)]
    return sorted(found, key=lambda one: (one.meta.get("places") or (0, 0))[0])


def _aggregate(query: Query, node: exp.AggFunc, name: str, start: int) -> Iterator[Edit]:
    end = start + len(name)
    inner = node.this
    columns = query.reachable(node)
    of_distinct = isinstance(inner, exp.Distinct)
    plain = name.upper() in vocabulary.AGGREGATES
    if plain and not isinstance(inner, exp.Star) and not of_distinct and inner is not None:
        for other in vocabulary.AGGREGATES:
            if other != name.upper():
                yield edit(start, end, other, "wrong aggregate", 1.4)
        text = query.source(inner)
        if text:
            yield query.replaced(node, f"COUNT(DISTINCT {text})", "rows counted twice", 1.2)
            yield query.replaced(node, "COUNT(*)", "wrong aggregate", 1.6)
            yield query.replaced(node, f"COALESCE({query.source(node)}, 0)", "missing values lost", 2.0)
        yield from _mean_of_ratios(query, node, inner)
    if of_distinct:
        text = ", ".join(query.source(one) for one in inner.expressions)
        yield query.replaced(node, f"{name}({text})", "rows merged", 1.3)
        yield query.replaced(
            node, f"{name}(*)" if name.upper() == "COUNT" else f"{name}({text})", "rows merged", 1.7
        )
    if name.upper() == "COUNT":
        person = query.written(vocabulary.PERSON, node)
        if person is not None:
            yield query.replaced(node, f"COUNT(DISTINCT {person})", "rows counted twice", 1.4)
        for one in columns[:40]:
            if one.family in ("text", "unknown") and (not one.origin or query.subject.speaks_of(one.origin)):
                yield query.replaced(
                    node, f"COUNT(DISTINCT {qualified(one, columns)})", "rows counted twice", 1.7
                )
            elif not one.origin:
                yield query.replaced(node, f"COUNT({qualified(one, columns)})", "wrong aggregate", 2.4)
    if not isinstance(node.parent, exp.Filter) and inner is not None and not of_distinct:
        yield from _of_some(query, node, name, inner)


def _of_some(query: Query, node: exp.AggFunc, name: str, inner: exp.Expr) -> Iterator[Edit]:
    """An aggregate of some of the rows."""
    text = "1" if isinstance(inner, exp.Star) else query.source(inner)
    if not text or name.upper() not in vocabulary.AGGREGATES:
        return
    for pattern, cost in query.subject.conditions():
        condition = query.written(pattern, node)
        if condition is not None and cost < 2:
            yield query.replaced(
                node, f"{name}(CASE WHEN {condition} THEN {text} END)", "filter missing", cost + 0.9
            )


def _mean_of_ratios(query: Query, node: exp.AggFunc, inner: exp.Expr) -> Iterator[Edit]:
    division = inner if isinstance(inner, exp.Div) else inner.find(exp.Div)
    if isinstance(node, exp.Avg) and division is not None:
        above, below = query.source(division.this), query.source(_whole(division.expression))
        if above and below:
            text = f"SUM({above}) * 1.0 / NULLIF(SUM({below}), 0)"
            yield query.replaced(node, text, "mean of ratios", 1.3)


def _whole(node: exp.Expr) -> exp.Expr:
    return node.this if isinstance(node, exp.Nullif) else node


def _unit(query: Query, node: exp.Expr) -> Iterator[Edit]:
    start, end = query.span(node)
    if isinstance(node, exp.Interval):
        for token in query.placed.between(start, end)[-1:]:
            unit = token.text.lower().rstrip("s")
            if unit in vocabulary.UNITS and token.token_type != TokenType.STRING:
                for other in vocabulary.UNITS[:4]:
                    if other != unit:
                        yield edit(token.start, token.end + 1, other, "wrong unit of time", 1.4)
    columns = {query.span(one) for one in node.find_all(exp.Column)}
    for token in query.placed.between(start, end):
        unit = token.text.lower()
        place = (token.start, token.end + 1)
        if unit not in (*vocabulary.UNITS, "isoweek") or place in columns:
            continue
        mark = "'" if token.token_type == TokenType.STRING else ""
        others = [*vocabulary.UNITS[:4]]
        if query.placed.dialect == "bigquery":
            others = ["WEEK(MONDAY)", "ISOWEEK", "MONTH", "DAY", "YEAR"]
        for other in others:
            if other != unit:
                yield edit(*place, f"{mark}{other}{mark}", "wrong unit of time", 1.4)


def _arithmetic(query: Query, node: exp.Expr) -> Iterator[Edit]:
    left, right = query.source(node.this), query.source(node.expression)
    if not left or not right:
        return
    (start, middle), (second, end) = query.span(node.this), query.span(node.expression)
    bracketed = query.source(node).startswith("(")
    if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div | exp.IntDiv | exp.Mod):
        kind = "term too many" if isinstance(node, exp.Add | exp.Sub) else "factor too many"
        yield edit(middle, end, "", kind, 1.4)
        if isinstance(node, exp.Add | exp.Mul):
            yield edit(start, second, "", kind, 1.4)
        elif not bracketed:
            yield edit(start, end, f"{right} {query.placed.text[middle:second].strip()} {left}",
                       "the wrong way round", 1.8)  # fmt: skip
    for sort, signs in ((exp.Add, "-"), (exp.Sub, "+"), (exp.Mul, "/"), (exp.Div, "*")):
        if isinstance(node, sort):
            yield edit(middle, second, f" {signs} ", "wrong sign", 2.0)
    if isinstance(node, exp.Div):
        whole = left if isinstance(node.this, exp.Paren | exp.Func | exp.Column) else f"({left})"
        yield edit(start, middle, f"{whole} * 1.0", "integer division", 1.2)
        yield edit(start, middle, f"CAST({left} AS DOUBLE PRECISION)", "integer division", 1.4)
        sums = isinstance(node.this, exp.Sum) and isinstance(_whole(node.expression), exp.Sum)
        if sums:
            above, below = query.source(node.this.this), query.source(_whole(node.expression).this)
            yield edit(start, end, f"AVG({above} * 1.0 / NULLIF({below}, 0))", "mean over other things", 1.4)
            yield edit(start, end, f"AVG({above} / {below})", "mean over other things", 1.5)
    elif isinstance(node, exp.IntDiv):
        yield edit(middle, second, " / ", "integer division", 1.2)
    if isinstance(node, exp.Sub | exp.Add) and isinstance(node.parent, exp.Alias):
        for step in ("+ 1", "- 1"):
            yield edit(start, end, f"{query.source(node)} {step}", "counted from another number", 1.7)


def _case(query: Query, node: exp.Case) -> Iterator[Edit]:
    start, end = query.span(node)
    text = query.placed.text[start:end]
    default = node.args.get("default")
    closing = end - 3 if text.upper().endswith("END") else None
    branches = node.args.get("ifs") or []
    if closing is None or not branches:
        return
    if default is None:
        yield edit(closing, closing, "ELSE 0 ", "missing values lost", 1.5)
    else:
        last = query.span(branches[-1])[1]
        yield edit(last, closing, " ", "nothing counted as something", 1.5)
    whens = [query.placed.token_before(query.span(one)[0]) for one in branches]
    for place, (branch, when) in enumerate(zip(branches, whens, strict=True)):
        if when is not None and len(branches) > 1:
            until = whens[place + 1] if place + 1 < len(whens) else None
            stop = until.start if until is not None else query.span(branch)[1]
            yield edit(when.start, stop, "", "case too many", 1.8)
    first = whens[0]
    if first is not None and first.text.upper() == "WHEN":
        for column in {query.source(one): one for one in node.find_all(exp.Column)}:
            for filler in (*_filling(query), "NULL"):
                put = f"WHEN {column} IS NULL THEN {filler} "
                yield edit(first.start, first.start, put, "missing values taken for others", 1.6)
        for filler in _filling(query):
            if default is not None and family(default, ()) == "text":
                yield query.replaced(default, filler, "missing values taken for others", 1.6)
