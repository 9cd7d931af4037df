"""Tool propensity: models trained for agents call the tools that they are offered; early ones often answer in text."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.settings.mechanism import Mechanism
from sim.settings.values import NonNegative

STEPS = {"early": -1.0, "general": 0.0, "agentic": 1.0}
"""Steps from a model of general training, by the catalogue's fact `tool_training`."""


class ToolPropensity(Mechanism):
    """Models differ in how readily they call the tools that they are offered."""

    key = "tool_propensity"
    rule = (
        "log odds that a request with tools offered ends in a call = those of traffic.tool_call_share + step for a "
        "model trained for agents, - step for an early one"
    )
    source = (
        "classes by the makers' announcements; about one step lies between their rates of success on tau-bench (Yao et "
        "al. 2024): retail 0.69 to 0.86 for Claude 3.5 Sonnet to 4.5, 0.80 for GLM-4.5, 0.60 for GPT-4o, 0.2 to 0.3 "
        "for early models; that success stands for propensity is assumed"
    )
    off = "all models call alike"

    step: NonNegative = Field(1.0, description="log odds from one class of training to the next (assumed)")

    def odds_factor(self, training: Sequence[str]) -> NDArray[np.float64]:
        """What multiplies the odds of a call, by model. training: early, general or agentic."""
        steps = np.array([STEPS[word] for word in training], dtype=np.float64)
        return np.exp(self.step * steps) if self.enabled else np.ones(len(steps))

    @staticmethod
    def chance(share: Any, factor: Any) -> Any:
        """The chance of a call where a general model's is `share`. Traffic compiles it into its loop."""
        called = share * factor
        return called / (called + (1.0 - share))
