"""What one run leaves to be judged: a log; of it an *activity* outcome holds only who used which model in which month.

Retention, cohorts and shares of requests need no more, and the simulator gives them straight from the spells without
making a request. The log of an activity outcome is an ordinary `analysis.source.Log` with the columns user_id,
account_id, model and created_at: one row a user, model and month, at the first day with a request. The counts behind
the triangles are handed to it ready made, so that every statistic on cohorts runs on it unchanged and gives what the
full log would give.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis import retention, usage
from analysis.source import Log, open_log

if TYPE_CHECKING:
    import ibis.expr.types as ir

    import sim
    from sim.activity import Activity

Needs = Literal["activity", "log"]
MEMORY = "2GB"
# Columns of the models table that an activity outcome does not have.
WITHOUT = ("prices", "free_windows")


@dataclass
class Outcome:
    """One run. weekly: requests by UTC Monday week and model (columns week, model, requests), weeks that the log does
    not cover whole included. activity: the simulator's arrays, where the outcome was made from them. monthly: then,
    their table in the log's engine, one row a user, model and month: user_id, account_id, model, month, requests,
    first_at (midnight of the first day). A pattern that needs another step of the analysis of it gives it to the log
    (`log.give`)."""

    log: Log
    weekly: pd.DataFrame
    activity: Activity | None = field(default=None, repr=False)
    monthly: ir.Table | None = field(default=None, repr=False)

    @property
    def holds_requests(self) -> bool:
        """Whether the log holds every request, so that any statistic can be asked of it."""
        return self.activity is None

    @cached_property
    def by_requests(self) -> Log:
        """The log with each request weighed as one token: what statistics on shares of tokens say of it is said of
        shares of requests."""
        from testbed.statistics.tables import with_facts

        log = self.log
        weighed = Log(
            log.generations, labels=log.labels, models=log.models, name=log.name, manifest=log.manifest,
            first_day=log.first_day, last_day=log.last_day,
        )  # fmt: skip
        weighed.rows = log.rows
        frame = self.weekly.assign(tokens=self.weekly["requests"])
        weighed.remembered("claims.traffic", lambda: with_facts(frame, weighed))
        return weighed


@contextmanager
def of_activity(agents: sim.Agents) -> Iterator[Outcome]:
    """The outcome of a world whose market has run, without its requests."""
    import ibis

    from sim.activity import monthly

    activity = monthly(agents)
    scenario = agents.world.scenario
    connection = ibis.duckdb.connect(threads=1, memory_limit=MEMORY)
    try:
        table = activity.table()
        rows = pa.table({
            "user_id": table["user_id"], "account_id": table["account_id"], "model": table["model"],
            "month": table["month"], "requests": table["requests"],
            "first_at": table["first_day"].cast(pa.timestamp("us")),
        })  # fmt: skip
        kept = connection.create_table("activity", rows, temp=True)
        log = Log(
            kept.select("user_id", "account_id", "model", created_at="first_at"),
            models=connection.create_table("models", models_table(agents), temp=True),
            name=scenario.title, first_day=scenario.start, last_day=scenario.end,
        )  # fmt: skip
        log.rows = len(activity)
        log.give("activity", kept.select("user_id", "model", "month", "first_at"))
        retention.cohort_activity.give(log, cohort_counts(activity))
        weekly = activity.weekly_table().to_pandas()
        weekly = weekly.assign(
            week=pd.to_datetime(weekly["week"]).astype("datetime64[us]"), model=weekly["model"].astype("str")
        )
        yield Outcome(log, weekly, activity, kept)
    finally:
        connection.disconnect()


@contextmanager
def of_run(folder: Path, threads: int = 1) -> Iterator[Outcome]:
    """The outcome of a run folder, with its whole log."""
    with open_log(folder, threads=threads) as log:
        yield Outcome(log, usage.weekly_by_model(log)[["week", "model", "requests"]])


def models_table(agents: sim.Agents) -> pa.Table:
    """The models table that a run of these agents would leave, but for prices, which the market may have changed."""
    from sim.catalogue import write_models_table
    from sim.writer import listed_name

    table = write_models_table(agents.world.catalogue, agents.world.scenario.end).drop_columns(list(WITHOUT))
    names = [listed_name(slug) for slug in table["model"].to_pylist()]
    return table.set_column(table.column_names.index("model"), "model", [names])


def cohort_counts(activity: Activity) -> pd.DataFrame:
    """`analysis.retention.cohort_activity` of the log that these activities stand for, counted in arrays.

    Entries are ordered by user, model and month, so that the first of each user and model holds the cohort.
    """
    months = len(activity.months)
    names = np.array(activity.models, dtype=object)
    order = np.argsort(names, kind="stable")
    place = np.empty(len(names), dtype=np.int64)  # of each model in the order of the names
    place[order] = np.arange(len(names))
    new = np.ones(len(activity), dtype=bool)
    new[1:] = (np.diff(activity.user) != 0) | (np.diff(activity.model) != 0)
    cohort = activity.month[new].astype(np.int64)[np.cumsum(new) - 1]
    cell = (place[activity.model] * months + cohort) * months + activity.month
    size = len(names) * months * months
    days = (np.datetime64(activity.start, "D") + activity.first_day).astype("datetime64[D]")
    of_month = (days - days.astype("datetime64[M]")).astype(np.int64) + 1
    active = np.bincount(cell, minlength=size)
    day_sum = np.bincount(cell, weights=of_month, minlength=size)
    cells = np.flatnonzero(active)
    starts = np.array(activity.months, dtype="datetime64[us]")
    return pd.DataFrame({
        "model": pd.Series(names[order][cells // (months * months)], dtype="str"),
        "cohort": starts[cells // months % months],
        "month": starts[cells % months],
        "active": active[cells].astype(np.int64),
        "first_day_mean": day_sum[cells] / active[cells],
    })  # fmt: skip
