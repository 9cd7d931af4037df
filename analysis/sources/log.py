"""Opens a log wherever it lies: a run folder, Parquet files, a DuckDB file, or a table of an Ibis connection.

Heavy work stays in the engine. For files the engine is an embedded DuckDB that works out of core: it keeps to a
memory limit and spills to a temporary folder, which goes away with the log.
"""

from __future__ import annotations

import datetime as dt
import glob as globbing
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias, TypeVar, cast

import ibis
import ibis.expr.types as ir
import pandas as pd
from ibis.backends.sql import SQLBackend

from analysis import contract
from analysis import vocabulary as v
from analysis.sources import columns, coverage, engines, files, runs, soundness
from analysis.sources.coverage import Coverage
from analysis.sources.errors import LogError, NotAvailable

__all__ = ["DEFAULT_MEMORY", "Log", "LogError", "NotAvailable", "open_log"]

T = TypeVar("T")

DEFAULT_MEMORY = "2GB"
Side: TypeAlias = str | Path | ir.Table | Literal[False] | None  # False: none; None: the usual one
SideName: TypeAlias = Literal["labels", "models"]


class Log:
    """An opened log: its tables as Ibis expressions, the days that it covers, and steps kept in the engine.

    `generations` is always there; `labels` and `models` are None if the source has none. Use as a context
    manager, or call `close()`.
    """

    def __init__(
        self,
        generations: ir.Table,
        *,
        labels: ir.Table | None = None,
        models: ir.Table | None = None,
        name: str = "log",
        first_day: dt.date | None = None,
        last_day: dt.date | None = None,
        manifest: dict[str, Any] | None = None,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        self.generations = generations
        self.labels = labels
        self.models = models
        self.name = name
        self.manifest = manifest
        self.stored = generations  # as the source holds them: types for the checks, `week` of a partition
        self.rows = 0
        self.start: dt.datetime | None = None  # first and last created_at, UTC
        self.end: dt.datetime | None = None
        self._stated_days = (first_day, last_day)
        self._states_all = True  # who states both days states that the days between them are covered
        self._coverage: Coverage | None = None
        self._on_close = on_close
        self.keeps_steps = (
            True  # shared steps run once and stay in the engine; else each query writes them out
        )
        self._kept: dict[str, ir.Table] = {}
        self._names: list[str] = []
        self._results: dict[Any, pd.DataFrame] = {}
        self._facts: dict[Any, Any] = {}
        self._warnings: list[str] = []
        self.left_out: tuple[str, ...] = ()  # files and folders beside the log's files that were not read
        self.file_problems: dict[contract.Table, list[columns.FileProblem]] = {}
        self._absent: dict[str, str] = {}  # why a side table was left out

    # --- what the log holds

    @property
    def connection(self) -> SQLBackend:
        """The engine that holds the log."""
        backend = self.generations.get_backend()
        assert isinstance(backend, SQLBackend)
        return backend

    @property
    def columns(self) -> frozenset[str]:
        """Names of the columns of the generations."""
        return frozenset(self.generations.columns)

    def need(self, *columns: str, what: str) -> None:
        """Raise NotAvailable unless the generations have all of the columns. `what` names the analysis."""
        for column in columns:
            if column not in self.columns:
                raise NotAvailable(column, f"the log has no such column, which {what} needs")

    def need_labels(self, what: str) -> ir.Table:
        """The labels table, or NotAvailable."""
        if self.labels is None:
            raise NotAvailable(
                "labels", self._missing("labels", "the log has no table of category labels", what)
            )
        return self.labels

    def need_models(self, *columns: str, what: str) -> ir.Table:
        """The models table with the given columns, or NotAvailable."""
        if self.models is None:
            raise NotAvailable(
                "models", self._missing("models", "there is no table of the models' facts", what)
            )
        for column in columns:
            if column not in self.models.columns:
                raise NotAvailable(
                    f"models.{column}", f"the models table has no such column, which {what} needs"
                )
        return self.models

    def _missing(self, name: str, why: str, what: str) -> str:
        left_out = self._absent.get(name)
        return f"{left_out}; {what} needs one" if left_out else f"{why}, which {what} needs"

    @property
    def absent(self) -> dict[str, str]:
        """Side tables that were left out, and why."""
        return dict(self._absent)

    def leave_out(self, name: str, why: str) -> None:
        """Note that a side table was left out, and warn of it."""
        self._absent[name] = why
        self.warn(f"{why}. The log is read without it.")

    # --- what to know before its numbers are believed

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is odd about this log, as short sentences for people, in the order found. Commands and the page say
        them before any number."""
        return tuple(self._warnings)

    def warn(self, sentence: str) -> None:
        """Add a warning, once."""
        if sentence not in self._warnings:
            self._warnings.append(sentence)

    # --- the days it covers

    @property
    def coverage(self) -> Coverage:
        """Which days the log covers, holes and stray rows found: from one scan, made once."""
        if self._coverage is None:
            self._coverage = coverage.of_log(self, self._stated_days, self._states_all)
        return self._coverage

    @property
    def first_day(self) -> dt.date:
        """First UTC day that the log covers: stated by its manifest or caller, else that of the body of its records."""
        return self.coverage.first

    @property
    def last_day(self) -> dt.date:
        """Last UTC day that the log covers: stated by its manifest or caller, else that of the body of its records."""
        return self.coverage.last

    def complete_weeks(self) -> list[dt.date]:
        """Mondays of the weeks that the log covers from Monday to Sunday, without a hole."""
        return self.coverage.complete_weeks()

    @property
    def body(self) -> ir.Table:
        """The generations from the first covered day to the last: without stray rows, which would make cohorts
        and months of their own. Where there are none it is the generations themselves."""
        if not self.coverage.stray:
            return self.generations
        return self.generations.filter(
            v.within(self.generations.created_at.date(), (self.first_day, self.last_day))
        )

    # --- work in the engine

    def shared(self, name: str, build: Callable[[], ir.Table]) -> ir.Table:
        """A step that several analyses need: run once and kept in the engine as a temporary table.

        Where the engine allows no temporary tables the step stays a part of each query.
        """
        if not self.keeps_steps:
            return build()
        if name not in self._kept:
            self._kept[name] = self._keep(name, build())
        return self._kept[name]

    def _keep(self, name: str, step: ir.Table) -> ir.Table:
        kept = f"slipper_{name}_{uuid.uuid4().hex[:8]}"
        try:
            table = self.connection.create_table(kept, obj=step, temp=True)
        except (*columns.UNREADABLE, NotImplementedError):
            return step
        self._names.append(kept)
        return table

    def unshared(self) -> Log:
        """The same log for queries that stand alone: shared steps are written out instead of kept."""
        log = Log(
            self.generations, labels=self.labels, models=self.models, name=self.name, manifest=self.manifest
        )
        log.rows, log.start, log.end, log._stated_days = self.rows, self.start, self.end, self._stated_days
        log._states_all, log._coverage = self._states_all, self._coverage
        log.keeps_steps = False
        log._warnings, log._absent = self._warnings, self._absent
        return log

    def sql(self, expression: ir.Expr) -> str:
        """The SQL that the engine runs for an Ibis expression. Of a query of this package: `QUERY.sql(log)`."""
        return str(self.connection.compile(expression, pretty=True))

    def remembered(self, key: Any, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """A copy of the result under `key`, made on first use."""
        if key not in self._results:
            self._results[key] = make()
        return self._results[key].copy()

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """What `make` returns, made on first use; not a copy: nobody may change it."""
        if key not in self._facts:
            self._facts[key] = make()
        return cast(T, self._facts[key])

    def close(self) -> None:
        """Drop the kept steps; close the engine if this log opened it."""
        for name in self._names:
            if self._on_close is None:  # a connection of the caller's: leave it as it was
                self.connection.drop_table(name, force=True)
        self._names.clear()
        self._kept.clear()
        if self._on_close is not None:
            self._on_close()
            self._on_close = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Log {self.name}: {self.rows:,} generations, {self.first_day} to {self.last_day}>"


def open_log(
    where: str | Path | ir.Table | tuple[SQLBackend, str],
    *,
    labels: Side = None,
    models: Side = None,
    table: str = "generations",
    start: dt.date | None = None,
    end: dt.date | None = None,
    memory: str = DEFAULT_MEMORY,
    threads: int | None = None,
    check: bool = True,
) -> Log:
    """Open a log.

    where: a run folder, its log/ folder, a Parquet file, a folder or glob of Parquet files (which files of a folder
        are the log: `analysis.sources.files`), a DuckDB file, an Ibis table or any other Ibis expression that is a
        table, or (Ibis connection, table name). SQLite is refused.
    labels, models: the side tables. By default those of the run folder, or the tables `labels` and `models` beside the
        log's table in the DuckDB file or connection; such a table that does not conform to the contract is left out
        with a warning. Named ones (files for a log in files; a name or an Ibis table for a connection) and those of a
        run that slipper wrote must conform. False: none.
    table: name of the generations' table in a DuckDB file, `schema.table` outside the schema main.
    start, end: first and last UTC day that the log covers, if its records do not say so (`Log.coverage`).
    memory, threads: limits of the embedded engine (files only).
    check: refuse a log without its required columns or with wrong types, in any one of its files; without rows; with
        tokens or costs below 0, missing or not finite, or with parts above their whole (cached, reasoning tokens);
        without user, model or moment in some rows; with moments outside the years of `soundness.YEARS` or over more
        than `soundness.MOST_MONTHS` months; with more than 5% copies of rows; with two rows of one model in the models
        table. Fewer copies, ids that different requests share, days that the log lacks and rows far from all
        others are warnings. `check_conformance` opens unchecked.

    What is odd and was accepted is in `Log.warnings`. Raises LogError with a message for people.
    """
    if isinstance(where, ir.Table):
        log = _from_table(where, labels, models)
    elif isinstance(where, tuple):
        tables = engines.tables_of_connection(where[0])
        log = _from_connection(tables, tables.get(where[1]), where[1], labels, models)
    else:
        log = _from_path(str(where), labels, models, table, memory, threads)
    try:
        if start or end:
            log._stated_days = (start or log._stated_days[0], end or log._stated_days[1])
            log._states_all = log.manifest is not None
        for sentence in log.left_out:
            log.warn(sentence)
        ours = log.manifest is not None  # a run that slipper wrote
        soundness.settle_sides(
            log, {name for name, given in (("labels", labels), ("models", models)) if ours or given}
        )
        if check:
            soundness.check_columns(log)
        soundness.measure(log, check)
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

    return Log(
        columns.typed("generations", generations), labels=side(labels, "labels"), models=side(models, "models"),
        name=name,
    )  # fmt: skip


# --- files


def _from_path(where: str, labels: Side, models: Side, table: str, memory: str, threads: int | None) -> Log:
    path = Path(where)
    if not path.exists() and not globbing.has_magic(where):
        raise LogError(f"{where}: no such file or folder")
    if isinstance(labels, ir.Table) or isinstance(models, ir.Table):
        raise LogError("labels and models of a log in files must be files too, not tables of a connection")
    database = engines.is_database(path)

    connection, close = engines.embedded(memory, threads)
    try:
        if database:
            log = _from_duckdb(connection, path, table, labels, models)
        else:
            log = _from_parquet(connection, where, labels, models)
    except BaseException:
        close()
        raise
    log._on_close = close
    return log


def _from_duckdb(connection: Any, path: Path, table: str, labels: Side, models: Side) -> Log:
    tables = engines.tables_of_file(connection, path)
    stored = columns.typed("generations", tables.get(table))
    log = Log(engines.utc_view(connection, stored), name=path.stem)
    log.stored = stored
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
    log = Log(engines.utc_view(connection, stored), name=_name(path, run))
    log.stored = stored
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
        log._stated_days = (days[0], days[1])
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
