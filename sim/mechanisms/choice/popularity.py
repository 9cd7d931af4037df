"""Popularity: a model that is used becomes known."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.scenario.mechanism import Mechanism
from sim.scenario.values import NonNegative


class Popularity(Mechanism):
    """A model with a large share of homes and trials becomes known."""

    key = "popularity"
    rule = (
        "awareness grows with the share of all homes and trials at the week's end (workloads, not requests)"
    )
    source = "social influence (Salganik, Dodds & Watts 2006); assumed value"
    off = "no feedback"

    weight: NonNegative = Field(20.0, description="awareness added for a share of 1 (assumed)")

    def awareness(self, share: NDArray[Any]) -> NDArray[np.float64]:
        """What is added to each model's awareness. share: each model's, of all homes and trials."""
        return np.asarray(self.weight * share if self.enabled else np.zeros(len(share)))
