"""Every query on one log in DuckDB, PostgreSQL and Spark; run: python -m benchmarks.warehouses [USERS]

The report world. DuckDB and Spark read the same Parquet files, PostgreSQL a table without an index. Each engine opens
the log with all its checks and answers every query once. What is compared is the processor time of this process and of
all that it started: the machine may do other things meanwhile. The engines' results must be equal: whole numbers, texts
and days to the last one, sums of money to rounding.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import sim
from analysis import Log, NotAvailable, open_log
from analysis.queries.query import all_queries
from sim.scenario.shipped import WORLDS
from tests import postgres

USERS = 220_000
TURNS = 1
ROUNDING = 1e-9
TABLES = ("generations", "labels", "models")
WORK_MEMORY = "256MB"
"""What PostgreSQL may use for each sort or group-by; 4 MB unless it is asked for."""

Engine = Callable[[Path], AbstractContextManager[Callable[[], Log]]]
Answers = dict[str, pd.DataFrame]


def measure(users: int = USERS, turns: int = TURNS) -> str:
    """The table of the benchmark, as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        return compare(sim.run(WORLDS / "report.yaml", users=users, out=folder).path, Path(folder), turns)


def compare(run: Path, folder: Path, turns: int) -> str:
    """Measure a run folder on all engines that are here. folder: for files. Raises AssertionError where results are not
    equal."""
    engines: dict[str, tuple[Engine, str | None]] = {
        "DuckDB": (in_duckdb, None),
        "PostgreSQL": (in_postgres, postgres.missing()),
        "Spark, local mode": (in_spark, _no_spark()),
    }
    flatten(run, folder)
    found: dict[str, tuple[float, Answers]] = {}
    for name, (engine, why) in engines.items():
        if why is None:
            with engine(folder) as opened:
                found[name] = min((answered(opened) for _ in range(turns)), key=lambda turn: turn[0])
    records = pq.read_metadata(folder / "generations.parquet").num_rows
    seconds, expected = found["DuckDB"]
    least = f"; the least of {turns} turns" if turns > 1 else ""
    lines = [
        f"{records:,} records. Each engine opens the log with its checks and answers {len(expected)} queries"
        f"{least}. Processor time of all processes, since the machine may be busy; without starting the engine and "
        "loading the table.",
        "",
        "| engine | seconds of processor | times DuckDB's | results |",
        "|---|---|---|---|",
    ]
    for name, (_, why) in engines.items():
        if why:
            lines.append(f"| {name} | not measured: {why} | | |")
            continue
        took, answers = found[name]
        rows = compared(expected, answers)
        said = f"equal, {rows:,} rows" if name != "DuckDB" else f"{rows:,} rows"
        lines.append(f"| {name} | {took:.1f} | {took / seconds:.1f} | {said} |")
    lines += ["", f"PostgreSQL's work_mem is {WORK_MEMORY}; all else is as it comes."]
    return "\n".join(lines)


def answered(opened: Callable[[], Log]) -> tuple[float, Answers]:
    """Seconds of processor to open a log and answer every query, and the answers."""
    began = processor()
    answers = {}
    with opened() as log:
        for name, query in all_queries().items():
            try:
                answers[name] = query(log)
            except NotAvailable:
                continue
    return processor() - began, answers


def compared(expected: Answers, found: Answers) -> int:
    """How many rows two engines' answers have. Raises AssertionError where they are not equal."""
    assert expected.keys() == found.keys()
    for name, frame in expected.items():
        pd.testing.assert_frame_equal(frame, found[name], rtol=ROUNDING, atol=0, obj=name)
        exact = [column for column in frame if frame[column].dtype.kind != "f"]
        pd.testing.assert_frame_equal(frame[exact], found[name][exact], check_exact=True, obj=name)
    return sum(map(len, expected.values()))


def processor() -> float:
    """Seconds of processor that this process and all that it started have used, also those that have ended."""
    ticks, parents = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            parents[int(folder.name)], ticks[int(folder.name)] = int(fields[1]), sum(map(int, fields[11:15]))

    def ours(process: int) -> bool:
        while process in parents and process != os.getpid():
            process = parents[process]
        return process == os.getpid()

    return sum(ticks[process] for process in ticks if ours(process)) / os.sysconf("SC_CLK_TCK")


def flatten(run: Path, folder: Path) -> None:
    """The tables of a run as one file each: its manifest would tell DuckDB alone which days the log covers."""
    with duckdb.connect() as engine:
        for name, files in (("generations", "log/*/*.parquet"), ("labels", "labels/*/*.parquet")):
            engine.sql(f"copy (select * exclude (week) from '{run}/{files}') to '{folder}/{name}.parquet'")
    shutil.copy(run / "models.parquet", folder)


# --- engines


@contextmanager
def in_duckdb(folder: Path) -> Iterator[Callable[[], Log]]:
    """The files, read by the embedded engine."""
    sides = {name: folder / f"{name}.parquet" for name in ("labels", "models")}
    yield lambda: open_log(folder / "generations.parquet", **sides)  # type: ignore[arg-type]


@contextmanager
def in_postgres(folder: Path) -> Iterator[Callable[[], Log]]:
    """The rows, in tables of a server on loopback."""
    import psycopg

    with postgres.server() as address:
        with psycopg.connect(f"{address}/postgres", autocommit=True) as connection:
            for name in TABLES[:2]:
                _load(connection, folder, name)
            postgres.fill(connection, models=pq.read_table(folder / "models.parquet"))
            connection.execute("VACUUM ANALYZE")
        host = address.rpartition("@")[2]
        with patch.dict(os.environ, PGPASSWORD=postgres.PASSWORD):
            yield lambda: open_log(f"postgresql://me@{host}/postgres?options=-c%20work_mem%3D{WORK_MEMORY}")


def _load(connection: Any, folder: Path, name: str) -> None:
    """A file as a table, by way of CSV, which both engines handle fastest."""
    parquet, text = folder / f"{name}.parquet", folder / f"{name}.csv"
    postgres.fill(connection, **{name: _plain(pq.read_schema(parquet)).empty_table()})
    with duckdb.connect() as engine:
        engine.sql(f"set timezone = 'UTC'; copy (from '{parquet}') to '{text}' (header false)")
    with (
        text.open("rb") as file,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {name} FROM STDIN (FORMAT csv)") as copy,
    ):
        while part := file.read(1 << 20):
            copy.write(part)
    text.unlink()


def _plain(schema: pa.Schema) -> pa.Schema:
    """A schema without dictionaries."""
    return pa.schema(
        [
            field.with_type(field.type.value_type if pa.types.is_dictionary(field.type) else field.type)
            for field in schema
        ]
    )


@contextmanager
def in_spark(folder: Path) -> Iterator[Callable[[], Log]]:
    """The files, read by Spark on this machine."""
    import ibis
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").config("spark.driver.memory", "2g")
    for name, value in (
        ("spark.ui.enabled", "false"), ("spark.ui.showConsoleProgress", "false"), ("spark.driver.host", "127.0.0.1"),
        ("spark.driver.bindAddress", "127.0.0.1"), ("spark.sql.shuffle.partitions", "4"),
        ("spark.sql.execution.arrow.pyspark.enabled", "true"),
    ):  # fmt: skip
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        session.sparkContext.setLogLevel("ERROR")
        for name in TABLES:
            session.read.parquet(str(folder / f"{name}.parquet")).createOrReplaceTempView(name)
        connection = ibis.pyspark.connect(session)
        yield lambda: open_log((connection, "generations"))
    finally:
        session.stop()


def _no_spark() -> str | None:
    """Why Spark cannot be started here; None where it can."""
    import importlib.util

    if importlib.util.find_spec("pyspark") is None:
        return "pyspark is not installed (`make spark`)"
    return None if shutil.which("java") else "no Java on this machine"


if __name__ == "__main__":
    began = time.monotonic()
    print(measure(*map(int, sys.argv[1:])))
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
