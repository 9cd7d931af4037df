"""Fit: a model serves the work that it is able enough for."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.randomness import Draws, Purpose
from sim.settings.mechanism import Mechanism
from sim.settings.values import NonNegative, Share


class Fit(Mechanism):
    """A model must meet the work's hardness, price and needs."""

    key = "fit"
    rule = (
        "ability[m, g] + match_sd * eps[w, m] >= hardness, effective price <= willingness to pay, needs met; eps is a "
        "keyed normal draw"
    )
    source = "threshold models of adoption (David 1969); assumed form"
    off = (
        "a coin with `chance_when_off`, tossed once per (workload, model), replaces the ability test; price and needs "
        "still bind"
    )

    match_sd: NonNegative = Field(
        0.15,
        description="sd of the match between a workload and a model, in units of ability; drawn once per pair, never "
        "updated (assumed)",
    )
    chance_when_off: Share = Field(
        0.35, description="chance that a model is able enough for a workload, with fit off (assumed)"
    )

    def margin(self, draws: Draws, work: Any, model: Any, ability: Any, hardness: Any) -> NDArray[np.float64]:
        """Ability plus match minus hardness, on the scale of both; the match alone where fit is off.

        work, model: the keys of the draw. All arrays broadcast against each other.
        """
        match = self.match_sd * draws.normal(Purpose.MATCH, work, model)
        return np.asarray(ability + match - hardness) if self.enabled else match

    def able(self, draws: Draws, work: Any, model: Any, ability: Any, hardness: Any) -> NDArray[np.bool_]:
        """Whether each model is able enough for the work. Arguments as for `margin`."""
        if not self.enabled:
            return np.asarray(draws.uniform(Purpose.CHANCE_FIT, work, model) < self.chance_when_off)
        return np.asarray(self.margin(draws, work, model, ability, hardness) >= 0)
