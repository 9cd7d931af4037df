"""A planted loyal share: who is loyal, that they stay, and that nobody else is another.

Rates of error: see `tests.laws`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.agents.population import FOREVER
from sim.config.problems import ScenarioError
from sim.gateway.manifest import census
from sim.simulation import Agents
from tests.laws import FALSE_ALARM, share_p
from tests.worlds import DAYS, play, requests, spells, world

MARKET = """
models:
  a/old: {released: 2024-12-01, price_usd_per_mtok: 1.0, reach: 1.0}
  b/new: {released: 2025-01-11, price_usd_per_mtok: 1.0, reach: 1.0}
  c/rival: {released: 2025-02-20, price_usd_per_mtok: 0.2, reach: 1.0}
population: {initial_share: 0.1}
workloads: {life_days: {exponential: {mean: 60}}}
mechanisms:
  fit: {enabled: off, match_sd: 0.1, chance_when_off: 0.6}
  price_response: {enabled: on, alpha: 1.0}
  rival_trials: {enabled: on, look_every_days: 10, inertia: 0.0, silent_share: 0.5}
  frontier_attention: {enabled: on, embedded: 1.0}
search: {outside_option: -9}
calendar:
  - {event: price_change, date: 2025-03-20, model: b/new, factor: 20}  # more than anybody would pay
"""
LAUNCH = range(10, 31)
MODEL = "b/new"


def loyal_share(share: float, model: str = MODEL) -> str:
    return f"planted_loyalty={{model: {model}, loyal_share: {share}}}"


def beginners(agents: Agents) -> pd.Series:
    """Day of each user's first use of the model, by user."""
    s = spells(agents)
    s = s[s["model"] == MODEL].assign(user=lambda t: agents.workloads.user[t["workload"]])
    return s.groupby("user")["start"].min()


@pytest.fixture(scope="module")
def without() -> Agents:
    return play(MARKET, users=1500)


@pytest.fixture(scope="module")
def planted() -> Agents:
    return play(MARKET, loyal_share(0.4), users=1500)


def test_the_share_of_the_launch_cohort_is_loyal_and_no_one_else(planted):
    first = beginners(planted)
    launch = first.index[first.isin(LAUNCH)]
    loyal = planted.search.planted.users()
    assert len(launch) > 250 and len(first) > len(launch) + 150
    assert set(loyal) <= set(launch)
    assert share_p(np.isin(launch, loyal), 0.4) > FALSE_ALARM


def test_loyal_work_never_leaves(planted):
    s = spells(planted)
    held = np.flatnonzero(planted.search.planted.holds)
    mine = s[s["workload"].isin(held) & (s["model"] == MODEL)]
    home = mine[mine["kind"] == "HOME"].set_index("workload")
    assert set(home.index) == set(held) and home.index.is_unique
    assert (home["end"] == DAYS).all() and set(home["reason"]) == {"HORIZON"}
    trial = mine[mine["kind"] != "HOME"]
    assert set(trial["kind"]) == {"TRIAL", "RIVAL"}  # some came from another home
    assert set(trial["reason"]) == {"EMBEDDED"}
    after = s[s["workload"].isin(held)].merge(
        home["start"].rename("settled"), left_on="workload", right_index=True
    )
    assert (after["start"] <= after["settled"]).all()  # no trial of a rival any more
    assert (planted.users.leave[planted.search.planted.users()] == FOREVER).all()


def test_others_are_as_they_were(planted, without):
    loyal = planted.search.planted.holds
    one, other = (spells(agents) for agents in (planted, without))
    pd.testing.assert_frame_equal(
        one[~loyal[one["workload"]]].reset_index(drop=True),
        other[~loyal[other["workload"]]].reset_index(drop=True),
    )
    stay = ~np.isin(np.arange(len(planted.users)), planted.search.planted.users())
    np.testing.assert_array_equal(planted.users.leave[stay], without.users.leave[stay])


def test_the_census_says_what_is_planted(planted, without):
    counts = {"generations": 0, "labels": 0, "prompts_cut": 0}
    text = dict(census(planted, counts))["Planted"]
    assert "by construction" in text and "Planted" not in dict(census(without, counts))
    assert text.startswith(f"{len(planted.search.planted.users())} users (40% of b/new's launch cohort)")


def test_no_share_and_no_plant_are_one_world(without):
    pd.testing.assert_frame_equal(spells(play(MARKET, loyal_share(0), users=1500)), spells(without))


def test_more_loyal_users_are_the_same_and_others(planted):
    more = play(MARKET, loyal_share(0.7), users=1500)
    assert set(planted.search.planted.users()) < set(more.search.planted.users())


def test_loyal_users_skip_weeks_and_send_as_much_as_others():
    lazy = ("mechanisms.intermittency.enabled=on", "population.segments.everyone.regularity=0.5")
    agents = play(MARKET, loyal_share(0.5), *lazy, users=1500)
    used = requests(agents)
    loyal = np.isin(np.arange(len(agents.users)), agents.search.planted.users())
    # Weeks from 2025-03-03 (day 61) to the world's last Monday; all loyal users have their home by then.
    used = used[(used["model"] == MODEL) & loyal[used["user"]] & used["day"].between(61, 95)]
    active = (
        pd.crosstab(used["user"], (used["day"] - 61) // 7).reindex(np.flatnonzero(loyal), fill_value=0) > 0
    )
    assert share_p(active.to_numpy(), 0.5) > FALSE_ALARM
    assert used["n"].sum() / active.to_numpy().sum() == pytest.approx(35, rel=0.05)  # 5 a day


@pytest.mark.parametrize(
    ("setting", "path", "said"),
    [
        (loyal_share(0.1, "b/nwe"), "planted_loyalty.model", "unknown model 'b/nwe'; did you mean 'b/new'?"),
        (
            loyal_share(0.1, "a/old"),
            "planted_loyalty.model",
            "'a/old' is released on 2024-12-01, outside this world",
        ),
        (
            "planted_loyalty={model: b/new, loyal_share: 1.2}",
            "planted_loyalty.loyal_share",
            "between 0 and 1",
        ),
        ("planted_loyalty={model: b/new}", "planted_loyalty", "loyal_share"),
        (
            "planted_loyalty={model: b/new, cohort: later, loyal_share: 0.1}",
            "planted_loyalty.cohort",
            "launch",
        ),
        (
            "planted_loyalty={model: b/new, loyal_shar: 0.1, loyal_share: 0.1}",
            "planted_loyalty.loyal_shar",
            "loyal_share",
        ),
    ],
)
def test_an_impossible_plant_is_refused_at_its_key(setting, path, said):
    with pytest.raises(ScenarioError) as refused:
        world(MARKET, setting)
    (problem,) = refused.value.problems
    assert problem.path.startswith(path)
    text = f"{problem.path} {problem.message}; {problem.hint}"
    assert said in text


def test_nobody_can_stay_with_a_model_that_is_retired():
    with pytest.raises(ScenarioError, match="'b/new' is retired on 2025-03-01: nobody can stay with it"):
        world(MARKET, "calendar=[]", "models.b/new.retired=2025-03-01", loyal_share(0.1))
