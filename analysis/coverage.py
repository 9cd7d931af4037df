"""Which days a log covers: judged from the number of requests of each day, all models together.

A day is covered where a request would be in the log. A run's manifest states its days. Of any other log the counts
speak: a *hole* is a stretch of days with next to no rows between days with many, which chance cannot have made; *stray*
rows lie before or after the body of the log, cut off from it by such a silence, or on a first or last day that is there
in part. What is not covered is not known: it is neither zero nor a sign that nobody was there.

How a silence is judged. The level that it is compared with is the median of the same weekday in the weeks beside it,
of both sides the smaller one, so that weekends, growth, launches and bursts of a day make none; beside a launch the
days next to the silence tell that the larger level was reached. The chance of so few rows is that of a Poisson count of
batches, whose size is the log's own index of dispersion (the squares of the differences of a weekday's counts from one
week to the next, over their sums: 1 without batches). A silence that comes again at equal intervals, such as at the
ends of months or between monthly jobs, is a habit and no hole; losses that repeat at other times are holes. Of a
week or more, a loss of most rows is a hole as well, on a log that is at the same level before and after; where up to
a quarter is left, the days are covered, and told. Of 1,000 logs without holes of each kind that the slow test in
tests/analysis/test_coverage.py makes (small, growing, weekend-silent, bursty, hand-made, with launches, quiet weeks and
more), at most 1% have a hole, and at most 1% a day cut off an end. A hole in the first or the last week of a log is not
told from its start or end.
"""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
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
FEW_OF_WEEKS = 0.12  # of the rows that are expected on 7 days or more, at most, of a loss in part (assumed)
THIN = 0.25  # the same, up to which days are told to be thin, and count as covered (assumed)
STEADY = 2.0  # of both sides of such days, the level of the one over that of the other, at most (assumed)
STEP = 3.0  # the same, from which a launch or a departure lies beside a silence (assumed)
NEAR_DAYS = (
    4  # with rows next to a silence, whose least is the level that a launch has just brought (assumed)
)
NEAR_SHARE = 0.25  # of the level on the other side, at least, for these to be of the same launch (assumed)
QUIET_DAYS = 4  # a silence up to so long is short (assumed)
PERIODS = (
    (7.0, 0.5),
    (14.0, 0.5),
    (30.44, 3.5),
    (365.25, 3.0),
)  # days of a habit's period, give or take (assumed)
KEPT = 2 / 3  # of the times at which a habit is due that it is kept, at least (assumed)
RARE = 0.15  # of a log's days in silences, at most, for these to be told from how it varies (assumed)
RARE_DAYS = 30  # or once in so many days, and then on up to RARE_AT_ALL of the days (assumed)
RARE_AT_ALL = 0.35
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
                left = f"with {rows:,} row{'s'[: rows != 1]}, where the days beside have many"
            said.append(
                f"The log does not cover {spans} ({days:,} day{'s'[: days != 1]} {left}): what happened then is not "
                "known. Weeks and months with such days are incomplete, and cohorts that began in such a month or in "
                "the one after are not tested."
            )
        if self.thin:
            said.append(
                f"The log has far fewer rows than usual on {listed([str(s) for s in self.thin], SHOWN)}: at most a "
                "quarter of what the weeks beside have. If a part is lost, users of these days seem to be away. The "
                "days count as covered."
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
    between are covered, unless the log has fewer rows than the manifest counts: then days are judged by their rows, the
    first and the last ones, too.
    """
    if not (whole and stated[0] and stated[1]):
        return of_days(daily_rows(log), *stated)
    _in_order(*stated)
    counts = (log.manifest or {}).get("counts")
    counted = counts.get("generations") if isinstance(counts, dict) else None
    if isinstance(counted, int) and log.rows < counted:
        return replace(of_days(daily_rows(log)), lost=counted - log.rows)
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
    low, high, found = _judged(counts, free=(first is None, last is None))
    start = first or begin + dt.timedelta(days=low)
    stop = last or begin + dt.timedelta(days=high - 1)
    holes, thin, habits = (
        tuple(
            Span(begin + dt.timedelta(days=a), begin + dt.timedelta(days=b - 1), int(counts[a:b].sum()))
            for a, b in stretches
        )
        for stretches in (found.holes, found.thin, found.habits)
    )
    basis: Literal["stated", "records"] = "stated" if first and last else "records"
    return Coverage(start, stop, holes, _strays(rows, start, stop), thin, habits, basis=basis)


@dataclass
class _Found:
    """Stretches [a, b) of days, by what they were taken for."""

    holes: list[tuple[int, int]] = field(default_factory=list)
    thin: list[tuple[int, int]] = field(default_factory=list)
    habits: list[tuple[int, int]] = field(default_factory=list)

    def moved(self, days: int) -> _Found:
        lists = (self.holes, self.thin, self.habits)
        return _Found(*([(a + days, b + days) for a, b in stretches] for stretches in lists))


def _judged(counts: Floats, free: tuple[bool, bool]) -> tuple[int, int, _Found]:
    """The body of the log as indices [low, high), and what was found in it. free: which end is not stated."""
    low, high = 0, len(counts)
    if np.count_nonzero(counts) < LEAST_DAYS:
        return low, high, _Found()
    if free[0]:
        low = _peeled(counts)
    if free[1]:
        high = len(counts) - _peeled(counts[::-1])
    body = counts[low:high]
    if np.count_nonzero(body) < LEAST_DAYS:
        return low, high, _Found()
    silences = _Silences(body)
    found = silences.found()
    _add_thin(found, _Silences(body, THIN))
    found = found.moved(low)
    if free[0] and _partial(body, silences):
        low += 1
    # A quiet last day that is there as a whole would cost the month, so it may be a habit; a first day costs nothing.
    if free[1] and not silences.habit(len(body) - 1, len(body)) and _partial(body[::-1], silences):
        high -= 1
    return low, high, found


def _add_thin(found: _Found, silences: _Silences) -> None:
    """Add weeks of which most rows are lost to the holes, and those of which many may be lost to the thin stretches."""
    for a, b in silences.candidates:
        over = [(c, d) for c, d in found.holes if c < b and d > a]
        rest = b - a - sum(min(d, b) - max(c, a) for c, d in over)
        if rest < 7 or any(c < b and d > a for c, d in found.habits):
            continue
        share = silences.share_where_steady(a, b)
        if share * (b - a) / rest > THIN or silences.habit(a, b):
            continue
        if share > FEW_OF_WEEKS:
            found.thin.append((a, b))
            continue
        whole = min([a, *(c for c, _ in over)]), max([b, *(d for _, d in over)])
        found.holes = sorted([*(hole for hole in found.holes if hole not in over), whole])


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

    def __init__(self, counts: Floats, few: float = FEW) -> None:
        """few: of the rows that are expected, at most, on the days of a silence."""
        self.counts, self.few = counts, few
        self.sums = np.concatenate([[0.0], np.cumsum(counts)])
        self.level, self.larger = self._generous_levels()
        self.low = (counts <= few * self.level) & (self.level > 0)
        self.candidates = self._candidates()
        self.lengths = np.array([b - a for a, b in self.candidates], dtype=np.int64)

    def _generous_levels(self) -> tuple[Floats, Floats]:
        """The smaller and the larger of both sides' largest medians of the same weekday over several spans: to find
        candidates and habits by."""
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
        smaller, larger = np.fmin(before, after), np.fmax(before, after)
        return np.nan_to_num(smaller.reshape(-1)[:n]), np.nan_to_num(larger.reshape(-1)[:n])

    @cached_property
    def dispersion_of_days(self) -> float:
        """Of the counts of the same weekday, without silent days where these are rare."""
        return _dispersion(*self._pairs_of_days(0, len(self.counts)))

    def _pairs_of_days(self, a: int, b: int) -> tuple[Floats, Floats]:
        counts, usable = self.counts[a:b], ~self._rare[a:b]
        pairs = usable[:-7] & usable[7:]
        return counts[:-7][pairs], counts[7:][pairs]

    @cached_property
    def _rare(self) -> Bools:
        """The days of all silences together if they are few or a small part of the log, else none: a log that is often
        silent varies by that, and one that lost some weeks does not."""
        silent = np.zeros(len(self.counts), np.bool_)
        for a, b in self.candidates:
            silent[a:b] = True
        few = len(self.candidates) <= len(silent) / RARE_DAYS
        return silent if silent.mean() <= (RARE_AT_ALL if few else RARE) else np.zeros_like(silent)

    def _dispersion_of_weeks(self, a: int, b: int) -> float:
        """Of sums of weeks in a row outside of [a, b), and without silences where these are rare."""
        sides = (
            self._pairs_of_weeks(0, a, from_end=True),
            self._pairs_of_weeks(b, len(self.counts), from_end=False),
        )
        ones, nexts = (np.concatenate(part) for part in zip(*sides, strict=True))
        return _dispersion(ones, nexts)

    def _pairs_of_weeks(self, a: int, b: int, *, from_end: bool) -> tuple[Floats, Floats]:
        weeks, edges = self._weeks(a, b, from_end=from_end), self._edges(a, b, from_end=from_end)
        sound = np.array([not self._rare[i:j].any() for i, j in itertools.pairwise(edges)], np.bool_)
        pairs = sound[:-1] & sound[1:]
        return weeks[:-1][pairs], weeks[1:][pairs]

    def _dispersion_beside(self, a: int, b: int, *, before: bool) -> float | None:
        """Of one side of [a, b), in the weeks next to it; None if these are too few to tell."""
        reach = 7 * SPANS[1]
        first, last = (max(a - reach, 0), max(a, 0)) if before else (b, min(b + reach, len(self.counts)))
        days, weeks = self._pairs_of_days(first, last), self._pairs_of_weeks(first, last, from_end=before)
        if len(days[0]) < 14 or len(weeks[0]) < 3:
            return None
        return max(_dispersion(*days), _dispersion(*weeks))

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
                if a <= last or (a - last <= 7 and self.sums[end] - self.sums[first] <= self.few * wanted):
                    joined[-1] = first, end
                    continue
            joined.append((a, b))
        return [(a, b) for a, b in joined if a > 0 and b < n]

    @cached_property
    def _quiet(self) -> list[tuple[int, int]]:
        """Stretches of days that are low beside the larger level, whether or not they are candidates."""
        return list(_runs((self.counts <= FEW * self.larger) & (self.larger > 0)))

    def habit(self, a: int, b: int) -> int:
        """How often the silence [a, b) comes again, at equal intervals and most of the times that it is due; else 0.

        Only silences of half its length or more count; how many there are at other times does not matter: losses that
        repeat are no habit. Nor is it due on other lost days, or where the log is much smaller.
        """
        quiet = [(c, d) for c, d in {*self.candidates, *self._quiet} if d <= a or c >= b]
        others = np.array([(c + d) / 2 for c, d in quiet if d - c >= (b - a) / 2])
        middle, half, most = (a + b) / 2, (b - a) / 2, 0
        least = FEW_AT_END * float(self.larger[a:b].max())
        for period, tolerance in PERIODS:
            kept = due = 0
            for step in (-period, period):
                at, missed = middle + step, 0
                while half < at < len(self.counts) - half:
                    near = others[np.abs(others - at) <= tolerance + missed] if len(others) else others
                    if len(near):
                        kept, due, missed = kept + 1, due + 1, 0
                        at = float(near[np.abs(near - at).argmin()])
                    else:
                        lost = any(c <= at < d for c, d in quiet)
                        due += not lost and self.larger[max(int(at) - 3, 0) : int(at) + 4].max() >= least
                        missed += 1
                    at += step
            if kept >= (1 if period > 300 else 2) and kept >= KEPT * due:
                most = max(most, kept)
        return most

    def found(self) -> _Found:
        """The silences that neither chance nor habit explains, and habits of note."""
        found = _Found()
        short = self.lengths[self.lengths <= QUIET_DAYS]
        for a, b in self.candidates:
            few = self.sums[b] - self.sums[a]
            expected, working = self._expected(a, b)
            if not (self._improbable(a, b, few) or self._improbable_weeks(a, b, few)):
                continue
            if times := self.habit(a, b):
                if times < 3 or b - a > QUIET_DAYS:
                    found.habits.append((a, b))
                continue
            if b - a == 1 and (few or expected < SURE * self.dispersion_of_days):
                continue  # one quiet day says too little
            if self.silent_weekdays and working <= QUIET_DAYS - 1:  # days off, if whole weekdays are silent
                if working > 1:
                    found.habits.append((a, b))
                continue
            # Short silences go on beside a hole: a day with rows at its edge is one of those.
            edge = int(short.max()) if len(short) >= 2 else 0
            begin, end = a, b
            while begin - a < edge and self.counts[begin] > 0 and end - begin > 1:
                begin += 1
            while b - end < edge and self.counts[end - 1] > 0 and end - begin > 1:
                end -= 1
            found.holes.append((begin, end))
        return found

    def share_where_steady(self, a: int, b: int) -> float:
        """Rows of [a, b), a week or more, over those expected, where both sides are alike up to it and chance has not
        made it; else 1."""
        before, after, times = self._sides(a, b)
        sums = sorted((float(before @ times), float(after @ times)))
        few, expected = self.sums[b] - self.sums[a], self._expected(a, b)[0]
        week = STEADY * min(self.sums[a] - self.sums[max(a - 7, 0)], self.sums[b : b + 8][-1] - self.sums[b])
        if not expected or sums[1] > STEADY * sums[0] or week < float(np.minimum(before, after).sum()):
            return 1.0
        improbable = _chance(few, expected, self._dispersion(a, b)) < CHANCE / len(self.counts)
        return float(few / expected) if improbable else 1.0

    def _improbable(self, a: int, b: int, few: float) -> bool:
        """Whether chance has not made so few rows in [a, b), by one of the levels that they are compared with: those of
        both sides; beside a launch or a departure that of the smaller side, which varies by itself; and that of the
        days next to the silence, if these are at the larger side's level already."""
        levels = [(self._expected(a, b)[0], self._dispersion(a, b))]
        before, after, times = self._sides(a, b)
        small_before = bool(before @ times < after @ times)
        small, large = (before, after) if small_before else (after, before)
        if large @ times > STEP * (small @ times):
            near = self.counts[a - NEAR_DAYS : a] if small_before else self.counts[b : b + NEAR_DAYS]
            inside = a >= 14 and len(self.counts) - b >= 14
            # The smaller side without the week beside the silence, that may be at the larger side's level.
            own = self._dispersion_beside(a - 7, b + 7, before=small_before)
            if own is not None:
                levels.append((float(np.minimum(small, large) @ times), own))
            if inside and near.min() >= NEAR_SHARE * float(np.median(large)):
                others = self._dispersion_beside(a, b, before=not small_before)
                if others is not None:
                    levels.append((float(np.minimum(near.min(), large) @ times), others))
        return any(
            few <= FEW * expected and _chance(few, expected, dispersion) < CHANCE / len(self.counts)
            for expected, dispersion in levels
        )

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
        before, after, times = self._sides(a, b)
        level = np.minimum(before, after)
        return float(level @ times), int(times[level > 0].sum())

    def _sides(self, a: int, b: int) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
        """For each of the first up to seven days of [a, b): the median of the same weekday before it and after it, and
        how many days of it are that weekday."""
        sides = np.zeros((2, min(b - a, 7)))
        for place in range(sides.shape[1]):
            beside = (
                np.arange(a + place - 7, -1, -7),
                np.arange(b + (a + place - b) % 7, len(self.counts), 7),
            )
            # In a log's first and last week one side has no such weekday: nothing is expected of a day there, since a
            # log that begins small would be measured by what it became.
            for side, days in enumerate(beside):
                days = days[~self._rare[days]][:WEEKS_BESIDE]
                sides[side, place] = np.median(self.counts[days]) if len(days) else 0.0
        times = (b - a - np.arange(sides.shape[1]) + 6) // 7
        return sides[0], sides[1], times

    def _improbable_weeks(self, a: int, b: int, few: float) -> bool:
        """The same by sums of weeks, for logs of less than a row a day."""
        if b - a < LONG_SILENCE:
            return False
        before = self._weeks(0, a, from_end=True)[-8:]
        after = self._weeks(b, len(self.counts), from_end=False)[:8]
        if len(before) < 3 or len(after) < 3:
            return False
        expected = (b - a) // 7 * float(min(np.median(before), np.median(after)))
        if few > self.few * expected:
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
