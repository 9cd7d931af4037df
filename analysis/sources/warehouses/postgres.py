"""A log in a table of a PostgreSQL server: the analysis runs there, and small results come back.

    postgresql://me@db.example.org/gateway?table=logs.generations

Everything of such an address but `table` is for libpq, the client's library, which also reads PGHOST, PGUSER, PGSERVICE
and the like. All queries of a log see one snapshot: what is written to the table meanwhile changes no result.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import ibis
import ibis.expr.types as ir

from analysis.numerals import listed
from analysis.sources.errors import LogError, first_line
from analysis.sources.quoting import identifier
from analysis.sources.warehouses import addresses, libpq
from analysis.sources.warehouses.libpq import SCHEME

ENGINE = "postgres"  # what Ibis calls it
EXAMPLE = "postgresql://me@localhost:5432/gateway?table=generations"
TABLE = "table"  # the one setting that is not libpq's


@dataclass(frozen=True)
class Opened:
    """A connection to a server. name: of the database. close: ends the connection, and with it all that was kept."""

    connection: Any
    name: str
    close: Callable[[], None]


def table_of(where: str) -> str | None:
    """The table that an address names. Raises LogError."""
    return addresses.read(where, EXAMPLE).settings.get(TABLE)


def database_of(where: str) -> str:
    """The database that an address names, for the names of files. Raises LogError."""
    address = addresses.read(where, EXAMPLE)
    return address.path.strip("/") or address.settings.get("dbname") or os.environ.get("PGDATABASE") or SCHEME


def shown(where: str) -> str:
    """An address as messages show it. Raises LogError."""
    address = addresses.read(where, EXAMPLE)
    return f"{SCHEME}://{address.place}{address.path}"


def connect(where: str) -> Opened:
    """Connect to the server of an address, and take a snapshot. Raises LogError."""
    address = addresses.read(where, EXAMPLE)
    psycopg = libpq.driver()
    settings = {name: value for name, value in address.settings.items() if name != TABLE}
    allowed = {one.keyword.decode() for one in psycopg.pq.Conninfo.get_defaults() if one.dispchar != b"*"}
    unknown = [
        f"{name}=" for name in settings if name not in allowed
    ]  # Prisma's, say, in LiteLLM's DATABASE_URL
    if unknown or "/" in address.path.strip("/"):
        leave = f"; libpq knows no {listed(unknown)}: leave that out" if unknown else ""
        raise LogError(
            f"{SCHEME}://{address.place}/...: the address cannot be read{leave}; expected such as {EXAMPLE}; other "
            "settings are those of libpq, such as sslmode=verify-full"
        )
    text = f"{SCHEME}://{address.place}{address.path}?{urlencode(libpq.OPTIONS | settings, quote_via=quote)}"
    try:
        connection = psycopg.connect(text, autocommit=True, prepare_threshold=None)
        # One transaction, in which the log does not change; while Python works on results it is idle, and may be.
        connection.execute("SET idle_in_transaction_session_timeout TO 0")
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        name = connection.info.dbname
        backend = ibis.postgres.from_connection(connection)
    except psycopg.Error as error:
        raise LogError(f"{shown(where)}: no connection: {told(error)}") from None
    return Opened(backend, name, connection.close)


def keep(connection: Any, name: str, step: ir.Table) -> ir.Table:
    """The rows of an expression as a temporary table of the session. Whoever may not make one gets an error of psycopg.

    Not Ibis's CREATE and INSERT: only CREATE ... AS lets the server read with several processes. Types are stated,
    since sums of whole numbers would be numeric.
    """
    types = connection.compiler.type_mapper
    cast = ", ".join(
        f"CAST({identifier(column)} AS {types.to_string(kind)}) AS {identifier(column)}"
        for column, kind in step.schema().items()
    )
    with connection.begin() as cursor:
        table = identifier(name)
        cursor.execute(
            f"CREATE TEMPORARY TABLE {table} AS SELECT {cast} FROM ({connection.compile(step)}) AS step"
        )
        cursor.execute(f"ANALYZE {table}")
    return connection.table(name)


def told(error: Exception) -> str:
    """An error's first line, with a word where to put a password, and without it."""
    said = first_line(error)
    password = os.environ.get("PGPASSWORD")
    if password:
        said = said.replace(password, "...")
    if "password" in said:
        said += f"; a password is looked for in {addresses.PLACES[SCHEME]}"
    return said
