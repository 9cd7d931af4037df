"""A small log of 60 rows, and ways to lay it out in files."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.queries import retention, usage
from analysis.sources.log import Log
from analysis.sources.opening import open_log
from tests.analysis.rows import generations

ROWS = generations(
    (f"u{i % 7}", f"x/m{i % 3}", f"2025-0{1 + i % 5}-{1 + i % 27:02}T12:00:{i:02}") for i in range(60)
)


def write(path: Path, rows: pa.Table = ROWS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, path)
    return path


def cast(rows: pa.Table, column: str, kind: pa.DataType) -> pa.Table:
    at = rows.schema.get_field_index(column)
    return rows.set_column(at, pa.field(column, kind), rows[column].cast(kind))


def put(rows: pa.Table, column: str, values: pa.Array) -> pa.Table:
    at = rows.schema.get_field_index(column)
    nullable = rows.schema.field(column).nullable or values.null_count > 0
    return rows.set_column(at, pa.field(column, values.type, nullable), values)


def numbers(log: Log) -> tuple:
    """What an analysis finds: users and requests by model, cohorts by month."""
    by_model = usage.by_model(log).sort_values("model").select_dtypes("int64").to_dict("records")
    cohorts = retention.triangles(log).sort_values(["model", "cohort", "k"])
    return log.rows, str(by_model), cohorts[["model", "cohort", "k", "users", "active"]].to_csv()


def found(where: Path | str) -> tuple:
    with open_log(where) as log:
        return numbers(log)
