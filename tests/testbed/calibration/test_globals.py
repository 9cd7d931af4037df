"""Global parameters: what they move, what is read, and what numbers tell of them: on made problems of known answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import expit

import sim
from sim.scenario import load_scenario
from sim.scenario.shipped import WORLDS
from testbed.calibration.globals import emulator as emulating
from testbed.calibration.globals.emulator import STEP, emulator, places
from testbed.calibration.globals.fit import fit
from testbed.calibration.globals.instrument import Instrument, Weekly
from testbed.calibration.globals.parameters import OWN, Global, globals_of
from testbed.calibration.globals.posterior import IDENTIFIED, covariance, estimate
from testbed.calibration.globals.whole_log import log_names, log_shares
from testbed.calibration.problem import around
from testbed.calibration.tensor import sight
from testbed.calibration.tensor.frame import main_weeks
from testbed.calibration.tensor.reader import Reader
from testbed.claims.registry import registry
from testbed.studies.behaviour import parameters as of_behaviour
from testbed.studies.recovery.space import everything
from tests.testbed.calibration import small_market

WORLD = WORLDS / "report-base.yaml"


def linear(slopes, shares=(), seeds=1):
    """The emulator of a world whose numbers, on the scale on which they answer, are slopes times parameters."""
    slopes = np.asarray(slopes, dtype=float)
    is_share = np.isin(np.arange(len(slopes)), shares)
    linked = places(slopes.shape[1]) @ slopes.T
    read = np.where(is_share, expit(linked), linked)
    return emulator(np.repeat(read[None], seeds, axis=0), is_share)


# --- parameters


def test_a_parameter_moves_all_its_numbers_and_nothing_else():
    wanted = (
        Global("free", ("workloads.free_share",), "logit", 0.5),
        Global("drift", ("workloads.hardness_drift",), "log", 0.3),
        Global("volume", ("workloads.categories.programming.volume",), "log", 0.4),
        Global("reach", ("authors.acme.reach.legal",), "log", 0.7, default=1.0),
    )
    scenario = load_scenario(WORLD)
    found = globals_of(scenario, wanted)
    assert found.settings([0, 0, 0, 0]) == ()
    free, start, drift, low, high, reach = (setting.split("=") for setting in found.settings([1, 2, -1, 1]))
    odds = scenario.workloads.free_share / (1 - scenario.workloads.free_share) * math.exp(0.5)
    assert free == ["workloads.free_share", f"{odds / (1 + odds):.6g}"]
    assert start == ["workloads.hardness_drift.2023-12-01", "0"]
    assert drift == ["workloads.hardness_drift.2025-11-30", f"{2.4 * math.exp(0.6):.6g}"]
    assert low == ["workloads.categories.programming.volume.logistic.start", f"{0.3 * math.exp(-0.4):.6g}"]
    assert high[0] == "workloads.categories.programming.volume.logistic.end"
    assert reach == ["authors.acme.reach.legal", f"{math.exp(0.7):.6g}"]


def test_two_parameters_of_one_number_both_move_it():
    one = Global("one", ("workloads.hardness.normal.sd",), "log", 0.5)
    found = globals_of(load_scenario(WORLD), (one, one))
    assert found.settings([1, 1]) == (f"workloads.hardness.normal.sd={1.6 * math.e:.6g}",)


def test_a_parameter_that_the_scenario_does_not_have_is_refused_by_name():
    with pytest.raises(ValueError, match=r"moods: the scenario has no number at workloads\.moods"):
        globals_of(load_scenario(WORLD), (Global("moods", ("workloads.moods",), "log", 1.0),))


@pytest.mark.parametrize("far", [3.0, -3.0])
def test_the_report_world_can_be_made_at_far_points(far):
    found = globals_of(load_scenario(WORLD), everything())
    world = sim.load_world(WORLD, settings=found.settings(np.full(len(found), far)), users=100)
    assert world.scenario.mechanisms.price_response.alpha == pytest.approx(
        0.7 * math.exp(far * math.log(1.3 / 0.3) / 4), rel=1e-4
    )


def test_what_comes_from_sources_is_never_among_what_a_fit_may_move():
    behaviour = {row.key for row in of_behaviour()}
    assert not behaviour & {key for one in OWN for key in one.keys} and not any(one.sourced for one in OWN)
    marked = {key for one in everything() if one.sourced for key in one.keys}
    assert marked and marked <= behaviour
    assert not behaviour & {key for one in everything() if not one.sourced for key in one.keys}


# --- what is read


def test_published_numbers_are_those_of_the_tensor_and_one_sided_claims_have_none():
    """Read week by week, off the amounts themselves, they are what a tensor of single weeks says."""
    market = small_market.market()
    wanted = {entry.id for entry in registry() if entry.claim.calibration}
    problem = around(market, wanted, step=1)
    read = Reader(problem.reference, problem.reference.tensor)
    instrument = Instrument(market.facts, sight.perfect(), ("deepseek",))
    weekly = Weekly(instrument, market.amounts.cut(main_weeks(), tuple(market.facts["model"])))
    numbers = {one.name: one for one in instrument.published}
    assert len(numbers) > 20 and not {name for name in numbers if name.startswith(("C14 ", "C36 ", "C56 "))}
    assert len({one.number for one in numbers.values()}) == len(numbers)
    for one in numbers.values():
        assert one.value(weekly) == pytest.approx(one.value(read), rel=1e-9, nan_ok=True), one.name
        assert one.sd == one.width / 4 > 0
    assert numbers["C12 (1) share"].target == 0.333 and numbers["C12 (1) share"].link == "share"
    assert "C13 (1) share" not in numbers  # the same number with a band as wide
    assert numbers["C132 (1) median category cost"].target == pytest.approx(math.log(0.73))


def test_a_whole_log_says_who_is_used_for_what():
    market = small_market.market()
    found = Instrument(market.facts, sight.perfect(), ("deepseek", "acme")).numbers(market.amounts)
    parts = [found[f"log 2 share of all, {category}"] for category in ("programming", "roleplay")]
    assert 0 < sum(parts) < 1
    tokens = market.amounts.of["tokens"][14:28]
    mine = [n for n, model in enumerate(market.amounts.models) if model.startswith("deepseek/")]
    assert found["log 2 share of deepseek, programming"] == pytest.approx(
        tokens[:, mine, 0].sum() / tokens[:, :, 0].sum()
    )
    names = log_names(("deepseek", "acme"))
    assert len(names) == len(set(names)) == 4 * 12 * (2 + 1 + 5)
    assert log_shares(("deepseek", "acme")) == [" share" in name for name in names]


# --- emulator


def test_an_emulator_is_exact_where_numbers_are_linear_or_bend_evenly():
    model = linear([[0.3, 0.0], [-1.0, 0.5]], shares=[0])
    z = np.array([0.7, -1.9])
    assert model.at(z) == pytest.approx([expit(0.21), -1.65]) and model.known.all()
    points = places(2)
    bent = emulator((points[:, :1] + 0.4 * points[:, :1] ** 2 + points[:, 1:])[None], np.array([False]))
    assert bent.at(z) == pytest.approx([0.7 + 0.4 * 0.49 - 1.9])
    assert points.max() == STEP and (points[0] == 0).all()


def test_the_gradient_is_that_of_the_numbers():
    rng = np.random.default_rng(3)
    read = expit(rng.normal(size=(2, 7, 4)))
    model = emulator(read, np.array([True, True, False, False]))
    z, small = rng.normal(size=3), 1e-6
    steps = np.array([(model.at(z + small * e) - model.at(z - small * e)) / (2 * small) for e in np.eye(3)])
    assert model.gradient(z) == pytest.approx(steps.T, abs=1e-7)


def test_a_number_that_some_point_does_not_tell_is_left_out():
    read = np.zeros((1, 3, 2))
    read[0, 1, 1] = np.nan
    model = emulator(read, np.array([True, False]))
    assert list(model.known) == [True, False] and model.of(model.known).centre == pytest.approx(
        [math.log(emulating.LEAST_SHARE / (1 - emulating.LEAST_SHARE))]
    )


# --- what numbers tell


def test_a_linear_world_gives_its_parameters_back_and_what_nothing_informs_stays():
    """Three parameters: one that two numbers tell, one that a number tells badly, one that none tells."""
    slopes = np.array([[1.0, 0.0, 0.0], [1.0, 0.3, 0.0]])
    errors = np.diag([0.04, 0.09])
    told = estimate(linear(slopes), np.array([0.8, 0.5]), errors)
    precision = slopes.T @ np.linalg.inv(errors) @ slopes + np.eye(3)
    exact = np.linalg.solve(precision, slopes.T @ np.linalg.inv(errors) @ [0.8, 0.5])
    assert told.at == pytest.approx(exact, abs=1e-8)
    assert told.covariance == pytest.approx(np.linalg.inv(precision))
    assert list(told.identified) == [True, False, False]
    assert told.sd[0] < 0.25 and IDENTIFIED < told.sd[1] < 1 and told.sd[2] == pytest.approx(1.0)
    assert told.at[2] == 0.0


def test_a_number_that_is_missing_tells_nothing():
    model, errors = linear([[1.0, 0.0], [0.0, 1.0]]), 0.01 * np.eye(2)
    told = estimate(model, np.array([0.5, np.nan]), errors)
    assert list(told.identified) == [True, False] and told.at[1] == 0.0


def test_intervals_are_right_as_often_as_they_say():
    """2,000 made worlds of two parameters: a coverage is off by more than 3.5 standard errors in one test of 2,000."""
    rng, worlds = np.random.default_rng(11), 2_000
    model = linear([[1.0, 0.4], [0.2, 0.7], [-0.5, 0.5]])
    root = np.array([[0.5, 0.0, 0.0], [0.2, 0.4, 0.0], [0.0, -0.1, 0.6]])
    truth = rng.normal(size=(worlds, 2))
    told = [estimate(model, model.at(z) + root @ rng.normal(size=3), root @ root.T) for z in truth]
    for level in (0.5, 0.9):
        right = np.mean([one.holds(z, level) for one, z in zip(told, truth, strict=True)], axis=0)
        assert np.abs(right - level).max() < 3.5 * math.sqrt(level * (1 - level) / worlds)
    assert np.mean([one.holds(z, 0.9) for one, z in zip(told, truth + 0.5, strict=True)]) < 0.85


def test_the_covariance_of_few_draws_keeps_what_hangs_together_and_little_else():
    rng = np.random.default_rng(5)
    apart = covariance(rng.normal(size=(20, 60)))
    off = ~np.eye(60, dtype=bool)
    assert np.abs(apart[off]).max() < 0.2 and np.linalg.eigvalsh(apart).min() > 0.1
    common = rng.normal(size=(20, 1)) + 0.1 * rng.normal(size=(20, 60))
    assert covariance(common)[off].min() > 0.8 * (common**2).mean()
    assert covariance(np.zeros((5, 3))) == pytest.approx(1e-6 * np.eye(3))


# --- the fit


def test_a_fit_moves_what_is_told_leaves_what_is_not_and_never_what_comes_from_sources():
    """The world bends where the emulator, seen from afar, does not know it: rounds put that right."""
    slopes = np.array([[1.0, 0.0, 1.0], [0.0, 0.1, 1.0]])
    asked = []

    def read(z):
        asked.append(z)
        return slopes @ z + np.array([0.2 * np.sin(2 * z[0]), 0.0])

    given = linear(slopes), np.array([2.0, 3.0]), 0.01 * np.eye(2), [False, False, True], np.ones(3), read
    found = fit(*given)
    assert list(found.movable) == [True, True, False] and list(found.identified) == [True, False, False]
    assert found.at[1] == found.at[2] == 0.0 and all(z[1] == z[2] == 0.0 for z in asked)
    steps = np.abs(np.diff([0.0, *(z[0] for z in asked)]))
    assert len(asked) > 2 and steps.max() <= STEP and found.at[0] == asked[-1][0]
    assert read(found.at)[0] == pytest.approx(2.0, abs=0.05)


def test_a_world_of_which_nothing_is_told_is_not_run_and_stays():
    found = fit(
        linear([[0.1]]), np.array([3.0]), np.eye(1), [False], np.ones(1), lambda _: pytest.fail("it was run")
    )
    assert not found.identified.any() and found.at == 0.0


def test_what_seems_identified_and_must_be_wider_stays():
    given = linear([[1.0]]), np.array([1.0]), 0.1 * np.eye(1), [False]
    assert fit(*given, np.ones(1), lambda z: z).at == pytest.approx(1 / 1.1)
    assert fit(*given, np.full(1, 2.0), lambda _: pytest.fail("it was run")).at == 0.0
