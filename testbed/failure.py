"""Failures that a person can act on: a message and an exit status instead of a traceback."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

DONE = 0
FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130
TERMINATED = 143

_ENGINES = {"psycopg": "the PostgreSQL server", "pyspark": "Spark", "py4j": "Spark"}
"""Whose errors those of a module are."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Failure(Exception):
    """Ends a command with `status`; its text is for people and may have several lines."""

    status = FAILED


class BadInput(Failure):
    """What was given cannot be used; nothing was written."""

    status = BAD_INPUT


class Terminated(KeyboardInterrupt):
    """The process was asked to end (SIGTERM)."""


def nearest_folder(folder: Path) -> Path:
    """`folder`, or the nearest one above it that exists (a file may bear its name)."""
    nearest = folder.absolute()
    while not nearest.exists():
        nearest = nearest.parent
    return nearest


def check_writable(folder: Path) -> None:
    """Raises BadInput if `folder` can neither be written to nor be made. Makes nothing."""
    for place in (folder, *folder.parents):
        if place.is_symlink() and not place.exists():
            raise BadInput(f"{folder}: cannot write there: {place} is a link that leads nowhere")
    nearest = nearest_folder(folder)
    if not nearest.is_dir():
        raise BadInput(f"{folder}: cannot write there: {nearest} is a file, not a folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise BadInput(f"{folder}: cannot write there: no permission to write in {nearest}")


def no_file(given: str, wanted: str) -> BadInput:
    """What is wrong with a name that is there and is no file. wanted: what was expected, such as "a scenario"."""
    if not given.strip():
        return BadInput(f"no name given: expected {wanted} file, or the name of a shipped one")
    kind = "a folder" if Path(given).is_dir() else "a device or a pipe"
    return BadInput(f"{given}:1:1: expected {wanted} file, this is {kind}")


def is_foreign(error: BaseException) -> bool:
    """Whether a file that is not ours was in the way (`analysis.contract.files.Foreign`). Imports nothing."""
    files = sys.modules.get("analysis.contract.files")
    return files is not None and isinstance(error, files.Foreign)


def explain(error: BaseException) -> str:
    """One line for people on an error that no command foresaw."""
    if is_foreign(error):
        return str(error)
    text = " ".join(str(error).split())
    number = error.errno if isinstance(error, OSError) else None
    if number in _FULL or "No space left on device" in text:
        return "the disk is full; nothing half-written was left. Free some space, or write elsewhere"
    if isinstance(error, OSError) and number is not None:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{os.strerror(number)}"
    if isinstance(error, OverflowError) and "date" in text:
        return (
            "a date is too near the first or the last year of the calendar (1 and 9999): choose another one"
        )
    if isinstance(error, MemoryError) or type(error).__name__ == "BrokenProcessPool":
        return "out of memory, or a worker process was killed. Try fewer --users or --workers 1"
    engine = _ENGINES.get(type(error).__module__.partition(".")[0])
    if engine:
        return f"{engine} ended a query: {text}"
    return (
        f"internal error, please report it: {type(error).__name__}: {text}"
        " (SLIPPER_DEBUG=1 shows where it happened)"
    )  # fmt: skip
