"""The scoreboard for reading on a terminal, by section of the report. As a page: scoreboard_page.py."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.numerals import NONE
from testbed.claims import frequency as over_seeds
from testbed.claims import goals
from testbed.claims.amounts import say, spread
from testbed.claims.frequency import Frequency, PartFrequency, Study
from testbed.claims.goals import Reached
from testbed.claims.measuring.measured import Measured, Unit
from testbed.claims.reasons import Reasons
from testbed.claims.registry import Entry
from testbed.claims.replicates import OfWorld
from testbed.claims.scoreboard import DIRECTIONS, INPUT_CAVEAT, Judged, Scoreboard, word
from testbed.terminal.console import STYLES, plain_table

LEGEND = (
    "[a to b]: 95% interval. start → end: means of the first and last four weeks. "
    "weak: the interval does not settle it."
)
STUDY_LEGEND = (
    "holds: replicates in which the claim holds, of those that can tell (n/t: cannot), with Wilson's 95% interval of "
    "the share.\nsimulated: mean of the replicates (smallest to largest), or the first one's where it is no number; of "
    "a claim with several conditions, each with how often it holds.\n"
    f"{over_seeds.DIRECTIONS}"
)
TOTALS = ("holds", "holds_weakly", "fails", "fails_weakly", "not_testable")
STUDY_TOTALS = {
    "claims": "all",
    "testable": "testable",
    "always": "always hold",
    "goal": f"in {over_seeds.GOAL:.0%}",
    "mostly": "mostly",
    "rarely": "rarely",
    "never": "never",
    "mean_held": "hold in the mean",
}
GOAL_COLUMNS = (
    "claims", "all", "testable", "contradictory", f"hold in {over_seeds.GOAL:.0%}", "share of the others", "goal",
)  # fmt: skip


def print_scoreboard(
    console: Console,
    board: Scoreboard,
    shown: Sequence[Judged],
    why: bool = False,
    known: Reasons | None = None,
) -> None:
    """The claims by section, then the totals of the whole board. why: each claim with its reason and note. known: why
    claims fail in this world, if it is one of which that is asked."""
    console.print(Text(f"Claims on {board.log}", style="bold"))
    console.print(Text(f"{LEGEND} {DIRECTIONS[board.simulated]}", style="dim"))
    for sentence in board.withheld:
        console.print(Text(sentence, style="yellow"))
    for section, title in board.titles.items():
        mine = [judged for judged in shown if judged.entry.section == section]
        if not mine:
            continue
        console.print()
        console.print(Text(title, style="bold cyan"))
        if why:
            for judged in mine:
                _print_claim(console, judged, known, shown_as(board))
            continue
        table = _table(("id", None), ("verdict", None), ("claim", 3), ("reported", 2), (shown_as(board), 3))
        for judged in mine:
            claim = judged.entry.claim
            verdict = Text(word(judged.verdict), style=STYLES[judged.verdict.status])
            table.add_row(
                judged.entry.id, verdict, _text(judged.entry), Text(claim.reported), Text(judged.shown)
            )
        console.print(table)
    console.print()
    print_totals(console, board)


def shown_as(board: Scoreboard) -> str:
    """What the numbers of a log are called."""
    return "simulated" if board.simulated else "measured"


def _print_claim(console: Console, judged: Judged, known: Reasons | None, shown: str) -> None:
    """One claim as a block."""
    claim = judged.entry.claim
    head = Text(f"{judged.entry.id}  ", style="bold")
    head.append(word(judged.verdict), style=STYLES[judged.verdict.status])
    head.append(f"  {claim.text}", style="not bold")
    console.print(head)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    rows = [
        ("reported", f"{claim.reported}  ({claim.where}; {claim.role}; band: {claim.basis})"),
        (shown, judged.shown),
        ("because", judged.verdict.reason),
        (
            "why",
            known.line(judged.entry.id) if known is not None and judged.verdict.status == "fails" else "",
        ),
        ("rests on", f"n = {judged.n:,}: {judged.detail}" if judged.n else judged.detail),
        ("note", claim.note if claim.note != judged.verdict.reason else ""),
    ]
    for name, text in rows:
        if text and text != NONE:
            table.add_row(f"     {name}", Text(text))
    console.print(table)


def _text(entry: Entry) -> Text:
    """The claim and its role."""
    text = Text(entry.claim.text)
    text.append(f"  {entry.claim.role}", style="dim")
    return text


def print_totals(console: Console, board: Scoreboard) -> None:
    """How many claims hold, by role."""
    table = plain_table()
    table.add_column("claims", no_wrap=True)
    for head in ("hold", "of them weakly", "fail", "of them weakly", "not testable"):
        table.add_column(head, justify="right")
    for role, counts in board.totals().items():
        table.add_row(role, *(str(counts[key]) for key in TOTALS))
    console.print(table)
    if board.simulated:
        console.print(Text(INPUT_CAVEAT, style="dim"))


def print_study(
    console: Console,
    study: Study,
    shown: Sequence[Frequency],
    why: bool = False,
    known: Reasons | None = None,
) -> None:
    """How often each claim holds, by section. why: with the registry's note and each replicate's reason. known: why
    claims fail in this world, if it is one of which that is asked."""
    title = f"Claims over {len(study.seeds)} replicates of {study.scenario}, master seed {study.master_seed}"
    console.print(Text(title, style="bold"))
    console.print(Text(STUDY_LEGEND, style="dim"))
    for section, title in study.titles.items():
        mine = [frequency for frequency in shown if frequency.entry.section == section]
        if not mine:
            continue
        console.print()
        console.print(Text(title, style="bold cyan"))
        table = _table(("id", None), ("holds", None), ("claim", 3), ("reported", 2), ("simulated", 3))
        for frequency in mine:
            text = _text(frequency.entry)
            if why:
                if known is not None and goals.fails(frequency):
                    text.append(f"\nwhy it fails: {known.line(frequency.entry.id)}", style="yellow")
                for line in _reasons(frequency):
                    text.append(f"\n{line}", style="dim")
            holds = Text(often(frequency), style=_style(frequency))
            reported, simulated = Text(frequency.entry.claim.reported), Text(over_replicates(frequency))
            table.add_row(frequency.entry.id, holds, text, reported, simulated)
        console.print(table)
    console.print()
    table = plain_table()
    table.add_column("claims", no_wrap=True)
    for head in STUDY_TOTALS.values():
        table.add_column(head, justify="right")
    for role, counts in study.totals().items():
        table.add_row(role, *(f"{counts[key]:g}" for key in STUDY_TOTALS))
    console.print(table)
    console.print(Text(INPUT_CAVEAT, style="dim"))
    table = plain_table()
    for number, name in enumerate(GOAL_COLUMNS):
        table.add_column(name, justify="right" if number else "left")
    for found in goals.reached(study.frequencies, contradictory(known)):
        table.add_row(*goal_cells(found))
    console.print(table)
    console.print(Text(goals.EXPLAINED, style="dim"))


def contradictory(known: Reasons | None) -> frozenset[str]:
    """The claims that a contradiction names, in a world of which reasons are known."""
    return frozenset() if known is None else known.contradictory


def goal_cells(found: Reached) -> tuple[str, ...]:
    """A row of the goals, as `GOAL_COLUMNS` names it."""
    share = NONE
    if found.share is not None and found.interval is not None:
        low, high = found.interval
        share = f"{found.share:.0%} ({100 * low:.0f}-{100 * high:.0f}%)"
    return (
        found.side, str(found.claims), str(found.testable), str(len(found.contradictory)), str(found.hold), share,
        f"{found.goal:.0%}",
    )  # fmt: skip


def _table(*columns: tuple[str, int | None]) -> Table:
    """A table whose columns share the width by ratio; those without one are as wide as their text."""
    table = plain_table(expand=True)
    for name, ratio in columns:
        table.add_column(name, ratio=ratio, no_wrap=ratio is None, overflow="fold")
    return table


def _reasons(frequency: Frequency) -> list[str]:
    """The registry's note, and why the verdict of each replicate is what it is."""
    note = frequency.entry.claim.note
    reasons = [frequency.why_not] if frequency.why_not else [
        f"replicate {number}: {reason}" for number, reason in enumerate(frequency.reasons)
    ]  # fmt: skip
    return [line for line in dict.fromkeys([note, *reasons]) if line]


def _style(frequency: Frequency) -> str:
    share = frequency.counted
    return "dim" if share is None else "green" if share == 1 else "red" if share == 0 else "yellow"


def often(frequency: Frequency) -> str:
    """`8/10 (49-94%)`, that it is so by luck, or that it cannot be told."""
    if not frequency.testable:
        return "not testable"
    assert frequency.low is not None and frequency.high is not None
    interval = f"{100 * frequency.low:.0f}-{100 * frequency.high:.0f}%"
    missing = (
        f", {frequency.replicates - frequency.testable} n/t"
        if frequency.testable < frequency.replicates
        else ""
    )
    luck = ", by luck" if frequency.shown == "not shown" and frequency.holds else ""
    return f"{frequency.holds}/{frequency.testable} ({interval}){missing}{luck}"


def over_replicates(frequency: Frequency) -> str:
    """A claim's number as mean (smallest to largest) over the replicates, or the first replicate's value where it is no
    number. Of a claim with several conditions, each with its number and how often it holds."""
    if not frequency.testable and not frequency.values:
        return NONE
    if not frequency.parts:
        return _spread(frequency)
    return "; ".join(
        f"({number}) {part.name} {_spread(part)}: "
        + (f"holds {part.holds}/{part.testable}" if part.testable else "not testable")
        for number, part in enumerate(frequency.parts, start=1)
    )


def _spread(frequency: Frequency | PartFrequency) -> str:
    """The number over the replicates; of a direction the replicate's example, its number, and what the world has."""
    if frequency.world is not None:
        return _of_world(frequency.example, frequency.world)
    if not frequency.values or frequency.unit is None:
        return frequency.example
    unit: Unit = frequency.unit  # type: ignore[assignment]
    others = frequency.testable - len(frequency.values)  # never, or the logarithm of nothing
    return spread(frequency.values, unit, signed=unit == "points") + (
        f", {others} without a number" if others > 0 else ""
    )


def _of_world(example: str, found: OfWorld) -> str:
    """What the replicates say of a direction: the mean of its number with the t interval, and whether it shows it."""
    mean = say(Measured(found.mean, found.low, found.high, unit=found.unit), signed=True)
    return f"{example}: mean {mean}, {'shown' if found.shown else 'not shown'}"
