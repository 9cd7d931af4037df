"""The one runner of replicates: carries out the runs that are not remembered, on all cores or a cluster.

Each finished run is remembered at once, so that the same command goes on after an interruption.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from testbed.experiment import engine as engines
from testbed.experiment.runs import Task, has_failed
from testbed.experiment.store import Store
from testbed.terminal.progress import Report, duration, open_display


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
    wanted: Sequence[Task],
    store: Store,
    *,
    engine: str = "processes",
    workers: int | None = None,
    address: str | None = None,
    fresh: bool = False,
    quiet: bool = False,
) -> Tally:
    """Carry out the runs that are not in the store; of a key that comes twice, one.

    engine, address: see `engine.choose`. workers: runs at a time (default: one a core). fresh: run again what is
    remembered. quiet: no progress. Raises Foreign if a file that is no record lies in the place of one;
    KeyboardInterrupt when it is interrupted, with the finished runs remembered.
    """
    tasks = {task.key: task for task in wanted}
    store.check(tasks)
    names = {name for task in wanted for name, _, _ in task.patterns}
    there = {} if fresh else store.finished(tasks, names)
    todo = [task for key, task in tasks.items() if key not in there]
    began = time.monotonic()
    done = failed = 0
    workers = min(workers or os.cpu_count() or 1, max(len(todo), 1))
    phase = "Running" + (f" ({len(there)} remembered)" if there else "")
    try:
        if todo:
            records = engines.choose(engine, workers, address).run(todo)
            with open_display(quiet=quiet) as show:
                show(Report(phase, 0, len(todo)))
                try:
                    for record in records:
                        store.write(record)
                        done += 1
                        failed += has_failed(record)
                        show(Report(phase, done, len(todo)))
                finally:
                    records.close()  # type: ignore[attr-defined]
    except KeyboardInterrupt:
        if not quiet:
            print(f"{len(there) + done} of {len(tasks)} runs are finished and remembered; the same command goes on",
                  file=sys.stderr)  # fmt: skip
        raise
    return Tally(len(tasks), done, len(there), failed, time.monotonic() - began)
