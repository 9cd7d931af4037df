"""Which files are the log.

In a folder: all Parquet files at any depth, by name (.parquet, .pq, .parq in any letter case), also in folders that are
linked. Not: what is hidden or scratch, by the convention of Hive and Spark (names that start with `.` or `_`, but for
partitions such as `_day=1`). Each file is read once, however many links lead to it. What looks like data and is not
read is kept in `left_out`, so that nobody takes a part for the whole.

A folder of a table format (Delta, Iceberg, Hudi) also holds files of rows that were deleted: it is refused.
"""

from __future__ import annotations

import fnmatch
import glob as globbing
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from analysis.contract.files import Foreign, read
from analysis.sources.errors import LogError

EXTENSIONS = (".parquet", ".pq", ".parq")
OTHER_DATA = (
    ".csv", ".tsv", ".jsonl", ".ndjson", ".orc", ".avro", ".arrow", ".feather", ".csv.gz", ".jsonl.gz", ".ndjson.gz",
    ".json.gz", ".csv.zst", ".jsonl.zst", ".xlsx",
)  # fmt: skip
MAGIC = b"PAR1"
SHOWN = 3  # so many names of what is left out are said

HIDDEN = "hidden or scratch (a name that starts with . or _)"
NO_PARQUET = "data, but not Parquet"
MISNAMED = "Parquet, but not named .parquet, .pq or .parq: rename them to have them read"
RESULTS = "results that slipper wrote"
TWICE = "links to what is read already"
LOOP = "links to a folder that they lie in"


@dataclass(frozen=True)
class LogFiles:
    """Files to read, sorted, and what was left out: path and reason of each."""

    paths: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...] = ()

    def sentences(self) -> Iterator[str]:
        """What was left out, for people: one sentence a reason."""
        for why in dict.fromkeys(why for _, why in self.left_out):
            places = [place for place, reason in self.left_out if reason == why]
            more = f" and {len(places) - SHOWN:,} more" if len(places) > SHOWN else ""
            yield f"left out of the log: {', '.join(places[:SHOWN])}{more}: {why}."

    def partitioned_by(self, key: str) -> bool:
        """Whether each file lies in a folder `key=...`."""
        return all(any(part.startswith(f"{key}=") for part in Path(path).parent.parts) for path in self.paths)


def find(where: str | Path) -> LogFiles:
    """The log's files at a file, folder or glob. Raises LogError for a folder of a table format, for a link to nothing
    and for what may not be read."""
    path = Path(where)
    search = _Search()
    if path.is_file():
        refuse_table_format(_above(path.parent))
        return LogFiles((str(path),))
    if path.is_dir():
        refuse_table_format(_above(path))
        search.folder(path)
    else:
        _match(str(where), search)
    search.follow()
    return LogFiles(tuple(sorted(search.found.values())), tuple(sorted(search.left_out)))


def is_named(name: str) -> bool:
    """Whether a file's name is that of a Parquet file."""
    return name.lower().endswith(EXTENSIONS)


def is_hidden(name: str) -> bool:
    """Whether a file or folder is hidden or scratch: a leading dot or underscore, but no partition `_key=value`."""
    return name.startswith(".") or (name.startswith("_") and "=" not in name)


def starts_with(path: str | Path, magic: bytes, at: int = 0) -> bool:
    """Whether a file holds these bytes at a position."""
    try:
        with open(path, "rb") as file:
            file.seek(at)
            return file.read(len(magic)) == magic
    except OSError:
        return False


def glob_of(file: str) -> str:
    """The glob that matches this file alone: the engine takes every name for a glob. Raises LogError for a name that
    cannot be written as one."""
    pattern = globbing.escape(file)
    if pattern != file and "\\" in file:
        raise LogError(
            f"{file}: its name cannot be told to the engine: it holds a backslash and one of *, ?, [. Rename it"
        )
    return pattern


# --- folders


@dataclass
class _Search:
    """Files found so far, by their real path; links come last, so that a file is known by its own name."""

    found: dict[str, str] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    _folders: set[str] = field(default_factory=set)  # real paths
    _links: list[str] = field(default_factory=list)

    def folder(self, folder: str | Path) -> None:
        """Take in a folder at any depth; put its links aside."""
        real = os.path.realpath(folder)
        if real in self._folders:
            return
        self._folders.add(real)
        refuse_table_format([Path(folder)])
        own = _results_in(Path(folder))
        for entry in _entries(folder):
            if is_hidden(entry.name):
                if _holds_parquet(entry):
                    self.left_out.append((entry.path, HIDDEN))
            elif entry.is_symlink():
                self._links.append(entry.path)
            elif entry.is_dir():
                if entry.name in own:
                    self.left_out.append((entry.path, RESULTS))
                else:
                    self.folder(entry.path)
            elif entry.name in own:
                self.left_out.append((entry.path, RESULTS))
            else:
                self.file(entry.path)

    def file(self, path: str, *, matched: bool = False) -> None:
        """Take in a file if it is Parquet. matched: by a glob, which may take files of any name."""
        if is_named(path) or (matched and starts_with(path, MAGIC)):
            real = os.path.realpath(path)
            if real in self.found:
                if os.path.abspath(self.found[real]) != os.path.abspath(path):
                    self.left_out.append((path, TWICE))
            else:
                self.found[real] = path
        elif path.lower().endswith(OTHER_DATA):
            self.left_out.append((path, NO_PARQUET))
        elif starts_with(path, MAGIC):
            self.left_out.append((path, MISNAMED))

    def follow(self) -> None:
        """Take in what links lead to; those in linked folders, too."""
        while self._links:
            link = self._links.pop(0)
            real = os.path.realpath(link)
            if os.path.isdir(real):
                if (os.path.realpath(os.path.dirname(link)) + os.sep).startswith(
                    real.rstrip(os.sep) + os.sep
                ):
                    self.left_out.append((link, LOOP))
                elif real in self._folders:
                    self.left_out.append((link, TWICE))
                else:
                    self.folder(link)
            elif os.path.exists(real):
                self.file(link)
            elif is_named(link):
                raise LogError(f"{link}: a link to nothing; mend or remove it")


def _results_in(folder: Path) -> set[str]:
    """Names of what slipper left as results in a folder, which is no log: the folder of tables, and tables beside it.

    Known by the list of files, or by the index of the tables where an earlier version kept no list.
    """
    own = set()
    if (folder / "tables" / "index.csv").is_file() and (
        folder / "tables" / "fig25_triangles.parquet"
    ).is_file():
        own.add("tables")
    with suppress(Foreign):
        own |= {name for name in read(folder) or {} if "/" not in name}
    return own


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise LogError(f"{folder}: cannot be read ({error.strerror})") from None


def _holds_parquet(entry: os.DirEntry[str]) -> bool:
    """Whether something hidden is, or holds, a Parquet file."""
    if not entry.is_dir():
        return is_named(entry.name)
    return any(is_named(name) for _, _, names in os.walk(entry.path) for name in names)


# --- globs


def _match(pattern: str, search: _Search) -> None:
    """Take in what a glob matches: files, and unless it searches all depths itself, folders."""
    parts = Path(pattern).parts
    fixed = next((i for i, part in enumerate(parts) if globbing.has_magic(part)), len(parts))
    for match in sorted(globbing.glob(pattern, recursive=True)):
        free = Path(match).parts[fixed:]
        if any(is_hidden(name) and not asked_for(name, parts) for name in free):
            if is_named(match) and os.path.isfile(match):
                search.left_out.append((match, HIDDEN))
        elif os.path.isdir(match):
            if "**" not in parts:
                search.folder(match)
        elif os.path.isfile(match):
            refuse_table_format(_above(Path(match).parent))
            search.file(match, matched=True)
        elif is_named(match):
            raise LogError(f"{match}: a link to nothing; mend or remove it")


def asked_for(name: str, parts: Iterable[str]) -> bool:
    """Whether a part of the pattern names what is hidden, such as `_old*`."""
    return any(part[0] == name[0] and fnmatch.fnmatch(name, part) for part in parts)


# --- table formats


TABLE_FORMATS = (
    ("a Delta table", "delta_scan", ("_delta_log/*.json", "_delta_log/*.checkpoint*.parquet")),
    ("an Iceberg table", "iceberg_scan", ("metadata/*.metadata.json",)),
    ("a Hudi table", "", (".hoodie/hoodie.properties", ".hoodie/*.commit")),
)
"""What each is called, DuckDB's reader of it, and what lies in its folder."""


def refuse_table_format(folders: Iterable[Path]) -> None:
    """Raise LogError where a folder is a table of a format that keeps files of deleted rows."""
    for folder in folders:
        for name, how, marks in TABLE_FORMATS:
            if any(next(folder.glob(mark), None) is not None for mark in marks):
                raise of_table_format(str(folder), name, how)


def of_table_format(folder: str, name: str, how: str) -> LogError:
    """That a folder is a table of such a format, and what to do. how: DuckDB's reader of it, if it has one."""
    reader = (
        f"such as DuckDB's: copy (from {how}('{folder}')) to 'live.parquet'" if how else "such as Spark's"
    )
    return LogError(
        f"{folder}: {name}. Its folder also holds files of rows that were deleted or replaced, and reading them all "
        f"would bring those back. Write the live rows to Parquet with a reader of that format ({reader}), and open "
        "that."
    )


def _above(folder: Path) -> Iterator[Path]:
    """The folder, and above it those that it is a partition of, or the data/ folder of."""
    yield folder
    while "=" in folder.name or folder.name == "data":
        folder = folder.parent
        yield folder
