"""Reads the six CSV files of a catalogue and checks them; every fault is told by file, line and column.

Each row becomes one of the catalogue's own classes, whose annotations say what a cell may be.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from analysis.contract import CATEGORIES
from sim.catalogue.cells import message
from sim.catalogue.faults import CatalogueError, Fault
from sim.catalogue.models import (
    Catalogue,
    CatalogueModel,
    FreeWindow,
    ModelFacts,
    ModelLatent,
    PricePoint,
    ProviderShare,
    ToolTraining,
    contradictions,
)
from sim.catalogue.names import hint

_SUCCESSOR_SLACK = timedelta(days=1)
"""A gateway may redirect a retired id up to a day before the successor's listing date."""

OTHERWISE = ("prices", "free_windows", "tool_training", "ability")
"""Fields of a model that do not come from a column of their own: other files hold them, or several columns."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class _Line(Generic[_T]):
    """One line of a file: where it stands, its cells by column, and what they make: None if a cell is wrong."""

    file: str
    number: int
    cells: Mapping[str, str]
    made: _T | None

    def fault(self, column: str, text: str) -> Fault:
        return Fault(self.file, self.number, column, text)


_Lines = dict[str, list[_Line[_T]]]
"""Lines by the cell in their first column: the model or the author that they are of."""


def load_catalogue(folder: Path) -> Catalogue:
    """Read and check the catalogue in `folder`, unless it was read before and its files are the same. Raises
    CatalogueError with every fault found.
    """
    return _load(folder, tuple((file.name, *_stamp(file)) for file in sorted(folder.glob("*.csv"))))


def _stamp(file: Path) -> tuple[int, int]:
    """When a file was written, in ns, and its length; zeros if it cannot be read."""
    try:
        found = file.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


@functools.lru_cache(maxsize=4)
def _load(folder: Path, stamps: tuple[tuple[str, int, int], ...]) -> Catalogue:
    """A catalogue whose files have these stamps: to read it is most of what a world of a few models takes to load.

    What the cells of a model say of one another is checked once each of them is right.
    """
    faults: list[Fault] = []
    prices = _read(folder / "prices.csv", "slug", PricePoint, faults)
    windows = _read(folder / "free_windows.csv", "slug", FreeWindow, faults)
    hosts = _read(folder / "providers.csv", "author", ProviderShare, faults)
    trained = _read(folder / "tool_training.csv", "slug", ToolTraining, faults, once=True)
    latents = _read(folder / "abilities.csv", "slug", ModelLatent, faults, once=True)
    models = _read(folder / "models.csv", "slug", ModelFacts, faults, once=True)
    if not models:
        raise CatalogueError(faults or [Fault(str(folder / "models.csv"), 2, "slug", "no models")])
    tables: tuple[_Lines[Any], ...] = (prices, windows, trained, latents)
    for slug, line in ((slug, lines[0]) for table in tables for slug, lines in table.items()):
        if slug not in models:
            faults.append(line.fault("slug", f"{slug} is not in models.csv{hint(slug, models)}"))
    complete: dict[str, CatalogueModel] = {}
    for slug, (line,) in models.items():
        for file, known in (("prices.csv", prices), ("abilities.csv", latents)):
            if slug not in known:
                faults.append(line.fault("slug", f"{slug} has no row in {file}"))
        faults += _successor_faults(line, models)
        parts: _Lines[Any] = {"models": [line], "prices": prices.get(slug, [])}
        parts["free_windows"] = windows.get(slug, [])
        parts["tool_training"] = trained.get(slug, [])
        if line.made is None or not all(part.made for lines in parts.values() for part in lines):
            continue
        facts = replace(line.made, prices=_made(prices, slug), free_windows=_made(windows, slug))
        for entry in _made(trained, slug):
            facts = replace(facts, tool_training=entry.training)
        for problem in contradictions(facts):
            faults.append(parts[problem.table][problem.index].fault(problem.column, problem.message))
        if facts.open_weights and facts.size_class is None:
            faults.append(line.fault("size_class", "is empty, but the weights are open"))
        for latent in _made(latents, slug):
            complete[slug] = CatalogueModel(facts, latent)
    faults += _line_faults(models)
    shares = {author: _made(hosts, author) for author in hosts}
    for author, rows in hosts.items():
        if all(row.made for row in rows) and not sum(share.weight for share in shares[author]):
            faults.append(rows[0].fault("weight", f"the weights of {author} sum to 0"))
    if faults:
        raise CatalogueError(faults)
    return Catalogue(tuple(complete.values()), shares)


def _made(lines: _Lines[_T], key: str) -> tuple[_T, ...]:
    return tuple(line.made for line in lines.get(key, ()) if line.made is not None)


def _successor_faults(line: _Line[ModelFacts], models: _Lines[ModelFacts]) -> Iterator[Fault]:
    name = line.cells["successor"]
    if name and name not in models:
        yield line.fault("successor", f"unknown model {name!r}{hint(name, models)}")
    if line.made is None or (retired := line.made.retired) is None:
        return
    for successor in _made(models, name):
        if successor.released > retired + _SUCCESSOR_SLACK:
            late = f"{name} is released {successor.released}, after the retirement {retired}"
            yield line.fault("successor", late)
        elif successor.retired is not None and successor.retired <= retired:
            yield line.fault("successor", f"{name} retires {successor.retired}, no later than this model")


def _line_faults(models: _Lines[ModelFacts]) -> Iterator[Fault]:
    """A product line is one maker's, and of each two of its models one is the next."""
    known: dict[str, list[_Line[ModelFacts]]] = {}
    for (row,) in models.values():
        if row.made is None:
            continue
        name, author = row.made.line, row.made.author
        for before in known.setdefault(name, []):
            if before.made is None:
                continue
            if before.made.author != author:
                yield row.fault("line", f"{name} is a line of {before.made.author} (line {before.number})")
            elif before.made.released == row.made.released:
                twin = (
                    f"{before.made.slug} of the same line is released on the same day (line {before.number})"
                )
                yield row.fault("line", twin)
        known[name].append(row)


def _read(path: Path, key: str, kind: type[_T], faults: list[Fault], once: bool = False) -> _Lines[_T]:
    """The lines of a file. What is wrong is added to `faults`, also a second line of a `key` that stands `once`."""
    found: _Lines[_T] = {}
    for line in _lines(path, key, kind, faults):
        name = line.cells[key]
        if once and name in found:
            faults.append(line.fault(key, f"{name} stands already on line {found[name][0].number}"))
        elif name:
            found.setdefault(name, []).append(line)
    return found


def _lines(path: Path, key: str, kind: type[_T], faults: list[Fault]) -> Iterator[_Line[_T]]:
    row = TypeAdapter(kind)
    fields = row.json_schema()["properties"]
    others = (field for field in fields if field not in OTHERWISE)
    columns = list(dict.fromkeys((key, *others, *(CATEGORIES if "ability" in fields else ()))))

    def wrong(line: int, column: str, text: str) -> None:
        faults.append(Fault(str(path), line, column, text))

    try:
        handle = path.open(encoding="utf-8", newline="")
    except OSError as error:
        wrong(1, key, f"cannot be read: {error.strerror}")
        return
    with handle:
        reader = csv.reader(handle)
        head = next(reader, [])
        for column in columns:
            if column not in head:
                wrong(1, column, "column is missing")
        for column in head:
            if column not in columns:
                wrong(1, column, f"unknown column{hint(column, columns)}")
        if set(head) != set(columns):
            return
        for texts in filter(None, reader):
            if len(texts) != len(head):
                wrong(reader.line_num, head[-1], f"{len(texts)} cells instead of {len(head)}")
                continue
            cells = {column: text.strip() for column, text in zip(head, texts, strict=True)}
            made = None
            try:
                ability = [cells[category] for category in CATEGORIES if category in cells]
                made = row.validate_python({**cells, "ability": ability, "prices": ()})
            except ValidationError as error:
                for fault in error.errors(include_url=False):
                    place, *number = fault["loc"]
                    column = CATEGORIES[int(number[0])] if number else str(place)
                    wrong(reader.line_num, column, message(fault))
            if not cells[key]:
                wrong(reader.line_num, key, "is empty")
            yield _Line(str(path), reader.line_num, cells, made)
