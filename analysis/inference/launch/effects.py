"""How large a difference is, beside whether there is one: always printed with a verdict.

All compare one cohort with the later ones at the same ages, pooled over users; without later cohorts at an age, with
the other ones. Intervals are at 95% and count what organisations share, within a cohort and between the two sides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from analysis.inference.cohorts.cells import Cells, Floats, Ints
from analysis.inference.launch.four_tests import LATEST_AGE
from analysis.json_values import plain
from analysis.proportions import Z95, wilson

NAN = math.nan
ROUNDING = 1e-15  # a variance that is 0 but for floating point


@dataclass(frozen=True)
class Amount:
    """A value with its 95% interval; NaN where there is none."""

    value: float
    low: float = NAN
    high: float = NAN

    def as_json(self) -> dict[str, float | None]:
        """For programs: NaN becomes null."""
        return {name: plain(getattr(self, name)) for name in ("value", "low", "high")}


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
    k, at, rest = reached
    own, others = _pooled(cells, np.array([at])), _pooled(cells, rest)
    between = float(own.weights @ cells.covariance @ others.weights)  # organisations with users on both sides
    ratio = _ratio(own, others, between)
    months, months_to = _active_months(cells, cohort, k)
    plateau, ages = _plateau(cells, cohort)
    return Effects(
        k, own.amount, others.amount, int(own.users), int(others.users), len(rest),
        _difference(own, others, between), ratio, months, months_to, _loyal_share(own, others, between),
        e_value(ratio.value), e_value_near_end(ratio), plateau, ages,
    )  # fmt: skip


def difference(cells: Cells, cohort: int) -> float | None:
    """R(k) of the cohort minus that of the others, as in `effects`, without an interval; None where there is none."""
    reached = _comparison(cells, cohort)
    if reached is None:
        return None
    _, at, rest = reached
    return float(cells.share[at] - cells.count[rest].sum() / cells.size[rest].sum())


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


@dataclass(frozen=True)
class _Share:
    """The share of active users of cells of one age, pooled.

    variance: robust to clusters; 0 where nobody or everybody is active (or every cluster has the same share), which is
    no certainty; independent: users, or as many clusters of equal size (Kish 1965); weights: of the cells.
    """

    value: float
    variance: float
    users: float
    independent: float
    weights: Floats

    @property
    def at_edge(self) -> bool:
        """Whether the cells do not show how much the share may vary."""
        return self.variance <= ROUNDING

    @property
    def score(self) -> tuple[float, float]:
        """Wilson's interval at as many independent users as would give the variance: never more than there are."""
        if self.at_edge:
            size = self.independent
        else:
            size = min(self.users, self.value * (1 - self.value) / self.variance)
        low, high = (float(x) for x in wilson(self.value * size, size))
        return min(low, self.value), max(high, self.value)

    @property
    def ends(self) -> tuple[float, float]:
        """95% interval, normal except at the edge, where it is the score interval; it may leave [0, 1]."""
        if self.at_edge:
            return self.score
        half = Z95 * math.sqrt(self.variance)
        return self.value - half, self.value + half

    @property
    def log_reach(self) -> tuple[float, float]:
        """How far the interval of log share reaches below and above it."""
        if self.at_edge:
            low, high = self.score
            return math.log(self.value / low), math.log(high / self.value)
        half = Z95 * math.sqrt(self.variance) / self.value
        return half, half

    @property
    def amount(self) -> Amount:
        """The share with `ends`, within [0, 1]."""
        low, high = self.ends
        return Amount(self.value, max(low, 0.0), min(high, 1.0))


def _pooled(cells: Cells, at: Ints) -> _Share:
    users = float(cells.size[at].sum())
    weights = np.zeros(len(cells.age))
    weights[at] = cells.size[at] / users
    independent = users**2 / float(cells.sizes[np.ix_(at, at)].sum())
    value = float(cells.count[at].sum()) / users
    return _Share(value, _variance(cells, weights), users, independent, weights)


def _variance(cells: Cells, weights: Floats) -> float:
    """Variance of a weighted sum of the cells' shares."""
    return max(float(weights @ cells.covariance @ weights), 0.0)


def _correlation(one: _Share, other: _Share, between: float) -> float:
    if one.at_edge or other.at_edge:
        return 0.0
    return min(max(between / math.sqrt(one.variance * other.variance), -1.0), 1.0)


def _together(a: float, b: float, rho: float) -> float:
    """How far a difference reaches whose parts reach a and b and correlate by rho: Zou & Donner (2008)."""
    return math.sqrt(max(a * a + b * b - 2 * rho * a * b, 0.0))


def _difference(own: _Share, others: _Share, between: float) -> Amount:
    """own - others, `between` their covariance. The two Wilson intervals are put together with their correlation:
    without one, Newcombe's method 10 (Zou & Donner 2008)."""
    (l0, u0), (l1, u1) = own.score, others.score
    r0, r1, rho = own.value, others.value, _correlation(own, others, between)
    value = r0 - r1
    return Amount(value, value - _together(r0 - l0, u1 - r1, rho), value + _together(u0 - r0, r1 - l1, rho))


def _ratio(own: _Share, others: _Share, between: float) -> Amount:
    """own / others: the two intervals of log shares put together, which off the edge is the delta method."""
    if own.value <= 0 or others.value <= 0:
        return Amount(NAN)
    (down0, up0), (down1, up1) = own.log_reach, others.log_reach
    value, rho = own.value / others.value, _correlation(own, others, between)
    low, high = (math.exp(-_together(down0, up1, rho)), math.exp(_together(up0, down1, rho)))
    return Amount(value, value * low, value * high)


def _loyal_share(own: _Share, others: _Share, between: float) -> Amount:
    """(own - others) / (1 - others): the two intervals put together by its slopes, which off the edge is the delta
    method."""
    r0, r1 = own.value, others.value
    if r1 >= 1:
        return Amount(NAN)
    (l0, u0), (l1, u1) = own.ends, others.ends
    value, rho = (r0 - r1) / (1 - r1), _correlation(own, others, between)
    by_own, by_others = 1 / (1 - r1), (1 - r0) / (1 - r1) ** 2
    low = _together(by_own * (r0 - l0), by_others * (u1 - r1), rho)
    high = _together(by_own * (u0 - r0), by_others * (r1 - l1), rho)
    return Amount(value, value - low, value + high)


def _active_months(cells: Cells, cohort: int, k: int) -> tuple[Amount, int]:
    """Difference of the sums of R(1) to R(k) between the cohort and the later ones pooled at each age.

    Ages at the edge have no variance: their score intervals' reaches are added up on each side, as if the months of a
    user always went together, and put together with the rest (Zou & Donner 2008).
    """
    weights = np.zeros(len(cells.age))
    reached, down, up = 0, [0.0, 0.0], [0.0, 0.0]
    for age in range(1, k + 1):
        at = cells.at(age)
        own, later = at[cells.cohort[at] == cohort], at[cells.cohort[at] > cohort]
        if not len(own) or not len(later):
            break
        sides = _pooled(cells, own), _pooled(cells, later)
        weights += sides[0].weights - sides[1].weights
        for i, side in enumerate(sides):
            if side.at_edge:
                low, high = side.score
                down[i] += side.value - low
                up[i] += high - side.value
        reached = age
    if not reached:
        return Amount(NAN), 0
    value, half = float(weights @ cells.share), Z95 * math.sqrt(_variance(cells, weights))
    low, high = math.hypot(half, down[0], up[1]), math.hypot(half, up[0], down[1])
    return Amount(value, value - low, value + high), reached


def _plateau(cells: Cells, cohort: int) -> tuple[Amount, tuple[int, int] | None]:
    """R(k) / R(k - 2) of the cohort at its latest age k of 5 or less, with an interval from the same users."""
    own = {int(cells.age[i]): int(i) for i in np.flatnonzero(cells.cohort == cohort)}
    latest = max((age for age in own if age <= LATEST_AGE and age - 2 in own), default=0)
    if latest < 3:
        return Amount(NAN), None
    late, early = (_pooled(cells, np.array([own[age]])) for age in (latest, latest - 2))
    between = float(late.weights @ cells.covariance @ early.weights)
    found = _ratio(late, early, between)
    return found, (latest - 2, latest) if math.isfinite(found.value) else None
