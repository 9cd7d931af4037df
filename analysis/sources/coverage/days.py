"""What a log covers: its days, the stretches of them that it does not, and the sentences that say so."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis.months import month_after, month_end, months_between
from analysis.numerals import counted, listed

Bools = npt.NDArray[np.bool_]

SHOWN = 4  # holes and days that a sentence names


@dataclass(frozen=True)
class Span:
    """Days in a row, both ends included, and the rows that the log has on them."""

    first: dt.date
    last: dt.date
    rows: int = 0

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.last - self.first).days + 1

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


@dataclass(frozen=True)
class Coverage:
    """What a log covers: from `first` to `last` but for `holes`; stray: days with rows outside of that.

    thin: covered days with so few rows that a part may be lost. habits: covered silences, long or seen few times, that
    come at equal intervals or are days off.
    lost: requests that the run's manifest counts and the log lacks.
    basis: whether the days are stated (by a run's manifest or the caller) or read from the records.
    """

    first: dt.date
    last: dt.date
    holes: tuple[Span, ...] = ()
    stray: tuple[Span, ...] = ()
    thin: tuple[Span, ...] = ()
    habits: tuple[Span, ...] = ()
    lost: int = 0
    basis: Literal["stated", "records"] = "records"

    @cached_property
    def days(self) -> Bools:
        """Whether each day from `first` to `last` is covered."""
        covered = np.ones((self.last - self.first).days + 1, np.bool_)
        for hole in self.holes:
            covered[max((hole.first - self.first).days, 0) : (hole.last - self.first).days + 1] = False
        return covered

    def covered(self, first: dt.date, last: dt.date) -> int:
        """How many of the days from `first` to `last` are covered."""
        begin = max((first - self.first).days, 0)
        end = (last - self.first).days + 1
        return int(self.days[begin:end].sum()) if end > begin else 0

    def covers(self, first: dt.date, last: dt.date) -> bool:
        """Whether all days from `first` to `last` are covered."""
        return self.covered(first, last) == (last - first).days + 1

    def has_hole(self, first: dt.date, last: dt.date) -> bool:
        """Whether a day of a hole lies from `first` to `last`."""
        return any(hole.first <= last and hole.last >= first for hole in self.holes)

    def knows(self, month: dt.date) -> bool:
        """Whether no day of a month lies in a hole: who was silent then was away. The month of the log's end may be
        known and not complete."""
        return not self.has_hole(month, month_end(month))

    def complete_weeks(self) -> list[dt.date]:
        """Mondays of the weeks that are covered from Monday to Sunday."""
        monday = self.first + dt.timedelta(days=-self.first.weekday() % 7)
        weeks = (self.last - monday + dt.timedelta(days=1)).days // 7
        starts = (monday + dt.timedelta(weeks=i) for i in range(weeks))
        return [start for start in starts if self.covers(start, start + dt.timedelta(days=6))]

    def months(self) -> list[dt.date]:
        """First days of the calendar months from the first covered day's to the last one's."""
        return [month_after(self.first, k) for k in range(months_between(self.first, self.last) + 1)]

    def complete_months(self) -> list[dt.date]:
        """First days of the months without a day that is not covered; the log's first month counts from its first
        covered day on."""
        return [m for m in self.months() if self.covers(max(m, self.first), month_end(m))]

    def observed_months(self) -> list[dt.date]:
        """First days of the months of which at least one day is covered."""
        return [m for m in self.months() if self.covered(m, month_end(m))]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is not covered, in sentences for people."""
        said = []
        if self.lost:
            said.append(
                f"The log lacks {self.lost:,} of the requests that the run's manifest counts. Which days it covers is "
                f"judged by its rows: {self.first} to {self.last}."
            )
        if self.holes:
            spans = listed([str(hole) for hole in self.holes], SHOWN)
            days, rows = sum(hole.days for hole in self.holes), sum(hole.rows for hole in self.holes)
            left = "without a row"
            if rows:
                left = f"with {counted(rows, 'row')}, where the days beside have many"
            said.append(
                f"The log does not cover {spans} ({counted(days, 'day')} {left}): what happened then is not "
                "known. Weeks and months with such days are incomplete, and cohorts that began in such a month or in "
                "the one after are not tested."
            )
        if self.thin:
            said.append(
                f"The log has far fewer rows than usual on {listed([str(s) for s in self.thin], SHOWN)}: at most a "
                "quarter of what the weeks beside have, or at the end of the log those before. If a part is lost, "
                "users of these days seem to be away. The days count as covered."
            )
        if self.habits:
            said.append(
                f"The log has next to no rows on {listed([str(s) for s in self.habits], SHOWN)}. This was taken for a "
                "habit (days off, or silences that come at equal intervals) and not for a loss: the days count as "
                "covered. If rows are lost, users of these days seem to be away."
            )
        if self.stray:
            spans, rows = listed([str(s) for s in self.stray], SHOWN), sum(span.rows for span in self.stray)
            lie = "lies" if rows == 1 else "lie"
            said.append(
                f"{counted(rows, 'row')} of {spans} {lie} apart from the rest of the log, or on a day that it "
                "holds only in part: counted in sums, left out of cohorts. The log covers "
                f"{self.first} to {self.last}."
            )
        return tuple(said)
