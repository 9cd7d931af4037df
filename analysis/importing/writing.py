"""Writes the rows of an engine as a log: Parquet by UTC week, in the order of their moments."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis import contract

COMPRESSION = {"compression": "zstd", "compression_level": 1}
_BATCH = 131_072  # rows at a time, and in a row group


def write_log(connection: duckdb.DuckDBPyConnection, folder: Path) -> int:
    """Write the view `log` to week folders of `folder`; how many rows it holds.

    The same rows give the same bytes, whichever way they came.
    """
    fields = ", ".join(f'"{name}"' for name in contract.fields("generations"))
    query = (
        f"SELECT {fields}, CAST(date_trunc('week', created_at) AS DATE) AS monday FROM log "
        "ORDER BY created_at, generation_id, user_id, model, cost_total, tokens_prompt"
    )
    reader = connection.execute(query).to_arrow_reader(_BATCH)
    folder.mkdir()
    schema, rows = contract.arrow_schema("generations"), 0
    for monday, parts in itertools.groupby(_by_week(reader), key=lambda pair: pair[0]):
        week = folder / f"{contract.PARTITION_KEY}={monday}"
        week.mkdir()
        with pq.ParquetWriter(week / "part-00000.parquet", schema, **COMPRESSION) as writer:
            for _, part in parts:
                writer.write_table(_typed(part, schema), row_group_size=_BATCH)
                rows += part.num_rows
    return rows


def _by_week(reader: pa.RecordBatchReader) -> Iterator[tuple[dt.date, pa.Table]]:
    """The parts of sorted batches that lie in one week, by its Monday."""
    for batch in reader:
        table = pa.Table.from_batches([batch])
        weeks = table.column("monday").combine_chunks()
        ends = pc.run_end_encode(weeks) if len(weeks) else None
        start = 0
        for end, monday in (
            zip(ends.run_ends.to_pylist(), ends.values.to_pylist(), strict=True) if ends else ()
        ):
            yield monday, table.slice(start, end - start).drop_columns("monday")
            start = end


def _typed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A part in the types of the contract; its moments are UTC."""
    at = table.schema.get_field_index("created_at")
    moments = pc.assume_timezone(table.column(at).cast(pa.timestamp("ms")), "UTC")
    return table.set_column(at, "created_at", moments).cast(schema)
