"""Opens a log wherever it lies: a run folder, Parquet files, a DuckDB file, or a table of an Ibis connection.

Heavy work stays in the engine. For files the engine is an embedded DuckDB that works out of core: it keeps to a
memory limit and spills to a temporary folder, which goes away with the log.
"""

from __future__ import annotations

import datetime as dt
import difflib
import glob as globbing
import json
import shutil
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import ibis
import ibis.expr.datatypes as dtypes
import ibis.expr.types as ir
import pandas as pd
from ibis.backends.sql import SQLBackend

from analysis import contract
from analysis import vocabulary as v

DEFAULT_MEMORY = "2GB"
MOST_ROWS_CHECKED = 20_000_000  # rows up to which an open log is looked through for doubled requests
LEAST_UNIQUE = (
    0.95  # share of different ids: below it a log is doubled in part; the estimate errs by about 2%
)
YEARS = (2015, 2100)  # a request of a year before the first or after the last has a wrong date (assumed)
MOST_MONTHS = (
    300  # from a log's first to its last request: what is kept of each month grows with them (assumed)
)
_UNREADABLE = (duckdb.Error, ibis.common.exceptions.IbisError, OSError)


class LogError(Exception):
    """The log cannot be opened or is no log; the message says why and what to do."""


class NotAvailable(Exception):
    """An analysis needs something that this log does not hold. Callers state the gap, never zeros."""

    def __init__(self, column: str, why: str) -> None:
        super().__init__(f"not available: {column} ({why})")
        self.column = column
        self.why = why


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
        self._on_close = on_close
        self.keeps_steps = (
            True  # shared steps run once and stay in the engine; else each query writes them out
        )
        self._kept: dict[str, ir.Table] = {}
        self._names: list[str] = []
        self._results: dict[Any, pd.DataFrame] = {}
        self._warnings: list[str] = []

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
            raise NotAvailable("labels", f"the log has no table of category labels, which {what} needs")
        return self.labels

    def need_models(self, *columns: str, what: str) -> ir.Table:
        """The models table with the given columns, or NotAvailable."""
        if self.models is None:
            raise NotAvailable("models", f"there is no table of the models' facts, which {what} needs")
        for column in columns:
            if column not in self.models.columns:
                raise NotAvailable(
                    f"models.{column}", f"the models table has no such column, which {what} needs"
                )
        return self.models

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
    def first_day(self) -> dt.date:
        """First UTC day that the log covers: stated by its manifest or caller, else the first record's day."""
        return min(day for day in (self._stated_days[0], self._data_day(self.start)) if day)

    @property
    def last_day(self) -> dt.date:
        """Last UTC day that the log covers: stated by its manifest or caller, else the last record's day."""
        return max(day for day in (self._stated_days[1], self._data_day(self.end)) if day)

    @staticmethod
    def _data_day(moment: dt.datetime | None) -> dt.date | None:
        return moment.date() if moment else None

    def complete_weeks(self) -> list[dt.date]:
        """Mondays of the weeks that the log covers from Monday to Sunday."""
        monday = self.first_day + dt.timedelta(days=-self.first_day.weekday() % 7)
        weeks = (self.last_day - monday + dt.timedelta(days=1)).days // 7
        return [monday + dt.timedelta(weeks=i) for i in range(weeks)]

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
        except (*_UNREADABLE, NotImplementedError):
            return step
        self._names.append(kept)
        return table

    def unshared(self) -> Log:
        """The same log for queries that stand alone: shared steps are written out instead of kept."""
        log = Log(
            self.generations, labels=self.labels, models=self.models, name=self.name, manifest=self.manifest
        )
        log.rows, log.start, log.end, log._stated_days = self.rows, self.start, self.end, self._stated_days
        log.keeps_steps = False
        log._warnings = self._warnings
        return log

    def sql(self, expression: ir.Expr) -> str:
        """The SQL that the engine runs for an Ibis expression. Of a query of this package: `QUERY.sql(log)`."""
        return str(self.connection.compile(expression, pretty=True))

    def remembered(self, key: Any, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """A copy of the result under `key`, made on first use."""
        if key not in self._results:
            self._results[key] = make()
        return self._results[key].copy()

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
    labels: str | Path | ir.Table | None = None,
    models: str | Path | ir.Table | None = None,
    table: str = "generations",
    start: dt.date | None = None,
    end: dt.date | None = None,
    memory: str = DEFAULT_MEMORY,
    threads: int | None = None,
    check: bool = True,
) -> Log:
    """Open a log.

    where: a run folder, its log/ folder, a Parquet file, a folder or glob of Parquet files, a DuckDB file, an
    Ibis table,
        or (Ibis connection, table name).
    labels, models: the side tables, where they are not beside the log (in a run folder, or as tables `labels`
    and `models`
        of the same DuckDB file or connection).
    table: name of the generations' table in a DuckDB file. start, end: first and last UTC day that the log
    covers, if its first and last record do not say so. memory, threads: limits of the embedded engine (files
    only). check: refuse a log without its required columns, with wrong types, without rows, with tokens or costs
    below 0, missing or not finite, or with dates far from all others. The validator opens unchecked.

    Raises LogError with a message for people.
    """
    if isinstance(where, ir.Table):
        log = _from_connection(where.get_backend(), where, where.get_name(), labels, models)
    elif isinstance(where, tuple):
        connection, name = where
        log = _from_connection(connection, _table_of(connection, name), name, labels, models)
    else:
        log = _from_path(str(where), labels, models, table, memory, threads)
    try:
        if start or end:
            log._stated_days = (start or log._stated_days[0], end or log._stated_days[1])
        if check:
            _check_columns(log)
        _measure(log, check)
    except BaseException:
        log.close()
        raise
    return log


# --- connections


def _table_of(connection: SQLBackend, name: str) -> ir.Table:
    tables = connection.list_tables()
    if name not in tables:
        raise LogError(f"no table '{name}' in the {connection.name} connection{_nearest(name, tables)}")
    return connection.table(name)


def _from_connection(
    connection: Any,
    generations: ir.Table,
    name: str,
    labels: str | Path | ir.Table | None,
    models: str | Path | ir.Table | None,
) -> Log:
    def side(given: str | Path | ir.Table | None, usual: str) -> ir.Table | None:
        if isinstance(given, ir.Table):
            return given
        if given is not None:
            return _table_of(connection, str(given))
        return connection.table(usual) if usual in connection.list_tables() else None

    return Log(generations, labels=side(labels, "labels"), models=side(models, "models"), name=name)


# --- files


def _from_path(
    where: str,
    labels: str | Path | ir.Table | None,
    models: str | Path | ir.Table | None,
    table: str,
    memory: str,
    threads: int | None,
) -> Log:
    path = Path(where)
    if not path.exists() and not globbing.has_magic(where):
        raise LogError(f"{where}: no such file or folder")
    if isinstance(labels, ir.Table) or isinstance(models, ir.Table):
        raise LogError("labels and models of a log in files must be files too, not tables of a connection")

    connection, close = _embedded(memory, threads)
    try:
        if path.is_file() and path.suffix in (".duckdb", ".db", ".ddb"):
            log = _from_duckdb(connection, path, table)
        else:
            log = _from_parquet(connection, where)
        if labels is not None:
            log.labels = _read(connection, _parquet_files(str(labels)), "labels")
        if models is not None:
            log.models = _read(connection, _parquet_files(str(models)), "models")
    except BaseException:
        close()
        raise
    log._on_close = close
    return log


def _embedded(memory: str, threads: int | None) -> tuple[Any, Callable[[], None]]:
    """A DuckDB in memory that spills to a temporary folder, and the function that closes and removes both."""
    spill = tempfile.mkdtemp(prefix="slipper-")
    settings: dict[str, Any] = {
        "memory_limit": memory,
        "temp_directory": spill,
        "preserve_insertion_order": False,  # lets group-bys and writes stay within the memory limit
    }
    if threads:
        settings["threads"] = threads
    try:
        connection = ibis.duckdb.connect(**settings)
    except BaseException:
        shutil.rmtree(spill, ignore_errors=True)
        raise

    def close() -> None:
        connection.disconnect()
        shutil.rmtree(spill, ignore_errors=True)

    return connection, close


def _from_duckdb(connection: Any, path: Path, table: str) -> Log:
    try:
        connection.attach(path, name="source", read_only=True)
    except _UNREADABLE as error:
        raise LogError(f"{path}: not a DuckDB file that can be opened ({_first_line(error)})") from None
    tables = connection.list_tables(database=("source", "main"))
    if table not in tables:
        raise LogError(f"{path}: no table '{table}' in it{_nearest(table, tables)}")

    def side(name: str) -> ir.Table | None:
        return connection.table(name, database=("source", "main")) if name in tables else None

    stored = connection.table(table, database=("source", "main"))
    log = Log(_utc_view(connection, stored), labels=side("labels"), models=side("models"), name=path.stem)
    log.stored = stored
    return log


def _from_parquet(connection: Any, where: str) -> Log:
    path = Path(where)
    run = _run_folder(path)
    if run is None and path.is_dir():
        runs = sorted(file.parent for depth in ("*", "*/*") for file in path.glob(f"{depth}/manifest.json"))
        if runs:
            raise LogError(
                f"{where}: holds {len(runs)} run folder(s), not one log; name one, such as {runs[0]}"
            )
    files = _parquet_files(str(run.joinpath("log")) if run else where)
    if not files:
        raise LogError(f"{where}: no Parquet files there (looked for *.parquet, in a run folder under log/)")
    partitions = all(f"{contract.PARTITION_KEY}=" in file for file in files)
    stored = _read(connection, files, "stored", partitions)
    log = Log(_utc_view(connection, stored), name=_name(path, run))
    log.stored = stored
    if run:
        label_files = _parquet_files(str(run.joinpath("labels")))
        log.labels = _read(connection, label_files, "labels") if label_files else None
        models = run.joinpath("models.parquet")
        log.models = _read(connection, [str(models)], "models") if models.exists() else None
        _read_manifest(log, run.joinpath("manifest.json"))
    return log


@ibis.udf.scalar.builtin
def epoch_us(moment: dtypes.Timestamp(timezone="UTC")) -> dtypes.int64:  # type: ignore[valid-type]
    """DuckDB's microseconds since 1970 of a timestamp with a zone."""


@ibis.udf.scalar.builtin
def make_timestamp(microseconds: dtypes.int64) -> dtypes.timestamp:
    """DuckDB's timestamp without a zone of microseconds since 1970."""


def _utc_view(connection: Any, stored: ir.Table) -> ir.Table:
    """The view `generations`: the stored table without its partition key and with created_at as plain UTC.

    Plain UTC means the same as a timestamp with a zone in a UTC session, but DuckDB truncates it to weeks and months
    several times faster, since no calendar of zones is asked for each row.
    """
    table = stored
    if contract.PARTITION_KEY in stored.columns and contract.PARTITION_KEY not in contract.fields(
        "generations"
    ):
        table = table.drop(contract.PARTITION_KEY)
    if "created_at" in table.columns:
        table = table.mutate(created_at=plain_utc(table.created_at))
    return connection.create_view("generations", table)


def plain_utc(moment: ir.TimestampColumn) -> ir.TimestampColumn:
    """A DuckDB timestamp with a zone as plain UTC; any other column as it is."""
    engine = moment.get_backend().name
    return (
        make_timestamp(epoch_us(moment))
        if engine == "duckdb" and conforms(moment.type(), "timestamp")
        else moment
    )


def _run_folder(path: Path) -> Path | None:
    """The run folder that `path` is, or that holds it as its log/ folder."""
    if path.is_dir() and path.joinpath("log").is_dir():
        return path
    if path.is_dir() and path.name == "log" and any(path.glob(f"{contract.PARTITION_KEY}=*")):
        return path.parent
    return None


def _name(path: Path, run: Path | None) -> str:
    return (run or path).resolve().stem if not globbing.has_magic(str(path)) else "log"


def _parquet_files(where: str) -> list[str]:
    path = Path(where)
    if path.is_file():
        return [str(path)]
    if path.is_dir():
        return sorted(str(file) for file in path.rglob("*.parquet"))
    return sorted(file for file in globbing.glob(where, recursive=True) if Path(file).is_file())


def _read(connection: Any, files: list[str], name: str, partitions: bool = False) -> ir.Table:
    if not files:
        raise LogError(f"no Parquet files for the {name} table")
    try:
        return connection.read_parquet(
            files, table_name=name, hive_partitioning=partitions, union_by_name=True
        )
    except _UNREADABLE as error:
        raise LogError(f"{files[0]}: not Parquet that can be read ({_first_line(error)})") from None


def _read_manifest(log: Log, path: Path) -> None:
    if not path.exists():
        return
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        days = dt.date.fromisoformat(str(manifest["start"])), dt.date.fromisoformat(str(manifest["end"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LogError(f"{path}: not a manifest with a start and an end ({_first_line(error)})") from None
    log.manifest = manifest
    log._stated_days = days
    log.name = str(manifest.get("title") or log.name)


# --- checks at opening


def conforms(kind: dtypes.DataType, family: contract.Family) -> bool:
    """Whether an engine's column type is of the family that the contract asks for."""
    checks: dict[contract.Family, bool] = {
        "string": kind.is_string(),
        "integer": kind.is_integer(),
        "float": kind.is_numeric(),
        "boolean": kind.is_boolean(),
        "timestamp": kind.is_timestamp() and getattr(kind, "timezone", None) is not None,
        "date": kind.is_date(),
        "list": kind.is_array(),
    }
    return checks[family]


def _check_columns(log: Log) -> None:
    for name, given in (("generations", log.stored), ("labels", log.labels), ("models", log.models)):
        if given is None:
            continue
        problems = []
        kinds = given.schema()
        for field in contract.FIELDS[name]:  # type: ignore[index]
            if field.name not in kinds:
                if field.required:
                    problems.append(
                        f"required column '{field.name}' is missing{_nearest(field.name, list(kinds))}"
                    )
            elif not conforms(kinds[field.name], field.family):
                problems.append(_type_problem(field, kinds[field.name]))
        if problems:
            raise LogError(
                f"{log.name}: the {name} table does not conform to the log contract: " + "; ".join(problems)
                + ". `slipper schema log` prints the contract."
            )  # fmt: skip


def _type_problem(field: contract.Field, kind: dtypes.DataType) -> str:
    if field.family == "timestamp" and kind.is_timestamp():
        return (
            f"column '{field.name}' is a timestamp without a time zone; store it as a UTC timestamp with its zone, "
            "so that weeks and months are the same for every reader"
        )
    return f"column '{field.name}' is {kind}, expected {field.type}"


def _measure(log: Log, check: bool) -> None:
    """Count the rows and find the first and the last moment, and what no sum bears, in one query."""
    wanted: dict[str, ir.Value] = {"rows": log.generations.count()}
    if check:
        wanted |= _unsound_counts(log)
    kind = log.generations.schema().get("created_at")
    if kind is not None and kind.is_timestamp():
        wanted |= {"start": log.generations.created_at.min(), "end": log.generations.created_at.max()}
    try:
        found = log.generations.aggregate(**wanted).to_pyarrow().to_pylist()[0]
    except (*_UNREADABLE, OverflowError) as error:  # OverflowError: dates before the year 1 or after 9999
        raise LogError(f"{log.name}: the log cannot be read ({_first_line(error)})") from None
    log.rows = int(found["rows"])
    log.start, log.end = _utc(found.get("start")), _utc(found.get("end"))
    if check and not log.rows:
        raise LogError(f"{log.name}: the log is empty: it has the columns but not one row")
    if check:
        _check_counts(log, found)
        _check_dates(log)
        _check_unique(log)


def _unsound_counts(log: Log) -> dict[str, ir.Value]:
    """Counts of rows that would spoil sums and cohorts, by their wording for people."""
    counts: dict[str, ir.Value] = {
        f"{name} missing": v.count_where(log.generations[name].isnull())
        for name in ("created_at", "user_id", "model")
    }
    # One id for all whose user is not known would be one user.
    counts["user_id empty"] = v.count_where(log.generations.user_id == "")
    for field in contract.GENERATIONS:
        if field.unit not in ("tokens", "USD") or field.name not in log.columns:
            continue
        column = log.generations[field.name]
        counts[f"{field.name} below 0"] = v.count_where(column < 0)
        if field.required:
            counts[f"{field.name} missing"] = v.count_where(column.isnull())
        if column.type().is_floating():
            counts[f"{field.name} infinite or not a number"] = v.count_where(column.isnan() | column.isinf())
    return counts


def _check_counts(log: Log, found: dict[str, Any]) -> None:
    """Refuse a log with rows that `_unsound_counts` counted: sums and shares over them would be wrong in silence."""
    unsound = [f"{found[what]:,} with {what}" for what in _unsound_counts(log) if found[what]]
    if unsound:
        raise LogError(
            f"{log.name}: {log.rows:,} rows, of which {', '.join(unsound)}. Sums and shares over such rows would be "
            "wrong: correct them or leave them out. `slipper analyze LOG --validate` shows examples."
        )


def _check_dates(log: Log) -> None:
    """Refuse a log with a date that cannot be meant: months without end would be kept, and launches be invented."""
    if log.start is None or log.end is None:
        raise LogError(f"{log.name}: created_at is endless in some rows: correct them or leave them out")
    months = (log.end.year - log.start.year) * 12 + log.end.month - log.start.month + 1
    if YEARS[0] <= log.start.year and log.end.year <= YEARS[1] and months <= MOST_MONTHS:
        return
    day = log.generations.created_at.date()
    at = {"first": log.start.date(), "last": log.end.date()}
    rows = log.generations.aggregate(**{name: v.count_where(day == on) for name, on in at.items()})
    count = rows.to_pyarrow().to_pylist()[0]
    raise LogError(
        f"{log.name}: the requests run from {at['first']} ({count['first']:,} on that day) to {at['last']} "
        f"({count['last']:,}), over {months:,} months, and a log holds the years {YEARS[0]} to {YEARS[1]} and at most "
        f"{MOST_MONTHS} months. A wrong date invents a launch: correct such rows or leave them out."
    )


def _check_unique(log: Log) -> None:
    """Refuse doubled requests and doubled models. Requests: where an estimate says so, and not in very large logs."""
    rows = log.generations
    if log.rows <= MOST_ROWS_CHECKED:
        about = int(rows.aggregate(n=rows.generation_id.approx_nunique()).to_pandas()["n"].iloc[0])
        if about < LEAST_UNIQUE * log.rows:
            exact = int(rows.aggregate(n=rows.generation_id.nunique()).to_pandas()["n"].iloc[0])
            if exact < LEAST_UNIQUE * log.rows:
                raise LogError(
                    f"{log.name}: {log.rows:,} rows, but only {exact:,} different generation_ids: rows are doubled, "
                    "and so would be every sum. Keep one of each. `slipper analyze LOG --validate` shows examples."
                )
    if log.models is not None:
        table = log.models
        counts = table.group_by("model").aggregate(n=table.count())
        doubled = sorted(counts.filter(counts.n > 1).to_pandas()["model"].astype(str))
        if doubled:
            raise LogError(
                f"{log.name}: the models table has more than one row of {', '.join(doubled[:5])}"
                f"{' and others' if len(doubled) > 5 else ''}: sums over their facts would be doubled, and dates of "
                "release would contradict each other. Keep one row a model."
            )


def _utc(moment: dt.datetime | None) -> dt.datetime | None:
    if moment is None:
        return None
    return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        return f" (nearest: {', '.join(near)})"
    return f" (there are: {', '.join(sorted(known)[:12])})" if known else ""


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
