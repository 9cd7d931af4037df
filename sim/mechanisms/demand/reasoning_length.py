"""Reasoning length: for the same work, models with open weights think in more tokens than closed ones."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.settings.mechanism import Mechanism
from sim.settings.values import Positive


class ReasoningLength(Mechanism):
    """Models with open weights reason in more tokens."""

    key = "reasoning_length"
    rule = "reasoning tokens = traffic.reasoning_completion_factor * visible tokens, times open_weights for such models"
    source = (
        "Nous Research 2025, Measuring thinking efficiency: open models use 1.5 to 4 times the tokens of closed ones "
        "for the same question; the value is the lower half of that range, since gpt-oss is short (assumed)"
    )
    off = "all reasoning models think in as many tokens for a visible one"

    open_weights: Positive = Field(
        2.0, description="reasoning tokens of a model with open weights, for one of a closed model's"
    )

    def factor(self, open_weights: Sequence[bool]) -> NDArray[np.float64]:
        """What multiplies the reasoning tokens, by model."""
        opened = np.array(open_weights, dtype=bool)
        return np.where(opened, self.open_weights, 1.0) if self.enabled else np.ones(len(opened))
