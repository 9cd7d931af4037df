"""How one workload judges one model, compiled: `sim.agents.judgement` says what is computed, and the mechanisms how.

Arguments are records: `work` and `life` of a workload, `model` of a model, and the `rules`.
"""

import math

import numpy as np

from sim.agents.compiled.quantiles import normal_score
from sim.compiled import compiled
from sim.market import NO_LINE
from sim.randomness import draw_unit


@compiled
def usable(work, model):  # type: ignore[no-untyped-def]
    """Whether the model is affordable and meets the work's hard needs."""
    return (
        ((model.free and work.accepts_free) or model.log_price[work.category] <= work.log_willingness)
        and (model.tools or not work.needs_tools)
        and (model.permissive or not work.needs_permissive)
        and work.context_tokens <= model.context
    )


@compiled
def margin(work, model, rules):  # type: ignore[no-untyped-def]
    """Ability plus match minus hardness; the match alone where fit is off."""
    match = rules.match_sd * normal_score(draw_unit(rules.match, work.entity, model.key))
    if rules.fit:
        return model.ability[work.category] + match - work.hardness
    return match


@compiled
def fits(work, model, rules):  # type: ignore[no-untyped-def]
    """Whether the model is affordable, meets the work's hard needs, and is able enough."""
    if not usable(work, model):
        return False
    if rules.fit:
        return margin(work, model, rules) >= 0
    return draw_unit(rules.chance_fit, work.entity, model.key) < rules.chance_fit_off


@compiled
def utility(work, life, model, rules, seen):  # type: ignore[no-untyped-def]
    """Utility of a model whose margin seems to be `seen`: of what of it is useful, less the burden of its price."""
    burden = 0.0
    if life.price_weight > 0:
        free = model.free and work.accepts_free
        burden = life.price_weight * (rules.log_free_price if free else model.log_price[work.category])
    return rules.quality * min(seen, rules.cap) - burden


@compiled
def experienced(work, life, model, rules):  # type: ignore[no-untyped-def]
    """Utility of a model once it is used."""
    return utility(work, life, model, rules, margin(work, model, rules))


@compiled
def judged(work, life, model, rules, day):  # type: ignore[no-untyped-def]
    """What that seems to be after a trial that ends on a day."""
    seen = margin(work, model, rules)
    if rules.regret:
        error = draw_unit(rules.judgement, work.entity, model.key + np.uint64(day))
        seen += rules.noise * normal_score(error)
    return utility(work, life, model, rules, seen)


@compiled
def same_line(one, other):  # type: ignore[no-untyped-def]
    """Whether two models are of one product line."""
    return one.line == other.line and one.line != NO_LINE


@compiled
def cost_of_change(life, home, model, rules, tenure):  # type: ignore[no-untyped-def]
    """What it costs to leave the home for a model, after `tenure` days in it."""
    cost = rules.lock_in * -math.expm1(-tenure / rules.lock_in_days) * life.cost_weight
    return rules.line_factor * cost if same_line(home, model) else cost
