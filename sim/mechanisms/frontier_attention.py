"""Frontier attention: work that nothing serves listens to releases."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.settings.distributions import Distribution
from sim.settings.mechanism import Mechanism
from sim.settings.values import Amount, Share

SCALE = 0.3
"""Scale of the logistic between casual and hard work, in units of hardness (assumed)."""
MOST_GAP = 30.0
"""Scales from the midpoint beyond which the logistic is held to be flat, so that nothing overflows."""


def heard(reach: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of a market that hears of a model. What a scenario makes of reach may exceed 1, this cannot."""
    return np.minimum(reach, 1.0)


class FrontierAttention(Mechanism):
    """Waiting work listens to releases, hard work most."""

    key = "frontier_attention"
    rule = (
        "chance to hear of a release: min(1, reach in the work's category) * logistic in (hardness - best affordable "
        "ability yesterday) for waiting work; the same reach * embedded * curiosity for work with a home"
    )
    source = "assumed"
    off = "releases wake nobody"

    hard: Share = Field(
        0.9, description="chance that waiting hard work hears of a release of reach 1 (assumed)"
    )
    casual: Share = Field(0.1, description="the same for the easiest work (assumed)")
    embedded: Share = Field(0.03, description="factor on the chance for work that has a home (assumed)")
    midpoint: float = Field(
        0.0, description="hardness, relative to the frontier, at which listening is half-way (assumed)"
    )
    reaction_days: Amount = Field(
        Distribution.exponential(4.0), description="days from the release to the look (assumed)"
    )

    def most(self, reach: NDArray[np.float64]) -> float:
        """The highest chance that any waiting work can have. reach: of the model, by category."""
        return float(heard(reach).max()) * max(self.hard, self.casual)

    def of_waiting(
        self, reach: NDArray[np.float64], hardness: Any, frontier: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The chance that waiting work hears of a release. reach: of the model in the category of each; frontier: the
        best ability that it could afford before."""
        gap = np.clip((hardness - frontier - self.midpoint) / SCALE, -MOST_GAP, MOST_GAP)
        return np.asarray(heard(reach) * (self.casual + (self.hard - self.casual) / (1 + np.exp(-gap))))

    def of_embedded(self, reach: NDArray[np.float64], curiosity: NDArray[Any]) -> NDArray[np.float64]:
        """The chance that work with a home hears of it. reach: of the model in the category of each."""
        return np.asarray(heard(reach) * self.embedded * curiosity)

    def reaction(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Whole days from the release to the look, for the uniform draws `u`."""
        return np.maximum(np.round(self.reaction_days.quantile(u)), 0)
