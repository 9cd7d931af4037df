"""Statistics on open and closed models: shares, concentration, leaders (section 3)."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from analysis.queries import openness
from analysis.sources.log import Log
from testbed.claims.measuring.measured import Groups, Measured, Series, Untestable
from testbed.claims.measuring.shares import Entity, Measure, rows_of, share_by_week, shares_of_each
from testbed.claims.measuring.tables import (
    EVERYTHING,
    Pick,
    Summary,
    Window,
    bounds,
    by_week,
    catalogued,
    must_reach,
    series,
    summarised,
    traffic,
    weeks_of,
)
from testbed.claims.measuring.uncertainty import difference, mean_of_weeks, ratio_of_weeks
from testbed.claims.statistics.registry import statistic


@statistic
def weekly_share(
    log: Log, of: Pick, within: Pick = EVERYTHING, window: Window = "main", measure: Measure = "tokens"
) -> Series:
    """Tokens of some models over the tokens of `within` (all models), by complete week of the window. measure:
    all tokens, or those of requests that end in a tool call."""
    return share_by_week(log, of, within, window, measure)


@statistic
def share(
    log: Log,
    of: Pick,
    within: Pick = EVERYTHING,
    window: Window = "main",
    summary: Summary = "mean",
    measure: Measure = "tokens",
) -> Measured:
    """One number of `weekly_share`: unweighted mean over weeks, extreme week, first or last four weeks, or their
    difference; Newey-West interval over the weeks (extremes have none)."""
    return summarised(share_by_week(log, of, within, window, measure), summary, log, window)


@statistic
def halves(log: Log, of: Pick, split: dt.date, within: Pick = EVERYTHING) -> Groups:
    """Mean weekly share before and from a date in the main window, as `before` and `after`; and the changes within
    them (mean of the last four weeks less that of the first four) as `change before` and `change after`."""
    whole = share_by_week(log, of, within, "main")
    early = np.array([day < split for day in whole.times])
    parts = {}
    for name, mask in (("before", early), ("after", ~early)):
        values = whole.values[mask]
        if len(values) < 8:
            raise Untestable(f"fewer than 8 weeks {name} {split}")
        parts[name] = mean_of_weeks(values)
        parts[f"change {name}"] = difference(mean_of_weeks(values[-4:]), mean_of_weeks(values[:4]))
    return Groups(parts)


@statistic
def weekly_tokens(log: Log, of: Pick = EVERYTHING, window: Window = "main") -> Series:
    """Tokens by complete week of the window (counts)."""
    weeks = weeks_of(log, window)
    rows = traffic(log, window)
    return series(by_week(rows[of.of(rows)], weeks), weeks, "tokens", n=int(rows["requests"].sum()))


@statistic
def largest_share(
    log: Log,
    by: Entity,
    within: Pick = EVERYTHING,
    window: Window = "main",
    summary: Summary = "end",
    measure: Measure = "tokens",
) -> Measured:
    """Share of the largest model (or author) in each week, of the tokens of `within`; summarised over the weeks."""
    table = shares_of_each(log, by, within, window, measure)
    values = table.max(axis=1).to_numpy()
    result = summarised(series(values, list(table.index)), summary, log, window)
    late = table.tail(4).mean()
    top = late.idxmax() if late.notna().any() else "none"
    return replace(result, detail=f"{result.detail}; largest at the end: {top}")


@statistic
def concentration_change(
    log: Log, by: Entity, within: Pick = EVERYTHING, window: Window = "main", measure: Measure = "tokens",
    split: dt.date | None = None,
) -> Measured:  # fmt: skip
    """The Herfindahl-Hirschman index: mean of the weeks from `split` on less that of the weeks before; without a split,
    the last eight weeks less the first eight. Interval from both sides' Newey-West intervals."""
    table = shares_of_each(log, by, within, window, measure)
    index = (table**2).sum(axis=1, min_count=1)
    if split is None:
        before, after = index.iloc[:8], index.iloc[-8:]
    else:
        before, after = index[index.index < pd.Timestamp(split)], index[index.index >= pd.Timestamp(split)]
    if min(len(before), len(after)) < 4:
        raise Untestable("fewer than 4 weeks on one side")
    gap = difference(mean_of_weeks(after, "ratio"), mean_of_weeks(before, "ratio"))
    return Measured(gap.value, gap.low, gap.high, len(index), "ratio",
                    f"index {before.mean():.3f} before, {after.mean():.3f} after")  # fmt: skip


@statistic
def meaningful_models(log: Log, share: float = 0.05, within: Pick = Pick(open=True)) -> Measured:  # noqa: B008
    """How many models hold at least `share` of the tokens of `within` in the last four weeks of the main window (count,
    no interval; the detail gives the range over the weeks one by one)."""
    table = shares_of_each(log, "model", within, "main", "tokens").tail(4)
    must_reach(bounds("main", log)[1], table.index[-1].date())
    one_by_one = (table >= share).sum(axis=1)
    names = table.mean().sort_values(ascending=False).head(8)
    largest = ", ".join(f"{name} {value:.0%}" for name, value in names.items())
    weeks = f"{one_by_one.min()} to {one_by_one.max()} in single weeks"
    return Measured(
        float((table.mean() >= share).sum()), n=4, unit="count", detail=f"weeks; {weeks}; {largest}"
    )


@statistic
def tokens_by(
    log: Log, by: Entity, within: Pick = EVERYTHING, window: Window = "main", measure: Measure = "tokens"
) -> Groups:
    """Each model's (or author's) share of the tokens of `within` over a window, with a moving-block bootstrap over the
    weeks. Those that were on offer and had no traffic are 0."""
    weeks = weeks_of(log, window)
    rows = rows_of(log, measure, window, within)
    if not rows["tokens"].sum():
        raise Untestable("no tokens of such models in the window")
    whole = by_week(rows, weeks)
    sums = rows.groupby(by)["tokens"].sum().sort_values(ascending=False)
    parts = {}
    for name in sums.index:
        value, low, high = ratio_of_weeks(by_week(rows[rows[by] == name], weeks), whole)
        parts[str(name)] = Measured(
            value, low, high, len(weeks), "share", "of the tokens, block bootstrap over weeks"
        )
    for name in sorted(set(catalogued(log, within, window)[by]) - set(parts)):
        parts[name] = Measured(0.0, 0.0, 0.0, len(weeks), "share", "no traffic")
    return Groups(parts)


@statistic
def tokens_of_listed(log: Log, authors: list[str], within: Pick = Pick(open=True)) -> Groups:  # noqa: B008
    """Each listed author's share of the listed authors' tokens in the main window: table 1 without its scale."""
    weeks = weeks_of(log, "main")
    rows = traffic(log, "main")
    rows = rows[within.of(rows) & rows["author"].isin(authors)]
    whole = by_week(rows, weeks)
    parts = {}
    for author in authors:
        value, low, high = ratio_of_weeks(by_week(rows[rows["author"] == author], weeks), whole)
        parts[author] = Measured(value, low, high, len(weeks), "share", "of the listed authors' tokens")
    chinese, low, high = ratio_of_weeks(by_week(rows[rows["origin"] == "CN"], weeks), whole)
    parts["CN"] = Measured(chinese, low, high, len(weeks), "share", "of the listed authors' tokens")
    return Groups(parts)


@statistic
def lead(log: Log, first: str, second: str, within: Pick = Pick(open=True)) -> Measured:  # noqa: B008
    """How many times the second author's tokens the first has in the main window; block bootstrap over weeks. Without
    bound where the second's models were on offer and had no traffic."""
    weeks = weeks_of(log, "main")
    rows = traffic(log, "main")
    rows = rows[within.of(rows)]
    idle = not rows.loc[rows["author"] == second, "tokens"].sum()
    if idle and (rows["author"] == first).any() and second in set(catalogued(log, within)["author"]):
        return Measured(math.inf, n=len(weeks), unit="ratio", detail=f"no traffic of {second}")
    value, low, high = ratio_of_weeks(
        by_week(rows[rows["author"] == first], weeks), by_week(rows[rows["author"] == second], weeks)
    )
    return Measured(value, low, high, len(weeks), "ratio", "block bootstrap over weeks")


@statistic
def leaders(log: Log, size: Literal["small", "medium", "large"]) -> Measured:
    """How many different models of a size class lead it in at least one complete week of the main window (count)."""
    weeks = weeks_of(log, "main")
    frame = openness.size_leaders(log)
    frame = frame[(frame["size_class"] == size) & frame["week"].isin(weeks)].sort_values("week")
    if frame.empty:
        raise Untestable("no tokens of such models in the window")
    first = frame["leader"]
    changes = int((first != first.shift()).sum() - 1)
    return Measured(float(first.nunique()), n=len(first), unit="count",
                    detail=f"weeks; the lead changed {changes} times")  # fmt: skip


@statistic
def sustained_models(
    log: Log, within: Pick, models: list[str] | None = None, share: float = 0.05, weeks: int = 8,
    window: Window = "main",
) -> Measured:  # fmt: skip
    """How many models (of a list) hold at least `share` of the tokens of `within` in at least `weeks` weeks of the
    window (count)."""
    table = shares_of_each(log, "model", within, window, "tokens")
    if models is not None:
        table = table[[model for model in models if model in table.columns]]
    held = (table >= share).sum()
    kept = held[held >= weeks].sort_values(ascending=False)
    first, last = bounds(window, log)
    return Measured(float(len(kept)), n=len(table), unit="count",
                    detail=f"weeks from {first} to {last}: " + ", ".join(kept.index[:8]))  # fmt: skip


def _of_models(log: Log, within: Pick, models: list[str], window: Window) -> pd.DataFrame:
    """Shares of `within` by week of the listed models; 0 for those that were on offer and had no traffic. Raises
    Untestable for those that were not."""
    table = shares_of_each(log, "model", within, window, "tokens")
    absent = [model for model in models if model not in table.columns]
    unknown = sorted(set(absent) - set(catalogued(log, within, window)["model"]))
    if unknown:
        raise Untestable(f"the log has nothing of {', '.join(unknown)}")
    return table.reindex(columns=models).fillna(dict.fromkeys(absent, 0.0))


@statistic
def weeks_together(
    log: Log, within: Pick, models: list[str], share: float, window: Window = "main"
) -> Measured:
    """In how many weeks of the window all listed models hold at least `share` of the tokens of `within` (count)."""
    table = _of_models(log, within, models, window)
    together = int((table >= share).all(axis=1).sum())
    each = ", ".join(f"{model} {int((table[model] >= share).sum())}" for model in models)
    return Measured(float(together), n=len(table), unit="count", detail=f"weeks; each by itself: {each}")


@statistic
def peak_weeks(log: Log, within: Pick, models: list[str], window: Window = "main") -> Groups:
    """Weeks from the start of the window to each listed model's largest share of the tokens of `within`, mean of four
    weeks. Those without traffic have none."""
    table = _of_models(log, within, models, window).rolling(4, min_periods=1).mean()
    parts = {}
    for model in models:
        if table[model].max() > 0:
            weeks = (table[model].idxmax() - table.index[0]).days / 7
            parts[model] = Measured(
                weeks, n=len(table), unit="weeks", detail=f"{table[model].max():.0%} at best"
            )
    return Groups(parts)
