"""Applications: what they give to the work that comes through them, on and off."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import sim
from analysis.contract import CATEGORIES
from sim.agents.population import Users, Workloads, build_population
from sim.agents.population.carriers import expected_kinds
from sim.agents.spells import Kind
from sim.mechanisms.demand.applications import Applications
from sim.scenario.shipped import WORLDS
from tests import worlds
from tests.laws import FALSE_ALARM, assert_mean, assert_share, assert_total, counts_p, share_p
from tests.sim.traffic_world import Handmade, handmade, scenario_file
from tests.worlds import first_trials, play

# --- who comes, with what work ---------------------------------------------------------------------------------------

CROWD = """
population:
  initial_share: 0.0
  segments:
    everyone: {apps: {Agent: 1, direct: 3}, workloads: 2}
workloads:
  categories:
    programming: {share: 1, needs_tools: 0.2}
    legal: {share: 3, prompt_tokens: 1000, completion_tokens: 100}
    health: {share: 0, prompt_tokens: 1000, completion_tokens: 100}
models:
  a/one: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 1.0, reach: 1.0}
applications:
  Agent:
    growth: {2025-02-19: 1, 2025-02-20: 9}
    categories: {programming: 3, health: 1}
    needs_tools: {2025-02-19: 0.0, 2025-02-20: 0.9}
    volume: 5.0
"""


def population(word: str) -> tuple[Users, Workloads]:
    world = worlds.world(CROWD, f"mechanisms.applications={word}", users=4000)
    return build_population(world.scenario, world.catalogue, world.draws)


def test_users_come_through_a_growing_application_and_bring_its_work():
    (users, work), (others, plain) = population("on"), population("off")
    agent, late = users.app == users.names.apps.index("Agent"), users.arrival >= 50
    assert share_p(agent[~late], 0.25) > FALSE_ALARM and share_p(agent[late], 0.75) > FALSE_ALARM
    assert share_p(others.app == users.names.apps.index("Agent"), 0.25) > FALSE_ALARM
    # Its work is of its kinds, whoever brings it; all other work is what it would have been.
    carried = agent[work.user]
    kinds = np.bincount(work.category[carried], minlength=len(CATEGORIES))
    mine = [kinds[CATEGORIES.index(name)] for name in ("programming", "legal", "health")]
    assert mine[1] == 0 and counts_p(mine[::2], [3, 1]) > FALSE_ALARM
    for name in ("category", "needs_tools", "requests_per_day", "hardness", "start", "end"):
        assert (getattr(work, name)[~carried] == getattr(plain, name)[~carried]).all(), name
    early = work.start < 50
    assert not work.needs_tools[carried & early].any()
    assert share_p(work.needs_tools[carried & ~early], 0.9) > FALSE_ALARM
    assert set(work.requests_per_day[carried]) == {25.0} and set(plain.requests_per_day) == {5.0}


@pytest.mark.parametrize("word", ["on", "off"])
def test_the_expected_kinds_of_new_work_are_those_that_come(word):
    world = worlds.world(CROWD, f"mechanisms.applications={word}", users=4000)
    late = world.scenario.end  # the application grew long before
    expected = expected_kinds(world.scenario, late)
    _, work = population(word)
    first = np.unique(work.user, return_index=True)[1]  # the work with which users come
    came = work.category[first][work.start[first] >= 50]
    counts = [(came == CATEGORIES.index(name)).sum() for name in expected]
    assert counts_p(counts, list(expected.values())) > FALSE_ALARM
    assert sum(expected.values()) == pytest.approx(1.0)
    assert expected["programming"] == pytest.approx(0.75 * 0.75 + 0.25 * 0.25 if word == "on" else 0.25)


# --- where it begins -------------------------------------------------------------------------------------------------

TWO = """
population:
  initial_share: 0.0
  segments:
    everyone: {apps: {Agent: 1, direct: 1}}
models:
  a/known: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 1.0, reach: 1.0}
  b/first: {released: 2024-12-01, price_usd_per_mtok: 2.0, ability: 1.0, reach: 0.0, tools: off}
  c/next: {released: 2025-03-01, price_usd_per_mtok: 2.0, ability: 1.0, reach: 0.0, tools: off}
workloads:
  willingness_to_pay_usd_per_mtok: {uniform: {low: 1, high: 4}}
  categories:
    programming: {needs_tools: 0.3}
search: {outside_option: -9}
applications:
  Agent:
    default_model: {2025-01-01: b/first, 2025-02-20: c/next}
    default_share: 0.6
"""


@pytest.mark.parametrize("word", ["on", "off"])
def test_new_work_takes_the_default_of_the_day_where_it_may(word):
    agents = play(TWO, f"mechanisms.applications={word}", users=3000)
    work, users, first = agents.workloads, agents.users, first_trials(agents)
    rows = first.index.to_numpy()
    may = (np.exp(work.log_willingness[rows]) >= 2.0) & ~work.needs_tools[rows]
    through = users.app[work.user[rows]] == users.names.apps.index("Agent")
    start = first["start"].to_numpy()
    defaulted = {
        "b/first": start < 50,
        "c/next": start >= 59,
    }  # it is released on day 59: until then none is offered
    for model, when in defaulted.items():
        took = (first["model"] == model).to_numpy()
        assert not took[~(may & through & when)].any()
        if word == "on":
            assert share_p(took[may & through & when], 0.6) > FALSE_ALARM
        else:
            assert not took.any()
    gap = (start >= 50) & (start < 59)
    assert gap.any() and (first["model"][gap] == "a/known").all()


def test_a_default_that_the_market_does_not_list_is_none():
    agents = play(
        TWO.replace("01-01: b/first", "01-01: openai/gpt-4"), "mechanisms.applications=on", users=400
    )
    assert set(first_trials(agents)["model"]) == {"a/known", "c/next"}


# --- how it flows ----------------------------------------------------------------------------------------------------


def flowing(folder: Any, word: str = "on", kind: Kind = Kind.HOME, **settings: Any) -> Handmade:
    """Two applications with one half of the work each; `Agent` has these settings."""
    file = scenario_file(folder, users=1000, population__segments__developer__apps={"Agent": 1, "direct": 1},
                         applications={"Agent": settings},
                         mechanisms__applications=word, workloads__requests_per_day=3.0)  # fmt: skip
    made = handmade(file)
    spells = pd.DataFrame(
        {"workload": np.arange(1000), "slug": "acme/plain", "kind": int(kind), "start": 0, "end": 28}
    )
    return handmade(file, spells) if kind != Kind.HOME else made


def of_agent(made: Handmade) -> np.ndarray:
    return np.asarray(made.users.app == made.users.names.apps.index("Agent"))


def daily(made: Handmade) -> np.ndarray:
    """Requests of each user and day."""
    log = made.frame()
    return np.bincount(log["user"] * 28 + log["day"], minlength=1000 * 28).reshape(1000, 28)


@pytest.mark.parametrize("spread", [0.4, 1.0])
def test_bursts_spread_the_counts_and_keep_their_mean(tmp_path, spread):
    on, off = (flowing(tmp_path, word, burstiness=spread) for word in ("on", "off"))
    agent, counts, plain = of_agent(on), daily(on), daily(off)
    assert (counts[~agent] == plain[~agent]).all()
    assert_mean(counts[agent].ravel(), 3.0)
    excess = (counts[agent] - 3.0) ** 2 - counts[agent]  # of the variance of a Poisson count
    assert_mean(excess.ravel(), 9.0 * (Applications.levels(spread) ** 2).mean() - 9.0)
    assert (Applications.levels(spread) ** 2).mean() == pytest.approx(np.exp(spread**2), rel=0.03)
    assert_mean(((plain[agent] - 3.0) ** 2 - plain[agent]).ravel(), 0.0)
    # Days are bursts of their own.
    away = counts[agent] - 3.0
    assert_mean((away[:, :-1] * away[:, 1:]).ravel(), 0.0)


def test_trials_do_not_burst(tmp_path):
    one, other = (flowing(tmp_path, word, kind=Kind.TRIAL, burstiness=1.0) for word in ("on", "off"))
    assert (daily(one) == daily(other)).all()


def test_levels_have_a_mean_of_one():
    for spread in (0.0, 0.3, 1.0, 3.0):
        levels = Applications.levels(spread)
        assert levels.mean() == pytest.approx(1.0, rel=1e-12) and (np.diff(levels) >= 0).all()


@pytest.mark.parametrize("word", ["on", "off"])
def test_an_application_offers_tools_at_its_own_rate(tmp_path, word):
    file = scenario_file(tmp_path, users=400, population__segments__developer__apps={"Agent": 1, "direct": 1},
                         models={"acme/plain": {"tools": True}}, mechanisms__applications=word,
                         applications={"Agent": {"tools_offered": {"2025-01-06": 0.2, "2025-02-02": 0.8}}},
                         traffic={"tools_offered_share": {"programming": 0.4}})  # fmt: skip
    made = handmade(file)
    log, share = made.frame(), np.linspace(0.2, 0.8, 28)
    carried = of_agent(made)[log["user"]]
    assert_share(log.loc[~carried, "tools_offered"], 0.4)
    own = log[carried]
    assert_mean(own["tools_offered"] - (share[own["day"]] if word == "on" else 0.4), 0.0)


@pytest.mark.parametrize("word", ["on", "off"])
def test_an_application_has_sittings_of_its_own_length(tmp_path, word):
    file = scenario_file(tmp_path, users=60, population__segments__developer__apps={"Agent": 1, "direct": 1},
                         mechanisms__applications=word, workloads__requests_per_day=40,
                         applications={"Agent": {"session_requests": 10}},
                         workloads__categories={"programming": {"session_requests": 4}})  # fmt: skip
    made = handmade(file)
    log = made.frame()
    carried = of_agent(made)[log["user"]]
    for rows, mean in ((log[carried], 10 if word == "on" else 4), (log[~carried], 4)):
        assert rows.groupby("session").size().mean() == pytest.approx(mean, rel=0.07)


def test_a_large_account_comes_through_no_application(tmp_path):
    event = {"event": "large_account", "date": "2025-01-06", "model": "acme/plain", "requests_per_day": 500}
    file = scenario_file(tmp_path, users=20, calendar=[event], population__segments__developer__apps={"Agent": 1},
                         applications={"Agent": {"burstiness": 2.0, "volume": 3.0}})  # fmt: skip
    made = handmade(file)
    log = made.frame()
    account = log["user"] >= 20
    assert_total(int(account.sum()), 500 * 28)
    by_day = np.bincount(log.loc[account, "day"], minlength=28)
    assert counts_p(by_day, np.ones(28)) > FALSE_ALARM


# --- what cannot be --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("setting", "path", "said"), [
    ("applications={Clein: {volume: 2}}", "applications.Clein", "did you mean 'Cline'"),
    ("applications={Cline: {categories: {programing: 1}}}", "applications.Cline.categories.programing", "programming"),
    ("applications={Open WebUI: {categories: {legal: 0}}}", 'applications."Open WebUI".categories',
     "give at least one"),
    ("applications={Cline: {default_model: {2025-01-01: anthropic/claude-sonet-4}}}",
     "applications.Cline.default_model.2025-01-01", "did you mean 'anthropic/claude-sonnet-4'"),
    ("applications={Cline: {tools_offered: 1.5}}", "applications.Cline.tools_offered", "at most 1"),
    ("applications={Cline: {burstiness: 9}}", "applications.Cline.burstiness", "between 0 and 3"),
])  # fmt: skip
def test_what_cannot_be_is_told_at_its_place(setting, path, said):
    with pytest.raises(sim.ScenarioError) as refused:
        sim.load_world(WORLDS / "report-small.yaml", settings=[setting])
    (problem,) = refused.value.problems
    assert problem.path == path and said in problem.message + problem.hint
