"""The month of a model's launch, as far as a log can show it.

A launch cohort are newcomers: the log has to show that nobody used the model before. It does so in two ways. A release
date on a day that the log covers: before it there was nothing to use. Or evidence of absence: `EVIDENCE_DAYS` covered
days before the month, without the model. One row, or an hour, of the month before is none. A release date that the log
contradicts, by more users before it than a handful of testers, is no evidence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.coverage import Coverage, month_end

# Four whole weeks, each weekday alike, and a February. Who uses a model every month is seen in them unless silent for
# a month, and who comes back after a month is new by any monthly count (assumed).
EVIDENCE_DAYS = 28
HANDFUL = 5  # users before a launch that are testers and do not make it (assumed)
EARLY_SHARE = 0.05  # the same as a share of the launch cohort, where it is large (assumed)
RELEASED, SEEN = "release date", "first month seen"


@dataclass(frozen=True)
class Launch:
    """The month of a model's launch cohort (None: the log does not show it, `why`), how it was found, and what
    to say of a release date that does not agree with the log (`note`)."""

    month: dt.date | None
    basis: str
    why: str = ""
    note: str = ""


def find(
    coverage: Coverage, sizes: Mapping[dt.date, int], release: dt.date | None = None, early: int = 0
) -> Launch:
    """The launch of a model with cohorts of so many users by month, a release date or none, and so many users
    before it.

    The month of the release date if the log covers that day; the next month with more than a handful of users where it
    has at most a handful; the first month seen, after a handful, where there is no release date or the log contradicts
    it, and then only with evidence of absence.
    """
    months = sorted(month for month, users in sizes.items() if users)
    note = _note(months, release, early)
    if release is not None and not contradicted(sizes, release, early):
        if release < coverage.first.replace(day=1):
            return Launch(None, RELEASED, "the log does not hold the month of the model's launch", note)
        month = release.replace(day=1)
        later = [m for m in months if m >= month]
        if later:
            month = _after_testers(later, sizes, released=month)
        if coverage.has_hole(release, month - dt.timedelta(days=1)):
            return Launch(None, RELEASED, lost(month), note)
        return Launch(month, RELEASED, note=note)
    if not months:
        return Launch(None, SEEN, "the log has no requests to the model")
    month = _after_testers(months, sizes)
    covered = evidence_days(coverage, month)
    if covered >= EVIDENCE_DAYS:
        return Launch(month, SEEN, note=note)
    if coverage.has_hole(month - dt.timedelta(days=EVIDENCE_DAYS), month - dt.timedelta(days=1)):
        return Launch(None, SEEN, lost(month), note)
    return Launch(None, SEEN, too_late(coverage, month), note)


def evidence_days(coverage: Coverage, month: dt.date) -> int:
    """Covered days among the `EVIDENCE_DAYS` before a month."""
    return coverage.covered(month - dt.timedelta(days=EVIDENCE_DAYS), month - dt.timedelta(days=1))


def contradicted(sizes: Mapping[dt.date, int], release: dt.date, early: int) -> bool:
    """Whether more users than a handful of testers had requests before the release date."""
    return early > max(HANDFUL, EARLY_SHARE * sizes.get(release.replace(day=1), 0))


def left_truncated(coverage: Coverage, month: dt.date, release: dt.date | None) -> bool:
    """Whether users of a time before the log may pass for newcomers of a month: it begins less than
    `EVIDENCE_DAYS` after
    the log does, and no release date on a covered day says that there was nothing to use before. release: None where
    there is none, or the log contradicts it."""
    if release is not None and release >= coverage.first:
        return False
    return (month - coverage.first).days < EVIDENCE_DAYS


def after_hole(coverage: Coverage, month: dt.date, release: dt.date | None) -> bool:
    """Whether newcomers of days that the log lost may pass for those of a month: a hole in it, or in the month before,
    since the release."""
    begin = (month - dt.timedelta(days=1)).replace(day=1)
    return coverage.has_hole(max(begin, release) if release else begin, month_end(month))


def _after_testers(
    months: list[dt.date], sizes: Mapping[dt.date, int], released: dt.date | None = None
) -> dt.date:
    """The first month that has more before it than nobody or a handful: testers do not make a launch."""
    seen = 0
    for month, following in zip(months, [*months[1:], None], strict=True):
        seen += sizes[month]
        if following is None or seen > HANDFUL or seen > EARLY_SHARE * sizes[following]:
            return month
    return released or months[0]


def _note(months: list[dt.date], release: dt.date | None, early: int) -> str:
    if release is None or not months:
        return ""
    if early:
        return (
            f"the models table says released {release}, but {early:,} user{'s'[: early != 1]} had requests before that "
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
        f"who began then "
        "is not known"
    )


def too_late(coverage: Coverage, month: dt.date) -> str:
    """Why there is no launch at the start of a log."""
    covered = evidence_days(coverage, month)
    days = f"{covered} day{'s'[: covered != 1]}" if covered else "no day"
    return (
        f"the users of {month:%B %Y} may be older than the log: it covers {days} before that month (it begins on "
        f"{coverage.first}), and {EVIDENCE_DAYS} days without the model are needed to see a launch; a log that begins "
        "earlier, or a release date in the models table, would do"
    )
