"""The choice, compiled: the loops behind `sim.agents.choice`, which says what they compute.

They pick the same model as the plain logit there, for the same draws. A logit choice is run as a race: option i
finishes after an exponential time of rate exp(V_i); the first is chosen. Most models are skipped before V is computed:
even their upper bound loses.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.agents.compiled.entrants import BATCH, FARTHEST, FEW, affordable, class_of
from sim.agents.model_sets import NO_MODEL, has
from sim.compiled import compiled, within
from sim.randomness import GOLDEN, draw_unit, hash_bits, mix, normal_quantile, unit


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


@compiled
def on_day(view, k):  # type: ignore[no-untyped-def]
    """The view of one of several days, of which only awareness differs."""
    return View(
        view.numbers, view.key, view.awareness[k], view.perceived, view.ability, view.log_price,
        view.log_free_price, view.free, view.tools, view.permissive, view.context,
    )  # fmt: skip


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
_STEEPEST = 1e6
"""Largest coefficient of log price in the bound, so that it does not overflow."""
_SLACK = 1.0 + 1e-9
"""Room for rounding in the bound."""


@within
def earliest_times(race, error, entrants, g, c, count, far, factor_per_sd, of_price, limit, out):  # type: ignore[no-untyped-def]
    """For each of the first `count` entrants the earliest time at which it can finish, as a multiple of the best case.
    Returns how many can finish before `limit`. No branches, so that the compiler vectorises it.
    """
    f0, f1, f2, f3, f4 = (
        far,
        far * factor_per_sd,
        far * factor_per_sd**2,
        far * factor_per_sd**3,
        far * factor_per_sd**4,
    )
    early = 0
    for k in range(count):
        gap = 1.0 - unit(mix(race + entrants.key[g, c, k]))  # <= -log(u)
        bits = mix(error + entrants.step[g, c, k])
        worst = f0 if bits < _BELOW_0 else f1
        worst = worst if bits < _BELOW_1 else f2
        worst = worst if bits < _BELOW_2 else f3
        worst = worst if bits < _BELOW_3 else f4
        worst = worst if bits < _BELOW_4 else 0.0
        x = of_price * entrants.dearness[g, c, k]
        burden = 1.0 + x * (1.0 + x * (1.0 / 2 + x * (1.0 / 6 + x * (1.0 / 24))))  # <= exp(x)
        time = gap * entrants.slowness[g, c, k] * max(1.0, worst * entrants.weakness[g, c, k]) * burden
        early += time < limit
        out[k] = time
    return early


@compiled
def winners(rows, work, past, view, entrants, home, outside, day, keys, weights):  # type: ignore[no-untyped-def]
    """For each row the number of the model that it chooses, or -1: see `sim.agents.choice.choose`."""
    fit_on, kappa, cap, alpha, quality, match_sd, perception_sd = weights
    perceived, log_free_price = view.perceived, view.log_free_price
    passed_over, known_to_fit = past.passed_over, past.known_to_fit
    n, m, words = len(rows), len(view.numbers), known_to_fit.shape[1]
    chosen = np.full(n, NO_MODEL, dtype=np.int16)
    # Few models are looked at one by one: to bound the time of each costs more than it saves.
    few, count, c = m <= FEW, m, 0
    earliest = np.zeros(m if few else entrants.row.shape[2])
    factor_per_sd = math.exp(-min(kappa * perception_sd, FARTHEST))
    for i in range(n):
        w = rows[i]
        of = work[w]
        # Each option has its own draw, so an option that is added or removed changes no other option's taste shock.
        # Times are kept as logarithms, so that no utility is too large or too small.
        race = hash_bits(keys.choice, of.entity, day)
        best = math.log(-math.log(unit(mix(race)))) - outside[i]
        g = of.category
        price_coefficient = alpha * of.price_sensitivity
        # The bound on an option's V: log A + kappa * min(what can be expected at most, cap) - alpha * price
        # sensitivity * log(lowest price), and what is known of the option beside that.
        most = kappa * cap - price_coefficient * log_free_price
        # Whether a model that is known to fit may be chosen: its value has no error of perception.
        known_eligible = False
        for word in range(words):
            known_eligible |= (known_to_fit[w, word] & ~passed_over[w, word]) != 0
        if known_eligible:
            most = max(kappa, quality) * cap - price_coefficient * log_free_price
        limit = _SLACK * math.exp(best + most)
        if not few:
            far = 0.0
            if fit_on and not known_eligible:
                far = math.exp(max(-FARTHEST, min(FARTHEST, kappa * (of.hardness + cap - entrants.top[g]))))
            c = class_of(int(of.accepts_free), int(of.needs_permissive))
            most_dear = of.log_willingness - log_free_price
            if of.accepts_free:
                most_dear = max(most_dear, 0.0)
            count = (affordable(entrants, g, c, most_dear) + BATCH - 1) // BATCH * BATCH
            error = mix(keys.perception + of.entity * GOLDEN)
            of_price = min(price_coefficient, _STEEPEST)
            if not earliest_times(
                race, error, entrants, g, c, count, far, factor_per_sd, of_price, limit, earliest
            ):
                continue
        for k in range(count - 1, -1, -1):
            if earliest[k] >= limit:
                continue
            j = k if few else entrants.row[g, c, k]
            u = unit(mix(race + view.key[j]))
            if 1.0 - u >= limit * view.awareness[j, g]:
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
            if 1.0 - u >= _SLACK * math.exp(best + value) * view.awareness[j, g]:
                continue
            time = math.log(-math.log(u) / view.awareness[j, g]) - value
            if time < best:
                best, limit = time, _SLACK * math.exp(time + most)
                chosen[i] = number
    return chosen
