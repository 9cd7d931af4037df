"""What a request is on average: its tokens, how it ends, what it costs.

The twin of `records.py`: that file draws what this one gives the mean of. A change of one is a change of both.
`tests/sim/test_expectation.py` fails when they part: by the means of drawn logs, and by what the two files read.

Exact but for the rounding of lengths: half a token is taken off where `records.py` rounds down. The error is below a
hundredth of a token for lengths of some tens on, and half a token at most, where lengths hardly vary.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.contract import CATEGORIES
from sim import pricing
from sim.compiled import compiled
from sim.mechanisms.demand.tool_propensity import ToolPropensity
from sim.traffic.counts import Rates
from sim.traffic.factors import COMPLETION, PROMPT, THOUGHT, FactorLaw
from sim.traffic.records import BYOK_FEE, CONTEXT_PART, MOST_THOUGHT, MOST_VISIBLE
from sim.traffic.tables import ModelTable, Tables

QUANTITIES = {
    "requests": "requests of every ending",
    "tokens_prompt": "tokens, the cached ones included",
    "tokens_cached": "tokens of prompts that were read from a cache",
    "tokens_completion": "tokens of answers, visible ones and reasoning",
    "tokens_reasoning": "tokens of answers that are reasoning",
    "cost_usd": "USD billed by the gateway: nothing for free variants and errors, a fee for own keys",
    "tools_offered": "requests that offer tools, from the first day on (a log may record it later)",
    "tool_calls": "requests that end in a tool call",
    "tool_call_tokens": "prompt and completion tokens of requests that end in a tool call",
}
"""What is expected of traffic, with its unit. All are sums over requests; names are the log's where it has one."""
(REQUESTS, TOKENS_PROMPT, TOKENS_CACHED, TOKENS_COMPLETION, TOKENS_REASONING, COST, OFFERED, CALLS,
 CALL_TOKENS) = range(len(QUANTITIES))  # fmt: skip

FEW = 24
"""Prompts of up to as many tokens have their cached part counted out; for longer ones half a token is taken off."""
PROMPT_BY: tuple[str, ...] = ("context",)
ANSWER_BY: tuple[str, ...] = ("reasoning_length",)
"""Columns of the table of models on which the lengths of prompts and of answers depend."""

_charge = compiled(pricing.charge)
_calls = compiled(ToolPropensity.chance)


class Means(NamedTuple):
    """Mean tokens of one request. Models with the same lengths share a row."""

    prompt_row: NDArray[np.int64]  # of each model
    answer_row: NDArray[np.int64]
    prompt: NDArray[np.float64]  # row x category x day x (all, cached where the model has a cached price)
    answer: NDArray[
        np.float64
    ]  # row x category x day x (visible, reasoning if it reasons) x (any ending, whole)


def request_means(tables: Tables, rates: Rates) -> Means:
    """The means of a world's requests."""
    prompt_row, prompt_models = _alike(tables.models, PROMPT_BY)
    answer_row, answer_models = _alike(tables.models, ANSWER_BY)
    days = len(tables.days.season)
    prompt = np.zeros((len(prompt_models), len(CATEGORIES), days, 2))
    answer = np.zeros((len(answer_models), len(CATEGORIES), days, 2, 2))
    for g in np.flatnonzero(tables.days.prompt.any(axis=0)).tolist():  # the scenario has such work
        prompt[:, g] = _prompts(tables, prompt_models, g)
        answer[:, g] = _answers(tables, rates, answer_models, g)
    return Means(prompt_row, answer_row, prompt, answer)


def _alike(models: ModelTable, columns: tuple[str, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Groups of models that agree in these columns: each model's group, and one model of each group."""
    keys = np.column_stack([np.zeros(len(models.context)), *(getattr(models, name) for name in columns)])
    _, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return group.reshape(-1).astype(np.int64), first


def _prompts(tables: Tables, models: NDArray[np.int64], g: int) -> NDArray[np.float64]:
    """Prompt tokens, and the cached ones of them, of a category's requests: models x days x 2."""
    median, law = tables.days.prompt[:, g], FactorLaw(tables.factors, PROMPT + g)
    most = np.floor(np.maximum(1.0, CONTEXT_PART * tables.models.context[models]))
    whole, _ = _rounded_down(law, median, 1, most[:, None])
    share = tables.kinds.cached_share[g]
    cached = share * whole
    if 0.0 < share < 1.0:
        n = np.arange(1, FEW + 1)
        _, below = law.capped((n + 1) / median[:, None])
        chance = np.diff(below, axis=-1, prepend=0.0)  # of a prompt of n tokens
        cached += chance @ (_cached_of(n, share) - (share * n - 0.5)) - 0.5
    return np.stack([whole, cached], axis=-1)


def _cached_of(n: NDArray[np.int64], share: float) -> NDArray[np.float64]:
    """The mean of the cached tokens of prompts of n tokens: an even part of them, rounded down."""
    low, high = (0.0, 2.0 * share) if share <= 0.5 else (2.0 * share - 1.0, 1.0)

    def area(x: NDArray[Any]) -> NDArray[Any]:  # under floor(x), from 0
        whole = np.floor(x)
        return whole * (whole - 1.0) / 2.0 + whole * (x - whole)

    return np.asarray((area(n * high) - area(n * low)) / (n * (high - low)))


def _answers(tables: Tables, rates: Rates, models: NDArray[np.int64], g: int) -> NDArray[np.float64]:
    """Visible tokens, and reasoning tokens if it reasons, of a category's requests: models x days x 2 x (any ending,
    whole)."""
    median, law = tables.days.completion[:, g], FactorLaw(tables.factors, COMPLETION + g)
    visible, visible_left = _rounded_down(law, median, 1, MOST_VISIBLE)
    # Reasoning is drawn for a visible token: its mean is taken over the law of visible tokens, part by part.
    chance, factor = law.parts()
    shown = np.clip(median[:, None] * factor, 1.0, MOST_VISIBLE)
    thinks = tables.days.reasoning * tables.models.reasoning_length[models][:, None]
    thoughts = FactorLaw(tables.factors, THOUGHT)
    thought, thought_left = _rounded_down(thoughts, shown * thinks[..., None], 0, MOST_THOUGHT)
    whole = _beside(visible, thought @ chance)
    left = _beside(visible_left, thought_left @ chance)
    # A cancelled request has an even part of its tokens, one that failed has none.
    any_ending = (1.0 - rates.cancelled - rates.error) * whole + rates.cancelled * left
    return np.stack([any_ending, whole], axis=-1)


def _beside(visible: NDArray[np.float64], thought: NDArray[np.float64]) -> NDArray[np.float64]:
    """Models x days x (visible, reasoning); visible tokens are the same for all models."""
    return np.stack(np.broadcast_arrays(visible, thought), axis=-1)


def _rounded_down(
    law: FactorLaw, median: NDArray[np.float64], least: int, most: NDArray[np.float64] | float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means of whole tokens, of `least` (0 or 1) to `most` (whole): of all of a length, and of an even part of it.

    The first is the sum of P(length >= k) over k = 1 ... most, by the formula of Euler and Maclaurin.
    """
    median = np.maximum(median, 1e-12)
    under_one, below_one = law.capped(1.0 / median)
    under_most, below_most = law.capped(most / median)
    beyond_one = median * (under_most - under_one)
    density = np.exp(-((np.log(median) / law.sigma) ** 2) / 2.0) / (law.sigma * math.sqrt(2.0 * math.pi))
    rounded = beyond_one + 1.0 - (below_one + below_most) / 2.0 + np.minimum(density, 1.0) / 12.0
    return rounded + least * below_one, beyond_one / 2.0


@compiled
def add_expected(mean, monday, model, work, tables, means, rates, into, cell, free_cell):  # type: ignore[no-untyped-def]
    """Add what the requests of a spell in one week are on average: its mean numbers by weekday are given.

    into: cell x `QUANTITIES`; requests to the free variant go to `free_cell`.
    """
    days, models, g = tables.days, tables.models, work.category
    asks, answers = means.prompt_row[model], means.answer_row[model]
    chance, has_tools, odds = models.reasoning_chance[model], models.tools[model], models.tool_odds[model]
    for weekday in range(7):
        n, day = mean[weekday], monday + weekday
        if n == 0.0:
            continue
        is_free = days.free[day, model] and work.accepts_free
        p_in, p_out, p_cached = (
            days.price[day, model, 0], days.price[day, model, 1], days.price[day, model, 2],
        )  # fmt: skip
        prompt = means.prompt[asks, g, day, 0]
        cached = means.prompt[asks, g, day, 1] if p_cached < p_in else 0.0
        thought = chance * means.answer[answers, g, day, 1, 0]
        completion = means.answer[answers, g, day, 0, 0] + thought
        whole = means.answer[answers, g, day, 0, 1] + chance * means.answer[answers, g, day, 1, 1]
        # -- how it ended
        offered = 0.0
        if has_tools:
            offered = 1.0 if work.needs_tools else days.tools_offered[day, work.flow, g]
        tool_share = work.tool_call_share
        if math.isnan(tool_share):
            tool_share = _calls(days.tool_calls[day], odds)
        called = (1.0 - rates.cancelled - rates.error - rates.filtered) * offered * tool_share
        # -- what it cost: an error nothing, and it has no completion
        paid, charge = 1.0 - rates.error, 0.0
        if not is_free:
            charge = _charge(paid * prompt, paid * cached, completion, p_in, p_cached, p_out) * 1e-6
            if work.byok:
                charge *= BYOK_FEE
        at = free_cell if is_free else cell
        into[at, REQUESTS] += n
        into[at, TOKENS_PROMPT] += n * prompt
        into[at, TOKENS_CACHED] += n * cached
        into[at, TOKENS_COMPLETION] += n * completion
        into[at, TOKENS_REASONING] += n * thought
        into[at, COST] += n * charge
        into[at, OFFERED] += n * offered
        into[at, CALLS] += n * called
        into[at, CALL_TOKENS] += n * called * (prompt + whole)
