"""Spells become requests: counts, times, token lengths, finish reasons, costs and latencies.

The unit of work is a block of users in one UTC week. A record is a function of its workload, day and number alone,
so blocks can be made in any order, by any number of workers. The loops are compiled and release the interpreter.
"""

import datetime as dt
import math
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import ndtri

from analysis.contract import CATEGORIES
from sim import pricing
from sim.agents.population import Users, Workloads
from sim.agents.spells import Kind
from sim.catalogue import Catalogue
from sim.gateway.buffers import Memory
from sim.gateway.identity import week_number
from sim.market import Market
from sim.mechanisms.intermittency import Intermittency
from sim.mechanisms.volume_unlock import VolumeUnlock
from sim.randomness import GOLDEN, Draws, Purpose, draw_unit, hash_bits, mix, normal_quantile, unit
from sim.scenario import Scenario

BLOCK_USERS = 1 << 18
"""Users of one block. Fixed: it decides which records share a file."""

SECONDS_PER_DAY = 86_400
MILLIS_PER_DAY = 1000 * SECONDS_PER_DAY
MEAN_GAP_SECONDS = 75.0
"""Mean time between two requests of a sitting (assumed)."""

HOME, RIVAL = int(Kind.HOME), int(Kind.RIVAL)
CONTEXT_PART, MOST_VISIBLE, MOST_THOUGHT = 0.9, 32_000.0, 64_000.0
"""Longest prompt as part of the context window; most visible and most reasoning tokens of a request (assumed)."""
READ_MS, PACE_SPREAD = 0.01, 0.3
"""Milliseconds of wait for a prompt token; relative spread of a provider's tokens a second (assumed)."""
SETTLED_DAYS = np.int32(10_000)
"""Tenure at which the ramp of an embedded workload's volume is over, whatever its time constant."""
STOP, LENGTH, TOOL_CALLS, CONTENT_FILTER, ERROR, NONE = range(6)
"""Codes of finish reasons: places in `FINISH_REASONS` of the contract, then one for none."""
BYOK_FEE = 0.05
"""Share of the provider's charge that the gateway bills for own-key traffic (OpenRouter's fee of 2025)."""
THOUGHT_SIGMA, WAIT_SIGMA = 0.8, 0.45
"""Spread of the log of reasoning tokens for a visible one, and of the log of a provider's wait (assumed)."""

PROMPT, COMPLETION = 0, len(CATEGORIES)
THOUGHT, WAIT = 2 * len(CATEGORIES), 2 * len(CATEGORIES) + 1
"""Rows of the factor table: prompts and completions by category, reasoning, wait."""
GUIDE = 64
"""Steps of the guide table to the hour (Chen and Asau 1974)."""
_STEPS = 1 << 10
_STEP_BITS, _STEP_MASK, _TO_PART = np.uint64(22), np.uint64((1 << 22) - 1), 1.0 / (1 << 22)
_HALF, _HALF_MASK, _TO_UNIT = np.uint64(32), np.uint64((1 << 32) - 1), 1.0 / (1 << 32)

compiled = njit(cache=True, nogil=True, error_model="numpy")
_charge = compiled(pricing.charge)
_skips = compiled(Intermittency.skips)

SPELL = np.dtype([
    ("workload", np.int32), ("start", np.int32), ("end", np.int32), ("since", np.int32), ("model", np.int16),
    ("kind", np.int8),
], align=True)  # fmt: skip
"""A spell. One record, not a column for each field: a week touches few spells, and each costs one read of memory."""

WORK = np.dtype([
    ("entity", np.uint64), ("user_entity", np.uint64), ("user", np.int32), ("regularity", np.float32),
    ("requests_per_day", np.float32), ("tool_call_share", np.float32), ("category", np.int8), ("needs_tools", np.bool_),
    ("accepts_free", np.bool_), ("byok", np.bool_), ("zone", np.int8),
], align=True)  # fmt: skip
"""A workload, with what its requests take from its user; `zone` is the UTC offset in hours + 12."""


class DayTable(NamedTuple):
    """What depends on the date; rows are days, or local calendars."""

    season: NDArray[np.float64]
    day_factor: NDArray[np.float64]  # weekday of the UTC day x zone
    hour_cdf: NDArray[np.float64]  # weekday of the UTC day x zone x UTC hour
    hour_guide: NDArray[np.int8]  # the hour at the beginning of each step of the cdf
    prompt: NDArray[np.float64]  # median tokens, day x category
    completion: NDArray[np.float64]
    tools_offered: NDArray[np.float64]
    tool_calls: NDArray[np.float64]  # day
    reasoning: NDArray[np.float64]  # median reasoning tokens for a visible one, day
    price: NDArray[np.float64]  # day x model x 3
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

    cached_share: NDArray[np.float64]
    session_requests: NDArray[np.float64]


class FactorTable(NamedTuple):
    """Lognormal factors with median 1, by their quantiles, which are quicker to look up than to compute."""

    sigma: NDArray[np.float64]
    quantile: NDArray[np.float32]  # row x steps of equal probability, and the end


class Rates(NamedTuple):
    """Scalars of the traffic."""

    trial_per_day: float
    volume: float
    intermittent: bool
    streamed: float
    cancelled: float
    length_stop: float
    error: float
    filtered: float


class Week(NamedTuple):
    """One UTC week of the calendar, by days of the scenario: its Monday, its first day and the day after its last."""

    number: int
    monday: int
    first: int
    last: int
    activity: float  # factor on the chance to be active


class Keys(NamedTuple):
    """Keys of the streams."""

    active: np.uint64
    requests: np.uint64
    session: np.uint64
    record: np.uint64


class Volume(NamedTuple):
    """What decides how many requests there are."""

    up: NDArray[np.bool_]  # day x model
    level: NDArray[np.float64]  # a day's volume, day x time zone
    ramp: NDArray[np.float64]  # share of the full volume, by days since embedding
    rates: Rates
    keys: Keys


@dataclass
class Records:
    """Arrays of equal length, one entry a request; workloads and users are numbered within the block.

    `prompts_cut` requests had a prompt drawn that was longer than the model's context holds.
    """

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
    prompts_cut: int = 0

    def __len__(self) -> int:
        return len(self.key)


Columns: Any = namedtuple("Columns", [part.name for part in fields(Records) if part.name != "prompts_cut"])  # type: ignore[misc]
"""The arrays of the records, for the loop that writes them."""


class Tables(NamedTuple):
    """What requests look like, by date, model and category."""

    days: DayTable
    models: ModelTable
    kinds: KindTable
    factors: FactorTable


class Origin(NamedTuple):
    """From where days, workloads and users of a block count: the weekday of day 0, the block's first rows."""

    weekday: int
    work: int
    user: int


class Cells(NamedTuple):
    """The (spell, day) of a week that have requests, ordered by spell."""

    spell: NDArray[np.int32]
    day: NDArray[np.int32]
    number: NDArray[np.int32]


@njit(inline="always")
def _low(bits: np.uint64) -> float:
    """The lower half of a word as a uniform draw in (0, 1)."""
    return (np.float64(bits & _HALF_MASK) + 0.5) * _TO_UNIT


@njit(inline="always")
def _high(bits: np.uint64) -> float:
    """The upper half of a word as a uniform draw in (0, 1), independent of the lower one."""
    return (np.float64(bits >> _HALF) + 0.5) * _TO_UNIT


@njit(inline="always")
def _factor(factors: FactorTable, row: int, half: np.uint64) -> float:
    """The factor of a row at the quantile given by 32 bits: linear between steps, exact in the first and the last."""
    step = np.int64(half >> _STEP_BITS)
    if step == 0 or step == _STEPS - 1:
        return math.exp(factors.sigma[row] * normal_quantile((np.float64(half) + 0.5) * _TO_UNIT))
    below, above = factors.quantile[row, step], factors.quantile[row, step + 1]
    return below + (above - below) * (np.float64(half & _STEP_MASK) * _TO_PART)


@njit(inline="always")
def _poisson(mean: float, u: float) -> int:
    """Poisson draw by inversion of one uniform; a rounded normal for large means."""
    if u <= 1.0 - mean:  # below exp(-mean): most cells end here
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


@compiled
def _by_week(spells, weekday, weeks):  # type: ignore[no-untyped-def]
    """Which spells touch each week: those of week k are rows[edges[k] : edges[k + 1]], in their order."""
    edges = np.zeros(weeks + 1, dtype=np.int64)
    for spell in spells:
        for week in range((spell.start + weekday) // 7, min((spell.end + weekday + 6) // 7, weeks)):
            edges[week + 1] += 1
    edges = np.cumsum(edges)
    rows, filled = np.empty(edges[-1], dtype=np.int32), edges.copy()
    for s, spell in enumerate(spells):
        for week in range((spell.start + weekday) // 7, min((spell.end + weekday + 6) // 7, weeks)):
            rows[filled[week]] = s
            filled[week] += 1
    return edges, rows


@compiled
def _take(table, rows, out):  # type: ignore[no-untyped-def]
    """The rows of a table, together. A loop that does nothing else waits for many far reads at once."""
    for i in range(len(rows)):
        out[i] = table[rows[i]]


@compiled
def count_week(spell, work, volume, week, day_of, count, at):  # type: ignore[no-untyped-def]
    """Write the days of one week on which a spell has requests, and how many, from entry `at` on.

    Returns the entry after the last one.
    """
    rates, keys = volume.rates, volume.keys
    home = spell.kind == HOME
    if home and rates.intermittent:
        u = draw_unit(keys.active, work.user_entity, np.uint64(week.number))
        if _skips(u, work.regularity, week.activity):
            return at
    model, zone = spell.model, work.zone
    rival = 1 if spell.kind == RIVAL else 0
    scale = rates.volume * (work.requests_per_day if home else rates.trial_per_day)
    # A day's draw is nine bits of the week's word, and bits of its own where those leave open if there are any.
    base = hash_bits(keys.requests, work.entity, np.uint64(2 * week.number + rival))
    trial_day = -1 if home else spell.start
    for day in range(max(week.first, spell.start), min(week.last, spell.end)):
        u = np.float64((base >> np.uint64(9 * (day - week.monday))) & np.uint64(511))
        mean = volume.level[day, zone] * scale
        if u + 1.0 <= 512.0 * (1.0 - mean) and day != trial_day:
            continue  # none, whatever the ramp
        if not volume.up[day, model]:
            continue
        u = (u + unit(mix(base + np.uint64(day - week.monday + 1) * GOLDEN))) / 512.0
        if home:
            mean *= volume.ramp[day - spell.since]
        n = _poisson(mean, u)
        if n == 0 and day == trial_day:
            n = 1  # a trial is at least one request
        if n > 0:
            day_of[at], count[at] = day, n
            at += 1
    return at


@compiled
def _count(spells, works, volume, week, into):  # type: ignore[no-untyped-def]
    """Fill the cells (spell, day) of one week that have requests. Returns the numbers of cells and of requests."""
    cells, total = 0, 0
    for s in range(len(spells)):
        filled = count_week(spells[s], works[s], volume, week, into.day, into.number, cells)
        for cell in range(cells, filled):
            into.spell[cell] = s
            total += into.number[cell]
        cells = filled
    return cells, total


@compiled
def _fill(cells, spells, works, tables, volume, origin, out):  # type: ignore[no-untyped-def]
    """Write the records of the cells. Returns how many prompts were longer than the model's context."""
    days, models, kinds, factors = tables
    rates, keys = volume.rates, volume.keys
    row, cut = 0, 0
    for cell in range(len(cells.spell)):
        s, day, n = cells.spell[cell], cells.day[cell], cells.number[cell]
        spell, work = spells[s], works[s]
        g, model, entity, zone = work.category, spell.model, work.entity, work.zone
        rival = 1 if spell.kind == RIVAL else 0
        base = hash_bits(keys.record, entity, np.uint64(2 * day + rival))
        sitting_base = mix(base ^ keys.session)
        cdf = days.hour_cdf[(origin.weekday + day) % 7, zone]
        hours = days.hour_guide[(origin.weekday + day) % 7, zone]
        is_free = days.free[day, model] and work.accepts_free
        p_in, p_out, p_cached = (
            days.price[day, model, 0], days.price[day, model, 1], days.price[day, model, 2],
        )  # fmt: skip
        has_cache = p_cached < p_in
        limit = CONTEXT_PART * models.context[model]
        share, chance = kinds.cached_share[g], models.reasoning_chance[model]
        tool_share = work.tool_call_share
        if math.isnan(tool_share):
            tool_share = days.tool_calls[day]
        # Requests are spread evenly over the sittings: one begins whenever another n of `progress` is reached.
        sittings = max(1, int(n / kinds.session_requests[g] + 0.5))
        sitting, progress = 0, n
        sitting_key, start, offset = np.uint64(0), 0.0, 0.0
        for i in range(n):
            # The record's key; words of 64 bits that hold two draws each follow from it.
            r = mix(base + np.uint64(i + 1) * GOLDEN)
            # -- when
            if progress >= n:
                progress -= n
                sitting += 1
                sitting_key = mix(sitting_base + np.uint64(sitting) * GOLDEN)
                u = _high(sitting_key)
                hour = hours[int(u * GUIDE)]
                while u > cdf[hour]:
                    hour += 1
                start = 3600.0 * (hour + _low(sitting_key))
                offset = 0.0
            else:
                offset += -MEAN_GAP_SECONDS * math.log(_low(mix(r + np.uint64(1))))
            progress += sittings
            second = start + offset
            if second >= SECONDS_PER_DAY:
                second = max(0.0, start - offset)
            # -- how much
            word = mix(r + np.uint64(2))
            n_prompt = days.prompt[day, g] * _factor(factors, PROMPT + g, word & _HALF_MASK)
            cut += n_prompt > limit
            n_prompt = math.floor(max(1.0, min(n_prompt, limit)))
            visible = days.completion[day, g] * _factor(factors, COMPLETION + g, word >> _HALF)
            visible = max(1.0, min(visible, MOST_VISIBLE))
            thought = 0.0
            if chance > 0.0:
                word = mix(r + np.uint64(3))
                if _low(word) < chance:
                    thought = visible * days.reasoning[day] * _factor(factors, THOUGHT, word >> _HALF)
                    thought = min(thought, MOST_THOUGHT)
            word = mix(r + np.uint64(4))
            u = _low(word)
            hit = 2.0 * share * u if share <= 0.5 else 1.0 - 2.0 * (1.0 - share) * u
            n_cached = math.floor(n_prompt * hit) if has_cache else 0.0
            # -- how it ended
            u = _high(word)
            word = mix(r + np.uint64(5))
            is_offered = models.tools[model] and (work.needs_tools or _low(word) < days.tools_offered[day, g])
            ended = STOP
            if u < rates.cancelled:
                ended = NONE
                left = _high(mix(r + np.uint64(1)))
                visible, thought = visible * left, thought * left
            elif u < rates.cancelled + rates.error:
                ended, visible, thought = ERROR, 0.0, 0.0
            elif u < rates.cancelled + rates.error + rates.filtered:
                ended = CONTENT_FILTER
            elif is_offered and _high(word) < tool_share:
                ended = TOOL_CALLS
            elif u > 1.0 - rates.length_stop:
                ended = LENGTH
            visible, thought = math.floor(visible), math.floor(thought)
            n_completion = visible + thought
            # -- who served it, how fast
            word = mix(r + np.uint64(6))
            u = _low(word)
            at = models.provider_from[model]
            for other in range(models.provider_from[model], models.provider_to[model] - 1):
                at += u > models.provider_cdf[other]
            is_streamed = _high(word) < rates.streamed
            word = mix(r + np.uint64(7))
            wait = models.first_token_ms[at] * _factor(factors, WAIT, word & _HALF_MASK) + READ_MS * n_prompt
            pace = models.tokens_per_second[at] * (1.0 + PACE_SPREAD * (2.0 * _high(word) - 1.0))
            charge = _charge(n_prompt, n_cached, n_completion, p_in, p_cached, p_out) * 1e-6
            if is_free or ended == ERROR:
                charge = 0.0
            elif work.byok:
                charge *= BYOK_FEE
            out.key[row], out.session[row] = r, sitting_key
            out.day_millis[row] = day * MILLIS_PER_DAY + int(second * 1000.0)
            out.workload[row], out.user[row] = spell.workload - origin.work, work.user - origin.user
            out.model[row], out.free[row] = model, is_free
            out.provider[row] = models.provider[at]
            out.tokens_prompt[row], out.tokens_completion[row] = int(n_prompt), int(n_completion)
            out.tokens_reasoning[row], out.tokens_cached[row] = int(thought), int(n_cached)
            out.cost[row], out.finish[row] = charge, ended
            out.tools_offered[row], out.streamed[row] = is_offered, is_streamed
            out.first_token_ms[row] = int(wait)
            out.generation_ms[row] = int(wait + 1000.0 * n_completion / pace)
            row += 1
    return cut


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
        # A large account comes with its full volume: it has no ramp.
        settled = workloads.pinned_model[spells["workload"]] >= 0
        self.spells = spells | {"since": np.where(settled, spells["since"] - SETTLED_DAYS, spells["since"])}
        self.memory = Memory()
        self._weeks = _weeks(scenario)
        mondays = np.array([monday for monday, _, _ in self._weeks], dtype="datetime64[D]")
        self.activity = scenario.population.activity.at(mondays)
        """Factor on everybody's chance to be active, by week."""
        self.days = _day_table(scenario, market)
        weekday = (scenario.start.weekday() + np.arange(scenario.days)) % 7
        level = self.days.season[:, None] * self.days.day_factor[weekday]
        models, self.providers = _model_table(scenario, catalogue)
        self.tables = Tables(self.days, models, _kind_table(scenario), _factor_table(scenario))
        traffic = scenario.traffic
        rates = Rates(
            trial_per_day=scenario.workloads.trial_requests_per_day,
            volume=traffic.volume,
            intermittent=scenario.mechanisms[Intermittency].enabled,
            streamed=traffic.streamed_share,
            cancelled=traffic.cancelled_share,
            length_stop=traffic.length_stop_share,
            error=traffic.error_share,
            filtered=traffic.filter_share,
        )
        keys = Keys(
            active=draws.key(Purpose.USER_ACTIVE_WEEK),
            requests=draws.key(Purpose.DAY_COUNT),
            session=draws.key(Purpose.SESSION_START),
            record=draws.key(Purpose.RECORD),
        )
        offsets = np.array([p.utc_offset_hours for p in scenario.population.countries.values()])
        of_users: dict[str, NDArray[Any]] = {
            "user_entity": users.entity, "regularity": users.regularity, "byok": users.byok,
            "zone": offsets[users.country] + 12,
        }  # fmt: skip
        self.work_table = np.empty(len(workloads), dtype=WORK)
        for name in WORK.names or ():
            self.work_table[name] = (
                of_users[name][workloads.user] if name in of_users else getattr(workloads, name)
            )
        self.spell_table = np.empty(len(spells["workload"]), dtype=SPELL)
        for name in SPELL.names or ():
            self.spell_table[name] = spells[name]
        ramp = _ramp(scenario, self.spell_table)
        self.volume = Volume(self.days.up, level, ramp, rates, keys)
        # Blocks are ranges of users; workloads and spells are ordered by user.
        edges = np.arange(0, len(users) + BLOCK_USERS, BLOCK_USERS)
        self._work_edges = np.searchsorted(workloads.user, edges)
        spell_edges = np.searchsorted(spells["workload"], self._work_edges)
        self._spell_slices = [slice(int(a), int(b)) for a, b in pairwise(spell_edges)]
        self._by_week = [
            _by_week(self.spell_table[part], scenario.start.weekday(), len(self._weeks))
            for part in self._spell_slices
        ]

    @property
    def blocks(self) -> int:
        """Number of blocks of users."""
        return len(self._work_edges) - 1

    def weeks(self) -> list[tuple[dt.date, int, int]]:
        """UTC Monday weeks of the scenario: (Monday, first day, day after the last)."""
        return self._weeks

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

    def records(self, week: int, block: int) -> Records:
        """All requests of one block of users in one week, ordered by user."""
        monday, first, last = self.weeks()[week]
        weekday = (self.scenario.start + dt.timedelta(days=first)).weekday()
        edges, rows = self._by_week[block]
        new_array = self.memory.array
        rows = rows[edges[week] : edges[week + 1]]
        spells, works = new_array(len(rows), SPELL), new_array(len(rows), WORK)
        _take(self.spell_table[self._spell_slices[block]], rows, spells)
        _take(self.work_table, spells["workload"], works)
        # The calendar's week, not the scenario's: the start of a world changes nobody's active weeks.
        number = week_number(monday)
        cells = Cells(*(new_array(7 * len(rows), np.int32) for _ in Cells._fields))
        filled, n = _count(
            spells, works, self.volume, Week(number, first - weekday, first, last, self.activity[week]), cells
        )
        cells = Cells(*(column[:filled] for column in cells))
        out = Records(
            key=new_array(n, np.uint64), session=new_array(n, np.uint64), day_millis=new_array(n, np.int64),
            workload=new_array(n, np.int32), user=new_array(n, np.int32), model=new_array(n, np.int16),
            free=new_array(n, np.bool_), provider=new_array(n, np.int16), tokens_prompt=new_array(n, np.int32),
            tokens_completion=new_array(n, np.int32), tokens_reasoning=new_array(n, np.int32),
            tokens_cached=new_array(n, np.int32), cost=new_array(n, np.float64), finish=new_array(n, np.int8),
            tools_offered=new_array(n, np.bool_), streamed=new_array(n, np.bool_),
            first_token_ms=new_array(n, np.int32), generation_ms=new_array(n, np.int32),
        )  # fmt: skip
        names: tuple[str, ...] = Columns._fields
        columns = Columns(*(getattr(out, name) for name in names))
        origin = Origin(self.scenario.start.weekday(), self.work_of(block).start, self.users_of(block).start)
        out.prompts_cut = _fill(cells, spells, works, self.tables, self.volume, origin, columns)
        return out


def _weeks(scenario: Scenario) -> list[tuple[dt.date, int, int]]:
    weeks = []
    monday = scenario.start - dt.timedelta(days=scenario.start.weekday())
    while monday <= scenario.end:
        first = (monday - scenario.start).days
        weeks.append((monday, max(0, first), min(scenario.days, first + 7)))
        monday += dt.timedelta(days=7)
    return weeks


def _ramp(scenario: Scenario, spells: NDArray[Any]) -> NDArray[np.float64]:
    """Share of the full volume by days since embedding, for all ages that occur."""
    ages = np.arange((spells["end"] - spells["since"]).max(initial=0)) + 0.5
    return scenario.mechanisms[VolumeUnlock].ramp(ages)


def _day_table(scenario: Scenario, market: Market) -> DayTable:
    traffic, kinds, days = scenario.traffic, scenario.workloads.categories, scenario.days
    size = (days, len(CATEGORIES))
    prompt, completion, offered = np.zeros(size), np.zeros(size), np.zeros(size)
    for name, kind in kinds.items():
        column = CATEGORIES.index(name)
        prompt[:, column] = scenario.daily(kind.prompt_tokens, geometric=True)
        completion[:, column] = scenario.daily(kind.completion_tokens, geometric=True)
    for name, share in traffic.tools_offered_share.items():
        offered[:, CATEGORIES.index(name)] = scenario.daily(share)
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


def _kind_table(scenario: Scenario) -> KindTable:
    table = np.ones((len(KindTable._fields), len(CATEGORIES)))
    for name, kind in scenario.workloads.categories.items():
        for row, column in enumerate(KindTable._fields):
            table[row, CATEGORIES.index(name)] = getattr(kind, column)
    return KindTable(*table)


def _factor_table(scenario: Scenario) -> FactorTable:
    sigma = np.ones(WAIT + 1)
    for name, kind in scenario.workloads.categories.items():
        sigma[PROMPT + CATEGORIES.index(name)] = kind.prompt_sigma
        sigma[COMPLETION + CATEGORIES.index(name)] = kind.completion_sigma
    sigma[THOUGHT], sigma[WAIT] = THOUGHT_SIGMA, WAIT_SIGMA
    steps = ndtri(np.arange(_STEPS + 1) / _STEPS)
    # The ends are infinite and not looked up; the bound keeps absurd spreads within a float32.
    logs = np.clip(sigma[:, None] * steps, -80.0, 80.0)
    return FactorTable(sigma, np.exp(logs).astype(np.float32))


def _model_table(scenario: Scenario, catalogue: Catalogue) -> tuple[ModelTable, tuple[str, ...]]:
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
