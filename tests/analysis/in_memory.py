"""Arrow tables opened as a log of an in-memory connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ibis
import pyarrow as pa

from analysis.sources.log import Log
from analysis.sources.opening import open_log


def fill(connection: Any, **tables: pa.Table | None) -> None:
    """Put tables into a DuckDB, in the place of earlier ones of these names. In its own words: Ibis would compile an
    expression, create, describe and rename for each, which takes longer than most queries of a test."""
    for name, table in tables.items():
        if table is not None:
            connection.con.register("filled", table)
            connection.con.execute(f'CREATE OR REPLACE TABLE "{name}" AS SELECT * FROM filled')
            connection.con.unregister("filled")


@contextmanager
def opened(
    generations: pa.Table, labels: pa.Table | None = None, models: pa.Table | None = None, **options: Any
) -> Iterator[Log]:
    """The log of these tables, as long as the block runs; `options` are those of `open_log`."""
    connection = ibis.duckdb.connect()
    try:
        fill(connection, generations=generations, labels=labels, models=models)
        with open_log((connection, "generations"), **options) as log:
            yield log
    finally:
        connection.disconnect()
