"""The page of an experiment: the matrix in colours and words, each pattern arm by arm, the curves. Reads offline."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.numerals import NONE, p_value, percent
from analysis.report.pages.cells import Cell, SmallTable
from analysis.report.pages.page import environment
from testbed.experiment.finding import least_replicates
from testbed.experiment.findings.curves import Curve, draw
from testbed.experiment.findings.matrix import MatrixCell
from testbed.experiment.outlook import cannot_decide
from testbed.experiment.plan import Plan

SIGNS = {
    "necessary": "▼", "prevents": "▲", "sufficient": "●", "helps": "▽", "hinders": "△", "irrelevant": "=",
    "absent": "○",
    "ends": "↓", "brings": "↑", "lowers": "↘", "raises": "↗", "undecided": "?", "untestable": "–",
    "same world": "≡", "base": "",
}  # fmt: skip
AGREEMENT = {
    "as declared": "✓ as declared",
    "contradicts": "✗ contradicts",
    "weaker than declared": "~ weaker than declared",
    "not settled": "? not settled",
}
BY_LUCK = "by luck"
# Of a false-positive rate: its sign, and the style of the finding that it is drawn like.
ERRORS = {
    "too many": ("✗", "necessary"),
    "within the level": ("✓", "irrelevant"),
    "not settled": ("?", "undecided"),
}


@dataclass(frozen=True)
class Detail:
    """One pattern of the page."""

    anchor: str
    name: str
    about: str
    expect: str
    table: SmallTable
    contradictions: int


@dataclass(frozen=True)
class Picture:
    """One curve of the page: its figures as <svg> elements, and its numbers."""

    title: str
    svgs: list[str]
    table: SmallTable


def render(
    plan: Plan,
    cells: list[MatrixCell],
    table: pd.DataFrame,
    curves: list[Curve],
    facts: list[tuple[str, str]],
) -> str:
    """The page as HTML."""
    from analysis.report.figures.style import svg

    details = [_detail(plan, number, cells) for number in range(len(plan.patterns))]
    failures = table[table["status"] == "failed"]
    return (
        environment("testbed.experiment.findings")
        .get_template("page.html")
        .render(
            title=plan.file.title,
            question=plan.file.question,
            facts=facts,
            matrix=overview(plan, cells),
            signs=[(SIGNS[name], name) for name in SIGNS if name != "base"],
            level=plan.file.level,
            margin=plan.file.margin,
            replicates=plan.replicates,
            too_few=cannot_decide(plan),
            least=least_replicates(plan.file.level, plan.file.margin),
            tests=sum(bool(cell.pairs) for cell in cells),
            absent=any(world.effect == "absent" for world in plan.worlds),
            directions=any(cell.directions for cell in cells),
            details=details,
            pictures=[
                Picture(curve.title, [svg(figure) for figure in draw(curve)], _points(curve))
                for curve in curves
            ],
            failures=_failures(failures),
            contradictions=sum(cell.agreement == "contradicts" for cell in cells),
        )
    )


def overview(plan: Plan, cells: list[MatrixCell]) -> SmallTable:
    """The matrix: arms (and worlds) by patterns; whichever are more are the rows, so that it is long, not wide."""
    at = {(cell.world, cell.arm, cell.pattern): cell for cell in cells}
    names = [pattern.name for pattern in plan.patterns]
    rows = []
    for world in plan.worlds:
        for arm in plan.arms:
            if not any((world.name, arm.name, name) in at for name in names):
                continue
            label = arm.name
            if len(plan.worlds) > 1:
                label = _row_name(world.name, world.effect, arm.name, len(plan.arms))
            rows.append([Cell(label), *(_short(at.get((world.name, arm.name, name))) for name in names)])
    kind = "arm" if len(plan.worlds) == 1 else "world and arm"
    if len(rows) >= len(names):
        return SmallTable([kind, *names], rows)
    turned = [[Cell(name), *(row[number] for row in rows)] for number, name in enumerate(names, start=1)]
    return SmallTable(["pattern", *(row[0].text for row in rows)], turned)


def _row_name(world: str, effect: str | None, arm: str, arms: int) -> str:
    text = world + (f" ({effect})" if effect else "")
    return text if arms == 1 else f"{text}: {arm}"


def _short(cell: MatrixCell | None) -> Cell:
    """One cell of the matrix: the finding in a sign and a word, the rate, the difference."""
    if cell is None:
        return Cell("", "num")
    if not cell.testable:
        return Cell("failed" if cell.failed == cell.runs else "untestable", "cell untestable")
    lines = [f"{cell.rate:.0%} [{100 * cell.low:.0f}–{100 * cell.high:.0f}]"]
    style: str = cell.finding
    if cell.errors:
        sign, style = ERRORS[cell.errors]
        lines = [f"{sign} {cell.rate:.0%} [{100 * cell.low:.0f}–{100 * cell.high:.1f}]"]
    elif cell.finding != "base":
        lines.insert(0, f"{SIGNS[cell.finding]} {cell.said}")
    if cell.reference and not math.isnan(cell.difference):
        lines.append(f"Δ {_points_of(cell.difference)}")
    if cell.directions == "not shown" and cell.holds:
        lines.append(BY_LUCK)
    if cell.agreement:
        lines.append(AGREEMENT[cell.agreement])
    mark = " contradiction" if cell.agreement == "contradicts" else ""
    return Cell("\n".join(lines), f"cell {style.replace(' ', '-')}{mark}")


def _detail(plan: Plan, number: int, cells: list[MatrixCell]) -> Detail:
    pattern = plan.patterns[number]
    own = [cell for cell in cells if cell.pattern == pattern.name]
    several = len(plan.worlds) > 1
    head = [*(["world"] if several else []), "arm", "holds", "rate", "95%", "Δ rate", "95%", "p", "adjusted",
            "mean value", "Δ value", "95%", "finding", "declared", ""]  # fmt: skip
    rows = []
    for cell in own:
        start = [Cell(cell.world)] if several else []
        rows.append([
            *start, Cell(cell.arm), Cell(f"{cell.holds} of {cell.testable}", "num"), Cell(percent(cell.rate), "num"),
            Cell(f"{percent(cell.low)} to {percent(cell.high)}", "num"), Cell(_points_of(cell.difference), "num"),
            Cell(_span(cell.difference_low, cell.difference_high, _points_of), "num"),
            Cell(p_value(cell.p), "num"), Cell(p_value(cell.p_adjusted), "num"),
            Cell(_number(cell.value), "num"), Cell(_number(cell.value_difference, True), "num"),
            Cell(_span(cell.value_low, cell.value_high, lambda x: _number(x, True)), "num"),
            Cell(f"{SIGNS[cell.finding]} {cell.said}".strip()),
            Cell(cell.declared),
            Cell(AGREEMENT.get(cell.agreement, ""), "contradiction" if cell.agreement == "contradicts" else ""),
        ])  # fmt: skip
    expect = ", ".join(f"{factor} {word}" for factor, word in pattern.expect.items())
    return Detail(f"pattern-{number + 1}", pattern.name, pattern.bound.pattern.about, expect, SmallTable(head, rows),
                  sum(cell.agreement == "contradicts" for cell in own))  # fmt: skip


def _points(curve: Curve) -> SmallTable:
    rows = [
        [Cell(str(row["line"])), Cell(f"{row['level']:g}", "num"), Cell(f"{row['runs']}", "num"),
         Cell(percent(row["rate"]), "num"), Cell(f"{percent(row['low'])} to {percent(row['high'])}", "num"),
         Cell(_number(row["value"]), "num"), Cell(_span(row["value_low"], row["value_high"], _number), "num")]
        for row in curve.points.to_dict("records")
    ]  # fmt: skip
    return SmallTable(["line", curve.factor, "runs", "rate", "95%", "mean value", "95%"], rows)


def _failures(rows: pd.DataFrame) -> SmallTable:
    shown = rows.drop_duplicates(["key", "why"]).head(40)
    cells = [
        [Cell(row["world"]), Cell(row["arm"]), Cell(f"{row['replicate']}", "num"), Cell(row["pattern"]),
         Cell(row["why"])]
        for row in shown.to_dict("records")
    ]  # fmt: skip
    return SmallTable(["world", "arm", "replicate", "pattern", "why"], cells)


def _points_of(value: float) -> str:
    return NONE if math.isnan(value) else f"{100 * value:+.0f}".replace("-", "−")


def _number(value: float, signed: bool = False) -> str:
    return NONE if math.isnan(value) else f"{value:{'+' if signed else ''}.3g}".replace("-", "−")


def _span(low: float, high: float, say: Any) -> str:
    return NONE if math.isnan(low) or math.isnan(high) else f"{say(low)} to {say(high)}"
