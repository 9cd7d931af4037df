"""Statistics on regions and languages (section 6)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from analysis import vocabulary as v
from analysis.queries import geography
from analysis.queries.query import collect
from analysis.sources.log import Log
from testbed.claims.measuring.measured import Groups, Measured, Series, Untestable
from testbed.claims.measuring.tables import Summary, Window, by_week, series, summarised, weeks_of
from testbed.claims.measuring.uncertainty import ratio_of_weeks
from testbed.claims.statistics.registry import statistic

Place = Literal["continent", "country", "language"]


@statistic
def spend_by_continent(log: Log, continent: str, window: Window = "main") -> Series:
    """Share of a continent of billing in the spend, by complete week; 0 in weeks with spend elsewhere only."""
    frame = geography.weekly_spend(log)
    weeks = weeks_of(log, window)
    frame = frame[frame["week"].isin(weeks)]
    if set(frame["continent"]) <= {geography.UNKNOWN}:
        raise Untestable("no spend with a known continent of billing")
    known = frame.groupby("week")["share"].sum(min_count=1).reindex(weeks).notna()
    frame = frame[frame["continent"] == continent]
    shares = frame.set_index("week")["share"].reindex(weeks).fillna(0.0).where(known)
    return series(shares.to_numpy(dtype=np.float64), weeks, n=int(frame["requests"].sum()))


@statistic
def spend_share(log: Log, continent: str, summary: Summary = "mean", window: Window = "main") -> Measured:
    """One number of `spend_by_continent`."""
    return summarised(spend_by_continent(log, continent, window), summary, log, window)


@statistic
def weekly_place(log: Log, continent: str, window: Window = "main") -> Series:
    """Place of a continent of billing among all known ones by spend, by complete week: 1 = the largest."""
    own = spend_by_continent(log, continent, window)
    weeks = weeks_of(log, window)
    frame = geography.weekly_spend(log)
    frame = frame[frame["continent"] != geography.UNKNOWN]
    table = frame.pivot_table(index="week", columns="continent", values="share").reindex(weeks)
    places = 1.0 + table.gt(pd.Series(own.values, index=weeks), axis=0).sum(axis=1).to_numpy(dtype=np.float64)
    return series(
        np.where(np.isfinite(own.values), places, np.nan), weeks, "count", n=own.n, detail=own.detail
    )


def _weekly(log: Log, place: Place) -> pd.DataFrame:
    t = geography.by_place(log, place)
    return log.remembered(
        f"claims.{place}", lambda: collect(t.group_by("week", place).aggregate(tokens=v.total(t.tokens)))
    )


@statistic
def token_shares(log: Log, place: Place, of: list[str], window: Window = "main") -> Groups:
    """Share of each named place or language in all tokens of the window, and `other`: all that is not named; block
    bootstrap over weeks."""
    frame = _weekly(log, place)
    if set(frame[place]) == {geography.UNKNOWN}:
        raise Untestable(f"the log has the column {place} but no value in it")
    weeks = weeks_of(log, window)
    frame = frame[frame["week"].isin(weeks)]
    whole = by_week(frame, weeks)
    parts = {}
    for name in [*of, "other"]:
        rows = frame[~frame[place].isin(of)] if name == "other" else frame[frame[place] == name]
        value, low, high = ratio_of_weeks(by_week(rows, weeks), whole)
        parts[name] = Measured(
            value, low, high, len(weeks), "share", "of all tokens; block bootstrap over weeks"
        )
    return Groups(parts)


@statistic
def outside(log: Log, country: str = "US", window: Window = "main") -> Measured:
    """Share of tokens billed outside a country; block bootstrap over weeks. Unknown countries are left out."""
    frame = _weekly(log, "country")
    frame = frame[frame["country"] != geography.UNKNOWN]
    weeks = weeks_of(log, window)
    frame = frame[frame["week"].isin(weeks)]
    if frame.empty:
        raise Untestable("no request with a country in the window")
    value, low, high = ratio_of_weeks(
        by_week(frame[frame["country"] != country], weeks), by_week(frame, weeks)
    )
    return Measured(value, low, high, len(weeks), "share", "of all tokens; block bootstrap over weeks")
