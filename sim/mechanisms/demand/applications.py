"""Applications: a user's application decides what work comes, which model it begins with, and how its requests flow."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from sim.randomness import Draws, Purpose
from sim.settings.mechanism import Mechanism

if TYPE_CHECKING:
    from sim.scenario.people import ApplicationSettings

LEVELS = 512
"""Steps of equal probability in which a day's level is drawn."""


class Applications(Mechanism):
    """Applications carry work of their own kinds, with a default model, in bursts."""

    key = "applications"
    rule = (
        "users of an application bring the kinds of work that it states; the first look of new work takes its default "
        "model of that day with default_share, where the work may consider it; a day's volume at home is multiplied by "
        "a lognormal level of mean 1 and spread burstiness; it has its own volume, tools and sittings"
    )
    source = (
        "defaults are stickier than choices (Johnson & Goldstein 2003); agents' usage is overdispersed like other "
        "human activity (Barabasi 2005); which applications there are: public rankings; assumed values"
    )
    off = "an application is a name only"

    def carriers(self, section: Mapping[str, "ApplicationSettings"]) -> Mapping[str, "ApplicationSettings"]:
        """The applications that act: those of the scenario's section, or none."""
        return section if self.enabled else {}

    @staticmethod
    def takes_default(draws: Draws, work: Any, share: Any) -> NDArray[np.bool_]:
        """Whether new work takes the default of its application. work: the key of the draw; share: the chance."""
        return np.asarray(draws.uniform(Purpose.DEFAULT_MODEL, work) < share)

    @staticmethod
    def levels(burstiness: float) -> NDArray[np.float64]:
        """A day's level: `LEVELS` values of equal probability whose mean is 1. burstiness: sd of the level's log."""
        if burstiness == 0.0:
            return np.ones(LEVELS)
        # The mean of a lognormal of mean 1 within each step: its law is a normal one, moved by the sd.
        edges = ndtri(np.linspace(0.0, 1.0, LEVELS + 1)) - burstiness
        return np.asarray(np.diff(ndtr(edges)) * LEVELS)
