"""The cohorts of a model, each a line over months since first use, drawn with matplotlib."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from analysis.numerals import span
from analysis.queries.cohorts.launches import MARKS, mark
from analysis.report.charts.chart import Cohorts, on_one_scale
from analysis.report.charts.palette import GREY, PALE, VERMILLION
from analysis.study import SMALL_COHORT

FEW = 7  # cohorts that the legend names one by one


def draw_cohorts(axes: Axes, chart: Cohorts) -> None:
    """Draw the cohorts, from month 1 on (month 0 is 1 by definition).

    The launch cohort is a thick line with its 95% Wilson band; later cohorts go from light to dark blue by age
    of the model; small cohorts are grey; the step into an incomplete month is dashed; points of cohorts
    that may hold others than newcomers are hollow. The legend gives cohort sizes.
    """
    cells = chart.drawn
    if cells.empty:
        axes.set_axis_off()
        axes.text(0.5, 0.5, chart.gap, transform=axes.transAxes, ha="center", color=GREY)
        return
    cohorts = [group for _, group in cells.groupby("cohort")]
    others = [c for c in cohorts if not c["first"].iloc[0] and not c["small"].iloc[0]]
    small = [c for c in cohorts if not c["first"].iloc[0] and c["small"].iloc[0]]
    for cohort in small:
        _line(axes, cohort, color=PALE, linewidth=1.0, zorder=1)
    shades = mpl.colormaps["Blues"]
    tints = [shades(0.35 + 0.6 * i / max(len(others) - 1, 1)) for i in range(len(others))]
    for cohort, tint in zip(others, tints, strict=True):
        _line(axes, cohort, color=tint, linewidth=1.4, zorder=2, **_points(cohort),
              label=_label(cohort) if len(others) <= FEW else None)  # fmt: skip
    launches = {f"{_label(c)}, launch": c for c in cohorts if c["first"].iloc[0]}
    for label, cohort in launches.items():
        axes.fill_between(
            cohort["k"],
            cohort["wilson_low"],
            cohort["wilson_high"],
            color=VERMILLION,
            alpha=0.18,
            linewidth=0,
            zorder=3,
        )
        _line(axes, cohort, label, color=VERMILLION, linewidth=2.6, zorder=4, marker="o", markersize=4)
    if len(others) > FEW:
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
    order = sorted(range(len(labels)), key=lambda i: labels[i] not in launches)
    axes.legend([handles[i] for i in order], [labels[i] for i in order], loc="upper right", fontsize=7.5,
                handlelength=1.6, labelspacing=0.25, borderaxespad=0.1)  # fmt: skip
    axes.set_ylim(0, chart.top if chart.top is not None else on_one_scale([chart])[0].top)
    axes.set_xlim(0.8, max(int(cells["k"].max()), 2) + 0.2)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _line(axes: Axes, cohort: pd.DataFrame, label: str | None = None, **style: Any) -> None:
    """A cohort's line, dashed at an incomplete month, broken at one that is not there."""
    axes.plot(cohort["k"], cohort["whole"], label=label, **style)
    if cohort["tail"].notna().any():
        axes.plot(cohort["k"], cohort["tail"], **(style | {"linestyle": (0, (2, 2)), "marker": ""}))


def _points(cohort: pd.DataFrame) -> dict[str, Any]:
    """The style of a cohort's points: hollow, and seen, where it may hold others than newcomers."""
    if not mark(cohort.iloc[0].to_dict()):
        return {"marker": "o", "markersize": 2.5}
    return {"marker": "o", "markersize": 3.5, "markerfacecolor": "white"}


def _label(cohort: pd.DataFrame) -> str:
    sign = mark(cohort.iloc[0].to_dict())
    return f"{cohort['cohort'].iloc[0]:%b %Y}{sign}  n={int(cohort['users'].iloc[0]):,}"
