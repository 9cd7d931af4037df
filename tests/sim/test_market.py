"""The market's calendar: what is listed, at which price, on which day, and what the agents are told about it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.contract import CATEGORIES
from sim.config.problems import ScenarioError
from sim.market import Changes, Market
from tests.worlds import world

START = dt.date(2025, 1, 1)
MODELS = """
end: 2025-03-31
models:
  old/model:
    released: 2024-06-01
    prices:
      - {date: 2024-06-01, prompt: 4, completion: 8}
      - {date: 2024-11-01, prompt: 2, completion: 6, cached: 0.5}
      - {date: 2025-02-10, prompt: 1, completion: 3, cached: 0.25}
    ability: {programming: 1.0, legal: 0.5}
  new/model:
    released: 2025-01-20
    price_usd_per_mtok: 3.0
    free: [[2025-02-01, 2025-02-05]]
    retired: 2025-03-10
    successor: heir/model
  heir/model: {released: 2025-03-01, price_usd_per_mtok: 2.0}
"""
OLD, NEW, HEIR = 0, 1, 2  # by day of release


@dataclass
class Day:
    listed: list[bool]
    free: list[bool]
    up: list[bool]
    price: np.ndarray
    ability: np.ndarray
    effective: np.ndarray
    changes: Changes


def diary(text: str, *settings: str, share=None) -> tuple[Market, list[Day]]:
    """What the market was on each day. `share(day)` gives the shares of use that the agents would have measured."""
    w = world(text, *settings)
    market = Market(w.scenario, w.catalogue)
    days = []
    for day in market.days():
        days.append(
            Day(market.listed.tolist(), market.free.tolist(), market.up.tolist(), market.price.copy(),
                market.ability.copy(), market.effective_price.copy(), market.changes)
        )  # fmt: skip
        if share is not None:
            market.share = np.array(share(day))
    return market, days


def on(date: str) -> int:
    return (dt.date.fromisoformat(date) - START).days


def told(days: list[Day], kind: str) -> dict[int, list[int]]:
    """Day -> models that `changes` named. What was before the start comes as changes of its first day."""
    skip = 0 if kind in ("released", "retired") else 1
    return {
        n: sorted(models)
        for n, day in enumerate(days)
        if n >= skip and (models := getattr(day.changes, kind))
    }


def noted(market: Market, *kinds: str) -> list[tuple[str, int, int, str]]:
    return [(e.event, e.day, e.model, e.detail) for e in market.events if not kinds or e.event in kinds]


# --- models come and go ---------------------------------------------------------------------------------------------


def test_releases_and_retirements():
    market, days = diary(MODELS)
    for number, (released, retired) in enumerate(
        [(0, 90), (on("2025-01-20"), on("2025-03-10")), (on("2025-03-01"), 90)]
    ):
        assert [d.listed[number] for d in days] == [released <= n < retired for n in range(90)]
    assert told(days, "released") == {0: [OLD], 19: [NEW], 59: [HEIR]}
    assert told(days, "retired") == {68: [NEW]}
    assert noted(market, "release", "retirement") == [
        ("release", 19, NEW, ""), ("release", 59, HEIR, ""), ("retirement", 68, NEW, "heir/model"),
    ]  # fmt: skip


def test_models_of_before_the_start_are_listed_at_the_price_in_force():
    market, days = diary(MODELS)
    assert days[0].listed == [True, False, False]
    assert days[0].price[OLD].tolist() == [2, 6, 0.5]
    assert np.isnan(days[0].price[NEW]).all()
    assert market.release_day.tolist() == [on("2024-06-01"), 19, 59]
    assert all(e.day >= 0 for e in market.events)  # what happened before is not this world's history


def test_a_model_that_retired_before_the_start_never_shows():
    _, days = diary(MODELS, "models.old/model.retired=2024-12-31")
    assert not any(d.listed[OLD] for d in days)


def test_a_model_that_comes_after_the_end_never_shows():
    market, days = diary(MODELS, "models.heir/model.released=2025-04-01")
    assert not any(d.listed[HEIR] for d in days)
    assert HEIR not in {e.model for e in market.events}


# --- prices ---------------------------------------------------------------------------------------------------------


def test_a_price_path_is_followed_to_the_day():
    market, days = diary(MODELS)
    cut = on("2025-02-10")
    for n, day in enumerate(days):
        assert day.price[OLD].tolist() == ([1, 3, 0.25] if n >= cut else [2, 6, 0.5])
    assert days[19].price[NEW].tolist() == [3, 3, 3]  # no cache discount: a cached token costs as any other
    assert noted(market, "price") == [("price", cut, OLD, "1/3")]
    assert told(days, "better")[cut] == [OLD]
    np.testing.assert_array_equal(market.price_history, [d.price for d in days])


def test_price_events_by_value_and_by_factor():
    _, days = diary(
        MODELS + """
calendar:
  - {event: price_change, date: 2025-01-10, model: old/model, prompt: 5, completion: 7}
  - {event: price_change, date: 2025-01-12, model: old/model, factor: 0.5}
  - {event: price_change, date: 2025-01-14, model: old/model, prompt: 2, completion: 2, cached: 1}
  - {event: price_change, date: 2025-01-16, model: old/model, factor: 3}
"""
    )  # fmt: skip
    paid: dict[int, list[float]] = {9: [5, 7, 5], 11: [2.5, 3.5, 2.5], 13: [2, 2, 1], 15: [6, 6, 3]}
    price: list[float] = [2, 6, 0.5]
    for n in range(20):
        price = paid.get(n, price)
        assert days[n].price[OLD].tolist() == price
    assert told(days[:20], "worse") == {9: [OLD], 15: [OLD]}
    assert told(days[:19], "better") == {11: [OLD], 13: [OLD]}


def test_a_lasting_factor_multiplies_what_the_catalogue_says_later():
    """On 10 February the catalogue has a price of 1, 3 and 0.25 for the old model."""
    _, days = diary(
        MODELS + """
calendar:
  - {event: price_change, date: 2025-01-10, model: old/model, factor: 0.5, lasting: on}
  - {event: price_change, date: 2025-01-15, model: old/model, factor: 0.5}
  - {event: price_change, date: 2025-02-20, model: old/model, factor: 0.8, lasting: on}
"""
    )  # fmt: skip
    for date, price in {
        "2025-01-09": [2, 6, 0.5], "2025-01-10": [1, 3, 0.25], "2025-01-15": [0.5, 1.5, 0.125],
        "2025-02-10": [0.5, 1.5, 0.125], "2025-02-20": [0.4, 1.2, 0.1],
    }.items():  # fmt: skip
        np.testing.assert_allclose(days[on(date)].price[OLD], price, err_msg=date)


@pytest.mark.parametrize("lasting", [False, True])
def test_a_price_change_of_all_is_of_the_models_that_are_listed_on_its_day(lasting):
    """The old model and the new one are; the heir comes later, at its own price."""
    change = "{event: price_change, date: 2025-01-20, model: all, factor: 0.5, lasting: %s}"
    market, days = diary(MODELS + "calendar:\n  - " + change % ("on" if lasting else "off"))
    at, later = days[on("2025-01-20")].price, days[on("2025-03-05")].price
    assert at[OLD].tolist() == [1, 3, 0.25] and at[NEW].tolist() == [1.5, 1.5, 1.5]
    assert later[HEIR].tolist() == [2, 2, 2]
    assert later[OLD].tolist() == ([0.5, 1.5, 0.125] if lasting else [1, 3, 0.25])
    changed = [model for _, day, model, _ in noted(market, "price") if day == on("2025-01-20")]
    assert changed == [OLD, NEW]


@pytest.mark.parametrize("key", ["lasting: on, model: old/model", "model: all"])
def test_a_stated_price_is_one_models_and_does_not_outlast_the_catalogues_next(key):
    event = f"{{event: price_change, date: 2025-01-20, prompt: 1, completion: 1, {key}}}"
    with pytest.raises(ScenarioError, match=rf"calendar.0.{key.partition(':')[0]}: this needs `factor`"):
        world(f"{MODELS}calendar:\n  - {event}")


@pytest.mark.parametrize(("factor", "named"), [(0.85, "better"), (0.86, None), (1.001, "worse"), (1.0, None)])
def test_a_cut_is_noticed_from_a_threshold_on_and_every_rise_is(factor, named):
    market, days = diary(
        MODELS + f"calendar:\n  - {{event: price_change, date: 2025-01-05, model: old/model, factor: {factor}}}",
        "models.old/model.prices=~", "models.old/model.price_usd_per_mtok=1", "search.noticeable_price_cut=0.15",
    )  # fmt: skip
    for kind in ("better", "worse"):
        assert told(days, kind).get(4) == ([OLD] if kind == named else None)
    assert len(noted(market, "price")) == (factor != 1.0)


@pytest.mark.parametrize("factor", [0.9, 0.5, 1.3])
def test_agents_see_a_new_price_on_its_day(factor):
    # 3 January is not the day on which prices are worked out anew for the week.
    _, days = diary(
        MODELS
        + f"calendar:\n  - {{event: price_change, date: 2025-01-03, model: old/model, factor: {factor}}}"
    )
    before, after = days[1].effective[OLD], days[2].effective[OLD]
    np.testing.assert_allclose(after, factor * before, rtol=1e-12)


def test_a_zero_price_is_a_free_variant_while_it_lasts():
    _, days = diary(
        MODELS + """
calendar:
  - {event: price_change, date: 2025-01-05, model: old/model, prompt: 0, completion: 0}
  - {event: price_change, date: 2025-01-09, model: old/model, prompt: 1, completion: 1}
"""
    )  # fmt: skip
    assert [d.free[OLD] for d in days] == [4 <= n < 8 for n in range(90)]
    assert told(days, "better")[4] == [OLD]
    assert told(days[:30], "worse") == {4: [OLD], 8: [OLD]}  # payers lose it, then takers do


# --- free windows and promotions ------------------------------------------------------------------------------------


def test_a_free_window_includes_both_days():
    market, days = diary(MODELS)
    first, last = on("2025-02-01"), on("2025-02-05")
    assert [d.free[NEW] for d in days] == [first <= n <= last for n in range(90)]
    assert told(days, "better")[first] == [NEW]
    assert told(days, "worse") == {last + 1: [NEW]}
    assert noted(market, "free", "free_end") == [
        ("free", first, NEW, "launch_promotion"), ("free_end", last + 1, NEW, "launch_promotion"),
    ]  # fmt: skip
    np.testing.assert_array_equal(market.free_history, [d.free for d in days])


PROMOTION = "calendar:\n  - {event: promotion, date: %s, until: %s, model: %s}\n"


def test_a_promotion_is_a_free_window():
    market, days = diary(MODELS + PROMOTION % ("2025-01-08", "2025-01-08", "old/model"))
    assert [d.free[OLD] for d in days] == [n == 7 for n in range(90)]
    assert noted(market, "free") == [("free", 7, OLD, "promotion"), ("free", 31, NEW, "launch_promotion")]
    np.testing.assert_array_equal(days[7].effective, days[6].effective)  # the list price stays


def test_windows_that_overlap_do_not_end_each_other():
    _, days = diary(MODELS + PROMOTION % ("2025-02-03", "2025-02-20", "new/model"))
    assert [d.free[NEW] for d in days] == [on("2025-02-01") <= n <= on("2025-02-20") for n in range(90)]
    assert told(days, "worse") == {on("2025-02-21"): [NEW]}
    _, days = diary(MODELS + PROMOTION % ("2025-02-02", "2025-02-03", "new/model"))
    assert [d.free[NEW] for d in days] == [on("2025-02-01") <= n <= on("2025-02-05") for n in range(90)]


def test_a_window_that_began_before_the_start():
    text = MODELS.replace("    ability: {", "    free: [[2024-12-01, 2025-01-04]]\n    ability: {", 1)
    market, days = diary(text)
    assert [d.free[OLD] for d in days] == [n <= 3 for n in range(90)]
    assert ("free_end", 4, OLD, "launch_promotion") in noted(market)


# --- outages and abilities ------------------------------------------------------------------------------------------


def test_an_outage_lasts_its_days():
    outage = "calendar:\n  - {event: outage, date: 2025-01-31, days: 3, model: old/model}\n"
    market, days = diary(MODELS + outage)
    assert [d.up[OLD] for d in days] == [not 30 <= n < 33 for n in range(90)]
    assert all(d.up[NEW] and d.listed[OLD] for d in days)
    assert noted(market, "outage") == [("outage", 30, OLD, "3 days")]
    answers = [np.logical_and(d.up, d.listed) for d in days]
    np.testing.assert_array_equal(market.up_history, answers)


def test_outages_that_overlap_do_not_end_each_other():
    outages = "".join(
        f"\n  - {{event: outage, date: 2025-01-{day}, days: {n}, model: old/model}}"
        for day, n in ((10, 10), (12, 3))
    )
    _, days = diary(MODELS + "calendar:" + outages)
    assert [d.up[OLD] for d in days] == [not 9 <= n < 19 for n in range(90)]


def test_abilities_change():
    market, days = diary(
        MODELS + """
calendar:
  - {event: ability_change, date: 2025-01-10, model: old/model, by: 0.5, category: legal}
  - {event: ability_change, date: 2025-01-20, model: old/model, by: -0.25}
"""
    )  # fmt: skip
    ability = np.zeros(len(CATEGORIES))
    ability[CATEGORIES.index("programming")], ability[CATEGORIES.index("legal")] = 1.0, 0.5
    np.testing.assert_allclose(days[8].ability[OLD], ability)
    ability[CATEGORIES.index("legal")] += 0.5
    np.testing.assert_allclose(days[9].ability[OLD], ability)
    np.testing.assert_allclose(days[19].ability[OLD], ability - 0.25)
    assert told(days[:20], "better") == {9: [OLD]}
    assert told(days[:20], "worse") == {19: [OLD]}
    assert noted(market, "ability") == [("ability", 9, OLD, "+0.5"), ("ability", 19, OLD, "-0.25")]


# --- what a token costs ---------------------------------------------------------------------------------------------

COST = """
models:
  a/plain: {released: 2024-06-01, prices: [{date: 2024-06-01, prompt: 2, completion: 10, cached: 0.5}]}
  b/hybrid:
    {released: 2024-06-02, prices: [{date: 2024-06-02, prompt: 2, completion: 10, cached: 0.5}], reasoning: hybrid}
  c/thinker:
    {released: 2024-06-03, prices: [{date: 2024-06-03, prompt: 2, completion: 10, cached: 0.5}], reasoning: always}
  d/uncached: {released: 2024-06-04, prices: [{date: 2024-06-04, prompt: 2, completion: 10}]}
traffic: {hybrid_reasoning_share: 0.25, reasoning_completion_factor: {2025-01-01: 2.0, 2025-04-10: 4.0}}
workloads:
  categories:
    programming:
      {share: 1, prompt_tokens: {2025-01-01: 1000, 2025-04-10: 16000}, prompt_sigma: 1.2, completion_tokens: 200,
       completion_sigma: 0.8, cached_share: 0.4}
    legal: {share: 1, prompt_tokens: 500, prompt_sigma: 1.0, completion_tokens: 500,
            completion_sigma: 1.0, cached_share: 0.0}
"""


def test_an_effective_price_is_what_a_million_tokens_cost():
    _, days = diary(COST)
    programming, legal = CATEGORIES.index("programming"), CATEGORIES.index("legal")
    # By hand, 1 January: 1000 * exp(0.72) prompt tokens and 200 * exp(0.32) completion tokens a request, on average.
    prompt, completion = 1000 * 2.0544332, 200 * 1.3771278
    input_price = 0.6 * 2 + 0.4 * 0.5
    for number, thinking in ((0, 0.0), (1, 0.25 * 2.0), (2, 2.0)):
        out = completion * (1 + thinking)
        expected = (input_price * prompt + 10 * out) / (prompt + out)
        assert days[0].effective[number, programming] == pytest.approx(expected, rel=1e-6)
    assert days[0].effective[3, programming] == pytest.approx(
        (2 * prompt + 10 * completion) / (prompt + completion), rel=1e-6
    )
    assert days[0].effective[0, legal] == pytest.approx((2 + 10) / 2)  # as many tokens in as out
    # 91 days of 99 later (the last weekly update): prompts have grown by 16 ** (91 / 99), thinking to 2 + 2 * 91 / 99.
    prompt, out = prompt * 16 ** (91 / 99), completion * (1 + 2 + 2 * 91 / 99)
    expected = (input_price * prompt + 10 * out) / (prompt + out)
    assert days[91].effective[2, programming] == pytest.approx(expected, rel=1e-6)


@settings(max_examples=30)
@given(
    prompt=st.floats(0.01, 100),
    completion=st.floats(0.01, 100),
    cached=st.floats(0, 1),
    reasoning=st.sampled_from(["none", "hybrid", "always"]),
)
def test_an_effective_price_lies_between_the_list_prices(prompt, completion, cached, reasoning):
    text = COST.split("  b/hybrid")[0] + COST[COST.index("traffic:") :]
    effective = []
    for factor in (1, 2):
        price = [factor * prompt, factor * completion, factor * cached * prompt]
        path = f"[{{date: 2024-06-01, prompt: {price[0]}, completion: {price[1]}, cached: {price[2]}}}]"
        changes = (f"models.a/plain.prices={path}", f"models.a/plain.reasoning={reasoning}", "end=2025-01-01")
        effective.append(diary(text, *changes)[1][0].effective)
        assert (effective[-1] >= min(price) * (1 - 1e-9)).all()
        assert (effective[-1] <= max(price) * (1 + 1e-9)).all()
    np.testing.assert_allclose(effective[1], 2 * effective[0], rtol=1e-9)


# --- an author's strategy -------------------------------------------------------------------------------------------

STRATEGY = """
calendar:
  - {event: price_strategy, date: 2025-01-08, author: old, when_share_falls_by: 0.3, factor: 0.5, at_most: 2,
     pause_days: 21}
"""


def strategy_cuts(share) -> list[int]:
    market, days = diary(
        MODELS + STRATEGY, "models.old/model.prices=~", "models.old/model.price_usd_per_mtok=8", share=share
    )
    cuts = [n for n in range(1, 90) if days[n].price[OLD, 0] < days[n - 1].price[OLD, 0]]
    assert [e[1] for e in noted(market, "price")] == cuts
    assert all(days[n].price[OLD].tolist() == [8 / 2 ** sum(cut <= n for cut in cuts)] * 3 for n in range(90))
    assert all(d.price[NEW, 0] == 3 for d in days[19:])
    return cuts


def test_an_author_does_not_cut_while_the_share_holds():
    assert strategy_cuts(lambda day: [0.5, 0.3, 0.2]) == []
    assert strategy_cuts(lambda day: [0.5 - 0.14 * (day > 20), 0.3, 0.2]) == []  # a fall by 28%


def test_an_author_cuts_after_the_share_fell_and_never_before():
    # It looks every seventh day from 8 January (day 7) on; the share falls on day 25, the next look is on day 28.
    assert strategy_cuts(lambda day: [0.5 if day < 25 else 0.3, 0.3, 0.2]) == [28]


def test_an_author_cuts_again_after_a_pause_and_not_too_often():
    def falling(day):
        return [0.5 * 0.97**day, 0.3, 0.2]

    cuts = strategy_cuts(falling)
    assert len(cuts) == 2
    assert cuts[1] - cuts[0] >= 21


def test_an_author_cuts_its_listed_models_only():
    text = MODELS.replace("old/model:", "new/first:", 1) + STRATEGY.replace("author: old", "author: new")
    market, days = diary(text, share=lambda day: [0.5 if day < 12 else 0.1 if day < 75 else 0.05, 0.0, 0.0])
    # new/model is not released on day 14, and gone on day 77.
    assert noted(market, "price") == [("price", 14, OLD, "1/3"), ("price", 77, OLD, "0.5/1.5")]
    assert days[19].price[NEW].tolist() == [3, 3, 3]


def test_a_models_luck_depends_on_its_slug_alone():
    all_three, without_old = world(MODELS), world(MODELS, "models.old/model=~")
    keys = Market(all_three.scenario, all_three.catalogue).key
    assert Market(without_old.scenario, without_old.catalogue).key.tolist() == keys[1:].tolist()
    assert len(set(keys.tolist())) == 3
