"""The search with compiled decisions: the same moves as `sim.agents.search`, workload by workload.

Days on which the market does not change are run together, so that what is made for each call is made once for them.
"""

import numpy as np
from numpy.typing import NDArray

from sim.agents.choice import View, ability_order, entrants_of, view_of
from sim.agents.compiled.day import decide
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
        self._agents, self._fixed = agents_of(self, self.upgrades), fixed(self, self.defaults)
        self.reactions = CompiledReactions(self, self._fixed.work)
        self._version = -1

    def step(self, day: int, view: View) -> None:
        """Let every workload whose decision is due act on `day`."""
        self._run(range(day, day + 1), view._replace(awareness=view.awareness[None]))

    def steps(self, days: range) -> None:
        """The same for each of some days within a week; the market changes on none but the first one."""
        self._run(days, view_of(self.market, self.scenario, np.array(days)[:, None]))

    def _run(self, days: range, view: View) -> None:
        self._react(days.start)
        # Laid out alike by both, so that the loops are compiled once.
        view = view._replace(awareness=np.ascontiguousarray(view.awareness))
        if self._version != self.market.version:
            self._models, self._version = models_today(self.market, self.scenario), self.market.version
            self._entrants = entrants_of(view, self.scenario)
        # Only without backlog does anybody ask at once what could be had.
        order = NO_ORDER if self.backlog.enabled else ability_order(view)
        spells, choices = decide(
            days.start, days.stop, self._agents, self._fixed, self._models, view, self._entrants, order,
            self.upgrades.any, self.keeps,
        )  # fmt: skip
        self.spells.extend(spells)
        self.choices += choices
        self._close(days[-1], view)
