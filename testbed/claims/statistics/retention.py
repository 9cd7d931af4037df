"""Statistics on who comes back: cohorts of users by model and month of first use (section 7).

Only complete cells count, of cohorts with at least `LEAST_USERS` users that are not cut off by the log's start. A
cohort is *foundational* by `study.durable`. Later cohorts: those that start after the one compared.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtri

from analysis import study
from analysis.inference.pooling import random_effects
from analysis.months import months_between
from analysis.numerals import counted
from analysis.proportions import share as over
from analysis.queries import retention, usage
from analysis.sources.log import Log
from testbed.claims.measuring.cohorts import LEAST_USERS, cell_of, cells_of
from testbed.claims.measuring.measured import Groups, Measured, Untestable
from testbed.claims.measuring.tables import Pick, bounds, catalogued, weeks_of
from testbed.claims.measuring.uncertainty import correlated, difference, median, proportion
from testbed.claims.statistics.registry import on_activity, statistic


def _measured(row: pd.Series) -> Measured:
    return proportion(float(row["active"]), float(row["users"]), f"users of {row['cohort']:%B %Y}")


@on_activity
def cell(log: Log, model: str, cohort: dt.date, k: int) -> Measured:
    """R(k): share of the users whose first use of a model falls in a month who are active k months later; Wilson."""
    return _measured(cell_of(cells_of(log, model), cohort, k))


@on_activity
def against_every_later(log: Log, model: str, cohort: dt.date, k: int) -> Measured:
    """R(k) of a cohort less the highest R(k) among the later cohorts of the model. Newcombe interval; the smallest
    lower end over all later cohorts is taken, so that it lies above 0 only if the cohort beats each of them (an
    intersection-union test, which needs no correction: Berger 1982)."""
    cells = cells_of(log, model)
    own = _measured(cell_of(cells, cohort, k))
    later = cells[(cells["k"] == k) & (cells["cohort"] > pd.Timestamp(cohort))]
    if later.empty:
        raise Untestable(f"no later cohort of {model} has a complete month {k}")
    gaps = [difference(own, _measured(row)) for _, row in later.iterrows()]
    closest = min(gaps, key=lambda gap: gap.value)
    cohorts = counted(len(later), "later cohort")
    text = f"users; {own.value:.1%} against at most {later['retention'].max():.1%} in {cohorts}"
    return Measured(closest.value, min(gap.low for gap in gaps), closest.high, own.n, "points", text)


@on_activity
def against_pooled_later(log: Log, model: str, cohort: dt.date, k: int, after: int = 1) -> Measured:
    """R(k) of a cohort less the R(k) of all users of the cohorts that start at least `after` months later; Newcombe."""
    cells = cells_of(log, model)
    own = _measured(cell_of(cells, cohort, k))
    since = pd.Timestamp(cohort) + pd.DateOffset(months=after)
    later = cells[(cells["k"] == k) & (cells["cohort"] >= since)]
    if later.empty:
        raise Untestable(f"no later cohort of {model} has a complete month {k}")
    rest = proportion(float(later["active"].sum()), float(later["users"].sum()))
    gap = difference(own, rest)
    return Measured(gap.value, gap.low, gap.high, own.n, "points",
                    f"users; {own.value:.1%} against {rest.value:.1%} of {counted(rest.n, 'later user')}")  # fmt: skip


@on_activity
def times_later(log: Log, model: str, cohort: dt.date, k: int) -> Measured:
    """R(k) of a cohort over the mean R(k) of the later cohorts of the model (unweighted). No interval."""
    cells = cells_of(log, model)
    own = cell_of(cells, cohort, k)
    later = cells[(cells["k"] == k) & (cells["cohort"] > pd.Timestamp(cohort))]
    if later.empty:
        raise Untestable(f"no later cohort of {model} has a complete month {k}")
    mean = float(later["retention"].mean())
    text = f"users; {own['retention']:.1%} against {mean:.1%}, mean of {counted(len(later), 'later cohort')}"
    return Measured(float(over(own["retention"], mean)), n=int(own["users"]), unit="ratio", detail=text)


@on_activity
def spread(log: Log, model: str, k: int, first_lag: int = 0) -> Measured:
    """Largest less smallest R(k) of the cohorts from `first_lag` months after launch on, after what chance adds has
    been taken out: each R(k) is shrunk towards their mean by a random-effects fit (DerSimonian & Laird 1986)."""
    cells = cells_of(log, model)
    at = cells[(cells["k"] == k) & (cells["lag"] >= first_lag)]
    if len(at) < 3:
        raise Untestable(f"only {counted(len(at), 'cohort')} of {model} with a complete month {k}")
    y = at["retention"].to_numpy(dtype=np.float64)
    n = at["users"].to_numpy(dtype=np.float64)
    variance = ((at["active"] + 0.5) / (n + 1) * (1 - (at["active"] + 0.5) / (n + 1)) / n).to_numpy(
        dtype=np.float64
    )
    mean, between, _ = random_effects(y, variance)
    shrunk = mean + between / (between + variance) * (y - mean)
    return Measured(float(np.ptp(shrunk)), n=len(y), unit="points",
                    detail=f"cohorts, {y.min():.1%} to {y.max():.1%} before shrinkage")  # fmt: skip


@on_activity
def highest(log: Log, model: str, k: int, first_lag: int = 0) -> Measured:
    """The highest R(k) among the cohorts from `first_lag` months after launch on; Wilson interval of that cohort."""
    cells = cells_of(log, model)
    at = cells[(cells["k"] == k) & (cells["lag"] >= first_lag)]
    if at.empty:
        raise Untestable(f"no such cohort of {model} has a complete month {k}")
    best = at.sort_values("retention").iloc[-1]
    found = _measured(best)
    return Measured(
        found.value,
        found.low,
        found.high,
        found.n,
        "share",
        f"{found.detail}, of {counted(len(at), 'cohort')}",
    )


@on_activity
def typical(log: Log, k: int) -> Measured:
    """Median over all cohorts of all models of R(k); interval by order statistics over the cohorts (binomial)."""
    values = _at(cells_of(log), k)["retention"]
    if len(values) < 6:
        raise Untestable(f"only {counted(len(values), 'cohort')} with a complete month {k}")
    return median(values, "share", "cohorts of all models")


def _at(cells: pd.DataFrame, k: int) -> pd.DataFrame:
    return cells[cells["k"] == k]


def _durable(log: Log) -> pd.DataFrame:
    """One row a cohort with a complete month 5 and a known lag to its model's launch: model, lag, durable
    (foundational, see the module). Cohorts of models older than the log, without a release
    day, have no lag and are left out."""
    cells = cells_of(log)
    table = cells.pivot_table(
        index=["model", "cohort", "lag", "users"], columns="k", values="retention"
    ).reset_index()
    if 5 not in table or 3 not in table:
        raise Untestable("no cohort has a complete month 5")
    table = table[table[5].notna() & table[3].notna()]
    plateaus = table[5] / table[3]
    durable = [study.durable(*each) for each in zip(table[5], plateaus, strict=True)]
    return table.assign(durable=np.array(durable, dtype=np.bool_))


@on_activity
def durable_share(log: Log, lag: Literal["all", "early", "late"] = "all") -> Measured:
    """Share of foundational cohorts among the cohorts with a complete month 5, of models whose launch the log or its
    models table tells (others have no lag, and are left out); early: up to one month after launch, late: from two
    months on; Wilson interval over cohorts."""
    table = _durable(log)
    if lag != "all":
        table = table[(table["lag"] <= 1) == (lag == "early")]
    if table.empty:
        raise Untestable(f"no {lag} cohort has a complete month 5")
    return proportion(float(table["durable"].sum()), len(table), "cohorts")


@on_activity
def early_among_durable(log: Log) -> Measured:
    """Share of the foundational cohorts that start up to one month after their model's launch; Wilson interval."""
    table = _durable(log)
    durable = table[table["durable"]]
    if durable.empty:
        raise Untestable("no cohort is foundational")
    return proportion(float((durable["lag"] <= 1).sum()), len(durable), "foundational cohorts")


@on_activity
def durable_by_lag(log: Log) -> Groups:
    """`durable_share` of early and late cohorts, to be compared."""
    return Groups({"early": durable_share(log, "early"), "late": durable_share(log, "late")})


@on_activity
def foundational_cohorts(log: Log, model: str) -> Measured:
    """How many cohorts of a model are foundational (count), of those with a complete month 5."""
    table = _durable(log)
    table = table[table["model"] == model]
    if table.empty:
        raise Untestable(f"no cohort of {model} has {LEAST_USERS} users and a complete month 5")
    best = table.loc[table[5] == table[5].max()].iloc[0]
    return Measured(float(table["durable"].sum()), n=len(table), unit="count",
                    detail=f"cohorts; highest at month 5: {best[5]:.1%} ({best['cohort']:%B %Y})")  # fmt: skip


@on_activity
def rank_agreement(log: Log, model: str, early: int = 1, late: int = 4) -> Measured:
    """Kendall's tau between the order of a model's cohorts at an early and at a late month; interval by Fisher's z with
    the variance 0.437/(n - 4) (Fieller, Hartley & Pearson 1957)."""
    from scipy import stats

    table = cells_of(log, model).pivot_table(index="cohort", columns="k", values="retention")
    if early not in table or late not in table:
        raise Untestable(f"no cohort of {model} has a complete month {late}")
    both = table[[early, late]].dropna()
    if len(both) < 5:
        raise Untestable(f"only {counted(len(both), 'cohort')} of {model} with a complete month {late}")
    tau = float(stats.kendalltau(both[early], both[late]).statistic)
    return correlated(tau, 0.437 / (len(both) - 4), len(both), "cohorts")


@on_activity
def rise(log: Log, model: str, cohort: dt.date, around: int) -> Measured:
    """The largest step R(k) - R(k-1) of a cohort for k within one month of `around` (2 or more). The interval is a
    paired one on the cohort's members, widened for the choice among the steps (Bonferroni)."""
    cells = cells_of(log, model)
    ks = [k for k in (around - 1, around, around + 1) if k >= 2]
    found = retention.patterns(log)
    found = found[(found["model"] == model) & (found["cohort"] == pd.Timestamp(cohort))]
    users = found["users"].to_numpy()
    joined = months_between(log.first_day, cohort)
    steps = []
    for k in ks:
        try:
            cell_of(cells, cohort, k)
            cell_of(cells, cohort, k - 1)  # silence in a month that the log lacks is no step
        except Untestable:
            continue
        now, before = (np.array([months[joined + at] for months in found["months"]]) for at in (k, k - 1))
        up, down, n = int(users[now & ~before].sum()), int(users[before & ~now].sum()), int(users.sum())
        value = (up - down) / n
        half = float(ndtri(1 - 0.025 / len(ks))) * math.sqrt(max(up + down - (up - down) ** 2 / n, 0.0)) / n
        steps.append(
            (k, Measured(value, value - half, value + half, n, "points", f"users, step to month {k}"))
        )
    if not steps:
        cell_of(cells, cohort, around)
    return max((measured for _, measured in steps), key=lambda measured: measured.value)


@on_activity
def returners(log: Log, k: int = 2) -> Measured:
    """Of all users active in the k-th month after their first month with a model, the share who were silent the month
    before: what makes curves rise where gaps are allowed. Over all models; Wilson interval."""
    active = returned = 0
    known = [log.coverage.knows(month) for month in log.coverage.months()]
    for _, cohort, users, months in retention.patterns(log).itertuples(index=False):
        at = months_between(log.first_day, cohort) + k
        if at < len(months) and months[at] and known[at - 1]:
            active += users
            returned += users * (not months[at - 1])
    if not active:
        raise Untestable(f"no user is active in month {k}")
    return proportion(float(returned), float(active), "users and models")


@statistic
def volume_rank(log: Log, model: str) -> Measured:
    """Rank of a model by tokens in the main window (1 = most used; after the last if it was on offer and not used)."""
    weeks_of(log, "main")
    frame = usage.by_model(log, window=bounds("main", log))
    order = frame["model"].tolist()
    if model not in order and not catalogued(log, Pick(model=model)).empty:
        order.append(model)
    if model not in order:
        raise Untestable(f"the log has no request to {model} in the main window")
    return Measured(float(order.index(model) + 1), n=len(order), unit="count", detail="models")


@statistic
def volume_and_retention(log: Log, k: int = 5) -> Measured:
    """Spearman's correlation, over models, of tokens (whole log) and the highest R(k) of a cohort; interval of
    Fisher's z with the variance 1.06/(n - 3)."""
    from scipy import stats

    best = _at(cells_of(log), k).groupby("model")["retention"].max()
    tokens = usage.by_model(log).set_index("model")["tokens"]
    both = pd.concat([best, tokens], axis=1).dropna()
    if len(both) < 6:
        raise Untestable(f"only {counted(len(both), 'model')} with a cohort with a complete month {k}")
    rho = float(stats.spearmanr(both["retention"], both["tokens"]).statistic)
    return correlated(rho, 1.06 / (len(both) - 3), len(both), "models")
