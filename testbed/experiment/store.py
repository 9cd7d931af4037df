"""Remembers finished runs: one small JSON file a run, named by its key, written aside and renamed into place.

Several processes, shards or machines may write to one store at once: a run is a pure function of its key, so whoever is
last writes the same. A file that is cut off or is not a record counts as not there, and its run is done again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from testbed.experiment.runs import Record, has_failed
from testbed.scoreboard import write_json


class Store:
    """The finished runs in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        """A run's file."""
        return self.folder / f"{key}.json"

    def read(self, key: str) -> Record | None:
        """A run's record, None if it is not there whole."""
        try:
            data: Any = json.loads(self.path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        whole = isinstance(data, dict) and data.get("key") == key and isinstance(data.get("patterns"), dict)
        return data if whole else None

    def write(self, record: Record) -> None:
        """Remember a run."""
        write_json(record, self.path(record["key"]))

    def finished(self, keys: Iterable[str]) -> dict[str, Record]:
        """Records by key of the runs that are there and did not fail, nor any pattern of theirs: a failed one is tried
        again."""
        found = {}
        for key in keys:
            record = self.read(key)
            if record is not None and not has_failed(record):
                found[key] = record
        return found
