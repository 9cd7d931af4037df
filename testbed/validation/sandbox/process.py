"""The sandbox as those who judge see it: open a submission, run it on worlds, get an outcome each time.

with Sandbox() as sandbox:
    box = sandbox.open(submission)
    outcome = box.run(world.tables, "Asia/Kolkata")
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from analysis import contract
from testbed.failure import BadInput, Failure
from testbed.validation.columns import InputColumns
from testbed.validation.dialects import Translation, refusal
from testbed.validation.sandbox import reach, reply
from testbed.validation.sandbox.jail import frames
from testbed.validation.sandbox.jail.fences import ALL
from testbed.validation.sandbox.outcome import PATIENCE, Limits, Outcome
from testbed.validation.sandbox.request import tables_of
from testbed.validation.submission import Submission
from testbed.validation.tables import Tables, of_rows

START = 60.0  # seconds in which the warm process must be ready; it takes one or two
KEPT = 64  # worlds as bytes
GRACE = 30.0  # seconds after the limit in which the warm process must answer
BEGIN = """
import json, sys
given = json.loads(sys.argv[1])
sys.dont_write_bytecode = True
sys.path[:] = [given["here"], *sys.path, *given["libraries"]]
from jail import warm
del sys.path[0]
sys.argv[:] = [""]
warm.serve(given["scratch"], given["readable"])
"""
ENVIRONMENT = {
    "LANG": "C.UTF-8", "MPLBACKEND": "Agg", "MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system",
    "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1",
}  # fmt: skip


@dataclass(frozen=True)
class _Warm:
    """A warm process that is ready, and what is not held back on this machine."""

    process: subprocess.Popen[bytes]
    missing: tuple[str, ...]

    def send(self, head: dict[str, Any], blobs: Sequence[bytes]) -> None:
        assert self.process.stdin is not None
        frames.send(self.process.stdin.fileno(), head, blobs)

    def receive(self, seconds: float) -> frames.Message:
        return _receive(self.process, seconds)

    def stop(self) -> None:
        _stop(self.process)


class Sandbox:
    """A warm process in which submissions run, each run in a fork of its own. Entering starts it and does not wait.

    fences: which are raised; all of them but in tests, which show what each one holds.
    """

    def __init__(self, limits: Limits | None = None, fences: Sequence[str] = ALL) -> None:
        self.limits, self.fences = limits or Limits(), tuple(fences)
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._starting: subprocess.Popen[bytes] | None = None
        self._warm: _Warm | None = None
        self._sent: dict[Tables, tuple[InputColumns, dict[str, Any], list[bytes]]] = {}

    def __enter__(self) -> Sandbox:
        if not hasattr(os, "fork"):
            raise BadInput(
                "user code runs on Linux and macOS only, where it can be contained; on Windows use WSL"
            )
        self._scratch = tempfile.TemporaryDirectory(prefix="slipper-", ignore_cleanup_errors=True)
        self._starting = self._start(self._scratch.name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None

    @property
    def missing(self) -> tuple[str, ...]:
        """What is not held back on this machine, in sentences; empty where everything is."""
        return self._ready().missing

    def worked(self) -> float:
        """Seconds of processor time that the warm process and its runs took so far; 0 where the system does not say."""
        try:
            stat = Path(f"/proc/{self._ready().process.pid}/stat").read_text(
                encoding="ascii", errors="replace"
            )
        except OSError:
            return 0.0
        return sum(map(int, stat.rsplit(")", 1)[1].split()[11:15])) / os.sysconf("SC_CLK_TCK")

    def open(self, submission: Submission) -> Box:
        """A submission made ready: a query in the first of its dialects in which it runs. Raises BadInput where it can
        be read in none."""
        if submission.kind != "query":
            return Box(self, submission)
        first: Translation | None = None
        for translation in submission.translations():
            first = first or translation
            box = Box(self, submission, translation)
            if box.run(_EMPTY).failure != "error":
                return box
        if first is None:
            raise BadInput(f"{submission.path}: not a query of any known dialect; --dialect names one")
        return Box(self, submission, first)

    def ask(
        self,
        request: dict[str, Any],
        tables: Tables | Sequence[Tables],
        columns: InputColumns,
        rows: int | None = None,
    ) -> frames.Message:
        """Send a request about tables, or those of several worlds. rows: of an answer, if fewer than the limit. Raises
        frames.Ended or frames.Late; the next request finds a fresh process."""
        held = [self._written(one, columns) for one in ([tables] if isinstance(tables, Tables) else tables)]
        named, blobs = held[0][0], [blob for _, some in held for blob in some]
        try:
            warm = self._ready()
            limits = asdict(self.limits) | {"clock": PATIENCE * self.limits.seconds}
            limits |= {} if rows is None else {"rows": rows}
            warm.send(request | named | {"limits": limits, "fences": self.fences}, blobs)
            return warm.receive(PATIENCE * self.limits.seconds + GRACE)
        except BaseException:  # an interruption, too: what it was asked would be taken for the next answer
            self._stop()
            raise

    def _written(self, tables: Tables, columns: InputColumns) -> tuple[dict[str, Any], list[bytes]]:
        """Tables as bytes, under the user's names; those of the last requests are kept."""
        if tables not in self._sent or self._sent[tables][0] is not columns:
            if len(self._sent) >= KEPT:
                self._sent.clear()
            self._sent[tables] = (columns, *tables_of(tables, columns))
        return self._sent[tables][1:]

    def _ready(self) -> _Warm:
        if self._warm is None:
            if self._scratch is None:
                raise RuntimeError("the sandbox is not open: use it in a with statement")
            process = self._starting or self._start(self._scratch.name)
            self._starting = process
            try:
                hello, _ = _receive(process, START)
            except (frames.Ended, frames.Late):
                self._stop()
                raise Failure("the sandbox did not start; SLIPPER_DEBUG=1 shows why") from None
            self._warm = _Warm(process, tuple(hello["missing"]))
        return self._warm

    def _start(self, scratch: str) -> subprocess.Popen[bytes]:
        given = {"here": str(Path(__file__).parent), "scratch": scratch, "libraries": reach.libraries(),
                 "readable": reach.readable()}  # fmt: skip
        loading = {
            name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ
        }
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", BEGIN, json.dumps(given)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("SLIPPER_DEBUG") else subprocess.DEVNULL,
            env=ENVIRONMENT | {"HOME": scratch, "TMPDIR": scratch} | loading,
            cwd=scratch,
            bufsize=0,
            process_group=0,
        )

    def _stop(self) -> None:
        if self._starting is not None:
            _stop(self._starting)
        self._starting = self._warm = None


@dataclass(frozen=True)
class Box:
    """A submission in the sandbox. translation: a query as DuckDB takes it."""

    sandbox: Sandbox
    submission: Submission
    translation: Translation | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of how it is run."""
        if self.translation is None:
            return ()
        guessed = len(self.submission.dialects) > 1
        read = (f"read as SQL of {self.translation.dialect}; --dialect names another",) if guessed else ()
        return (*read, *self.translation.notes)

    @property
    def zoned(self) -> bool:
        """Whether the zone of a session can matter to it."""
        return self.translation is None or self.translation.zoned

    def request(self, zone: str) -> dict[str, Any]:
        """What is asked of the warm process, in a session of this zone."""
        submission = self.submission
        return {
            "kind": submission.kind,
            "code": self.translation.text if self.translation else submission.text,
            "file": str(submission.path),
            "function": submission.function,
            "model": submission.model,
            "zone": zone if self.zoned else "UTC",
            "imports": _imports(submission),
        }

    def run(self, tables: Tables, zone: str = "UTC") -> Outcome:
        """What becomes of it on these tables, in a session of this zone. Nothing that it does raises."""
        submission, file = self.submission, str(self.submission.path)
        try:
            head, blobs = self.sandbox.ask(self.request(zone), tables, submission.columns)
        except frames.Late:
            return Outcome(
                failure="time", reason=f"{file}: it could not be stopped in time; its process was ended"
            )
        except frames.Ended:
            return Outcome(failure="crash", reason=f"{file}: its process ended, perhaps for want of memory")
        outcome = reply.outcome(head, blobs, self.sandbox.limits, file)
        if outcome.failure == "error" and self.translation is not None:
            said = refusal(outcome.reason, file, submission.text, self.translation.dialect)
            return replace(outcome, reason=said or outcome.reason)
        return outcome


def _imports(submission: Submission) -> list[str]:
    """The modules that a Python file imports."""
    if submission.kind == "query":
        return []
    found: list[str] = []
    for one in ast.walk(ast.parse(submission.text)):
        if isinstance(one, ast.Import):
            found += [alias.name for alias in one.names]
        elif isinstance(one, ast.ImportFrom) and one.module and not one.level:
            found.append(one.module)
    return found


def _receive(process: subprocess.Popen[bytes], seconds: float) -> frames.Message:
    assert process.stdout is not None
    return frames.receive(process.stdout.fileno(), seconds)


def _stop(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


_EMPTY = Tables(*(of_rows(name, []) for name in contract.TABLES))
"""A log without rows, on which a query is tried."""
