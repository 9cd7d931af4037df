"""The month of a launch: release dates, testers, and evidence that nobody was there before."""

from __future__ import annotations

import datetime as dt

import pytest

from analysis.queries.cohorts.launches import EVIDENCE_DAYS, after_hole, find, left_truncated
from analysis.sources.coverage import Coverage, Span

FEBRUARY, MARCH, APRIL = (dt.date(2025, m, 1) for m in (2, 3, 4))
JANUARY = dt.date(2025, 1, 1)
YEAR = Coverage(dt.date(2024, 11, 1), dt.date(2025, 9, 30))
SIZES = {FEBRUARY: 400, MARCH: 300, APRIL: 300}


def test_without_a_release_date_the_first_month_seen_needs_evidence_of_absence():
    assert find(YEAR, SIZES).month == FEBRUARY
    for first, month in ((JANUARY, FEBRUARY), (dt.date(2025, 1, 4), FEBRUARY), (dt.date(2025, 1, 5), None)):
        found = find(Coverage(first, YEAR.last), SIZES)
        assert found.month == month
        if month is None:
            assert f"{EVIDENCE_DAYS} days without the model" in found.why
            assert str(first) in found.why
    assert find(Coverage(dt.date(2025, 1, 31), YEAR.last), SIZES).month is None


def test_a_hole_before_the_first_month_is_no_evidence():
    lost = Coverage(YEAR.first, YEAR.last, (Span(dt.date(2025, 1, 20), dt.date(2025, 1, 26)),))
    found = find(lost, SIZES)
    assert found.month is None
    assert "lost days" in found.why
    early = Coverage(YEAR.first, YEAR.last, (Span(dt.date(2024, 12, 1), dt.date(2024, 12, 9)),))
    assert find(early, SIZES).month == FEBRUARY


def test_a_release_date_on_a_covered_day_is_evidence():
    assert find(Coverage(FEBRUARY, YEAR.last), SIZES, dt.date(2025, 2, 3)).month == FEBRUARY
    found = find(Coverage(FEBRUARY, YEAR.last), SIZES, dt.date(2025, 1, 3))
    assert found.month is None
    assert "does not hold the month" in found.why


@pytest.mark.parametrize(("released", "month"), [(19, None), (20, JANUARY)])
def test_a_release_in_the_first_month_has_to_be_on_a_day_of_the_log(released, month):
    found = find(
        Coverage(dt.date(2025, 1, 20), YEAR.last), {JANUARY: 400} | SIZES, dt.date(2025, 1, released)
    )
    assert (found.month, found.basis) == (month, "release date")
    assert found.remedy == ("" if month else "a log that begins on 2025-01-19 or before")
    assert (
        found.why == "" if month else "released on 2025-01-19, and the log begins on 2025-01-20" in found.why
    )


@pytest.mark.parametrize("release", [None, FEBRUARY])
def test_a_hole_in_the_month_of_the_launch_hides_it(release):
    lost = Coverage(YEAR.first, YEAR.last, (Span(dt.date(2025, 2, 5), dt.date(2025, 2, 20)),))
    found = find(lost, SIZES, release)
    assert found.month is None
    assert "lost days before or in February 2025" in found.why
    assert found.remedy == "a log with the lost days loaded again (2025-02-05 to 2025-02-20)"
    assert find(lost, SIZES, dt.date(2025, 2, 21)).month == FEBRUARY


def test_what_would_show_a_launch_is_said_once():
    found = find(Coverage(JANUARY, YEAR.last), {JANUARY: 400} | SIZES)
    assert (
        found.remedy == "a log that begins on 2024-12-04 or before, or the release date in the models table"
    )
    assert "models table" not in found.why
    contradicted = find(Coverage(JANUARY, YEAR.last), {JANUARY: 400} | SIZES, MARCH, early=400)
    assert contradicted.remedy == "a log that begins on 2024-12-04 or before"


def test_a_release_that_the_log_contradicts_is_said_and_the_log_is_believed():
    found = find(YEAR, SIZES, MARCH, early=400)
    assert (found.month, found.basis) == (FEBRUARY, "first month seen")
    assert "released 2025-03-01, but 400 users had requests before that" in found.note
    assert find(Coverage(FEBRUARY, YEAR.last), SIZES, MARCH, early=400).month is None


def test_a_release_just_before_the_first_users_does_not_move_the_launch():
    for released in (dt.date(2025, 1, 31), dt.date(2025, 1, 10)):
        found = find(YEAR, SIZES, released)
        assert (found.month, found.basis) == (FEBRUARY, "release date")
        assert "the first users in this log are of February 2025" in found.note


@pytest.mark.parametrize("testers", [1, 5])
def test_a_handful_of_testers_does_not_move_the_launch(testers):
    tested = {JANUARY: testers} | SIZES
    assert find(YEAR, tested, dt.date(2025, 2, 10), early=testers).month == FEBRUARY
    assert find(YEAR, tested).month == FEBRUARY
    assert find(YEAR, tested, dt.date(2025, 1, 31)).month == FEBRUARY
    assert find(YEAR, {JANUARY: 30} | SIZES).month == JANUARY


def test_cohorts_of_the_begin_of_a_log_may_hold_old_users():
    log = Coverage(dt.date(2025, 1, 10), YEAR.last)
    marked = [m.month for m in (JANUARY, FEBRUARY, MARCH) if left_truncated(log, m, None)]
    assert marked == [1, 2]
    assert not left_truncated(log, FEBRUARY, dt.date(2025, 1, 10))
    assert left_truncated(log, FEBRUARY, dt.date(2025, 1, 9))


def test_cohorts_of_and_after_a_hole_are_marked_unless_the_model_came_later():
    log = Coverage(YEAR.first, YEAR.last, (Span(dt.date(2025, 2, 5), dt.date(2025, 2, 20)),))
    assert [after_hole(log, m, None) for m in (JANUARY, FEBRUARY, MARCH, APRIL)] == [False, True, True, False]
    assert not after_hole(log, MARCH, dt.date(2025, 2, 21))
