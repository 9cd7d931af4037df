"""Who is in the market: users, and the workloads that they bring.

Every trait is a keyed draw of its user or workload, so that one more user, or one more workload of a user, changes
nobody else.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.contract import CATEGORIES
from sim.agents.model_sets import NO_MODEL
from sim.catalogue import Catalogue
from sim.randomness import Draws, Purpose
from sim.scenario import Scenario
from sim.scenario.calendar import LargeAccountEvent, WaveEvent
from sim.scenario.distributions import Distribution

MAX_WORKLOADS = 4
"""Most workloads of one user (assumed)."""

_ENTITY_STRIDE = 8  # entity of a workload = user * stride + slot
LARGE_ACCOUNTS = 2**63
"""First entity of large accounts: far from the users', whose number they must not depend on."""
FOREVER = 2**30


@dataclass
class Users:
    """Arrays of length n_users. Days count from the scenario's start."""

    entity: NDArray[np.uint64]
    arrival: NDArray[np.int32]
    leave: NDArray[np.int32]
    segment: NDArray[np.int8]
    country: NDArray[np.int16]
    language: NDArray[np.int16]
    app: NDArray[np.int16]
    account: NDArray[np.uint64]
    byok: NDArray[np.bool_]
    curiosity: NDArray[np.float32]
    regularity: NDArray[np.float32]
    price_sensitivity: NDArray[np.float32]
    wave_model: NDArray[np.int16]
    names: "Names"

    def __len__(self) -> int:
        return len(self.arrival)


@dataclass(frozen=True)
class Names:
    """What the small integers of the arrays stand for."""

    segments: tuple[str, ...]
    countries: tuple[str, ...]
    languages: tuple[str, ...]
    apps: tuple[str, ...]


@dataclass
class Workloads:
    """Arrays of length n_workloads, ordered by user."""

    user: NDArray[np.int32]
    entity: NDArray[np.uint64]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    category: NDArray[np.int8]
    hardness: NDArray[np.float32]
    log_willingness: NDArray[np.float32]
    price_sensitivity: NDArray[np.float32]
    curiosity: NDArray[np.float32]
    needs_tools: NDArray[np.bool_]
    needs_permissive: NDArray[np.bool_]
    context_tokens: NDArray[np.float32]
    accepts_free: NDArray[np.bool_]
    requests_per_day: NDArray[np.float32]
    wave_model: NDArray[np.int16]
    pinned_model: NDArray[np.int16]
    tool_call_share: NDArray[np.float32]  # nan: as the category

    def __len__(self) -> int:
        return len(self.user)

    def __getitem__(self, rows: NDArray[Any]) -> "Workloads":
        return Workloads(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def build_population(scenario: Scenario, catalogue: Catalogue, draws: Draws) -> tuple[Users, Workloads]:
    """All users and workloads of the scenario's world, large accounts of the calendar included."""
    users = _ordinary_users(scenario, catalogue, draws)
    workloads = _ordinary_workloads(scenario, users, draws)
    for number, event in enumerate(e for e in scenario.calendar if isinstance(e, LargeAccountEvent)):
        _append_large_account(scenario, catalogue, users, workloads, event, number)
    return users, workloads


def _pick(u: NDArray[np.float64], weights: NDArray[np.float64], days: NDArray[np.int32]) -> NDArray[np.int64]:
    """Categorical draws whose weights (days x choices) change by the day: for each uniform and day, a choice."""
    table = np.cumsum(weights, axis=1)
    table /= table[:, -1:]
    chosen = np.empty(len(u), dtype=np.int64)
    step = 1 << 18
    for at in range(0, len(u), step):
        rows = table[days[at : at + step]]
        chosen[at : at + step] = (u[at : at + step, None] > rows).sum(axis=1)
    return np.minimum(chosen, weights.shape[1] - 1)


def _pick_fixed(u: NDArray[np.float64], weights: list[float]) -> NDArray[np.int64]:
    edges = np.cumsum(weights) / np.sum(weights)
    return np.minimum(np.searchsorted(edges, u), len(weights) - 1)


def _by_group(
    groups: NDArray[Any], distributions: list[Distribution], u: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Quantiles of each group's own distribution."""
    out = np.empty(len(u))
    for number, distribution in enumerate(distributions):
        rows = groups == number
        out[rows] = distribution.quantile(u[rows])
    return out


def _arrivals(scenario: Scenario, u: NDArray[np.float64]) -> NDArray[np.int32]:
    """Arrival days: the initial stock on day 0, the rest by the growth curve's inverse."""
    stock = scenario.population.initial_share
    rate = scenario.daily(scenario.population.growth, geometric=True)
    cumulative = np.concatenate([[0.0], np.cumsum(rate)])
    cumulative /= cumulative[-1]
    later = np.clip((u - stock) / max(1.0 - stock, 1e-12), 0.0, 1.0)
    day = np.floor(np.interp(later, cumulative, np.arange(scenario.days + 1)))
    return np.where(u < stock, 0, np.minimum(day, scenario.days - 1)).astype(np.int32)


def _ordinary_users(scenario: Scenario, catalogue: Catalogue, draws: Draws) -> Users:
    n, population = scenario.users, scenario.population
    ids = np.arange(n, dtype=np.uint64)
    arrival = _arrivals(scenario, draws.uniform(Purpose.USER_ARRIVAL, ids))

    segments = tuple(population.segments)
    kinds = [population.segments[s] for s in segments]
    shares = np.stack([scenario.daily(k.share) for k in kinds], axis=1)
    segment = _pick(draws.uniform(Purpose.USER_SEGMENT, ids), shares, arrival)
    wave_model = np.full(n, NO_MODEL, dtype=np.int16)
    _apply_waves(scenario, catalogue, draws, ids, arrival, segment, wave_model)

    # Users of one account are neighbours in number and of one segment: an account is (segment, block of numbers).
    mean_share = shares.mean(axis=0) / shares.mean(axis=0).sum()
    block = np.maximum(
        1, np.round([k.users_per_account / max(s, 1e-9) for k, s in zip(kinds, mean_share, strict=True)])
    )
    single = np.array([k.users_per_account == 1.0 for k in kinds])
    account = np.where(single[segment], ids, ids // block[segment].astype(np.uint64))
    account = account * np.uint64(len(kinds)) + segment.astype(np.uint64)

    countries = tuple(population.countries)
    places = [population.countries[c] for c in countries]
    shares = np.stack([scenario.daily(p.share) for p in places], axis=1)
    # An account is billed in one country: a shared one draws it on a day of its own, which no member decides.
    opened = _arrivals(scenario, draws.uniform(Purpose.USER_ACCOUNT, account))
    billed = np.where(single[segment], arrival, opened)
    country = _pick(draws.uniform(Purpose.USER_COUNTRY, account), shares, billed)
    languages = tuple(sorted({name for p in places for name in p.languages}))
    language = np.zeros(n, dtype=np.int16)
    u = draws.uniform(Purpose.USER_LANGUAGE, ids)
    for number, place in enumerate(places):
        rows = country == number
        known = np.array([languages.index(name) for name in place.languages])
        language[rows] = known[_pick_fixed(u[rows], list(place.languages.values()))]
    apps = tuple(sorted({name for k in kinds for name in k.apps}))
    app = np.zeros(n, dtype=np.int16)
    u = draws.uniform(Purpose.USER_APP, ids)
    for number, kind in enumerate(kinds):
        rows = segment == number
        known = np.array([apps.index(name) for name in kind.apps])
        app[rows] = known[_pick_fixed(u[rows], list(kind.apps.values()))]

    def trait(purpose: Purpose, name: str) -> NDArray[np.float64]:
        return _by_group(segment, [getattr(k, name) for k in kinds], draws.uniform(purpose, ids))

    life = np.maximum(1, np.round(trait(Purpose.USER_LIFE, "life_days")))
    byok_share = np.array([k.byok_share for k in kinds])
    return Users(
        entity=ids,
        arrival=arrival,
        leave=np.minimum(arrival + life, FOREVER).astype(np.int32),
        segment=segment.astype(np.int8),
        country=country.astype(np.int16),
        language=language,
        app=app,
        account=account,
        byok=draws.uniform(Purpose.USER_BYOK, ids) < byok_share[segment],
        curiosity=np.maximum(trait(Purpose.USER_CURIOSITY, "curiosity"), 0.0).astype(np.float32),
        regularity=np.clip(trait(Purpose.USER_REGULARITY, "regularity"), 0.0, 1.0).astype(np.float32),
        price_sensitivity=np.maximum(trait(Purpose.USER_PRICE_SENSITIVITY, "price_sensitivity"), 0.0).astype(
            np.float32
        ),
        wave_model=wave_model,
        names=Names(segments, countries, languages, apps),
    )


def _apply_waves(
    scenario: Scenario,
    catalogue: Catalogue,
    draws: Draws,
    ids: NDArray[np.uint64],
    arrival: NDArray[np.int32],
    segment: NDArray[np.int64],
    wave_model: NDArray[np.int16],
) -> None:
    """Move the wave's share of users to the wave's days; they come for one model."""
    segments = list(scenario.population.segments)
    free = np.ones(len(ids), dtype=bool)
    for number, event in enumerate(e for e in scenario.calendar if isinstance(e, WaveEvent)):
        drawn = free & (draws.uniform(Purpose.USER_WAVE, ids, 2 * number) < event.share_of_users)
        if event.date > scenario.end:
            continue  # it never happens: whom it would draw come when they would
        free &= ~drawn
        first = (event.date - scenario.start).days
        u = draws.uniform(Purpose.USER_WAVE, ids[drawn], 2 * number + 1)
        arrival[drawn] = np.clip(first + np.floor(u * event.days), 0, scenario.days - 1).astype(np.int32)
        wave_model[drawn] = catalogue.index(event.model)
        if event.segment is not None:
            segment[drawn] = segments.index(event.segment)


def _ordinary_workloads(scenario: Scenario, users: Users, draws: Draws) -> Workloads:
    n, horizon, work = len(users), scenario.days, scenario.workloads
    kinds = list(scenario.population.segments.values())
    chance = (np.array([k.workloads for k in kinds]) - 1.0) / (MAX_WORKLOADS - 1)
    ids = np.arange(n, dtype=np.uint64)
    slots = np.arange(MAX_WORKLOADS, dtype=np.uint64)
    entity = ids[:, None] * np.uint64(_ENTITY_STRIDE) + slots[None, :]
    exists = draws.uniform(Purpose.WORKLOAD_EXISTS, entity) < chance[users.segment][:, None]
    exists[:, 0] = True
    user, slot = np.nonzero(exists)
    entity = entity[exists]

    delay = work.later_start_days.quantile(draws.uniform(Purpose.WORKLOAD_START, entity))
    start = users.arrival[user] + np.where(slot == 0, 0, np.ceil(np.maximum(delay, 0)))
    life = np.maximum(1, np.round(work.life_days.quantile(draws.uniform(Purpose.WORKLOAD_LIFE, entity))))
    end = np.minimum(start + life, users.leave[user])
    kept = (start < end) & (start < horizon)
    user, entity, start, end = (
        user[kept],
        entity[kept],
        start[kept].astype(np.int32),
        end[kept].astype(np.int32),
    )

    names = list(work.categories)
    kinds_of_work = [work.categories[c] for c in names]
    shares = np.stack([scenario.daily(k.share) for k in kinds_of_work], axis=1)
    local = _pick(draws.uniform(Purpose.WORKLOAD_CATEGORY, entity), shares, start)
    category = np.array([CATEGORIES.index(c) for c in names])[local]

    def of_kind(name: str) -> NDArray[np.float64]:
        return np.array([getattr(k, name) for k in kinds_of_work], dtype=float)[local]

    u = draws.uniform(Purpose.WORKLOAD_HARDNESS, entity)
    hardness = _by_group(local, [k.hardness or work.hardness for k in kinds_of_work], u)
    hardness += of_kind("harder_by") + scenario.daily(work.hardness_drift)[start]
    segment = users.segment[user]
    willingness = work.willingness_to_pay_usd_per_mtok.quantile(
        draws.uniform(Purpose.WORKLOAD_WILLINGNESS, entity)
    )
    log_willingness = (
        np.log(np.maximum(willingness, 1e-9))
        + np.log(np.array([k.willingness_to_pay for k in kinds])[segment])
        + np.log(of_kind("willingness_to_pay"))
        + work.willingness_per_hardness * hardness
    )
    tools_table = np.stack([scenario.daily(k.needs_tools) for k in kinds_of_work], axis=1)
    volume = work.requests_per_day.quantile(draws.uniform(Purpose.WORKLOAD_VOLUME, entity))
    # A category's volume that changes with the date is that of the request's day: `sim.traffic.counts`.
    steady = np.array([k.volume.support[0] if k.volume.is_constant else 1.0 for k in kinds_of_work])
    volume *= np.array([k.volume for k in kinds])[segment] * steady[local]
    return Workloads(
        user=user.astype(np.int32),
        entity=entity,
        start=start,
        end=end,
        category=category.astype(np.int8),
        hardness=hardness.astype(np.float32),
        log_willingness=log_willingness.astype(np.float32),
        price_sensitivity=users.price_sensitivity[user],
        curiosity=users.curiosity[user],
        needs_tools=draws.uniform(Purpose.WORKLOAD_TOOLS, entity) < tools_table[start, local],
        needs_permissive=draws.uniform(Purpose.WORKLOAD_PERMISSIVE, entity) < of_kind("needs_permissive"),
        context_tokens=work.context_tokens.quantile(draws.uniform(Purpose.WORKLOAD_CONTEXT, entity)).astype(
            np.float32
        ),
        accepts_free=draws.uniform(Purpose.WORKLOAD_FREE, entity) < work.free_share,
        requests_per_day=np.maximum(volume, 0.0).astype(np.float32),
        wave_model=users.wave_model[user],
        pinned_model=np.full(len(user), NO_MODEL, dtype=np.int16),
        tool_call_share=np.full(len(user), np.nan, dtype=np.float32),
    )


def _append_large_account(
    scenario: Scenario,
    catalogue: Catalogue,
    users: Users,
    workloads: Workloads,
    event: LargeAccountEvent,
    number: int,
) -> None:
    """Add the keys of a large account behind the ordinary users: nobody else changes."""
    keys = event.users
    first = max(0, (event.date - scenario.start).days)
    last = scenario.days if event.until is None else (event.until - scenario.start).days + 1
    if last <= first or first >= scenario.days:
        return
    names = users.names
    country = names.countries.index(event.country) if event.country else 0
    place = scenario.population.countries[names.countries[country]]
    new_ids = np.arange(len(users), len(users) + keys, dtype=np.uint64)

    def extend(target: Any, name: str, value: Any) -> None:
        old = getattr(target, name)
        setattr(target, name, np.concatenate([old, np.full(keys, value, dtype=old.dtype)]))

    account = np.uint64(LARGE_ACCOUNTS + number)
    for name, value in {
        "arrival": first, "leave": last, "segment": 0, "country": country, "app": 0, "account": account, "byok": False,
        "language": names.languages.index(next(iter(place.languages))), "curiosity": 0.0, "regularity": 1.0,
        "price_sensitivity": 0.0, "wave_model": NO_MODEL,
    }.items():  # fmt: skip
        extend(users, name, value)
    for name, value in {
        "start": first, "end": last, "category": CATEGORIES.index(event.category), "hardness": -99.0,
        "log_willingness": 99.0, "price_sensitivity": 0.0, "curiosity": 0.0,
        "needs_tools": event.tool_call_share is not None, "needs_permissive": False, "context_tokens": 0.0,
        "accepts_free": False, "wave_model": NO_MODEL,
        "requests_per_day": event.requests_a_day(scenario.users) / keys, "pinned_model": catalogue.index(event.model),
        "tool_call_share": np.nan if event.tool_call_share is None else event.tool_call_share,
    }.items():  # fmt: skip
        extend(workloads, name, value)
    entity = np.uint64(LARGE_ACCOUNTS + (number << 32)) + np.arange(keys, dtype=np.uint64)
    users.entity = np.concatenate([users.entity, entity])
    workloads.user = np.concatenate([workloads.user, new_ids.astype(np.int32)])
    workloads.entity = np.concatenate([workloads.entity, entity])
