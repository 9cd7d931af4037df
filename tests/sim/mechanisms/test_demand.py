"""Causes of what work sends, on and off: spells are set by hand, so that the log's laws can be foretold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.contract import CATEGORIES, FINISH_REASONS
from sim.agents.spells import Kind
from sim.mechanisms.demand.reasoning_length import ReasoningLength
from sim.mechanisms.demand.tool_propensity import ToolPropensity
from tests.laws import FALSE_ALARM, assert_mean, assert_share, assert_total, counts_p, share_p
from tests.sim.traffic_world import handmade, scenario_file
from tests.worlds import play

ONE = "models: {a/one: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 1.0, reach: 1.0}}\n"
CALLED = FINISH_REASONS.index("tool_calls")
PRICED = {"released": "2024-06-01", "price_usd_per_mtok": 1.0, "context_tokens": 2_000_000}


def log_of(folder, models: dict, **changes) -> pd.DataFrame:
    """The log of a world in which each model has its part of the work, from the first day to the last."""
    file = scenario_file(folder, models={"acme/plain": None, **models}, **changes)
    users = changes.get("users", 200)
    homes = pd.DataFrame({"workload": np.arange(users), "slug": np.array(list(models))[np.arange(users) % len(models)],
                          "kind": int(Kind.HOME), "start": 0, "end": 28})  # fmt: skip
    return handmade(file, homes).frame()


# --- volume by category and date (an input) -------------------------------------------------------------------------

SHIFT = {"logistic": {"start": 1.0, "end": 4.0, "midpoint": "2025-01-20", "width_days": 8}}
KINDS: dict[str, dict[str, Any]] = {"legal": {"share": 1, "volume": 2.0, "prompt_tokens": 100, "completion_tokens": 10},
         "programming": {"share": 1, "volume": SHIFT, "prompt_tokens": 100, "completion_tokens": 10}}  # fmt: skip


def test_a_categorys_volume_changes_with_the_date_of_the_request(tmp_path):
    event = {"event": "large_account", "date": "2025-01-06", "model": "acme/plain", "requests_per_day": 300}
    file = scenario_file(tmp_path, users=800, workloads__categories=KINDS, calendar=[event])
    made = handmade(file)
    log, days = made.frame(), np.arange(28)
    own = log["user"] >= 800
    counts = {name: np.bincount(log.loc[~own & (log["category"] == CATEGORIES.index(name)), "day"], minlength=28)
              for name in KINDS}  # fmt: skip
    work = {name: (made.workloads.category[:-1] == CATEGORIES.index(name)).sum() for name in KINDS}
    rise = 1 + 3 / (1 + 9.0 ** (-(days - 14) / 4))
    assert counts_p(counts["programming"], rise) > FALSE_ALARM
    assert_total(int(counts["programming"].sum()), 6.0 * work["programming"] * rise.sum())
    assert counts_p(counts["legal"], np.ones(28)) > FALSE_ALARM
    assert_total(int(counts["legal"].sum()), 6.0 * 2.0 * work["legal"] * 28)
    assert_total(int(own.sum()), 300 * 28)  # a large account's volume is its own


def test_trials_have_their_rate_whatever_the_demand(tmp_path):
    """And work of a steady category sends what it would have sent without the curve."""
    trials = pd.DataFrame({"workload": np.arange(200), "slug": "acme/plain", "kind": int(Kind.TRIAL), "start": 0,
                           "end": 28})  # fmt: skip
    steady = {name: {**kind, "volume": 1.0} for name, kind in KINDS.items()}
    one, other = (handmade(scenario_file(tmp_path, workloads__categories=kinds), trials).frame()
                  for kinds in (KINDS, steady))  # fmt: skip
    pd.testing.assert_frame_equal(one, other)


# --- tool propensity ------------------------------------------------------------------------------------------------

TRAINED = {
    f"acme/{word}": {**PRICED, "tools": True, "tool_training": word}
    for word in ("early", "general", "agentic")
}


@pytest.mark.parametrize("word", ["on", "off"])
def test_models_call_the_tools_that_they_are_offered_by_their_training(tmp_path, word):
    traffic = {"tool_call_share": 0.4, "tools_offered_share": {"programming": 1.0}, "cancelled_share": 0,
               "error_share": 0, "filter_share": 0}  # fmt: skip
    log = log_of(tmp_path, TRAINED, users=600, traffic=traffic,
                 mechanisms__tool_propensity={"enabled": word, "step": 1.5})  # fmt: skip
    for training, step in (("early", -1.5), ("general", 0.0), ("agentic", 1.5)):
        odds = 0.4 / 0.6 * (np.exp(step) if word == "on" else 1.0)
        assert_share(log.loc[log["slug"] == f"acme/{training}", "finish"] == CALLED, odds / (1 + odds))


def test_a_model_of_general_training_calls_as_the_scenario_says_and_certainty_stays_certain():
    shares = np.array([0.0, 0.3, 1.0])
    for factor, middle in ((1.0, 0.3), (np.e, 0.3 * np.e / (0.7 + 0.3 * np.e))):
        np.testing.assert_allclose(ToolPropensity.chance(shares, factor), [0.0, middle, 1.0], rtol=1e-12)


def test_the_fact_of_the_catalogue_is_overridden_by_the_scenario(tmp_path):
    file = scenario_file(
        tmp_path, models=TRAINED | {"acme/like": {"like": "acme/early", "released": "2024-07-01"}}
    )
    catalogue = handmade(file).world.catalogue
    assert catalogue["acme/like"].facts.tool_training == "early"
    assert catalogue["acme/plain"].facts.tool_training == "general"


# --- premium work ---------------------------------------------------------------------------------------------------

TAIL = "mechanisms.premium_work={share: 0.3, exponent: 1.5}"


def test_a_share_of_the_work_pays_by_a_tail_and_weighs_prices_less():
    text = "workloads: {willingness_to_pay_usd_per_mtok: {lognormal: {median: 2, sigma: 1}}}\n"
    tail, plain = (play(text + ONE, TAIL, f"mechanisms.premium_work.enabled={word}", users=4000).workloads
                   for word in ("on", "off"))  # fmt: skip
    times = np.exp(tail.log_willingness.astype(float) - plain.log_willingness)
    premium = times > 1 + 1e-6
    assert share_p(premium, 0.3) > FALSE_ALARM
    for most in (2.0, 8.0):
        assert share_p(times[premium] > most, most**-1.5) > FALSE_ALARM
    np.testing.assert_allclose(plain.price_sensitivity / tail.price_sensitivity, times, rtol=1e-4)
    assert not np.corrcoef(times > 2, plain.log_willingness)[0, 1] > 0.06  # whoever it is


# --- reasoning length -----------------------------------------------------------------------------------------------

THINKERS = {"acme/open": {**PRICED, "reasoning": "always", "open_weights": True, "params_total_b": 30},
            "acme/closed": {**PRICED, "reasoning": "always"}}  # fmt: skip


@pytest.mark.parametrize("word", ["on", "off"])
def test_open_models_think_longer(tmp_path, word):
    traffic = {"reasoning_completion_factor": 1.5, "cancelled_share": 0, "error_share": 0}
    log = log_of(tmp_path, THINKERS, users=200, traffic=traffic, workloads__categories__programming={
        "completion_sigma": 0.3}, mechanisms__reasoning_length={"enabled": word, "open_weights": 3.0})  # fmt: skip
    for slug, factor in (("acme/open", 3.0 if word == "on" else 1.0), ("acme/closed", 1.0)):
        rows = log[log["slug"] == slug]
        assert_mean((rows["tokens_reasoning"] + 0.5) / (rows["visible"] + 0.5) / (1.5 * factor), 1.0)


def test_agents_foresee_the_cost_of_longer_thoughts(tmp_path):
    """The effective price that agents compare holds the reasoning tokens that the log will have."""
    prices = {}
    for word in ("on", "off"):
        file = scenario_file(tmp_path, models=THINKERS, mechanisms__reasoning_length=word, traffic={
            "reasoning_completion_factor": 1.5}, workloads__categories__programming={
            "prompt_tokens": 3000, "completion_tokens": 1000, "completion_sigma": 1e-9,
            "prompt_sigma": 1e-9})  # fmt: skip
        market = handmade(file).market
        usage = market._usage
        listed = np.array([[0.0, 1.0, 0.0]] * len(market.catalogue.models))
        prices[word] = usage.effective_price(listed, 0)[:, usage.used[0]]
    plain, opened, closed = (market.catalogue.index(f"acme/{name}") for name in ("plain", "open", "closed"))
    share = {thought: (1 + thought) / (4 + thought) for thought in (0.0, 1.5, 3.0)}
    assert prices["on"][[plain, closed, opened]] == pytest.approx([share[0.0], share[1.5], share[3.0]])
    assert prices["off"][[plain, closed, opened]] == pytest.approx([share[0.0], share[1.5], share[1.5]])


def test_off_all_think_alike():
    assert ReasoningLength(enabled=False).factor([True, False]).tolist() == [1.0, 1.0]
    assert ToolPropensity(enabled=False).odds_factor(["early", "agentic"]).tolist() == [1.0, 1.0]
