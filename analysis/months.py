"""Calendar months: the last day of one, the one so many later, how many lie between two."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def month_end(day: dt.date) -> dt.date:
    """Last day of a day's month."""
    return dt.date(day.year, day.month, calendar.monthrange(day.year, day.month)[1])


def month_after(day: dt.date, months: int) -> dt.date:
    """First day of the month that lies so many months after a day's own (0: that one). Errors: ValueError outside the
    years 1 to 9999."""
    number = day.year * 12 + day.month - 1 + months
    return dt.date(number // 12, number % 12 + 1, 1)


def months_between(first: dt.date, later: dt.date) -> int:
    """Months from one day's to another's; negative where `later` is the earlier one."""
    return (later.year - first.year) * 12 + later.month - first.month


def months_to_each(first: pd.Series | dt.date, later: pd.Series) -> pd.Series:
    """`months_between` row by row, or from one day to each; missing where a day is."""
    begin = first if isinstance(first, dt.date) else first.dt
    return (later.dt.year - begin.year) * 12 + later.dt.month - begin.month
