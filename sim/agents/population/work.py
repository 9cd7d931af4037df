"""Workloads: when they begin and end, what they ask of a model, how much they send."""

import numpy as np
from numpy.typing import NDArray

from analysis.contract import CATEGORIES
from sim.agents.model_sets import NO_MODEL
from sim.agents.population.carriers import Carried
from sim.agents.population.picks import by_group, pick
from sim.agents.population.tables import Users, Workloads
from sim.mechanisms.demand.premium_work import PremiumWork
from sim.mechanisms.legacy_work import LegacyWork
from sim.randomness import Draws, Purpose
from sim.scenario import Scenario

MAX_WORKLOADS = 4
"""Most workloads of one user (assumed)."""

_ENTITY_STRIDE = 8  # entity of a workload = user * stride + slot


def ordinary_workloads(scenario: Scenario, users: Users, draws: Draws) -> Workloads:
    """The workloads that these users bring within the world's time."""
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
    u = draws.uniform(Purpose.WORKLOAD_CATEGORY, entity)
    carried = Carried(scenario, users.app[user])
    local = carried.kinds(u, pick(u, shares, start))
    category = np.array([CATEGORIES.index(c) for c in names])[local]

    def of_kind(name: str) -> NDArray[np.float64]:
        return np.array([getattr(k, name) for k in kinds_of_work], dtype=float)[local]

    u = draws.uniform(Purpose.WORKLOAD_HARDNESS, entity)
    hardness = by_group(local, [k.hardness or work.hardness for k in kinds_of_work], u)
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
    premium = scenario.mechanisms[PremiumWork].factor(draws, entity)
    legacy = scenario.mechanisms[LegacyWork].drawn(draws, entity)
    tools_table = np.stack([scenario.daily(k.needs_tools) for k in kinds_of_work], axis=1)
    volume = work.requests_per_day.quantile(draws.uniform(Purpose.WORKLOAD_VOLUME, entity))
    # A category's volume that changes with the date is that of the request's day: `sim.traffic.counts`.
    steady = np.array([k.volume.support[0] if k.volume.is_constant else 1.0 for k in kinds_of_work])
    volume *= np.array([k.volume for k in kinds])[segment] * steady[local]
    volume = carried.volume(volume)
    tools_share = carried.needing_tools(tools_table[start, local], start)
    return Workloads(
        user=user.astype(np.int32),
        app=users.app[user],
        entity=entity,
        start=start,
        end=end,
        category=category.astype(np.int8),
        hardness=hardness.astype(np.float32),
        log_willingness=(log_willingness + np.log(premium)).astype(np.float32),
        price_sensitivity=(users.price_sensitivity[user] / premium).astype(np.float32),
        curiosity=np.where(legacy, np.float32(0.0), users.curiosity[user]),
        needs_tools=draws.uniform(Purpose.WORKLOAD_TOOLS, entity) < tools_share,
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
