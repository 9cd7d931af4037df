"""Changed code on the worlds: many texts at a time, each judged by how far its answers are from the right ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic

from sqlglot.errors import SqlglotError

from testbed.validation.compare import distance
from testbed.validation.dialects import DUCKDB, likely_types, translate
from testbed.validation.matching import Answer, WrongShape, read_answer
from testbed.validation.recognition import Case, KnownAnswers
from testbed.validation.repair.form import Edit
from testbed.validation.sandbox import Box, answer, trials

BATCH = 60
"""Texts that share a process."""


class OutOfTime(Exception):
    """The time for the search is over."""


@dataclass(frozen=True, eq=False)
class Stage:
    """A log, and the zones of the sessions in which it is asked there."""

    case: Case
    zones: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """How far an answer is from the right one, 0 where it is right; None where there is none. given: the answer."""

    far: int | None
    given: Answer | None = None

    @property
    def right(self) -> bool:
        """Whether the answer is right."""
        return self.far == 0


NOTHING = Found(None)


class Trials:
    """Runs of changed code, counted and timed."""

    def __init__(self, box: Box, known: KnownAnswers, seconds: float) -> None:
        self.box, self.known, self.tried = box, known, 0
        self.began = monotonic()
        self.deadline = self.began + seconds
        self._judged: dict[tuple[int, str], Found] = {}
        self._held: dict[tuple[Edit, int, bool], list[Found]] = {}
        self._texts: dict[tuple[Edit, bool], str | None] = {}
        translation = box.translation
        self._types = None
        if translation is not None and translation.dialect != DUCKDB:
            self._types = likely_types(box.submission.text, translation.dialect, box.submission.columns)

    @property
    def seconds(self) -> float:
        """How long it took so far."""
        return monotonic() - self.began

    def right(self, edits: Sequence[Edit], stage: Stage, quick: bool = False) -> list[Edit]:
        """Those edits with which the answers are right there. Raises OutOfTime."""
        found = self.on(edits, stage, quick)
        return [edit for edit, each in zip(edits, found, strict=True) if all(one.right for one in each)]

    def on(self, edits: Sequence[Edit], stage: Stage, quick: bool = False) -> list[list[Found]]:
        """What each edit gives there, in each of the stage's zones. quick: as translated with likely types, which is
        to be looked at again. Raises OutOfTime."""
        key = id(stage), quick and self._types is not None
        new = [edit for edit in edits if (edit, *key) not in self._held]
        for first in range(0, len(new), BATCH):
            if monotonic() > self.deadline:
                raise OutOfTime
            some = new[first : first + BATCH]
            for edit, found in zip(some, self._together(some, stage, quick), strict=True):
                self._held[edit, *key] = found
        return [self._held[edit, *key] for edit in edits]

    def _together(self, edits: Sequence[Edit], stage: Stage, quick: bool) -> list[list[Found]]:
        texts = [self._text(edit, quick and self._types is not None) for edit in edits]
        asked = [(text, zone) for text in texts if text is not None for zone in stage.zones]
        lines = iter(list(trials(self.box, asked, stage.case.tables)))
        self.tried += sum(text is not None for text in texts)
        return [
            [NOTHING if text is None else self._far(stage, next(lines)) for _ in stage.zones]
            for text in texts
        ]

    def _far(self, stage: Stage, line: str) -> Found:
        if not line:
            return NOTHING
        key = id(stage.case.tables), line
        if key not in self._judged:
            self._judged[key] = self._read(stage.case, line)
        return self._judged[key]

    def _read(self, case: Case, line: str) -> Found:
        table = answer(self.box, line)
        right = self.known.answer((), replace(case, zone="UTC"))
        if table is None or right is None:
            return NOTHING
        try:
            given = read_answer(self.known.question, table)
        except WrongShape:
            return NOTHING
        return Found(distance(self.known.question, right, given), given)

    def _text(self, edit: Edit, quick: bool) -> str | None:
        """The changed code as it is run; None where it is none any more."""
        if (edit, quick) not in self._texts:
            submission, translation = self.box.submission, self.box.translation
            text: str | None = edit.applied(submission.text)
            if translation is not None and text is not None:
                types = self._types if quick else None
                try:
                    text = translate(text, translation.dialect, submission.columns, types).text
                except (SqlglotError, RecursionError, ValueError, TypeError, AttributeError, KeyError):
                    text = None
            self._texts[edit, quick] = text
        return self._texts[edit, quick]
