"""What is guessed: one thing with its reason, and all that a mapping may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from analysis.importing.guessing.sample import Column

Sure = Literal["sure", "likely", "a guess"]


@dataclass(frozen=True)
class Guess:
    """A guess of one thing. source: what a mapping file would say. why: for people. places: the columns that it is
    read from."""

    source: str | Mapping[str, Any]
    sure: Sure
    why: str
    places: tuple[str, ...] = ()

    @property
    def settings(self) -> Mapping[str, Any]:
        """How a column is read, whichever it is."""
        given = self.source if isinstance(self.source, Mapping) else {}
        return {key: value for key, value in given.items() if key not in ("column", "values")}


@dataclass(frozen=True)
class Guesses:
    """What a mapping may be. fields: by name of the contract. cached, reasoning: where these counts lie, None if the
    files have none. unused: columns that hold values and are mapped to nothing. rows, files: that were looked at.
    records: where the list of requests is in records that hold one. without: by column that is not in every file, the
    files that lack it; of JSON only columns that are mapped, since others are often left out. empty: by file, the
    fields that are mapped and that none of its rows has. aside: the rows that are no requests, by words of a column.
    sums: columns that say that a row is a sum of several requests."""

    fields: Mapping[str, Guess]
    cached: Guess | None
    reasoning: Guess | None
    unused: tuple[Column, ...]
    rows: int
    files: int
    without: Mapping[str, tuple[str, ...]]
    empty: Mapping[str, tuple[str, ...]]
    records: str | None = None
    aside: Guess | None = None
    sums: tuple[str, ...] = ()
