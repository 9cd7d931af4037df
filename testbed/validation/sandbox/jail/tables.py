"""The tables of a world for one run: a session of DuckDB that sees them, or a run folder that holds them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

DAY = 86_400_000  # milliseconds
THURSDAY = dt.date(1970, 1, 1)
CLOSED = ("python_enable_replacements = false", "temp_directory = ''", "allowed_configs = ['TimeZone']",
          "enable_external_access = false", "lock_configuration = true")  # fmt: skip
"""Settings of a session that reads neither files nor variables of Python, and can change nothing but its zone."""

_prepared: duckdb.DuckDBPyConnection | None = None


def prepare() -> None:
    """Open the session of the runs before they are forked: to open one takes longer than most queries. Each fork has it
    for its own, as it was when it was opened."""
    global _prepared
    _prepared = _opened()


def _opened() -> duckdb.DuckDBPyConnection:
    """A session of DuckDB without threads, which a fork would not have, that fetches nothing."""
    extensions = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    return duckdb.connect(config={"threads": 1, **extensions})


class Tables:
    """The tables by the names under which the code finds them; the model that the code is about, if any; the zone."""

    def __init__(self, request: dict[str, Any], blobs: list[bytes], scratch: str) -> None:
        self._order, self._blobs = list(request["tables"]), blobs
        self.named: dict[str, pa.Table] = {}
        self.model: str | None = request["model"]
        self.zone: str = request["zone"]
        self._names: dict[str, str] = request["names"]
        self._memory: int = request["limits"]["memory_mb"]
        self._scratch = Path(scratch)
        self._session: duckdb.DuckDBPyConnection | None = None
        self.fill(0)

    def fill(self, number: int) -> None:
        """Take the tables of this world, of those that the request brings."""
        first = number * len(self._order)
        pairs = zip(self._order, self._blobs[first : first + len(self._order)], strict=True)
        self.named = {name: pa.ipc.open_stream(blob).read_all() for name, blob in pairs}
        self._root = self._scratch / f"run-{number}"
        if self._session is not None:
            for name, table in self.named.items():
                self._session.register(name, table)

    def session(self, closed: bool = False) -> duckdb.DuckDBPyConnection:
        """A session of DuckDB that sees the tables, in the zone of the run, made on first use."""
        if self._session is None:
            self._session = _prepared or _opened()
            self._session.execute(f"SET memory_limit = '{self._memory}MB'")
            self._session.execute(f"SET TimeZone = '{self.zone}'")
            for name, table in self.named.items():
                self._session.register(name, table)
            for setting in CLOSED if closed else ():
                self._session.execute(f"SET {setting}")
        return self._session

    def forget(self) -> None:
        """Let the next code find a session of its own, without what the one before made in it."""
        global _prepared
        _prepared, self._session = None, None

    def move(self, zone: str) -> None:
        """Let the next code find its session in this zone."""
        if zone != self.zone and self._session is not None:
            self._session.execute(f"SET TimeZone = '{zone}'")
        self.zone = zone

    def folder(self) -> str:
        """A run folder as runs are written: log/ and labels/ by UTC week, models.parquet. Made on first use."""
        if not self._root.exists():
            log, labels = self.named[self._names["generations"]], self.named[self._names["labels"]]
            moments = log.column(self._names["created_at"]).cast(pa.timestamp("ms", "UTC"), safe=False)
            weeks = [_monday(moment) for moment in moments.cast(pa.int64()).to_pylist()] or [str(THURSDAY)]
            ids = log.column(self._names["generation_id"]).to_pylist()
            of_request = dict(zip(ids, weeks, strict=False))
            labelled = labels.column(self._names["labels.generation_id"]).to_pylist()
            self._partition("log", log, weeks)
            self._partition("labels", labels, [of_request.get(one, weeks[0]) for one in labelled])
            pq.write_table(self.named[self._names["models"]], self._root / "models.parquet")
        return str(self._root)

    def _partition(self, name: str, table: pa.Table, weeks: list[str]) -> None:
        rows: dict[str, list[int]] = defaultdict(list)
        for i, week in enumerate(weeks[: len(table)] or weeks):
            rows[week].append(i)
        for week, held in rows.items():
            folder = self._root / name / f"week={week}"
            folder.mkdir(parents=True)
            pq.write_table(table.take(held) if len(table) else table, folder / "part-00000.parquet")


def _monday(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "__HIVE_DEFAULT_PARTITION__"
    day = milliseconds // DAY
    return str(THURSDAY + dt.timedelta(days=day - (day + 3) % 7))
