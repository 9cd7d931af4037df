"""A file's schema for reading: each key with its meaning, unit, allowed values, default and an example.

All of it comes from the JSON Schema of the file; examples come from the shipped files, so that each one is in use.
A place in a schema is a dotted path, in which NAME stands for any name and an event of the calendar is named by its
kind: `population.segments.NAME.life_days`, `calendar.wave.days`.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from testbed.arguments import hint

NAME = "NAME"
KEYS = "the keys below"
WIDTH = 80  # columns
UNITS = (
    ("usd_per_mtok", "in USD per million tokens"), ("_per_month", "a chance in 30 days"), ("share_of_users", "a share"),
    ("requests_per_day", "in requests a day"), ("requests", "in requests"), ("tokens", "in tokens"),
    ("days", "in days"), ("offset_hours", "in hours"), ("_b", "in billions"), ("share", "a share"),
    ("prompt", "in USD per million tokens"), ("completion", "in USD per million tokens"),
    ("cached", "in USD per million tokens"), ("accuracy", "a share"), ("users", "users"),
)  # fmt: skip
"""Units by what a key's name ends in."""

Schema = Mapping[str, Any]
Path = tuple[str, ...]


class UnknownSection(Exception):
    """A section that the schema does not have; the text is for people."""


@dataclass(frozen=True)
class Key:
    """One key. path: from the top. kind: what may be written. default: as text, empty if there is none."""

    path: tuple[str, ...]
    schema: Schema
    required: bool
    is_section: bool

    @property
    def dotted(self) -> str:
        """The path as people write it."""
        return ".".join(self.path)


def walk(schema: Schema) -> Iterator[Key]:
    """All keys of a schema, sections before what they hold."""
    yield from _walk(schema, (), schema.get("$defs", {}))


def _walk(node: Schema, path: tuple[str, ...], known: Schema) -> Iterator[Key]:
    for option in _options(node, known):
        required = option.get("required", [])
        for name, inner in option.get("properties", {}).items():
            if "const" in inner and "default" not in inner:
                continue  # the name of the kind, which the path holds
            deeper = list(_walk(inner, (*path, name), known))
            yield Key((*path, name), inner, name in required, bool(deeper))
            yield from deeper
        if isinstance(option.get("additionalProperties"), dict):
            yield from _walk(option["additionalProperties"], (*path, NAME), known)
        if "items" in option:
            kinds = option["items"].get("discriminator", {}).get("mapping", {})
            for kind, reference in kinds.items():
                inner = {"$ref": reference}
                yield Key((*path, kind), inner, False, True)
                yield from _walk(inner, (*path, kind), known)
            if not kinds:
                yield from _walk(option["items"], path, known)


def _options(node: Schema, known: Schema) -> Iterator[Schema]:
    """A node's alternatives without references. Values that vary and values by date are one thing each."""
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        yield from () if name in ("Distribution", "Timeline") else _options(known[name], known)
    elif "anyOf" in node:
        for option in node["anyOf"]:
            yield from _options(option, known)
    else:
        yield node


def kind_of(node: Schema, known: Schema) -> str:
    """What may be written at a key, in words."""
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        if name == "Distribution":
            return "number or distribution"
        return "number, numbers by date or a curve" if name == "Timeline" else kind_of(known[name], known)
    if "anyOf" in node:
        kinds = [kind_of(option, known) for option in node["anyOf"] if option.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "const" in node:
        return f"only {node['const']}"
    if "enum" in node:
        if True in node["enum"]:
            return "on or off"
        return f"one of {', '.join(map(str, node['enum']))}"
    if node.get("type") == "array":
        if "prefixItems" in node:
            return f"list of {len(node['prefixItems'])} {kind_of(node['prefixItems'][0], known)}s"
        if "discriminator" in node.get("items", {}):
            return "list of events, each of one of the kinds below"
        return f"list of {_plural(kind_of(node.get('items', {}), known))}"
    if node.get("type") == "object":
        inner = node.get("additionalProperties")
        if inner is True:
            return "mapping"
        return f"mapping NAME: {kind_of(inner, known)}" if isinstance(inner, dict) else KEYS
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
    if node.get("format") == "date":
        return "date"
    return (words.get(node.get("type", ""), "any value") + " " + _range(node)).strip()


def _plural(kind: str) -> str:
    head, blank, rest = kind.partition(" ")
    if kind in ("text", KEYS):
        return {"text": "texts", KEYS: "mappings of the keys below"}[kind]
    return f"{head}s{blank}{rest}" if head in ("date", "number") else kind


def _range(node: Schema) -> str:
    least, most = node.get("minimum"), node.get("maximum")
    if least is not None and most is not None:
        return f"from {least:g} to {most:,}"
    words = (
        ("exclusiveMinimum", "above"),
        ("minimum", "from"),
        ("exclusiveMaximum", "below"),
        ("maximum", "up to"),
    )
    given = {key for key, _ in words if key in node}
    if "minimum" in given:
        given.discard("exclusiveMinimum")  # a key that is positive, and at least something
    shown = (f"{word} {node[key]:,}" for key, word in words if key in given and abs(node[key]) < 2**62)
    return " and ".join(shown)


def unit_of(key: Key, known: Schema) -> str:
    """A key's unit by its name; empty for what has none."""
    if "number" not in kind_of(key.schema, known):
        return ""
    return next((unit for ending, unit in UNITS if key.path[-1].endswith(ending)), "")


def overview(schema: Schema, command: str) -> str:
    """Its sections, each with its keys. command: what shows one section in full."""
    known = schema.get("$defs", {})
    found = list(walk(schema))
    extends = any(key.path == ("extends",) for key in found)
    lines = ["Keys at the top", ""]
    lines += _wrapped(", ".join(_marked(key) for key in found if len(key.path) == 1 and not key.is_section))
    for section in (key for key in found if len(key.path) == 1 and key.is_section):
        own = [key for key in found if key.path[:1] == section.path and len(key.path) > 1]
        told = f"{_marked(section)}: {_meaning(section.schema, known) or kind_of(section.schema, known)}"
        lines += ["", *textwrap.wrap(told, WIDTH)]
        shallow = [key for key in own if key.is_section or not _within_shown(key, own)]
        lines += _wrapped(
            ", ".join(".".join(key.path[1:]) + ("." if key.is_section else "") for key in shallow)
        )
    lines += [
        "",
        f"* required{', here or in what the file extends' if extends else ''}",
        f"One section in full, or one key: {command} SECTION",
    ]
    return "\n".join(lines) + "\n"


def _within_shown(key: Key, others: Iterable[Key]) -> bool:
    """Whether a key lies in a section that is listed itself."""
    return any(one.is_section and one is not key and key.path[: len(one.path)] == one.path for one in others)


def _marked(key: Key) -> str:
    return f"{key.dotted}{'*' if key.required else ''}"


def section(schema: Schema, wanted: str, examples: Mapping[str, Any]) -> str:
    """One section's keys, or one key, in full. examples: a value in use by dotted path. Raises UnknownSection."""
    known = schema.get("$defs", {})
    found = {key.dotted: key for key in walk(schema)}
    parts = tuple(wanted.split("."))
    own = [key for key in found.values() if key.path[: len(parts)] == parts]
    if not own:
        raise UnknownSection(f"no section '{wanted}'{hint(wanted, found)}; sections: "
                             + ", ".join(name for name, key in found.items() if key.is_section))  # fmt: skip
    blocks = []
    for key in own:
        lines = [key.dotted]
        lines += _wrapped(_meaning(key.schema, known))
        if (facts := _facts(key, known)) != KEYS:
            lines += _wrapped(facts)
        if shown := _example(key, examples, known):
            lines += _wrapped(f"example: {key.path[-1]}: {shown}")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _facts(key: Key, known: Schema) -> str:
    """What may be written at a key, its unit, and its default."""
    facts = [kind_of(key.schema, known).replace(f"mapping NAME: {KEYS}", f"a mapping, NAME: {KEYS}")]
    if unit := unit_of(key, known):
        facts.append(unit)
    default = key.schema.get("default")
    if key.required:
        facts.append("required")
    elif default is not None and not (key.is_section and isinstance(default, dict)):
        facts.append(f"default {written(default)}")
    return "; ".join(facts)


def _example(key: Key, examples: Mapping[str, Any], known: Schema) -> str:
    """A value of a key as text: the schema's own, one in use, the default, or the first that is allowed."""
    if key.is_section:
        return ""
    stated = [*key.schema.get("examples", ()), *(examples[name] for name in [key.dotted] if name in examples)]
    if key.schema.get("default") is not None:
        stated.append(key.schema["default"])
    stated += _allowed(key.schema, known)
    room = WIDTH - len(f"    example: {key.path[-1]}: ")
    texts = [written(value) for value in stated]
    return next((text for text in texts if len(text) <= room), min(texts, key=len, default=""))


def _allowed(node: Schema, known: Schema) -> Iterator[Any]:
    """Values that a schema allows, the simplest first."""
    for part in (node, *node.get("anyOf", [])):
        kind = part.get("$ref", "").rpartition("/")[2]
        if kind == "Timeline":
            yield {dt.date(2025, 1, 1): 1.0, dt.date(2025, 12, 31): 2.5}
        elif kind == "Distribution":
            yield 0.5
    for option in _options(node, known):
        if "enum" in option:
            yield option["enum"][0]
        elif option.get("format") == "date":
            yield dt.date(2025, 1, 15)
        elif option.get("type") in ("number", "integer"):
            yield option.get("maximum", option.get("minimum", 1))


def _meaning(node: Schema, known: Schema) -> str:
    """A key's description, or that of the section that it holds."""
    if "description" in node:
        return " ".join(str(node["description"]).split())
    references = [node, *node.get("anyOf", []), node.get("additionalProperties"), node.get("items")]
    for part in references:
        if isinstance(part, dict) and "$ref" in part:
            return " ".join(known[part["$ref"].rpartition("/")[2]].get("description", "").split())
    return ""


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="    ", break_long_words=False)


def written(value: Any) -> str:
    """A value as a file has it, on one line."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if value in ("on", "off"):
        return str(value)  # quoted in YAML 1.1 only
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
    return text.removesuffix("\n...\n").strip()


def examples_in(trees: Iterable[Mapping[str, Any]], schema: Schema) -> dict[str, Any]:
    """For each key of the schema the first value that one of the files has there."""
    paths = {key.path for key in walk(schema)}
    named = {path[:at] for path in paths for at, part in enumerate(path) if part == NAME}
    found: dict[str, Any] = {}
    for tree in trees:
        for path, value in _values(tree, (), paths, named):
            found.setdefault(".".join(path), value)
    return found


def _values(value: Any, path: Path, paths: set[Path], named: set[Path]) -> Iterator[tuple[Path, Any]]:
    """The values of a tree by their paths. named: the paths below which any name may stand."""
    if path in paths:
        yield path, value
    yield from _within(value, path, paths, named)


def _within(value: Any, path: Path, paths: set[Path], named: set[Path]) -> Iterator[tuple[Path, Any]]:
    """What `_values` finds below a value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            own = (*path, str(name))
            yield from _values(
                inner, (*path, NAME) if path in named and own not in paths else own, paths, named
            )
    elif isinstance(value, list):
        for item in (one for one in value if isinstance(one, dict)):
            if "event" in item:
                yield from _values(item, (*path, str(item["event"])), paths, named)
            else:
                yield from _within(item, path, paths, named)
