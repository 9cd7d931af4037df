"""The search with compiled decisions: the same moves as `sim.agents.search`, workload by workload."""

from sim.agents.choice import View
from sim.agents.compiled.day import decide
from sim.agents.compiled.tables import agents_of, fixed, models_today
from sim.agents.population import Workloads
from sim.agents.search import Search
from sim.market import Market
from sim.randomness import Draws
from sim.scenario import Scenario


class CompiledSearch(Search):
    """The search of all workloads of a world, of which the decisions that are due are compiled."""

    def __init__(self, scenario: Scenario, market: Market, workloads: Workloads, draws: Draws) -> None:
        super().__init__(scenario, market, workloads, draws)
        self._agents, self._fixed = agents_of(self), fixed(self, self.defaults)

    def decide(self, day: int, view: View) -> None:
        """The decisions of the workloads that are due."""
        models = models_today(self.market, self.scenario)
        spells, choices = decide(day, self._agents, self._fixed, models, view)
        self.spells.extend(spells)
        self.choices += choices
