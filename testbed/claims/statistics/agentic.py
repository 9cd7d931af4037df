"""Statistics on agentic inference: reasoning models, tool calls, lengths of requests (section 4)."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import numpy as np
import pandas as pd

from analysis.numerals import counted
from analysis.proportions import share as over
from analysis.queries import agentic, lengths, usage
from analysis.queries.query import collect
from analysis.sources.log import Log, NotAvailable
from testbed.claims.measuring.measured import Groups, Measured, Series, Untestable
from testbed.claims.measuring.tables import (
    Pick,
    Summary,
    Window,
    bounds,
    by_week,
    catalogued,
    ends_of,
    must_reach,
    sample,
    series,
    summarised,
    tool_traffic,
    traffic,
    weeks_of,
)
from testbed.claims.measuring.uncertainty import difference, label_draws, mean_of_weeks, ratio_of_weeks
from testbed.claims.statistics.registry import statistic

Length = Literal["mean_prompt", "mean_completion", "mean_total", "prompt_to_completion"]


@statistic
def reasoning_shares(log: Log, period: Literal["latest", "earlier"]) -> Groups:
    """Each reasoning model's share of the tokens of all of them in the last four complete weeks of the main window, or
    in the four that end eight weeks before (figure 11). Free launch access is left out, lasting free variants are not.
    Models that were on offer and had no such traffic are 0. Four weeks make no interval."""
    weeks = weeks_of(log, "main")
    must_reach(bounds("main", log)[1], weeks[-1].date())
    frame = agentic.reasoning_ranking(log, bounds("main", log), top=2**31)
    frame = frame[frame["period"] == period]
    if not frame["tokens"].sum():
        raise Untestable("no tokens of reasoning models in those weeks")
    first, last = frame["first_week"].iloc[0].date(), frame["last_week"].iloc[0].date()
    text = f"of the tokens, weeks of {first} to {last}"
    rows = zip(frame["model"], frame["share"], strict=True)
    parts = {str(model): Measured(float(share), n=agentic.LATEST_WEEKS, detail=text) for model, share in rows}
    offered = catalogued(log, Pick(reasoning=True), (first, last + dt.timedelta(days=6)))["model"]
    for model in sorted(set(offered) - set(parts)):
        parts[model] = Measured(0.0, n=agentic.LATEST_WEEKS, detail=text)
    return Groups(parts)


@statistic
def tool_share(log: Log, window: Window = "main") -> Series:
    """Tokens of requests that end in a tool call over all tokens, by week."""
    frame = agentic.tool_share(log)
    weeks = weeks_of(log, window)
    values = frame.set_index("week")["share"].reindex(weeks).to_numpy(dtype=np.float64)
    return series(values, weeks, n=int(frame["requests"].sum()))


@statistic
def account_part_of_spike(log: Log, first: dt.date, last: dt.date, around: int = 8) -> Measured:
    """Of what the peak week of tool calls among the weeks from `first` to `last` has above the median of the `around`
    weeks on either side, the part of the largest account: its tool-call tokens over all tokens in that week, less the
    median of the same for the largest accounts of the weeks around. Exact, no interval."""
    log.need("account_id", what="the largest account's part in tool calls")
    frame = agentic.tool_share_and_largest_account(log).set_index("week").reindex(weeks_of(log, "main"))
    inside = (frame.index >= pd.Timestamp(first)) & (frame.index <= pd.Timestamp(last))
    at = np.flatnonzero(inside)
    if not len(at) or frame["share"][inside].isna().all():
        raise Untestable(f"the log has no complete week with finish reasons from {first} to {last}")
    near = np.r_[max(0, at[0] - around) : at[0], at[-1] + 1 : min(len(frame), at[-1] + 1 + around)]
    peak = frame[inside].nlargest(1, "share").iloc[0]
    usual = {name: float(frame[name].iloc[near].median()) for name in ("share", "largest_account_part")}
    excess = float(peak["share"] - usual["share"])
    if not excess > 0:
        raise Untestable("no week stands out")
    own = float(peak["largest_account_part"] - usual["largest_account_part"])
    accounts = counted(int(peak["accounts"]), "account")
    return Measured(own / excess, n=int(peak["tool_requests"]), unit="share",
                    detail=f"calls, week of {peak.name:%d %B %Y}, of {accounts}")  # fmt: skip


def _offers(log: Log) -> pd.DataFrame:
    frame = agentic.tools_offered(log)
    if not frame["offered"].sum():
        raise NotAvailable("tools_offered", "the log has the column but no request with tools in it")
    return frame


@statistic
def tools_called_not_offered(log: Log) -> Measured:
    """Requests that end in a tool call though the log says that no tools were offered: 0 where the first are part of
    the second (exact count)."""
    frame = _offers(log)
    calls = int(frame["called"].sum() - frame["unoffered_calls"].sum())
    return Measured(float(frame["unoffered_calls"].sum()), n=int(frame["offered"].sum()), unit="count",
                    detail=f"requests with tools offered, {calls:,} end in a call")  # fmt: skip


@statistic
def weekly_offers_to_calls(log: Log) -> Series:
    """Requests that offer tools over requests that end in a tool call, by week in which offers are recorded and calls
    occur."""
    frame = _offers(log)
    frame = frame[frame["called"] > 0]
    values = over(frame["offered"], frame["called"])
    return series(
        values, [pd.Timestamp(week) for week in frame["week"]], "ratio", n=int(frame["offered"].sum())
    )


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
        if catalogued(log, of).empty:
            raise Untestable("the log has no traffic of these models")
        return Measured(0.0, 0.0, 0.0, 0, "points", "weeks; the models were on offer and had no traffic")
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
    start, end = ends_of(frame[frame["complete"]].set_index("week"), first, last, weeks)
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
    ends = ends_of(lengths, first, last, weeks)
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


def _programming_growth(log: Log) -> dict[str, float]:
    """Of the growth of mean prompts over the category window (first and last eight labelled weeks): programming's
    `part`, its share of the prompt tokens at the start (`part_first`), and the means (`first`, `last`). Raises
    Untestable where prompts did not grow."""
    weeks_of(log, "category")
    frame = lengths.prompt_growth(log, bounds("category", log), weeks=8).set_index("category")
    if frame.empty or lengths.PROGRAMMING not in frame.index:
        raise Untestable("no labelled request of programming")
    first, last = frame["mean_first"], frame["mean_last"]
    if not last["all"] > first["all"]:
        raise Untestable("prompts did not become longer in the window")
    tokens = frame["share_first"] * first
    name = lengths.PROGRAMMING
    return {"part": float(frame["part"][name]), "part_first": float(over(tokens[name], first["all"])),
            "first": float(first["all"]), "last": float(last["all"])}  # fmt: skip


@statistic
def programming_part_of_growth(log: Log) -> Measured:
    """Programming's part in the growth of the mean prompt over the category window (last eight weeks less first eight,
    labelled requests): longer prompts within it and its larger share, in Kitagawa's decomposition. Exact, no
    interval."""
    row = _programming_growth(log)
    return Measured(float(row["part"]), unit="share",
                    detail=f"labelled requests; mean prompt {row['first']:,.0f} to {row['last']:,.0f}")  # fmt: skip


@statistic
def programming_excess_in_growth(log: Log) -> Measured:
    """`programming_part_of_growth` less programming's share of the prompt tokens at the start, which it would be if
    all categories grew by the same factor at a constant mix. Exact, no interval."""
    row = _programming_growth(log)
    return Measured(float(row["part"] - row["part_first"]), unit="points",
                    detail=f"{row['part_first']:.1%} of the prompt tokens at the start")  # fmt: skip


@statistic
def weekly_programming_to_overall(log: Log, window: Window = "category") -> Series:
    """Mean length (prompt and completion) of labelled programming requests over that of all requests, labelled or not,
    by week (figure 18). Draws: with the standard error of the first mean; that of one request is its length."""
    weeks = weeks_of(log, window)
    frame = lengths.programming_length(log).set_index("week").reindex(weeks)
    requests = int(frame["programming_requests"].sum())
    if not requests:
        raise Untestable("no labelled request of programming")
    values = frame["ratio"].to_numpy(dtype=np.float64)
    cells, _ = sample(log, window)
    own = cells[cells["category"] == lengths.PROGRAMMING]
    n, tokens, squares = (by_week(own, weeks, column) for column in ("requests", "tokens", "squares"))
    variance = np.where(n > 1, over(squares - over(tokens**2, n), n * (n - 1)), over(tokens, n) ** 2)
    error = over(np.sqrt(np.clip(variance, 0, None)), frame["mean_all"].to_numpy(dtype=np.float64))
    return series(
        values, weeks, "ratio", requests, "labelled programming requests", label_draws(values, error)
    )


@statistic
def programming_to_overall(log: Log, window: Window = "category", summary: Summary = "mean") -> Measured:
    """One number of `weekly_programming_to_overall`, with a Newey-West interval over the weeks."""
    return summarised(weekly_programming_to_overall(log, window), summary, log, window)
