"""An opened log: its tables, the days that it covers, what to know before its numbers are believed.

Heavy work stays in the engine that holds the log. `analysis.sources.opening` opens one.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import ibis.expr.types as ir
import pandas as pd
from ibis.backends.sql import SQLBackend

from analysis import contract
from analysis import vocabulary as v
from analysis.sources import columns, coverage
from analysis.sources.coverage import Coverage
from analysis.sources.errors import LogError, NotAvailable, engine_errors, first_line
from analysis.sources.scope import Scope
from analysis.sources.warehouses import steps

__all__ = ["Log", "LogError", "NotAvailable"]

T = TypeVar("T")


def unused(connection: SQLBackend, name: str) -> str:
    """A name for a table that nobody has in the engine: logs may share a connection, and processes an engine."""
    return f"{name}_{uuid.uuid4().hex[:8]}"


class Log:
    """An opened log: its tables as Ibis expressions, the days that it covers, and steps kept in the engine.

    `generations` is always there; `labels` and `models` are None if the source has none. simulated: a run of a
    simulated world wrote it, whole, so that there could be others of the same world; any other log is the one history
    of its gateway. scope: what of it is looked at. Use as a context manager, or call `close()`.
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
        simulated: bool = False,
    ) -> None:
        self.generations = generations
        self.labels = labels
        self.models = models
        self.name = name
        self.manifest = manifest
        self.simulated = simulated
        self.scope = Scope()
        self.stored = generations  # as the source holds them: types for the checks, `week` of a partition
        self.rows = 0
        self.start: dt.datetime | None = None  # first and last created_at, UTC
        self.end: dt.datetime | None = None
        self._stated_days = (first_day, last_day)
        self._states_all = True  # who states both days states that the days between them are covered
        self._coverage: Coverage | None = None
        self._on_close: Callable[[], None] | None = None
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
        self.least = 0  # users that a cell of cohorts stands on, else it is withheld
        self._whole: Log | None = None  # the log from which rows were left out that are in no sum

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

    # --- what of it is looked at

    @property
    def in_study_window(self) -> bool:
        """Whether exhibits are drawn over the windows of the study, where the log has a complete week in them."""
        if self.scope.study_window is not None:
            return self.scope.study_window
        return not self.scope.cut and (self.manifest or {}).get("study_window") is True

    @property
    def beside_study(self) -> bool:
        """Whether what the study says stands beside what the log shows."""
        return self.manifest is not None if self.scope.beside_study is None else self.scope.beside_study

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

    def state_days(self, first: dt.date | None, last: dt.date | None, all_between: bool) -> None:
        """State the first or the last covered day, in the place of what was stated before (None: leave it).

        all_between: the days between them are stated as covered, too, where both are known.
        """
        self._stated_days = (first or self._stated_days[0], last or self._stated_days[1])
        self._states_all = all_between

    def cut_stated_days(self, rows: int) -> None:
        """Keep of the days that are stated those of the scope. rows: that the log had before it was cut."""
        if self.lost(rows):  # which days a run covers that lacks rows, its rows tell
            self._stated_days, self._states_all = (None, None), False
            return
        (first, last), scope = self._stated_days, self.scope
        self._stated_days = first and max(first, scope.first or first), last and min(last, scope.last or last)

    def lost(self, rows: int) -> int:
        """How many rows a run lacks that has so many: its manifest counts those that were written."""
        counts = (self.manifest or {}).get("counts")
        counted = counts.get("generations") if isinstance(counts, dict) else None
        return max(counted - rows, 0) if isinstance(counted, int) else 0

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
        and months of their own. Where there are none it is the generations themselves. Rows that are in no sum
        (`in_sums`) are there: they make cohorts."""
        if self._whole is not None:
            return self._whole.body
        if not self.coverage.stray:
            return self.generations
        return self.generations.filter(v.on_days(self.generations.created_at, self.first_day, self.last_day))

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
        kept = unused(self.connection, f"slipper_{name}")
        try:
            table = steps.keep(self.connection, kept, step)
        except engine_errors(NotImplementedError) as error:
            self.keeps_steps = False
            self.warn(
                f"no temporary tables on {self.connection.name} ({first_line(error)}): each query reads the whole log. "
                "The results are the same, and take longer."
            )
            return step
        self._names.append(kept)
        return table

    def unshared(self) -> Log:
        """The same log for queries that stand alone: shared steps are written out instead of kept, and all rows are in
        the sums."""
        if self._whole is not None:
            return self._whole.unshared()
        log = self._with(self.generations, self.labels)
        log.keeps_steps = False
        return log

    def in_sums(self, generations: ir.Table, labels: ir.Table | None, least: int) -> Log:
        """The same log with fewer rows in its sums. Cohorts are of all its users, and their cells of fewer than `least`
        users are withheld. It covers the same days, and `close` closes it alone."""
        _ = self.coverage  # of all rows
        log = self._with(generations, labels)
        log.rows = int(generations.count().to_pyarrow().as_py())
        log.keeps_steps, log.least, log._whole = self.keeps_steps, least, self
        return log

    @property
    def whole(self) -> Log:
        """The log with all rows in its sums: itself, unless it is one of `in_sums`."""
        return self._whole or self

    def _with(self, generations: ir.Table, labels: ir.Table | None) -> Log:
        """The same log with other rows."""
        log = Log(
            generations, labels=labels, models=self.models, name=self.name, manifest=self.manifest,
            simulated=self.simulated,
        )  # fmt: skip
        log.scope = self.scope
        log.rows, log.start, log.end, log._stated_days = self.rows, self.start, self.end, self._stated_days
        log._states_all, log._coverage = self._states_all, self._coverage
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

    def owns(self, close: Callable[[], None]) -> None:
        """The engine is the log's own: `close` closes it, with the log."""
        self._on_close = close

    def close(self) -> None:
        """Drop the kept steps; close the engine if this log opened it."""
        for name in self._names:
            if self._on_close is None:  # a connection of the caller's: leave it as it was
                steps.forget(self.connection, name)
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
