"""Who never pauses: always-on accounts of whatever volume, told by the days on which they are active.

A service with a few requests a day is lost among people by its volume, and as loyal as the most loyal of them by its
months. But people have working days and weekends, holidays and days off; what runs by itself has none. An account
never pauses if, over two months or more, it is active on most days, on weekends about as often as on other days, and is
never silent for the length of a holiday. A person may live so, too: so a verdict is withdrawn only where such accounts
make up most of the difference (see `robustness_checks`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analysis.months import month_end

Bools = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.int64]

# Two requests a day at random fill 86% of days, 77% where they are one and a half; working days alone are 71%.
MOST_DAYS = 0.75  # of the days from the first request to the last (assumed)
LEAST_SPAN = 60  # days from the first request to the last (assumed)
# Two requests a day at random are silent for five days on end once in 70 years; Easter with its weekend takes four.
LONGEST_PAUSE = 4  # days (assumed)
# Of the share of other days, at least: accounts without a week miss it in two months in one case of 25.
WEEKENDS = 0.8  # (assumed)


def never_pauses(day_bits: Bits, months: Sequence[dt.date]) -> Bools:
    """Users (n,) that never pause. day_bits (n, M): bit d - 1 is set for a request on day d of the month, of the days
    that the log covers.

    Days on which no user at all was active are not counted: the log lacks them, or the service was down.
    """
    flagged = np.zeros(len(day_bits), np.bool_)
    enough = np.bitwise_count(day_bits).sum(axis=1, dtype=np.int64) >= MOST_DAYS * LEAST_SPAN
    rows = np.flatnonzero(enough)
    if not rows.size:
        return flagged
    days, weekend = _by_day(np.bitwise_or.reduce(day_bits, axis=0)[None, :], months)
    covered = days[0]
    active = _by_day(day_bits[rows], months)[0][:, covered]
    flagged[rows] = _unbroken(active, weekend[covered])
    return flagged


def _by_day(day_bits: Bits, months: Sequence[dt.date]) -> tuple[Bools, Bools]:
    """Activity by day (n, days of all months), and which of the days are Saturdays and Sundays, in UTC."""
    columns, weekend = [], []
    for i, month in enumerate(months):
        length = month_end(month).day
        columns.append((day_bits[:, i, None] >> np.arange(length)) & 1 == 1)
        weekend.append((month.weekday() + np.arange(length)) % 7 >= 5)
    return np.concatenate(columns, axis=1), np.concatenate(weekend)


def _unbroken(active: Bools, weekend: Bools) -> Bools:
    """Which rows never pause, by day."""
    day = np.arange(active.shape[1])
    first = active.argmax(axis=1)[:, None]
    last = len(day) - 1 - active[:, ::-1].argmax(axis=1)[:, None]
    span = (last - first + 1)[:, 0]
    inside = (day >= first) & (day <= last)
    seen = np.maximum.accumulate(np.where(active, day, -1), axis=1)  # the last day with a request
    pause = np.where(inside, day - seen, 0).max(axis=1)

    def share(of: Bools) -> npt.NDArray[np.float64]:
        return (active & of).sum(axis=1) / np.maximum((inside & of).sum(axis=1), 1)

    return np.asarray(
        (span >= LEAST_SPAN)
        & (share(np.ones_like(weekend)) >= MOST_DAYS)
        & (pause <= LONGEST_PAUSE)
        & (share(weekend) >= WEEKENDS * share(~weekend))
    )
