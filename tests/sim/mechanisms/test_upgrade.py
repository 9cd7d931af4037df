"""Upgrades within a line, in tiny worlds: who takes a later model up and when, whether it stays, and what is kept."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.mechanisms.legacy_work import LegacyWork
from sim.mechanisms.upgrade import Upgrade
from sim.randomness import Purpose
from sim.simulation import Agents
from sim.traffic.counts import stream
from sim.traffic.tables import BESIDE, HOME, RIVAL
from sim.traffic.tables import UPGRADE as UPGRADE_KIND
from tests.laws import FALSE_ALARM, assert_total, counts_p, share_p
from tests.worlds import DAYS, play, requests, spells

DAY = 31
"""Of the release: 1 February."""
LINE = """
models:
  a/old: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 1.0, reach: 1.0, line: a}
  a/next: {released: 2025-02-01, price_usd_per_mtok: 1.0, ability: 1.5, reach: 0.0, line: a}
search: {outside_option: -9}
mechanisms:
  upgrade: {share: 1.0, reaction_days: 2, cost_factor: 0.1, beside_share: 0.4, beside_days: 20}
"""
EMBEDDED = 4
"""The day on which all work of the plain world is at home: its trials last four days."""
MIXED = (
    "workloads.hardness={uniform: {low: 0.2, high: 1.2}}",
    "workloads.willingness_to_pay_usd_per_mtok={uniform: {low: 1, high: 4}}",
    "mechanisms.fit.match_sd=0.3",
    "mechanisms.lock_in={strength: 2.0, time_constant_days: 30, per_hardness: 0.5}",
    "mechanisms.price_response.enabled=on",
    "mechanisms.price_response.alpha=1.0",
)
"""Work that differs in what fits it and in what it pays, and that weighs prices and costs."""


def rows(agents: Agents, workload: int) -> list[tuple[object, ...]]:
    """One workload's spells: model, kind, start, end, since, reason."""
    s = spells(agents)
    return [tuple(row)[1:] for row in s[s["workload"] == workload].itertuples(index=False)]


def test_work_changes_the_id_looks_for_some_days_and_keeps_the_old_model_beside_the_new():
    agents = play(LINE, users=30)
    expected = [
        ("a/old", "TRIAL", 0, 4, 0, "EMBEDDED"),
        ("a/old", "HOME", EMBEDDED, 33, EMBEDDED, "UPGRADING"),
        ("a/next", "UPGRADE", 33, 37, EMBEDDED, "EMBEDDED"),
        ("a/next", "HOME", 37, DAYS, EMBEDDED, "HORIZON"),
        ("a/old", "BESIDE", 37, 57, EMBEDDED, "PHASED_OUT"),
    ]
    assert all(rows(agents, w) == expected for w in range(30))


@pytest.mark.parametrize(
    "change",
    [
        "mechanisms.upgrade=off",
        "mechanisms.upgrade.share=0",
        "models.a/next.line=b",
        "models.a/next.released=2024-11-01",
        "workloads.willingness_to_pay_usd_per_mtok=1.5",
    ],
)
def test_nobody_upgrades_without_the_cause_a_later_model_of_the_line_or_its_price(change):
    dearer = LINE.replace("price_usd_per_mtok: 1.0, ability: 1.5", "price_usd_per_mtok: 2.0, ability: 1.5")
    agents = play(dearer, change, users=20)
    assert not {"UPGRADE", "BESIDE"} & set(spells(agents)["kind"])
    assert play(dearer, users=20).spells["kind"].max() == BESIDE  # the contrast


def test_a_share_takes_it_up_after_a_reaction_time():
    changes = ("mechanisms.upgrade.share=0.6", "mechanisms.upgrade.reaction_days={exponential: {mean: 8}}")
    s = spells(play(LINE, *changes, users=3000))
    began = s[s["kind"] == "UPGRADE"]["start"].to_numpy()
    share = 0.6 * (1 - np.exp(-(DAYS - DAY - 0.5) / 8))
    assert share_p(np.arange(3000) < len(began), share) > FALSE_ALARM
    # Whole days of an exponential time, rounded.
    edges = np.concatenate([[0.0], np.arange(0.5, DAYS - DAY)])
    chance = np.diff(stats.expon(scale=8).cdf(edges))
    assert counts_p(np.bincount(began - DAY, minlength=len(chance)), chance) > FALSE_ALARM


def test_who_passed_over_one_model_of_the_line_may_take_up_a_later_one():
    third = "  a/third: {released: 2025-03-01, price_usd_per_mtok: 1.0, ability: 1.5, reach: 0.0, line: a}\nsearch"
    s = spells(play(LINE.replace("search", third, 1), "mechanisms.upgrade.share=0.5", users=2000))
    tried = s[s["kind"] == "UPGRADE"].groupby("workload")["model"].apply(tuple).value_counts()
    tried = tried.reindex([("a/next",), ("a/third",), ("a/next", "a/third")])
    assert tried.sum() == s[s["kind"] == "UPGRADE"]["workload"].nunique()
    assert (
        counts_p([*tried, 2000 - tried.sum()], [1, 1, 1, 1]) > FALSE_ALARM
    )  # each release is a coin of its own


def judged(agents: Agents) -> pd.DataFrame:
    """Upgrades that were judged, by workload: start, end, since, whether they stayed."""
    s = spells(agents)
    found = s[(s["kind"] == "UPGRADE") & (s["end"] < DAYS)].set_index("workload")
    return found.assign(stayed=found["reason"] == "EMBEDDED")


@pytest.mark.parametrize("price", [0.7, 1.0, 1.3])
@pytest.mark.parametrize("factor", [0.0, 0.5])
def test_a_change_is_undone_where_the_old_model_is_worth_more_by_more_than_it_costs(price, factor):
    settings = (f"models.a/next.price_usd_per_mtok={price}", f"mechanisms.upgrade.cost_factor={factor}",
                "models.a/next.ability=1.1")  # fmt: skip
    agents = play(LINE, *MIXED, *settings, users=1500)
    found = judged(agents)
    work, draws = agents.workloads[found.index.to_numpy()], agents.world.draws
    number = agents.world.catalogue.index

    def margin(slug: str, ability: float) -> np.ndarray:
        match = draws.normal(Purpose.MATCH, work.entity, agents.market.key[number(slug)])
        return ability + 0.3 * match - work.hardness

    def worth(useful: np.ndarray | float, paid: float) -> np.ndarray:
        return 3.0 * np.minimum(useful, 0.5) - np.log(paid)

    old, new = worth(margin("a/old", 1.0), 1.0), worth(margin("a/next", 1.1), price)
    depth = 1 - np.exp(-(found["end"] - found["since"]) / 30)
    cost = factor * 2.0 * depth * (1 + 0.5 * work.hardness)
    assert (found["stayed"] == (margin("a/next", 1.1) >= 0) & (new - old >= -cost)).all()
    assert 0.1 < found["stayed"].mean() < 0.99
    # Whom its price forbids it, however good it may be, does not try it.
    s = spells(agents)
    others = agents.workloads[
        np.setdiff1d(s["workload"][s["kind"] == "HOME"], s["workload"][s["kind"] == "UPGRADE"])
    ]
    if price <= 1.0:
        assert len(others) == 0
    else:
        match = draws.normal(Purpose.MATCH, others.entity, agents.market.key[number("a/old")])
        old = worth(1.0 + 0.3 * match - others.hardness, 1.0)
        depth = 1 - np.exp(-(33 - 4) / 30)
        cost = factor * 2.0 * depth * (1 + 0.5 * others.hardness)
        assert ((worth(9.0, price) - old < -cost) | (others.log_willingness < np.log(price))).all()
        assert len(others) > 100


def test_who_changes_back_is_at_home_as_before_and_does_not_try_it_again():
    worse = play(LINE, *MIXED, "models.a/next.ability=-1", users=200)
    s = spells(worse)
    tried = s[s["kind"] == "UPGRADE"]
    assert len(tried) > 100 and set(tried["reason"]) == {"RETURNED"} and not (s["kind"] == "BESIDE").any()
    assert tried["workload"].is_unique
    back = s[(s["kind"] == "HOME") & (s["start"] == 37)].set_index("workload")
    assert (back["model"] == "a/old").all() and (back["since"] == EMBEDDED).all() and len(back) == len(tried)


# --- what stands in the way -------------------------------------------------------------------------------------------


def test_an_outage_defers_the_change_and_a_retirement_ends_it():
    outage = "calendar: [{event: outage, date: 2025-02-01, days: 9, model: a/next}]\n"
    s = spells(play(LINE + outage, users=20))
    assert (s["start"][s["kind"] == "UPGRADE"] == DAY + 9).all() and (s["kind"] == "UPGRADE").sum() == 20
    gone = play(LINE, "models.a/next.retired=2025-02-03", "mechanisms.upgrade.reaction_days=5", users=20)
    assert not (spells(gone)["kind"] == "UPGRADE").any()


@pytest.mark.parametrize(
    ("retired", "kind", "end"),
    [("2025-02-05", "UPGRADE", 35), ("2025-02-20", "BESIDE", 50)],
)
def test_a_home_that_retires_ends_what_was_tried_in_its_place_and_what_was_kept_of_it(retired, kind, end):
    s = spells(play(LINE, f"models.a/old.retired={retired}", "search.trial_days=4", users=20))
    found = s[s["kind"] == kind]
    assert len(found) == 20 and (found["end"] == end).all()
    assert set(found["reason"]) == {"HOME_LOST" if kind == "UPGRADE" else "RETIRED"}


@pytest.mark.parametrize(
    ("event", "reason"),
    [("price_change, factor: 20", "PRICE"), ("ability_change, by: -1.2", "ABILITY")],
)
def test_a_broken_fit_ends_what_is_kept_beside(event, reason):
    calendar = f"calendar: [{{event: {event}, date: 2025-02-20, model: a/old}}]\n"
    s = spells(play(LINE + calendar, users=20))
    beside = s[s["kind"] == "BESIDE"]
    assert set(zip(beside["end"], beside["reason"], strict=True)) == {(50, reason)}
    lost = spells(play(LINE + calendar.replace("a/old", "a/next"), users=20))
    beside = lost[lost["kind"] == "BESIDE"]
    assert set(zip(beside["end"], beside["reason"], strict=True)) == {(50, "HOME_LOST")}


def test_work_that_tries_a_rival_upgrades_when_that_is_judged_and_work_that_left_the_line_does_not():
    rival = "  b/rival: {released: 2025-01-20, price_usd_per_mtok: 0.9, ability: 1.6, reach: 1.0}\nsearch"
    looks = (
        "mechanisms.rival_trials={look_every_days: 9, trial_days: 9, inertia: -9, silent_share: 0.5}",
        "mechanisms.upgrade.reaction_days={uniform: {low: 0, high: 20}}",
        "mechanisms.fit.match_sd=0.5",
    )
    s = spells(play(LINE.replace("search", rival, 1), *looks, users=500))
    moves = s[(s["kind"] == "RIVAL") & (s["model"] == "b/rival") & (s["reason"] == "EMBEDDED")]
    left = moves.groupby("workload")["end"].min()
    upgrades = s[s["kind"] == "UPGRADE"]
    in_line = s[(s["kind"] == "HOME") & (s["reason"] == "UPGRADING")].set_index("workload")["model"]
    assert set(in_line) == {"a/old"}
    assert (upgrades["start"] <= upgrades["workload"].map(left).fillna(DAYS)).all() and (left > DAY).any()
    rivals = s[s["kind"] == "RIVAL"]
    pairs = upgrades.merge(rivals, on="workload", suffixes=("", "_rival"))
    assert not ((pairs["start"] < pairs["end_rival"]) & (pairs["start_rival"] < pairs["end"])).any()
    assert (pairs["start"] == pairs["end_rival"]).sum() > 10  # waited for it


def test_who_found_meanwhile_that_it_does_not_fit_does_not_take_it_up():
    looks = (
        "mechanisms.rival_trials={look_every_days: 5, trial_days: 2, inertia: -9}",
        "mechanisms.fit.match_sd=0.6",
        "mechanisms.upgrade.reaction_days=25",
        "models.a/next.ability=0.6",
    )
    agents = play(LINE.replace("reach: 0.0", "reach: 1.0"), *looks, users=300)
    s, number = spells(agents), agents.world.catalogue.index("a/next")
    work = agents.workloads
    match = agents.world.draws.normal(Purpose.MATCH, work.entity, agents.market.key[number])
    fits = 0.6 + 0.6 * match >= work.hardness
    tried = s[s["model"] == "a/next"].groupby("workload")["kind"].apply(set)
    refused = tried[~fits[tried.index]]
    assert (refused == {"RIVAL"}).sum() > 30 and not (refused == {"RIVAL", "UPGRADE"}).any()


def test_a_move_within_a_line_costs_its_part_also_when_the_model_is_found_as_a_rival():
    found = LINE.replace("reach: 0.0", "reach: 1.0")
    looks = "mechanisms.rival_trials={look_every_days: 5, inertia: -9, silent_share: 0}"
    cheap = "mechanisms.lock_in.strength=0.4"
    moved = {}
    for factor in (0.0, 1.0):
        settings = (looks, cheap, "mechanisms.upgrade.share=0", f"mechanisms.upgrade.cost_factor={factor}")
        s = spells(play(found, *MIXED, *settings, users=400))
        moved[factor] = set(s["workload"][(s["kind"] == "RIVAL") & (s["reason"] == "EMBEDDED")])
    assert moved[1.0] < moved[0.0] and len(moved[1.0]) > 20
    off = spells(play(found, *MIXED, looks, cheap, "mechanisms.upgrade=off", users=400))
    assert moved[1.0] == set(off["workload"][(off["kind"] == "RIVAL") & (off["reason"] == "EMBEDDED")])


def test_large_accounts_and_planted_users_stay():
    account = (
        "calendar: [{event: large_account, date: 2025-01-10, model: a/old, users: 3, requests_per_day: 30}]\n"
    )
    planted = "planted_loyalty: {model: b/loyal, cohort: launch, loyal_share: 1.0}\n"
    loyal = "  b/loyal: {released: 2025-01-01, price_usd_per_mtok: 1.0, ability: 1.2, reach: 1.0, line: b}\n"
    after = "  b/after: {released: 2025-02-01, price_usd_per_mtok: 0.5, ability: 3.0, reach: 0.0, line: b}\nsearch"
    agents = play(LINE.replace("search", loyal + after, 1) + account + planted, users=200)
    s, held = spells(agents), agents.search.planted.holds
    assert held.sum() > 50
    bound = s[held[s["workload"]] | (agents.workloads.pinned_model[s["workload"]] >= 0)]
    assert set(bound["kind"]) == {"TRIAL", "HOME"} and not (s["model"] == "b/after").any()
    assert (s["kind"] == "UPGRADE").any()


def test_legacy_work_does_not_hear_of_a_later_model():
    agents = play(LINE, "mechanisms.legacy_work={share: 0.4}", "mechanisms.legacy_work.enabled=on", users=200)
    legacy = LegacyWork(share=0.4).drawn(agents.world.draws, agents.workloads.entity)
    upgraded = np.isin(np.arange(200), agents.spells["workload"][agents.spells["kind"] == UPGRADE_KIND])
    assert (upgraded == ~legacy).all() and 50 < legacy.sum() < 120


# --- whose luck is whose ----------------------------------------------------------------------------------------------


def test_the_switch_changes_nobody_who_was_not_at_home_in_the_line_and_nothing_before_the_release():
    others = "  b/other: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 1.0, reach: 1.0}\nsearch"
    lively = (LINE.replace("search", others, 1), "mechanisms.rival_trials={look_every_days: 9, inertia: -2}",
              "mechanisms.fit.match_sd=0.4", "mechanisms.frontier_attention=on")  # fmt: skip
    on, off = (play(*lively, f"mechanisms.upgrade.enabled={word}", users=600) for word in ("on", "off"))
    one, other = spells(on), spells(off)
    touched = set(one["workload"][one["kind"].isin(["UPGRADE", "BESIDE"])])
    assert 100 < len(touched) < 500
    # A move within the line costs less, too, wherever the line's models meet as home and rival.
    within = {
        w for s in (one, other) for w in s["workload"][(s["kind"] == "RIVAL") & (s["model"] == "a/next")]
    }
    same = [s[~s["workload"].isin(touched | within)].reset_index(drop=True) for s in (one, other)]
    pd.testing.assert_frame_equal(*same)
    early = [s[s["end"] <= DAY].reset_index(drop=True) for s in (one, other)]
    pd.testing.assert_frame_equal(*early)
    used = [requests(agents) for agents in (on, off)]
    quiet = [u[(u["day"] < DAY) | ~u["workload"].isin(touched | within)].reset_index(drop=True) for u in used]
    pd.testing.assert_frame_equal(*quiet)


KINDS = st.sampled_from([HOME, RIVAL, BESIDE])


@given(st.tuples(KINDS, st.integers(0, 2**20)), st.tuples(KINDS, st.integers(0, 2**20)))
def test_spells_that_may_be_open_at_a_time_have_draws_of_their_own(one, other):
    assert (int(stream(*one)) == int(stream(*other))) == (one == other)


def test_the_draws_of_homes_and_rivals_are_where_they_were_and_an_upgrade_goes_on_with_the_homes():
    assert [int(stream(kind, 7)) for kind in (0, HOME, UPGRADE_KIND, RIVAL)] == [14, 14, 14, 15]


# --- volume -----------------------------------------------------------------------------------------------------------


def test_the_volume_is_parted_while_the_old_model_is_kept_and_is_not_more_than_before():
    busy = ("workloads.requests_per_day=6", "mechanisms.intermittency=off")
    agents, alone = (
        play(LINE, *busy, f"mechanisms.upgrade.enabled={word}", users=400) for word in ("on", "off")
    )
    used = requests(agents).groupby(["model", "day"])["n"].sum().unstack("model", fill_value=0)
    before = requests(alone).groupby("day")["n"].sum()
    # Until the change, and in its trial, the requests are those that the home would have had.
    whole = used.sum(axis=1)
    pd.testing.assert_series_equal(whole.loc[:36], before.loc[:36], check_names=False)
    assert (used["a/old"].loc[33:36] == 0).all()
    together = used.loc[37:56]
    assert_total(int(together["a/old"].sum()), 0.4 * 6 * 400 * 20)
    assert_total(int(together["a/next"].sum()), 0.6 * 6 * 400 * 20)
    pd.testing.assert_series_equal(used["a/next"].loc[57:], before.loc[57:], check_names=False)


def test_kept_models_are_drawn_apart_from_the_new_ones():
    agents = play(LINE, "workloads.requests_per_day=3", users=3000)
    used = requests(agents)
    day = used[used["day"] == 45].set_index(["workload", "model"])["n"].unstack(fill_value=0)
    one, other = day.reindex(range(3000), fill_value=0)[["a/old", "a/next"]].to_numpy().T
    r = np.corrcoef(one, other)[0, 1]
    assert 2 * stats.norm.sf(abs(r) * np.sqrt(3000)) > FALSE_ALARM


def test_the_ramp_of_volume_goes_on_through_an_upgrade():
    busy = ("workloads.requests_per_day=20", "mechanisms.upgrade.beside_share=0",
            "mechanisms.volume_unlock={start_share: 0.1, ramp_days: 30}")  # fmt: skip
    used = requests(play(LINE, *busy, users=300))
    after = used[(used["model"] == "a/next") & (used["day"] == 40)]["n"].sum()
    assert_total(int(after), 300 * 20 * (1 - 0.9 * np.exp(-(40 - EMBEDDED + 0.5) / 30)))


@given(st.booleans(), st.floats(0, 1))
def test_parts_add_up(shared, share):
    parts = Upgrade.part(False, shared, share) + (Upgrade.part(True, False, share) if shared else 0.0)
    assert parts == pytest.approx(1.0)
