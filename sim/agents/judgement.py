"""How a workload judges a model that it has used: whether it fits, what it is worth, what a change to it costs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.agents.population import Workloads
from sim.agents.rows import Rows
from sim.market import NO_LINE, Market
from sim.mechanisms.choice.information import Information
from sim.mechanisms.choice.price_response import PriceResponse
from sim.mechanisms.fit import Fit
from sim.mechanisms.lock_in import LockIn
from sim.mechanisms.regret import Regret
from sim.mechanisms.upgrade import Upgrade
from sim.pricing import log_price
from sim.randomness import Draws
from sim.scenario import Scenario


class Judgement:
    """The judgement of all workloads of a world, by today's market. `rows` and `model` name pairs of work and model."""

    def __init__(self, scenario: Scenario, market: Market, workloads: Workloads, draws: Draws) -> None:
        self.market, self.work, self.draws = market, workloads, draws
        causes, search = scenario.mechanisms, scenario.search
        self.fit, self.information = causes[Fit], causes[Information]
        self.lock_in, self.upgrade, self.regret = causes[LockIn], causes[Upgrade], causes[Regret]
        self.price_response = causes[PriceResponse]
        self.floor, self.quality_weight = search.price_floor_usd_per_mtok, search.quality_weight

    def _pairs(self, rows: Rows, model: NDArray[np.int16]) -> tuple[NDArray[Any], ...]:
        """Pairs of work and model for the rule of fit: the keys of both, ability and hardness."""
        work, market = self.work, self.market
        ability = market.ability[model, work.category[rows]]
        return work.entity[rows], market.key[model], ability, work.hardness[rows]

    def _log_price(self, rows: Rows, model: NDArray[np.int16]) -> NDArray[np.float64]:
        """Log of the effective price that each workload pays, in USD per million tokens and not below the floor."""
        listed = log_price(self.market.effective_price[model, self.work.category[rows]], self.floor)
        return np.where(self._free(rows, model), np.log(self.floor), listed)

    def _free(self, rows: Rows, model: NDArray[np.int16]) -> NDArray[np.bool_]:
        """Whether the work uses the model's free variant."""
        return np.asarray(self.market.free[model] & self.work.accepts_free[rows])

    def affordable(self, rows: Rows, model: NDArray[np.int16]) -> NDArray[np.bool_]:
        """Whether the model is free for the work, or costs no more than the work would pay."""
        affordable = self._log_price(rows, model) <= self.work.log_willingness[rows]
        return np.asarray(self._free(rows, model) | affordable)

    def usable(self, rows: Rows, model: NDArray[np.int16]) -> NDArray[np.bool_]:
        """Whether the model is affordable and meets the work's hard needs: what is public of it."""
        work, market = self.work, self.market
        met = self.affordable(rows, model)
        met &= ~work.needs_tools[rows] | market.tools[model]
        met &= ~work.needs_permissive[rows] | market.permissive[model]
        met &= work.context_tokens[rows] <= market.context[model]
        return np.asarray(met)

    def fits(self, rows: Rows, model: NDArray[np.int16]) -> NDArray[np.bool_]:
        """Whether the model is affordable, meets the work's hard needs, and is able enough."""
        met = self.usable(rows, model)
        return np.asarray(met & self.fit.able(self.draws, *self._pairs(rows, model)))

    def experienced_utility(self, rows: Rows, model: NDArray[np.int16]) -> NDArray[np.float64]:
        """Utility of a model once it is used: quality_weight * useful margin - the burden of its price; no unit."""
        margin = self.fit.margin(self.draws, *self._pairs(rows, model))
        return self._utility(rows, model, self.information.useful(margin))

    def judged_utility(self, rows: Rows, model: NDArray[np.int16], day: int) -> NDArray[np.float64]:
        """What the experienced utility of a model seems to be after a trial that ends on a day."""
        margin = self.fit.margin(self.draws, *self._pairs(rows, model))
        error = self.regret.error(self.draws, self.work.entity[rows], self.market.key[model], day)
        return self._utility(rows, model, self.information.useful(margin + error))

    def highest_utility(self, rows: Rows, model: NDArray[np.int16]) -> NDArray[np.float64]:
        """The most that the experienced utility of a model can turn out to be: its price is public."""
        return self._utility(rows, model, self.information.cap)

    def _utility(
        self, rows: Rows, model: NDArray[np.int16], useful: NDArray[np.float64] | float
    ) -> NDArray[np.float64]:
        burden = self.price_response.burden(self.work.price_sensitivity[rows], self._log_price(rows, model))
        return np.asarray(self.quality_weight * useful - burden)

    def same_line(self, one: NDArray[np.int16], other: NDArray[np.int16]) -> NDArray[np.bool_]:
        """Whether two models each are of one product line."""
        line = self.market.line
        return np.asarray((line[one] == line[other]) & (line[one] != NO_LINE))

    def cost_of_change(
        self, rows: Rows, home: NDArray[np.int16], model: NDArray[np.int16], tenure: NDArray[Any]
    ) -> NDArray[np.float64]:
        """What it costs to leave the home for a model, after `tenure` days in it: utility, no unit."""
        cost = self.lock_in.switching_cost(tenure, self.work.hardness[rows])
        return self.upgrade.cost(cost, self.same_line(home, model))
