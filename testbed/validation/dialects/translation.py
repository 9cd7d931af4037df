"""A query of another dialect in DuckDB's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ErrorLevel, SqlglotError, UnsupportedError

from testbed.validation.columns import KNOWN, InputColumns
from testbed.validation.dialects.aliases import aliases_first
from testbed.validation.dialects.column_types import LikelyTypes, Types, whole_division
from testbed.validation.dialects.names import DUCKDB
from testbed.validation.dialects.patterns import Rewrite, Rules, Typed, by_arguments, fill, rewritten
from testbed.validation.dialects.rules import rules_of

UNZONED = frozenset({"athena", "bigquery", "clickhouse", "fabric", "presto", "trino", "tsql"})
"""Dialects in which days of a moment in UTC are UTC days, whatever the session."""


def _cut(node: exp.Expr) -> exp.Expr | None:
    """A cast to a text of some length cuts it; DuckDB's keeps all."""
    to = node.args["to"]
    if to.is_type(*exp.DataType.TEXT_TYPES) and to.expressions:
        return fill("left(CAST(_1 AS VARCHAR), _2)", node.this, to.expressions[0].this)
    return None


def _of_text(node: exp.Expr) -> exp.Expr | None:
    """LPAD of a number and LEFT of a moment, which most dialects take for their texts."""
    if not isinstance(node.this, exp.Cast):
        node.set("this", exp.cast(node.this.copy(), exp.DType.VARCHAR))
    return None


EVERYWHERE: dict[type[exp.Expr], Rewrite] = {
    **dict.fromkeys((exp.Cast, exp.TryCast), _cut),
    **dict.fromkeys((exp.Left, exp.Pad), _of_text),
    exp.Format: lambda node: exp.Anonymous(this="printf", expressions=[node.this, *node.expressions]),
}
"""Rules of every dialect."""


@dataclass(frozen=True)
class Translation:
    """A query as DuckDB takes it. dialect: in which it was read. text: the user's own, where that is DuckDB's.
    zoned: whether the zone of the session means anything in that dialect. notes: what was changed, for people."""

    dialect: str
    text: str
    zoned: bool
    notes: tuple[str, ...] = ()


def translate(text: str, dialect: str, columns: InputColumns, types: Types | None = None) -> Translation:
    """A query of this dialect in DuckDB's. types: of its expressions, where they are known. Raises SqlglotError."""
    rules = rules_of(dialect)
    try:
        statements = [one for one in sqlglot.parse(text, read=rules.reader or dialect) if one is not None]
    except SqlglotError:
        if dialect == DUCKDB:  # which says itself what is wrong, and knows its newest words
            return Translation(DUCKDB, text, True)
        raise
    named = {columns.table(name) for name in KNOWN}
    tables = [table for one in statements for table in one.find_all(exp.Table)]
    paths = [table for table in tables if table.db not in ("", "main") and table.name in named]
    if dialect == DUCKDB and not paths:
        return Translation(DUCKDB, text, True)
    notes = dict.fromkeys(f"{path.sql(dialect=dialect)} is read as {path.name}" for path in paths)
    for path in paths:
        path.set("db", None)
        path.set("catalog", None)
    written = []
    for one in statements:
        notes |= dict.fromkeys(rules.notes(one))
        sql, lost = _written(_ruled(one, rules, dialect, columns, types))
        written.append(sql)
        notes |= dict.fromkeys(lost)
    return Translation(dialect, ";\n".join(written), dialect not in UNZONED, tuple(notes))


def likely_types(text: str, dialect: str, columns: InputColumns) -> Types | None:
    """The types of a query, for others that differ from it in a few words; None where they are not one statement."""
    rules = rules_of(dialect)
    statements = [one for one in sqlglot.parse(text, read=rules.reader or dialect) if one is not None]
    if len(statements) != 1:
        return None
    return LikelyTypes(_untyped(statements[0], rules, dialect), dialect, columns)


def _untyped(statement: exp.Expr, rules: Rules, dialect: str) -> exp.Expr:
    """A statement by the rules of its dialect that need no types."""
    nameless: tuple[type[exp.Expr], ...] = (exp.Anonymous, exp.AnonymousAggFunc)
    unknown = dict.fromkeys(nameless, _of_functions(rules))
    statement = rewritten(statement, {**EVERYWHERE, **rules.nodes, **unknown})
    aliases_first(statement, dialect)
    return statement


def _ruled(
    statement: exp.Expr, rules: Rules, dialect: str, columns: InputColumns, known: Types | None
) -> exp.Expr:
    """A statement by the rules of its dialect: first those that need no types, then those that do. known: its types."""
    statement = _untyped(statement, rules, dialect)
    typed = dict(rules.typed)
    if Dialect.get_or_raise(dialect).TYPED_DIVISION:
        typed[exp.Div] = whole_division
    if not statement.find(*typed):
        return statement
    types = known or Types(statement, dialect, columns)
    return rewritten(statement, {kind: partial(_typed, rule, types) for kind, rule in typed.items()})


def _typed(rule: Typed, types: Types, node: exp.Expr) -> exp.Expr | None:
    return rule(node, types)


def _of_functions(rules: Rules) -> Rewrite:
    """The rule for functions that sqlglot does not know: one that a dialect has for all, then those of its table."""

    def rule(node: exp.Expr) -> exp.Expr | None:
        own = rules.nodes.get(type(node))
        found = own(node) if own is not None else None
        if found is not None:
            return found
        return by_arguments(rules.functions.get(node.name.lower(), ()), node.expressions)

    return rule


def _written(statement: exp.Expr) -> tuple[str, list[str]]:
    """As DuckDB's text, and what sqlglot says that it had to leave out."""
    generator = Dialect.get_or_raise(DUCKDB).generator(pretty=True, unsupported_level=ErrorLevel.IGNORE)
    try:
        text = generator.generate(statement)
    except ValueError as error:  # a form that it knows and DuckDB's writer does not
        raise UnsupportedError(str(error)) from None
    return text, [f"left out in translation: {one}" for one in generator.unsupported_messages]
