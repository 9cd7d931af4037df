"""Requests made of spells: when, how much, how it ended, what it cost, and that each record stands alone.

Spells are set by hand here, so that the laws of the log can be read off the scenario. Rates of error: see
`tests.laws`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import sim.traffic.blocks as traffic_module
from analysis.contract import CATEGORIES, FINISH_REASONS
from sim.agents.population import build_population
from sim.agents.spells import Kind
from sim.traffic.records import BYOK_FEE, Records
from sim.world import load_world
from tests.laws import (
    assert_law,
    assert_mean,
    assert_poisson,
    assert_share,
    assert_shares,
    assert_total,
)
from tests.sim.traffic_world import Handmade, handmade, records_frame, scenario_file

HOURS = [0.65, 0.45, 0.32, 0.25, 0.22, 0.25, 0.35, 0.55, 0.85, 1.15, 1.35, 1.4,
         1.3, 1.35, 1.45, 1.45, 1.4, 1.3, 1.25, 1.3, 1.35, 1.3, 1.15, 0.9]  # fmt: skip
WEEKDAYS = [1.3, 1.1, 1.2, 1.0, 0.9, 0.5, 0.4]
ONLY_MODEL = "acme/plain"


def whole(value: pd.Series) -> pd.Series:
    """Counts that were rounded down, moved to the middle of what they stand for."""
    return value + 0.5


# --- when ------------------------------------------------------------------------------------------------------


def zones(*offsets: int) -> dict[str, dict]:
    return {f"Z{o}": {"continent": "Europe", "share": 1, "utc_offset_hours": o} for o in offsets}


def local_times(made: Handmade) -> pd.DataFrame:
    """Each record's zone (hours), local weekday (Monday 0) and local hour."""
    frame = made.frame()
    offsets = np.array([c.utc_offset_hours for c in made.world.scenario.population.countries.values()])
    zone = offsets[made.users.country[frame["user"]]]
    local = frame["moment"] + pd.to_timedelta(zone, unit="h")
    return pd.DataFrame(
        {"zone": zone, "weekday": local.dt.day_of_week, "hour": local.dt.hour, "moment": local}
    )


def test_the_weekday_is_the_users_own_at_midnight_in_every_zone(tmp_path):
    """Volume at Monday 01:00 alone: nothing may come at any other local hour, on either side of the date line."""
    one = [0.0] * 24
    one[1] = 1.0
    every = range(-12, 15)
    file = scenario_file(tmp_path, users=400, population__countries={"GB": None, **zones(*every)},
                         traffic={"weekday": [1, 0, 0, 0, 0, 0, 0], "hours": one})  # fmt: skip
    times = local_times(handmade(file))
    assert set(times["zone"]) == set(every)
    assert set(times["weekday"]) == {0}
    assert set(times["hour"]) == {1}
    # and each zone has all of the week's volume
    weeks = 4
    assert_total(len(times), 400 * 6.0 * 7 * weeks)


@pytest.mark.parametrize("offset", [-11, -3, 0, 5, 14])
def test_weekdays_and_hours_are_the_scenarios_in_local_time(tmp_path, offset):
    file = scenario_file(tmp_path, users=400, population__countries={"GB": None, **zones(offset)},
                         traffic={"weekday": WEEKDAYS, "hours": HOURS})  # fmt: skip
    times = local_times(handmade(file))
    counts = times.groupby(["weekday", "hour"]).size().unstack(fill_value=0).to_numpy()
    assert counts.shape == (7, 24)
    assert_shares(counts, np.outer(WEEKDAYS, HOURS))


def test_times_inside_an_hour_are_even_to_the_millisecond(tmp_path):
    made = handmade(scenario_file(tmp_path))
    millis = made.frame()["day_millis"].to_numpy()
    inside = (millis % 3_600_000 + 0.5) / 3_600_000
    assert_law(inside, stats.uniform.cdf)
    assert_shares(np.bincount(millis % 10, minlength=10), np.ones(10))


def test_a_world_that_starts_in_the_middle_of_a_week_keeps_its_weekdays(tmp_path):
    file = scenario_file(tmp_path, start="2025-01-09", end="2025-02-05",
                         traffic={"weekday": WEEKDAYS})  # fmt: skip
    made = handmade(file)
    days = made.frame()["moment"].dt.day_of_week
    assert_shares(np.bincount(days, minlength=7), WEEKDAYS)
    weeks = made.traffic.weeks()
    assert weeks[0] == (dt.date(2025, 1, 6), 0, 4)
    assert weeks[-1] == (dt.date(2025, 2, 3), 25, 28)
    assert [(w[0] - weeks[0][0]).days for w in weeks] == [7 * i for i in range(5)]


def test_volume_follows_the_season_and_the_scale(tmp_path):
    file = scenario_file(tmp_path, traffic={"season": {"2025-01-06": 0.5, "2025-02-02": 2.0}, "volume": 3.0})
    made = handmade(file)
    daily = np.bincount(made.frame()["day"], minlength=28)
    expected = 200 * 6.0 * 3.0 * np.linspace(0.5, 2.0, 28)
    assert_total(int(daily.sum()), float(expected.sum()))
    assert_shares(daily, expected)


@pytest.mark.parametrize("mean", [0.3, 6.0, 55.0, 90.0])
def test_a_days_requests_are_poisson_counts(tmp_path, mean):
    users = 300 if mean < 10 else 60
    made = handmade(scenario_file(tmp_path, users=users, workloads__requests_per_day=mean))
    frame = made.frame()
    counts = np.bincount(frame["workload"] * 28 + frame["day"], minlength=users * 28)
    assert_poisson(counts, mean)
    if mean < 10:
        most = int(stats.poisson.isf(0.005, mean))
        law = stats.poisson.pmf(np.arange(most), mean)
        seen = np.bincount(np.minimum(counts, most), minlength=most + 1)
        assert_shares(seen, [*law, 1 - law.sum()])


def test_requests_come_in_sittings_of_one_user_and_day(tmp_path):
    file = scenario_file(tmp_path, users=40, workloads__requests_per_day=40,
                         workloads__categories={"programming": {"session_requests": 8}})  # fmt: skip
    frame = handmade(file).frame()
    sittings = frame.groupby("session")
    assert (sittings[["workload", "day", "model"]].nunique() == 1).all().all()
    sizes = sittings.size()
    assert 7.5 < sizes.mean() < 8.5
    hours = sittings["day_millis"].agg(lambda at: (at.max() - at.min()) / 3_600_000)
    assert hours.mean() < 0.5
    order = frame.sort_values(["session", "day_millis"])
    gaps = order["day_millis"].diff()[order["session"] == order["session"].shift()] / 1000
    assert 60 < gaps.mean() < 90


def test_volume_ramps_up_after_embedding(tmp_path):
    """Mean requests by tenure: full volume x (1 - (1 - start) exp(-(tenure + 1/2) / ramp))."""
    ramp = {"enabled": "on", "start_share": 0.2, "ramp_days": 10}
    file = scenario_file(tmp_path, users=400, mechanisms__volume_unlock=ramp)
    homes = pd.DataFrame({"workload": np.arange(400), "slug": ONLY_MODEL, "kind": int(Kind.HOME),
                          "start": np.arange(400) % 7, "end": 28})  # fmt: skip
    made = handmade(file, homes)
    frame = made.frame()
    tenure = frame["day"] - frame["workload"] % 7
    daily = np.bincount(tenure, minlength=28)[:21]
    expected = 400 * 6.0 * (1 - 0.8 * np.exp(-(np.arange(21) + 0.5) / 10))
    assert_shares(daily, expected)
    assert_total(int(daily.sum()), float(expected.sum()))
    # a home that was silent for a while goes on from its embedding, not from its return
    returned = homes.assign(since=homes["start"] - 200)
    daily = np.bincount(handmade(file, returned).frame()["day"], minlength=28)[7:]
    assert_total(int(daily.sum()), 21 * 400 * 6.0)


def test_irregular_users_skip_whole_weeks_with_all_their_homes(tmp_path):
    developer = {"regularity": {"uniform": {"low": 0.2, "high": 0.9}}, "workloads": 2.5}
    file = scenario_file(tmp_path, users=1500, end="2025-03-02", workloads__requests_per_day=2.0,
                         mechanisms__intermittency="on", population__segments__developer=developer)  # fmt: skip
    made = handmade(file)
    frame = made.frame()
    # A home of an active week has Poisson(14) requests: one in a million has none.
    by_work = np.zeros((len(made.workloads), 8), dtype=bool)
    by_work[frame["workload"], frame["day"] // 7] = True
    by_user = np.zeros((1500, 8), dtype=bool)
    by_user[frame["user"], frame["day"] // 7] = True
    assert (by_work == by_user[made.workloads.user]).mean() > 0.9999
    # Weeks are independent: active weeks are binomial counts with the user's own chance.
    regularity = made.users.regularity
    chance = np.array([stats.binom.pmf(k, 8, regularity) for k in range(9)])
    assert_shares(np.bincount(by_user.sum(axis=1), minlength=9), chance.sum(axis=1))
    for rows in (regularity < 0.4, regularity > 0.7):
        assert_mean(by_user[rows].mean(axis=1) - regularity[rows], 0.0)
    # And users rest apart from their neighbours.
    surprise = by_user - regularity[:, None]
    assert_mean((surprise[::2] * surprise[1::2]).ravel(), 0.0)


def test_trials_go_on_in_weeks_of_rest(tmp_path):
    """A trial is at least one request, on its first day, however low the rate and however rarely its user comes."""
    file = scenario_file(tmp_path, users=300, mechanisms__intermittency="on", population__segments__developer={
        "regularity": 0.0}, workloads__trial_requests_per_day=1e-9)  # fmt: skip
    for kind in (Kind.TRIAL, Kind.RIVAL):
        trials = pd.DataFrame({"workload": np.arange(300), "slug": ONLY_MODEL, "kind": int(kind),
                               "start": np.arange(300) % 25, "end": np.arange(300) % 25 + 3})  # fmt: skip
        frame = handmade(file, trials).frame()
        assert sorted(frame["workload"]) == list(range(300))
        assert (frame["day"] == frame["workload"] % 25).all()
    assert len(handmade(file).frame()) == 0  # and homes of users who never come are silent


def test_trials_have_their_own_rate(tmp_path):
    file = scenario_file(tmp_path, users=300, workloads__trial_requests_per_day=2.0)
    trials = pd.DataFrame({"workload": np.arange(300), "slug": ONLY_MODEL, "kind": int(Kind.TRIAL),
                           "start": 0, "end": 21})  # fmt: skip
    frame = handmade(file, trials).frame()
    later = frame[frame["day"] > 0]
    assert_poisson(np.bincount(later["workload"] * 20 + later["day"] - 1, minlength=6000), 2.0)
    first = np.bincount(frame.loc[frame["day"] == 0, "workload"], minlength=300)
    assert first.min() == 1
    assert_mean(first, 2.0 + np.exp(-2.0))


def test_nothing_comes_outside_spells_and_lives_or_in_outages(tmp_path):
    """Where a spell lasts beyond its model's life, the model still answers on the days of its life alone."""
    late = {"released": "2025-01-10", "retired": "2025-01-30", "price_usd_per_mtok": 1.0}
    outage = {"event": "outage", "date": "2025-01-15", "days": 3, "model": "acme/late"}
    file = scenario_file(
        tmp_path, users=20, models={"acme/late": late}, calendar=[outage], workloads__requests_per_day=40
    )
    days = set(handmade(file, model="acme/late").frame()["day"])
    assert days == set(range(4, 24)) - {9, 10, 11}
    parts = pd.DataFrame({"workload": [3, 3, 7], "slug": ONLY_MODEL, "kind": int(Kind.HOME),
                          "start": [2, 20, 0], "end": [5, 24, 28]})  # fmt: skip
    frame = handmade(file, parts).frame()
    assert set(frame["workload"]) == {3, 7}
    assert set(frame.loc[frame["workload"] == 3, "day"]) == {2, 3, 4, 20, 21, 22, 23}


# --- how much --------------------------------------------------------------------------------------------------

KINDS = {
    "programming": {"share": 1, "prompt_tokens": {"2025-01-06": 1000, "2025-02-02": 8000}, "prompt_sigma": 1.0,
                    "completion_tokens": 900, "completion_sigma": 0.7, "cached_share": 0.55},
    "roleplay": {"share": 1, "prompt_tokens": 3000, "prompt_sigma": 0.4,
                 "completion_tokens": {"2025-01-06": 2000, "2025-02-02": 500}, "completion_sigma": 0.9,
                 "cached_share": 0.25},
}  # fmt: skip


def in_category(frame: pd.DataFrame, category: str) -> pd.DataFrame:
    return frame[frame["category"] == CATEGORIES.index(category)]


@pytest.fixture(scope="module")
def lengths(tmp_path_factory):
    """Records of two kinds of work without cancelled or failed ones."""
    file = scenario_file(tmp_path_factory.mktemp("lengths"), users=300, workloads__categories=KINDS,
                         traffic={"cancelled_share": 0, "error_share": 0})  # fmt: skip
    made = handmade(file)
    return made.world.scenario, made.frame()


@pytest.mark.parametrize("category", KINDS)
@pytest.mark.parametrize("part", ["prompt", "completion"])
def test_lengths_are_lognormal_around_the_median_of_category_and_date(lengths, category, part):
    scenario, frame = lengths
    rows = in_category(frame, category)
    kind = scenario.workloads.categories[category]
    column, sigma = {"prompt": ("tokens_prompt", kind.prompt_sigma),
                     "completion": ("visible", kind.completion_sigma)}[part]  # fmt: skip
    median = scenario.daily(getattr(kind, f"{part}_tokens"), geometric=True)
    z = np.log(whole(rows[column]) / median[rows["day"]]) / sigma
    assert len(z) > 10_000
    inside = z[rows[column] < 32_000] if part == "completion" else z
    assert_law(inside, stats.norm.cdf)
    assert_mean(inside, 0.0)
    assert_mean(inside**2, 1.0)


def test_lengths_take_every_value(lengths):
    """Not the few of a coarse table: 3000 tokens with a spread of 0.4 are some thousands of different numbers."""
    _, frame = lengths
    assert in_category(frame, "roleplay")["tokens_prompt"].nunique() > 4000


def test_mean_lengths_grow_as_the_timeline_says(lengths):
    """Half-way between 1000 and 8000 the median has grown by the root of 8, and the mean with it."""
    _, frame = lengths
    prompts = in_category(frame, "programming").groupby("day")["tokens_prompt"]
    first, middle, last = (prompts.get_group(day).mean() for day in (0, 13, 27))
    assert last / first == pytest.approx(8.0, rel=0.15)
    assert middle / first == pytest.approx(8 ** (13 / 27), rel=0.15)
    replies = in_category(frame, "roleplay").groupby("day")["visible"].mean()
    assert replies[27] / replies[0] == pytest.approx(0.25, rel=0.15)


def test_prompts_fit_into_the_context_window_and_every_request_has_tokens(tmp_path):
    file = scenario_file(tmp_path, models={ONLY_MODEL: {"context_tokens": 8000}},
                         workloads__categories__programming={"prompt_sigma": 3.0, "completion_sigma": 3.0})  # fmt: skip
    frame = handmade(file).frame()
    assert frame["tokens_prompt"].max() == 7200
    assert frame["tokens_prompt"].min() >= 1
    assert frame["visible"].max() == 32_000
    answered = frame[frame["finish"] == FINISH_REASONS.index("stop")]
    assert answered["tokens_completion"].min() >= 1


MODELS = {
    "acme/plain": None,
    "acme/none": {"released": "2024-06-01", "context_tokens": 2_000_000, "reasoning": "none",
                  "prices": [{"date": "2024-06-01", "prompt": 0.3, "completion": 1.2}]},
    "acme/hybrid": {"released": "2024-06-01", "context_tokens": 2_000_000, "reasoning": "hybrid", "tools": True,
                    "prices": [{"date": "2024-06-01", "prompt": 0.2, "completion": 1.5, "cached": 0.02},
                               {"date": "2025-01-20", "prompt": 0.1, "completion": 0.7, "cached": 0.01}]},
    "acme/always": {"released": "2024-06-01", "context_tokens": 2_000_000, "reasoning": "always", "tools": False,
                    "open_weights": True, "params_total_b": 30,
                    "prices": [{"date": "2024-06-01", "prompt": 3.0, "completion": 15.0, "cached": 3.0}]},
}  # fmt: skip
RATES = {"cancelled_share": 0.06, "error_share": 0.04, "filter_share": 0.03, "length_stop_share": 0.08,
         "streamed_share": 0.65, "hybrid_reasoning_share": 0.35,
         "reasoning_completion_factor": {"2025-01-06": 0.5, "2025-02-02": 2.5},
         "tool_call_share": {"2025-01-06": 0.2, "2025-02-02": 0.6},
         "tools_offered_share": {"programming": {"2025-01-06": 0.1, "2025-02-02": 0.7}}}  # fmt: skip

MIXED = {"users": 900, "models": MODELS, "traffic": RATES,
         "workloads__categories": {**KINDS, "roleplay": {**KINDS["roleplay"], "needs_tools": 0.3}},
         "population__segments__developer": {"byok_share": 0.3}}  # fmt: skip


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Three models, each with a third of the workloads; two kinds of work; every rate is its own."""
    file = scenario_file(tmp_path_factory.mktemp("mixed"), **MIXED)
    slugs = np.array(["acme/none", "acme/hybrid", "acme/always"])
    homes = pd.DataFrame({"workload": np.arange(900), "slug": slugs[np.arange(900) % 3], "kind": int(Kind.HOME),
                          "start": 0, "end": 28})  # fmt: skip
    made = handmade(file, homes)
    return made, made.frame()


def of_model(frame: pd.DataFrame, slug: str) -> pd.DataFrame:
    return frame[frame["slug"] == slug]


def finished(frame: pd.DataFrame, *reasons: str) -> pd.DataFrame:
    codes = [FINISH_REASONS.index(r) for r in reasons]
    return frame[frame["finish"].isin(codes)]


def test_prompt_tokens_are_read_from_a_cache_only_where_it_is_cheaper(mixed):
    _, frame = mixed
    assert (of_model(frame, "acme/none")["tokens_cached"] == 0).all()  # no price for cached tokens
    assert (of_model(frame, "acme/always")["tokens_cached"] == 0).all()  # the same price as other tokens
    rows = of_model(frame, "acme/hybrid")
    assert (rows["tokens_cached"] <= rows["tokens_prompt"]).all()
    for category, kind in KINDS.items():
        of_kind = in_category(rows, category)
        assert_mean(whole(of_kind["tokens_cached"]) / of_kind["tokens_prompt"], kind["cached_share"])


def test_reasoning_is_on_reasoning_models_alone_and_has_the_scenarios_mean_factor(mixed):
    made, frame = mixed
    factor = made.world.scenario.daily(made.world.scenario.traffic.reasoning_completion_factor)
    answered = finished(frame, "stop", "length", "tool_calls")
    answered = answered[answered["visible"] < 30_000]
    assert (of_model(frame, "acme/none")["tokens_reasoning"] == 0).all()
    always, hybrid = of_model(answered, "acme/always"), of_model(answered, "acme/hybrid")
    assert_share(hybrid["tokens_reasoning"] > 0, 0.35)
    assert (always["tokens_reasoning"] > 0).mean() > 0.999  # a few round down to none
    for rows in (always, hybrid[hybrid["tokens_reasoning"] > 0]):
        ratio = whole(rows["tokens_reasoning"]) / whole(rows["visible"])
        assert_mean(ratio / factor[rows["day"]], 1.0)
        first, last = ratio[rows["day"] < 4].mean(), ratio[rows["day"] >= 24].mean()
        assert last / first == pytest.approx(factor[24:].mean() / factor[:4].mean(), rel=0.15)


# --- how it ended ----------------------------------------------------------------------------------------------


def test_requests_end_for_the_scenarios_reasons(mixed):
    """Without tools: cancelled, error, content filter and length limit have the stated shares of all requests."""
    _, frame = mixed
    rows = of_model(frame, "acme/always")
    counts = np.bincount(rows["finish"], minlength=6)
    by_name = dict(zip((*FINISH_REASONS, "none"), counts, strict=True))
    assert by_name["tool_calls"] == 0
    assert_shares([by_name[r] for r in ("none", "error", "content_filter", "length", "stop")],
                  [0.06, 0.04, 0.03, 0.08, 0.79])  # fmt: skip


def test_tools_are_offered_by_category_and_date_and_always_where_work_needs_them(mixed):
    made, frame = mixed
    assert not of_model(frame, "acme/always")["tools_offered"].any()
    rows = of_model(frame, "acme/hybrid")
    needs = made.workloads.needs_tools[rows["workload"]]
    assert rows.loc[needs, "tools_offered"].all()
    assert 0 < needs.mean() < 0.4
    rest = rows[~needs]
    assert not in_category(rest, "roleplay")["tools_offered"].any()
    programming = in_category(rest, "programming")
    share = np.linspace(0.1, 0.7, 28)
    assert_mean(programming["tools_offered"] - share[programming["day"]], 0.0)
    assert_mean(programming.loc[programming["day"] < 7, "tools_offered"]
                - share[programming.loc[programming["day"] < 7, "day"]], 0.0)  # fmt: skip


def test_tools_are_called_only_if_offered_at_the_scenarios_rate(mixed):
    _, frame = mixed
    called = frame["finish"] == FINISH_REASONS.index("tool_calls")
    assert frame.loc[called, "tools_offered"].all()
    answered = finished(frame, "stop", "length", "tool_calls")
    offered = answered[answered["tools_offered"]]
    share = np.linspace(0.2, 0.6, 28)
    hit = offered["finish"] == FINISH_REASONS.index("tool_calls")
    assert_mean(hit - share[offered["day"]], 0.0)
    for part in (offered["day"] < 7, offered["day"] >= 21):
        assert_mean(hit[part] - share[offered.loc[part, "day"]], 0.0)


def test_a_large_accounts_tool_call_share_is_its_own(tmp_path):
    event = {"event": "large_account", "date": "2025-01-08", "model": ONLY_MODEL, "users": 5,
             "requests_per_day": 200, "tool_call_share": 0.9}  # fmt: skip
    file = scenario_file(
        tmp_path, users=50, calendar=[event], models={ONLY_MODEL: {"tools": True}},
        traffic={"tools_offered_share": {"programming": 1.0}, "tool_call_share": 0.1},
    )  # fmt: skip
    frame = finished(handmade(file).frame(), "stop", "length", "tool_calls")
    called = frame["finish"] == FINISH_REASONS.index("tool_calls")
    assert_share(called[frame["user"] >= 50], 0.9)
    assert_share(called[frame["user"] < 50], 0.1)


def test_a_large_account_comes_with_its_full_volume(tmp_path):
    """The volume of other work unlocks with a time constant of twenty days; an account's is there on its first day."""
    event = {
        "event": "large_account",
        "date": "2025-01-08",
        "model": ONLY_MODEL,
        "users": 5,
        "requests_per_day": 200,
    }
    file = scenario_file(tmp_path, users=50, calendar=[event], mechanisms__volume_unlock="on")
    frame = handmade(file).frame()
    account, first = frame["user"] >= 50, frame["day"].between(2, 4)
    assert_total(int((account & first).sum()), 3 * 200)
    ramp = 1 - 0.7 * np.exp(-np.arange(2, 5) / 20)
    assert_total(int((~account & first).sum()), 50 * 6.0 * ramp.sum())


def test_cancelled_requests_have_a_part_of_their_tokens_and_failed_ones_none(mixed):
    _, frame = mixed
    cancelled = frame[frame["finish"] == len(FINISH_REASONS)]
    failed, whole_ones = finished(frame, "error"), finished(frame, "stop", "length")
    assert (failed["tokens_completion"] == 0).all()
    assert (failed["tokens_prompt"] > 0).all()
    for slug in ("acme/none", "acme/always"):
        part = of_model(cancelled, slug)["tokens_completion"].mean()
        assert part / of_model(whole_ones, slug)["tokens_completion"].mean() == pytest.approx(0.5, abs=0.1)


def test_streamed_share_and_latencies(mixed):
    _, frame = mixed
    assert_share(frame["streamed"], 0.65)
    assert (frame["first_token_ms"] > 0).all()
    assert (frame["generation_ms"] >= frame["first_token_ms"]).all()
    longer = frame["tokens_completion"] > 2000
    assert frame.loc[longer, "generation_ms"].median() > 2 * frame.loc[~longer, "generation_ms"].median()


def test_providers_serve_their_shares_at_their_speed(mixed):
    made, frame = mixed
    for slug in ("acme/hybrid", "acme/always"):
        hosts = made.world.catalogue.providers_for(slug)
        rows = of_model(frame, slug)
        name = np.array(made.traffic.providers)[rows["provider"]]
        assert set(name) == {h.name for h in hosts}
        if len(hosts) == 1:
            continue
        merged = pd.Series([h.weight for h in hosts]).groupby([h.name for h in hosts]).sum()
        assert_shares([(name == n).sum() for n in merged.index], merged)
        pace = (
            rows["tokens_completion"] / (rows["generation_ms"] - rows["first_token_ms"]).clip(lower=1) * 1000
        )
        long = rows["tokens_completion"] > 500
        for host in hosts:
            seen = pace[long & (name == host.name)]
            assert seen.median() == pytest.approx(host.tokens_per_second, rel=0.1)
    assert len(made.world.catalogue.providers_for("acme/always")) > 1  # the pool of open models


# --- what it cost ----------------------------------------------------------------------------------------------


def charge(prompt, cached, completion, price):
    """USD at prices per million: cached tokens are a part of the prompt, reasoning a part of the completion."""
    p_in, p_out, p_cached = price
    return ((prompt - cached) * p_in + cached * p_cached + completion * p_out) * 1e-6


def test_golden_cost():
    """A published response of a real gateway: grok-code-fast-1, 135 of the 161 completion tokens were reasoning."""
    assert charge(395, 192, 161, (0.2, 1.5, 0.02)) == pytest.approx(0.00028594, rel=1e-12)


def list_charge(made: Handmade, rows: pd.DataFrame) -> np.ndarray:
    """Cost of each record at the list price of its model and day."""
    start, catalogue = made.world.scenario.start, made.world.catalogue
    prices = {}
    for slug, day in set(zip(rows["slug"], rows["day"], strict=True)):
        point = catalogue.price_on(slug, start + dt.timedelta(days=day))
        cached = point.prompt if point.cached is None else point.cached
        prices[slug, day] = (point.prompt, point.completion, cached)
    of_row = np.array([prices[key] for key in zip(rows["slug"], rows["day"], strict=True)])
    return charge(
        rows["tokens_prompt"], rows["tokens_cached"], rows["tokens_completion"], of_row.T
    ).to_numpy()


def test_every_record_costs_the_price_in_force_on_its_day(mixed):
    made, frame = mixed
    expected = list_charge(made, frame)
    failed = frame["finish"] == FINISH_REASONS.index("error")
    byok = made.users.byok[frame["user"]]
    assert_share(made.users.byok, 0.3)
    expected = np.where(failed, 0.0, np.where(byok, BYOK_FEE * expected, expected))
    np.testing.assert_allclose(frame["cost"], expected, rtol=1e-12)
    assert (frame.loc[~failed, "cost"] > 0).all()
    # the cut of 20 January is in: the same tokens cost half from that day on
    rows = of_model(frame[~failed & ~byok], "acme/hybrid")
    unit = rows["cost"] / charge(
        rows["tokens_prompt"], rows["tokens_cached"], rows["tokens_completion"], (2, 15, 0.2)
    )
    assert unit[rows["day"] < 14].max() == pytest.approx(0.1)
    assert unit[rows["day"] >= 14].max() < 0.0501


def test_a_price_change_of_the_calendar_holds_from_its_day(tmp_path):
    change = {"event": "price_change", "model": ONLY_MODEL}
    events = [{**change, "date": "2025-01-16", "factor": 0.25},
              {**change, "date": "2025-01-26", "prompt": 2, "completion": 3}]  # fmt: skip
    frame = handmade(scenario_file(tmp_path, calendar=events, traffic={"error_share": 0})).frame()
    tokens = frame[["tokens_prompt", "tokens_completion"]].to_numpy().T
    for days, price in ((range(10), (1, 4)), (range(10, 20), (0.25, 1)), (range(20, 28), (2, 3))):
        rows = frame["day"].isin(days).to_numpy()
        expected = charge(tokens[0][rows], 0, tokens[1][rows], (*price, 0))
        np.testing.assert_allclose(frame.loc[rows, "cost"], expected, rtol=1e-12)


def test_the_free_variant_costs_nothing_while_its_window_is_open_for_those_who_take_it(tmp_path):
    file = scenario_file(tmp_path, users=400, models={ONLY_MODEL: {"free": [["2025-01-13", "2025-01-19"]]}},
                         workloads__free_share=0.4, traffic={"error_share": 0})  # fmt: skip
    made = handmade(file)
    frame = made.frame()
    takes = made.workloads.accepts_free
    assert_share(takes, 0.4)
    in_window = frame["day"].between(7, 13)
    assert (frame["free"] == (in_window & takes[frame["workload"]])).all()
    assert (frame.loc[frame["free"], "cost"] == 0).all()
    np.testing.assert_allclose(frame.loc[~frame["free"], "cost"], list_charge(made, frame[~frame["free"]]))


# --- each record stands alone ----------------------------------------------------------------------------------


def same(a: pd.DataFrame, b: pd.DataFrame) -> bool:
    return a.reset_index(drop=True).equals(b.reset_index(drop=True))


def test_keys_are_unique(mixed):
    _, frame = mixed
    assert frame["key"].is_unique
    assert not frame["key"].isin(frame["session"]).any()


def test_blocks_can_be_made_in_any_order(monkeypatch, mixed):
    made, frame = mixed
    monkeypatch.setattr(traffic_module, "BLOCK_USERS", 256)
    traffic = again(made).traffic
    tasks = list(traffic.tasks())
    assert len(tasks) == 4 * 4
    alone = records_frame(again(made).traffic, *tasks[9])
    first = {task: records_frame(traffic, *task) for task in reversed(tasks)}
    second = {task: records_frame(traffic, *task) for task in tasks}
    assert all(same(first[task], second[task]) for task in tasks)
    assert same(alone, first[tasks[9]])
    assert sum(map(len, first.values())) == len(frame)


def again(made: Handmade) -> Handmade:
    """The same world with traffic made anew, with the present size of blocks."""
    traffic = traffic_module.Traffic(
        made.world.scenario, made.world.catalogue, made.market, made.users, made.workloads, made.traffic.spells,
        made.world.draws,
    )  # fmt: skip
    return Handmade(made.world, made.users, made.workloads, made.market, traffic)


@pytest.mark.parametrize(("users", "size"), [(40, 1), (300, 29), (300, 299), (300, 300), (300, 301)])
def test_the_size_of_a_block_changes_no_record(monkeypatch, tmp_path, users, size):
    file = scenario_file(tmp_path, users=users, workloads__requests_per_day=1.5,
                         mechanisms__intermittency="on",
                         population__segments__developer={"workloads": 2.0, "regularity": 0.6})  # fmt: skip
    made = handmade(file)
    expected = made.frame().sort_values("key", ignore_index=True)
    monkeypatch.setattr(traffic_module, "BLOCK_USERS", size)
    other = again(made)
    assert other.traffic.blocks == -(-users // size)
    found = other.frame()
    assert (np.diff(found.loc[found["day"] < 7, "user"]) >= 0).all()  # files stay ordered by user
    pd.testing.assert_frame_equal(found.sort_values("key", ignore_index=True), expected)


def test_a_record_depends_on_its_workload_and_day_alone(mixed, tmp_path):
    """Other spells, of other workloads or days, may come and go."""
    _, frame = mixed
    columns = [f.name for f in fields(Records) if f.name not in ("model", "provider")]
    kept = pd.DataFrame({"workload": [41, 404], "slug": ["acme/always", "acme/always"], "kind": int(Kind.HOME),
                         "start": [10, 0], "end": [13, 28], "since": 0})  # fmt: skip
    file = scenario_file(tmp_path, **MIXED)
    few = handmade(file, kept).frame()
    assert set(few["workload"]) == {41, 404}
    expected = frame[(frame["workload"] == 404) | (frame["workload"].eq(41) & frame["day"].between(10, 12))]
    assert same(few[columns], expected[columns])


def test_more_users_change_no_others_requests(tmp_path):
    small = handmade(scenario_file(tmp_path, users=100, mechanisms__intermittency="on"))
    large = handmade(scenario_file(tmp_path, users=101, mechanisms__intermittency="on"))
    frame = large.frame()
    assert (frame["user"] == 100).any()
    assert same(frame[frame["user"] < 100], small.frame())


def test_another_start_of_the_world_keeps_active_weeks(tmp_path):
    """A user's weeks of rest belong to the calendar, not to the world's first day."""
    changes = {"mechanisms__intermittency": "on", "population__segments__developer": {"regularity": 0.5}}
    early = handmade(scenario_file(tmp_path, **changes)).frame()
    late = handmade(scenario_file(tmp_path, start="2025-01-13", **changes)).frame()

    def active(frame: pd.DataFrame) -> set:
        weeks = frame["moment"].dt.to_period("W-SUN")
        return {pair for pair in zip(frame["user"], weeks, strict=True) if str(pair[1]) > "2025-01-13"}

    assert active(early) == active(late)


def test_another_seed_is_another_log(tmp_path):
    one = handmade(scenario_file(tmp_path, seed=1)).frame()
    two = handmade(scenario_file(tmp_path, seed=2)).frame()
    assert not np.intersect1d(one["key"], two["key"]).size
    assert len(one) != len(two)


def test_shares_of_countries_and_languages_are_the_scenarios(tmp_path):
    """Everybody works alike here, so that shares of requests are shares of users."""
    countries = {"GB": None,
                 "US": {"continent": "North America", "share": 5, "languages": {"en": 8, "es": 2}},
                 "JP": {"continent": "Asia", "share": 3, "languages": {"ja": 6, "en": 4}},
                 "DE": {"continent": "Europe", "share": 2, "languages": {"de": 1}}}  # fmt: skip
    segments = {"developer": {"share": 3, "users_per_account": 1},
                "company": {"share": 1, "life_days": 5000, "regularity": 1.0, "price_sensitivity": 1.0,
                            "curiosity": 1.0, "volume": 2.0}}  # fmt: skip
    file = scenario_file(tmp_path, users=20_000, start="2025-01-06", end="2025-01-12",
                         workloads__requests_per_day=1.0, population__countries=countries,
                         population__segments=segments)  # fmt: skip
    world = load_world(file)
    users, _ = build_population(world.scenario, world.catalogue, world.draws)
    assert_shares(np.bincount(users.country), [5, 3, 2])
    assert_shares(np.bincount(users.segment), [3, 1])
    spoken = np.array(users.names.languages)[users.language]
    assert_share(spoken[users.country == 0] == "es", 0.2)
    assert_share(spoken[users.country == 1] == "ja", 0.6)
    assert (spoken[users.country == 2] == "de").all()
    frame = handmade(file).frame()
    by_user = np.bincount(frame["user"], minlength=20_000)
    for country, share in enumerate((0.5, 0.3, 0.2)):
        assert_mean(by_user * (users.country == country) - share * by_user, 0.0)
    assert by_user[users.segment == 1].mean() / by_user[users.segment == 0].mean() == pytest.approx(
        2.0, rel=0.03
    )
