"""Regret, in tiny worlds: trials are misjudged by a stated error, and who moved by mistake may go back."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from sim.mechanisms.regret import Regret
from sim.randomness import Draws, Purpose
from sim.simulation import Agents
from tests.laws import FALSE_ALARM, assert_law, share_p
from tests.worlds import DAYS, play, spells

RIVALS = """
models:
  a/one: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 2.0, reach: 1.0}
  b/two: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 2.0, reach: 1.0}
search: {outside_option: -9}
workloads: {hardness: 0.0}
mechanisms:
  fit: {match_sd: 0.4}
  information: {enabled: off, cap: 9}
  lock_in: {strength: 0.3, time_constant_days: 10}
  rival_trials: {look_every_days: 6, trial_days: 3, inertia: -9, silent_share: 0.5}
  regret: {noise: 0.6, look_back: 0.5}
"""
"""All looks end in a trial if there is something to look at: the only question is what the trial is taken to show."""
THIRD = "  c/three: {released: 2025-01-20, price_usd_per_mtok: 1.1, ability: 2.1, reach: 1.0}\nsearch"


def worth(agents: Agents) -> np.ndarray:
    """Experienced utility by workload and model, up to a constant: prices have no weight here."""
    match = agents.world.draws.normal(Purpose.MATCH, agents.workloads.entity[:, None], agents.market.key)
    return 3.0 * (agents.market.ability[:, 0] + 0.4 * match)


def numbered(agents: Agents) -> pd.DataFrame:
    """The spells with models by number."""
    return spells(agents).assign(model=agents.spells["model"])


def moves(agents: Agents) -> pd.DataFrame:
    """Moves to a rival: workload, home (the one that was left), model, day, and since when it had been the home."""
    s = numbered(agents)
    homes = s[s["kind"] == "HOME"]
    won = s[(s["kind"] == "RIVAL") & (s["reason"] == "EMBEDDED")]
    rows = []
    for r in won.itertuples():
        home = homes[(homes["workload"] == r.workload) & (homes["start"] <= r.start)].iloc[-1]
        rows.append((r.workload, home["model"], r.model, r.end))
    return pd.DataFrame(rows, columns=["workload", "home", "model", "day"])


def returns(agents: Agents) -> pd.DataFrame:
    """Moves to a model that had been the work's home before."""
    found = moves(agents)
    homes = numbered(agents).query("kind == 'HOME'")
    first = homes.groupby(["workload", "model"])["start"].min()
    began = first.reindex(pd.MultiIndex.from_frame(found[["workload", "model"]])).to_numpy()
    return found[began < found["day"]]


@pytest.mark.parametrize("noise", [0.0, 0.6])
def test_a_trial_is_judged_by_what_it_seems_to_show(noise):
    agents = play(RIVALS, f"mechanisms.regret.noise={noise}", users=400)
    s, utility, draws = numbered(agents), worth(agents), agents.world.draws
    first = s[s["kind"] == "RIVAL"].groupby("workload").first()
    first = first[first["end"] < DAYS]
    home = s[s["kind"] == "HOME"].groupby("workload").first().loc[first.index]
    work = agents.workloads[first.index.to_numpy()]
    key = agents.market.key[first["model"]] + first["end"].to_numpy().astype(np.uint64)
    error = noise * draws.normal(Purpose.JUDGEMENT, work.entity, key)
    gain = utility[first.index, first["model"]] + 3.0 * error - utility[first.index, home["model"]]
    cost = 0.3 * (1 - np.exp(-(first["end"] - home["since"]) / 10))
    assert ((first["reason"] == "EMBEDDED") == (gain > cost)).all()
    right = (utility[first.index, first["model"]] - utility[first.index, home["model"]] > cost) == (
        gain > cost
    )
    assert right.all() if noise == 0 else 0.6 < right.mean() < 0.95


def test_errors_are_normal_and_each_trial_has_its_own():
    regret, draws, work = Regret(noise=0.7), Draws(5), np.arange(20_000, dtype=np.uint64)
    one, other, later = (regret.error(draws, work, np.uint64(m), day) for m, day in ((9, 3), (77, 3), (9, 4)))
    for errors in (one, other, later):
        assert_law(errors, stats.norm(scale=0.7).cdf)
    for errors in (other, later):
        assert 2 * stats.norm.sf(abs(np.corrcoef(one, errors)[0, 1]) * np.sqrt(len(work))) > FALSE_ALARM
    assert Regret(enabled=False, noise=0.7).error(draws, work, np.uint64(9), 3) == 0.0


# --- who goes back ----------------------------------------------------------------------------------------------------


def test_some_return_to_a_home_that_they_left_and_each_return_corrects_a_mistake():
    agents = play(RIVALS, users=600)
    back, utility = returns(agents), worth(agents)
    assert len(back) > 30
    better = utility[back["workload"], back["model"]] > utility[back["workload"], back["home"]]
    assert better.all()
    s = spells(agents)
    # Nobody goes back who was not there to try it again: a return is a trial that was won.
    tried = s[(s["kind"] == "RIVAL") & (s["reason"] == "EMBEDDED")]
    homes = s[(s["kind"] == "HOME") & (s["since"] == s["start"])]
    begun = set(zip(homes["workload"], homes["model"], homes["start"], strict=True))
    assert set(zip(tried["workload"], tried["model"], tried["end"], strict=True)) <= begun
    # Some who look back are not convinced: the judgement is as uncertain as the first one.
    begun_first = homes.groupby(["workload", "model"])["start"].min()
    rivals = s[(s["kind"] == "RIVAL") & (s["end"] < DAYS)]
    before = begun_first.reindex(pd.MultiIndex.from_frame(rivals[["workload", "model"]])).to_numpy()
    looked_back = rivals[before < rivals["start"]]["reason"].value_counts()
    assert looked_back["EMBEDDED"] == len(back) and looked_back["RETURNED"] > 10


@pytest.mark.parametrize("change", ["regret.enabled=off", "regret.noise=0", "regret.look_back=0"])
def test_nobody_returns_without_the_cause_without_mistakes_or_without_looking_back(change):
    agents = play(RIVALS.replace("search", THIRD, 1), f"mechanisms.{change}", users=400)
    assert returns(agents).empty and len(moves(agents)) > 50
    assert len(returns(play(RIVALS.replace("search", THIRD, 1), users=400))) > 10  # the contrast


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10_000), silent=st.sampled_from([0, 0.5, 1]), sd=st.floats(0, 1), strength=st.floats(0, 2),
    looks=st.sampled_from([2, 6, 20]), mistaken=st.booleans(),
)  # fmt: skip
def test_without_regret_a_home_that_was_left_stays_left_while_nothing_changes(
    seed, silent, sd, strength, looks, mistaken
):
    text = RIVALS.replace("search", THIRD, 1)
    changes = (f"mechanisms.rival_trials.silent_share={silent}", f"mechanisms.fit.match_sd={sd}",
               f"mechanisms.lock_in.strength={strength}", f"mechanisms.rival_trials.look_every_days={looks}",
               f"mechanisms.regret={{noise: 0.8, look_back: {1 if mistaken else 0}, enabled: {mistaken}}}")  # fmt: skip
    agents = play(text, *changes, seed=seed, users=60)
    s = spells(agents).query("kind == 'HOME'")
    for _, own in s.groupby("workload"):
        models = [own["model"].iloc[0], *(b for a, b in pairwise(own["model"]) if a != b)]
        if not mistaken:
            assert len(set(models)) == len(models)
        # With or without it, nobody moves from a home to itself.
        assert all(a != b for a, b in pairwise(models))


def test_at_each_look_a_share_of_those_who_regret_looks_back():
    agents = play(RIVALS, "mechanisms.rival_trials.silent_share=0", "end=2025-05-31", users=2500)
    found, utility, s = moves(agents).groupby("workload").first(), worth(agents), spells(agents)
    rows = found.index.to_numpy()
    sorry = utility[rows, found["home"]] > utility[rows, found["model"]]
    rows, found = rows[sorry], found[sorry]
    entity, day = agents.workloads.entity[rows], found["day"].to_numpy()
    latest = np.full(len(rows), 10_000)
    looks = np.array([
        agents.world.draws.next_event(Purpose.RIVAL_LOOK, entity[[i]], int(day[i]), np.array([6.0]), latest[[i]])[0]
        for i in range(len(rows))
    ])  # fmt: skip
    rivals = s[s["kind"] == "RIVAL"]
    tried = set(zip(rivals["workload"], rivals["start"], strict=True))
    seen = looks < 150
    hits = np.array([(w, look) in tried for w, look in zip(rows, looks, strict=True)])
    assert seen.sum() > 250
    assert share_p(hits[seen], 0.5) > FALSE_ALARM


def test_a_home_that_is_gone_is_not_looked_at_again_and_one_that_costs_too_much_neither():
    sure = ("mechanisms.regret.look_back=1", "mechanisms.rival_trials.trial_days=2")
    gone = play(RIVALS, *sure, "models.a/one.retired=2025-02-20", users=300)
    s = spells(gone)
    assert (s["end"][s["model"] == "a/one"] <= 50).all()
    rise = "calendar: [{event: price_change, date: 2025-02-20, model: a/one, factor: 20}]\n"
    s = spells(play(RIVALS + rise, *sure, users=300))
    assert not ((s["model"] == "a/one") & (s["start"] >= 50)).any()
    steady = spells(play(RIVALS, *sure, users=300))
    assert ((steady["model"] == "a/one") & (steady["kind"] == "RIVAL") & (steady["start"] >= 50)).any()


def test_a_misjudged_upgrade_can_be_undone_later():
    line = RIVALS.replace("reach: 1.0}", "reach: 1.0, line: a}", 1)
    line = line.replace("b/two: {released: 2024-12-01", "a/two: {line: a, released: 2025-02-01")
    line = line.replace("ability: 2.0, reach: 1.0}\nsearch", "ability: 2.0, reach: 0.0}\nsearch")
    quick = "mechanisms.upgrade={share: 1.0, reaction_days: 1, cost_factor: 0.1, beside_days: 5}"
    agents = play(line, quick, users=500)
    s, utility = spells(agents), worth(agents)
    upgraded = s[(s["kind"] == "UPGRADE") & (s["reason"] == "EMBEDDED")]["workload"].to_numpy()
    sorry = upgraded[utility[upgraded, 0] > utility[upgraded, 1]]
    back = s[(s["kind"] == "RIVAL") & (s["model"] == "a/one") & (s["reason"] == "EMBEDDED")]["workload"]
    assert len(sorry) > 50 and set(back) <= set(sorry) and len(set(back)) > 20
    off = spells(play(line, quick, "mechanisms.regret=off", users=500))
    assert not ((off["kind"] == "RIVAL") & (off["model"] == "a/one")).any()


# --- whose luck is whose ----------------------------------------------------------------------------------------------


def test_the_switch_changes_nothing_before_the_first_trial_beside_a_home_is_judged():
    text = RIVALS.replace("search", THIRD, 1)
    lively = ("mechanisms.rival_trials.look_every_days=40", "mechanisms.frontier_attention=on")
    on, off = (
        spells(play(text, *lively, f"mechanisms.regret.enabled={w}", users=500)) for w in ("on", "off")
    )
    judged = [
        s[(s["kind"] == "RIVAL") & (s["end"] < DAYS)].groupby("workload")["end"].min() for s in (on, off)
    ]
    pd.testing.assert_series_equal(*judged)
    until = [s[s["end"] <= s["workload"].map(judged[0]).fillna(DAYS)] for s in (on, off)]
    until = [
        s[(s["end"] < s["workload"].map(judged[0]).fillna(DAYS + 1))].reset_index(drop=True) for s in until
    ]
    pd.testing.assert_frame_equal(*until)
    never = [s[~s["workload"].isin(judged[0].index)].reset_index(drop=True) for s in (on, off)]
    pd.testing.assert_frame_equal(*never)
    assert 100 < len(judged[0]) < 490 and not on.equals(off)
