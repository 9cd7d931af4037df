"""What a schema allows at a path of a document: the types there, the keys there, the limits of a value."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, RootModel
from pydantic.fields import FieldInfo

from sim.config.documents import Document
from sim.config.nodes import Mapping, plain
from sim.config.problems import Path

Allowed = tuple[Any, tuple[Any, ...]]
"""A type with its metadata."""


class Schema:
    """A pydantic model, asked along the paths of one document: its values decide which branch of a union is meant."""

    def __init__(self, document: Document, model: type[BaseModel]) -> None:
        self.document, self.model = document, model
        self._meant: dict[Path, list[Allowed]] = {}  # by path: the children of a mapping or list share it

    def allowed(self, path: Path) -> list[Allowed]:
        """The types that the schema allows at a path, each with its metadata."""
        if not path:
            return list(_alternatives(self.model, ()))
        above = path[:-1]
        if above not in self._meant:
            self._meant[above] = self._fitting(self.allowed(above), above)
        return [inner for kind, _ in self._meant[above] for inner in _inside(kind, path[-1])]

    def limits(self, path: Path) -> dict[str, Any]:
        """The limits of a value at a path by their names: gt, ge, lt, le."""
        limits: dict[str, Any] = {}
        for _, metadata in self.allowed(path):
            for item in metadata:
                limits |= limits_of(item.metadata if isinstance(item, FieldInfo) else (item,))
        return limits

    def known_keys(self, path: Path) -> list[str]:
        """Names of the fields at a path, in the order of the schema, and what else it lets people write."""
        found = self._fitting(self.allowed(path), path)
        models = [kind for kind, _ in found if _is_model(kind)]
        names = [
            name
            for kind in models
            for name in (kind.model_json_schema().get("properties", {}) | _fields(kind))
        ]
        if not path:
            names.append("extends")  # known to every document, whether the schema has it or not
        return list(dict.fromkeys(names))

    def _fitting(self, found: list[Allowed], path: Path) -> list[Allowed]:
        """Of several models, those whose literal fields (such as a union's tag) agree with the document."""
        node = self.document.node(path)
        if not isinstance(node, Mapping):
            return found
        agreeing = [(kind, meta) for kind, meta in found if not _is_model(kind) or _agrees(kind, node)]
        return agreeing if any(_is_model(kind) for kind, _ in agreeing) else found


def limits_of(metadata: Iterable[Any]) -> dict[str, Any]:
    """The limits that a type's metadata state, by their names: gt, ge, lt, le."""
    return {
        name: limit
        for part in metadata
        for name in ("gt", "ge", "lt", "le")
        if (limit := getattr(part, name, None)) is not None
    }


def _alternatives(kind: Any, metadata: tuple[Any, ...]) -> Iterator[Allowed]:
    """A type without its Annotated, Optional and Union, one at a time."""
    origin = get_origin(kind)
    if origin is Annotated:
        inner, *extra = get_args(kind)
        yield from _alternatives(inner, (*extra, *metadata))
    elif origin is Union or origin is types.UnionType:
        for option in get_args(kind):
            yield from _alternatives(option, metadata)
    elif _is_model(kind) and issubclass(kind, RootModel):
        yield from _alternatives(kind.model_fields["root"].annotation, metadata)
    else:
        yield kind, metadata


def _inside(kind: Any, part: str | int) -> Iterator[Allowed]:
    """The types at a key or an index of a type."""
    if _is_model(kind):
        yield from _of_fields(kind).get(str(part), ())
        return
    arguments = get_args(kind)
    if not arguments:
        return
    if get_origin(kind) is tuple and isinstance(part, int) and arguments[-1] is not Ellipsis:
        yield from _alternatives(arguments[min(part, len(arguments) - 1)], ())
    elif get_origin(kind) is not Literal:
        yield from _alternatives(
            arguments[1] if isinstance(part, str) and len(arguments) > 1 else arguments[0], ()
        )


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


@cache
def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


@cache
def _of_fields(model: type[BaseModel]) -> dict[str, tuple[Allowed, ...]]:
    """The types of each field of a model."""
    return {
        name: tuple(_alternatives(field.annotation, tuple(field.metadata)))
        for name, field in _fields(model).items()
    }


def _agrees(model: type[BaseModel], node: Mapping) -> bool:
    for name, field in _fields(model).items():
        if get_origin(field.annotation) is Literal and name in node.entries:
            value = plain(node.entries[name].node)
            if value not in get_args(field.annotation):
                return False
    return True
