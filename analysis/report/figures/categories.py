"""Figures of content categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from analysis.queries import categories
from analysis.queries.weekly import weeks_of, window_of
from analysis.report.figures import samples
from analysis.report.figures.palette import (
    AUTHOR_COLOURS,
    AUTHOR_NAMES,
    BLACK,
    BLUE,
    CATEGORY_COLOURS,
    GREEN,
    GREY,
    PALE,
)
from analysis.report.figures.style import STYLE, dates, in_legend, note, percent, share_figure
from analysis.sources.log import Log
from analysis.study import CATEGORY_WINDOW, NEXT_CATEGORIES, TOP_CATEGORIES


def programming_share(log: Log) -> Figure:
    """Programming's share of labelled tokens by week with the sample size: C77."""
    frame = weeks_of(log, categories.programming_share(log), CATEGORY_WINDOW)
    return share_figure(
        frame, "Programming", "share of labelled tokens", GREEN, samples.programming_share(log)
    )


def author_spend(log: Log) -> Figure:
    """Shares of the authors in the spend on programming by week, xAI left out: C79 to C85."""
    frame = categories.named_authors(weeks_of(log, categories.weekly_author_spend(log), CATEGORY_WINDOW))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 4.4), layout="constrained")
        axes = figure.subplots()
        _bars_by_week(axes, frame, "author", list(AUTHOR_COLOURS), AUTHOR_COLOURS, AUTHOR_NAMES)
        axes.axhline(0.6, color=BLACK, linewidth=1.0, linestyle=(0, (4, 2)))
        axes.set_title("Spend on programming by author of the model, xAI left out")
        percent(axes, "share of the week's spend")
        note(figure, samples.author_spend(log))
    return figure


def author_mix(log: Log, author: str) -> Figure:
    """What the tokens of an author's models are used for, by week: C98 to C108."""
    frame = categories.weekly_author_mix(log)
    frame = weeks_of(log, frame[frame["author"] == author], CATEGORY_WINDOW)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 4.0), layout="constrained")
        axes = figure.subplots()
        _bars_by_week(axes, frame, "category", list(CATEGORY_COLOURS), CATEGORY_COLOURS, {})
        axes.set_title(f"{AUTHOR_NAMES.get(author, author)}: categories of the tokens")
        percent(axes, "share of the author's labelled tokens")
        note(figure, samples.author_mix(log, author))
    return figure


def top_subtags(log: Log) -> Figure:
    """Sub-tags within the six largest categories: C86 to C90."""
    return _subtag_panels(log, TOP_CATEGORIES, "Sub-tags within the six largest categories")


def next_subtags(log: Log) -> Figure:
    """Sub-tags within the next six categories: C91 to C94."""
    return _subtag_panels(log, NEXT_CATEGORIES, "Sub-tags within the next six categories")


def category_subtags(log: Log, category: str) -> Figure:
    """All sub-tags of one category: C86, C87, C95, C96."""
    frame = categories.subtags(log, window_of(log, CATEGORY_WINDOW))
    part = frame[frame["category"] == category]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 0.3 * max(len(part), 2) + 1.3), layout="constrained")
        _subtag_bars(figure.subplots(), part, category, most=len(part))
        note(figure, samples.subtags(log, [category]))
    return figure


def _subtag_panels(log: Log, shown: Sequence[str], title: str) -> Figure:
    frame = categories.subtags(log, window_of(log, CATEGORY_WINDOW))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10.4, 7.2), layout="constrained")
        for axes, category in zip(figure.subplots(3, 2).flat, shown, strict=True):
            _subtag_bars(axes, frame[frame["category"] == category], category, most=5, rows=6)
        figure.suptitle(title, fontsize=12, fontweight="bold", x=0.01, ha="left")
        note(figure, samples.subtags(log, shown))
    return figure


def _subtag_bars(axes: Axes, part: pd.DataFrame, category: str, most: int, rows: int = 1) -> None:
    """Shares of the largest sub-tags as bars from the top down; the rest is added up. rows: room for as many bars."""
    if part.empty:
        axes.set_axis_off()
        axes.set_title(category)
        axes.text(0.5, 0.5, "none in this log", transform=axes.transAxes, ha="center", color=GREY)
        return
    names, shares = part["subtag"].tolist(), part["share"].tolist()
    if len(names) > most:
        names, shares = [*names[:most], f"{len(names) - most} more"], [*shares[:most], sum(shares[most:])]
    colours = [CATEGORY_COLOURS.get(category, BLUE)] * len(names)
    if len(part) > most:
        colours[-1] = PALE
    places = range(len(names))
    bars = axes.barh(places, shares, color=colours, height=0.72)
    axes.set_yticks(places, [_shortened(name, 38 if rows > 1 else 60) for name in names], fontsize=8)
    axes.set_ylim(max(len(names), rows) - 0.5, -0.5)
    axes.bar_label(bars, labels=[f"{value:.1%}" for value in shares], padding=3, fontsize=8)
    axes.set_xlim(0, min(1.15, max(shares) * 1.18))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)
    requests, entropy = int(part["category_requests"].iloc[0]), part["entropy_bits"].iloc[0]
    axes.set_title(f"{category}  (n={requests:,}, {entropy:.2f} bits)", fontsize=9)


def _shortened(name: str, most: int) -> str:
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"


def _bars_by_week(
    axes: Axes,
    frame: pd.DataFrame,
    kind: str,
    order: Sequence[str],
    colours: Mapping[str, str],
    names: Mapping[str, str],
) -> None:
    """Shares by week as bars that stand on each other, with a legend in the same order from the top down."""
    table = frame.pivot(index="week", columns=kind, values="share").fillna(0.0)
    base = pd.Series(0.0, index=table.index)
    for key in (key for key in order if key in table):
        axes.bar(table.index, table[key], bottom=base, width=6.3, color=colours[key],
                 label=in_legend(names.get(key, key)), edgecolor="white", linewidth=0.3)  # fmt: skip
        base = base + table[key]
    axes.set_ylim(0, 1)
    dates(axes)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5), labelspacing=0.35)
