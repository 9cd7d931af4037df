"""Processes beside this one that take over work which needs no log: the simulated panels, the drawing of figures.

    with Workers(2) as workers:
        task = workers.start(square, 3)  # a function of a module, and what can be pickled
        task.result()

A script that uses more than one worker does so below `if __name__ == "__main__":`, as with `multiprocessing`: a worker
begins by running the script. `write_analysis(log, out)` and `verdicts(...)` use none unless they are given some.

What a task returns does not depend on who does it. A task that fails raises its error in `result`. A worker that dies
(killed for its memory, say) loses nothing: this process does its task. Workers print nothing, leave Ctrl-C to
this process, and end with it, however it ends.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

MOST = 8  # workers: an analysis has no more to hand out (assumed)
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
UNGUARDED = (
    'each worker process runs the script that started it, up to `if __name__ == "__main__":`, and this script starts '
    "workers before that line: put what it does below such a line, or use no workers"
)
UNGUARDED_STATUS = 78  # of a worker that ended for that reason
PATIENCE_S = 5.0  # for an ended process
POLITENESS = 5  # workers yield to the process that everything waits for (assumed)
# What the tasks need, imported once for all workers, where the platform lets a process be copied.
NEEDED = ("analysis.inference.verdict.judging", "analysis.report.exhibits", "ibis.backends.duckdb")
NEEDED_TO_DRAW = (
    "analysis.report.figures",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
)


class Task(Future[T]):
    """A task that is done where its result is asked for, if no worker does it."""

    def __init__(self, work: Callable[[], T]) -> None:
        super().__init__()
        self._work: Callable[[], T] | None = work

    def result(self, timeout: float | None = None) -> T:
        """What the task returned, or its error."""
        work, self._work = self._work, None
        if work is not None:
            try:
                self.set_result(work())
            except Exception as error:
                self.set_exception(error)
        return super().result(timeout)


class Workers:
    """So many processes; with one or none, this process does each task when its result is asked for.

    Each process has a thread here, which hands it a task and waits for the answer. draws: figures are among the tasks.
    """

    def __init__(self, count: int = 1, draws: bool = True) -> None:
        self.count = min(count, MOST)
        self._threads: ThreadPoolExecutor | None = None
        self._processes: list[tuple[Connection, BaseProcess]] = []
        self._mine = threading.local()
        self._opening = threading.Lock()
        self._ended = threading.Event()
        self._told = False
        if self.count > 1:
            # Set while a process that was just started runs the script it came from, up to the function it is for.
            if getattr(multiprocessing.current_process(), "_inheriting", False):
                os._exit(UNGUARDED_STATUS)  # the process that started this one says why, once
            self._context = _context(NEEDED + NEEDED_TO_DRAW if draws else NEEDED)
            self._threads = ThreadPoolExecutor(self.count, "worker", self._open)
            for _ in range(self.count):  # each opens its process now, while this thread goes on
                self._threads.submit(int)

    def start(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Hand out `work(*args, **kwargs)`."""
        if self._threads is None:
            return Task(lambda: work(*args, **kwargs))
        return self._threads.submit(self._hand_over, work, args, kwargs)

    def close(self) -> None:
        """End the processes, whatever they do; tasks that nobody began are dropped."""
        self._ended.set()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
        with self._opening:  # none is opened from here on
            for _, process in self._processes:
                process.terminate()
                process.join(PATIENCE_S)
                if process.is_alive():
                    process.kill()
                    process.join()
        if self._threads is not None:
            self._threads.shutdown(wait=True)  # the ends of the pipes have told them
        for pipe, _ in self._processes:
            pipe.close()
        self._processes, self._threads = [], None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> None:
        """Start the process of this thread; without one, its tasks are done here."""
        self._mine.pipe = self._mine.process = None
        # Ctrl-C is for the main thread; what is started here does not hear it either, from its first moment on. (The
        # tracker first: starting it would open this thread's ears again.)
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        with self._opening, _one_thread_each():
            if self._ended.is_set():
                return
            here, there = self._context.Pipe()
            process = self._context.Process(target=_serve, args=(there,), daemon=True)
            try:
                process.start()
            except (EOFError, OSError):  # we are being ended, or the machine has no room for a process
                here.close()
                there.close()
                return
            there.close()
            self._processes.append((here, process))
            self._mine.pipe, self._mine.process = here, process

    def _hand_over(self, work: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Runs in the thread of one process: the process does the task, or, if it dies, this one."""
        pipe: Connection | None = self._mine.pipe
        if pipe is not None:
            try:
                pipe.send((work, args, kwargs))
                done, answer = pipe.recv()
            except (EOFError, OSError):
                self._mine.pipe = None
                if self._ended.is_set():
                    raise
                self._say_why(self._mine.process)
            else:
                if done:
                    return answer
                raise answer
        return work(*args, **kwargs)

    def _say_why(self, process: BaseProcess) -> None:
        """Says once, on standard error, if a process died because the script has no guard."""
        with self._opening:
            process.join(PATIENCE_S)
            if process.exitcode == UNGUARDED_STATUS and not self._told:
                self._told = True
                print(f"warning: {UNGUARDED}", file=sys.stderr)


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started inside leave the other cores to each other: their matrices are small."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _context(needed: Sequence[str]) -> Any:
    """How processes are started: copies of a server that has imported what tasks need, where the platform has that."""
    if "forkserver" not in multiprocessing.get_all_start_methods() or sys.platform == "darwin":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(needed))
    return context


def _serve(pipe: Connection) -> None:
    """Does what comes through the pipe until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    if hasattr(os, "nice"):
        os.nice(POLITENESS)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):
        while True:
            work, args, kwargs = pipe.recv()
            try:
                answer = (True, work(*args, **kwargs))
            except Exception as error:
                answer = (False, error)
            pipe.send(answer)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
