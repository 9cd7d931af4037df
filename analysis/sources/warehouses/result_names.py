"""What the results of a log that lies in no folder are called."""

from __future__ import annotations

from analysis.sources.warehouses import libpq, postgres, spark, storage


def name_of(where: str, table: str) -> str | None:
    """A name for the results of a log at an address; None for a log in files. table: that was asked for, where the
    address names none. Raises LogError."""
    if spark.is_address(where):
        return spark.table_of(where)
    if storage.is_address(where):
        return storage.name_of(where)
    if not libpq.is_address(where):
        return None
    named = postgres.table_of(where) or table
    database = postgres.database_of(where)
    return database if named == "generations" else f"{database}-{named}"
