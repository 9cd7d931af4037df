"""Records that hold a list of rows, such as a page of an API: each item is a row, and sees what stands around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from analysis.importing.format import Part, Unfold
from analysis.importing.source import SourceFile

PARENT: Final = "parent"
"""Under this name a row has the record that holds its list, without the list."""


def rows_at(path: str) -> Unfold:
    """The rows of the lists at a path (names parted by dots)."""
    first, *others = path.split(".")

    def unfold(records: Iterator[tuple[str, Any]]) -> Iterator[Part]:
        for place, record in records:
            found: Any = record.get(first)
            for step in others:
                found = found.get(step) if isinstance(found, Mapping) else None
            if not isinstance(found, list):
                yield Part(place, None, f"no list at {path}")
                continue
            around = {name: value for name, value in record.items() if name != first}
            for number, item in enumerate(found):
                where = f"{place}, {path}[{number}]"
                if isinstance(item, Mapping):
                    yield Part(where, {**item, PARENT: around})
                else:
                    yield Part(where, None, "no JSON object")

    return unfold


def looked_into(file: SourceFile, path: str) -> SourceFile:
    """A file with the rows at a path in the place of its first records."""
    records = (("", record) for record in file.samples if isinstance(record, Mapping))
    return replace(file, samples=tuple(part.value for part in rows_at(path)(records) if part.value))
