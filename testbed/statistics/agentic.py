"""Statistics on agentic inference: reasoning models, tool calls, lengths of requests (section 4)."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import numpy as np
import pandas as pd

from analysis import agentic, usage
from analysis import vocabulary as v
from analysis.proportions import share as over
from analysis.query import collect
from analysis.source import Log, NotAvailable
from testbed.statistics.measured import Measured, Series, Untestable
from testbed.statistics.registry import statistic
from testbed.statistics.tables import (
    Pick,
    Summary,
    Window,
    by_week,
    sample,
    series,
    summarised,
    tool_traffic,
    traffic,
    weeks_of,
)
from testbed.statistics.uncertainty import difference, mean_of_weeks, ratio_of_weeks

Length = Literal["mean_prompt", "mean_completion", "mean_total", "prompt_to_completion"]


@statistic
def tool_share(log: Log, window: Window = "main") -> Series:
    """Tokens of requests that end in a tool call over all tokens, by week."""
    frame = agentic.tool_share(log)
    weeks = weeks_of(log, window)
    values = frame.set_index("week")["share"].reindex(weeks).to_numpy(dtype=np.float64)
    return series(values, weeks, n=int(frame["requests"].sum()))


@statistic
def tools_called_not_offered(log: Log) -> Measured:
    """Requests that end in a tool call though the log says that no tools were offered: 0 where the first are part of
    the second (exact count)."""
    log.need("tools_offered", "finish_reason", what="comparing tools offered and called")
    rows = log.generations
    called = (rows.finish_reason == "tool_calls").fill_null(False)
    found = collect(
        rows.aggregate(
            wrong=v.count_where(called & ~rows.tools_offered),
            offered=v.count_where(rows.tools_offered),
            called=v.count_where(called & rows.tools_offered),
        )
    )
    if not found["offered"].iloc[0]:
        raise NotAvailable("tools_offered", "the log has the column but no request with tools in it")
    return Measured(float(found["wrong"].iloc[0]), n=int(found["offered"].iloc[0]), unit="count",
                    detail=f"requests with tools offered, {int(found['called'].iloc[0]):,} end in a call")  # fmt: skip


@statistic
def first_week_of_tools_offered(log: Log) -> Measured:
    """Weeks from 1 September 2025 to the first request for which the log says whether tools were offered."""
    log.need("tools_offered", what="the date from which offers are recorded")
    rows = log.generations
    first = collect(rows.filter(rows.tools_offered.notnull()).aggregate(first=rows.created_at.min()))[
        "first"
    ].iloc[0]
    if pd.isna(first):
        raise NotAvailable("tools_offered", "the log has the column but no value in it")
    return Measured((first - pd.Timestamp(2025, 9, 1)).days / 7, n=log.rows, unit="weeks", detail="requests")


@statistic
def tool_tokens_of(log: Log, of: Pick, window: Window) -> Measured:
    """Share of some models in the tokens of requests that end in a tool call, over a window; block bootstrap."""
    weeks = weeks_of(log, window)
    rows = tool_traffic(log, window)
    value, low, high = ratio_of_weeks(by_week(rows[of.of(rows)], weeks), by_week(rows, weeks))
    return Measured(value, low, high, len(weeks), "share", "of tool-call tokens; block bootstrap over weeks")


@statistic
def tool_share_change(log: Log, of: Pick, date: dt.date, weeks: int = 8) -> Measured:
    """Share of some models in the tool-call tokens: mean of the last `weeks` weeks of the main window less the mean of
    the same number of weeks before a date."""
    span = weeks_of(log, "main")
    rows = tool_traffic(log, "main")
    values = over(by_week(rows[of.of(rows)], span), by_week(rows, span))
    times = pd.DatetimeIndex(span)
    before = values[times < pd.Timestamp(date)][-weeks:]
    after = values[times >= pd.Timestamp(date)][-weeks:]
    if min(np.isfinite(before).sum(), np.isfinite(after).sum()) < 4:
        raise Untestable(f"fewer than 4 weeks with tool calls before or after {date}")
    gap = difference(mean_of_weeks(after), mean_of_weeks(before))
    return Measured(gap.value, gap.low, gap.high, len(after), "points",
                    f"{np.nanmean(before):.1%} before, {np.nanmean(after):.1%} after")  # fmt: skip


@statistic
def tool_lean(log: Log, of: Pick) -> Measured:
    """Share of some models in the tool-call tokens less their share in all tokens: mean of the weeks of the main
    window in which they have traffic; Newey-West interval."""
    weeks = weeks_of(log, "main")
    tools, everything = tool_traffic(log, "main"), traffic(log, "main")
    own = by_week(everything[of.of(everything)], weeks)
    gap = over(by_week(tools[of.of(tools)], weeks), by_week(tools, weeks)) - over(
        own, by_week(everything, weeks)
    )
    if not (own > 0).any():
        raise Untestable("the log has no traffic of these models")
    found = mean_of_weeks(gap[own > 0])
    return Measured(found.value, found.low, found.high, found.n, "points", found.detail)


@statistic
def length(log: Log, of: Length, window: Window = "all", summary: Summary = "end") -> Measured:
    """Mean tokens a request (prompt, completion, both) or their ratio, over all requests of a week, summarised."""
    return summarised(_lengths(log, of, window), summary, log, window)


def _lengths(log: Log, of: Length, window: Window) -> Series:
    frame = usage.weekly(log)
    weeks = weeks_of(log, window)
    values = frame.set_index("week")[of].reindex(weeks).to_numpy(dtype=np.float64)
    unit: Literal["ratio", "tokens"] = "ratio" if of == "prompt_to_completion" else "tokens"
    return series(values, weeks, unit, n=int(frame["requests"].sum()))


@statistic
def length_growth(log: Log, of: Length, first: dt.date, last: dt.date, weeks: int = 8) -> Measured:
    """How many times longer requests are in the `weeks` weeks up to `last` than in those from `first` on: quotient of
    the mean tokens a request (all tokens over all requests). Interval from the logs of both sides."""
    frame = usage.weekly(log)
    frame = frame[frame["complete"]].set_index("week")
    start = frame[frame.index >= pd.Timestamp(first)].head(weeks)
    end = frame[frame.index <= pd.Timestamp(last)].tail(weeks)
    if len(start) < weeks or len(end) < weeks or abs((start.index[0] - pd.Timestamp(first)).days) > 28 or (
        abs((end.index[-1] - pd.Timestamp(last)).days) > 28
    ):  # fmt: skip
        raise Untestable(f"the log does not cover {weeks} complete weeks at both {first} and {last}")
    logs = difference(mean_of_weeks(np.log(end[of])), mean_of_weeks(np.log(start[of])))
    return Measured(float(np.exp(logs.value)), float(np.exp(logs.low)), float(np.exp(logs.high)), 2 * weeks, "ratio",
                    f"{start[of].mean():,.0f} to {end[of].mean():,.0f} tokens a request"
                    if of != "prompt_to_completion" else f"{start[of].mean():.1f} to {end[of].mean():.1f}")  # fmt: skip


@statistic
def reasoning_part_of_growth(log: Log, first: dt.date, last: dt.date, weeks: int = 8) -> Measured:
    """Reasoning tokens a request: their growth over the growth of completion tokens a request, between the `weeks`
    weeks from `first` on and those up to `last` (exact on the log's counts, no interval)."""
    lengths = usage.weekly(log).set_index("week")
    inside = agentic.reasoning_token_share(log).set_index("week")["tokens_reasoning"]
    lengths = lengths[lengths["complete"]].assign(tokens_reasoning=inside)
    ends = [
        lengths[lengths.index >= pd.Timestamp(first)].head(weeks),
        lengths[lengths.index <= pd.Timestamp(last)].tail(weeks),
    ]
    if min(len(end) for end in ends) < weeks:
        raise Untestable(f"the log does not cover {weeks} complete weeks at both {first} and {last}")
    reasoning, completion = (
        [float(over(end[column].sum(), end["requests"].sum())) for end in ends]
        for column in ("tokens_reasoning", "tokens_completion")
    )
    growth = completion[1] - completion[0]
    if growth <= 0:
        raise Untestable("completions did not become longer")
    return Measured((reasoning[1] - reasoning[0]) / growth, n=2 * weeks, unit="share",
                    detail=f"completions {completion[0]:,.0f} to {completion[1]:,.0f} tokens, reasoning "
                    f"{reasoning[0]:,.0f} to {reasoning[1]:,.0f}")  # fmt: skip


def _category_lengths(
    log: Log, window: Window, column: str
) -> tuple[list[pd.Timestamp], dict[str, np.ndarray], np.ndarray]:
    """Mean tokens a labelled request by category and over all, by week of the window."""
    cells, whole = sample(log, window)
    weeks = [week for week in weeks_of(log, window) if week in set(whole["week"])]
    table: dict[str, np.ndarray] = {}
    for name, rows in cells.groupby("category"):
        sums = rows.groupby("week")[[column, "requests"]].sum().reindex(weeks)
        table[str(name)] = over(sums[column], sums["requests"])
    sums = whole.groupby("week")[[column, "requests"]].sum().reindex(weeks)
    return weeks, table, over(sums[column], sums["requests"])


@statistic
def longest_category(log: Log, category: str = "programming", window: Window = "category") -> Series:
    """The category's mean prompt over the longest of the other categories', by week: above 1 where it is the
    longest."""
    weeks, table, _ = _category_lengths(log, window, "prompt")
    if category not in table:
        raise Untestable(f"no labelled request of {category}")
    others = [values for name, values in table.items() if name not in (category, "other")]
    if not others:
        raise Untestable("no labelled request of another category")
    return series(over(table[category], np.fmax.reduce(others, axis=0)), weeks, "ratio")


@statistic
def weekly_category_length(log: Log, category: str, of: Literal["prompt", "tokens"] = "prompt",
                           window: Window = "category") -> Series:  # fmt: skip
    """Mean tokens a labelled request of a category, by week; `others`: of all requests without the programming
    label."""
    weeks, table, _ = _category_lengths(log, window, of)
    if category not in table:
        raise Untestable(f"no labelled request of {category}")
    return series(table[category], weeks, "tokens")


@statistic
def programming_part_of_growth(log: Log, window: Window = "category") -> Measured:
    """Of the growth of the mean prompt over the window (last eight weeks less first eight, labelled requests), the part
    that goes away if programming requests keep the number per request and the length that they had at the start:
    growth of programming's contribution (its prompt tokens over all labelled requests) over all growth. Exact, no
    interval."""
    cells, whole = sample(log, window)
    weeks = [week for week in weeks_of(log, window) if week in set(whole["week"])]
    if len(weeks) < 16:
        raise Untestable("fewer than 16 weeks with labels")
    ends = []
    for part in (weeks[:8], weeks[-8:]):
        inside, own = (
            whole[whole["week"].isin(part)],
            cells[cells["week"].isin(part) & (cells["category"] == "programming")],
        )
        requests = inside["requests"].sum()
        ends.append(
            (float(over(inside["prompt"].sum(), requests)), float(over(own["prompt"].sum(), requests)))
        )
    growth = ends[1][0] - ends[0][0]
    if growth <= 0:
        raise Untestable("prompts did not become longer in the window")
    return Measured((ends[1][1] - ends[0][1]) / growth, n=int(whole["requests"].sum()), unit="share",
                    detail=f"labelled requests; mean prompt {ends[0][0]:,.0f} to {ends[1][0]:,.0f} tokens")  # fmt: skip


@statistic
def weekly_programming_to_overall(log: Log, window: Window = "category") -> Series:
    """Programming's mean length (prompt and completion) over the mean length of all labelled requests, by week."""
    weeks, table, overall = _category_lengths(log, window, "tokens")
    if "programming" not in table:
        raise Untestable("no labelled request of programming")
    return series(over(table["programming"], overall), weeks, "ratio")


@statistic
def programming_to_overall(log: Log, window: Window = "category", summary: Summary = "mean") -> Measured:
    """One number of `weekly_programming_to_overall`, with a Newey-West interval over the weeks."""
    return summarised(weekly_programming_to_overall(log, window), summary, log, window)
