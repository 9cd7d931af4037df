"""Beta-geometric/beta-binomial: activity month by month with gaps, and final dropout, both differing between users.

While alive, a user is active in a month with probability p, Beta(alpha, beta) over users; before each month they
drop out for good with probability theta, Beta(gamma, delta) over users. A silent user may so be gone or merely
skipping: the right null model for retention that allows gaps. Fader, Hardie & Shang (2010), Marketing Science 29:1086.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.inference.cohorts.co_activity import checked_activity
from analysis.inference.curves.likelihood import BETA_MEANS, BETA_SPREADS, Floats, beta_shapes, maximise

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BGBB:
    """Fitted shapes of activity (alpha, beta) and dropout (gamma, delta), and the log-likelihood reached.

    users: how many were fitted; at_boundary: the maximum lies on the edge of the parameter space (no variation
    of activity or of dropout, or no dropout at all).
    """

    alpha: float
    beta: float
    gamma: float
    delta: float
    log_likelihood: float
    users: float
    at_boundary: bool

    def expected_active(self, k: npt.ArrayLike) -> Floats:
        """Expected share active k months after the start, elementwise: E p * E (1 - theta)^k.

        k = 0 gives E p: the month of first use, in which all are active by construction, is no opportunity.
        """
        from scipy.special import betaln

        months = np.asarray(k, dtype=np.float64)
        alive = np.exp(betaln(self.gamma, self.delta + months) - betaln(self.gamma, self.delta))
        return np.asarray(self.alpha / (self.alpha + self.beta) * alive, dtype=np.float64)

    def log_probability(self, x: npt.ArrayLike, t_x: npt.ArrayLike, n: npt.ArrayLike) -> Floats:
        """Log probability of one history with x active months of n, the last of them t_x; elementwise.

        binomial(t_x - 1, x - 1) histories share each (x, t_x), and one history has (0, 0).
        """
        cells = _histories(x, t_x, n)
        shape = cells[0].shape
        probability = _Probability(*(cell.ravel() for cell in cells))
        flat = probability(self.alpha, self.beta, self.gamma, self.delta)
        return flat.reshape(shape)


def _whole(values: npt.ArrayLike, name: str, of: str = "months") -> Ints:
    """Values as integers, of their own shape. Errors: ValueError where one is no whole number: it is never cut."""
    given = np.asarray(values)
    if given.dtype.kind in "iub":
        return given.astype(np.int64)
    for cell, value in enumerate(given.ravel().tolist()):
        if not isinstance(value, int | float) or not float(value).is_integer():
            raise ValueError(f"{name} must hold whole numbers of {of}, got {value!r} in cell {cell}")
    return given.astype(np.int64)


def _histories(x: npt.ArrayLike, t_x: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Ints, Ints, Ints]:
    """Active months, the last of them and months observed, as integers of one shape."""
    parts = _whole(x, "x"), _whole(t_x, "t_x"), _whole(n, "n")
    try:
        months, last, opportunities = np.broadcast_arrays(*parts)
    except ValueError:
        lengths = ", ".join(str(part.size) for part in parts)
        raise ValueError(f"x, t_x and n must be rows of one length, got {lengths} values") from None
    return months, last, opportunities


class _Probability:
    """Equation 5 of the paper, in logs, of many histories: what does not depend on the shapes is worked out once.

    A history is a sum over the moments at which its user may have left: never, or after i silent months since the
    last active one. x, t_x, n: shape (cells,).
    """

    def __init__(self, x: Ints, t_x: Ints, n: Ints) -> None:
        ways = n - t_x + 1  # the first of them is to be there to the end
        self._cell = np.repeat(np.arange(len(x)), ways)
        self._first = np.cumsum(ways) - ways
        gone = np.arange(len(self._cell)) - self._first[self._cell] - 1  # i; -1: never
        stays = gone < 0
        last = np.where(stays, n[self._cell], t_x[self._cell] + gone)
        active = x[self._cell]
        # Months are few, so that most sums have the same beta functions.
        self._pairs, self._pair = np.unique(
            np.column_stack([active, last - active]), axis=0, return_inverse=True
        )
        self._pair = self._pair.ravel()
        self._ends, self._end = np.unique(np.column_stack([~stays, last]), axis=0, return_inverse=True)
        self._end = self._end.ravel()

    def __call__(self, alpha: float, beta: float, gamma: float, delta: float) -> Floats:
        """Log probability of one history of each kind; shape (cells,)."""
        from scipy.special import betaln

        if not len(self._first):
            return np.empty(0)
        active, silent = self._pairs.T
        left, months = self._ends.T
        terms = (
            betaln(alpha + active, beta + silent)[self._pair]
            + betaln(gamma + left, delta + months)[self._end]
        )
        largest = np.maximum.reduceat(terms, self._first)
        total = np.add.reduceat(np.exp(terms - largest[self._cell]), self._first)
        of_users = betaln(alpha, beta) + betaln(gamma, delta)
        return np.asarray(largest + np.log(total) - of_users, dtype=np.float64)


def fit_bgbb(
    x: npt.ArrayLike, t_x: npt.ArrayLike, n: npt.ArrayLike, counts: npt.ArrayLike | None = None
) -> BGBB:
    """Maximum-likelihood BG/BB.

    x: active months; t_x: the last of them (0 when x is 0); n: months observed, the first of them month 1; counts:
    users that share the history (1 each when missing). All of shape (cells,), n may be one number.

    Errors: ValueError for numbers that are not whole, for histories that cannot be (such as x above t_x) or a single
    month observed, from which activity and dropout cannot be told apart.
    """
    months, last, opportunities = (np.atleast_1d(part) for part in _histories(x, t_x, n))
    weights = (
        np.ones(months.shape) if counts is None else _whole(counts, "counts", "users").astype(np.float64)
    )
    if months.ndim != 1 or weights.shape != months.shape or not months.size:
        raise ValueError("x, t_x, n and counts must be rows of one length, with at least one cell")
    possible = (months >= 0) & (months <= last) & (last <= opportunities) & ((months > 0) == (last > 0))
    if not possible.all():
        bad = int(np.flatnonzero(~possible)[0])
        raise ValueError(
            f"impossible history in cell {bad}: x = {months[bad]}, t_x = {last[bad]}, n = {opportunities[bad]}; "
            "expected 0 <= x <= t_x <= n, and t_x = 0 exactly when x = 0"
        )
    if np.any(weights < 0) or weights.sum() <= 0:
        raise ValueError("counts must be numbers of users, none negative and not all 0")
    if opportunities.max() < 2:
        raise ValueError(
            "the BG/BB needs at least 2 months after the first to tell skipping from dropping out"
        )
    users = float(weights.sum())
    probability = _Probability(months, last, opportunities)

    def log_likelihood(point: Floats) -> float:
        shapes = (*beta_shapes(point[0], point[1]), *beta_shapes(point[2], point[3]))
        return float(weights @ probability(*shapes)) / users

    share = float(np.clip((weights @ months) / (weights @ opportunities), 0.01, 0.99))
    activity = float(np.log(share) - np.log1p(-share))
    starts = [np.array([activity + 0.7, -1.0, -1.0, -1.0]), np.array([activity, -0.5, -2.5, -2.0])]
    best = maximise(log_likelihood, starts, (BETA_MEANS, BETA_SPREADS) * 2)
    alpha, beta = beta_shapes(best.point[0], best.point[1])
    gamma, delta = beta_shapes(best.point[2], best.point[3])
    return BGBB(alpha, beta, gamma, delta, best.value * users, users, best.on_edge)


def bgbb_cells(active: npt.ArrayLike) -> tuple[Ints, Ints, Ints, Ints]:
    """Histories of a cohort as distinct (x, t_x, n, counts), each of shape (cells,), for `fit_bgbb`.

    active: shape (users, K + 1), column 0 the month of first use, in which all are active.
    """
    months = checked_activity(active)[:, 1:]
    k = months.shape[1]
    x = months.sum(axis=1)
    t_x = (months * np.arange(1, k + 1)).max(axis=1, initial=0)
    cells, counts = np.unique(np.column_stack([x, t_x]), axis=0, return_counts=True)
    return (
        cells[:, 0].astype(np.int64),
        cells[:, 1].astype(np.int64),
        np.full(len(cells), k, dtype=np.int64),
        counts.astype(np.int64),
    )
