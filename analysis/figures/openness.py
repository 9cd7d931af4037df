"""Figures of open against closed models."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from analysis import openness, usage
from analysis.figures.style import (
    INK,
    SOURCE_COLOURS,
    SOURCE_NAMES,
    STYLE,
    complete_weeks,
    dates,
    legend_above,
    main_window,
    percent,
    release_marks,
    sample,
    token_scale,
)
from analysis.source import Log
from analysis.study import RELEASE_MARKERS


def open_and_closed(log: Log) -> Figure:
    """Weekly tokens by source type, stacked, and the shares of open models, with release markers: C12 to C23."""
    frame = complete_weeks(openness.weekly_shares(log))
    tokens = frame.pivot(index="week", columns="source_type", values="tokens").fillna(0)
    shares = frame.pivot(index="week", columns="source_type", values="share")
    order = [kind for kind in SOURCE_COLOURS if kind in tokens.columns]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 6.6), layout="constrained")
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(1.15, 1))
        scale, unit = token_scale(tokens.sum(axis=1).max())
        top.stackplot(
            tokens.index, [tokens[kind] * scale for kind in order], labels=[SOURCE_NAMES[k] for k in order],
            colors=[SOURCE_COLOURS[k] for k in order], linewidth=0.3, edgecolor="white",
        )  # fmt: skip
        top.set_ylabel(f"tokens a week ({unit})")
        top.set_title("Tokens by openness and origin of the model")
        handles, labels = top.get_legend_handles_labels()
        top.legend(handles[::-1], labels[::-1], loc="upper left")
        opened = complete_weeks(openness.open_share(log))
        bottom.plot(opened["week"], opened["share"], color=INK, linewidth=2.4, label="all open models")
        for kind, dash in (("cn-open", "-"), ("row-open", (0, (4, 1.5)))):
            if kind in shares:
                bottom.plot(
                    shares.index,
                    shares[kind],
                    color=SOURCE_COLOURS[kind],
                    linestyle=dash,
                    label=SOURCE_NAMES[kind],
                )
        bottom.set_ylim(0, min(1.0, max(0.05, float(opened["share"].max()) * 1.45)) if len(opened) else 1)
        percent(bottom, "share of the week's tokens")
        release_marks(bottom, log, RELEASE_MARKERS)
        legend_above(bottom)
        dates(bottom)
        sample(figure, log, frame)
    return figure


def open_authors(log: Log) -> Figure:
    """Tokens of open models by author over the report's main window: C24 to C26."""
    window = main_window(log)
    frame = usage.by_author(log, True, window)
    frame = frame.groupby("author", as_index=False).agg(tokens=("tokens", "sum"), origin=("origin", "first"))
    frame = frame.sort_values("tokens", ascending=False).head(12).iloc[::-1]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 0.29 * len(frame) + 1.4), layout="constrained")
        axes = figure.subplots()
        scale, unit = token_scale(frame["tokens"].max() if len(frame) else 1)
        colours = [SOURCE_COLOURS["cn-open" if origin == "CN" else "row-open"] for origin in frame["origin"]]
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
        sample(figure, log, window=window)
    return figure
