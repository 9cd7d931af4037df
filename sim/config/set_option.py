"""Overrides: `section.key=value` (`--set`) on top of a document.

The value is YAML. A key that holds a dot stands in quotes (`models."openai/gpt-4.1".released=2025-04-14`); an item of a
list is named by its number from 0, and `+` adds one (`calendar.+={event: outage, ...}`); a date of a timeline is set
or added.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from collections.abc import Sequence as Items
from dataclasses import dataclass, replace
from typing import cast

from sim.config.merging import DATE, is_null, is_timeline, merge, replaces
from sim.config.nodes import MAX_DEPTH, Entry, Mapping, Node, Scalar, Sequence, compose, source_lines
from sim.config.problems import Mark, Problem, ScenarioError, dotted
from sim.config.switches import ALL, Switches, is_switch, switched_on, written_out

ADDED = "+"  # names the item that is added to a list
OVERRIDES = "--set"  # stands for the file name in the marks of overrides; the line is the override's number
_PART = re.compile(r"\"([^\"]*)\"|'([^']*)'|([^.=\"'\s][^.=\"']*)")


@dataclass(frozen=True, slots=True)
class _Step:
    key: str
    mark: Mark
    rest: str  # of the argument, from this step on


def override(
    root: Mapping, text: str, number: int, source: str, alternatives: Collection[str], switches: Switches
) -> Mapping:
    """`root` with the override `text` on top, which is the `number`th of its `source`. Raises ScenarioError."""
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
    word = len(keys) == 2 and keys[1] in switches.get(keys[0], ()) and is_switch(value)
    if word or (keys[0] in switches and keys[1:2] in ([], [ALL])):  # a small file of its own
        file: Node = value
        for step in reversed(steps):
            file = Mapping({step.key: Entry(step.mark, file)}, step.mark)
        file = written_out(cast(Mapping, file), {source: [text] * number}, switches)
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
        return value if node is None else merge(node, value, alternatives)
    step = steps[0]
    if step.key == ADDED and not isinstance(node, Mapping):
        if isinstance(node, Scalar) and not is_null(node):
            raise _refused(text, step.mark, f"{ADDED} adds an item to a list, this is none")
        before = node.items if isinstance(node, Sequence) else ()
        item = _put(None, steps[1:], value, text, alternatives)
        return Sequence((*before, item), step.mark if node is None else node.mark)
    if isinstance(node, Sequence):
        number = int(step.key) if step.key.isascii() and step.key.isdecimal() and len(step.key) < 10 else -1
        if not 0 <= number < len(node.items):
            known = f"0 to {len(node.items) - 1}" if node.items else "none: it is empty"
            hint = f"items: {known}; {ADDED} adds one"
            raise _refused(text, step.mark, f"this list has no item {step.key}", hint)
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
    if len(steps) == 1 and old is not None and isinstance(node, Mapping) and is_null(value):
        kept = {key: entry for key, entry in entries.items() if key != step.key}
        return Mapping(kept, node.mark, {**node.removed, step.key: value.mark})
    one = {step.key: Entry(step.mark, _put(old.node if old else None, steps[1:], value, text, alternatives))}
    if not isinstance(node, Mapping):
        return Mapping(one, step.mark)
    if is_timeline(node) and DATE.fullmatch(step.key):
        return replace(node, entries=dict(sorted({**entries, **one}.items())))
    if replaces(node, Mapping(one, step.mark), alternatives):
        return Mapping(one, step.mark)
    removed = {key: mark for key, mark in node.removed.items() if key != step.key}
    return Mapping({**switched_on(entries, one), **one}, node.mark, removed)


def _refused(text: str, mark: Mark, message: str, hint: str = "") -> ScenarioError:
    return ScenarioError(
        [Problem(mark.file, mark.line, mark.column, "", message, hint, source_lines(text)[0])]
    )
