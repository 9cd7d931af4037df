"""Figures of cost against use: categories, models, and the archetypes of models. Both axes are logarithmic."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, StrMethodFormatter
from scipy import stats

from analysis import cost
from analysis.figures.categories import CATEGORY_COLOURS
from analysis.figures.style import BLUE, GREEN, GREY, INK, PURPLE, STYLE, VERMILLION, note
from analysis.source import Log
from analysis.study import CATEGORY_WINDOW, MAIN_WINDOW, TABLE3
from analysis.weekly import window_of

Box = tuple[float, float, float, float]  # left, bottom, right, top

COST_LABEL = "effective cost, USD per million tokens"
# archetype -> colour, marker
ARCHETYPES = {
    "premium leaders": (VERMILLION, "o"),
    "efficient giants": (GREEN, "s"),
    "premium specialists": (PURPLE, "^"),
    "long tail": (GREY, "D"),
}


def category_cost(log: Log) -> Figure:
    """Categories by effective cost and tokens, with the medians and the names of the quadrants: C132 to C140."""
    frame = cost.category_cost(log, window_of(log, CATEGORY_WINDOW))
    whole = frame
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
            _labels(axes, frame, frame["category"].tolist())
            axes.set_title(f"Cost and use of categories (median {middle:,.2f} USD per million tokens)")
        note(
            figure,
            f"{log.name}: {int(whole['requests'].sum()):,} labelled requests by category, own-key ones left out",
        )
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
        if not pd.isna(fit["slope"]):
            _line(axes, frame, fit)
        if len(frame):
            largest = frame.head(8)
            _labels(axes, largest, largest["name"].tolist(), frame)
            axes.legend(loc="lower left")
        axes.set_title("Cost and use of models", pad=20)
        note(figure, f"{log.name}: {len(frame):,} models, {int(frame['requests'].sum()):,} paid requests")
    return figure


def archetypes(log: Log) -> Figure:
    """Models by archetype, cut at the medians, with the eight models that the report names: C146 to C154."""
    frame = cost.market_map(log, window_of(log, MAIN_WINDOW))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8.2, 5.4), layout="constrained")
        axes = figure.subplots()
        for name, (colour, marker) in ARCHETYPES.items():
            part = frame[frame["archetype"] == name]
            if len(part):
                axes.scatter(part["cost_usd_per_mtok"], part["charged_tokens"], s=22, color=colour, marker=marker,
                             alpha=0.7, linewidth=0, label=f"{name} (n={len(part)})", zorder=3)  # fmt: skip
        _log_axes(axes, frame["cost_usd_per_mtok"], frame["charged_tokens"], "charged tokens")
        if len(frame):
            middle = float(10 ** frame["log10_cost"].median()), float(10 ** frame["log10_tokens"].median())
            _quadrants(axes, *middle, {})
            shown = frame[frame["model"].isin([named.model for named in TABLE3])]
            axes.scatter(shown["cost_usd_per_mtok"], shown["charged_tokens"], s=90, facecolor="none", edgecolor=INK,
                         linewidth=1.3, zorder=4)  # fmt: skip
            _labels(axes, shown, shown["name"].tolist(), frame)
            axes.legend(loc="lower left")
        axes.set_title("Archetypes of models, cut at the medians")
        note(figure, f"{log.name}: {len(frame):,} models; circles: the models of the report's table 3")
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
    axes.set_xlim(float(x.min()) * 0.72, float(x.max()) * 1.5)
    axes.set_ylim(float(y.min()) * 0.5, float(y.max()) * 2.5)


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


def _labels(
    axes: Axes, labelled: pd.DataFrame, texts: Sequence[str], others: pd.DataFrame | None = None
) -> None:
    """Names beside points, each on the first of some sides where it covers no other name and the fewest points."""
    size = 8.0
    axes.figure.draw_without_rendering()  # type: ignore[union-attr]  # places the axes, on which distances depend

    def in_points(frame: pd.DataFrame) -> np.ndarray:
        return axes.transData.transform(frame[["cost_usd_per_mtok", "charged_tokens"]]) * 72 / axes.figure.dpi

    sides = [
        (dx, dy, align)
        for far in (0, 9, -9, 18, -18)
        for dx, dy, align in ((7, far, "left"), (-7, far, "right"))
    ]
    dots = in_points(labelled if others is None else others)
    taken: list[Box] = []
    for (px, py), spot, text in zip(in_points(labelled), labelled.itertuples(), texts, strict=True):
        width, half = 0.58 * size * len(text), 0.62 * size
        boxes = []
        for dx, dy, align in sides:
            start = px + dx - (width if align == "right" else 0)
            boxes.append((start, py + dy - half, start + width, py + dy + half))
        costs = [
            100 * sum(_overlap(box, other) for other in taken)
            + sum(_overlap(box, (x - 3, y - 3, x + 3, y + 3)) for x, y in dots)
            for box in boxes
        ]
        best = costs.index(min(costs))
        taken.append(boxes[best])
        dx, dy, align = sides[best]
        axes.annotate(text, (spot.cost_usd_per_mtok, spot.charged_tokens), xytext=(dx, dy), ha=align,
                      textcoords="offset points", va="center", fontsize=size, zorder=5)  # fmt: skip


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
