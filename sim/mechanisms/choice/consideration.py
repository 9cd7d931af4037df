"""Consideration: attention is limited, so that awareness says which model is looked at, not whether one looks."""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.settings.mechanism import Mechanism
from sim.settings.values import Positive


class Consideration(Mechanism):
    """Models share a limited attention by their awareness."""

    key = "consideration"
    rule = (
        "log(A[m, g] * min(1, size / sum of A[., g])) in the decision utility, the sum over all models that answer: in "
        "a full market each has its share of `size`, and to hear more of one is to hear less of the others; a market "
        "whose awareness comes to less than `size` is not touched"
    )
    source = "consideration sets (Hauser & Wernerfelt 1990); assumed form and value"
    off = "log A[m, g]: the more models one hears of, and the more of each, the more is tried"

    size: Positive = Field(
        30.0,
        description="the most that awareness in a category comes to, all models together; the reach of a model is 1 "
        "where all hear of it (assumed: about the mean of what it comes to in the report world without a limit, which "
        "is 12 at its start and 59 at its end)",
    )

    def considered(self, awareness: NDArray[np.float64]) -> NDArray[np.float64]:
        """Awareness as it counts in a choice.

        awareness: of the models that answer, models x categories or days x models x categories; no unit.
        """
        if not self.enabled:
            return awareness
        return np.asarray(
            awareness * (self.size / np.maximum(awareness.sum(axis=-2, keepdims=True), self.size))
        )
