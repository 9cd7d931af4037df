"""The profile of a launch cohort beside its verdict: what "retention" is, what its plateau can say, who came back.

    with open_log("outputs/report/RUN-ID") as log:
        verdict = verdicts(log, ["anthropic/claude-sonnet-4"])[0]
        profile = profile_of(verdict.panel, log)
        print(profile.plateau.words)

Nothing here changes a verdict. It is computed on demand, since the fits take about a second a model.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.inference.cohorts.cells import Bools, Floats, Ints
from analysis.inference.cohorts.co_activity import CoActivity, co_activity
from analysis.inference.cohorts.models import predecessors
from analysis.inference.cohorts.panel import Panel
from analysis.inference.cohorts.retention_definitions import all_definitions
from analysis.inference.cohorts.user_months import user_months
from analysis.inference.curves.bgbb import BGBB, bgbb_cells, fit_bgbb
from analysis.inference.curves.plateau import Comparison, PlateauIndex, compare, hold_out, plateau_index
from analysis.inference.curves.reactivation_evidence import (
    Isotonic,
    LogConvexity,
    McNemar,
    ReturnRates,
    elsewhere_in_gap,
    isotonic_lrt_of,
    log_convexity,
    mcnemar,
    return_rates,
)
from analysis.inference.curves.shrinkage import FEWEST_COHORTS, shrunken_cohorts
from analysis.json_values import plain, records
from analysis.months import months_between, months_to_each
from analysis.queries.query import collect
from analysis.sources.log import Log

SILENT_MONTHS = 2  # at the end of the data, in which a silent user is not yet counted as gone (assumed)
HELD_OUT = 2  # months at the end that fits without them foretell; 1 where more are not to spare
HORIZONS = (12, 24)  # months since first use to which the models are drawn out
EARLY, LATE = 3, 5  # of the plateau index
LAST_ACTIVITY = "last active in month k or later"
ACTIVE = "active in month k"
MIXED_KINDS = (
    "The dropout models are fitted to the month of last activity, the BG/BB to every month's activity, gaps allowed: "
    "their likelihoods are of two kinds of data, so that their AICs are not compared. Compare the curves and what "
    "each foretells of months that it was not shown."
)


@dataclass(frozen=True, eq=False)
class Plateau:
    """Models of the launch cohort's curve; see the fields.

    survivors (J + 1,): users last active in month j or later, up to the month J after which SILENT_MONTHS more were
    observed; comparison: the four dropout models fitted to them, None with why_not if they are too few; bgbb: fitted
    to activity month by month, None if it cannot be; curves: a row a month k, observed and expected shares of both
    kinds; held_out: a row a model and kind of data, what a fit without the last months foretold, and what came;
    extrapolated: BG/BB's share active at HORIZONS; index: R(5)/R(3), None if month 5 was not observed.
    """

    survivors: Ints
    comparison: Comparison | None
    bgbb: BGBB | None
    curves: pd.DataFrame
    held_out: pd.DataFrame
    extrapolated: dict[int, float]
    index: PlateauIndex | None
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What the window shows, and that it does not show a plateau."""
        said = [self.comparison.words if self.comparison else "Long-run plateau not identified."]
        if self.extrapolated:
            said.append(
                "The BG/BB, which lets users skip months, puts the share active at "
                + " and ".join(f"{k} months at {value:.3f}" for k, value in self.extrapolated.items())
                + "; it assumes dropout that goes on, so that it cannot show a plateau."
            )
        return " ".join(said)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        found = self.comparison
        return {
            "words": self.words,
            "kinds_of_data": MIXED_KINDS,
            "survivors": self.survivors.tolist(),
            "models": records(found.table) if found else [],
            "heterogeneity_against_geometric": vars(found.against_geometric) if found else None,
            "cure_against_geometric": vars(found.cure_against_geometric) if found else None,
            "bdw_against_sbg": vars(found.bdw_against_sbg) if found and found.bdw_against_sbg else None,
            "cure_against_sbg": vars(found.cure_against_sbg) if found else None,
            "follow_up": vars(found.follow_up) if found else None,
            "bgbb": vars(self.bgbb) if self.bgbb else None,
            "bgbb_extrapolated": self.extrapolated,
            "curves": records(self.curves),
            "held_out": records(self.held_out),
            "index": vars(self.index) | {"late": LATE, "early": EARLY} if self.index else None,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, eq=False)
class Returns:
    """Who of the launch cohort came back after silence.

    rates: by month; mcnemar, isotonic: reference tests of a rise; log_convexity: the recommended test of a bump in the
    cohort's own curve, which a season makes as well. elsewhere: a row a month k, the silent who came back against those
    who did not, by use of other models in the gap; None when the log was not given or holds no other model. notes: why.
    """

    rates: ReturnRates
    mcnemar: McNemar
    isotonic: Isotonic
    log_convexity: LogConvexity
    elsewhere: pd.DataFrame | None
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "rates": records(self.rates.table()),
            "elsewhere_in_gap": None if self.elsewhere is None else records(self.elsewhere),
            "mcnemar": records(self.mcnemar.table()),
            "isotonic": {"statistic": self.isotonic.statistic, "p": self.isotonic.p},
            "log_convexity": records(self.log_convexity.table()),
            "notes": list(self.notes),
        }


@dataclass(frozen=True, eq=False)
class CohortProfile:
    """All of it for one model's launch cohort.

    cohort: first day of its month; users: its size; months: observed after the first. definitions: its rows of
    `definitions.all_definitions`; shrunken: `shrinkage.shrunken_cohorts` of all tested cohorts; plateau, returns: None
    with fewer than 2 months after the first (see notes).
    """

    model: str
    cohort: dt.date
    users: int
    months: int
    definitions: pd.DataFrame
    plateau: Plateau | None
    returns: Returns | None
    shrunken: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def shrunken_launch(self) -> pd.DataFrame:
        """The launch cohort's rows of `shrunken`, with how many cohorts were compared."""
        counted = self.shrunken.assign(cohorts=self.shrunken.groupby("k")["cohort"].transform("size"))
        return counted[counted["cohort"] == pd.Timestamp(self.cohort)].reset_index(drop=True)

    def as_json(self) -> dict[str, Any]:
        """The profile for programs; what is not known is null."""
        shown: dict[str, Any] = plain(
            {
                "cohort": self.cohort,
                "users": self.users,
                "months": self.months,
                "definitions": records(self.definitions),
                "plateau": self.plateau.as_json() if self.plateau else None,
                "returns": self.returns.as_json() if self.returns else None,
                "shrunken": records(self.shrunken),
                "notes": list(self.notes),
            }
        )
        return shown


def profile_of(panel: Panel | None, log: Log | None = None) -> CohortProfile | None:
    """The profile of a panel's launch cohort; None if the panel holds none that is tested.

    log: the log of the panel, for what the users did with other models; without it, that part is missing.
    """
    if panel is None or panel.launch is None or panel.launch not in panel.tested:
        return None
    launch = panel.launch
    cohort = panel.months[launch]
    active = panel.ages(launch)
    months = active.shape[1] - 1
    table = all_definitions(panel)
    table = table[table["cohort"] == pd.Timestamp(cohort)].reset_index(drop=True)
    notes: list[str] = []
    if panel.rewindowed is None:
        notes.append("30-day windows need days, which this panel does not have")
    plateau = returns = None
    if months >= 2:
        together = panel.co_activity(launch)
        plateau = _plateau(active, together)
        returns = _returns(panel, active, together, log)
    else:
        notes.append(f"plateau and returns need 2 months in a row after the first; the log has {months}")
    shrunken = shrunken_cohorts(panel)
    if shrunken.empty:
        notes.append(f"shrinkage needs {FEWEST_COHORTS} cohorts observed at one age")
    return CohortProfile(
        panel.model, cohort, len(active), months, table, plateau, returns, shrunken, tuple(notes)
    )


def last_activity(active: npt.ArrayLike) -> Ints:
    """Users whose last active month is j or later, shape (J + 1,), J = K - SILENT_MONTHS, from activity of shape
    (users, K + 1).

    The last months are left out, where a user who merely skips looks gone; before them some still do.
    """
    matrix = np.asarray(active, dtype=np.bool_)
    last = (matrix * np.arange(matrix.shape[1])).max(axis=1)
    end = matrix.shape[1] - 1 - SILENT_MONTHS
    return np.array([(last >= j).sum() for j in range(max(end, 0) + 1)], dtype=np.int64)


def bgbb_last_activity(fit: BGBB, months: int) -> Floats:
    """Share that a BG/BB expects to be last active in month j or later of `months` observed, shape (months + 1,): what
    the dropout models are fitted to."""
    from scipy.special import comb

    last = np.array([np.exp(fit.log_probability(0, 0, months)).item(), *np.zeros(months)])
    for t in range(1, months + 1):
        x = np.arange(1, t + 1)
        last[t] = comb(t - 1, x - 1) @ np.exp(fit.log_probability(x, t, months))
    return np.asarray(np.cumsum(last[::-1])[::-1], dtype=np.float64)


def _plateau(active: Bools, together: CoActivity) -> Plateau:
    months = active.shape[1] - 1
    notes = []
    survivors = last_activity(active)
    comparison = None
    if len(survivors) >= 3:
        comparison = compare(survivors, HORIZONS)
    else:
        notes.append(
            f"the dropout models need {2 + SILENT_MONTHS} months after the first, of which the last {SILENT_MONTHS} "
            f"tell who is gone; the log has {months}"
        )
    bgbb = fit_bgbb(*bgbb_cells(active))
    index = None
    if months >= LATE:
        index = plateau_index(together, LATE, EARLY)
    else:
        notes.append(
            f"the plateau index R({LATE})/R({EARLY}) needs month {LATE}; the log ends at month {months}"
        )
    if bgbb.at_boundary:
        notes.append("the BG/BB's maximum lies on the edge: activity or dropout does not vary between users")
    return Plateau(
        survivors, comparison, bgbb, _curves(active, survivors, comparison, bgbb), _held_out(active, survivors),
        {k: float(bgbb.expected_active(k)) for k in HORIZONS if k > months}, index, tuple(notes),
    )  # fmt: skip


def _curves(active: Bools, survivors: Ints, comparison: Comparison | None, bgbb: BGBB) -> pd.DataFrame:
    """A row a month k >= 1: shares active (observed, BG/BB), and last active in k or later (observed, BG/BB, each
    dropout model), the latter NaN in the last months."""
    months = active.shape[1] - 1
    k = np.arange(1, months + 1)
    known = k < len(survivors)
    lasting = np.full(months, np.nan)
    lasting[known] = survivors[1:] / survivors[0]
    values = {
        "k": k,
        "active": active[:, 1:].mean(axis=0),
        "active, BG/BB": bgbb.expected_active(k),
        "last activity": lasting,
        "last activity, BG/BB": np.where(known, bgbb_last_activity(bgbb, months)[1:], np.nan),
    }
    for fit in comparison.fits if comparison else ():
        values[f"last activity, {fit.name}"] = np.where(known, fit.survival(k), np.nan)
    return pd.DataFrame(values)


def _held_out(active: Bools, survivors: Ints) -> pd.DataFrame:
    """What fits without the last months foretell: model, of (kind of data), k, predicted, actual, error, and the
    log-likelihood of the held-out months (dropout models only: of their kind of data).

    The BG/BB sees activity up to the months held out and no later; the dropout models see who was last active by then,
    which takes SILENT_MONTHS more to know.
    """
    months = active.shape[1] - 1
    rows: list[dict[str, Any]] = []
    spare = min(HELD_OUT, len(survivors) - 3)
    end = len(survivors) - 1
    if spare >= 1:
        found = hold_out(survivors, spare)
        rows += [
            {"model": r.model, "of": LAST_ACTIVITY, "k": end, "predicted": r.predicted, "actual": r.actual,
             "log_likelihood": r.log_likelihood}
            for r in found.itertuples()
        ]  # fmt: skip
        fit = fit_bgbb(*bgbb_cells(active[:, : end - spare + 1])) if end - spare >= 2 else None
        if fit is not None:
            rows.append(
                {"model": "BG/BB", "of": LAST_ACTIVITY, "k": end,
                 "predicted": float(bgbb_last_activity(fit, months)[end]),
                 "actual": survivors[end] / survivors[0], "log_likelihood": math.nan}
            )  # fmt: skip
    spare = min(HELD_OUT, months - 2)
    if spare >= 1:
        fit = fit_bgbb(*bgbb_cells(active[:, : months - spare + 1]))
        rows += [
            {"model": "BG/BB", "of": ACTIVE, "k": k, "predicted": float(fit.expected_active(k)),
             "actual": float(active[:, k].mean()), "log_likelihood": math.nan}
            for k in range(months - spare + 1, months + 1)
        ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["model", "of", "k", "predicted", "actual", "log_likelihood"])
    table.insert(5, "error", table["predicted"] - table["actual"])
    return table


def _returns(panel: Panel, active: Bools, together: CoActivity, log: Log | None) -> Returns:
    # McNemar, the isotonic test and the return rates take users as they are; only log-convexity knows clusters.
    own = co_activity(active)
    notes = []
    if panel.has_organisations:
        notes.append("log-convexity counts organisations as the units, the other tests users")
    if not np.isfinite(together.covariance).all():
        notes.append("one organisation holds most users: log-convexity and the plateau index are not tested")
    elsewhere = None
    if log is None:
        notes.append("what users did with other models is not known without the log")
    else:
        elsewhere = _elsewhere(panel, active, log)
        if elsewhere is None:
            notes.append(
                "the launch cohort used no other model in this log: it cannot tell who tried a rival from who "
                "left the platform"
            )
    return Returns(
        return_rates(own), mcnemar(own), isotonic_lrt_of(own), log_convexity(together), elsewhere,
        tuple(notes),
    )  # fmt: skip


def _elsewhere(panel: Panel, active: Bools, log: Log) -> pd.DataFrame | None:
    """`elsewhere_in_gap` of the launch cohort, None if its users are in no other model."""
    own, other = (
        part[:, : active.shape[1]] for part in activity_beside(log, panel)
    )  # as far as it is covered
    if own.shape != active.shape or not np.array_equal(own.sum(axis=0), active.sum(axis=0)):
        raise ValueError(
            f"the panel of '{panel.model}' was not made from this log: their launch cohorts differ "
            f"({len(active):,} users against {len(own):,})"
        )
    return elsewhere_in_gap(own, other) if other.any() else None


def activity_beside(log: Log, panel: Panel) -> tuple[Bools, Bools]:
    """Activity of a panel's launch cohort in its model, and in any other model in the same months: two matrices of
    shape (users, K + 1), rows in the order of user ids.

    Earlier ids of the model (a preview that became it) are no other model.
    """
    assert panel.launch is not None
    launch, end = pd.Timestamp(panel.months[panel.launch]), pd.Timestamp(panel.months[-1])
    step = user_months(log)
    mine = step.filter(step.model == panel.model)
    firsts = mine.group_by("user_id").aggregate(joined=mine.month.min())
    members = firsts.filter(firsts.joined == panel.months[panel.launch]).select("user_id")
    rows = step.semi_join(members, "user_id")
    kin = [panel.model, *predecessors(log, panel.model)]
    rows = rows.filter((rows.model == panel.model) | rows.model.notin(kin))
    rows = rows.mutate(own=rows.model == panel.model).select("user_id", "month", "own").distinct()
    found = collect(rows)
    months = months_to_each(launch, found["month"])
    code, users = pd.factorize(found["user_id"], sort=True)
    length = months_between(launch, end) + 1
    inside = ((months >= 0) & (months < length)).to_numpy()
    at, owned = months.to_numpy(dtype=np.int64), found["own"].to_numpy(dtype=np.bool_)
    both = []
    for chosen in (inside & owned, inside & ~owned):
        matrix = np.zeros((len(users), length), np.bool_)
        matrix[code[chosen], at[chosen]] = True
        both.append(matrix)
    return both[0], both[1]
