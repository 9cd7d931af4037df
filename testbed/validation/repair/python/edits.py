"""All small edits of a Python file, the near ones first; SQL in its texts gets the edits of SQL."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from testbed.validation.columns import InputColumns
from testbed.validation.dialects import DUCKDB
from testbed.validation.repair.form import Edit, Patch, in_order
from testbed.validation.repair.python import shapes, values
from testbed.validation.repair.python.places import Source
from testbed.validation.repair.sql.edits import query_edits
from testbed.validation.repair.vocabulary import Subject

_QUERY = re.compile(r"\b(SELECT|FROM|WITH)\b", re.IGNORECASE)
_QUOTED = re.compile(r"""([a-zA-Z]*)('{3}|"{3}|'|")(.*)\2""", re.DOTALL)
_HOLE = re.compile(r"\{[^{}]*\}")
LEAST = 40
"""Characters of a text that may be a query."""


def python_edits(text: str, subject: Subject, names: InputColumns) -> list[Edit]:
    """The edits of a Python file."""
    return in_order(text, _edits(text, subject, names))


def _edits(text: str, subject: Subject, names: InputColumns) -> Iterator[Edit]:
    source = Source(text, subject)
    for edits in (values.edits, shapes.edits):
        yield from edits(source)
    for node in source.nodes:
        is_text = isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, str)
        )
        if is_text and not isinstance(source.parents.get(node), ast.JoinedStr):
            yield from _of_query(source, node, names)


def _of_query(source: Source, node: ast.AST, names: InputColumns) -> Iterator[Edit]:
    """The edits of a query in a text that is written as it is. What an f-string puts in stands for a name there."""
    start, end = source.span(node)
    quoted = _QUOTED.fullmatch(source.text[start:end])
    if quoted is None or len(quoted[3]) < LEAST or "\\" in quoted[3] or not _QUERY.search(quoted[3]):
        return
    inside, shift = quoted[3], start + quoted.start(3)
    holes: dict[str, str] = {}
    if "f" in quoted[1].lower():
        inside = _HOLE.sub(lambda match: _held(match[0], holes), inside)
    for one in query_edits(inside, DUCKDB, source.subject, names):
        patches = []
        for first, last, becomes in one.patches:
            for name, hole in holes.items():
                becomes = becomes.replace(name, hole)
            patches.append(Patch(first + shift, last + shift, becomes))
        if not any(quoted[2] in patch.becomes for patch in patches):
            yield Edit(tuple(patches), one.kind, one.cost)


def _held(hole: str, holes: dict[str, str]) -> str:
    """A name as long as a hole, by which it is found again."""
    name = f"h{len(holes)}".ljust(len(hole), "_")[: len(hole)]
    holes[name] = hole
    return name
