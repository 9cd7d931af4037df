"""Curves: the pass rate and the mean value of a pattern against the level of a factor with numbers as levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.proportions import wilson
from testbed.claims.measuring.uncertainty import mean_interval
from testbed.experiment.arms import written
from testbed.experiment.plan import Plan

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LINES = 10
LEAST_POINTS = 2
LEGEND_ROW = 0.19  # inches
WIDE = 20.0  # levels that span more than this factor are drawn on a log scale


@dataclass(frozen=True)
class Curve:
    """A pattern against a factor. points: line (world and the other factors' levels), level, runs, rate, low, high
    (Wilson), value, value_low, value_high (t interval)."""

    factor: str
    pattern: str
    points: pd.DataFrame

    @property
    def title(self) -> str:
        """What it shows."""
        return f"{self.pattern} by {self.factor}"


def numeric_factors(plan: Plan) -> list[str]:
    """Factors of which at least two levels, the stated base included, are numbers."""
    found = []
    for name, section in plan.file.factors.items():
        levels = [*section.changes, *([] if section.base is None else [section.base])]
        if sum(_number(written(level)) is not None for level in levels) >= LEAST_POINTS:
            found.append(name)
    return found


def curves(plan: Plan, table: pd.DataFrame) -> list[Curve]:
    """All curves with two points or more."""
    found = []
    for factor in numeric_factors(plan):
        level = table[f"factor.{factor}"].map(_number)
        known = table[level.notna()].assign(level=level[level.notna()].astype("float64"))
        if known.empty:
            continue
        known = known.assign(line=_lines(plan, known, factor))
        for pattern in plan.patterns:
            points = _points(known[known["pattern"] == pattern.name])
            if len(points) and points.groupby("line")["level"].nunique().max() >= LEAST_POINTS:
                found.append(Curve(factor, pattern.name, points))
    return found


def _lines(plan: Plan, table: pd.DataFrame, factor: str) -> pd.Series:
    """The line of each row: the world, where there are several, and the other factors' changed levels."""
    parts = [table["world"]] if len(plan.worlds) > 1 else []
    for other in plan.factors:
        if other != factor:
            column = table[f"factor.{other}"]
            parts.append(column.where(column == "", f"{other}=" + column))
    text = pd.Series("", index=table.index)
    for part in parts:
        text = text + part.where(part == "", part + ", ")
    return text.str.removesuffix(", ").replace("", "all")


def _points(rows: pd.DataFrame) -> pd.DataFrame:
    found = []
    for (line, level), part in rows.groupby(["line", "level"], sort=False):
        told = part[part["holds"].notna()]
        holds, n = int(told["holds"].sum()), len(told)
        (low,), (high,) = wilson([holds], [n])
        values = told["value"].to_numpy(dtype=np.float64)
        mean, value_low, value_high = mean_interval(values[np.isfinite(values)])
        found.append({"line": line, "level": level, "runs": n, "rate": holds / n if n else np.nan, "low": low,
                      "high": high, "value": mean, "value_low": value_low, "value_high": value_high})  # fmt: skip
    columns = ["line", "level", "runs", "rate", "low", "high", "value", "value_low", "value_high"]
    return pd.DataFrame(found, columns=columns).sort_values(["line", "level"], ignore_index=True)


def draw(curve: Curve) -> tuple[Figure, Figure]:
    """The curve as two figures, so that a page can set them side by side or one below the other: the pass rate, and the
    mean value."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, NullFormatter, PercentFormatter

    from analysis.report.charts.palette import MODEL_COLOURS
    from analysis.report.figures.style import STYLE, in_legend

    lines = list(curve.points.groupby("line", sort=False))[:MOST_LINES]
    levels = curve.points["level"]
    drawn = []
    with mpl.rc_context(STYLE):
        for title, names in (("Pass rate, 95% Wilson", ("rate", "low", "high")),
                             ("Mean value, 95%", ("value", "value_low", "value_high"))):  # fmt: skip
            legend_rows = len(lines) if len(lines) > 1 else 0
            figure = Figure(figsize=(4.6, 3.2 + LEGEND_ROW * legend_rows), layout="constrained")
            axes = figure.subplots()
            for number, (line, part) in enumerate(lines):
                colour = MODEL_COLOURS[number % len(MODEL_COLOURS)]
                _line(axes, part, names, in_legend(str(line)), colour, "os^Dv<>Ph*"[number % 10])
            axes.set_title(title)
            axes.set_xlabel(curve.factor)
            if names[0] == "rate":
                axes.set_ylim(-0.02, 1.02)
                axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
            if levels.min() > 0 and levels.max() / levels.min() > WIDE:
                axes.set_xscale("log")
                axes.xaxis.set_major_formatter(FuncFormatter(lambda level, _: f"{level:g}"))
                axes.xaxis.set_minor_formatter(NullFormatter())
            if legend_rows and axes.get_legend_handles_labels()[0]:
                figure.legend(loc="outside lower left", ncols=1)
            drawn.append(figure)
    rate, value = drawn
    return rate, value


def _line(
    axes: Axes, part: pd.DataFrame, names: tuple[str, str, str], label: str, colour: str, marker: str
) -> None:
    """The points of a line with their intervals; it breaks at one that cannot be tested."""
    middle, low, high = (part[name].to_numpy(dtype=np.float64) for name in names)
    if not np.isfinite(middle).any():
        return
    reach = np.nan_to_num(np.vstack([middle - low, high - middle]))
    axes.errorbar(
        part["level"].to_numpy(), middle, yerr=np.maximum(reach, 0.0), color=colour,
        marker=marker, markersize=4, capsize=2, elinewidth=0.9, label=label,
    )  # fmt: skip


def _number(text: str) -> float | None:
    """A level as a number; off counts as none."""
    try:
        return float(text)
    except ValueError:
        return None
