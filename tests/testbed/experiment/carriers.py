"""Ways of carrying runs out that need no simulation. Imports little, so that a spawned process is there at once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from testbed.experiment.runs import Record, Task, Tell, carry_out, nobody


@dataclass
class Serial:
    """The plain engine that the others must agree with: one run after the other, in this process."""

    carry: Callable[[Task], Record] = carry_out

    def run(self, tasks: Sequence[Task], tell: object = None) -> Iterator[Record]:
        """The record of each task, in order."""
        for task in tasks:
            yield self.carry(task)


def comparable(records: Iterable[Record]) -> dict[str, Record]:
    """Records by key without what differs from run to run; a key that comes twice is an error."""
    found: dict[str, Record] = {}
    for record in records:
        assert record["key"] not in found, "a run was given twice"
        found[record["key"]] = {key: value for key, value in record.items() if key != "seconds"}
    return found


def answer(task: Task, tell: Tell = nobody) -> Record:
    """A record without a simulation: values follow from the seed."""
    found = {
        name: {"status": "ok", "holds": task.seed % 3 > 0, "value": task.seed % 1000 / 1000, "why": "made"}
        for name, _, _ in task.patterns
    }
    return {"key": task.key, "seed": task.seed, "status": "done", "error": "", "trace": "", "seconds": 0.1,
            "version": "made", "patterns": found}  # fmt: skip


def slow_answer(task: Task, tell: Tell = nobody) -> Record:
    """The same after a moment, in which the process can be killed."""
    time.sleep(0.4)
    return answer(task)


def die_once(task: Task, tell: Tell = nobody) -> Record:
    """Ends its process at the first run of each key, as a lack of memory would."""
    mark = Path(os.environ["SLIPPER_TEST_MARKS"]) / task.key
    if not mark.exists():
        mark.touch()
        os._exit(9)
    return answer(task)


def die(task: Task, tell: Tell = nobody) -> Record:
    """Ends its process whenever the seed is the unlucky one."""
    if str(task.seed) == os.environ["SLIPPER_TEST_UNLUCKY"]:
        os._exit(9)
    return answer(task)


def told_answer(task: Task, tell: Tell = nobody) -> Record:
    """The same, and says on the way that a half is done."""
    tell(0.5)
    return answer(task)
