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


def in_world(result, **predicate):
    return READ.validate_python(predicate).judge_world(result)


def weekly(values, unit="share", draws=None):
    start = dt.date(2025, 1, 6)
    times = tuple(start + dt.timedelta(weeks=i) for i in range(len(values)))
    return Series(times, np.array(values, dtype=float), unit=unit, draws=draws)


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


UP = {"kind": "trend", "direction": "up"}


def test_a_step_is_a_trend_of_a_simulated_world_and_not_of_one_history():
    step = weekly(np.where(np.arange(56) < 34, 0.16, 0.31) + np.random.default_rng(1).normal(0, 0.01, 56))
    alone, whole = judge(step, **UP), in_world(step, **UP)
    assert alone.status == "fails" and alone.weak and alone.test.by == "weeks" and alone.test.p > 0.05
    assert "p = " in alone.reason and "weekly trend test" in alone.reason
    assert whole.status == "holds" and whole.test.by == "world" and math.isnan(whole.test.low)
    assert whole.test.value == pytest.approx(0.15, abs=0.02) and whole.test.unit == "points"
    assert "its world whole" in whole.reason and alone.reason in whole.reason  # both tests are said
    assert whole.weak  # the test of one history does not agree
    assert in_world(step, **(UP | {"direction": "down"})).status == "fails"
    rise = weekly(np.linspace(0.15, 0.33, 56) + np.random.default_rng(1).normal(0, 0.01, 56))
    assert not in_world(rise, **UP).weak


def test_the_change_of_a_simulated_world_is_that_of_its_edges():
    found = in_world(weekly([0.1] * 4 + [0.9] * 20 + [math.nan, 0.2, 0.2, 0.2, 0.2]), **UP)
    assert found.status == "holds" and found.test.value == pytest.approx(0.1)
    low = weekly([0.1] * 4 + [0.9] * 20 + [0.1 - 1e-9] * 4)
    assert in_world(low, **UP).status == "fails"
    few = weekly([0.1] * 4 + [0.9] * 4)
    assert in_world(few, **UP).test.value == pytest.approx(0.8)
    with pytest.raises(Untestable, match="8 weeks"):
        in_world(weekly([0.1] * 7), **UP)


def test_the_least_change_is_asked_of_a_simulated_world_too():
    step = weekly([0.1] * 20 + [0.15] * 20)
    assert in_world(step, **UP, least=0.05 - 1e-9).status == "holds"
    found = in_world(step, **UP, least=0.06)
    assert found.status == "fails" and "less than 6.0 points" in found.reason


@pytest.mark.parametrize(("error", "status", "weak"), [(0.02, "holds", False), (0.06, "fails", True)])
def test_labelled_requests_are_a_sample_in_a_simulated_world_too(error, status, weak):
    values = np.linspace(0.2, 0.28, 30)
    draws = values + error * np.random.default_rng(3).standard_normal((199, 30))
    found = in_world(weekly(values, draws=draws), **UP)
    half = 1.96 * error / 2**0.5
    assert found.status == status and found.weak == weak and found.test.by == "labels"
    assert found.test.high - found.test.value == pytest.approx(half, rel=0.15)
    assert "interval of the label sample" in found.reason
    assert in_world(weekly(values), **UP).status == "holds"  # as a census


def test_labels_without_an_error_decide_nothing():
    values = np.linspace(0.2, 0.28, 30)
    with pytest.raises(Untestable, match="interval"):
        in_world(weekly(values, draws=np.full((199, 30), math.nan)), **UP)


def test_what_is_flat_is_judged_alike_in_all_logs():
    flat = {"kind": "trend", "direction": "flat", "margin": 0.05}
    for values in (np.full(40, 0.3), np.linspace(0.1, 0.3, 40)):
        assert in_world(weekly(values), **flat) == judge(weekly(values), **flat)


def test_a_sign_and_a_comparison_over_replicates_are_decided_by_the_number_in_a_simulated_world():
    unsure, sides = Measured(0.02, -0.045, 0.045), groups(a=(0.6, -1.0, 2.2), b=(0.1, -3.0, 3.2))
    sign = {"kind": "sign", "of": "positive"}
    more = {"kind": "comparison", "greater": "a", "smaller": "b"}
    for result, predicate in ((unsure, sign), (sides, more)):
        assert judge(result, **predicate).status == "fails"
        assert in_world(result, **predicate) == judge(
            result, **predicate
        )  # an interval that is no census' stays
        over = predicate | {"over": "replicates"}
        assert judge(result, **over) == judge(result, **predicate)
        found = in_world(result, **over)
        assert found.status == "holds" and found.weak and found.test.by == "world"
        assert judge(result, **over).reason in found.reason
    assert in_world(unsure, kind="sign", of="negative", over="replicates").status == "fails"
    assert in_world(sides, **more, margin=0.5, over="replicates").status == "fails"
    assert (
        in_world(groups(a=0.6, b=0.1), **more, over="replicates").status == "holds"
    )  # one author each: no interval
    with pytest.raises(Untestable):
        judge(groups(a=0.6, b=0.1), **more, over="replicates")


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
        {"kind": "sign", "of": "positive", "over": "weeks"},
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
