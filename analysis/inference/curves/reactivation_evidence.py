"""Returns after silence: does retention rise more than skipping and dropout can explain?

Under any mixture of dropout and stationary activity (each user active with a fixed probability while alive), R(k)
is a moment sequence: it never rises in expectation and is log-convex, R(k)^2 <= R(k - 1) R(k + 1). A wave of returns
bends it the other way. Month 0 holds 1 by construction and enters no test. Every test here takes a matrix of activity
of shape (users, K + 1), with month 0 all true, or its `CoActivity`.

Which test answers what. Log-convexity: is there a bump in this cohort's own curve? It sees small ones, but a season
makes the same bump. Calendar-safe: a bump beyond what older cohorts of the model show in the same calendar months.
McNemar: did more users come back than fall silent, so that the curve visibly rises? The isotonic likelihood-ratio
test is a reference only: it assumes independent months and a flat curve, so it hardly ever fires on a falling one.

Long because the tests ask one question of one matrix, and are read and compared side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.inference.cohorts.co_activity import Activity, CoActivity, checked_activity, summarised
from analysis.inference.curves.likelihood import Floats
from analysis.inference.launch.multiplicity import holm
from analysis.proportions import newcombe, share, wilson

Ints = npt.NDArray[np.int64]

FEWEST_ACTIVE = (
    10  # assumed: below it in one of the three months, a normal approximation of ln R is not trusted
)
LEVEL = 0.05  # of a family of tests over the months
FEWEST_EXPECTED = 5.0  # of the Mantel-Haenszel test, from either end (Mantel & Fleiss 1980)


@dataclass(frozen=True, eq=False)
class MonthTests:
    """One-sided tests for a reactivation, one a month; all arrays of shape (tests,).

    months: k; z: positive towards a reactivation; p: one-sided; holm: p corrected over the months (Holm 1979), NaN
    where the test is undefined; level: of the family.
    """

    months: Ints
    z: Floats
    p: Floats
    holm: Floats
    level: float

    @property
    def reactivations(self) -> Ints:
        """Months with a reactivation at the family-wise level."""
        return self.months[np.nan_to_num(self.holm, nan=1.0) <= self.level]

    def table(self) -> pd.DataFrame:
        """One row a month, with all that was computed."""
        columns = {name: value for name, value in vars(self).items() if name not in ("months", "level")}
        return pd.DataFrame({"k": self.months, **columns})


@dataclass(frozen=True, eq=False)
class LogConvexity(MonthTests):
    """Tests of log-convexity: d = ln R(k-1) - 2 ln R(k) + ln R(k+1), its standard error, and z = -d/se."""

    d: Floats
    se: Floats


@dataclass(frozen=True, eq=False)
class CalendarSafe(MonthTests):
    """Tests against older cohorts: own d, their pooled d in the same calendar months, and the difference.

    older_users: members of the older cohorts behind each month's comparison; 0 where there is none (NaN tests).
    """

    d: Floats
    older: Floats
    difference: Floats
    se: Floats
    older_users: Ints


@dataclass(frozen=True, eq=False)
class McNemar(MonthTests):
    """Exact paired tests of a rise: gained (silent at k - 1, active at k) against lost (the reverse), users."""

    gained: Ints
    lost: Ints


@dataclass(frozen=True, eq=False)
class Isotonic:
    """Likelihood-ratio test of 'non-increasing' against anything: statistic, p, and the fitted curve (months 1..K)."""

    statistic: float
    p: float
    fitted: Floats


@dataclass(frozen=True, eq=False)
class ReturnRates:
    """Returns by month k = 2..K; arrays of shape (K - 1,), users as counts.

    silent: silent at k - 1; returned: of them, active at k; rate: returned/silent with its Wilson interval low..high;
    active: at k; reactivated: the share of them that was silent at k - 1; silent_before: the share of them that was
    silent in at least one month before, NaN when co-activity came without unbroken counts.
    """

    months: Ints
    silent: Ints
    returned: Ints
    rate: Floats
    low: Floats
    high: Floats
    active: Ints
    reactivated: Floats
    silent_before: Floats

    def table(self) -> pd.DataFrame:
        """One row a month."""
        columns = {name: value for name, value in vars(self).items() if name != "months"}
        return pd.DataFrame({"k": self.months, **columns})


def _bend(actives: Floats, covariance: Floats, k: Ints) -> tuple[Floats, Floats]:
    """d_k of monthly actives and its variance (delta method); NaN where a month has too few.

    covariance: of `actives`; k: interior months, shape (tests,).
    """
    around = k[:, None] + np.array([-1, 0, 1])
    a = actives[around]
    enough = (a >= FEWEST_ACTIVE).all(axis=1)
    a = np.where(enough[:, None], a, np.nan)
    signs = np.array([1.0, -2.0, 1.0])
    gradient = signs / a
    d = np.log(a) @ signs
    variance = np.einsum(
        "ti,tij,tj->t", gradient, covariance[around[:, :, None], around[:, None, :]], gradient
    )
    return d, variance


def _one_sided(difference: Floats, variance: Floats) -> tuple[Floats, Floats, Floats]:
    """Standard error, z towards a reactivation and p; undefined where there is no variation."""
    from scipy.stats import norm

    se = np.sqrt(np.where(variance > 1e-20, variance, np.nan))
    z = -difference / se
    return se, z, np.asarray(norm.sf(z), dtype=np.float64)


def log_convexity(
    activity: Activity,
    clusters: npt.ArrayLike | None = None,
    level: float = LEVEL,
) -> LogConvexity:
    """Paired test of log-convexity at each interior month k = 2..K - 1: rejects when d_k is too far below 0.

    The variance counts that the same users are seen in all three months (or the same clusters; see `co_activity`).
    A reactivation at k can only be tested once month k + 1 is complete. Slightly above its level at the boundary of the
    null (a flat curve, a common churn): 0.05 to 0.064 in simulation.
    No test exists when K is below 3; the arrays are then empty.
    """
    cohort = summarised(activity, clusters)
    k = np.arange(2, cohort.months, dtype=np.int64)
    d, variance = _bend(cohort.active, cohort.covariance * float(cohort.users) ** 2, k)
    se, z, p = _one_sided(d, variance)
    return LogConvexity(months=k, z=z, p=p, holm=holm(p), level=level, d=d, se=se)


def calendar_safe(
    activity: Activity,
    older: Sequence[tuple[Activity, int]],
) -> CalendarSafe:
    """Log-convexity against older cohorts of the same model at the same calendar months.

    older: pairs of a cohort's activity and its offset, by how many months it started earlier (1 or more): its month
    k + offset falls on the cohort's month k. Their actives are added up, so that a shock that multiplies everybody's
    activity cancels from the difference. Cohorts are taken as independent: in one model a user is in one cohort.

    Conservative where the natural convexity falls with age (it does after the first months, as the quick ones leave);
    that is a tendency of dropout mixtures and no theorem. A shock that hits young and old users unequally is not
    removed. The first cohort of a model has no older one.
    """
    cohort = summarised(activity)
    k = np.arange(2, cohort.months, dtype=np.int64)
    own, own_variance = _bend(cohort.active, cohort.covariance * float(cohort.users) ** 2, k)
    pool = [(summarised(rows), offset) for rows, offset in older]
    for _, offset in pool:
        if offset < 1:
            raise ValueError(f"an older cohort starts at least 1 month earlier, got an offset of {offset}")
    pooled, pooled_variance = np.full(k.shape, np.nan), np.full(k.shape, np.nan)
    users = np.zeros(k.shape, dtype=np.int64)
    for place, month in enumerate(k):
        actives, covariance = np.zeros(3), np.zeros((3, 3))
        for other, offset in pool:
            window = slice(month + offset - 1, month + offset + 2)
            if month + offset + 1 <= other.months:
                actives += other.active[window]
                covariance += other.covariance[window, window] * float(other.users) ** 2
                users[place] += other.users
        d, variance = _bend(actives, covariance, np.array([1]))
        pooled[place], pooled_variance[place] = d[0], variance[0]
    difference = own - pooled
    se, z, p = _one_sided(difference, own_variance + pooled_variance)
    return CalendarSafe(
        months=k, z=z, p=p, holm=holm(p), level=LEVEL,
        d=own, older=pooled, difference=difference, se=se, older_users=users,
    )  # fmt: skip


def mcnemar(activity: Activity, level: float = LEVEL) -> McNemar:
    """Exact one-sided McNemar test of each step k - 1 to k, k = 2..K: more users gained than lost.

    p = P(Binomial(gained + lost, 1/2) >= gained); users are taken as independent. Undefined where nobody changed.
    """
    from scipy.stats import binom

    cohort = summarised(activity)
    k = np.arange(2, cohort.months + 1, dtype=np.int64)
    both = cohort.together[k - 1, k]
    gained = (cohort.active[k] - both).astype(np.int64)
    lost = (cohort.active[k - 1] - both).astype(np.int64)
    changed = gained + lost
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(changed > 0, (gained - lost) / np.sqrt(changed), np.nan)
    p = np.where(changed > 0, binom.sf(gained - 1, np.maximum(changed, 1), 0.5), np.nan)
    return McNemar(months=k, z=z, p=p, holm=holm(p), level=level, gained=gained, lost=lost)


def chi_bar_weights(k: int) -> Floats:
    """Level probabilities P(1, k)..P(k, k), shape (k,): |s(k, l)|/k! with Stirling numbers of the first kind.

    How often an isotonic fit of k equal-weighted independent values of one mean has l levels. Robertson, Wright &
    Dykstra (1988), Order Restricted Statistical Inference, section 2.4.
    """
    if k < 1:
        raise ValueError(f"chi-bar weights need at least 1 value, got {k}")
    weights = np.array([1.0])
    for size in range(2, k + 1):
        weights = (np.append(weights, 0.0) * (size - 1) + np.append(0.0, weights)) / size
    return weights


def chi_bar_tail(statistic: float, k: int) -> float:
    """P(chi-bar-squared >= statistic) of k equal-weighted values, at the least favourable (flat) curve: order against
    anything, with k - l degrees of freedom where the fit has l levels.
    """
    from scipy.stats import chi2

    df = k - np.arange(1, k + 1)
    tail = np.where(df > 0, chi2.sf(statistic, np.maximum(df, 1)), float(statistic <= 0))
    return float(chi_bar_weights(k) @ tail)


def isotonic_lrt(successes: npt.ArrayLike, trials: npt.ArrayLike) -> Isotonic:
    """Isotonic likelihood-ratio test of counts: is retention non-increasing over months 1..K, against any rise?

    successes, trials: active users and cohort size by month, shape (K,), month 0 left out. The reference takes the
    months as independent (they are the same users) and the weights as equal, at a flat curve; on a falling curve the
    test has next to no power. Robertson, Wright & Dykstra (1988). For a cohort, see `isotonic_lrt_of`.
    """
    from scipy.optimize import isotonic_regression
    from scipy.special import xlogy

    counts, n = np.broadcast_arrays(np.asarray(successes, np.float64), np.asarray(trials, np.float64))
    if counts.ndim != 1 or counts.size < 2 or np.any(n <= 0) or np.any(counts < 0) or np.any(counts > n):
        raise ValueError("expected a row of at least 2 counts, each between 0 and its number of trials")
    rate = counts / n
    fitted = np.asarray(isotonic_regression(rate, weights=n, increasing=False).x, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        up = xlogy(rate, np.where(rate > 0, rate / fitted, 1.0))
        down = xlogy(1 - rate, np.where(rate < 1, (1 - rate) / (1 - fitted), 1.0))
    statistic = max(0.0, float(2 * (n * (up + down)).sum()))
    if statistic < 1e-9:
        statistic = 0.0
    return Isotonic(statistic=statistic, p=chi_bar_tail(statistic, counts.size), fitted=fitted)


def isotonic_lrt_of(activity: Activity) -> Isotonic:
    """`isotonic_lrt` of months 1..K of one cohort."""
    cohort = summarised(activity)
    return isotonic_lrt(cohort.active[1:], np.full(cohort.months, float(cohort.users)))


def return_rates(activity: Activity) -> ReturnRates:
    """How many of the silent come back, month by month, and how much of a month's activity they are.

    A rise of retention with an unchanged return rate is no comeback; a rise in all cohorts in one calendar month is a
    season.
    """
    cohort = summarised(activity)
    k = np.arange(2, cohort.months + 1, dtype=np.int64)
    silent = cohort.users - cohort.active[k - 1]
    returned = cohort.active[k] - cohort.together[k - 1, k]
    low, high = wilson(returned, silent)
    if cohort.unbroken is None:
        before = np.full(k.shape, np.nan)
    else:
        before = share(cohort.active[k] - cohort.unbroken[k], cohort.active[k])
    return ReturnRates(
        months=k, silent=silent.astype(np.int64), returned=returned.astype(np.int64),
        rate=share(returned, silent), low=low, high=high, active=cohort.active[k].astype(np.int64),
        reactivated=share(returned, cohort.active[k]), silent_before=before,
    )  # fmt: skip


GAP_COLUMNS = (
    "k", "returners", "returners_elsewhere", "returners_share", "returners_low", "returners_high",
    "others", "others_elsewhere", "others_share", "difference", "low", "high", "odds_ratio", "p",
)  # fmt: skip


def elsewhere_in_gap(active: npt.ArrayLike, other: npt.ArrayLike) -> pd.DataFrame:
    """Who used other models while silent in this one: those who come back against those who stay silent.

    active: shape (users, K + 1), in the model; other: the same shape, in any other model in the same months. For each
    k = 2..K, the users silent at k - 1 are split into returners (active at k) and others; the gap of both is the run
    of silent months that ends at k - 1, and `elsewhere` counts those with activity in another model within it.
    difference = returners' share - others' share, with Newcombe's interval; odds_ratio and p (two-sided) are those of
    Mantel & Haenszel (1959), stratified by the length of the gap, since a long gap gives more occasion to be seen
    elsewhere. NaN where one side is empty or no stratum tells,
    p also where the users are too few. A user who stays silent stands in several months, so
    the rows are not independent of each other. Columns: GAP_COLUMNS.
    """
    mine = checked_activity(active)
    theirs = np.asarray(other).astype(np.bool_)
    if theirs.shape != mine.shape:
        raise ValueError(f"other must have the shape of active, {mine.shape}, got {theirs.shape}")
    rows = []
    gap = np.zeros(len(mine), dtype=np.int64)  # silent months in a row up to k - 1
    away = np.zeros(len(mine), dtype=np.bool_)  # any activity elsewhere within them
    for k in range(2, mine.shape[1]):
        silent = ~mine[:, k - 1]
        gap = np.where(silent, gap + 1, 0)
        away = silent & (away | theirs[:, k - 1])
        back = silent & mine[:, k]
        gone = silent & ~mine[:, k]
        a, n, b, m = (int(part.sum()) for part in (back & away, back, gone & away, gone))
        low, high = wilson(a, n)
        apart_low, apart_high = newcombe(b, m, a, n)
        odds, p = _mantel_haenszel(back[silent], away[silent], gap[silent])
        rows.append(
            (
                k,
                n,
                a,
                share(a, n).item(),
                low.item(),
                high.item(),
                m,
                b,
                share(b, m).item(),
                (share(a, n) - share(b, m)).item(),
                apart_low.item(),
                apart_high.item(),
                odds,
                p,
            )
        )
    return pd.DataFrame(rows, columns=list(GAP_COLUMNS))


def _mantel_haenszel(
    back: npt.NDArray[np.bool_], away: npt.NDArray[np.bool_], gap: Ints
) -> tuple[float, float]:
    """Common odds ratio of (back, away) over gap lengths, and p of the Cochran-Mantel-Haenszel test.

    The test is asymptotic: p is NaN where the users are too few for it (Mantel & Fleiss 1980, American Journal of
    Epidemiology 112:129: the expected count must lie 5 or more from both ends of what the margins allow).
    """
    from statsmodels.stats.contingency_tables import StratifiedTable

    tables = []
    for length in np.unique(gap):
        at = gap == length
        cell = np.array(
            [
                [np.sum(back[at] & away[at]), np.sum(back[at] & ~away[at])],
                [np.sum(~back[at] & away[at]), np.sum(~back[at] & ~away[at])],
            ],
            dtype=np.float64,
        )
        if cell.sum(axis=0).min() > 0 and cell.sum(axis=1).min() > 0:
            tables.append(cell)
    if not tables:
        return float("nan"), float("nan")
    strata = StratifiedTable(tables)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = float(strata.oddsratio_pooled)
    rows, columns = (np.array([table.sum(axis=i) for table in tables]) for i in (1, 0))
    expected = float((rows[:, 0] * columns[:, 0] / rows.sum(axis=1)).sum())
    least = float(np.maximum(rows[:, 0] - columns[:, 1], 0).sum())
    most = float(np.minimum(rows[:, 0], columns[:, 0]).sum())
    if min(expected - least, most - expected) < FEWEST_EXPECTED:
        return odds, float("nan")
    return odds, float(strata.test_null_odds(correction=False).pvalue)


__all__ = [
    "FEWEST_ACTIVE", "GAP_COLUMNS", "CalendarSafe", "CoActivity", "Isotonic", "LogConvexity", "McNemar",
    "MonthTests", "ReturnRates", "calendar_safe", "chi_bar_tail", "chi_bar_weights",
    "elsewhere_in_gap", "isotonic_lrt", "isotonic_lrt_of", "log_convexity", "mcnemar", "return_rates",
]  # fmt: skip
