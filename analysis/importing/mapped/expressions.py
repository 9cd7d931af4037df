"""Expressions of a mapping: SQL of DuckDB over the columns of one row, and nothing else.

An expression is taken apart by the engine's own parser and put together anew from its parts, so that nothing beside
them is ever run: no query, no other table, no file, no function that reads settings, chance or the clock. Columns are
texts, whatever the file: what is counted with must be cast. A cast that fails does not end the import: the row has no
value there, and is listed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import duckdb

from analysis.contract.nearest_names import did_you_mean
from analysis.sources.errors import first_line
from analysis.sources.quoting import text_literal

FAILED: Final = "(the expression has no value for this row) "
"""Begins the text of a row for which an expression fails; the columns that it reads follow."""
_NULL = "\u0002"  # an expression's null, told from its failure
_MOST = 4_000  # characters of an expression
_SOUND = frozenset(
    (
        "COLUMN_REF",
        "CONSTANT",
        "FUNCTION",
        "OPERATOR",
        "CASE",
        "CAST",
        "COMPARISON",
        "CONJUNCTION",
        "BETWEEN",
        "COLLATE",
    )
)
_MACROS = frozenset(("nullif", "split_part", "fdiv", "fmod", "round_even", "date_add", "days_in_month"))
"""Functions that the engine defines by others, and which are what they seem."""
_REFUSED = frozenset(("getvariable", "age"))
_REFUSED_STARTS = ("__", "current_", "json_serialize", "json_deserialize", "icu_", "st_", "create_sort_key")
"""Functions that read settings or the clock, plan queries of their own, or are internal."""

Node = dict[str, Any]


class ExpressionError(ValueError):
    """What is wrong with an expression, for people."""


@dataclass(frozen=True)
class Expression:
    """An expression that was checked. text: as written. node: as the engine's parser gives it. columns: those that it
    reads, in the order in which they first stand in it."""

    text: str
    node: Node
    columns: tuple[str, ...]

    def join(self, texts: Sequence[str]) -> str:
        """SQL of the text of its value, from the SQL of the text of each column; of a row for which it fails, a text
        that begins with `FAILED`."""
        parts = dict(zip(self.columns, map(_parsed, texts), strict=True))
        select = json.dumps(_select(_replaced(self.node, parts)))
        sql = _asked("SELECT json_deserialize_sql(CAST(? AS JSON))", select)
        value = str(sql).removeprefix("SELECT ")
        sound = f"TRY(coalesce(CAST({value} AS VARCHAR), {text_literal(_NULL)}))"
        inputs = f"concat_ws(', ', {', '.join(texts)})" if texts else "''"
        return f"nullif(nullif(trim(coalesce({sound}, {text_literal(FAILED)} || {inputs})), {text_literal(_NULL)}), '')"


def expression(text: str) -> Expression:
    """Check an expression. Raises ExpressionError."""
    if len(text) > _MOST:
        raise ExpressionError(f"an expression of {len(text):,} characters; at most {_MOST:,}")
    node = _parsed(text)
    for part in _nodes(node):
        _check(part)
    columns = tuple(dict.fromkeys(name for part in _nodes(node) if (name := _column(part))))
    found = Expression(text, node, columns)
    named = ", ".join(f"CAST(NULL AS VARCHAR) AS c{number}" for number in range(len(columns)))
    try:
        _asked(
            f"SELECT {found.join([f'c{number}' for number in range(len(columns))])} FROM (SELECT {named or '1'})"
        )
    except duckdb.Error as error:
        raise ExpressionError(_plain(error, columns)) from None
    return found


def _parsed(text: str) -> Node:
    """The one value that a text says, as the engine parses it. Raises ExpressionError."""
    tree = json.loads(_asked("SELECT json_serialize_sql(CAST(? AS VARCHAR))", f"SELECT (\n{text}\n)"))
    if tree["error"]:
        raise ExpressionError(f"no SQL expression: {first_line(tree['error_message'])}")
    if len(tree["statements"]) != 1:
        raise ExpressionError("one expression is expected, without ;")
    select = tree["statements"][0]["node"]
    values = select.get("select_list", [])
    if len(values) != 1 or select != _select(values[0])["statements"][0]["node"]:
        raise ExpressionError("one value is expected: no list of them, no FROM, no WHERE")
    return dict(values[0])


def _select(value: Node) -> dict[str, Any]:
    """A query of nothing but one value, as the parser gives it."""
    query: dict[str, Any] = json.loads(_template())
    query["statements"][0]["node"]["select_list"] = [value]
    return query


@cache
def _template() -> str:
    return str(_asked("SELECT json_serialize_sql('SELECT (1)')"))


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """An engine that parses and checks; it holds no rows and reaches no file."""
    return duckdb.connect(
        config={
            "enable_external_access": False,
            "memory_limit": "256MB",
            "threads": 1,
            "lock_configuration": True,
        }
    )


def _asked(query: str, *values: str) -> Any:
    """The one value that a query gives."""
    with _engine().cursor() as cursor:
        return cursor.execute(query, list(values)).fetchall()[0][0]


def _nodes(value: Any) -> Iterator[Node]:
    """The parts of an expression, itself first."""
    if isinstance(value, dict):
        if "class" in value:
            yield value
        for inner in value.values():
            yield from _nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _nodes(inner)


def _check(node: Node) -> None:
    """Raise ExpressionError for what is no value of one row."""
    kind = str(node["class"])
    if kind not in _SOUND:
        said = kind.lower().replace("_", " ")
        raise ExpressionError(
            f"a {said} cannot be a part of it: an expression sees one row, and nothing else"
        )
    if kind != "FUNCTION":
        return
    name = str(node["function_name"]).lower()
    if node["catalog"] or node["schema"] not in ("", "main") or name not in _functions():
        near = did_you_mean(name, _functions())
        raise ExpressionError(
            f"'{name}' is no function of one row that may be used{f'; {near}' if near else ''}"
        )


@cache
def _functions() -> frozenset[str]:
    """Names of functions that give the same for the same values, and read nothing else."""
    names = _asked(
        "SELECT list(function_name) FROM (SELECT function_name FROM duckdb_functions() "
        "WHERE function_type = 'scalar' GROUP BY 1 HAVING bool_and(stability = 'CONSISTENT'))"
    )
    steady = {str(name) for name in names if not str(name).startswith(_REFUSED_STARTS)}
    return frozenset((steady | _MACROS) - _REFUSED)


def _column(node: Node) -> str:
    return ".".join(node["column_names"]) if node["class"] == "COLUMN_REF" else ""


def _replaced(value: Any, columns: Mapping[str, Node]) -> Any:
    """An expression with something else in the place of each column."""
    if isinstance(value, dict):
        if value.get("class") == "COLUMN_REF":
            return columns[_column(value)] | {"alias": value["alias"]}
        return {key: _replaced(inner, columns) for key, inner in value.items()}
    return [_replaced(inner, columns) for inner in value] if isinstance(value, list) else value


def _plain(error: duckdb.Error, columns: Sequence[str]) -> str:
    said = first_line(error)
    for number, name in reversed(list(enumerate(columns))):
        said = said.replace(f'"c{number}"', f'"{name}"')
    if "VARCHAR" in said:
        said += ' Columns are texts: to count with one, write CAST("column" AS BIGINT)'
    return said.rstrip(".")
