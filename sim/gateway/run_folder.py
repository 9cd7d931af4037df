"""The folder of a run, which exists complete or not at all: staged, and renamed when it is whole."""

import json
import os
import re
import shutil
from pathlib import Path
from types import TracebackType
from typing import Any

from analysis.contract import files


class RunFolder:
    """A run's folder, staged under a hidden name and renamed by `publish`.

    What bears the name already is replaced as a whole, and only if all of it is ours (`analysis.contract.files`):
    entering the context and publishing raise `files.Foreign` otherwise. Leaving the context without `publish` removes
    what was written. A run at work holds a lock on its hidden folder; one that nobody locks was left by a process that
    was killed, and the next run in the same place removes it. Whoever renames anything there holds the lock of the
    folder above.
    """

    def __init__(self, final: Path) -> None:
        self.final = final
        self.path = self._aside("partial")
        self._lock: int | None = None

    def _aside(self, kind: str) -> Path:
        return self.final.parent / f".{kind}-{self.final.name}-{files.token()}"

    def __enter__(self) -> "RunFolder":
        self.final.parent.mkdir(parents=True, exist_ok=True)
        with files.locked(self.final.parent):
            _sweep(self.final.parent)
            if os.path.lexists(self.final):
                files.check_all(self.final)
            self.path.mkdir()
            self._lock = files.lock(self.path)
        return self

    def publish(self, manifest: dict[str, Any]) -> None:
        """Write the manifest and the list of files, and give the folder its name."""
        write_manifest(self.path, manifest)
        files.write(self.path, files.marks_of(self.path, sorted(path.name for path in self.path.iterdir())))
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

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
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
