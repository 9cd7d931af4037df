"""What one run leaves to be judged: a log; of it an *activity* outcome holds only who used which model in which month.

Retention, cohorts and shares of requests need no more, and the simulator gives them straight from the spells without
making a request. The log of an activity outcome is an ordinary `analysis.sources.log.Log` with the columns user_id,
account_id, model and created_at: one row a user, model and month, at the first day with a request. The counts behind
the triangles are handed to it ready made, so that every statistic on cohorts runs on it unchanged and gives what the
full log would give.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from analysis.queries import retention, usage
from analysis.sources.log import Log
from analysis.sources.opening import open_log

if TYPE_CHECKING:
    import sim
    from sim.activity import Activity

MEMORY = "2GB"
# Columns of the models table that an activity outcome does not have.
WITHOUT = ("prices", "free_windows")


@dataclass
class Outcome:
    """One run. weekly: requests by UTC Monday week and model (columns week, model, requests), weeks that the log does
    not cover whole included. activity: the simulator's arrays, where the outcome was made from them. remembered: what
    several patterns share, made by the first that needs it."""

    log: Log
    weekly: pd.DataFrame
    activity: Activity | None = field(default=None, repr=False)
    remembered: dict[Hashable, Any] = field(default_factory=dict, repr=False, compare=False)

    def check_in_use(self, model: str) -> None:
        """Raises Untestable for a model that the log never saw."""
        from testbed.claims.statistics import Untestable

        if model not in set(retention.first_months(self.log)["model"]):
            raise Untestable(f"the log has no requests to '{model}'")

    @cached_property
    def by_requests(self) -> Log:
        """The log with each request weighed as one token: what statistics on shares of tokens say of it is said of
        shares of requests."""
        from testbed.claims.measuring.tables import with_facts

        log = self.log
        weighed = Log(
            log.generations, labels=log.labels, models=log.models, name=log.name, manifest=log.manifest,
            first_day=log.first_day, last_day=log.last_day, simulated=log.simulated,
        )  # fmt: skip
        weighed.rows = log.rows
        frame = self.weekly.assign(tokens=self.weekly["requests"])
        weighed.remembered("claims.traffic", lambda: with_facts(frame, weighed))
        return weighed


@contextmanager
def of_activity(agents: sim.Agents, activity: Activity | None = None) -> Iterator[Outcome]:
    """The outcome of a world whose market has run, without its requests. activity: its months of use, where they were
    counted already."""
    import ibis

    from sim.activity import monthly

    activity = monthly(agents) if activity is None else activity
    scenario = agents.world.scenario
    connection = ibis.duckdb.connect(threads=1, memory_limit=MEMORY)
    try:
        table = activity.table()
        rows = table.select(["user_id", "account_id", "model"])
        rows = rows.append_column("created_at", table["first_day"].cast(pa.timestamp("us")))
        log = Log(
            connection.create_table("generations", rows, temp=True),
            models=connection.create_table("models", models_table(agents), temp=True),
            name=scenario.title, first_day=scenario.start, last_day=scenario.end, simulated=True,
        )  # fmt: skip
        log.rows = len(activity)
        histories = Histories.of(activity)
        retention.cohort_activity.give(log, histories.cohort_activity())
        retention.first_months.give(log, histories.first_months())
        retention.patterns.give(log, histories.patterns())
        weekly = activity.weekly_table().to_pandas()
        weekly = weekly.assign(
            week=pd.to_datetime(weekly["week"]).astype("datetime64[us]"), model=weekly["model"].astype("str")
        )
        yield Outcome(log, weekly, activity)
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
    from sim.gateway.models import listed_name

    table = write_models_table(agents.world.catalogue, agents.world.scenario.end).drop_columns(list(WITHOUT))
    names = [listed_name(slug) for slug in table["model"].to_pylist()]
    return table.set_column(table.column_names.index("model"), "model", [names])


@dataclass(frozen=True)
class Histories:
    """What `analysis.queries.retention` counts of the log that activities stand for, counted in arrays: one entry a
    user and model. model: place among the names in order; cohort: index of the first month; months: (entries, months of
    the world), whether there was a request; day: UTC day of the month of the first one."""

    names: NDArray[np.object_]
    starts: NDArray[np.datetime64]
    model: NDArray[np.int64]
    cohort: NDArray[np.int64]
    months: NDArray[np.bool_]
    day: NDArray[np.int64]

    @classmethod
    def of(cls, activity: Activity) -> Histories:
        """Entries of activities are ordered by user, model and month: the first of each pair holds the cohort."""
        names = np.array(activity.models, dtype=object)
        order = np.argsort(names, kind="stable")
        place = np.empty(len(names), dtype=np.int64)
        place[order] = np.arange(len(names))
        new = np.ones(len(activity), dtype=bool)
        new[1:] = (np.diff(activity.user) != 0) | (np.diff(activity.model) != 0)
        first = np.flatnonzero(new)
        months = np.zeros((len(first), len(activity.months)), dtype=bool)
        months[np.cumsum(new) - 1, activity.month] = True
        days = (np.datetime64(activity.start, "D") + activity.first_day[first]).astype("datetime64[D]")
        return cls(
            names[order],
            np.array(activity.months, dtype="datetime64[us]"),
            place[activity.model[first]],
            activity.month[first].astype(np.int64),
            months,
            (days - days.astype("datetime64[M]")).astype(np.int64) + 1,
        )

    @cached_property
    def _cell(self) -> NDArray[np.int64]:
        """Model and cohort as one number."""
        return self.model * len(self.starts) + self.cohort

    def _cells(self, numbers: NDArray[np.int64]) -> dict[str, Any]:
        models, cohorts = np.divmod(numbers, len(self.starts))
        return {"model": pd.Series(self.names[models], dtype="str"), "cohort": self.starts[cohorts]}

    def first_months(self) -> pd.DataFrame:
        """`analysis.queries.retention.first_months`."""
        users = np.bincount(self._cell)
        found = np.flatnonzero(users)
        days = np.bincount(self._cell, weights=self.day)
        return pd.DataFrame(
            self._cells(found)
            | {"users": users[found].astype(np.int64), "first_day_mean": days[found] / users[found]}
        )

    def cohort_activity(self) -> pd.DataFrame:
        """`analysis.queries.retention.cohort_activity`."""
        size = len(self.names) * len(self.starts)
        active = np.stack([np.bincount(self._cell[held], minlength=size) for held in self.months.T], axis=1)
        cell, month = np.nonzero(active)
        return pd.DataFrame(
            self._cells(cell) | {"month": self.starts[month], "active": active[cell, month].astype(np.int64)}
        )

    def patterns(self) -> pd.DataFrame:
        """`analysis.queries.retention.patterns`, in another order."""
        code = self._cell
        for start in range(0, len(self.starts), 32):  # a number of 32 months at a time: rows are slow to sort
            held = self.months[:, start : start + 32]
            bits = held @ (np.int64(1) << np.arange(held.shape[1]))
            code = np.unique(code * 2**32 + bits, return_inverse=True)[1]
        _, first, users = np.unique(code, return_index=True, return_counts=True)
        return pd.DataFrame(
            self._cells(self._cell[first])
            | {"users": users.astype(np.int64), "months": list(self.months[first])}
        )
