"""Does one cohort stand out? Four one-sided tests and their conjunction.

A  age + period: the cohort's own effect in a binomial regression with a free effect of every age and calendar
   month, with a variance that is robust to users (or organisations). Liang & Zeger (1986), Biometrika 73:13. Not run
   where next to nobody could speak for the cohort (`LEAST_ACTIVE`).
B  leave-one-out prediction: the cohort lies above what the spread of the other cohorts predicts for one more.
   DerSimonian & Laird (1986); Higgins, Thompson & Spiegelhalter (2009), JRSS A 172:137.
C  beats every other cohort at one age: the largest of the pairwise p-values, an intersection-union test of its level
   without any correction. Berger (1982), Technometrics 24:295.
D  beats the trend: the cohort lies above the line through the later ones. Random-effects regression. Where the later
   cohorts fall, the line is over the logarithm of their place, and the level that of the others: to a straight line,
   the first cohort of a drift that slows down is special.

All four must reject (D, at two or three times the level, where at least four later cohorts are there and do not fall).
Each test alone is fooled by one of the nulls in `populations`. The conjunction rejects at its level where the largest
of their p-values does, D's divided by its allowance: `LaunchTests.p`. Because of that division it is a p-value of A, B
and C together (an intersection-union test), to which D is a guard with a level of its own, and none of all four. The
ages that B, C and D look at follow from which cells there are, never from their values. Variances of shares count what
organisations share (`Cells.design_effect`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri, stdtr

from analysis.inference.cohorts.cells import Bools, Cells, Floats, Ints
from analysis.inference.launch import identifiability
from analysis.inference.pooling import random_effects, random_effects_line
from analysis.numerals import counted
from analysis.proportions import Z95

ALPHA = 0.05  # one-sided level of each test, and so of the conjunction (assumed: the usual one)
# Test D guards against a drift that the other three let through, from so few cohorts that it has few degrees of
# freedom. Chosen on populations with three priors and four numbers of cohorts: without it a steep drift is called
# foundational in 7% of panels (a gentle one among twelve cohorts in 11%), at these levels in at most 4%; at 5% with
# four later cohorts a third to a half of the power is lost. Error rates on other populations: docs/error-rates.md.
GUARD_ALPHA = 0.15
STRICT_GUARD_ALPHA = 0.10  # with so many later cohorts that it costs no power:
LEAST_FOR_STRICT_GUARD = 6
# Later cohorts fall where their slopes, averaged over ages, lie this many standard errors below 0, as those of 1% of
# panels do whose cohorts are alike. Chosen on panels of other users than those of `populations` (BG/BB with two priors,
# lognormal and Weibull lives, logits and shares that fall with age) with 7, 9 and 12 cohorts: it takes two points of
# the power; at -1.0 four, and at -1.5 half as many drifts more are called foundational.
FALLING = -1.2
LATEST_AGE = 5  # months: the report reads its retention there (figure 25)
EARLIEST_AGE = 2  # month 1 holds the bias of short first months: no test of one age looks at it
LEAST_OTHERS = 3  # cohorts from which B can learn a spread at all (df 2)
GOOD_OTHERS = 4  # cohorts that B wants before it looks at a later age
LEAST_FOR_TREND = 4  # later cohorts without which a line has next to no power (two degrees of freedom)
LEAST_ACTIVE = 5  # users of the cohort active in a month, or expected, from which test A is run (assumed)
NEWTON_STEPS = 40


@dataclass(frozen=True)
class Test:
    """One test: its one-sided p-value, statistic, the age it looks at (None: all); and why, if it could not be run."""

    name: str
    p: float
    statistic: float = math.nan
    age: int | None = None
    others: int = 0  # cohorts compared with
    slack: float = 1.0  # its level over that of the conjunction
    why: str = ""  # not run, because

    @property
    def ran(self) -> bool:
        """Whether there was enough to run it."""
        return math.isfinite(self.p)

    def rejects(self) -> bool:
        """Whether it rejects that nothing is special."""
        return self.ran and self.p <= ALPHA * self.slack


@dataclass(frozen=True)
class LaunchTests:
    """The four tests of one cohort and what they say together."""

    cohort: int
    tests: dict[str, Test]  # by letter
    odds_ratio: float  # of test A, with a 95% interval
    odds_ratio_low: float
    odds_ratio_high: float

    @property
    def needed(self) -> list[Test]:
        """Tests that must reject: A, B and C, and D where it could be run."""
        return [t for letter, t in self.tests.items() if letter != "D" or t.ran]

    @property
    def testable(self) -> bool:
        """Whether A, B and C could be run."""
        return all(t.ran for t in self.needed)

    @property
    def p(self) -> float:
        """The level from which on the conjunction rejects: the largest of the needed p-values, D's over its slack (see
        the module); NaN if one did not run."""
        return max(t.p / t.slack for t in self.needed) if self.testable else math.nan

    @property
    def stands_out(self) -> bool:
        """Whether all needed tests reject."""
        return self.testable and self.p <= ALPHA

    @property
    def gaps(self) -> list[str]:
        """Why tests could not be run."""
        return [t.why for t in self.needed if not t.ran]


def launch_tests(cells: Cells, cohort: int) -> LaunchTests:
    """Tests A to D of one cohort against all others of the same model."""
    a, effect, se = age_period(cells, cohort)
    reach = Z95 * se
    low, middle, high = (math.exp(min(x, 700.0)) for x in (effect - reach, effect, effect + reach))
    tests = {
        "A": a,
        "B": predicted_from_others(cells, cohort),
        "C": beats_every_other(cells, cohort),
        "D": beats_trend(cells, cohort),
    }
    return LaunchTests(cohort, tests, middle, low, high)


# --- A


def age_period(cells: Cells, cohort: int) -> tuple[Test, float, float]:
    """Test A, the cohort's effect (log odds) and its standard error; see the module."""
    name = "age + period"
    found = identifiability.check(cells, cohort)
    others = len(cells.cohorts) - 1
    if not found.identified:
        why = f"the cohort's effect is not identified with {counted(others + 1, 'cohort')}"
        return Test(name, math.nan, others=others, why=why), math.nan, math.nan
    own = cells.cohort == cohort
    sparse = _too_sparse(cells, own)
    if sparse:
        return Test(name, math.nan, others=others, why=sparse), math.nan, math.nan
    columns = np.column_stack([identifiability.design(cells), own])
    beta, variance = binomial_regression(cells, columns, own)
    effect, se = float(beta[-1]), math.sqrt(max(float(variance[-1, -1]), 0.0))
    if se == 0:
        return Test(name, math.nan, others=others, why="the cohorts do not vary at all"), effect, se
    z = effect / se
    p = float(stdtr(max(cells.clusters - 1, 1), -z))
    return Test(name, p, z, others=others), effect, se


def _too_sparse(cells: Cells, own: Bools) -> str:
    """Why nothing could speak for the cohort, or nothing: at every age that others have, too, next to none of it are
    active, or next to none of the others inactive, and no more would be if all were alike (Cochran 1954, Biometrics
    10:417, on counts of at least five)."""
    active = idle = 0.0
    for k in np.intersect1d(cells.age[own], cells.age[~own]):
        at, rest = own & (cells.age == k), ~own & (cells.age == k)
        n, m = cells.size[at].sum(), cells.size[rest].sum()
        s, t = cells.count[at].sum(), cells.count[rest].sum()
        pooled = (s + t) / (n + m)
        active, idle = max(active, s, n * pooled), max(idle, m - t, m * (1 - pooled))
    if active < LEAST_ACTIVE:
        return (
            f"in no later month are {LEAST_ACTIVE} users of the cohort active, nor would be if all were alike"
        )
    if idle < LEAST_ACTIVE:
        return f"in no later month are {LEAST_ACTIVE} users of the others inactive, nor would be if all were alike"
    return ""


def binomial_regression(cells: Cells, columns: Floats, own: Bools | None = None) -> tuple[Floats, Floats]:
    """Coefficients of logit R on the columns (cells, q) and their variance, robust to clusters, by Newton's method.

    The variance is H^-1 M H^-1 with M from `Cells.scatter`: statsmodels' GLM with cov_type="cluster" on one row a
    user and month gives the same numbers (tested) and takes a thousand times as long. Cells where nobody or
    everybody is active get half a user: else a level of their own runs off to infinity. Cells smaller than the largest
    get as much less: half a user in each would be a difference between large and small cohorts. own: the cells of a
    cohort that is compared with the others; what was added then counts in M, too (see `_of_correction`).
    """
    n = cells.size
    part = n / n.max(initial=1.0)
    none, every = cells.count <= 0, cells.count >= n
    s = np.where(none, 0.5 * part, np.where(every, n - 0.5 * part, cells.count))
    beta = np.asarray(np.linalg.lstsq(columns, np.log(s / (n - s)), rcond=None)[0], dtype=np.float64)
    for _ in range(NEWTON_STEPS):
        p = expit(columns @ beta)
        weight = n * p * (1 - p)
        step = _solve(columns.T @ (weight[:, None] * columns), columns.T @ (s - n * p))
        largest = float(np.abs(step).max(initial=0.0))
        beta = beta + step * min(1.0, 3.0 / max(largest, 1e-300))  # no wild first steps
        if largest < 1e-9:
            break
    p = expit(columns @ beta)
    weight = n * p * (1 - p)
    bread = np.linalg.pinv(columns.T @ (weight[:, None] * columns))
    factor = cells.clusters / max(cells.clusters - 1, 1)
    meat = factor * (columns.T @ cells.scatter(p) @ columns)
    if own is not None:
        for side in (none & own, none & ~own, every & own, every & ~own):
            meat += _of_correction(cells.age, columns, part, side)
    return beta, np.asarray(bread @ meat @ bread, dtype=np.float64)


def _of_correction(ages: Ints, columns: Floats, part: Floats, side: Bools) -> Floats:
    """What the correction of some cells adds to M: half a user, who is active (or not) in all of them at once.

    The correction stands for counts that were not seen. Taken as counts it makes their cohorts the surer the more
    cells hold nothing; as half a user it leaves a log odds the variance 2 of half a count (Haldane 1956; Gart & Zweifel
    1967, Biometrika 54:181), and more where less than half a user was added at an age.
    """
    if not side.any():
        return np.zeros((columns.shape[1],) * 2)
    moved = part[side] @ columns[side]
    added = part[side].sum() / len(np.unique(ages[side]))
    return np.asarray(0.5 * np.outer(moved, moved) / min(added, 1.0), dtype=np.float64)


def expit(eta: Floats) -> Floats:
    """The logistic function, without overflow."""
    result: Floats = 1.0 / (1.0 + np.exp(-np.clip(eta, -35.0, 35.0)))
    return result


def _solve(matrix: Floats, vector: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.solve(matrix, vector), dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.lstsq(matrix, vector, rcond=None)[0], dtype=np.float64)


# --- ages


def age_with(cells: Cells, cohort: int, others: int, later: bool = False) -> int | None:
    """The latest age, 2 to 5 months, at which the cohort and at least so many others (or later ones) have a cell."""
    for k in range(LATEST_AGE, EARLIEST_AGE - 1, -1):
        seen = cells.cohort[cells.at(k)]
        count = int((seen > cohort).sum()) if later else int((seen != cohort).sum())
        if cohort in seen and count >= others:
            return k
    return None


def contrast_age(cells: Cells, cohort: int) -> int | None:
    """The age at which B and C compare: the latest with four other cohorts, else with three; None without."""
    return age_with(cells, cohort, GOOD_OTHERS) or age_with(cells, cohort, LEAST_OTHERS)


def _too_few_others() -> str:
    return f"fewer than {LEAST_OTHERS} other cohorts reach month {EARLIEST_AGE} beside it"


def _split(cells: Cells, cohort: int, k: int, later: bool = False) -> tuple[int, Ints]:
    """Positions of the cohort's cell of age k, and of the others' (or of the later ones')."""
    at = cells.at(k)
    own = int(at[cells.cohort[at] == cohort][0])
    return own, at[cells.cohort[at] > cohort] if later else at[cells.cohort[at] != cohort]


def _logits(cells: Cells) -> tuple[Floats, Floats]:
    """Logit of each cell's share, with half a user more on both sides, and its variance."""
    s, rest = cells.count + 0.5, cells.size - cells.count + 0.5
    return np.log(s / rest), (1 / s + 1 / rest) * cells.design_effect


# --- B


def predicted_from_others(cells: Cells, cohort: int) -> Test:
    """Test B: see the module. Student's t with one degree of freedom less than other cohorts."""
    name = "leave-one-out prediction"
    k = contrast_age(cells, cohort)
    if k is None:
        return Test(name, math.nan, why=_too_few_others())
    own, others = _split(cells, cohort, k)
    y, variance = _logits(cells)
    mean, between, precision = random_effects(y[others], variance[others])
    t = (y[own] - mean) / math.sqrt(between + variance[own] + 1 / precision)
    return Test(name, float(stdtr(len(others) - 1, -t)), float(t), k, len(others))


# --- C


def beats_every_other(cells: Cells, cohort: int) -> Test:
    """Test C: see the module."""
    name = "beats every other"
    k = contrast_age(cells, cohort)
    if k is None:
        return Test(name, math.nan, why=_too_few_others())
    own, others = _split(cells, cohort, k)
    n, s, effect = cells.size, cells.count, cells.design_effect
    pooled = (s[own] + s[others]) / (n[own] + n[others])
    variance = pooled * (1 - pooled) * (effect[own] / n[own] + effect[others] / n[others])
    gap = s[own] / n[own] - s[others] / n[others]
    z = np.divide(gap, np.sqrt(variance), out=np.zeros_like(gap), where=variance > 0)
    return Test(name, float(ndtr(-z.min())), float(z.min()), k, len(others))


# --- D


def beats_trend(cells: Cells, cohort: int) -> Test:
    """Test D: see the module. Student's t with two degrees of freedom less than later cohorts."""
    name = "beats the trend"
    k = age_with(cells, cohort, LEAST_FOR_TREND, later=True)
    if k is None:
        return Test(
            name, math.nan, why=f"fewer than {LEAST_FOR_TREND} later cohorts reach month {EARLIEST_AGE}"
        )
    own, others = _split(cells, cohort, k, later=True)
    y, variance = _logits(cells)
    fall = falling(cells, cohort)
    fit, spread, between = _trend(cells, cohort, others, np.log1p if fall else np.asarray)
    t = (y[own] - fit[0]) / math.sqrt(spread[0, 0] + variance[own] + between)
    level = STRICT_GUARD_ALPHA if len(others) >= LEAST_FOR_STRICT_GUARD else GUARD_ALPHA
    slack = 1.0 if fall else level / ALPHA
    return Test(name, float(stdtr(len(others) - 2, -t)), float(t), k, len(others), slack)


def falling(cells: Cells, cohort: int) -> bool:
    """Whether the later cohorts are worse one after the other: the slope over them is `FALLING` standard errors or
    less, on average over ages 2 to 5. One age alone shows a drift too seldom."""
    found = []
    for k in range(EARLIEST_AGE, LATEST_AGE + 1):
        others = cells.at(k)
        others = others[cells.cohort[others] > cohort]
        if len(others) >= LEAST_OTHERS:
            fit, spread, _ = _trend(cells, cohort, others)
            t = fit[1] / math.sqrt(spread[1, 1])
            found.append(-float(ndtri(stdtr(len(others) - 2, -t))))
    return bool(found) and float(np.mean(found)) <= FALLING


def _trend(
    cells: Cells, cohort: int, others: Ints, of: Callable[[Floats], Floats] = np.asarray
) -> tuple[Floats, Floats, float]:
    """`random_effects_line` of logit R of other cohorts of one age over their place after `cohort`, 1 the next one, or
    over a function of it that is 0 at 0: so its first coefficient is what the others foretell for `cohort`."""
    y, variance = _logits(cells)
    place = (cells.cohort[others] - cohort).astype(np.float64)
    x = np.column_stack([np.ones(len(others)), of(place)])
    return random_effects_line(x, y[others], variance[others])


def trend_of_others(cells: Cells, cohort: int) -> tuple[float, float, int] | None:
    """Slope of logit R over the later cohorts at the age of test D or B, its one-sided p-value for a decline, and the
    age; None with fewer than three later cohorts."""
    k = age_with(cells, cohort, LEAST_FOR_TREND, later=True) or age_with(
        cells, cohort, LEAST_OTHERS, later=True
    )
    if k is None:
        return None
    _, others = _split(cells, cohort, k, later=True)
    fit, spread, _ = _trend(cells, cohort, others)
    slope = float(fit[1])
    return slope, float(stdtr(len(others) - 2, slope / math.sqrt(spread[1, 1]))), k
