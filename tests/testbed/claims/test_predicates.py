"""Predicates: what holds, fails or is weak, on results whose answer is known."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from testbed.claims.amounts import amount, say
from testbed.claims.predicates import Any_
from testbed.claims.statistics import Groups, Measured, Series, Untestable
from testbed.claims.verdict import band

READ = TypeAdapter(Any_)


def judge(result, **predicate):
    return READ.validate_python(predicate).judge(result)


def weekly(values, unit="share"):
    start = dt.date(2025, 1, 6)
    times = tuple(start + dt.timedelta(weeks=i) for i in range(len(values)))
    return Series(times, np.array(values, dtype=float), unit=unit)


def groups(**parts):
    return Groups(
        {
            name: Measured(*value) if isinstance(value, tuple) else Measured(value)
            for name, value in parts.items()
        }
    )


@pytest.mark.parametrize(
    ("target", "rule", "low", "high"),
    [
        (0.33, "share", 0.28, 0.38),  # a quarter is 8 points, 5 at most
        (0.13, "share", 0.0975, 0.1625),
        (0.012, "share", 0.006, 0.018),  # 1 point at least
        (0.012, "about share", 0.006, 0.018),  # 3 points at least, no share below 0
        (0.98, "about share", 0.95, 1.0),
        (0.73, "factor", 0.584, 0.9125),
        (4.0, "about factor", 2.667, 6.0),
    ],
)
def test_tolerance_rules(target, rule, low, high):
    assert band(target, rule) == pytest.approx((low, high), abs=1e-3)


@given(st.floats(0.001, 0.999), st.sampled_from(["share", "about share", "factor", "about factor"]))
def test_bands_hold_their_target(target, rule):
    low, high = band(target, rule)
    assert low < target < high


def test_the_estimate_decides_a_band_and_the_interval_makes_it_weak():
    near = {"kind": "value", "target": 0.4, "tolerance": 0.05}
    assert judge(Measured(0.41, 0.39, 0.43), **near).status == "holds"
    assert not judge(Measured(0.41, 0.39, 0.43), **near).weak
    wide = judge(Measured(0.41, 0.30, 0.52), **near)
    assert wide.status == "holds" and wide.weak
    outside = judge(Measured(0.5, 0.44, 0.56), **near)
    assert outside.status == "fails" and outside.weak
    assert not judge(Measured(0.5, 0.47, 0.53), **near).weak
    assert not judge(Measured(0.41), **near).weak  # no interval, nothing to be weak about


def test_a_direction_needs_its_interval():
    assert judge(Measured(0.1, 0.02, 0.18), kind="sign", of="positive").status == "holds"
    unsure = judge(Measured(0.1, -0.02, 0.22), kind="sign", of="positive")
    assert unsure.status == "fails" and unsure.weak
    wrong = judge(Measured(-0.1, -0.2, 0.0), kind="sign", of="positive")
    assert wrong.status == "fails" and not wrong.weak
    with pytest.raises(Untestable):
        judge(Measured(0.1), kind="sign", of="positive")


def test_comparison_uses_the_interval_of_the_difference():
    apart = groups(a=(0.5, 0.45, 0.55), b=(0.3, 0.25, 0.35))
    close = groups(a=(0.35, 0.28, 0.42), b=(0.3, 0.25, 0.35))
    assert judge(apart, kind="comparison", greater="a", smaller="b").status == "holds"
    assert judge(apart, kind="comparison", greater="b", smaller="a").status == "fails"
    unsure = judge(close, kind="comparison", greater="a", smaller="b")
    assert unsure.status == "fails" and unsure.weak
    assert judge(apart, kind="comparison", greater="a", smaller="b", margin=0.15).status == "fails"
    with pytest.raises(Untestable, match="nothing of c"):
        judge(apart, kind="comparison", greater="a", smaller="c")


def test_trend_is_tested():
    noise = np.random.default_rng(1).normal(0, 0.01, 40)
    assert judge(weekly(0.1 + 0.005 * np.arange(40) + noise), kind="trend", direction="up").status == "holds"
    assert judge(weekly(0.4 - 0.005 * np.arange(40) + noise), kind="trend", direction="up").status == "fails"
    assert judge(weekly(0.3 + noise), kind="trend", direction="up").status == "fails"
    assert judge(weekly(0.3 + noise), kind="trend", direction="flat", margin=0.05).status == "holds"
    assert (
        judge(weekly(0.1 + 0.005 * np.arange(40)), kind="trend", direction="flat", margin=0.05).status
        == "fails"
    )
    with pytest.raises(Untestable, match="8 weeks"):
        judge(weekly([0.1, 0.2, 0.3]), kind="trend", direction="up")


def test_a_trend_may_have_to_be_large():
    rising = weekly(0.1 + 0.001 * np.arange(40))
    assert judge(rising, kind="trend", direction="up", least=0.01).status == "holds"
    assert judge(rising, kind="trend", direction="up", least=0.10).status == "fails"


def test_threshold_compares_the_peak_with_its_neighbourhood():
    values = np.full(30, 0.05)
    values[15] = 0.10  # the week of 21 April
    spike = {
        "kind": "threshold",
        "times": 1.5,
        "first": dt.date(2025, 4, 14),
        "last": dt.date(2025, 4, 27),
        "around": 5,
    }
    assert judge(weekly(values), **spike).status == "holds"
    assert judge(weekly(values), **(spike | {"times": 2.5})).status == "fails"
    elsewhere = spike | {"first": dt.date(2025, 5, 5), "last": dt.date(2025, 5, 25)}
    assert judge(weekly(values), **elsewhere).status == "fails"
    with pytest.raises(Untestable):
        judge(weekly(values), **(spike | {"first": dt.date(2026, 1, 1), "last": dt.date(2026, 2, 1)}))


def test_share_of_weeks():
    series = weekly([0.4, 0.6, 0.7, 0.8])
    assert judge(series, kind="share_of_weeks", above=0.5, at_least=0.75).status == "holds"
    assert judge(series, kind="share_of_weeks", above=0.5, at_least=0.8).status == "fails"
    assert judge(series, kind="share_of_weeks", above=0.5, below=0.75, at_least=0.5).status == "holds"
    with pytest.raises(Untestable):
        judge(weekly([math.nan]), kind="share_of_weeks", above=0.5, at_least=0.5)


def test_ordering():
    four = groups(a=0.4, b=0.3, c=0.2, d=0.1)
    assert judge(four, kind="ordering", order=["a", "b", "c"]).status == "holds"
    assert judge(four, kind="ordering", order=["b", "a"]).status == "fails"
    assert judge(four, kind="ordering", order=["b", "a"], any_order=True, others="below").status == "holds"
    assert judge(four, kind="ordering", order=["a", "c"], any_order=True, others="below").status == "fails"
    assert judge(four, kind="ordering", order=["a"], others="below").status == "holds"
    overlapping = groups(a=(0.4, 0.3, 0.5), b=(0.35, 0.25, 0.45))
    assert judge(overlapping, kind="ordering", order=["a", "b"]).weak
    with pytest.raises(Untestable):
        judge(four, kind="ordering", order=["a", "x"])


def test_profile_needs_all_of_its_numbers():
    parts = groups(a=0.5, b=0.3)
    assert judge(parts, kind="profile", rule="share", targets={"a": 0.5, "b": 0.28}).status == "holds"
    failed = judge(parts, kind="profile", rule="share", targets={"a": 0.5, "b": 0.1})
    assert failed.status == "fails" and "b:" in failed.reason and "a:" not in failed.reason
    with pytest.raises(Untestable):
        judge(parts, kind="profile", rule="share", targets={"z": 0.5})


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "value", "target": 1},
        {"kind": "value", "target": 1, "rule": "share", "factor": 2},
        {"kind": "range"},
        {"kind": "trend", "direction": "flat"},
        {"kind": "trend", "direction": "up", "margin": 0.1},
        {"kind": "share_of_weeks", "at_least": 0.5},
        {"kind": "vibes"},
    ],
)
def test_predicates_that_judge_nothing_are_refused(wrong):
    with pytest.raises(ValidationError):
        READ.validate_python(wrong)


def test_a_predicate_refuses_a_result_of_another_shape():
    with pytest.raises(TypeError):
        judge(weekly([1, 2]), kind="range", at_least=0)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(0.1234, "share", "12.3%"), (0.0025, "share", "0.25%"), (0.05, "points", "5.0 points"),
     (0.147, "usd_per_mtok", "$0.147"),
     (34.068, "usd_per_mtok", "$34.07"), (6179.2, "tokens", "6,179"), (2.9e8, "tokens", "290.0 M"), (3, "count", "3"),
     (math.nan, "share", "–")],
)  # fmt: skip
def test_amounts_read_well(value, unit, text):
    assert amount(value, unit) == text


def test_say_gives_the_interval():
    assert say(Measured(0.4, 0.35, 0.45)) == "40.0% [35.0% to 45.0%]"
    assert say(Measured(0.02, -0.01, 0.05, unit="points"), signed=True) == "+2.0 points [-1.0 to +5.0]"
