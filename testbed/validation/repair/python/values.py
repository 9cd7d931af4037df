"""Edits of what a Python file works out: comparisons, constants, names of columns and methods, sums, expressions."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from analysis import contract
from testbed.validation.columns import KNOWN
from testbed.validation.repair import vocabulary
from testbed.validation.repair.form import Edit, edit
from testbed.validation.repair.python.places import Source

_SIGNS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.Lt: ("<=", ">=", ">"),
    ast.LtE: ("<", ">", ">="),
    ast.Gt: (">=", "<=", "<"),
    ast.GtE: (">", "<", "<="),
    ast.Eq: ("!=", ">=", "<=", "<", ">"),
    ast.NotEq: ("==",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
}
_OPPOSITES: dict[type[ast.AST], tuple[str, str]] = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.FloorDiv: ("//", "/"), ast.Div: ("/", "//"), ast.Mult: ("*", "/"),
    ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"),
}  # fmt: skip
_METHODS: tuple[tuple[str, ...], ...] = (
    ("nunique", "count", "size", "sum"), ("sum", "mean", "median", "max", "min", "count", "first", "last", "nunique"),
    ("first", "last", "min", "max"), ("idxmin", "idxmax"), ("min", "max"), ("any", "all"), ("floor", "ceil", "round"),
    ("head", "tail"), ("eq", "ne"), ("gt", "ge"), ("lt", "le"), ("isna", "notna"), ("isnull", "notnull"),
    ("ffill", "bfill"), ("weekday", "isoweekday"), ("nlargest", "nsmallest"), ("cumsum", "sum"),
    ("n_unique", "len", "count"),
    ("where", "mask"), ("inner", "left"), ("var", "std"), ("log10", "log", "log2"), ("is_null", "is_not_null"),
    ("union", "intersection"), ("count", "len"), ("add", "update"), ("first", "min"), ("days", "hours"),
    ("cummax", "max"), ("cummin", "min"), ("ddof", "bias"), ("strict_cast", "cast"),
)  # fmt: skip
_FUNCTIONS: tuple[tuple[str, ...], ...] = (
    ("min", "max", "sum"), ("any", "all"), ("mean", "median"), ("floor", "ceil", "round"),
)  # fmt: skip
_OPTIONS: tuple[tuple[str, ...], ...] = (
    ("left", "inner", "outer", "right"), ("first", "last"), ("left", "right"), ("both", "left", "right", "neither"),
    ("sum", "mean", "median", "min", "max", "nunique", "count", "size", "first", "last"),
    ("W-SUN", "W-MON", "W-SAT", "W"), ("MS", "M", "ME", "W-SUN", "D"), ("1w", "1mo", "1d"), ("week", "month", "day"),
    ("all", "any"), ("min", "dense", "first"), ("backward", "forward"), ("left", "inner", "full", "semi", "anti"),
    ("D", "W", "M"), ("days", "weeks"), ("index", "columns"),
)  # fmt: skip
_COLUMNS = {name: table for table, columns in KNOWN.items() for name in columns}
_FAMILY = {one.name: one.family for fields in contract.FIELDS.values() for one in fields}
_ALLOWED = [one.allowed or one.known or () for fields in contract.FIELDS.values() for one in fields]
_PERSON = "{0}['user_id'].where({0}['user_id'].notna() & ({0}['user_id'] != ''), {0}['account_id'])"
_UTC = "{0}['created_at'].dt.tz_convert('UTC').dt.tz_localize(None)"
_MEANINGS: tuple[tuple[str, frozenset[str], tuple[str, ...]], ...] = (
    ("wrong user", frozenset(vocabulary.PEOPLE), (
        _PERSON, "({0}['user_id'] or {0}['account_id'])", "{0}['user_id']",
    )),
    ("wrong time", frozenset(("created_at",)), (
        f"{_UTC}.dt.to_period('W-SUN').dt.start_time", _UTC, f"{_UTC}.dt.to_period('M')", f"{_UTC}.dt.normalize()",
    )),
    ("wrong tokens", frozenset(vocabulary.TOKENS), (
        "({0}['tokens_prompt'] + {0}['tokens_completion'])", "{0}['tokens_prompt']", "{0}['tokens_completion']",
    )),
    ("wrong model id", frozenset(vocabulary.MODEL_IDS), ("{0}['model']",)),
)  # fmt: skip
_POLARS_PERSON = (
    "pl.when(pl.col('user_id').fill_null('') != '').then(pl.col('user_id')).otherwise(pl.col('account_id'))"
)


def edits(source: Source) -> Iterator[Edit]:
    """All of them."""
    for node in source.nodes:
        if isinstance(node, ast.Compare):
            yield from _turned(source, node)
        elif isinstance(node, ast.BinOp):
            yield from _arithmetic(source, node)
        elif isinstance(node, ast.Constant):
            yield from _constant(source, node)
        elif isinstance(node, ast.Attribute):
            yield from _method(source, node)
        elif isinstance(node, ast.Name):
            for other in vocabulary.siblings(node.id.upper(), _upper(_FUNCTIONS)):
                yield source.replaced(node, other.lower(), "wrong function", 1.5)
        elif (
            isinstance(node, ast.AugAssign)
            and isinstance(node.value, ast.Constant)
            and node.value.value in (0, 1)
        ):
            yield source.replaced(node.value, "0" if node.value.value else "1", "wrong constant", 1.5)
        if isinstance(node, ast.Subscript | ast.Call | ast.BinOp | ast.BoolOp):
            yield from _meaning(source, node)


def _upper(groups: tuple[tuple[str, ...], ...]) -> list[tuple[str, ...]]:
    return [tuple(one.upper() for one in group) for group in groups]


def _turned(source: Source, node: ast.Compare) -> Iterator[Edit]:
    if len(node.ops) > 1:  # a <= b < c
        sides = [node.left, *node.comparators]
        for place, sign in enumerate(node.ops):
            start, end = source.span(sides[place])[1], source.span(sides[place + 1])[0]
            for other in _SIGNS.get(type(sign), ()):
                yield edit(start, end, f" {other} ", "wrong comparison", 1.1)
        return
    left, right = source.source(node.left), source.source(node.comparators[0])
    for place, other in enumerate(_SIGNS.get(type(node.ops[0]), ())):
        yield source.replaced(node, f"{left} {other} {right}", "wrong comparison", 1.0 + 0.3 * place)
    held = source.text[source.span(node.left)[1] : source.span(node.comparators[0])[0]].strip()
    if isinstance(node.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE) and held in "<=>=":
        for step in ("+ 1", "- 1"):
            yield source.replaced(node, f"{left} {held} {right} {step}", "wrong limit", 2.0)


def _arithmetic(source: Source, node: ast.BinOp) -> Iterator[Edit]:
    (start, middle), (second, end) = source.span(node.left), source.span(node.right)
    left, right = source.source(node.left), source.source(node.right)
    masks = isinstance(node.op, ast.BitAnd | ast.BitOr)
    sums = isinstance(node.op, ast.Add | ast.Sub)
    kind = "filter too many" if masks else "term too many" if sums else "factor too many"
    whole = source.span(node)
    sign = source.text[middle:second].strip("() \t\n")
    if not sign.isascii() or " " in sign or not sign:  # a comment stands between
        return
    at = source.text.index(sign, middle)
    yield edit(*whole, source.text[whole[0] : at].rstrip(), kind, 1.3)
    if isinstance(node.op, ast.BitAnd | ast.BitOr | ast.Add | ast.Mult):
        yield edit(*whole, source.text[at + len(sign) : whole[1]].lstrip(), kind, 1.3)
    held = source.text[middle:second]
    if type(node.op) in _OPPOSITES:
        was, becomes = _OPPOSITES[type(node.op)]
        if held.count(was) == 1:
            yield edit(middle, second, held.replace(was, becomes), "wrong sign", 1.8)
    if isinstance(node.op, ast.Sub | ast.Div):
        yield edit(start, end, f"{right}{held}{left}", "the wrong way round", 1.8)
        if isinstance(node.op, ast.Sub):
            for step in ("+ 1", "- 1"):
                yield source.replaced(
                    node, f"({source.source(node)} {step})", "counted from another number", 1.9
                )


def _constant(source: Source, node: ast.Constant) -> Iterator[Edit]:
    value = node.value
    if isinstance(value, bool):
        yield source.replaced(node, str(not value), "wrong option", 1.3)
    elif isinstance(value, int | float):
        for other, cost in vocabulary.near(float(value), source.subject):
            yield source.replaced(node, vocabulary.written(other), "wrong constant", cost)
    elif value is None:
        return
    elif isinstance(value, str) and source.source(node)[:1] in "'\"" and "\n" not in value:
        for text, kind, cost in _texts(source, value):
            yield source.replaced(node, repr(text), kind, cost)


def _texts(source: Source, value: str) -> Iterator[tuple[str, str, float]]:
    """Texts that may stand for one, of what kind that would be, and what it costs."""
    for group in _OPTIONS:
        if value in group:
            yield from ((one, "wrong option", 1.2) for one in group if one != value)
    if value in _COLUMNS:
        for name in _FAMILY:
            if name != value and _FAMILY[name] == _FAMILY.get(value):
                yield name, "wrong column", 1.7 if source.subject.speaks_of(name) else 3.8
    if value.isidentifier():
        for name in dict.fromkeys(source.names()):
            if name != value and name not in _COLUMNS:
                yield name, "wrong column", 2.6
    for allowed in _ALLOWED:
        if value in allowed:
            yield from ((one, "wrong constant", 2.0) for one in allowed if one != value)
    if "/" in value and value.count("/") == 1 and source.subject.model is None:
        yield "UTC", "wrong time zone", 1.2
    if value in source.subject.strings:
        yield from ((one, "wrong constant", 1.8) for one in source.subject.strings if one != value)


def _method(source: Source, node: ast.Attribute) -> Iterator[Edit]:
    end = source.span(node)[1]
    start = end - len(node.attr)
    others = dict.fromkeys(
        one for group in _METHODS if node.attr in group for one in group if one != node.attr
    )
    for other in others:
        yield edit(start, end, other, "wrong function", 1.3)
    if node.attr in ("seconds", "days"):
        yield edit(start, end, "total_seconds()", "part of a time", 1.2)
    if node.attr in _COLUMNS:
        for name in _FAMILY:
            if (
                name != node.attr
                and _FAMILY[name] == _FAMILY.get(node.attr)
                and source.subject.speaks_of(name)
            ):
                yield edit(start, end, name, "wrong column", 1.8)


def _meaning(source: Source, node: ast.AST) -> Iterator[Edit]:
    """Expressions of certain columns alone, in whose place another one of them is meant."""
    names = [one for one in ast.walk(node) if isinstance(one, ast.Constant) and one.value in _FAMILY]
    if not names or any(isinstance(one, ast.List | ast.Lambda | ast.Compare) for one in ast.walk(node)):
        return
    columns = {one.value for one in names}
    if (
        {one.value for one in ast.walk(node) if isinstance(one, ast.Constant)}
        - columns
        - {"", None, 0, "UTC", True}
    ):
        return
    subscripts = [one for one in ast.walk(node) if isinstance(one, ast.Subscript) and one.slice in names]
    polars = [
        one for one in ast.walk(node) if isinstance(one, ast.Call) and one.args and one.args[0] in names
    ]
    for kind, of, expressions in _MEANINGS:
        if not columns <= of:
            continue
        bases = {source.source(one.value) for one in subscripts}
        if len(bases) == 1:
            (base,) = bases
            for place, pattern in enumerate(expressions):
                yield source.replaced(node, pattern.format(base), kind, 1.5 + 0.1 * place)
        elif kind == "wrong user" and polars and "pl." in source.source(node):
            yield source.replaced(node, _POLARS_PERSON, kind, 1.5)
