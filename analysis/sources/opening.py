"""Opens a log wherever it lies: a run folder, Parquet files, a DuckDB file, object storage, a PostgreSQL server, a
table of Spark, or a table of an Ibis connection.

For files the engine is an embedded DuckDB that works out of core: it keeps to a memory limit and spills to a temporary
folder, which goes away with the log.
"""

from __future__ import annotations

import datetime as dt
import glob as globbing
from pathlib import Path
from typing import Any, Literal, TypeAlias

import ibis
import ibis.expr.types as ir
from ibis.backends.sql import SQLBackend

from analysis import contract
from analysis.sources import columns, engines, files, runs, soundness
from analysis.sources.errors import LogError
from analysis.sources.log import Log
from analysis.sources.scope import Scope, keep
from analysis.sources.warehouses import addresses, libpq, postgres, spark, storage

DEFAULT_MEMORY = "2GB"
GENERATIONS = "generations"  # the usual name of a log's table
Side: TypeAlias = str | Path | ir.Table | Literal[False] | None  # False: none; None: the usual one
SideName: TypeAlias = Literal["labels", "models"]


def open_log(
    where: str | Path | ir.Table | tuple[SQLBackend, str],
    *,
    labels: Side = None,
    models: Side = None,
    table: str = GENERATIONS,
    start: dt.date | None = None,
    end: dt.date | None = None,
    memory: str = DEFAULT_MEMORY,
    threads: int | None = None,
    check: bool = True,
    tolerate: bool = False,
    scope: Scope | None = None,
) -> Log:
    """Open a log.

    where: a run folder, its log/ folder, a Parquet file, a folder or glob of Parquet files (which files of a folder
        are the log: `analysis.sources.files`), a DuckDB file, the address of Parquet on object storage, of a PostgreSQL
        server or of a table of Spark (`analysis.sources.warehouses`), an Ibis table or any other Ibis expression that
        is a table, or (Ibis connection, table name). SQLite is refused.
    labels, models: the side tables. By default those of the run folder, or the tables `labels` and `models` beside the
        log's table in the DuckDB file or connection; such a table that does not conform to the contract is left out
        with a warning. Named ones (files for a log in files; a name or an Ibis table for a connection) and those of a
        run that slipper wrote must conform. False: none.
    table: name of the generations' table in a DuckDB file, `schema.table` outside the schema main; or on a server.
    start, end: first and last UTC day that the log covers, if its records do not say so (`Log.coverage`).
    memory, threads: limits of the embedded engine (files only).
    check: refuse a log without its required columns or with wrong types, in any one of its files; without rows; with
        tokens or costs below 0, missing or not finite, or with parts above their whole (cached, reasoning tokens);
        without user, model or moment in some rows; with moments outside the years of `soundness.YEARS` or over more
        than `soundness.MOST_MONTHS` months; with more than 5% copies of rows; with two rows of one model in the models
        table. Fewer copies, ids that different requests share, days that the log lacks and rows far from all
        others are warnings. `check_conformance` opens unchecked.
    tolerate: what would be refused of single rows, and many copies, are warnings.
    scope: what of the log is looked at: rows of some days alone, windows, whether the study stands beside it.

    What is odd and was accepted is in `Log.warnings`. Raises LogError with a message for people.
    """
    if isinstance(where, ir.Table):
        log = _from_table(where, labels, models)
    elif isinstance(where, tuple):
        tables = engines.tables_of_connection(where[0])
        log = _from_connection(tables, tables.get(where[1]), where[1], labels, models)
    elif libpq.is_address(where):
        log = _from_postgres(str(where), labels, models, table)
    elif spark.is_address(where):
        log = _from_spark(str(where), labels, models, table)
    elif storage.is_address(where):
        log = _from_storage(str(where), labels, models, memory, threads)
    else:
        log = _from_path(str(where), labels, models, table, memory, threads)
    try:
        if start or end:
            log.state_days(start, end, all_between=log.manifest is not None)
        for sentence in log.left_out:
            log.warn(sentence)
        ours = log.manifest is not None  # a run that slipper wrote
        named = {name for name, side in (("labels", labels), ("models", models)) if side is not None}
        soundness.settle_sides(log, {"labels", "models"} if ours else named)
        if check:
            soundness.check_columns(log)
        log.scope = scope or Scope()
        keep(log)
        soundness.measure(log, check, tolerate)
        if check:
            for sentence in log.coverage.sentences:
                log.warn(sentence)
    except BaseException:
        log.close()
        raise
    return log


# --- connections


def _from_table(generations: ir.Table, labels: Side, models: Side) -> Log:
    """A log in an Ibis table, or in any expression over tables of one connection."""
    try:
        tables = engines.tables_of_connection(generations.get_backend())
    except ibis.common.exceptions.IbisError:
        raise LogError(
            "this Ibis table belongs to no connection: take it from one, such as connection.table(NAME)"
        ) from None
    name = getattr(generations.op(), "name", None)  # only tables have one, not filters and joins
    return _from_connection(tables, generations, name if isinstance(name, str) else "log", labels, models)


def _from_connection(
    tables: engines.Tables, generations: ir.Table, name: str, labels: Side, models: Side
) -> Log:
    def side(given: Side, usual: contract.Table) -> ir.Table | None:
        if given is False:
            return None
        if isinstance(given, ir.Table):
            return columns.typed(usual, given)
        found = tables.beside(name, usual) if given is None else str(given)
        return columns.typed(usual, tables.get(found)) if found is not None else None

    if tables.connection.name == spark.ENGINE:
        generations = spark.with_zones(generations)
    return Log(
        columns.typed("generations", generations), labels=side(labels, "labels"), models=side(models, "models"),
        name=name,
    )  # fmt: skip


def _in_engine(connection: Any, stored: ir.Table, name: str) -> Log:
    """A log in what the embedded engine reads."""
    log = Log(engines.generations_view(connection, stored), name=name)
    log.stored = stored
    return log


def _refuse_tables(labels: Side, models: Side) -> None:
    """Raise LogError for side tables of a connection, where the log lies in files."""
    if isinstance(labels, ir.Table) or isinstance(models, ir.Table):
        raise LogError("labels and models of a log in files must be files too, not tables of a connection")


# --- servers


def _from_postgres(where: str, labels: Side, models: Side, table: str) -> Log:
    named = postgres.table_of(where)
    if named and table not in (GENERATIONS, named):
        raise LogError(f"{postgres.shown(where)}: two tables are named, {named} and {table}: leave one out")
    opened = postgres.connect(where)
    try:
        tables = engines.tables_of_connection(opened.connection)
        tables.where = postgres.shown(where)
        name = named or table
        log = _from_connection(tables, tables.get(name), name, labels, models)
    except BaseException:
        opened.close()
        raise
    log.name = opened.name if name == GENERATIONS else f"{opened.name}.{name}"
    log.owns(opened.close)
    return log


def _from_spark(where: str, labels: Side, models: Side, table: str) -> Log:
    if table != GENERATIONS:
        raise LogError(f"{where}: two tables are named; leave out {table}")
    opened = spark.connect(where)
    try:
        tables = engines.tables_of_connection(opened.connection)
        log = _from_connection(tables, tables.get(opened.table), opened.table, labels, models)
    except BaseException:
        if opened.close:
            opened.close()
        raise
    if opened.close:
        log.owns(opened.close)
    return log


def _from_storage(where: str, labels: Side, models: Side, memory: str, threads: int | None) -> Log:
    _refuse_tables(labels, models)
    connection, close = engines.embedded(memory, threads)
    try:
        storage.prepare(connection, where)
        paths = storage.find(connection, where, "generations")
        if not paths:
            raise LogError(f"{where}: no Parquet files there")
        stored = columns.typed("generations", storage.read(connection, paths, "stored"))
        log = _in_engine(connection, stored, storage.name_of(where))
        sides: dict[SideName, Side] = {"labels": labels, "models": models}
        for name, given in sides.items():
            if found := _side_objects(connection, where, name, given):
                setattr(log, name, columns.typed(name, storage.read(connection, found, name)))
    except BaseException:
        close()
        raise
    log.owns(close)
    return log


def _side_objects(connection: Any, where: str, name: SideName, given: Side) -> list[str]:
    """The objects of a side table: those that are named, which may be files of this machine, or those of a run."""
    if given is None:
        return storage.beside(connection, where, name)
    if given is False:
        return []
    given = str(given)
    found = (
        storage.find(connection, given, name) if storage.is_address(given) else list(files.find(given).paths)
    )
    if not found:
        raise LogError(f"{given}: no Parquet files there, for the {name} table")
    return found


# --- files


def _from_path(where: str, labels: Side, models: Side, table: str, memory: str, threads: int | None) -> Log:
    if scheme := addresses.scheme_of(where):
        addresses.refuse_secrets(where)
        raise LogError(
            f"{scheme}://...: no such place is read; expected files, {storage.EXAMPLE}, {postgres.EXAMPLE} or "
            f"{spark.EXAMPLE}"
        )
    path = Path(where)
    if not where.strip():
        raise LogError("no name of a log: expected a run folder, Parquet files or a DuckDB file")
    if not path.exists() and not globbing.has_magic(where):
        raise LogError(f"{where}: no such file or folder")
    _refuse_tables(labels, models)
    database = engines.is_database(path)
    if not database and table != GENERATIONS:
        raise LogError(
            f"{where}: {table} is named as the log's table, and only a DuckDB file or a server has tables: leave it out"
        )

    connection, close = engines.embedded(memory, threads)
    try:
        if database:
            log = _from_duckdb(connection, path, table, labels, models)
        else:
            log = _from_parquet(connection, where, labels, models)
    except BaseException:
        close()
        raise
    log.owns(close)
    return log


def _from_duckdb(connection: Any, path: Path, table: str, labels: Side, models: Side) -> Log:
    tables = engines.tables_of_file(connection, path)
    stored = columns.typed("generations", tables.get(table))
    log = _in_engine(connection, stored, path.stem)
    sides: dict[SideName, Side] = {"labels": labels, "models": models}
    for name, given in sides.items():
        usual = tables.beside(table, name)
        if given:
            _read_side(log, connection, name, str(given))
        elif given is None and usual is not None:
            setattr(log, name, columns.typed(name, tables.get(usual)))
    return log


def _from_parquet(connection: Any, where: str, labels: Side, models: Side) -> Log:
    path = Path(where)
    run = runs.run_folder(path)
    runs.refuse_several(path)
    found = files.find(run.joinpath("log") if run else path if path.exists() else where)
    if not found.paths:
        left_out = "; ".join(found.sentences())
        raise LogError(
            f"{where}: no Parquet files there (looked for {', '.join(f'*{end}' for end in files.EXTENSIONS)}, in a run "
            f"folder under log/){f'; {left_out}' if left_out else ''}"
        )
    partitions = found.partitioned_by(contract.PARTITION_KEY)
    stored, problems = columns.read_files(connection, list(found.paths), "generations", "stored", partitions)
    log = _in_engine(connection, stored, _name(path, run))
    log.file_problems["generations"] = problems
    log.left_out = tuple(found.sentences())
    manifest = runs.read_manifest(run) if run else None
    sides: dict[SideName, Side] = {"labels": labels, "models": models}
    usual = {"labels": run.joinpath("labels"), "models": run.joinpath("models.parquet")} if run else {}
    for name, side in sides.items():
        if side:
            _read_side(log, connection, name, str(side))
        elif side is None and name in usual and usual[name].exists():
            try:
                if files.find(usual[name]).paths:
                    _read_side(log, connection, name, str(usual[name]))
            except LogError as error:
                if manifest is not None:
                    raise
                log.leave_out(name, str(error).rstrip("."))
    if manifest is not None:
        log.manifest, *days = manifest
        log.simulated = True  # only runs of simulated worlds have a manifest of ours
        log.state_days(days[0], days[1], all_between=True)
        log.name = str(log.manifest.get("title") or log.name)
    return log


def _read_side(log: Log, connection: Any, name: SideName, where: str) -> None:
    """Read a side table from files. Raises LogError."""
    if not Path(where).exists() and not globbing.has_magic(where):
        raise LogError(f"{where}: no such file or folder, for the {name} table")
    paths = list(files.find(where).paths)
    table, log.file_problems[name] = columns.read_files(connection, paths, name, name)
    setattr(log, name, table)


def _name(path: Path, run: Path | None) -> str:
    return (run or path).resolve().stem if not globbing.has_magic(str(path)) else "log"
