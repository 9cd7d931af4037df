"""What each figure is drawn from, in a line: the note under it, and under its chart on the page.

Each function takes a log and reads tables that are remembered on it; what the log cannot say raises NotAvailable, as
the table itself does. Nothing here draws.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.numerals import counted
from analysis.queries import agentic, categories, cost, geography, openness, usage
from analysis.queries.query import day
from analysis.queries.weekly import Window, complete_weeks, weeks_of, window_of
from analysis.report.figures.scales import token_scale
from analysis.sources.log import Log
from analysis.study import CATEGORY_WINDOW, MAIN_WINDOW

MONTHS = "months since first use (month 0 is 100% by definition)"


def of_requests(log: Log, frame: pd.DataFrame | None = None, window: Window | None = None) -> str:
    """The log, its requests and days behind a figure: those of the frame, of the window, or of the log."""
    requests = int(frame["requests"].sum()) if frame is not None and "requests" in frame else log.rows
    if window is None and frame is not None and len(frame):
        window = (day(frame["week"].min()), day(frame["week"].max() + pd.Timedelta(days=6)))
    if window is not None and (frame is None or "requests" not in frame):
        weekly = usage.weekly(log)
        inside = weekly["week"].between(pd.Timestamp(window[0]), pd.Timestamp(window[1]))
        requests = int(weekly.loc[inside, "requests"].sum())
    period = f", {window[0]} to {window[1]}" if window is not None else ""
    return f"{log.name}: {counted(requests, 'request')}{period}"


def of_labels(log: Log, frame: pd.DataFrame) -> str:
    """The labelled requests behind a weekly figure: the frame's column labelled_requests, the same in a week. Empty
    without a week."""
    weeks = frame.groupby("week")["labelled_requests"].max().astype(int)
    return (
        f"{log.name}: {weeks.sum():,} labelled requests, {span(weeks.tolist())} a week" if len(weeks) else ""
    )


def span(values: Sequence[int]) -> str:
    """The range of counts as text, such as `12 to 340`."""
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


# --- open against closed models


def weekly_shares(log: Log) -> str:
    """Of `figures.open_and_closed` and `figures.tokens_by_source`."""
    return of_requests(log, weeks_of(log, openness.weekly_shares(log), MAIN_WINDOW))


def open_authors(log: Log) -> str:
    """Of `figures.open_authors`."""
    return of_requests(log, window=window_of(log, MAIN_WINDOW))


def open_models(log: Log) -> str:
    """Of `figures.open_models`."""
    return of_requests(log, complete_weeks(openness.top_models(log, window_of(log, MAIN_WINDOW))))


def size_classes(log: Log) -> str:
    """Of `figures.size_classes`."""
    return of_requests(log, weeks_of(log, openness.weekly_sizes(log), MAIN_WINDOW))


def size_leaders(log: Log) -> str:
    """Of `figures.size_leaders`."""
    return of_requests(log, weeks_of(log, openness.size_leaders(log), MAIN_WINDOW))


def available_models(log: Log) -> str:
    """Of `figures.available_models`."""
    return f"{log.name}: the models table, without regard to use"


def category_mix(log: Log, source_types: Sequence[str]) -> str:
    """Of `figures.open_categories` and `figures.cn_categories`."""
    return of_labels(log, weeks_of(log, openness.category_mix(log, source_types), CATEGORY_WINDOW))


def category_sources(log: Log, category: str) -> str:
    """Of `figures.programming_sources` and `figures.roleplay_sources`."""
    frame = weeks_of(log, openness.category_sources(log, category), CATEGORY_WINDOW)
    weeks = frame.groupby("week")["requests"].sum()
    return of_labels(log, weeks.rename("labelled_requests").reset_index())


# --- agentic inference


def reasoning_share(log: Log) -> str:
    """Of `figures.reasoning_share`."""
    return of_requests(log, weeks_of(log, agentic.reasoning_share(log), MAIN_WINDOW))


def reasoning_models(log: Log) -> str:
    """Of `figures.reasoning_models`."""
    frame = agentic.reasoning_ranking(log, window_of(log, MAIN_WINDOW))
    requests = int(frame.loc[frame["rank"] <= agentic.TOP_REASONING, "requests"].sum())
    return (
        f"{log.name}: {counted(requests, 'request')} to the models shown; free launch access left out; "
        "grey: no longer among the first ten"
    )


def tool_share(log: Log) -> str:
    """Of `figures.tool_share`."""
    frame = weeks_of(log, agentic.tool_share_and_largest_account(log), MAIN_WINDOW)
    known = frame["largest_account_part"].notna().any()
    missing = "" if known else "; the log does not record accounts"
    return f"{log.name}: {counted(int(frame['requests'].sum()), 'request')}{missing}"


def tools_offered(log: Log) -> str:
    """Of `figures.tools_offered`."""
    return of_requests(log, weeks_of(log, agentic.tools_offered(log), MAIN_WINDOW))


def tool_models(log: Log) -> str:
    """Of `figures.tool_models`."""
    frame = complete_weeks(agentic.top_tool_models(log, window_of(log, MAIN_WINDOW)))
    tokens = frame.drop_duplicates("week")["week_tool_tokens"].sum()
    scale, unit = token_scale(float(tokens) or 1.0)
    return f"{log.name}: {tokens * scale:,.3g} {unit} of tokens in tool calls"


def weekly_means(log: Log) -> str:
    """Of `figures.mean_prompt` and `figures.mean_total`."""
    return of_requests(log, complete_weeks(usage.weekly(log)))


def mean_completion(log: Log) -> str:
    """Of `figures.mean_completion`."""
    return of_requests(log, complete_weeks(agentic.completion_lengths(log)))


def category_prompts(log: Log) -> str:
    """Of `figures.category_prompts`."""
    frame = weeks_of(log, categories.mean_lengths(log), CATEGORY_WINDOW)
    shown = frame.loc[frame["category"] != categories.OTHER, "week"]
    weeks = categories.weekly_shares(log)[["week", "labelled_requests"]].drop_duplicates()
    return of_labels(log, weeks[weeks["week"].isin(shown)])


def prompt_growth(log: Log) -> str:
    """Of `figures.prompt_growth`."""
    frame = agentic.prompt_growth(log, window_of(log, CATEGORY_WINDOW))
    whole = frame[frame["category"] == "all"]
    first, last = whole["mean_first"].sum(), whole["mean_last"].sum()
    return f"{log.name}: {first:,.0f} to {last:,.0f} tokens per labelled request"


def programming_length(log: Log) -> str:
    """Of `figures.programming_length`."""
    frame = weeks_of(log, agentic.programming_length(log), CATEGORY_WINDOW)
    few = frame["programming_requests"] + frame["other_requests"]
    return of_labels(log, frame[["week"]].assign(labelled_requests=few))


# --- categories


def programming_share(log: Log) -> str:
    """Of `figures.programming_share`."""
    frame = weeks_of(log, categories.programming_share(log), CATEGORY_WINDOW)
    return of_labels(log, frame) or f"{log.name}: no labelled requests"


def author_spend(log: Log) -> str:
    """Of `figures.author_spend`."""
    frame = weeks_of(log, categories.weekly_author_spend(log), CATEGORY_WINDOW)
    weeks = categories.named_authors(frame).drop_duplicates("week")
    requests, spent = int(weeks["week_requests"].sum()), weeks["week_spend_usd"].sum()
    return f"{log.name}: labelled sample, {counted(requests, 'request')}, {spent:,.2f} USD"


def author_mix(log: Log, author: str) -> str:
    """Of `figures.author_mix`."""
    frame = categories.weekly_author_mix(log)
    weeks = weeks_of(log, frame[frame["author"] == author], CATEGORY_WINDOW).drop_duplicates("week")
    many = f"{counted(int(weeks['author_requests'].sum()), 'request')} by category"
    few = f", {span(weeks['author_requests'].astype(int).tolist())} a week" if len(weeks) else ""
    mean = (
        f"; mean concentration {weeks['concentration'].mean():.2f} (1 = one category)"
        if weeks["concentration"].notna().any()
        else ""
    )
    return f"{log.name}: labelled sample, {many}{few}{mean}"


def subtags(log: Log, shown: Sequence[str]) -> str:
    """Of `figures.top_subtags`, `figures.next_subtags` and `figures.category_subtags`. shown: their categories."""
    frame = categories.subtags(log, window_of(log, CATEGORY_WINDOW))
    parts = frame[frame["category"].isin(list(shown))].drop_duplicates("category")
    requests = f"{int(parts['category_requests'].sum()):,} labelled requests in all"
    return f"{log.name}: share of the category's labelled tokens; n: {requests}; bits: entropy"


# --- geography, retention, cost


def spend_by_continent(log: Log) -> str:
    """Of `figures.spend_by_continent`."""
    frame = weeks_of(log, geography.weekly_spend(log), MAIN_WINDOW)
    spent = frame.drop_duplicates("week")["week_spend_usd"].sum()
    return f"{log.name}: {counted(int(frame['requests'].sum()), 'request')}, {spent:,.0f} USD"


def retention_panels(log: Log) -> str:
    """Of `figures.retention_panels`: what the panels count along; each gives the sizes of its cohorts."""
    return MONTHS


def category_cost(log: Log) -> str:
    """Of `figures.category_cost`."""
    frame = cost.category_cost(log, window_of(log, CATEGORY_WINDOW))
    requests = int(frame["requests"].sum())
    return f"{log.name}: {requests:,} labelled requests by category, own-key ones left out"


def model_cost(log: Log) -> str:
    """Of `figures.model_cost`."""
    frame = cost.market_map(log, window_of(log, MAIN_WINDOW))
    return (
        f"{log.name}: {counted(len(frame), 'model')}, {counted(int(frame['requests'].sum()), 'paid request')}"
    )


def archetypes(log: Log) -> str:
    """Of `figures.archetypes`."""
    frame = cost.market_map(log, window_of(log, MAIN_WINDOW))
    return f"{log.name}: {counted(len(frame), 'model')}; circles: the models of the report's table 3"
