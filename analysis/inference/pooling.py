"""Estimates pooled over cohorts or models that differ by more than chance: random effects, by the method of moments."""

from __future__ import annotations

import numpy as np

from analysis.inference.cohorts.cells import Floats


def random_effects(y: Floats, variance: Floats) -> tuple[float, float, float]:
    """Mean of values with known variances, the variance between them, and the mean's precision (1 / variance).

    DerSimonian & Laird (1986), Controlled Clinical Trials 7:177.
    """
    w = 1 / variance
    mean = (w @ y) / w.sum()
    excess = w @ (y - mean) ** 2 - (len(y) - 1)
    scale = w.sum() - (w @ w) / w.sum()
    between = max(0.0, float(excess / scale)) if scale > 0 else 0.0
    w = 1 / (variance + between)
    return float((w @ y) / w.sum()), between, float(w.sum())


def random_effects_line(x: Floats, y: Floats, variance: Floats) -> tuple[Floats, Floats, float]:
    """Weighted regression with a variance between values: coefficients, their covariance, that variance.

    The method of moments of DerSimonian & Laird for a regression (Thompson & Sharp 1999, Stat. Med. 18:2693).
    """
    w = 1 / variance
    inverse = np.linalg.inv(x.T @ (w[:, None] * x))
    rest = y - x @ (inverse @ (x.T @ (w * y)))
    excess = w @ rest**2 - (len(y) - x.shape[1])
    scale = w.sum() - np.trace(inverse @ (x.T @ ((w**2)[:, None] * x)))
    between = max(0.0, float(excess / scale)) if scale > 0 else 0.0
    w = 1 / (variance + between)
    covariance = np.asarray(np.linalg.inv(x.T @ (w[:, None] * x)), dtype=np.float64)
    return covariance @ (x.T @ (w * y)), covariance, between
