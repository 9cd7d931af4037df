"""Points on two logarithmic axes, drawn with matplotlib."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter, StrMethodFormatter

from analysis.report.charts.chart import Points
from analysis.report.charts.palette import GREY, INK
from analysis.report.figures.labels import name_points
from analysis.report.figures.style import in_legend, nothing, short

MARKERS = "os^DPv"
"""By series, so that colour alone does not tell them apart."""
FEW = 20  # points that are drawn large
MOST_IN_LEGEND = 5  # more series than this are told by the names of their points


def draw_points(axes: Axes, chart: Points) -> None:
    """Draw points, the names of some, and what they are held against."""
    rows, x, y = chart.shown, chart.x.column, chart.y.column
    axes.set_xlabel(chart.x.title)
    axes.set_ylabel(chart.y.title)
    if rows.empty:
        nothing(axes)
        return
    series = chart.series.within(rows)
    listed = len(series.order) <= MOST_IN_LEGEND
    look = (
        {"s": 70, "edgecolor": INK, "linewidth": 0.6}
        if len(rows) < FEW
        else {"s": 22, "alpha": 0.75, "linewidth": 0}
    )
    for at, key in enumerate(series.order):
        part = rows[rows[series.column] == key]
        axes.scatter(part[x], part[y], color=series.colour(key), marker=MARKERS[at % len(MARKERS)] if listed else "o",
                     label=f"{in_legend(series.name(key))} (n={len(part)})", zorder=3, **look)  # fmt: skip
    _axes(axes, rows[x], rows[y])
    if chart.cuts is not None:
        axes.axvline(chart.cuts[0], color=GREY, linestyle=(0, (4, 2)), linewidth=1.0)
        axes.axhline(chart.cuts[1], color=GREY, linestyle=(0, (4, 2)), linewidth=1.0)
    for (right, upper), name in chart.corners.items():
        axes.text(0.985 if right else 0.015, 0.975 if upper else 0.025, name, transform=axes.transAxes,
                  ha="right" if right else "left", va="top" if upper else "bottom", color="#666666",
                  fontsize=9, style="italic")  # fmt: skip
    if chart.line is not None:
        line = chart.line
        axes.fill_between(line["x"], line["low"], line["high"], color=INK, alpha=0.12, linewidth=0)
        axes.plot(line["x"], line["y"], color=INK, linewidth=1.6)
    named = rows if chart.named is None else rows[rows[chart.label].isin(chart.named)]
    if chart.ringed:
        axes.scatter(named[x], named[y], s=90, facecolor="none", edgecolor=INK, linewidth=1.3, zorder=4)
    if chart.caption:
        axes.set_title(axes.get_title(loc="left"), pad=20)
        axes.text(0, 1.015, chart.caption, transform=axes.transAxes, va="bottom", fontsize=8.5)
    name_points(axes, _spots(named, x, y), named[chart.label].tolist(), _spots(rows, x, y))
    if listed:
        axes.legend(loc="lower left")


def _axes(axes: Axes, x: pd.Series, y: pd.Series) -> None:
    """Logarithmic axes with room around the points: dollars across, tokens up."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.grid(axis="x", visible=True)
    dollars = StrMethodFormatter("${x:,.3g}")
    axes.xaxis.set_major_formatter(dollars)
    axes.xaxis.set_minor_formatter(dollars if x.max() < 8 * x.min() else NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(short))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(float(x.min()) * 0.72, float(x.max()) * 1.5)
    axes.set_ylim(float(y.min()) * 0.5, float(y.max()) * 2.5)


def _spots(rows: pd.DataFrame, x: str, y: str) -> list[tuple[float, float]]:
    return list(zip(rows[x], rows[y], strict=True))
