"""The sections of an analysis: which query, table and figures each one has. Results and the report follow this
list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from analysis import agentic, categories, cost, figures, openness, usage
from analysis.proportions import share
from analysis.query import Query
from analysis.source import Log
from analysis.study import CATEGORY_WINDOW, MAIN_WINDOW

ENDS = 4  # weeks at either end of a series that its small table averages


@dataclass(frozen=True)
class Section:
    """A part of the analysis that is shown and stored together.

    tables: what is stored, by file stem. figures: what is drawn, by file stem. small: the table shown on the
    page, with how to write each column (`formats`: count, share, tokens, usd, number, text). query: its SQL and
    definition.
    """

    key: str
    title: str
    reading: str
    query: Query[Any]
    tables: dict[str, Callable[[Log], pd.DataFrame]]
    small: Callable[[Log], pd.DataFrame]
    formats: dict[str, str]
    figures: dict[str, Callable[[Log], Figure]] = field(default_factory=dict)


def ends(frame: pd.DataFrame, columns: dict[str, str]) -> pd.DataFrame:
    """First and last weeks of weekly series: unweighted means over the first and the last four complete weeks.

    columns: column -> name for people. Returns series, first, last, ratio (last / first).
    """
    frame = frame[frame["complete"]].dropna(subset=list(columns))
    rows = []
    for column, name in columns.items():
        first, last = frame[column].head(ENDS).mean(), frame[column].tail(ENDS).mean()
        rows.append({"series": name, "first": first, "last": last, "ratio": float(share(last, first))})
    return pd.DataFrame(rows, columns=["series", "first", "last", "ratio"])


def window_of(log: Log, window: tuple[Any, Any]) -> tuple[Any, Any] | None:
    """The window where the log overlaps it, else None: the whole log."""
    return window if log.first_day <= window[1] and log.last_day >= window[0] else None


def _authors(log: Log) -> pd.DataFrame:
    return usage.by_author(log, True, window_of(log, MAIN_WINDOW))


def _ends_of_shares(query: Callable[[Log], pd.DataFrame], name: str) -> Callable[[Log], pd.DataFrame]:
    return lambda log: ends(query(log), {"share": name})


_ENDS_SHARES = {"series": "text", "first": "share", "last": "share", "ratio": "number"}

SECTIONS: tuple[Section, ...] = (
    Section(
        key="openness",
        title="Open and closed models",
        reading="How much of all tokens open models serve, and where they come from.",
        query=openness.weekly_shares,
        tables={
            "openness_weekly_shares": openness.weekly_shares,
            "openness_share_summary": lambda log: openness.share_summary(log, window_of(log, MAIN_WINDOW)),
            "openness_weekly_sizes": openness.weekly_sizes,
        },
        small=lambda log: openness.share_summary(log, window_of(log, MAIN_WINDOW)).drop(columns=["weeks"]),
        formats={
            "source_type": "text", "mean": "share", "low": "share", "high": "share", "first": "share",
            "last": "share", "tokens": "tokens", "token_share": "share",
        },
        figures={"open_and_closed": figures.open_and_closed},
    ),
    Section(
        key="authors",
        title="Authors of open models",
        reading="Whose open models the tokens go to, over the study's main window where the log overlaps it.",
        query=usage.by_author,
        tables={"authors_open": _authors, "usage_by_model": usage.by_model},
        small=lambda log: _authors(log).head(12),
        formats={
            "author": "text", "origin": "text", "models": "count", "requests": "count", "tokens": "tokens",
            "share": "share",
        },
        figures={"open_authors": figures.open_authors},
    ),
    Section(
        key="reasoning",
        title="Reasoning models",
        reading="The share of tokens served by models flagged as reasoning-optimised.",
        query=agentic.reasoning_share,
        tables={"reasoning_share": agentic.reasoning_share, "reasoning_models": agentic.reasoning_models},
        small=_ends_of_shares(agentic.reasoning_share, "share of reasoning models"),
        formats=_ENDS_SHARES,
        figures={"reasoning_share": figures.reasoning_share},
    ),
    Section(
        key="tools",
        title="Tool calls",
        reading="The share of tokens in requests that end in a tool call.",
        query=agentic.tool_share,
        tables={"tool_share": agentic.tool_share, "tool_share_by_model": agentic.tool_share_by_model},
        small=_ends_of_shares(agentic.tool_share, "share of tool calls"),
        formats=_ENDS_SHARES,
        figures={"tool_share": figures.tool_share},
    ),
    Section(
        key="categories",
        title="Categories",
        reading="What the labelled sample is used for; programming on its own, then the largest categories.",
        query=categories.weekly_shares,
        tables={
            "category_weekly_shares": categories.weekly_shares,
            "category_mean_lengths": categories.mean_lengths,
            "category_shares": lambda log: categories.shares(log, window_of(log, CATEGORY_WINDOW)),
        },
        small=lambda log: categories.shares(log, window_of(log, CATEGORY_WINDOW))[
            ["category", "requests", "tokens", "share", "mean_tokens"]
        ],
        formats={
            "category": "text", "requests": "count", "tokens": "tokens", "share": "share", "mean_tokens": "count",
        },
        figures={
            "programming_share": figures.programming_share,
            "category_shares": figures.category_shares,
        },
    ),
    Section(
        key="lengths",
        title="Length of requests",
        reading="Mean prompt and completion tokens per request.",
        query=usage.weekly,
        tables={"usage_weekly": usage.weekly, "usage_weekly_by_model": usage.weekly_by_model},
        small=lambda log: ends(
            usage.weekly(log),
            {"mean_prompt": "prompt", "mean_completion": "completion", "mean_total": "prompt + completion"},
        ),
        formats={"series": "text", "first": "count", "last": "count", "ratio": "number"},
        figures={"mean_lengths": figures.mean_lengths},
    ),
    Section(
        key="cost",
        title="Effective cost",
        reading="What a million tokens cost in effect, by model: the models with the most charged tokens.",
        query=cost.effective_cost,
        tables={"effective_cost": cost.effective_cost},
        small=lambda log: cost.effective_cost(log).head(12),
        formats={
            "model": "text", "requests": "count", "charged_tokens": "tokens", "cost_usd": "usd",
            "cost_usd_per_mtok": "usd",
        },
    ),
)  # fmt: skip
