"""Figures 10 to 13: reasoning models and tool calls."""

from __future__ import annotations

import pandas as pd

from analysis.queries import agentic
from analysis.report.charts import samples
from analysis.report.charts.chart import DASHES, Bars, Lines, Series, Stack, Value, melted
from analysis.report.charts.palette import (
    BLUE,
    MODEL_COLOURS,
    ORANGE,
    PALE,
    SKY,
    VERMILLION,
)
from analysis.report.exhibit import Exhibit
from analysis.report.window import in_window, over_window
from analysis.study import MAIN_WINDOW

TOKENS = Value("tokens", "tokens", "tokens")


def _reasoning_share(frame: pd.DataFrame) -> Lines:
    more = (
        Value("reasoning_model_tokens", "tokens of reasoning models", "tokens"),
        Value("tokens", "all tokens", "tokens"),
    )
    return Lines(frame, Value("share", "share of tokens"), colour=VERMILLION, more=more, ends="last")


def _ranking(frame: pd.DataFrame) -> Bars:
    ranked = frame.sort_values(["period", "rank"], ascending=[False, True])  # the latest first
    names = {"earlier": "a few weeks earlier", "latest": "latest weeks"}
    series = Series("period", list(names), names, {"earlier": SKY, "latest": BLUE})
    heads = {}
    for period, rows in ranked.groupby("period"):
        first, last = rows["first_week"].iloc[0], rows["last_week"].iloc[0] + pd.Timedelta(days=6)
        heads[str(period)] = f"{names[str(period)].capitalize()}: {first:%-d %b} to {last:%-d %b %Y}"
    more = (
        Value("rank", "rank", "count"), TOKENS, Value("launch_tokens", "left out: free launch access", "tokens"),
    )  # fmt: skip
    ranked = ranked.assign(behind=ranked["rank"] > agentic.TOP_REASONING)
    return Bars(
        ranked, Value("share", "share of reasoning models' tokens"), "name", series, beside=True, panels=True,
        heads=heads, pale="behind", more=more,
    )  # fmt: skip


def _tool_share(frame: pd.DataFrame) -> Lines | Stack:
    if frame["largest_account_part"].isna().all():
        return Lines(frame, Value("share", "share of tokens"), ends="last")
    rest = frame.assign(rest=frame["share"] - frame["largest_account_part"])
    columns = {"rest": "all other accounts", "largest_account_part": "the week's largest account"}
    more = (
        Value("share", "all tool calls"),
        Value("accounts", "accounts with tool calls", "count"),
        Value("tool_requests", "requests that end in one", "count"),
    )
    value = Value("part", "share of tokens")
    long, series = melted(rest, columns, value, more, {"rest": BLUE, "largest_account_part": ORANGE})
    return Stack(long, value, series, more=more)


def _offers(frame: pd.DataFrame) -> Lines:
    columns = {"offered_share": "offer tools", "called_share": "end in a tool call"}
    colours = {"offered_share": SKY, "called_share": BLUE}
    more = (
        Value("requests", "requests with the record", "count"),
        Value("unoffered_calls", "calls without an offer", "count"),
    )
    value, dashes = Value("share", "share of requests"), {"offered_share": DASHES[1]}
    long, series = melted(frame, columns, value, more, colours, dashes, wide="called_share")
    return Lines(long, value, series, more=more)


def _tool_models(frame: pd.DataFrame) -> Stack:
    order = list(dict.fromkeys(frame["model"]))
    colours = dict(zip(order, MODEL_COLOURS, strict=False)) | {agentic.REST: PALE}
    series = Series("model", order, dict(zip(frame["model"], frame["name"], strict=True)), colours)
    more = (Value("tool_tokens", "tool-call tokens", "tokens"), Value("hhi", "HHI of the week", "number"))
    return Stack(frame, Value("share", "share of tool-call tokens"), series, more=more)


EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        id="fig10",
        title="Reasoning models: share of tokens",
        section="agentic",
        cells=("models",),
        unit="share of the week's tokens",
        table=in_window(agentic.reasoning_share, MAIN_WINDOW),
        queries=(agentic.reasoning_share,),
        sample=samples.requests,
        chart=_reasoning_share,
        claims=("C56", "C57"),
        choice=(
            "All tokens of flagged models count, not the reasoning tokens inside outputs. The report's list of "
            "flagged models is not published: the flag of the models table decides, for a hybrid model as a whole too."
        ),
        compared="share",
        formats={
            "week": "week", "reasoning_model_tokens": "tokens", "unknown_tokens": "tokens", "tokens": "tokens",
            "share": "share",
        },
    ),
    Exhibit(
        id="fig11",
        title="Reasoning models by tokens",
        section="agentic",
        unit="share of the reasoning models' tokens of the period",
        table=over_window(agentic.reasoning_ranking, MAIN_WINDOW),
        queries=(agentic.weekly_reasoning_models,),
        sample=samples.reasoning_models,
        chart=_ranking,
        claims=("C58", "C59", "C60"),
        choice=(
            "Latest: the last four complete weeks; a few weeks earlier: four weeks that end eight weeks before (both "
            "assumed). Free launch access is what cost nothing inside a launch promotion, stealth or experimental "
            "listing; lasting free variants stay in."
        ),
        compared="share",
        key=("period", "model"),
        formats={
            "period": "text", "first_week": "week", "last_week": "week", "rank": "count", "model": "text",
            "name": "text", "requests": "count", "tokens": "tokens", "share": "share", "launch_tokens": "tokens",
        },
    ),
    Exhibit(
        id="fig12",
        title="Tool calls: share of tokens",
        section="agentic",
        cells=("tools",),
        unit="share of the tokens of all requests of the week",
        table=in_window(agentic.tool_share_and_largest_account, MAIN_WINDOW),
        queries=(agentic.tool_share, agentic.tool_accounts),
        sample=samples.tool_share,
        chart=_tool_share,
        claims=("C61", "C62"),
        choice=(
            "A tool call is a request whose finish reason is one. The outlier stays in; the largest account's part "
            "shows it."
        ),
        compared="share",
        formats={
            "week": "week", "tool_requests": "count", "requests": "count", "known_requests": "count",
            "tool_tokens": "tokens", "tokens": "tokens", "share": "share", "accounts": "count",
            "largest_account_tokens": "tokens", "largest_account_share": "share", "largest_account_part": "share",
        },
    ),
    Exhibit(
        id="fig12b",
        title="Tools offered and tools called",
        section="agentic",
        cells=("tools",),
        unit="share of the requests for which it is recorded whether they offered tools",
        table=in_window(agentic.tools_offered, MAIN_WINDOW),
        queries=(agentic.tools_offered,),
        sample=samples.requests,
        chart=_offers,
        claims=("C63", "C64"),
        choice=(
            "The report names this signal, recorded from September 2025 on, and does not show it. Requests are "
            "counted, not tokens, as in its statement that tools are offered more often than called."
        ),
        compared="offered_share",
        formats={
            "week": "week", "requests": "count", "offered": "count", "called": "count", "unoffered_calls": "count",
            "offered_share": "share", "called_share": "share",
        },
    ),
    Exhibit(
        id="fig13",
        title="Tool calls by model",
        section="agentic",
        cells=("tools by model",),
        unit="share of the week's tool-call tokens",
        table=over_window(agentic.top_tool_models, MAIN_WINDOW),
        queries=(agentic.tool_share_by_model,),
        sample=samples.tool_models,
        chart=_tool_models,
        claims=("C65", "C66", "C67", "C68"),
        choice=(
            "The title of the report's figure says tools provided; by its own text that was not recorded before "
            "September 2025, so the finish reason decides."
        ),
        compared="share",
        key=("model",),
        formats={
            "week": "week", "rank": "count", "model": "text", "name": "text", "tool_tokens": "tokens",
            "share": "share", "week_tool_tokens": "tokens", "hhi": "number",
        },
    ),
)  # fmt: skip
