"""The records of a text file one by one: exact and slow, for files that the engine cannot read as a whole, and for the
lines on which records stand.

A record that is none (cut off, not UTF-8) is told apart from its neighbours. Where a quotation mark hides how many rows
there are, nobody can say which they are: the file is refused.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple, TextIO

from analysis.importing.source import SourceFile, opened
from analysis.sources.errors import LogError


class Record(NamedTuple):
    """A record: the line on which it begins, its values, and why it is none (empty: it is one)."""

    line: int
    values: list[str]
    wrong: str = ""


def records(file: SourceFile) -> Iterator[Record]:
    """The records of a table (without its header) or of a file with one JSON record a line; blank lines are none.

    Raises LogError where quotation marks do not match.
    """
    with opened(file.path, file.compression) as binary:
        text = io.TextIOWrapper(binary, "utf-8-sig", errors="surrogateescape", newline="")
        for line, values in _lines(text) if file.shape == "lines" else _rows(text, file):
            if values:
                yield Record(line, values, _wrong(values, file))


def places(file: SourceFile, wanted: Collection[int]) -> Mapping[int, str]:
    """Where records stand, by their number from 0 on, as FILE:LINE. Of a JSON array or object they are counted."""
    if not wanted:
        return {}
    if file.shape not in ("table", "lines"):
        return {number: f"{file.path}, record {number + 1:,}" for number in wanted}
    last, found = max(wanted), dict[int, str]()
    for number, record in enumerate(records(file)):
        if number in wanted:
            found[number] = f"{file.path}:{record.line}"
        if number >= last:
            break
    return found


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
        f"{file.path}:{line}: a quotation mark that opens here {what}, so nobody can say which rows there are. The "
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
