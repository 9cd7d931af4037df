"""Distributions, timelines and switches: quantiles against scipy.stats, bounds, and what a scenario may say."""

import datetime as dt
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError
from scipy import integrate, stats

from sim.config.switches import Switch
from sim.settings.distributions import Distribution, Timeline

U = np.linspace(0.001, 0.999, 199)
READ = TypeAdapter(Distribution).validate_python
NORMAL, LOGNORMAL = {"normal": {"mean": 1.6, "sd": 0.8}}, {"lognormal": {"median": 900, "sigma": 1.1}}

REFERENCES = [
    (NORMAL, stats.norm(1.6, 0.8)),
    (LOGNORMAL, stats.lognorm(1.1, scale=900)),
    ({"exponential": {"mean": 20}}, stats.expon(scale=20)),
    ({"uniform": {"low": -1, "high": 3}}, stats.uniform(-1, 4)),
    ({"normal": {"mean": 1.6, "sd": 0.8, "min": 0, "max": 2}}, stats.truncnorm(-2, 0.5, loc=1.6, scale=0.8)),
    ({"normal": {"mean": 0, "sd": 1, "min": 1}}, stats.truncnorm(1, math.inf)),
    ({"exponential": {"mean": 20, "max": 30}}, stats.truncexpon(1.5, scale=20)),
    ({"exponential": {"mean": 20, "min": 5}}, stats.expon(5, 20)),
]


@pytest.mark.parametrize(("written", "reference"), REFERENCES)
def test_quantile_and_mean_agree_with_scipy(written: dict[str, Any], reference: Any) -> None:
    distribution = READ(written)
    np.testing.assert_allclose(distribution.quantile(U), reference.ppf(U), rtol=1e-9, atol=1e-12)
    assert distribution.mean == pytest.approx(reference.mean(), rel=1e-9)


@pytest.mark.parametrize("bounds", [{}, {"min": 100}, {"max": 2000}, {"min": 100, "max": 2000}, {"min": -5}])
def test_truncated_lognormal_is_the_conditional_distribution(bounds: dict[str, float]) -> None:
    distribution = READ({"lognormal": {"median": 900, "sigma": 1.1, **bounds}})
    whole = stats.lognorm(1.1, scale=900)
    low, high = max(bounds.get("min", 0.0), 0.0), bounds.get("max", math.inf)
    below, up_to = whole.cdf(low), whole.cdf(high)
    np.testing.assert_allclose(distribution.quantile(U), whole.ppf(below + U * (up_to - below)), rtol=1e-9)
    mean, _ = integrate.quad(lambda z: 900 * math.exp(1.1 * z) * stats.norm.pdf(z), _z(low), _z(high))
    assert distribution.mean == pytest.approx(mean / (up_to - below), rel=1e-6)
    assert distribution.support == (low, high)


def _z(x: float) -> float:
    return -12.0 if x <= 0 else 12.0 if math.isinf(x) else math.log(x / 900) / 1.1


def test_a_number_is_a_constant_and_is_written_back_as_one() -> None:
    for written in (3, 3.0, {"constant": 3}):
        distribution = READ(written)
        np.testing.assert_array_equal(distribution.quantile([0.0, 0.5, 1.0]), [3.0, 3.0, 3.0])
        assert distribution.mean == 3.0
        assert distribution.support == (3.0, 3.0)
        dumped: Any = distribution.model_dump()
        assert dumped == 3.0
        assert distribution == Distribution.constant(3)


@pytest.mark.parametrize(("written", "_"), REFERENCES)
def test_what_is_written_back_reads_the_same(written: dict[str, Any], _: Any) -> None:
    distribution = READ(written)
    assert distribution.model_dump(mode="json") == written
    assert READ(distribution.model_dump()) == distribution
    assert hash(READ(written)) == hash(distribution)


def test_made_in_python_equals_read() -> None:
    assert Distribution.normal(1, 2, low=0) == READ({"normal": {"mean": 1, "sd": 2, "min": 0}})
    assert Distribution.lognormal(1, 2, high=9) == READ({"lognormal": {"median": 1, "sigma": 2, "max": 9}})
    assert Distribution.exponential(5.0) == READ({"exponential": {"mean": 5}})
    assert Distribution.uniform(0, 1) == READ({"uniform": {"low": 0, "high": 1}})


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"normal": {"mean": 0, "sd": 1}, "constant": 2}, r"2 families of distribution \(normal, constant\)"),
        ({}, "exactly one of normal, lognormal, exponential, uniform, constant"),
        ("wide", "expected a number, or a distribution such as"),
        (True, "expected a number, or a distribution such as"),
        ([1, 2], "expected a number, or a distribution such as"),
        ({"normal": {"mean": 0, "sd": 0}}, "greater than 0"),
        ({"normal": {"mean": 0, "sd": 1, "min": 2, "max": 1}}, r"must be more than min \(2\), got 1"),
        ({"normal": {"mean": 0, "sd": 1, "min": 7}}, "almost nothing"),
        ({"lognormal": {"median": 1, "sigma": 1, "max": 0}}, "almost nothing"),
        ({"exponential": {"mean": -1}}, "greater than 0"),
        ({"uniform": {"low": 1, "high": 1}}, r"must be more than low \(1\), got 1"),
        ({"uniform": {"low": 1}}, "Field required"),
        ({"normal": {"mean": 0, "sd": 1, "max": math.inf}}, "finite"),
        (math.nan, "finite"),
        (math.inf, "finite"),
        ({"gamma": {"mean": 1}}, "Extra inputs"),
    ],
)
def test_refused(written: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        READ(written)


finite = st.floats(-1e6, 1e6)
positive = st.floats(1e-3, 1e3)
narrow = st.floats(1e-3, 5.0)


@st.composite
def distributions(draw: st.DrawFn) -> Distribution:
    family = draw(st.sampled_from(["normal", "lognormal", "exponential", "uniform", "constant"]))
    if family == "constant":
        return Distribution.constant(draw(finite))
    if family == "uniform":
        low = draw(finite)
        return Distribution.uniform(low, low + draw(positive))
    if family == "exponential":
        mean = draw(positive)
        least = draw(st.none() | st.floats(-mean, 3 * mean))
        most = draw(st.none() | st.floats(3.5 * mean, 9 * mean))
        return Distribution.exponential(mean, least, most)
    sd = draw(narrow)
    below, above = draw(st.none() | st.floats(-3, 0)), draw(st.none() | st.floats(0.5, 3))
    if family == "normal":
        mean = draw(finite)
        return Distribution.normal(mean, sd, _shift(mean, sd, below), _shift(mean, sd, above))
    median = draw(positive)
    bounds = [None if z is None else median * math.exp(sd * z) for z in (below, above)]
    return Distribution.lognormal(median, sd, *bounds)


def _shift(mean: float, sd: float, z: float | None) -> float | None:
    return None if z is None else mean + sd * z


@given(distributions(), st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_quantile_is_monotone_finite_and_within_the_support(
    distribution: Distribution, us: list[float]
) -> None:
    u = np.sort(np.array([0.0, *us, 1.0]))
    x = distribution.quantile(u)
    assert x.shape == u.shape
    assert np.isfinite(x).all()
    assert (np.diff(x) >= 0).all()
    low, high = distribution.support
    assert (x >= low).all()
    assert (x <= high).all()


@given(distributions())
def test_mean_is_the_integral_of_the_quantile(distribution: Distribution) -> None:
    nodes, weights = np.polynomial.legendre.leggauss(40)
    edges = np.concatenate([[0.0], np.geomspace(1e-12, 0.5, 40)])
    total = 0.0
    for a, b in pairwise(edges):
        inside = a + (b - a) * (nodes + 1) / 2
        for u in (inside, 1 - inside):
            total += float(weights @ distribution.quantile(u)) * (b - a) / 2
    low, high = distribution.quantile([0.01, 0.99])
    heavy = distribution.lognormal_ is not None and distribution.lognormal_.sigma > 2
    if not heavy:  # the mean of a heavier tail lies beyond what doubles near 1 can integrate
        assert total == pytest.approx(distribution.mean, rel=1e-3, abs=1e-3 * max(high - low, 1e-9))


def test_quantile_keeps_the_shape_and_does_not_depend_on_the_other_draws() -> None:
    distribution = READ(LOGNORMAL)
    whole = distribution.quantile(U[:198].reshape(99, 2))
    assert whole.shape == (99, 2)
    assert whole[40, 1] == distribution.quantile(U[81])


# --- timelines ------------------------------------------------------------------------------------------------------

READ_TIMELINE = TypeAdapter(Timeline).validate_python
RISING = {"2024-01-01": 1.0, "2024-01-11": 4.0, "2024-01-13": 2.0}


def test_timeline_moves_in_straight_lines_and_stays_outside() -> None:
    timeline = READ_TIMELINE(RISING)
    days = np.array(
        ["2023-01-01", "2024-01-01", "2024-01-06", "2024-01-11", "2024-01-12", "2030-01-01"], "datetime64[D]"
    )
    np.testing.assert_allclose(timeline.at(days), [1.0, 1.0, 2.5, 4.0, 3.0, 2.0])


def test_timeline_by_day_numbers_from_a_start() -> None:
    timeline = READ_TIMELINE(RISING)
    by_number = timeline.at(np.arange(-3, 15), start=dt.date(2024, 1, 1))
    by_date = timeline.at(np.arange("2023-12-29", "2024-01-16", dtype="datetime64[D]"))
    np.testing.assert_array_equal(by_number, by_date)
    with pytest.raises(ValueError, match="start="):
        timeline.at(np.arange(3))


def test_timeline_reads_times_within_a_day() -> None:
    noon = np.array(["2024-01-06T12:00:00"], dtype="datetime64[s]")
    assert READ_TIMELINE(RISING).at(noon)[0] == pytest.approx(2.65)


def test_geometric_timeline_grows_by_equal_factors() -> None:
    timeline = READ_TIMELINE({"2024-01-01": 1, "2024-01-05": 16})
    np.testing.assert_allclose(
        timeline.at(np.arange(5), dt.date(2024, 1, 1), geometric=True), [1, 2, 4, 8, 16]
    )
    with pytest.raises(ValueError, match="above zero"):
        Timeline.constant(0).at(np.arange(5), dt.date(2024, 1, 1), geometric=True)


@pytest.mark.parametrize("written", [0.5, {"2024-01-01": 0.5}])
def test_one_value_is_constant(written: Any) -> None:
    timeline = READ_TIMELINE(written)
    np.testing.assert_array_equal(timeline.at(np.arange(4000), dt.date(2020, 1, 1)), 0.5)
    assert timeline.model_dump(mode="json") == written
    assert timeline.support == (0.5, 0.5)


def test_timeline_is_written_back_as_it_was() -> None:
    timeline = READ_TIMELINE(RISING)
    assert timeline.model_dump(mode="json") == RISING
    assert READ_TIMELINE(timeline.model_dump()) == timeline
    assert timeline.support == (1.0, 4.0)


LOGISTIC = {"logistic": {"start": 1.0, "end": 16.0, "midpoint": "2024-06-01", "width_days": 60.0}}


def test_a_logistic_curve_takes_its_width_from_a_tenth_of_the_way_to_nine_tenths() -> None:
    curve = READ_TIMELINE(LOGISTIC)
    days = np.array(["2020-01-01", "2024-05-02", "2024-06-01", "2024-07-01", "2030-01-01"], "datetime64[D]")
    np.testing.assert_allclose(curve.at(days), [1.0, 2.5, 8.5, 14.5, 16.0])
    np.testing.assert_allclose(curve.at(days, geometric=True), 16 ** np.array([0.0, 0.1, 0.5, 0.9, 1.0]))
    by_number = curve.at(np.array([-30, 0, 30]), start=dt.date(2024, 6, 1))
    np.testing.assert_allclose(by_number, [2.5, 8.5, 14.5])


def test_a_logistic_curve_is_written_back_as_it_was() -> None:
    curve = READ_TIMELINE(LOGISTIC)
    assert curve.model_dump(mode="json") == LOGISTIC
    assert READ_TIMELINE(curve.model_dump()) == curve
    assert curve.support == (1.0, 16.0) and not curve.is_constant
    assert curve.turns == [dt.date(2024, 6, 1)]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"2024-02-01": 1, "2024-01-01": 2}, "dates must ascend; this one comes after 2024-02-01"),
        ({}, "at least one date"),
        ("x", "expected a number, or a mapping of dates"),
        (False, "expected a number, or a mapping of dates"),
        ({"2024-13-01": 1}, "month"),
        ({"2024-01-01": math.inf}, "finite"),
        ({"2024-01-01": "x"}, "valid number"),
        ({"logistic": {"start": 1, "end": 2, "midpoint": "2024-06-01", "width_days": 0}}, "greater than 0"),
        ({"logistic": {"start": 1, "end": 2, "midpoint": "2024-06-01"}}, "width_days"),
        ({**LOGISTIC, "2024-01-01": 1}, "2024-01-01"),
    ],
)
def test_refused_timelines(written: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        READ_TIMELINE(written)


@given(
    st.dictionaries(
        st.dates(dt.date(2000, 1, 1), dt.date(2040, 1, 1)), st.floats(0.01, 100), min_size=1, max_size=8
    )
)
def test_timeline_passes_through_its_points_and_stays_between_them(points: dict[dt.date, float]) -> None:
    points = dict(sorted(points.items()))
    timeline = Timeline(points)
    for geometric in (False, True):
        np.testing.assert_allclose(
            timeline.at(np.array(list(points), dtype="datetime64[D]"), geometric=geometric),
            list(points.values()),
        )
        anywhere = timeline.at(np.arange(0, 16000, 97), dt.date(1999, 1, 1), geometric)
        assert (anywhere >= min(points.values()) * (1 - 1e-12)).all()
        assert (anywhere <= max(points.values()) * (1 + 1e-12)).all()


# --- switches -------------------------------------------------------------------------------------------------------


class Switched(BaseModel):
    switch: Switch


@pytest.mark.parametrize("word", ["on", "On", "true", "TRUE", "yes", True])
def test_on(word: Any) -> None:
    assert Switched(switch=word).switch is True


@pytest.mark.parametrize("word", ["off", "OFF", "false", "no", "No", False])
def test_off(word: Any) -> None:
    assert Switched(switch=word).switch is False


@pytest.mark.parametrize("word", ["of", "", 1, 0, 0.0, None, []])
def test_neither(word: Any) -> None:
    with pytest.raises(ValidationError, match="expected on or off"):
        Switched(switch=word)
