"""The fit of a world's global parameters to the numbers that the report publishes.

Only parameters that no source gives can move, and of these only those that the numbers identify do; all others stay.
Each step is one of least squares on an emulator. Then the world is run there, and the emulator is moved to agree with
what comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from testbed.calibration.globals.emulator import STEP, Emulator
from testbed.calibration.globals.posterior import Estimate, estimate

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
ROUNDS = 4
"""How often the world is asked (assumed); the fit ends earlier where steps are small."""
SETTLED = 0.05
"""Steps below this part of a standard deviation of the prior end the fit."""


@dataclass(frozen=True)
class Fit:
    """What the report's numbers ask of a world. movable: which parameters may move; told: what the numbers say of
    these, in their order, if all of them are free; at: where the world goes, by parameter: 0 for what stays."""

    movable: Flags
    told: Estimate
    at: Floats

    @property
    def identified(self) -> Flags:
        """By parameter, whether it may move and is told."""
        return _among(self.movable, self.told.identified)


def fit(
    model: Emulator,
    targets: Floats,
    errors: Floats,
    sourced: Sequence[bool],
    widened: Floats,
    read: Callable[[Floats], Floats],
    rounds: int = ROUNDS,
) -> Fit:
    """The fit. model: around the world as it is; targets: the report's numbers; errors: their covariance; sourced:
    parameters that come from sources, which stay; widened: by parameter, the factor by which the posterior must be
    wider than it seems; read: the numbers of the world at a point."""
    movable = ~np.asarray(sourced, dtype=bool)
    every = np.ones(len(targets), dtype=bool)
    told = estimate(model.of(every, movable), targets, errors).widened(widened[movable])
    free = _among(movable, told.identified)
    at = np.zeros(len(movable))
    for _ in range(rounds if free.any() else 0):
        to = at.copy()
        aim = estimate(model.of(every, free), targets, errors).at
        to[free] = np.clip(aim, at[free] - STEP, at[free] + STEP)  # no farther than the emulator has seen
        if np.abs(to - at).max() < SETTLED:
            break
        at, model = to, agreeing(model, to, read(to))
    return Fit(movable, told, at)


def _among(movable: Flags, which: Flags) -> Flags:
    found = np.zeros(len(movable), dtype=bool)
    found[movable] = which
    return found


def agreeing(model: Emulator, z: Floats, read: Floats) -> Emulator:
    """The emulator moved so that it says at a point what the world reads there; numbers that the world does not tell
    stay as they are."""
    told = np.isfinite(read)
    gap = np.where(told, model.linked(np.where(told, read, 0.0)) - model.linked(model.at(z)), 0.0)
    return replace(model, centre=model.centre + gap)
