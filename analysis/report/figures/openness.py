"""Figures of open against closed models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from analysis.contract import SIZE_CLASSES
from analysis.queries import openness, usage
from analysis.queries import weekly as step
from analysis.queries.weekly import complete_weeks, weeks_of
from analysis.report.figures import samples
from analysis.report.figures.palette import (
    CATEGORY_COLOURS,
    GREY,
    INK,
    MODEL_COLOURS,
    ORANGE,
    PALE,
    PURPLE,
    SIZE_COLOURS,
    SIZE_NAMES,
    SOURCE_COLOURS,
    SOURCE_NAMES,
)
from analysis.report.figures.scales import token_scale
from analysis.report.figures.style import (
    STYLE,
    dates,
    legend_above,
    legend_beside,
    note,
    percent,
    release_marks,
    stacked,
)
from analysis.sources.log import Log
from analysis.study import CATEGORY_WINDOW, MAIN_WINDOW, RELEASE_MARKERS

_DASHES: dict[str, Any] = {"large": "-", "medium": (0, (5, 1.5)), "small": (0, (1.5, 1.2))}  # of size classes


def open_and_closed(log: Log) -> Figure:
    """Shares of open and closed models in all tokens by week, with release markers: C12 to C22."""
    frame = weeks_of(log, openness.weekly_shares(log), MAIN_WINDOW)
    opened = weeks_of(log, openness.open_share(log), MAIN_WINDOW)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 4.3), layout="constrained")
        axes = figure.subplots()
        axes.plot(opened["week"], opened["share"], color=INK, linewidth=2.6, label="all open models")
        dashes: dict[str, Any] = {"row-open": (0, (4, 1.5)), "closed": "-", "cn-closed": (0, (1.5, 1.2))}
        for kind in ("cn-open", "row-open", "closed", "cn-closed", "unknown"):
            part = frame[frame["source_type"] == kind]
            if len(part):
                colour = GREY if kind == "closed" else SOURCE_COLOURS[kind]
                axes.plot(
                    part["week"],
                    part["share"],
                    color=colour,
                    linestyle=dashes.get(kind, "-"),
                    label=SOURCE_NAMES[kind],
                )
        axes.set_ylim(0, 1)
        percent(axes, "share of the week's tokens")
        axes.set_title("Open and closed models", pad=24)
        release_marks(axes, log, RELEASE_MARKERS)
        legend_above(axes)
        dates(axes)
        note(figure, samples.weekly_shares(log))
    return figure


def tokens_by_source(log: Log) -> Figure:
    """Weekly tokens by source type, stacked: C23."""
    frame = weeks_of(log, openness.weekly_shares(log), MAIN_WINDOW)
    order = [kind for kind in SOURCE_COLOURS if kind in set(frame["source_type"])]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.9), layout="constrained")
        axes = figure.subplots()
        largest = frame.groupby("week")["tokens"].sum().max() if len(frame) else 1
        scale, unit = token_scale(float(largest))
        stacked(axes, frame, "source_type", "tokens", order, SOURCE_COLOURS, SOURCE_NAMES, scale)
        axes.set_ylabel(f"tokens a week ({unit})")
        axes.set_title("Tokens by openness and origin of the model")
        handles, labels = axes.get_legend_handles_labels()
        axes.legend(handles[::-1], labels[::-1], loc="upper left")
        dates(axes)
        note(figure, samples.weekly_shares(log))
    return figure


def open_authors(log: Log) -> Figure:
    """Tokens of open models by author over the report's main window: C24 to C26."""
    window = step.window_of(log, MAIN_WINDOW)
    frame = usage.open_authors(log, window).head(12).iloc[::-1]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 0.29 * len(frame) + 1.4), layout="constrained")
        axes = figure.subplots()
        scale, unit = token_scale(frame["tokens"].max() if len(frame) else 1)
        colours = [SOURCE_COLOURS["row-open" if origin == "RoW" else "cn-open"] for origin in frame["origin"]]
        bars = axes.barh(frame["author"], frame["tokens"] * scale, color=colours, height=0.72)
        axes.bar_label(
            bars, labels=[f"{value:,.3g}" for value in frame["tokens"] * scale], padding=3, fontsize=8.5
        )
        axes.set_xlabel(f"tokens ({unit})")
        axes.set_title("Tokens of open models by author")
        axes.grid(axis="y", visible=False)
        axes.margins(x=0.1)
        keys = [
            Patch(color=SOURCE_COLOURS[kind], label=SOURCE_NAMES[kind]) for kind in ("cn-open", "row-open")
        ]
        axes.legend(handles=keys, loc="lower right")
        note(figure, samples.open_authors(log))
    return figure


def open_models(log: Log) -> Figure:
    """Shares of the 15 largest open models in the open models' tokens by week, and the concentration: C27 to C34."""
    frame = complete_weeks(openness.top_models(log, step.window_of(log, MAIN_WINDOW)))
    order = list(dict.fromkeys(frame["model"]))
    names = dict(zip(frame["model"], frame["name"], strict=True))
    colours = dict(zip(order, MODEL_COLOURS, strict=False))
    colours[openness.REST] = PALE
    weeks = frame.drop_duplicates("week")
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 6.2), layout="constrained")
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2.5, 1))
        stacked(top, frame, "model", "share", order, colours, names)
        top.set_ylim(0, 1)
        percent(top, "share of open models' tokens")
        top.set_title("The 15 largest open models")
        legend_beside(top)
        bottom.plot(weeks["week"], weeks["hhi"], color=INK, linewidth=2.2, label="concentration (HHI), left")
        bottom.plot(
            weeks["week"], weeks["top_share"], color=ORANGE, linestyle=(0, (4, 1.5)),
            label="share of the largest, left",
        )  # fmt: skip
        bottom.set_ylim(0, None)
        bottom.set_ylabel("0 to 1")
        count = bottom.twinx()
        count.plot(
            weeks["week"], weeks["leading_models"], color=PURPLE, linewidth=1.2, drawstyle="steps-mid",
            label="models with at least 5%, right",
        )  # fmt: skip
        count.set_ylim(0, None)
        count.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))
        count.grid(visible=False)
        count.set_ylabel("models")
        handles = [*bottom.get_legend_handles_labels()[0], *count.get_legend_handles_labels()[0]]
        bottom.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.07, 1.0))
        dates(bottom)
        note(figure, samples.open_models(log))
    return figure


def size_classes(log: Log) -> Figure:
    """Shares of the size classes in the open models' tokens by week: C35 to C37."""
    frame = weeks_of(log, openness.weekly_sizes(log), MAIN_WINDOW)
    order = [kind for kind in ("large", "medium", "small", "unknown") if kind in set(frame["size_class"])]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.7), layout="constrained")
        axes = figure.subplots()
        stacked(axes, frame, "size_class", "share", order, SIZE_COLOURS, SIZE_NAMES)
        axes.set_ylim(0, 1)
        axes.set_title("Open models by size", pad=24)
        percent(axes, "share of open models' tokens")
        legend_above(axes)
        dates(axes)
        note(figure, samples.size_classes(log))
    return figure


def size_leaders(log: Log) -> Figure:
    """The leading model's share of each size class of open models by week: C37, C39 to C41."""
    frame = weeks_of(log, openness.size_leaders(log), MAIN_WINDOW)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.4), layout="constrained")
        axes = figure.subplots()
        for kind in (*reversed(SIZE_CLASSES), "unknown"):
            part = frame[frame["size_class"] == kind]
            if len(part):
                axes.plot(
                    part["week"], part["leader_share"], color=SIZE_COLOURS[kind], linestyle=_DASHES.get(kind, "-"),
                    label=SIZE_NAMES[kind],
                )  # fmt: skip
        axes.set_ylim(0, 1)
        axes.set_title("The leading open model of each size", pad=24)
        percent(axes, "share of the size's tokens")
        legend_above(axes)
        dates(axes)
        note(figure, samples.size_leaders(log))
    return figure


def available_models(log: Log) -> Figure:
    """Open models on offer by week and size class: C38."""
    frame = weeks_of(log, openness.available_models(log), MAIN_WINDOW)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.4), layout="constrained")
        axes = figure.subplots()
        for kind in (*reversed(SIZE_CLASSES), "unknown"):
            part = frame[frame["size_class"] == kind]
            if len(part):
                axes.plot(
                    part["week"], part["models"], color=SIZE_COLOURS[kind], linestyle=_DASHES.get(kind, "-"),
                    drawstyle="steps-post", label=SIZE_NAMES[kind],
                )  # fmt: skip
        axes.set_ylim(0, None)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylabel("models on offer")
        axes.set_title("Open models on offer by size", pad=24)
        legend_above(axes)
        dates(axes)
        note(figure, samples.available_models(log))
    return figure


def open_categories(log: Log) -> Figure:
    """What open models are used for, by week: C42 to C45."""
    return _mix(log, openness.OPEN_TYPES, "What open models are used for", "open models")


def cn_categories(log: Log) -> Figure:
    """What open models developed in China are used for, by week: C46 to C48."""
    return _mix(log, ("cn-open",), "What open models from China are used for", "open models from China")


def _mix(log: Log, source_types: Sequence[str], title: str, whose: str) -> Figure:
    frame = weeks_of(log, openness.category_mix(log, source_types), CATEGORY_WINDOW)
    sums = frame.groupby("category")["tokens"].sum()
    order = sorted(sums.index, key=lambda name: (name == "other", -sums[name]))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 4.3), layout="constrained")
        axes = figure.subplots()
        stacked(axes, frame, "category", "share", order, CATEGORY_COLOURS, {})
        axes.set_title(title)
        percent(axes, f"share of labelled tokens of {whose}")
        legend_beside(axes)
        dates(axes)
        note(figure, samples.category_mix(log, source_types))
    return figure


def programming_sources(log: Log) -> Figure:
    """Whose models serve programming, by week: shares of all tokens of it and of the open models': C49 to C52."""
    frame = weeks_of(log, openness.category_sources(log, "programming"), CATEGORY_WINDOW)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 3.9), layout="constrained")
        left, right = figure.subplots(1, 2)
        _sources(left, frame, "share")
        left.set_title("Programming, all models")
        percent(left, "share of labelled programming tokens")
        opened = frame[frame["source_type"].isin(openness.OPEN_TYPES)]
        _sources(right, opened, "share_of_open")
        right.set_title("Programming, open models only")
        percent(right, "share of open models' programming tokens")
        handles, labels = left.get_legend_handles_labels()
        if handles:
            figure.legend(handles, labels, loc="outside upper left", ncols=5)
        note(figure, samples.category_sources(log, "programming"))
    return figure


def roleplay_sources(log: Log) -> Figure:
    """Whose models serve roleplay, by week: C53 to C55."""
    frame = weeks_of(log, openness.category_sources(log, "roleplay"), CATEGORY_WINDOW)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.9), layout="constrained")
        axes = figure.subplots()
        _sources(axes, frame, "share")
        axes.set_title("Roleplay", pad=24)
        percent(axes, "share of labelled roleplay tokens")
        legend_above(axes)
        note(figure, samples.category_sources(log, "roleplay"))
    return figure


def _sources(axes: Axes, frame: pd.DataFrame, value: str) -> None:
    order = [kind for kind in SOURCE_COLOURS if kind in set(frame["source_type"])]
    stacked(axes, frame, "source_type", value, order, SOURCE_COLOURS, SOURCE_NAMES)
    axes.set_ylim(0, 1)
    dates(axes)
