"""Accounts that never pause: what a week, a holiday, a short stay and a hole in the log do to the diagnosis."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.inference.cohorts.panel import Panel
from analysis.inference.cohorts.populations import month_range
from analysis.inference.launch.always_on import LEAST_SPAN, LONGEST_PAUSE, never_pauses
from analysis.inference.launch.robustness import unpausing

MONTHS = month_range(6)
DAYS = sum(calendar.monthrange(m.year, m.month)[1] for m in MONTHS)
WEEKEND = np.array([(MONTHS[0] + dt.timedelta(days=i)).weekday() >= 5 for i in range(DAYS)])


def bits(*users):
    """Day bits of users given by day (n, DAYS)."""
    table, begin = np.zeros((len(users), len(MONTHS)), np.int64), 0
    for i, month in enumerate(MONTHS):
        length = calendar.monthrange(month.year, month.month)[1]
        table[:, i] = np.array(users, bool)[:, begin : begin + length] @ (1 << np.arange(length))
        begin += length
    return table


def flagged(*users):
    return never_pauses(bits(*users), MONTHS).tolist()


def between(first, last):
    return (np.arange(DAYS) >= first) & (np.arange(DAYS) < last)


@given(first=st.integers(0, DAYS - 1), length=st.integers(1, DAYS))
@settings(max_examples=60)
def test_who_is_there_every_day_never_pauses_from_two_months_on(first, length):
    span = min(first + length, DAYS) - first
    assert flagged(between(first, first + length), between(0, DAYS))[0] == (span >= LEAST_SPAN)


@given(at=st.integers(1, DAYS - 12), length=st.integers(1, 10))
@settings(max_examples=60)
def test_a_holiday_is_a_pause_and_a_long_weekend_is_none(at, length):
    away = between(0, DAYS) & ~between(at, at + length)
    assert flagged(away, between(0, DAYS)) == [length <= LONGEST_PAUSE, True]


@given(at=st.integers(1, DAYS - 32), length=st.integers(5, 30))
@settings(max_examples=30)
def test_days_on_which_nobody_at_all_was_active_are_no_pause(at, length):
    hole = ~between(at, at + length)
    assert flagged(between(0, DAYS) & hole, between(10, DAYS) & hole) == [True, True]


@given(at=st.integers(30, DAYS - 60), length=st.integers(5, 30))
@settings(max_examples=20)
def test_days_that_the_log_lost_are_no_pause_though_a_few_rows_are_left(at, length):
    hole = between(at, at + length)
    table = bits(between(0, DAYS) & ~hole, hole)  # one of them had requests in the hole
    count = len(MONTHS)
    panel = Panel(
        "m", tuple(MONTHS), np.zeros(2, np.int64), np.ones((2, count), bool), day_bits=table,
        covered=bits(~hole)[0],
    )  # fmt: skip
    assert unpausing(panel).tolist() == [True, False]
    assert unpausing(replace(panel, covered=None)).tolist() == [False, False]


def test_working_days_and_rare_weekends_are_a_week():
    rng = np.random.default_rng(1)
    workdays = ~WEEKEND
    sometimes = workdays | (WEEKEND & (rng.random(DAYS) < 0.6))
    every_other = np.arange(DAYS) % 2 == 0
    assert flagged(workdays, sometimes, every_other, np.ones(DAYS, bool)) == [False, False, False, True]


def test_two_requests_a_day_at_random_never_pause_and_people_with_a_week_and_holidays_do():
    rng = np.random.default_rng(2)
    machines = rng.random((300, DAYS)) < 1 - np.exp(-2.0)
    busy = rng.random((300, DAYS)) < np.where(WEEKEND, 0.6, 0.97)
    away = rng.integers(0, DAYS - 14, 300)[:, None]
    keen = (rng.random((300, DAYS)) < 0.95) & ~(
        (np.arange(DAYS) >= away) & (np.arange(DAYS) < away + 8)
    )  # no week, but a holiday of eight days
    found = np.array(flagged(*machines, *busy, *keen)).reshape(3, 300).mean(axis=1)
    assert found[0] > 0.95 and found[1] < 0.02 and found[2] < 0.05


@pytest.mark.parametrize("users", [0, 1])
def test_a_panel_of_nobody_or_of_one_visit_has_no_such_account(users):
    assert never_pauses(np.ones((users, len(MONTHS)), np.int64), MONTHS).tolist() == [False] * users
