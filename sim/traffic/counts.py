"""On which days a spell has requests, and how many.

A day's number of requests is a Poisson draw of its mean: what the work asks for, times the season, the volume of its
category at that date, the weekday, the user's time zone, and the ramp of volume since the work was embedded. Weeks
that a user skips have none. A model that is kept beside the home has a part of the work's volume, which the home
lacks. At home, a bursty application multiplies a day's mean by a level of that workload and day,
1 in the mean.

`count_weeks` draws and `expect_week` gives the mean of what it draws: a change of one is a change of both.
`tests/sim/test_expectation.py` fails when they part.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.agents.population.carriers import carriers
from sim.compiled import compiled, inlined
from sim.mechanisms.demand.applications import Applications
from sim.mechanisms.demand.intermittency import Intermittency
from sim.mechanisms.demand.volume_unlock import VolumeUnlock
from sim.mechanisms.upgrade import Upgrade
from sim.randomness import GOLDEN, Draws, Purpose, draw_unit, hash_bits, mix, normal_quantile, unit
from sim.scenario import Scenario
from sim.traffic.tables import HOME, KEPT, RIVAL, UPGRADE, DayTable
from sim.traffic.weeks import weeks_of_spell

BESIDE_STREAM = np.uint64(1 << 32)
"""Where the draws of models beside the home begin: behind the last day or week that any other spell can have."""

_active_chance = compiled(Intermittency.active_chance)
_part = compiled(Upgrade.part)


class Rates(NamedTuple):
    """Rates and shares that are the same for all requests."""

    trial_per_day: float
    volume: float
    intermittent: bool
    streamed: float
    cancelled: float
    length_stop: float
    error: float
    filtered: float


class Keys(NamedTuple):
    """Keys of the streams."""

    active: np.uint64
    requests: np.uint64
    burst: np.uint64
    session: np.uint64
    record: np.uint64


class Volume(NamedTuple):
    """What decides how many requests there are."""

    up: NDArray[np.bool_]  # model x day
    level: NDArray[np.float64]  # a day's volume, time zone x day
    demand: NDArray[np.float64]  # of homes, category x day, and a row of ones
    bursty: NDArray[np.bool_]  # by flow
    bursts: NDArray[np.float64]  # a day's level, flow x steps of equal probability
    ramp: NDArray[np.float64]  # share of the full volume, by days since embedding
    rates: Rates
    keys: Keys


class Cells(NamedTuple):
    """The (spell, day) of a week that have requests, ordered by spell."""

    spell: NDArray[np.int32]
    day: NDArray[np.int32]
    number: NDArray[np.int32]


ROUNDING = 1e-9
"""Room for rounding in the bounds of a chance."""


@inlined
def _poisson(mean: float, u: float) -> int:
    """Poisson draw by inversion of one uniform; a rounded normal for large means."""
    if u <= 1.0 - mean:  # below exp(-mean): most cells end here
        return 0
    if mean < 1.0:
        # Taylor's sums lie above and below exp(-mean) in turn: they decide most of the other cells.
        above = 1.0 - mean * (1.0 - 0.5 * mean)
        below = (above - mean * mean * mean / 6.0) * (1.0 - ROUNDING)
        if u <= below:
            return 0
        if above * (1.0 + ROUNDING) < u <= below * (1.0 + mean):
            return 1
    if mean > 60.0:
        return max(0, round(mean + math.sqrt(mean) * normal_quantile(u)))
    p = math.exp(-mean)
    total, k = p, 0
    while u > total and k < 400:
        k += 1
        p *= mean / k
        total += p
    return k


@compiled
def spells_by_week(spells, weekday, weeks):  # type: ignore[no-untyped-def]
    """Which spells touch each week: those of week k are rows[edges[k] : edges[k + 1]], in their order."""
    edges = np.zeros(weeks + 1, dtype=np.int64)
    for spell in spells:
        first, last = weeks_of_spell(spell, weekday, weeks)
        for week in range(first, last):
            edges[week + 1] += 1
    edges = np.cumsum(edges)
    rows, filled = np.empty(edges[-1], dtype=np.int32), edges.copy()
    for s, spell in enumerate(spells):
        first, last = weeks_of_spell(spell, weekday, weeks)
        for week in range(first, last):
            rows[filled[week]] = s
            filled[week] += 1
    return edges, rows


@compiled
def take(table, rows, out):  # type: ignore[no-untyped-def]
    """The rows of a table, together. A loop that does nothing else waits for many far reads at once."""
    for i in range(len(rows)):
        out[i] = table[rows[i]]


@inlined
def _is_kept(kind: Any) -> Any:
    """Whether a spell is of a model that is kept beside the home."""
    return kind in KEPT


@inlined
def stream(kind: int, at: int) -> np.uint64:
    """The index of a spell's draws on a day or in a week (`at`).

    Spells of one workload that may be open on one day have indices of their own: the home, or what is tried in its
    place; a rival; and a model beside the home.
    """
    if _is_kept(kind):
        return BESIDE_STREAM + np.uint64(at)
    return np.uint64(2 * at + (kind == RIVAL))


@inlined
def _is_own(kind: Any) -> Any:
    """Whether a spell has the work's own volume, or a part of it: the home, the trial of an upgrade, which the whole
    work goes through, and a model beside the home."""
    return kind in (HOME, UPGRADE) or _is_kept(kind)


@inlined
def _scale(volume: Any, work: Any, own: Any) -> Any:
    """Mean requests of a day in an active week at full volume and a level of 1: of the work's own volume, or of a
    trial; and the row of the demand that it follows."""
    rates = volume.rates
    scale = rates.volume * (work.requests_per_day if own else rates.trial_per_day)
    return scale, work.demand if own else volume.demand.shape[0] - 1


@inlined
def _asked(level: Any, scale: Any, demand: Any, beside: Any, shared: Any, beside_share: Any) -> Any:
    """Mean requests of a day in an active week, given the day's level and demand."""
    return level * scale * demand * _part(beside, shared, beside_share)


@compiled
def count_weeks(spell, work, volume, weeks, first, last, day_of, count, at):  # type: ignore[no-untyped-def]
    """Write the days of weeks first to last - 1 of a world on which a spell has requests, and how many, from entry `at`
    on. Returns the entry after the last one.
    """
    rates, keys, ramp, bursts = volume.rates, volume.keys, volume.ramp, volume.bursts
    own, beside, start, end, since = (
        _is_own(spell.kind),
        _is_kept(spell.kind),
        spell.start,
        spell.end,
        spell.since,
    )
    shared_until, trial_day = spell.shared_until, -1 if own else spell.start
    beside_share = spell.beside_share
    scale, row = _scale(volume, work, own)
    level, demand, up = volume.level[work.zone], volume.demand[row], volume.up[spell.model]
    flow, bursty, levels = work.flow, own and volume.bursty[work.flow], np.uint64(0)
    kind, entity, user_entity, regularity = spell.kind, work.entity, work.user_entity, work.regularity
    for week in range(first, last):
        monday, number = 7 * week - weeks.weekday, weeks.number + week
        if own and rates.intermittent:
            u = draw_unit(keys.active, user_entity, np.uint64(number))
            if u >= _active_chance(regularity, weeks.activity[week]):
                continue
        # A day's draw is nine bits of the week's word, and bits of its own where those leave open if there are any.
        base = hash_bits(keys.requests, entity, stream(kind, number))
        if bursty:
            levels = hash_bits(keys.burst, entity, np.uint64(number))
        for day in range(max(0, monday, start), min(weeks.days, monday + 7, end)):
            u = np.float64((base >> np.uint64(9 * (day - monday))) & np.uint64(511))
            mean = _asked(level[day], scale, demand[day], beside, own and day < shared_until, beside_share)
            if bursty:
                mean *= bursts[flow, (levels >> np.uint64(9 * (day - monday))) & np.uint64(511)]
            if u + 1.0 <= 512.0 * (1.0 - mean) and day != trial_day:
                continue  # none, whatever the ramp
            if not up[day]:
                continue
            u = (u + unit(mix(base + np.uint64(day - monday + 1) * GOLDEN))) / 512.0
            if own:
                mean *= ramp[day - since]
            n = _poisson(mean, u)
            if n == 0 and day == trial_day:
                n = 1  # a trial is at least one request
            if n > 0:
                day_of[at], count[at] = day, n
                at += 1
    return at


@compiled
def expect_week(spell, work, volume, weeks, week, mean):  # type: ignore[no-untyped-def]
    """Write the mean number of requests of a spell on each day of one week; mean[0] is the Monday's."""
    rates = volume.rates
    own = _is_own(spell.kind)
    active = _active_chance(work.regularity, weeks.activity[week]) if own and rates.intermittent else 1.0
    mean[:] = 0.0
    scale, row = _scale(volume, work, own)
    monday = 7 * week - weeks.weekday
    for day in range(max(0, monday, spell.start), min(weeks.days, monday + 7, spell.end)):
        if not volume.up[spell.model, day]:
            continue
        shared = own and day < spell.shared_until
        level, demand = volume.level[work.zone, day], volume.demand[row, day]
        asked = _asked(level, scale, demand, _is_kept(spell.kind), shared, spell.beside_share)
        if own:
            asked *= active * volume.ramp[day - spell.since]
        elif day == spell.start:
            asked += math.exp(-asked)  # at least one request
        mean[day - monday] = asked


@compiled
def count_cells(spells, works, volume, weeks, week, into):  # type: ignore[no-untyped-def]
    """Fill the cells (spell, day) of one week that have requests. Returns the numbers of cells and of requests."""
    cells, total = 0, 0
    for s in range(len(spells)):
        filled = count_weeks(spells[s], works[s], volume, weeks, week, week + 1, into.day, into.number, cells)
        for cell in range(cells, filled):
            into.spell[cell] = s
            total += into.number[cell]
        cells = filled
    return cells, total


def volume_of(scenario: Scenario, days: DayTable, spells: NDArray[np.void], draws: Draws) -> Volume:
    """What decides the numbers of requests of these spells."""
    traffic = scenario.traffic
    weekday = (scenario.start.weekday() + np.arange(scenario.days)) % 7
    spreads = [0.0, *(settings.burstiness for settings in carriers(scenario).values())]
    bursts = np.stack([Applications.levels(spread) for spread in spreads])
    ages = np.arange((spells["end"] - spells["since"]).max(initial=0)) + 0.5  # all that occur
    return Volume(
        up=np.ascontiguousarray(days.up.T),
        level=np.ascontiguousarray((days.season[:, None] * days.day_factor[weekday]).T),
        demand=np.ascontiguousarray(days.demand.T),
        bursty=bursts[:, 0] != 1.0,
        bursts=bursts,
        ramp=scenario.mechanisms[VolumeUnlock].ramp(ages),
        rates=Rates(
            trial_per_day=scenario.workloads.trial_requests_per_day,
            volume=traffic.volume,
            intermittent=scenario.mechanisms[Intermittency].enabled,
            streamed=traffic.streamed_share,
            cancelled=traffic.cancelled_share,
            length_stop=traffic.length_stop_share,
            error=traffic.error_share,
            filtered=traffic.filter_share,
        ),
        keys=Keys(
            active=draws.key(Purpose.USER_ACTIVE_WEEK),
            requests=draws.key(Purpose.DAY_COUNT),
            burst=draws.key(Purpose.BURST),
            session=draws.key(Purpose.SESSION_START),
            record=draws.key(Purpose.RECORD),
        ),
    )
