"""Cohorts of users as claims count them: complete cells of cohorts that are large enough, with the lag to launch."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from analysis import study
from analysis.months import months_to_each
from analysis.queries import retention
from analysis.sources.log import Log
from testbed.claims.measuring.measured import Untestable

LEAST_USERS = (
    study.SMALL_COHORT
)  # users of the smallest cohort that counts: those that the page does not grey out


def cells_of(log: Log, model: str | None = None) -> pd.DataFrame:
    """Complete cells of cohorts that are large enough and whole, with `lag` (months from the model's launch)."""

    def make() -> pd.DataFrame:
        frame = retention.trusted(retention.triangles(log, min_cohort=LEAST_USERS))
        launches = retention.launch_cohorts(log, list(frame["model"].unique()))
        launch = frame["model"].map({model: month for model, (month, _) in launches.items()})
        return frame.assign(lag=months_to_each(pd.to_datetime(launch), frame["cohort"]))

    frame = log.remembered("claims.cells_of_cohorts", make)
    if model is not None:
        frame = frame[frame["model"] == model]
    if frame.empty:
        whose = f"of {model} " if model else ""
        raise Untestable(f"no cohort {whose}with {LEAST_USERS} users or more and a complete month")
    return frame


def cell_of(cells: pd.DataFrame, cohort: dt.date, k: int) -> pd.Series:
    """The cell of one cohort at one month. Raises Untestable where there is none."""
    found = cells[(cells["cohort"] == pd.Timestamp(cohort)) & (cells["k"] == k)]
    if found.empty:
        raise Untestable(
            f"the log has no complete month {k} of a cohort of {cohort:%B %Y} with {LEAST_USERS} users or more"
        )
    return found.iloc[0]
