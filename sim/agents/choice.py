"""What a workload sees when it looks for a model: awareness, expected fit, price; and the choice it makes.

Decision utility V = log A + kappa * min(expected margin, cap) - alpha * price sensitivity * log(effective price), where
A is the awareness of the model in the work's category, as far as attention goes (mechanism `consideration`).
Expected margin = ability + hype + error - hardness (the match is not foreseen; 0 with fit off). A model known to fit
gets quality_weight * min(margin, cap) instead: its margin with match, without hype or error. The outside option is to
wait, or to stay.

A choice is a multinomial logit draw (McFadden 1974) over the models that the workload may consider: listed, answering,
affordable at list price, with the tools, the context and the permissiveness it needs, and not passed over.

`plain_utilities` is that model as one reads it; `choose` runs the compiled loop that must agree with it.
"""

import numpy as np
from numpy.typing import NDArray

from sim.agents.compiled.choice import WORK, Keys, Past, View, Weights, best_ability, winners
from sim.agents.compiled.entrants import FEW, NO_ENTRANTS, Entrants, attend, enter
from sim.agents.model_sets import NO_MODEL, holds
from sim.agents.population import Workloads
from sim.market import Market
from sim.mechanisms.choice.consideration import Consideration
from sim.mechanisms.choice.information import Information
from sim.mechanisms.choice.popularity import Popularity
from sim.mechanisms.choice.price_response import PriceResponse
from sim.mechanisms.fit import Fit
from sim.pricing import log_price
from sim.randomness import Draws, Purpose, mixed_unit
from sim.scenario import Scenario

__all__ = [
    "NO_MODEL", "View", "affordable_frontier", "awareness", "choose", "considered", "decision_utility",
    "plain_utilities", "view_of",
]  # fmt: skip


LEAST_AWARENESS = 1e-9
"""Awareness of a model of which nobody hears, so that it has a logarithm (assumed)."""


def awareness(market: Market, scenario: Scenario, day: int | NDArray[np.integer]) -> NDArray[np.float64]:
    """A[m, g] = reach[m, g] * (floor + 2^(-age / half-life) + popularity * last week's share[m, g]) (form assumed).

    Models x categories; `day` may be a column of days, then days x models x categories. The share is that of homes and
    trials within the category. Reach multiplies all of it, so that it steers popular models as much as others.
    """
    search = scenario.search
    age = np.maximum(day - market.release_day, 0)
    news = np.exp2(-age / search.awareness_half_life_days)
    popularity = scenario.mechanisms[Popularity].awareness(market.share_by_category)
    return np.asarray(market.reach * ((search.awareness_floor + news)[..., None] + popularity))


def attended(
    market: Market, scenario: Scenario, day: int | NDArray[np.integer], numbers: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Awareness of some models as far as attention goes: as `awareness` has it."""
    known = np.maximum(awareness(market, scenario, day)[..., numbers, :], LEAST_AWARENESS)
    return scenario.mechanisms[Consideration].considered(known)


def view_of(market: Market, scenario: Scenario, day: int | NDArray[np.integer]) -> View:
    """The day's view of the market; of a column of days with one awareness each, if the market is the same on them."""
    numbers = np.flatnonzero(market.listed & market.up)
    floor = scenario.search.price_floor_usd_per_mtok
    return View(
        numbers=numbers,
        key=market.key[numbers],
        awareness=attended(market, scenario, day, numbers),
        perceived=market.ability[numbers] + market.hype[numbers, None],
        ability=market.ability[numbers],
        log_price=log_price(market.effective_price[numbers], floor),
        log_free_price=float(np.log(floor)),
        free=market.free[numbers],
        tools=market.tools[numbers],
        permissive=market.permissive[numbers],
        context=market.context[numbers],
    )


def ability_order(view: View) -> NDArray[np.int64]:
    """By category the models of the view, the ablest first: categories x models."""
    return np.argsort(-view.ability.T, axis=1, kind="stable")


def weights_of(scenario: Scenario) -> Weights:
    """The parameters of a choice."""
    causes = scenario.mechanisms
    fit, information = causes[Fit], causes[Information]
    return Weights(
        fit=fit.enabled, kappa=information.weight, cap=information.cap, alpha=causes[PriceResponse].weight,
        quality=scenario.search.quality_weight, match_sd=fit.match_sd, perception_sd=information.perception_sd,
    )  # fmt: skip


def entrants_of(view: View, scenario: Scenario) -> Entrants:
    """The models of a day as the compiled race sees them, once `attend` has told it of awareness."""
    if len(view.numbers) <= FEW:
        return NO_ENTRANTS
    entrants: Entrants = enter(view, np.argsort(view.log_price, axis=0), weights_of(scenario).kappa)
    return entrants


def keys_of(draws: Draws) -> Keys:
    """The keys of the streams of a choice."""
    return Keys(draws.key(Purpose.CHOICE), draws.key(Purpose.PERCEPTION), draws.key(Purpose.MATCH))


def work_table(work: Workloads) -> NDArray[np.void]:
    """What a choice asks of the work, a record each."""
    table = np.empty(len(work), dtype=WORK)
    for name in WORK.names or ():
        table[name] = getattr(work, name)
    return table


def considered(
    view: View,
    work: Workloads,
    rows: NDArray[np.int64],
    passed_over: NDArray[np.uint64],
    home: NDArray[np.int16],
) -> NDArray[np.bool_]:
    """Which models (columns) each workload of `rows` may choose.

    It is affordable, meets the work's needs, was not passed over, and is not its home.

    `passed_over` is a bit set of models for every workload (workloads x words); `home` has one of each row, or -1.
    """
    free = view.free & work.accepts_free[rows, None]
    may = free | (work.log_willingness[rows, None] >= view.log_price[:, work.category[rows]].T)
    may &= view.tools | ~work.needs_tools[rows, None]
    may &= view.permissive | ~work.needs_permissive[rows, None]
    may &= view.context >= work.context_tokens[rows, None]
    return np.asarray(may & ~holds(passed_over[rows], view.numbers) & (view.numbers != home[:, None]))


def decision_utility(
    view: View,
    scenario: Scenario,
    draws: Draws,
    work: Workloads,
    rows: NDArray[np.int64],
    known_to_fit: NDArray[np.uint64],
) -> NDArray[np.float64]:
    """V as the head of this file says: rows x models, no unit.

    A model known to fit is judged without error of perception, and with the weight of quality of experienced utility.
    """
    causes, category = scenario.mechanisms, work.category[rows]
    fit, information, price_response = causes[Fit], causes[Information], causes[PriceResponse]
    draw_of_pair = (draws, work.entity[rows, None], view.key)
    hardness, price_sensitivity = work.hardness[rows, None], work.price_sensitivity[rows, None].astype(float)
    margin = fit.margin(*draw_of_pair, view.ability[:, category].T, hardness)
    expected = (
        information.expected(*draw_of_pair, view.perceived[:, category].T, hardness)
        if fit.enabled
        else np.zeros_like(margin)
    )
    worth = np.where(
        holds(known_to_fit[rows], view.numbers),
        scenario.search.quality_weight * information.useful(margin),
        information.weight * information.useful(expected),
    )
    log_paid = np.where(
        view.free & work.accepts_free[rows, None], view.log_free_price, view.log_price[:, category].T
    )
    log_paid = np.where(np.isfinite(log_paid), log_paid, 0.0)  # out of reach: not considered
    known = np.log(view.awareness[:, category].T)
    return np.asarray(known + worth - price_response.burden(price_sensitivity, log_paid))


def plain_utilities(
    view: View,
    scenario: Scenario,
    draws: Draws,
    work: Workloads,
    rows: NDArray[np.int64],
    *,
    passed_over: NDArray[np.uint64],
    known_to_fit: NDArray[np.uint64],
    home: NDArray[np.int16],
    outside: NDArray[np.float64],
    day: int,
) -> NDArray[np.float64]:
    """The logit that defines the model: V plus a taste shock, rows x (waiting, then models); the largest is chosen.

    The taste shock is a standard Gumbel draw of each option, so that shares are exp(V) over their sum. Arguments as for
    `choose`.
    """
    utility = decision_utility(view, scenario, draws, work, rows, known_to_fit)
    utility = np.where(considered(view, work, rows, passed_over, home), utility, -np.inf)
    options = np.column_stack([outside, utility])
    bits = draws.bits(Purpose.CHOICE, work.entity[rows], day)
    u = mixed_unit(bits[:, None] + np.append(np.uint64(0), view.key))
    return np.asarray(options - np.log(-np.log(u)))


def choose(
    view: View,
    scenario: Scenario,
    draws: Draws,
    work: Workloads,
    rows: NDArray[np.int64],
    *,
    passed_over: NDArray[np.uint64],
    known_to_fit: NDArray[np.uint64],
    home: NDArray[np.int16],
    outside: NDArray[np.float64],
    day: int,
) -> NDArray[np.int16]:
    """One choice for each workload of `rows`: a model's number, or -1 to wait (or to stay with its home).

    `passed_over` (not to be chosen) and `known_to_fit` (judged without error) hold bit sets of models (workloads x
    words). `home` (a model or -1) and `outside` (the utility of not trying anything) have an entry for
    each row. Draws are keyed by day: two arms that reach the same day get the same taste shocks (common random
    numbers).
    """
    weights, keys = weights_of(scenario), keys_of(draws)
    past, own = Past(passed_over[rows], known_to_fit[rows]), np.arange(len(rows))
    entrants = entrants_of(view, scenario)
    attend(entrants, view)
    return np.asarray(
        winners(
            own, work_table(work[rows]), past, view, entrants, home, outside, np.uint64(day), keys, weights
        )
    )


def affordable_frontier(view: View, work: Workloads, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Best listed ability that each workload of `rows` can afford, its hard needs met; -inf where there is none."""
    return np.asarray(best_ability(np.arange(len(rows)), work_table(work[rows]), view, ability_order(view)))
