"""Where the next step of a fit begins and how much of the way it goes: on while it helps, else back and shorter."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.calibration.fit.contraction import stepped
from testbed.calibration.fit.parameters import Parameters

GAIN = 0.7
"""Part of the way that a step goes at most (assumed): popularity makes a world answer more than the logit says, habit
less."""
SHORTER, LONGER = 0.5, 1.5
"""Factors on that part after a step that made the world much worse, and after one that made it better (assumed)."""
MUCH_WORSE = 1.25
"""A step is taken back if more than this factor times the least strain comes of it (assumed): without that, steps that
each overshoot a little have led a fit astray."""


@dataclass(frozen=True)
class Place:
    """A point that was evaluated. strain: how far the claims are from holding there, at least 0; at: its parameters;
    to: where a step from it would go."""

    strain: float
    at: Parameters
    to: Parameters


class Walk:
    """Steps that may go astray a little, as in a line search that backtracks, but not far from the best place."""

    def __init__(self) -> None:
        self.gain = GAIN
        self._best: Place | None = None

    def onwards(self, place: Place) -> Parameters:
        """The parameters to evaluate next, after a place."""
        best = self._best
        if best is None or place.strain <= best.strain:
            self._best = place
            self.gain = min(GAIN, self.gain * LONGER)
        elif place.strain > MUCH_WORSE * best.strain:
            self.gain *= SHORTER
            place = best
        return stepped(place.at, place.to, self.gain)
