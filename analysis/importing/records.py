"""The records of a text file one by one: exact and slow, for files that the engine cannot read as a whole, and for the
lines on which records stand.

A record that is none (cut off, not UTF-8) is told apart from its neighbours. Where a quotation mark hides how many rows
there are, nobody can say which they are: the file is refused.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import sys
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple, TextIO

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.importing.format import Part, Unfold
from analysis.importing.shapes import streams
from analysis.importing.source import IN_LINES, SourceFile, opened, parsed
from analysis.sources.errors import LogError, first_line
from analysis.sources.files import glob_of
from analysis.sources.quoting import text_literal

NO_OBJECT = "no JSON object (cut off?)"
MOST_BYTES = 64_000_000  # of a JSON object that is read
_BATCH = 1_000  # records at a time


class Record(NamedTuple):
    """A record: the line on which it begins (or its number), its values, and why it is none (empty: it is one)."""

    line: int
    values: list[str]
    wrong: str = ""


def records(file: SourceFile) -> Iterator[Record]:
    """The records of a table (without its header) or of JSON; blank lines are none.

    Raises LogError where quotation marks do not match, and for Parquet and JSON that cannot be read.
    """
    if file.shape == "parquet":
        yield from _parquet_rows(file)
        return
    if file.shape in ("array", "objects"):
        yield from _objects(file)
        return
    with opened(file.path, file.compression) as binary:
        text = io.TextIOWrapper(binary, "utf-8-sig", errors="surrogateescape", newline="")
        for line, values in _in_lines(text, file):
            if values:
                yield Record(line, values, _wrong(values, file))


def parts(file: SourceFile, unfold: Unfold) -> Iterator[Part]:
    """The rows that the records of a file hold; records that are broken are among them."""
    broken: list[Part] = []

    def values() -> Iterator[tuple[str, Any]]:
        for record in records(file):
            place, value = _place(file, record), None if record.wrong else _value(record, file)
            if value is None:
                broken.append(Part(place, None, record.wrong or NO_OBJECT))
            else:
                yield place, value

    for part in unfold(values()):
        yield from broken
        broken.clear()
        yield part
    yield from broken


def places(file: SourceFile, wanted: Collection[int], unfold: Unfold | None = None) -> Mapping[int, str]:
    """Where rows stand, by their number from 0 on, as FILE:LINE; of JSON arrays, objects, Parquet they are counted."""
    if not wanted:
        return {}
    if unfold is None and file.shape not in IN_LINES:
        return {number: _place(file, Record(number + 1, [])) for number in wanted}
    stand = (
        (_place(file, record) for record in records(file))
        if unfold is None
        else (part.place for part in parts(file, unfold))
    )
    return {
        number: place
        for number, place in zip(range(max(wanted) + 1), stand, strict=False)
        if number in wanted
    }


def _place(file: SourceFile, record: Record) -> str:
    if file.key in file.columns:
        return f"{file.name}, {file.key} {record.values[file.columns.index(file.key)]}"
    if file.shape in IN_LINES:
        return f"{file.name}:{record.line}"
    return f"{file.name}, record {record.line:,}"


def _value(record: Record, file: SourceFile) -> Mapping[str, Any] | None:
    """A record as a mapping, or None where it is no object."""
    if file.is_table:
        return dict(zip(file.columns, record.values, strict=True))
    value = parsed(record.values[0])
    return value if isinstance(value, dict) else None


def _parquet_rows(file: SourceFile) -> Iterator[Record]:
    """Rows of Parquet as texts; what is nested is JSON."""
    try:
        with pq.ParquetFile(file.path) as parquet:
            number = 0
            for batch in parquet.iter_batches(_BATCH):
                for values in zip(*map(_texts, batch.columns), strict=True):
                    number += 1
                    yield Record(number, list(values))
    except (OSError, pa.ArrowException) as error:
        raise LogError(
            f"{file.name}: Parquet that cannot be read ({first_line(error)}). Fetch it again"
        ) from None


def _texts(column: pa.Array) -> list[str]:
    """The values of a column as texts, empty where there is none."""
    if pa.types.is_timestamp(column.type):  # nanoseconds are more than Python's moments hold
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    found: list[Any] = column.to_pylist(maps_as_pydicts="lossy")
    return ["" if value is None else value if isinstance(value, str) else _as_text(value) for value in found]


def _as_text(value: Any) -> str:
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat(sep=" ") if isinstance(value, dt.datetime) else value.isoformat()
    return json.dumps(value, default=str) if isinstance(value, (dict, list, bool, float)) else str(value)


def _objects(file: SourceFile) -> Iterator[Record]:
    """The objects of a JSON array, or of a file of objects, as texts."""
    try:
        with duckdb.connect() as engine:
            engine.execute(f"SELECT json FROM {json_objects(file)}")
            number = 0
            while rows := engine.fetchmany(_BATCH):
                for (text,) in rows:
                    number += 1
                    yield Record(number, [text])
    except duckdb.Error as error:
        raise LogError(f"{file.name}: cannot be read: {first_line(error)}") from None


def json_objects(file: SourceFile) -> str:
    """SQL of the objects of a JSON array, or of a file of objects: the column `json`."""
    shape = "array" if file.shape == "array" else "unstructured"
    return (
        f"read_json_objects({text_literal(glob_of(str(file.path)))}, format = '{shape}', "
        f"maximum_object_size = {MOST_BYTES}, compression = '{file.codec}')"
    )


def _in_lines(text: TextIO, file: SourceFile) -> Iterator[tuple[int, list[str]]]:
    if file.shape == "stream":
        return ((line, [response]) for line, response in streams.responses(text))
    return _lines(text) if file.shape == "lines" else _rows(text, file)


def _lines(text: TextIO) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text, 1):
        bare = line.strip()
        yield number, [bare] if bare else []


def _rows(text: TextIO, file: SourceFile) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(sys.maxsize)
    reader = csv.reader(text, delimiter=file.delimiter, strict=True)
    line = 1
    try:
        for values in reader:
            if line > 1:
                if reader.line_num > line and len(values) != len(file.columns):
                    raise _torn(file, line, f"closes in line {reader.line_num}, where it makes no row")
                yield line, values
            line = reader.line_num + 1
    except csv.Error as error:
        raise _torn(file, line, f"is not closed as it should be ({error})") from None


def _torn(file: SourceFile, line: int, what: str) -> LogError:
    return LogError(
        f"{file.name}:{line}: a quotation mark that opens here {what}, so nobody can say which rows there are. The "
        "file is cut off or damaged: mend the line, or fetch the file again"
    )


def _wrong(values: list[str], file: SourceFile) -> str:
    if file.shape == "table" and len(values) < len(file.columns):
        return "fewer columns than the header (cut off?)"
    if file.shape == "table" and len(values) > len(file.columns):
        return "more columns than the header"
    if not file.utf8 and any(
        "\udc80" <= letter <= "\udcff" for value in values if not value.isascii() for letter in value
    ):
        return "not UTF-8"
    return ""
