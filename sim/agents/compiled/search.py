"""The search with compiled decisions: the same moves as `sim.agents.search`, workload by workload."""

import numpy as np
from numpy.typing import NDArray

from sim.agents.choice import View, ability_order, entrants_of
from sim.agents.compiled.day import begin_upgrades, decide
from sim.agents.compiled.entrants import attend
from sim.agents.compiled.news import CompiledReactions
from sim.agents.compiled.tables import agents_of, fixed, models_today
from sim.agents.population import Workloads
from sim.agents.search import Search
from sim.market import Market
from sim.randomness import Draws
from sim.scenario import Scenario

NO_ORDER: NDArray[np.int64] = np.zeros((0, 0), dtype=np.int64)


class CompiledSearch(Search):
    """The search of all workloads of a world, of which the decisions that are due are compiled, and news."""

    def __init__(self, scenario: Scenario, market: Market, workloads: Workloads, draws: Draws) -> None:
        super().__init__(scenario, market, workloads, draws)
        self._agents, self._fixed = agents_of(self), fixed(self, self.defaults)
        self.reactions = CompiledReactions(self, self._fixed.work)
        self._version = -1

    def decide(self, day: int, view: View) -> None:
        """The decisions of the workloads that are due."""
        if self._version != self.market.version:
            self._models, self._version = models_today(self.market, self.scenario), self.market.version
            self._entrants = entrants_of(view, self.scenario)
        elif self._entrants.row.size:
            attend(self._entrants, view)
        # Only without backlog does anybody ask at once what could be had.
        order = NO_ORDER if self.backlog.enabled else ability_order(view)
        spells, choices = decide(day, self._agents, self._fixed, self._models, view, self._entrants, order)
        self.spells.extend(spells)
        self.choices += choices

    def begin_upgrades(self, day: int) -> None:
        """The upgrades that are due."""
        plans = self.upgrades
        if plans.any:
            self.spells.extend(
                begin_upgrades(day, self._agents, self._fixed, self._models, plans.model, plans.day)
            )
