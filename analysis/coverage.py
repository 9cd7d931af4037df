"""Which days a log covers: judged from the number of requests of each day, all models together.

A day is covered where a request would be in the log. A run's manifest states its days. Of any other log the counts
speak: a *hole* is a stretch of days with next to no rows between days with many, which chance cannot have made; *stray*
rows lie before or after the body of the log, cut off from it by such a silence, or on a first or last day that is there
in part. What is not covered is not known: it is neither zero nor a sign that nobody was there.

How a silence is judged. The level that it is compared with is the median of the same weekday in the weeks beside it,
of both sides the smaller one, so that weekends, growth, launches and bursts of a day make none. The chance of so few
rows is that of a Poisson count of batches, whose size is the log's own index of dispersion (the squares of the
differences of a weekday's counts from one week to the next, over their sums: 1 without batches). A log that falls
silent for so long again and again, such as at weekends, holidays or between monthly jobs, has no holes of that length.
Of 1,000 logs without holes of each of thirteen kinds (small, growing, weekend-silent, bursty, with launches and more)
at most 0.4% had a hole, and at most 0.8% a day cut off an end: the slow test in tests/analysis/test_coverage.py. A hole
in the first or the last week of a log is not told from its start or end.
"""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from analysis.numerals import listed
from analysis.sources.errors import LogError

if TYPE_CHECKING:
    from analysis.source import Log

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FEW = 0.05  # of the rows that the neighbours lead to expect, at most: else a silence is no loss (assumed)
FEW_AT_END = 0.2  # the same of a first or last day, that may be there in part: 5 hours of 24 (assumed)
CHANCE = 0.001  # of a hole by chance in a whole log, were its batches independent (assumed)
CHANCE_AT_END = 0.01  # the same of a first or last day there in part
WEEKS_BESIDE = 5  # same weekdays on each side that make the level
SPANS = (5, 13, 26)  # weeks on each side in which a first, generous level is looked for
QUIET_DAYS = (
    4  # a silence up to so long that comes three times is a habit: ends of months, holidays (assumed)
)
HABIT_DAYS = 40  # longer ones have to come once in so many days to be one (assumed)
RARE = 0.15  # of a log's days in silences, at most, for these to be told from how it varies (assumed)
SURE = 50.0  # batches expected of a single day without any row, from which it is a hole by itself (assumed)
LONG_SILENCE = 14  # days without a row, from which weeks are compared instead of days
ISLAND_DAYS = 7  # days with rows of what may be stray, before or after the body, at most (assumed)
ISLAND_SHARE = 0.05  # of the rows of the four weeks of the body beside it, at most (assumed)
LEAST_DAYS = 14  # with rows, or there is nothing to compare a silence with
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

    basis: whether the days are stated (by a run's manifest or the caller) or read from the records.
    """

    first: dt.date
    last: dt.date
    holes: tuple[Span, ...] = ()
    stray: tuple[Span, ...] = ()
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

    def complete_weeks(self) -> list[dt.date]:
        """Mondays of the weeks that are covered from Monday to Sunday."""
        monday = self.first + dt.timedelta(days=-self.first.weekday() % 7)
        weeks = (self.last - monday + dt.timedelta(days=1)).days // 7
        starts = (monday + dt.timedelta(weeks=i) for i in range(weeks))
        return [start for start in starts if self.covers(start, start + dt.timedelta(days=6))]

    def months(self) -> list[dt.date]:
        """First days of the calendar months from the first covered day's to the last one's."""
        start = self.first.year * 12 + self.first.month - 1
        end = self.last.year * 12 + self.last.month - 1
        return [dt.date(m // 12, m % 12 + 1, 1) for m in range(start, end + 1)]

    def complete_months(self) -> list[dt.date]:
        """First days of the months without a day that is not covered; the log's first month counts from its first
        covered day on."""
        return [m for m in self.months() if self.covers(max(m, self.first), month_end(m))]

    def known_months(self) -> list[dt.date]:
        """First days of the months of which at least one day is covered."""
        return [m for m in self.months() if self.covered(m, month_end(m))]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is not covered, in sentences for people."""
        said = []
        if self.holes:
            spans = listed([str(hole) for hole in self.holes], SHOWN)
            days, rows = sum(hole.days for hole in self.holes), sum(hole.rows for hole in self.holes)
            left = "without a row"
            if rows:
                left = f"with {rows:,} row{'s'[: rows != 1]}, where the days beside have many"
            said.append(
                f"The log does not cover {spans} ({days:,} day{'s'[: days != 1]} {left}): what happened then is not "
                "known. Weeks and months with such days are incomplete, and cohorts that began in such a month or in "
                "the one after are not tested."
            )
        if self.stray:
            spans, rows = listed([str(s) for s in self.stray], SHOWN), sum(span.rows for span in self.stray)
            lie = "lies" if rows == 1 else "lie"
            said.append(
                f"{rows:,} row{'s'[: rows != 1]} of {spans} {lie} apart from the rest of the log, or on a day that it "
                "holds only in part: counted in sums, left out of cohorts. The log covers "
                f"{self.first} to {self.last}."
            )
        return tuple(said)


def month_end(month: dt.date) -> dt.date:
    """Last day of a day's calendar month."""
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def of_log(log: Log, stated: tuple[dt.date | None, dt.date | None], whole: bool) -> Coverage:
    """The coverage of a log, from one scan that counts the rows of each day.

    stated: first and last day, where they are stated. whole: the statement is a run's own, so that silent days in
    between are covered, unless the log has fewer rows than the manifest counts: then days are judged by their rows.
    """
    if not (whole and stated[0] and stated[1]):
        return of_days(daily_rows(log), *stated)
    _in_order(*stated)
    counted = ((log.manifest or {}).get("counts") or {}).get("generations")
    if isinstance(counted, int) and log.rows < counted:
        return of_days(daily_rows(log), *stated)
    return Coverage(stated[0], stated[1], stray=_outside(log, stated[0], stated[1]), basis="stated")


def daily_rows(log: Log) -> dict[dt.date, int]:
    """Rows of each UTC day that has any."""
    rows = log.generations
    found = rows.group_by(day=rows.created_at.date()).aggregate(rows=rows.count()).to_pyarrow().to_pylist()
    return {row["day"]: int(row["rows"]) for row in sorted(found, key=lambda r: str(r["day"])) if row["day"]}


def _outside(log: Log, first: dt.date, last: dt.date) -> tuple[Span, ...]:
    """Rows outside of stated days; no scan where the log's first and last record show that there are none."""
    ends = [moment.date() for moment in (log.start, log.end) if moment]
    if not ends or (min(ends) >= first and max(ends) <= last):
        return ()
    return _strays(daily_rows(log), first, last)


def _in_order(first: dt.date | None, last: dt.date | None) -> None:
    if first and last and first > last:
        raise LogError(
            f"the log is said to cover {first} to {last}, but its first day cannot be after its last: exchange them"
        )


def _strays(rows: dict[dt.date, int], first: dt.date, last: dt.date) -> tuple[Span, ...]:
    spans: list[Span] = []
    for day in sorted(day for day in rows if not first <= day <= last):
        if spans and (day - spans[-1].last).days == 1 and (day > last) == (spans[-1].last > last):
            spans[-1] = Span(spans[-1].first, day, spans[-1].rows + rows[day])
        else:
            spans.append(Span(day, day, rows[day]))
    return tuple(spans)


def of_days(rows: dict[dt.date, int], first: dt.date | None = None, last: dt.date | None = None) -> Coverage:
    """The coverage of a log with so many rows on each day. first, last: stated by the caller; they win.

    Raises LogError if the first stated day is after the last one, or if no row lies between them.
    """
    _in_order(first, last)
    if not rows and not (first and last):
        raise ValueError("a log without rows covers no day, unless its days are stated")
    begin, end = (min(rows), max(rows)) if rows else (first, last)
    assert begin is not None and end is not None
    if rows and not any((first or day) <= day <= (last or day) for day in rows):
        stated = f"from {first}" * (first is not None) + f" up to {last}" * (last is not None)
        raise LogError(
            f"the log has no record on the days {stated.strip()} that it is said to cover: its records "
            f"are of {begin} to {end}; state days among these, or none"
        )
    counts = np.zeros((end - begin).days + 1)
    for day, n in rows.items():
        counts[(day - begin).days] = n
    if first is not None:
        counts = counts[max((first - begin).days, 0) :]
        begin = max(begin, first)
    if last is not None and last < end:
        counts = counts[: max((last - begin).days + 1, 0)]
    low, high, holes = _judged(counts, free=(first is None, last is None))
    start = first or begin + dt.timedelta(days=low)
    stop = last or begin + dt.timedelta(days=high - 1)
    spans = tuple(
        Span(begin + dt.timedelta(days=a), begin + dt.timedelta(days=b - 1), int(counts[a:b].sum()))
        for a, b in holes
    )
    basis: Literal["stated", "records"] = "stated" if first and last else "records"
    return Coverage(start, stop, spans, _strays(rows, start, stop), basis)


def _judged(counts: Floats, free: tuple[bool, bool]) -> tuple[int, int, list[tuple[int, int]]]:
    """The body of the log as indices [low, high), and its holes [a, b). free: which end is not stated."""
    low, high = 0, len(counts)
    if np.count_nonzero(counts) < LEAST_DAYS:
        return low, high, []
    if free[0]:
        low = _peeled(counts)
    if free[1]:
        high = len(counts) - _peeled(counts[::-1])
    body = counts[low:high]
    if np.count_nonzero(body) < LEAST_DAYS:
        return low, high, []
    silences = _Silences(body)
    holes = [(a + low, b + low) for a, b in silences.holes()]
    if free[0] and _partial(body, silences):
        low += 1
    # A quiet last day that is there as a whole would cost the month, so it may be a habit; a first day costs nothing.
    if free[1] and not silences.usual(1) and _partial(body[::-1], silences):
        high -= 1
    return low, high, holes


# --- the ends


def _peeled(counts: Floats) -> int:
    """How many days at the start hold stray rows only: few, cut off from the rest by a silence that is no chance."""
    start = 0
    while True:
        active = np.flatnonzero(counts[start:]) + start
        gaps = np.flatnonzero(np.diff(active) > QUIET_DAYS + 1)[:ISLAND_DAYS]
        if not len(gaps):
            return start
        cut = None
        for gap in gaps:
            a, b = int(active[gap]) + 1, int(active[gap + 1])
            island, body = counts[start:a], counts[b:]
            if np.count_nonzero(island) > ISLAND_DAYS or np.count_nonzero(body) < LEAST_DAYS:
                break
            if island.sum() > ISLAND_SHARE * body[:28].sum():
                continue
            span = _Silences(counts[b : b + 7 * max(SPANS)])
            expected, dispersion = span.one_sided(b - a)
            if _chance(0.0, expected, dispersion) < CHANCE / 100:
                cut = b
        if cut is None:
            return start
        start = cut


def _partial(counts: Floats, silences: _Silences) -> bool:
    """Whether the first day is there in part: far fewer rows than on the same weekdays and on the days after it."""
    beside = counts[7 : 7 * WEEKS_BESIDE + 1 : 7]
    if len(beside) < 2:
        return False
    level = float(min(np.median(beside), np.median(counts[1:8])))
    if counts[0] > FEW_AT_END * level:
        return False
    return _chance(float(counts[0]), level, silences.dispersion_of_days) < CHANCE_AT_END


# --- silences inside


def _chance(few: float, expected: float, dispersion: float) -> float:
    """Chance of at most so many rows where so many are expected in batches of `dispersion` rows."""
    from scipy.special import gammaincc

    return float(gammaincc(few / dispersion + 1, expected / dispersion)) if expected > 0 else 1.0


def _dispersion(one: Floats, next_one: Floats) -> float:
    """Index of dispersion from pairs of counts that should be alike, without the 5% that differ most; at least 1."""
    whole = one + next_one
    some = whole > 0
    if not some.any():
        return 1.0
    squares = np.sort((one - next_one)[some] ** 2 / whole[some])
    kept = squares[: max(int(np.ceil(0.95 * len(squares))), 1)]
    return max(
        float(kept.mean()) / 0.76, 1.0
    )  # mean of a chi-square of one degree below its 95% point, over 0.95


class _Silences:
    """The silences of a body of daily counts, and which of them are holes."""

    def __init__(self, counts: Floats) -> None:
        self.counts = counts
        self.sums = np.concatenate([[0.0], np.cumsum(counts)])
        self.level = self._generous_level()
        self.low = (counts <= FEW * self.level) & (self.level > 0)
        self.candidates = self._candidates()
        self.lengths = np.array([b - a for a, b in self.candidates], dtype=np.int64)

    def _generous_level(self) -> Floats:
        """The smaller of both sides' largest medians of the same weekday over several spans: to find candidates by."""
        import pandas as pd

        n = len(self.counts)
        weeks = -(-n // 7)
        table = np.full(weeks * 7, np.nan)
        table[:n] = self.counts
        frame = pd.DataFrame(table.reshape(weeks, 7))

        def side(rows: pd.DataFrame) -> Floats:
            medians = [rows.rolling(w, min_periods=1).median().shift(1).to_numpy() for w in SPANS]
            return np.asarray(np.fmax.reduce(medians), dtype=np.float64)

        before, after = side(frame), side(frame[::-1])[::-1]
        level = np.where(
            np.isnan(before), after, np.where(np.isnan(after), before, np.minimum(before, after))
        )
        return np.nan_to_num(level.reshape(-1)[:n])

    @cached_property
    def dispersion_of_days(self) -> float:
        """Of the counts of the same weekday, without silent days where these are rare."""
        usable = ~self._rare
        pairs = usable[:-7] & usable[7:]
        return _dispersion(self.counts[:-7][pairs], self.counts[7:][pairs])

    @cached_property
    def _rare(self) -> Bools:
        """The days of all silences together if they are a small part of the log, else none: a log that is often silent
        varies by that, and one that lost some weeks does not."""
        silent = np.zeros(len(self.counts), np.bool_)
        for a, b in self.candidates:
            silent[a:b] = True
        return silent if silent.mean() <= RARE else np.zeros_like(silent)

    def _dispersion_of_weeks(self, a: int, b: int) -> float:
        """Of sums of weeks in a row outside of [a, b), and without silences where these are rare."""
        ones, nexts = [np.zeros(0)], [np.zeros(0)]
        for first, last, from_end in ((0, a, True), (b, len(self.counts), False)):
            weeks = self._weeks(first, last, from_end=from_end)
            edges = self._edges(first, last, from_end=from_end)
            sound = np.array([not self._rare[i:j].any() for i, j in itertools.pairwise(edges)], np.bool_)
            if len(weeks) > 1:
                pairs = sound[:-1] & sound[1:]
                ones.append(weeks[:-1][pairs])
                nexts.append(weeks[1:][pairs])
        return _dispersion(np.concatenate(ones), np.concatenate(nexts))

    def _weeks(self, a: int, b: int, *, from_end: bool) -> Floats:
        """Sums of whole weeks of [a, b), counted from its end or its start."""
        return np.diff(self.sums[self._edges(a, b, from_end=from_end)])

    @staticmethod
    def _edges(a: int, b: int, *, from_end: bool) -> npt.NDArray[np.int64]:
        return np.arange(b, a - 1, -7)[::-1] if from_end else np.arange(a, b + 1, 7)

    def _candidates(self) -> list[tuple[int, int]]:
        """Stretches that begin and end with a low day: days without a level, such as weekends, do not end one, and low
        stretches are one where together they are low. Also long stretches without any row."""
        n = len(self.counts)
        runs: list[tuple[int, int]] = []
        quiet = self.low | ((self.level == 0) & (self.counts == 0))
        for a, b in _runs(quiet):
            inside = np.flatnonzero(self.low[a:b])
            if len(inside):
                runs.append((a + int(inside[0]), a + int(inside[-1]) + 1))
        runs += [(a, b) for a, b in _runs(self.counts == 0) if b - a >= LONG_SILENCE]
        expected = np.concatenate([[0.0], np.cumsum(self.level)])
        joined: list[tuple[int, int]] = []
        for a, b in sorted(runs):
            if joined:
                first, last = joined[-1]
                end = max(last, b)
                wanted = expected[end] - expected[first]
                if a <= last or (a - last <= 7 and self.sums[end] - self.sums[first] <= FEW * wanted):
                    joined[-1] = first, end
                    continue
            joined.append((a, b))
        return [(a, b) for a, b in joined if a > 0 and b < n]

    def usual(self, days: int, itself: int = 0) -> bool:
        """Whether a silence of so many days is a habit of this log: others (less `itself`) of half its length or more
        come often enough."""
        others = int((self.lengths >= days / 2).sum()) - itself
        often = 0.0 if days <= QUIET_DAYS else np.count_nonzero(self.level) / HABIT_DAYS
        return others >= max(2.0, often)

    def holes(self) -> list[tuple[int, int]]:
        """The silences that neither chance nor habit explains."""
        found = []
        short = self.lengths[self.lengths <= QUIET_DAYS]
        for a, b in self.candidates:
            few = self.sums[b] - self.sums[a]
            expected, working = self._expected(a, b)
            improbable = (
                few <= FEW * expected
                and _chance(few, expected, self._dispersion(a, b)) < CHANCE / len(self.counts)
            ) or self._improbable_weeks(a, b, few)
            if not improbable or self.usual(b - a, itself=1):
                continue
            if b - a == 1 and (few or expected < SURE * self.dispersion_of_days):
                continue  # one quiet day says too little
            if self.silent_weekdays and working <= QUIET_DAYS - 1:
                continue  # days off, in a log in which whole weekdays are silent
            # Short silences go on beside a hole: a day with rows at its edge is one of those.
            edge = int(short.max()) if len(short) >= 2 else 0
            begin, end = a, b
            while begin - a < edge and self.counts[begin] > 0 and end - begin > 1:
                begin += 1
            while b - end < edge and self.counts[end - 1] > 0 and end - begin > 1:
                end -= 1
            found.append((begin, end))
        return found

    @cached_property
    def silent_weekdays(self) -> bool:
        """Whether some weekday has next to no rows beside the busiest one."""
        by_day = np.array([self.counts[i::7].mean() for i in range(7) if len(self.counts[i::7])])
        return bool(by_day.min() <= FEW * by_day.max())

    def _dispersion(self, a: int, b: int) -> float:
        days = self.dispersion_of_days
        return days if b - a < 7 else max(days, self._dispersion_of_weeks(a, b))

    def _expected(self, a: int, b: int) -> tuple[float, int]:
        """Rows that the same weekdays beside [a, b) lead to expect in it, and on how many days any."""
        total, working = 0.0, 0
        for place in range(min(b - a, 7)):
            before = self.counts[a + place - 7 :: -7][:WEEKS_BESIDE] if a + place >= 7 else np.zeros(0)
            after = self.counts[b + (a + place - b) % 7 :: 7][:WEEKS_BESIDE]
            # In a log's first and last week one side has no such weekday: nothing is expected of a day there, since a
            # log that begins small would be measured by what it became.
            level = min(float(np.median(side)) if len(side) else 0.0 for side in (before, after))
            times = (b - a - place + 6) // 7
            total += level * times
            working += times * (level > 0)
        return total, working

    def _improbable_weeks(self, a: int, b: int, few: float) -> bool:
        """The same by sums of weeks, for logs of less than a row a day."""
        if b - a < LONG_SILENCE:
            return False
        before = self._weeks(0, a, from_end=True)[-8:]
        after = self._weeks(b, len(self.counts), from_end=False)[:8]
        if len(before) < 3 or len(after) < 3:
            return False
        expected = (b - a) // 7 * float(min(np.median(before), np.median(after)))
        if few > FEW * expected:
            return False
        return _chance(few, expected, self._dispersion_of_weeks(a, b)) < CHANCE / len(self.counts)

    def one_sided(self, days: int) -> tuple[float, float]:
        """Rows that these counts lead to expect in so many days before them, and their dispersion."""
        total = 0.0
        for place in range(min(days, 7)):
            beside = self.counts[(place - days) % 7 :: 7][:WEEKS_BESIDE]
            if len(beside):
                total += float(min(np.median(beside), beside[0])) * ((days - place + 6) // 7)
        return total, max(self.dispersion_of_days, self._dispersion_of_weeks(0, 0))


def _runs(marked: Bools) -> Iterable[tuple[int, int]]:
    """Maximal stretches [a, b) of marked days."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(np.int8)))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
