"""What numbers a world shows at other parameters, without a run: slopes and bends, from runs around the centre.

A share answers on a logit scale, so that it stays between 0 and 1, and other numbers on their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

Floats = npt.NDArray[np.float64]
STEP = 1.25
"""How far from the centre the runs are, in standard deviations of the prior (assumed): near enough for slopes, far
enough for bends and for luck to be small beside them."""
LEAST_SHARE = 1e-4
"""Shares nearer to 0 or 1 than this are taken for this."""


@dataclass(frozen=True)
class Emulator:
    """centre: numbers there, on the scale on which they answer; slope, bend: numbers x parameters; shares: which of the
    numbers are shares."""

    centre: Floats
    slope: Floats
    bend: Floats
    shares: npt.NDArray[np.bool_]

    def at(self, z: Floats) -> Floats:
        """The numbers at a point. z: by parameter, in standard deviations of its prior."""
        linked = self._answer(z)
        return np.where(self.shares, expit(linked), linked)

    def gradient(self, z: Floats) -> Floats:
        """Their derivatives: numbers x parameters."""
        value = expit(self._answer(z))
        factor = np.where(self.shares, value * (1 - value), 1.0)
        return np.asarray(factor[:, None] * (self.slope + self.bend * z))

    def of(self, numbers: npt.NDArray[np.bool_], parameters: npt.NDArray[np.bool_] | None = None) -> Emulator:
        """The same for some of the numbers, and with all but some parameters fixed at the centre."""
        at = np.ones(self.slope.shape[1], dtype=bool) if parameters is None else parameters
        return Emulator(
            self.centre[numbers], self.slope[numbers][:, at], self.bend[numbers][:, at], self.shares[numbers]
        )

    @property
    def parameters(self) -> int:
        """How many parameters there are."""
        return self.slope.shape[1]

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Numbers that could be told at the centre and on all sides of it."""
        return np.asarray(np.isfinite(self.centre) & np.isfinite(self.slope).all(axis=1))

    def linked(self, read: Floats) -> Floats:
        """Numbers on the scale on which they answer."""
        return _linked(read, self.shares)

    def _answer(self, z: Floats) -> Floats:
        return np.asarray(self.centre + self.slope @ z + self.bend @ z**2 / 2)


def places(parameters: int) -> Floats:
    """Where an emulator's runs are: the centre, then each parameter above it, then each below. Points x parameters."""
    moved = STEP * np.eye(parameters)
    return np.concatenate([np.zeros((1, parameters)), moved, -moved])


def emulator(read: Floats, shares: npt.NDArray[np.bool_]) -> Emulator:
    """The emulator. read: numbers at `places`, seeds x points x numbers; the seeds, and so their luck, are the same at
    all points."""
    linked = _linked(read, shares).mean(axis=0)
    count = (len(linked) - 1) // 2
    centre, above, below = linked[0], linked[1 : count + 1], linked[count + 1 :]
    return Emulator(centre, (above - below).T / (2 * STEP), (above + below - 2 * centre).T / STEP**2, shares)


def _linked(read: Floats, shares: npt.NDArray[np.bool_]) -> Floats:
    return np.asarray(np.where(shares, logit(np.clip(read, LEAST_SHARE, 1 - LEAST_SHARE)), read))
