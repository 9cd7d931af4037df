"""One run, in a process that was forked for it: fences up, the user's code, its answer on a pipe, and the end."""

from __future__ import annotations

import contextlib
import importlib.abc
import io
import json
import os
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from typing import Any, NoReturn

from . import code, fences
from .answer import Refused, described
from .tables import Tables

RESULT = 3  # the descriptor on which the answer is written
LARGEST = 64 << 20  # bytes of an answer
MOST_PRINTED = 1 << 20  # characters of an answer that a trial prints


class Hidden(importlib.abc.MetaPathFinder):
    """Says of the project's own packages that they are not there. Landlock keeps them out; this says it in words."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Raises ModuleNotFoundError for a package of the project."""
        if name.split(".")[0] in code.OUR_NAMES:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)


class Overdue(BaseException):
    """A trial took all its time."""


def run(request: dict[str, Any], blobs: list[bytes], scratch: str, readable: Sequence[str]) -> NoReturn:
    """Carry out a request and end this process."""
    try:
        tables = _closed_in(request, blobs, scratch, readable)
        answer = _trials(request, tables) if "trials" in request else _answer(request, tables)
    except BaseException as error:
        try:
            failure, reason = code.told(error, request["file"], request["kind"])
        except BaseException:
            failure, reason = "error", f"{request['file']}: {type(error).__name__}"
        answer = {"failure": failure, "reason": reason}
    try:
        sys.stdout.flush()
        sys.stderr.flush()
        text = json.dumps(answer).encode()
        if len(text) > LARGEST:
            text = json.dumps({"failure": "answer", "reason": "the answer is too large"}).encode()
        _write(text)
    finally:
        os._exit(0)


def _write(text: bytes) -> None:
    view = memoryview(text)
    while view:
        view = view[os.write(RESULT, view) :]


def _closed_in(request: dict[str, Any], blobs: list[bytes], scratch: str, readable: Sequence[str]) -> Tables:
    """The fences around this process, and the tables in it."""
    limits = request["limits"]
    os.environ.update(HOME=scratch, TMPDIR=scratch, TZ=request["zone"], MPLCONFIGDIR=scratch)
    time.tzset()
    tempfile.tempdir = None
    os.chdir(scratch)
    sys.meta_path.insert(0, Hidden())
    warnings.simplefilter("ignore")
    try:
        fences.confine(request["fences"], limits, readable, scratch)
    except OSError as error:
        raise Refused(
            "crash", f"the sandbox could not be closed ({error}), so the code was not run"
        ) from None
    return Tables(request, blobs, scratch)


def _trials(request: dict[str, Any], tables: Tables) -> dict[str, Any]:
    """What becomes of many texts of one user's code, one after the other in this process, each in a session of a zone
    and on one of the worlds that came with the request. Each is a line of JSON as
    soon as it is known, so that one that ends the process loses no other; the last line says that all were run."""
    signal.signal(signal.SIGPROF, _overdue)
    world = 0
    for text, zone, number in request["trials"]:
        if number != world:
            tables.fill(number)
            world = number
        if request["kind"] == "script":
            tables.folder()  # which is not the text's work
        printed = io.StringIO()
        try:
            signal.setitimer(signal.ITIMER_PROF, request["seconds"])
            if ";" in text or request["kind"] != "query":  # it may leave something behind in its session
                tables.forget()
            tables.move(zone)
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
                answer = _answer(request | {"code": text}, tables)
            if answer.get("printed"):
                answer["text"] = printed.getvalue()[:MOST_PRINTED]
        except BaseException as error:
            answer = {
                "failure": "time" if isinstance(error, Overdue) else "error",
                "reason": type(error).__name__,
            }
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        _write(json.dumps(answer).encode() + b"\n")
    return {"done": True}


def _overdue(*_: Any) -> NoReturn:
    raise Overdue


def _answer(request: dict[str, Any], tables: Tables) -> dict[str, Any]:
    limits, kind, text, file = request["limits"], request["kind"], request["code"], request["file"]
    if kind == "script":
        try:
            code.script(text, file, tables)
        except SystemExit as end:
            if end.code not in (0, None):
                raise Refused("exit", f"{file}: it ended with status {end.code!r}") from None
        return {"printed": True}
    if kind == "query":
        value, kinds = code.query(text, tables)
    else:
        value, kinds = code.function(text, file, request["function"], tables), None
    found = described(value, limits["rows"], limits["columns"])
    return found | ({"kinds": kinds} if kinds is not None else {})
