"""Arrow tables opened as a log of an in-memory connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ibis
import pyarrow as pa

from analysis.sources.log import Log
from analysis.sources.opening import open_log


@contextmanager
def opened(
    generations: pa.Table, labels: pa.Table | None = None, models: pa.Table | None = None, **options: Any
) -> Iterator[Log]:
    """The log of these tables, as long as the block runs; `options` are those of `open_log`."""
    connection = ibis.duckdb.connect()
    try:
        for name, table in (("generations", generations), ("labels", labels), ("models", models)):
            if table is not None:
                connection.create_table(name, table)
        with open_log((connection, "generations"), **options) as log:
            yield log
    finally:
        connection.disconnect()
