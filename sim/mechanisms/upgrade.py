"""Upgrade: work goes on with a later model of its home's line."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.randomness import Draws, Purpose
from sim.settings.distributions import Distribution
from sim.settings.mechanism import Mechanism
from sim.settings.values import Amount, Share


class Upgrade(Mechanism):
    """Work with a home takes up a later model of its line, at little cost, and keeps the old one beside it."""

    key = "upgrade"
    rule = (
        "when a model is released, work at home with an earlier one of its line takes it up with chance share, after "
        "reaction_days, unless it cannot be worth its price; all requests go to it for search.trial_days; work stays "
        "if it fits and is not worse by more than cost_factor * switching cost; tenure goes on, and beside_share of "
        "the volume stays with the old one for beside_days; any move within a line costs cost_factor * switching cost"
    )
    source = (
        "share and reaction_days: Menlo Ventures 2025; beside_share: Augment Code 2025 (docs/behaviour.md); form and "
        "other values assumed"
    )
    off = "a later model of the line is a rival like any other"

    share: Share = Field(
        0.66, description="chance that work takes up a later model of its line (Menlo Ventures 2025)"
    )
    reaction_days: Amount = Field(
        Distribution.exponential(26.0),
        description="days from the release to the change (Menlo Ventures 2025)",
    )
    cost_factor: Share = Field(
        0.1,
        description="cost of a change within a line, as a part of the switching cost of lock_in (assumed)",
    )
    beside_share: Share = Field(
        0.4, description="part of the volume that stays with the old model for a while (Augment Code 2025)"
    )
    beside_days: Amount = Field(
        Distribution.constant(60.0),
        description="days for which the old model is kept beside the new one (assumed)",
    )

    def takes_up(self, draws: Draws, work: Any, model: Any) -> NDArray[np.bool_]:
        """Whether each work takes up the model that is released. work, model: the keys of the draw."""
        return np.asarray(draws.uniform(Purpose.UPGRADE, work, model) < self.share)

    def reaction(self, draws: Draws, work: Any, model: Any) -> NDArray[np.int64]:
        """Whole days from the release to the change."""
        days = self.reaction_days.quantile(draws.uniform(Purpose.UPGRADE_REACTION, work, model))
        return np.round(days).astype(np.int64)

    def days_beside(self, draws: Draws, work: Any, model: Any) -> NDArray[np.int64]:
        """Whole days for which the old model is kept; 0 where none of the volume stays with it."""
        days = self.beside_days.quantile(draws.uniform(Purpose.BESIDE_LENGTH, work, model))
        return np.round(days).astype(np.int64) * (self.beside_share > 0)

    def cost(
        self, switching_cost: NDArray[np.float64], within_line: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """The cost of a change, given that of leaving the home for another line. Utility, no unit."""
        return np.where(within_line & self.enabled, self.cost_factor * switching_cost, switching_cost)

    @staticmethod
    def stays(gain: NDArray[np.float64], cost: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether work stays with the new model: a change is undone only if the old one is worth more, by more than it
        costs to change back. gain: experienced utility of the new one less that of the old one."""
        return np.asarray(gain >= -cost)

    @staticmethod
    def part(beside: bool, shared: bool, beside_share: float) -> float:
        """The part of the work's volume that a spell has. beside: it is of a model that is kept beside the home, after
        an upgrade or a move; shared: it has such a spell beside it. Traffic compiles it into its loop."""
        if beside:
            return beside_share
        return 1.0 - beside_share if shared else 1.0
