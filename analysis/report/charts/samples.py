"""What an exhibit is drawn from, in a line: the note under its figure, and under its chart on the page.

Each function takes a log and the exhibit's table. Nothing here draws.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from analysis.numerals import counted, span
from analysis.queries import agentic, categories, usage
from analysis.queries.query import day
from analysis.queries.weekly import Window, complete_weeks, window_of
from analysis.sources.log import Log

MONTHS = "months since first use (month 0 is 100% by definition)"

Sample = Callable[[Log, pd.DataFrame], str]


def requests(log: Log, frame: pd.DataFrame) -> str:
    """Of a weekly table: the log, its requests and the days of its complete weeks; the requests of the log in those
    days where the table does not count them."""
    weeks = complete_weeks(frame)
    window = (
        (day(weeks["week"].min()), day(weeks["week"].max() + pd.Timedelta(days=6))) if len(weeks) else None
    )
    if "requests" not in weeks:
        return _within(log, window)
    return _told(log, int(weeks["requests"].sum()), window)


def within(window: Window) -> Sample:
    """Of a table over a window, which is the whole log where that has no week of it: the log's requests in it."""
    return lambda log, _: _within(log, window_of(log, window))


def _within(log: Log, window: Window | None) -> str:
    if window is None:
        return _told(log, log.rows, None)
    weekly = usage.weekly(log)
    inside = weekly["week"].between(pd.Timestamp(window[0]), pd.Timestamp(window[1]))
    return _told(log, int(weekly.loc[inside, "requests"].sum()), window)


def _told(log: Log, count: int, window: Window | None) -> str:
    period = ""
    if window is not None:  # a week or a window that the log holds in part ends where the log does
        first, last = max(window[0], log.first_day), min(window[1], log.last_day)
        period = f", {first} to {last}"
    return f"{log.name}: {counted(count, 'request')}{period}"


def labels(log: Log, frame: pd.DataFrame) -> str:
    """Of a weekly table with a column labelled_requests, the same in all rows of a week."""
    weeks = complete_weeks(frame).groupby("week")["labelled_requests"].max().fillna(0).astype(int)
    if weeks.empty:
        return f"{log.name}: no labelled requests"
    return f"{log.name}: {weeks.sum():,} labelled requests, {span(weeks.tolist())} a week"


# --- open against closed models, agentic inference


def models_table(log: Log, frame: pd.DataFrame) -> str:
    """Of the models on offer."""
    return f"{log.name}: the models table, without regard to use"


def category_sources(log: Log, frame: pd.DataFrame) -> str:
    """Of the sources of one category: its labelled requests."""
    weeks = complete_weeks(frame).groupby("week")["requests"].sum()
    return labels(log, weeks.rename("labelled_requests").reset_index().assign(complete=True))


def reasoning_models(log: Log, frame: pd.DataFrame) -> str:
    """Of the ranking of reasoning models."""
    ranked = int(frame.loc[frame["rank"] <= agentic.TOP_REASONING, "requests"].sum())
    return (
        f"{log.name}: {counted(ranked, 'request')} to the first ten; free launch access left out; "
        "grey: not among the first ten of the weeks"
    )


def tool_share(log: Log, frame: pd.DataFrame) -> str:
    """Of the share of tool calls."""
    weeks = complete_weeks(frame)
    missing = "" if weeks["largest_account_part"].notna().any() else "; the log does not record accounts"
    return f"{log.name}: {counted(int(weeks['requests'].sum()), 'request')}{missing}"


def tool_models(log: Log, frame: pd.DataFrame) -> str:
    """Of the models of tool calls."""
    tokens = float(complete_weeks(frame).drop_duplicates("week")["week_tool_tokens"].sum())
    scale, unit = token_scale(tokens or 1.0)
    return f"{log.name}: {tokens * scale:,.3g} {unit} of tokens in tool calls"


def token_scale(largest: float) -> tuple[float, str]:
    """The factor that makes token counts up to `largest` readable, and the name of the unit that it gives."""
    for scale, unit in ((1e-12, "trillions"), (1e-9, "billions"), (1e-6, "millions"), (1e-3, "thousands")):
        if largest * scale >= 1:
            return scale, unit
    return 1.0, "tokens"


def category_prompts(log: Log, frame: pd.DataFrame) -> str:
    """Of the lengths of prompts by category."""
    named = complete_weeks(frame[frame["category"] != categories.OTHER])
    weeks = categories.weekly_shares(log)[["week", "labelled_requests"]].drop_duplicates()
    return labels(log, weeks[weeks["week"].isin(named["week"])].assign(complete=True))


def prompt_growth(log: Log, frame: pd.DataFrame) -> str:
    """Of the growth of prompts."""
    whole = frame[frame["category"] == "all"]
    first, last = whole["mean_first"].sum(), whole["mean_last"].sum()
    return f"{log.name}: {first:,.0f} to {last:,.0f} tokens per labelled request"


def programming_length(log: Log, frame: pd.DataFrame) -> str:
    """Of the length of programming requests."""
    few = frame["programming_requests"] + frame["other_requests"]
    return labels(log, frame.assign(labelled_requests=few))


# --- categories, geography, cost


def author_spend(log: Log, frame: pd.DataFrame) -> str:
    """Of the authors' spend."""
    weeks = categories.named_authors(complete_weeks(frame)).drop_duplicates("week")
    count, spent = int(weeks["week_requests"].sum()), weeks["week_spend_usd"].sum()
    return f"{log.name}: labelled sample, {counted(count, 'request')}, {spent:,.2f} USD"


def author_mix(log: Log, frame: pd.DataFrame) -> str:
    """Of one author's mix of categories."""
    weeks = complete_weeks(frame).drop_duplicates("week")
    many = f"{counted(int(weeks['author_requests'].sum()), 'request')} by category"
    few = f", {span(weeks['author_requests'].fillna(0).astype(int).tolist())} a week" if len(weeks) else ""
    mean = (
        f"; mean concentration {weeks['concentration'].mean():.2f} (1 = one category)"
        if weeks["concentration"].notna().any()
        else ""
    )
    return f"{log.name}: labelled sample, {many}{few}{mean}"


def subtags(log: Log, frame: pd.DataFrame) -> str:
    """Of the sub-tags of categories."""
    count = int(frame.drop_duplicates("category")["category_requests"].sum())
    return f"{log.name}: share of the category's labelled tokens; n: {count:,} labelled requests in all; bits: entropy"


def spend(log: Log, frame: pd.DataFrame) -> str:
    """Of the continents' spend."""
    weeks = complete_weeks(frame)
    spent = weeks.drop_duplicates("week")["week_spend_usd"].sum()
    return f"{log.name}: {counted(int(weeks['requests'].sum()), 'request')}, {spent:,.0f} USD"


def months(log: Log, frame: pd.DataFrame) -> str:
    """Of panels of cohorts: what they count along; each gives the sizes of its cohorts."""
    return f"{log.name}: {MONTHS}"


def category_cost(log: Log, frame: pd.DataFrame) -> str:
    """Of cost and use by category."""
    return (
        f"{log.name}: {int(frame['requests'].sum()):,} labelled requests by category, own-key ones left out"
    )


def model_cost(log: Log, frame: pd.DataFrame) -> str:
    """Of cost and use by model."""
    return (
        f"{log.name}: {counted(len(frame), 'model')}, {counted(int(frame['requests'].sum()), 'paid request')}"
    )


def archetypes(log: Log, frame: pd.DataFrame) -> str:
    """Of the archetypes of models."""
    circles = "; circles: the models of the report's table 3" if log.beside_study else ""
    return f"{log.name}: {counted(len(frame), 'model')}{circles}"
