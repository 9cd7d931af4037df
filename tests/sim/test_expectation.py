"""Expected traffic is the mean of the logs that the same spells could have left.

Rates of error: see `tests.laws`. What is compared of drawn logs is compared by t-tests over independent seeds of
traffic, with Bonferroni's bound over all of them.
"""

from __future__ import annotations

import ast
import datetime as dt
import inspect
import math
from collections.abc import Iterator

import numpy as np
import pytest
from scipy import stats

from analysis.contract import CATEGORIES
from sim import expectation
from sim.agents.spells import Kind
from sim.compiled import compiled
from sim.expectation import MARKET, Expected, expected
from sim.mechanisms import MECHANISMS
from sim.mechanisms.demand.intermittency import Intermittency
from sim.mechanisms.demand.volume_unlock import VolumeUnlock
from sim.mechanisms.multihoming import Multihoming
from sim.mechanisms.upgrade import Upgrade
from sim.randomness import Draws
from sim.simulation import Agents, run_agents
from sim.traffic import counts, means, records, tables
from sim.traffic.blocks import Traffic
from sim.traffic.factors import PROMPT, FactorLaw, FactorTable, factor, factor_table
from sim.traffic.means import QUANTITIES
from sim.traffic.records import BYOK_FEE, TOOL_CALLS
from sim.world import load_world
from tests import worlds
from tests.laws import FALSE_ALARM
from tests.sim.traffic_world import Handmade, handmade, scenario_file, shipped

SEEDS = 48
AXES = (*MARKET, "country", "language", "segment", "app", "own_key")

# All that traffic knows: free windows, a free twin, a promotion, prices that change, an outage, retirements, a large
# account with its own tool use, a wave, upgrades with the old model beside the new one, own keys, time zones,
# weekdays, a season, demand that changes by category, quieter weeks, an application with bursts and tools of its
# own, reasoning of three kinds and two lengths, caches, tools and models' training for them, all endings; prompts
# that the context cuts, answers and reasoning at their caps, short ones of a few tokens; a start and an end amid a
# week.
EVERYTHING = """
start: 2025-01-16
end: 2025-04-23
population:
  initial_share: 0.5
  activity: {2025-03-02: 1.0, 2025-03-03: 0.4, 2025-03-23: 0.4, 2025-03-24: 1.3}
  segments:
    everyone: {share: 2, life_days: {exponential: {mean: 90}}, regularity: {uniform: {low: 0.3, high: 1.0}},
               price_sensitivity: 1.0, curiosity: 2.0, workloads: 2, byok_share: 0.3, apps: {web: 1, agent: 1}}
    company: {share: 1, life_days: 500, regularity: 0.9, price_sensitivity: 0.5, curiosity: 1.0, volume: 2.0,
              apps: {agent: 1}}
  countries:
    US: {continent: North America, share: 2, utc_offset_hours: -11, languages: {en: 3, es: 1}}
    NZ: {continent: Oceania, share: 1, utc_offset_hours: 13, languages: {en: 1}}
workloads:
  hardness: {normal: {mean: 0.5, sd: 0.8}}
  free_share: 0.4
  requests_per_day: {lognormal: {median: 1.0, sigma: 1.0}}
  trial_requests_per_day: 0.7
  context_tokens: 1000
  categories:
    programming: {share: 3, prompt_tokens: {2025-01-16: 4000, 2025-04-23: 9000}, prompt_sigma: 1.1,
                  completion_tokens: {2025-01-16: 900, 2025-04-23: 500}, completion_sigma: 0.8, cached_share: 0.6,
                  needs_tools: 0.3, session_requests: 4, volume: {2025-01-16: 0.5, 2025-04-23: 1.5}}
    roleplay: {share: 2, prompt_tokens: 2000, prompt_sigma: 0.4, completion_tokens: 15000, completion_sigma: 1.6,
               cached_share: 0.2}
    translation: {share: 1, prompt_tokens: 3, prompt_sigma: 0.9, completion_tokens: 2, completion_sigma: 0.7,
                  cached_share: 0.3}
applications:
  agent: {growth: {2025-01-16: 1, 2025-04-23: 4}, categories: {programming: 3, translation: 1}, volume: 1.7,
          burstiness: 0.9, needs_tools: 0.2, tools_offered: {2025-01-16: 0.2, 2025-04-23: 0.9}, session_requests: 9,
          default_model: {2025-01-16: b/old, 2025-03-01: d/famous}, default_share: 0.5}
traffic:
  volume: 1.5
  weekday: [1.3, 1.1, 1.2, 1.0, 0.9, 0.5, 0.4]
  hours: [1, 1, 1, 1, 1, 1, 1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 3, 3, 2, 2, 1, 1]
  season: {2025-01-16: 0.7, 2025-04-23: 1.4}
  reasoning_completion_factor: {2025-01-16: 0.5, 2025-04-23: 2.5}
  hybrid_reasoning_share: 0.35
  tool_call_share: {2025-01-16: 0.2, 2025-04-23: 0.6}
  tools_offered_share: {programming: {2025-01-16: 0.1, 2025-04-23: 0.7}, translation: 0.2}
  cancelled_share: 0.12
  error_share: 0.08
  filter_share: 0.06
  length_stop_share: 0.05
models:
  a/plain: {released: 2024-06-01, ability: 0.6, price_usd_per_mtok: 1.0, context_tokens: 12000, tools: true,
            line: a}
  a/plain:free: {released: 2025-02-01, ability: 0.6, price_usd_per_mtok: 0.0, context_tokens: 12000, line: a}
  b/old: {released: 2024-06-01, ability: 0.9, line: b, retired: 2025-03-20, successor: b/new, reasoning: always,
          tools: false, context_tokens: 2500, prices: [{date: 2024-06-01, prompt: 2.0, completion: 8.0, cached: 0.5}]}
  b/new: {released: 2025-02-21, ability: 1.2, line: b, reasoning: always, tools: true, context_tokens: 200000,
          open_weights: true, prices: [{date: 2025-02-21, prompt: 2.0, completion: 9.0, cached: 0.2}]}
  c/brief: {released: 2025-02-10, ability: 1.0, price_usd_per_mtok: 0.5, retired: 2025-04-10, reasoning: hybrid,
            open_weights: true, tools: true, tool_training: early}
  d/famous: {released: 2025-02-20, ability: 1.5, reasoning: hybrid, tools: true, context_tokens: 60000,
             tool_training: agentic, free: [[2025-03-12, 2025-03-25]],
             prices: [{date: 2025-02-20, prompt: 3.0, completion: 15.0, cached: 0.3},
                      {date: 2025-04-02, prompt: 1.5, completion: 6.0, cached: 1.5}]}
mechanisms:
  fit: {match_sd: 0.3}
  rival_trials: {look_every_days: 8, trial_days: 3, silent_share: 0.5, inertia: 0.2}
  frontier_attention: on
  lock_in: {strength: 0.2}
  migration: on
  upgrade: {share: 1.0, reaction_days: {exponential: {mean: 5}}, beside_share: 0.3, beside_days: 25}
  multihoming: {share: 0.7, beside_share: 0.45, beside_days: {exponential: {mean: 30}}}
calendar:
  - {event: wave, date: 2025-02-21, days: 9, model: d/famous, share_of_users: 0.2}
  - {event: large_account, date: 2025-03-18, until: 2025-04-12, model: d/famous, users: 5, requests_per_day: 90,
     category: programming, country: US, tool_call_share: 0.8}
  - {event: promotion, date: 2025-04-05, until: 2025-04-15, model: b/new}
  - {event: price_change, date: 2025-02-15, model: a/plain, factor: 0.5}
  - {event: outage, date: 2025-03-07, days: 3, model: d/famous}
"""


def again(agents: Agents, seed: int) -> Traffic:
    """The traffic of the same spells with other luck."""
    world = agents.world
    return Traffic(
        world.scenario,
        world.catalogue,
        agents.market,
        agents.users,
        agents.workloads,
        agents.spells,
        Draws(seed),
    )


def drawn(traffic: Traffic, table: Expected) -> np.ndarray:
    """What one log of this traffic holds, in the cells of a table, flat: cell x quantity."""
    users, shape = traffic.users, table.values.shape[:-1]
    slugs = [model.slug for model in traffic.catalogue.models]
    names = [slug.removesuffix(":free") for slug in slugs]
    listed = np.array([list(dict.fromkeys(names)).index(name) for name in names])
    twin = np.array([slug.endswith(":free") for slug in slugs])
    sums = np.zeros((math.prod(shape), len(QUANTITIES)))
    for week, block in traffic.tasks():
        log = traffic.records(week, block)
        user = log.user + traffic.users_of(block).start
        work = log.workload + traffic.work_of(block).start
        places = {
            "week": np.full(len(log), week), "model": listed[log.model], "category": traffic.work.category[work],
            "free": (log.free | twin[log.model]).astype(int), "country": users.country[user],
            "language": users.language[user], "segment": users.segment[user], "app": users.app[user],
            "own_key": users.byok[user].astype(int),
        }  # fmt: skip
        cell = np.ravel_multi_index([places[axis] for axis in table.axes], shape)
        called = log.finish == TOOL_CALLS
        columns = {
            "requests": np.ones(len(log)), "tokens_prompt": log.tokens_prompt, "tokens_cached": log.tokens_cached,
            "tokens_completion": log.tokens_completion, "tokens_reasoning": log.tokens_reasoning,
            "cost_usd": log.cost, "tools_offered": log.tools_offered, "tool_calls": called,
            "tool_call_tokens": called * (log.tokens_prompt.astype(float) + log.tokens_completion),
        }  # fmt: skip
        for at, name in enumerate(QUANTITIES):
            sums[:, at] += np.bincount(cell, columns[name], minlength=len(sums))
    return sums


class Comparison:
    """Logs of many seeds beside what is expected of them."""

    def __init__(self, agents: Agents, seeds: int = SEEDS, axes: tuple[str, ...] = AXES) -> None:
        self.expected = expected(agents.traffic(), axes)
        self.axes = tuple(self.expected.axes)
        logs = [drawn(again(agents, 1000 + seed), self.expected) for seed in range(seeds)]
        self.logs = np.stack(logs).reshape(seeds, *self.expected.values.shape)

    def t_values(self, *axes: str) -> Iterator[tuple[float, str]]:
        """Of each quantity in each cell by these axes that has thousands of requests: its t statistic, in words too."""
        table = self.expected.over(*axes)
        rest = tuple(1 + at for at, name in enumerate(self.axes) if name not in axes)
        assert axes == tuple(
            name for name in self.axes if name in axes
        )  # in their order: nothing to transpose
        seen, seeds = self.logs.sum(axis=rest), len(self.logs)
        many = table["requests"] * seeds > 2000
        assert many.any()
        for cell in map(tuple, np.argwhere(many)):
            place = [self.expected.axes[axis][at] for axis, at in zip(axes, cell, strict=True)]
            for at, quantity in enumerate(QUANTITIES):
                logs, wanted = seen[(slice(None), *cell, at)], float(table.values[(*cell, at)])
                if wanted == 0:
                    assert not logs.any(), f"{quantity} of {place}: drawn, and not expected"
                    continue
                t = (logs.mean() - wanted) / (logs.std(ddof=1) / np.sqrt(seeds))
                yield abs(t), f"{quantity} of {place}: drawn {logs.mean() / wanted - 1:+.2%}, t = {t:.1f}"


ONE_MODEL = "models: {a/plain: {released: 2024-06-01, ability: 2.0, price_usd_per_mtok: 1.0}}\n"
DEMAND = [key for key, kind in MECHANISMS.items() if kind.__module__.startswith("sim.mechanisms.demand.")]
"""All causes of demand, also those that come later."""
SWITCHED = {"on": tuple(f"mechanisms.{key}=on" for key in DEMAND), "off": ()}


@pytest.fixture(scope="module", params=SWITCHED)
def compared(request) -> Comparison:
    return Comparison(worlds.play(EVERYTHING, *SWITCHED[request.param], users=500))


def assert_converges(compared: Comparison, *cuts: tuple[str, ...], least: int) -> None:
    """All drawn means by all these axes, at least so many, lie about what is expected."""
    found = [result for axes in cuts for result in compared.t_values(*axes)]
    assert len(found) >= least
    t, text = max(found)
    p = 2 * stats.t.sf(t, len(compared.logs) - 1)
    assert p * len(found) > FALSE_ALARM, f"{text}, p = {p:.1e}, the largest of {len(found)}"


def test_the_comparison_sees_all_that_can_happen(compared):
    table = compared.expected
    assert all(table.over()[name] > 1000 for name in ("requests", "tools_offered", "tool_calls"))
    assert (table.over("free")["requests"] > 1000).all()
    assert (table.over("model")["requests"] > 1000).all()
    for axis in ("category", "country", "language", "segment", "app", "own_key"):
        assert np.count_nonzero(table.over(axis)["requests"] > 1000) > 1


def test_the_mean_of_drawn_logs_converges_to_what_is_expected(compared):
    pairs = (("model", "free"), ("model", "category"), ("category", "segment"))
    assert_converges(compared, (), *((axis,) for axis in AXES), *pairs, least=400)


def test_a_shipped_world_has_nothing_that_is_not_expected():
    """Whatever traffic learns to do for the shipped worlds."""
    agents = run_agents(load_world(shipped("report-small"), users=400))
    compared = Comparison(agents, seeds=12, axes=("category", "free", "segment"))
    assert_converges(compared, (), ("category",), ("free",), ("segment",), least=80)


# --- exact -------------------------------------------------------------------------------------------------------


KEPT = {"BESIDE": Upgrade, "MULTIHOMED": Multihoming}


def plain_requests(agents: Agents) -> np.ndarray:
    """Mean requests by week and model, read off the scenario: spell by spell and day by day."""
    scenario, work, users = agents.world.scenario, agents.workloads, agents.users
    traffic, ramp = scenario.traffic, scenario.mechanisms[VolumeUnlock]
    offsets = [place.utc_offset_hours for place in scenario.population.countries.values()]
    weekday, hours = (np.array(shares) / np.mean(shares) for shares in (traffic.weekday, traffic.hours))
    season = scenario.daily(traffic.season)
    monday = scenario.start - dt.timedelta(days=scenario.start.weekday())
    weeks = (scenario.end - monday).days // 7 + 1
    sums = np.zeros((weeks, len(agents.world.catalogue.models)))
    kept = worlds.spells(agents).query("kind in ('BESIDE', 'MULTIHOMED')")
    for w, model, kind, start, end, since in zip(
        *(agents.spells[name].tolist() for name in ("workload", "model", "kind", "start", "end", "since")),
        strict=True,
    ):
        user = work.user[w]
        for day in range(start, min(end, scenario.days)):
            if not agents.market.up_history[day, model]:
                continue
            date = scenario.start + dt.timedelta(days=day)
            week = (date - monday).days // 7
            local = dt.datetime(date.year, date.month, date.day) + dt.timedelta(
                hours=offsets[users.country[user]]
            )
            clock = [local + dt.timedelta(hours=hour) for hour in range(24)]
            mean = (
                traffic.volume
                * season[day]
                * np.mean([weekday[at.weekday()] * hours[at.hour] for at in clock])
            )
            if kind not in (Kind.TRIAL, Kind.RIVAL):
                active = 1.0
                beside = (kept["workload"] == w) & (kept["start"] <= day) & (day < kept["end"])
                if beside.any():
                    (cause,) = {KEPT[of] for of in kept["kind"][beside]}
                    share = scenario.mechanisms[cause].beside_share
                    mean *= share if Kind(kind).name in KEPT else 1.0 - share
                if scenario.mechanisms[Intermittency].enabled:
                    of_week = scenario.population.activity.at(
                        np.datetime64(date - dt.timedelta(days=date.weekday()))
                    )
                    active = min(1.0, float(users.regularity[user]) * float(of_week))
                settled = work.pinned_model[w] >= 0
                unlocked = 1.0 if settled else ramp.ramp(np.array([day - since + 0.5]))[0]
                of_kind = scenario.workloads.categories[CATEGORIES[work.category[w]]].volume
                changes = not (settled or of_kind.is_constant)  # a constant is in the work's own volume
                demand = scenario.daily(of_kind)[day] if changes else 1.0
                mean *= float(work.requests_per_day[w]) * unlocked * active * demand
            else:
                mean *= scenario.workloads.trial_requests_per_day
                mean += np.exp(-mean) * (day == start)  # at least one request
            sums[week, model] += mean
    return sums


@pytest.mark.parametrize("switched", SWITCHED)
def test_expected_requests_are_the_plain_sum_over_spells_and_days(switched):
    agents = worlds.play(EVERYTHING, *SWITCHED[switched], users=25)
    plain = plain_requests(agents)
    slugs = [model.slug for model in agents.world.catalogue.models]
    assert {"UPGRADE", "BESIDE", "MULTIHOMED"} <= set(worlds.spells(agents)["kind"])
    table = expected(agents.traffic(), ("week", "model"))
    for name in table.axes["model"]:
        of_name = [slug.removesuffix(":free") == name for slug in slugs]
        found = table["requests"][:, table.axes["model"].index(name)]
        np.testing.assert_allclose(found, plain[:, of_name].sum(axis=1), rtol=1e-9)
    assert table.over()["requests"] > 500


FIXED = {
    "prompt_tokens": 4000.5, "prompt_sigma": 1e-9, "completion_tokens": 801.5, "completion_sigma": 1e-9,
    "cached_share": 0.25,
}  # fmt: skip
ENDINGS = {"cancelled_share": 0.25, "error_share": 0.1, "filter_share": 0.05, "length_stop_share": 0.2}


def fixed(folder, cached: float, **changes) -> Handmade:
    """Every workload is at home all of four weeks with 6 requests a day; all requests have the same lengths."""
    prices = [{"date": "2024-06-01", "prompt": 2.0, "completion": 5.0, "cached": cached}]
    model = {"released": "2024-06-01", "context_tokens": 2_000_000, "tools": True, "prices": prices}
    return handmade(scenario_file(folder, users=10, models={"acme/plain": model},
                                  workloads__categories={"programming": FIXED}, **changes))  # fmt: skip


def test_requests_of_fixed_lengths_are_counted_out(tmp_path):
    traffic = {**ENDINGS, "tool_call_share": 0.5, "tools_offered_share": {"programming": 0.4}}
    whole = expected(fixed(tmp_path, 0.5, traffic=traffic).traffic, ())
    n = 10 * 28 * 6.0
    called = 0.6 * 0.4 * 0.5  # neither cancelled nor failed nor filtered; offered; called
    completion = 0.65 * 801 + 0.25 * 400.25  # whole, and an even part of 801.5 rounded down
    wanted = {
        "requests": 1.0, "tokens_prompt": 4000, "tokens_cached": 999.5, "tokens_completion": completion,
        "tokens_reasoning": 0.0,
        "cost_usd": 1e-6 * (0.9 * (4000 - 999.5) * 2.0 + 0.9 * 999.5 * 0.5 + completion * 5.0),
        "tools_offered": 0.4, "tool_calls": called, "tool_call_tokens": called * 4801,
    }  # fmt: skip
    assert tuple(wanted) == tuple(QUANTITIES)
    for name, value in wanted.items():
        assert whole[name] == pytest.approx(n * value, rel=1e-6), name


def test_no_cache_without_a_discount_and_no_cost_on_a_bill_of_ones_own(tmp_path):
    whole = expected(fixed(tmp_path, 2.0, traffic={"cancelled_share": 0, "error_share": 0}).traffic, ())
    assert whole["tokens_cached"] == 0
    full = 1e-6 * (4000 * 2.0 + 801 * 5.0)
    assert whole["cost_usd"] == pytest.approx(1680 * full, rel=1e-6)
    own = fixed(tmp_path, 2.0, traffic={"cancelled_share": 0, "error_share": 0},
                population__segments__developer={"byok_share": 1.0})  # fmt: skip
    assert expected(own.traffic, ())["cost_usd"] == pytest.approx(1680 * full * BYOK_FEE, rel=1e-6)


def test_free_requests_cost_nothing_in_the_window_and_are_the_free_variant(tmp_path):
    window = {"event": "promotion", "date": "2025-01-13", "until": "2025-01-21", "model": "acme/plain"}
    made = fixed(tmp_path, 2.0, traffic={"cancelled_share": 0, "error_share": 0}, workloads__free_share=1.0,
                 calendar=[window])  # fmt: skip
    table = expected(made.traffic, ("week", "free"))
    np.testing.assert_allclose(table["requests"], 60 * np.array([[7, 0], [0, 7], [5, 2], [7, 0]]), rtol=1e-9)
    np.testing.assert_allclose(
        table["cost_usd"],
        table["requests"] * np.array([1.0, 0.0]) * 1e-6 * (4000 * 2.0 + 801 * 5.0),
        rtol=1e-6,
    )


@compiled
def mean_of_factors(table, draws, cap):  # type: ignore[no-untyped-def]
    """Over evenly spread draws: the mean of the factors up to a cap, and the share of those below it."""
    total, below = 0.0, 0
    for i in range(draws):
        drawn_factor = factor(table, 0, np.uint64((i + 0.5) * 2.0**32 / draws))
        total += min(drawn_factor, cap)
        below += drawn_factor < cap
    return total / draws, below / draws


@pytest.mark.parametrize("sigma", [0.3, 1.0, 1.6])
@pytest.mark.parametrize("cap", [0.02, 0.5, 1.0, 5.0, 40.0])
def test_the_law_of_factors_is_that_of_the_factors_drawn(sigma, cap):
    scenario = worlds.world(ONE_MODEL, f"workloads.categories.programming.prompt_sigma={sigma}").scenario
    table = factor_table(scenario)
    row = PROMPT + CATEGORIES.index("programming")
    alone = FactorTable(table.sigma[row : row + 1], table.quantile[row : row + 1])
    law = FactorLaw(alone, 0)
    mean, below = mean_of_factors(alone, 1 << 20, cap)
    found, chance = law.capped(np.array(cap))
    assert float(found) == pytest.approx(mean, rel=1e-6)
    assert float(chance) == pytest.approx(below, abs=2e-6)
    # Linear steps make the mean a little larger than the lognormal's.
    assert 0 <= law.mean / np.exp(sigma**2 / 2) - 1 < 0.002
    parts, means = law.parts()
    assert parts @ means == pytest.approx(law.mean, rel=1e-12)
    assert parts.sum() == pytest.approx(1.0, rel=1e-12)


# --- twins -------------------------------------------------------------------------------------------------------

TABLES = (tables.DayTable, tables.ModelTable, tables.KindTable, counts.Rates, counts.Volume)
COLUMNS = (
    {name for table in TABLES for name in table._fields} | set(tables.WORK.names) | set(tables.SPELL.names)
)
ONLY_DRAWN = {
    "hour_cdf", "hour_guide", "session_requests",  # when in the day
    "provider", "provider_from", "provider_to", "provider_cdf",  # who served it
    "first_token_ms", "tokens_per_second", "streamed",  # how fast
    "length_stop",  # another ending of the same tokens and cost
    "entity", "user_entity", "keys", "bursty", "bursts",  # which luck: a level's mean is 1
}  # fmt: skip
"""What changes nothing that is expected."""


def read_by(*sources: object) -> set[str]:
    """The columns of the traffic's tables that functions or files read; what they write into `out` does not count."""
    found = set()
    for source in sources:
        for node in ast.walk(ast.parse(inspect.getsource(source))):
            if isinstance(node, ast.Attribute) and not (
                isinstance(node.value, ast.Name) and node.value.id == "out"
            ):
                found.add(node.attr)
    return found & COLUMNS


def test_what_is_expected_hangs_on_all_that_the_draws_hang_on():
    """A column that only one of the twins reads is a change of one that is no change of the other."""
    drawn_from = read_by(records.fill, counts.count_weeks, counts._asked, counts._scale)
    stated_from = read_by(means, counts.expect_week, counts._asked, counts._scale, expectation)
    assert drawn_from - stated_from == ONLY_DRAWN, "sim/traffic/means.py or expect_week does not know of it"
    assert not ONLY_DRAWN & stated_from


# --- the table ---------------------------------------------------------------------------------------------------


def test_fewer_axes_are_sums_over_the_others_in_any_order():
    traffic = worlds.play(EVERYTHING, users=60).traffic()
    whole = expected(traffic, AXES)
    for axes in (MARKET, ("country", "week"), ("app",), ()):
        alone = expected(traffic, axes)
        assert tuple(alone.axes) == axes
        assert alone.values.shape == (*(len(names) for names in alone.axes.values()), len(QUANTITIES))
        np.testing.assert_allclose(alone.values, whole.over(*axes).values, rtol=1e-9)
    assert whole.axes["week"][0] == dt.date(2025, 1, 13)
    assert whole.axes["model"] == ("a/plain", "b/old", "c/brief", "d/famous", "b/new")
    assert (whole.axes["country"], whole.axes["segment"]) == (("US", "NZ"), ("everyone", "company"))


def test_users_stand_in_the_month_of_their_arrival_and_large_accounts_apart():
    traffic = worlds.play(EVERYTHING, users=60).traffic()
    by = expected(traffic, ("arrival", "week"))
    assert by.axes["arrival"] == (*(dt.date(2025, month, 1) for month in (1, 2, 3, 4)), None)
    requests = by["requests"]
    for at, month in enumerate(by.axes["arrival"][:-1]):
        weeks_before = [monday + dt.timedelta(days=6) < month for monday in by.axes["week"]]
        assert requests[at].sum() > 0 and not requests[at][weeks_before].any()
    # An account touches nobody: what users do is the same without it.
    account = EVERYTHING.index("  - {event: large_account"), EVERYTHING.index("  - {event: promotion")
    alone = worlds.play(EVERYTHING[: account[0]] + EVERYTHING[account[1] :], users=60).traffic()
    assert requests[-1].sum() > 0
    assert requests[:-1].sum() == pytest.approx(expected(alone)["requests"].sum())


@pytest.mark.parametrize(("axes", "fault"), [
    (("week", "modle"), "unknown axis modle: there are week, model,"),
    (("week", "week"), "an axis is named twice: week, week"),
])  # fmt: skip
def test_axes_that_cannot_be_are_refused(axes, fault):
    with pytest.raises(ValueError, match=fault):
        expected(worlds.play(ONE_MODEL, users=2).traffic(), axes)


def test_a_table_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(expectation, "MOST_BYTES", 10_000)
    with pytest.raises(ValueError, match="ask for fewer axes"):
        expected(worlds.play(EVERYTHING, users=2).traffic(), AXES)


def test_a_world_in_which_nobody_finds_anything_expects_nothing():
    table = expected(
        worlds.play(ONE_MODEL, "workloads.willingness_to_pay_usd_per_mtok=0.001", users=20).traffic()
    )
    assert table.values.shape == (15, 1, 12, 2, len(QUANTITIES))
    assert not table.values.any()
