"""The month of a model's launch, as far as a log can show it.

A launch cohort are newcomers: the log has to show that nobody used the model before. It does so in two ways. A release
date on a day that the log covers: before it there was nothing to use. Or evidence of absence: `EVIDENCE_DAYS` covered
days before the month, without the model. One row, or an hour, of the month before is none. A release date that the log
contradicts, by more users before it than a handful of testers, is no evidence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from analysis.months import month_end
from analysis.numerals import counted
from analysis.sources.coverage import Coverage

# Four whole weeks, each weekday alike, and a February. Who uses a model every month is seen in them unless silent for
# a month, and who comes back after a month is new by any monthly count (assumed).
EVIDENCE_DAYS = 28
HANDFUL = 5  # users before a launch that are testers and do not make it (assumed)
EARLY_SHARE = 0.05  # the same as a share of the launch cohort, where it is large (assumed)
RELEASED, SEEN = "release date", "first month seen"


# What a cohort may hold beside newcomers, by column of the triangles: its mark, and what it means.
MARKS = {
    "left_truncated": ("<", "joined in that month or before"),
    "after_hole": ("?", "may have joined on days that the log lacks"),
}


@dataclass(frozen=True)
class Launch:
    """The month of a model's launch cohort (None: the log does not show it, `why`, and what would: `remedy`), how it
    was found, and what to say of a release date that does not agree with the log (`note`)."""

    month: dt.date | None
    basis: str
    why: str = ""
    note: str = ""
    remedy: str = ""


def find(
    coverage: Coverage, sizes: Mapping[dt.date, int], release: dt.date | None = None, early: int = 0
) -> Launch:
    """The launch of a model with cohorts of so many users by month, a release date or none, and so many users
    before it.

    The first month with more than a handful of users, from that of the release date on: if the log does not contradict
    that date. Users of that month have to be newcomers: the log covers the release date, or begins `EVIDENCE_DAYS`
    before the month, and has no hole since the release, or in the month or the one before.
    """
    months = sorted(month for month, users in sizes.items() if users)
    note = _note(months, release, early)
    trusted = None if release is None or contradicted(sizes, release, early) else release
    basis = SEEN
    if trusted is not None:
        basis, months = RELEASED, [m for m in months if m >= trusted.replace(day=1)]
        if trusted < coverage.first.replace(day=1):
            why = "the log does not hold the month of the model's launch"
            return Launch(None, basis, why, note, _begins_by(trusted))
        months = months or [trusted.replace(day=1)]
    if not months:
        return Launch(None, basis, "the log has no requests to the model")
    month = _after_testers(months, sizes)
    since = trusted or _month_before(month)
    if coverage.has_hole(since, month_end(month)):
        return Launch(None, basis, lost(month), note, _load_again(coverage, since, month_end(month)))
    if left_truncated(coverage, month, trusted):
        if trusted is not None:
            return Launch(None, basis, _released_before(coverage, month, trusted), note, _begins_by(trusted))
        remedy = _begins_by(month - dt.timedelta(days=EVIDENCE_DAYS))
        if release is None:
            remedy += ", or the release date in the models table"
        return Launch(None, basis, too_late(coverage, month), note, remedy)
    return Launch(month, basis, note=note)


def evidence_days(coverage: Coverage, month: dt.date) -> int:
    """Covered days among the `EVIDENCE_DAYS` before a month."""
    return coverage.covered(month - dt.timedelta(days=EVIDENCE_DAYS), month - dt.timedelta(days=1))


def contradicted(sizes: Mapping[dt.date, int], release: dt.date, early: int) -> bool:
    """Whether more users than a handful of testers had requests before the release date."""
    return early > max(HANDFUL, EARLY_SHARE * sizes.get(release.replace(day=1), 0))


def left_truncated(coverage: Coverage, month: dt.date, release: dt.date | None) -> bool:
    """Whether users of a time before the log may pass for newcomers of a month: it begins less than `EVIDENCE_DAYS`
    after the log does, and no release date on a covered day says that there was nothing to use before. release: None
    where there is none, or the log contradicts it."""
    if release is not None and release >= coverage.first:
        return False
    return (month - coverage.first).days < EVIDENCE_DAYS


def after_hole(coverage: Coverage, month: dt.date, release: dt.date | None) -> bool:
    """Whether newcomers of days that the log lost may pass for those of a month: a hole in it, or in the month before,
    since the release."""
    begin = _month_before(month)
    return coverage.has_hole(max(begin, release) if release else begin, month_end(month))


def mark(cohort: Mapping[Any, Any]) -> str:
    """The mark of a cohort, a row of the triangles: see `MARKS`; empty for one of newcomers alone."""
    return next((sign for column, (sign, _) in reversed(MARKS.items()) if cohort[column]), "")


def _month_before(month: dt.date) -> dt.date:
    return (month - dt.timedelta(days=1)).replace(day=1)


def _after_testers(months: Sequence[dt.date], sizes: Mapping[dt.date, int]) -> dt.date:
    """The first of the months by whose end there are more users than a handful, beside the next one: testers do not
    make a launch. The last one if there is none."""
    seen = 0
    for month, following in pairwise(months):
        seen += sizes[month]
        if seen > HANDFUL or seen > EARLY_SHARE * sizes[following]:
            return month
    return months[-1]


def _note(months: list[dt.date], release: dt.date | None, early: int) -> str:
    if release is None or not months:
        return ""
    if early:
        return (
            f"the models table says released {release}, but {counted(early, 'user')} had requests before that "
            f"(first month with users: {months[0]:%B %Y})"
        )
    if release.replace(day=1) < months[0]:
        return (
            f"the models table says released {release}; the first users in this log are of {months[0]:%B %Y}"
        )
    return ""


def lost(month: dt.date) -> str:
    """Why there is no launch after a hole."""
    return (
        f"the log lost days before or in {month:%B %Y}, the first month with more than a handful of users: "
        "who began then is not known"
    )


def too_late(coverage: Coverage, month: dt.date) -> str:
    """Why there is no launch at the start of a log."""
    covered = evidence_days(coverage, month)
    days = counted(covered, "day") if covered else "no day"
    return (
        f"the users of {month:%B %Y} may be older than the log: it covers {days} before that month (it begins on "
        f"{coverage.first}), and {EVIDENCE_DAYS} days without the model are needed to see a launch"
    )


def _released_before(coverage: Coverage, month: dt.date, release: dt.date) -> str:
    return (
        f"the users of {month:%B %Y} may be older than the log: the model was released on {release}, and the log "
        f"begins on {coverage.first}"
    )


def _begins_by(first: dt.date) -> str:
    return f"a log that begins on {first} or before"


def _load_again(coverage: Coverage, first: dt.date, last: dt.date) -> str:
    """The remedy of holes between two days."""
    spans = [str(hole) for hole in coverage.holes if hole.first <= last and hole.last >= first]
    return f"a log with the lost days loaded again ({', '.join(spans)})"
