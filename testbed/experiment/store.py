"""Remembers finished runs: one small JSON file a run, named by its key, staged and renamed into place.

Several processes, shards or machines may write to one store at once: a run is a pure function of its key, so whoever is
last writes the same. A file that is cut off or is not a record counts as not there, and its run is done again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import NoneType
from typing import Any

from analysis.contract import files
from testbed.experiment.runs import Job, Record, has_failed
from testbed.failure import Failure

RECORD = {"key": str, "seed": int, "status": str, "seconds": (int, float), "patterns": dict}
ANSWER = {"status": str, "holds": (bool, NoneType), "value": (int, float, NoneType), "why": str}


def _has(data: Any, kinds: Mapping[str, Any]) -> bool:
    return isinstance(data, dict) and all(
        key in data and isinstance(data[key], kind) for key, kind in kinds.items()
    )


class Store:
    """The finished runs in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        """A run's file."""
        return self.folder / f"{key}.json"

    def read(self, key: str, asked: Collection[str] = ()) -> Record | None:
        """A run's record, None if it is not there whole. asked: names of patterns that it must answer."""
        try:
            data: Any = json.loads(self.path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        whole = _has(data, RECORD) and data["key"] == key and data["patterns"].keys() >= set(asked)
        return data if whole and all(_has(answer, ANSWER) for answer in data["patterns"].values()) else None

    def of(self, job: Job, name: str = "") -> Record:
        """The record of a run that was carried out. name: of the run, for people (default: by its seed). Raises Failure
        for one that failed or cannot be read back."""
        record = self.read(job.key, job.names)
        if record is None or has_failed(record):
            why = "it cannot be read back" if record is None else record["error"] or "a pattern failed"
            raise Failure(f"{name or f'the run with seed {job.seed}'}: {why} ({self.path(job.key)})")
        return record

    def check(self, keys: Iterable[str]) -> None:
        """Raises files.Foreign if a file that is no record bears the name of one of these runs."""
        for key in keys:
            files.check_record(self.path(key), ("key",))

    def write(self, record: Record) -> None:
        """Remember a run."""
        files.write_text(self.path(record["key"]), json.dumps(record, indent=1, allow_nan=False) + "\n")

    def finished(self, keys: Iterable[str], asked: Collection[str] = ()) -> dict[str, Record]:
        """Records by key of the runs that are there and did not fail, nor any pattern of theirs: a failed one is tried
        again."""
        found = {}
        for key in keys:
            record = self.read(key, asked)
            if record is not None and not has_failed(record):
                found[key] = record
        return found
