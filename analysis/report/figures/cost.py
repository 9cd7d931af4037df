"""Figures of cost against use: categories, models, and the archetypes of models. Both axes are logarithmic."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, StrMethodFormatter
from scipy import stats

from analysis.queries import cost
from analysis.queries.weekly import window_of
from analysis.report.figures import samples
from analysis.report.figures.labels import name_points
from analysis.report.figures.palette import (
    ARCHETYPE_COLOURS,
    BLUE,
    CATEGORY_COLOURS,
    GREY,
    INK,
    MOST_NAMES,
    VERMILLION,
)
from analysis.report.figures.style import STYLE, note
from analysis.sources.log import Log
from analysis.study import CATEGORY_WINDOW, MAIN_WINDOW, TABLE3

COST_LABEL = "effective cost, USD per million tokens"
_MARKERS = {"premium leaders": "o", "efficient giants": "s", "premium specialists": "^", "long tail": "D"}


def category_cost(log: Log) -> Figure:
    """Categories by effective cost and tokens, with the medians and the names of the quadrants: C132 to C140."""
    frame = cost.category_cost(log, window_of(log, CATEGORY_WINDOW))
    frame = frame[(frame["cost_usd_per_mtok"] > 0) & (frame["charged_tokens"] > 0)]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.2, 5.4), layout="constrained")
        axes = figure.subplots()
        colours = [CATEGORY_COLOURS.get(name, BLUE) for name in frame["category"]]
        axes.scatter(frame["cost_usd_per_mtok"], frame["charged_tokens"], s=70, c=colours, edgecolor=INK,
                     linewidth=0.6, zorder=3)  # fmt: skip
        _log_axes(
            axes, frame["cost_usd_per_mtok"], frame["charged_tokens"], "charged tokens of the labelled sample"
        )
        if len(frame):
            middle = float(frame["median_cost"].iloc[0])
            _quadrants(axes, middle, float(frame["median_tokens"].iloc[0]), cost.QUADRANTS)
            name_points(axes, _spots(frame), frame["category"].tolist())
            axes.set_title(f"Cost and use of categories (median {middle:,.2f} USD per million tokens)")
        note(figure, samples.category_cost(log))
    return figure


def model_cost(log: Log) -> Figure:
    """Models by effective cost and tokens, with the line of least squares: C142 to C145."""
    frame = cost.market_map(log, window_of(log, MAIN_WINDOW))
    fit = cost.line_of(frame).iloc[0]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.2, 5.4), layout="constrained")
        axes = figure.subplots()
        kinds = (
            (frame["open"].eq(False), VERMILLION, "o", "closed"),
            (frame["open"].eq(True), BLUE, "s", "open weights"),
            (frame["open"].isna(), GREY, "D", "not in the catalogue"),
        )
        for chosen, colour, marker, name in kinds:
            part = frame[chosen.fillna(False).astype(bool)]
            if len(part):
                axes.scatter(part["cost_usd_per_mtok"], part["charged_tokens"], s=22, color=colour, marker=marker,
                             alpha=0.75, linewidth=0, label=f"{name} (n={len(part)})", zorder=3)  # fmt: skip
        _log_axes(axes, frame["cost_usd_per_mtok"], frame["charged_tokens"], "charged tokens")
        if len(frame) >= cost.LEAST_MODELS and not pd.isna(fit["slope"]):
            _line(axes, frame, fit)
        if len(frame):
            largest = frame.head(MOST_NAMES)
            name_points(axes, _spots(largest), largest["name"].tolist(), _spots(frame))
            axes.legend(loc="lower left")
        axes.set_title("Cost and use of models", pad=20)
        note(figure, samples.model_cost(log))
    return figure


def archetypes(log: Log) -> Figure:
    """Models by archetype, cut at the medians, with the eight models that the report names: C146 to C154."""
    frame = cost.market_map(log, window_of(log, MAIN_WINDOW))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.2, 5.4), layout="constrained")
        axes = figure.subplots()
        for name, colour in ARCHETYPE_COLOURS.items():
            part = frame[frame["archetype"] == name]
            if len(part):
                axes.scatter(part["cost_usd_per_mtok"], part["charged_tokens"], s=22, color=colour,
                             marker=_MARKERS[name], alpha=0.7, linewidth=0, label=f"{name} (n={len(part)})",
                             zorder=3)  # fmt: skip
        _log_axes(axes, frame["cost_usd_per_mtok"], frame["charged_tokens"], "charged tokens")
        if len(frame):
            middle = float(10 ** frame["log10_cost"].median()), float(10 ** frame["log10_tokens"].median())
            _quadrants(axes, *middle, {})
            shown = frame[frame["model"].isin([named.model for named in TABLE3])]
            axes.scatter(shown["cost_usd_per_mtok"], shown["charged_tokens"], s=90, facecolor="none", edgecolor=INK,
                         linewidth=1.3, zorder=4)  # fmt: skip
            named = shown if len(shown) else frame.head(MOST_NAMES)
            name_points(axes, _spots(named), named["name"].tolist(), _spots(frame))
            axes.legend(loc="lower left")
        axes.set_title("Archetypes of models, cut at the medians")
        note(figure, samples.archetypes(log))
    return figure


def _log_axes(axes: Axes, x: pd.Series, y: pd.Series, use: str) -> None:
    axes.set_xlabel(COST_LABEL)
    axes.set_ylabel(use)
    if x.empty:
        axes.text(0.5, 0.5, "nothing was charged", transform=axes.transAxes, ha="center", color=GREY)
        return
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.grid(axis="x", visible=True)
    dollars = StrMethodFormatter("${x:,.3g}")
    axes.xaxis.set_major_formatter(dollars)
    axes.xaxis.set_minor_formatter(dollars if x.max() < 8 * x.min() else NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(_short))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(float(x.min()) * 0.72, float(x.max()) * 1.5)
    axes.set_ylim(float(y.min()) * 0.5, float(y.max()) * 2.5)


def _short(tokens: float, _: int | None = None) -> str:
    """A count of tokens on an axis, such as `100 M`."""
    for scale, unit in ((1e12, " T"), (1e9, " B"), (1e6, " M"), (1e3, " K")):
        if tokens >= scale:
            return f"{tokens / scale:,.4g}{unit}"
    return f"{tokens:,.4g}"


def _spots(frame: pd.DataFrame) -> list[tuple[float, float]]:
    return list(zip(frame["cost_usd_per_mtok"], frame["charged_tokens"], strict=True))


def _quadrants(axes: Axes, x: float, y: float, names: dict[tuple[bool, bool], str]) -> None:
    axes.axvline(x, color=GREY, linestyle=(0, (4, 2)), linewidth=1.0)
    axes.axhline(y, color=GREY, linestyle=(0, (4, 2)), linewidth=1.0)
    for (dear, used), name in names.items():
        axes.text(0.985 if dear else 0.015, 0.975 if used else 0.025, name, transform=axes.transAxes,
                  ha="right" if dear else "left", va="top" if used else "bottom", color="#666666",
                  fontsize=9, style="italic")  # fmt: skip


def _line(axes: Axes, frame: pd.DataFrame, fit: pd.Series) -> None:
    """The line of least squares with the 95% band of its mean, and its slope in words."""
    x = frame["log10_cost"].to_numpy()
    at = np.linspace(x.min(), x.max(), 60)
    line = fit["slope"] * at + fit["intercept"]
    left = frame["log10_tokens"].to_numpy() - (fit["slope"] * x + fit["intercept"])
    spread = np.sum((x - x.mean()) ** 2)
    error = np.sqrt(np.sum(left**2) / (len(x) - 2) * (1 / len(x) + (at - x.mean()) ** 2 / spread))
    half = float(stats.t.ppf(0.975, len(x) - 2)) * error
    axes.fill_between(10**at, 10 ** (line - half), 10 ** (line + half), color=INK, alpha=0.12, linewidth=0)
    axes.plot(10**at, 10**line, color=INK, linewidth=1.6)
    ends = f"{fit['slope_low']:.2f} to {fit['slope_high']:.2f}"
    change = f"{fit['change_for_10pct_cheaper']:+.1%} tokens ({fit['change_low']:+.1%} to {fit['change_high']:+.1%})"
    words = (
        f"slope {fit['slope']:.2f} (95%: {ends}), r = {fit['pearson_r']:.2f}; 10% cheaper goes with {change}"
    )
    axes.text(0, 1.015, words, transform=axes.transAxes, va="bottom", fontsize=8.5)
