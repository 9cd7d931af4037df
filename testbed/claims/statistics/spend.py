"""Statistics on whom the spend on programming goes to, by the labelled sample (section 5)."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from typing import Literal

from analysis.numerals import counted
from analysis.proportions import share as over
from analysis.queries import categories
from analysis.sources.log import Log
from testbed.claims.measuring.changes import EDGE_WEEKS
from testbed.claims.measuring.measured import Groups, Measured, Series, Untestable
from testbed.claims.measuring.tables import Pick, Window, by_week, sample, series, weeks_of
from testbed.claims.measuring.uncertainty import difference, label_draws, mean_of_weeks, share_error
from testbed.claims.statistics.registry import statistic

REPORTED_FALL = dt.date(2025, 11, 17)  # week in which Anthropic is said to fall below 60% for the first time


def _of(log: Log, author: str | list[str], leave_out: tuple[str, ...], window: Window) -> Series:
    frame = categories.weekly_author_spend(log, category="programming", leave_out=leave_out)
    names = [author] if isinstance(author, str) else author
    weeks = weeks_of(log, window)
    frame = frame[frame["week"].isin(weeks)]
    if frame.empty:
        raise Untestable("no labelled spend on programming in the window")
    whole = frame.groupby("week")["week_spend_usd"].max().reindex(weeks).fillna(0.0)
    shares = over(by_week(frame[frame["author"].isin(names)], weeks, "spend_usd"), whole)
    cells, _ = sample(log, window)
    cells = cells[(cells["category"] == "programming") & Pick(not_author=leave_out).of(cells)]
    draws = label_draws(shares, share_error(shares, whole, by_week(cells, weeks, "spend_squares")))
    requests = int(frame["requests"].sum())
    return series(shares, weeks, n=requests, detail="labelled requests", draws=draws)


@statistic
def weekly_share(
    log: Log,
    author: str | list[str],
    leave_out: tuple[str, ...] = ("x-ai",),
    window: Window = "category",
) -> Series:
    """Share of an author (or several) in the spend on programming, xAI left out, by complete week (labelled sample)."""
    return _of(log, author, leave_out, window)


@statistic
def share(
    log: Log, author: str | list[str], part: Literal["total", "july", "end"] = "total",
    leave_out: tuple[str, ...] = ("x-ai",), window: Window = "category",
) -> Measured:  # fmt: skip
    """Mean of the weekly shares over the window, the weeks of July 2025, or the last four; Newey-West interval."""
    whole = _of(log, author, leave_out, window)
    values = whole.values
    if part == "july":
        values = values[[day.year == 2025 and day.month == 7 for day in whole.times]]
    elif part == "end":
        values = values[-EDGE_WEEKS:]
    if not len(values):
        raise Untestable("no such week")
    return mean_of_weeks(values, detail=f"{counted(whole.n, 'labelled request')}")


@statistic
def changes(log: Log, authors: list[str], window: Window = "category") -> Groups:
    """By author, the change of its share of the spend on programming, xAI left out: last four weeks of the window less
    first four (means of weekly shares)."""
    parts = {}
    for author in authors:
        values = _of(log, author, ("x-ai",), window).values
        if len(values) < 2 * EDGE_WEEKS:
            raise Untestable(f"fewer than {2 * EDGE_WEEKS} weeks")
        gap = difference(mean_of_weeks(values[-EDGE_WEEKS:]), mean_of_weeks(values[:EDGE_WEEKS]))
        parts[author] = Measured(gap.value, gap.low, gap.high, len(values), "points", gap.detail)
    return Groups(parts)


@statistic
def largest_change(log: Log, authors: list[str], window: Window = "category") -> Measured:
    """The largest of `changes`, with the author whose it is."""
    parts = changes(log, authors, window).parts
    top = max(parts, key=lambda author: parts[author].value)
    return replace(parts[top], detail=f"weeks; {top}")


@statistic
def rest(log: Log, named: list[str], leave_out: tuple[str, ...] = ("x-ai",)) -> Measured:
    """Mean weekly share of the spend on programming that goes to none of the named authors."""
    whole = _of(log, named, leave_out, "category")
    return mean_of_weeks(1 - whole.values, detail=f"{counted(whole.n, 'labelled request')}")


@statistic
def weeks_before_first_below(log: Log, author: str, level: float) -> Measured:
    """Weeks from the Monday 17 November 2025 to the first week in which the author's share of the spend on programming
    lies below a level (0: that very week; negative: earlier; infinite: in no week of a window that holds that week)."""
    whole = _of(log, author, ("x-ai",), "category")
    if whole.times[-1] < REPORTED_FALL:
        raise Untestable(f"the log's complete weeks do not reach {REPORTED_FALL}")
    below = [day for day, value in zip(whole.times, whole.values, strict=True) if value < level]
    if not below:
        return Measured(math.inf, n=len(whole.times), unit="weeks", detail="never below")
    return Measured((below[0] - REPORTED_FALL).days / 7, n=len(whole.times), unit="weeks",
                    detail=f"first below in the week of {below[0]}")  # fmt: skip
