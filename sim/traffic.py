"""Spells become requests: counts, times, token lengths, finish reasons, costs and latencies.

The unit of work is a block of users in one UTC week. A record is a function of its workload, day and number alone,
so blocks can be made in any order, by any number of workers. The loops are compiled and release the interpreter.
"""

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.catalogue import CATEGORIES, Catalogue
from sim.market import Market
from sim.population import Users, Workloads
from sim.randomness import GOLDEN, Draws, Purpose, draw_unit, hash_bits, mix, normal_quantile, unit
from sim.scenario import Scenario
from sim.search import Kind

BLOCK_USERS = 1 << 18
"""Users of one block. Fixed: it decides which records share a file."""

SECONDS_PER_DAY = 86_400
MILLIS_PER_DAY = 1000 * SECONDS_PER_DAY
MEAN_GAP_SECONDS = 75.0
"""Mean time between two requests of a sitting (assumed)."""

HOME, RIVAL = int(Kind.HOME), int(Kind.RIVAL)
STOP, LENGTH, TOOL_CALLS, CONTENT_FILTER, ERROR, NONE = range(6)
FINISH_REASONS = ("stop", "length", "tool_calls", "content_filter", "error")
BYOK_FEE = 0.05
"""Share of the provider's charge that the gateway bills for own-key traffic (OpenRouter's fee of 2025)."""


class WorkTable(NamedTuple):
    """One row for each workload of a block."""

    entity: NDArray[np.uint64]
    user: NDArray[np.int32]  # within the block
    category: NDArray[np.int8]
    requests_per_day: NDArray[np.float32]
    needs_tools: NDArray[np.bool_]
    accepts_free: NDArray[np.bool_]
    tool_call_share: NDArray[np.float32]


class UserTable(NamedTuple):
    """One row for each user of a block."""

    entity: NDArray[np.uint64]
    zone: NDArray[np.int8]  # UTC offset in hours + 12
    byok: NDArray[np.bool_]
    regularity: NDArray[np.float32]


class SpellTable(NamedTuple):
    """Spells of a block that touch one week, ordered by workload."""

    workload: NDArray[np.int32]  # within the block
    model: NDArray[np.int32]
    kind: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    since: NDArray[np.int32]


class DayTable(NamedTuple):
    """What depends on the date; rows are days, or local calendars."""

    season: NDArray[np.float64]
    day_factor: NDArray[np.float64]  # weekday of the UTC day x zone
    hour_cdf: NDArray[np.float64]  # weekday of the UTC day x zone x UTC hour
    log_prompt: NDArray[np.float64]  # day x category
    log_completion: NDArray[np.float64]
    tools_offered: NDArray[np.float64]
    tool_calls: NDArray[np.float64]  # day
    reasoning: NDArray[np.float64]  # day
    price: NDArray[np.float32]  # day x model x 3
    free: NDArray[np.bool_]  # day x model
    up: NDArray[np.bool_]


class ModelTable(NamedTuple):
    """What depends on the model."""

    reasoning_chance: NDArray[np.float64]
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

    prompt_sigma: NDArray[np.float64]
    completion_sigma: NDArray[np.float64]
    cached_share: NDArray[np.float64]
    session_requests: NDArray[np.float64]


class Rates(NamedTuple):
    """Scalars of the traffic."""

    trial_per_day: float
    volume: float
    unlock_start: float
    unlock_days: float
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
    session: np.uint64
    record: np.uint64


@dataclass
class Records:
    """Arrays of equal length, one entry a request; codes refer to the block's tables."""

    key: NDArray[np.uint64]
    session: NDArray[np.uint64]
    day_millis: NDArray[np.int64]  # milliseconds since the scenario's first day
    workload: NDArray[np.int32]
    user: NDArray[np.int32]
    model: NDArray[np.int16]
    free: NDArray[np.bool_]
    provider: NDArray[np.int16]
    tokens_prompt: NDArray[np.int32]
    tokens_completion: NDArray[np.int32]
    tokens_reasoning: NDArray[np.int32]
    tokens_cached: NDArray[np.int32]
    cost: NDArray[np.float64]
    finish: NDArray[np.int8]
    tools_offered: NDArray[np.bool_]
    streamed: NDArray[np.bool_]
    first_token_ms: NDArray[np.int32]
    generation_ms: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.key)


@njit(inline="always")
def _poisson(mean: float, u: float) -> int:
    """Poisson draw by inversion of one uniform; a rounded normal for large means."""
    if mean <= 0.0:
        return 0
    if mean > 60.0:
        return max(0, round(mean + math.sqrt(mean) * normal_quantile(u)))
    p = math.exp(-mean)
    total, k = p, 0
    while u > total and k < 400:
        k += 1
        p *= mean / k
        total += p
    return k


@njit(cache=True, nogil=True)
def _count(  # type: ignore[no-untyped-def]
    spells, work, users, days, rates, keys, week, first, last, weekday
):
    """Requests of each (spell, day of the week); shape (spells, 7)."""
    counts = np.zeros((len(spells.workload), 7), dtype=np.int32)
    for s in range(len(spells.workload)):
        w = spells.workload[s]
        user = work.user[w]
        home = spells.kind[s] == HOME
        if home and rates.intermittent:
            u = draw_unit(keys.active, users.entity[user], np.uint64(week))
            if u >= users.regularity[user]:
                continue
        model, zone = spells.model[s], users.zone[user]
        for day in range(max(first, spells.start[s]), min(last, spells.end[s])):
            if not days.up[day, model]:
                continue
            mean = days.season[day] * days.day_factor[(weekday + day - first) % 7, zone] * rates.volume
            if home:
                ramp = 1.0 - (1.0 - rates.unlock_start) * math.exp(
                    -(day - spells.since[s] + 0.5) / rates.unlock_days
                )
                mean *= work.requests_per_day[w] * ramp
            else:
                mean *= rates.trial_per_day
            rival = 1 if spells.kind[s] == RIVAL else 0
            u = draw_unit(keys.requests, work.entity[w], np.uint64(2 * day + rival))
            n = _poisson(mean, u)
            if not home and day == spells.start[s] and n == 0:
                n = 1  # a trial is at least one request
            counts[s, day - first] = n
    return counts


@njit(cache=True, nogil=True)
def _fill(  # type: ignore[no-untyped-def]
    counts, spells, work, users, days, models, kinds, rates, keys, first, weekday,
    key, session, millis, workload, user_of, model_of, free, provider, prompt, completion, reasoning, cached,
    cost, finish, offered, streamed, first_token, generation,
):  # fmt: skip
    row = 0
    for s in range(counts.shape[0]):
        w = spells.workload[s]
        user, g, model = work.user[w], work.category[w], spells.model[s]
        zone = users.zone[user]
        rival = 1 if spells.kind[s] == RIVAL else 0
        for d in range(7):
            n = counts[s, d]
            if n == 0:
                continue
            day = first + d
            base = hash_bits(keys.record, work.entity[w], np.uint64(2 * day + rival))
            sitting_base = hash_bits(keys.session, work.entity[w], np.uint64(2 * day + rival))
            sittings = max(1, round(n / kinds.session_requests[g]))
            cdf = days.hour_cdf[(weekday + d) % 7, zone]
            is_free = days.free[day, model] and work.accepts_free[w]
            p_in, p_out, p_cached = (
                days.price[day, model, 0], days.price[day, model, 1], days.price[day, model, 2],
            )  # fmt: skip
            has_cache = p_cached < p_in
            tool_share = work.tool_call_share[w]
            if math.isnan(tool_share):
                tool_share = days.tool_calls[day]
            sitting, sitting_key, start, offset = -1, np.uint64(0), 0.0, 0.0
            for i in range(n):
                r = mix(base + np.uint64(i + 1) * GOLDEN)
                # -- when
                if i * sittings // n != sitting:
                    sitting = i * sittings // n
                    sitting_key = mix(sitting_base + np.uint64(sitting + 1) * GOLDEN)
                    u = unit(sitting_key)
                    hour = 0
                    while hour < 23 and u > cdf[hour]:
                        hour += 1
                    start = 3600.0 * (hour + unit(mix(sitting_key)))
                    offset = 0.0
                else:
                    offset += -MEAN_GAP_SECONDS * math.log(unit(mix(r + np.uint64(1))))
                second = start + offset
                if second >= SECONDS_PER_DAY:
                    second = max(0.0, start - offset)
                # -- how much
                limit = models.context[model]
                z = normal_quantile(unit(mix(r + np.uint64(2))))
                n_prompt = max(
                    1.0, min(math.exp(days.log_prompt[day, g] + kinds.prompt_sigma[g] * z), 0.9 * limit)
                )
                z = normal_quantile(unit(mix(r + np.uint64(3))))
                visible = math.exp(days.log_completion[day, g] + kinds.completion_sigma[g] * z)
                visible = max(1.0, min(visible, 32000.0))
                thought = 0.0
                if unit(mix(r + np.uint64(4))) < models.reasoning_chance[model]:
                    # mean of exp(0.8 z) is exp(0.32), so that the mean factor is the scenario's
                    z = normal_quantile(unit(mix(r + np.uint64(5))))
                    thought = min(visible * days.reasoning[day] * math.exp(0.8 * z - 0.32), 64000.0)
                share = kinds.cached_share[g]
                u = unit(mix(r + np.uint64(6)))
                hit = 2.0 * share * u if share <= 0.5 else 1.0 - 2.0 * (1.0 - share) * u
                n_cached = math.floor(n_prompt * hit) if has_cache else 0.0
                # -- how it ended
                is_offered = models.tools[model] and (
                    work.needs_tools[w] or unit(mix(r + np.uint64(7))) < days.tools_offered[day, g]
                )
                u = unit(mix(r + np.uint64(8)))
                ended = STOP
                if u < rates.cancelled:
                    ended = NONE
                    left = unit(mix(r + np.uint64(9)))
                    visible, thought = math.floor(visible * left), math.floor(thought * left)
                elif u < rates.cancelled + rates.error:
                    ended, visible, thought = ERROR, 0.0, 0.0
                elif u < rates.cancelled + rates.error + rates.filtered:
                    ended = CONTENT_FILTER
                elif is_offered and unit(mix(r + np.uint64(10))) < tool_share:
                    ended = TOOL_CALLS
                elif u > 1.0 - rates.length_stop:
                    ended = LENGTH
                # -- who served it, how fast
                u = unit(mix(r + np.uint64(11)))
                at = models.provider_from[model]
                while at < models.provider_to[model] - 1 and u > models.provider_cdf[at]:
                    at += 1
                is_streamed = unit(mix(r + np.uint64(12))) < rates.streamed
                z = normal_quantile(unit(mix(r + np.uint64(13))))
                wait = models.first_token_ms[at] * math.exp(0.45 * z) + 0.01 * n_prompt
                pace = models.tokens_per_second[at] * (0.7 + 0.6 * unit(mix(r + np.uint64(14))))
                n_prompt, visible, thought = math.floor(n_prompt), math.floor(visible), math.floor(thought)
                n_completion = visible + thought
                charge = ((n_prompt - n_cached) * p_in + n_cached * p_cached + n_completion * p_out) * 1e-6
                if is_free or ended == ERROR:
                    charge = 0.0
                elif users.byok[user]:
                    charge *= BYOK_FEE
                key[row], session[row] = r, sitting_key
                millis[row] = day * MILLIS_PER_DAY + int(second * 1000.0)
                workload[row], user_of[row], model_of[row], free[row] = w, user, model, is_free
                provider[row] = models.provider[at]
                prompt[row], completion[row], reasoning[row] = int(n_prompt), int(n_completion), int(thought)
                cached[row], cost[row], finish[row] = int(n_cached), charge, ended
                offered[row], streamed[row] = is_offered, is_streamed
                first_token[row] = int(wait)
                generation[row] = int(wait + 1000.0 * n_completion / pace)
                row += 1
    return row


class Traffic:
    """Makes the requests of one world, block by block."""

    def __init__(
        self,
        scenario: Scenario,
        catalogue: Catalogue,
        market: Market,
        users: Users,
        workloads: Workloads,
        spells: dict[str, NDArray[np.int32]],
        draws: Draws,
    ) -> None:
        self.scenario, self.users, self.work = scenario, users, workloads
        self.spells = spells
        self.days = _day_table(scenario, market)
        self.models, self.providers = _model_table(scenario, catalogue)
        self.kinds = _kind_table(scenario)
        unlock, traffic = scenario.mechanisms.volume_unlock, scenario.traffic
        self.rates = Rates(
            trial_per_day=scenario.workloads.trial_requests_per_day,
            volume=traffic.volume,
            unlock_start=unlock.start_share if unlock.enabled else 1.0,
            unlock_days=unlock.ramp_days,
            intermittent=scenario.mechanisms.intermittency.enabled,
            streamed=traffic.streamed_share,
            cancelled=traffic.cancelled_share,
            length_stop=traffic.length_stop_share,
            error=traffic.error_share,
            filtered=traffic.filter_share,
        )
        self.keys = Keys(
            active=draws.key(Purpose.USER_ACTIVE_WEEK),
            requests=draws.key(Purpose.DAY_COUNT),
            session=draws.key(Purpose.SESSION_START),
            record=draws.key(Purpose.RECORD),
        )
        offsets = np.array([p.utc_offset_hours for p in scenario.population.countries.values()])
        self.zone = (offsets[users.country] + 12).astype(np.int8)
        # Blocks are ranges of users; workloads and spells are ordered by user.
        edges = np.arange(0, len(users) + BLOCK_USERS, BLOCK_USERS)
        self._work_edges = np.searchsorted(workloads.user, edges)
        self._spell_edges = np.searchsorted(spells["workload"], self._work_edges)

    @property
    def blocks(self) -> int:
        """Number of blocks of users."""
        return len(self._work_edges) - 1

    def weeks(self) -> list[tuple[dt.date, int, int]]:
        """UTC Monday weeks of the scenario: (Monday, first day, day after the last)."""
        start = self.scenario.start
        monday = start - dt.timedelta(days=start.weekday())
        weeks = []
        while monday <= self.scenario.end:
            first = max(0, (monday - start).days)
            last = min(self.scenario.days, (monday - start).days + 7)
            weeks.append((monday, first, last))
            monday += dt.timedelta(days=7)
        return weeks

    def tasks(self) -> Iterator[tuple[int, int]]:
        """(week number, block), in the order of writing."""
        for week in range(len(self.weeks())):
            for block in range(self.blocks):
                yield week, block

    def work_of(self, block: int) -> slice:
        """Rows of the block's workloads in the world's arrays."""
        return slice(int(self._work_edges[block]), int(self._work_edges[block + 1]))

    def users_of(self, block: int) -> slice:
        """Rows of the block's users in the world's arrays."""
        return slice(block * BLOCK_USERS, min((block + 1) * BLOCK_USERS, len(self.users)))

    def _tables_of(self, block: int, first: int, last: int) -> tuple[SpellTable, WorkTable, UserTable]:
        spells = slice(int(self._spell_edges[block]), int(self._spell_edges[block + 1]))
        touched = (self.spells["start"][spells] < last) & (self.spells["end"][spells] > first)
        rows = np.flatnonzero(touched) + spells.start
        work, people = self.work_of(block), self.users_of(block)
        spell_table = SpellTable(
            self.spells["workload"][rows] - np.int32(work.start),
            *(self.spells[c][rows] for c in ("model", "kind", "start", "end", "since")),
        )
        w = self.work
        work_table = WorkTable(
            w.entity[work], w.user[work] - np.int32(people.start), w.category[work], w.requests_per_day[work],
            w.needs_tools[work], w.accepts_free[work], w.tool_call_share[work],
        )  # fmt: skip
        user_table = UserTable(
            np.arange(people.start, people.stop, dtype=np.uint64),
            self.zone[people],
            self.users.byok[people],
            self.users.regularity[people],
        )
        return spell_table, work_table, user_table

    def records(self, week: int, block: int) -> Records:
        """All requests of one block of users in one week, ordered by user."""
        monday, first, last = self.weeks()[week]
        spells, work, users = self._tables_of(block, first, last)
        weekday = (self.scenario.start + dt.timedelta(days=first)).weekday()
        # The ordinal of the Monday, not of the scenario's week: the start of a world changes nobody's active weeks.
        number = monday.toordinal() // 7
        counts = _count(spells, work, users, self.days, self.rates, self.keys, number, first, last, weekday)
        n = int(counts.sum())
        out = Records(
            key=np.empty(n, np.uint64), session=np.empty(n, np.uint64), day_millis=np.empty(n, np.int64),
            workload=np.empty(n, np.int32), user=np.empty(n, np.int32), model=np.empty(n, np.int16),
            free=np.empty(n, np.bool_), provider=np.empty(n, np.int16), tokens_prompt=np.empty(n, np.int32),
            tokens_completion=np.empty(n, np.int32), tokens_reasoning=np.empty(n, np.int32),
            tokens_cached=np.empty(n, np.int32), cost=np.empty(n, np.float64), finish=np.empty(n, np.int8),
            tools_offered=np.empty(n, np.bool_), streamed=np.empty(n, np.bool_),
            first_token_ms=np.empty(n, np.int32), generation_ms=np.empty(n, np.int32),
        )  # fmt: skip
        _fill(
            counts, spells, work, users, self.days, self.models, self.kinds, self.rates, self.keys, first, weekday,
            out.key, out.session, out.day_millis, out.workload, out.user, out.model, out.free, out.provider,
            out.tokens_prompt, out.tokens_completion, out.tokens_reasoning, out.tokens_cached, out.cost, out.finish,
            out.tools_offered, out.streamed, out.first_token_ms, out.generation_ms,
        )  # fmt: skip
        return out


def _day_table(scenario: Scenario, market: Market) -> DayTable:
    traffic, kinds, days = scenario.traffic, scenario.workloads.categories, scenario.days
    size = (days, len(CATEGORIES))
    prompt, completion, offered = np.zeros(size), np.zeros(size), np.zeros(size)
    for name, kind in kinds.items():
        column = CATEGORIES.index(name)
        prompt[:, column] = np.log(scenario.daily(kind.prompt_tokens, geometric=True))
        completion[:, column] = np.log(scenario.daily(kind.completion_tokens, geometric=True))
    for name, share in traffic.tools_offered_share.items():
        offered[:, CATEGORIES.index(name)] = scenario.daily(share)
    # Volume of a UTC hour = weekday factor x hour factor of the local clock.
    weekday = np.array(traffic.weekday) / np.mean(traffic.weekday)
    hours = np.array(traffic.hours) / np.sum(traffic.hours)
    utc = np.arange(24)
    local = utc[None, :] + np.arange(-12, 15)[:, None]  # zone x UTC hour
    by_hour = np.stack([weekday[(day + local // 24) % 7] * hours[local % 24] for day in range(7)])
    return DayTable(
        season=scenario.daily(traffic.season),
        day_factor=by_hour.sum(axis=2),
        hour_cdf=np.cumsum(by_hour, axis=2) / np.maximum(by_hour.sum(axis=2, keepdims=True), 1e-300),
        log_prompt=prompt,
        log_completion=completion,
        tools_offered=offered,
        tool_calls=scenario.daily(traffic.tool_call_share),
        reasoning=scenario.daily(traffic.reasoning_completion_factor),
        price=market.price_history,
        free=market.free_history,
        up=market.up_history,
    )


def _kind_table(scenario: Scenario) -> KindTable:
    columns = ("prompt_sigma", "completion_sigma", "cached_share", "session_requests")
    table = np.ones((len(columns), len(CATEGORIES)))
    for name, kind in scenario.workloads.categories.items():
        for row, column in enumerate(columns):
            table[row, CATEGORIES.index(name)] = getattr(kind, column)
    return KindTable(*table)


def _model_table(scenario: Scenario, catalogue: Catalogue) -> tuple[ModelTable, tuple[str, ...]]:
    chance = {"none": 0.0, "hybrid": scenario.traffic.hybrid_reasoning_share, "always": 1.0}
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
    table = ModelTable(
        reasoning_chance=np.array([chance[m.facts.reasoning] for m in catalogue.models]),
        tools=np.array([m.facts.tools for m in catalogue.models], dtype=bool),
        context=np.array([m.facts.context_tokens for m in catalogue.models], dtype=float),
        provider_from=np.array(start, dtype=np.int32),
        provider_to=np.array(stop, dtype=np.int32),
        provider=np.array(provider, dtype=np.int16),
        provider_cdf=np.array(cdf),
        tokens_per_second=np.array(pace, dtype=float),
        first_token_ms=np.array(wait, dtype=float),
    )
    return table, tuple(names)
