"""Stages results and puts them in place together: all of them or none, in the place of what is ours."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from analysis.contract import files

_OLD = "old"  # inside the hidden folder: there from the first rename on, holds what was replaced
_NAMES = ".names"  # inside it as well: what is being replaced, for whoever has to take it back


class Staging:
    """A hidden folder inside `target` for new results of the given names, which `publish` puts into their place.

    What bears one of the names already is replaced only if it is ours (`analysis.contract.files`): entering the
    context and publishing raise `files.Foreign` otherwise. The list of the folder's files is a result like the others.

    Leaving the context without `publish` leaves the target as it was: of a new one nothing is left. A writer at work
    holds a lock on its hidden folder; one that nobody locks was left by a process that was killed, and the next writer
    takes back what that one had half published and removes it. Whoever renames anything in the target holds the
    target's own lock.
    """

    def __init__(self, target: Path, names: Sequence[str]) -> None:
        self.target = target
        self.names = (*names, files.LIST)
        self.path = target / f"{files.STAGED_PREFIX}{files.token()}"
        self._lock: int | None = None
        self._made: set[Path] = set()

    def __enter__(self) -> Self:
        try:
            while self._lock is None:
                folders = (self.target, *self.target.parents)
                self._made.update(path for path in folders if not path.exists())
                self.target.mkdir(parents=True, exist_ok=True)
                with suppress(FileNotFoundError):  # another one that made it has just removed it
                    self._stage()
        except BaseException:
            self._unmake()
            raise
        return self

    def _stage(self) -> None:
        with files.locked(self.target):
            self._sweep()
            files.check(self.target, self.names[:-1], files.read(self.target))
            self.path.mkdir()
            self._lock = files.lock(self.path)

    def publish(self) -> None:
        """Put each new result into the place of the old one; after a failure on the way the old ones are back."""
        with files.locked(self.target):
            self._sweep()
            ours = files.read(self.target)
            self._write_list(ours)
            try:
                self._swap(ours)
            except BaseException:
                self._take_back(self.path)
                raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with files.locked(self.target):
                self._remove(self.path)
                self._unmake()
        finally:
            if self._lock is not None:
                os.close(self._lock)

    def _unmake(self) -> None:
        """Remove the folders that were made for the target, if nothing is in them."""
        with suppress(OSError):
            for path in sorted(self._made, key=lambda path: len(path.parts), reverse=True):
                path.rmdir()

    def _write_list(self, ours: files.Marks | None) -> None:
        """The list as it will be: the new results, and what was on it of other names."""
        names = self.names[:-1]
        others = {key: m for key, m in (ours or {}).items() if key.partition("/")[0] not in names}
        files.write(self.path, others | files.marks_of(self.path, names))

    def _swap(self, ours: files.Marks | None) -> None:
        (self.path / _NAMES).write_text("\n".join(self.names), encoding="utf-8")
        old = self.path / _OLD
        old.mkdir()
        for name in self.names:
            if os.path.lexists(self.target / name):
                (self.target / name).rename(old / name)
                if name != files.LIST:
                    files.check(old, [name], ours, self.target)
            (self.path / name).rename(self.target / name)

    def _take_back(self, staged: Path) -> None:
        """Undo a swap that did not come to its end, by renames in the opposite order; can be repeated."""
        old = staged / _OLD
        if not old.exists():
            return  # not begun
        names = (staged / _NAMES).read_text(encoding="utf-8").split("\n")
        if not any(os.path.lexists(staged / name) for name in names):
            return  # at its end
        for name in reversed(names):
            if not os.path.lexists(staged / name):
                (self.target / name).rename(staged / name)
            if os.path.lexists(old / name):
                (old / name).rename(self.target / name)
        old.rmdir()

    def _remove(self, staged: Path) -> None:
        self._take_back(staged)
        shutil.rmtree(staged, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove what killed writers left staged."""
        left = [
            path for path in self.target.glob(f"{files.STAGED_PREFIX}*") if files.STAGED.fullmatch(path.name)
        ]
        for staged in files.abandoned(left):
            self._remove(staged)
