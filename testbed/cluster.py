"""A Dask cluster that work is carried out on: one that is there, by its address, or one of its own on this machine."""

from __future__ import annotations

import logging
import re
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar

from testbed.failure import BadInput, Failure

ANSWER_S = 10.0  # for a scheduler to answer
ALONE_S = 60.0  # without a scheduler or a worker, before the work is given up
AHEAD = 4  # tasks that a worker's thread has at a time, so that it never waits for the next one (assumed)
LOOK_S = 1.0  # between two looks at who is there

T = TypeVar("T")
R = TypeVar("R")


class Died(Failure):
    """The worker of one task died each time that the task was given to one."""


class Cluster:
    """The workers of a Dask cluster, as a context. Without an address: worker processes on this machine with one thread
    each, which end with it. What a worker had to do when it died is given to another one by Dask's scheduler."""

    def __init__(self, address: str | None, workers: int) -> None:
        self.address, self.workers = address, workers
        self._distributed = distributed()  # a missing library is told before anything runs
        self._open = ExitStack()
        self._client: Any = None

    def __enter__(self) -> Self:
        log = logging.getLogger("distributed")
        self._open.callback(log.setLevel, log.level)
        log.setLevel(logging.CRITICAL)  # what goes wrong is told by us
        try:
            self._client = self._open.enter_context(self._connect())
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def places(self) -> int:
        """How many tasks the workers do at a time."""
        return sum(self._threads().values())

    def everywhere(self, function: Callable[[], R]) -> Mapping[str, R]:
        """What the function says on each worker, by the worker's address. Raises Failure where there is none, or where
        it cannot be called."""
        found: dict[str, Any] = {}
        if not self._threads():
            with suppress(TimeoutError):
                self._client.wait_for_workers(1, timeout=ANSWER_S)
        if self._threads():
            found = self._client.run(function, on_error="return")
        if not found:
            at = self._client.scheduler.address
            raise Failure(f"the Dask scheduler at {at} has no workers; start some with `dask worker {at}`")
        for worker, said in found.items():
            if isinstance(said, BaseException):
                raise Failure(
                    f"worker {worker} cannot take part: it has no glass-slipper, or another version of it ({said}); "
                    "install the same one there"
                )
        return found

    def carry(self, function: Callable[[T], R], items: Sequence[T]) -> Generator[R]:
        """What the function makes of each item, once, in the order in which they are done. Raises Died for one
        whose worker died again and again; what the function raises, it raises."""
        token = f"{time.time_ns():x}"
        named = {f"{token}-{number}": item for number, item in enumerate(items)}
        for _, result, error in self.outcomes(function, named):
            if error is not None:
                raise error
            yield result

    def outcomes(
        self, function: Callable[..., Any], items: Mapping[str, T]
    ) -> Generator[tuple[str, Any, Any]]:
        """Each key with what the function makes of its item, and the error where it fails, in the order in which they
        are done; Died where its worker died again and again. A key stands for its item among all that the cluster does.
        Closing it early gives up what is under way. Raises Failure where the scheduler, or the last worker, goes."""
        waiting, under_way, over = deque(items.items()), dict[str, Any](), SimpleQueue[Any]()
        place, room, looked = 0, 0, -LOOK_S
        there = time.monotonic()
        try:
            while waiting or under_way:
                now = time.monotonic()
                if now - looked >= LOOK_S:
                    threads, looked = self.places(), now
                    there = now if threads else there
                    room = AHEAD * threads
                    if now - there > ALONE_S:
                        raise Failure(f"no worker of the Dask cluster has been there for {ALONE_S:.0f} s")
                while waiting and len(under_way) < room:
                    key, item = waiting.popleft()
                    under_way[key] = self._client.submit(
                        function, item, key=f"slipper-{key}", priority=-place, retries=0, pure=True
                    )
                    under_way[key].add_done_callback(over.put)
                    place += 1
                try:
                    future = over.get(timeout=LOOK_S)
                except Empty:
                    continue
                key = future.key.removeprefix("slipper-")
                del under_way[key]
                if future.cancelled():
                    raise Failure(f"the Dask scheduler at {self._client.scheduler.address} has gone")
                error = future.exception()
                if isinstance(error, self._distributed.scheduler.KilledWorker):
                    error = Died(died(None, error.allowed_failures + 1))
                yield key, None if error is not None else future.result(), error
                future.release()
        except self._distributed.comm.CommClosedError as error:
            raise Failure(
                f"the Dask scheduler at {self._client.scheduler.address} has gone ({error})"
            ) from None
        finally:
            with suppress(Exception):
                self._client.cancel(list(under_way.values()))

    def _threads(self) -> Mapping[str, int]:
        """Threads of each worker; none where the scheduler does not answer."""
        try:
            found: Mapping[str, int] = self._client.nthreads()
        except (OSError, TimeoutError):
            return {}
        return found

    def _connect(self) -> Any:
        distributed = self._distributed
        if self.address is None:
            with deaf():
                cluster = distributed.LocalCluster(
                    n_workers=self.workers, threads_per_worker=1, processes=True, dashboard_address=None,
                    silence_logs=40,
                )  # fmt: skip
            self._open.enter_context(cluster)
            return distributed.Client(cluster, set_as_default=False)
        if not re.fullmatch(r"(tcp|tls|ucx|ws|wss)://.+:\d+", self.address):
            raise BadInput(f"--address: expected a scheduler such as tcp://HOST:8786, not '{self.address}'")
        try:
            return distributed.Client(self.address, timeout=ANSWER_S, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise Failure(
                f"no Dask scheduler answers at {self.address} ({error}); start one with `dask scheduler`, workers with "
                "`dask worker ADDRESS`"
            ) from None


def distributed() -> Any:
    """Dask's library. Raises BadInput where it is not installed."""
    try:
        import distributed
    except ImportError:
        raise BadInput(
            "--engine dask needs Dask's scheduler, which is not installed: pip install 'glass-slipper[cluster]'"
        ) from None
    return distributed


@contextmanager
def deaf() -> Iterator[None]:
    """Processes that are started here do not hear Ctrl-C, from their first moment on: the parent decides."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def died(status: int | None, attempts: int) -> str:
    """What is said of work whose process died each time."""
    return (
        f"its process died {attempts} times (status {status}), perhaps out of memory; try fewer --workers or "
        "fewer --users"
    )
