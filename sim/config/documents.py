"""Scenario documents: YAML files with `extends` and overrides, in which every value knows where it was last set.

`extends: other.yaml` (a path relative to the file) or `extends: report` (the name of a shipped one, where no file
beside it is called so) puts a document on top of another one: see `sim.config.merging`. An override
`section.key=value` (`--set`) is a small document on top of the last one: see `sim.config.set_option`. `all` among
switches is short for each of them: see `sim.config.switches`.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from collections.abc import Sequence as Items
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, cast

from sim.config.merging import merge_keys
from sim.config.nodes import Mapping, Node, Sequence, plain
from sim.config.problems import Mark, Path, Problem, ProblemAt, ProblemsAt, ScenarioError, dotted
from sim.config.reading import chain
from sim.config.set_option import OVERRIDES, override
from sim.config.switches import Switches, written_out

__all__ = [
    "OVERRIDES",
    "Document",
    "Mark",
    "Problem",
    "ProblemAt",
    "ProblemsAt",
    "ScenarioError",
    "load_document",
]

_NO_NAMES: dict[str, FilePath] = {}
_NO_SWITCHES: Switches = {}


@dataclass(frozen=True, slots=True)
class Document:
    """A resolved document: a tree of plain values, and where each was last set.

    `files` are the names in the order in which they were read: the file itself, what it extends, `--set`, then other
    options.
    """

    root: Mapping
    sources: dict[str, list[str]]

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files, as printed, in the order of reading."""
        return tuple(self.sources)

    @property
    def top(self) -> str:
        """What has the last word: `--set` where anything is set, else the file itself."""
        return OVERRIDES if OVERRIDES in self.sources else self.files[0]

    @property
    def tree(self) -> dict[str, Any]:
        """Dicts, lists, scalars; keys are text as written."""
        return cast(dict[str, Any], plain(self.root))

    def node(self, path: Path) -> Node | None:
        """What stands at a path, None if nothing does."""
        node: Node | None = self.root
        for part in path:
            node = _child(node, part)
        return node

    def mark(self, path: Path, key: bool = False) -> Mark:
        """Where a value was last set; with `key`, where its key stands. A mapping or list in block style counts as
        standing at its key. A path that leads nowhere has the mark of its nearest ancestor, or of the `~` that
        removed it."""
        node: Node = self.root
        mark = node.mark
        for part in path:
            if isinstance(node, Mapping) and part in node.removed:
                return node.removed[str(part)]
            child = _child(node, part)
            if child is None:
                return mark
            mark = node.entries[str(part)].key if key and isinstance(node, Mapping) else child.mark
            node = child
        return mark

    def source_line(self, mark: Mark) -> str:
        """The text of a mark's line, empty if there is none (as at the end of a file)."""
        lines = self.sources.get(mark.file, [])
        return lines[mark.line - 1] if 0 < mark.line <= len(lines) else ""

    def problem(self, path: Path, message: str, hint: str = "", at_key: bool = False) -> Problem:
        """A problem with what stands at a path, for checks that need more than the document and its schema."""
        mark = self.mark(path, key=at_key)
        return Problem(mark.file, mark.line, mark.column, dotted(path), message, hint, self.source_line(mark))


def _child(node: Node | None, part: str | int) -> Node | None:
    if isinstance(node, Mapping):
        entry = node.entries.get(str(part))
        return entry.node if entry else None
    if isinstance(node, Sequence) and isinstance(part, int) and 0 <= part < len(node.items):
        return node.items[part]
    return None


def load_document(
    path: str | os.PathLike[str],
    overrides: Items[str] = (),
    *,
    options: dict[str, int] | None = None,
    named: dict[str, FilePath] = _NO_NAMES,
    alternatives: Collection[str] = (),
    switches: Switches = _NO_SWITCHES,
) -> Document:
    """Read a file, what it extends, and overrides on top. Raises ScenarioError.

    options: top keys that have an option of their own, by name, with their values: problems with one are told at
    `--name`. named: files by the names that `extends` may use for them. alternatives: keys of which a section has one,
    such as the kinds of a distribution: another one takes its place and does not join it. switches: by the top key that
    holds them, the names for which its key `all` is short.
    """
    sources: dict[str, list[str]] = {}
    files = chain(os.fspath(path), sources, named)
    *children, root = [written_out(file, sources, switches) for file in files]
    for child in reversed(children):
        root = merge_keys(root, child, alternatives)
    if overrides:
        sources[OVERRIDES] = list(overrides)
    placed = [(text, number, OVERRIDES) for number, text in enumerate(overrides, start=1)]
    for name, value in (options or {}).items():
        placed.append((f"{name}={value}", 1, f"--{name}"))
        sources[f"--{name}"] = [f"{name}={value}"]
    problems: list[Problem] = []
    for text, number, source in placed:
        try:
            root = override(root, text, number, source, alternatives, switches)
        except ScenarioError as error:
            problems.extend(error.problems)
    if problems:
        raise ScenarioError(problems)
    return Document(root, sources)
