"""Scenario documents: YAML files with `extends` and overrides, in which every value knows where it was last set.

`extends: other.yaml` (a path relative to the file) or `extends: report` (the name of a shipped one, where no file
beside it is called so) puts a document on top of another one:

- mappings merge key by key; lists and scalars replace what they extend;
- `~` (or `null`) removes an inherited key; where nothing is inherited it is an ordinary null;
- two kinds of mapping are one value and replace whole: a distribution of another family, and a timeline of dates;
- `all` among switches is short for each of them (see `sim.config.switches`).

An override `section.key=value` (`--set`) is a small document on top of the last one. Its value is YAML; a key that
holds a dot stands in quotes (`models."openai/gpt-4.1".released=2025-04-14`); an item of a list is named by its number
from 0; a date of a timeline is set or added.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from collections.abc import Sequence as Items
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any, cast

from analysis.contract.names import did_you_mean
from sim.config.nodes import MAX_DEPTH, Entry, Mapping, Node, Scalar, Sequence, compose, plain, source_lines
from sim.config.problems import Mark, Path, Problem, ProblemAt, ProblemsAt, ScenarioError, dotted
from sim.config.switches import ALL, is_switch, spread, switched_on

__all__ = [
    "Document",
    "Mark",
    "Problem",
    "ProblemAt",
    "ProblemsAt",
    "ScenarioError",
    "load_document",
]

OVERRIDES = "--set"  # stands for the file name in the marks of overrides; the line is the override's number
_NO_NAMES: dict[str, FilePath] = {}
Switches = dict[str, Collection[str]]
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
    files = _chain(os.fspath(path), sources, named)
    *children, root = [_with_all(file, sources, switches) for file in files]
    for child in reversed(children):
        root = _merge_keys(root, child, alternatives)
    if overrides:
        sources[OVERRIDES] = list(overrides)
    placed = [(text, number, OVERRIDES) for number, text in enumerate(overrides, start=1)]
    for name, value in (options or {}).items():
        placed.append((f"{name}={value}", 1, f"--{name}"))
        sources[f"--{name}"] = [f"{name}={value}"]
    problems: list[Problem] = []
    for text, number, source in placed:
        try:
            root = _override(root, text, number, source, alternatives, switches)
        except ScenarioError as error:
            problems.extend(error.problems)
    if problems:
        raise ScenarioError(problems)
    return Document(root, sources)


def _chain(path: str, sources: dict[str, list[str]], named: dict[str, FilePath]) -> list[Mapping]:
    """The mappings of a file and of all that it extends, the file's own first; the key `extends` is taken out."""
    chain: list[Mapping] = []
    seen: list[str] = []
    blame: Problem | None = None
    while True:
        text, name = _read(path, blame, named)
        real = os.path.realpath(path)
        if blame is not None and real in seen:
            circle = " -> ".join(_shown(file) for file in [*seen[seen.index(real) :], real])
            raise ScenarioError([replace(blame, message=f"extends goes in a circle: {circle}")])
        seen.append(real)
        sources[name] = source_lines(text)
        node = compose(text, name)
        if node is None:
            hint = "write at least one 'key: value'"
            raise ScenarioError([Problem(name, 1, 1, "", "the file is empty", hint)])
        if not isinstance(node, Mapping):
            hint = "begin with lines such as 'users: 20000'"
            raise ScenarioError([_problem(node.mark, sources, "", "a scenario is a mapping", hint)])
        entries = dict(node.entries)
        parent = entries.pop("extends", None)
        chain.append(replace(node, entries=entries))
        if parent is None:
            return chain
        blame = _problem(parent.node.mark, sources, "extends", "expected the name of one file")
        target = parent.node.value if isinstance(parent.node, Scalar) else None
        if not isinstance(target, str) or not target:
            hint = "to extend several, let one extend the next" if isinstance(parent.node, Sequence) else ""
            raise ScenarioError([replace(blame, hint=hint)])
        path = os.path.join(os.path.dirname(path), target)
        if target in named and not os.path.isfile(path):
            path = os.fspath(named[target])


def _read(path: str, blame: Problem | None, named: dict[str, FilePath]) -> tuple[str, str]:
    """A file's text and its name as printed; a file that cannot be read is a problem, at `blame` if there is one."""
    name = _shown(path)

    def stop(message: str, hint: str = "") -> ScenarioError:
        if blame is None:
            return ScenarioError([Problem(name, 1, 1, "", message, hint)])
        return ScenarioError([replace(blame, message=f"'{name}': {message}", hint=hint)])

    try:
        file = FilePath(path)
        if file.is_dir():
            raise stop("this is a folder", "name a file in it")
        if file.exists() and not file.is_file():
            raise stop("this is not an ordinary file")
        return file.read_bytes().decode("utf-8-sig"), name
    except FileNotFoundError:
        raise stop("no such file", _other_file(path, list(named) if blame else ())) from None
    except UnicodeDecodeError as error:
        before = source_lines(file.read_bytes()[: error.start].decode("utf-8-sig", errors="replace"))
        at = Problem(
            name, len(before), len(before[-1]) + 1, "", "this file is not text in UTF-8", "save it as UTF-8"
        )
        raise ScenarioError([at]) from None
    except OSError as error:
        raise stop(f"cannot be read ({(error.strerror or str(error)).lower()})") from None
    except ValueError:  # a NUL character or half a character in the name
        raise stop("this is not the name of a file") from None


def _other_file(path: str, names: Items[str]) -> str:
    """A hint that names the nearest file beside the one that is missing, or the nearest of the names."""
    folder, name = os.path.split(path)
    try:
        files = [file.name for file in FilePath(folder or ".").iterdir() if file.suffix in (".yaml", ".yml")]
    except OSError:
        files = []
    stem = name.removesuffix(".yaml")
    if stem in names:
        return f"did you mean '{stem}', which is shipped?"
    known = {file if "." in name else file.rpartition(".")[0]: file for file in sorted(files)}
    known |= {one: one for one in names if one not in known}
    of_folder = f"{os.path.basename(folder)}/{stem}"  # a name such as nulls/base
    return did_you_mean(name, known, shown=known) or did_you_mean(of_folder, names)


def _shown(path: str) -> str:
    """A path as printed: relative to the current folder if inside it, otherwise as given."""
    try:
        relative = os.path.relpath(path)
    except (OSError, ValueError):
        return path
    return path if relative.startswith("..") else relative


def _problem(mark: Mark, sources: dict[str, list[str]], path: str, message: str, hint: str = "") -> Problem:
    source = sources[mark.file][mark.line - 1]
    return Problem(mark.file, mark.line, mark.column, path, message, hint, source)


def _with_all(file: Mapping, sources: dict[str, list[str]], switches: Switches) -> Mapping:
    """One file's mapping, with each `all` among switches written out."""
    for group, names in switches.items():
        entry = file.entries.get(group)
        if entry is None or not isinstance(entry.node, Mapping) or ALL not in entry.node.entries:
            continue
        given = entry.node.entries[ALL].node
        if not is_switch(given):
            raise ScenarioError([_problem(given.mark, sources, f"{group}.{ALL}", "expected on or off")])
        written = Entry(entry.key, spread(entry.node, names))
        file = replace(file, entries={**file.entries, group: written})
    return file


# --- merging --------------------------------------------------------------------------------------------------------

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def _child(node: Node | None, part: str | int) -> Node | None:
    if isinstance(node, Mapping):
        entry = node.entries.get(str(part))
        return entry.node if entry else None
    if isinstance(node, Sequence) and isinstance(part, int) and 0 <= part < len(node.items):
        return node.items[part]
    return None


def _merge(base: Node, over: Node, alternatives: Collection[str]) -> Node:
    """`over` on top of `base`."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping) or _replaces(base, over, alternatives):
        return over
    return _merge_keys(base, over, alternatives)


def _merge_keys(base: Mapping, over: Mapping, alternatives: Collection[str]) -> Mapping:
    entries, removed = dict(switched_on(base.entries, over.entries)), dict(base.removed)
    for key, entry in over.entries.items():
        if key in entries and _is_null(entry.node):
            del entries[key]
            removed[key] = entry.node.mark
            continue
        removed.pop(key, None)
        entries[key] = (
            Entry(entry.key, _merge(entries[key].node, entry.node, alternatives)) if key in entries else entry
        )
    return Mapping(entries, over.mark, removed)


def _replaces(base: Mapping, over: Mapping, alternatives: Collection[str]) -> bool:
    """Whether `over` is one value that must not mix with the keys of `base`."""
    before, after = _only_key(base, alternatives), _only_key(over, alternatives)
    return _is_timeline(over) or (before != after and None not in (before, after))


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def _is_timeline(node: Mapping) -> bool:
    return bool(node.entries) and all(_DATE.fullmatch(key) for key in node.entries)


def _only_key(node: Mapping, alternatives: Collection[str]) -> str | None:
    keys = list(node.entries)
    return keys[0] if len(keys) == 1 and keys[0] in alternatives else None


# --- overrides ------------------------------------------------------------------------------------------------------

_PART = re.compile(r"\"([^\"]*)\"|'([^']*)'|([^.=\"'\s][^.=\"']*)")


@dataclass(frozen=True, slots=True)
class _Step:
    key: str
    mark: Mark
    rest: str  # of the argument, from this step on


def _override(
    root: Mapping, text: str, number: int, source: str, alternatives: Collection[str], switches: Switches
) -> Mapping:
    steps, value_at = _steps(text, number, source)
    if steps[0].key == "extends":
        raise _refused(text, steps[0].mark, "extends cannot be overridden", "name the other file instead")
    try:
        value = compose(text[value_at:], source, number, value_at + 1)
    except ScenarioError as error:
        raise ScenarioError([replace(problem, source=text) for problem in error.problems]) from None
    if value is None:
        raise _refused(
            text, Mark(source, number, value_at + 1), "no value after '='", "write ~ to remove the key"
        )
    keys = [step.key for step in steps]
    if keys[0] in switches and keys[1:2] in ([], [ALL]):  # a small file of its own
        file: Node = value
        for step in reversed(steps):
            file = Mapping({step.key: Entry(step.mark, file)}, step.mark)
        file = _with_all(cast(Mapping, file), {source: [text] * number}, switches)
        value, steps = file.entries[keys[0]].node, steps[:1]
    return cast(Mapping, _put(root, steps, value, text, alternatives))


def _steps(text: str, number: int, source: str) -> tuple[list[_Step], int]:
    """The keys of an override's path, and the index at which its value starts."""
    steps: list[_Step] = []
    at = 0
    if len(source_lines(text)) > 1:
        raise _refused(
            text,
            Mark(source, number, 1),
            "an override is one line",
            "write lists as [a, b], mappings as {a: 1}",
        )
    while True:
        part = _PART.match(text, at)
        mark = Mark(source, number, at + 1)
        if part is None:
            raise _refused(text, mark, "expected a key here", "write section.key=value")
        key = next(group for group in part.groups() if group is not None)
        steps.append(_Step(key if part[3] is None else key.rstrip(), mark, text[at:]))
        if len(steps) > MAX_DEPTH:
            raise _refused(text, mark, f"nested too deeply (more than {MAX_DEPTH} levels)")
        at = part.end()
        sign = text[at : at + 1]
        if sign not in (".", "=") or not sign:
            raise _refused(
                text,
                Mark(source, number, at + 1),
                "expected '=' and a value",
                "write section.key=value",
            )
        at += 1
        if sign == "=":
            return steps, at


def _put(
    node: Node | None, steps: Items[_Step], value: Node, text: str, alternatives: Collection[str]
) -> Node:
    """`node` with `value` merged in at the end of the path."""
    if not steps:
        return value if node is None else _merge(node, value, alternatives)
    step = steps[0]
    if isinstance(node, Sequence):
        number = int(step.key) if step.key.isascii() and step.key.isdecimal() and len(step.key) < 10 else -1
        if not 0 <= number < len(node.items):
            known = f"0 to {len(node.items) - 1}" if node.items else "none: it is empty"
            raise _refused(text, step.mark, f"this list has no item {step.key}", f"items: {known}")
        items = list(node.items)
        items[number] = _put(items[number], steps[1:], value, text, alternatives)
        return Sequence(tuple(items), node.mark)
    entries = node.entries if isinstance(node, Mapping) else {}
    if step.key not in entries:
        for known in entries:
            if known.startswith(f"{step.key}.") and step.rest.startswith(known):
                raise _refused(
                    text, step.mark, f"the key '{known}' holds a dot", f"put it in quotes: {dotted([known])}"
                )
    old = entries.get(step.key)
    if len(steps) == 1 and old is not None and isinstance(node, Mapping) and _is_null(value):
        kept = {key: entry for key, entry in entries.items() if key != step.key}
        return Mapping(kept, node.mark, {**node.removed, step.key: value.mark})
    one = {step.key: Entry(step.mark, _put(old.node if old else None, steps[1:], value, text, alternatives))}
    if not isinstance(node, Mapping):
        return Mapping(one, step.mark)
    if _is_timeline(node) and _DATE.fullmatch(step.key):
        return replace(node, entries=dict(sorted({**entries, **one}.items())))
    if _replaces(node, Mapping(one, step.mark), alternatives):
        return Mapping(one, step.mark)
    removed = {key: mark for key, mark in node.removed.items() if key != step.key}
    return Mapping({**switched_on(entries, one), **one}, node.mark, removed)


def _refused(text: str, mark: Mark, message: str, hint: str = "") -> ScenarioError:
    return ScenarioError(
        [Problem(mark.file, mark.line, mark.column, "", message, hint, source_lines(text)[0])]
    )
