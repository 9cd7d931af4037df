"""UTC weeks, Monday to Sunday: the unit in which a log is made and written."""

import datetime as dt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.scenario import Scenario


class Week(NamedTuple):
    """One UTC week of the calendar, by days of the scenario: its Monday, its first day and the day after its last."""

    number: int
    monday: int
    first: int
    last: int
    activity: float  # factor on the chance to be active


class Weeks(NamedTuple):
    """All UTC weeks of a world: that of its first day is week 0."""

    number: int  # of week 0 in the calendar: the start of a world changes nobody's active weeks
    weekday: int  # of the first day
    days: int
    activity: NDArray[np.float64]  # factor on the chance to be active, by week


def week_number(day: dt.date) -> int:
    """UTC weeks since the beginning of the calendar: it does not depend on the start of a world."""
    return (day.toordinal() - 1) // 7


def weeks_of(scenario: Scenario) -> list[tuple[dt.date, int, int]]:
    """The weeks that a scenario touches: (Monday, first day, day after the last), in days of the scenario."""
    weeks = []
    monday = scenario.start - dt.timedelta(days=scenario.start.weekday())
    while monday <= scenario.end:
        first = (monday - scenario.start).days
        weeks.append((monday, max(0, first), min(scenario.days, first + 7)))
        monday += dt.timedelta(days=7)
    return weeks
