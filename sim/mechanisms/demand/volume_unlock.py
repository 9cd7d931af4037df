"""Volume unlock: work sends more and more to a model that fits."""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.settings.mechanism import Mechanism
from sim.settings.values import Positive, Share


class VolumeUnlock(Mechanism):
    """Requests ramp up after embedding."""

    key = "volume_unlock"
    rule = "after embedding, requests a day grow from start_share to 1 of the full volume, with time constant ramp_days"
    source = "assumed"
    off = "full volume at once"

    start_share: Share = Field(0.3, description="share of the full volume on the first day (assumed)")
    ramp_days: Positive = Field(20.0, description="time constant of the ramp (assumed)")

    def ramp(self, tenure: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of the full volume, by days since embedding."""
        if not self.enabled:
            return np.ones(len(tenure))
        return np.asarray(1.0 - (1.0 - self.start_share) * np.exp(-tenure / self.ramp_days))
