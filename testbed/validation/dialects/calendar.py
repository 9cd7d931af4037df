"""Calendars as patterns of DuckDB: weeks by their first day, boundaries crossed, units that passed whole.

The days of a zoned moment are those of the session's zone, which is UTC for dialects that have none.
"""

from __future__ import annotations

CLOCK = "(CAST(_1 AS TIMESTAMPTZ) AT TIME ZONE _2)"
"""What the clock of a zone shows at a moment."""
NAIVE = "CAST(_1 AS TIMESTAMP)"
_OTHER = "CAST(_2 AS TIMESTAMP)"
UNIX_SECONDS = "CAST(floor(epoch(CAST(_1 AS TIMESTAMPTZ))) AS BIGINT)"
MONDAY = f"CAST(date_trunc('week', {NAIVE}) AS DATE)"
SUNDAY = f"CAST(date_trunc('week', {NAIVE} + INTERVAL 1 DAY) - INTERVAL 1 DAY AS DATE)"
ISO_WEEK = f"CAST(strftime({NAIVE}, '%V') AS INTEGER)"
ISO_YEAR = f"CAST(strftime({NAIVE}, '%G') AS INTEGER)"
WEEK_FROM_SUNDAY = f"CAST(strftime({NAIVE}, '%U') AS INTEGER)"
"""Week of the year: the first Sunday begins week 1, what is before it is week 0."""
WEEKS = {"monday": "0", "sunday": "1"}
"""By how many days a moment is put forward, so that DuckDB's weeks begin on that day."""


def weeks_crossed(first: str) -> str:
    """Weeks whose beginning lies between `_1` and `_2`. first: the day on which they begin."""
    ahead = f"+ INTERVAL {WEEKS[first]} DAY"
    end, start = (f"date_trunc('week', {one} {ahead})" for one in (_OTHER, NAIVE))
    return f"date_diff('day', {start}, {end}) // 7"


MONTHS_OF_31_DAYS = f"""CASE
    WHEN day({NAIVE}) = day({_OTHER})
      OR (last_day({NAIVE}) = CAST({NAIVE} AS DATE) AND last_day({_OTHER}) = CAST({_OTHER} AS DATE))
    THEN CAST(date_diff('month', {_OTHER}, {NAIVE}) AS DOUBLE)
    ELSE date_diff('month', {_OTHER}, {NAIVE})
      + (epoch({NAIVE} - date_trunc('month', {NAIVE})) - epoch({_OTHER} - date_trunc('month', {_OTHER})))
        / 86400 / 31 END"""
"""MONTHS_BETWEEN: whole between the same days of the month and between last days, else with days as 31sts."""


def _months(size: int) -> str:
    into_start, into_end = (f"({one} - date_trunc('month', {one}))" for one in (NAIVE, _OTHER))
    months = f"""(date_diff('month', {NAIVE}, {_OTHER}) - CASE
        WHEN {_OTHER} >= {NAIVE} AND {into_end} < {into_start} THEN 1
        WHEN {_OTHER} < {NAIVE} AND {into_end} > {into_start} THEN -1 ELSE 0 END)"""
    return months if size == 1 else f"CAST(trunc({months} / {size}) AS BIGINT)"


def elapsed(unit: str) -> str:
    """Whole units between `_1` and `_2`; from the last day of a month to the last of the next, a month has passed."""
    return f"date_sub('{unit}', {NAIVE}, {_OTHER})"


def passed(unit: str) -> str | None:
    """Whole units between `_1` and `_2`; a month has passed once its day of the month and the hour have come, so that
    there is none between the last days of January and February. None for a unit that is none."""
    sizes = {"month": 1, "quarter": 3, "year": 12}
    if unit in sizes:
        return _months(sizes[unit])
    if unit not in ("microsecond", "millisecond", "second", "minute", "hour", "day", "week"):
        return None
    return elapsed(unit)
