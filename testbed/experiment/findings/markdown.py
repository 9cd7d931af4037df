"""The matrix of an experiment as a Markdown page, to be kept beside the code."""

from __future__ import annotations

import pandas as pd

from testbed.experiment.findings.matrix import MatrixCell
from testbed.experiment.findings.numbers import markdown as of_numbers
from testbed.experiment.findings.page import BY_LUCK, overview
from testbed.experiment.plan import Plan
from testbed.markdown import heading, row


def markdown(
    plan: Plan, cells: list[MatrixCell], numbers: pd.DataFrame, facts: list[tuple[str, str]], command: str
) -> str:
    """Question, facts and matrix; what contradicts a declaration by name; the numbers behind the answers. command: the
    one that made it."""
    table = overview(plan, cells)
    lines = [
        f"# {plan.file.title}",
        "",
        plan.file.question,
        "",
        f"Made by `{command}`. " + " ".join(f"{name}: {value}." for name, value in facts if name != "Worlds"),
        "",
        "A cell: the share of replicates in which the pattern holds, in per cent with Wilson's 95% interval, of those "
        "that can tell.",
    ]
    if any(cell.reference for cell in cells):
        lines[-1] += (
            " Beside the base (Δ, paired over replicates): necessary, helps, irrelevant, absent and so on by McNemar's "
            f"exact test at {plan.file.level:g}, adjusted for all comparisons of the matrix (Benjamini and Hochberg), "
            f"and a margin of {plan.file.margin:g}; the words are explained in "
            "`testbed/experiment/finding.py`."
        )
    if any(world.effect == "absent" for world in plan.worlds):
        lines[-1] += (
            " In absent worlds nothing made the launch cohort special: the rate is that of false positives: ✗ "
            f"too many (the whole interval lies above {plan.file.level:.0%}), ✓ within the level (none of it does), ? "
            "not settled (at most the interval's upper end). Patterns without a sign there claim no effect."
        )
    if any(cell.directions for cell in cells):
        lines[-1] += (
            f" {BY_LUCK}: the replicates of the arm together do not show the direction that the claim is about "
            "(docs/trend-tests.md); the words take its rate for 0."
        )
    lines += ["", *heading(*table.head)]
    lines += [row(*(cell.text for cell in cells)) for cells in table.rows]
    wrong = [cell for cell in cells if cell.agreement == "contradicts"]
    if any(cell.agreement for cell in cells):
        lines += ["", "## What contradicts what was declared before any run", ""]
        lines += [
            f"- {cell.pattern}, {cell.factor}: declared {cell.declared}, found {cell.finding} "
            f"(rate {cell.rate:.0%}, Δ {100 * cell.difference:+.0f} points)"
            for cell in wrong
        ] or ["Nothing."]
    lines += of_numbers(plan, numbers)
    return "\n".join(lines) + "\n"
