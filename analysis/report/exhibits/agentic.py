"""Figures 10 to 18: reasoning models, tool calls, lengths of requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from analysis.queries import agentic, categories, usage
from analysis.queries.weekly import window_of
from analysis.report.charts import samples
from analysis.report.charts.chart import DASHES, Bars, Format, Guide, Lines, Panels, Series, Stack, Value
from analysis.report.charts.palette import (
    BLACK,
    BLUE,
    CATEGORY_COLOURS,
    GREEN,
    INK,
    MODEL_COLOURS,
    ORANGE,
    PALE,
    SKY,
    VERMILLION,
)
from analysis.report.exhibit import Exhibit
from analysis.report.exhibits.gap import held
from analysis.report.exhibits.window import in_window, over_window
from analysis.sources.log import Log
from analysis.study import CATEGORY_WINDOW, MAIN_WINDOW

TOKENS = Value("tokens", "tokens", "tokens")
REQUESTS = Value("requests", "requests", "count")
LABELLED = Value("requests", "labelled requests", "count")
PER_REQUEST = "tokens per request"
SHOWN_CATEGORIES = 6  # lines in the file of prompt lengths


def melted(
    frame: pd.DataFrame,
    names: Mapping[str, str],
    value: Value,
    more: Sequence[Value],
    colours: Mapping[str, str],
    dashes: Mapping[str, Sequence[int]] | None = None,
    wide: str = "",
) -> tuple[pd.DataFrame, Series]:
    """Columns of a weekly frame, with their names for people, as series of one chart: rows of week, complete, line (the
    column), `value`, and `more` as they are; and the series that `line` tells apart."""
    kept = ["week", "complete", *(one.column for one in more)]
    known = [column for column in names if frame[column].notna().any()]
    long = frame.melt(kept, known, var_name="line", value_name=value.column)
    return long, Series("line", list(names), names, colours, dashes or {}, wide)


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


def prompt_growth(log: Log) -> pd.DataFrame:
    """What the growth of mean prompt tokens is made of, by category: agentic.prompt_growth over the category window
    (all weeks of a log that does not reach into it), from agentic.category_prompts.

    within, mix and total in tokens per request; part = total over the change of the overall mean; the row `all` has
    the sums. first and last: the first and the last four complete weeks with labels.
    """
    frame = agentic.prompt_growth(log, window_of(log, CATEGORY_WINDOW))
    return held(frame, "labels", "fewer than two complete weeks have a labelled request")


def _growth(frame: pd.DataFrame) -> Bars:
    columns = {"within": "growth within the category", "mix": "change of mix"}
    parts = frame[frame["category"] != "all"]
    long = parts.melt(["category", "total"], list(columns), var_name="line", value_name="tokens")
    order = {name: at for at, name in enumerate(parts["category"])}
    long = long.sort_values("category", key=lambda names: names.map(order), kind="stable")
    series = Series("line", list(columns), columns, {"within": BLUE, "mix": ORANGE})
    more = (Value("total", "both together", "count"),)
    return Bars(long, Value("tokens", PER_REQUEST, "count"), "category", series, beside=True, more=more)


def _tool_models(frame: pd.DataFrame) -> Stack:
    order = list(dict.fromkeys(frame["model"]))
    colours = dict(zip(order, MODEL_COLOURS, strict=False)) | {agentic.REST: PALE}
    series = Series("model", order, dict(zip(frame["model"], frame["name"], strict=True)), colours)
    more = (Value("tool_tokens", "tool-call tokens", "tokens"), Value("hhi", "HHI of the week", "number"))
    return Stack(frame, Value("share", "share of tool-call tokens"), series, more=more)


def _mean(frame: pd.DataFrame, column: str, colour: str) -> Lines:
    value = Value(column, PER_REQUEST, "count")
    return Lines(frame, value, colour=colour, more=(REQUESTS,), log=True, ends="both")


def _completion(frame: pd.DataFrame) -> Lines:
    columns = {
        "mean_completion": "completion, reasoning included",
        "mean_visible": "without reasoning",
        "mean_reasoning": "reasoning",
    }
    colours = {"mean_completion": VERMILLION, "mean_visible": BLUE, "mean_reasoning": ORANGE}
    dashes = {"mean_visible": DASHES[1], "mean_reasoning": DASHES[2]}
    value, more = Value("mean", PER_REQUEST, "count"), (REQUESTS,)
    long, series = melted(frame, columns, value, more, colours, dashes, wide="mean_completion")
    return Lines(long, value, series, more=more, log=True, ends="both")


def _category_prompts(frame: pd.DataFrame) -> Lines:
    """The categories with the most requests first, `other` last."""
    sums = frame.groupby("category")["requests"].sum()
    order = sorted(sums.index, key=lambda name: (name == categories.OTHER, -sums[name]))
    dashes = {name: DASHES[at % len(DASHES)] for at, name in enumerate(order) if name != agentic.PROGRAMMING}
    series = Series("category", order, {}, CATEGORY_COLOURS, dashes, wide=agentic.PROGRAMMING)
    value = Value("mean_prompt", PER_REQUEST, "count")
    return Lines(frame, value, series, more=(LABELLED,), log=True, most=SHOWN_CATEGORIES)


def _programming(frame: pd.DataFrame) -> Panels:
    """The lengths, and beside them in files how many times as long programming is."""
    columns = {
        "mean_programming": "programming",
        "mean_all": "all requests",
        "mean_other": "labelled, without programming",
    }
    colours = {"mean_programming": GREEN, "mean_all": BLACK, "mean_other": SKY}
    dashes = {"mean_all": DASHES[1], "mean_other": DASHES[2]}
    more = (
        Value("ratio", "programming over all", "number"),
        Value("programming_requests", "labelled programming requests", "count"),
    )
    value = Value("mean", PER_REQUEST, "count")
    long, series = melted(frame, columns, value, more, colours, dashes, wide="mean_programming")
    lengths = Lines(long, value, series, more=more, log=True)
    ratio = Lines(
        frame, Value("ratio", "times as long", "number"), colour=INK, guide=Guide("report: 3 to 4", 3, 4)
    )
    return Panels((lengths, ratio), ("Programming over all requests",))


_SUMS: dict[str, Format] = {
    "requests": "count",
    "tokens_prompt": "tokens",
    "tokens_completion": "tokens",
    "tokens": "tokens",
}
_MEANS: dict[str, Format] = {"mean_prompt": "count", "mean_completion": "count", "mean_total": "count"}

EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        id="fig10",
        title="Reasoning models: share of tokens",
        section="agentic",
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
    Exhibit(
        id="fig14",
        title="Prompt tokens per request",
        section="agentic",
        unit=PER_REQUEST,
        table=usage.weekly,
        queries=(usage.weekly,),
        sample=samples.requests,
        chart=partial(_mean, column="mean_prompt", colour=BLUE),
        claims=("C69", "C71", "C73"),
        choice="The figure reaches back as far as the log, as the report's does (early 2024), beyond its main window.",
        compared="mean_prompt",
        formats={"week": "week", **_SUMS, "cost_usd": "usd", **_MEANS, "prompt_to_completion": "number"},
    ),
    Exhibit(
        id="fig15",
        title="Completion tokens per request",
        section="agentic",
        unit=PER_REQUEST,
        table=agentic.completion_lengths,
        queries=(usage.weekly, agentic.reasoning_lengths),
        derived=True,
        sample=samples.requests,
        chart=_completion,
        claims=("C70", "C71"),
        choice="The figure reaches back as far as the log. Reasoning tokens are a part of completion tokens.",
        compared="mean_completion",
        formats={
            "week": "week", "requests": "count", "tokens_completion": "tokens", "mean_completion": "count",
            "reasoning_requests": "count", "tokens_reasoning": "tokens", "mean_reasoning": "count",
            "mean_visible": "count",
        },
    ),
    Exhibit(
        id="fig16",
        title="Prompt tokens per request by category",
        section="agentic",
        unit=PER_REQUEST,
        table=in_window(categories.mean_lengths, CATEGORY_WINDOW),
        queries=(categories.mean_lengths,),
        sample=samples.category_prompts,
        chart=_category_prompts,
        claims=("C72", "C73"),
        choice=(
            "The report shows spring 2025 on, when labels began. What the growth is made of is the exhibit beside it."
        ),
        compared="mean_prompt",
        key=("category",),
        formats={"week": "week", "category": "text", **_SUMS, **_MEANS},
    ),
    Exhibit(
        id="fig16b",
        title="What the growth of prompts is made of",
        section="agentic",
        unit="tokens per request",
        table=prompt_growth,
        queries=(agentic.category_prompts,),
        sample=samples.prompt_growth,
        chart=_growth,
        claims=("C73",),
        choice=(
            "The report says that the growth comes from programming and gives no number: it is split into growth "
            "within each category and the change of mix, over the first and the last four complete weeks with "
            "labels. A request with several categories is split evenly over them."
        ),
        compared="part",
        key=("category",),
        formats={
            "category": "text", "share_first": "share", "share_last": "share", "mean_first": "count",
            "mean_last": "count", "within": "count", "mix": "count", "total": "count", "part": "number",
        },
    ),
    Exhibit(
        id="fig17",
        title="Prompt and completion tokens per request",
        section="agentic",
        unit=PER_REQUEST,
        table=usage.weekly,
        queries=(usage.weekly,),
        sample=samples.requests,
        chart=partial(_mean, column="mean_total", colour=GREEN),
        claims=("C74",),
        choice="The report's three figures of lengths do not add up (6,000 + 400 against 5,400); here they do.",
        compared="mean_total",
        formats={"week": "week", **_SUMS, "cost_usd": "usd", **_MEANS, "prompt_to_completion": "number"},
    ),
    Exhibit(
        id="fig18",
        title="Length of programming requests",
        section="agentic",
        unit=PER_REQUEST,
        table=in_window(agentic.programming_length, CATEGORY_WINDOW),
        queries=(agentic.labelled_lengths, usage.weekly),
        sample=samples.programming_length,
        chart=_programming,
        claims=("C75",),
        choice=(
            "Programming is set against all requests: the report's 3 to 4 times fits those, not the requests without "
            "programming."
        ),
        compared="ratio",
        formats={
            "week": "week", "programming_requests": "count", "other_requests": "count", "mean_programming": "count",
            "mean_other": "count", "mean_all": "count", "ratio": "number", "ratio_other": "number",
        },
    ),
)  # fmt: skip
