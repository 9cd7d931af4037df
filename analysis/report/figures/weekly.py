"""Lines and stacks by week, drawn with matplotlib."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.report.charts.chart import Guide, Lines, Stack
from analysis.report.charts.palette import BLACK, GREY, ORANGE
from analysis.report.figures.labels import end_values
from analysis.report.figures.style import dates, in_form, in_legend, legend, nothing, number_axis

WEEK = pd.Timedelta(days=7)
ROOM = 1.12  # above the largest value
LEAST_END = 0.05  # of the axis: lines that end below have no value beside them
LEAST_TOP = 0.02  # of an axis of shares


def draw_lines(axes: Axes, chart: Lines) -> None:
    """Draw lines by week; a missing value leaves a gap."""
    if chart.shown.empty:
        nothing(axes)
        return
    parts = _plot(axes, chart)
    _marks(axes, chart)
    _guide(axes, chart.guide)
    number_axis(axes.yaxis, chart.value)
    top = _top(chart)
    axes.set_ylim(0, top)
    dates(axes)
    if chart.twin is not None:
        right = axes.twinx()
        _plot(right, chart.twin)
        number_axis(right.yaxis, chart.twin.value)
        right.set_ylim(0, _top(chart.twin))
        right.grid(visible=False)
        legend(axes, right)
    else:
        legend(axes)
    if chart.ends == "last":
        lasts = [(part.iloc[-1], colour) for part, colour in parts]
        end_values(axes, [(week, end, in_form(end, chart.value.form), colour)
                          for (week, end), colour in lasts if end >= LEAST_END * top])  # fmt: skip
    elif chart.ends == "both":
        part, colour = parts[0]
        for (week, value), side in ((part.iloc[0], "left"), (part.iloc[-1], "right")):
            axes.annotate(in_form(value, chart.value.form), (week, value), xytext=(0, 7), ha=side,
                          textcoords="offset points", fontweight="bold", color=colour,
                          bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.4})  # fmt: skip


def _plot(axes: Axes, chart: Lines) -> list[tuple[pd.DataFrame, str]]:
    """The lines; returns of each the weeks that have a value with the values, and its colour."""
    column, series = chart.value.column, chart.series
    how: dict[str, Any] = {"drawstyle": "steps-post"} if chart.steps else {}
    if series is None:
        rows = chart.drawn
        axes.plot(rows["week"], rows[column], color=chart.colour, linewidth=2.2, **how)
        _lone(axes, rows, column, chart.colour)
        if chart.value.form == "share":
            axes.fill_between(rows["week"], rows[column], color=chart.colour, alpha=0.12, linewidth=0)
        return [(chart.shown[["week", column]], chart.colour)]
    known, drawn, parts = series.within(chart.shown), chart.drawn, []
    for key in known.order[: chart.most]:
        part = drawn[drawn[series.column] == key]
        axes.plot(
            part["week"], part[column], color=known.colour(key), label=in_legend(series.name(key)),
            linestyle=_dash(series.dashes.get(key, ())), linewidth=2.6 if key == series.wide else 1.8, **how,
        )  # fmt: skip
        _lone(axes, part, column, known.colour(key))
        parts.append((part.loc[part[column].notna(), ["week", column]], known.colour(key)))
    return parts


def _lone(axes: Axes, rows: pd.DataFrame, column: str, colour: str) -> None:
    """A point for each value that has no line."""
    alone = rows[rows["alone"]]
    if alone.empty:
        return
    axes.plot(alone["week"], alone[column], color=colour, linestyle="", marker="o", markersize=3.5)


def _dash(pattern: Any) -> Any:
    """A pattern in pixels as one in widths of the line."""
    return (0, tuple(length / 1.5 for length in pattern)) if any(pattern[1:]) else "-"


def _top(chart: Lines) -> float:
    """End of the y axis: room above the lines and what they are held against; for names of marks, too."""
    largest = float(chart.shown[chart.value.column].max())
    if chart.guide is not None:
        largest = max(largest, chart.guide.high or chart.guide.low)
    if chart.value.form != "share":
        return largest * ROOM if largest > 0 else 1.0
    return 1.0 if chart.marks else min(1.0, max(largest * ROOM, LEAST_TOP))


def _marks(axes: Axes, chart: Lines) -> None:
    """Dashed lines at the weeks in which something happened, each with its name."""
    if not chart.marks:
        return
    named = chart.weeks[chart.weeks[chart.marks] != ""].drop_duplicates("week")
    for week, name in zip(named["week"], named[chart.marks], strict=True):
        axes.axvline(week, color=GREY, linestyle=(0, (3, 2)), linewidth=0.9, zorder=1)
        axes.text(week, 0.98, f"{name} ", rotation=90, va="top", ha="right", fontsize=7.5,
                  color="#555555", transform=axes.get_xaxis_transform(),
                  bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.4})  # fmt: skip


def _guide(axes: Axes, guide: Guide | None) -> None:
    """A dashed line or a band across the axes, named in the legend."""
    if guide is None:
        return
    if guide.high is None:
        axes.axhline(guide.low, color=BLACK, linewidth=1.0, linestyle=(0, (4, 2)), label=guide.text)
    else:
        axes.axhspan(guide.low, guide.high, color=ORANGE, alpha=0.18, linewidth=0, label=guide.text)


def draw_stack(axes: Axes, chart: Stack) -> None:
    """Draw values by week that stand on each other, each as wide as its week; a week without any is left empty."""
    rows, column = chart.shown, chart.value.column
    if rows.empty:
        nothing(axes)
        return
    series = chart.series.within(rows)
    table = rows.pivot(index="week", columns=series.column, values=column)[list(series.order)]
    weeks = pd.date_range(table.index.min(), table.index.max() + WEEK, freq=WEEK)
    heights = table.fillna(0.0).reindex(weeks)
    heights.iloc[-1] = heights.iloc[-2]  # the last week ends there
    axes.stackplot(
        weeks.to_numpy(), [heights[key].to_numpy(dtype=float) for key in series.order],
        labels=[in_legend(series.name(key)) for key in series.order],
        colors=[series.colour(key) for key in series.order], step="post", linewidth=0.3, edgecolor="white",
    )  # fmt: skip
    _guide(axes, chart.guide)
    largest = float(table.sum(axis=1).max())
    full = chart.value.form == "share" and np.isclose(largest, 1)
    axes.set_ylim(0, 1 if full else largest * ROOM if largest > 0 else 1)
    number_axis(axes.yaxis, chart.value)
    dates(axes)
    legend(axes, upwards=True)
