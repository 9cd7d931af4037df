"""Engines that hold a log: the embedded DuckDB for files, a DuckDB file, a connection of the caller's."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import ibis
import ibis.expr.types as ir

from analysis import contract
from analysis.sources.columns import nearest
from analysis.sources.errors import LogError, engine_errors, first_line
from analysis.sources.files import starts_with

SQLITE = b"SQLite format 3\0"
DUCKDB = b"DUCK"  # from byte 8 on
DUCKDB_NAMES = (".duckdb", ".ddb", ".db")
Place: TypeAlias = tuple[str, str | tuple[str, str] | None]  # a table and its schema; None: the current one
SOURCE = "source"  # what an attached DuckDB file is called


def embedded(memory: str, threads: int | None) -> tuple[Any, Callable[[], None]]:
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


def is_database(path: Path) -> bool:
    """Whether a file is a DuckDB file, by its content or name. Raises LogError for SQLite, which has no types for
    moments."""
    if starts_with(path, SQLITE):
        raise LogError(
            f"{path}: an SQLite file, which is not read: it has no type for a moment with its zone. Write its table to "
            f"Parquet, such as with DuckDB where its sqlite extension is installed: copy (from "
            f"sqlite_scan('{path}', 'TABLE')) to 'log.parquet', with created_at cast to timestamptz"
        )
    return path.is_file() and (starts_with(path, DUCKDB, at=8) or path.suffix.lower() in DUCKDB_NAMES)


@dataclass
class Tables:
    """The tables of a connection's catalog: names that need no schema, and `schema.table` for all others."""

    connection: Any
    places: dict[str, Place]  # by name for people: table, and where it lies; those that are known so far
    where: str  # for messages
    others: Callable[[str | None], dict[str, Place]] | None = (
        None  # of a schema, or of all that are not current
    )
    unlisted: str = ""  # why the engine does not list its tables

    def get(self, name: str) -> ir.Table:
        """A table by its name or `schema.table`. Raises LogError that lists what there is."""
        if not self._knows(name):
            if self.unlisted:
                raise LogError(
                    f"{self.where}: no table '{name}' found, for its tables cannot be listed ({self.unlisted}). "
                    "Give the table itself, such as connection.table(NAME)"
                )
            if self.others is not None:
                self.places.update(self.others(None))
            elsewhere = [known for known in self.places if known.rpartition(".")[2] == name]
            hint = (
                f" (there is: {', '.join(sorted(elsewhere))})"
                if elsewhere
                else nearest(name, list(self.places))
            )
            raise LogError(f"{self.where}: no table '{name}' in it{hint}")
        table, place = self.places[name]
        try:
            return self.connection.table(table, database=place)
        except Exception as error:  # of whichever engine
            raise LogError(f"{self.where}: the table '{name}' cannot be read ({first_line(error)})") from None

    def beside(self, log: str, name: str) -> str | None:
        """The name of a side table in the schema of the log's table, if there is one."""
        schema, dot, _ = log.rpartition(".") if log in self.places else ("", "", "")
        full = f"{schema}{dot}{name}"
        return full if self._knows(full) else None

    def _knows(self, name: str) -> bool:
        """Whether there is such a table. Of other schemas only the one is listed that the name begins with."""
        schema, dot, _ = name.rpartition(".")
        if name not in self.places and dot and self.others is not None:
            self.places.update(self.others(schema))
        return name in self.places


def tables_of_file(connection: Any, path: Path) -> Tables:
    """Attach a DuckDB file, read only, and list its tables. Raises LogError."""
    try:
        connection.attach(path, name=SOURCE, read_only=True)
        rows = connection.raw_sql(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'source' AND NOT internal "
            "UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = 'source' AND NOT "
            "internal ORDER BY ALL"
        ).fetchall()
    except engine_errors() as error:
        raise LogError(f"{path}: not a DuckDB file that can be opened ({first_line(error)})") from None
    places: dict[str, Place] = {
        (table if schema == "main" else f"{schema}.{table}"): (table, (SOURCE, schema))
        for schema, table in rows
    }
    return Tables(connection, places, str(path))


def tables_of_connection(connection: Any) -> Tables:
    """The tables of a connection, those of other schemas as `schema.table`. Raises LogError for SQLite.

    Listing a schema is a query of its own, and warehouses have many: the others are listed when a name asks for them.
    """
    if connection.name == "sqlite":
        raise LogError(
            "an SQLite connection is not read: SQLite has no type for a moment with its zone. Write the table to "
            "Parquet or DuckDB, with created_at as a UTC timestamp"
        )

    def others(only: str | None) -> dict[str, Place]:
        places: dict[str, Place] = {}
        with suppress(
            Exception
        ):  # of whichever engine; what it does not list can still be given as an Ibis table
            current = getattr(connection, "current_database", None)
            for schema in connection.list_databases() if only is None else [only]:
                if only is not None or schema not in (current, "information_schema", "pg_catalog"):
                    for table in connection.list_tables(database=schema):
                        places[f"{schema}.{table}"] = (table, schema)
        return places

    where = f"the {connection.name} connection"
    try:
        return Tables(connection, {table: (table, None) for table in connection.list_tables()}, where, others)
    except Exception as error:  # of whichever engine
        return Tables(connection, {}, where, others, first_line(error))


def generations_view(connection: Any, stored: ir.Table) -> ir.Table:
    """The view `generations`: the stored table without its partition key."""
    if contract.PARTITION_KEY in stored.columns:
        stored = stored.drop(contract.PARTITION_KEY)
    return connection.create_view("generations", stored)
