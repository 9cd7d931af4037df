"""Parts of a log, made by other processes that see the folder of the run, on this machine or others.

The writer of the log is laid into the folder once, its arrays as they lie in memory; a worker maps that file, so that
it reads the rows of its own blocks alone. A part is one block of users in a few weeks. Files are written aside and
moved into their place when they are whole, and their bytes depend on the world alone: a part that is made twice,
because a worker was thought to be dead, is the same, and is counted once.
"""

from __future__ import annotations

import functools
import mmap
import os
import pickle
import shutil
import socket
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from analysis.contract import files
from sim.gateway.journal import Block, Journal
from sim.gateway.log import LogWriter, Written
from sim.gateway.manifest import versions
from sim.gateway.run_folder import WORK, RunError, RunFolder
from sim.progress import Progress, Reporter

TOKEN, WRITER, ARRAYS, ASIDE = (f"{WORK}/{name}" for name in ("token", "writer", "arrays", "aside"))
ALIGNED = 64
"""Bytes: where an array begins in the file of arrays."""
PARTS_EACH, MOST_WEEKS = 16, 26
"""Parts for each worker's thread, so that none waits long for the last one; weeks of a part, so that a part that is
lost costs seconds (both assumed)."""

T = TypeVar("T")
R = TypeVar("R")


class Spread(Protocol):
    """Workers that carry work out for a run; each can import this package."""

    def places(self) -> int:
        """How much they do at a time."""
        ...

    def everywhere(self, function: Callable[[], str]) -> Mapping[str, str]:
        """What the function says on each worker that there is now, by the worker's name."""
        ...

    def carry(self, function: Callable[[T], R], items: Sequence[T]) -> Generator[R]:
        """What the function makes of each item, once, in any order. Closing it early gives up the rest."""
        ...


class Place(Protocol):
    """Where parts of a log go, and what makes them lies: a folder, or an object store."""

    def trouble(self) -> str:
        """Why this process cannot make parts there, empty if it can."""
        ...

    def share(self, folder: Path) -> None:
        """Put the writer of the log, which `lay_out` has laid into the folder, where workers find it."""
        ...

    def writer(self) -> LogWriter:
        """The writer of the log."""
        ...

    def aside(self) -> AbstractContextManager[Path]:
        """A folder in which a block is written before it takes its place."""
        ...

    def keep(self, aside: Path, marks: Mapping[str, files.Mark]) -> None:
        """Have the files of a block take their places."""
        ...


@dataclass(frozen=True)
class Site:
    """The folder of a run at work, as workers are told of it. token: what they read in it if it is the same folder."""

    folder: str
    token: str
    versions: tuple[tuple[str, str], ...]

    def trouble(self) -> str:
        """Why this process cannot make parts there, empty if it can."""
        if other := other_versions(self.versions):
            return other
        folder = Path(self.folder)
        try:
            said = (folder / TOKEN).read_text(encoding="ascii")
        except (OSError, ValueError):
            said = ""
        if said != self.token:
            return (
                f"it does not see the folder {folder.parent}: all need one folder, shared under the same path"
            )
        if not os.access(folder / ASIDE, os.W_OK | os.X_OK):
            return f"it may not write into the folder {folder.parent}"
        return ""

    def share(self, folder: Path) -> None:
        """They see the same folder."""

    def writer(self) -> LogWriter:
        """The writer, with its arrays where they lie in the file: processes of one machine share what they read."""
        return _opened(self)

    @contextmanager
    def aside(self) -> Iterator[Path]:
        """A hidden folder beside the log."""
        aside = Path(self.folder) / ASIDE / files.token()
        aside.mkdir()
        try:
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def keep(self, aside: Path, marks: Mapping[str, files.Mark]) -> None:
        """Move the files of a block."""
        folder = Path(self.folder)
        for name in marks:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (aside / name).replace(folder / name)


def other_versions(stated: Iterable[tuple[str, str]]) -> str:
    """What this process has of other versions than stated, and what to do; empty if all are the same."""
    mine = versions()
    other = [f"{name} {mine.get(name)} in place of {own}" for name, own in stated if mine.get(name) != own]
    return f"it has {', '.join(other)}: install the same versions everywhere" if other else ""


@dataclass(frozen=True)
class Part:
    """One block of users in some weeks."""

    site: Place
    block: int
    weeks: tuple[int, ...]


class SpreadLog:
    """The log of a run, whose parts are made by the workers of a `Spread`.

    Raises RunError, before any work, if a worker is of another version or does not see the folder. site: where the
    parts go, if not into the folder.
    """

    def __init__(self, folder: RunFolder, spread: Spread, site: Place | None = None) -> None:
        self.folder, self.spread = folder, spread
        shutil.rmtree(folder.path / ASIDE, ignore_errors=True)
        (folder.path / ASIDE).mkdir(parents=True)
        here = Site(str(folder.path.absolute()), files.token(), tuple(versions().items()))
        files.write_text(folder.path / TOKEN, here.token)
        self.site: Place = site or here
        self.journal = Journal(folder.path, versions())
        self.marks: dict[str, files.Mark] = {}
        """Of the files that the log has."""
        told = spread.everywhere(self.site.trouble)
        for worker, trouble in told.items():
            if trouble:
                raise RunError(f"worker {worker} cannot take part: {trouble}")

    def write(self, writer: LogWriter, report: Reporter) -> Written:
        """Write all blocks that an earlier call has not written."""
        path, traffic = self.folder.path, writer.traffic
        (path / "log").mkdir(exist_ok=True)
        lay_out(writer, path)
        self.site.share(path)
        written, whole = Written(), self.journal.whole()
        self.journal.begin(whole)
        done = {(block.week, block.block) for block in whole}
        tasks = list(traffic.tasks())
        total, left = len(tasks), [task for task in tasks if task not in done]
        parts = parts_of(self.site, left, max(1, self.spread.places()))
        self._count(written, whole)
        report(Progress("traffic", len(done), total, records=written.generations))
        with closing(self.spread.carry(make_part, parts)) as made:
            for blocks in made:
                self.journal.add(blocks)
                self._count(written, blocks)
                done.update((block.week, block.block) for block in blocks)
                report(Progress("traffic", len(done), total, records=written.generations))
        if len(done) != total:
            raise RunError(f"{total - len(done)} of {total} blocks were not made")
        return written

    def _count(self, written: Written, blocks: Iterable[Block]) -> None:
        for block in blocks:
            written.add(block.written)
            self.marks |= block.marks
            self.folder.keeps = True


def parts_of(site: Place, tasks: Iterable[tuple[int, int]], places: int) -> list[Part]:
    """Blocks to make (week, block) as parts: several for each of the places, each of weeks that follow one another in
    the list."""
    weeks: dict[int, list[int]] = {}
    for week, block in tasks:
        weeks.setdefault(block, []).append(week)
    count = sum(map(len, weeks.values()))
    most = min(max(count // (PARTS_EACH * places), 1), MOST_WEEKS)
    return [
        Part(site, block, tuple(of[first : first + most]))
        for block, of in weeks.items()
        for first in range(0, len(of), most)
    ]


def make_part(part: Part) -> list[Block]:
    """Make and write a part, in whichever process this is. Raises RunError if it cannot."""
    if trouble := part.site.trouble():  # a worker may have joined while the others were at work
        raise RunError(f"worker {socket.gethostname()}, process {os.getpid()}, cannot take part: {trouble}")
    with _one_at_a_time:
        writer = part.site.writer()
    return [_make(writer, part.site, week, part.block) for week in part.weeks]


def _make(writer: LogWriter, site: Place, week: int, block: int) -> Block:
    with site.aside() as aside:
        written = writer.write(aside, week, block)
        marks = files.marks_of(aside, sorted(path.name for path in aside.iterdir()))
        site.keep(aside, marks)
    return Block(week, block, written, marks)


# --- the writer in the folder -------------------------------------------------------------------------------

_one_at_a_time = threading.Lock()


def lay_out(writer: LogWriter, folder: Path) -> None:
    """Write the writer into the folder, where `open_writer` finds it."""
    arrays: list[pickle.PickleBuffer] = []
    plan = pickle.dumps(writer, protocol=5, buffer_callback=arrays.append)
    places = []
    with (folder / ARRAYS).open("wb") as file:
        for array in arrays:
            file.write(bytes(-file.tell() % ALIGNED))
            raw = array.raw()
            places.append((file.tell(), raw.nbytes))
            file.write(raw)
        file.write(bytes(1))  # a file without a byte cannot be mapped
    (folder / WRITER).write_bytes(pickle.dumps((places, plan)))


@functools.lru_cache(maxsize=1)
def _opened(site: Site) -> LogWriter:
    return open_writer(Path(site.folder))


def open_writer(folder: Path) -> LogWriter:
    """The writer that `lay_out` has laid into a folder; its arrays stay in their file."""
    places, plan = pickle.loads((folder / WRITER).read_bytes())
    with (folder / ARRAYS).open("rb") as file:
        # Private to this process, so that arrays are writable, as the compiled loops know them; nobody writes.
        mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    writer: Any = pickle.loads(plan, buffers=[mapped[begin : begin + size] for begin, size in places])
    return writer
