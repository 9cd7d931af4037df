"""How large a difference is, beside whether there is one: always printed with a verdict.

All compare one cohort with the later ones at the same ages, pooled over users; without later cohorts at an age, with
the other ones. Intervals are at 95% and count what organisations share, within a cohort and between the two sides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analysis.inference.panel import Cells, Floats, Ints
from analysis.inference.standout import LATEST_AGE
from analysis.proportions import Z95, wilson

NAN = math.nan


@dataclass(frozen=True)
class Amount:
    """A value with its 95% interval; NaN where there is none."""

    value: float
    low: float = NAN
    high: float = NAN

    def as_json(self) -> dict[str, float | None]:
        """For programs: NaN becomes null."""
        return {name: _plain(getattr(self, name)) for name in ("value", "low", "high")}


@dataclass(frozen=True)
class Effects:
    """The sizes of one cohort's difference.

    age: the month k they are read at (5, or the latest that a comparison reaches); own, others: R(k) of the cohort and
    of the later cohorts pooled; difference = own - others (Newcombe 1998;
    Zou & Donner 2008, Stat. Med. 27:1693 where the two go together); ratio = own / others (log delta method);
    active_months: difference of the restricted mean active months, the sum of R(1) to R(k) over ages that a later
    cohort has; loyal_share: (own - others) / (1 - others), the share of extra users who never leave that would make the
    difference; e_value: how strongly an unmeasured trait (such as early adoption) must go with both joining at launch
    and staying, as a risk ratio, to explain the ratio away, and the same for the end of its interval nearer to 1
    (VanderWeele & Ding 2017, Ann. Intern. Med. 167:268); plateau = R(5) / R(3) of the cohort, or of the latest ages
    two apart.
    """

    age: int
    own: Amount
    others: Amount
    own_users: int
    others_users: int
    others_cohorts: int
    difference: Amount
    ratio: Amount
    active_months: Amount
    active_months_to: int
    loyal_share: Amount
    e_value: float
    e_value_low: float
    plateau: Amount
    plateau_ages: tuple[int, int] | None


def effects(cells: Cells, cohort: int) -> Effects | None:
    """Effect sizes of a cohort; None where no other cohort shares an age with it."""
    reached = _comparison(cells, cohort)
    if reached is None:
        return None
    k, own, others = reached
    n0, n1 = float(cells.size[own]), float(cells.size[others].sum())
    r0 = float(cells.share[own])
    weights = np.zeros(len(cells.age))
    weights[others] = cells.size[others] / n1
    r1 = float(weights @ cells.share)
    v0 = _variance(cells, _unit(cells, own))
    v1 = _variance(cells, weights)
    between = float(_unit(cells, own) @ cells.covariance @ weights)  # organisations with users on both sides
    ratio = _ratio(r0, v0, r1, v1, between)
    months, months_to = _active_months(cells, cohort, k)
    plateau, ages = _plateau(cells, cohort)
    return Effects(
        k, _amount(r0, v0), _amount(r1, v1), int(n0), int(n1), len(others),
        _difference((r0, v0, n0), (r1, v1, n1), between), ratio, months, months_to,
        _loyal_share(r0, v0, r1, v1, between),
        e_value(ratio.value), e_value_near_end(ratio), plateau, ages,
    )  # fmt: skip


def _comparison(cells: Cells, cohort: int) -> tuple[int, int, Ints] | None:
    for keep_later in (True, False):
        for k in range(LATEST_AGE, 0, -1):
            at = cells.at(k)
            own = at[cells.cohort[at] == cohort]
            rest = at[cells.cohort[at] > cohort] if keep_later else at[cells.cohort[at] != cohort]
            if len(own) and len(rest):
                return k, int(own[0]), rest
    return None


def e_value(ratio: float) -> float:
    """E-value of a risk ratio; a ratio below 1 counts by its inverse. VanderWeele & Ding (2017)."""
    if not math.isfinite(ratio) or ratio <= 0:
        return NAN
    rr = max(ratio, 1 / ratio)
    return rr + math.sqrt(rr * (rr - 1))


def e_value_near_end(ratio: Amount) -> float:
    """E-value of the end of a risk ratio's interval that is nearer to 1: 1 where the interval holds 1, NaN without a
    ratio. VanderWeele & Ding (2017)."""
    if not (math.isfinite(ratio.low) and math.isfinite(ratio.high)):
        return NAN
    if ratio.low > 1:
        return e_value(ratio.low)
    return e_value(ratio.high) if ratio.high < 1 else 1.0


def _variance(cells: Cells, weights: Floats) -> float:
    """Variance of a weighted sum of the cells' shares."""
    return max(float(weights @ cells.covariance @ weights), 0.0)


def _unit(cells: Cells, at: int) -> Floats:
    weights = np.zeros(len(cells.age))
    weights[at] = 1.0
    return weights


def _effective(share: float, variance: float, size: float) -> float:
    """How many independent users would give this variance: never more than there are."""
    return min(size, share * (1 - share) / variance) if variance > 0 else size


def _amount(share: float, variance: float) -> Amount:
    half = Z95 * math.sqrt(variance)
    return Amount(share, max(share - half, 0.0), min(share + half, 1.0))


def _difference(
    own: tuple[float, float, float], others: tuple[float, float, float], between: float
) -> Amount:
    """own - others, each a share with its variance and users, `between` their covariance. The two Wilson intervals are
    put together with their correlation: without one, Newcombe's method 10 (Zou & Donner 2008)."""
    (r0, v0, n0), (r1, v1, n1) = own, others
    e0, e1 = _effective(r0, v0, n0), _effective(r1, v1, n1)
    l0, u0 = (float(x) for x in wilson(r0 * e0, e0))
    l1, u1 = (float(x) for x in wilson(r1 * e1, e1))
    rho = min(max(between / math.sqrt(v0 * v1), -1.0), 1.0) if v0 > 0 and v1 > 0 else 0.0

    def reach(a: float, b: float) -> float:
        return math.sqrt(max(a * a + b * b - 2 * rho * a * b, 0.0))

    return Amount(r0 - r1, r0 - r1 - reach(r0 - l0, u1 - r1), r0 - r1 + reach(u0 - r0, r1 - l1))


def _ratio(r0: float, v0: float, r1: float, v1: float, between: float) -> Amount:
    if r0 <= 0 or r1 <= 0:
        return Amount(NAN)
    half = Z95 * math.sqrt(max(v0 / r0**2 + v1 / r1**2 - 2 * between / (r0 * r1), 0.0))
    return Amount(r0 / r1, r0 / r1 * math.exp(-half), r0 / r1 * math.exp(half))


def _loyal_share(r0: float, v0: float, r1: float, v1: float, between: float) -> Amount:
    if r1 >= 1:
        return Amount(NAN)
    value = (r0 - r1) / (1 - r1)
    by_own, by_others = 1 / (1 - r1), (r0 - 1) / (1 - r1) ** 2
    variance = by_own**2 * v0 + by_others**2 * v1 + 2 * by_own * by_others * between
    half = Z95 * math.sqrt(max(variance, 0.0))
    return Amount(value, value - half, value + half)


def _active_months(cells: Cells, cohort: int, k: int) -> tuple[Amount, int]:
    """Difference of the sums of R(1) to R(k) between the cohort and the later ones pooled at each age."""
    weights = np.zeros(len(cells.age))
    reached = 0
    for age in range(1, k + 1):
        at = cells.at(age)
        own, later = at[cells.cohort[at] == cohort], at[cells.cohort[at] > cohort]
        if not len(own) or not len(later):
            break
        weights[own] += 1.0
        weights[later] -= cells.size[later] / cells.size[later].sum()
        reached = age
    if not reached:
        return Amount(NAN), 0
    value = float(weights @ cells.share)
    half = Z95 * math.sqrt(_variance(cells, weights))
    return Amount(value, value - half, value + half), reached


def _plateau(cells: Cells, cohort: int) -> tuple[Amount, tuple[int, int] | None]:
    """R(k) / R(k - 2) of the cohort at its latest age k of 5 or less, with an interval from the same users."""
    own = {int(cells.age[i]): int(i) for i in np.flatnonzero(cells.cohort == cohort)}
    latest = max((age for age in own if age <= LATEST_AGE), default=0)
    if latest < 3:
        return Amount(NAN), None
    a, b = own[latest], own[latest - 2]
    ra, rb = float(cells.share[a]), float(cells.share[b])
    if ra <= 0 or rb <= 0:
        return Amount(NAN), None
    weights = _unit(cells, a) / ra - _unit(cells, b) / rb
    half = Z95 * math.sqrt(_variance(cells, weights))
    value = ra / rb
    return Amount(value, value * math.exp(-half), value * math.exp(half)), (latest - 2, latest)


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None
