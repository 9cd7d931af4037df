"""A file, a query or a function judged on the battery: what the helper of the tests and the command share."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from testbed.failure import BadInput
from testbed.validation.columns import InputColumns, read_columns
from testbed.validation.integrations.answer_files import AnswerFiles
from testbed.validation.integrations.functions import OwnFunction
from testbed.validation.integrations.judging import UTC, ZONES, Judged, about, asked, judged
from testbed.validation.integrations.postgres import DIALECT, Server
from testbed.validation.questions import PLACEHOLDER
from testbed.validation.sandbox import Sandbox
from testbed.validation.submission import Submission, read_submission
from testbed.validation.worlds import World, battery

Code = str | Path | Callable[..., Any]
"""A file by its path (.sql, .py), the text of a query, or a function."""


def validate(
    code: Code,
    question: str | None = None,
    *,
    model: str | None = None,
    columns: str | Path | InputColumns | None = None,
    dialect: str | None = None,
    against: str | None = None,
    worlds: Sequence[str] | None = None,
) -> Judged:
    """The verdict on user code. A file or a query runs in the sandbox, or on the server that `against` names;
    a function runs in this process.

    question, model: before what the file says. columns: names of the user's own, or a file of them. worlds: names of
    worlds; all of the battery if not said. Raises BadInput, with a message for people."""
    named = (
        columns if isinstance(columns, InputColumns) else read_columns(columns) if columns else InputColumns()
    )
    if callable(code):
        if against:
            raise BadInput("a server runs queries; a function is asked without --against")
        one = asked(question)
        called = (model or PLACEHOLDER) if one.takes_model else None
        own = OwnFunction(code, called, named)
        return judged(one, own.run, _worlds(worlds, called), (UTC,), own.name)
    submission = _submission(code, question, DIALECT if against else dialect, named)
    one = asked(question, submission)
    called = about(one, model, submission)
    chosen = _worlds(worlds, called)
    subject = submission.path.name
    if against:
        with Server(against) as server:
            return judged(one, server.open(submission).run, chosen, ZONES, f"{subject} on {server.name}")
    with Sandbox() as sandbox:
        box = sandbox.open(submission)
        zones = ZONES if submission.kind == "query" and box.zoned else (UTC,)
        return judged(one, box.run, chosen, zones, subject)


def validate_answers(
    folder: str | Path,
    question: str | None,
    *,
    table: str | None = None,
    model: str | None = None,
    zone: str = UTC,
) -> Judged:
    """The verdict on answers that lie as files, one a world. table: the table in files of DuckDB; the question's name
    if not said; zone: of the session in which they were made. Raises BadInput."""
    one = asked(question)
    files = AnswerFiles(folder, table or one.name, model=about(one, model) if model else None)
    return judged(one, files.run, files.worlds, (zone,), f"{folder}", reduce=False)


def _submission(
    code: str | Path, question: str | None, dialect: str | None, columns: InputColumns
) -> Submission:
    if isinstance(code, Path) or ("\n" not in code and code.lower().endswith((".sql", ".py", ".ipynb"))):
        python = Path(code).suffix.lower() == ".py"
        return read_submission(code, dialect=None if python else dialect, question=question, columns=columns)
    with tempfile.TemporaryDirectory(prefix="slipper-") as folder:
        path = Path(folder) / "query.sql"
        path.write_bytes(code.encode())
        try:
            return replace(read_submission(path, dialect=dialect, columns=columns), path=Path("the query"))
        except BadInput as error:
            raise BadInput(str(error).replace(str(path), "the query")) from None


def _worlds(names: Sequence[str] | None, model: str | None) -> list[World]:
    known = battery()
    for name in names or ():
        if name not in known:
            raise BadInput(f"no world '{name}'; known: {', '.join(known)}")
    held = [known[name] for name in names] if names is not None else list(known.values())
    return held if model is None else [world.asked_about(model) for world in held]
