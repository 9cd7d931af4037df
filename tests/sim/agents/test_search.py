"""The agents' search: what every history obeys, whose luck depends on whom, and the rules that no switch turns off."""

from __future__ import annotations

import ast
import datetime as dt
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sim
import sim.agents.states as states_module
from sim.agents.choice import NO_MODEL, view_of
from sim.agents.population import build_population
from sim.agents.search import Search
from sim.agents.states import State
from sim.market import Market
from sim.randomness import Purpose
from sim.simulation import Agents, run_agents
from sim.world import World
from tests.laws import FALSE_ALARM, share_p
from tests.worlds import DAYS, changed, first_trials, play, spells, world

START = dt.date(2025, 1, 1)

# A lively market: every mechanism but popularity, which makes everybody depend on everybody.
LIVELY = """
models:
  a/old: {released: 2024-10-01, price_usd_per_mtok: 1.0, ability: 0.6, reach: 1.0}
  b/open: {released: 2024-12-20, price_usd_per_mtok: 0.3, ability: 0.4, reach: 0.7, open_weights: on, permissive: on,
           line: b}
  c/preview:
    {released: 2025-01-10, price_usd_per_mtok: 2.0, ability: 1.2, reach: 0.9, retired: 2025-02-20, successor: c/final}
  c/final: {released: 2025-02-15, price_usd_per_mtok: 2.5, ability: 1.3, reach: 0.9, free: [[2025-02-15, 2025-02-28]]}
  d/late: {released: 2025-03-01, price_usd_per_mtok: 1.5, ability: 1.1, reach: 0.8, tools: off}
  b/next: {released: 2025-02-05, price_usd_per_mtok: 0.4, ability: 0.7, reach: 0.7, permissive: on, line: b}
workloads:
  hardness: {normal: {mean: 0.7, sd: 0.6}}
  willingness_to_pay_usd_per_mtok: {lognormal: {median: 2.5, sigma: 0.8}}
  life_days: {exponential: {mean: 90}}
  later_start_days: {exponential: {mean: 20}}
  free_share: 0.4
  categories:
    programming: {share: 1, prompt_tokens: 1000, completion_tokens: 100, needs_tools: 0.4}
    roleplay: {share: 1, prompt_tokens: 1000, completion_tokens: 100, needs_permissive: 0.3}
population:
  initial_share: 0.5
  segments: {everyone: {life_days: {exponential: {mean: 200}}, workloads: 2}}
mechanisms:
  fit: {match_sd: 0.2}
  information: on
  lock_in: {strength: 1.0}
  frontier_attention: on
  rival_trials: {look_every_days: 8, inertia: 0}
  price_response: on
  migration: on
  upgrade: {reaction_days: {exponential: {mean: 9}}, beside_days: {exponential: {mean: 12}}}
  regret: on
  multihoming: {share: 0.6, beside_days: {exponential: {mean: 15}}}
calendar:
  - {event: price_change, date: 2025-02-03, model: a/old, factor: 2.5}
  - {event: price_change, date: 2025-03-05, model: c/final, factor: 0.6}
  - {event: ability_change, date: 2025-03-10, model: b/open, by: -0.3}
"""


@pytest.fixture(scope="module")
def lively() -> World:
    return world(LIVELY, users=1000)


@pytest.fixture(scope="module")
def lively_agents(lively) -> Agents:
    return run_agents(lively)


def models_of(agents: Agents) -> list[str]:
    return [m.slug for m in agents.world.catalogue.models]


def table(agents: Agents) -> pd.DataFrame:
    """Spells with the entity of the workload instead of its row, and model names: comparable between worlds."""
    found = spells(agents)
    found["workload"] = agents.workloads.entity[found["workload"]]
    return found


# --- what every history obeys ---------------------------------------------------------------------------------------

ENDS = {
    "TRIAL": {"HORIZON", "ENDED", "MISFIT", "EMBEDDED", "RETIRED"},
    "HOME": {"HORIZON", "ENDED", "MOVED", "SILENT", "PRICE", "ABILITY", "RETIRED", "MIGRATED", "UPGRADING"},
    "RIVAL": {"HORIZON", "ENDED", "EMBEDDED", "RETURNED", "RETIRED", "HOME_LOST"},
    "UPGRADE": {"HORIZON", "ENDED", "EMBEDDED", "RETURNED", "RETIRED", "HOME_LOST"},
    "BESIDE": {"HORIZON", "ENDED", "PHASED_OUT", "PRICE", "ABILITY", "RETIRED", "HOME_LOST"},
    "MULTIHOMED": {"HORIZON", "ENDED", "PHASED_OUT", "PRICE", "ABILITY", "RETIRED", "HOME_LOST"},
}
KEPT = ("BESIDE", "MULTIHOMED")


RARE = {
    "HOME": {"ABILITY"},
    "RIVAL": {"HOME_LOST"},
    "UPGRADE": {"ENDED", "HOME_LOST", "HORIZON", "RETIRED"},
    "BESIDE": {"ABILITY", "HORIZON", "PRICE", "RETIRED"},
    "MULTIHOMED": {"ABILITY"},
}
"""What the lively world may lack."""


def check_histories(agents: Agents) -> None:
    work, facts = agents.workloads, {m.slug: m.facts for m in agents.world.catalogue.models}
    s = spells(agents)
    released = s["model"].map({slug: (f.released - START).days for slug, f in facts.items()})
    retired = s["model"].map(
        {slug: (f.retired - START).days if f.retired else 10**6 for slug, f in facts.items()}
    )
    born, dead = work.start[s["workload"]], work.end[s["workload"]]
    assert (s["start"] < s["end"]).all()
    assert (s["start"] >= 0).all() and (s["end"] <= agents.world.scenario.days).all()
    assert (s["start"] >= born).all() and (s["end"] <= dead).all()
    assert (s["start"] >= released).all(), "used before its release"
    assert (s["end"] <= retired).all(), "used after its retirement"
    assert (s["since"] <= s["start"]).all()
    assert (s["since"] == s["start"])[s["kind"].isin(["TRIAL", "RIVAL"])].all()
    for kind, reasons in ENDS.items():
        assert set(s["reason"][s["kind"] == kind]) <= reasons
    assert (s["end"] == agents.world.scenario.days)[s["reason"] == "HORIZON"].all()
    pinned = work.pinned_model[s["workload"]] != NO_MODEL
    assert (s["end"] == dead)[(s["reason"] == "ENDED") & ~pinned].all()
    for workload, own in s.groupby("workload"):
        check_history(agents, workload, list(own.itertuples()), facts)


def check_history(agents, workload, own, facts):
    main = [x for x in own if x.kind not in ("RIVAL", *KEPT)]
    rivals = [x for x in own if x.kind == "RIVAL"]
    beside = [x for x in own if x.kind in KEPT]
    for line in (main, rivals, beside):
        for before, after in pairwise(line):
            assert before.end <= after.start, "two spells at once"
    for i, x in enumerate(main):
        after = main[i + 1] if i + 1 < len(main) else None
        if x.kind == "TRIAL" and x.reason == "EMBEDDED":
            assert (after.kind, after.model, after.start, after.since) == ("HOME", x.model, x.end, x.end)
        if x.reason == "MIGRATED" and x.end < agents.workloads.end[workload]:
            assert after.model == facts[x.model].successor and after.start == x.end
            assert after.kind == "TRIAL" or after.since == x.since
        if x.kind == "HOME" and x.since < x.start and not taken_back(x, beside):
            # a home that was silent, or moved by the gateway
            before = [y for y in main[:i] if y.kind == "HOME"][-1]
            assert before.since == x.since
            assert before.reason in ("MIGRATED", "SILENT", "UPGRADING")
            if main[i - 1].kind == "UPGRADE":
                check_upgrade(before, main[i - 1], x, facts)
            elif before.reason == "SILENT":  # its successor, if it retired in the meantime
                assert x.model in (before.model, facts[before.model].successor)
    for r in rivals:
        home = [x for x in main if x.start <= r.start][-1]
        assert home.kind == "HOME" and home.model != r.model, "a rival needs a home"
        if home.end <= r.start:
            assert home.reason == "SILENT"
        moved = [x for x in main if x.kind == "HOME" and x.start == r.end and x.model == r.model
                 and (x.since == x.start or taken_back(x, beside))]  # fmt: skip
        assert bool(moved) == (r.reason == "EMBEDDED")
        later = [x for x in main if x.start >= r.start]
        if home.reason == "SILENT" and home.end == r.start and later:
            assert later[0].start >= r.end, "a silent home is silent until the rival's trial ends"
    for old in beside:
        assert old.since < old.start
        home = [x for x in main if x.start <= old.start][-1]
        if old.kind == "MULTIHOMED":
            check_multihomed(old, home, main, rivals, facts)
            continue
        tried = main[main.index(home) - 1]
        assert (tried.kind, tried.reason, tried.end) == ("UPGRADE", "EMBEDDED", old.start)
        assert (home.kind, home.model, home.start, home.since) == ("HOME", tried.model, old.start, old.since)
        assert main[main.index(tried) - 1].model == old.model
        if old.reason == "HOME_LOST":
            left = [x for x in [*main, *rivals] if x.end == old.end and x.start < old.end]
            assert {x.model for x in left} != {old.model}
        tenure = [x for x in main if x.kind == "HOME" and x.model == home.model and x.start >= old.start]
        assert old.end <= max(x.end for x in tenure) or tenure[-1].reason in ("SILENT", "UPGRADING")


def taken_back(home, beside) -> bool:
    """Whether a home begins with a model that was kept beside the one before: its tenure goes on."""
    return any(
        (old.kind, old.model, old.end, old.since, old.reason)
        == ("MULTIHOMED", home.model, home.start, home.since, "HOME_LOST")
        for old in beside
    )


def check_multihomed(old, home, main, rivals, facts):
    """A model that is kept is the home that was left on that day for one of another line; it is never the home's
    model, and is kept no longer than work is at home in that line."""
    assert (home.kind, home.start) == ("HOME", old.start)
    (won,) = [x for x in rivals if (x.end, x.reason) == (old.start, "EMBEDDED")]
    assert won.model == home.model
    before = [x for x in main if x.kind == "HOME" and x.start < old.start][-1]
    assert (before.model, before.since) == (old.model, old.since)
    assert before.reason == "SILENT" or (before.reason, before.end) == ("MOVED", old.start)
    line = facts[home.model].line or None
    assert line is None or facts[old.model].line != line
    while_kept = [x for x in main if x.start < old.end and x.end > old.start]
    for x in while_kept:
        assert x.kind in ("HOME", "UPGRADE") and x.model != old.model
        assert x.model == home.model or facts[x.model].line == line is not None
    if old.reason == "HOME_LOST":
        later = [x for x in main if x.start >= old.end]
        assert not later or later[0].model == old.model or later[0].kind == "TRIAL" or (
            line is None or facts[later[0].model].line != line
        )  # fmt: skip


def check_upgrade(old, trial, home, facts):
    """A home, the trial of a later model of its line, and the home after it: the new model, or the old one again (or
    its successor, if it retired in the meantime)."""
    line, released = facts[old.model].line, facts[old.model].released
    assert trial.since == old.since and line
    # A home that was silent for a rival comes back on the day of the upgrade, and has no spell of its own before it.
    assert (
        trial.start == old.end
        if old.reason == "UPGRADING"
        else (old.reason, trial.start > old.end) == ("SILENT", True)
    )
    assert facts[trial.model].line == line and facts[trial.model].released > released
    assert home.start == trial.end
    stays = trial.reason == "EMBEDDED"
    assert home.model in ((trial.model,) if stays else (old.model, facts[old.model].successor))


def check_states(agents: Agents) -> None:
    """The state in which a world ends is consistent."""
    s, work, horizon = agents.search, agents.workloads, agents.world.scenario.days
    embedded = (s.state == State.EMBEDDED) | (s.state == State.TRYING_RIVAL)
    assert ((s.home != NO_MODEL) == embedded).all()
    assert (s.due >= horizon).all(), "somebody is overdue"
    assert (s.state != State.UNBORN).all()
    over = work.end < horizon
    assert (s.state[over] == State.ENDED).all()
    assert (~s.silent | (s.state == State.TRYING_RIVAL) | (s.state == State.ENDED)).all()
    if agents.world.scenario.mechanisms.backlog.enabled and not (work.pinned_model != NO_MODEL).any():
        assert (s.state[~over] != State.ENDED).all()


def date(day: int) -> str:
    return str(START + dt.timedelta(days=day))


SMALL = """
workloads:
  hardness: {normal: {mean: 0.4, sd: 0.6}}
  willingness_to_pay_usd_per_mtok: {lognormal: {median: 2, sigma: 1.2}}
  later_start_days: {exponential: {mean: 15}}
  free_share: 0.5
  categories:
    programming: {share: 1, prompt_tokens: 1000, completion_tokens: 100, needs_tools: 0.4}
    roleplay: {share: 1, prompt_tokens: 1000, completion_tokens: 100, needs_permissive: 0.4}
population:
  segments:
    everyone: {life_days: {exponential: {mean: 120}}, curiosity: {exponential: {mean: 1}}, workloads: 2.5}
mechanisms:
  fit: {match_sd: 0.3}
  rival_trials: {look_every_days: 4, inertia: -1}
  popularity: {weight: 5}
"""
EVENTS = [
    "price_change, factor: 0.5",
    "price_change, factor: 4",
    "price_change, prompt: 0, completion: 0",
    "ability_change, by: -0.8",
    "ability_change, by: 0.8",
    "promotion, until: UNTIL",
    "outage, days: 3",
    "wave, share_of_users: 0.3, days: 5",
    "large_account, until: UNTIL, users: 2, requests_per_day: 9",
]


@st.composite
def small_worlds(draw) -> tuple[str, tuple[str, ...]]:
    """YAML of a random small market and its events, and settings."""

    def any_of(*choices):
        return draw(st.sampled_from(choices))

    models, lives = ["models:"], {}
    for i in range(draw(st.integers(1, 5))):
        slug, first = f"m/{'abcde'[i]}", draw(st.integers(-60, DAYS - 1))
        keys = {
            "released": date(first), "price_usd_per_mtok": any_of(0, 0.05, 0.5, 1, 3, 9),
            "ability": any_of(-0.5, 0.2, 0.6, 1.0, 1.6), "reach": any_of(0, 0.3, 1), "tools": any_of("on", "off"),
            "permissive": any_of("on", "off"),
        }  # fmt: skip
        last = draw(st.none() | st.integers(first + 1, DAYS + 5))
        if last is not None:
            keys["retired"] = date(last)
            heirs = [other for other, (begin, end) in lives.items() if begin <= last < end]
            if heirs and draw(st.booleans()):
                keys["successor"] = any_of(*heirs)
        if draw(st.booleans()):
            opens = first + draw(st.integers(0, 30))
            keys["free"] = f"[[{date(opens)}, {date(opens + draw(st.integers(0, 30)))}]]"
        if draw(st.booleans()):
            keys["line"] = any_of("one", "two")
        lives[slug] = (first, DAYS + 99 if last is None else last)
        models.append(f"  {slug}: {{{', '.join(f'{k}: {v}' for k, v in keys.items())}}}")
    calendar = []
    for _ in range(draw(st.integers(0, 5))):
        slug = any_of(*lives)
        first, last = lives[slug]
        at = draw(st.integers(first, min(last, DAYS) - 1))
        # No large account can be there on the first day for a model that is gone by then.
        event = any_of(*EVENTS[: len(EVENTS) - (last <= 0)]).replace(
            "UNTIL", date(at + draw(st.integers(0, 40)))
        )
        calendar.append(f"{{event: {event}, date: {date(at)}, model: {slug}}}")
    changes = [
        f"calendar=[{', '.join(calendar)}]",
        f"workloads.life_days={{exponential: {{mean: {any_of(3, 40, 400)}}}}}",
        f"search.trial_days={{exponential: {{mean: {any_of(0.2, 4, 60)}}}}}",
        f"population.initial_share={any_of(0, 0.5, 1)}",
        f"mechanisms.rival_trials.silent_share={any_of(0, 0.5, 1)}",
        f"mechanisms.upgrade.reaction_days={any_of(0, 6)}",
        f"mechanisms.upgrade.beside_days={any_of(0, 1, 25)}",
        f"mechanisms.upgrade.share={any_of(0.5, 1)}",
        f"mechanisms.multihoming={{share: {any_of(0.5, 1)}, beside_days: {any_of(0, 1, 25, 200)}}}",
        f"mechanisms.regret={{noise: {any_of(0, 0.5, 3)}, look_back: {any_of(0.5, 1)}}}",
    ]
    for name in ("fit", "backlog", "information", "lock_in", "frontier_attention", "rival_trials", "price_response",
                 "popularity", "consideration", "migration", "upgrade", "regret", "multihoming"):  # fmt: skip
        changes.append(f"mechanisms.{name}.enabled={any_of('on', 'off')}")
    return "\n".join(models) + SMALL, tuple(changes)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(small_worlds(), st.integers(0, 1000))
def test_every_history_is_possible(case, seed):
    agents = run_agents(world(case[0], *case[1], seed=seed, users=60))
    check_histories(agents)
    check_states(agents)


def test_a_lively_world_has_everything_and_is_possible(lively_agents):
    check_histories(lively_agents)
    check_states(lively_agents)
    s = spells(lively_agents)
    for kind, reasons in ENDS.items():
        seen = set(s["reason"][s["kind"] == kind])
        assert seen >= reasons - RARE.get(kind, set()), kind
    assert set(s["model"]) == set(models_of(lively_agents))


def test_nobody_acts_but_those_who_are_due(lively):
    _, work = build_population(lively.scenario, lively.catalogue, lively.draws)
    market = Market(lively.scenario, lively.catalogue)
    search = Search(lively.scenario, market, work, lively.draws)
    for day in market.days():
        due, decided = search.due.copy(), search.decisions.copy()
        search.step(day, view_of(market, lively.scenario, day))
        alive = search.state != State.ENDED
        assert (search.due[alive] > day).all()
        assert (search.due[alive] <= work.end[alive]).all()
        moved = search.decisions > decided
        changes = market.changes
        if not (changes.released or changes.retired or changes.better or changes.worse):
            assert (due[moved] == day).all()


# --- whose luck depends on whom -------------------------------------------------------------------------------------


@settings(max_examples=5)
@given(n=st.integers(1, 150), more=st.integers(1, 5), seed=st.integers(0, 2**63 - 1))
def test_one_more_user_changes_nobodys_spells(lively, n, more, seed):
    some, others = (run_agents(changed(lively, users=users, seed=seed)) for users in (n, n + more))
    same = others.workloads.user[others.spells["workload"]] < n
    for column, values in some.spells.items():
        np.testing.assert_array_equal(values, others.spells[column][same])


def test_with_popularity_everybody_depends_on_everybody(lively):
    # The contrast: the test above is not true of just any world.
    loud = world(LIVELY, "mechanisms.popularity=on", users=300)
    some, others = run_agents(loud), run_agents(changed(loud, users=600))
    same = spells(others)
    same = same[others.workloads.user[same["workload"]] < 300].reset_index(drop=True)
    assert not spells(some).equals(same)


def test_workloads_can_be_simulated_apart(lively, lively_agents):
    _, work = build_population(lively.scenario, lively.catalogue, lively.draws)
    rows = np.arange(len(work))[::-3]
    market = Market(lively.scenario, lively.catalogue)
    search = Search(lively.scenario, market, work[rows], lively.draws)
    for day in market.days():
        search.step(day, view_of(market, lively.scenario, day))
    search.finish(DAYS)
    apart = search.spells.arrays()
    whole = pd.DataFrame(lively_agents.spells)
    whole = whole[whole["workload"].isin(rows)]
    again = pd.DataFrame(apart).assign(workload=rows[apart["workload"]])
    order = ["workload", "start", "kind"]
    pd.testing.assert_frame_equal(
        again.sort_values(order).reset_index(drop=True),
        whole.sort_values(order).reset_index(drop=True),
        check_dtype=False,
    )


def test_the_same_seed_is_the_same_world(lively, lively_agents):
    again, other = run_agents(lively), run_agents(changed(lively, seed=8))
    for column, values in lively_agents.spells.items():
        np.testing.assert_array_equal(values, again.spells[column])
    assert not spells(other).equals(spells(lively_agents))


def without(base: World, slug: str) -> Agents:
    return run_agents(
        World(base.scenario, base.catalogue.without([slug]), base.draws, base.name, base.classifier)
    )


@pytest.mark.parametrize("gone", ["a/old", "b/open", "d/late"])
def test_a_model_less_changes_only_those_who_tried_it(gone):
    """With popularity and news of releases off, a model touches a workload by winning one of its choices, nothing else.

    So whoever never tried it has the same history without it; who did has the same history until that day.
    """
    quiet = world(LIVELY, "mechanisms.frontier_attention=off", "calendar=[]", users=600)
    with_it, without_it = table(run_agents(quiet)), table(without(quiet, gone))
    day = with_it[with_it["model"] == gone].groupby("workload")["start"].min()
    day = with_it["workload"].map(day).fillna(DAYS + 1)
    assert 0.1 < (day > DAYS).mean() < 0.95
    untouched = with_it[day > DAYS].reset_index(drop=True)
    strangers = without_it[~without_it["workload"].isin(with_it["workload"][day <= DAYS])]
    pd.testing.assert_frame_equal(untouched, strangers.reset_index(drop=True))
    before = with_it[with_it["end"] <= day].drop(columns="reason")
    found = before.merge(without_it.drop(columns="reason"), how="left", indicator=True)
    # A spell that ended on that very day (a home that fell silent for it) may go on without it.
    assert (found["_merge"] == "both")[(before["end"] < day[before.index]).to_numpy()].all()


def test_news_of_a_release_touches_only_those_who_hear_it():
    """If the chance to hear does not depend on the frontier, a model touches those who hear of it or try it."""
    loud = world(
        LIVELY,
        "mechanisms.frontier_attention={hard: 0.5, casual: 0.5, embedded: 0.1}",
        "calendar=[]",
        users=600,
    )
    agents = run_agents(loud)
    with_it, without_it = table(agents), table(without(loud, "d/late"))
    number = loud.catalogue.index("d/late")
    work, reach = agents.workloads, agents.market.reach[number]
    u = loud.draws.uniform(Purpose.HEARS_RELEASE, work.entity, agents.market.key[number])
    deaf = u >= reach[work.category] * np.maximum(0.5, 0.1 * work.curiosity)
    tried = with_it["workload"][with_it["model"] == "d/late"]
    free = set(work.entity[deaf]) - set(tried)
    assert 0.3 < len(free) / len(work) < 0.9
    pd.testing.assert_frame_equal(
        with_it[with_it["workload"].isin(free)].reset_index(drop=True),
        without_it[without_it["workload"].isin(free)].reset_index(drop=True),
    )
    heard = with_it[~with_it["workload"].isin(free)].reset_index(drop=True)
    assert not heard.equals(without_it[~without_it["workload"].isin(free)].reset_index(drop=True))


def test_a_mechanism_changes_no_history_before_it_acts():
    # Lock-in acts when a rival's trial is judged: until then, a workload's history is the same without it.
    on, off = (table(play(LIVELY, f"mechanisms.lock_in.enabled={word}", users=400)) for word in ("on", "off"))
    assert not on.equals(off)
    first = on[on["kind"] == "RIVAL"].groupby("workload")["end"].min()
    early = on[on["end"] < on["workload"].map(first).fillna(DAYS + 1)]
    assert early.merge(off).shape[0] == len(early) > 1000


def test_a_large_account_touches_nobody(lively, lively_agents):
    whale = "  - {event: large_account, date: 2025-01-20, model: a/old, users: 4, requests_per_day: 99}"
    agents = play(LIVELY + whale, users=lively.scenario.users)
    pinned = agents.workloads.pinned_model[agents.spells["workload"]] != NO_MODEL
    for column, values in lively_agents.spells.items():
        np.testing.assert_array_equal(values, agents.spells[column][~pinned])
    own = spells(agents)[pinned]
    assert (own["model"] == "a/old").all() and (own["kind"] == "HOME").all()
    assert (own["start"] == 19).all() and (own["end"] == DAYS).all() and len(own) == 4


# --- lives and looks ------------------------------------------------------------------------------------------------

EAGER = """
models:
  a/one: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 1.0, reach: 1.0}
search: {outside_option: -9, trial_days: 4}
"""


def test_the_plainest_life():
    agents = play(EAGER, users=20)
    s = spells(agents)
    assert (
        s[s["kind"] == "TRIAL"][["start", "end", "reason"]].to_numpy().tolist() == [[0, 4, "EMBEDDED"]] * 20
    )
    assert (
        s[s["kind"] == "HOME"][["start", "end", "since", "reason"]].to_numpy().tolist()
        == [[4, 100, 4, "HORIZON"]] * 20
    )


@pytest.mark.parametrize(
    ("change", "end"),
    [
        ("workloads.life_days=30", 30),
        ("population.segments.everyone.life_days=45", 45),
        ("workloads.life_days=2", 2),
    ],
)
def test_work_ends_with_its_job_or_its_user(change, end):
    s = spells(play(EAGER, change, users=20))
    last = s.groupby("workload").last()
    assert (last["end"] == end).all() and (last["reason"] == "ENDED").all()
    assert set(last["kind"]) == {"HOME" if end > 4 else "TRIAL"}


def test_work_that_ends_with_the_world_is_not_called_ended():
    s = spells(play(EAGER, f"workloads.life_days={DAYS}", users=20))
    assert set(s["reason"]) == {"EMBEDDED", "HORIZON"}


def test_a_trial_lasts_at_least_a_day():
    trials = first_trials(play(EAGER, "search.trial_days={exponential: {mean: 1}}", users=2000))
    length = trials["end"] - trials["start"]
    assert length.min() == 1 and length.max() > 4
    assert share_p(length == 1, 1 - np.exp(-1.5)) > FALSE_ALARM


def test_users_have_a_home_for_each_of_their_jobs():
    text = """
models:
  a/coder: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: {programming: 1.0, legal: -9}, reach: 1.0}
  b/lawyer: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: {programming: -9, legal: 1.0}, reach: 1.0}
population: {segments: {everyone: {workloads: 4}}}
workloads:
  categories:
    legal: {share: 1, prompt_tokens: 1000, completion_tokens: 100}
search: {outside_option: -9}
"""
    agents = play(text, users=200)
    s = spells(agents)
    home = s[(s["kind"] == "HOME") & (s["end"] == DAYS)]
    assert len(home) == len(agents.workloads)
    home = home.assign(user=agents.workloads.user[home["workload"]])
    assert set(zip(agents.workloads.category[home["workload"]], home["model"], strict=True)) == {
        (0, "a/coder"), (7, "b/lawyer"),
    }  # fmt: skip
    per_user = home.groupby("user")["model"].nunique()
    assert share_p(per_user == 2, 1 - 2 * 0.5**4) > FALSE_ALARM  # four jobs, each of either category


def test_a_model_found_wanting_is_not_tried_again_until_it_changes():
    hard = ("workloads.hardness=2.0", "search.look_every_days=1", "search.longest_wait_days=2")
    s = spells(play(EAGER, *hard, users=50))
    assert len(s) == 50 and set(s["reason"]) == {"MISFIT"}
    better = "calendar:\n  - {event: ability_change, date: 2025-02-01, model: a/one, by: 0.5}\n"
    s = spells(play(EAGER + better, *hard, users=50))
    assert s.groupby("workload").size().tolist() == [2] * 50
    assert (s.groupby("workload")["start"].last() >= 31).all()
    better = better.replace("0.5", "1.5")
    s = spells(play(EAGER + better, *hard, users=50))
    assert s.groupby("workload")["kind"].apply(list).tolist() == [["TRIAL", "TRIAL", "HOME"]] * 50


@pytest.mark.parametrize(("factor", "again"), [(0.5, True), (0.9, False)])
def test_a_noticeable_cut_is_worth_another_trial(factor, again):
    cut = f"calendar:\n  - {{event: price_change, date: 2025-02-01, model: a/one, factor: {factor}}}\n"
    s = spells(play(EAGER + cut, "workloads.hardness=2.0", "search.longest_wait_days=3", users=50))
    assert s.groupby("workload").size().tolist() == [2 if again else 1] * 50


def decision_days(text: str, *changes: str, users: int) -> list[list[int]]:
    """The days on which each workload looked at the market."""
    w = world(text, *changes, users=users)
    _, work = build_population(w.scenario, w.catalogue, w.draws)
    market = Market(w.scenario, w.catalogue)
    search = Search(w.scenario, market, work, w.draws)
    days: list[list[int]] = [[] for _ in range(len(work))]
    for day in market.days():
        before = search.decisions.copy()
        search.step(day, view_of(market, w.scenario, day))
        for row in np.flatnonzero(search.decisions > before):
            days[row].append(day)
    return days


def test_searches_that_parted_look_on_the_same_days_again():
    """Trials of one day or of nine: after the later one both searches, which are equally patient, go on alike."""
    hard = ("workloads.hardness=2.0", "search.longest_wait_days=3")
    short, long = (decision_days(EAGER, *hard, f"search.trial_days={days}", users=200) for days in (1, 9))
    assert short != long
    for one, other in zip(short, long, strict=True):
        assert one[0] == other[0]
        assert [day for day in one if day > one[0] + 9] == [day for day in other if day > one[0] + 9] != []


def test_patience_doubles_with_each_failure_up_to_a_bound():
    poor = ("workloads.willingness_to_pay_usd_per_mtok=0.5", "end=2026-12-31", "search.longest_wait_days=10")
    looks = decision_days(EAGER, *poor, users=1500)
    assert all(days[0] == 0 for days in looks)
    for failure, mean in enumerate([3, 6, 10, 10]):
        gaps = np.array([days[failure + 1] - days[failure] for days in looks])
        # A look at the earliest on the next day, after a whole number of days of an exponential time.
        stays = np.exp(-1 / mean)
        z = (gaps.mean() - 1 / (1 - stays)) / np.sqrt(stays / (1 - stays) ** 2 / len(gaps))
        assert abs(z) < 5, failure  # false alarms: 6e-7 each
        assert share_p(gaps == 1, 1 - stays) > FALSE_ALARM


def test_a_wave_tries_its_model_first():
    text = """
models:
  a/one: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 1.0, reach: 1.0}
  b/hyped: {released: 2025-01-20, price_usd_per_mtok: 1.0, ability: -1.0, reach: 0.0}
search: {outside_option: -9}
calendar:
  - {event: wave, date: 2025-02-01, days: 5, model: b/hyped, share_of_users: 0.3}
"""
    agents = play(text, users=400)
    came = agents.workloads.wave_model != NO_MODEL
    first = first_trials(agents).reindex(range(len(agents.workloads)))
    assert (first["model"][came] == "b/hyped").all()
    assert (first["model"][~came] == "a/one").all()
    assert first["start"][came].between(31, 35).all()
    s = spells(agents)
    assert (s["reason"][s["model"] == "b/hyped"] == "MISFIT").all()
    assert set(s["model"][s["kind"] == "HOME"]) == {"a/one"}  # the tourists find what fits them elsewhere


def test_a_wave_for_a_model_that_is_gone_searches_like_everybody():
    text = """
models:
  a/one: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 1.0, reach: 1.0}
  b/gone: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 1.0, reach: 1.0, retired: 2025-02-03}
search: {outside_option: -9}
calendar:
  - {event: wave, date: 2025-02-01, days: 20, model: b/gone, share_of_users: 1.0}
"""
    first = first_trials(play(text, users=400))
    assert (first["start"][first["model"] == "b/gone"] < 33).all()
    assert (first["model"][first["start"] >= 33] == "a/one").all()


def test_an_outage_hides_a_model_but_moves_nobody():
    outage = "calendar:\n  - {event: outage, date: 2025-01-01, days: 10, model: a/one}\n"
    s = spells(play(EAGER + outage, users=50))
    assert (s["start"] >= 10).all() and len(s) == 100
    later = outage.replace("2025-01-01", "2025-02-01")
    pd.testing.assert_frame_equal(spells(play(EAGER + later, users=50)), spells(play(EAGER, users=50)))


def test_arrays_of_the_simulator_meet_no_member_of_an_enumeration():
    """NumPy hides what goes wrong while it probes one, an interrupt by the keyboard too (and it is slow)."""
    members = re.compile(r"\b(State|Kind|Reason)\.[A-Z_]+")
    for file in sorted(Path(sim.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Compare):
                assert not members.search(ast.unparse(node)), f"{file.name}:{node.lineno}"
    plain = (states_module.UNBORN, states_module.WAITING, states_module.TRYING, states_module.EMBEDDED,
             states_module.TRYING_RIVAL, states_module.ENDED, states_module.HOME)  # fmt: skip
    assert [type(value) for value in plain] == [int] * len(plain)
    assert plain[:6] == tuple(State)
