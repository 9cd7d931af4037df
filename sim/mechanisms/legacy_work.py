"""Legacy work: what was built once on a model, and is not touched again while it runs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.randomness import Draws, Purpose
from sim.settings.mechanism import Mechanism
from sim.settings.values import Share


class LegacyWork(Mechanism):
    """A share of the work never looks beyond its home."""

    key = "legacy_work"
    rule = (
        "a share of new work, once it has a home, looks at no rival and hears of no release (its curiosity is 0), "
        "until the model retires or fits no more"
    )
    source = "assumed; 23% of builders changed no model in a year (Menlo Ventures 2025), most of them for other reasons"
    off = "all work looks around, by its user's curiosity"

    share: Share = Field(0.0, description="new work that is not touched again (assumed)")

    def drawn(self, draws: Draws, work: Any) -> NDArray[np.bool_]:
        """Whether each piece of work is of this kind. work: the keys of the draws."""
        if not (self.enabled and self.share):
            return np.zeros(np.shape(work), dtype=bool)
        return np.asarray(draws.uniform(Purpose.WORKLOAD_LEGACY, work) < self.share)
