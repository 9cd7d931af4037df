"""Rival trials: work that has a home looks at other models, and may try one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.randomness import Draws, Purpose
from sim.settings.distributions import Distribution
from sim.settings.mechanism import Mechanism
from sim.settings.values import Amount, Positive, Share

LEAST_CURIOSITY = 1e-6
"""Curiosity below this counts as this: the days between looks stay finite, though very many (assumed)."""


class RivalTrials(Mechanism):
    """Embedded work looks at rivals and may try one."""

    key = "rival_trials"
    rule = (
        "embedded work looks every look_every_days / curiosity days on average; staying (experienced utility of the "
        "home + inertia) and every rival not yet compared are the options of one logit choice; during some trials the "
        "home is silent; the work moves or returns"
    )
    source = "assumed"
    off = "embedded work never looks"

    look_every_days: Positive = Field(12.0, description="mean days between looks, at curiosity 1 (assumed)")
    trial_days: Amount = Field(
        Distribution.exponential(3.0), description="length of a rival's trial, days (assumed)"
    )
    silent_share: Share = Field(
        0.3, description="share of rival trials during which the work sends nothing to its home (assumed)"
    )
    inertia: float = Field(1.5, description="status-quo bias: utility added to staying, no unit (assumed)")

    def days_between_looks(self, curiosity: NDArray[Any]) -> NDArray[np.float64]:
        """Mean days from one look to the next."""
        return np.asarray(self.look_every_days / np.maximum(curiosity, LEAST_CURIOSITY))

    def staying(self, experienced_utility: NDArray[np.float64]) -> NDArray[np.float64]:
        """The utility of staying. experienced_utility: that of the home."""
        return experienced_utility + self.inertia

    def silent(self, draws: Draws, work: Any, model: Any) -> NDArray[np.bool_]:
        """Whether the work sends nothing to its home during the trial of a rival. work, model: the keys of the draw."""
        return np.asarray(draws.uniform(Purpose.HOME_SILENT, work, model) < self.silent_share)
