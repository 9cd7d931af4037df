"""The console that commands print on, and what they print alike: headings, warnings, plain tables, colours."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.report.status import Status

STYLES: dict[Status, str] = {"holds": "green", "fails": "red", "not_testable": "dim"}
"""The colour of a verdict on a claim, of the report or of the truth."""


def open_console(stream: TextIO | None = None, width: int | None = None) -> Console:
    """The console for summaries: standard output, colours on terminals only."""
    return _Console(file=sys.stdout if stream is None else stream, width=width, highlight=False, emoji=False)


class _Console(Console):
    """A console that leaves a reader who has gone to the command line, which ends quietly."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def head(console: Console, title: str, explanation: str = "") -> None:
    """A heading, with a line that explains it."""
    console.print()
    console.print(Text(title, style="bold cyan"), soft_wrap=True)  # a path in it stays whole
    if explanation:
        console.print(Text(explanation, style="dim"))


def plain_table(expand: bool = False) -> Table:
    """A table without lines, its head dim. expand: as wide as the console."""
    return Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", expand=expand)


def print_warnings(console: Console, warnings: Sequence[str]) -> None:
    """What to know of a log before its numbers are believed."""
    for warning in warnings:
        console.print(Text(f"Warning: {warning}", style="yellow"), soft_wrap=True)


def print_warnings_aside(command: str, warnings: Sequence[str]) -> None:
    """The same on standard error, where standard output is for programs."""
    for warning in warnings:
        print(f"slipper {command}: warning: {warning}", file=sys.stderr)
