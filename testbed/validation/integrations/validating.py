"""User code made ready to be judged, wherever it runs, and judged: what tests, pipelines and the command share."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from testbed.failure import BadInput
from testbed.validation import questions
from testbed.validation.asking import Ask, asked
from testbed.validation.battery import UTC, ZONES, Judgement, Mender, WorldRow, judged
from testbed.validation.columns import InputColumns, read_columns
from testbed.validation.integrations.answer_files import AnswerFiles
from testbed.validation.integrations.functions import OwnFunction
from testbed.validation.integrations.judging import Judged
from testbed.validation.integrations.postgres import Server, ServerBox
from testbed.validation.integrations.world_files import chosen
from testbed.validation.questions import PLACEHOLDER, Question
from testbed.validation.repair.search import SECONDS, Progress, repair
from testbed.validation.sandbox import Box, Sandbox
from testbed.validation.submission import Submission, read_submission
from testbed.validation.worlds import World

Code = str | Path | Callable[..., Any]
"""A file by its path (.sql, .py), the text of a query, or a function."""


@dataclass(frozen=True)
class Task:
    """Code, or answers, that can be judged. subject: what they are, for people; model: the one that it is about, as it
    is called in all worlds; zones: of the sessions in which it is asked; notes: what a person should know of how it
    runs; again, mender: as in `battery.judged`."""

    subject: str
    question: Question
    ask: Ask
    worlds: Sequence[World]
    model: str | None
    zones: Sequence[str] = (UTC,)
    notes: Sequence[str] = ()
    again: bool = True
    mender: Mender | None = None

    def rows(self) -> Iterator[WorldRow | Judgement]:
        """A row a world as it comes, and the judgement at the end."""
        return judged(self.question, self.ask, self.worlds, self.zones, self.again, self.mender)

    def judged(self) -> Judged:
        """The judgement."""
        *_, found = self.rows()
        assert isinstance(found, Judgement)
        return Judged(self.subject, found)


@contextmanager
def opened(
    code: Code,
    question: str | None = None,
    *,
    model: str | None = None,
    columns: str | Path | InputColumns | None = None,
    dialect: str | None = None,
    function: str | None = None,
    against: str | None = None,
    worlds: Sequence[str] | None = None,
    repair_seconds: float = SECONDS,
    progress: Progress | None = None,
) -> Iterator[Task]:
    """User code made ready. A file or a query runs in the sandbox, or on the server that `against` names; a function
    runs in this process.

    question, model: before what the file says. columns: names of the user's own, or a file of them. worlds: names of
    worlds; all of the battery if not said. repair_seconds: how long a change that mends wrong code is looked for at
    most; progress: is told of it. Raises BadInput, with a message for people."""
    named = (
        columns if isinstance(columns, InputColumns) else read_columns(columns) if columns else InputColumns()
    )
    if callable(code):
        if against:
            raise BadInput("a server runs queries; a function is asked without --against")
        one = question_of(question)
        called = (model or PLACEHOLDER) if one.takes_model else None
        own = OwnFunction(code, called, named)
        yield Task(own.name, one, asked(own), chosen(called, worlds), called)
        return
    submission = _submission(code, question, dialect, function, named)
    one = question_of(question, submission)
    called = model_of(one, model, submission)
    submission = submission.about(called)
    held, subject = chosen(called, worlds), submission.path.name
    if against:
        with Server(against) as server:
            box = server.open(submission)
            yield Task(f"{subject} on {server.name}", one, asked(box), held, called, zones_of(box))
    else:
        with Sandbox() as sandbox:
            own_box = sandbox.open(submission)
            notes = (*sandbox.missing, *own_box.notes)
            mender = partial(repair, own_box, seconds=repair_seconds, progress=progress)
            yield Task(
                subject, one, asked(own_box), held, called, zones_of(own_box), notes,
                mender=mender if repair_seconds > 0 else None,
            )  # fmt: skip


def answers(
    folder: str | Path,
    question: str | None,
    *,
    table: str | None = None,
    model: str | None = None,
    zone: str = UTC,
) -> Task:
    """Answers that lie as files, one a world. table: the table in files of DuckDB; the question's name if not said;
    zone: of the session in which they were made. Raises BadInput."""
    one = question_of(question)
    called = model_of(one, model) if model else None
    files = AnswerFiles(folder, table or one.name, model=called)
    return Task(f"{folder}", one, asked(files), files.worlds, called, (zone,), again=False)


def validate(code: Code, question: str | None = None, **how: Any) -> Judged:
    """The verdict on user code. how: as for `opened`."""
    with opened(code, question, **how) as task:
        return task.judged()


def zones_of(box: Box | ServerBox) -> Sequence[str]:
    """Zones of the sessions in which code is asked: several for a query to which they can matter."""
    return ZONES if box.submission.kind == "query" and box.zoned else (UTC,)


def question_of(name: str | None, submission: Submission | None = None) -> Question:
    """The question of a name, or of a Python file, or the one that a submission names. Raises BadInput."""
    said = name or (submission.question if submission is not None else None)
    if said is None:
        place = f"{submission.path}: " if submission is not None else ""
        raise BadInput(
            f"{place}which question does it answer? Name one of those that `slipper questions` lists (--question), "
            "or write it at the head of the file: -- question: NAME"
        )
    return questions.named(said)


def model_of(question: Question, model: str | None, submission: Submission | None = None) -> str | None:
    """The model of which it is asked; None for a question without one. Raises BadInput if none is named."""
    if not question.takes_model:
        return None
    said = model or (submission.model if submission is not None else None)
    if said is None and submission is not None and PLACEHOLDER in submission.text:
        return PLACEHOLDER
    if said is None:
        place = f"{submission.path}: " if submission is not None else ""
        raise BadInput(
            f"{place}{question.name} is asked of one model: which one does the code name? Say it (--model), or write "
            "it at the head of the file: -- model: author/slug"
        )
    return said


def _submission(
    code: str | Path, question: str | None, dialect: str | None, function: str | None, named: InputColumns
) -> Submission:
    if isinstance(code, Path) or ("\n" not in code and code.lower().endswith((".sql", ".py", ".ipynb"))):
        return read_submission(code, dialect=dialect, function=function, question=question, columns=named)
    with tempfile.TemporaryDirectory(prefix="slipper-") as folder:
        path = Path(folder) / "query.sql"
        path.write_bytes(code.encode())
        try:
            return replace(read_submission(path, dialect=dialect, columns=named), path=Path("the query"))
        except BadInput as error:
            raise BadInput(str(error).replace(str(path), "the query")) from None
