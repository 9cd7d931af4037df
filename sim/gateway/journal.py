"""Which blocks of a log are whole, a line for each: what an interrupted run has made need not be made again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from analysis.contract.files import Mark, Marks
from sim.gateway.log import Written
from sim.gateway.run_folder import JOURNAL, WORK


@dataclass(frozen=True)
class Block:
    """A block that is whole: what was written of it, and its files with their marks, by path from the run's folder."""

    week: int
    block: int
    written: Written
    marks: Marks

    def as_json(self) -> dict[str, Any]:
        """Plain data, of which `block_of` makes the same block."""
        return {"week": self.week, "block": self.block, "written": self.written.as_json(),
                "files": {name: asdict(mark) for name, mark in self.marks.items()}}  # fmt: skip


def block_of(told: Mapping[str, Any]) -> Block:
    """The block that `as_json` told. Raises KeyError, TypeError or ValueError if it is not one."""
    marks = {name: Mark(**mark) for name, mark in told["files"].items()}
    return Block(told["week"], told["block"], Written.of_json(told["written"]), marks)


class Journal:
    """The journal of a run at work in `folder`. One that was begun with other versions counts for nothing.

    A line is written when a block's files are in place. What a kill has cut off is made again: it is the same.
    """

    def __init__(self, folder: Path, versions: Mapping[str, str]) -> None:
        self.folder, self.file, self.versions = folder, folder / WORK / JOURNAL, dict(versions)

    def whole(self) -> list[Block]:
        """The blocks whose files all lie in the folder with their sizes; each once."""
        found: dict[tuple[int, int], Block] = {}
        for block in self._blocks():
            if all(_size(self.folder / name) == mark.size for name, mark in block.marks.items()):
                found[block.week, block.block] = block
        return list(found.values())

    def begin(self, blocks: list[Block]) -> None:
        """Begin anew with these blocks."""
        lines = [self.versions, *(block.as_json() for block in blocks)]
        self.file.write_bytes(b"".join(map(_line, lines)))

    def add(self, blocks: list[Block]) -> None:
        """Note that these blocks are whole, too."""
        with self.file.open("ab") as journal:
            journal.write(b"".join(_line(block.as_json()) for block in blocks))

    def _blocks(self) -> Iterator[Block]:
        try:
            lines = self.file.read_bytes().splitlines()
            if not lines or json.loads(lines[0]) != self.versions:
                return
        except (OSError, ValueError):
            return
        for line in lines[1:]:
            try:
                yield block_of(json.loads(line))
            except (KeyError, TypeError, ValueError):
                continue


def _line(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=True).encode("ascii") + b"\n"


def _size(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except OSError:
        return None
