"""Views of the market day after day: what only a change of the market changes is kept, awareness is made anew."""

from sim.agents.choice import View, attended, view_of
from sim.market import Market
from sim.scenario import Scenario


class Views:
    """The views of one market. Each is that of `view_of`."""

    def __init__(self, market: Market, scenario: Scenario) -> None:
        self.market, self.scenario = market, scenario
        self._view: View | None = None
        self._version = -1

    def of(self, day: int) -> View:
        """The day's view of the market."""
        market = self.market
        if self._view is None or self._version != market.version:
            self._view, self._version = view_of(market, self.scenario, day), market.version
            return self._view
        return self._view._replace(awareness=attended(market, self.scenario, day, self._view.numbers))
