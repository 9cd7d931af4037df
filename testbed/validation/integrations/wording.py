"""What `slipper validate` says of a query: a line a world as it comes, then the verdict and what led to it.

The same is written as a page in Markdown.
"""

from __future__ import annotations

import datetime as dt
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from analysis.numerals import counted
from testbed.markdown import heading
from testbed.markdown import row as table_row
from testbed.validation.battery import Judgement, WorldRow
from testbed.validation.compare import Difference, Verdict
from testbed.validation.counterexample import Counterexample
from testbed.validation.faults.survival import Survival
from testbed.validation.metamorphic import Broken
from testbed.validation.questions import Question
from testbed.validation.repair import wording as mending
from testbed.validation.tables import Row

WIDTH = 100
MARKS: dict[Verdict, str] = {"exact": "✓", "within tolerance": "✓", "wrong": "✗", "could not run": "!"}
SAID = {"right": "RIGHT", "wrong": "WRONG", "cannot run": "CANNOT RUN"}
SHOWN = 3
"""Rows that differ which are shown for a world."""


class Rows:
    """The worlds as they come; a reason that is the one before is not said again. quiet: says nothing."""

    def __init__(self, quiet: bool) -> None:
        self.quiet, self.why = quiet, ""

    def begin(self, name: str, question: Question, notes: Sequence[str]) -> None:
        """What is asked."""
        if not self.quiet:
            print(f"{name}, asked {question.name}: {question.asks}")
            for note in notes:
                print(_wrapped(f"note: {note}", "  "))
            print(flush=True)

    def row(self, row: WorldRow) -> None:
        """How it did on one world."""
        if not self.quiet:
            likewise = bool(row.why) and row.why == self.why and not row.differences
            print(world_line(replace(row, why="likewise") if likewise else row), flush=True)
            self.why = row.why


class Searching:
    """How far the search for a change that mends the code is, on standard error: live on a terminal, else one line."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.begun, self.live = seconds, False, sys.stderr.isatty()

    def __call__(self, done: int, total: int) -> None:
        """Say it. done: as many as there are at the end."""
        said = f"looking for a small change that mends it, for at most {self.seconds:g} s (Ctrl-C ends the search)"
        if self.live and done >= total:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        elif self.live:
            print(f"\r\033[K{said}: {done} of {total} tried", end="", file=sys.stderr, flush=True)
        elif not self.begun:
            print(f"{said} ...", file=sys.stderr, flush=True)
        self.begun = True


def world_line(row: WorldRow) -> str:
    """One world: its verdict, and what differs."""
    breaks = f" (its log breaks the contract: {row.breaks})" if row.breaks and row.verdict != "exact" else ""
    why = f": {row.why}" if row.why else ""
    return _wrapped(f"{MARKS[row.verdict]} {row.world}: {row.verdict}{why}{breaks}", "    ")


def text(name: str, found: Judgement, survived: Survival | None) -> str:
    """The verdict and what led to it."""
    lines = ["", f"{name}: {SAID[found.verdict]}", *_counts(found)]
    for trap in found.traps:
        lines += ["", f"The mistake: {trap.name}", _wrapped(trap.advice, "  ", first="  ")]
    if found.repair is not None:
        lines += ["", *(_wrapped(line, "  ", first="  ") for line in mending.lines(found.repair))]
    if found.verdict == "wrong" and not found.traps:
        lines += ["", _wrapped(unnamed(found), "  ")]
        lines += [
            _wrapped(
                f"In {_some(hint.cases)} it answers like: {hint.trap.name}. {hint.trap.advice}",
                "  ",
                first="  ",
            )
            for hint in found.recognition.hints
        ]
    if found.breaking_only:
        lines += ["", "It errs only on logs that break the contract."]
    if found.match:
        lines += ["", _wrapped(f"Columns: {found.match}", "  ")]
    for name, failing in _by_relation(found).items():
        first, more = failing[0], len(failing) - 1
        also = f", and not on {counted(more, 'world')} more" if more else ""
        said = f"{name}: {first.relation.says}, but on '{first.case}' {first.found.why}{also}"
        lines += ["", _wrapped(said, "  ")]
    if found.counterexample is not None:
        lines += ["", *_smallest(found.counterexample)]
    if survived is not None:
        lines += ["", "With faults of data in the log (docs/faults.md):", survived.text.rstrip()]
    return "\n".join(lines)


def page(name: str, found: Judgement, survived: Survival | None) -> str:
    """All of it as a page in Markdown."""
    lines = [f"# {name}: {found.verdict}", "", f"Asked `{found.question}` by `slipper validate`.", "", "```"]
    lines += [text(name, found, survived).strip(), "```", "", "## World by world", ""]
    lines += heading("world", "what is special", "verdict", "why")
    lines += [table_row(row.world, row.about, row.verdict, row.why or "–") for row in found.worlds]
    return "\n".join(lines) + "\n"


def unnamed(found: Judgement) -> str:
    """Why no mistake is named."""
    alike = [trap.name for trap in found.recognition.alike]
    if not alike:
        return "No known mistake explains its answers in all worlds."
    return (
        f"No mistake is named: {counted(len(alike), 'known one')} would give these answers, and no world tells them "
        f"apart: {_some(alike)}."
    )


def _by_relation(found: Judgement) -> dict[str, list[Broken]]:
    """Relations that do not hold, with the worlds on which they do not."""
    together: dict[str, list[Broken]] = {}
    for one in found.relations:
        together.setdefault(one.relation.name, []).append(one)
    return together


def _counts(found: Judgement) -> Iterator[str]:
    held = Counter(row.verdict for row in found.worlds)
    parts = [f"{held[verdict]} {verdict}" for verdict in MARKS if held[verdict]]
    yield f"{counted(len(found.worlds), 'world')}: {', '.join(parts)}"


def _some(worlds: Sequence[str]) -> str:
    shown = ", ".join(f"'{world}'" for world in worlds[:SHOWN])
    return shown + (f" and {len(worlds) - SHOWN} more" if len(worlds) > SHOWN else "")


def _smallest(one: Counterexample) -> Iterator[str]:
    tables = one.tables
    size = counted(len(tables.requests), "request")
    yield (
        f"{'The smallest log on which it errs' if one.minimal else 'A small log on which it errs'}: {size} "
        f"of '{one.world}', session zone {one.zone}"
    )
    for name, rows in (
        ("generations", tables.requests),
        ("labels", tables.label_rows),
        ("models", tables.model_rows),
    ):
        if rows:
            yield f"  {name}"
            yield from (f"  {line}" for line in _grid(columns_that_matter(rows)))
    yield "  right and given"
    yield from differing(one.found.differences)
    if one.found.why:
        yield f"  {one.found.why}"


def differing(differences: Sequence[Difference]) -> Iterator[str]:
    """Rows that differ as columns of text."""
    yield from (f"  {line}" for line in _grid(list(beside(differences))))


def beside(differences: Sequence[Difference]) -> Iterator[dict[str, Any]]:
    """Rows that differ, with the right value and the given one of each column."""
    for one in differences:
        cells: dict[str, Any] = dict(one.keys)
        columns = one.columns or tuple(one.right or one.given or {})
        for column in columns:
            cells[f"{column}: right"] = "no row" if one.right is None else one.right.get(column)
            cells[f"{column}: given"] = "no row" if one.given is None else one.given.get(column)
        if not columns:
            cells["what"] = one.what
        yield cells


def columns_that_matter(rows: Sequence[Row]) -> list[Mapping[str, Any]]:
    """Rows without the columns that are missing in all of them."""
    names = [name for name in rows[0] if any(row.get(name) not in (None, []) for row in rows)]
    return [{name: row.get(name) for name in names} for row in rows]


def _grid(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Rows as columns of text; where that is too wide, each row as a line of `name=value`."""
    if not rows:
        return
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([cell_text(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(names))]
    if sum(widths) + 2 * len(widths) <= WIDTH:
        for line in cells:
            yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        return
    for row in rows:
        said = ", ".join(f"{name}={cell_text(value)}" for name, value in row.items() if value is not None)
        yield from _wrapped(f"- {said}", "    ").splitlines()


def cell_text(value: Any) -> str:
    """A value of a log or an answer for people."""
    if value is None:
        return "–"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ").removesuffix("+00:00").removesuffix(" 00:00:00")
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _wrapped(line: str, indent: str, first: str = "") -> str:
    return textwrap.fill(
        line,
        WIDTH,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
