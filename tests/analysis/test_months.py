"""Calendar months against those of pandas."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.months import month_after, month_end, months_between, months_to_each

DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31))


@given(DAYS, st.integers(-400, 400))
def test_months_are_those_of_pandas(day, k):
    period = pd.Period(day, "M")
    assert month_end(day) == period.end_time.date()
    assert month_after(day, k) == (period + k).start_time.date()
    assert months_between(day, month_after(day, k)) == k


def test_months_to_each_day_and_from_each():
    later = pd.Series(pd.to_datetime(["2025-03-31", "2024-12-01", None]))
    assert months_to_each(dt.date(2025, 1, 31), later)[:2].tolist() == [2, -1]
    assert months_to_each(pd.Series(pd.Timestamp("2024-11-30"), index=later.index), later)[:2].tolist() == [
        4,
        1,
    ]
    assert months_to_each(pd.Timestamp("2025-01-01"), later).isna().tolist() == [False, False, True]


def test_the_calendar_has_a_last_month():
    assert month_end(dt.date(9999, 12, 1)) == dt.date.max
    with pytest.raises(ValueError):
        month_after(dt.date(9999, 12, 1), 1)
