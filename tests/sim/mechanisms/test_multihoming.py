"""Multihoming, in tiny worlds: who keeps the model that it leaves, with how much of its volume, and until when."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim.runs import run_world
from sim.simulation import Agents
from sim.traffic.counts import stream
from sim.traffic.tables import BESIDE, MULTIHOMED
from tests.laws import FALSE_ALARM, assert_total, counts_p, share_p
from tests.worlds import DAYS, play, requests, spells, world

DAY = 31
"""Of the rival's release: 1 February."""
EMBEDDED = 4
"""The day on which all work is at home: its first trials last four days."""
RIVALS = """
models:
  a/old: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 0.7, reach: 1.0, line: a}
  b/rival: {released: 2025-02-01, price_usd_per_mtok: 1.0, ability: 0.9, reach: 1.0, line: b}
search: {outside_option: -9}
mechanisms:
  rival_trials: {look_every_days: 5, trial_days: 3, inertia: -9, silent_share: 0}
  multihoming: {share: 1.0, beside_share: 0.3, beside_days: 20}
"""
LONG = "mechanisms.multihoming.beside_days=500"


def with_model(text: str) -> str:
    """The market with one more model."""
    return RIVALS.replace("search:", f"  {text}\nsearch:", 1)


def kept(agents: Agents) -> pd.DataFrame:
    """The spells of models that are kept, by workload: model, start, end, since, reason."""
    s = spells(agents)
    return s[s["kind"] == "MULTIHOMED"].drop(columns="kind").set_index("workload")


def moves(agents: Agents, to: str) -> pd.Series:
    """The day on which each workload moved to a model, by workload."""
    s = spells(agents)
    return s[(s["kind"] == "RIVAL") & (s["reason"] == "EMBEDDED") & (s["model"] == to)].set_index("workload")[
        "end"
    ]


def test_work_that_moves_keeps_the_old_model_for_the_days_and_is_at_home_with_the_new_one():
    agents = play(RIVALS, users=60)
    s, moved = spells(agents), moves(agents, "b/rival")
    assert len(moved) == 60 and moved.min() > DAY and moved.max() < DAYS - 20
    for workload, own in s.groupby("workload"):
        day = moved[workload]
        assert [tuple(row)[1:] for row in own.itertuples(index=False)] == [
            ("a/old", "TRIAL", 0, 4, 0, "EMBEDDED"),
            ("a/old", "HOME", EMBEDDED, day, EMBEDDED, "MOVED"),
            ("b/rival", "RIVAL", day - 3, day, day - 3, "EMBEDDED"),
            ("b/rival", "HOME", day, DAYS, day, "HORIZON"),
            ("a/old", "MULTIHOMED", day, day + 20, EMBEDDED, "PHASED_OUT"),
        ]


def test_a_part_of_the_volume_stays_for_the_days_and_without_the_cause_none():
    agents, alone = (
        play(RIVALS, f"mechanisms.multihoming.enabled={word}", users=400) for word in ("on", "off")
    )
    moved = moves(agents, "b/rival")
    pd.testing.assert_series_equal(moved, moves(alone, "b/rival"))

    def after(of: Agents) -> pd.DataFrame:
        """Requests by days since the move, and model."""
        used = requests(of)
        used = used.assign(since=used["day"] - used["workload"].map(moved))
        return used.groupby(["since", "model"])["n"].sum().unstack("model", fill_value=0)

    on, off = after(agents), after(alone)
    assert_total(int(on["a/old"].loc[0:19].sum()), 0.3 * 5 * 400 * 20)
    assert_total(int(on["b/rival"].loc[0:19].sum()), 0.7 * 5 * 400 * 20)
    assert off["a/old"].loc[0:].sum() == 0 == on["a/old"].loc[20:].sum()
    assert_total(int(off["b/rival"].loc[0:19].sum()), 5 * 400 * 20)
    pd.testing.assert_frame_equal(on.loc[:-1], off.loc[:-1])
    pd.testing.assert_series_equal(on["b/rival"].loc[20:], off["b/rival"].loc[20:])


@pytest.mark.parametrize("change", [
    "mechanisms.multihoming=off",
    "mechanisms.multihoming.share=0",
    "mechanisms.multihoming.beside_share=0",
    "mechanisms.multihoming.beside_days=0",
    "models.b/rival={author: a, line: a}",
    "mechanisms.lock_in={strength: 5, time_constant_days: 9}",
])  # fmt: skip
def test_nothing_is_kept_without_the_cause_within_a_line_or_where_a_move_costs_too_much(change):
    assert not len(kept(play(RIVALS, change, users=30)))
    assert len(kept(play(RIVALS, "mechanisms.lock_in={strength: 0.1}", users=30))) == 30  # the contrast


def test_a_share_keeps_it_for_days_that_are_drawn():
    keeps = (
        "mechanisms.multihoming.share=0.4",
        "mechanisms.multihoming.beside_days={exponential: {mean: 6}}",
    )
    agents = play(RIVALS, *keeps, users=3000)
    moved, found = moves(agents, "b/rival"), kept(agents)
    assert (found["start"] == moved[found.index]).all()
    whole_days = np.exp(-0.5 / 6)  # what is kept for less than half a day is not kept
    assert share_p(np.isin(moved.index, found.index), 0.4 * whole_days) > FALSE_ALARM
    found = found[found["start"] < DAYS - 40]
    chance = np.diff(stats.expon(scale=6).cdf(np.arange(0.5, 40))) / whole_days
    days = np.bincount(found["end"] - found["start"] - 1, minlength=len(chance))[: len(chance)]
    assert counts_p([*days, len(found) - days.sum()], [*chance, 1 - chance.sum()]) > FALSE_ALARM


def test_what_is_kept_changes_no_decision():
    third = with_model(
        "c/third: {released: 2025-03-01, price_usd_per_mtok: 1.0, ability: 1.1, reach: 0.6, line: c}"
    )
    lively = ("mechanisms.fit.match_sd=0.4", "mechanisms.lock_in={strength: 0.3}",
              "mechanisms.frontier_attention=on")  # fmt: skip
    on, off = (
        spells(play(third, *lively, f"mechanisms.multihoming.enabled={word}", users=500))
        for word in ("on", "off")
    )
    assert (on["kind"] == "MULTIHOMED").sum() > 100
    pd.testing.assert_frame_equal(on[on["kind"] != "MULTIHOMED"].reset_index(drop=True), off)


# --- when it ends -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("event", "reason"), [
    ("price_change, factor: 20, model: a/old", "PRICE"), ("ability_change, by: -1.2, model: a/old", "ABILITY"),
    ("price_change, factor: 20, model: b/rival", "HOME_LOST"),
])  # fmt: skip
def test_a_broken_fit_of_either_ends_it(event, reason):
    calendar = f"calendar: [{{event: {event}, date: 2025-03-20}}]\n"
    found = kept(play(RIVALS + calendar, LONG, users=30))
    found = found[found["start"] < 78]
    assert len(found) > 20 and set(zip(found["end"], found["reason"], strict=True)) == {(78, reason)}


@pytest.mark.parametrize(("model", "reason"), [("a/old", "RETIRED"), ("b/rival", "HOME_LOST")])
def test_a_retirement_of_either_ends_it(model, reason):
    found = kept(play(RIVALS, LONG, f"models.{model}.retired=2025-03-20", users=30))
    found = found[found["start"] < 78]
    assert len(found) > 20 and set(zip(found["end"], found["reason"], strict=True)) == {(78, reason)}


def test_a_second_move_gives_it_up_for_the_home_that_is_left_then():
    third = with_model(
        "c/third: {released: 2025-03-15, price_usd_per_mtok: 1.0, ability: 1.1, reach: 1.0, line: c}"
    )
    agents = play(third, LONG, users=60)
    second = moves(agents, "c/third")
    found = kept(agents).loc[second.index].groupby(level=0).agg(list)
    twice = found[found["model"].str.len() == 2]
    assert len(twice) > 30
    for workload, (models, start, end, _, reason) in zip(twice.index, twice.to_numpy(), strict=True):
        assert (models, reason) == (["a/old", "b/rival"], ["HOME_LOST", "HORIZON"])
        assert end[0] == start[1] == second[workload]


# --- together with other causes ---------------------------------------------------------------------------------------


def test_it_stays_through_an_upgrade_of_the_home_which_then_keeps_no_old_version():
    later = with_model(
        "b/next: {released: 2025-03-15, price_usd_per_mtok: 1.0, ability: 0.9, reach: 0.0, line: b}"
    )
    upgrades = "mechanisms.upgrade={share: 1.0, reaction_days: 2, beside_share: 0.5, beside_days: 9}"
    agents = play(later, LONG, upgrades, users=100)
    s, found = spells(agents), kept(agents)
    upgraded = set(s["workload"][(s["kind"] == "UPGRADE") & (s["reason"] == "EMBEDDED")])
    assert len(upgraded) > 50 and not set(s["workload"][s["kind"] == "BESIDE"]) & upgraded
    assert (found["reason"] == "HORIZON").all() and upgraded <= set(found.index)
    used = requests(agents)
    after = used[used["workload"].isin(upgraded) & (used["day"] >= 90)].groupby("model")["n"].sum()
    assert_total(int(after["a/old"]), 0.3 * 5 * len(upgraded) * (DAYS - 90))
    assert_total(int(after["b/next"]), 0.7 * 5 * len(upgraded) * (DAYS - 90))


def test_work_that_keeps_nothing_upgrades_as_before():
    later = with_model(
        "b/next: {released: 2025-03-15, price_usd_per_mtok: 1.0, ability: 0.9, reach: 0.0, line: b}"
    )
    upgrades = "mechanisms.upgrade={share: 1.0, reaction_days: 2, beside_share: 0.5, beside_days: 9}"
    s = spells(play(later, upgrades, "mechanisms.multihoming.share=0", users=60))
    assert (s["kind"] == "BESIDE").sum() > 30


@pytest.mark.parametrize(("line", "ability", "end"), [("b", 0.9, DAYS), ("c", 0.9, 78), ("b", -1.0, 78)])
def test_it_stays_where_the_gateway_moves_the_home_within_its_line_to_a_model_that_fits(line, ability, end):
    heir = with_model(
        f"{line}/heir: {{released: 2025-03-10, price_usd_per_mtok: 1.0, ability: {ability}, reach: 0.0, line: {line}}}"
    )
    moved = ("models.b/rival.retired=2025-03-20", f"models.b/rival.successor={line}/heir",
             "mechanisms.migration=on")  # fmt: skip
    found = kept(play(heir, LONG, *moved, users=40))
    found = found[(found["start"] < 78) & (found["model"] == "a/old")]
    reason = "HORIZON" if end == DAYS else "HOME_LOST"
    assert len(found) > 20 and set(zip(found["end"], found["reason"], strict=True)) == {(end, reason)}


BETTER = "calendar: [{event: ability_change, by: 1.0, date: 2025-03-15, model: a/old}]\n"
"""The model that was left is the better one again."""


def test_work_that_goes_back_to_the_model_that_it_kept_goes_on_with_its_tenure_and_keeps_the_other():
    agents = play(RIVALS + BETTER, LONG, users=60)
    back, s = moves(agents, "a/old"), spells(agents)
    assert len(back) > 40
    for workload, day in back.items():
        own = s[s["workload"] == workload]
        homes = own[own["kind"] == "HOME"][["model", "start", "end", "since"]].to_numpy().tolist()
        first = homes[0][2]
        assert homes == [["a/old", 4, first, 4], ["b/rival", first, day, first], ["a/old", day, DAYS, 4]]
        other = (
            own[own["kind"] == "MULTIHOMED"][["model", "start", "end", "since", "reason"]].to_numpy().tolist()
        )
        assert other == [["a/old", first, day, 4, "HOME_LOST"], ["b/rival", day, DAYS, first, "HORIZON"]]


def test_a_return_counts_nothing_twice_and_its_volume_does_not_begin_anew():
    busy = ("workloads.requests_per_day=20", "mechanisms.volume_unlock={start_share: 0.1, ramp_days: 10}")
    agents = play(RIVALS + BETTER, LONG, *busy, users=300)
    back = moves(agents, "a/old")
    back = back[back < DAYS - 5]
    used = requests(agents)
    used = used.assign(since=used["day"] - used["workload"].map(back))
    after = used[used["since"].between(0, 4)].groupby("model")["n"].sum()
    first = moves(agents, "b/rival")[back.index]
    ramp = [
        1 - 0.9 * np.exp(-(back + day + 0.5 - begin) / 10) for begin in (EMBEDDED, first) for day in range(5)
    ]
    assert_total(int(after["a/old"]), 0.7 * 20 * float(np.sum(ramp[:5])))
    assert_total(int(after["b/rival"]), 0.3 * 20 * float(np.sum(ramp[5:])))


def test_a_silent_home_is_kept_when_it_is_left_and_what_is_kept_goes_on_beside_a_silent_one():
    worse = with_model(
        "c/worse: {released: 2025-03-15, price_usd_per_mtok: 1.0, ability: 0.8, reach: 1.0, line: c}"
    )
    agents = play(worse, LONG, "mechanisms.rival_trials.silent_share=1", users=300)
    found, s = kept(agents), spells(agents)
    assert (
        set(found["reason"]) == {"HORIZON"}
        and (found["start"] == moves(agents, "b/rival")[found.index]).all()
    )
    tries = s[(s["model"] == "c/worse") & (s["kind"] == "RIVAL") & (s["reason"] == "RETURNED")]
    tries = tries.set_index("workload")[["start", "end"]]
    tries = tries[tries["start"] > found["start"].reindex(tries.index)]
    assert len(tries) > 100
    used = requests(agents)
    used = used[used["workload"].isin(tries.index)]
    start, end = (used["workload"].map(tries[name]) for name in ("start", "end"))
    during = used[(used["day"] >= start) & (used["day"] < end)].groupby("model")["n"].sum()
    later = used[used["day"] >= end].groupby("model")["n"].sum()
    assert_total(int(during["a/old"]), 0.3 * 5 * 3 * len(tries))
    assert "b/rival" not in during
    days = int((DAYS - tries["end"]).sum())
    assert_total(int(later["a/old"]), 0.3 * 5 * days)
    assert_total(int(later["b/rival"]), 0.7 * 5 * days)


def test_it_has_the_draws_of_an_old_version_since_only_one_model_is_kept_at_a_time():
    assert [int(stream(MULTIHOMED, at)) for at in (0, 7)] == [int(stream(BESIDE, at)) for at in (0, 7)]


@pytest.mark.parametrize("word", ["on", "off"])
def test_the_truth_names_the_kind_of_spell_only_where_the_cause_is_on(tmp_path, word):
    run = run_world(world(RIVALS, f"mechanisms.multihoming.enabled={word}", users=10), out=tmp_path)
    kinds = pd.read_parquet(run.path / "truth" / "spells.parquet")["kind"]
    assert ("multihomed" in kinds.cat.categories) == (word == "on") == (kinds == "multihomed").any()
