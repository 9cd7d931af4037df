"""Figures 14 to 18: how long requests are."""

from __future__ import annotations

from functools import partial

import pandas as pd

from analysis.queries import categories, lengths, usage
from analysis.queries.weekly import Window
from analysis.report.charts import samples
from analysis.report.charts.chart import DASHES, Bars, Format, Guide, Lines, Panels, Series, Value, melted
from analysis.report.charts.palette import BLACK, BLUE, CATEGORY_COLOURS, GREEN, INK, ORANGE, SKY, VERMILLION
from analysis.report.exhibit import Exhibit
from analysis.report.exhibits.gap import held
from analysis.report.window import in_window, over_window
from analysis.sources.log import Log
from analysis.study import CATEGORY_WINDOW

REQUESTS = Value("requests", "requests", "count")
LABELLED = Value("requests", "labelled requests", "count")
PER_REQUEST = "tokens per request"
SHOWN_CATEGORIES = 6  # lines in the file of prompt lengths


def prompt_growth(log: Log, window: Window | None = None) -> pd.DataFrame:
    """What the growth of mean prompt tokens is made of, by category: lengths.prompt_growth, from
    lengths.category_prompts.

    within, mix and total in tokens per request; part = total over the change of the overall mean; the row `all` has
    the sums. first and last: the first and the last four complete weeks with labels.
    """
    frame = lengths.prompt_growth(log, window)
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
    dashes = {name: DASHES[at % len(DASHES)] for at, name in enumerate(order) if name != lengths.PROGRAMMING}
    series = Series("category", order, {}, CATEGORY_COLOURS, dashes, wide=lengths.PROGRAMMING)
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
        id="fig14",
        title="Prompt tokens per request",
        section="agentic",
        cells=("weeks",),
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
        cells=("reasoning",),
        unit=PER_REQUEST,
        table=lengths.completion_lengths,
        queries=(usage.weekly, lengths.reasoning_lengths),
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
        cells=("categories",),
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
        table=over_window(prompt_growth, CATEGORY_WINDOW),
        queries=(lengths.category_prompts,),
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
        cells=("weeks",),
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
        cells=("programming or not",),
        unit=PER_REQUEST,
        table=in_window(lengths.programming_length, CATEGORY_WINDOW),
        queries=(lengths.labelled_lengths, usage.weekly),
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
