"""YAML text as a tree of nodes that know their positions.

Plain scalars follow the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/, section 10.3.2), so `no`, `off` and
`12:30` are text and `1e-3` is a number; a calendar date such as 2025-05-22 is read as a date. The events come from
PyYAML; the tree is built here without recursion, with bounds on depth and size, so that no text can exhaust the stack
or the memory. Refused with a message: duplicate keys, merge keys (`<<`), tags (`!!int`), several documents, keys or
list items without a value.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

import yaml

from sim.config.problems import Mark, Problem, ScenarioError
from sim.config.quick_events import Unsure, quick_events

MAX_CHARACTERS = 1_000_000  # a scenario is a few hundred lines; this bounds reading time to seconds
MAX_DEPTH = 50  # nesting of mappings and lists; scenarios need about 6
MAX_NODES = 100_000  # after aliases are expanded: stops alias bombs

LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what PyYAML counts as the end of a line

Value = str | int | float | bool | dt.date | None


@dataclass(frozen=True, slots=True)
class Scalar:
    """Text, a number, a date, true or false, or null."""

    value: Value
    mark: Mark


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping: where the key stands, and its value."""

    key: Mark
    node: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys are the text as written. `removed` says where inherited keys were removed with `~`."""

    entries: dict[str, Entry]
    mark: Mark
    removed: dict[str, Mark] = field(default_factory=dict)


Node = Scalar | Sequence | Mapping


def plain(node: Node) -> object:
    """The node as dicts, lists and scalars."""
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key: plain(entry.node) for key, entry in node.entries.items()}


def source_lines(text: str) -> list[str]:
    """The lines of a text, counted as the marks count them."""
    return LINE_BREAK.split(text)


@functools.lru_cache(maxsize=64)
def compose(text: str, file: str, line: int = 1, column: int = 1) -> Node | None:
    """The tree of a text, None if the text holds nothing but blanks and comments.

    `line` and `column` say where the text stands in `file`: 1, 1 for a whole file.
    Raises ScenarioError with one problem for unreadable YAML, with all problems for what is readable but refused.
    Trees are kept, and never changed: the variants of a scenario have most of their texts in common.
    """
    if len(text) <= MAX_CHARACTERS:
        quick = _Composer(text, file, line, column)
        with contextlib.suppress(Unsure, yaml.YAMLError, ValueError, ScenarioError):
            quick.run(quick_events(text))
            if not quick.problems:
                return quick.root
    composer = _Composer(text, file, line, column)
    composer.run(composer.events())
    if composer.problems:
        raise ScenarioError(composer.problems)
    return composer.root


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not been read."""

    mark: Mark
    anchor: str | None
    is_mapping: bool
    entries: dict[str, Entry] = field(default_factory=dict)
    items: list[Node] = field(default_factory=list)
    key: str | None = None
    key_mark: Mark | None = None
    size: int = 1
    height: int = 1


class _Position(Protocol):
    """What PyYAML's marks have in common: line and column from 0."""

    line: int
    column: int


class _Composer:
    def __init__(self, text: str, file: str, line: int, column: int) -> None:
        self.text, self.file = text, file
        self.first_line, self.first_column = line, column
        self.lines = source_lines(text)
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self.open: list[_Open] = []
        self.anchors: dict[
            str, tuple[Node, int, int] | None
        ] = {}  # node, size, height; None while it is open
        self.nodes = 0
        self.at = Mark(file, line, column)

    def run(self, events: Iterator[yaml.Event]) -> None:
        if len(self.text) > MAX_CHARACTERS:
            self.stop(
                self.at, f"this file is too long ({len(self.text):,} characters; at most {MAX_CHARACTERS:,})"
            )
        documents = 0
        for event in events:
            self.at = self.mark(event.start_mark)
            match event:
                case yaml.DocumentStartEvent():
                    documents += 1
                    if documents > 1:
                        self.stop(
                            self.at,
                            "a second document starts here; a scenario is one document",
                            "remove the '---'",
                        )
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    self.start(event)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self.end()
                case yaml.ScalarEvent():
                    self.scalar(event)
                case yaml.AliasEvent():
                    self.alias(str(event.anchor))

    def events(self) -> Iterator[yaml.Event]:
        """PyYAML's events, with every way in which it can fail turned into a problem."""
        try:
            yield from yaml.parse(self.text, Loader=yaml.SafeLoader)
        except yaml.reader.ReaderError as error:
            before = source_lines(self.text[: error.position])
            at = Mark(self.file, self.first_line + len(before) - 1, len(before[-1]) + 1)
            self.stop(
                at,
                f"character U+{ord(self.text[error.position]):04X} is not allowed in YAML",
                "is this a text file?",
            )
        except yaml.MarkedYAMLError as error:
            # For a key without ':', PyYAML's problem is where it gave up, its context where the key begins.
            lost_key = error.problem == "could not find expected ':'"
            self.stop(self.mark(error.context_mark if lost_key else error.problem_mark), *_unreadable(error))
        except (ValueError, OverflowError):  # PyYAML on "\UFFFFFFFF" and the like
            self.stop(self.at, "an escape in a quoted text after this place is not a Unicode character")

    def start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        self.check_tag(event)
        if len(self.open) >= MAX_DEPTH:
            self.stop(self.at, f"nested too deeply (more than {MAX_DEPTH} levels)")
        self.check_key_position("a mapping or a list")
        parent = self.open[-1] if self.open else None
        # A block collection begins on the line after its key: the key is where people look.
        mark = parent.key_mark if parent and parent.key_mark and not event.flow_style else None
        self.define(event.anchor)
        self.open.append(_Open(mark or self.at, event.anchor, isinstance(event, yaml.MappingStartEvent)))

    def end(self) -> None:
        done = self.open.pop()
        node: Node = (
            Mapping(done.entries, done.mark) if done.is_mapping else Sequence(tuple(done.items), done.mark)
        )
        self.attach(node, done.anchor, done.size, done.height)

    def scalar(self, event: yaml.ScalarEvent) -> None:
        self.check_tag(event)
        is_plain = not event.style
        if any("\ud800" <= char <= "\udfff" for char in event.value):
            self.stop(
                self.at,
                "an escape in this text is half of a character (a surrogate)",
                "write the character itself",
            )
        parent = self.open[-1] if self.open else None
        if parent and parent.is_mapping and parent.key is None:
            self.key(parent, event.value, is_plain)
            return
        self.define(event.anchor)
        if is_plain and event.value == "":
            what = f"key '{parent.key}' has" if parent and parent.key is not None else "a list item has"
            at = parent.key_mark if parent and parent.key_mark else self.at
            self.add(
                at,
                f"{what} no value",
                "write a value, {} for nothing inside, or ~ to remove an inherited key",
            )
        value = self.resolve(event.value) if is_plain else event.value
        self.attach(Scalar(value, self.at), event.anchor, 1, 0)

    def key(self, parent: _Open, key: str, is_plain: bool) -> None:
        if key == "" and is_plain:
            self.add(self.at, "a key is missing before ':'")
        if key == "<<" and is_plain:
            self.add(self.at, "merge keys (<<) are not supported", "use extends: or repeat the keys")
        if key in parent.entries:
            first = parent.entries[key].key
            self.add(
                self.at, f"key '{key}' is given twice; first at line {first.line}, column {first.column}"
            )
        parent.key, parent.key_mark = key, self.at

    def alias(self, name: str) -> None:
        self.check_key_position("an alias")
        if name not in self.anchors:
            self.stop(self.at, f"alias *{name} has no anchor &{name} before it")
        found = self.anchors[name]
        if found is None:
            self.stop(self.at, f"alias *{name} stands inside the value that it repeats")
        node, size, height = found
        if len(self.open) + height > MAX_DEPTH:
            self.stop(self.at, f"nested too deeply (more than {MAX_DEPTH} levels)")
        self.attach(node, None, size, height)

    def define(self, anchor: str | None) -> None:
        if anchor is not None:
            self.anchors[anchor] = None

    def attach(self, node: Node, anchor: str | None, size: int, height: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = (node, size, height)
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        parent.size += size
        parent.height = max(parent.height, height + 1)
        if parent.size > MAX_NODES:
            self.stop(self.at, f"too large with its aliases expanded (more than {MAX_NODES:,} values)")
        if not parent.is_mapping:
            parent.items.append(node)
        elif parent.key is not None and parent.key_mark is not None:
            parent.entries.setdefault(parent.key, Entry(parent.key_mark, node))
            parent.key = parent.key_mark = None

    def check_key_position(self, what: str) -> None:
        if self.open and self.open[-1].is_mapping and self.open[-1].key is None:
            self.stop(
                self.at, f"{what} cannot be a key", "in a value such as {a: 1}, is a quote or a key missing?"
            )

    def check_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.tag is not None:
            self.stop(self.at, f"tags such as {event.tag} are not supported", "write the plain value")

    def resolve(self, text: str) -> Value:
        try:
            return resolve(text)
        except ValueError:
            self.add(self.at, f"a number of {len(text)} digits is too long")
            return None

    def mark(self, mark: _Position | None) -> Mark:
        if mark is None:
            return self.at
        column = mark.column + (self.first_column if mark.line == 0 else 1)
        return Mark(self.file, mark.line + self.first_line, column)

    def problem(self, mark: Mark, message: str, hint: str) -> Problem:
        row = mark.line - self.first_line
        source = self.lines[row] if 0 <= row < len(self.lines) else ""
        return Problem(mark.file, mark.line, mark.column, "", message, hint, source)

    def add(self, mark: Mark, message: str, hint: str = "") -> None:
        self.problems.append(self.problem(mark, message, hint))

    def stop(self, mark: Mark, message: str, hint: str = "") -> NoReturn:
        raise ScenarioError([*self.problems, self.problem(mark, message, hint)])


_INT = re.compile(r"[-+]?[0-9]+")
_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"([-+]?)(\.inf|\.Inf|\.INF)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORDS: dict[str, Value] = {
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


def resolve(text: str) -> Value:
    """The value of a plain scalar. ValueError for an integer of more digits than Python converts.

    A date that is not in the calendar stays text: the schema, which knows that a date is expected, says what is wrong.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _BASE.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if match := _INFINITE.fullmatch(text):
        return float(f"{match[1]}inf")
    if _DATE.fullmatch(text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            return text
    return text


def _unreadable(error: yaml.MarkedYAMLError) -> tuple[str, str]:
    """Message and hint for YAML that cannot be parsed, in plainer words than PyYAML's for the usual slips."""
    problem = error.problem or "cannot read this"
    if "'\\t'" in problem:
        return "a tab cannot stand here", "YAML is indented with spaces"
    if "mapping values are not allowed" in problem:
        return "a second ':' on this line, or a wrong indentation", "put a text that holds ': ' in quotes"
    if "could not find expected ':'" in problem:
        return "a key without ':'", "is a ':' missing at the end of the line before?"
    if "found unexpected end of stream" in problem:
        return f"the file ends too early ({error.context or 'something is left open'})", "is a quote missing?"
    if "found ':'" in problem:
        return "a key is missing before ':'", ""
    if "expected <block end>" in problem:
        return "the indentation does not match the lines above", ""
    context = f" ({error.context})" if error.context else ""
    return f"unreadable YAML: {problem}{context}", ""
