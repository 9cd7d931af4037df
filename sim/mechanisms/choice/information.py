"""Information: users foresee, with an error, which model will fit."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sim.randomness import Draws, Purpose
from sim.settings.mechanism import Mechanism
from sim.settings.values import NonNegative, Positive


class Information(Mechanism):
    """How well users foresee a fit before a trial."""

    key = "information"
    rule = "kappa * min(expected margin, cap) in the decision utility; the expectation errs by perception_sd"
    source = "random utility (McFadden 1974); assumed values"
    off = "kappa = 0"

    kappa: NonNegative = Field(
        5.0, description="weight of the expected margin, ability minus hardness (assumed)"
    )
    perception_sd: NonNegative = Field(
        0.25,
        description="sd of the error of the expected ability, in units of ability; drawn once per pair of workload and "
        "model, never updated (assumed)",
    )
    cap: Positive = Field(
        0.5,
        description="margin beyond which more ability adds nothing; also in experienced utility, even when off "
        "(assumed)",
    )

    @property
    def weight(self) -> float:
        """Kappa; 0 where users foresee nothing."""
        return self.kappa if self.enabled else 0.0

    def expected(
        self, draws: Draws, work: Any, model: Any, perceived: Any, hardness: Any
    ) -> NDArray[np.float64]:
        """The margin that the work expects of each model before a trial. work, model: the keys of the draw."""
        error = self.perception_sd * draws.normal(Purpose.PERCEPTION, work, model)
        return np.asarray(perceived + error - hardness)

    def useful(self, margin: NDArray[np.float64]) -> NDArray[np.float64]:
        """The part of a margin that counts: what lies above the cap adds nothing."""
        return np.minimum(margin, self.cap)
