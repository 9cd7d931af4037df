"""What a workload sees when it looks for a model: awareness, expected fit, price; and the choice it makes.

Try utility V = log A + kappa * min(expected margin, cap) - alpha * log(price); the outside option is to wait, or to
stay. A choice is a multinomial logit draw (McFadden 1974) over the models that the workload may consider: listed,
affordable at list price, with the tools, the context and the permissiveness it needs, and not found wanting before.
"""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.market import Market
from sim.population import Workloads
from sim.randomness import GOLDEN, STEP, Draws, Purpose, draw_unit, hash_bits, mix, normal_quantile, unit
from sim.scenario import Scenario

NOBODY = -1
ONE = np.uint64(1)


@dataclass(frozen=True)
class View:
    """The market as agents see it on one day: one row for each model that is listed and answers."""

    numbers: NDArray[np.int64]
    key: NDArray[np.uint64]
    awareness: NDArray[np.float64]
    perceived: NDArray[np.float64]  # models x categories: ability + hype
    ability: NDArray[np.float64]
    log_price: NDArray[np.float64]  # models x categories
    log_free_price: float
    free: NDArray[np.bool_]
    tools: NDArray[np.bool_]
    permissive: NDArray[np.bool_]
    context: NDArray[np.float64]

    @property
    def empty(self) -> bool:
        return len(self.numbers) == 0


def awareness(market: Market, scenario: Scenario, day: int) -> NDArray[np.float64]:
    """A[m] = reach * (floor + 2^(-age / half-life)) + popularity * last week's share (form assumed)."""
    search, popularity = scenario.search, scenario.mechanisms.popularity
    age = np.maximum(day - market.release_day, 0)
    news = np.exp2(-age / search.awareness_half_life_days)
    known = market.reach * (search.awareness_floor + news)
    if popularity.enabled:
        known = known + popularity.weight * market.share
    return np.asarray(known)


def log_price(effective: NDArray[np.float64], floor: float) -> NDArray[np.float64]:
    """Log of an effective price in USD per million tokens, not below `floor`.

    A list price of zero is a free variant with its limits: out of reach (inf) for work that does not accept those.
    """
    return np.where(effective > 0, np.log(np.maximum(effective, floor)), np.inf)


def view_of(market: Market, scenario: Scenario, day: int) -> View:
    """The day's view of the market."""
    numbers = np.flatnonzero(market.listed & market.up)
    floor = scenario.search.price_floor_usd_per_mtok
    return View(
        numbers=numbers,
        key=market.key[numbers],
        awareness=np.maximum(awareness(market, scenario, day)[numbers], 1e-9),
        perceived=market.ability[numbers] + market.hype[numbers, None],
        ability=market.ability[numbers],
        log_price=log_price(market.effective_price[numbers], floor),
        log_free_price=float(np.log(floor)),
        free=market.free[numbers],
        tools=market.tools[numbers],
        permissive=market.permissive[numbers],
        context=market.context[numbers],
    )


@njit(cache=True, nogil=True)
def _best_ability(  # type: ignore[no-untyped-def]
    rows, category, log_willingness, needs_tools, needs_permissive, context_need, accepts_free,
    ability, log_price, free, tools, permissive, context,
):  # fmt: skip
    best = np.full(len(rows), -np.inf)
    for i in range(len(rows)):
        w = rows[i]
        g = category[w]
        for j in range(len(context)):
            if (
                ability[j, g] > best[i]
                and (log_price[j, g] <= log_willingness[w] or (free[j] and accepts_free[w]))
                and (tools[j] or not needs_tools[w])
                and (permissive[j] or not needs_permissive[w])
                and context[j] >= context_need[w]
            ):
                best[i] = ability[j, g]
    return best


def affordable_frontier(view: View, work: Workloads, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Best listed ability that each workload of `rows` can afford, its hard needs met; -inf where there is none."""
    return np.asarray(
        _best_ability(
            rows, work.category, work.log_willingness, work.needs_tools, work.needs_permissive, work.context_tokens,
            work.accepts_free, view.ability, view.log_price, view.free, view.tools, view.permissive, view.context,
        )
    )  # fmt: skip


_BELOW_0, _BELOW_1, _BELOW_2, _BELOW_3, _BELOW_4 = (
    np.uint64(int(p * 2.0**64)) for p in (0.5, 0.8413, 0.9772, 0.9986, 0.99996)
)
"""Words below which the normal draw that follows from them is at most 0, 1, 2, 3 and 4 (rounded down)."""
_FARTHEST = 300.0
"""Largest logarithm of a factor of the bound, so that none overflows."""
_SLACK = 1.0 + 1e-9
"""Room for rounding in the bound."""


@njit(cache=True, nogil=True, error_model="numpy")
def _earliest(  # type: ignore[no-untyped-def]
    race, error, model_key, model_step, slowness, weakness, f0, f1, f2, f3, f4, out
):
    """For each model the earliest time at which it can finish, as a multiple of the best case. No branches: the
    compiler makes vector instructions of it.
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


@njit(cache=True, nogil=True, error_model="numpy")
def _choose(  # type: ignore[no-untyped-def]
    rows, entity, category, hardness, log_willingness, price_weight, needs_tools, needs_permissive, context_need,
    accepts_free, tried, known, unknown_only, stay, outside, day, choice_key, perception_key, match_key,
    kappa, cap, perception_sd, match_sd, alpha, fit_on, quality,
    numbers, model_key, awareness, perceived, ability, log_price, log_free_price, free, tools, permissive, context,
):  # fmt: skip
    n, m, words = len(rows), len(numbers), known.shape[1]
    chosen = np.full(n, NOBODY, dtype=np.int16)
    # The bound on an option's V: log A + kappa * min(what can be expected at most, cap) - alpha * log(lowest price).
    # Factors that depend on the model alone are made once.
    slowness, model_step = 1.0 / awareness, (model_key + ONE) * STEP
    top = np.full(perceived.shape[1], -np.inf)
    weakness = np.empty((perceived.shape[1], m))
    for g in range(perceived.shape[1]):
        for j in range(m):
            top[g] = max(top[g], perceived[j, g])
        for j in range(m):
            weakness[g, j] = math.exp(min(kappa * (top[g] - perceived[j, g]), _FARTHEST))
    sd = math.exp(-min(kappa * perception_sd, _FARTHEST))
    earliest, candidates = np.empty(m), np.empty(m, dtype=np.int64)
    passed = np.empty(words, dtype=np.uint64)
    for i in range(n):
        w = rows[i]
        # Logit by an exponential race: each option finishes after Exp(1) / exp(V), and the first one wins. Each
        # option has its own draw, so an option that is added or removed changes no other option's luck. Times are
        # kept as logarithms, so that no utility is too large or too small.
        race = hash_bits(choice_key, entity[w], day)
        best = math.log(-math.log(unit(mix(race)))) - outside[i]
        g = category[w]
        burden = alpha * price_weight[w]
        most, far = kappa * cap - burden * log_free_price, 0.0
        # Whether a model that is known to fit may be chosen: its value has no error of perception.
        surely = False
        for word in range(words):
            passed[word] = tried[w, word] | known[w, word] if unknown_only else tried[w, word]
            surely |= (known[w, word] & ~passed[word]) != 0
        if surely:
            most = max(kappa, quality) * cap - burden * log_free_price
        elif fit_on:
            far = math.exp(max(-_FARTHEST, min(_FARTHEST, kappa * (hardness[w] + cap - top[g]))))
        error = mix(perception_key + entity[w] * GOLDEN)
        _earliest(
            race, error, model_key, model_step, slowness, weakness[g],
            far, far * sd, far * sd**2, far * sd**3, far * sd**4, earliest,
        )  # fmt: skip
        limit = _SLACK * math.exp(best + most)
        count = 0
        for j in range(m):
            candidates[count] = j
            count += earliest[j] < limit
        # The newest first: they are the likely winners, and a low best time rules out many others.
        for k in range(count - 1, -1, -1):
            j = candidates[k]
            if earliest[j] >= limit:
                continue
            number = numbers[j]
            if number == stay[i] or (passed[number >> 6] >> np.uint64(number & 63)) & ONE:
                continue
            if (needs_tools[w] and not tools[j]) or (needs_permissive[w] and not permissive[j]):
                continue
            if context_need[w] > context[j]:
                continue
            price = log_price[j, g]
            if free[j] and accepts_free[w]:
                price = log_free_price
            elif price > log_willingness[w]:
                continue
            value = -alpha * price_weight[w] * price
            if (known[w, number >> 6] >> np.uint64(number & 63)) & ONE:
                # What is known to fit is judged without error of perception.
                margin = match_sd * normal_quantile(draw_unit(match_key, entity[w], model_key[j]))
                if fit_on:
                    margin += ability[j, g] - hardness[w]
                value += quality * min(margin, cap)
            elif fit_on:
                error_of_j = perception_sd * normal_quantile(
                    draw_unit(perception_key, entity[w], model_key[j])
                )
                value += kappa * min(perceived[j, g] + error_of_j - hardness[w], cap)
            u = unit(mix(race + model_key[j]))
            if (1.0 - u) * slowness[j] >= _SLACK * math.exp(best + value):
                continue
            time = math.log(-math.log(u) / awareness[j]) - value
            if time < best:
                best, limit = time, _SLACK * math.exp(time + most)
                chosen[i] = number
    return chosen


def choose(
    view: View,
    scenario: Scenario,
    draws: Draws,
    work: Workloads,
    rows: NDArray[np.int64],
    *,
    tried: NDArray[np.uint64],
    known: NDArray[np.uint64],
    stay: NDArray[np.int16],
    outside: NDArray[np.float64],
    day: int,
    unknown_only: bool = False,
) -> NDArray[np.int16]:
    """One choice for each workload of `rows`: a model's number, or -1 to wait (or to stay with its home).

    `tried` (found wanting, not to be chosen) and `known` (to fit; not to be chosen either if `unknown_only`) hold bit
    sets of models (workloads x words). `stay` (the home or -1) and `outside` (the utility of not trying anything) have
    an entry for each row. The draws of a choice are its day's, so that histories that parted meet in the same luck.
    """
    causes = scenario.mechanisms
    return np.asarray(
        _choose(
            rows, work.entity, work.category, work.hardness, work.log_willingness, work.price_weight, work.needs_tools,
            work.needs_permissive, work.context_tokens, work.accepts_free, tried, known, unknown_only, stay, outside,
            np.uint64(day), draws.key(Purpose.CHOICE), draws.key(Purpose.PERCEPTION),
            draws.key(Purpose.MATCH), causes.information.kappa if causes.information.enabled else 0.0,
            causes.information.cap, causes.information.perception_sd, causes.fit.match_sd,
            causes.price_response.alpha if causes.price_response.enabled else 0.0, causes.fit.enabled,
            scenario.search.quality_weight,
            view.numbers, view.key, view.awareness, view.perceived, view.ability, view.log_price, view.log_free_price,
            view.free, view.tools, view.permissive, view.context,
        )
    )  # fmt: skip
