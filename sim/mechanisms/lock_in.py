"""Lock-in: the longer work is embedded in a model, the more it costs to leave."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.settings.mechanism import Mechanism
from sim.settings.values import NonNegative, Positive


class LockIn(Mechanism):
    """Switching costs that grow with the time embedded."""

    key = "lock_in"
    rule = "switching cost lambda * (1 - exp(-tenure / tau)) * (1 + per_hardness * max(hardness, 0))"
    source = "switching costs (Farrell & Klemperer 2007); assumed values"
    off = "no cost"

    strength: NonNegative = Field(
        1.5,
        description="lambda: surplus that a rival must add once the work is fully embedded, at hardness 0; utility, no "
        "unit (assumed)",
    )
    time_constant_days: Positive = Field(45.0, description="tau of depth = 1 - exp(-tenure / tau) (assumed)")
    per_hardness: NonNegative = Field(
        0.2, description="relative increase of the cost per unit of hardness above 0 (assumed)"
    )

    def switching_cost(self, tenure: NDArray[Any], hardness: NDArray[Any]) -> NDArray[np.float64]:
        """By how much a rival's experienced utility must exceed the home's. tenure: days since embedding."""
        if not self.enabled:
            return np.zeros(len(tenure))
        depth = -np.expm1(-tenure / self.time_constant_days)
        return np.asarray(self.strength * depth * self.factor(hardness))

    def factor(self, hardness: NDArray[Any]) -> NDArray[np.floating]:
        """By what the work's hardness multiplies the cost at hardness 0."""
        return np.asarray(1 + self.per_hardness * np.maximum(hardness, 0))
