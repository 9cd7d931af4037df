"""Engines: tasks in, records out, in whatever order they finish.

`Processes` uses this machine: spawned processes with one thread each. `Dask` uses the workers of a Dask cluster, on any
number of machines. Both give the same records; neither loses a run when a worker dies, nor gives one twice.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from analysis.workers import THREADS
from testbed.cluster import Cluster, Died, deaf, died
from testbed.experiment.runs import Job, Record, Tell, carry_out, failed

ATTEMPTS = 3  # of a run whose process died, before it counts as failed
PATIENCE_S = 20.0  # for an ended process to clean up
ONE_THREAD = (*THREADS, "NUMBA_NUM_THREADS")
Carry = Callable[[Any, Tell], Record]
TellOf = Callable[[str, float], None]
"""Is told of a run, by its key, how much of it is done, from 0 to 1."""


def nobody(key: str, part: float) -> None:
    """For those who want no progress: does nothing."""


class Engine(Protocol):
    """Carries tasks out. Closing the iterator early ends what is under way."""

    def run(self, tasks: Sequence[Job], tell: TellOf = nobody) -> Iterator[Record]:
        """The record of each task, once. tell: is told how far those under way are, if the engine knows."""
        ...


class Processes:
    """A pool of spawned processes on this machine. A process that dies takes one run with it, which is tried again in a
    new one; at the third death the run is a failure. The processes end with the runs; within `with` they wait for more,
    since one takes seconds to start."""

    def __init__(self, workers: int, carry: Carry = carry_out) -> None:
        self.workers, self.carry = workers, carry
        self._context = multiprocessing.get_context("spawn")
        self._kept: list[tuple[Connection, BaseProcess]] | None = None

    def __enter__(self) -> Processes:
        self._kept = []
        return self

    def __exit__(self, *_: object) -> None:
        kept, self._kept = self._kept or [], None
        self._end([], kept)

    def run(self, tasks: Sequence[Job], tell: TellOf = nobody) -> Iterator[Record]:
        """See Engine."""
        waiting = deque((task, 1) for task in tasks)
        busy: dict[Connection, tuple[BaseProcess, Job, int]] = {}
        idle = [] if self._kept is None else self._kept
        try:
            while waiting or busy:
                while waiting and len(busy) < self.workers:
                    pipe, process = idle.pop() if idle else self._start()
                    task, attempt = waiting.popleft()
                    busy[pipe] = (process, task, attempt)
                    with suppress(OSError):  # it died while idle: told by the pipe's end below
                        pipe.send(task)
                for ready in wait(list(busy)):
                    assert isinstance(ready, Connection)
                    process, task, attempt = busy[ready]
                    try:
                        said = ready.recv()
                    except (EOFError, OSError):
                        del busy[ready]
                        ready.close()
                        process.join(PATIENCE_S)
                        if attempt < ATTEMPTS:
                            waiting.appendleft((task, attempt + 1))
                        else:
                            yield failed(task, died(process.exitcode, attempt))
                        continue
                    if isinstance(said, float):
                        tell(task.key, said)
                        continue
                    del busy[ready]
                    idle.append((ready, process))
                    yield said
        finally:
            self._end(
                [(pipe, process) for pipe, (process, _, _) in busy.items()],
                idle if self._kept is None else [],
            )

    def _start(self) -> tuple[Connection, BaseProcess]:
        parent, child = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(child, self.carry), daemon=True)
        with deaf():
            process.start()
        child.close()
        return parent, process

    @staticmethod
    def _end(busy: list[tuple[Connection, BaseProcess]], idle: list[tuple[Connection, BaseProcess]]) -> None:
        for _, process in busy:
            process.terminate()
        for pipe, _ in (*busy, *idle):
            pipe.close()  # an idle process ends when its pipe does
        until = time.monotonic() + PATIENCE_S
        for _, process in (*busy, *idle):
            process.join(max(0.1, until - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()


def _serve(pipe: Connection, carry: Carry) -> None:
    """Carries out what comes through the pipe until it ends; sends parts of a run as numbers, then its record."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    signal.signal(signal.SIGTERM, _leave)
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    with suppress(EOFError, OSError):
        while True:
            pipe.send(carry(pipe.recv(), pipe.send))


def _leave(number: int, frame: object) -> None:
    raise SystemExit(128 + number)  # unwinds, so that temporary folders go away


class Dask:
    """The workers of a Dask cluster. Without an address: a cluster of its own on this machine, of worker processes with
    one thread each. A run whose worker dies is given to another one by Dask's scheduler."""

    def __init__(self, address: str | None, workers: int, carry: Carry = carry_out) -> None:
        self.cluster, self.carry = Cluster(address, workers), carry

    def run(self, tasks: Sequence[Job], tell: TellOf = nobody) -> Iterator[Record]:
        """See Engine."""
        by_key = {task.key: task for task in tasks}
        with self.cluster:
            for key, record, error in self.cluster.outcomes(self.carry, by_key):
                if error is None:
                    yield record
                elif isinstance(error, Died):
                    yield failed(by_key[key], str(error))
                else:
                    yield failed(by_key[key], f"{type(error).__name__}: {error}")


def choose(name: str, workers: int, address: str | None) -> Engine:
    """The engine of a name: processes or dask."""
    return Dask(address, workers) if name == "dask" else Processes(workers)
