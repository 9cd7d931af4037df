"""Text alternatives: what a chart shows, in a sentence or two, from its table."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from analysis.numerals import counted
from analysis.report.charts.chart import Chart, Cohorts, Lines, Panels, Points, Sheet, Stack, Value
from analysis.report.pages.cells import written

ENDS = 4  # weeks at either end of a series that are averaged, at most half of them
MOST = 5  # series or rows that a sentence names

SHEET = "The panels above on one sheet, and what is claimed of them together."


def describe(frame: pd.DataFrame, formats: Mapping[str, str], unit: str, chart: Chart | None = None) -> str:
    """What the table behind a chart says: ends of weekly series, else the largest rows. Never empty.

    chart: what it draws is told, with its names for people.
    """
    if frame.empty:
        return "No rows."
    drawn = _drawn(chart)
    if drawn is not None:
        frame, shown, names = drawn
        value, form = shown.column, str(shown.form)
    else:
        known = _value_column(frame, formats)
        if known is None:
            return f"{counted(len(frame), 'row')}."
        value, form = known, formats[known]
        names = [c for c, kind in formats.items() if c in frame and kind == "text"]
    if "week" in frame:
        return _weekly(frame, value, form, unit, names)
    return _largest(frame, value, form, unit, names)


def throughout(frame: pd.DataFrame, formats: Mapping[str, str]) -> str:
    """What a table says that says one thing only: all of its shares are 0%, or all are 100%; empty if it says more."""
    shares = [c for c, form in formats.items() if form == "share" and c in frame]
    values = set(frame[shares].stack().dropna().astype("float64")) if shares else set()
    if len(values) != 1 or not values <= {0.0, 1.0}:
        return ""
    texts = [c for c, form in formats.items() if form == "text" and c in frame]
    names = [str(frame[c].iloc[0]) for c in texts if frame[c].nunique() == 1]
    whose = f"{', '.join(names)}: " if names and values == {1.0} else ""
    return f"{whose}{written(values.pop(), 'share')} throughout"


def _drawn(chart: Chart | None) -> tuple[pd.DataFrame, Value, list[str]] | None:
    """The rows that the page draws, their value, and the columns that name rows; None if it draws none."""
    if isinstance(chart, Panels):
        return _drawn(chart.charts[0])
    if chart is None or isinstance(chart, Cohorts | Sheet) or chart.shown.empty:
        return None
    rows, series, names = chart.shown, chart.series, []
    if series is not None:
        rows, names = rows.assign(series=rows[series.column].map(series.name)), ["series"]
    if isinstance(chart, Lines | Stack):
        return rows, chart.value, names
    value = chart.y if isinstance(chart, Points) else chart.value
    return rows, value, [chart.label] if rows[chart.label].is_unique else [chart.label, *names]


def _value_column(frame: pd.DataFrame, formats: Mapping[str, str]) -> str | None:
    """The first share of a table, else its first number that is not a count, else its first count."""
    numbers = [c for c, form in formats.items() if c in frame and form in _NUMBERS]
    return min(numbers, key=lambda c: (formats[c] != "share", formats[c] == "count"), default=None)


_NUMBERS = ("share", "tokens", "usd", "number", "count")


def _weekly(frame: pd.DataFrame, value: str, form: str, unit: str, names: list[str]) -> str:
    frame = frame[frame["complete"]] if "complete" in frame and frame["complete"].any() else frame
    weeks = frame["week"].drop_duplicates().sort_values()
    ends, one = min(ENDS, len(weeks) // 2), len(weeks) == 1
    period = "week" if one else "weeks"
    period += f" of {_day(weeks.iloc[0])}{'' if one else f' to {_day(weeks.iloc[-1])}'}"
    parts = []
    groups = frame.groupby(names[0], sort=False, observed=True) if names else [("", frame)]
    means = [(_mean(part[value]), name, part) for name, part in groups]
    ranked = sorted(means, key=lambda item: -item[0] if item[0] == item[0] else math.inf)
    for _, name, part in ranked[:MOST]:
        part = part.sort_values("week")
        label = f"{name!s}: " if name else ""
        if one:
            parts.append(f"{label}{written(_mean(part[value]), form)}")
            continue
        first, last = _mean(part[value].head(ends)), _mean(part[value].tail(ends))
        parts.append(f"{label}{written(first, form)} at the start, {written(last, form)} at the end")
    more = f"; {len(ranked) - MOST} more series" if len(ranked) > MOST else ""
    note = f" Start and end are means of {ends} weeks." if ends > 1 else ""
    return f"{unit[:1].upper()}{unit[1:]}, {period}. {'; '.join(parts)}{more}.{note}"


def _largest(frame: pd.DataFrame, value: str, form: str, unit: str, names: list[str]) -> str:
    top = frame.sort_values(value, ascending=False, kind="stable").head(MOST)
    top = top[top[value] != 0] if (top[value] != 0).any() else top
    parts = []
    for row in top.to_dict("records"):
        label = ", ".join(str(row[name]) for name in names)
        parts.append(f"{label} {written(row[value], form)}".strip())
    return f"{counted(len(frame), 'row')}, {unit}. Largest: {'; '.join(parts)}."


def _mean(values: pd.Series) -> float:
    """The mean of the values that there are; NaN without any."""
    return float(values.astype("float64").mean())


def _day(moment: pd.Timestamp) -> str:
    return f"{moment.day} {moment:%B %Y}"


def describe_retention(name: str, triangle: pd.DataFrame, launch: object) -> str:
    """What a retention panel shows: how many cohorts, and how many of the launch cohort and of the others come back."""
    seen = triangle[triangle["complete"] & (triangle["k"] > 0)]
    if seen.empty:
        return f"{name}: no complete month after the first."
    cohorts = triangle["cohort"].nunique()
    parts = [f"{name}: users active again, by months since first use, for {cohorts} monthly cohorts."]
    start = pd.Timestamp(str(launch)) if launch is not None else None
    own = seen[seen["cohort"] == start] if start is not None else seen.iloc[:0]
    if len(own):
        ends = own.iloc[[0, -1]] if len(own) > 1 else own
        said = ", ".join(f"{row.retention:.0%} after {row.k} months" for row in ends.itertuples())
        parts.append(f"Launch cohort of {start:%B %Y} ({counted(own['users'].iloc[0], 'user')}): {said}.")
    others = seen[~seen["cohort"].isin(own["cohort"]) & ~seen["small"]]
    if len(others):
        first = others.loc[others["k"] == 1, "retention"]
        if len(first):
            parts.append(f"Other cohorts after a month: {first.min():.0%} to {first.max():.0%}.")
    return " ".join(parts)
