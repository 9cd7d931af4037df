"""The page of an inspection: what may be wrong with a log, the worst first."""

from __future__ import annotations

from analysis.inspection.inspection import Inspection
from analysis.numerals import NONE
from analysis.report.pages.cells import Cell, SmallTable
from analysis.report.pages.page import environment


def render(found: Inspection) -> str:
    """The page as HTML: one file that asks nothing of any host."""
    rows = [
        [Cell(one.severity), Cell(one.check), Cell(one.words or NONE),
         Cell(f"{one.count:,} of {one.of:,}" if one.words else NONE, "num"),
         Cell(one.examples or NONE), Cell(one.remedy or NONE), Cell(", ".join(one.touches))]
        for one in found.findings
    ]  # fmt: skip
    table = SmallTable(
        ["severity", "check", "what was found", "how many", "such as", "what to do", "touches"], rows
    )
    return environment().get_template("inspection.html").render(
        title=f"Inspection of {found.log}", facts=[*found.facts.items(), ("Checks", found.checks)], table=table
    )  # fmt: skip
