"""Premium work: a little work pays many times what other work pays, and weighs prices less."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.randomness import Draws, Purpose
from sim.settings.mechanism import Mechanism
from sim.settings.values import Positive, Share


class PremiumWork(Mechanism):
    """A share of the work pays by a Pareto tail."""

    key = "premium_work"
    rule = (
        "a share of new work would pay P times as much as it would have, and weighs log price 1/P as much; P is "
        "Pareto: it exceeds x > 1 with chance x^-exponent"
    )
    source = "budgets follow the sizes of firms, whose tail is Pareto with exponent 1.06 (Axtell 2001); assumed share"
    off = "what work would pay is drawn from the scenario's distribution alone"

    share: Share = Field(0.0, description="new work that pays by the tail (assumed)")
    exponent: Positive = Field(
        1.06, description="exponent of the tail (Axtell 2001, of firms' sizes)", ge=0.5
    )

    def factor(self, draws: Draws, work: Any) -> NDArray[np.float64]:
        """By how much each piece of work would pay more. work: the keys of the draws."""
        if not (self.enabled and self.share):
            return np.ones(np.shape(work))
        is_premium = draws.uniform(Purpose.WORKLOAD_PREMIUM, work, 0) < self.share
        tail = draws.uniform(Purpose.WORKLOAD_PREMIUM, work, 1) ** (-1.0 / self.exponent)
        return np.where(is_premium, tail, 1.0)
