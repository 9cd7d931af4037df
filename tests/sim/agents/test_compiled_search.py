"""The compiled decisions are the plain ones: the same spells, states and memories, in every world."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from sim.agents.choice import view_of
from sim.agents.compiled.quantiles import curve_of, normal_score, quantile
from sim.agents.compiled.search import CompiledSearch
from sim.agents.population import build_population
from sim.agents.rows import where_equal
from sim.agents.search import Search
from sim.market import Market
from sim.settings.distributions import Distribution
from sim.simulation import run_agents
from sim.world import World, load_world
from tests.sim.agents.test_search import LIVELY, small_worlds
from tests.sim.traffic_world import shipped
from tests.worlds import world


def played(kind: type[Search], made: World) -> Search:
    """The search of a world after its last day."""
    _, work = build_population(made.scenario, made.catalogue, made.draws)
    market = Market(made.scenario, made.catalogue)
    search = kind(made.scenario, market, work, made.draws)
    for day in market.days():
        search.step(day, view_of(market, made.scenario, day))
    search.finish(made.scenario.days)
    return search


def check_equal(compiled: Search, plain: Search) -> None:
    found, expected = compiled.spells.arrays(), plain.spells.arrays()
    assert list(found) == list(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)
    np.testing.assert_array_equal(compiled.table, plain.table)
    for name in ("due", "state", "home"):
        np.testing.assert_array_equal(getattr(compiled, name), getattr(plain, name), err_msg=name)
    for name in ("rejected", "known_to_fit", "passed_over"):
        np.testing.assert_array_equal(getattr(compiled.memory, name), getattr(plain.memory, name))
    np.testing.assert_array_equal(compiled.work.end, plain.work.end)
    np.testing.assert_array_equal(compiled.market.share_by_category, plain.market.share_by_category)
    assert compiled.choices == plain.choices > 0


def check_world(made: World) -> Search:
    compiled = played(CompiledSearch, made)
    check_equal(compiled, played(Search, made))
    return compiled


@pytest.mark.parametrize("setting", [
    "seed=1", "seed=2", "mechanisms.fit=off", "mechanisms.backlog=off", "mechanisms.rival_trials=off",
    "mechanisms.multihoming=off",
    "search.trial_days={lognormal: {median: 3, sigma: 0.5, max: 20}}",
])  # fmt: skip
def test_a_lively_world_is_the_same(setting):
    check_world(world(LIVELY, setting, users=500))


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(small_worlds(), st.integers(0, 1000))
def test_every_small_world_is_the_same(case, seed):
    made = world(case[0], *case[1], seed=seed, users=60)
    compiled, plain = played(CompiledSearch, made), played(Search, made)
    if plain.choices:
        check_equal(compiled, plain)


def test_defaults_of_applications_are_the_same():
    made = load_world(shipped("report"), users=400, settings=["start=2025-02-01", "end=2025-05-31"])
    search = check_world(made)
    assert search.defaults.takes.any()


def test_a_planted_share_and_a_wave_are_the_same():
    made = load_world(shipped("one-frontier-model"), users=500, settings=[
        "start=2024-12-15", "end=2025-04-15", "planted_loyalty={model: new/frontier, loyal_share: 0.4}",
        "calendar=[{event: wave, date: 2025-01-20, days: 9, share_of_users: 0.3, model: new/frontier}]",
    ])  # fmt: skip
    search = check_world(made)
    assert search.planted.holds.any() and (search.work.wave_model >= 0).any()


@pytest.mark.parametrize("setting", ["mechanisms.consideration=on", "mechanisms.popularity=on"])
def test_days_without_change_can_be_run_together(setting):
    """Across outages, prices, windows and shares that change."""
    made = world(
        LIVELY, setting, "calendar=[{event: outage, date: 2025-01-20, days: 3, model: a/old}]", users=200
    )
    _, work = build_population(made.scenario, made.catalogue, made.draws)
    market = Market(made.scenario, made.catalogue)
    search, lengths = CompiledSearch(made.scenario, market, work, made.draws), []
    for days in market.stretches():
        together = view_of(market, made.scenario, np.array(days)[:, None])
        for k, day in enumerate(days):
            for name, values in view_of(market, made.scenario, day)._asdict().items():
                found = getattr(together, name)
                np.testing.assert_array_equal(
                    found[k] if name == "awareness" else found, values, err_msg=name
                )
        search.steps(days)
        lengths.append(len(days))
    search.finish(made.scenario.days)
    assert sum(lengths) == made.scenario.days and max(lengths) == 7 > min(lengths) >= 1
    check_equal(search, played(Search, made))


def test_a_world_runs_with_compiled_decisions():
    assert isinstance(run_agents(world(LIVELY, users=20)).search, CompiledSearch)


# --- what the loops are made of -------------------------------------------------------------------------------------


def test_the_normal_score_is_that_of_scipy():
    rng = np.random.default_rng(1)
    tails = 10.0 ** -rng.uniform(0, 300, 2_000)
    p = np.concatenate([rng.random(20_000), tails, 1 - tails[tails > 1e-16]])
    p = p[(p > 0) & (p < 1)]
    np.testing.assert_allclose([normal_score(x) for x in p], ndtri(p), rtol=1e-14)


@pytest.mark.parametrize("distribution", [
    Distribution.constant(3.5), Distribution.uniform(-1, 4), Distribution.exponential(3.0),
    Distribution.exponential(3.0, low=1, high=9), Distribution.normal(2, 0.5), Distribution.normal(2, 0.5, high=2.2),
    Distribution.lognormal(9, 1.2), Distribution.lognormal(9, 1.2, low=3, high=20),
])  # fmt: skip
def test_a_curve_has_the_quantiles_of_its_distribution(distribution):
    u = np.concatenate([[0.0, 1.0, 2.0**-60], np.random.default_rng(2).random(500)])
    curve = curve_of(distribution)
    np.testing.assert_allclose([quantile(curve, x) for x in u], distribution.quantile(u), rtol=1e-13)


@pytest.mark.parametrize("n", [0, 1, 63, 64, 65, 1000])
def test_rows_are_found_across_blocks(n):
    values = np.random.default_rng(n).integers(0, 40, n).astype(np.int32)
    np.testing.assert_array_equal(where_equal(values, 7), np.flatnonzero(values == 7))
    values[-1:] = 99
    np.testing.assert_array_equal(where_equal(values, 99), np.flatnonzero(values == 99))
