"""What predicates require of readings holds exactly where the predicates hold of the same numbers."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from testbed.calibration.linear.counts import FirstBelow, Held, Passage, Place, Together
from testbed.calibration.linear.readings import Amount, Reading, mean, quotient
from testbed.calibration.linear.required import DIFFERENCE_WIDTH, LEVEL_WIDTH, STRICT, required
from testbed.calibration.linear.requirements import Bound, Every, NotLinear, Some, bounds, some
from testbed.calibration.linear.results import (
    Extreme,
    Largest,
    Middle,
    Parts,
    Plain,
    Series,
)
from testbed.claims.measuring.measured import Groups, Measured
from testbed.claims.measuring.measured import Series as Weeks
from testbed.claims.measuring.tables import Pick
from testbed.claims.predicates import (
    Comparison,
    Ordering,
    Profile,
    Range,
    ShareOfWeeks,
    Sign,
    Threshold,
    TrendIs,
    Value,
)

SHARES = st.floats(0, 1).map(lambda x: round(x, 3))
MONDAY = dt.date(2025, 5, 5)


def constant(value: float, unit: str = "share") -> Reading:
    return Reading((), value, unit)


def read(reading: Reading) -> float:
    assert not reading.terms
    return reading.constant


def holds(requirement) -> bool:
    return requirement.slack(read) >= -1e-9


def series(values) -> Series:
    times = tuple(MONDAY + dt.timedelta(weeks=n) for n in range(len(values)))
    return Series(times, tuple(Plain(constant(value)) for value in values))


def said(predicate, result) -> bool:
    return predicate.judge(result).status == "holds"


@given(SHARES, SHARES, st.sampled_from(["share", "about share", "factor", "about factor"]))
def test_a_value_lies_in_its_band(value, target, rule):
    predicate = Value(kind="value", target=target, rule=rule)
    assert holds(required(predicate, Plain(constant(value)))) == said(predicate, Measured(value))


@given(SHARES, SHARES, SHARES)
def test_a_range_has_its_bounds(value, one, other):
    predicate = Range(kind="range", at_least=min(one, other), at_most=max(one, other))
    assert holds(required(predicate, Plain(constant(value)))) == said(predicate, Measured(value))


@given(st.lists(SHARES, min_size=3, max_size=3), st.lists(SHARES, min_size=3, max_size=3))
def test_a_profile_is_a_band_for_each(values, targets):
    predicate = Profile(kind="profile", rule="share", targets=dict(zip("abc", targets, strict=True)))
    parts = Parts({name: constant(value) for name, value in zip("abc", values, strict=True)})
    groups = Groups({name: Measured(value) for name, value in zip("abc", values, strict=True)})
    assert holds(required(predicate, parts)) == said(predicate, groups)


@given(st.lists(st.integers(1, 100), min_size=4, max_size=4, unique=True), st.booleans(), st.booleans())
def test_an_order_is_one_pair_after_another(values, any_order, below):
    predicate = Ordering(kind="ordering", order=["a", "b"], any_order=any_order,
                         others="below" if below else "anywhere")  # fmt: skip
    assume(below or not any_order)
    parts = Parts({name: constant(value, "level") for name, value in zip("abcd", values, strict=True)})
    groups = Groups({name: Measured(value) for name, value in zip("abcd", values, strict=True)})
    assert holds(required(predicate, parts)) == said(predicate, groups)


def test_a_place_keeps_room_too():
    place = Place(Amount("tokens"), (Amount("requests"),), 0)
    predicate = ShareOfWeeks(kind="share_of_weeks", below=2, at_least=1.0)
    weeks = Series((MONDAY,), (place,))
    (plain,), (roomy,) = (list(bounds(required(predicate, weeks, room))) for room in (0.0, 0.15))
    assert roomy.least - plain.least == pytest.approx(0.15 * plain.width) and plain.width > 0


@given(st.lists(SHARES, min_size=4, max_size=12), st.sampled_from([0.25, 0.5, 0.75, 0.9, 1.0]), SHARES)
def test_enough_weeks_meet_a_condition(values, needed, above):
    assume(above not in values)  # the bound itself does not count on a log
    predicate = ShareOfWeeks(kind="share_of_weeks", above=above, at_least=needed)
    weeks = Weeks(series(values).times, np.array(values))
    assert holds(required(predicate, series(values))) == said(predicate, weeks)


@given(st.lists(SHARES, min_size=8, max_size=16), st.sampled_from(["up", "down", "flat"]))
def test_a_trend_is_end_less_start(values, direction):
    margin = 0.1 if direction == "flat" else None
    predicate = TrendIs(kind="trend", direction=direction, margin=margin)
    change = np.mean(values[-4:]) - np.mean(values[:4])
    assume(abs(abs(change) - STRICT) > 1e-6 and abs(abs(change) - 0.1) > 1e-6)
    wanted = {"up": change > STRICT, "down": change < -STRICT, "flat": abs(change) < 0.1}[direction]
    assert holds(required(predicate, series(values))) == wanted


def test_parts_of_one_whole_are_ordered_in_proportion():
    """A gap of a tenth of the smaller weighs alike for large parts and for small ones."""
    tokens = Amount("tokens")
    parts = Parts({name: quotient(tokens.of(Pick(author=name)), tokens, (0,)) for name in ("a", "b", "c")})
    asked = list(bounds(required(Ordering(kind="ordering", order=["a", "b", "c"]), parts, 0.1)))
    sizes = {"a": 0.55, "b": 0.5, "c": 0.01}

    def read_parts(reading: Reading) -> float:
        ((weight, ratio),) = reading.terms
        assert ratio.whole is not None
        return weight * sizes[ratio.part.picks[0].author] / sizes[ratio.whole.picks[0].author]

    least = 1 + STRICT + 0.1 * LEVEL_WIDTH
    assert [bound.slack(read_parts) for bound in asked] == pytest.approx(
        [(1.1 - least) / LEVEL_WIDTH, (50 - least) / LEVEL_WIDTH]
    )


@given(SHARES, SHARES)
def test_differences_count_from_a_tenth_of_a_point_on(one, other):
    assume(abs(abs(one - other) - STRICT) > 1e-6 and abs(abs(one) - STRICT) > 1e-6)
    parts = Parts({"a": constant(one), "b": constant(other)})
    comparison = required(Comparison(kind="comparison", greater="a", smaller="b"), parts)
    assert holds(comparison) == (one - other > STRICT)
    sign = required(Sign(kind="sign", of="negative"), Plain(constant(one - other)))
    assert holds(sign) == (one - other < -STRICT)


@settings(max_examples=40)
@given(st.sampled_from([0.0, 0.1, 0.2, 0.4]), SHARES, st.floats(0.02, 0.98))
def test_room_narrows_every_band(room, value, target):
    predicates = [
        (Value(kind="value", target=target, rule="share"), Plain(constant(value))),
        (Range(kind="range", at_least=target), Plain(constant(value))),
        (Sign(kind="sign", of="positive"), Plain(constant(value - target))),
        (ShareOfWeeks(kind="share_of_weeks", above=target, at_least=0.5), series([value] * 8)),
        (TrendIs(kind="trend", direction="up"), series([target] * 4 + [value] * 4)),
    ]
    for predicate, result in predicates:
        wide, narrow = required(predicate, result), required(predicate, result, room)
        lost = [a.slack(read) - b.slack(read) for a, b in zip(bounds(wide), bounds(narrow), strict=True)]
        np.testing.assert_allclose(lost, room, atol=1e-9)


def test_a_bound_without_a_second_edge_is_as_wide_as_the_rules_make_its_number():
    (bound,) = bounds(required(Range(kind="range", at_least=0.5), Plain(constant(0.6))))
    assert bound.width == pytest.approx(0.1)
    (bound,) = bounds(required(Range(kind="range", at_most=200.0), Plain(constant(100.0, "level"))))
    assert bound.width == pytest.approx(200 * (1.25 - 0.8))
    (bound,) = bounds(required(Sign(kind="sign", of="positive"), Plain(constant(0.1))))
    assert bound.width == DIFFERENCE_WIDTH


@given(st.lists(st.floats(0.01, 1), min_size=12, max_size=12), st.floats(1.1, 3), st.sampled_from([2, 3]))
def test_a_spike_stands_out_from_half_of_the_weeks_around(values, times, around):
    first, last = MONDAY + dt.timedelta(weeks=5), MONDAY + dt.timedelta(weeks=6)
    spike = Threshold(kind="threshold", times=times, first=first, last=last, around=around)
    weeks = Weeks(series(values).times, np.array(values))
    requirement = required(spike, series(values))
    if requirement.slack(read) >= 0:  # what is surely enough
        assert said(spike, weeks)
    if said(spike, weeks):  # what is necessary
        met = [sum(part.slack(read) >= -1e-9 for part in peak.of) >= peak.needed for peak in requirement.of]
        assert any(met)
    with pytest.raises(NotLinear, match="no week of the peak"):
        required(Threshold(kind="threshold", times=2, first=MONDAY - dt.timedelta(9), last=MONDAY - dt.timedelta(8)),
                 series(values))  # fmt: skip


def test_how_long_models_take():
    def reaches(*values):
        return tuple(map(constant, values))

    fast, slow, never, young = reaches(0, 0.3, 0), reaches(0, 0, 0, 0.3), reaches(*[0] * 9), reaches(0, 0)
    both = Passage((fast, slow), 0.2, followed=4)
    assert both.value(read) == 2 and holds(both.at_most(3, 1)) and not holds(both.at_most(1, 1))
    assert Passage((fast, slow, never), 0.2, followed=4).value(read) == 3
    assert Passage((fast, never), 0.2, followed=4).value(read) == math.inf
    assert Passage((fast, young), 0.2, followed=4).value(read) == 1, "too young to tell"
    assert math.isnan(Passage((young,), 0.2, followed=4).value(read))
    three = Passage((fast, slow, never), 0.2, followed=4)
    assert holds(three.at_most(3, 1)) and not holds(three.at_most(2, 1))


# --- kinds of numbers


@settings(max_examples=60)
@given(st.lists(SHARES, min_size=1, max_size=9), SHARES)
def test_extremes_and_medians_meet_bounds_as_their_values_do(values, bound):
    readings = tuple(constant(value) for value in values)
    for number in (Extreme(readings, "low"), Extreme(readings, "high")):
        value = number.value(read)
        assert holds(number.at_least(bound, 1)) == (value >= bound - 1e-9)
        assert holds(number.at_most(bound, 1)) == (value <= bound + 1e-9)
    middle = Middle(readings)
    assert middle.value(read) == pytest.approx(np.median(values))
    if holds(middle.at_least(bound, 1)):  # what is surely enough
        assert middle.value(read) >= bound - 1e-9
    needed = middle.at_least(bound, 1)
    if middle.value(read) > bound:  # what is necessary
        met = sum(part.slack(read) >= 0 for part in needed.of)
        assert met >= needed.needed


def test_the_largest_of_several():
    each = (tuple(map(constant, (0.1, 0.6))), tuple(map(constant, (0.5, 0.2))))
    high, over_weeks = Largest(each, "high"), Largest(each, "mean")
    assert high.value(read) == 0.6 and over_weeks.value(read) == pytest.approx(0.55)
    assert holds(high.at_most(0.6, 1)) and not holds(high.at_most(0.59, 1))
    assert holds(over_weeks.at_most(0.36, 1)), "necessary: no single one has more in the mean"
    assert not holds(over_weeks.at_most(0.34, 1))
    with pytest.raises(NotLinear):
        high.at_least(0.1, 1)


def test_counts_of_weeks_and_of_models():
    each = (tuple(map(constant, (0.1, 0.2, 0.3))), tuple(map(constant, (0.3, 0.2, 0.0))))
    held = Held(each, share=0.2, weeks=2)
    assert held.value(read) == 2 and holds(held.at_least(2, 1))
    assert not holds(Held(each, share=0.25, weeks=2).at_least(1, 1))
    together = Together(each, share=0.1)
    assert together.value(read) == 2
    assert holds(together.at_least(2, 1)) and not holds(together.at_least(3, 1))


@pytest.mark.parametrize(("values", "value"), [
    ((0.7, 0.7, 0.5, 0.7), 0), ((0.7, 0.5, 0.7, 0.7), -1), ((0.5, 0.7, 0.7, 0.7), -2), ((0.7,) * 4, math.inf),
])  # fmt: skip
def test_the_first_week_below(values, value):
    first = FirstBelow(tuple(map(constant, values)), (-2.0, -1.0, 0.0, 1.0), 0.6)
    assert first.value(read) == value
    assert holds(first.at_least(-1, 1)) == (value >= -1)
    assert holds(first.at_most(0, 1)) == (value <= 0)


def test_slacks_of_nested_requirements():
    def bound(x):
        return Bound(constant(x), 0.0)

    assert Every((bound(0.3), bound(-0.1))).slack(read) == -0.1
    assert some([bound(0.3), bound(-0.1), bound(0.2)], 2).slack(read) == 0.2
    assert some([bound(0.3)], 2).slack(read) == -math.inf
    assert Some((bound(0.3), bound(-0.1)), (3.0, 1.0), 3.0).slack(read) == 0.3
    assert Every(()).slack(read) == math.inf
    assert len(list(bounds(Every((bound(1), some([bound(2), bound(3)], 1)))))) == 3


def test_readings_add_up():
    a, b = (quotient(Amount(q), Amount("tokens"), (0,)) for q in ("requests", "spend_usd"))
    assert (a - b * 2).terms == (*a.terms, *((-2 * w, r) for w, r in b.terms))
    assert mean([a, b]).amounts == (Amount("requests"), Amount("tokens"), Amount("spend_usd"))
    with pytest.raises(ValueError, match="needs a reading"):
        mean([])
