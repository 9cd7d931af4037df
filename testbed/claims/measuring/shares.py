"""Shares of tokens by week: of some models in others, and of each model or author."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from analysis.proportions import share as over
from analysis.sources.log import Log
from testbed.claims.measuring.measured import NAN, Series, Untestable
from testbed.claims.measuring.tables import Pick, Window, by_week, series, tool_traffic, traffic, weeks_of

Measure = Literal["tokens", "tool_tokens"]
Entity = Literal["model", "author"]


def rows_of(log: Log, measure: Measure, window: Window, within: Pick) -> pd.DataFrame:
    """Weekly tokens of the models `within`, a row a week and model; all of them, or those of tool calls."""
    frame = traffic(log, window) if measure == "tokens" else tool_traffic(log, window)
    return frame[within.of(frame)]


def share_by_week(log: Log, of: Pick, within: Pick, window: Window, measure: Measure = "tokens") -> Series:
    """Tokens of the models `of` over those of `within`, by complete week of the window."""
    weeks = weeks_of(log, window)
    rows = rows_of(log, measure, window, within)
    values = over(by_week(rows[of.of(rows)], weeks), by_week(rows, weeks))
    return series(
        values, weeks, n=int(rows["requests"].sum()) if "requests" in rows else 0, detail="weekly shares"
    )


def shares_of_each(log: Log, by: Entity, within: Pick, window: Window, measure: Measure) -> pd.DataFrame:
    """Shares of `within` by week (rows) and entity (columns)."""
    weeks = weeks_of(log, window)
    rows = rows_of(log, measure, window, within)
    if not rows["tokens"].sum():
        raise Untestable("no tokens of such models in the window")
    table = (
        rows.pivot_table(index="week", columns=by, values="tokens", aggfunc="sum").reindex(weeks).fillna(0.0)
    )
    return table.div(table.sum(axis=1).replace(0, NAN), axis=0)
