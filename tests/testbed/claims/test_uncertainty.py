"""Intervals of weeks, shares, trends and differences against formulas and simulated truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from testbed.claims.measuring.measured import Measured
from testbed.claims.measuring.uncertainty import (
    correlated,
    difference,
    label_share,
    mean_of_weeks,
    proportion,
    ratio_of_weeks,
    trend,
)


def test_mean_of_weeks_is_the_t_interval_where_weeks_are_independent():
    x = np.random.default_rng(2).normal(0.3, 0.05, 5000)
    found = mean_of_weeks(x)
    usual = stats.t.interval(0.95, len(x) - 1, x.mean(), stats.sem(x))
    assert (found.low, found.high) == pytest.approx(usual, abs=3e-4)


def test_mean_of_weeks_is_wider_where_weeks_hang_together():
    rng = np.random.default_rng(3)
    walk = np.zeros(300)
    for i in range(1, 300):
        walk[i] = 0.8 * walk[i - 1] + rng.normal()
    naive = stats.sem(walk)
    found = mean_of_weeks(walk, "ratio")
    assert (found.high - found.low) / 2 / 1.97 > 1.5 * naive


def test_mean_of_weeks_says_when_there_are_too_few():
    assert not mean_of_weeks([0.2, 0.3]).has_interval
    assert math.isnan(mean_of_weeks([]).value)


def test_shares_stay_shares():
    found = mean_of_weeks([0.0, 0.0, 0.9, 0.0])
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_trend_agrees_with_kendall_where_values_are_independent():
    rng = np.random.default_rng(5)
    for _ in range(5):
        y = rng.normal(size=40) + 0.02 * np.arange(40)
        found = trend(y)
        assert found.slope == pytest.approx(stats.theilslopes(y).slope)
        assert found.p >= stats.kendalltau(np.arange(40), y, method="asymptotic").pvalue * 0.9
        assert found.low <= found.change <= found.high


def test_trend_keeps_its_level_under_autocorrelation():
    rng = np.random.default_rng(7)
    false, plain = 0, 0
    for _ in range(150):
        x = np.zeros(56)
        for i in range(1, 56):
            x[i] = 0.6 * x[i - 1] + rng.normal()
        false += bool(trend(x).p < 0.05)
        plain += bool(stats.kendalltau(np.arange(56), x).pvalue < 0.05)
    assert false / 150 < 0.13
    assert plain / 150 > 0.2


def test_an_s_shaped_rise_is_a_trend():
    noise = np.random.default_rng(1).normal(0, 0.03, 30)
    assert trend(1 / (1 + np.exp(-(np.arange(30) - 15) / 3)) + noise).p < 0.05


def test_trend_of_a_constant_is_none():
    found = trend(np.full(20, 0.3))
    assert found.p == 1 and found.change == 0


@settings(max_examples=50)
@given(st.lists(st.floats(-1e3, 1e3), min_size=8, max_size=40))
def test_trend_turns_with_its_series(values):
    up, down = trend(values), trend([-value for value in values])
    assert up.slope == pytest.approx(-down.slope, abs=1e-9) and up.p == pytest.approx(down.p)
    assert 0 <= up.p <= 1


def test_a_correlation_has_the_interval_of_fishers_z():
    x = np.random.default_rng(4).normal(size=(2, 40))
    usual = stats.pearsonr(*x).confidence_interval(0.95)
    found = correlated(float(stats.pearsonr(*x).statistic), 1 / 37, 40, "pairs")
    assert (found.low, found.high) == pytest.approx(tuple(usual), rel=1e-9)


@pytest.mark.parametrize("r", [1.0, 0.9995, -1.0])
def test_a_perfect_correlation_has_a_finite_interval_that_holds_it(r):
    found = correlated(r, 1 / 7, 10, "pairs")
    assert found.has_interval
    assert found.low <= r <= found.high
    assert found.high - found.low > 1e-3


def test_difference_of_proportions_is_newcombes():
    # Newcombe (1998), Statistics in Medicine 17:873, table II, example (a): 56/70 and 48/80, method 10
    found = difference(proportion(56, 70), proportion(48, 80))
    assert found.value == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=1e-4)
    assert found.unit == "points"


def test_difference_without_intervals_has_none():
    assert not difference(Measured(0.4), Measured(0.2, 0.1, 0.3)).has_interval


def test_label_share_counts_equal_requests_as_wilson_does():
    found = label_share(30.0, 100.0, 100.0, 100)
    assert (found.low, found.high) == pytest.approx((proportion(30, 100).low, proportion(30, 100).high))
    uneven = label_share(30.0, 100.0, 500.0, 100)
    assert uneven.high - uneven.low > 2 * (found.high - found.low)


def test_ratio_of_weeks_covers_the_truth():
    rng = np.random.default_rng(11)
    hits = 0
    for _ in range(100):
        whole = rng.gamma(20, 1, 56)
        _, low, high = ratio_of_weeks(0.3 * whole + rng.normal(0, 0.5, 56), whole)
        hits += low <= 0.3 <= high
    assert hits >= 85


def test_ratio_of_weeks_is_the_same_every_time_and_needs_weeks():
    a, b = np.arange(1.0, 21.0), np.full(20, 30.0)
    assert ratio_of_weeks(a, b) == ratio_of_weeks(a, b)
    assert math.isnan(ratio_of_weeks(a[:5], b[:5])[1])
    assert math.isnan(ratio_of_weeks(np.zeros(20), np.zeros(20))[0])
