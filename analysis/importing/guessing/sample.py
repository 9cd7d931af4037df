"""A sample of the records of files as columns: the values at each place, of each file's head and of some records after
it."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.importing.mapped.lists import rows_at
from analysis.importing.records import parts, records
from analysis.importing.source import SourceFile, parsed

HEAD, LAST, STEP = 1_000, 50_000, 50
"""Records that are looked at, of all files: the first ones, then up to the last one of every so many."""
FILES = 24
"""Files of a folder that are looked at."""
ENOUGH = 0.9
"""Share of a column's values that must be readable: others may be words for nothing, or damaged."""
_DEEPEST = 6  # levels of nested records
_MOST_PLACES = 500
_PLAIN = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Column:
    """The values at a place. texts: one a record, empty where there is none."""

    place: str
    texts: tuple[str, ...]

    @property
    def filled(self) -> tuple[str, ...]:
        """The values that are there."""
        return tuple(text for text in self.texts if text)

    @property
    def numbers(self) -> tuple[float | None, ...] | None:
        """The values as numbers, None where there is none or it is no number; None if too few are numbers."""
        found = tuple(map(number_in, self.texts))
        read = sum(number is not None for number in found)
        return found if read and read >= ENOUGH * len(self.filled) else None


def number_in(text: str) -> float | None:
    """The number that a text is, or None."""
    try:
        return float(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class Sample:
    """Columns by place, and of how many records and files they are. tables: whether all files are. without: by place
    that is not in every file, those that lack it; of JSON, in whose records it was not seen. places: by file, those
    at which a record has a value."""

    columns: Mapping[str, Column]
    rows: int
    files: int
    tables: bool
    without: Mapping[str, tuple[str, ...]]
    places: Mapping[str, frozenset[str]]


def spread(paths: Sequence[Path]) -> list[Path]:
    """Of many files some, as far apart in their order as may be; the first and the last are among them."""
    if len(paths) <= FILES:
        return list(paths)
    return [paths[round(number * (len(paths) - 1) / (FILES - 1))] for number in range(FILES)]


def sample_of(files: Sequence[SourceFile], path: str | None = None) -> Sample:
    """Look at some records of each file, or at the rows of the lists at a path in them; those that are none are passed
    over. Raises LogError."""
    of_files = [[row for row in _rows(file, path, len(files)) if row is not None] for file in files]
    rows = [row for found in of_files for row in found]
    places = list(dict.fromkeys(place for row in rows for place in row))[:_MOST_PLACES]
    there = [{place for row in found for place in row} for found in of_files]
    without = {
        place: tuple(file.name for file, has in zip(files, there, strict=True) if place not in has)
        for place in places
        if ">" not in place
    }
    return Sample(
        {place: Column(place, tuple(row.get(place, "") for row in rows)) for place in places},
        len(rows),
        len(files),
        all(file.is_table for file in files),
        {place: lacking for place, lacking in without.items() if lacking},
        {
            file.name: frozenset(place for row in found for place, text in row.items() if text)
            for file, found in zip(files, of_files, strict=True)
        },
    )


def places_outside_lists(file: SourceFile) -> list[str]:
    """The places of the first records of JSON that are in no list."""
    found = (place for record in file.samples for place, _ in _leaves(record, "", 0))
    return list(dict.fromkeys(place for place in found if "[" not in place))


def lists_of(file: SourceFile) -> Mapping[str, Sequence[Mapping[str, str]]]:
    """The lists of objects in the first records of JSON, by their paths, not those within lists: the items' values."""
    found: dict[str, list[Mapping[str, str]]] = {}
    for record in file.samples:
        for path, items in _lists(record, "", 0):
            found.setdefault(path, []).extend(dict(_leaves(item, "", 0)) for item in items)
    return found


def _lists(value: object, at: str, depth: int) -> Iterator[tuple[str, list[Any]]]:
    if isinstance(value, dict) and depth < _DEEPEST:
        for name, inner in value.items():
            if "." not in str(name):
                yield from _lists(inner, f"{at}.{name}" if at else str(name), depth + 1)
    elif isinstance(value, list) and at and value and all(isinstance(item, dict) for item in value):
        yield at, value


def _rows(file: SourceFile, path: str | None, files: int) -> Iterator[dict[str, str] | None]:
    """Some rows of one of so many files; None for what is none."""
    if path is not None:
        for part in _some(parts(file, rows_at(path)), files):
            yield None if part.value is None else dict(_leaves(part.value, "", 0))
        return
    for record in _some(records(file), files):
        if record.wrong:
            yield None
        elif file.is_table:
            pairs = zip(file.columns, record.values, strict=True)
            yield {place: text for name, value in pairs for place, text in _of_text(name, value)}
        else:
            value = parsed(record.values[0])
            yield dict(_leaves(value, "", 0)) if isinstance(value, dict) else None


def _some(found: Iterator[Any], files: int) -> Iterator[Any]:
    """The head, and of what follows some."""
    head, last = -(-HEAD // files), -(-LAST // files)
    return itertools.chain(itertools.islice(found, head), itertools.islice(found, STEP - 1, last, STEP))


def _of_text(place: str, text: str) -> Iterator[tuple[str, str]]:
    """The text at a place; of JSON, the values in it, too."""
    yield place, text.strip()
    if ">" not in place and text.lstrip()[:1] == "{" and isinstance(inner := parsed(text), dict):
        for path, value in _leaves(inner, "", 0):
            yield f"{place}>{path}", value


def _leaves(value: object, at: str, depth: int) -> Iterator[tuple[str, str]]:
    """The values of a record by their paths; of a list, the first item."""
    if isinstance(value, dict) and depth < _DEEPEST:
        for name, inner in value.items():
            step = str(name) if _PLAIN.fullmatch(str(name)) else json.dumps(str(name))
            yield from _leaves(inner, f"{at}.{step}" if at else step, depth + 1)
    elif isinstance(value, list) and value and depth < _DEEPEST:
        yield from _leaves(value[0], f"{at}[0]", depth + 1)
    elif isinstance(value, bool):
        yield at, "true" if value else "false"
    elif value is None or isinstance(value, (dict, list)):
        yield at, ""
    else:
        yield from _of_text(at, str(value))
