"""What workloads see and choose: decision utility, the logit, what may be considered, and the bound that saves time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import ndtri

from analysis.contract import CATEGORIES
from sim.agents.choice import (
    NO_MODEL,
    View,
    affordable_frontier,
    awareness,
    choose,
    plain_utilities,
    view_of,
)  # fmt: skip
from sim.agents.compiled.choice import earliest_times
from sim.agents.compiled.entrants import Entrants
from sim.agents.population import Workloads
from sim.market import Market
from sim.mechanisms import MECHANISMS
from sim.pricing import log_price
from sim.randomness import Draws, Purpose
from sim.scenario import Scenario
from tests.laws import FALSE_ALARM, counts_p, share_p
from tests.worlds import world

N = 40_000
FLOOR = 0.02
LOG_FLOOR = float(np.log(FLOOR))
ONE_MODEL = "models: {a/one: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 1.0, reach: 1.0}}"


def rules(*changes: str) -> Scenario:
    """A scenario for its parameters only: informed users, who know abilities exactly, and weigh prices."""
    base = ("information=on", "information.kappa=2", "information.perception_sd=0", "information.cap=1",
            "price_response=on", "price_response.alpha=0.5")  # fmt: skip
    chosen = [f"mechanisms.{change}" for change in base] + list(changes)
    return world(ONE_MODEL, *chosen).scenario


def market_view(
    ability, price=1.0, reach=1.0, free=False, tools=True, permissive=True, context=1e6, hype=0.0
) -> View:
    """Models with these abilities (the same in all categories); other traits: one for all, or one for each. Reach may
    be by category, too."""
    able = np.asarray(ability, dtype=float)

    def each(value, kind):
        return np.broadcast_to(np.asarray(value, dtype=kind), able.shape).copy()

    table = np.repeat(able[:, None], len(CATEGORIES), axis=1)
    prices = np.repeat(each(price, float)[:, None], len(CATEGORIES), axis=1)
    known = reach if np.ndim(reach) == 2 else np.reshape(reach, (-1, 1))
    numbers = np.arange(len(able), dtype=np.int64)
    return View(
        numbers=numbers,
        key=Draws(99).bits(Purpose.REPLICATE, numbers),
        awareness=np.broadcast_to(known, table.shape).astype(float),
        perceived=table + each(hype, float)[:, None],
        ability=table,
        log_price=log_price(prices, FLOOR),
        log_free_price=LOG_FLOOR,
        free=each(free, bool),
        tools=each(tools, bool),
        permissive=each(permissive, bool),
        context=each(context, float),
    )


def jobs(n: int, hardness=0.0, willingness=10.0, price_sensitivity=1.0, needs_tools=False, needs_permissive=False,
         context=1000.0, accepts_free=False, category=0) -> Workloads:  # fmt: skip
    def each(value, kind):
        return np.broadcast_to(np.asarray(value, dtype=kind), n).copy()

    nothing = each(-1, np.int16)
    return Workloads(
        user=np.arange(n, dtype=np.int32), app=nothing, entity=np.arange(n, dtype=np.uint64) * np.uint64(8),
        start=each(0, np.int32), end=each(100, np.int32), category=each(category, np.int8),
        hardness=each(hardness, np.float32), log_willingness=np.log(each(willingness, np.float32)),
        price_sensitivity=each(price_sensitivity, np.float32), curiosity=each(1, np.float32),
        needs_tools=each(needs_tools, bool), needs_permissive=each(needs_permissive, bool),
        context_tokens=each(context, np.float32), accepts_free=each(accepts_free, bool),
        requests_per_day=each(1, np.float32), wave_model=nothing, pinned_model=nothing,
        tool_call_share=each(np.nan, np.float32),
    )  # fmt: skip


def pick(
    view: View,
    scenario: Scenario,
    work: Workloads,
    *,
    passed_over=(),
    known_to_fit=NO_MODEL,
    home=NO_MODEL,
    outside=0.0,
    day=0,
) -> NDArray[np.int16]:
    n = len(work)
    bits, fitting = (np.zeros((n, max(1, (len(view.numbers) + 63) // 64)), dtype=np.uint64) for _ in range(2))
    for number in passed_over:
        bits[:, number >> 6] |= np.uint64(1 << (number & 63))
    if known_to_fit != NO_MODEL:
        fitting[:, known_to_fit >> 6] |= np.uint64(1 << (known_to_fit & 63))
    return choose(
        view, scenario, Draws(5), work, np.arange(n), passed_over=bits, known_to_fit=fitting,
        home=np.full(n, home, dtype=np.int16), outside=np.broadcast_to(np.asarray(outside, float), n).copy(),
        day=day,
    )  # fmt: skip


def frequencies(chosen: NDArray[np.int16], models: int) -> NDArray[np.int64]:
    """Counts of waiting, and of each model."""
    return np.bincount(chosen + 1, minlength=models + 1)


def logit(*utilities: float) -> NDArray[np.float64]:
    weights = np.exp(np.array(utilities))
    return weights / weights.sum()


# --- the logit ------------------------------------------------------------------------------------------------------

ABILITY, PRICE, REACH = [-0.4, 0.3, 0.9, 2.5], [0.5, 1.0, 2.0, 8.0], [1.5, 0.7, 0.2, 0.4]


@pytest.mark.parametrize("outside", [-3.0, 0.0, 2.0])
@pytest.mark.parametrize("informed", ["on", "off"])
@pytest.mark.parametrize("responsive", ["on", "off"])
def test_choices_follow_the_multinomial_logit(outside, informed, responsive):
    scenario = rules(
        f"mechanisms.information.enabled={informed}", f"mechanisms.price_response.enabled={responsive}"
    )
    chosen = pick(
        market_view(ABILITY, PRICE, REACH),
        scenario,
        jobs(N, hardness=0.1, price_sensitivity=1.5),
        outside=outside,
    )
    kappa, alpha = 2.0 * (informed == "on"), 0.5 * 1.5 * (responsive == "on")
    utilities = [
        np.log(reach) + kappa * min(ability - 0.1, 1.0) - alpha * np.log(price)
        for ability, price, reach in zip(ABILITY, PRICE, REACH, strict=True)
    ]
    assert counts_p(frequencies(chosen, 4), logit(outside, *utilities)) > FALSE_ALARM / 12


def test_a_free_variant_counts_at_the_floor_price():
    view = market_view([0.5, 0.5], price=[4.0, 4.0], free=[False, True])
    takers, others = (pick(view, rules(), jobs(N, accepts_free=free)) for free in (True, False))
    paid, given = 2 * 0.5 - 0.5 * np.log(4), 2 * 0.5 - 0.5 * LOG_FLOOR
    assert counts_p(frequencies(takers, 2), logit(0, paid, given)) > FALSE_ALARM / 2
    assert counts_p(frequencies(others, 2), logit(0, paid, paid)) > FALSE_ALARM / 2


def test_no_price_is_weighed_below_the_floor():
    chosen = pick(market_view([0.5, 0.5], price=[FLOOR, FLOOR / 100]), rules(), jobs(N))
    counts = frequencies(chosen, 2)
    assert counts_p(counts[1:], [1, 1]) > FALSE_ALARM


def test_hype_is_believed_before_a_trial():
    chosen = pick(market_view([0.0, 0.0], hype=[0.5, 0.0]), rules(), jobs(N))
    assert counts_p(frequencies(chosen, 2), logit(0, 2 * 0.5, 0)) > FALSE_ALARM


def test_each_workload_errs_in_its_own_way_about_each_model():
    scenario, view = rules("mechanisms.information.perception_sd=0.6"), market_view([0.2, 0.2])
    chosen = pick(view, scenario, jobs(N))
    error = 0.6 * Draws(5).normal(Purpose.PERCEPTION, jobs(N).entity[:, None], view.key[None, :])
    weights = np.exp(2 * np.minimum(0.2 + error, 1.0))
    chance = weights / (1 + weights.sum(axis=1, keepdims=True))
    for number in range(2):
        believers = error[:, number] > 0
        for rows in (believers, ~believers):
            assert share_p(chosen[rows] == number, chance[rows, number]) > FALSE_ALARM / 4
    again = pick(view, scenario, jobs(N), day=1)  # another day, the same belief
    assert ((again == 0) & (error[:, 0] > 0.6)).sum() > 2 * ((again == 0) & (error[:, 0] < -0.6)).sum()


def test_a_former_home_is_known_without_error_or_hype():
    scenario = rules("mechanisms.fit.match_sd=0.5", "mechanisms.information.perception_sd=9")
    view = market_view([0.2, 0.2], hype=[3.0, 0.0])
    chosen = pick(view, scenario, jobs(N), known_to_fit=0, passed_over=[1])
    match = 0.5 * Draws(5).normal(Purpose.MATCH, jobs(N).entity, view.key[0])
    value = scenario.search.quality_weight * np.minimum(0.2 + match, 1.0)
    assert share_p(chosen == 0, 1 / (1 + np.exp(-value))) > FALSE_ALARM


def test_without_information_ability_does_not_count():
    scenario = rules("mechanisms.information.enabled=off")
    one = pick(market_view([0.0, 1.0, 2.0], PRICE[:3]), scenario, jobs(5000, hardness=0.3))
    other = pick(market_view([5.0, -4.0, 0.0], PRICE[:3], hype=1.0), scenario, jobs(5000, hardness=-2))
    assert (one == other).all()
    informed = pick(market_view([5.0, -4.0, 0.0], PRICE[:3]), rules(), jobs(5000))
    assert (informed != one).mean() > 0.2


def test_without_fit_ability_does_not_count():
    scenario = rules("mechanisms.fit.enabled=off")
    one = pick(market_view([0.0, 1.0, 2.0]), scenario, jobs(5000))
    other = pick(market_view([5.0, -4.0, 0.0]), scenario, jobs(5000, hardness=3.0))
    assert (one == other).all()


# --- what may be considered -----------------------------------------------------------------------------------------

THREE = [0.5, 0.5, 0.5]
OUT = {
    "price": (market_view(THREE, price=[1, 10.01, 1]), jobs(N, willingness=10.0), {}),
    "tools": (market_view(THREE, tools=[True, False, True]), jobs(N, needs_tools=True), {}),
    "permissive": (market_view(THREE, permissive=[True, False, True]), jobs(N, needs_permissive=True), {}),
    "context": (market_view(THREE, context=[1000, 999, 1000]), jobs(N, context=1000), {}),
    "free only": (market_view(THREE, price=[1, 0, 1], free=[False, True, False]), jobs(N), {}),
    "passed over": (market_view(THREE), jobs(N), {"passed_over": [1]}),
    "home": (market_view(THREE), jobs(N), {"home": 1}),
}


@pytest.mark.parametrize("why", list(OUT))
def test_what_cannot_be_considered_is_never_chosen_and_nobody_else_moves(why):
    view, work, extra = OUT[why]
    everything = pick(market_view(THREE), rules(), jobs(N))
    chosen = pick(view, rules(), work, **extra)
    assert not (chosen == 1).any()
    assert (
        chosen[everything != 1] == everything[everything != 1]
    ).all()  # the race: the others keep their luck
    rest = logit(0, 2 * 0.5, 2 * 0.5)
    assert counts_p(frequencies(chosen, 3)[[0, 1, 3]], rest) > FALSE_ALARM / len(OUT)


def test_what_just_suffices_can_be_chosen():
    edge = market_view(THREE, price=9.9999, context=1000)
    chosen = pick(
        edge, rules(), jobs(2000, willingness=10.0, context=1000, needs_tools=True, needs_permissive=True)
    )
    assert set(chosen) >= {0, 1, 2}


def test_a_free_variant_needs_no_willingness():
    view = market_view([0.5], price=[50.0], free=[True])
    assert (pick(view, rules(), jobs(2000, willingness=0.001, accepts_free=True)) == 0).any()
    assert not (pick(view, rules(), jobs(2000, willingness=0.001)) == 0).any()


def test_sets_of_tried_models_have_room_for_many():
    view = market_view(np.full(130, 0.5))
    chosen = pick(view, rules(), jobs(N), passed_over=[n for n in range(130) if n not in (63, 64, 127, 129)])
    assert set(chosen) == {NO_MODEL, 63, 64, 127, 129}


def test_an_empty_market_leaves_everybody_waiting():
    assert (pick(market_view([]), rules(), jobs(10)) == NO_MODEL).all()


def test_choices_are_keyed_by_workload_and_day():
    view, scenario, work = market_view(ABILITY, PRICE, REACH), rules(), jobs(3000)
    whole = pick(view, scenario, work)
    backwards = np.arange(len(work))[::-1]
    assert (pick(view, scenario, work[backwards]) == whole[backwards]).all()
    assert (pick(view, scenario, work[np.arange(7, 9)]) == whole[7:9]).all()
    other = pick(view, scenario, work, day=1)
    assert (other != whole).any()
    table = np.histogram2d(whole, other, bins=[np.arange(-1.5, 4), np.arange(-1.5, 4)])[0]
    independent = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / len(work)
    assert counts_p(table, independent) > FALSE_ALARM


@pytest.mark.parametrize("change", ["kappa", "outside", "high outside", "price", "hardness"])
def test_extreme_utilities_do_no_harm(change):
    view = market_view([0.0, 0.5], price=[1.0, 9.0])
    if change == "kappa":
        chosen = pick(view, rules("mechanisms.information.kappa=1e6"), jobs(500, hardness=0.25))
        assert (chosen == 1).all()
    elif change == "outside":
        assert (pick(view, rules(), jobs(500), outside=-1e4) != NO_MODEL).all()
    elif change == "high outside":
        assert (pick(view, rules(), jobs(500), outside=1e4) == NO_MODEL).all()
    elif change == "price":
        assert (
            pick(view, rules("mechanisms.price_response.alpha=1e6"), jobs(500, price_sensitivity=9)) != 1
        ).all()
    else:
        assert (pick(view, rules(), jobs(500, hardness=1e4)) == NO_MODEL).all()


# --- the loop against a plain one -----------------------------------------------------------------------------------


def plain_mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    models=st.integers(0, 70),
    switches=st.fixed_dictionaries({k: st.booleans() for k in MECHANISMS}),
    kappa=st.floats(0, 20),
    cap=st.floats(0.01, 3),
    alpha=st.floats(0, 3),
    noise=st.floats(0, 2),
    quality=st.floats(0.01, 10),
    calm=st.floats(-6, 6),
)
def test_the_compiled_choice_is_the_plain_one(
    seed, models, switches, kappa, cap, alpha, noise, quality, calm
):
    rng = np.random.default_rng(seed)
    n = 150
    view = market_view(
        rng.normal(0, 1, models), price=np.where(rng.random(models) < 0.1, 0, rng.lognormal(0, 2, models)),
        reach=rng.exponential(1, (models, len(CATEGORIES))) + 1e-9, free=rng.random(models) < 0.3,
        tools=rng.random(models) < 0.7, permissive=rng.random(models) < 0.7, context=rng.lognormal(7, 2, models),
        hype=rng.normal(0, 0.3, models),
    )  # fmt: skip
    work = jobs(
        n, hardness=rng.normal(0, 1, n), willingness=rng.lognormal(1, 2, n), price_sensitivity=rng.exponential(1, n),
        needs_tools=rng.random(n) < 0.5, needs_permissive=rng.random(n) < 0.5, context=rng.lognormal(6, 2, n),
        accepts_free=rng.random(n) < 0.5, category=rng.integers(0, len(CATEGORIES), n),
    )  # fmt: skip
    changes = [f"mechanisms.{name}.enabled={'on' if on else 'off'}" for name, on in switches.items()]
    scenario = rules(
        *changes, f"mechanisms.information.kappa={kappa}", f"mechanisms.information.cap={cap}",
        f"mechanisms.price_response.alpha={alpha}", f"mechanisms.information.perception_sd={noise}",
        f"mechanisms.fit.match_sd={noise / 2}", f"search.quality_weight={quality}",
    )  # fmt: skip
    # Some models of the catalogue are not listed: numbers have gaps.
    view = view._replace(numbers=np.sort(rng.choice(models + 30, models, replace=False)))
    words = (models + 30) // 64 + 1
    home = rng.integers(-1, models + 30, n).astype(np.int16)
    known_to_fit, passed_over = (rng.integers(0, 2**64, (n, words), dtype=np.uint64) for _ in range(2))
    known_to_fit[rng.random(n) < 0.5] = 0
    passed_over[rng.random(n) < 0.5] = 0
    rows = rng.permutation(n)[: n * 2 // 3]
    arguments = {
        "passed_over": passed_over, "known_to_fit": known_to_fit, "home": home[rows],
        "outside": rng.normal(calm, 2, len(rows)), "day": int(rng.integers(0, 50)),
    }  # fmt: skip
    chosen = choose(view, scenario, Draws(seed), work, rows, **arguments)
    utility = plain_utilities(view, scenario, Draws(seed), work, rows, **arguments)
    plain = np.append(NO_MODEL, view.numbers)[utility.argmax(axis=1)]
    # The compiled loop's normal quantile has seven digits: options as close as that may change places.
    best_two = np.sort(utility, axis=1)[:, -2:]
    clear = best_two[:, -1] - best_two[:, 0] > 1e-5 if models else np.ones(len(rows), dtype=bool)
    assert clear.mean() > 0.9
    assert (chosen[clear] == plain[clear]).all()


def test_the_bound_takes_no_error_of_perception_for_smaller_than_it_is():
    """The factor by which a model is held to finish late supposes an error of 0, 1, 2, 3 or 4, or any at all."""
    n = 500_000
    steps = np.arange(n, dtype=np.uint64) << np.uint64(20)
    out = np.empty(n)
    key, one = np.zeros(n, dtype=np.uint64), np.ones(n)
    places = (np.arange(n), key, steps, one, 1e6 * one, 0 * one)
    entrants = Entrants(np.zeros(1), *(of_place.reshape(1, 1, n) for of_place in places))
    earliest_times(np.uint64(5), np.uint64(77), entrants, 0, 0, n, 1e-1, 1e-1, 0.7, 1.0, out)
    factor = out / (
        1.0 - ((plain_mix(np.full(n, 5, dtype=np.uint64)) >> np.uint64(12)).astype(float) + 0.5) / 2.0**52
    )
    error = ndtri(((plain_mix(np.uint64(77) + steps) >> np.uint64(12)).astype(float) + 0.5) / 2.0**52)
    supposed = np.select(
        [np.isclose(factor, 1e6 * by) for by in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)], [0, 1, 2, 3, 4], np.inf
    )
    assert (error <= supposed).all()
    assert np.isclose(factor[np.isinf(supposed)], 1.0).all()
    for level in (0, 1, 2, 3, 4, np.inf):
        assert (supposed == level).any()
    # and hardly ever for much larger, or the bound would save nothing
    assert np.mean(supposed[error > 0] - error[error > 0] < 1.01) > 0.99
    assert (supposed[error < 0] == 0).all()


# --- the view -------------------------------------------------------------------------------------------------------

TWO = """
models:
  a/old: {released: 2024-12-01, price_usd_per_mtok: 2.0, ability: 1.0, hype: 0.5, reach: 0.8}
  b/new: {released: 2025-01-11, price_usd_per_mtok: 0.001, ability: {legal: 2.0}, tools: off,
          reach: {programming: 0.4, legal: 0.9}, permissive: on, context_tokens: 5000}
  c/free: {released: 2025-01-12, price_usd_per_mtok: 0.0, ability: 3.0}
calendar:
  - {event: outage, date: 2025-01-20, days: 2, model: a/old}
search: {awareness_half_life_days: 10, awareness_floor: 0.25, price_floor_usd_per_mtok: 0.05}
"""


def days_of(text: str, *changes: str, until: int):
    w = world(text, *changes)
    market = Market(w.scenario, w.catalogue)
    for day in market.days():
        yield day, market, w.scenario
        if day == until:
            return


def test_awareness_fades_from_the_release_on():
    for day, market, scenario in days_of(TWO, until=40):
        known = awareness(market, scenario, day)
        assert known.shape == (3, len(CATEGORIES))
        assert known[0] == pytest.approx(0.8 * (0.25 + 2 ** (-(31 + day) / 10)))
        if day >= 10:
            new = np.full(len(CATEGORIES), 0.5)
            new[[CATEGORIES.index("programming"), CATEGORIES.index("legal")]] = 0.4, 0.9
            assert known[1] == pytest.approx(new * (0.25 + 2 ** (-(day - 10) / 10)))


@pytest.mark.parametrize("word", ["on", "off"])
def test_use_in_a_category_makes_a_model_known_there(word):
    extra = ("mechanisms.popularity.weight=4", f"mechanisms.popularity.enabled={word}")
    legal = CATEGORIES.index("legal")
    for day, market, scenario in days_of(TWO, *extra, until=0):
        uses = np.zeros((3, len(CATEGORIES)))
        uses[:, 0], uses[:, legal] = (1, 0, 3), (6, 3, 3)
        market.measured(uses)
        more = awareness(market, scenario, day)[0] - 0.8 * (0.25 + 2**-3.1)
        expected = np.zeros(len(CATEGORIES))
        if word == "on":
            expected[[0, legal]] = 0.8 * 4 * 0.25, 0.8 * 4 * 0.5  # reach * weight * share within the category
        assert more == pytest.approx(expected)
        assert market.share == pytest.approx(
            [7 / 16, 3 / 16, 6 / 16]
        )  # of all work: authors' strategies ask for it


def test_nobody_is_popular_before_anything_is_used():
    for _, market, _ in days_of(TWO, until=0):
        market.measured(np.zeros((3, len(CATEGORIES))))
        assert not market.share.any() and not market.share_by_category.any()


def test_a_view_holds_the_models_that_are_listed_and_answer():
    seen = {day: view_of(market, scenario, day) for day, market, scenario in days_of(TWO, until=25)}
    expected = {
        0: [0],
        9: [0],
        10: [0, 1],
        11: [0, 1, 2],
        18: [0, 1, 2],
        19: [1, 2],
        20: [1, 2],
        21: [0, 1, 2],
    }
    assert {day: seen[day].numbers.tolist() for day in expected} == expected
    view = seen[21]
    legal, health = CATEGORIES.index("legal"), CATEGORIES.index("health")
    assert view.ability[:, legal].tolist() == [1.0, 2.0, 3.0]
    assert view.perceived[:, health].tolist() == [1.5, 0.0, 3.0]
    assert view.log_price[:, 0].tolist() == [np.log(2.0), np.log(0.05), np.inf]  # a floor, and out of reach
    assert view.log_free_price == np.log(0.05)
    assert view.free.tolist() == [False, False, True]
    assert view.tools.tolist() == [True, False, True]
    assert view.permissive.tolist() == [False, True, False]
    assert view.context.tolist() == [128_000, 5000, 128_000]
    assert (seen[0].awareness > 0).all()
    assert view.awareness[1, legal] / view.awareness[1, 0] == pytest.approx(0.9 / 0.4)


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(0, 8))
def test_the_affordable_frontier_is_the_best_usable_ability(seed, models):
    rng = np.random.default_rng(seed)
    n = 40
    view = market_view(
        rng.normal(0, 1, models), price=np.where(rng.random(models) < 0.2, 0, rng.lognormal(0, 1, models)),
        free=rng.random(models) < 0.3, tools=rng.random(models) < 0.6, permissive=rng.random(models) < 0.6,
        context=rng.lognormal(7, 1, models),
    )  # fmt: skip
    view.ability[:] = rng.normal(0, 1, view.ability.shape)
    work = jobs(
        n, willingness=rng.lognormal(0, 1, n), needs_tools=rng.random(n) < 0.5, needs_permissive=rng.random(n) < 0.5,
        context=rng.lognormal(7, 1, n), accepts_free=rng.random(n) < 0.5, category=rng.integers(0, len(CATEGORIES), n),
    )  # fmt: skip
    for i, best in enumerate(affordable_frontier(view, work, np.arange(n))):
        g = work.category[i]
        usable = [
            view.ability[j, g]
            for j in range(models)
            if (view.log_price[j, g] <= work.log_willingness[i] or (view.free[j] and work.accepts_free[i]))
            and (view.tools[j] or not work.needs_tools[i])
            and (view.permissive[j] or not work.needs_permissive[i])
            and view.context[j] >= work.context_tokens[i]
        ]
        assert best == max(usable, default=-np.inf)
