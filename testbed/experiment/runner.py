"""The one runner of replicates: carries out the runs that are not remembered, on all cores or a cluster.

Each finished run is remembered at once, so that the same command goes on after an interruption.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.contract import files
from analysis.workers import cores
from testbed.experiment import engine as engines
from testbed.experiment.runs import Job, Record, Task, has_failed
from testbed.experiment.store import Store
from testbed.terminal.progress import Report, duration, open_display

RUNNING = ".running-"
_RUNNING = re.compile(rf"{re.escape(RUNNING)}{files.TOKEN}")


@dataclass(frozen=True)
class Tally:
    """How the runs of one command went. seconds: of the whole command."""

    runs: int
    new: int
    remembered: int
    failed: int
    seconds: float

    def line(self) -> str:
        """The final line."""
        rate = f", {self.new / self.seconds:.2f} runs/s" if self.new and self.seconds > 0 else ""
        return (
            f"{self.runs} runs ({self.new} new, {self.remembered} remembered, {self.failed} failed) in "
            f"{duration(self.seconds)}{rate}"
        )


def run(
    wanted: Sequence[Job],
    store: Store,
    *,
    engine: str | engines.Engine = "processes",
    workers: int | None = None,
    address: str | None = None,
    fresh: Collection[str] = (),
    quiet: bool = False,
    then: Callable[[Record], None] | None = None,
) -> Tally:
    """Carry out the runs that are not in the store; of a key that comes twice, one.

    engine, address: see `engine.choose`; or an engine that is there already. workers: runs at a time (default: one a
    core). fresh: keys of runs that are carried out although they are remembered. quiet: no progress. then: is called
    with each new record once it is remembered. Raises Foreign if a file that is no record lies in the place of one;
    KeyboardInterrupt when it is interrupted, with the finished runs remembered."""
    tasks = {task.key: task for task in wanted}
    store.check(tasks)
    there: dict[str, Record] = {}
    for key, task in tasks.items():
        if key not in fresh:
            there |= store.finished([key], task.names)
    todo = [task for key, task in tasks.items() if key not in there]
    began = time.monotonic()
    done = failed = 0
    workers = min(workers or cores(), max(len(todo), 1))
    phase = "Running" + (f" ({len(there)} remembered)" if there else "")
    parts: dict[str, float] = {}  # of the runs under way, how much is done
    try:
        if todo:
            with open_display(quiet=quiet) as show, _scratch(store.folder, todo) as placed:

                def told(key: str, part: float) -> None:
                    parts[key] = part
                    show(Report(phase, done + sum(parts.values()), len(todo), over=done))

                show(Report(phase, 0, len(todo), over=0))
                if isinstance(engine, str):
                    engine = engines.choose(engine, workers, address)
                records = engine.run(placed, told)
                try:
                    for record in records:
                        store.write(record)
                        done += 1
                        failed += has_failed(record)
                        if then is not None:
                            then(record)
                        parts.pop(record["key"], None)
                        show(Report(phase, done + sum(parts.values()), len(todo), over=done))
                finally:
                    records.close()  # type: ignore[attr-defined]
    except KeyboardInterrupt:
        if not quiet:
            print(f"{len(there) + done} of {len(tasks)} runs are finished and remembered; the same command goes on",
                  file=sys.stderr)  # fmt: skip
        raise
    return Tally(len(tasks), done, len(there), failed, time.monotonic() - began)


@contextmanager
def _scratch(folder: Path, tasks: Sequence[Job]) -> Iterator[list[Job]]:
    """The tasks with a hidden folder beside the records for logs that go away. It is locked while they are carried
    out; what nobody locks was left by a command that was killed, and is removed."""
    if not any(isinstance(task, Task) and task.needs == "log" for task in tasks):
        yield list(tasks)
        return
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f"{RUNNING}{files.token()}"
    with files.locked(folder):
        for left in files.abandoned(one for one in folder.iterdir() if _RUNNING.fullmatch(one.name)):
            shutil.rmtree(left, ignore_errors=True)
        aside.mkdir()
        handle = files.lock(aside)
    try:
        yield [replace(t, scratch=str(aside.absolute())) if isinstance(t, Task) else t for t in tasks]
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        os.close(handle)
