"""What numbers tell of parameters: the likeliest point, and how wide the posterior is around it.

The prior is normal with mean 0 and standard deviation 1 in each parameter; numbers are off by a normal error. The
likeliest point is found by least squares with the prior as residuals (Gauss-Newton), and the posterior is taken as
normal around it (Laplace's method).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import least_squares
from scipy.stats import norm

from testbed.calibration.globals.emulator import Emulator
from testbed.calibration.globals.pressed import Pressed

Floats = npt.NDArray[np.float64]
IDENTIFIED = 0.5
"""A parameter is identified where its posterior standard deviation is below this part of that of its prior."""
LEAST_SD = 1e-3
"""Errors smaller than this are not believed (assumed): of a share a tenth of a point, of a level a thousandth."""


@dataclass(frozen=True)
class Estimate:
    """at: the likeliest point; covariance: of the posterior around it. Both in standard deviations of the prior."""

    at: Floats
    covariance: Floats

    @cached_property
    def sd(self) -> Floats:
        """Of the posterior, by parameter; 1 is that of the prior."""
        return np.sqrt(np.diag(self.covariance))

    def widened(self, factors: Floats) -> Estimate:
        """The same with standard deviations times a factor, by parameter."""
        return Estimate(self.at, self.covariance * np.outer(factors, factors))

    @property
    def identified(self) -> npt.NDArray[np.bool_]:
        """Which parameters the numbers tell."""
        return np.asarray(self.sd < IDENTIFIED)

    def holds(self, truth: Floats, level: float) -> npt.NDArray[np.bool_]:
        """Whether the central interval of a level has the truth in it, by parameter."""
        return np.asarray(np.abs(truth - self.at) <= norm.ppf((1 + level) / 2) * self.sd)


def estimate(model: Emulator | Pressed, seen: Floats, errors: Floats) -> Estimate:
    """What seen numbers tell. errors: their covariance. Numbers that are NaN tell nothing."""
    told = np.isfinite(seen) & model.known
    model, seen = model.of(told), seen[told]
    root = cholesky(errors[np.ix_(told, told)], lower=True)

    def residuals(z: Floats) -> Floats:
        return np.concatenate([solve_triangular(root, model.at(z) - seen, lower=True), z])

    def slopes(z: Floats) -> Floats:
        return np.concatenate([solve_triangular(root, model.gradient(z), lower=True), np.eye(len(z))])

    found = least_squares(residuals, np.zeros(model.parameters), jac=slopes, x_scale=1.0)
    steep = slopes(found.x)
    return Estimate(found.x, np.asarray(np.linalg.inv(steep.T @ steep), dtype=np.float64))


def covariance(errors: Floats) -> Floats:
    """Covariance of errors around 0 that are known from few draws (draws x numbers): their correlations are shrunk
    towards 0, the more the less certain they are (Schäfer & Strimmer 2005, Statistical Applications in Genetics and
    Molecular Biology 4:32)."""
    draws = len(errors)
    sd = spread(errors)
    scaled = errors / sd
    together = scaled.T @ scaled / draws
    off = ~np.eye(len(sd), dtype=bool)
    varied = (scaled**2).T @ scaled**2 / draws - together**2
    uncertain = float(varied[off].sum()) / max(draws - 1, 1)
    size = float((together[off] ** 2).sum())
    part = min(1.0, uncertain / size) if size > 0 else 1.0
    correlations = np.where(off, (1 - part) * together, 1.0)
    return np.asarray(correlations * np.outer(sd, sd))


def spread(errors: Floats) -> Floats:
    """Standard deviations of errors around 0 (draws x numbers), by number."""
    return np.maximum(np.sqrt((errors**2).mean(axis=0)), LEAST_SD)
