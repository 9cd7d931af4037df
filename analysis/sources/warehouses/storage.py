"""A log in Parquet files on object storage, read by the embedded engine: s3://, gs://, https:// and http://.

The engine reads the parts of the files that a query needs. For that DuckDB has the extension httpfs; it is loaded, and
never fetched in passing. Keys come from the environment, or are DuckDB's own stored secrets.
"""

from __future__ import annotations

import glob as globbing
import os
from collections.abc import Mapping
from typing import Any

import ibis.expr.types as ir

from analysis import contract
from analysis.sources import files
from analysis.sources.errors import LogError, engine_errors, first_line
from analysis.sources.quoting import text_literal
from analysis.sources.warehouses import addresses

SCHEMES = ("s3", "gs", "https", "http")
LISTED = ("s3", "gs")  # where the engine can list what is under a name
EXAMPLE = "s3://bucket/log"
INSTALL = "python -c \"import duckdb; duckdb.sql('INSTALL httpfs')\""

_KEYS: dict[str, dict[str, tuple[str, ...]]] = {
    "s3": {
        "KEY_ID": ("AWS_ACCESS_KEY_ID",), "SECRET": ("AWS_SECRET_ACCESS_KEY",), "SESSION_TOKEN": ("AWS_SESSION_TOKEN",),
        "REGION": ("AWS_REGION", "AWS_DEFAULT_REGION"), "ENDPOINT": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    },
    "gs": {"KEY_ID": ("GCS_ACCESS_KEY_ID",), "SECRET": ("GCS_SECRET_ACCESS_KEY",)},
}  # fmt: skip
"""What a secret of DuckDB holds, and the variables of the environment that say it, the first of them first."""


def is_address(where: object) -> bool:
    """Whether this is the address of objects in a storage."""
    return addresses.scheme_of(where) in SCHEMES


def name_of(where: str) -> str:
    """What a log at an address is called: the last part of its path that is no pattern."""
    parts = [part for part in where.split("://", 1)[1].split("/") if part and not globbing.has_magic(part)]
    name = parts[-1] if parts else "log"
    return name.rpartition(".")[0] if files.is_named(name) else name


def prepare(connection: Any, where: str) -> None:
    """Make the embedded engine ready for the objects of an address. Raises LogError."""
    addresses.refuse_secrets(where)
    scheme = addresses.scheme_of(where)
    try:
        connection.raw_sql("SET autoinstall_known_extensions = false")
        connection.raw_sql("LOAD httpfs")
    except engine_errors() as error:
        raise LogError(
            f"{scheme}://... is read with DuckDB's extension httpfs, which cannot be loaded ({first_line(error)}). To "
            f"install it, where there is a network: {INSTALL}"
        ) from None
    secret = _secret(scheme, os.environ)
    if secret:
        try:
            connection.raw_sql(secret)
        except engine_errors():  # whose message may repeat it
            raise LogError(
                f"{scheme}://...: DuckDB does not take the keys of the environment ({addresses.PLACES[scheme]})"
            ) from None


def _secret(scheme: str, environment: Mapping[str, str]) -> str | None:
    """The statement that tells the engine the keys of the environment; None without them."""
    values = {
        name: next((environment[one] for one in places if environment.get(one)), None)
        for name, places in _KEYS.get(scheme, {}).items()
    }
    if not (values.get("KEY_ID") and values.get("SECRET")):
        return None
    told = {name: text_literal(value) for name, value in values.items() if value}
    endpoint = values.get("ENDPOINT")
    if endpoint:  # such as http://localhost:9000
        told |= {"ENDPOINT": text_literal(endpoint.partition("://")[2] or endpoint), "URL_STYLE": "'path'"}
        told["USE_SSL"] = str(not endpoint.startswith("http://")).lower()
    parts = ", ".join(f"{name} {value}" for name, value in told.items())
    kind = {"s3": "s3", "gs": "gcs"}[scheme]
    return f"CREATE SECRET slipper_{kind} (TYPE {kind}, {parts})"


def find(connection: Any, where: str, table: contract.Table) -> list[str]:
    """The objects that are a table at an address: one object, those that a pattern matches, or all Parquet under a
    name. Of what a run left there, the table's part. Raises LogError."""
    scheme = addresses.scheme_of(where)
    where = f"{scheme}{where[len(scheme) :]}"  # which the engine knows in small letters
    if scheme not in LISTED:
        if globbing.has_magic(where.partition("?")[0]):
            raise LogError(
                f"{where}: a web server lists nothing: name one file, such as https://host/log.parquet"
            )
        return [where]
    if globbing.has_magic(where):
        return _listed(connection, where, where)
    if files.is_named(where):
        return [where]
    base = where.rstrip("/")  # of a folder
    for name, how, marks in files.TABLE_FORMATS:
        if any(_glob(connection, f"{base}/{mark}") for mark in marks):
            raise files.of_table_format(base, name, how)
    part = {"generations": f"{base}/log/**/*.parquet", "labels": f"{base}/labels/**/*.parquet"}
    own = _listed(connection, part.get(table, f"{base}/{table}.parquet"), base)
    return own or (_listed(connection, f"{base}/**/*.parquet", base) if table == "generations" else [])


def beside(connection: Any, where: str, table: contract.Table) -> list[str]:
    """The objects of a side table beside a log that is all that is under a name; none for single objects."""
    single = addresses.scheme_of(where) not in LISTED or globbing.has_magic(where) or files.is_named(where)
    return [] if single else find(connection, where, table)


def _listed(connection: Any, pattern: str, where: str) -> list[str]:
    """What a pattern matches, without what is hidden or scratch and was not asked for."""
    asked = [part for part in where.split("/") if part]
    return [
        path
        for path in _glob(connection, pattern)
        if not any(files.is_hidden(part) and not files.asked_for(part, asked) for part in path.split("/"))
    ]


def _glob(connection: Any, pattern: str) -> list[str]:
    try:
        rows = connection.raw_sql(f"SELECT file FROM glob({text_literal(pattern)}) ORDER BY file").fetchall()
    except engine_errors() as error:
        raise LogError(f"{pattern}: cannot be listed ({first_line(error)})") from None
    return [str(path) for (path,) in rows]


def read(connection: Any, paths: list[str], view: str) -> ir.Table:
    """Objects as one view of the engine. Columns that one of them lacks are null in its rows. Raises LogError."""
    listed = ", ".join(text_literal(path) for path in paths)
    partitions = all(f"/{contract.PARTITION_KEY}=" in path for path in paths)
    source = f"read_parquet([{listed}], union_by_name=true, hive_partitioning={str(partitions).lower()})"
    try:
        connection.raw_sql(f"CREATE VIEW {view} AS SELECT * FROM {source}")
        return connection.table(view)
    except engine_errors() as error:
        raise LogError(f"{paths[0]}: not Parquet that can be read there ({first_line(error)})") from None
