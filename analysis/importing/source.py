"""The files of a source, looked at before they are read: compression, kind, columns. Bad ones are refused here.

A file is read through once for what the engine does not say: one that was packed and cut off is not a shorter one, and
what is not UTF-8 is found.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import itertools
import json
import re
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

import pyarrow as pa
import pyarrow.parquet as pq

from analysis import contract
from analysis.contract import files as written
from analysis.importing.shapes import streams
from analysis.sources.errors import LogError, first_line
from analysis.sources.files import MAGIC, is_hidden, starts_with
from analysis.sources.warehouses import addresses

Shape = Literal["table", "parquet", "lines", "array", "objects", "stream"]
"""A table with a header; a table in Parquet; JSON records one a line, in one array, or objects over several lines;
responses in the events of a stream."""
IN_LINES: tuple[Shape, ...] = ("table", "lines", "stream")
"""Shapes whose records stand on lines, and are read one by one where need be."""
Compression = Literal["none", "gzip", "zstd"]

_TEXTS = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".sse")
ENDS = (".parquet", *(f"{kind}{packed}" for kind in _TEXTS for packed in ("", ".gz", ".zst")))
"""Ends of the names of files that are taken from a folder."""
DELIMITERS = (",", ";", "\t")
_STEP = re.compile(r'"[^"]+"|[^.\[\]"]+|\[\d+\]')
_HEAD = 1 << 20  # bytes that are looked at
_LONG_HEAD = 1 << 26  # bytes of a file whose first JSON record is longer: what the engine reads of one
_SAMPLES = 50  # JSON records that are looked at
_CHUNK = 1 << 22
_MAGIC: tuple[tuple[bytes, Compression], ...] = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"))
_FOREIGN = (
    (b"PK\x03\x04", "a zip archive or a workbook; unpack it, or save it as CSV in UTF-8"),
    (b"SQLite format 3\0", "an SQLite file; export its table as CSV"),
)
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
NO_FILES = (
    "an import reads files, and of a PostgreSQL server the spend logs of LiteLLM (slipper import litellm ADDRESS). "
    "Export what is there as CSV first"
)
UTF8 = "save it again as UTF-8 (iconv -f UTF-16 -t UTF-8 FILE > NEW)"


@dataclass(frozen=True)
class SourceFile:
    """A file that can be read.

    utf8: whether all of it is. columns: of a table, its header. samples: the first JSON records. delimiter: of a
    table. called: what people call it, where it is a copy. key: the column by which its rows are called, where their
    lines say nothing.
    """

    path: Path
    shape: Shape
    compression: Compression
    utf8: bool
    columns: tuple[str, ...] = ()
    samples: tuple[Any, ...] = ()
    delimiter: str = ","
    called: str = ""
    key: str = ""

    @property
    def name(self) -> str:
        """What people call it."""
        return self.called or str(self.path)

    @property
    def codec(self) -> str:
        """How it is packed, as the engine calls it."""
        return "uncompressed" if self.compression == "none" else self.compression

    @property
    def is_table(self) -> bool:
        """Whether it has columns."""
        return self.shape in ("table", "parquet")

    @property
    def is_log(self) -> bool:
        """Whether it has what every log has, and needs no import but to be mended."""
        required = {field.name for field in contract.GENERATIONS if field.required}
        return self.shape == "parquet" and required <= set(self.columns)

    def holds(self, *places: str) -> bool:
        """Whether there are such columns, or a record among the first ones with all such places."""
        if self.is_table:
            return set(places) <= set(self.columns)
        return any(all(_within(record, place) for place in places) for record in self.samples)


def find(where: str | Path, own: Sequence[Path] = ()) -> tuple[list[Path], list[Path]]:
    """The files of a source, a file or a folder at any depth, by name; and those beside them that are not read.

    own: files and folders that an import left, which may lie in the folder. What slipper left in folders beneath it, by
    the lists there, is passed over, too: an earlier import is no export.
    """
    if scheme := addresses.scheme_of(where):
        raise LogError(f"{scheme}://...: {NO_FILES}")
    path = Path(where)
    if path.is_file():
        return [path], []
    if not path.is_dir():
        raise LogError(f"{where}: {'this is no file' if path.exists() else 'no such file or folder'}")
    ours = _written_beneath(path)
    files = sorted(
        file
        for file in path.rglob("*")
        if file.is_file()
        and file not in ours
        and not any(is_hidden(part) for part in file.relative_to(path).parts)
        and not any(file.is_relative_to(place) for place in own)
    )
    read = [file for file in files if file.name.lower().endswith(ENDS)]
    if not read:
        raise LogError(
            f"{where}: no exports there (looked for *.parquet, *.csv, *.tsv, *.json, *.jsonl, *.ndjson, *.sse, the "
            f"texts also as .gz, .zst{'; what slipper wrote is passed over' if ours else ''})"
        )
    return read, [file for file in files if file not in set(read)]


def _written_beneath(folder: Path) -> set[Path]:
    """The files that slipper wrote into folders within a folder."""
    found: set[Path] = set()
    for place in {path.parent for path in folder.rglob(written.LIST)} - {folder}:
        with suppress(written.Foreign):
            found.update(place / name for name in written.read(place) or {})
    return found


def look(path: Path) -> SourceFile:
    """What a file is. Raises LogError for what cannot be read."""
    if starts_with(path, MAGIC):
        return SourceFile(path, "parquet", "none", True, _parquet_columns(path))
    compression = _compression(path)
    head = _head(path, compression)
    _refuse_foreign(path, head)
    utf8 = _is_utf8(path, compression)
    text = head.decode("utf-8-sig", errors="replace")
    if text.lstrip()[:1] in ("{", "["):
        try:
            shape, samples = _json(text.lstrip())
        except ValueError:
            head = _head(path, compression, _LONG_HEAD)
            try:
                shape, samples = _json(head.decode("utf-8-sig", errors="replace").lstrip())
            except ValueError as error:
                if len(head) == _LONG_HEAD:
                    raise LogError(
                        f"{path}: a first record of JSON that cannot be read, or has more than 64 megabytes"
                    ) from None
                raise LogError(
                    f"{path}: JSON that cannot be read, damaged or cut off ({first_line(error)})"
                ) from None
        return SourceFile(path, shape, compression, utf8, samples=samples)
    if text.lstrip().startswith(streams.BEGINS):
        found = itertools.islice(streams.responses(text.split("\n")), _SAMPLES)
        return SourceFile(path, "stream", compression, utf8, samples=tuple(parsed(one) for _, one in found))
    columns, delimiter = _header(path, text)
    return SourceFile(path, "table", compression, utf8, columns, delimiter=delimiter)


def opened(path: Path, compression: Compression) -> BinaryIO:
    """A file's content, unpacked."""
    if compression == "gzip":
        return cast(BinaryIO, gzip.open(path, "rb"))
    if compression == "zstd":
        return cast(BinaryIO, pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"))
    return path.open("rb")


def _compression(path: Path) -> Compression:
    """How a file is packed, by its first bytes."""
    return next((name for magic, name in _MAGIC if starts_with(path, magic)), "none")


def _is_utf8(path: Path, compression: Compression) -> bool:
    """Whether all of a file is UTF-8. Raises LogError if it is packed and cut off."""
    decoder, size, sound = codecs.getincrementaldecoder("utf-8")(), 0, True
    try:
        with opened(path, compression) as file:
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    sound = False
                    decoder.reset()
    except (EOFError, OSError, zlib.error) as error:
        raise LogError(
            f"{path}: packed with {compression}, and cut off or damaged after {size:,} unpacked bytes "
            f"({first_line(error)}): the rest of the log would be missing. Fetch it again"
        ) from None
    return sound and not decoder.getstate()[0]


def _head(path: Path, compression: Compression, size: int = _HEAD) -> bytes:
    """The first bytes of a file, unpacked; of one that is cut off, what there is."""
    try:
        with opened(path, compression) as file:
            head = file.read(size)
    except (EOFError, zlib.error, OSError) as error:
        if compression == "none":
            raise LogError(f"{path}: cannot be read ({first_line(error)})") from None
        _is_utf8(path, compression)
        raise
    if not head.strip():
        raise LogError(f"{path}: the file is empty")
    return head


def _refuse_foreign(path: Path, head: bytes) -> None:
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raise LogError(f"{path}: this is {what}")
    if head.startswith(_WIDE):
        raise LogError(f"{path}: text in UTF-16 or UTF-32, expected UTF-8: {UTF8}")
    if b"\0" in head:
        raise LogError(f"{path}: not text in UTF-8: it holds NUL bytes. If it is UTF-16, {UTF8}")


def _header(path: Path, text: str) -> tuple[tuple[str, ...], str]:
    """Names of the columns, and the delimiter that gives most of them."""
    rows = {
        delimiter: next(csv.reader(text.splitlines(), delimiter=delimiter), []) for delimiter in DELIMITERS
    }
    delimiter = max(DELIMITERS, key=lambda one: len(rows[one]))
    names = tuple(name.strip() for name in rows[delimiter])
    if any("\ufffd" in name for name in names):
        raise LogError(f"{path}:1: the header is not UTF-8: save the file again as UTF-8")
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise LogError(f"{path}:1: the column '{twice[0]}' is there twice: nobody can say which one is meant")
    return names, delimiter


def _json(text: str) -> tuple[Shape, tuple[Any, ...]]:
    """The shape of a JSON file, and its first records. Raises ValueError."""
    first, _, rest = text.partition("\n")
    if text[0] == "{" and (parsed(first) is not None or rest.lstrip()[:1] == "{"):
        lines = text.split("\n", _SAMPLES)[:_SAMPLES]
        return "lines", tuple(found for line in lines if (found := parsed(line)) is not None)
    inner = text[1:].lstrip() if text[0] == "[" else text
    if text[0] == "[" and inner[:1] == "]":
        raise ValueError("a list without any record")
    try:
        record, _ = json.JSONDecoder().raw_decode(inner)
    except RecursionError:
        raise ValueError("a record that is nested deeper than any export is") from None
    return ("array" if text[0] == "[" else "objects"), (record,)


def _parquet_columns(path: Path) -> tuple[str, ...]:
    """Names of the columns."""
    try:
        names = tuple(pq.read_schema(path).names)
    except (OSError, pa.ArrowException) as error:
        raise LogError(f"{path}: Parquet that cannot be read ({first_line(error)}). Fetch it again") from None
    return names


def parsed(text: str) -> Any:
    """The value of a text of JSON; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _within(record: Any, place: str) -> bool:
    """Whether a JSON record has a place such as `choices[0].finish_reason`."""
    for step in _STEP.findall(place):
        if step[0] == "[":
            if not isinstance(record, list) or len(record) <= int(step[1:-1]):
                return False
            record = record[int(step[1:-1])]
        elif not isinstance(record, dict) or step.strip('"') not in record:
            return False
        else:
            record = record[step.strip('"')]
    return True
