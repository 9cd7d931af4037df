"""A described chart as a matplotlib figure: its size, its title, its panels and the note on its sample."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.report.charts.chart import ACTIVE, Bars, Chart, Cohorts, Lines, Panels, Points, Sheet, Stack
from analysis.report.charts.samples import MONTHS
from analysis.report.figures import bars
from analysis.report.figures.cohorts import draw_cohorts
from analysis.report.figures.points import draw_points
from analysis.report.figures.style import STYLE, Drawn, drawn, note
from analysis.report.figures.weekly import draw_lines, draw_stack

COLUMNS = 2  # of panels on a sheet


def figure(chart: Chart, title: str = "", sample: str = "") -> Figure:
    """The chart as a figure. sample: what it is drawn from, in a line under it."""
    with mpl.rc_context(STYLE):
        if isinstance(chart, Sheet):
            made = _sheet(chart, title)
        elif isinstance(chart, Panels):
            made = _panels(chart, title)
        elif isinstance(chart, Bars) and chart.panels:
            made = bars.panels(chart, title)
        else:
            made = Figure(figsize=_size(chart), layout="constrained")
            axes = made.subplots()
            axes.set_title(title)
            _draw(axes, chart)
        note(made, sample)
    return made


def picture(chart: Chart, title: str = "", sample: str = "") -> Drawn:
    """The chart as the bytes of both files. For a process that is handed a description."""
    return drawn(figure(chart, title, sample))


def _size(chart: Chart) -> tuple[float, float]:
    """Inches."""
    if isinstance(chart, Bars):
        return 9.0, 0.29 * bars.rows_of(chart) + 1.5
    if isinstance(chart, Cohorts):
        return 4.9, 3.5
    if isinstance(chart, Points):
        return 8.2, 5.4
    return 9.0, 4.1 if isinstance(chart, Stack) else 3.7


def _draw(axes: Axes, chart: Chart) -> None:
    if isinstance(chart, Lines):
        draw_lines(axes, chart)
    elif isinstance(chart, Stack):
        draw_stack(axes, chart)
    elif isinstance(chart, Bars):
        bars.draw_bars(axes, chart)
    elif isinstance(chart, Points):
        draw_points(axes, chart)
    elif isinstance(chart, Cohorts):
        draw_cohorts(axes, chart)
        axes.set_xlabel(MONTHS)
        axes.set_ylabel(ACTIVE)


def _panels(chart: Panels, title: str) -> Figure:
    """Charts below each other share their weeks; charts side by side share one legend."""
    count = len(chart.charts)
    if chart.below:
        made = Figure(figsize=(9.6, 6.2), layout="constrained")
        places = made.subplots(count, 1, sharex=True, height_ratios=[2.5] + [1] * (count - 1))
    else:
        made = Figure(figsize=(9.6, 3.9), layout="constrained")
        places = made.subplots(1, count)
    for axes, part, words in zip(places, chart.charts, (title, *chart.titles), strict=True):
        axes.set_title(words)
        _draw(axes, part)
    if not chart.below:
        _one_legend(made, places)
    return made


def _one_legend(made: Figure, places: Sequence[Axes]) -> None:
    """The legends of all axes as one above them."""
    handles: dict[str, Artist] = {}
    for axes in places:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
        found = axes.get_legend()
        if found is not None:
            found.remove()
            axes.set_title(axes.get_title(loc="left"), pad=6)
    if handles:
        made.legend(list(handles.values()), list(handles), loc="outside upper left", ncols=5)


def _sheet(chart: Sheet, title: str) -> Figure:
    rows = -(-len(chart.panels) // COLUMNS)
    made = Figure(figsize=(10.4, 3.15 * rows + 0.9), layout="constrained")
    places = made.subplots(rows, COLUMNS, squeeze=False).flatten()
    for axes, part in zip(places, chart.panels, strict=False):
        draw_cohorts(axes, part)
        axes.set_title(part.name)
    for axes in places[len(chart.panels) :]:
        axes.set_visible(False)
    for axes in places[: len(chart.panels)][-COLUMNS:]:
        axes.set_xlabel("months since first use")
    made.supylabel(ACTIVE, fontsize=10)
    made.suptitle(title, fontsize=12, fontweight="bold", x=0.01, ha="left")
    return made
