"""The silences of a log: stretches of days with next to no rows, and which of them are holes or habits."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median

import numpy as np
import numpy.typing as npt

from analysis.sources.coverage.chance import CHANCE, chance, dispersion

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FEW = 0.05  # of the rows that the neighbours lead to expect, at most: else a silence is no loss (assumed)
FEW_AT_END = 0.2  # the same of a first or last day, that may be there in part: 5 hours of 24 (assumed)
WEEKS_BESIDE = 5  # same weekdays on each side that make the level
SPANS = (5, 13, 26)  # weeks on each side in which a first, generous level is looked for
THIN = 0.25  # of the rows that are expected, up to which days are told to be thin, and count as covered (assumed)
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


@dataclass
class Found:
    """Stretches [a, b) of days, by what they were taken for."""

    holes: list[tuple[int, int]] = field(default_factory=list)
    thin: list[tuple[int, int]] = field(default_factory=list)
    habits: list[tuple[int, int]] = field(default_factory=list)

    def moved(self, days: int) -> Found:
        lists = (self.holes, self.thin, self.habits)
        return Found(*([(a + days, b + days) for a, b in stretches] for stretches in lists))


class Silences:
    """The silences of a body of daily counts, and which of them are holes."""

    def __init__(self, counts: Floats, few: float = FEW, levels: tuple[Floats, Floats] | None = None) -> None:
        """few: of the rows that are expected, at most, on the days of a silence. levels: of the same counts, where they
        are known."""
        self.counts, self.few = counts, few
        self.sums = np.concatenate([[0.0], np.cumsum(counts)])
        self.level, self.larger = self._generous_levels() if levels is None else levels
        self._known_sides: dict[tuple[int, int], tuple[Floats, Floats, npt.NDArray[np.int64]]] = {}
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
        return dispersion(*self._pairs_of_days(0, len(self.counts)))

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
        return dispersion(ones, nexts)

    def _pairs_of_weeks(self, a: int, b: int, *, from_end: bool) -> tuple[Floats, Floats]:
        weeks, edges = self._weeks(a, b, from_end=from_end), self._edges(a, b, from_end=from_end)
        sound = np.array([not self._rare[i:j].any() for i, j in itertools.pairwise(edges)], np.bool_)
        pairs = sound[:-1] & sound[1:]
        return weeks[:-1][pairs], weeks[1:][pairs]

    def dispersion_beside(self, a: int, b: int, *, before: bool) -> float | None:
        """Of one side of [a, b), in the weeks next to it; None if these are too few to tell."""
        reach = 7 * SPANS[1]
        first, last = (max(a - reach, 0), max(a, 0)) if before else (b, min(b + reach, len(self.counts)))
        days, weeks = self._pairs_of_days(first, last), self._pairs_of_weeks(first, last, from_end=before)
        if len(days[0]) < 14 or len(weeks[0]) < 3:
            return None
        return max(dispersion(*days), dispersion(*weeks))

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

    def found(self) -> Found:
        """The silences that neither chance nor habit explains, and habits of note."""
        found = Found()
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
        improbable = chance(few, expected, self._dispersion(a, b)) < CHANCE / len(self.counts)
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
            own = self.dispersion_beside(a - 7, b + 7, before=small_before)
            if own is not None:
                levels.append((float(np.minimum(small, large) @ times), own))
            if inside and near.min() >= NEAR_SHARE * float(np.median(large)):
                others = self.dispersion_beside(a, b, before=not small_before)
                if others is not None:
                    levels.append((float(np.minimum(near.min(), large) @ times), others))
        return any(
            few <= FEW * expected and chance(few, expected, batch) < CHANCE / len(self.counts)
            for expected, batch in levels
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
        if (a, b) not in self._known_sides:
            self._known_sides[a, b] = self._sides_of(a, b)
        return self._known_sides[a, b]

    def _sides_of(self, a: int, b: int) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
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
                sides[side, place] = median(self.counts[days].tolist()) if len(days) else 0.0
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
        return chance(few, expected, self._dispersion_of_weeks(a, b)) < CHANCE / len(self.counts)

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
