"""The folder of a run, which exists complete or not at all: staged, and renamed when it is whole."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Container
from pathlib import Path
from types import TracebackType
from typing import Any

from analysis.contract import files

BEGUN = ".begun-"
"""How the hidden folder of a run begins that goes on where an interrupted one has stopped."""
WORK = ".work"
"""What such a run needs while it is at work, in its hidden folder."""
JOURNAL = "journal"
"""In it: which blocks of the log are whole."""
KEPT = ("log", "labels", WORK)
"""What of an interrupted one is left for the next; of its work, the journal."""


class RunError(RuntimeError):
    """A run cannot begin or go on. Its text is for people."""


class RunFolder:
    """A run's folder, staged under a hidden name and renamed by `publish`.

    What bears the name already is replaced as a whole, and only if all of it is ours (`analysis.contract.files`):
    entering the context and publishing raise `files.Foreign` otherwise. Leaving the context without `publish` removes
    what was written. A run at work holds a lock on its hidden folder; one that nobody locks was left by a process that
    was killed, and the next run in the same place removes it. Whoever renames anything there holds the lock of the
    folder above.

    lasting: the hidden folder has a name of its own, so that the next run of the same world finds there what this one
    leaves if it `keeps`; entering raises RunError if another one is at work there.
    """

    def __init__(self, final: Path, *, lasting: bool = False) -> None:
        self.final, self.lasting = final, lasting
        self.begun = final.parent / f"{BEGUN}{final.name}"
        self.path = self.begun if lasting else self._aside("partial")
        self.keeps = False
        """Whether what is written so far stays for the next run if this one is not published; see `KEPT`."""
        self._lock: int | None = None

    def _aside(self, kind: str) -> Path:
        return self.final.parent / f".{kind}-{self.final.name}-{files.token()}"

    def __enter__(self) -> RunFolder:
        self.final.parent.mkdir(parents=True, exist_ok=True)
        with files.locked(self.final.parent):
            _sweep(self.final.parent)
            if os.path.lexists(self.final):
                files.check_all(self.final)
            self.path.mkdir(exist_ok=self.lasting)
            try:
                self._lock = files.lock(self.path)
            except BlockingIOError:
                raise RunError(
                    f"{self.final}: another process is simulating this world; wait for it"
                ) from None
        if self.lasting:
            self._leave(KEPT)
            self.keeps = (self.path / WORK / JOURNAL).is_file()
        return self

    def publish(self, manifest: dict[str, Any], known: dict[str, files.Mark] | None = None) -> None:
        """Write the manifest and the list of files, and give the folder its name. known: the marks of all files below
        their folders, where they are known already."""
        known = known or {}
        write_manifest(self.path, manifest)
        others = {path.name for path in self.path.iterdir()} - {
            WORK,
            *(name.partition("/")[0] for name in known),
        }
        files.write(self.path, files.marks_of(self.path, sorted(others)) | known)
        if self.lasting:
            shutil.rmtree(self.path / WORK)
        with files.locked(self.final.parent):
            replaced = self._aside("replaced")
            if os.path.lexists(self.final):
                self.final.rename(replaced)
            try:
                if os.path.lexists(replaced):
                    files.check_all(replaced, self.final)
                self.path.rename(self.final)
            except BaseException:
                if os.path.lexists(replaced) and not self.final.exists():
                    replaced.rename(self.final)
                raise
            if os.path.lexists(replaced):
                shutil.rmtree(replaced, ignore_errors=True)
            for left in files.abandoned([self.begun]):
                shutil.rmtree(left, ignore_errors=True)

    def forget(self) -> None:
        """Remove what an earlier run of the same world has left."""
        self._leave(())
        self.keeps = False

    def _leave(self, names: Container[str]) -> None:
        """Remove all but these, and the work but for its journal."""
        for path in [*self.path.iterdir(), *self.path.glob(f"{WORK}/*")]:
            if path.name not in names and path.name != JOURNAL:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.keeps and self.path.is_dir():
            self._leave(KEPT)
        else:
            shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write a run's manifest; one that is there is replaced as a whole."""
    files.write_text(folder / files.MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")


def _sweep(folder: Path) -> None:
    """Remove what killed runs had staged; put back what one had moved away. Call it with the folder's lock."""
    left = []
    for path in folder.glob(".*-*"):
        named = _LEFT.fullmatch(path.name)
        if named is None:
            continue
        if named["kind"] == "replaced" and not os.path.lexists(folder / named["run"]):
            path.rename(folder / named["run"])
        else:
            left.append(path)
    for path in files.abandoned(left):
        shutil.rmtree(path, ignore_errors=True)


_LEFT = re.compile(rf"\.(?P<kind>partial|replaced)-(?P<run>.+)-{files.TOKEN}")
