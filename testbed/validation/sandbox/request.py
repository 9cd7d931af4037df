"""A world's tables as a run gets them: as bytes, under the user's names."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from testbed.validation.columns import InputColumns
from testbed.validation.tables import Tables


def tables_of(tables: Tables, columns: InputColumns) -> tuple[dict[str, Any], list[bytes]]:
    """The part of a request that is about tables, and each table as an Arrow stream. It says what the tables, and the
    columns by which a run folder is made of them, are called."""
    held = columns.renamed(tables.named)
    names = {name: columns.table(name) for name in tables.named}
    names |= {one: columns.column("generations", one) for one in ("created_at", "generation_id")}
    names["labels.generation_id"] = columns.column("labels", "generation_id")
    return {"tables": list(held), "names": names}, [_stream(table) for table in held.values()]


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())
