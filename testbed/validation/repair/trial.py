"""Changed code on the worlds: many texts at a time, each judged by how far its answers are from the right ones."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import monotonic

from sqlglot.errors import SqlglotError

from testbed.validation.compare import distance
from testbed.validation.dialects import DUCKDB, likely_types, translate
from testbed.validation.matching import Answer, WrongShape, read_answer
from testbed.validation.recognition import Case, KnownAnswers
from testbed.validation.repair.form import Edit
from testbed.validation.sandbox import Box, answer, trials

Clock = Callable[[], float]
BATCH = {"query": 60, "function": 20, "script": 20}
"""Runs that share a process, by the kind of code: so few that it ends in time on a busy machine, too."""


@contextmanager
def _in_silence() -> Iterator[None]:
    """What sqlglot says of a trial is not for the user, who did not write it."""
    logger = logging.getLogger("sqlglot")
    held, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = held


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


_NOTHING = Found(None)


class Trials:
    """Runs of changed code, counted and timed; what is known is not run again."""

    def __init__(self, box: Box, known: KnownAnswers, seconds: float, clock: Clock = monotonic) -> None:
        self.box, self.known, self.tried, self.clock = box, known, 0, clock
        self.batch = BATCH[box.submission.kind]
        self.began = clock()
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
        return self.clock() - self.began

    def right(self, edits: Sequence[Edit], stages: Sequence[Stage]) -> list[Edit]:
        """Those edits with which the answers are right on all of these logs. Raises OutOfTime."""
        wanted = [
            (edit, stage) for stage in stages for edit in edits if (edit, id(stage), False) not in self._held
        ]
        for first in range(0, len(wanted), self.batch):
            self._run(wanted[first : first + self.batch], quick=False)
        return [
            edit for edit in edits
            if all(one.right for stage in stages for one in self._held[edit, id(stage), False])
        ]  # fmt: skip

    def on(self, edits: Sequence[Edit], stage: Stage, quick: bool = False) -> list[list[Found]]:
        """What each edit gives there, in each of the stage's zones. quick: as translated with likely types, which is
        to be looked at again. Raises OutOfTime."""
        quick = quick and self._types is not None
        new = [edit for edit in edits if (edit, id(stage), quick) not in self._held]
        for first in range(0, len(new), self.batch):
            self._run([(edit, stage) for edit in new[first : first + self.batch]], quick)
        return [self._held[edit, id(stage), quick] for edit in edits]

    def _run(self, asked: Sequence[tuple[Edit, Stage]], quick: bool) -> None:
        if self.clock() > self.deadline:
            raise OutOfTime
        runs = [(self._text(edit, quick), zone, stage) for edit, stage in asked for zone in stage.zones]
        sent = [(text, zone, stage.case.tables) for text, zone, stage in runs if text is not None]
        lines = iter(list(trials(self.box, sent)))
        self.tried += len(sent)
        found = iter([_NOTHING if text is None else self._far(stage, next(lines)) for text, _, stage in runs])
        for edit, stage in asked:
            self._held[edit, id(stage), quick] = [next(found) for _ in stage.zones]

    def _far(self, stage: Stage, line: str) -> Found:
        if not line:
            return _NOTHING
        key = id(stage.case.tables), line
        if key not in self._judged:
            self._judged[key] = self._read(stage.case, line)
        return self._judged[key]

    def _read(self, case: Case, line: str) -> Found:
        table = answer(self.box, line)
        right = self.known.answer((), replace(case, zone="UTC"))
        if table is None or right is None:
            return _NOTHING
        try:
            given = read_answer(self.known.question, table)
        except WrongShape:
            return _NOTHING
        return Found(distance(self.known.question, right, given), given)

    def _text(self, edit: Edit, quick: bool) -> str | None:
        """The changed code as it is run; None where it is none any more."""
        if (edit, quick) not in self._texts:
            submission, translation = self.box.submission, self.box.translation
            text: str | None = edit.applied(submission.text)
            if translation is not None and text is not None:
                types = self._types if quick else None
                try:
                    with _in_silence():
                        text = translate(text, translation.dialect, submission.columns, types).text
                except (SqlglotError, RecursionError, ValueError, TypeError, AttributeError, KeyError):
                    text = None
            self._texts[edit, quick] = text
        return self._texts[edit, quick]
