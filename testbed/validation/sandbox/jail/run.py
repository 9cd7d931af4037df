"""One run, in a process that was forked for it: fences up, the user's code, its answer on a pipe, and the end."""

from __future__ import annotations

import importlib.abc
import json
import os
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


class Hidden(importlib.abc.MetaPathFinder):
    """Says of the project's own packages that they are not there. Landlock keeps them out; this says it in words."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Raises ModuleNotFoundError for a package of the project."""
        if name.split(".")[0] in code.OUR_NAMES:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)


def run(request: dict[str, Any], blobs: list[bytes], scratch: str, readable: Sequence[str]) -> NoReturn:
    """Carry out a request and end this process."""
    try:
        answer = _answer(request, blobs, scratch, readable)
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
        view = memoryview(text)
        while view:
            view = view[os.write(RESULT, view) :]
    finally:
        os._exit(0)


def _answer(
    request: dict[str, Any], blobs: list[bytes], scratch: str, readable: Sequence[str]
) -> dict[str, Any]:
    limits, kind, text, file = request["limits"], request["kind"], request["code"], request["file"]
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
    tables = Tables(request, blobs, scratch)
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
