"""Beta-geometric/negative-binomial: purchases in continuous time with dropout after a purchase.

While alive, a customer buys as a Poisson process with a rate that is Gamma(r, alpha) over customers, and drops out
after each purchase with a probability that is Beta(a, b) over customers. Fader, Hardie & Lee (2005), Marketing
Science 24:275. For monthly activity prefer the BG/BB; this one is for event times, and its published fit is a check
of the machinery.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.inference.likelihood import Floats, maximise

LOGS = (-9.0, 9.0)  # of each parameter


@dataclass(frozen=True)
class BGNBD:
    """Fitted rate shape r and scale alpha (in units of time), dropout shapes a and b, and the log-likelihood."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    users: float
    at_boundary: bool

    def alive(self, x: npt.ArrayLike, t_x: npt.ArrayLike, observed: npt.ArrayLike) -> Floats:
        """Probability that a customer with x repeat purchases, the last at t_x, is alive at `observed`; elementwise."""
        repeats, last, end = (np.asarray(part, dtype=np.float64) for part in (x, t_x, observed))
        odds = self.a / (self.b + np.maximum(repeats, 1.0) - 1.0)
        odds = odds * ((self.alpha + end) / (self.alpha + last)) ** (self.r + repeats)
        return np.asarray(np.where(repeats > 0, 1.0 / (1.0 + odds), 1.0), dtype=np.float64)

    def expected_purchases(self, t: npt.ArrayLike) -> Floats:
        """Expected repeat purchases of a new customer until time t, elementwise (equation 9 of the paper)."""
        from scipy.special import hyp2f1

        time = np.asarray(t, dtype=np.float64)
        size = self.a + self.b - 1.0
        still = (self.alpha / (self.alpha + time)) ** self.r
        still = still * hyp2f1(self.r, self.b, size, time / (self.alpha + time))
        return np.asarray(size / (self.a - 1.0) * (1.0 - still), dtype=np.float64)


def _log_probability(shapes: Floats, x: Floats, t_x: Floats, observed: Floats) -> Floats:
    """Equation 6 of the paper, in logs; all of shape (cells,)."""
    from scipy.special import betaln, gammaln

    r, alpha, a, b = shapes
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - betaln(a, b)
    alive = betaln(a, b + x) - (r + x) * np.log(alpha + observed)
    repeats = np.maximum(x, 1.0)
    gone = betaln(a + 1.0, b + repeats - 1.0) - (r + x) * np.log(alpha + t_x)
    return np.asarray(common + np.where(x > 0, np.logaddexp(alive, gone), alive), dtype=np.float64)


def fit_bgnbd(
    x: npt.ArrayLike, t_x: npt.ArrayLike, observed: npt.ArrayLike, counts: npt.ArrayLike | None = None
) -> BGNBD:
    """Maximum-likelihood BG/NBD.

    x: repeat purchases; t_x: time of the last of them (0 when x is 0); observed: length of observation, in the same
    unit; counts: customers that share the row (1 each when missing). All of shape (cells,).

    Errors: ValueError for rows that cannot be.
    """
    repeats, last, end = (np.atleast_1d(np.asarray(part, dtype=np.float64)) for part in (x, t_x, observed))
    weights = np.ones(repeats.shape) if counts is None else np.asarray(counts, dtype=np.float64)
    if repeats.ndim != 1 or not repeats.shape == last.shape == end.shape == weights.shape or not repeats.size:
        raise ValueError("x, t_x, observed and counts must be rows of one length, with at least one row")
    possible = (repeats >= 0) & (last >= 0) & (last <= end) & (end > 0) & ((repeats > 0) | (last == 0))
    if not possible.all():
        bad = int(np.flatnonzero(~possible)[0])
        raise ValueError(
            f"impossible row {bad}: x = {repeats[bad]:g}, t_x = {last[bad]:g}, observed = {end[bad]:g}; "
            "expected x >= 0 and 0 <= t_x <= observed, and t_x = 0 when x = 0"
        )
    if np.any(weights < 0) or not np.all(np.isfinite(weights)) or weights.sum() <= 0:
        raise ValueError("counts must be numbers of customers, none negative and not all 0")
    users = float(weights.sum())

    def log_likelihood(point: Floats) -> float:
        return float(weights @ _log_probability(np.exp(point), repeats, last, end)) / users

    scale = float(np.log(weights @ end / users))
    starts = [np.array([-1.0, scale - 2.0, 0.0, 1.0])]
    best = maximise(log_likelihood, starts, (LOGS, (scale - 12.0, scale + 12.0), LOGS, LOGS))
    r, alpha, a, b = (float(part) for part in np.exp(best.point))
    return BGNBD(r, alpha, a, b, best.value * users, users, best.on_edge)
