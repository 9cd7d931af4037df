"""Figures of content categories."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from analysis import categories
from analysis.figures.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    STYLE,
    VERMILLION,
    YELLOW,
    complete_weeks,
    dates,
    legend_above,
    note,
    percent,
    share_figure,
    span,
)
from analysis.source import Log

# colour and dash of the categories that are usually the largest
CATEGORY_LINES: dict[str, tuple[str, Any]] = {
    "programming": (GREEN, "-"),
    "roleplay": (VERMILLION, "-"),
    "technology": (BLUE, (0, (4, 1.5))),
    "science": (PURPLE, (0, (1.5, 1.2))),
    "translation": (ORANGE, (0, (5, 1, 1, 1))),
}


def programming_share(log: Log) -> Figure:
    """Programming's share of labelled tokens by week with the sample size: C77."""
    frame = complete_weeks(categories.programming_share(log))
    sample = int(frame["labelled_requests"].sum())
    note = f"{sample:,} labelled requests, {span(frame['labelled_requests'].astype(int).tolist())} a week"
    return share_figure(log, frame, "Programming", "share of labelled tokens", GREEN, note)


def category_shares(log: Log) -> Figure:
    """Shares of the five largest categories in labelled tokens by week: C77, C78."""
    frame = complete_weeks(categories.weekly_shares(log))
    frame = frame[frame["category"] != categories.OTHER]
    largest = frame.groupby("category")["tokens"].sum().nlargest(5).index
    spare = iter([(BLACK, "-"), (SKY, "-"), (GREY, (0, (4, 1.5))), (YELLOW, "-"), (BLACK, (0, (1.5, 1.2)))])
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.8), layout="constrained")
        axes = figure.subplots()
        for name in largest:
            colour, dash = CATEGORY_LINES.get(name) or next(spare)
            part = frame[frame["category"] == name]
            axes.plot(part["week"], part["share"], color=colour, linestyle=dash, label=name)
        axes.set_title("Largest categories", pad=24)
        percent(axes, "share of labelled tokens")
        axes.set_ylim(0, None)
        legend_above(axes)
        dates(axes)
        sample = frame.groupby("week")["labelled_requests"].max()
        note(
            figure,
            f"{log.name}: {int(sample.sum()):,} labelled requests, {span(sample.astype(int).tolist())} a week",
        )
    return figure
