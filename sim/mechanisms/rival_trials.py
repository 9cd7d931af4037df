"""Rival trials: work that has a home looks at other models, and may try one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.randomness import Draws, Purpose
from sim.scenario.distributions import Distribution
from sim.scenario.mechanism import Mechanism
from sim.scenario.values import Amount, Positive, Share


class RivalTrials(Mechanism):
    """Embedded work looks at rivals and may try one."""

    key = "rival_trials"
    rule = (
        "embedded work looks every look_every_days / curiosity days on average; the best rival competes with staying "
        "(surplus of the home + inertia); during some trials the home is silent; it moves or returns"
    )
    source = "assumed"
    off = "embedded work never looks"

    look_every_days: Positive = Field(12.0, description="mean days between looks, at curiosity 1 (assumed)")
    trial_days: Amount = Field(Distribution.exponential(3.0), description="length of a rival's trial, days")
    silent_share: Share = Field(
        0.3, description="share of trials during which the home falls silent (assumed)"
    )
    inertia: float = Field(1.5, description="added to the utility of staying (assumed)")

    def days_between_looks(self, curiosity: NDArray[Any]) -> NDArray[np.float64]:
        """Mean days from one look to the next."""
        return np.asarray(self.look_every_days / np.maximum(curiosity, 1e-6))

    def staying(self, experienced_utility: NDArray[np.float64]) -> NDArray[np.float64]:
        """The utility of staying. experienced_utility: that of the home."""
        return experienced_utility + self.inertia

    def silent(self, draws: Draws, work: Any, model: Any) -> NDArray[np.bool_]:
        """Whether the home falls silent during the trial of a rival. work, model: the keys of the draw."""
        return np.asarray(draws.uniform(Purpose.HOME_SILENT, work, model) < self.silent_share)
