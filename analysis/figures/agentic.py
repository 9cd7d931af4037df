"""Figures of agentic inference: reasoning models, tool calls, lengths."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from analysis import agentic, usage
from analysis.figures.style import (
    BLUE,
    STYLE,
    VERMILLION,
    complete_weeks,
    dates,
    sample,
    share_figure,
)
from analysis.source import Log


def reasoning_share(log: Log) -> Figure:
    """Share of reasoning-optimised models in all tokens by week: C56."""
    frame = complete_weeks(agentic.reasoning_share(log))
    return share_figure(
        log, frame, "Tokens served by reasoning models", "share of the week's tokens", VERMILLION
    )


def tool_share(log: Log) -> Figure:
    """Share of tokens in requests that end in a tool call, by week: C61."""
    frame = complete_weeks(agentic.tool_share(log))
    return share_figure(log, frame, "Requests that end in a tool call", "share of the week's tokens", BLUE)


def mean_lengths(log: Log) -> Figure:
    """Mean prompt and completion tokens per request by week: C69 to C74."""
    frame = complete_weeks(usage.weekly(log))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        for axes, column, colour, title in (
            (left, "mean_prompt", BLUE, "Prompt tokens per request"),
            (right, "mean_completion", VERMILLION, "Completion tokens per request"),
        ):
            axes.plot(frame["week"], frame[column], color=colour)
            axes.set_ylim(0, float(frame[column].max()) * 1.1 if len(frame) else 1)
            axes.set_title(title)
            axes.set_ylabel("tokens, mean of the week")
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
            dates(axes)
        sample(figure, log, frame)
    return figure
