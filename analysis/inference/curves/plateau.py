"""Plateau or slow decay? What a short curve can say about it, and what it cannot.

Five to seven points of retention do not identify a plateau: heterogeneity alone flattens a curve, and curves that fit
a window equally well part widely after it. So the comparison of models here ends in words about the window, gives the
range of extrapolations among the models that the window cannot tell apart, and never a plateau.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.inference.cohorts.co_activity import Activity, summarised
from analysis.inference.curves.dropout import (
    Dropout,
    counted,
    fit_bdw,
    fit_cure,
    fit_geometric,
    fit_sbg,
    leavers,
)
from analysis.inference.curves.likelihood import LikelihoodRatio, likelihood_ratio
from analysis.proportions import Z95

SUPPORTED = (
    10.0  # AIC above the best by more than this: essentially no support (Burnham & Anderson 2002, ch. 2.6)
)


@dataclass(frozen=True)
class Vuong:
    """Vuong's test of two models that do not nest: z positive when the first is nearer to the truth; p two-sided."""

    z: float
    p: float


@dataclass(frozen=True)
class FollowUp:
    """Whether the data are long enough to speak of users who never leave (Maller & Zhou 1996).

    end: periods observed; last_departure: the last period with one; near_the_end: departures in the window
    (2 last_departure - end, last_departure]; alpha: (1 - near_the_end/users)^users, small when the silent stretch after
    the last departure is long; sufficient: alpha below 0.05; words: what may be said.
    """

    end: int
    last_departure: int
    near_the_end: float
    alpha: float
    sufficient: bool
    words: str


@dataclass(frozen=True, eq=False)
class Comparison:
    """Models of dropout side by side.

    table: one row a model (name, parameters, log_likelihood, aic, delta_aic, at_boundary, S at the end of the window
    and at the horizons); against_geometric: heterogeneity (sBG) against a common churn; cure_against_geometric: a share
    that stays against a common churn, both with the null on the boundary; bdw_against_sbg: None below 3 periods;
    cure_against_sbg: Vuong; flattening: retention rises within the window; words: the conclusion; fits: the fitted
    models in the table's order.
    """

    table: pd.DataFrame
    against_geometric: LikelihoodRatio
    cure_against_geometric: LikelihoodRatio
    bdw_against_sbg: LikelihoodRatio | None
    cure_against_sbg: Vuong
    follow_up: FollowUp
    flattening: bool
    words: str
    fits: tuple[Dropout, ...]


@dataclass(frozen=True)
class PlateauIndex:
    """P = R(late)/R(early) of the same users: index, interval low..high, standard error of ln P, and one-sided tests.

    p_above: of P <= threshold against P > threshold (small: the curve is at least so flat); p_below: of
    P >= threshold against P < threshold (small: it is not). Between them, the data do not tell.
    """

    index: float
    low: float
    high: float
    se: float
    threshold: float
    z: float
    p_above: float
    p_below: float


def bdw_against_sbg(survivors: npt.ArrayLike) -> LikelihoodRatio:
    """Does a user's own churn change with age? BdW against the sBG, which is its c = 1; chi-squared with 1 df."""
    return likelihood_ratio(fit_bdw(survivors).log_likelihood, fit_sbg(survivors).log_likelihood)


def cure_against_geometric(survivors: npt.ArrayLike) -> LikelihoodRatio:
    """Is there a share that stays, over a common churn? The null is on the boundary: half chi2(0), half chi2(1).

    Heterogeneity makes it fire as well: a rejection is no evidence of a plateau, only against one common churn.
    """
    larger, smaller = fit_cure(survivors), fit_geometric(survivors)
    return likelihood_ratio(larger.log_likelihood, smaller.log_likelihood, boundary=True)


def vuong(first: Dropout, second: Dropout, survivors: npt.ArrayLike) -> Vuong:
    """Vuong (1989), Econometrica 57:307, for two fits to the same survivors, uncorrected for parameters.

    z = sum of users' log-likelihood differences over sqrt(n) times their standard deviation. Where the two curves
    coincide (both at the geometric, say), nothing separates them: z is 0 and p 1.
    """
    from scipy.stats import norm

    counts = counted(survivors, 1)
    users = leavers(counts)
    seen = users > 0
    periods = counts.size - 1
    ratio = first.fates(periods)[seen] - second.fates(periods)[seen]
    n = users.sum()
    mean = float(users[seen] @ ratio / n)
    sd = float(np.sqrt(max(users[seen] @ ratio**2 / n - mean**2, 0.0)))
    if sd < 1e-7:
        return Vuong(0.0, 1.0)
    z = float(np.sqrt(n) * mean / sd)
    return Vuong(z, float(2 * norm.sf(abs(z))))


def _between(low: float, high: float) -> str:
    """A range of survival in words; one value where both ends read alike."""
    first, last = f"{low:.3f}", f"{high:.3f}"
    return f"at {first}" if first == last else f"between {first} and {last}"


def follow_up(survivors: npt.ArrayLike) -> FollowUp:
    """Sufficiency of follow-up of survivor counts, shape (K + 1,), by the rule of Maller & Zhou (1996).

    Survival Analysis with Long-Term Survivors, ch. 4: claim long-term survivors only when the last departure lies well
    before the end of the data. While users still leave in the last period, the answer is always no. The rule assumes
    departures that come to an end; a mix of ever slower users (sBG) never does, so even a yes licenses a plateau
    within the data only.
    """
    counts = counted(survivors, 1)
    gone = -np.diff(counts)
    end = gone.size
    departures = np.flatnonzero(gone > 0) + 1
    if not departures.size:
        words = f"No departure in {end} periods: nothing can be said about when departures would end."
        return FollowUp(end, 0, 0.0, 1.0, False, words)
    last = int(departures[-1])
    near = float(gone[max(2 * last - end, 0) : last].sum())
    alpha = float((1.0 - near / counts[0]) ** counts[0])
    sufficient = alpha < 0.05
    if sufficient:
        words = (
            f"Departures ended at period {last} of {end}, long enough ago to speak of a plateau within the data; "
            "it is no promise beyond them, since ever slower departures look the same."
        )
    elif last == end:
        words = (
            f"Follow-up is insufficient: users were still leaving in the last of {end} periods, "
            "so that a share that never leaves cannot be claimed."
        )
    else:
        words = (
            f"Follow-up is insufficient: the last departure was at period {last} of {end}, too close to the end "
            "to claim a share that never leaves."
        )
    return FollowUp(end, last, near, alpha, sufficient, words)


def compare(survivors: npt.ArrayLike, horizons: Sequence[int] = (12, 24), level: float = 0.05) -> Comparison:
    """Fits all dropout models to survivor counts, shape (K + 1,), K at least 2, and says what the window shows.

    horizons: periods since the start at which to extrapolate. The words name the range of extrapolations among the
    models within SUPPORTED of the best AIC: a range across models, not a confidence interval; the truth may lie
    outside. Errors: ValueError for counts that rise or are too few (see `analysis.inference.curves.dropout.counted`).
    """
    counts = counted(survivors, 2)
    end = counts.size - 1
    geometric, sbg, cure = fit_geometric(counts), fit_sbg(counts), fit_cure(counts)
    fits: list[Dropout] = [geometric, sbg, cure]
    growing = None
    if end >= 3:
        bdw = fit_bdw(counts)
        fits.insert(2, bdw)
        growing = likelihood_ratio(bdw.log_likelihood, sbg.log_likelihood)
    table = pd.DataFrame(
        {
            "model": [fit.name for fit in fits],
            "parameters": [fit.parameters for fit in fits],
            "log_likelihood": [fit.log_likelihood for fit in fits],
            "aic": [fit.aic for fit in fits],
            "at_boundary": [fit.at_boundary for fit in fits],
        }
    )
    table.insert(4, "delta_aic", table["aic"] - table["aic"].min())
    for t in dict.fromkeys((end, *horizons)):
        table[f"S({t})"] = [float(fit.survival(t)) for fit in fits]
    mixed = likelihood_ratio(sbg.log_likelihood, geometric.log_likelihood, boundary=True)
    staying = likelihood_ratio(cure.log_likelihood, geometric.log_likelihood, boundary=True)
    flattening = mixed.p < level
    near = table[table["delta_aic"] <= SUPPORTED]
    words = [
        "Flattening within the window; long-run plateau not identified."
        if flattening
        else "No flattening beyond a constant churn within the window; long-run plateau not identified."
    ]
    for t in horizons:
        if t > end:
            low, high = float(near[f"S({t})"].min()), float(near[f"S({t})"].max())
            if len(near) == 1:
                words.append(
                    f"At {t} periods the one model with support (no other AIC within {SUPPORTED:g}: "
                    f"{near['model'].item()}) puts survival at {low:.3f}; all {len(table)} put it between "
                    f"{table[f'S({t})'].min():.3f} and {table[f'S({t})'].max():.3f}: the truth may lie elsewhere."
                )
                continue
            words.append(
                f"At {t} periods the models with support (AIC within {SUPPORTED:g} of the best: "
                f"{', '.join(near['model'])}) put survival "
                f"{_between(low, high)}: a range across models, not a confidence interval."
            )
    follow = follow_up(counts)
    words.append(follow.words)
    return Comparison(
        table=table,
        against_geometric=mixed,
        cure_against_geometric=staying,
        bdw_against_sbg=growing,
        cure_against_sbg=vuong(cure, sbg, counts),
        follow_up=follow,
        flattening=flattening,
        words=" ".join(words),
        fits=tuple(fits),
    )


def hold_out(survivors: npt.ArrayLike, periods: int) -> pd.DataFrame:
    """How models fitted to all but the last `periods` predict these: one row a model.

    Columns: model, log_likelihood (of what became of the survivors in the held-out periods, under the fit to those
    before; larger is better), predicted (share of N_0 there at the end), actual.
    """
    counts = counted(survivors, 3)
    seen = counts.size - periods
    if periods < 1 or seen < 3:
        raise ValueError(
            f"hold_out needs at least 1 period to predict and 2 to fit, got {periods} of {counts.size - 1} held out"
        )
    fits: list[Dropout] = [fit_geometric(counts[:seen]), fit_sbg(counts[:seen]), fit_cure(counts[:seen])]
    if seen >= 4:
        fits.insert(2, fit_bdw(counts[:seen]))
    return pd.DataFrame(
        {
            "model": [fit.name for fit in fits],
            "log_likelihood": [fit.score(counts) - fit.log_likelihood for fit in fits],
            "predicted": [float(fit.survival(counts.size - 1)) for fit in fits],
            "actual": counts[-1] / counts[0],
        }
    )


def plateau_index(
    activity: Activity,
    late: int = 5,
    early: int = 3,
    threshold: float = 0.8,
    clusters: npt.ArrayLike | None = None,
) -> PlateauIndex:
    """P = R(late)/R(early) of a cohort, with a paired delta-method interval (95%, on ln P) and tests of a threshold.

    activity: matrix of shape (users, K + 1) with month 0 all true, or `CoActivity`. The covariance of the two months
    comes from the same users (or clusters). All NaN where one of the months has no active user, or when nobody's
    activity differs between them. The default threshold 0.8 is this project's reading of a plateau.
    """
    from scipy.stats import norm

    cohort = summarised(activity, clusters)
    if not 1 <= early < late <= cohort.months:
        raise ValueError(
            f"expected 1 <= early < late <= {cohort.months} observed months, got early = {early}, late = {late}"
        )
    if not threshold > 0:
        raise ValueError(f"the threshold of R(late)/R(early) must be above 0, got {threshold}")
    r = cohort.retention[[early, late]]
    if np.any(r <= 0):
        nan = float("nan")
        return PlateauIndex(nan, nan, nan, nan, threshold, nan, nan, nan)
    gradient = np.array([-1.0, 1.0]) / r
    variance = float(gradient @ cohort.covariance[np.ix_([early, late], [early, late])] @ gradient)
    index = float(r[1] / r[0])
    se = float(np.sqrt(variance)) if variance > 1e-20 else float("nan")
    z = (np.log(index) - np.log(threshold)) / se
    low, high = index * np.exp(-Z95 * se), index * np.exp(Z95 * se)
    return PlateauIndex(
        index, float(low), float(high), se, threshold, float(z), float(norm.sf(z)), float(norm.cdf(z))
    )


__all__ = [
    "SUPPORTED",
    "Comparison",
    "FollowUp",
    "PlateauIndex",
    "Vuong",
    "bdw_against_sbg",
    "compare",
    "cure_against_geometric",
    "fit_bdw",
    "fit_cure",
    "fit_geometric",
    "fit_sbg",
    "follow_up",
    "hold_out",
    "plateau_index",
    "vuong",
]
