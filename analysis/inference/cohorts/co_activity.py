"""What the paired tests need of a cohort: how many users were active in each month, and in each pair of months.

Retention in two months of one cohort is measured on the same users, so the two estimates are correlated; the
matrix of co-activity Y'Y holds all of it. A cohort of any size so shrinks to (K + 1)^2 numbers, which a database
can count and which a simulation can keep by the hundred.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.inference.cohorts.cells import Bools, Floats

EXACT_IN_SINGLE = 2**24  # whole numbers up to here are exact in single precision


@dataclass(frozen=True, eq=False)
class CoActivity:
    """Activity of one cohort over months 0..K, month 0 that of first use.

    users: n; together: shape (K + 1, K + 1), users active in both months, the diagonal those active in one;
    covariance: shape (K + 1, K + 1), of the estimates R(0)..R(K) (not of one user's activity); unbroken: shape
    (K + 1,), users active in every month up to k, or None when it was not counted.
    """

    users: int
    together: Floats
    covariance: Floats
    unbroken: Floats | None = None

    @property
    def months(self) -> int:
        """K: the last month after that of first use."""
        return len(self.together) - 1

    @property
    def active(self) -> Floats:
        """Users active in month 0..K, shape (K + 1,)."""
        return np.asarray(np.diagonal(self.together), dtype=np.float64)

    @property
    def retention(self) -> Floats:
        """R(0)..R(K), shape (K + 1,)."""
        return self.active / self.users


Activity = npt.NDArray[np.generic] | CoActivity


def checked_activity(active: npt.ArrayLike) -> Bools:
    """Activity as a Boolean matrix of shape (users, K + 1).

    Errors: ValueError when it is not a matrix of 0 and 1 with at least one user and two months, or when somebody
    is silent in month 0, the month of first use.
    """
    matrix = np.asarray(active)
    if matrix.ndim != 2 or matrix.shape[0] < 1 or matrix.shape[1] < 2:
        raise ValueError(
            f"activity must be a matrix of users by months 0..K with K at least 1, got shape {matrix.shape}"
        )
    if matrix.dtype != np.bool_:
        if not np.isin(matrix, (0, 1)).all():
            raise ValueError("activity must be true or false (1 or 0) in every cell")
        matrix = matrix.astype(np.bool_)
    if not matrix[:, 0].all():
        idle = int((~matrix[:, 0]).sum())
        raise ValueError(
            f"month 0 is the month of first use, so all users must be active in it; {idle} are not"
        )
    return matrix


def co_activity(active: npt.ArrayLike, clusters: npt.ArrayLike | None = None) -> CoActivity:
    """Co-activity of a cohort from its matrix of activity, shape (users, K + 1).

    clusters: shape (users,), codes of what users share (an organisation, a key): the covariance is then that of
    sums over clusters, with the factor G/(G - 1) of G clusters (Liang & Zeger 1986, Biometrika 73:13).
    """
    matrix = checked_activity(active)
    users = len(matrix)
    if users < EXACT_IN_SINGLE:
        single = matrix.astype(np.float32)
        together = (single.T @ single).astype(np.float64)
    else:
        double = matrix.astype(np.float64)
        together = double.T @ double
    unbroken = np.logical_and.accumulate(matrix, axis=1).sum(axis=0).astype(np.float64)
    if clusters is None:
        return CoActivity(users, together, _covariance(users, together), unbroken)
    codes = np.asarray(clusters)
    if codes.shape != (users,):
        raise ValueError(f"clusters must hold one code a user, {users} of them, got shape {codes.shape}")
    _, code = np.unique(codes, return_inverse=True)
    groups = int(code.max()) + 1
    if groups < 2:
        raise ValueError("clusters must hold at least 2 different codes, got 1: nothing varies between them")
    residuals = matrix - np.diagonal(together) / users
    sums = np.column_stack([np.bincount(code, weights=column, minlength=groups) for column in residuals.T])
    covariance = sums.T @ sums * (groups / (groups - 1)) / users**2
    return CoActivity(users, together, covariance, unbroken)


def summarised(activity: Activity, clusters: npt.ArrayLike | None = None) -> CoActivity:
    """Co-activity, from a matrix of activity or already counted (with its own covariance)."""
    if not isinstance(activity, CoActivity):
        return co_activity(activity, clusters)
    if clusters is not None:
        raise ValueError(
            "clusters need the users' own rows: give them to co_activity with the matrix of activity"
        )
    return activity


def _covariance(users: int, together: Floats) -> Floats:
    """Sample covariance of users' activity (divisor n - 1), over n: that of the retention estimates."""
    if users == 1:
        return np.full_like(together, np.nan)
    share = np.diagonal(together) / users
    return (together / users - np.outer(share, share)) / (users - 1)
