"""Renders two analysed logs as one page, panel by panel on the same scales, with the differences marked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from analysis import numerals, study
from analysis.numerals import NONE
from analysis.report.charts import vega
from analysis.report.charts.chart import Cohorts, on_one_scale
from analysis.report.comparison import (
    LAST_WEEKS,
    Analysed,
    panel_models,
    scenario_differences,
    verdict_differences,
)
from analysis.report.exhibit import Exhibit
from analysis.report.pages import text_alternatives
from analysis.report.pages.cells import Cell, SmallTable, guessed, written
from analysis.report.pages.page import SECTIONS, fill, height_of
from analysis.report.pages.parts import Card, Spec
from analysis.report.result_files import TRIANGLES

MONTHS = (3, 4, 5)  # ages of launch cohorts that a summary names
_PER_CENT = 100
_CHANCE = 0.05


@dataclass(frozen=True)
class Pair:
    """One exhibit in both logs. gap: why it is missing in one of them or both."""

    id: str
    number: str
    title: str
    unit: str
    table: SmallTable
    basis: str
    specs: tuple[Spec | None, Spec | None] | None = None
    stills: tuple[str, str] = ("", "")
    labels: tuple[str, str] = ("", "")
    tag: str = ""
    gap: str = ""
    height: int = 300


@dataclass(frozen=True)
class PanelPair:
    """One retention panel in both logs."""

    title: str
    model: str
    summary: str
    specs: tuple[Spec | None, Spec | None]
    labels: tuple[str, str]
    table: SmallTable
    tag: str


@dataclass(frozen=True)
class Section:
    """One section of the report in both logs."""

    key: str
    title: str
    pairs: list[Pair] = field(default_factory=list)


def render_comparison(
    a: Analysed, b: Analysed, cells: pd.DataFrame, series: pd.DataFrame, exhibits: tuple[Exhibit, ...]
) -> str:
    """The page. cells: `retention_differences`; series: `exhibit_differences` of all exhibits, one below the other."""
    differing = scenario_differences(a, b)
    without = [letter for letter, one in zip("AB", (a, b), strict=True) if one.manifest is None]
    chance = round(_CHANCE * len(cells))
    sheet = next((exhibit.id for exhibit in exhibits if exhibit.sheet), "")
    pairs = {
        exhibit.id: _pair(exhibit, a, b, series) for exhibit in exhibits if exhibit.section != "retention"
    }
    return fill(
        "compare.html",
        title=f"{a.title} beside {b.title}" if a.title != b.title else f"{a.title}: two runs",
        sides=[_side(letter, one) for letter, one in zip("AB", (a, b), strict=True)],
        scenario=None if differing is None else _scenario(differing),
        unknown=f"{' and '.join(without)} has no manifest, so it is not known how it was made.",
        cells=len(cells),
        chance=chance,
        stills=[one.figure(sheet) for one in (a, b)],
        verdicts=_verdicts(verdict_differences(a, b)),
        panels=_panels(a, b, cells),
        sections=[
            Section(key, title, [pairs[e.id] for e in exhibits if e.section == key])
            for key, title, _ in SECTIONS
            if any(e.section == key for e in exhibits)
        ],
        weeks=LAST_WEEKS,
    )


def _side(letter: str, one: Analysed) -> dict[str, Any]:
    manifest, withheld = one.manifest or {}, one.withheld
    facts = [(name, str(manifest[key])) for name, key in (("Scenario", "scenario"), ("Seed", "seed"), ("Run", "run_id"))
             if key in manifest]  # fmt: skip
    facts += [(str(name), str(value)) for name, value in manifest.get("census", [])
              if name in ("Users", "Models", "Requests", "Switched off") and not withheld]  # fmt: skip
    question = str(manifest.get("question", "")).strip()
    return {
        "letter": letter,
        "title": one.title,
        "facts": (facts or [("Folder", str(one.folder))]) + ([("Small cells", withheld)] if withheld else []),
        "question": question,
    }


def _scenario(differing: pd.DataFrame) -> SmallTable:
    rows = [
        [Cell(r["key"]), Cell(_short(r["a"])), Cell(_short(r["b"]))] for r in differing.to_dict("records")
    ]
    return SmallTable(["key", "A", "B"], rows)


def _short(text: str, most: int = 90) -> str:
    return (text if len(text) <= most else text[: most - 1] + "…") or NONE


# --- verdicts


def verdict_words(row: Any, side: str) -> str:
    """A verdict with the difference that it rests on, from a row of `verdict_differences`."""
    said = str(row[f"headline_{side}"])
    if pd.isna(row[f"difference_{side}"]):
        return said
    return f"{said} ({numerals.points(row[f'difference_{side}'])} in month {row[f'month_{side}']:.0f})"


def _verdicts(differences: pd.DataFrame) -> SmallTable:
    rows = []
    for row in differences.to_dict("records"):
        style = "launch" if row["differs"] else ""
        mark = "≠ " if row["differs"] else ""
        sides = [Cell(verdict_words(row, side), style) for side in "ab"]
        rows.append([Cell(f"{mark}{row['model']}", style), *sides])
    note = (
        "In brackets: share of active users of the launch cohort minus that of the cohorts compared with it."
    )
    return SmallTable(["model", "A", "B"], rows, note)


# --- retention


def ordered_models(a: Analysed, b: Analysed, cells: pd.DataFrame) -> dict[str, tuple[Any, Any]]:
    """`panel_models`, those first whose verdicts differ, then those with the larger share of cells that differ."""
    models = panel_models(a, b)
    found = verdict_differences(a, b)
    apart = set(found.loc[found["differs"].astype(bool), "model"])
    share = cells["differs"].astype("float64").groupby(cells["model"]).mean()
    order = sorted(models, key=lambda model: (model not in apart, -share.get(model, 0.0)))
    return {model: models[model] for model in order}


def _panels(a: Analysed, b: Analysed, cells: pd.DataFrame) -> list[PanelPair]:
    models = ordered_models(a, b, cells)
    names = {panel.model: f"({panel.letter}) {panel.name}" for panel in study.REPORT_PANELS}
    charts: list[Cohorts] = []
    for one, side in ((a, 0), (b, 1)):
        table = one.table(TRIANGLES)
        assert table is not None
        for model, launches in models.items():
            start = None if pd.isna(launches[side]) else launches[side]
            charts.append(Cohorts(table[table["model"] == model], start, name=names.get(model, model)))
    charts = list(on_one_scale(charts))
    pairs = zip(models, charts[: len(models)], charts[len(models) :], strict=True)
    return [_panel(model, (left, right), cells) for model, left, right in pairs]


def _panel(model: str, charts: tuple[Cohorts, Cohorts], cells: pd.DataFrame) -> PanelPair:
    own = cells[cells["model"] == model]
    title = charts[0].name
    left, right = (text_alternatives.describe_retention(title, chart.cells, chart.launch) for chart in charts)
    count = int(own["differs"].sum())
    tag = f"{count} of {len(own)} cells differ" if count else ""
    summary = launch_summary(own, charts[0].launch) or "No launch cohort in both at the same age."
    specs = (vega.spec(charts[0]), vega.spec(charts[1]))
    return PanelPair(title, model, summary, specs, (left, right), _triangle(own), tag)


def launch_summary(own: pd.DataFrame, start: Any) -> str:
    """The launch cohort's retention in A and B at the latest of a few ages; empty without such a cell."""
    at = own[(own["cohort"] == start) & own["k"].isin(MONTHS)] if start is not None else own.iloc[:0]
    if at.empty:
        return ""
    row = at.sort_values("k").iloc[-1]
    return (
        f"Launch cohort at month {row['k']}: A {row['retention_a']:.0%}, B {row['retention_b']:.0%}, difference "
        f"{points(row['difference'])} points (95% {points(row['low'])} to {points(row['high'])})."
    )


def points(value: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return f"{_PER_CENT * value:+.0f}".replace("-", "−")


def _triangle(own: pd.DataFrame) -> SmallTable:
    months = range(1, int(own["k"].max()) + 1) if len(own) else range(0)
    rows = []
    for cohort, part in own.groupby("cohort"):
        at = part.set_index("k")
        row = [Cell(f"{cohort:%b %Y}")]
        for k in months:
            row.append(_difference(at.loc[k]) if k in at.index else Cell("", "num"))
        rows.append(row)
    return SmallTable(["cohort", *(str(k) for k in months)], rows)


def _difference(cell: Any) -> Cell:
    text = points(cell["difference"])
    if cell["small"]:
        text = f"({text})"
    if not cell["differs"]:
        return Cell(text, "num small" if cell["small"] else "num")
    up = cell["difference"] > 0
    return Cell(f"{'▲' if up else '▼'} {text}", f"num differs {'more' if up else 'less'}")


# --- exhibits


def _pair(exhibit: Exhibit, a: Analysed, b: Analysed, series: pd.DataFrame) -> Pair:
    frames = (a.table(exhibit.id), b.table(exhibit.id))
    number = Card(exhibit.id, exhibit.title, exhibit.unit).number
    missing = [letter for letter, frame in zip("AB", frames, strict=True) if frame is None]
    own = series[series["exhibit"] == exhibit.id]
    weekly = any(frame is not None and "week" in frame for frame in frames)
    basis = f"mean of the last {LAST_WEEKS} complete weeks" if weekly else "values"
    charts = [exhibit.chart(f) if exhibit.chart and f is not None and len(f) else None for f in frames]
    left, right = (vega.spec(chart) for chart in charts)
    labels = [
        text_alternatives.describe(f, exhibit.formats or guessed(f), exhibit.unit, chart)
        if f is not None
        else ""
        for f, chart in zip(frames, charts, strict=True)
    ]
    apart = int(own["differs"].fillna(False).sum())
    return Pair(
        id=exhibit.id,
        number=number,
        title=exhibit.title,
        unit=exhibit.unit,
        table=_series(own),
        basis=basis,
        specs=(left, right) if exhibit.chart and len(missing) < len(frames) else None,
        stills=(a.figure(exhibit.id), b.figure(exhibit.id)),
        labels=(labels[0], labels[1]),
        tag=f"{apart} of {len(own)} series differ" if apart else "",
        gap=f"not in {' and '.join(missing)}: the log cannot say it" if missing else "",
        height=height_of(left or right),
    )


def _series(own: pd.DataFrame) -> SmallTable:
    rows = []
    for row in own.to_dict("records"):
        differs = row["differs"] is not pd.NA and bool(row["differs"])
        up = row["difference"] > 0
        style = f"num differs {'more' if up else 'less'}" if differs else "num"
        mark = ("▲ " if up else "▼ ") if differs else ""
        rows.append(
            [
                Cell(str(row["series"])),
                Cell(written(row["a"], row["form"]), "num"),
                Cell(written(row["b"], row["form"]), "num"),
                Cell(mark + _signed(row["difference"], row["form"]), style),
                Cell(written(row["ratio"], "number"), "num"),
            ]
        )
    return SmallTable(["series", "A", "B", "B − A", "B / A"], rows)


def _signed(value: float, form: str) -> str:
    text = written(value, form)
    if form == "share":
        text = text.replace("%", " points")
    return ("+" + text if value > 0 else text).replace("-", "−")
