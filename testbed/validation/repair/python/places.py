"""A Python file as a tree whose nodes know where they stand in the text, in characters."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cached_property

from testbed.validation.repair.form import Edit, edit
from testbed.validation.repair.vocabulary import Subject

Span = tuple[int, int]


class Source:
    """A file's text and tree. function: the one that is asked, empty for a script."""

    def __init__(self, text: str, subject: Subject) -> None:
        self.text, self.subject = text, subject
        self.tree = ast.parse(text)
        self._lines = text.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes that have a place; docstrings and headers are none."""
        documented = [
            one.body[0] for one in ast.walk(self.tree)
            if isinstance(one, ast.Module | ast.FunctionDef) and ast.get_docstring(one) is not None
        ]  # fmt: skip
        left_out = {inner for one in documented for inner in ast.walk(one)}
        return [one for one in ast.walk(self.tree) if hasattr(one, "lineno") and one not in left_out]

    def offset(self, line: int, column: int) -> int:
        """Where a place that Python gives in bytes is in the text."""
        held = self._lines[line - 1] if line <= len(self._lines) else ""
        return self._starts[line - 1] + len(held.encode()[:column].decode(errors="ignore"))

    def span(self, node: ast.AST) -> Span:
        """The place of a node."""
        start = self.offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        return start, self.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def source(self, node: ast.AST) -> str:
        """The user's own words for a node."""
        start, end = self.span(node)
        return self.text[start:end]

    def operand(self, node: ast.AST) -> str:
        """The same in brackets where it needs them."""
        plain = isinstance(node, ast.Name | ast.Constant | ast.Attribute | ast.Subscript | ast.Call)
        return self.source(node) if plain else f"({self.source(node)})"

    def replaced(self, node: ast.AST, becomes: str, kind: str, cost: float) -> Edit:
        """An edit that writes something else for a node."""
        return edit(*self.span(node), becomes, kind, cost)

    def names(self) -> Iterator[str]:
        """Short texts in the file that may be names of columns."""
        for node in self.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
                yield node.value
            elif isinstance(node, ast.keyword) and node.arg:
                yield node.arg
