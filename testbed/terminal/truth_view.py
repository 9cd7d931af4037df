"""The checks on a run's truth for reading on a terminal and for programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from analysis.numerals import NONE
from analysis.report.status import MARKS, WORDS
from testbed.terminal.console import STYLES, plain_table

if TYPE_CHECKING:
    from testbed.truth_checks import TruthCheck

TITLE = "What the truth says (no log holds this)"
LEGEND = (
    "Four checks of the report's account on what the simulator knows: whose work waited for what, and who used what. "
    "A claim holds if the whole 95% interval lies beyond the value at which it would be empty (null), and, "
    "where its words name a second half, if that holds too."
)


def print_truth(console: Console, checks: Sequence[TruthCheck], planted: str) -> None:
    """What was planted, and the checks: a line of numbers each, with the claim and what was found in words."""
    console.print()
    console.print(Text(TITLE, style="bold"))
    console.print(Text(planted))
    console.print()
    console.print(Text(LEGEND, style="dim"))
    console.print()
    table = plain_table()
    table.add_column("check", overflow="fold", ratio=1)
    for head in ("value", "95%", "null", "n"):
        table.add_column(head, justify="right", no_wrap=True)
    for check in checks:
        words = Text(
            f"{MARKS[check.verdict]} {check.name}: {WORDS[check.verdict]}", style=STYLES[check.verdict]
        )
        words.append(f"\n{check.claim}", style="default not dim")
        words.append(f"\n{check.words}", style="dim")
        interval = f"{_number(check.low)} to {_number(check.high)}" if math.isfinite(check.low) else NONE
        table.add_row(words, _number(check.value), interval, _number(check.null), f"{check.n:,}")
    console.print(table)


def as_json(check: TruthCheck) -> dict[str, Any]:
    """A check for programs; what is not known is null."""
    from analysis.json_values import plain

    return plain(asdict(check)) | {"verdict": WORDS[check.verdict]}


def _number(value: float) -> str:
    if not math.isfinite(value):
        return NONE
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.4f}"
