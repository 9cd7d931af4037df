"""An experiment on the terminal: what would run, and what came of it."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path

from rich.table import Table
from rich.text import Text

from analysis.numerals import NONE
from testbed.experiment.findings.matrix import MatrixCell
from testbed.experiment.findings.page import BY_LUCK
from testbed.experiment.outlook import PILOT_USERS, cannot_decide, cohort_sizes
from testbed.experiment.plan import Plan
from testbed.experiment.runner import Tally
from testbed.terminal.console import head, open_console


def print_plan(plan: Plan, as_json: bool) -> None:
    """What would run, and what can be known of it before: no run, no file."""
    told, sizes = cannot_decide(plan), list(cohort_sizes(plan))
    runs = len({cell.task.key for cell in plan.cells})
    if as_json:
        known = {"worlds": [world.name for world in plan.worlds], "arms": [arm.name for arm in plan.arms],
                 "patterns": [p.name for p in plan.patterns], "replicates": plan.replicates, "runs": runs,
                 "cannot_decide": told, "cohorts": [asdict(one) for one in sizes]}  # fmt: skip
        print(json.dumps(known, indent=2, default=str))
        return
    console = open_console()
    console.print(Text(plan.file.title, style="bold"))
    console.print(Text(plan.file.question, style="italic"))
    grid = Table.grid(padding=(0, 2))
    for label, value in (
        ("Worlds", ", ".join(world.name for world in plan.worlds)),
        ("Arms", "; ".join(arm.name for arm in plan.arms)),
        ("Patterns", "; ".join(pattern.name for pattern in plan.patterns)),
        ("Runs", f"{runs:,}, each of the {'whole log' if plan.needs == 'log' else 'activity'}: "
                 f"{plan.replicates} replicates of each world and arm"),
    ):  # fmt: skip
        grid.add_row(Text(label, style="dim"), Text(value))
    console.print(grid)
    for sentence in told:
        console.print(Text(sentence, style="yellow"))
    if sizes:
        head(console, "Expected cohorts", f"users by month of joining, from one run of at most {PILOT_USERS:,} "
                     "users in which nothing is changed, scaled")  # fmt: skip
        table = Table(
            "world", "model", "launch", "users", "later months", "tested from", box=None, pad_edge=False
        )
        for one in sizes:
            later = NONE if one.later is None else f"{one.later[0]:,} to {one.later[1]:,}"
            table.add_row(
                one.world, one.model, "not seen" if one.month is None else f"{one.month:%Y-%m}",
                NONE if one.launch is None else f"{one.launch:,}", later,
                "" if one.least is None else f"{one.least:,}", style="yellow" if one.too_small else "",
            )  # fmt: skip
        console.print(table)
        if any(one.too_small for one in sizes):
            console.print(
                Text("Yellow: too small to be tested; more --users, or a lower min_cohort", style="yellow")
            )


def print_matrix(plan: Plan, cells: list[MatrixCell], page: Path, tally: Tally) -> None:
    """The rates of each pattern, what they say, and where the page is."""
    console = open_console()
    console.print(Text(plan.file.title, style="bold"))
    console.print(Text(plan.file.question, style="italic"))
    console.print()
    for pattern in plan.patterns:
        own = [cell for cell in cells if cell.pattern == pattern.name]
        if not own:
            continue
        console.print(Text(pattern.name, style="bold"))
        if any(cell.testable or cell.failed for cell in own):
            console.print(_rates(plan, own))
        else:
            console.print(Text(f"  untestable in all of {len(own)}"))
        for why in dict.fromkeys(cell.why for cell in own if cell.why):
            console.print(Text(f"  no run can tell: {why}", style="dim"))
    told_too_few = cannot_decide(plan)
    for told in told_too_few:
        console.print(Text(told, style="yellow"))
    if told_too_few:
        console.print(Text("The same command with --replicates N goes on from here", style="yellow"))
    if any(cell.reference for cell in cells):
        console.print(Text("The words are explained at the end of the page:", style="dim"))
    if any(cell.failed for cell in cells):
        told = "some patterns or runs failed: runs.csv says why; the same command tries failed runs again"
        console.print(Text(told, style="red"))
    console.print(Text(f"\n{page}", style="dim"), soft_wrap=True)
    console.print(Text(tally.line()))


def _rates(plan: Plan, own: list[MatrixCell]) -> Table:
    """A pattern's cells, a row each."""
    several, one_arm = len(plan.worlds) > 1, len(plan.arms) == 1
    table = Table.grid(padding=(0, 1))
    for side in ("left", "right", "left", "left", "left", "left"):
        table.add_column(justify=side, no_wrap=len(table.columns) > 0)
    for cell in own:
        rate = f"{cell.rate:.0%} [{cell.low:.0%} to {cell.high:.0%}]" if cell.testable else NONE
        mean = "" if math.isnan(cell.value) else f"mean value {cell.value:.2g}"
        finding = cell.errors.replace("the ", "") or cell.said
        if cell.errors == "not settled":
            finding += f": at most {cell.high:.1%}"
        if cell.directions == "not shown" and cell.holds:
            finding = f"{BY_LUCK}, {finding}" if finding else BY_LUCK
        style = "bold red" if cell.agreement == "contradicts" or cell.errors == "too many" else ""
        name = f"  {cell.world if one_arm else f'{cell.world}/{cell.arm}'}" if several else f"  {cell.arm}"
        holds = f"{cell.holds} of {cell.testable}"
        table.add_row(name, holds, rate, mean, finding, Text(_beside_declared(cell), style=style))
    return table


def _beside_declared(cell: MatrixCell) -> str:
    """The finding beside what the file declares, which is named unless it came so."""
    plain = cell.agreement in ("", "as declared")
    return cell.agreement if plain else f"(declared {cell.declared}: {cell.agreement})"
