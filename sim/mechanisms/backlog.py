"""Backlog: work that no model can do yet waits for one that can."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.mechanisms.fit import Fit
from sim.settings.mechanism import Mechanism


class Backlog(Mechanism):
    """Work that no model can do yet waits for one."""

    key = "backlog"
    rule = "work that nothing can do waits, looks again and listens to releases"
    source = "assumed"
    off = "such work is given up when it begins"

    @staticmethod
    def solvable(fit: Fit, hardness: Any, frontier: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether some listed model can do each piece of work. Without fit, any that it can use will do.

        frontier: the best ability that the work can afford, its needs met; -inf where there is none. How well the two
        match is not known yet and left out.
        """
        return np.asarray(frontier >= hardness if fit.enabled else np.isfinite(frontier))
