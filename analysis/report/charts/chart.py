"""A chart described once: its kind, its rows, columns with their units and forms, what is marked, what files add.

Two renderers draw a description: `vega` for the page, `analysis.report.figures` for files. Descriptions hold data
frames and plain values only, so that another process can be handed one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.queries.weekly import complete_weeks
from analysis.report.charts.palette import BLUE, MODEL_COLOURS, MOST_NAMES

Format = Literal["count", "share", "tokens", "usd", "number", "text", "week", "month"]
ACTIVE = "users active in the month"
"""What the upright axis of a chart of cohorts measures."""
DASHES = ((1, 0), (6, 3), (2, 2), (6, 2, 1, 2))
"""Patterns of lines, in pixels drawn and left out; the first is unbroken."""


@dataclass(frozen=True)
class Value:
    """A column of numbers: its title for people, with the unit, and its form."""

    column: str
    title: str
    form: Format = "share"


@dataclass(frozen=True)
class Series:
    """The column that tells series apart: its values in order, their names for people and their colours.

    dashes: of lines, where colour alone should not tell them apart. wide: the value whose line matters most.
    """

    column: str
    order: Sequence[str]
    names: Mapping[str, str] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)
    dashes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    wide: str = ""

    def within(self, frame: pd.DataFrame) -> Series:
        """The same with the values that the frame has: those of no known order come last."""
        present = dict.fromkeys(frame[self.column])
        known = [key for key in self.order if key in present]
        return replace(self, order=[*known, *(key for key in present if key not in self.order)])

    def name(self, key: str) -> str:
        """The name of a value for people."""
        return self.names.get(key, key)

    def colour(self, key: str) -> str:
        """The colour of a value; one of a cycle where none is given."""
        return self.colours.get(key) or MODEL_COLOURS[list(self.order).index(key) % len(MODEL_COLOURS)]


@dataclass(frozen=True)
class Guide:
    """What a value is held against: a dashed line at `low`, or the band from `low` to `high`, and what it is."""

    text: str
    low: float
    high: float | None = None


@dataclass(frozen=True, eq=False)
class Weekly:
    """What is drawn by week."""

    rows: pd.DataFrame
    value: Value

    @cached_property
    def weeks(self) -> pd.DataFrame:
        """The rows of complete weeks."""
        return _complete(self.rows)

    @cached_property
    def shown(self) -> pd.DataFrame:
        """The rows of complete weeks that have a value."""
        return self.weeks[self.weeks[self.value.column].notna()]


@dataclass(frozen=True, eq=False)
class Lines(Weekly):
    """Lines by week. more: further values, told on hover.

    marks: column with names of what happened in the week. log: the page offers a logarithmic axis. steps: the value
    holds until the next week. guide: see there. Files only: `ends`, the values written beside lines (the last one of
    each, or the first and the last one of the first line); `most`, the number of series that there is room for; `twin`,
    lines on an axis of their own at the right.
    """

    series: Series | None = None
    colour: str = BLUE
    more: tuple[Value, ...] = ()
    marks: str = ""
    log: bool = False
    steps: bool = False
    guide: Guide | None = None
    ends: Literal["", "last", "both"] = ""
    most: int | None = None
    twin: Lines | None = None

    @cached_property
    def drawn(self) -> pd.DataFrame:
        """The rows of complete weeks, those of each line in order, with a row without a value for each week between
        them that the line lacks: it breaks there. alone: a value whose neighbours are missing, which no line shows."""
        name = None if self.series is None else self.series.column
        return _with_gaps(self.weeks, "week", name, self.value.column, pd.Timedelta(days=7))


@dataclass(frozen=True, eq=False)
class Stack(Weekly):
    """Values by week that stand on each other, in the order of the series from the bottom up. more: further values,
    told on hover. guide: see there."""

    series: Series
    more: tuple[Value, ...] = ()
    guide: Guide | None = None


@dataclass(frozen=True, eq=False)
class Bars:
    """Horizontal bars by `label`, in the order of the rows. series: their colours.

    beside: each label has a bar for each series. most: bars that there is room for (with panels: of each series). pale:
    column of flags, for rows that matter less. Files only: `panels`, each series gets a panel of its own, under its
    text of `heads`, and what a panel has no room for is added up in its last bar.
    """

    rows: pd.DataFrame
    value: Value
    label: str
    series: Series | None = None
    beside: bool = False
    panels: bool = False
    heads: Mapping[str, str] = field(default_factory=dict)
    most: int | None = None
    pale: str = ""
    more: tuple[Value, ...] = ()

    @cached_property
    def shown(self) -> pd.DataFrame:
        """The rows that there is room for."""
        if self.most is None:
            return self.rows
        if self.panels and self.series is not None:
            return self.rows.groupby(self.series.column, sort=False).head(self.most)
        return self.rows.head(self.most)


@dataclass(frozen=True, eq=False)
class Points:
    """Points on two logarithmic axes; rows without a positive x and y are left out. label: column with their names.

    named: the names that are written beside their points (None: all). cuts: dashed lines at an x and a y. line: columns
    x, y, low and high, a line with the band around it. Files only: `ringed`, the named points have a circle; `corners`,
    names of the quarters that the cuts make, by (right, upper); `caption`, a line above.
    """

    rows: pd.DataFrame
    x: Value
    y: Value
    label: str
    series: Series
    named: Sequence[str] | None = None
    cuts: tuple[float, float] | None = None
    line: pd.DataFrame | None = None
    more: tuple[Value, ...] = ()
    ringed: bool = False
    corners: Mapping[tuple[bool, bool], str] = field(default_factory=dict)
    caption: str = ""

    @cached_property
    def shown(self) -> pd.DataFrame:
        """The rows that logarithmic axes can show."""
        return self.rows[(self.rows[self.x.column] > 0) & (self.rows[self.y.column] > 0)]


@dataclass(frozen=True, eq=False)
class Cohorts:
    """The cohorts of one model, each a line over months since first use. Month 0 is 1 by definition and not shown.

    cells: rows of `retention.triangle`. launch: first day of the launch cohort's month, or None. top: end of the y axis
    (None: what fits). name: of the model, on a sheet. least: users of the smallest cell that is shown (`Log.least`).
    """

    cells: pd.DataFrame
    launch: Any
    top: float | None = None
    name: str = ""
    least: int = 0

    @property
    def gap(self) -> str:
        """Why there is no line; what is withheld is not said to be missing."""
        if self.cells.empty:
            return f"no cohort of {self.least} users or more" if self.least else "no users in this log"
        return "no month after the first to show"

    @cached_property
    def shown(self) -> pd.DataFrame:
        """The observed cells from month 1 on, with `first`: whether the cohort is the launch cohort."""
        seen = self.cells[self.cells["observed"] & (self.cells["k"] > 0)].sort_values(["cohort", "k"])
        start = pd.NaT if self.launch is None else pd.Timestamp(self.launch)
        return seen.assign(first=seen["cohort"] == start)

    @cached_property
    def drawn(self) -> pd.DataFrame:
        """The same with a row without values for each month in between that is not observed: a line breaks there.

        whole: retention in complete months, an unbroken line. tail: in a month that is not complete and in those next
        to it, a dashed one. alone: a month whose neighbours are missing, which no line shows.
        """
        rows = _with_gaps(self.shown, "k", "cohort", "retention", 1)
        empty = rows["retention"].isna()
        rows.loc[empty, ["wilson_low", "wilson_high"]] = float("nan")
        partial = ~rows["complete"].astype(bool) & ~empty
        by_cohort = partial.groupby(rows["cohort"])
        beside = by_cohort.shift(1, fill_value=False) | by_cohort.shift(-1, fill_value=False)
        return rows.assign(
            whole=rows["retention"].where(~partial), tail=rows["retention"].where(partial | beside)
        )


@dataclass(frozen=True, eq=False)
class Panels:
    """Charts of one exhibit. Files draw them all, side by side or each below the other; the page draws the first, which
    tells on hover what the others show. titles: of the charts after the first, which has the exhibit's."""

    charts: tuple[Lines | Stack, ...]
    titles: tuple[str, ...]
    below: bool = False


@dataclass(frozen=True, eq=False)
class Sheet:
    """Panels of cohorts on one sheet and one scale, each under its name, for files. The page shows them one by one."""

    panels: tuple[Cohorts, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "panels", on_one_scale(self.panels))


Chart = Lines | Stack | Bars | Points | Cohorts | Panels | Sheet


def apart_from_study(chart: Chart) -> Chart:
    """The chart without what the study says: guides, and circles around the models that it names."""
    if isinstance(chart, Panels):
        return replace(chart, charts=tuple(replace(one, guide=None) for one in chart.charts))
    if isinstance(chart, Lines | Stack):
        return replace(chart, guide=None)
    if isinstance(chart, Points) and chart.ringed:
        return replace(chart, named=chart.rows[chart.label].head(MOST_NAMES).tolist(), ringed=False)
    return chart


def on_one_scale(charts: Iterable[Cohorts]) -> tuple[Cohorts, ...]:
    """The same charts with y axes that end where all launch cohorts fit, and all cohorts that are not small."""
    charts = tuple(charts)
    if not charts:
        return ()
    cells = pd.concat([chart.shown for chart in charts])
    shown = cells[~cells["small"].astype(bool) | cells["first"]]
    largest = (shown if len(shown) else cells)["retention"].max()
    top = 1.0 if pd.isna(largest) else min(1.0, max(float(largest) * 1.12, 0.05))
    return tuple(replace(chart, top=top) for chart in charts)


def _complete(rows: pd.DataFrame) -> pd.DataFrame:
    return complete_weeks(rows) if "complete" in rows else rows


def _with_gaps(rows: pd.DataFrame, at: str, name: str | None, value: str, step: Any) -> pd.DataFrame:
    """The rows of each line (those that agree in `name`) in the order of `at`, with a row without a value for each
    step that the line lacks between its ends. alone: a value without one before and after it."""
    line = np.zeros(len(rows), dtype=np.int64)
    if name is not None:
        line = pd.factorize(rows[name])[0]  # in the order of appearance; -1: no name
        if not (line >= 0).any():
            return rows.assign(alone=False)
        rows, line = rows[line >= 0], line[line >= 0]
    rows, line = _by_line(rows, at, line)
    ends = rows[at].groupby(line).agg(["min", "max"])  # by line, from 0 on
    steps = ((ends["max"] - ends["min"]) // step).to_numpy() + 1
    begin = np.cumsum(steps) - steps
    since = rows[at] - ends["min"].iloc[line].reset_index(drop=True)
    on_a_step = (since % step == since.iloc[:0].sum()).to_numpy()
    there = np.zeros(steps.sum(), dtype=bool)
    there[(begin[line] + (since // step).to_numpy())[on_a_step]] = True
    lacking = np.flatnonzero(~there)
    if len(lacking):
        of = np.repeat(np.arange(len(steps)), steps)[lacking]
        gaps = rows.iloc[np.searchsorted(line, of)].copy()
        places = ends["min"].iloc[of].reset_index(drop=True) + pd.Series(lacking - begin[of]) * step
        gaps[at], gaps[value] = places.to_numpy(), float("nan")
        rows, line = _by_line(pd.concat([rows, gaps]), at, np.concatenate([line, of]))
    known = rows[value].notna().to_numpy()
    beside = np.zeros(len(rows), dtype=bool)
    pairs = known[:-1] & known[1:] & (line[:-1] == line[1:])
    beside[:-1] |= pairs
    beside[1:] |= pairs
    return rows.assign(alone=known & ~beside)


def _by_line(rows: pd.DataFrame, at: str, line: NDArray[np.int64]) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Rows and the numbers of their lines, in the order of the lines and, within one, of `at`."""
    order = np.lexsort((rows[at].to_numpy(), line))
    return rows.iloc[order].reset_index(drop=True), line[order]


def melted(
    frame: pd.DataFrame,
    names: Mapping[str, str],
    value: Value,
    more: Sequence[Value],
    colours: Mapping[str, str],
    dashes: Mapping[str, Sequence[int]] | None = None,
    wide: str = "",
) -> tuple[pd.DataFrame, Series]:
    """Columns of a weekly frame, with their names for people, as series of one chart: rows of week, complete, line (the
    column), `value`, and `more` as they are; and the series that `line` tells apart."""
    kept = ["week", "complete", *(one.column for one in more)]
    known = [column for column in names if frame[column].notna().any()]
    long = frame.melt(kept, known, var_name="line", value_name=value.column)
    return long, Series("line", list(names), names, colours, dashes or {}, wide)
