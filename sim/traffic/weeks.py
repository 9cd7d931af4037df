"""UTC weeks, Monday to Sunday: the unit in which a log is made and written."""

import datetime as dt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.compiled import inlined
from sim.scenario import Scenario


class Weeks(NamedTuple):
    """All UTC weeks of a world: that of its first day is week 0."""

    number: int  # of week 0 in the calendar: the start of a world changes nobody's active weeks
    weekday: int  # of the first day
    days: int
    activity: NDArray[np.float64]  # factor on the chance to be active, by week


@inlined
def weeks_of_spell(spell: Any, weekday: int, weeks: int) -> tuple[int, int]:
    """The first week of the world that a spell touches, and the one after its last. weekday: of the world's first day;
    weeks: of the world."""
    return (spell.start + weekday) // 7, min((spell.end + weekday + 6) // 7, weeks)


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
