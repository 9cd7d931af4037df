"""What the compiled day reads and writes: agents, their work, the models of today, and the rules.

One record for each agent, piece of work and model: a decision touches few of them, and each costs one read of memory.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.contract import CATEGORIES
from sim.agents.choice import keys_of, weights_of, work_table
from sim.agents.compiled.choice import Keys, Weights
from sim.agents.compiled.quantiles import curve_of
from sim.agents.default_models import DefaultModels
from sim.agents.states import MOST_FAILURES, States
from sim.agents.upgrades import Upgrades
from sim.market import Market
from sim.mechanisms.backlog import Backlog
from sim.mechanisms.choice.information import Information
from sim.mechanisms.choice.price_response import PriceResponse
from sim.mechanisms.fit import Fit
from sim.mechanisms.lock_in import LockIn
from sim.mechanisms.multihoming import Multihoming
from sim.mechanisms.regret import Regret
from sim.mechanisms.rival_trials import RivalTrials
from sim.mechanisms.upgrade import Upgrade
from sim.pricing import log_price
from sim.randomness import Purpose, daily_chance
from sim.scenario import Scenario

LIFE = np.dtype([
    ("user", np.int32), ("app", np.int16), ("wave_model", np.int16), ("takes_default", np.bool_),
    ("rival_chance", np.float32), ("price_weight", np.float32), ("cost_weight", np.float32),
], align=True)  # fmt: skip
"""A piece of work: where it comes from, and what the mechanisms make of its traits once for all days: the
chance of a look at rivals each day, the weight of log price, and the factor of hardness on switching costs.

In single precision, as the plain code computes them.
"""

MODEL = np.dtype([
    ("key", np.uint64), ("ability", np.float64, len(CATEGORIES)), ("log_price", np.float64, len(CATEGORIES)),
    ("context", np.float64), ("line", np.int64), ("release_day", np.int64), ("listed", np.bool_), ("up", np.bool_),
    ("free", np.bool_), ("tools", np.bool_), ("permissive", np.bool_),
], align=True)  # fmt: skip
"""A model as it is today."""

STREAMS = {
    "match": Purpose.MATCH, "chance_fit": Purpose.CHANCE_FIT, "look": Purpose.LOOK, "rival_look": Purpose.RIVAL_LOOK,
    "trial_length": Purpose.TRIAL_LENGTH, "planted": Purpose.PLANTED_LOYALTY, "home_silent": Purpose.HOME_SILENT,
    "look_back_at": Purpose.LOOK_BACK, "judgement": Purpose.JUDGEMENT, "beside_length": Purpose.BESIDE_LENGTH,
    "kept": Purpose.MULTIHOMING, "kept_length": Purpose.MULTIHOMING_LENGTH,
}  # fmt: skip
"""Keys of streams among the rules."""
CURVE = (np.float64, 7)
RULES = np.dtype([
    ("fit", np.bool_), ("match_sd", np.float64), ("chance_fit_off", np.float64), ("cap", np.float64),
    ("quality", np.float64), ("log_free_price", np.float64), ("outside", np.float64), ("horizon", np.int64),
    ("backlog", np.bool_), ("wait_chance", np.float32, MOST_FAILURES + 1), ("trial_days", *CURVE),
    ("rivals", np.bool_), ("inertia", np.float64), ("silent_share", np.float64), ("rival_days", *CURVE),
    ("regret", np.bool_), ("noise", np.float64), ("look_back", np.float64), ("lock_in", np.float64),
    ("lock_in_days", np.float64), ("line_factor", np.float64), ("beside_days", *CURVE), ("beside", np.bool_),
    ("kept_share", np.float64), ("kept_days", *CURVE), ("multihoming", np.bool_),
    ("planted_model", np.int64), ("planted_share", np.float64), ("planted_from", np.int64), ("planted_to", np.int64),
    *((name, np.uint64) for name in STREAMS),
], align=True)  # fmt: skip
"""Parameters and switches of the mechanisms, and the keys of their streams."""


class Agents(NamedTuple):
    """The states of all workloads: the arrays of `States` themselves, and the ends of their work. What whole worlds are
    searched for has an array of its own."""

    table: NDArray[np.void]  # sim.agents.states.AGENT
    end: NDArray[np.int32]  # the day on which the work ends
    due: NDArray[np.int32]
    state: NDArray[np.int8]
    home: NDArray[np.int16]
    beside: NDArray[np.int16]
    beside_until: NDArray[np.int32]
    rejected: NDArray[np.uint64]
    known_to_fit: NDArray[np.uint64]
    passed_over: NDArray[np.uint64]
    planned: NDArray[np.int16]  # the model of the home's line that the work has decided to take up
    planned_for: NDArray[np.int32]  # and the day


class Fixed(NamedTuple):
    """What a world's days have in common."""

    work: NDArray[np.void]  # sim.agents.choice.WORK
    life: NDArray[np.void]
    default: NDArray[np.int16]  # the default model by day and application
    rules: NDArray[np.void]  # one
    keys: Keys
    weights: Weights


def agents_of(states: States, upgrades: Upgrades) -> Agents:
    """The arrays of the states and of the upgrades, not copies of them."""
    memory, beside = states.memory, states.beside
    return Agents(
        states.table, states.work.end, states.due, states.state, states.home, beside.model, beside.until,
        memory.rejected, memory.known_to_fit, memory.passed_over, upgrades.model, upgrades.day,
    )  # fmt: skip


def fixed(states: States, defaults: DefaultModels) -> Fixed:
    """The work, the defaults and the rules of a world."""
    return Fixed(
        work_table(states.work),
        _lives(states, defaults),
        defaults.model,
        _rules(states),
        keys_of(states.draws),
        weights_of(states.scenario),
    )


def _lives(states: States, defaults: DefaultModels) -> NDArray[np.void]:
    work, causes = states.work, states.scenario.mechanisms
    table = np.empty(len(work), dtype=LIFE)
    for name in ("user", "app", "wave_model"):
        table[name] = getattr(work, name)
    table["takes_default"] = defaults.takes
    table["rival_chance"] = daily_chance(causes[RivalTrials].days_between_looks(work.curiosity))
    table["price_weight"] = causes[PriceResponse].weight * work.price_sensitivity
    table["cost_weight"] = causes[LockIn].factor(work.hardness)
    return table


def models_today(market: Market, scenario: Scenario) -> NDArray[np.void]:
    """All models of the catalogue as they are now."""
    table = np.empty(len(market.key), dtype=MODEL)
    for name in MODEL.names or ():
        if name != "log_price":
            table[name] = getattr(market, name)
    table["log_price"] = log_price(market.effective_price, scenario.search.price_floor_usd_per_mtok)
    return table


def _rules(states: States) -> NDArray[np.void]:
    scenario, planted = states.scenario, states.planted
    causes, search = scenario.mechanisms, scenario.search
    rivals, regret, upgrade, lock_in = causes[RivalTrials], causes[Regret], causes[Upgrade], causes[LockIn]
    fit, multihoming = causes[Fit], causes[Multihoming]
    failures = np.arange(MOST_FAILURES + 1, dtype=np.int16)
    values: dict[str, Any] = {
        "fit": fit.enabled, "match_sd": fit.match_sd, "chance_fit_off": fit.chance_when_off,
        "cap": causes[Information].cap, "quality": search.quality_weight,
        "log_free_price": np.log(search.price_floor_usd_per_mtok), "outside": search.outside_option,
        "horizon": scenario.days, "backlog": causes[Backlog].enabled,
        "wait_chance": daily_chance(states.days_to_look(failures)), "trial_days": curve_of(search.trial_days),
        "rivals": rivals.enabled, "inertia": rivals.inertia, "silent_share": rivals.silent_share,
        "rival_days": curve_of(rivals.trial_days), "regret": regret.enabled, "noise": regret.noise,
        "look_back": regret.look_back, "lock_in": lock_in.strength if lock_in.enabled else 0.0,
        "lock_in_days": lock_in.time_constant_days,
        "line_factor": upgrade.cost_factor if upgrade.enabled else 1.0, "beside_days": curve_of(upgrade.beside_days),
        "beside": upgrade.beside_share > 0, "kept_share": multihoming.share,
        "kept_days": curve_of(multihoming.beside_days),
        "multihoming": multihoming.enabled and multihoming.beside_share > 0, "planted_model": planted.model,
        "planted_share": planted.share, "planted_from": planted.window.start, "planted_to": planted.window.stop,
        **{name: states.draws.key(purpose) for name, purpose in STREAMS.items()},
    }  # fmt: skip
    table = np.empty(1, dtype=RULES)
    for name, value in values.items():
        table[name] = value
    return table
