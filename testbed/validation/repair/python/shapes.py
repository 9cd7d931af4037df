"""Edits of how a Python file picks and joins rows: masks, calls, options, keys of groups, branches."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from testbed.validation.repair.form import Edit, edit
from testbed.validation.repair.python.places import Source

_LEFT_OUT = frozenset(
    ("drop_duplicates", "dropna", "fillna", "unique", "abs", "round", "astype", "replace", "head", "tail", "clip",
     "query", "normalize", "floor", "fill_null", "drop_nulls", "filter", "distinct", "tz_convert", "tz_localize",
     "diff", "shift", "cumsum", "strip", "lower", "rank", "limit", "mask", "where", "reindex", "split")
)  # fmt: skip
_PUT_IN = (".drop_duplicates()", ".fillna(0)", ".dropna()", ".unique()")
_OPTIONS: dict[str, tuple[str, ...]] = {
    "groupby": ("dropna=False",), "merge": ("how='left'", "how='outer'"),
    "pivot_table": ("dropna=False", "fill_value=0"),
    "join": ("how='left'", "how='inner'"), "Grouper": ("closed='left', label='left'", "label='left'"),
    "resample": ("closed='left', label='left'",), "nunique": ("dropna=False",), "value_counts": ("dropna=False",),
    "unstack": ("fill_value=0",), "var": ("ddof=0",), "cov": ("ddof=0",), "std": ("ddof=0",), "mean": ("skipna=False",),
    "sort_values": ("kind='stable'",), "drop_duplicates": ("keep='last'",),
}  # fmt: skip
_ROWS: tuple[tuple[str, str, str], ...] = (
    ("byok", "{0}[{0}['byok'].eq(False).fillna(False).astype(bool)]", "{0}['byok'] is not False"),
    ("variant", "{0}[{0}['variant'].ne('free').fillna(True)]", "{0}['variant'] == 'free'"),
    ("confidence", "{0}[{0}['confidence'] >= 0.5]", "{0}['confidence'] < 0.5"),
    ("session_id", "{0}[{0}['session_id'].notna()]", "{0}['session_id'] is None"),
    ("tokens_cached", "{0}[{0}['tokens_cached'].notna()]", "{0}['tokens_cached'] is None"),
    ("k", "{0}[{0}['k'] >= 0]", "{0}['k'] < 0"),
    ("k", "{0}[{0}['k'] > 0]", "{0}['k'] <= 0"),
)
"""Rows that may have to be left out: by which column, as a frame, and what skips a row in a loop."""


def edits(source: Source) -> Iterator[Edit]:
    """All of them."""
    for node in source.nodes:
        if isinstance(node, ast.BoolOp):
            yield from _one_less(source, node)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
            yield source.replaced(node, source.source(node.operand), "condition turned round", 1.5)
        elif isinstance(node, ast.Subscript):
            yield from _mask(source, node)
        elif isinstance(node, ast.Call):
            yield from _call(source, node)
        elif isinstance(node, ast.List | ast.Tuple):
            yield from _keys(source, node)
        elif isinstance(node, ast.If | ast.While | ast.IfExp):
            yield from _branch(source, node)
        elif isinstance(node, ast.Assign | ast.Return):
            yield from _put_in(source, node)
        elif isinstance(node, ast.For):
            yield from _skipped(source, node)
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            for one in node.generators:
                for test in one.ifs:
                    yield source.replaced(test, "True", "filter too many", 1.6)
        if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp):
            yield from _set_or_list(source, node)


def _one_less(source: Source, node: ast.BoolOp) -> Iterator[Edit]:
    kind = "filter too many" if isinstance(node.op, ast.And) else "alternative too many"
    spans = [source.span(one) for one in node.values]
    for place, (start, end) in enumerate(spans):
        if place:
            yield edit(spans[place - 1][1], end, "", kind, 1.2)
        else:
            yield edit(start, spans[1][0], "", kind, 1.2)
    word, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    between = source.text[spans[0][1] : spans[1][0]]
    if len(spans) == 2 and between.count(word) == 1:
        yield edit(spans[0][1], spans[1][0], between.replace(word, other), "and for or", 1.8)


def _mask(source: Source, node: ast.Subscript) -> Iterator[Edit]:
    picks = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
    if isinstance(picks, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Call) or (
        isinstance(picks, ast.BinOp) and isinstance(picks.op, ast.BitAnd | ast.BitOr)
    ):
        if picks is node.slice:
            yield source.replaced(node, source.source(node.value), "filter too many", 1.5)
        else:
            yield source.replaced(picks, ":", "filter too many", 1.5)


def _call(source: Source, node: ast.Call) -> Iterator[Edit]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if isinstance(node.func, ast.Attribute) and name in _LEFT_OUT:
        yield source.replaced(node, source.source(node.func.value), "call too many", 1.4)
    if (
        isinstance(node.func, ast.Name)
        and name in ("int", "round", "abs", "set", "sorted", "float")
        and node.args
    ):
        yield source.replaced(node, source.operand(node.args[0]), "call too many", 1.5)
    if name == "len" and node.args:
        inner = source.source(node.args[0])
        yield source.replaced(node, f"len(set({inner}))", "rows counted twice", 1.3)
    arguments = [*node.args, *node.keywords]
    spans = sorted(source.span(one) for one in arguments)
    closing = source.span(node)[1] - 1
    comma = ", " if arguments and not source.text[:closing].rstrip().endswith(",") else ""
    for option in _OPTIONS.get(name, ()):
        if not {one.split("=")[0].strip() for one in option.split(",")} & {one.arg for one in node.keywords}:
            yield edit(closing, closing, comma + option, "option missing", 1.3)
    for one in node.keywords:
        place = spans.index(source.span(one))
        start = spans[place - 1][1] if place else spans[place][0]
        end = spans[place][1] if place or len(spans) == 1 else spans[1][0]
        yield edit(start, end, "", "option too many", 1.7)
    if len(node.args) == 2 and not node.keywords:
        (a, b), (c, d) = source.span(node.args[0]), source.span(node.args[1])
        turned = source.text[c:d] + source.text[b:c] + source.text[a:b]
        yield edit(a, d, turned, "arguments the wrong way round", 1.8)
    if name in ("groupby", "group_by") and len(node.args) == 1 and isinstance(node.args[0], ast.Constant):
        for other in dict.fromkeys(source.names()):
            if other != node.args[0].value:
                text = f"[{source.source(node.args[0])}, {other!r}]"
                yield source.replaced(node.args[0], text, "wrong group", 2.4)


def _keys(source: Source, node: ast.List | ast.Tuple) -> Iterator[Edit]:
    """One name of a list less, or one more."""
    if not node.elts or not all(
        isinstance(one, ast.Constant) and isinstance(one.value, str) for one in node.elts
    ):
        return
    spans = [source.span(one) for one in node.elts]
    held = [source.text[start:end] for start, end in spans]
    for place in range(len(held) if len(held) > 1 else 0):
        yield edit(spans[0][0], spans[-1][1], ", ".join(held[:place] + held[place + 1 :]), "wrong group", 1.5)
    values = {one.value for one in node.elts if isinstance(one, ast.Constant)}
    for name in dict.fromkeys(source.names()):
        if name not in values:
            yield edit(spans[-1][1], spans[-1][1], f", {name!r}", "wrong group", 2.4)


def _branch(source: Source, node: ast.If | ast.While | ast.IfExp) -> Iterator[Edit]:
    if isinstance(node, ast.IfExp):
        yield source.replaced(node, source.operand(node.body), "case too many", 1.6)
        yield source.replaced(node, source.operand(node.orelse), "case too many", 1.6)
    elif isinstance(node, ast.If):
        yield from _out_of_the_block(source, node)
        for constant in ("False", "True"):
            yield source.replaced(node.test, constant, "condition too many", 1.7)
        yield source.replaced(node.test, f"not ({source.source(node.test)})", "condition turned round", 2.2)


def _out_of_the_block(source: Source, node: ast.If) -> Iterator[Edit]:
    """The last line of a branch moved behind it, or the line behind it moved in."""
    last = node.body[-1]
    if node.orelse or last.lineno != last.end_lineno or last.lineno == node.lineno:
        return
    start, _ = source.span(last)
    deeper = last.col_offset - node.col_offset
    if len(node.body) > 1 and isinstance(last, ast.Assign | ast.AugAssign | ast.Expr) and deeper > 0:
        yield edit(start - deeper, start, "", "line in the wrong block", 1.4)
    parent = source.parents.get(node)
    block = next(
        (held for held in (getattr(parent, "body", []), getattr(parent, "orelse", [])) if node in held), []
    )
    after = block[block.index(node) + 1 :] if block else []
    if (
        after
        and after[0].lineno == after[0].end_lineno
        and isinstance(after[0], ast.Assign | ast.AugAssign | ast.Expr)
    ):
        place, _ = source.span(after[0])
        yield edit(place, place, " " * deeper, "line in the wrong block", 1.6)


def _put_in(source: Source, node: ast.Assign | ast.Return) -> Iterator[Edit]:
    """Calls after an expression, and rows left out after an assignment."""
    if node.value is None or isinstance(node.value, ast.Constant | ast.Tuple | ast.List | ast.Dict):
        return
    for call in _PUT_IN:
        yield source.replaced(node.value, f"{source.operand(node.value)}{call}", "call missing", 2.0)
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        name = target.value if isinstance(target, ast.Subscript) else target
        if isinstance(name, ast.Name):
            indent, end = " " * node.col_offset, source.span(node)[1]
            for column, frame, _ in _ROWS:
                if column in source.text or source.subject.speaks_of(column):
                    text = f"\n{indent}{name.id} = {frame.format(name.id)}"
                    yield edit(end, end, text, "filter missing", 1.9)


def _skipped(source: Source, node: ast.For) -> Iterator[Edit]:
    """Rows left out in a loop."""
    if not isinstance(node.target, ast.Name) or not node.body:
        return
    first = node.body[0]
    start = source.span(first)[0]
    indent = " " * first.col_offset
    for column, _, skipped in _ROWS:
        if source.subject.speaks_of(column):
            text = f"if {skipped.format(node.target.id)}:\n{indent}    continue\n{indent}"
            yield edit(start, start, text, "filter missing", 1.9)


def _set_or_list(source: Source, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> Iterator[Edit]:
    text = source.source(node)
    if isinstance(node, ast.SetComp):
        yield source.replaced(node, f"[{text[1:-1]}]", "rows merged", 1.6)
    elif isinstance(node, ast.ListComp):
        yield source.replaced(node, f"{{{text[1:-1]}}}", "rows counted twice", 1.6)
