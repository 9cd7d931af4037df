"""The ends of a log: stray rows before or after its body, a first or last day that is there in part, and last weeks
with far fewer rows than those before."""

from __future__ import annotations

from statistics import median

import numpy as np
import numpy.typing as npt

from analysis.sources.coverage.chance import CHANCE, chance
from analysis.sources.coverage.silences import (
    FEW_AT_END,
    QUIET_DAYS,
    SPANS,
    THIN,
    WEEKS_BESIDE,
    Silences,
)

Floats = npt.NDArray[np.float64]

CHANCE_AT_END = (
    0.01  # of so few rows on a first or last day, from which it is taken to be there in part (assumed)
)
ISLAND_DAYS = 7  # days with rows of what may be stray, before or after the body, at most (assumed)
ISLAND_SHARE = 0.05  # of the rows of the four weeks of the body beside it, at most (assumed)
LEAST_WEEKS = 4  # before weeks that may be thin, or there is nothing to compare them with
LEAST_DAYS = 14  # with rows, or there is nothing to compare a silence with


def peeled(counts: Floats) -> int:
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
            span = Silences(counts[b : b + 7 * max(SPANS)])
            expected, dispersion = span.one_sided(b - a)
            if chance(0.0, expected, dispersion) < CHANCE / 100:
                cut = b
        if cut is None:
            return start
        start = cut


def partial(counts: Floats, silences: Silences) -> bool:
    """Whether the first day is there in part: far fewer rows than on the same weekdays and on the days after it."""
    beside = counts[7 : 7 * WEEKS_BESIDE + 1 : 7]
    if len(beside) < 2:
        return False
    level = float(min(np.median(beside), np.median(counts[1:8])))
    if counts[0] > FEW_AT_END * level:
        return False
    return chance(float(counts[0]), level, silences.dispersion_of_days) < CHANCE_AT_END


def thin_since(counts: Floats, silences: Silences) -> int | None:
    """The first of the last days, a week or more, in each week of which the log has at most a quarter of the rows that
    the weeks before them lead to expect, all at once and by more than chance; None if there is no such day.

    Whether rows were lost or users left cannot be told: there is no week after them. At most half of the log is looked
    at. counts: rows of each day of the body.
    """
    n = len(counts)
    for a in range(max(7 * LEAST_WEEKS, n // 2), n - 6):
        before = counts[a - 7 * min(WEEKS_BESIDE, a // 7) : a].reshape(-1, 7)
        today = median(before[:, 0].tolist())
        if counts[a] > THIN * today or not today:
            continue  # the step is not here: the day is not thin
        level = np.median(before, axis=0)
        level *= min(1.0, before[-1].sum() / level.sum())  # nor is it where the week before is thin already
        weeks = counts[a : n - (n - a) % 7].reshape(-1, 7).sum(axis=1)
        few, expected = float(counts[a:].sum()), float(np.resize(level, n - a).sum())
        if weeks.max() > THIN * level.sum() or few > THIN * expected:
            continue
        dispersion = silences.dispersion_beside(a, n, before=True)
        if dispersion is not None and chance(few, expected, dispersion) < CHANCE / n:
            return a
    return None
