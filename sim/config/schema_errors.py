"""A document against its schema: pydantic's checks, told as problems with positions, for people.

Pydantic reads in its lax mode, where lists can be tuples and text can be a date; what that mode would bend too far is
refused before: text or `true` for a number, a number for a date or a switch. A field that reads such values on purpose
says so with a BeforeValidator in its annotation.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, BeforeValidator, PlainValidator, ValidationError, WrapValidator
from pydantic_core import ErrorDetails

from analysis.contract.nearest_names import did_you_mean
from sim.config.documents import Document
from sim.config.nodes import Mapping, Node, Scalar, Sequence
from sim.config.problems import Path, Problem, ProblemAt, ProblemsAt, ScenarioError, listed
from sim.config.schema import Schema

Model = TypeVar("Model", bound=BaseModel)

READERS = (BeforeValidator, PlainValidator, WrapValidator)
KEYS_SHOWN = 40  # known keys listed after an unknown one


def parse(document: Document, model: type[Model]) -> Model:
    """The document as an instance of `model`. Raises ScenarioError with every problem, by position."""
    explainer = _Explainer(document, model)
    found = list(explainer.wrong_kinds())
    try:
        valid = model.model_validate(document.tree)
    except ValidationError as error:
        told = {problem.path for problem in found}
        found += [
            problem
            for problem in explainer.explain(error.errors(include_url=False))
            if problem.path not in told
        ]
    else:
        if not found:
            return valid
    order = {name: number for number, name in enumerate(document.files)}
    raise ScenarioError(sorted(found, key=lambda p: (order.get(p.file, 0), p.line, p.column)))


# What was expected, by the beginning of pydantic's error type (https://docs.pydantic.dev/latest/errors/validation_errors/).
EXPECTED = {
    "int_": "a whole number",
    "float_": "a number",
    "decimal_": "a number",
    "bool_": "true or false",
    "string_type": "text",
    "string_sub_type": "text",
    "date_": "a date such as 2025-05-22",
    "datetime_": "a time such as 2025-05-22T10:00:00Z",
    "dict_": "a mapping (key: value)",
    "mapping_": "a mapping (key: value)",
    "model_": "a mapping (key: value)",
    "dataclass_": "a mapping (key: value)",
    "list_": "a list",
    "tuple_": "a list",
    "set_": "a list",
    "frozen_set_": "a list",
    "iterable_": "a list",
    "none_required": "nothing (~)",
}


# Kinds that pydantic's lax mode would make from a value of another kind.
BENT: dict[type, tuple[type, ...]] = {
    bool: (int, float, str, dt.date, dt.datetime),
    int: (bool, dt.date, dt.datetime),
    float: (bool, dt.date, dt.datetime),
    str: (bool, int, float),
}
NAMES: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    dt.date: "a date such as 2025-05-22",
    dt.datetime: "a time such as 2025-05-22T10:00:00Z",
}


class _Explainer:
    """Turns pydantic's errors about one document into problems."""

    def __init__(self, document: Document, model: type[BaseModel]) -> None:
        self.document, self.schema = document, Schema(document, model)

    def wrong_kinds(self) -> Iterator[Problem]:
        """Scalars of a kind that the schema does not name, though pydantic would make one of it."""
        for path, value in _scalars(self.document.root, ()):
            kinds = [] if value is None else self.schema.allowed(path)
            refused = BENT.get(type(value), ())
            if kinds and all(
                kind in refused and not any(isinstance(m, READERS) for m in meta) for kind, meta in kinds
            ):
                expected = listed(list(dict.fromkeys(NAMES[kind] for kind, _ in kinds)))
                yield self.document.problem(
                    path, f"expected {expected}, got {self.given(path)}", self.repair(path, expected)
                )

    def explain(self, errors: Iterable[ErrorDetails]) -> Iterator[Problem]:
        """One problem per error; the errors of a union's branches become those of the branch that was meant."""
        unions: dict[Path, list[ErrorDetails]] = {}
        for error in errors:
            path, tag = self.place(error)
            if tag is None:
                yield from self.problems(error, path)
            else:
                unions.setdefault(path, []).append(error)
        for path, branches in unions.items():
            yield from self.union(path, branches)

    def place(self, error: ErrorDetails) -> tuple[Path, int | None]:
        """Where an error's location leads in the document, and the index of its first part that is no key: the name
        of a union's branch, None if there is none."""
        node: Node | None = self.document.root
        path: list[str | int] = []
        loc = error["loc"]
        for index, part in enumerate(loc):
            if isinstance(node, Mapping) and str(part) in node.entries:
                node = node.entries[str(part)].node
            elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
                node = node.items[part]
            elif part == "[key]" or (error["type"] == "missing" and index == len(loc) - 1):
                continue
            else:
                return tuple(path), index
            path.append(part)
        return tuple(path), None

    def union(self, path: Path, errors: list[ErrorDetails]) -> Iterator[Problem]:
        branches: dict[str | int, list[ErrorDetails]] = {}
        for error in errors:
            index = len(path)
            inner: ErrorDetails = {**error, "loc": (*error["loc"][:index], *error["loc"][index + 1 :])}
            branches.setdefault(error["loc"][index], []).append(inner)
        # A branch is meant if the kind of value is right; of several, the one with the fewest problems.
        meant = [
            branch for branch in branches.values() if not any(self.is_wrong_kind(e, path) for e in branch)
        ]
        if meant:
            meant.sort(key=len)
            yield from self.explain(meant[0])
            return
        kinds = [_expected(error) or error["msg"] for branch in branches.values() for error in branch[:1]]
        expected = listed(list(dict.fromkeys(kinds)))
        yield self.document.problem(
            path, f"expected {expected}, got {self.given(path)}", self.repair(path, expected)
        )

    def is_wrong_kind(self, error: ErrorDetails, path: Path) -> bool:
        return _expected(error) is not None and tuple(error["loc"]) == path

    def problems(self, error: ErrorDetails, path: Path) -> Iterator[Problem]:
        kind, context = error["type"], error.get("ctx", {})
        cause = context.get("error")
        if isinstance(cause, ProblemsAt | ProblemAt):
            for inner in cause.problems if isinstance(cause, ProblemsAt) else (cause,):
                yield self.document.problem((*path, *inner.path), inner.message, inner.hint, inner.at_key)
        elif kind == "missing":
            last = error["loc"][-1]
            if isinstance(last, int):
                yield self.document.problem(
                    path, f"this list is too short: it has no item {last} (counted from 0)"
                )
            else:
                yield self.missing(path, last)
        elif kind == "extra_forbidden":
            yield self.unknown_key(path)
        elif kind in ("value_error", "assertion_error"):
            yield self.document.problem(path, str(cause) or error["msg"])
        elif kind in ("enum", "literal_error"):
            yield self.not_allowed(path, str(context["expected"]), error["loc"][-1:] == ("[key]",))
        elif kind == "union_tag_invalid":
            tag = str(context["discriminator"]).strip("'")
            yield self.not_allowed((*path, tag), str(context["expected_tags"]))
        elif kind == "union_tag_not_found":
            yield self.missing(path, str(context["discriminator"]).strip("'"))
        else:
            yield self.bad_value(error, path)

    def bad_value(self, error: ErrorDetails, path: Path) -> Problem:
        is_key = error["loc"][-1:] == ("[key]",)
        given = f"'{path[-1]}'" if is_key else self.given(path)
        if expected := _expected(error):
            reason = str(error.get("ctx", {}).get("error", ""))
            value = path[-1] if is_key else error["input"]
            if (
                expected.startswith("a date")
                and isinstance(value, str)
                and re.fullmatch(r"\d{4}-\d\d-\d\d", value)
            ):
                part = (
                    "year" if reason.startswith("year") else "month" if reason.startswith("month") else "day"
                )
                return self.document.problem(
                    path, f"{value} is not in the calendar (there is no such {part})", "", is_key
                )
            what = "expected " + ("a key that is " if is_key else "") + expected
            return self.document.problem(
                path, f"{what}, got {given}", "" if is_key else self.repair(path, expected), is_key
            )
        limits = error.get("ctx", {})
        match error["type"]:
            case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
                wanted = _range({**self.schema.limits(path), **limits})
                return self.document.problem(path, f"must be {wanted}, got {given}", "", is_key)
            case "finite_number":
                message = f"must be a finite number, got {given}"
            case "too_short" | "too_long" | "string_too_short" | "string_too_long":
                unit = "characters" if error["type"].startswith("string") else "entries"
                least, most = limits.get("min_length"), limits.get("max_length")
                bound = f"at least {least}" if least is not None else f"at most {most}"
                actual = limits.get("actual_length", len(error["input"]))
                message = f"must have {bound} {unit}, has {actual}"
            case "string_pattern_mismatch":
                message = f"must match {limits['pattern']}, got {given}"
            case _:
                text = error["msg"].removeprefix("Input ")
                message = f"{text[:1].lower()}{text[1:]}, got {given}"
        return self.document.problem(path, message, "", is_key)

    def not_allowed(self, path: Path, expected: str, is_key: bool = False) -> Problem:
        allowed = re.findall(r"'((?:[^'\\]|\\.)*)'", expected)
        node = self.document.node(path)
        value = str(path[-1]) if is_key else node.value if isinstance(node, Scalar) else None
        hint = did_you_mean(value, allowed) if isinstance(value, str) else ""
        names = listed(allowed) if allowed else expected
        what = "keys here are" if is_key else "expected"
        given = f"'{path[-1]}'" if is_key else self.given(path)
        return self.document.problem(path, f"{what} {names}; got {given}", hint, is_key)

    def missing(self, path: Path, key: str) -> Problem:
        node = self.document.node(path)
        if isinstance(node, Mapping) and key in node.removed:
            return self.document.problem((*path, key), f"key '{key}' is needed and cannot be removed")
        return self.document.problem(path, f"missing key '{key}'")

    def unknown_key(self, path: Path) -> Problem:
        known = self.schema.known_keys(path[:-1])
        key = str(path[-1])
        if not known:
            return self.document.problem(path, f"unknown key '{key}'", "no keys are known here", at_key=True)
        shown = ", ".join(known[:KEYS_SHOWN]) + (", ..." if len(known) > KEYS_SHOWN else "")
        guess = did_you_mean(key, known)
        return self.document.problem(
            path,
            f"unknown key '{key}'",
            f"{guess} Known keys here: {shown}" if guess else f"known keys here: {shown}",
            True,
        )

    def given(self, path: Path) -> str:
        """The value at a path in words."""
        match self.document.node(path):
            case Mapping():
                return "a mapping"
            case Sequence():
                return "a list"
            case Scalar(value=None) | None:
                return "nothing (null)"
            case Scalar(value=bool(value)):
                return "true" if value else "false"
            case Scalar(value=str(value)):
                return f"the text '{_short(value)}'"
            case Scalar(value=value):
                return _short(str(value))

    def repair(self, path: Path, expected: str) -> str:
        """A hint for values that are nearly of the right kind."""
        node = self.document.node(path)
        value = node.value if isinstance(node, Scalar) else None
        if expected == "text" and value is not None:
            return "put it in quotes"
        if "number" in expected and isinstance(value, str):
            digits = value.replace("_", "").replace(" ", "").replace("'", "")
            if re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?", digits):
                return f"write {digits}" + (" without quotes" if digits == value else "")
            if re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?%", value):
                return f"write {float(value[:-1]) / 100:g}"
        return ""


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _scalars(node: Node, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(node, Scalar):
        yield path, node.value
    elif isinstance(node, Sequence):
        for number, item in enumerate(node.items):
            yield from _scalars(item, (*path, number))
    else:
        for key, entry in node.entries.items():
            yield from _scalars(entry.node, (*path, key))


def _expected(error: ErrorDetails) -> str | None:
    kind = error["type"]
    return next((text for start, text in EXPECTED.items() if kind.startswith(start)), None)


def _range(limits: dict[str, Any]) -> str:
    """Limits in words: `between 0 and 1`, `more than 0`, `at least 1 and less than 10`."""
    limits = {name: f"{limit:g}" if isinstance(limit, float) else limit for name, limit in limits.items()}
    if limits.keys() >= {"ge", "le"}:
        return f"between {limits['ge']} and {limits['le']}"
    words = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}
    return " and ".join(f"{text} {limits[name]}" for name, text in words.items() if name in limits)
