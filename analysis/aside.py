"""Writes results aside and puts them in place together: all of them or none."""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

_PREFIX = ".analysis-"
_OLD = "old"  # inside the hidden folder: there from the first rename on, holds what was replaced


class Aside:
    """A hidden folder inside `target` for new results of the given names, which `publish` puts into their place.

    Leaving the context without `publish` leaves the target as it was. A writer at work holds a lock on its hidden
    folder; one that nobody locks was left by a process that was killed, and the next writer takes back what that
    one had half published and removes it. Whoever renames anything in the target holds the target's own lock.
    """

    def __init__(self, target: Path, names: Sequence[str]) -> None:
        self.target = target
        self.names = tuple(names)
        self.path = target / f"{_PREFIX}{uuid.uuid4().hex[:12]}"
        self._lock: int | None = None

    def __enter__(self) -> Self:
        self.target.mkdir(parents=True, exist_ok=True)
        with _locked(self.target):
            self._sweep()
            self.path.mkdir()
            self._lock = _lock(self.path)
        return self

    def publish(self) -> None:
        """Put each new result into the place of the old one; after a failure on the way the old ones are back."""
        with _locked(self.target):
            self._sweep()
            try:
                self._swap()
            except BaseException:
                self._take_back(self.path)
                raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with _locked(self.target):
                self._remove(self.path)
        finally:
            if self._lock is not None:
                os.close(self._lock)

    def _swap(self) -> None:
        old = self.path / _OLD
        old.mkdir()
        for name in self.names:
            if (self.target / name).exists():
                (self.target / name).rename(old / name)
            (self.path / name).rename(self.target / name)

    def _take_back(self, aside: Path) -> None:
        """Undo a swap that did not come to its end, by renames in the opposite order; can be repeated."""
        old = aside / _OLD
        if not old.exists() or not any((aside / name).exists() for name in self.names):
            return  # not begun, or at its end
        for name in reversed(self.names):
            if not (aside / name).exists():
                (self.target / name).rename(aside / name)
            if (old / name).exists():
                (old / name).rename(self.target / name)
        old.rmdir()

    def _remove(self, aside: Path) -> None:
        self._take_back(aside)
        shutil.rmtree(aside, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove what killed writers left aside."""
        for left in self.target.glob(f"{_PREFIX}*"):
            try:
                handle = _lock(left)
            except OSError:  # at work, or not ours to remove
                continue
            try:
                self._remove(left)
            finally:
                os.close(handle)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, once others have let go of it."""
    handle = _lock(folder, wait=True)
    try:
        yield
    finally:
        os.close(handle)


def _lock(folder: Path, wait: bool = False) -> int:
    """A descriptor that holds the lock of a folder. BlockingIOError if another one holds it, unless `wait`."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BaseException:
        os.close(handle)
        raise
    return handle
