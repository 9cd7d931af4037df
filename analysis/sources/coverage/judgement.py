"""The coverage of a log, from its rows on each day: the ends first, then the silences between them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from analysis import vocabulary as v
from analysis.sources.coverage.days import Coverage, Span
from analysis.sources.coverage.ends import LEAST_DAYS, partial, peeled, thin_since
from analysis.sources.coverage.silences import THIN, Found, Silences
from analysis.sources.errors import LogError

if TYPE_CHECKING:
    from analysis.sources.log import Log

Floats = npt.NDArray[np.float64]

FEW_OF_WEEKS = 0.12  # of the rows that are expected on 7 days or more, at most, of a loss in part (assumed)


def of_log(log: Log, stated: tuple[dt.date | None, dt.date | None], whole: bool) -> Coverage:
    """The coverage of a log, from one scan that counts the rows of each day.

    stated: first and last day, where they are stated. whole: the statement is a run's own, so that silent days in
    between are covered, unless the log has fewer rows than the manifest counts: then days are judged by their rows, the
    first and the last ones, too.
    """
    if not (whole and stated[0] and stated[1]):
        return of_days(daily_rows(log), *stated)
    _in_order(*stated)
    if (lost := log.lost(log.rows)) and not log.scope.cut:
        return replace(of_days(daily_rows(log)), lost=lost)
    return Coverage(stated[0], stated[1], stray=_outside(log, stated[0], stated[1]), basis="stated")


def daily_rows(log: Log) -> dict[dt.date, int]:
    """Rows of each UTC day that has any."""
    rows = log.generations
    found = rows.group_by(day=v.day(rows.created_at)).aggregate(rows=rows.count()).to_pyarrow().to_pylist()
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
    low, high, found = judged(counts, free=(first is None, last is None))
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


def judged(counts: Floats, free: tuple[bool, bool]) -> tuple[int, int, Found]:
    """The body of the log as indices [low, high), and what was found in it. free: which end is not stated."""
    low, high = 0, len(counts)
    if np.count_nonzero(counts) < LEAST_DAYS:
        return low, high, Found()
    if free[0]:
        low = peeled(counts)
    if free[1]:
        high = len(counts) - peeled(counts[::-1])
    body = counts[low:high]
    if np.count_nonzero(body) < LEAST_DAYS:
        return low, high, Found()
    silences = Silences(body)
    found = silences.found()
    _add_thin(found, Silences(body, THIN, (silences.level, silences.larger)))
    found = found.moved(low)
    if free[0] and partial(body, silences):
        low += 1
    # A quiet last day that is there as a whole would cost the month, so it may be a habit; a first day costs nothing.
    if free[1] and not silences.habit(len(body) - 1, len(body)) and partial(body[::-1], silences):
        high -= 1
    since = thin_since(counts[low:high], silences)
    if since is not None and not any(b > low + since for _, b in (*found.holes, *found.thin, *found.habits)):
        found.thin.append((low + since, high))
    return low, high, found


def _add_thin(found: Found, silences: Silences) -> None:
    """Add weeks of which most rows are lost to the holes, and those of which many may be lost to the thin stretches."""
    for a, b in silences.candidates:
        over = [(c, d) for c, d in found.holes if c < b and d > a]
        rest = b - a - sum(min(d, b) - max(c, a) for c, d in over)
        if rest < 7 or any(c < b and d > a for c, d in found.habits):
            continue
        share = silences.share_where_steady(a, b)
        if share * (b - a) > THIN * rest or silences.habit(a, b):
            continue
        if share > FEW_OF_WEEKS:
            found.thin.append((a, b))
            continue
        whole = min([a, *(c for c, _ in over)]), max([b, *(d for _, d in over)])
        found.holes = sorted([*(hole for hole in found.holes if hole not in over), whole])
