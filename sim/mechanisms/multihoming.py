"""Multihoming: work that moves to another line keeps the model that it leaves in use beside the new one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.config.switches import Switch
from sim.randomness import Draws, Purpose
from sim.settings.distributions import Distribution
from sim.settings.mechanism import Mechanism
from sim.settings.values import Amount, Share


class Multihoming(Mechanism):
    """Work that moves to a rival of another line may go on sending a part of its volume to the model it leaves."""

    key = "multihoming"
    rule = (
        "work that moves to a rival of another line keeps the model that it leaves with chance share: beside_share of "
        "the volume goes to it for beside_days, through upgrades of the home, until the work moves to another line or "
        "loses its home, or the kept model retires or fits no more; one that becomes the home again goes on with its "
        "tenure; one model is kept at a time, and who keeps one upgrades without keeping the old version"
    )
    source = (
        "apps use several models at a time (Fradkin 2025); share: Ramp 2026 and a16z 2026, beside_share: Keiningham "
        "et al. 2015, beside_days: Vellum 2025 and Menlo Ventures 2025 (docs/behaviour.md); form assumed"
    )
    off = "all work leaves its old model on the day of the move; this is so unless a scenario says on"

    enabled: Switch = Field(False, description="on or off (off unless a scenario says otherwise)")
    share: Share = Field(
        0.4, description="chance that the model that is left for another line is kept (Ramp 2026; a16z 2026)"
    )
    beside_share: Share = Field(
        0.33, description="part of the volume that goes to the model that is kept (Keiningham et al. 2015)"
    )
    beside_days: Amount = Field(
        Distribution.exponential(290.0),
        description="days for which it is kept, if nothing ends that earlier (Vellum 2025; Menlo Ventures 2025)",
    )

    def days_beside(self, draws: Draws, work: Any, model: Any) -> NDArray[np.int64]:
        """Whole days for which work that moves to a model of another line keeps the one that it leaves; 0 where it
        does not keep it, or none of the volume would go to it. work, model: the keys of the draw."""
        keeps = draws.uniform(Purpose.MULTIHOMING, work, model) < self.share
        days = self.beside_days.quantile(draws.uniform(Purpose.MULTIHOMING_LENGTH, work, model))
        return np.round(days).astype(np.int64) * (keeps & self.enabled & (self.beside_share > 0))
