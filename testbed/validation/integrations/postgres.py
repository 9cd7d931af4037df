"""A query on a real PostgreSQL server, fed with the worlds: what `--against postgresql://...` asks.

with Server("postgresql://me@localhost/scratch") as server:
    box = server.open(submission)
    outcome = box.run(world.tables, "Asia/Kolkata")

A world lies in a schema of its own, in a transaction that is never committed: the server itself forgets it, also where
this process is killed. The query runs read-only in it, and finds no other table of the server by its bare name.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

import pandas as pd
import pyarrow as pa
import sqlglot
from sqlglot import TokenType, exp
from sqlglot.errors import SqlglotError

from analysis.sources.errors import LogError
from analysis.sources.quoting import identifier
from analysis.sources.warehouses import libpq
from testbed.failure import BadInput
from testbed.validation.columns import InputColumns
from testbed.validation.sandbox import Limits, Outcome, reply
from testbed.validation.sandbox.jail.answer import Refused, described
from testbed.validation.submission import Submission
from testbed.validation.tables import Tables

if TYPE_CHECKING:
    import psycopg

DIALECT = "postgres"
EXAMPLE = "postgresql://me@localhost:5432/scratch"
TYPES = {"int32": "integer", "int64": "bigint", "float": "real", "double": "double precision", "bool": "boolean",
         "date32[day]": "date", "string": "text", "int16": "smallint"}  # fmt: skip
"""Types of columns by what Arrow calls them; moments are timestamptz, lists are jsonb."""
SHOWN = 300  # characters of a message


class Server:
    """A server on which queries run. Entering connects; leaving gives up what is there. The password of the URL, if it
    holds one, is never printed. Raises BadInput where the server cannot be reached, or allows no schema."""

    def __init__(self, url: str, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.name = _without_password(url)
        self._url = url
        self._connection: psycopg.Connection | None = None
        self._loaded: tuple[Tables, InputColumns] | None = None
        self._schema = f"slipper_{secrets.token_hex(6)}"

    def __enter__(self) -> Server:
        connection = self._connected()
        try:
            self._execute("BEGIN", f"CREATE SCHEMA {self._schema}", "ROLLBACK")
        except _psycopg().Error as error:
            self.__exit__(None, None, None)
            raise BadInput(
                f"{self.name}: may not make a schema there ({_first_line(error)}). Name a scratch database, or "
                f"GRANT CREATE ON DATABASE {connection.info.dbname} TO {connection.info.user}"
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loaded = None
        if self._connection is not None:
            with suppress(_psycopg().Error):
                self._connection.rollback()
            self._connection.close()
            self._connection = None

    def open(self, submission: Submission) -> ServerBox:
        """A query made ready. Raises BadInput for what is no query of PostgreSQL, or names the schema of a table."""
        path = submission.path
        if submission.kind != "query":
            raise BadInput(f"{path}: a server runs queries (.sql); this is Python. Leave out --against")
        if len(submission.dialects) == 1 and submission.dialects[0] != DIALECT:
            raise BadInput(
                f"{submission.place('dialect')}: written in SQL of {submission.dialects[0]}; "
                f"this server takes {DIALECT}"
            )
        statements = tuple(_statements(submission.text))
        if not statements:
            raise BadInput(f"{path}: the file holds no statement")
        for table in _qualified(submission.text):
            raise BadInput(
                f"{path}: names {table}, which on a server may be a table of yours: leave out the schema, so that the "
                "tables of the worlds are found"
            )
        return ServerBox(self, submission, statements)

    def run(self, box: ServerBox, tables: Tables, zone: str) -> Outcome:
        """What becomes of a query on these tables, in a session of this zone. Nothing that it does raises."""
        psycopg = _psycopg()
        file, began = str(box.submission.path), time.monotonic()
        try:
            self._load(tables, box.submission.columns)
            self._execute("SAVEPOINT world")
            frame, kinds = self._answer(box.statements, zone)
            self._execute("ROLLBACK TO SAVEPOINT world")
            held = described(frame, self.limits.rows, self.limits.columns)
        except Refused as refused:
            self._give_up()
            return Outcome(failure="answer", reason=f"{file}: {refused}")
        except psycopg.errors.QueryCanceled:
            self._give_up()
            return Outcome(failure="time", reason=f"{file}: not done after {self.limits.seconds:g} seconds")
        except (psycopg.Error, BadInput) as error:
            self._give_up()
            return Outcome(failure="error", reason=f"{file}: {_first_line(error)}")
        return Outcome(reply.table_of(held["columns"]), kinds=kinds, notes=tuple(held["notes"]),
                       seconds=time.monotonic() - began)  # fmt: skip

    def _answer(self, statements: tuple[str, ...], zone: str) -> tuple[pd.DataFrame, dict[str, str]]:
        """The rows of the last statement that has some."""
        connection = self._connected()
        self._execute(
            "SET TRANSACTION READ ONLY",
            f"SET LOCAL search_path TO {self._schema}",
            f"SET LOCAL TIME ZONE '{zone}'",
            f"SET LOCAL statement_timeout TO {int(1000 * self.limits.seconds)}",
        )
        names: list[str] | None = None
        rows: list[tuple[object, ...]] = []
        kinds: dict[str, str] = {}
        for statement in statements:
            # binary: the protocol that takes one statement at a time, so that none hides behind another
            cursor = connection.execute(statement.encode(), binary=True)
            if connection.info.transaction_status != _psycopg().pq.TransactionStatus.INTRANS:
                raise Refused(
                    "answer", "it ends the transaction in which it runs: leave out COMMIT and ROLLBACK"
                )
            if cursor.description is not None:
                names = [column.name for column in cursor.description]
                kinds = {column.name: column.type_display for column in cursor.description}
                rows = cursor.fetchmany(self.limits.rows + 1)
        if names is None:
            raise Refused("answer", "the query gives no rows: its last statement must be a SELECT")
        cells = {i: pd.Series([row[i] for row in rows], dtype=object) for i in range(len(names))}
        return pd.DataFrame(cells).set_axis(names, axis=1), kinds

    def _load(self, tables: Tables, columns: InputColumns) -> None:
        """Put tables into the schema; those of the last run are there still."""
        if self._loaded is not None and self._loaded[0] is tables and self._loaded[1] is columns:
            return
        self._give_up()
        self._execute("BEGIN", f"CREATE SCHEMA {self._schema}")
        for name, table in columns.renamed(tables.named).items():
            fill(self._connected(), f"{self._schema}.{identifier(name)}", table)
        self._loaded = (tables, columns)

    def _give_up(self) -> None:
        """End what is under way, and the schema with it."""
        self._loaded = None
        psycopg = _psycopg()
        connection = self._connection
        if connection is None:
            return
        try:
            connection.rollback()
            # nothing is there, unless a query committed
            self._execute("RESET ALL", "SET client_min_messages TO warning",
                          f"DROP SCHEMA IF EXISTS {self._schema} CASCADE")  # fmt: skip
        except psycopg.Error:  # the connection is gone, and the transaction with it
            connection.close()
            self._connection = None

    def _execute(self, *statements: str) -> None:
        connection = self._connected()
        for statement in statements:
            connection.execute(statement.encode())

    def _connected(self) -> psycopg.Connection:
        if self._connection is None:
            psycopg = _psycopg()
            try:
                self._connection = psycopg.connect(
                    self._url,
                    autocommit=True,
                    prepare_threshold=None,  # one text, but another schema's tables each time
                    **libpq.OPTIONS,
                )
            except psycopg.Error as error:
                said = _hidden(_first_line(error), self._url)
                raise BadInput(f"{self.name}: no connection: {said}; expected such as {EXAMPLE}") from None
        return self._connection


@dataclass(frozen=True)
class ServerBox:
    """A query made ready to run on a server; it stands beside the `Box` of the sandbox."""

    server: Server
    submission: Submission
    statements: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of how it is run."""
        return (f"run on {self.server.name}",)

    @property
    def zoned(self) -> bool:
        """The zone of a session can matter to it."""
        return True

    def run(self, tables: Tables, zone: str = "UTC") -> Outcome:
        """What becomes of it on these tables, in a session of this zone."""
        return self.server.run(self, tables, zone)


def _psycopg() -> Any:
    """The client library. Raises BadInput where it is not installed."""
    try:
        return libpq.driver()
    except LogError as error:
        raise BadInput(str(error)) from None


def _statements(text: str) -> Iterator[str]:
    """The statements of a query as they are written. What cannot be cut apart is left to the server."""
    try:
        tokens = sqlglot.tokenize(text, read=DIALECT)
    except SqlglotError:
        yield text
        return
    begin, held = 0, False
    for token in tokens:
        if token.token_type != TokenType.SEMICOLON:
            held = True
            continue
        if held:
            yield text[begin : token.start]
        begin, held = token.end + 1, False
    if held:
        yield text[begin:]


def _qualified(text: str) -> list[str]:
    """The tables that a query names with their schema, but for those of the server itself."""
    try:
        parsed = sqlglot.parse(text, read=DIALECT)
    except SqlglotError:
        return []
    tables = [table for one in parsed if one is not None for table in one.find_all(exp.Table)]
    return [one.sql(dialect=DIALECT, comments=False) for one in tables
            if one.name and one.db and one.db.lower() not in ("pg_catalog", "information_schema")]  # fmt: skip


def _without_password(url: str) -> str:
    """A URL as it may be shown. Raises BadInput for one that is none of a PostgreSQL server."""
    try:
        parts = urlsplit(url)
        user, host = parts.username, parts.hostname or ""
        place = f"{f'{user}@' if user else ''}{host}{f':{parts.port}' if parts.port else ''}"
    except ValueError:
        raise BadInput(f"the server's address cannot be read; expected such as {EXAMPLE}") from None
    if not libpq.is_address(url):
        named = f"'{parts.scheme}' servers are not known" if "://" in url else "no address of a server"
        raise BadInput(
            f"--against: {named}; expected such as {EXAMPLE}, or leave it out: --dialect translates"
        )
    return urlunsplit((parts.scheme, place, parts.path, "", ""))


def _hidden(text: str, url: str) -> str:
    """A message without the password, however it is written."""
    parts = urlsplit(url)
    for secret in (url, parts.netloc, parts.query, parts.password, unquote(parts.password or "")):
        text = text.replace(secret, "...") if secret else text
    return text


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    hints = [line for line in lines[1:] if line.startswith(("HINT:", "DETAIL:"))]
    return " ".join([*lines[:1], *hints])[:SHOWN] or type(error).__name__


def fill(connection: psycopg.Connection, name: str, table: pa.Table) -> None:
    """Make a table with the rows of an Arrow table. name: as SQL writes it."""
    kinds = ", ".join(f"{identifier(field.name)} {_type(field.type)}" for field in table.schema)
    connection.execute(f"CREATE TABLE {name} ({kinds})".encode())
    nested = {i for i, field in enumerate(table.schema) if pa.types.is_nested(field.type)}
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    with connection.cursor() as cursor, cursor.copy(f"COPY {name} FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row([_json(cell) if i in nested else cell for i, cell in enumerate(row)])


def _type(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        return "timestamptz"
    return "jsonb" if pa.types.is_nested(kind) else TYPES[str(kind)]


def _json(cell: object) -> str | None:
    return None if cell is None else json.dumps(cell, default=str)
