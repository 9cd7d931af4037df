"""Engines: tasks in, records out, in whatever order they finish.

`Processes` uses this machine: spawned processes with one thread each. `Dask` uses the workers of a Dask cluster, on any
number of machines. Both give the same records; neither loses a run when a worker dies, nor gives one twice.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from testbed.experiment.runs import Job, Record, Tell, carry_out, failed
from testbed.failure import BadInput, Failure

ATTEMPTS = 3  # of a run whose process died, before it counts as failed
PATIENCE_S = 20.0  # for an ended process to clean up
ANSWER_S = 10.0  # for a scheduler to answer
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
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
        with _deaf():
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


@contextmanager
def _deaf() -> Iterator[None]:
    """A process that is started here does not hear Ctrl-C, from its first moment on: the parent decides."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


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


def died(status: int | None, attempts: int) -> str:
    """What is said of a run whose process died each time."""
    return (
        f"its process died {attempts} times (status {status}), perhaps out of memory; try fewer --workers or "
        "fewer --users"
    )


class Dask:
    """The workers of a Dask cluster. Without an address: a cluster of its own on this machine, of worker processes with
    one thread each. A run whose worker dies is given to another one by Dask's scheduler."""

    def __init__(self, address: str | None, workers: int, carry: Carry = carry_out) -> None:
        self.address, self.workers, self.carry = address, workers, carry
        _distributed()  # a missing library is told before anything runs

    def run(self, tasks: Sequence[Job], tell: TellOf = nobody) -> Iterator[Record]:
        """See Engine."""
        distributed = _distributed()
        with self._client(distributed) as client:
            by_key = {task.key: task for task in tasks}
            futures = [
                client.submit(self.carry, task, key=f"slipper-{key}", priority=-place, retries=0, pure=True)
                for place, (key, task) in enumerate(by_key.items())
            ]
            try:
                for future in distributed.as_completed(futures, loop=client.loop):
                    task = by_key[future.key.removeprefix("slipper-")]
                    error = future.exception()
                    if error is None:
                        yield future.result()
                    elif isinstance(error, distributed.scheduler.KilledWorker):
                        yield failed(task, died(None, error.allowed_failures + 1))
                    else:
                        yield failed(task, f"{type(error).__name__}: {error}")
                    future.release()
            finally:
                with suppress(Exception):
                    client.cancel(futures)

    def _client(self, distributed: Any) -> Any:
        if self.address is None:
            cluster = distributed.LocalCluster(
                n_workers=self.workers, threads_per_worker=1, processes=True, dashboard_address=None,
                silence_logs=40,
            )  # fmt: skip
            return _Owned(distributed, cluster)
        if not re.fullmatch(r"(tcp|tls|ucx|ws|wss)://.+:\d+", self.address):
            raise BadInput(f"--address: expected a scheduler such as tcp://HOST:8786, not '{self.address}'")
        try:
            return distributed.Client(self.address, timeout=ANSWER_S, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise Failure(
                f"no Dask scheduler answers at {self.address} ({error}); start one with `dask scheduler`, workers with "
                "`dask worker ADDRESS`"
            ) from None


class _Owned:
    """A client with a cluster that ends with it."""

    def __init__(self, distributed: Any, cluster: Any) -> None:
        self._cluster = cluster
        self._client = distributed.Client(cluster, set_as_default=False)

    def __enter__(self) -> Any:
        return self._client

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._cluster.close()


def _distributed() -> Any:
    try:
        import distributed
    except ImportError:
        raise BadInput(
            "--engine dask needs Dask's scheduler, which is not installed; install glass-slipper[cluster]"
        ) from None
    return distributed


def choose(name: str, workers: int, address: str | None) -> Engine:
    """The engine of a name: processes or dask."""
    return Dask(address, workers) if name == "dask" else Processes(workers)
