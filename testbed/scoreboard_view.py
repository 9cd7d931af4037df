"""The scoreboard for reading: on a terminal and as Markdown, by section of the report."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from testbed.predicates import amount
from testbed.replicates import Frequency, Study
from testbed.scoreboard import INPUT_CAVEAT, ROLES, Judged, Scoreboard, word
from testbed.statistics.measured import Unit

LEGEND = "[a to b]: 95% interval. start → end: means of the first and last four weeks. weak: the interval does not settle it."
STYLES = {"holds": "green", "fails": "red", "not_testable": "dim"}


def print_scoreboard(console: Console, board: Scoreboard, shown: Sequence[Judged], why: bool = False) -> None:
    """The claims by section, then the totals of the whole board. why: the reason and the note under each."""
    console.print(Text(f"Claims on {board.log}", style="bold"))
    console.print(Text(LEGEND, style="dim"))
    for section, title in board.titles.items():
        mine = [judged for judged in shown if judged.entry.section == section]
        if not mine:
            continue
        console.print()
        console.print(Text(title, style="bold cyan"))
        table = _table(("id", None), ("verdict", None), ("claim", 3), ("reported", 2), ("simulated", 3))
        for judged in mine:
            claim = judged.entry.claim
            text = Text(claim.text)
            text.append(f"  {claim.role}", style="dim")
            if why:
                text.append(f"\n{judged.verdict.reason}", style="yellow")
                for more in (judged.detail, claim.note if claim.note != judged.verdict.reason else ""):
                    if more:
                        text.append(f"\n{more}", style="dim")
            table.add_row(
                judged.entry.id,
                Text(word(judged.verdict), style=STYLES[judged.verdict.status]),
                text,
                Text(claim.reported),
                Text(judged.shown),
            )
        console.print(table)
    console.print()
    print_totals(console, board)


def print_totals(console: Console, board: Scoreboard) -> None:
    """How many claims hold, by role."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("claims", no_wrap=True)
    for heading in ("hold", "of them weakly", "fail", "of them weakly", "not testable"):
        table.add_column(heading, justify="right")
    for role, counts in board.totals().items():
        table.add_row(role, *(str(counts[key]) for key in ("holds", "holds_weakly", "fails", "fails_weakly",
                                                           "not_testable")))  # fmt: skip
    console.print(table)
    console.print(Text(INPUT_CAVEAT, style="dim"))


def print_study(console: Console, study: Study, shown: Sequence[Frequency], why: bool = False) -> None:
    """How often each claim holds, by section."""
    count = len(study.seeds)
    console.print(
        Text(
            f"Claims over {count} replicates of {study.scenario}, master seed {study.master_seed}",
            style="bold",
        )
    )
    console.print(Text("holds: replicates in which the claim holds, of those that can tell, with Wilson's 95% interval of the "
                       "share.\nsimulated: mean of the replicates (smallest to largest).", style="dim"))  # fmt: skip
    for section, title in study.titles.items():
        mine = [frequency for frequency in shown if frequency.entry.section == section]
        if not mine:
            continue
        console.print()
        console.print(Text(title, style="bold cyan"))
        table = _table(("id", None), ("holds", None), ("claim", 3), ("reported", 2), ("simulated", 3))
        for frequency in mine:
            claim = frequency.entry.claim
            text = Text(claim.text)
            text.append(f"  {claim.role}", style="dim")
            if why and (claim.note or frequency.why_not):
                text.append(f"\n{frequency.why_not or claim.note}", style="dim")
            table.add_row(frequency.entry.id, Text(often(frequency), style=_style(frequency)), text, Text(claim.reported),
                          Text(over_replicates(frequency)))  # fmt: skip
        console.print(table)
    console.print()
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("claims", no_wrap=True)
    keys = ("claims", "testable", "always", "mostly", "rarely", "never", "mean_held")
    for heading in ("all", "testable", "always hold", "mostly", "rarely", "never", "hold in the mean"):
        table.add_column(heading, justify="right")
    for role, counts in study.totals().items():
        table.add_row(role, *(f"{counts[key]:g}" for key in keys))
    console.print(table)
    console.print(Text(INPUT_CAVEAT, style="dim"))


def _table(*columns: tuple[str, int | None]) -> Table:
    """A table whose columns share the width by ratio; those without one are as wide as their text."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim", expand=True)
    for name, ratio in columns:
        table.add_column(name, ratio=ratio, no_wrap=ratio is None, overflow="fold")
    return table


def _style(frequency: Frequency) -> str:
    share = frequency.share
    return "dim" if share is None else "green" if share == 1 else "red" if share == 0 else "yellow"


def often(frequency: Frequency) -> str:
    """`8/10 (49-94%)`, or that it cannot be told."""
    if not frequency.testable:
        return "not testable"
    assert frequency.low is not None and frequency.high is not None
    interval = f"{100 * frequency.low:.0f}-{100 * frequency.high:.0f}%"
    missing = (
        f", {frequency.replicates - frequency.testable} n/t"
        if frequency.testable < frequency.replicates
        else ""
    )
    return f"{frequency.holds}/{frequency.testable} ({interval}){missing}"


def over_replicates(frequency: Frequency) -> str:
    """Mean and range of the first statistic over the replicates, or the first replicate's value where it is no
    number."""
    if not frequency.values or frequency.unit is None:
        return frequency.example if frequency.testable else "–"
    unit: Unit = frequency.unit  # type: ignore[assignment]
    signed = unit == "points"
    mean = amount(sum(frequency.values) / len(frequency.values), unit, signed)
    low, high = (
        amount(edge, unit, signed, bare=True) for edge in (min(frequency.values), max(frequency.values))
    )
    return f"{mean} ({low} to {high})"


# --- Markdown -------------------------------------------------------------------------------------------------------


def scoreboard_markdown(board: Scoreboard, shown: Sequence[Judged], command: str) -> str:
    """A page: totals, then a table for each section."""
    lines = ["# Which claims of the report hold", "", f"Made by `{command}` on {board.log}. {LEGEND}", "",
             "| claims | hold | of them weakly | fail | of them weakly | not testable |", "|---|---|---|---|---|---|"]  # fmt: skip
    lines += [
        f"| {role} | {c['holds']} | {c['holds_weakly']} | {c['fails']} | {c['fails_weakly']} | {c['not_testable']} |"
        for role, c in board.totals().items()
    ]
    lines += ["", INPUT_CAVEAT]
    for section, title in board.titles.items():
        mine = [judged for judged in shown if judged.entry.section == section]
        if mine:
            lines += ["", f"## {title}", "", "| id | claim | role | reported | simulated | verdict |",
                      "|---|---|---|---|---|---|"]  # fmt: skip
        for judged in mine:
            claim = judged.entry.claim
            lines.append(
                _row(
                    judged.entry.id,
                    claim.text,
                    claim.role,
                    claim.reported,
                    judged.shown,
                    word(judged.verdict),
                )
            )
    return "\n".join(lines) + "\n"


def study_markdown(study: Study, shown: Sequence[Frequency], command: str) -> str:
    """A page: totals, then a table for each section."""
    lines = [
        "# How often the claims of the report hold",
        "",
        f"Made by `{command}`: {len(study.seeds)} replicates of {study.scenario}, master seed {study.master_seed}. *holds*: "
        "replicates in which the claim holds, of those that can tell, with Wilson's 95% interval of the share (n/t: cannot "
        "tell). *simulated*: mean of the replicates, and in brackets the smallest and largest; where the statistic is no "
        "single number, the first replicate's.",
        "",
        "| claims | all | testable | always hold | mostly | rarely | never | hold in the mean |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for role in ROLES:
        c = study.totals()[role]
        keys = ("claims", "testable", "always", "mostly", "rarely", "never", "mean_held")
        lines.append(f"| {role} | " + " | ".join(f"{c[key]:g}" for key in keys) + " |")
    lines += ["", INPUT_CAVEAT]
    for section, title in study.titles.items():
        mine = [frequency for frequency in shown if frequency.entry.section == section]
        if mine:
            lines += ["", f"## {title}", "", "| id | claim | role | reported | simulated | holds |",
                      "|---|---|---|---|---|---|"]  # fmt: skip
        for f in mine:
            claim = f.entry.claim
            lines.append(
                _row(f.entry.id, claim.text, claim.role, claim.reported, over_replicates(f), often(f))
            )
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return (
        "| "
        + " | ".join(cell.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ") for cell in cells)
        + " |"
    )
