"""Figures of agentic inference: reasoning models, tool calls, lengths of requests."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter, StrMethodFormatter

from analysis.queries import agentic, categories, usage
from analysis.queries import weekly as step
from analysis.queries.weekly import complete_weeks, weeks_of
from analysis.report.figures import samples
from analysis.report.figures.palette import (
    BLACK,
    BLUE,
    CATEGORY_COLOURS,
    GREEN,
    GREY,
    INK,
    MODEL_COLOURS,
    ORANGE,
    PALE,
    SKY,
    VERMILLION,
)
from analysis.report.figures.style import (
    STYLE,
    dates,
    in_legend,
    legend_above,
    legend_beside,
    note,
    percent,
    share_figure,
    stacked,
)
from analysis.sources.log import Log
from analysis.study import CATEGORY_WINDOW, MAIN_WINDOW

SHOWN_CATEGORIES = 6  # lines in the figure of prompt lengths


def reasoning_share(log: Log) -> Figure:
    """Share of reasoning-optimised models in all tokens by week: C56."""
    frame = weeks_of(log, agentic.reasoning_share(log), MAIN_WINDOW)
    return share_figure(
        frame, "Tokens served by reasoning models", "share of the week's tokens", VERMILLION,
        samples.reasoning_share(log),
    )  # fmt: skip


def reasoning_models(log: Log) -> Figure:
    """Reasoning models by tokens, latest and a few weeks earlier, without free launch access: C58 to C60."""
    frame = agentic.reasoning_ranking(log, step.window_of(log, MAIN_WINDOW))
    frame = frame[frame["rank"] <= agentic.TOP_REASONING]
    latest = set(frame.loc[frame["period"] == "latest", "model"])
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 4.0), layout="constrained")
        panels = figure.subplots(1, 2, sharex=True)
        for axes, period, words in zip(
            panels, ("earlier", "latest"), ("A few weeks earlier", "Latest weeks"), strict=True
        ):
            part = frame[frame["period"] == period].iloc[::-1]
            colours = [BLUE if model in latest else PALE for model in part["model"]]
            bars = axes.barh(part["name"], part["share"], color=colours, height=0.72)
            axes.bar_label(bars, labels=[f"{value:.1%}" for value in part["share"]], padding=3, fontsize=8)
            weeks = part.head(1)
            until = weeks["last_week"] + pd.Timedelta(days=6)
            period_text = [
                f"{a:%-d %b} to {b:%-d %b %Y}" for a, b in zip(weeks["first_week"], until, strict=True)
            ]
            axes.set_title(f"{words}{': ' if period_text else ''}{''.join(period_text)}", fontsize=9.5)
            axes.grid(axis="y", visible=False)
            axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
            axes.set_xlabel("share of reasoning models' tokens")
            axes.margins(x=0.14)
        note(figure, samples.reasoning_models(log))
    return figure


def tool_share(log: Log) -> Figure:
    """Share of tokens in requests that end in a tool call, by week, with the largest account's part: C61, C62."""
    frame = weeks_of(log, agentic.tool_share_and_largest_account(log), MAIN_WINDOW)
    known = frame["largest_account_part"].notna().any()
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.8), layout="constrained")
        axes = figure.subplots()
        axes.plot(frame["week"], frame["share"], color=BLUE, linewidth=2.2, label="all tool calls")
        if known:
            rest = frame["share"] - frame["largest_account_part"]
            axes.fill_between(
                frame["week"], rest, color=BLUE, alpha=0.13, linewidth=0, label="all other accounts"
            )
            axes.fill_between(
                frame["week"], rest, frame["share"], color=ORANGE, alpha=0.75, linewidth=0,
                label="the week's largest account",
            )  # fmt: skip
        axes.set_title("Requests that end in a tool call", pad=24)
        axes.set_ylim(0, max(0.02, float(frame["share"].max()) * 1.12) if len(frame) else 1)
        percent(axes, "share of the week's tokens")
        legend_above(axes)
        dates(axes)
        note(figure, samples.tool_share(log))
    return figure


def tools_offered(log: Log) -> Figure:
    """Shares of requests that offer tools and of those that end in a tool call, by week: C63, C64."""
    frame = weeks_of(log, agentic.tools_offered(log), MAIN_WINDOW)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.4), layout="constrained")
        axes = figure.subplots()
        axes.plot(
            frame["week"], frame["offered_share"], color=SKY, linestyle=(0, (4, 1.5)), label="offer tools"
        )
        axes.plot(frame["week"], frame["called_share"], color=BLUE, linewidth=2.2, label="end in a tool call")
        axes.set_title("Tools offered and tools called", pad=24)
        axes.set_ylim(0, 1.12 * max(0.02, frame["offered_share"].max(), frame["called_share"].max()))
        percent(axes, "share of requests")
        legend_above(axes)
        dates(axes)
        note(figure, samples.tools_offered(log))
    return figure


def tool_models(log: Log) -> Figure:
    """Tool-call tokens by model and week: C65 to C68."""
    frame = complete_weeks(agentic.top_tool_models(log, step.window_of(log, MAIN_WINDOW)))
    order = list(dict.fromkeys(frame["model"]))
    names = dict(zip(frame["model"], frame["name"], strict=True))
    colours = dict(zip(order, MODEL_COLOURS, strict=False)) | {agentic.REST: PALE}
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 4.4), layout="constrained")
        axes = figure.subplots()
        stacked(axes, frame, "model", "share", order, colours, names)
        axes.set_ylim(0, 1)
        axes.set_title("Tokens of tool calls by model")
        percent(axes, "share of the week's tool-call tokens")
        legend_beside(axes)
        dates(axes)
        note(figure, samples.tool_models(log))
    return figure


def mean_prompt(log: Log) -> Figure:
    """Mean prompt tokens per request by week: C69."""
    frame = complete_weeks(usage.weekly(log))
    lines = {"mean_prompt": ("prompt", BLUE, "-")}
    return _means(frame, "Prompt tokens per request", lines, samples.weekly_means(log))


def mean_completion(log: Log) -> Figure:
    """Mean completion tokens per request by week, with and without reasoning: C70."""
    frame = complete_weeks(agentic.completion_lengths(log))
    lines: dict[str, tuple[str, str, Any]] = {
        "mean_completion": ("completion, reasoning included", VERMILLION, "-"),
        "mean_visible": ("without reasoning", BLUE, (0, (4, 1.5))),
        "mean_reasoning": ("reasoning", ORANGE, (0, (1.5, 1.2))),
    }
    return _means(frame, "Completion tokens per request", lines, samples.mean_completion(log))


def mean_total(log: Log) -> Figure:
    """Mean prompt + completion tokens per request by week: C74."""
    frame = complete_weeks(usage.weekly(log))
    lines = {"mean_total": ("total", GREEN, "-")}
    return _means(frame, "Prompt + completion tokens per request", lines, samples.weekly_means(log))


def category_prompts(log: Log) -> Figure:
    """Mean prompt tokens by category and week, the largest categories: C72."""
    frame = weeks_of(log, categories.mean_lengths(log), CATEGORY_WINDOW)
    frame = frame[frame["category"] != categories.OTHER]
    largest = frame.groupby("category")["requests"].sum().nlargest(SHOWN_CATEGORIES).index
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.8), layout="constrained")
        axes = figure.subplots()
        dashes: list[Any] = ["-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (5, 1, 1, 1)), "-", (0, (3, 1))]
        for name, rest in zip(largest, dashes, strict=False):
            part = frame[frame["category"] == name]
            wide, dash = (2.6, "-") if name == agentic.PROGRAMMING else (1.5, rest)
            axes.plot(
                part["week"], part["mean_prompt"], color=CATEGORY_COLOURS.get(name, GREY), linestyle=dash,
                linewidth=wide, label=in_legend(name),
            )  # fmt: skip
        axes.set_title("Prompt tokens per request by category")
        _token_axis(axes)
        if len(frame):
            axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0)
        dates(axes)
        note(figure, samples.category_prompts(log))
    return figure


def prompt_growth(log: Log) -> Figure:
    """What the growth of mean prompt tokens is made of, by category: C73."""
    frame = agentic.prompt_growth(log, step.window_of(log, CATEGORY_WINDOW))
    parts = frame[frame["category"] != "all"].iloc[::-1]
    places = range(len(parts))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 0.9 + 0.32 * max(6, len(parts))), layout="constrained")
        axes = figure.subplots()
        for column, words, colour, shift in (
            ("within", "growth within the category", BLUE, 0.2), ("mix", "change of mix", ORANGE, -0.2),
        ):  # fmt: skip
            axes.barh([at + shift for at in places], parts[column], height=0.38, color=colour, label=words)
        axes.set_yticks(list(places), parts["category"].tolist())
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.grid(axis="y", visible=False)
        axes.set_title("Growth of mean prompt tokens by category", pad=24)
        axes.set_xlabel("tokens per request")
        legend_above(axes)
        note(figure, samples.prompt_growth(log))
    return figure


def programming_length(log: Log) -> Figure:
    """Length of programming requests against all requests and against other labelled ones, by week: C75."""
    frame = weeks_of(log, agentic.programming_length(log), CATEGORY_WINDOW)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 3.7), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.3, 1))
        left.plot(frame["week"], frame["mean_programming"], color=GREEN, linewidth=2.4, label="programming")
        left.plot(
            frame["week"], frame["mean_all"], color=BLACK, linestyle=(0, (4, 1.5)), label="all requests"
        )
        left.plot(
            frame["week"],
            frame["mean_other"],
            color=SKY,
            linestyle=(0, (1.5, 1.2)),
            label="without programming",
        )
        left.set_title("Prompt + completion tokens per request", pad=24)
        _token_axis(left)
        legend_above(left)
        dates(left)
        right.plot(frame["week"], frame["ratio"], color=INK, linewidth=2.2)
        right.axhspan(3, 4, color=ORANGE, alpha=0.18, linewidth=0)
        right.text(
            0.01, 3.04, "report: 3 to 4", fontsize=8, color="#7a5200", transform=right.get_yaxis_transform()
        )
        right.set_ylim(0, max(4.5, float(frame["ratio"].max()) * 1.1) if frame["ratio"].notna().any() else 5)
        right.set_title("Programming over all requests")
        right.set_ylabel("times as long")
        dates(right)
        note(figure, samples.programming_length(log))
    return figure


def _means(
    frame: pd.DataFrame, title: str, lines: Mapping[str, tuple[str, str, Any]], sampled: str
) -> Figure:
    """Means per request by week: column -> (name, colour, dash). Columns without a value are left out. sampled: the
    note on the sample."""
    lines = {column: how for column, how in lines.items() if frame[column].notna().any()}
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.4), layout="constrained")
        axes = figure.subplots()
        for at, (column, (name, colour, dash)) in enumerate(lines.items()):
            axes.plot(
                frame["week"],
                frame[column],
                color=colour,
                linestyle=dash,
                linewidth=1.6 if at else 2.4,
                label=name,
            )
        for column, (_, colour, _) in list(lines.items())[:1]:
            known = frame.dropna(subset=[column])
            for row in (known.head(1), known.tail(1)):
                at, value = row["week"].iloc[0], float(row[column].iloc[0])
                axes.annotate(f"{value:,.0f}", (at, value), xytext=(0, 7), textcoords="offset points", ha="center",
                              fontweight="bold", color=colour)  # fmt: skip
        axes.set_title(title, pad=24 if len(lines) > 1 else 6)
        _token_axis(axes)
        if len(lines) > 1:
            legend_above(axes)
        dates(axes)
        note(figure, sampled)
    return figure


def _token_axis(axes: Axes) -> None:
    top = float(axes.dataLim.ymax)
    axes.set_ylim(0, top * 1.12 if 0 < top < math.inf else 1)
    axes.set_ylabel("tokens per request")
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
