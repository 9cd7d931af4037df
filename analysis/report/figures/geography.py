"""Figures of where use comes from."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from analysis.queries import geography
from analysis.queries.weekly import weeks_of
from analysis.report.figures import samples
from analysis.report.figures.labels import end_values
from analysis.report.figures.palette import CONTINENT_COLOURS, INK
from analysis.report.figures.style import STYLE, dates, in_legend, note, percent
from analysis.sources.log import Log
from analysis.study import MAIN_WINDOW

_DASHES: dict[str, Any] = {
    "Europe": (0, (4, 1.5)),
    "South America": (0, (1.5, 1.2)),
    "Oceania": (0, (5, 1, 1, 1)),
    geography.UNKNOWN: (0, (1.5, 1.2)),
}


def spend_by_continent(log: Log) -> Figure:
    """Shares of the continents in the week's spend: C109 to C111."""
    frame = weeks_of(log, geography.weekly_spend(log), MAIN_WINDOW)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 4.0), layout="constrained")
        axes = figure.subplots()
        ends: list[tuple[Any, float, str, str]] = []
        for name in frame["continent"].unique():
            part = frame[frame["continent"] == name]
            colour, dash = CONTINENT_COLOURS.get(name, INK), _DASHES.get(name, "-")
            axes.plot(part["week"], part["share"], color=colour, linestyle=dash, label=in_legend(name))
            last = part["share"].dropna().tail(1)
            if len(last) and last.iloc[0] >= 0.05:
                end = float(last.iloc[0])
                ends.append((part["week"].loc[last.index[0]], end, f"{end:.0%}", colour))
        axes.set_title("Spend by continent of the billing address", pad=24)
        axes.set_ylim(0, None)
        percent(axes, "share of the week's spend")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=7, borderaxespad=0.2, columnspacing=1.2)
        dates(axes)
        end_values(axes, ends)
        note(figure, samples.spend_by_continent(log))
    return figure
