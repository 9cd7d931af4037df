"""Popularity: a model that is used becomes known."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.settings.mechanism import Mechanism
from sim.settings.values import NonNegative


class Popularity(Mechanism):
    """A model with a large share of homes and trials in a category becomes known there."""

    key = "popularity"
    rule = (
        "awareness grows with the share of homes and trials in the category at the week's end (workloads, not "
        "requests); reach multiplies that, too"
    )
    source = "social influence (Salganik, Dodds & Watts 2006); assumed value"
    off = "no feedback"

    weight: NonNegative = Field(
        20.0, description="awareness of a model of reach 1 that has all use (assumed)"
    )

    def awareness(self, share: NDArray[Any]) -> NDArray[np.float64]:
        """What is added to each model's awareness, at reach 1. share: of homes and trials (models x categories)."""
        return np.asarray(self.weight * share if self.enabled else np.zeros_like(share))
