"""What the loops of the traffic read, in tables: spells and their work, and requests by date, model and category."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.contract import CATEGORIES
from sim import pricing
from sim.agents.population import Users, Workloads
from sim.agents.population.carriers import carriers
from sim.agents.spells import Kind
from sim.catalogue import Catalogue
from sim.market import Market
from sim.mechanisms.demand.reasoning_length import ReasoningLength
from sim.mechanisms.demand.tool_propensity import ToolPropensity
from sim.mechanisms.multihoming import Multihoming
from sim.mechanisms.upgrade import Upgrade
from sim.scenario import Scenario
from sim.traffic.factors import THOUGHT_SIGMA, FactorTable

HOME, RIVAL, UPGRADE, BESIDE, MULTIHOMED = (int(kind) for kind in (
    Kind.HOME, Kind.RIVAL, Kind.UPGRADE, Kind.BESIDE, Kind.MULTIHOMED,
))  # fmt: skip
KEPT = (BESIDE, MULTIHOMED)
"""Spells of a model that is kept beside the home."""
GUIDE = 64
"""Steps of the guide table to the hour (Chen and Asau 1974)."""

SPELL = np.dtype([
    ("beside_share", np.float64), ("workload", np.int32), ("start", np.int32), ("end", np.int32), ("since", np.int32),
    ("shared_until", np.int32), ("model", np.int16), ("kind", np.int8),
], align=True)  # fmt: skip
"""A spell. Until the day `shared_until` a model is kept beside it, which has `beside_share` of the volume.

One record, not a column for each field: a week touches few spells, and each costs one read of memory.
"""

WORK = np.dtype([
    ("entity", np.uint64), ("user_entity", np.uint64), ("user", np.int32), ("regularity", np.float32),
    ("requests_per_day", np.float32), ("tool_call_share", np.float32), ("category", np.int8), ("needs_tools", np.bool_),
    ("accepts_free", np.bool_), ("byok", np.bool_), ("zone", np.int8), ("demand", np.int8), ("flow", np.int8),
], align=True)  # fmt: skip
"""A workload, with what its requests take from its user; `zone` is the UTC offset in hours + 12, `demand` the column of
the days' demand, `flow` the place of its application among those that act, from 1; 0 for all other work."""


class DayTable(NamedTuple):
    """What depends on the date; rows are days, or local calendars."""

    season: NDArray[np.float64]
    demand: NDArray[
        np.float64
    ]  # volume by day and category where it changes with the date; a last column of ones
    day_factor: NDArray[np.float64]  # weekday of the UTC day x zone
    hour_cdf: NDArray[np.float64]  # weekday of the UTC day x zone x UTC hour
    hour_guide: NDArray[np.int8]  # the hour at the beginning of each step of the cdf
    prompt: NDArray[np.float64]  # median tokens, day x category
    completion: NDArray[np.float64]
    tools_offered: NDArray[np.float64]  # day x flow x category
    tool_calls: NDArray[np.float64]  # day: share of a model of general training
    reasoning: NDArray[np.float64]  # median reasoning tokens for a visible one, day
    price: NDArray[np.float64]  # day x model x 3
    free: NDArray[np.bool_]  # day x model
    up: NDArray[np.bool_]


class ModelTable(NamedTuple):
    """What depends on the model."""

    reasoning_chance: NDArray[np.float64]
    reasoning_length: NDArray[np.float64]  # factor on reasoning tokens
    tool_odds: NDArray[np.float64]  # factor on the odds of a tool call
    tools: NDArray[np.bool_]
    context: NDArray[np.float64]
    provider_from: NDArray[np.int32]  # rows of the provider table
    provider_to: NDArray[np.int32]
    provider: NDArray[np.int16]  # provider's number
    provider_cdf: NDArray[np.float64]
    tokens_per_second: NDArray[np.float64]
    first_token_ms: NDArray[np.float64]


class KindTable(NamedTuple):
    """What depends on the category."""

    cached_share: NDArray[np.float64]
    session_requests: NDArray[np.float64]  # flow x category


class Tables(NamedTuple):
    """What requests look like, by date, model and category."""

    days: DayTable
    models: ModelTable
    kinds: KindTable
    factors: FactorTable


def work_table(scenario: Scenario, users: Users, workloads: Workloads) -> NDArray[np.void]:
    """The table of all workloads of a world."""
    offsets = np.array([p.utc_offset_hours for p in scenario.population.countries.values()])
    of_users: dict[str, NDArray[Any]] = {
        "user_entity": users.entity, "regularity": users.regularity, "byok": users.byok,
        "zone": offsets[users.country] + 12,
    }  # fmt: skip
    # A large account's volume is its own.
    own = {"demand": np.where(workloads.pinned_model >= 0, len(CATEGORIES), workloads.category)}
    own["flow"] = np.zeros(len(workloads), dtype=np.int8)
    for flow, number in enumerate(carriers(scenario), start=1):
        own["flow"][workloads.app == number] = flow
    table = np.empty(len(workloads), dtype=WORK)
    for name in WORK.names or ():
        if name in of_users:
            table[name] = of_users[name][workloads.user]
        else:
            table[name] = own[name] if name in own else getattr(workloads, name)
    return table


def spell_table(scenario: Scenario, spells: dict[str, NDArray[np.int32]]) -> NDArray[np.void]:
    """The table of all spells of a world."""
    table, causes = np.empty(len(spells["workload"]), dtype=SPELL), scenario.mechanisms
    beside = _beside(spells)
    kept = beside >= 0
    table["shared_until"] = np.where(kept, spells["end"][beside], 0)
    after_a_move = kept & (spells["kind"][beside] == MULTIHOMED)
    table["beside_share"] = np.where(
        after_a_move, causes[Multihoming].beside_share, causes[Upgrade].beside_share
    )
    for name in spells.keys() & set(SPELL.names or ()):
        table[name] = spells[name]
    return table


def _beside(spells: dict[str, NDArray[np.int32]]) -> NDArray[np.int64]:
    """For each spell that of the model that is kept beside it, or was the last one to be; -1 where none was. For that
    one, itself.

    A model is kept from the day on which the home with the new one begins, so that it was there first or at once.
    Spells are ordered by workload and start.
    """
    key = (spells["workload"].astype(np.int64) << 32) + spells["start"]
    beside = np.flatnonzero(np.isin(spells["kind"], KEPT))
    if not len(beside):
        return np.full(len(key), -1, dtype=np.int64)
    last = beside[np.searchsorted(key[beside], key, side="right") - 1]
    same = (spells["workload"][last] == spells["workload"]) & (spells["start"][last] <= spells["start"])
    return np.where(same, last, -1)


def day_table(scenario: Scenario, market: Market) -> DayTable:
    """The table of days: the season and the hours of traffic, its median lengths, and what the market was like."""
    traffic, kinds, days = scenario.traffic, scenario.workloads.categories, scenario.days
    size = (days, len(CATEGORIES))
    prompt, completion = np.zeros(size), np.zeros(size)
    acting = list(carriers(scenario).values())
    offered = np.zeros((days, 1 + len(acting), len(CATEGORIES)))
    demand = np.ones((days, len(CATEGORIES) + 1))
    for name, kind in kinds.items():
        column = CATEGORIES.index(name)
        prompt[:, column] = scenario.daily(kind.prompt_tokens, geometric=True)
        completion[:, column] = scenario.daily(kind.completion_tokens, geometric=True)
        if not kind.volume.is_constant:
            demand[:, column] = scenario.daily(kind.volume)
    for name, share in traffic.tools_offered_share.items():
        offered[:, :, CATEGORIES.index(name)] = scenario.daily(share)[:, None]
    for flow, settings in enumerate(acting, start=1):
        if settings.tools_offered is not None:
            offered[:, flow] = scenario.daily(settings.tools_offered)[:, None]
    # Volume of a UTC hour = weekday factor x hour factor of the local clock.
    weekday = np.array(traffic.weekday) / np.mean(traffic.weekday)
    hours = np.array(traffic.hours) / np.sum(traffic.hours)
    utc = np.arange(24)
    local = utc[None, :] + np.arange(-12, 15)[:, None]  # zone x UTC hour
    by_hour = np.stack([weekday[(day + local // 24) % 7] * hours[local % 24] for day in range(7)])
    hour_cdf = np.cumsum(by_hour, axis=2) / np.maximum(by_hour.sum(axis=2, keepdims=True), 1e-300)
    hour_cdf[:, :, -1] = 1.0
    steps = np.arange(GUIDE) / GUIDE
    return DayTable(
        season=scenario.daily(traffic.season),
        demand=demand,
        day_factor=by_hour.sum(axis=2),
        hour_cdf=hour_cdf,
        hour_guide=(hour_cdf[:, :, None, :] < steps[:, None]).sum(axis=3).astype(np.int8),
        prompt=prompt,
        completion=completion,
        tools_offered=offered,
        tool_calls=scenario.daily(traffic.tool_call_share),
        # The scenario gives the mean factor; a lognormal's mean is exp(sigma^2 / 2) times its median.
        reasoning=scenario.daily(traffic.reasoning_completion_factor) * math.exp(-(THOUGHT_SIGMA**2) / 2),
        price=market.price_history,
        free=market.free_history,
        up=market.up_history,
    )


def kind_table(scenario: Scenario) -> KindTable:
    """The table of categories; one that the scenario does not have holds ones."""
    acting = list(carriers(scenario).values())
    cached, session = np.ones(len(CATEGORIES)), np.ones((1 + len(acting), len(CATEGORIES)))
    for name, kind in scenario.workloads.categories.items():
        cached[CATEGORIES.index(name)] = kind.cached_share
        session[:, CATEGORIES.index(name)] = kind.session_requests
    for flow, settings in enumerate(acting, start=1):
        if settings.session_requests is not None:
            session[flow] = settings.session_requests
    return KindTable(cached, session)


def model_table(scenario: Scenario, catalogue: Catalogue) -> tuple[ModelTable, tuple[str, ...]]:
    """The table of models with the providers that serve them, and the providers' names."""
    chance = pricing.reasoning_chances(scenario)
    names: dict[str, int] = {}
    start: list[int] = []
    stop: list[int] = []
    provider: list[int] = []
    cdf: list[float] = []
    pace: list[float] = []
    wait: list[float] = []
    for model in catalogue.models:
        hosts = catalogue.providers_for(model.slug)
        start.append(len(provider))
        cdf.extend(np.cumsum([h.weight for h in hosts]) / sum(h.weight for h in hosts))
        for host in hosts:
            provider.append(names.setdefault(host.name, len(names)))
            pace.append(host.tokens_per_second)
            wait.append(host.first_token_ms)
        stop.append(len(provider))
    facts, causes = [model.facts for model in catalogue.models], scenario.mechanisms
    table = ModelTable(
        reasoning_chance=np.array([chance[f.reasoning] for f in facts]),
        reasoning_length=causes[ReasoningLength].factor([f.open_weights for f in facts]),
        tool_odds=causes[ToolPropensity].odds_factor([f.tool_training for f in facts]),
        tools=np.array([f.tools for f in facts], dtype=bool),
        context=np.array([f.context_tokens for f in facts], dtype=float),
        provider_from=np.array(start, dtype=np.int32),
        provider_to=np.array(stop, dtype=np.int32),
        provider=np.array(provider, dtype=np.int16),
        provider_cdf=np.array(cdf),
        tokens_per_second=np.array(pace, dtype=float),
        first_token_ms=np.array(wait, dtype=float),
    )
    return table, tuple(names)
