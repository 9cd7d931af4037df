"""Each mechanism alone, in a tiny world where its effect can be foretold: switched on, and switched off."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.contract import CATEGORIES
from sim.mechanisms.legacy_work import LegacyWork
from sim.randomness import Purpose
from sim.simulation import Agents
from tests.laws import FALSE_ALARM, counts_p, share_p
from tests.worlds import DAYS, first_trials, play, requests, spells

EAGER = "search: {outside_option: -9}\n"
ONE = "models:\n  a/one: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 1.0, reach: 1.0}\n"
TWINS = ONE + "  b/two: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 1.0, reach: 1.0}\n"


def switch(mechanism: str, word: str) -> str:
    return f"mechanisms.{mechanism}.enabled={word}"


def has_home(agents: Agents, model: str | None = None) -> np.ndarray:
    """Whether each workload ever had a home (with this model)."""
    s = spells(agents)
    rows = s["workload"][(s["kind"] == "HOME") & ((s["model"] == model) | (model is None))]
    found = np.zeros(len(agents.workloads), dtype=bool)
    found[rows] = True
    return found


# --- fit ------------------------------------------------------------------------------------------------------------


def test_fit_is_ability_and_match_against_hardness():
    hard = ("workloads.hardness={uniform: {low: 0, high: 2}}", "mechanisms.fit.match_sd=0.3")
    agents = play(ONE + EAGER, *hard, users=1500)
    match = 0.3 * agents.world.draws.normal(Purpose.MATCH, agents.workloads.entity, agents.market.key[0])
    fits = 1.0 + match >= agents.workloads.hardness
    assert (has_home(agents) == fits).all()
    assert 0.4 < fits.mean() < 0.6
    s = spells(agents)
    assert set(s["reason"][~fits[s["workload"]]]) == {"MISFIT"}


def test_fit_is_also_what_one_can_pay():
    # Kept from the choice by nothing else: the price rises during the trial, which lasts until 5 January.
    rise = "calendar:\n  - {event: price_change, date: 2025-01-03, model: a/one, factor: 4}\n"
    agents = play(
        ONE + EAGER + rise,
        "workloads.willingness_to_pay_usd_per_mtok={uniform: {low: 1, high: 9}}",
        users=500,
    )
    rich = agents.workloads.log_willingness >= np.log(4)
    assert (has_home(agents) == rich).all() and 0.5 < rich.mean() < 0.75


def test_without_fit_a_coin_decides_for_each_pair():
    hard = ("workloads.hardness={uniform: {low: -5, high: 5}}", "mechanisms.fit.chance_when_off=0.3")
    agents = play(TWINS + EAGER, *hard, switch("fit", "off"), users=3000)
    first = first_trials(agents)
    assert share_p(first["reason"] == "EMBEDDED", 0.3) > FALSE_ALARM / 2
    able = agents.workloads.hardness[first.index] < 1
    assert share_p(first["reason"][able] == "EMBEDDED", 0.3) > FALSE_ALARM / 2
    home = [has_home(agents, m) for m in ("a/one", "b/two")]
    coins = agents.world.draws.uniform(
        Purpose.CHANCE_FIT, agents.workloads.entity[:, None], agents.market.key[None, :]
    )
    assert ((home[0] | home[1]) == (coins < 0.3).any(axis=1)).all()  # both are tried, one after the other


@pytest.mark.parametrize("word", ["on", "off"])
def test_hard_needs_hold_with_and_without_fit(word):
    poor = ONE.replace("reach: 1.0", "reach: 1.0, tools: off, context_tokens: 8000")
    needs = ("workloads.categories.programming.needs_tools=0.5",
             "workloads.context_tokens={uniform: {low: 4000, high: 12000}}",
             "workloads.categories.programming.needs_permissive=0.3", "mechanisms.fit.chance_when_off=1")  # fmt: skip
    agents = play(poor + EAGER, *needs, switch("fit", word), users=600)
    work = agents.workloads
    served = ~work.needs_tools & ~work.needs_permissive & (work.context_tokens <= 8000)
    assert (has_home(agents) == served).all() and 0.1 < served.mean() < 0.25
    assert set(spells(agents)["workload"]) == set(
        np.flatnonzero(served)
    )  # needs are public: no trial for nothing


# --- backlog --------------------------------------------------------------------------------------------------------

BACKLOG = (
    ONE + "  b/strong: {released: 2025-02-01, price_usd_per_mtok: 1.0, ability: 3.0, reach: 1.0}\n" + EAGER
    + "population: {initial_share: 0.5}\nworkloads: {hardness: {uniform: {low: 0, high: 2}}}\n"
)  # fmt: skip


def test_work_that_nothing_can_do_waits_for_a_model_that_can():
    patient = ("search.longest_wait_days=10",)
    on, off = (play(BACKLOG, *patient, switch("backlog", word), users=800) for word in ("on", "off"))
    hard, early = on.workloads.hardness > 1, on.workloads.start < 31
    assert has_home(on, "b/strong")[hard & early].mean() > 0.95
    assert not has_home(off)[hard & early].any()  # given up when it began
    assert has_home(off, "b/strong")[hard & ~early].mean() > 0.5  # not so what began after the release
    served = ~(hard & early)
    one, other = (spells(a) for a in (on, off))
    pd.testing.assert_frame_equal(
        one[served[one["workload"]]].reset_index(drop=True),
        other[served[other["workload"]]].reset_index(drop=True),
    )
    assert served[other["workload"]].all()


@pytest.mark.parametrize(
    "need",
    [
        "willingness_to_pay_usd_per_mtok=0.5",
        "categories.programming.needs_tools=1",
        "categories.programming.needs_permissive=1",
        "context_tokens=9000",
    ],
)
def test_backlog_is_what_no_usable_model_can_do(need):
    poor = ONE.replace("reach: 1.0", "reach: 1.0, tools: off, context_tokens: 8000") + EAGER
    agents = play(poor, f"workloads.{need}", switch("backlog", "off"), users=20)
    assert len(agents.spells["workload"]) == 0 and agents.decisions == 0
    assert play(poor, f"workloads.{need}", users=20).decisions > 20


# --- information ----------------------------------------------------------------------------------------------------

ABLE_AND_NOT = ONE + "  b/weak: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 0.0, reach: 1.0}\n"


def test_informed_users_try_what_fits_first():
    informed, blind = (
        play(ABLE_AND_NOT + EAGER, switch("information", word), "mechanisms.information.kappa=4", users=2000)
        for word in ("on", "off")
    )
    for agents, kappa in ((informed, 4.0), (blind, 0.0)):
        first = first_trials(agents)["model"] == "a/one"
        error = 0.25 * agents.world.draws.normal(
            Purpose.PERCEPTION, agents.workloads.entity[:, None], agents.market.key[None, :]
        )
        value = np.exp(kappa * np.minimum(np.array([1.0, 0.0]) - 0.5 + error, 0.5))
        assert share_p(first, value[:, 0] / value.sum(axis=1)) > FALSE_ALARM / 2
    assert (first_trials(informed)["reason"] == "EMBEDDED").mean() > 0.9
    assert (first_trials(blind)["reason"] == "EMBEDDED").mean() == pytest.approx(0.5, abs=0.06)


def test_hype_draws_those_who_are_informed_by_it():
    hyped = ABLE_AND_NOT.replace("ability: 0.0", "ability: 0.0, hype: 2.0") + EAGER
    sharp = ("mechanisms.information.kappa=4", "mechanisms.information.perception_sd=0")
    first = first_trials(play(hyped, switch("information", "on"), *sharp, users=2000))
    assert share_p(first["model"] == "b/weak", 0.5) > FALSE_ALARM  # both look good enough: beyond the cap
    first = first_trials(
        play(hyped, switch("information", "on"), *sharp, "mechanisms.information.cap=9", users=2000)
    )
    assert share_p(first["model"] == "b/weak", 1 / (1 + np.exp(-4))) > FALSE_ALARM


# --- rivals and lock-in ---------------------------------------------------------------------------------------------

RIVALS = (
    ONE.replace("ability: 1.0", "ability: 0.9")
    + "  b/later: {released: 2025-01-20, price_usd_per_mtok: 1.2, ability: 1.1, reach: 1.0}\n"
    + EAGER
    + """
workloads: {hardness: {uniform: {low: 0.2, high: 0.8}}}
mechanisms:
  fit: {match_sd: 0.25}
  rival_trials: {look_every_days: 10, inertia: -6, silent_share: 0.3}
  lock_in: {enabled: off, strength: 1.5, time_constant_days: 30, per_hardness: 0.5}
"""
)


def judged(agents: Agents) -> pd.DataFrame:
    """Rivals' trials that were judged: workload, model, home, tenure in days, whether it moved."""
    s = spells(agents)
    rivals = s[(s["kind"] == "RIVAL") & (s["end"] < DAYS)]
    homes = s[s["kind"] == "HOME"]
    rows = []
    for r in rivals.itertuples():
        home = homes[(homes["workload"] == r.workload) & (homes["start"] <= r.start)].iloc[-1]
        rows.append((r.workload, r.model, home["model"], r.end - home["since"], r.reason == "EMBEDDED"))
    return pd.DataFrame(rows, columns=["workload", "model", "home", "tenure", "moved"])


@pytest.mark.parametrize("word", ["on", "off"])
def test_legacy_work_looks_no_further_than_its_home(word):
    news = ("mechanisms.frontier_attention={embedded: 1.0}",)
    some = play(RIVALS, "mechanisms.legacy_work={share: 0.4}", switch("legacy_work", word), *news, users=600)
    s, none = spells(some), spells(play(RIVALS, *news, users=600))
    legacy = LegacyWork(share=0.4).drawn(some.world.draws, some.workloads.entity)
    assert share_p(legacy, 0.4) > FALSE_ALARM
    looked = np.isin(np.arange(600), s["workload"][s["kind"] == "RIVAL"])
    assert looked[~legacy].mean() > 0.8
    if word == "off":
        pd.testing.assert_frame_equal(s, none)
        return
    assert not looked[legacy].any() and has_home(some)[legacy].mean() > 0.9
    rest = ~legacy[s["workload"]]
    others = none[~legacy[none["workload"]]]
    pd.testing.assert_frame_equal(s[rest].reset_index(drop=True), others.reset_index(drop=True))


@pytest.mark.parametrize("word", ["on", "off"])
@pytest.mark.parametrize("weighs_prices", ["on", "off"])
def test_a_workload_moves_when_the_gain_beats_the_switching_cost(word, weighs_prices):
    prices = (switch("price_response", weighs_prices), "mechanisms.price_response.alpha=2")
    agents = play(RIVALS, switch("lock_in", word), *prices, users=800)
    found = judged(agents)
    slugs = [m.slug for m in agents.world.catalogue.models]
    work = agents.workloads[found["workload"].to_numpy()]
    ability, price = np.array([0.9, 1.1]), np.array([1.0, 1.2])

    def margin(model: pd.Series) -> np.ndarray:
        number = np.array([slugs.index(m) for m in model])
        match = 0.25 * agents.world.draws.normal(Purpose.MATCH, work.entity, agents.market.key[number])
        return ability[number] + match - work.hardness

    def experienced_utility(model: pd.Series) -> np.ndarray:
        number = np.array([slugs.index(m) for m in model])
        return 3.0 * np.minimum(margin(model), 0.5) - 2 * (weighs_prices == "on") * np.log(price[number])

    cost = 1.5 * (1 - np.exp(-found["tenure"] / 30)) * (1 + 0.5 * work.hardness) if word == "on" else 0.0
    gain = experienced_utility(found["model"]) - experienced_utility(found["home"])
    expected = (margin(found["model"]) >= 0) & (gain > cost)
    assert (found["moved"] == expected).all()
    assert len(found) > 400 and 0 < found["moved"].sum() < len(found)


def test_lock_in_keeps_more_the_longer_they_stayed():
    steady = RIVALS + "population: {initial_share: 0.2}\n"
    moved = {word: judged(play(steady, switch("lock_in", word), users=1500)) for word in ("on", "off")}
    assert moved["on"]["moved"].mean() < 0.7 * moved["off"]["moved"].mean()

    def by_tenure(word: str) -> tuple[float, float]:
        found = moved[word][moved[word]["home"] == "a/one"]
        return found["moved"][found["tenure"] < 15].mean(), found["moved"][found["tenure"] > 40].mean()

    early, late = by_tenure("on")
    assert early > 2 * late
    early, late = by_tenure("off")
    assert early == pytest.approx(late, abs=0.15)


def test_stronger_lock_in_keeps_more():
    share = [
        judged(play(RIVALS, switch("lock_in", "on"), f"mechanisms.lock_in.strength={strength}", users=500))[
            "moved"
        ].mean()
        for strength in (0, 0.7, 100)
    ]
    assert share[0] > share[1] > share[2] == 0


def test_rivals_are_tried_only_with_the_mechanism():
    on, off = (spells(play(RIVALS, switch("rival_trials", word), users=300)) for word in ("on", "off"))
    assert (on["kind"] == "RIVAL").sum() > 100
    assert (off["kind"] != "RIVAL").all()
    assert not set(off["reason"]) & {"MOVED", "SILENT", "RETURNED"}


def test_the_curious_look_more_often_and_the_incurious_never():
    def soon(curiosity: float) -> float:
        curious = f"population.segments.everyone.curiosity={curiosity}"
        s = spells(play(RIVALS, curious, users=400))
        return s["workload"][(s["kind"] == "RIVAL") & (s["start"] < 25)].nunique() / 400

    assert soon(0) == 0
    assert soon(3) > 2 * soon(0.3) > 0


def test_inertia_keeps_embedded_work_from_trying():
    count = [
        (spells(play(RIVALS, f"mechanisms.rival_trials.inertia={x}", users=400))["kind"] == "RIVAL").sum()
        for x in (-6, 0, 30)
    ]
    assert count[0] > count[1] > count[2] == 0


def test_looks_at_rivals_are_exponential_in_time():
    # A rival that nobody moves to, and that is tried at the first look: the first look is the trial's start.
    text = (
        ONE + "  b/two: {released: 2024-12-02, price_usd_per_mtok: 1.0, ability: 0.2, reach: 1.0}\n" + EAGER
    )
    agents = play(text, switch("rival_trials", "on"), "mechanisms.rival_trials.inertia=-20", "workloads.hardness=0.5",
                  "mechanisms.rival_trials.look_every_days=12", users=2000)  # fmt: skip
    s = spells(agents)
    led = first_trials(agents)["model"] == "a/one"  # who tried b/two first does not try it again
    home = s[s["kind"] == "HOME"].groupby("workload")["since"].first()[led]
    first = s[s["kind"] == "RIVAL"].groupby("workload")["start"].first()
    wait = (first - home).reindex(home.index).fillna(DAYS)
    cut = np.array([1, 4, 8, 16, 40, DAYS + 1])
    # A look at the earliest on the next day, after a whole number of days of an exponential time.
    tail = np.append(np.exp(-(cut[:-1] - 1) / 12), 0)
    assert counts_p(np.histogram(wait, cut)[0], -np.diff(tail)) > FALSE_ALARM


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_home_may_fall_silent_during_a_rivals_trial(share):
    s = spells(
        play(RIVALS, f"mechanisms.rival_trials.silent_share={share}", "mechanisms.lock_in=on", users=600)
    )
    rivals, homes = s[s["kind"] == "RIVAL"], s[s["kind"] == "HOME"]
    fell = homes[homes["reason"] == "SILENT"].set_index(["workload", "end"]).index
    silent = rivals.set_index(["workload", "start"]).index.isin(fell)
    assert silent.sum() == len(fell)
    if share in (0, 1):
        assert (silent == share).all()
    else:
        assert share_p(silent, share) > FALSE_ALARM
    # A home that does not fall silent is used all the while.
    for r in rivals[~silent].itertuples():
        home = homes[(homes["workload"] == r.workload) & (homes["start"] < r.start) & (homes["end"] >= r.end)]
        assert len(home) == 1


def test_boomerangs_return_to_the_home_they_left():
    agents = play(RIVALS, "mechanisms.lock_in=on", "mechanisms.rival_trials.silent_share=1", users=600)
    s = spells(agents)
    homes = s[s["kind"] == "HOME"]
    back = s[s["reason"] == "RETURNED"].merge(homes, left_on=["workload", "end"], right_on=["workload", "start"],
                                              suffixes=("", "_home"))  # fmt: skip
    assert len(back) == (s["reason"] == "RETURNED").sum() > 100
    left = homes[homes["reason"] == "SILENT"]
    before = back.merge(
        left, left_on=["workload", "start"], right_on=["workload", "end"], suffixes=("", "_before")
    )
    assert len(before) == len(back)
    assert (before["model_home"] == before["model_before"]).all()
    assert (before["since_home"] == before["since_before"]).all()  # the tenure goes on
    # The log shows it: a gap in the use of the home, filled by the rival, then the home again.
    used = requests(agents)
    case = before[before["end"] - before["start"] >= 3].iloc[0]
    own = used[used["workload"] == case["workload"]]
    during = own[(own["day"] >= case["start"]) & (own["day"] < case["end"])]
    assert set(during["model"]) == {case["model"]}
    assert case["model_home"] in set(own["model"][own["day"] >= case["end"]])


def test_movers_can_come_back_to_a_former_home():
    # The rival is better until its price rises beyond what they pay: they return to what they know.
    text = RIVALS + "calendar:\n  - {event: price_change, date: 2025-03-01, model: b/later, factor: 20}\n"
    agents = play(text, users=600)
    s = spells(agents)
    priced_out = s[s["reason"] == "PRICE"]
    movers = s[(s["reason"] == "MOVED") & (s["model"] == "a/one")]
    both = set(priced_out["workload"]) & set(movers["workload"])
    assert len(both) > 50
    last = s.groupby("workload").last().loc[sorted(both)]
    assert ((last["model"] == "a/one") & (last["kind"] == "HOME")).all()
    after = s[s["workload"].isin(both) & (s["start"] >= 59)].groupby("workload").first()
    assert ((after["model"] == "a/one") & (after["kind"] == "TRIAL")).all()
    assert (after["start"] <= 70).all()  # at once


# --- frontier attention ---------------------------------------------------------------------------------------------

NEWS = (
    ONE + "  b/strong: {released: 2025-02-20, price_usd_per_mtok: 1.0, ability: 3.0, reach: 0.8}\n"
    + "search: {outside_option: -9, look_every_days: 400, longest_wait_days: 400}\n"
    + "workloads: {hardness: {uniform: {low: -1, high: 3}}, willingness_to_pay_usd_per_mtok: 10}\n"
    + "mechanisms: {frontier_attention: {enabled: on, hard: 0.9, casual: 0.2, reaction_days: 2}}\n"
)  # fmt: skip


def test_a_release_wakes_waiting_work_and_hard_work_most():
    on, off = (play(NEWS, switch("frontier_attention", word), users=3000) for word in ("on", "off"))
    work, release = on.workloads, 50
    hard = work.hardness > 1
    s = spells(on)
    came = np.zeros(len(work), dtype=bool)
    came[s["workload"][(s["model"] == "b/strong") & (s["start"] == release + 2)]] = True
    # Waiting work is all work that a/one failed; listening is logistic in its distance from the best it can afford.
    listens = 0.2 + 0.7 / (1 + np.exp(-(work.hardness - 1.0) / 0.3))
    heard = on.world.draws.uniform(Purpose.HEARS_RELEASE, work.entity, on.market.key[1]) < 0.8 * listens
    assert (came[hard] == heard[hard]).mean() > 0.99  # but for the few who happened to look that day anyway
    far, near = hard & (work.hardness > 2), hard & (work.hardness < 1.3)
    assert share_p(came[far], 0.8 * listens[far]) > FALSE_ALARM / 2
    assert share_p(came[near], 0.8 * listens[near]) > FALSE_ALARM / 2
    assert came[far].mean() > came[near].mean() + 0.05
    assert not came[~hard].any()  # they have a home, and do not look at rivals
    s = spells(off)
    assert ((s["model"] == "b/strong") & (s["start"] == release + 2)).sum() < 0.02 * hard.sum()


def test_work_that_could_pay_for_the_frontier_listens_less():
    # All work is of one hardness. A dear model of today can do it, but nobody has heard of it: those who could pay for
    # it are within their frontier, the others are beyond theirs and listen more.
    text = """
models:
  a/one: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 1.0, reach: 1.0}
  b/dear: {released: 2024-12-01, price_usd_per_mtok: 8.0, ability: 2.9, reach: 0.0}
  c/cheap: {released: 2025-02-20, price_usd_per_mtok: 1.0, ability: 3.0, reach: 0.8}
search: {outside_option: -9, look_every_days: 400, longest_wait_days: 400}
workloads: {hardness: 2.0, willingness_to_pay_usd_per_mtok: {uniform: {low: 1, high: 16}}}
mechanisms: {frontier_attention: {enabled: on, hard: 0.9, casual: 0.2, reaction_days: 2}}
"""
    agents = play(text, users=3000)
    s = spells(agents)
    came = np.zeros(len(agents.workloads), dtype=bool)
    came[s["workload"][(s["model"] == "c/cheap") & (s["start"] == 52)]] = True
    waits = ~has_home(agents, "b/dear")
    rich = agents.workloads.log_willingness >= np.log(8)
    for rows, frontier in ((waits & rich, 2.9), (waits & ~rich, 1.0)):
        listens = 0.2 + 0.7 / (1 + np.exp(-(2.0 - frontier) / 0.3))
        assert rows.sum() > 500
        assert share_p(came[rows], 0.8 * listens) > FALSE_ALARM / 2


def test_reaction_takes_its_time():
    slow = "mechanisms.frontier_attention.reaction_days={uniform: {low: 4.6, high: 10.4}}"
    s = spells(play(NEWS, slow, users=2000))
    days = s["start"][(s["model"] == "b/strong") & (s["kind"] == "TRIAL")] - 50
    assert days.between(5, 10).mean() > 0.9  # the others happened to look
    assert counts_p(np.bincount(days[days.between(6, 9)] - 6, minlength=4), np.ones(4)) > FALSE_ALARM


def test_nobody_hears_of_a_model_without_reach():
    s = spells(play(NEWS, "models.b/strong.reach=0", users=1000))
    assert not ((s["model"] == "b/strong") & (s["start"] == 52)).any()


def test_news_reaches_each_kind_of_work_by_itself():
    kinds = (
        "workloads.categories.programming.share=1",
        "workloads.categories.legal={share: 1, prompt_tokens: 1000, completion_tokens: 100}",
    )
    agents = play(NEWS, "models.b/strong.reach={programming: 0.8, legal: 0.25}", *kinds, users=3000)
    work, s = agents.workloads, spells(agents)
    came = np.zeros(len(work), dtype=bool)
    came[s["workload"][(s["model"] == "b/strong") & (s["start"] == 52)]] = True
    listens = 0.2 + 0.7 / (1 + np.exp(-(work.hardness - 1.0) / 0.3))
    for category, reach in (("programming", 0.8), ("legal", 0.25)):
        hard = (work.hardness > 1) & (work.category == CATEGORIES.index(category))
        assert hard.sum() > 500
        assert share_p(came[hard], reach * listens[hard]) > FALSE_ALARM / 2


def test_no_more_than_all_hear_however_well_known_an_author_is():
    certain = "mechanisms.frontier_attention={hard: 1, casual: 0.2}"
    plain, famous = (play(NEWS, f"authors.b.reach={factor}", certain, users=1500) for factor in (1.25, 50))
    assert famous.market.reach[1].max() == pytest.approx(40)
    news = [
        spells(agents)[lambda s: (s["model"] == "b/strong") & (s["start"] == 52)]
        for agents in (plain, famous)
    ]
    # Reach 0.8 * 1.25 is all; those who hear of it are the same at 50 times as much.
    heard = plain.world.draws.uniform(Purpose.HEARS_RELEASE, plain.workloads.entity, plain.market.key[1])
    listens = 0.2 + 0.8 / (1 + np.exp(-(plain.workloads.hardness - 1.0) / 0.3))
    waits = plain.workloads.hardness > 1
    for came in news:
        rows = np.setdiff1d(came["workload"], np.flatnonzero(heard < listens))
        assert len(rows) < 0.01 * waits.sum()  # those who happened to look that day
        assert len(came) > 0.9 * (waits & (heard < listens)).sum()


def test_news_renews_patience():
    # Nobody can pay for anything; looks grow rare, until a release is heard of, even if it cannot help.
    text = ONE + "  b/dear: {released: 2025-02-20, price_usd_per_mtok: 9.0, ability: 1.0, reach: 1.0}\n" + (
        "workloads: {willingness_to_pay_usd_per_mtok: 0.5}\n"
        "search: {look_every_days: 1, longest_wait_days: 1000, outside_option: -9}\n"
    )  # fmt: skip
    news = "mechanisms.frontier_attention={hard: 1, casual: 1, reaction_days: 0}"
    heard, unheard = play(text, news, users=400), play(text, users=400)
    assert heard.decisions > 1.4 * unheard.decisions
    assert heard.search.failures.mean() < unheard.search.failures.mean()


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_embedded_work_hardly_listens(share):
    text = (
        ONE + "  b/new: {released: 2025-02-20, price_usd_per_mtok: 1.0, ability: 1.5, reach: 0.8}\n" + EAGER
    )
    rivals = "mechanisms.rival_trials={look_every_days: 100000, inertia: -20}"
    news = f"mechanisms.frontier_attention={{reaction_days: 1, embedded: {share}}}"
    s = spells(play(text, rivals, news, users=2000))
    tried = np.zeros(2000, dtype=bool)
    tried[s["workload"][(s["kind"] == "RIVAL") & (s["start"] == 51)]] = True
    if share:
        assert share_p(tried, 0.8 * share) > FALSE_ALARM
    else:
        assert tried.mean() < 0.005  # but for those who happened to look
    # Without rivals' trials, news does not move embedded work at all.
    assert set(spells(play(text, news, users=500))["model"]) == {"a/one"}


# --- price response -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["on", "off"])
def test_cheap_models_are_tried_more_where_price_counts(word):
    text = (
        ONE + "  b/dear: {released: 2024-12-01, price_usd_per_mtok: 5.0, ability: 1.0, reach: 1.0}\n" + EAGER
    )
    sensitive = ("mechanisms.price_response.alpha=0.5", "population.segments.everyone.price_sensitivity=1.5")
    first = first_trials(play(text, switch("price_response", word), *sensitive, users=3000))
    share = 5**0.75 / (1 + 5**0.75) if word == "on" else 0.5
    assert share_p(first["model"] == "a/one", share) > FALSE_ALARM


def test_willingness_binds_without_price_response():
    agents = play(
        ONE + EAGER, "workloads.willingness_to_pay_usd_per_mtok={uniform: {low: 0.5, high: 1.5}}", users=500
    )
    assert (has_home(agents) == (agents.workloads.log_willingness >= 0)).all()


# --- popularity -----------------------------------------------------------------------------------------------------

CROWD = TWINS + EAGER + """
population: {initial_share: 0.2}
calendar:
  - {event: large_account, date: 2025-01-01, model: a/one, users: 300, requests_per_day: 300}
"""  # fmt: skip


def test_a_crowd_draws_a_crowd_only_with_popularity():
    share = {}
    for word in ("on", "off"):
        agents = play(CROWD, switch("popularity", word), "mechanisms.popularity.weight=8", users=1000)
        first = first_trials(agents)
        late = first[first["start"] >= 7]
        share[word] = (late["model"] == "a/one").mean()
        if word == "off":
            assert share_p(late["model"] == "a/one", 0.5) > FALSE_ALARM
        early = first[first["start"] < 7]  # nothing was measured yet
        assert share_p(early["model"] == "a/one", 0.5) > FALSE_ALARM
    assert share["on"] > 0.65


def test_popularity_follows_last_weeks_shares():
    agents = play(CROWD, switch("popularity", "on"), users=400)
    s = spells(agents)
    # The last measure is of the last day of a week: day 97.
    using = s[(s["start"] <= 97) & (s["end"] > 97)].drop_duplicates(["workload", "model"])
    share = [(using["model"] == m).mean() for m in ("a/one", "b/two")]
    np.testing.assert_allclose(agents.market.share, share, rtol=1e-12)


def test_popularity_is_within_a_category():
    # The large accounts all do legal work: other work does not notice them.
    kinds = "workloads.categories.legal={share: 1, prompt_tokens: 1000, completion_tokens: 100}"
    crowd = CROWD.replace("users: 300,", "users: 300, category: legal,")
    agents = play(crowd, switch("popularity", "on"), "mechanisms.popularity.weight=8", kinds, users=1500)
    s = spells(agents)
    using = s[(s["start"] <= 97) & (s["end"] > 97)].drop_duplicates(["workload", "model"])
    of = agents.workloads.category[using["workload"]]
    for category in (CATEGORIES.index(name) for name in ("programming", "legal")):
        share = [(using["model"][of == category] == m).mean() for m in ("a/one", "b/two")]
        np.testing.assert_allclose(agents.market.share_by_category[:, category], share, rtol=1e-12)
    first = first_trials(agents)
    late = first[first["start"] >= 7]
    legal = agents.workloads.category[late.index] == CATEGORIES.index("legal")
    drawn = late["model"] == "a/one"
    assert drawn[legal].mean() > 0.65
    # Chance drifts where use feeds back, but no crowd draws this work.
    assert abs(drawn[~legal].mean() - 0.5) < 0.15 < drawn[legal].mean() - drawn[~legal].mean()


# --- volume and regularity (the traffic of the spells) --------------------------------------------------------------


def daily_requests(agents: Agents) -> np.ndarray:
    """Requests of all workloads together, by days since they embedded."""
    s = spells(agents)
    since = s[s["kind"] == "HOME"].groupby("workload")["since"].first()
    used = requests(agents)
    tenure = used["day"] - used["workload"].map(since)
    return np.bincount(tenure[tenure >= 0].astype(int), weights=used["n"][tenure >= 0], minlength=90)[:90]


@pytest.mark.parametrize("word", ["on", "off"])
def test_volume_ramps_up_after_embedding(word):
    ramp = ("mechanisms.volume_unlock.start_share=0.2", "mechanisms.volume_unlock.ramp_days=15")
    agents = play(
        ONE + EAGER, switch("volume_unlock", word), *ramp, "workloads.requests_per_day=3", users=600
    )
    counts = daily_requests(agents)
    start = 0.2 if word == "on" else 1.0
    expected = 600 * 3 * (1 - (1 - start) * np.exp(-(np.arange(90) + 0.5) / 15))
    z = (counts - expected) / np.sqrt(expected)
    assert stats.chi2.sf((z**2).sum(), 90) > FALSE_ALARM
    if word == "on":
        assert counts[:3].sum() < 0.4 * counts[-3:].sum()


def test_a_trial_runs_at_its_own_rate_and_shows_at_least_one_request():
    agents = play(
        ONE + EAGER, switch("volume_unlock", "on"), "workloads.trial_requests_per_day=0.5", users=1500
    )
    used = requests(agents)
    assert (used[used["day"] == 0]["workload"].nunique()) == 1500
    later = used[used["day"].between(1, 3)]["n"].sum()
    assert abs(later - 1500 * 3 * 0.5) < 5 * np.sqrt(1500 * 3 * 0.5)


@pytest.mark.parametrize("word", ["on", "off"])
def test_users_skip_weeks_by_their_regularity(word):
    # Mondays of whole weeks: 6 January (day 5) to 31 March.
    agents = play(
        ONE + EAGER, switch("intermittency", word), "population.segments.everyone.regularity=0.6", users=500
    )
    used = requests(agents)
    used = used[(used["day"] >= 5) & (used["day"] < 96)]
    week = (used["day"] - 5) // 7
    active = np.zeros((500, 13), dtype=bool)
    active[used["user"], week] = True
    if word == "off":
        assert active.all()
        return
    assert share_p(active, 0.6) > FALSE_ALARM / 2
    weeks = active.sum(axis=1)
    assert (
        counts_p(np.bincount(weeks, minlength=14), stats.binom(13, 0.6).pmf(np.arange(14))) > FALSE_ALARM / 2
    )
    gaps = (~active[:, 1:-1] & active[:, :-2] & active[:, 2:]).sum()
    assert gaps > 500  # they come back
    days = used.groupby([used["user"], week])["day"].nunique()
    assert (days > 5).mean() > 0.9  # who is active in a week is so on its days


def test_a_season_changes_how_many_are_active_and_not_who_is_at_home():
    # 2025-02-03 is the Monday of day 33.
    half = "population.activity={2025-02-02: 1.0, 2025-02-03: 0.5, 2025-03-02: 0.5, 2025-03-03: 1.0}"
    lazy = (ONE + EAGER, switch("intermittency", "on"), "population.segments.everyone.regularity=0.8")
    season, plain = (play(*lazy, *more, users=800) for more in ((half,), ()))
    pd.testing.assert_frame_equal(spells(season), spells(plain))
    one, other = (requests(agents) for agents in (season, plain))

    def rest(used: pd.DataFrame) -> pd.DataFrame:
        return used[~used["day"].between(33, 60)].reset_index(drop=True)

    pd.testing.assert_frame_equal(rest(one), rest(other))
    for used, share in ((one, 0.4), (other, 0.8)):
        used = used[used["day"].between(33, 60)]
        active = np.zeros((800, 4), dtype=bool)
        active[used["user"], (used["day"] - 33) // 7] = True
        assert share_p(active, share) > FALSE_ALARM / 2
    steady = ("population.segments.everyone.regularity=0.8", switch("intermittency", "off"))
    still, calm = (play(ONE + EAGER, *steady, *more, users=50) for more in ((half,), ()))
    pd.testing.assert_frame_equal(requests(still), requests(calm))  # it acts through intermittency


def test_irregular_users_are_the_same_agents():
    on, off = (spells(play(RIVALS, switch("intermittency", word), "population.segments.everyone.regularity=0.3",
                           users=200)) for word in ("on", "off"))  # fmt: skip
    pd.testing.assert_frame_equal(on, off)


# --- migration and retirement ---------------------------------------------------------------------------------------

PREVIEW = """
models:
  a/preview:
    {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 1.0, reach: 1.0, retired: 2025-02-20, successor: a/final}
  a/final: {released: 2025-02-15, price_usd_per_mtok: 2.0, ability: 1.2, reach: 0.0}
  b/other: {released: 2025-02-18, price_usd_per_mtok: 0.5, ability: 1.0, reach: 1.0}
workloads:
  hardness: {uniform: {low: 0, high: 1}}
  willingness_to_pay_usd_per_mtok: {uniform: {low: 1, high: 5}}
mechanisms: {fit: {match_sd: 0.4}}
""" + EAGER  # fmt: skip
GONE = 50


def test_migration_moves_homes_to_the_successor():
    agents = play(PREVIEW, switch("migration", "on"), users=1500)
    s, work = spells(agents), agents.workloads
    left = s[(s["model"] == "a/preview") & (s["kind"] == "HOME") & (s["end"] == GONE)].set_index("workload")
    assert len(left) > 800
    can_pay = work.log_willingness[left.index] >= np.log(2)
    assert (left["reason"] == np.where(can_pay, "MIGRATED", "RETIRED")).all()
    after = s[s["start"] == GONE].set_index("workload")
    moved = after.loc[left.index[can_pay]]
    assert (moved["model"] == "a/final").all()
    number = agents.world.catalogue.index("a/final")
    match = 0.4 * agents.world.draws.normal(
        Purpose.MATCH, work.entity[moved.index], agents.market.key[number]
    )
    fits = 1.2 + match >= work.hardness[moved.index]
    assert (moved["kind"] == np.where(fits, "HOME", "TRIAL")).all() and 0 < fits.sum() < len(moved)
    assert (
        moved["since"][fits] == left["since"].reindex(moved.index)[fits]
    ).all()  # the tenure goes with them
    assert (moved["reason"][~fits] == "MISFIT").all()
    assert not (after.loc[after.index.intersection(left.index[~can_pay])]["model"] == "a/final").any()


def test_without_migration_users_of_a_retired_model_search_anew():
    agents = play(PREVIEW, switch("migration", "off"), users=800)
    s = spells(agents)
    left = s[(s["model"] == "a/preview") & (s["kind"] == "HOME")]
    assert set(left["reason"]) == {"RETIRED"} and (left["end"] == GONE).all()
    after = s[(s["start"] == GONE) & s["workload"].isin(left["workload"])]
    assert len(after) == len(left) and set(after["kind"]) == {"TRIAL"}
    assert (after["model"] == "b/other").mean() > 0.99  # nobody has heard of the successor


def test_a_migrated_cohort_looks_loyal_in_the_log():
    # What the gateway's move does to the log: users appear at the successor all on one day, and stay.
    cohort = {}
    for word in ("on", "off"):
        used = requests(play(PREVIEW, switch("migration", word), users=600))
        first = used[used["model"] == "a/final"].groupby("user")["day"].min()
        cohort[word] = (first == GONE).sum()
    assert cohort["on"] > 200 and cohort["off"] < 5


def test_retirement_without_a_successor_sends_users_on():
    text = PREVIEW.replace(", successor: a/final", "")
    one, other = (spells(play(text, switch("migration", word), users=300)) for word in ("on", "off"))
    pd.testing.assert_frame_equal(one, other)
    assert set(one["reason"][(one["model"] == "a/preview") & (one["kind"] == "HOME")]) == {"RETIRED"}


ACCOUNT = """
calendar:
  - {event: large_account, date: 2025-01-10, model: a/preview, users: 3, requests_per_day: 30}
"""


@pytest.mark.parametrize("price", [2.0, 0.0])
@pytest.mark.parametrize("word", ["on", "off"])
def test_a_large_account_follows_its_model_or_ends_with_it(word, price):
    final = f"models.a/final.price_usd_per_mtok={price}"
    agents = play(PREVIEW + ACCOUNT, switch("migration", word), final, users=10)
    s = spells(agents)
    own = s[agents.workloads.pinned_model[s["workload"]] >= 0]
    first, then = ["a/preview", 9, GONE], ["a/final", GONE, DAYS]
    assert (
        own[["model", "start", "end"]].to_numpy().tolist() == ([first, then] if word == "on" else [first]) * 3
    )
    assert (own["since"] == 9).all() and set(own["kind"]) == {"HOME"}


def test_a_successor_that_comes_later_gets_nobody():
    late = PREVIEW.replace("released: 2025-02-15", "released: 2025-02-25") + ACCOUNT
    agents = play(late, switch("migration", "on"), users=200)
    s = spells(agents)
    pinned = agents.workloads.pinned_model[s["workload"]] >= 0
    assert s[pinned][["model", "start", "end"]].to_numpy().tolist() == [["a/preview", 9, GONE]] * 3
    assert set(s["reason"][~pinned & (s["model"] == "a/preview") & (s["kind"] == "HOME")]) == {"RETIRED"}


def test_a_retired_model_is_used_no_more():
    agents = play(PREVIEW, "search.trial_days=40", users=400)
    used = requests(agents)
    assert used["day"][used["model"] == "a/preview"].max() == GONE - 1


# --- prices break fits and make them --------------------------------------------------------------------------------

MOVING = ONE + EAGER + "workloads: {willingness_to_pay_usd_per_mtok: {uniform: {low: 0.5, high: 4}}}\n"


def test_a_price_rise_breaks_the_fits_of_those_who_cannot_follow():
    rise = "calendar:\n  - {event: price_change, date: 2025-02-01, model: a/one, factor: 2}\n"
    agents = play(MOVING + rise, users=500)
    s, could_pay = spells(agents), np.exp(agents.workloads.log_willingness)
    homes = s[s["kind"] == "HOME"].set_index("workload")
    assert set(homes.index) == set(np.flatnonzero(could_pay >= 1))
    pays = could_pay[homes.index]
    assert (homes["reason"] == np.where(pays >= 2, "HORIZON", "PRICE")).all()
    assert (homes["end"][pays < 2] == 31).all()


@pytest.mark.parametrize("window", ["free: [[2025-01-01, 2025-01-31]]", "promotion"])
def test_the_end_of_a_free_window_breaks_the_fits_of_those_who_do_not_pay(window):
    text = MOVING.replace("price_usd_per_mtok: 1.0", "price_usd_per_mtok: 3.0")
    if window == "promotion":
        text += "calendar:\n  - {event: promotion, date: 2025-01-01, until: 2025-01-31, model: a/one}\n"
    else:
        text = text.replace("reach: 1.0", f"reach: 1.0, {window}")
    agents = play(text, "workloads.free_share=0.5", users=500)
    s, work = spells(agents), agents.workloads
    homes = s[s["kind"] == "HOME"].set_index("workload")
    payers = work.log_willingness >= np.log(3)
    assert set(homes.index) == set(np.flatnonzero(payers | work.accepts_free))
    assert (homes["reason"] == np.where(payers[homes.index], "HORIZON", "PRICE")).all()
    assert (homes["end"][~payers[homes.index]] == 31).all()


def test_a_price_cut_makes_fits():
    cut = "calendar:\n  - {event: price_change, date: 2025-02-01, model: a/one, factor: 0.25}\n"
    text = MOVING.replace("price_usd_per_mtok: 1.0", "price_usd_per_mtok: 4.0")
    agents = play(text + cut, "search.longest_wait_days=5", users=500)
    homes = spells(agents).query("kind == 'HOME'").set_index("workload")
    could_pay = np.exp(agents.workloads.log_willingness)
    assert set(homes.index) == set(np.flatnonzero(could_pay >= 1))
    assert (homes["start"] >= 31).all()


@pytest.mark.parametrize("weighs_prices", ["on", "off"])
def test_at_a_price_of_zero_only_the_free_variant_is_left(weighs_prices):
    text = TWINS + EAGER + """
calendar:
  - {event: price_change, date: 2025-02-01, model: a/one, prompt: 0, completion: 0}
"""  # fmt: skip
    rivals = (
        "mechanisms.rival_trials={look_every_days: 5, inertia: -5}",
        "mechanisms.lock_in={strength: 100}",
    )
    agents = play(
        text, *rivals, switch("price_response", weighs_prices), "workloads.free_share=0.5", users=400
    )
    s = spells(agents)
    old = s[(s["model"] == "a/one") & (s["kind"] == "HOME") & (s["start"] < 31)].groupby("workload").last()
    takes = agents.workloads.accepts_free[old.index]
    assert (old["reason"][~takes].isin(["PRICE", "SILENT"])).all() and (old["reason"] == "PRICE").sum() > 40
    assert (old["reason"][takes] != "PRICE").all()
    late = s[(s["start"] >= 31) & (s["model"] == "a/one") & (s["kind"] != "RIVAL")]
    assert agents.workloads.accepts_free[late["workload"]].all()


@pytest.mark.parametrize("word", ["on", "off"])
def test_a_lost_ability_breaks_fits(word):
    loss = "calendar:\n  - {event: ability_change, date: 2025-02-01, model: a/one, by: -0.5}\n"
    hard = "workloads.hardness={uniform: {low: 0, high: 1}}"
    agents = play(
        ONE + EAGER + loss, hard, switch("fit", word), "mechanisms.fit.chance_when_off=1", users=300
    )
    homes = spells(agents).query("kind == 'HOME'").set_index("workload")
    lost = (agents.workloads.hardness[homes.index] > 0.5) & (word == "on")
    assert (homes["reason"] == np.where(lost, "ABILITY", "HORIZON")).all()


def test_without_fit_a_price_still_breaks_a_home_and_is_the_reason():
    rise = "calendar:\n  - {event: price_change, date: 2025-02-01, model: a/one, factor: 2}\n"
    agents = play(
        MOVING + rise, switch("fit", "off"), "mechanisms.fit={chance_when_off: 1, match_sd: 1}", users=300
    )
    homes = spells(agents).query("kind == 'HOME'").set_index("workload")
    pays = np.exp(agents.workloads.log_willingness[homes.index])
    assert (homes["reason"] == np.where(pays >= 2, "HORIZON", "PRICE")).all()
