"""Activity retention by cohort: who comes back to a model in later months.

Definitions (report, figure 25). A user's first month of a model is the UTC calendar month of the first request
to it in this log; the users who share it are the cohort (m, c) of size n. R(m, c, k) = members with at least
one request to m in month c + k, over n. Gaps are allowed, so R can rise; R(0) = 1 by definition. The model is
the listed id, not its family: a preview and its successor are two models. All requests count (free, own-key,
cancelled and failed ones too).

The table of users and models behind it is made once and kept in the engine.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from analysis import vocabulary as v
from analysis.months import month_end, months_to_each
from analysis.proportions import few, share, wilson
from analysis.queries.cohorts import launches
from analysis.queries.cohorts.launches import Launch
from analysis.queries.model_facts import release_days
from analysis.queries.query import collect, day, finished_by, query
from analysis.sources.log import Log
from analysis.study import SMALL_COHORT

MONTHS_A_WORD = v.BITS
LATER_AFTER = 2  # months from the launch cohort to the first that counts as a later one (assumed)

TRIANGLE_COLUMNS = (
    "model", "cohort", "k", "month", "users", "active", "retention", "wilson_low", "wilson_high",
    "observed", "complete", "small", "left_truncated", "after_hole", "exposure_days", "mean_exposure_days",
)  # fmt: skip


def histories(log: Log) -> ir.Table:
    """One row a user and model: user_id, model, first_at, and the months with a request as bits of the columns
    `months_0`, `months_1`, ... of 62 months each: bit i of the first is the i-th month of the log. One scan of the
    log and one row a user and model serve all cohorts; a row a month would be half as many again.
    """

    def build() -> ir.Table:
        rows = log.body
        number = v.month_number(rows.created_at, log.first_day)
        words = {
            name: v.bit(number - MONTHS_A_WORD * word, MONTHS_A_WORD).bit_or()
            for word, name in enumerate(_words(log))
        }
        return rows.group_by("user_id", "model").aggregate(first_at=rows.created_at.min(), **words)

    return log.shared("histories", build)


def _words(log: Log) -> list[str]:
    """Names of the columns that hold the log's months as bits."""
    months = len(log.coverage.months())
    return [f"months_{word}" for word, _ in enumerate(range(0, months, MONTHS_A_WORD))]


def _decode(frame: pd.DataFrame, log: Log) -> pd.DataFrame:
    """The months of `patterns` as one column of boolean arrays, log month by log month."""
    months = len(log.coverage.months())
    words = [frame.pop(name).to_numpy(dtype="int64") for name in _words(log)]
    places = [divmod(month, MONTHS_A_WORD) for month in range(months)]
    held = np.stack([words[word] >> bit & 1 for word, bit in places], axis=1)
    return frame.assign(months=list(held.astype(bool)))


@finished_by(_decode)
def patterns(log: Log) -> ir.Table:
    """Users by model, cohort and the set of months in which they had a request: all that an analysis of monthly
    activity needs to know of them, and few rows.

    users (distinct users, count); months: one boolean for each calendar month from the log's first to its last.
    """
    rows = histories(log)
    rows = rows.mutate(cohort=v.month(rows.first_at))
    return (
        rows.group_by("model", "cohort", *_words(log))
        .aggregate(users=rows.count().cast("int64"))
        .order_by("model", "cohort", *_words(log))
    )


@query
def first_months(log: Log) -> ir.Table:
    """Cohort sizes: columns model, cohort (first day of the month of first use), users (distinct users, count),
    first_day_mean (mean UTC day of the month of their first request)."""
    rows = histories(log)
    return (
        rows.group_by("model", cohort=v.month(rows.first_at))
        .aggregate(
            users=rows.count().cast("int64"),
            first_day_mean=v.day_of_month(rows.first_at).cast("float64").mean(),
        )
        .order_by("model", "cohort")
    )


@query
def cohort_activity(log: Log, models: Sequence[str] | None = None) -> ir.Table:
    """Active members by model, cohort and month: the counts behind every triangle; months without any are not
    listed.

    active (distinct users, count) with at least one request to the model in the month. models: only these, or
    all.
    """
    rows = histories(log)
    if models is not None:
        rows = rows.filter(rows.model.isin(list(models)))
    rows = rows.mutate(cohort=v.month(rows.first_at))
    users = rows.group_by("model", "cohort", *_words(log)).aggregate(users=rows.count())
    start = log.first_day.replace(day=1)
    parts = []
    for number, name in enumerate(_words(log)):
        part = users.select("model", "cohort", "users", word=users[name], position=v.numbers(MONTHS_A_WORD))
        part = part.filter(v.has_bit(part.word, part.position))
        month = v.months_after(start, part.position + number * MONTHS_A_WORD)
        parts.append(part.group_by("model", "cohort", month=month).aggregate(active=v.total(part.users)))
    found = parts[0] if len(parts) == 1 else ibis.union(*parts)
    return found.order_by("model", "cohort", "month")


def triangle(log: Log, model: str, min_cohort: int = 1, small: int = SMALL_COHORT) -> pd.DataFrame:
    """Retention triangle of one model: claims C115 to C127 as shapes. See `triangles`."""
    return triangles(log, [model], min_cohort=min_cohort, small=small)


def triangles(
    log: Log, models: Sequence[str] | None = None, min_cohort: int = 1, small: int = SMALL_COHORT
) -> pd.DataFrame:
    """Retention triangles of several models (None: all) from one scan of the log.

    One row a model, cohort (first day of month c) and k = 0, 1, ...: month (c + k), users (cohort size n),
    active (members active in the month), retention = active / users, wilson_low and wilson_high (95% Wilson
    interval). Rows reach to the log's last month for the oldest cohort; `observed` is false, and the values
    missing, where c + k lies after it, or in a month of which the log covers no day. complete: the log covers
    every day of month c + k (of its first month, from its first day on); else the value is too low. small: users <
    `small`. Cohorts under `min_cohort` users are left out. left_truncated: c begins so early in the log, and the
    model may be older than it (no release date, or an earlier one), that "first use" is not known to be the
    first: see `analysis.queries.cohorts.launches`. after_hole: the log lacks days of month c or of the month before,
    whose newcomers may pass for members. exposure_days: days of month c on which the model was there to be used and
    the log covers; mean_exposure_days: mean over members of the days from their first request to the end of month c
    (a launch late in a month makes members younger at every k). Where cells of few users are withheld (`Log.least`),
    cohorts under so many users are left out, and a month in which fewer than that are active, or fewer than that are
    not, is not observed.
    """
    key = ("retention.triangles", min_cohort, small)
    cells = log.remembered(key, lambda: _all_triangles(log, min_cohort, small, log.least))
    if models is None:
        return cells
    return cells[cells["model"].isin(list(models))].reset_index(drop=True)


def withheld_cells(log: Log) -> int:
    """How many cells of the triangles of all models are withheld, those of whole cohorts too."""
    if not log.least:
        return 0
    everything = _all_triangles(log, 1, SMALL_COHORT, least=0)
    return int(everything["observed"].sum() - triangles(log)["observed"].sum())


def trusted(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells of triangles that can be compared: of complete months, and of cohorts that hold newcomers alone."""
    return cells[cells["complete"] & ~cells["left_truncated"] & ~cells["after_hole"]]


def _all_triangles(log: Log, min_cohort: int, small: int, least: int) -> pd.DataFrame:
    """The triangles of all models, each apart from the others. least: see `Log.least`."""
    counts = cohort_activity(log)
    if counts.empty:
        return _typed(pd.DataFrame(columns=list(TRIANGLE_COLUMNS)))
    counts = counts.assign(k=months_to_each(counts["cohort"], counts["month"]))
    base = first_months(log)
    base = base[base["users"] >= max(min_cohort, least)]

    last_month = pd.Timestamp(log.last_day.replace(day=1))
    reach = months_to_each(base["cohort"], pd.Series(last_month, index=base.index))
    base = base.assign(reach=reach, widest=reach.groupby(base["model"]).transform("max"))
    grid = base.loc[base.index.repeat(base["widest"] + 1)]
    grid = grid.assign(k=grid.groupby(["model", "cohort"]).cumcount())
    grid = grid.merge(counts[["model", "cohort", "k", "active"]], on=["model", "cohort", "k"], how="left")
    grid["month"] = _add_months(grid["cohort"], grid["k"])
    grid["observed"] = (grid["k"] <= grid["reach"]) & _among(grid["month"], log.coverage.observed_months())
    grid["active"] = grid["active"].fillna(0.0)
    if least:
        grid["observed"] &= (grid["k"] == 0) | ~few(grid["active"], grid["users"], least)
    grid["active"] = grid["active"].where(grid["observed"])
    grid["retention"] = share(grid["active"], grid["users"])
    grid["wilson_low"], grid["wilson_high"] = wilson(grid["active"], grid["users"])

    grid["complete"] = grid["observed"] & _among(grid["month"], log.coverage.complete_months())
    grid["small"] = grid["users"] < small
    _add_exposure(grid, log)
    grid = grid.sort_values(["model", "cohort", "k"], ignore_index=True)
    return _typed(grid[list(TRIANGLE_COLUMNS)])


def _typed(grid: pd.DataFrame) -> pd.DataFrame:
    kinds = {
        "model": "str", "cohort": "datetime64[us]", "k": "int64", "month": "datetime64[us]", "users": "int64",
        "active": "float64", "retention": "float64", "wilson_low": "float64", "wilson_high": "float64",
        "observed": "bool", "complete": "bool", "small": "bool", "left_truncated": "bool", "after_hole": "bool",
        "exposure_days": "int64", "mean_exposure_days": "float64",
    }  # fmt: skip
    return grid.astype(kinds)


def _add_months(month: pd.Series, k: pd.Series) -> pd.Series:
    whole = month.to_numpy().astype("datetime64[M]") + k.to_numpy().astype("timedelta64[M]")
    return pd.Series(whole.astype("datetime64[us]"), index=month.index)


def _among(months: pd.Series, chosen: Sequence[dt.date]) -> pd.Series:
    """Which of the months (first days) are among the chosen ones."""
    return months.isin(pd.to_datetime(pd.Series(list(chosen), dtype="datetime64[us]")))


def _add_exposure(grid: pd.DataFrame, log: Log) -> None:
    """Add left_truncated, after_hole, exposure_days and mean_exposure_days to the rows of a triangle."""
    released = trusted_release_days(log)
    coverage = log.coverage
    rows = {}
    for model, cohort in grid[["model", "cohort"]].drop_duplicates().itertuples(index=False):
        month, release = day(cohort), released.get(model)
        end = month_end(month)
        opens = max(month, release) if release and release <= end else month
        rows[model, cohort] = (
            launches.left_truncated(coverage, month, release),
            launches.after_hole(coverage, month, release),
            coverage.covered(opens, end),
        )
    keys = list(zip(grid["model"], grid["cohort"], strict=True))
    for i, name in enumerate(("left_truncated", "after_hole", "exposure_days")):
        grid[name] = [rows[key][i] for key in keys]
    grid["mean_exposure_days"] = grid["cohort"].dt.days_in_month - grid["first_day_mean"] + 1


def early_users(log: Log) -> dict[str, int]:
    """Users of each model whose first request to it is of a day before its release date; models without any are left
    out. Empty without a models table."""
    released = release_days(log)
    if not released:
        return {}

    def count() -> dict[str, int]:
        assert log.models is not None
        rows = histories(log).join(log.models.select("model", "released"), "model")
        rows = rows.filter(v.day(rows.first_at) < rows.released.cast("date"))
        found = collect(rows.group_by("model").aggregate(users=rows.count().cast("int64")).order_by("model"))
        return dict(zip(found["model"], found["users"].tolist(), strict=True))

    return log.once("early_users", count)


def _sizes(log: Log) -> dict[str, dict[dt.date, int]]:
    """Cohort sizes by model and month."""

    def count() -> dict[str, dict[dt.date, int]]:
        sizes: dict[str, dict[dt.date, int]] = {}
        counts = first_months(log)
        for model, cohort, users in zip(counts["model"], counts["cohort"], counts["users"], strict=True):
            sizes.setdefault(str(model), {})[day(cohort)] = int(users)
        return sizes

    return log.once("cohort_sizes", count)


def trusted_release_days(log: Log) -> dict[str, dt.date]:
    """The release days that the log does not contradict: see `analysis.queries.cohorts.launches.contradicted`."""

    def trusted() -> dict[str, dt.date]:
        early, sizes = early_users(log), _sizes(log)
        return {
            model: release
            for model, release in release_days(log).items()
            if not launches.contradicted(sizes.get(model, {}), release, early.get(model, 0))
        }

    return log.once("trusted_release_days", trusted)


def launch_cohort(log: Log, model: str) -> tuple[dt.date | None, str]:
    """Month of the model's launch cohort (None: the log does not show it) and how it was found: `launches_of`."""
    return launch_cohorts(log, [model])[model]


def launch_cohorts(log: Log, models: Sequence[str]) -> dict[str, tuple[dt.date | None, str]]:
    """`launch_cohort` of several models."""
    return {model: (found.month, found.basis) for model, found in launches_of(log, models).items()}


def launches_of(log: Log, models: Sequence[str]) -> dict[str, Launch]:
    """The launches of models: month, how it was found, why there is none, and what to say of the release date."""
    released, early, sizes = release_days(log), early_users(log), _sizes(log)
    return {
        model: launches.find(log.coverage, sizes.get(model, {}), released.get(model), early.get(model, 0))
        for model in models
    }


def launch_contrast(
    log: Log,
    model: str,
    months: Sequence[int] = (3, 4, 5),
    min_cohort: int = SMALL_COHORT,
) -> pd.DataFrame:
    """The launch cohort against later ones at the same age: claims C117 to C123 as numbers.

    One row a k in `months`: launch (R of the launch cohort), launch_low, launch_high (95% Wilson), launch_users
    (n), later (unweighted mean of R over cohorts that start two or more months after the launch cohort),
    later_cohorts (how many), later_users (their n, summed), ratio = launch / later, difference = launch - later,
    spread = largest minus smallest R over the launch cohort and all cohorts after it, spread_later = the same over
    the later ones alone. Only complete cells of cohorts with at least `min_cohort` users count, and of newcomers
    alone (neither left_truncated nor after_hole); a value without any is missing. basis: how the launch month was
    found.
    """
    launch, basis = launch_cohort(log, model)
    cells = trusted(triangle(log, model, min_cohort=min_cohort))
    rows = []
    for k in months:
        at = cells[cells["k"] == k]
        row: dict[str, object] = {"model": model, "launch_cohort": launch, "basis": basis, "k": k}
        start = pd.Timestamp(launch) if launch else pd.NaT
        own = at[at["cohort"] == start]
        since = at[at["cohort"] >= start]
        later = at[months_to_each(pd.Series(start, index=at.index), at["cohort"]) >= LATER_AFTER]
        value = own["retention"].iloc[0] if len(own) else np.nan
        mean = later["retention"].mean()
        row |= {
            "launch": value,
            "launch_low": own["wilson_low"].iloc[0] if len(own) else np.nan,
            "launch_high": own["wilson_high"].iloc[0] if len(own) else np.nan,
            "launch_users": int(own["users"].sum()),
            "later": mean,
            "later_cohorts": len(later),
            "later_users": int(later["users"].sum()),
            "ratio": float(share(value, mean)),
            "difference": value - mean,
            "spread": since["retention"].max() - since["retention"].min() if len(since) > 1 else np.nan,
            "spread_later": later["retention"].max() - later["retention"].min() if len(later) > 1 else np.nan,
        }
        rows.append(row)
    frame = pd.DataFrame(rows)
    frame["launch_cohort"] = pd.to_datetime(frame["launch_cohort"]).astype("datetime64[us]")
    floats = ["launch", "launch_low", "launch_high", "later", "ratio", "difference", "spread", "spread_later"]
    return frame.astype(dict.fromkeys(floats, "float64"))
