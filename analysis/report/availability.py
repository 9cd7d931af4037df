"""Which exhibits of the report a log can carry, and what the others lack; told without asking the engine."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.report.exhibits import exhibits_of
from analysis.sources.errors import NotAvailable
from analysis.sources.log import Log
from analysis.sources.opening import open_log


@dataclass(frozen=True)
class Availability:
    """Titles of exhibits in the report's order. carried: those whose queries the log answers; lacking: the others, by
    what the log does not hold."""

    carried: tuple[str, ...]
    lacking: Mapping[str, tuple[str, ...]]


ROWS = 1_000
"""Of a log that are opened to learn what it can carry: its columns tell."""


def availability_at(where: Path, empty: Collection[str] = ()) -> Availability:
    """The same of a log that lies in files. empty: columns that are null in every row, which carry nothing. Raises
    LogError where it cannot be opened."""
    with open_log(where, check=False) as whole:
        rows = whole.stored.drop(*(name for name in empty if name in whole.stored.columns)).limit(ROWS)
        labels, models = (side if side is not None else False for side in (whole.labels, whole.models))
        with open_log(rows, labels=labels, models=models, check=False) as log:
            return availability(log)


def availability(log: Log) -> Availability:
    """What a log can carry. Each query's expression is built, none is run: an exhibit that is carried may still
    find too few rows to show."""
    carried: list[str] = []
    lacking: dict[str, list[str]] = {}
    for exhibit in exhibits_of(log):
        try:
            for query in exhibit.queries:
                query.expression(log)
        except NotAvailable as error:
            lacking.setdefault(error.column, []).append(exhibit.title)
        else:
            carried.append(exhibit.title)
    return Availability(tuple(carried), {column: tuple(titles) for column, titles in lacking.items()})
