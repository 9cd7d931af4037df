"""What a request is: when it came, how long it was, how it ended, who served it, how fast, and what it cost.

A record is a function of its workload, day and number alone. The loop that writes records is compiled and releases the
interpreter.

Its twin is `means.py`, which states the means of what is drawn here: a change of one is a change of both.
`tests/sim/test_expectation.py` fails when they part.
"""

import math
from collections import namedtuple
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim import pricing
from sim.compiled import compiled
from sim.mechanisms.demand.tool_propensity import ToolPropensity
from sim.randomness import GOLDEN, HALF, HALF_MASK, hash_bits, high_unit, low_unit, mix
from sim.traffic.counts import stream
from sim.traffic.factors import COMPLETION, PROMPT, THOUGHT, WAIT, factor
from sim.traffic.tables import GUIDE

SECONDS_PER_DAY = 86_400
MILLIS_PER_DAY = 1000 * SECONDS_PER_DAY
MEAN_GAP_SECONDS = 75.0
"""Mean time between two requests of a sitting (assumed)."""
CONTEXT_PART, MOST_VISIBLE, MOST_THOUGHT = 0.9, 32_000.0, 64_000.0
"""Longest prompt as part of the context window; most visible and most reasoning tokens of a request (assumed)."""
READ_MS, PACE_SPREAD = 0.01, 0.3
"""Milliseconds of wait for a prompt token; relative spread of a provider's tokens a second (assumed)."""
STOP, LENGTH, TOOL_CALLS, CONTENT_FILTER, ERROR, NONE = range(6)
"""Codes of finish reasons: places in `FINISH_REASONS` of the contract, then one for none."""
BYOK_FEE = 0.05
"""Share of the provider's charge that the gateway bills for own-key traffic (OpenRouter's fee of 2025)."""

_charge = compiled(pricing.charge)
_calls = compiled(ToolPropensity.chance)


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


class Origin(NamedTuple):
    """From where days, workloads and users of a block count: the weekday of day 0, the block's first rows."""

    weekday: int
    work: int
    user: int


@compiled
def fill(cells, spells, works, tables, volume, origin, out):  # type: ignore[no-untyped-def]
    """Write the records of the cells. Returns how many prompts were longer than the model's context."""
    days, models, kinds, factors = tables
    rates, keys = volume.rates, volume.keys
    row, cut = 0, 0
    for cell in range(len(cells.spell)):
        s, day, n = cells.spell[cell], cells.day[cell], cells.number[cell]
        spell, work = spells[s], works[s]
        g, model, entity, zone = work.category, spell.model, work.entity, work.zone
        base = hash_bits(keys.record, entity, stream(spell.kind, day))
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
        thinks = days.reasoning[day] * models.reasoning_length[model]
        tool_share = work.tool_call_share
        if math.isnan(tool_share):
            tool_share = _calls(days.tool_calls[day], models.tool_odds[model])
        # Requests are spread evenly over the sittings: one begins whenever another n of `progress` is reached.
        sittings = max(1, int(n / kinds.session_requests[work.flow, g] + 0.5))
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
                u = high_unit(sitting_key)
                hour = hours[int(u * GUIDE)]
                while u > cdf[hour]:
                    hour += 1
                start = 3600.0 * (hour + low_unit(sitting_key))
                offset = 0.0
            else:
                offset += -MEAN_GAP_SECONDS * math.log(low_unit(mix(r + np.uint64(1))))
            progress += sittings
            second = start + offset
            if second >= SECONDS_PER_DAY:
                second = max(0.0, start - offset)
            # -- how much
            word = mix(r + np.uint64(2))
            n_prompt = days.prompt[day, g] * factor(factors, PROMPT + g, word & HALF_MASK)
            cut += n_prompt > limit
            n_prompt = math.floor(max(1.0, min(n_prompt, limit)))
            visible = days.completion[day, g] * factor(factors, COMPLETION + g, word >> HALF)
            visible = max(1.0, min(visible, MOST_VISIBLE))
            thought = 0.0
            if chance > 0.0:
                word = mix(r + np.uint64(3))
                if low_unit(word) < chance:
                    thought = visible * thinks * factor(factors, THOUGHT, word >> HALF)
                    thought = min(thought, MOST_THOUGHT)
            word = mix(r + np.uint64(4))
            u = low_unit(word)
            hit = 2.0 * share * u if share <= 0.5 else 1.0 - 2.0 * (1.0 - share) * u
            n_cached = math.floor(n_prompt * hit) if has_cache else 0.0
            # -- how it ended
            u = high_unit(word)
            word = mix(r + np.uint64(5))
            is_offered = models.tools[model] and (
                work.needs_tools or low_unit(word) < days.tools_offered[day, work.flow, g]
            )
            ended = STOP
            if u < rates.cancelled:
                ended = NONE
                left = high_unit(mix(r + np.uint64(1)))
                visible, thought = visible * left, thought * left
            elif u < rates.cancelled + rates.error:
                ended, visible, thought = ERROR, 0.0, 0.0
            elif u < rates.cancelled + rates.error + rates.filtered:
                ended = CONTENT_FILTER
            elif is_offered and high_unit(word) < tool_share:
                ended = TOOL_CALLS
            elif u > 1.0 - rates.length_stop:
                ended = LENGTH
            visible, thought = math.floor(visible), math.floor(thought)
            n_completion = visible + thought
            # -- who served it, how fast
            word = mix(r + np.uint64(6))
            u = low_unit(word)
            at = models.provider_from[model]
            for other in range(models.provider_from[model], models.provider_to[model] - 1):
                at += u > models.provider_cdf[other]
            is_streamed = high_unit(word) < rates.streamed
            word = mix(r + np.uint64(7))
            wait = models.first_token_ms[at] * factor(factors, WAIT, word & HALF_MASK) + READ_MS * n_prompt
            pace = models.tokens_per_second[at] * (1.0 + PACE_SPREAD * (2.0 * high_unit(word) - 1.0))
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
