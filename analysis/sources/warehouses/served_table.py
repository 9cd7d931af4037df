"""A table of a PostgreSQL server as an import reads it: which columns it has, and a copy of them as a CSV file.

It is read only, by one query of one snapshot, in pieces that fit memory. Whoever may read some of the columns alone
gets these. Rows that the server would hide are not passed over: it refuses instead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.sources.columns import nearest
from analysis.sources.errors import LogError, first_line
from analysis.sources.quoting import identifier
from analysis.sources.warehouses import libpq, postgres

_SETTINGS = (
    "TRANSACTION READ ONLY",
    "row_security TO off",  # a policy that would hide rows is an error
    "TimeZone TO 'UTC'",
    "DateStyle TO 'ISO, YMD'",
    "extra_float_digits TO 3",  # servers before 12 round amounts otherwise
    "client_encoding TO 'UTF8'",
)


@dataclass(frozen=True)
class ServedTable:
    """A table of a server. name: as it is called there. place: its address and name, for people. columns: their types
    by name, in its order. unreadable: those that the user may not read."""

    name: str
    place: str
    columns: Mapping[str, str]
    unreadable: frozenset[str]
    _connection: Any
    _quoted: str

    def copy(self, columns: Collection[str], shorter: Mapping[str, str], path: Path) -> None:
        """Write columns of all rows to a CSV file with a header; of JSON as text. shorter: by name of a column of
        jsonb, SQL that is read in its place. Raises LogError; then the file is not whole."""
        psycopg = libpq.driver()
        texts = ", ".join(
            f"{_text(name, kind, shorter)} AS {identifier(name)}"
            for name, kind in self.columns.items()
            if name in columns
        )
        query = f"COPY (SELECT {texts} FROM {self._quoted}) TO STDOUT (FORMAT csv, HEADER)"
        try:
            with path.open("wb") as file, self._connection.cursor() as cursor, cursor.copy(query) as pieces:
                for piece in pieces:
                    file.write(piece)
        except psycopg.errors.InsufficientPrivilege as error:
            raise self._no_right(first_line(error)) from None
        except psycopg.Error as error:
            raise LogError(
                f"{self.place}: it could not be read to its end ({postgres.told(error)}). Import it again"
            ) from None

    def refuse_unreadable(self, needed: Collection[str]) -> None:
        """Raise LogError if the user may not read one of these columns."""
        hidden = [name for name in self.columns if name in self.unreadable and name in needed]
        if hidden:
            raise self._no_right(f"not its columns {', '.join(hidden)}")

    def _no_right(self, why: str) -> LogError:
        user = self._connection.info.user
        return LogError(
            f"{self.place}: {user} has no right to read it ({why}). Whoever owns it says: GRANT SELECT ON "
            f"{self._quoted} TO {identifier(user)}"
        )


@contextmanager
def served_table(where: str, usual: str) -> Iterator[ServedTable]:
    """The table that an address of a server names, or the usual one. Raises LogError."""
    shown, name = postgres.shown(where), postgres.table_of(where) or usual
    opened = postgres.connect(where)
    psycopg, connection = libpq.driver(), opened.connection.con
    try:
        for setting in _SETTINGS:
            connection.execute(f"SET {setting}")
        schema, _, table = name.rpartition(".")
        quoted = ".".join(identifier(part) for part in (schema, table) if part)
        rows = connection.execute(
            "SELECT attname, format_type(atttypid, NULL), has_column_privilege(attrelid, attnum, 'SELECT') FROM "
            "pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            [quoted],
        ).fetchall()
        if not rows:
            raise LogError(f"{shown}: no table '{name}' in it{_others(connection, table)}")
        yield ServedTable(
            name,
            f"{shown}, table {name}",
            {column: kind for column, kind, _ in rows},
            frozenset(column for column, _, readable in rows if not readable),
            connection,
            quoted,
        )
    except psycopg.Error as error:
        raise LogError(f"{shown}, table {name}: cannot be read: {postgres.told(error)}") from None
    finally:
        opened.close()


def _text(name: str, kind: str, shorter: Mapping[str, str]) -> str:
    """SQL of a column as a text."""
    if kind not in ("json", "jsonb"):
        return f"CAST({identifier(name)} AS text)"
    short = shorter.get(name, identifier(name)) if kind == "jsonb" else identifier(name)
    return f"({short} #>> '{{}}')"  # of JSON that is a text itself, that text


def _others(connection: Any, table: str) -> str:
    """Where else such a table is, or what tables there are, in brackets."""
    rows = connection.execute(
        "SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE relkind IN "
        "('r', 'v', 'm', 'p', 'f') AND nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
    ).fetchall()
    same = [f"{schema}.{name}" for schema, name in rows if name.lower() == table.lower()]
    if same:
        return f" (there is: {', '.join(same)}; name it after the address: ?{postgres.TABLE}={same[0]})"
    return nearest(table, sorted({name for _, name in rows}))
