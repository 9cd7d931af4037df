"""Figures of retention: the cohorts of a model, on their own, on one sheet, or in two logs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from analysis.queries import retention
from analysis.queries.launches import MARKS, mark
from analysis.report.figures import samples
from analysis.report.figures.palette import GREY, PALE, VERMILLION
from analysis.report.figures.samples import span
from analysis.report.figures.scales import common_top
from analysis.report.figures.style import STYLE, name_of
from analysis.sources.log import Log
from analysis.study import REPORT_PANELS, SMALL_COHORT


def retention_panel(log: Log, model: str, title: str | None = None, top: float | None = None) -> Figure:
    """Retention of the cohorts of one model; see `draw_retention`. top: end of the y axis."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.9, 3.5), layout="constrained")
        axes = figure.subplots()
        draw_retention(axes, log, model)
        if top is not None:
            axes.set_ylim(0, top)
        axes.set_title(name_of(log, model) if title is None else title)
        axes.set_xlabel(samples.MONTHS)
        axes.set_ylabel("users active in the month")
    return figure


def retention_panels(log: Log, models: Sequence[tuple[str, str]] | None = None) -> Figure:
    """Retention panels on one sheet: (model, title) pairs, by default the report's eight (figure 25)."""
    chosen = models or [(p.model, f"({p.letter}) {p.name}") for p in REPORT_PANELS]
    rows = (len(chosen) + 1) // 2
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10.4, 3.15 * rows + 0.6), layout="constrained")
        grid = figure.subplots(rows, 2, squeeze=False)
        top = common_top(log, [model for model, _ in chosen])
        for axes, (model, title) in zip(grid.flat, chosen, strict=False):
            draw_retention(axes, log, model)
            axes.set_ylim(0, top)
            axes.set_title(title)
        for axes in list(grid.flat)[len(chosen) :]:
            axes.set_visible(False)
        figure.supxlabel(samples.retention_panels(log), fontsize=10)
        figure.supylabel("users active in the month", fontsize=10)
        figure.suptitle(
            f"Activity retention by month of first use: {log.name}",
            fontsize=12,
            fontweight="bold",
            x=0.01,
            ha="left",
        )
    return figure


def side_by_side(first: Log, second: Log, model: str, titles: tuple[str, str] | None = None) -> Figure:
    """One model's cohorts in two logs on one scale, such as a world and its null world."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10.4, 4.0), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        names = titles or (first.name, second.name)
        for axes, log, name in ((left, first, names[0]), (right, second, names[1])):
            draw_retention(axes, log, model)
            axes.set_title(name)
            axes.set_xlabel("months since first use")
        left.set_ylim(0, max(common_top(log, [model]) for log in (first, second)))
        left.set_ylabel("users active in the month")
        figure.suptitle(
            f"{name_of(first, model)}: retention by month of first use",
            fontsize=12, fontweight="bold", x=0.01, ha="left",
        )  # fmt: skip
    return figure


def draw_retention(axes: Axes, log: Log, model: str) -> None:
    """Draw the cohorts of a model, from month 1 on (month 0 is 1 by definition).

    The launch cohort is a thick line with its 95% Wilson band; later cohorts go from light to dark blue by age
    of the model; cohorts under 200 users are grey; the step into an incomplete month is dashed; points of cohorts
    that may hold others than newcomers are hollow. The legend gives cohort sizes.
    """
    cells = retention.triangle(log, model)
    cells = cells[cells["observed"] & (cells["k"] > 0)]
    launch, _ = retention.launch_cohort(log, model)
    if cells.empty:
        axes.set_axis_off()
        why = (
            "no users in this log" if retention.triangle(log, model).empty else "no month after the first yet"
        )
        axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", color=GREY)
        return
    cohorts = [group for _, group in cells.groupby("cohort")]
    others = [c for c in cohorts if not _is(c, launch) and not c["small"].iloc[0]]
    small = [c for c in cohorts if not _is(c, launch) and c["small"].iloc[0]]
    for cohort in small:
        _line(axes, cohort, color=PALE, linewidth=1.0, zorder=1)
    shades = mpl.colormaps["Blues"]
    tints = [shades(0.35 + 0.6 * i / max(len(others) - 1, 1)) for i in range(len(others))]
    for cohort, tint in zip(others, tints, strict=True):
        few = len(others) <= 7
        _line(axes, cohort, color=tint, linewidth=1.4, zorder=2, **_points(cohort),
              label=_label(cohort) if few else None)  # fmt: skip
    for cohort in (c for c in cohorts if _is(c, launch)):
        axes.fill_between(
            cohort["k"],
            cohort["wilson_low"],
            cohort["wilson_high"],
            color=VERMILLION,
            alpha=0.18,
            linewidth=0,
            zorder=3,
        )
        _line(axes, cohort, color=VERMILLION, linewidth=2.6, zorder=4, marker="o", markersize=4,
              label=f"{_label(cohort)}, launch")  # fmt: skip
    if len(others) > 7:
        for cohort, tint, which in ((others[0], tints[0], "first"), (others[-1], tints[-1], "last")):
            axes.plot(
                [],
                [],
                color=tint,
                marker="o",
                markersize=2.5,
                label=f"{_label(cohort)}, {which} of {len(others)}",
            )
    if small:
        sizes = [int(c["users"].iloc[0]) for c in small]
        axes.plot(
            [],
            [],
            color=PALE,
            linewidth=1.0,
            label=f"{len(small)} under {SMALL_COHORT} users (n {span(sizes)})",
        )
    if not cells["complete"].all():
        axes.plot([], [], color=GREY, linestyle=(0, (2, 2)), linewidth=1.2, label="month not complete")
    for column, (sign, said) in MARKS.items():
        if cells[column].any():
            axes.plot([], [], color=GREY, linestyle="", marker="o", markerfacecolor="white", markersize=3.5,
                      label=f"{sign} {said}")  # fmt: skip
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda i: not labels[i].endswith("launch"))
    axes.legend([handles[i] for i in order], [labels[i] for i in order], loc="upper right", fontsize=7.5,
                handlelength=1.6, labelspacing=0.25, borderaxespad=0.1)  # fmt: skip
    axes.set_ylim(0, common_top(log, [model]))
    axes.set_xlim(0.8, max(int(cells["k"].max()), 2) + 0.2)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _line(axes: Axes, cohort: pd.DataFrame, label: str | None = None, **style: Any) -> None:
    """A cohort's line, dashed where it runs into an incomplete month."""
    whole = cohort[cohort["complete"]]
    axes.plot(whole["k"], whole["retention"], label=label, **style)
    if len(whole) < len(cohort):
        tail = cohort.iloc[max(len(whole) - 1, 0) :]
        axes.plot(tail["k"], tail["retention"], **(style | {"linestyle": (0, (2, 2)), "marker": ""}))


def _points(cohort: pd.DataFrame) -> dict[str, Any]:
    """The style of a cohort's points: hollow, and seen, where it may hold others than newcomers."""
    if not mark(cohort.iloc[0].to_dict()):
        return {"marker": "o", "markersize": 2.5}
    return {"marker": "o", "markersize": 3.5, "markerfacecolor": "white"}


def _is(cohort: pd.DataFrame, launch: Any) -> bool:
    return launch is not None and cohort["cohort"].iloc[0] == pd.Timestamp(launch)


def _label(cohort: pd.DataFrame) -> str:
    sign = mark(cohort.iloc[0].to_dict())
    return f"{cohort['cohort'].iloc[0]:%b %Y}{sign}  n={int(cohort['users'].iloc[0]):,}"
