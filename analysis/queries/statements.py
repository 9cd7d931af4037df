"""The SQL of queries for tables in warehouses, which need not be at hand: of each dialect, to be read and to be run
there.

    statement(queries["usage.weekly"], "bigquery", Tables("ours.gateway.generations"))

Ibis writes subqueries in subqueries; here each step stands by itself, one below the other, in the order of reading.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
from ibis.backends.sql import compilers
from sqlglot import ErrorLevel, exp
from sqlglot.optimizer.eliminate_subqueries import eliminate_subqueries

from analysis import contract
from analysis.queries.query import Query
from analysis.sources.coverage import Coverage
from analysis.sources.errors import LogError
from analysis.sources.log import Log
from analysis.sources.scope import Scope, cut

COMPILERS = {
    "bigquery": "bigquery", "snowflake": "snowflake", "clickhouse": "clickhouse", "databricks": "databricks",
    "postgres": "postgres", "spark": "databricks", "duckdb": "duckdb",
}  # fmt: skip
DIALECTS = tuple(COMPILERS)
"""What SQL is written for."""
FOLDING = {"snowflake"}
"""Dialects that take names for upper-case ones unless they are quoted: a table's columns are, as it is mostly made."""
WITHOUT_RECORDS = {"postgres"}
"""Dialects in which a list of records is JSON (jsonb)."""
RESERVED = frozenset(
    {"row", "rows", "from", "to", "start", "sample", "values", "order", "group", "set", "table"}
)
STEP = "step_"
EVERY_DAY = Scope()


class NeedsDays(LogError):
    """The SQL of a query depends on which days the log covers, and these are not stated."""


@dataclass(frozen=True)
class Tables:
    """Names of the tables of the contract in a warehouse, with their schema and catalog before a dot where needed."""

    generations: str = "generations"
    labels: str = "labels"
    models: str = "models"

    def table(self, name: contract.Table, dialect: str) -> ir.Table:
        """A table of the contract, of no connection. Raises LogError for a name of too many parts."""
        *places, last = getattr(self, name).split(".")
        if len(places) > 2 or not all((*places, last)):
            raise LogError(f"'{getattr(self, name)}': expected TABLE, SCHEMA.TABLE or CATALOG.SCHEMA.TABLE")
        kinds = dict(ibis.Schema.from_pyarrow(contract.arrow_schema(name)).items())
        if dialect in WITHOUT_RECORDS:
            kinds = {
                column: dt.JSON(binary=True) if kind.is_array() else kind for column, kind in kinds.items()
            }
        catalog, database = (None, *places)[-2:] if places else (None, None)
        return ibis.table(kinds, name=last, catalog=catalog, database=database)


class _Unseen(Log):
    """A log of which the names of the tables are known, and the days that are asked for."""

    @property
    def coverage(self) -> Coverage:
        first, last = self.scope.first, self.scope.last
        if first is None or last is None:
            raise NeedsDays("it depends on which days the log covers")
        return Coverage(first, last, basis="stated")

    def unshared(self) -> Log:
        return self


def statement(
    query: Query[Any],
    dialect: str,
    tables: Tables = Tables(),
    scope: Scope = EVERY_DAY,
    parameters: Mapping[str, Any] | None = None,
) -> str:
    """The SQL of a query in a dialect, without a semicolon at its end.

    tables: their names. scope: rows of these days alone; taken for the days that the log covers, which queries of
    cohorts need to know (NeedsDays). parameters: the query's own. Raises LogError.
    """
    compiler = getattr(compilers, COMPILERS[dialect]).compiler
    expression = query.expression(_unseen(tables, dialect, scope), **(parameters or {}))
    written = _in_steps(compiler.to_sqlglot(expression))
    if dialect in FOLDING:
        _unquote(written)
    text = written.sql(
        dialect=dialect if dialect == "spark" else compiler.dialect,
        pretty=True,
        unsupported_level=ErrorLevel.RAISE,
    )
    return str(text)


def _unseen(tables: Tables, dialect: str, scope: Scope) -> Log:
    generations, labels, models = (
        tables.table(name, dialect) for name in ("generations", "labels", "models")
    )
    log = _Unseen(generations, labels=labels, models=models)
    log.keeps_steps, log.scope = False, scope
    if scope.cut:
        cut(log)
    return log


# --- readable


def _in_steps(written: exp.Query) -> exp.Query:
    """A statement whose subqueries are steps, named in the order of reading, and whose tables go by their names."""
    for part in written.walk():
        for name, held in list(part.args.items()):
            if isinstance(held, tuple):  # in which sqlglot does not look
                part.set(name, list(held))
    found = eliminate_subqueries(written.copy())
    steps = {cte.alias: f"{STEP}{i}" for i, cte in enumerate(found.ctes, start=1)}
    for cte in found.ctes:
        cte.set("alias", exp.TableAlias(this=exp.to_identifier(steps[cte.alias])))
    _name_sources(found, steps, {})
    return found


def _name_sources(node: exp.Expr, steps: Mapping[str, str], outer: Mapping[str, exp.Identifier]) -> None:
    """Have each column be of a table by its name, in the place of an alias; outer: aliases of the statements around."""
    own = dict(outer)
    if isinstance(node, exp.Select):
        taken: dict[str, int] = {}
        for table in _sources(node):
            alias = table.alias_or_name
            if not table.db and table.name in steps:
                table.set("this", exp.to_identifier(steps[table.name]))
            times = taken[table.name] = taken.get(table.name, 0) + 1
            table.set("alias", None)
            own[alias] = table.this
            if times > 1:  # joined with itself
                own[alias] = exp.to_identifier(f"{table.name}_{times}")
                table.set("alias", exp.TableAlias(this=own[alias].copy()))
    for part in node.walk(prune=lambda part: isinstance(part, exp.Select) and part is not node):
        if part is not node and isinstance(part, exp.Select):
            _name_sources(part, steps, own)
        elif isinstance(part, exp.Column) and part.table in own:
            part.set("table", own[part.table].copy())


def _sources(select: exp.Select) -> list[exp.Table]:
    """The tables that a select reads from."""
    joins = [join.this for join in select.args.get("joins") or ()]
    start = select.args.get("from_") or select.args.get("from")
    return [one for one in ([start.this] if start else []) + joins if isinstance(one, exp.Table)]


def _unquote(written: exp.Query) -> None:
    """Leave names unquoted that are written as any other one."""
    for name in written.find_all(exp.Identifier):
        if re.fullmatch("[a-z_][a-z0-9_]*", name.name) and name.name not in RESERVED:
            name.set("quoted", False)
