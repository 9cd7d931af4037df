"""Whom the spend on programming goes to, as `testbed.claims.statistics.spend` measures it."""

from __future__ import annotations

from typing import Literal

from testbed.calibration.linear.counts import FirstBelow
from testbed.calibration.linear.forms.openness import change, edge, weekly
from testbed.calibration.linear.readings import Amount, Reading, mean
from testbed.calibration.linear.registry import form
from testbed.calibration.linear.requirements import NotLinear
from testbed.calibration.linear.results import Extreme, Parts, Plain, Series
from testbed.calibration.linear.setting import Setting
from testbed.claims.measuring.changes import EDGE_WEEKS
from testbed.claims.measuring.tables import Pick, Window
from testbed.claims.statistics.spend import REPORTED_FALL

LEFT_OUT = ("x-ai",)


@form
def weekly_share(
    setting: Setting, author: str | list[str], leave_out: tuple[str, ...], window: Window
) -> Series:
    """Share of an author, or several, in the spend on programming, by week."""
    whole = Amount("spend_usd", (Pick(not_author=leave_out),), ("programming",))
    own = Pick(author=author if isinstance(author, str) else tuple(author))
    return weekly(setting, whole.of(own), whole, setting.span(window))


@form
def share(
    setting: Setting,
    author: str | list[str],
    part: Literal["total", "july", "end"],
    leave_out: tuple[str, ...],
    window: Window,
) -> Plain:
    """Mean of the weekly shares over the window, the weeks of July 2025, or the last four."""
    series = weekly_share(setting, author, leave_out, window)
    if part == "end":
        return Plain(edge(series.readings, "end"))
    pairs = zip(series.times, series.readings, strict=True)
    return Plain(mean([r for day, r in pairs if part == "total" or (day.year, day.month) == (2025, 7)]))


@form
def changes(setting: Setting, authors: list[str], window: Window) -> Parts:
    """By author, the change of its share from the first to the last four weeks."""
    parts: dict[str, Reading] = {}
    for author in authors:
        readings = weekly_share(setting, author, LEFT_OUT, window).readings
        if len(readings) < 2 * EDGE_WEEKS:
            raise NotLinear(f"the tensor has fewer than {2 * EDGE_WEEKS} weeks of it")
        parts[author] = change(readings)
    return Parts(parts)


@form
def largest_change(setting: Setting, authors: list[str], window: Window) -> Extreme:
    """The largest of `changes`."""
    return Extreme(tuple(changes(setting, authors, window).of.values()), "high")


@form
def rest(setting: Setting, named: list[str], leave_out: tuple[str, ...]) -> Plain:
    """Mean weekly share that goes to none of the named authors."""
    whole = mean(weekly_share(setting, named, leave_out, "category").readings)
    return Plain(Reading((), 1.0) - whole)


@form
def weeks_before_first_below(setting: Setting, author: str, level: float) -> FirstBelow:
    """Weeks from 17 November 2025 to the first week in which the author's share lies below a level."""
    series = weekly_share(setting, author, LEFT_OUT, "category")
    positions = tuple((day - REPORTED_FALL).days / 7 for day in series.times)
    return FirstBelow(series.readings, positions, level)
