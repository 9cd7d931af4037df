"""Popularity: a model that is used becomes known."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.scenario.mechanism import Mechanism
from sim.scenario.values import NonNegative


class Popularity(Mechanism):
    """Last week's share of use makes a model known."""

    key = "popularity"
    rule = "awareness grows with last week's share of use"
    source = "social influence (Salganik, Dodds & Watts 2006); assumed value"
    off = "no feedback"

    weight: NonNegative = Field(20.0, description="awareness added for a share of 1 (assumed)")

    def awareness(self, share: NDArray[Any]) -> NDArray[np.float64]:
        """What is added to each model's awareness. share: each model's, of last week's use."""
        return np.asarray(self.weight * share if self.enabled else np.zeros(len(share)))
