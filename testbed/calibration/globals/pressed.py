"""Many numbers pressed into few: one for each direction in which parameters move them.

Hundreds of numbers share their errors, in ways that a few dozen worlds are too few to show. Taken as they are, they
seem to tell more than they do. Sums of them, weighted by slope over error, keep to first order what they tell of the
parameters, and are so few that their errors and how these go together can be measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from testbed.calibration.globals.emulator import Emulator

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Pressed:
    """An emulator of weighted sums of numbers. weights: sums x numbers."""

    inner: Emulator
    weights: Floats

    @property
    def parameters(self) -> int:
        """How many parameters there are."""
        return self.inner.parameters

    @property
    def known(self) -> Flags:
        """All of them can be told."""
        return np.ones(len(self.weights), dtype=bool)

    def at(self, z: Floats) -> Floats:
        """The sums at a point."""
        return np.asarray(self.weights @ self.inner.at(z))

    def gradient(self, z: Floats) -> Floats:
        """Their derivatives: sums x parameters."""
        return np.asarray(self.weights @ self.inner.gradient(z))

    def of(self, numbers: Flags) -> Pressed:
        """The same for some of the sums."""
        return Pressed(self.inner, self.weights[numbers])


def pressed(model: Emulator, sd: Floats) -> Pressed:
    """Sums in the directions in which the parameters move the numbers at the centre, in standard deviations of what the
    numbers are off by: as many as there are parameters. sd: by number."""
    slopes = model.gradient(np.zeros(model.parameters)) / sd[:, None]
    directions, sizes, _ = np.linalg.svd(slopes, full_matrices=False)
    there = sizes > 1e-9 * sizes.max(initial=0.0)
    return Pressed(model, directions[:, there].T / sd)
