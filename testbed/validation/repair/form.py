"""An edit of a user's code, and what a search for edits has found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

from testbed.validation.questions.known_traps import Trap

Kind = str
"""What is wrong, in plain words, such as `wrong comparison`."""
MOST_PLACES = 4
"""At so many places an edit is made at once, at most."""


class Patch(NamedTuple):
    """A piece of a text, from a place to another, and what stands there afterwards."""

    start: int
    end: int
    becomes: str


@dataclass(frozen=True)
class Edit:
    """A small change of a text. cost: how far it is from what stood there; of two that mend, the cheaper one is
    likelier meant. changes: how many it is made of; the same change at several places is one."""

    patches: tuple[Patch, ...]
    kind: Kind
    cost: float = field(compare=False)
    changes: int = field(default=1, compare=False)

    def applied(self, text: str) -> str:
        """The text with the change."""
        for start, end, becomes in sorted(self.patches, reverse=True):
            text = text[:start] + becomes + text[end:]
        return text

    def apart_from(self, other: Edit) -> bool:
        """Whether both can be made, since they touch each other nowhere."""
        return all(
            one.end < two.start or two.end < one.start for one in self.patches for two in other.patches
        )

    def with_(self, other: Edit) -> Edit:
        """Both at once."""
        kinds = " and ".join(sorted({self.kind, other.kind}))
        return Edit(self.patches + other.patches, kinds, self.cost + other.cost, self.changes + other.changes)


def edit(start: int, end: int, becomes: str, kind: Kind, cost: float) -> Edit:
    """An edit at one place."""
    return Edit((Patch(start, end, becomes),), kind, cost)


def in_order(text: str, edits: Iterable[Edit]) -> list[Edit]:
    """Edits without repetition, the near ones first; an edit that can be made at several places alike is there for
    each alone and for all at once."""
    best: dict[tuple[Patch, ...], Edit] = {}
    for one in edits:
        if any(text[start:end] != becomes for start, end, becomes in one.patches):
            held = best.get(one.patches)
            best[one.patches] = one if held is None or one.cost < held.cost else held
    for one in list(_everywhere(text, best.values())):
        best.setdefault(one.patches, one)
    return sorted(best.values(), key=lambda one: one.cost)


def _everywhere(text: str, edits: Iterable[Edit]) -> Iterator[Edit]:
    alike: dict[tuple[str, str, Kind], list[Edit]] = defaultdict(list)
    for one in edits:
        if len(one.patches) == 1:
            start, end, becomes = one.patches[0]
            alike[text[start:end].strip(), becomes.strip(), one.kind].append(one)
    for held in alike.values():
        held.sort(key=lambda one: one.patches)
        pieces = tuple(one.patches[0] for one in held)
        together = all(one.end <= two.start for one, two in pairwise(pieces))
        if 1 < len(held) <= MOST_PLACES and together:
            yield Edit(pieces, held[0].kind, held[0].cost + 0.5)


@dataclass(frozen=True)
class Place:
    """A piece of the user's file that an edit changes. line, column: counted from 1; was: what stands there, empty
    where something is put in; becomes: what to write, empty where it is left out."""

    line: int
    column: int
    was: str
    becomes: str

    def json(self) -> dict[str, Any]:
        """For programs."""
        return {"line": self.line, "column": self.column, "was": self.was, "becomes": self.becomes}


@dataclass(frozen=True)
class Mend:
    """An edit with which code is right on every world: what is wrong, and where. beside: the known mistakes that are
    still in it where it is not right, but answers as they do."""

    kind: Kind
    places: tuple[Place, ...]
    edit: Edit = field(repr=False)
    beside: tuple[Trap, ...] = ()

    def json(self) -> dict[str, Any]:
        """For programs: the first place, and all where there are several."""
        more = {"places": [one.json() for one in self.places]} if len(self.places) > 1 else {}
        beside = {"beside": [trap.name for trap in self.beside]} if self.beside else {}
        return {"kind": self.kind, **self.places[0].json(), **more, **beside}


@dataclass(frozen=True)
class Repair:
    """What a search for a mend has found. mends: the nearest first; tried: how many changed texts were run; worlds: on
    how many each mend is right; exhausted: whether all edits were tried; seconds: how long that took."""

    mends: tuple[Mend, ...] = ()
    tried: int = 0
    known: int = 0
    worlds: int = 0
    exhausted: bool = True
    seconds: float = 0.0

    def json(self) -> dict[str, Any]:
        """For programs: the first mend, others as alternatives, and how far the search went."""
        first = self.mends[0].json() if self.mends else {}
        return first | {
            "alternatives": [mend.json() for mend in self.mends[1:]],
            "tried": self.tried,
            "exhausted": self.exhausted,
            "seconds": round(self.seconds, 1),
        }


def mend(text: str, change: Edit, beside: tuple[Trap, ...] = ()) -> Mend:
    """An edit of a text as people are told of it."""
    return Mend(change.kind, tuple(_place(text, one) for one in sorted(change.patches)), change, beside)


def _place(text: str, patch: Patch) -> Place:
    """Where a patch is: what is the same before and after it is not said again."""
    start, end, becomes = patch
    while start < end and text[start].isspace() and (not becomes or becomes[0] == text[start]):
        start, becomes = start + 1, becomes[1:]
    if start == end:
        gap = len(becomes) - len(becomes.lstrip())
        becomes = becomes[gap:]
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    return Place(line, column, text[start:end].strip(), becomes.strip())
