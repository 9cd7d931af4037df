"""Users and workloads follow the scenario's distributions, and nobody's traits depend on anybody else."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.contract import CATEGORIES
from sim.agents.population import MAX_WORKLOADS, Users, Workloads, build_population
from sim.config.problems import ScenarioError
from sim.mechanisms import MECHANISMS
from sim.randomness import Purpose
from sim.scenario.calendar import WaveEvent
from sim.settings.distributions import Distribution
from sim.world import World
from tests.laws import FALSE_ALARM, correlation_p, counts_p, share_p
from tests.worlds import changed, world

USERS = 20_000
TOWN = """
start: 2025-01-01
end: 2025-12-31
users: 20000
models:
  a/one: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 1.0, reach: 1.0}
  b/two: {released: 2024-12-01, price_usd_per_mtok: 2.0, ability: 1.5, reach: 1.0}
population:
  growth: {2025-01-01: 1.0, 2025-12-31: 8.0}
  initial_share: 0.2
  segments:
    everyone: ~
    hobbyist:
      share: {2025-01-01: 9, 2025-12-31: 2}
      life_days: {exponential: {mean: 80}}
      regularity: {normal: {mean: 0.4, sd: 0.2, min: 0, max: 1}}
      price_sensitivity: {lognormal: {median: 1.5, sigma: 0.3}}
      curiosity: {uniform: {low: 0.5, high: 2.0}}
      apps: {direct: 1, chat: 3}
    company:
      share: {2025-01-01: 1, 2025-12-31: 8}
      life_days: 5000
      regularity: 0.9
      price_sensitivity: 0.5
      curiosity: 0.5
      workloads: 2.5
      willingness_to_pay: 3.0
      volume: 4.0
      users_per_account: 5
      byok_share: 0.3
      apps: {ide: 1}
  countries:
    US: {continent: North America, share: {2025-01-01: 3, 2025-12-31: 1}, languages: {en: 4, es: 1}}
    CN: {continent: Asia, share: {2025-01-01: 1, 2025-12-31: 2}, languages: {zh-Hans: 1}}
    DE: {continent: Europe, share: 1, languages: {en: 1, de: 1}}
workloads:
  hardness: {normal: {mean: 1.0, sd: 0.8}}
  hardness_drift: {2025-01-01: 0.0, 2025-12-31: 1.5}
  willingness_to_pay_usd_per_mtok: {lognormal: {median: 4.0, sigma: 0.7}}
  willingness_per_hardness: 0.4
  life_days: {lognormal: {median: 300, sigma: 0.5}}
  later_start_days: {exponential: {mean: 20}}
  requests_per_day: {lognormal: {median: 2.0, sigma: 1.0}}
  context_tokens: {lognormal: {median: 4000, sigma: 1.0}}
  free_share: 0.35
  categories:
    programming: {share: {2025-01-01: 1, 2025-12-31: 6}, harder_by: 0.5, volume: 2.0, willingness_to_pay: 2.0,
                  needs_tools: {2025-01-01: 0.1, 2025-12-31: 0.7}, prompt_tokens: 1000, completion_tokens: 100}
    roleplay: {share: 3, needs_permissive: 0.6, hardness: {uniform: {low: -1, high: 0}},
               prompt_tokens: 1000, completion_tokens: 100}
    legal: {share: 1, prompt_tokens: 1000, completion_tokens: 100}
"""
WHALE = """
  - {event: large_account, date: 2025-03-01, until: 2025-03-31, model: b/two, users: 3, requests_per_day: 60,
     category: legal, tool_call_share: 0.9, country: DE}
"""


def people(base: World) -> tuple[Users, Workloads]:
    return build_population(base.scenario, base.catalogue, base.draws)


def same(one: object, other: object, rows: slice = slice(None), but: tuple[str, ...] = ("names",)) -> None:
    """Every array of `one` is the same in `other`, whose further rows do not count."""
    for field in fields(one):
        if field.name not in but:
            mine, theirs = getattr(one, field.name)[rows], getattr(other, field.name)
            np.testing.assert_array_equal(mine, theirs[: len(mine)], err_msg=field.name)


@pytest.fixture(scope="module")
def town() -> World:
    return world(TOWN)


@pytest.fixture(scope="module")
def users(town) -> Users:
    return people(town)[0]


@pytest.fixture(scope="module")
def work(town) -> Workloads:
    return people(town)[1]


def by_date(town: World, *weights: tuple[float, float]) -> np.ndarray:
    """Chances on each day of the year of choices whose weights move in a straight line."""
    x = np.arange(365) / 364
    table = np.stack([first + (last - first) * x for first, last in weights], axis=1)
    return table / table.sum(axis=1, keepdims=True)


# --- nobody depends on anybody --------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(n=st.integers(1, 400), more=st.integers(1, 30), seed=st.integers(0, 2**63 - 1))
def test_one_more_user_changes_nobody(n, more, seed):
    some, others = (
        people(changed(SMALL_TOWN, users=n, seed=seed)),
        people(changed(SMALL_TOWN, users=n + more, seed=seed)),
    )
    same(some[0], others[0])
    same(some[1], others[1])
    assert len(others[0]) == n + more
    assert (others[1].user[len(some[1]) :] >= n).all()


SMALL_TOWN = world(
    TOWN
    + "calendar:\n  - {event: wave, date: 2025-05-01, model: a/one, share_of_users: 0.2, segment: company}\n"
)


@pytest.mark.parametrize("mechanism", list(MECHANISMS))
def test_a_mechanism_changes_no_trait(mechanism):
    on, off = (people(world(TOWN, f"mechanisms.{mechanism}={word}", users=500)) for word in ("on", "off"))
    same(on[0], off[0])
    same(on[1], off[1])


def test_a_model_less_changes_no_trait(town, users, work):
    fewer = build_population(town.scenario, town.catalogue.without(["a/one"]), town.draws)
    same(users, fewer[0])
    same(work, fewer[1])


def test_other_workloads_do_not_depend_on_how_many_a_user_has(town, work):
    most = people(world(TOWN, "population.segments.company.workloads=4"))[1]
    at = np.searchsorted(most.entity, work.entity)
    assert (most.entity[at] == work.entity).all()
    same(most[at], work)


def test_another_seed_is_another_town(town, users):
    other = people(changed(town, seed=8))[0]
    assert (other.arrival != users.arrival).mean() > 0.5
    assert abs(np.corrcoef(other.curiosity, users.curiosity)[0, 1]) < 5 / np.sqrt(USERS)


def test_entities_are_unique(work):
    assert len(np.unique(work.entity)) == len(work)
    assert (work.entity // 8 == work.user).all()
    assert (np.diff(work.user) >= 0).all()


# --- who comes when -------------------------------------------------------------------------------------------------


def test_arrivals_follow_the_growth_curve(users):
    rate = 8.0 ** (np.arange(365) / 364)
    expected = 0.8 * rate / rate.sum()
    expected[0] += 0.2
    counts = np.bincount(users.arrival, minlength=365)
    assert counts_p(counts, expected) > FALSE_ALARM / 2
    assert share_p(users.arrival == 0, expected[0]) > FALSE_ALARM / 2


@pytest.mark.parametrize("stock", [0.0, 1.0])
def test_all_or_nobody_is_there_on_the_first_day(stock):
    arrival = people(world(TOWN, f"population.initial_share={stock}", users=2000))[0].arrival
    assert (arrival == 0).all() if stock else (arrival == 0).mean() < 0.01
    assert (arrival >= 0).all() and (arrival < 365).all()


def test_segments_follow_the_date_of_arrival(town, users):
    chance = by_date(town, (9, 2), (1, 8))[users.arrival, 1]
    company = users.segment == users.names.segments.index("company")
    for first, last in ((0, 1), (1, 180), (180, 365)):
        rows = (users.arrival >= first) & (users.arrival < last)
        assert share_p(company[rows], chance[rows]) > FALSE_ALARM / 3


def test_traits_follow_the_segment(users):
    hobby = users.segment == users.names.segments.index("hobbyist")
    assert stats.kstest(users.curiosity[hobby], stats.uniform(0.5, 1.5).cdf).pvalue > FALSE_ALARM / 4
    normal = stats.truncnorm(-2, 3, 0.4, 0.2)
    assert stats.kstest(users.regularity[hobby], normal.cdf).pvalue > FALSE_ALARM / 4
    log = np.log(users.price_sensitivity[hobby])
    assert stats.kstest(log, stats.norm(np.log(1.5), 0.3).cdf).pvalue > FALSE_ALARM / 4
    # Lives are whole days, at least one: the continuous draw lies half a day around.
    life = (users.leave - users.arrival)[hobby]
    assert life.min() == 1
    edges = np.array([0, 5, 20, 50, 100, 200, 10**6])
    cut = stats.expon(scale=80).cdf(np.where(edges > 0, edges + 0.5, 0))
    assert counts_p(np.histogram(life, edges + 0.5)[0], np.diff(cut)) > FALSE_ALARM / 4
    assert (users.curiosity[~hobby] == 0.5).all() and (users.regularity[~hobby] == np.float32(0.9)).all()


def test_apps_and_own_keys_follow_the_segment(users):
    company = users.segment == users.names.segments.index("company")
    apps = np.array(users.names.apps)[users.app]
    assert set(apps[company]) == {"ide"}
    assert set(apps[~company]) == {"chat", "direct"}
    assert share_p(apps[~company] == "chat", 0.75) > FALSE_ALARM / 2
    assert share_p(users.byok[company], 0.3) > FALSE_ALARM / 2
    assert not users.byok[~company].any()


def test_countries_follow_the_date_and_languages_the_country(town, users):
    # The members of an account share their draw of a country: test those who have an account alone.
    alone = users.segment == users.names.segments.index("hobbyist")
    chances = by_date(town, (3, 1), (1, 2), (1, 1))[users.arrival]
    for number in range(3):
        for late in (users.arrival < 180, users.arrival >= 180):
            rows = alone & late
            assert share_p(users.country[rows] == number, chances[rows, number]) > FALSE_ALARM / 8
    language = np.array(users.names.languages)[users.language]
    country = np.array(users.names.countries)[users.country]
    assert set(language[country == "CN"]) == {"zh-Hans"}
    assert share_p(language[country == "US"] == "es", 0.2) > FALSE_ALARM / 8
    assert share_p(language[country == "DE"] == "de", 0.5) > FALSE_ALARM / 8


def test_accounts_group_users_of_one_segment(users):
    company = users.segment == users.names.segments.index("company")
    assert len(np.unique(users.account[~company])) == (~company).sum()
    assert not set(users.account[company]) & set(users.account[~company])
    sizes = np.unique(users.account[company], return_counts=True)[1]
    assert sizes.mean() == pytest.approx(5, rel=0.2)
    assert (sizes > 1).mean() > 0.8
    # Members are neighbours in number, so that a block of users holds whole accounts.
    span = [np.ptp(np.flatnonzero(users.account == a)) for a in np.unique(users.account[company])[:50]]
    assert max(span) < 100


# --- work -----------------------------------------------------------------------------------------------------------


def test_the_number_of_workloads_follows_the_segment(users, work):
    # Later workloads may begin after the world, or after their user has left: count those of early, lasting users.
    rows = np.flatnonzero((users.arrival < 90) & (users.segment == users.names.segments.index("company")))
    per_user = np.bincount(work.user, minlength=USERS)[rows]
    chance = (2.5 - 1) / (MAX_WORKLOADS - 1)
    assert (
        counts_p(np.bincount(per_user, minlength=5)[1:5], stats.binom(3, chance).pmf(range(4))) > FALSE_ALARM
    )
    assert (np.bincount(work.user, minlength=USERS)[users.segment == 0] == 1).all()


def test_lives_of_work_lie_within_their_users(users, work):
    assert (work.start >= users.arrival[work.user]).all()
    assert (work.end <= users.leave[work.user]).all()
    assert ((work.start < work.end) & (work.start < 365)).all()
    first = work.entity % 8 == 0
    assert (work.start[first] == users.arrival[work.user[first]]).all()
    stays = users.leave[work.user] - work.start > 4000
    log = np.log((work.end - work.start)[stays & first])
    assert stats.kstest(log, stats.norm(np.log(300), 0.5).cdf).pvalue > FALSE_ALARM / 2
    delay = (work.start - users.arrival[work.user])[~first & (users.arrival[work.user] < 90)]
    edges = np.array([0, 3, 7, 14, 28, 56, 250])
    cut = stats.expon(scale=20).cdf(edges)
    assert counts_p(np.histogram(delay, edges + 0.5)[0], np.diff(cut)) > FALSE_ALARM / 2


def test_categories_follow_the_date_on_which_work_begins(town, work):
    chances = by_date(town, (1, 6), (3, 3), (1, 1))[work.start]
    for number, name in enumerate(("programming", "roleplay", "legal")):
        for rows in (work.start < 180, work.start >= 180):
            hits = work.category[rows] == CATEGORIES.index(name)
            assert share_p(hits, chances[rows, number]) > FALSE_ALARM / 6


def test_hardness_drifts_with_the_date(work):
    legal, programming = (work.category == CATEGORIES.index(c) for c in ("legal", "programming"))
    drift = 1.5 * work.start / 364
    normal = stats.norm(1.0, 0.8)
    for rows, extra in ((legal, 0.0), (programming, 0.5)):
        own = (work.hardness - drift - extra)[rows]
        late = work.start[rows] > 250
        assert stats.kstest(own, normal.cdf).pvalue > FALSE_ALARM / 5
        assert stats.kstest(own[late], normal.cdf).pvalue > FALSE_ALARM / 5
    roleplay = work.category == CATEGORIES.index("roleplay")  # has a distribution of its own
    own = (work.hardness - drift)[roleplay]
    assert stats.kstest(own, stats.uniform(-1, 1).cdf).pvalue > FALSE_ALARM / 5


def test_willingness_follows_segment_category_and_hardness(users, work):
    company = users.segment[work.user] == users.names.segments.index("company")
    programming = work.category == CATEGORIES.index("programming")
    own = work.log_willingness - 0.4 * work.hardness - np.where(programming, np.log(2), 0)
    own = own - np.where(company, np.log(3), 0)
    for rows in (
        company & programming,
        company & ~programming,
        ~company & programming,
        ~company & ~programming,
    ):
        assert stats.kstest(own[rows], stats.norm(np.log(4), 0.7).cdf).pvalue > FALSE_ALARM / 4


def test_volume_follows_segment_and_category(users, work):
    company = users.segment[work.user] == users.names.segments.index("company")
    programming = work.category == CATEGORIES.index("programming")
    own = np.log(work.requests_per_day / np.where(company, 4, 1) / np.where(programming, 2, 1))
    for rows in (
        company & programming,
        company & ~programming,
        ~company & programming,
        ~company & ~programming,
    ):
        assert stats.kstest(own[rows], stats.norm(np.log(2), 1.0).cdf).pvalue > FALSE_ALARM / 4


def test_needs_follow_category_and_date(work):
    programming, roleplay = (work.category == CATEGORIES.index(c) for c in ("programming", "roleplay"))
    tools = 0.1 + 0.6 * work.start / 364
    for rows in (work.start < 180, work.start >= 180):
        assert share_p(work.needs_tools[programming & rows], tools[programming & rows]) > FALSE_ALARM / 5
    assert not work.needs_tools[~programming].any()
    assert share_p(work.needs_permissive[roleplay], 0.6) > FALSE_ALARM / 5
    assert not work.needs_permissive[~roleplay].any()
    assert share_p(work.accepts_free, 0.35) > FALSE_ALARM / 5
    assert stats.kstest(np.log(work.context_tokens), stats.norm(np.log(4000), 1).cdf).pvalue > FALSE_ALARM / 5


def test_work_inherits_its_users_temper(users, work):
    assert (work.curiosity == users.curiosity[work.user]).all()
    assert (work.price_sensitivity == users.price_sensitivity[work.user]).all()


def test_traits_are_drawn_independently(users, work):
    # Within one segment and category, what is left of a trait says nothing about another.
    company = users.segment == users.names.segments.index("hobbyist")
    rows = company[work.user] & (work.category == CATEGORIES.index("legal"))
    own = work[np.flatnonzero(rows)]
    who = own.user
    drift = own.hardness - 1.5 * own.start / 364
    traits = [
        drift, own.log_willingness - 0.4 * own.hardness, np.log(own.requests_per_day), own.accepts_free,
        np.log(own.context_tokens), own.curiosity, own.price_sensitivity, users.regularity[who],
        users.language[who] == 0,
    ]  # fmt: skip
    pairs = [(a, b) for i, a in enumerate(traits) for b in traits[:i]]
    assert min(correlation_p(a, b) for a, b in pairs) > FALSE_ALARM / len(pairs)


def test_slicing_workloads_slices_every_trait(work):
    rows = np.array([3, 5, 4])
    part = work[rows]
    for field in fields(work):
        np.testing.assert_array_equal(getattr(part, field.name), getattr(work, field.name)[rows])


# --- waves and large accounts ---------------------------------------------------------------------------------------

WAVES = """
calendar:
  - {event: wave, date: 2025-03-01, days: 10, model: a/one, share_of_users: 0.25}
  - {event: wave, date: 2025-06-01, days: 1, model: b/two, share_of_users: 0.4, segment: company}
"""


def test_a_wave_moves_its_share_and_nobody_else(town, users):
    wave = world(TOWN + WAVES)
    moved = people(wave)[0]
    ids = np.arange(USERS)
    first = wave.draws.uniform(Purpose.USER_WAVE, ids, 0) < 0.25
    second = ~first & (wave.draws.uniform(Purpose.USER_WAVE, ids, 2) < 0.4)
    assert share_p(first, 0.25) > FALSE_ALARM / 3
    assert share_p(second, 0.75 * 0.4) > FALSE_ALARM / 3
    models = [m.slug for m in wave.catalogue.models]
    lead = np.where(first, models.index("a/one"), np.where(second, models.index("b/two"), -1))
    assert (moved.wave_model == lead).all()
    march, june = 31 + 28, 31 + 28 + 31 + 30 + 31
    days = moved.arrival[first] - march
    assert counts_p(np.bincount(days, minlength=10), np.ones(10)) > FALSE_ALARM / 3
    assert days.min() == 0 and days.max() == 9
    assert (moved.arrival[second] == june).all()
    assert (moved.segment[second] == moved.names.segments.index("company")).all()
    stay = np.flatnonzero(~first & ~second)
    for field in fields(users):
        if field.name != "names":
            assert (getattr(moved, field.name)[stay] == getattr(users, field.name)[stay]).all(), field.name
    # The first wave names no segment: its members draw theirs from their own, by the day on which they come.
    chance = by_date(town, (9, 2), (1, 8))[users.arrival, 1]
    assert share_p(moved.segment[first] == 1, chance[first]) > FALSE_ALARM


def test_waves_work_follows_the_new_dates():
    wave = world(TOWN + WAVES, users=3000)
    users, work = people(wave)
    assert isinstance(wave.scenario.calendar[0], WaveEvent)
    assert (work.start >= users.arrival[work.user]).all()
    assert (work.wave_model == users.wave_model[work.user]).all()


def test_a_large_account_is_appended_and_changes_nobody(town, users, work):
    with_whale = people(world(TOWN + "calendar:" + WHALE))
    same(users, with_whale[0])
    same(work, with_whale[1], but=("tool_call_share",))
    assert len(with_whale[0]) == USERS + 3
    keys, jobs = slice(USERS, None), with_whale[1][np.arange(len(work), len(with_whale[1]))]
    crowd = with_whale[0]
    assert len(jobs) == 3 and list(jobs.user) == [USERS, USERS + 1, USERS + 2]
    assert len(set(crowd.account[keys])) == 1 and crowd.account[-1] not in crowd.account[:USERS]
    assert (crowd.arrival[keys] == 59).all() and (crowd.leave[keys] == 90).all()  # 31 March is included
    assert (jobs.start == 59).all() and (jobs.end == 90).all()
    assert jobs.requests_per_day.sum() == pytest.approx(60)
    assert (jobs.category == CATEGORIES.index("legal")).all()
    assert (jobs.pinned_model == 1).all() and (work.pinned_model == -1).all()
    assert (jobs.tool_call_share == np.float32(0.9)).all() and np.isnan(work.tool_call_share).all()
    assert {crowd.names.countries[c] for c in crowd.country[keys]} == {"DE"}
    assert {crowd.names.languages[c] for c in crowd.language[keys]} == {"en"}
    assert not set(jobs.entity) & set(work.entity)


@pytest.mark.parametrize(
    ("dates", "days"),
    [
        ("date: 2024-12-01", (0, 365)),
        ("date: 2025-12-31", (364, 365)),
        ("date: 2024-12-01, until: 2024-12-31", None),
        ("date: 2026-01-01", None),
        ("date: 2025-02-01, until: 2026-02-01", (31, 397)),
    ],
)
def test_a_large_account_lives_between_its_dates(dates, days):
    account = f"  - {{event: large_account, {dates}, model: a/one, requests_per_day: 9}}"
    jobs = people(world(TOWN + "calendar:\n" + account, users=10))[1]
    pinned = np.flatnonzero(jobs.pinned_model == 0)
    assert [(jobs.start[i], jobs.end[i]) for i in pinned] == ([] if days is None else [days])


def test_a_large_account_keeps_its_share_at_any_number_of_users():
    account = (
        TOWN + "calendar:" + WHALE.replace("requests_per_day: 60", "requests_per_day_per_1000_users: 60")
    )
    for users in (100, 250):
        jobs = people(world(account, users=users))[1]
        assert jobs.requests_per_day[jobs.pinned_model == 1].sum() == pytest.approx(0.06 * users)


@pytest.mark.parametrize("volume", ["", ", requests_per_day: 9, requests_per_day_per_1000_users: 9"])
def test_a_large_account_has_one_volume(volume):
    account = f"  - {{event: large_account, date: 2025-02-01, model: a/one{volume}}}"
    with pytest.raises(ScenarioError, match="give either `requests_per_day`, or"):
        world(TOWN + "calendar:\n" + account, users=10)


def test_a_large_accounts_luck_does_not_depend_on_the_number_of_users():
    some, others = (people(world(TOWN + "calendar:" + WHALE, users=n))[1] for n in (50, 51))
    same(
        some[np.arange(len(some) - 3, len(some))],
        others[np.arange(len(others) - 3, len(others))],
        but=("user",),
    )


def test_several_large_accounts_are_accounts_of_their_own():
    users, jobs = people(world(TOWN + "calendar:" + WHALE + WHALE.replace("b/two", "a/one"), users=10))
    assert len(users) == 16
    assert len(set(users.account[10:13])) == len(set(users.account[13:])) == 1
    assert users.account[10] != users.account[13]
    assert list(jobs.pinned_model[-6:]) == [1, 1, 1, 0, 0, 0]
    assert len(set(jobs.entity)) == len(jobs)


def test_distributions_reach_the_edges_of_a_life(town):
    # A life of less than half a day is one day.
    segment = town.scenario.population.segments["hobbyist"].model_copy(
        update={"life_days": Distribution.constant(0.2)}
    )
    population = town.scenario.population.model_copy(update={"segments": {"hobbyist": segment}})
    users, work = people(changed(town, population=population, users=50))
    assert (users.leave - users.arrival == 1).all()
    assert (work.end - work.start == 1).all()
