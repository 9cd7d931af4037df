"""The choice, compiled: the loops behind `sim.agents.choice`, which says what they compute.

They pick the same model as the plain logit there, for the same draws. A logit choice is run as a race: option i
finishes after an exponential time of rate exp(V_i); the first is chosen. Most models are skipped before V is computed:
even their upper bound loses.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.agents.model_sets import NO_MODEL, has
from sim.compiled import compiled
from sim.randomness import GOLDEN, STEP, draw_unit, hash_bits, mix, normal_quantile, unit

ONE = np.uint64(1)


class View(NamedTuple):
    """The market as agents see it on one day: one row for each model that is listed and answers."""

    numbers: NDArray[np.int64]
    key: NDArray[np.uint64]
    awareness: NDArray[np.float64]  # models x categories, as far as attention goes
    perceived: NDArray[np.float64]  # models x categories: ability + hype
    ability: NDArray[np.float64]
    log_price: NDArray[np.float64]  # models x categories
    log_free_price: float
    free: NDArray[np.bool_]
    tools: NDArray[np.bool_]
    permissive: NDArray[np.bool_]
    context: NDArray[np.float64]


WORK = np.dtype([
    ("entity", np.uint64), ("hardness", np.float32), ("log_willingness", np.float32), ("price_sensitivity", np.float32),
    ("context_tokens", np.float32), ("category", np.int8), ("needs_tools", np.bool_), ("needs_permissive", np.bool_),
    ("accepts_free", np.bool_),
], align=True)  # fmt: skip
"""What a choice asks of a piece of work."""


class Past(NamedTuple):
    """What workloads remember of models: bit sets (workloads x words).

    passed_over: not to be chosen; known_to_fit: judged without error.
    """

    passed_over: NDArray[np.uint64]
    known_to_fit: NDArray[np.uint64]


class Weights(NamedTuple):
    """The parameters of a choice. fit: whether ability and hardness matter."""

    fit: bool
    kappa: float
    cap: float
    alpha: float
    quality: float
    match_sd: float
    perception_sd: float


class Keys(NamedTuple):
    """Keys of the streams."""

    choice: np.uint64
    perception: np.uint64
    match: np.uint64


@compiled
def best_within(of, view, order):  # type: ignore[no-untyped-def]
    """The best ability that a piece of work can afford, its needs met; -inf where there is none.

    order: by category the models of the view, the ablest first.
    """
    g = of.category
    for k in range(order.shape[1]):
        j = order[g, k]
        if (
            (view.log_price[j, g] <= of.log_willingness or (view.free[j] and of.accepts_free))
            and (view.tools[j] or not of.needs_tools)
            and (view.permissive[j] or not of.needs_permissive)
            and view.context[j] >= of.context_tokens
        ):
            return view.ability[j, g]
    return -np.inf


@compiled
def best_ability(rows, work, view, order):  # type: ignore[no-untyped-def]
    """The same for each row of a table of work."""
    best = np.empty(len(rows))
    for i in range(len(rows)):
        best[i] = best_within(work[rows[i]], view, order)
    return best


_BELOW_0, _BELOW_1, _BELOW_2, _BELOW_3, _BELOW_4 = (
    np.uint64(int(p * 2.0**64)) for p in (0.5, 0.8413, 0.9772, 0.9986, 0.99996)
)
"""64-bit draws below which the normal draw is at most 0, 1, 2, 3, 4: probabilities rounded down, so the bound holds."""
_FARTHEST = 300.0
"""Largest logarithm of a factor of the bound, so that none overflows."""
FEW = 16
"""Models up to which no bound is made."""
_SLACK = 1.0 + 1e-9
"""Room for rounding in the bound."""


@compiled
def earliest_times(  # type: ignore[no-untyped-def]
    race, error, model_key, model_step, slowness, weakness, f0, f1, f2, f3, f4, out
):
    """For each model the earliest time at which it can finish, as a multiple of the best case. No branches, so that the
    compiler vectorises it.
    """
    for j in range(len(out)):
        bits = mix(race + model_key[j])
        gap = 1.0 - unit(bits)  # <= -log(u)
        bits = mix(error + model_step[j])
        far = f0 if bits < _BELOW_0 else f1
        far = far if bits < _BELOW_1 else f2
        far = far if bits < _BELOW_2 else f3
        far = far if bits < _BELOW_3 else f4
        far = far if bits < _BELOW_4 else 0.0
        out[j] = gap * slowness[j] * max(1.0, far * weakness[j])


@compiled
def winners(rows, work, past, view, home, outside, day, keys, weights):  # type: ignore[no-untyped-def]
    """For each row the number of the model that it chooses, or -1: see `sim.agents.choice.choose`."""
    fit_on, kappa, cap, alpha, quality, match_sd, perception_sd = weights
    perceived, log_free_price = view.perceived, view.log_free_price
    passed_over, known_to_fit = past.passed_over, past.known_to_fit
    n, m, words = len(rows), len(view.numbers), known_to_fit.shape[1]
    chosen = np.full(n, NO_MODEL, dtype=np.int16)
    # The bound on an option's V: log A + kappa * min(what can be expected at most, cap) - alpha * price
    # sensitivity * log(lowest price). Factors that depend on the model and the category alone are made once.
    model_step = (view.key + ONE) * STEP
    top = np.full(perceived.shape[1], -np.inf)
    slowness, weakness = np.empty((perceived.shape[1], m)), np.empty((perceived.shape[1], m))
    for g in range(perceived.shape[1]):
        for j in range(m):
            top[g] = max(top[g], perceived[j, g])
        for j in range(m):
            slowness[g, j] = 1.0 / view.awareness[j, g]
            weakness[g, j] = math.exp(min(kappa * (top[g] - perceived[j, g]), _FARTHEST))
    factor_per_sd = math.exp(-min(kappa * perception_sd, _FARTHEST))
    # Few models are looked at one by one: to bound the time of each costs more than it saves.
    earliest, candidates, count = np.zeros(m), np.arange(m), m
    for i in range(n):
        w = rows[i]
        of = work[w]
        # Each option has its own draw, so an option that is added or removed changes no other option's taste shock.
        # Times are kept as logarithms, so that no utility is too large or too small.
        race = hash_bits(keys.choice, of.entity, day)
        best = math.log(-math.log(unit(mix(race)))) - outside[i]
        g = of.category
        price_coefficient = alpha * of.price_sensitivity
        most = kappa * cap - price_coefficient * log_free_price
        # Whether a model that is known to fit may be chosen: its value has no error of perception.
        known_eligible = False
        for word in range(words):
            known_eligible |= (known_to_fit[w, word] & ~passed_over[w, word]) != 0
        if known_eligible:
            most = max(kappa, quality) * cap - price_coefficient * log_free_price
        limit = _SLACK * math.exp(best + most)
        if m > FEW:
            far = 0.0
            if fit_on and not known_eligible:
                far = math.exp(max(-_FARTHEST, min(_FARTHEST, kappa * (of.hardness + cap - top[g]))))
            error = mix(keys.perception + of.entity * GOLDEN)
            f1 = far * factor_per_sd
            earliest_times(
                race, error, view.key, model_step, slowness[g], weakness[g],
                far, f1, far * factor_per_sd**2, far * factor_per_sd**3, far * factor_per_sd**4, earliest,
            )  # fmt: skip
            count = 0
            for j in range(m):
                candidates[count] = j
                count += earliest[j] < limit
        # The newest first: they are the likely winners, and a low best time rules out many others.
        for k in range(count - 1, -1, -1):
            j = candidates[k]
            if earliest[j] >= limit:
                continue
            u = unit(mix(race + view.key[j]))
            if (1.0 - u) * slowness[g, j] >= limit:
                continue
            number = view.numbers[j]
            if number == home[i] or has(passed_over, w, number):
                continue
            if (of.needs_tools and not view.tools[j]) or (of.needs_permissive and not view.permissive[j]):
                continue
            if of.context_tokens > view.context[j]:
                continue
            log_paid = view.log_price[j, g]
            if view.free[j] and of.accepts_free:
                log_paid = log_free_price
            elif log_paid > of.log_willingness:
                continue
            value = -alpha * of.price_sensitivity * log_paid
            if has(known_to_fit, w, number):
                # What is known to fit is judged without error of perception.
                margin = match_sd * normal_quantile(draw_unit(keys.match, of.entity, view.key[j]))
                if fit_on:
                    margin += view.ability[j, g] - of.hardness
                value += quality * min(margin, cap)
            elif fit_on:
                error_of_j = perception_sd * normal_quantile(
                    draw_unit(keys.perception, of.entity, view.key[j])
                )
                value += kappa * min(perceived[j, g] + error_of_j - of.hardness, cap)
            if (1.0 - u) * slowness[g, j] >= _SLACK * math.exp(best + value):
                continue
            time = math.log(-math.log(u) / view.awareness[j, g]) - value
            if time < best:
                best, limit = time, _SLACK * math.exp(time + most)
                chosen[i] = number
    return chosen
