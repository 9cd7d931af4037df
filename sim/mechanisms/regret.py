"""Regret: a trial may be misjudged, and a home that was left by mistake can be compared again."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.randomness import Draws, Purpose
from sim.settings.mechanism import Mechanism
from sim.settings.values import NonNegative, Share


class Regret(Mechanism):
    """A trial beside a home shows a model's worth with an error; who moved by mistake may look back."""

    key = "regret"
    rule = (
        "a model that is tried beside a home is judged by its margin plus a normal error of sd noise; where work is at "
        "home with a model of less experienced utility than the home that it left for it, that one is with chance "
        "look_back among the options of a look again, and is judged anew if it is tried"
    )
    source = "noise: Chiang et al. 2024 (docs/behaviour.md); form and look_back assumed"
    off = (
        "trials show what a model is worth, and what was compared once is not compared again until it changes"
    )

    noise: NonNegative = Field(
        0.5,
        description="sd of the error of a judgement after a trial, in units of ability; drawn for each trial "
        "(Chiang et al. 2024)",
    )
    look_back: Share = Field(
        0.5, description="chance at each look that a better home that was left is compared again (assumed)"
    )

    def error(self, draws: Draws, work: Any, model: Any, day: int) -> NDArray[np.float64] | float:
        """The error of each judgement on a day, in units of ability. work, model: the keys of the draw."""
        if not self.enabled:
            return 0.0
        return self.noise * draws.normal(Purpose.JUDGEMENT, work, model + np.uint64(day))

    def looks_back(self, draws: Draws, work: Any, day: int) -> NDArray[np.bool_]:
        """Whether work that looks on a day thinks of the home that it left. work: the keys of the draw."""
        return np.asarray(draws.uniform(Purpose.LOOK_BACK, work, day) < self.look_back)
