"""The file of an export: CSV, a JSON array or JSON lines, packed as its name says, there only when whole."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, cast

import pyarrow as pa

from analysis.contract import files
from analysis.importing.format import Kind
from analysis.sources.errors import LogError

Shape = Literal["csv", "lines", "array"]
_ENDS: dict[str, tuple[Kind, Shape]] = {
    ".csv": ("table", "csv"), ".json": ("json", "array"), ".jsonl": ("json", "lines"), ".ndjson": ("json", "lines"),
}  # fmt: skip
_PACKED = (".gz", ".zst")


@dataclass(frozen=True)
class Target:
    """A file to write: its kind and shape, and how it is packed ("" for not at all), by the end of its name."""

    path: Path
    kind: Kind
    shape: Shape
    packed: str

    @classmethod
    def named(cls, path: Path) -> Target:
        """Raises LogError for a name whose end says nothing."""
        packed = path.suffix.lower() if path.suffix.lower() in _PACKED else ""
        end = Path(path.stem).suffix.lower() if packed else path.suffix.lower()
        if end not in _ENDS:
            raise LogError(
                f"{path}: the end of its name says which file to write: {', '.join(_ENDS)}, also packed as "
                f"{' or '.join(f'.csv{one}' for one in _PACKED)}"
            )
        return cls(path, *_ENDS[end], packed)

    def check_free(self, overwrite: bool) -> None:
        """Raises `files.Foreign` where something is in the way."""
        if self.path.is_symlink() or self.path.is_dir():
            what = "a folder" if self.path.is_dir() else "a link"
            raise files.Foreign(f"{self.path}: this is {what}. Choose another name")
        if self.path.exists() and not overwrite:
            raise files.Foreign(
                f"{self.path}: this file is there, and would be replaced. Choose another name, or give --overwrite"
            )

    def write(self, header: str, chunks: Iterable[list[str]]) -> None:
        """Write texts of records, a chunk at a time; the file is there when all of them are."""
        first = True
        files.sweep(self.path)
        with files.replacement(self.path) as part, _packed(part, self.packed) as file:
            file.write({"csv": f"{header}\n", "array": "[\n", "lines": ""}[self.shape].encode())
            between = ",\n" if self.shape == "array" else "\n"
            for texts in chunks:
                if texts:
                    file.write(("" if first else between).encode() + between.join(texts).encode())
                    first = False
            file.write(b"\n]\n" if self.shape == "array" else b"" if first else b"\n")


@contextmanager
def _packed(part: Path, packed: str) -> Iterator[BinaryIO]:
    """A file to write to; the same content gives the same bytes."""
    if packed == ".gz":
        with part.open("wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as file:
            yield cast(BinaryIO, file)
    elif packed == ".zst":
        with pa.OSFile(os.fspath(part), "wb") as raw, pa.CompressedOutputStream(raw, "zstd") as file:
            yield cast(BinaryIO, file)
    else:
        with part.open("wb") as file:
            yield file
