"""A query: an analysis that runs in the engine and comes back as a tidy pandas table, and that can be printed
as SQL.

    shares = openness.weekly_shares(log)          # a DataFrame
    print(openness.weekly_shares.sql(log))        # the SQL of it
    openness.weekly_shares.expression(log)        # the Ibis expression, to build on

Results are remembered on the log, so that a table, a figure and a report ask the engine once.
"""

from __future__ import annotations

import datetime as dt
import functools
import inspect
from collections.abc import Callable
from concurrent.futures import Future
from importlib import import_module
from typing import Any, Concatenate, Generic, ParamSpec

import ibis.expr.operations as ops
import ibis.expr.types as ir
import pandas as pd
from ibis.backends.sql import compilers
from sqlglot import ErrorLevel

from analysis.sources.log import Log
from analysis.sources.warehouses import postgres, spark
from analysis.workers import Workers

P = ParamSpec("P")
Finish = Callable[Concatenate[pd.DataFrame, Log, P], pd.DataFrame]

TOPICS = ("usage", "openness", "agentic", "lengths", "categories", "geography", "retention",
          "cohorts.activity_retention", "cost")  # fmt: skip
_REGISTRY: dict[str, Query[Any]] = {}


class Query(Generic[P]):
    """A function from a log to an Ibis expression, with an optional last step in pandas on the small result.

    Calling it gives the DataFrame; `expression` and `sql` give what is run.
    """

    def __init__(
        self, build: Callable[Concatenate[Log, P], ir.Table], finish: Finish[P] | None = None
    ) -> None:
        self.build = build
        self.finish = finish
        self.name = f"{build.__module__.rpartition('.')[2]}.{build.__name__}"
        functools.update_wrapper(self, build)
        _REGISTRY[self.name] = self

    def __call__(self, log: Log, *args: P.args, **kwargs: P.kwargs) -> pd.DataFrame:
        def run() -> pd.DataFrame:
            frame = collect(self.build(log, *args, **kwargs))
            return self.finish(frame, log, *args, **kwargs) if self.finish else frame

        return log.remembered(self._key(log, *args, **kwargs), run)

    def give(self, log: Log, frame: pd.DataFrame, *args: P.args, **kwargs: P.kwargs) -> None:
        """Remember a result that the caller has by another way, so that the engine is not asked for it. The frame must
        be what the query would return, types and order included."""
        log.remembered(self._key(log, *args, **kwargs), lambda: frame)

    def _key(self, log: Log, *args: P.args, **kwargs: P.kwargs) -> tuple[Any, ...]:
        bound = inspect.signature(self.build).bind(log, *args, **kwargs)
        bound.apply_defaults()
        return (self.name, *(_frozen(value) for value in bound.args[1:]), *sorted(bound.kwargs.items()))

    def expression(self, log: Log, *args: P.args, **kwargs: P.kwargs) -> ir.Table:
        """The Ibis expression, whole: shared steps are written out."""
        return self.build(log.unshared(), *args, **kwargs)

    def sql(self, log: Log, *args: P.args, **kwargs: P.kwargs) -> str:
        """The SQL, whole: steps that analyses share, which a log runs once and keeps, are written out."""
        return log.sql(self.expression(log, *args, **kwargs))

    def sql_by(self, workers: Workers, log: Log, *args: P.args, **kwargs: P.kwargs) -> Future[str]:
        """The same SQL, written by a worker: that takes longer than to build the expression."""
        if log.connection.name == spark.ENGINE:  # Ibis writes its SQL in the session alone
            done: Future[str] = Future()
            done.set_result(self.sql(log, *args, **kwargs))
            return done
        unbound = self.expression(log, *args, **kwargs).unbind()
        return workers.start(written, unbound, log.connection.name)


def query(build: Callable[Concatenate[Log, P], ir.Table]) -> Query[P]:
    """Decorator: make a Query of a function that builds an expression."""
    return Query(build)


def finished_by(
    finish: Callable[Concatenate[pd.DataFrame, Log, P], pd.DataFrame],
) -> Callable[[Callable[Concatenate[Log, P], ir.Table]], Query[P]]:
    """Decorator: the same with a last step in pandas, which takes the small result and then the query's arguments."""

    def wrap(build: Callable[Concatenate[Log, P], ir.Table]) -> Query[P]:
        return Query(build, finish)

    return wrap


def all_queries() -> dict[str, Query[Any]]:
    """All queries by name, such as "openness.weekly_shares"."""
    for module in TOPICS:
        import_module(f"analysis.queries.{module}")
    return dict(sorted(_REGISTRY.items()))


def written(unbound: ir.Table, dialect: str) -> str:
    """The SQL of an expression that belongs to no connection, as Ibis has the engine of that name run it; its client
    need not be installed. Not of Spark, whose SQL Ibis writes in its session alone."""
    compiler = getattr(compilers, dialect).compiler
    text = compiler.to_sqlglot(unbound).sql(
        dialect=compiler.dialect, pretty=True, copy=False, unsupported_level=ErrorLevel.RAISE
    )
    return str(text)


def sql_of(name: str, log: Log, **parameters: Any) -> str:
    """The SQL of a query by its name, such as "openness.weekly_shares". KeyError lists the names there are."""
    known = all_queries()
    if name not in known:
        raise KeyError(f"no query '{name}'; there are: {', '.join(known)}")
    return known[name].sql(log, **parameters)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def collect(expression: ir.Table) -> pd.DataFrame:
    """Run an expression and bring the result home with plain types: int64, float64, bool, str, datetime64[us].

    Dates become midnights without a zone, timestamps become UTC without a zone. Integers with nulls become
    float64. Engines differ in the types that they return, and PostgreSQL in the order of texts (by a language); results
    of the same query do not.
    """
    frame = _in_order(expression.to_pandas(), expression)
    schema = expression.schema()
    for name in frame.columns:
        kind = schema[name]
        column = frame[name]
        if kind.is_date() or kind.is_timestamp():
            moments = pd.to_datetime(column, utc=True)
            frame[name] = moments.dt.tz_localize(None).astype("datetime64[us]")
        elif kind.is_boolean():
            frame[name] = column.astype("bool") if not column.isna().any() else column.astype("boolean")
        elif kind.is_integer() and not column.isna().any():
            frame[name] = column.astype("int64")
        elif kind.is_numeric():
            frame[name] = column.astype("float64")
        else:
            frame[name] = column.astype("str")
    return frame


def _in_order(frame: pd.DataFrame, expression: ir.Table) -> pd.DataFrame:
    """The rows in the order that the expression states, texts byte by byte."""
    order = expression.op()
    if not isinstance(order, ops.Sort) or expression.get_backend().name != postgres.ENGINE:
        return frame
    names = [key.arg.name for key in order.keys]
    ascending = [key.ascending for key in order.keys]
    return frame.sort_values(names, ascending=ascending, kind="stable", ignore_index=True)


def day(moment: pd.Timestamp) -> dt.date:
    """The date of a pandas timestamp."""
    return dt.date(moment.year, moment.month, moment.day)
