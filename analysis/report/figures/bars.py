"""Horizontal bars, drawn with matplotlib: on one axis, or a panel for each series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.report.charts.chart import Bars
from analysis.report.charts.palette import BLUE, INK, PALE
from analysis.report.figures.style import in_form, in_legend, legend, nothing, number_axis, shortened

COLUMNS = 2
MOST_LETTERS = 38  # of a name beside a panel


def rows_of(chart: Bars) -> int:
    """How many labels one below the other the chart has."""
    return max(2, int(chart.shown[chart.label].nunique()))


def draw_bars(axes: Axes, chart: Bars) -> None:
    """Draw bars from the top down, with their values where each label has one."""
    rows = chart.shown
    if rows.empty:
        nothing(axes)
        return
    labels = list(dict.fromkeys(rows[chart.label]))
    at = {label: float(place) for place, label in enumerate(labels)}
    groups: dict[str, Any] = {"": rows}
    if chart.series is not None:
        groups = {key: rows[rows[chart.series.column] == key] for key in chart.series.within(rows).order}
    lanes = len(groups) if chart.beside else 1
    for lane, (key, part) in enumerate(groups.items()):
        shift = 0.76 / lanes * (lane - (lanes - 1) / 2) if chart.beside else 0.0
        places = [at[label] + shift for label in part[chart.label]]
        _bars(axes, chart, key, part, places, height=0.74 / lanes, values=not chart.beside)
    _axes(axes, chart, labels, len(labels))
    if (rows[chart.value.column] < 0).any():
        axes.axvline(0, color=INK, linewidth=0.8)
    if chart.beside:
        legend(axes)
    elif len(groups) > 1:
        axes.legend(loc="lower right")


def panels(chart: Bars, title: str) -> Figure:
    """A figure with a panel for each series, in their order. What a panel has no room for is added up in its last bar.
    Panels whose bars stand beside each other on the page have one scale."""
    assert chart.series is not None
    kind, value = chart.series.column, chart.value.column
    parts = {key: _room(chart, chart.rows[chart.rows[kind] == key]) for key in chart.series.order}
    tall, columns = max(map(len, parts.values())), min(COLUMNS, len(parts))
    rows = -(-len(parts) // columns)
    size = 9.0 if columns == 1 else 10.4, rows * (0.24 * max(tall, 4) + 0.85) + 0.6
    figure = Figure(figsize=size, layout="constrained")
    places = figure.subplots(rows, columns, squeeze=False, sharex=chart.beside).flatten()
    for axes, (key, part) in zip(places, parts.items(), strict=False):
        axes.set_title(chart.heads.get(key, chart.series.name(key)), fontsize=9.5)
        if part.empty:
            nothing(axes)
            continue
        _bars(axes, chart, key, part, range(len(part)))
        letters = MOST_LETTERS * COLUMNS // columns
        _axes(axes, chart, [shortened(name, letters) for name in part[chart.label]], tall)
        axes.tick_params(axis="y", labelsize=8)
        axes.set_xlabel("")
        if not chart.beside:
            largest = float(part[value].max())
            axes.set_xlim(0, largest * 1.18 if largest > 0 else 1)  # not if no value is known
    for axes in places[len(parts) :]:
        axes.set_visible(False)
    figure.suptitle(title, fontsize=12, fontweight="bold", x=0.01, ha="left")
    return figure


def _room(chart: Bars, part: pd.DataFrame) -> pd.DataFrame:
    """The rows that a panel has room for, the last one for all that are beyond."""
    if chart.most is None or len(part) <= chart.most:
        return part
    kept, rest = part.head(chart.most - 1), part.iloc[chart.most - 1 :]
    last = rest.head(1).assign(rest=True)
    last[chart.label], last[chart.value.column] = f"{len(rest)} more", rest[chart.value.column].sum()
    return pd.concat([kept.assign(rest=False), last])


def _bars(
    axes: Axes,
    chart: Bars,
    key: str,
    part: pd.DataFrame,
    places: Sequence[float],
    height: float = 0.74,
    values: bool = True,
) -> None:
    """The bars of one series, pale where they matter less, with their values beside them."""
    own, name = (
        (chart.series.colour(key), in_legend(chart.series.name(key))) if chart.series else (BLUE, None)
    )
    pale = part.get(chart.pale or "rest", pd.Series(False, index=part.index))
    colours = [PALE if flag else own for flag in pale]
    drawn = axes.barh(places, part[chart.value.column], height=height, color=colours, label=name)
    if values:
        known = part[chart.value.column]
        texts = ["" if pd.isna(value) else in_form(value, chart.value.form, 1) for value in known]
        axes.bar_label(drawn, labels=texts, padding=3, fontsize=8)


def _axes(axes: Axes, chart: Bars, labels: list[str], room: int) -> None:
    """The labels, the first at the top, with room for so many; and the axis of the values."""
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(max(room, len(labels)) - 0.5, -0.5)
    number_axis(axes.xaxis, chart.value)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)
    axes.margins(x=0.1)
