"""Whether columns conform to the contract: of a table as a whole, and of each of its files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.datatypes as dtypes
import ibis.expr.schema as sch
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from analysis import contract
from analysis.contract import nearest_names
from analysis.numerals import counted
from analysis.sources.errors import LogError, engine_errors, first_line
from analysis.sources.files import glob_of
from analysis.sources.quoting import identifier, text_literal

ALL = " (there are: "

_ENGINE_TYPES: dict[contract.Family, str] = {  # of a column without any value
    "string": "string",
    "integer": "int64",
    "float": "float64",
    "boolean": "boolean",
    "timestamp": "timestamp('UTC')",
    "date": "date",
}
_SQL_TYPES: dict[contract.Family, str] = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "float": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMPTZ",
    "date": "DATE",
}


def conforms(kind: dtypes.DataType, family: contract.Family) -> bool:
    """Whether an engine's column type is of the family that the contract asks for."""
    checks: dict[contract.Family, bool] = {
        "string": kind.is_string(),
        "integer": kind.is_integer(),
        "float": kind.is_numeric(),
        "boolean": kind.is_boolean(),
        "timestamp": kind.is_timestamp() and getattr(kind, "timezone", None) is not None,
        "date": kind.is_date(),
        "list": kind.is_array() or kind.is_json(),  # engines without lists of records hold JSON
    }
    return checks[family]


def problems(name: contract.Table, kinds: sch.Schema) -> Iterator[tuple[str, str]]:
    """Column and what is wrong with it, for each that does not conform to the contract's table `name`."""
    listed = False
    for field in contract.FIELDS[name]:
        if field.name not in kinds:
            if field.required:
                hint = nearest(field.name, list(kinds))
                if hint.startswith(ALL):  # all names once are enough
                    hint, listed = ("" if listed else hint), True
                yield field.name, f"required column '{field.name}' is missing{hint}"
        elif not conforms(kinds[field.name], field.family):
            yield field.name, _type_problem(field, kinds[field.name])


def _type_problem(field: contract.Field, kind: dtypes.DataType) -> str:
    if field.family == "timestamp" and kind.is_timestamp():
        return (
            f"column '{field.name}' is a timestamp without a time zone; store it as a UTC timestamp with its zone, "
            "so that weeks and months are the same for every reader"
        )
    return f"column '{field.name}' is {kind}, expected {field.type}"


def nearest(name: str, known: list[str]) -> str:
    """The known names nearest to one that is not there, in brackets; else all of them."""
    near = nearest_names.nearest(name, known, most=3)
    if near:
        return f" (nearest: {', '.join(near)})"
    return f"{ALL}{', '.join(sorted(known)[:12])})" if known else ""


def typed(name: contract.Table, table: ir.Table) -> ir.Table:
    """The table with columns that hold no value at all as empty columns of the contract's type.

    Writers that saw no value have no type for a column: null, or in DuckDB int32.
    """
    empty: dict[str, ir.Value] = {}
    for field in contract.FIELDS[name]:
        kind = table.schema().get(field.name)
        if kind is None or conforms(kind, field.family) or field.family not in _ENGINE_TYPES:
            continue
        if kind.is_null() or (kind == dtypes.int32 and _without_values(table[field.name])):
            empty[field.name] = ibis.null(_ENGINE_TYPES[field.family])
    return table.mutate(**empty) if empty else table


def _without_values(column: ir.Column) -> bool:
    try:
        return int(column.count().to_pyarrow().as_py()) == 0
    except engine_errors():
        return False


# --- files


@dataclass(frozen=True)
class FileProblem:
    """A column that does not conform, in these files."""

    column: str
    what: str
    files: tuple[str, ...]
    rows: int  # in these files
    everywhere: bool  # in all files alike: the table's as a whole


@dataclass(frozen=True)
class _Group:
    """Files with the same columns. kinds: as the engine reads them. empty: columns of null type."""

    files: list[str]
    rows: int
    kinds: sch.Schema
    empty: frozenset[str]


def read_files(
    connection: Any, files: list[str], name: contract.Table, view: str, partitions: bool = False
) -> tuple[ir.Table, list[FileProblem]]:
    """Parquet files as one view of the embedded engine, and what is wrong in some of them.

    Columns that a file lacks are null in its rows. Raises LogError that names the file which cannot be read.
    """
    if not files:
        raise LogError(f"no Parquet files for the {name} table")
    groups = _groups(connection, files)
    found: dict[tuple[str, str], list[_Group]] = {}
    for group in groups:
        for column, what in problems(name, group.kinds):
            if column not in group.empty:
                found.setdefault((column, what), []).append(group)
    parts = " UNION ALL BY NAME ".join(
        _select(
            name,
            [file for group in groups if group.empty == empty for file in group.files],
            empty,
            partitions,
        )
        for empty in dict.fromkeys(group.empty for group in groups)
    )
    try:
        connection.raw_sql(f"CREATE VIEW {view} AS {parts}")
        table = connection.table(view)
    except engine_errors() as error:
        raise LogError(
            f"{files[0]} and {len(files) - 1} more: the {name} table's files do not fit together "
            f"({first_line(error)})"
        ) from None
    return table, [
        FileProblem(
            column,
            what,
            tuple(file for group in of for file in group.files),
            sum(group.rows for group in of),
            len(of) == len(groups),
        )
        for (column, what), of in found.items()
    ]


TEXT = (".csv", ".tsv", ".json", ".jsonl", ".ndjson")
"""Ends of files of text, which are no log but can become one."""


def _unreadable(file: str, why: str) -> str:
    """What is wrong with a file that is no Parquet, and for text how to convert it."""
    if not file.lower().endswith(TEXT):
        return f"{file}: not Parquet that can be read ({why})"
    return (
        f"{file}: files of text are not read; a log is Parquet files or a DuckDB file. What a gateway exports is "
        f"imported: slipper import '{file}' --out LOG. To convert any other: "
        f"python -c \"import duckdb; duckdb.sql('FROM \\'{file}\\'').write_parquet('log.parquet')\""
    )


def _groups(connection: Any, files: list[str]) -> list[_Group]:
    """Files by their columns; the engine is asked once a group."""
    alike: dict[str, list[str]] = {}
    rows: dict[str, int] = {}
    empty: dict[str, frozenset[str]] = {}
    for file in files:
        try:
            footer = pq.read_metadata(file)
            arrow = footer.schema.to_arrow_schema()
        except (OSError, pa.ArrowException) as error:
            raise LogError(_unreadable(file, first_line(error))) from None
        key = str(footer.schema).partition("\n")[2]  # the first line holds an address
        alike.setdefault(key, []).append(file)
        rows[key] = rows.get(key, 0) + footer.num_rows
        empty[key] = frozenset(field.name for field in arrow if pa.types.is_null(field.type))
    groups = []
    for key, same in alike.items():
        try:
            kinds = connection.sql(f"SELECT * FROM {_source(same[:1], False)}").schema()
        except engine_errors() as error:
            raise LogError(f"{same[0]}: not Parquet that can be read ({first_line(error)})") from None
        groups.append(_Group(same, rows[key], kinds, empty[key]))
    return groups


def _source(files: list[str], partitions: bool) -> str:
    names = ", ".join(text_literal(glob_of(file)) for file in files)
    return f"read_parquet([{names}], union_by_name=true, hive_partitioning={str(partitions).lower()})"


def _select(name: contract.Table, files: list[str], empty: frozenset[str], partitions: bool) -> str:
    """SQL of files whose columns of null type are given the contract's type, or left out where it has none."""
    fields = contract.fields(name)
    sql_types = {column: _SQL_TYPES.get(fields[column].family) for column in empty if column in fields}
    replaced = ", ".join(
        f'CAST(NULL AS {kind}) AS "{column}"' for column, kind in sorted(sql_types.items()) if kind
    )
    dropped = ", ".join(identifier(column) for column in sorted(empty) if not sql_types.get(column))
    star = f"*{f' EXCLUDE ({dropped})' if dropped else ''}{f' REPLACE ({replaced})' if replaced else ''}"
    return f"SELECT {star} FROM {_source(files, partitions)}"


def refuse_files(name: contract.Table, found: list[FileProblem]) -> None:
    """Raise LogError that names the files which do not conform."""
    if not found:
        return
    first = found[0].files[0]
    here = [problem for problem in found if first in problem.files]
    others = len({file for problem in found for file in problem.files}) - 1
    also = f" (and {counted(others, 'other file')} of the {name} table)" if others else ""
    raise LogError(
        f"{first}{also} does not conform to the log contract: {'; '.join(problem.what for problem in here)}. "
        "`slipper schema log` prints the contract. What is no part of the log belongs into another folder."
    )
