"""Figures 19 to 23 and 29: programming, whose models serve it, sub-tags, and what each author's models do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from analysis.queries import categories
from analysis.queries.weekly import Window, inside
from analysis.report.charts import samples
from analysis.report.charts.chart import Bars, Guide, Lines, Series, Stack, Value
from analysis.report.charts.palette import AUTHOR_COLOURS, AUTHOR_NAMES, CATEGORY_COLOURS
from analysis.report.exhibit import Exhibit
from analysis.report.exhibits.gap import held
from analysis.report.window import over_window
from analysis.sources.log import Log
from analysis.study import CATEGORY_WINDOW, NEXT_CATEGORIES, TOP_CATEGORIES

_SAMPLE = "Shares are of the labelled sample."
_TAGS = (
    "The report lists nine buckets where it explains its method, adult and writing apart; its figures use twelve "
    "tags, with these two inside roleplay. Here are the twelve."
)
_CATEGORY_SERIES = Series("category", list(CATEGORY_COLOURS), {}, CATEGORY_COLOURS)
_REQUESTS = Value("requests", "labelled requests", "count")
_AUTHOR_SERIES = Series("author", list(AUTHOR_COLOURS), AUTHOR_NAMES, AUTHOR_COLOURS)


def programming_share(log: Log, window: Window | None = None) -> pd.DataFrame:
    """Programming's tokens over all labelled tokens by week: programming's rows of categories.weekly_shares."""
    frame = inside(categories.programming_share(log), window)
    return held(frame, "programming", "no labelled request carries it")


def author_spend(log: Log, window: Window | None = None) -> pd.DataFrame:
    """Each author's share of the spend on programming by week, xAI left out: categories.weekly_author_spend.
    request_share is the same share of requests."""
    frame = inside(categories.weekly_author_spend(log), window)
    return held(frame, "programming", "no labelled request carries it")


def author_mix(log: Log, author: str, window: Window | None = None) -> pd.DataFrame:
    """Share of each category in the labelled tokens of one author's models by week: the author's rows of
    categories.weekly_author_mix."""
    frame = categories.weekly_author_mix(log)
    frame = inside(frame[frame["author"] == author].reset_index(drop=True), window)
    return held(frame, author, "the labelled sample holds no request to this author's models")


def subtags(log: Log, shown: Sequence[str], window: Window | None = None) -> pd.DataFrame:
    """Share of each sub-tag in the labelled tokens of its category: the rows of categories.subtags of these
    categories."""
    frame = categories.subtags(log, window)
    order = {name: at for at, name in enumerate(shown)}
    kept = frame[frame["category"].isin(list(shown))]
    held(kept, ", ".join(shown), "no labelled request carries any of them")
    return kept.sort_values("category", key=lambda names: names.map(order), kind="stable", ignore_index=True)


def _programming(frame: pd.DataFrame) -> Lines:
    more = (Value("labelled_requests", "labelled requests of the week", "count"),)
    value = Value("share", "share of labelled tokens")
    return Lines(frame, value, colour=CATEGORY_COLOURS["programming"], more=more, ends="last")


def _spend(frame: pd.DataFrame) -> Stack:
    more = (Value("request_share", "share of requests"), _REQUESTS)
    guide = Guide("report: Anthropic > 60%", 0.6)
    value = Value("share", "share of the week's spend")
    return Stack(categories.named_authors(frame), value, _AUTHOR_SERIES, more=more, guide=guide)


def _author(frame: pd.DataFrame) -> Stack:
    more = (_REQUESTS, Value("concentration", "concentration of the week", "number"))
    return Stack(frame, Value("share", "share of the author's labelled tokens"), _CATEGORY_SERIES, more=more)


def _largest_tags(frame: pd.DataFrame, shown: Sequence[str]) -> Bars:
    """The sub-tags of several categories, six of each; all of a single one."""
    heads = {}
    for name, part in frame.groupby("category"):
        count, entropy = int(part["category_requests"].iloc[0]), part["entropy_bits"].iloc[0]
        heads[str(name)] = f"{name}  (n={count:,}, {entropy:.2f} bits)"
    return Bars(
        frame, Value("share", "share of the category's tokens"), "subtag",
        replace(_CATEGORY_SERIES, order=shown), panels=True, heads=heads,
        most=6 if len(shown) > 1 else None,
        more=(_REQUESTS, Value("entropy_bits", "entropy of the category, bits", "number")),
    )  # fmt: skip


def _mix(id: str, author: str, claims: tuple[str, ...], choice: str = "") -> Exhibit:
    name = AUTHOR_NAMES[author]
    return Exhibit(
        id=id,
        title=f"{name}: categories of the tokens",
        section="categories",
        cells=("categories by author",),
        unit="share of the author's labelled tokens",
        table=over_window(author_mix, CATEGORY_WINDOW, author=author),
        queries=(categories.weekly_author_mix,),
        sample=samples.author_mix,
        chart=_author,
        claims=claims,
        choice=f"{_SAMPLE} A request with two categories counts in both, so that each bar is 100%; open models of "
        f"the author count. {choice}".strip(),
        compared="share",
        key=("category",),
        formats={
            "week": "week", "category": "text", "requests": "count", "tokens": "tokens", "share": "share",
            "author_requests": "count", "author_tokens": "tokens", "concentration": "number",
        },
    )  # fmt: skip


def _tags(id: str, title: str, shown: Sequence[str], claims: tuple[str, ...], choice: str = "") -> Exhibit:
    return Exhibit(
        id=id,
        title=title,
        section="categories",
        cells=("sub-tags", "sub-tags carried"),
        unit="share of the category's labelled tokens",
        table=over_window(subtags, CATEGORY_WINDOW, shown=tuple(shown)),
        queries=(categories.subtags,),
        sample=samples.subtags,
        chart=partial(_largest_tags, shown=shown),
        claims=claims,
        choice=f"{_SAMPLE} A sub-tag is the content path that the classifier gave. {choice}".strip(),
        compared="share",
        key=("category", "subtag"),
        formats={
            "category": "text", "subtag": "text", "requests": "count", "tokens": "tokens", "share": "share",
            "category_requests": "count", "entropy_bits": "number",
        },
    )  # fmt: skip


_WHICH = f"The six and the next six categories are the report's, whatever their order in this log. {_TAGS}"

EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        id="fig19",
        title="Programming as a share of tokens",
        section="categories",
        cells=("categories", "labelled requests"),
        unit="share of labelled tokens",
        table=over_window(programming_share, CATEGORY_WINDOW),
        queries=(categories.weekly_shares,),
        sample=samples.labels,
        chart=_programming,
        claims=("C77", "C78"),
        choice=f"{_SAMPLE} The report's start of 11% can only mean May 2025, when labels begin. {_TAGS}",
        compared="share",
        formats={
            "week": "week", "requests": "count", "tokens": "tokens", "share": "share", "labelled_requests": "count",
            "labelled_tokens": "tokens",
        },
    ),
    Exhibit(
        id="fig20",
        title="Spend on programming by author of the model",
        section="categories",
        cells=("categories by author",),
        unit="share of the week's spend",
        table=over_window(author_spend, CATEGORY_WINDOW),
        queries=(categories.weekly_author_spend,),
        sample=samples.author_spend,
        chart=_spend,
        claims=("C79", "C80", "C81", "C82", "C83", "C84", "C85"),
        choice=f"{_SAMPLE} The report's text speaks of spend, its caption of requests: the figure shows spend, "
        "request_share is the other reading. xAI is left out, since most of its use was free.",
        compared="share",
        key=("author",),
        formats={
            "week": "week", "author": "text", "requests": "count", "spend_usd": "usd", "share": "share",
            "request_share": "share", "week_spend_usd": "usd",
        },
    ),
    _tags("fig21a", "Sub-tags within the six largest categories", TOP_CATEGORIES,
          ("C86", "C87", "C88", "C89", "C90", "C97"), _WHICH),
    _tags("fig21b", "Sub-tags within the next six categories", NEXT_CATEGORIES,
          ("C91", "C92", "C93", "C94", "C97"), _WHICH),
    _mix("fig22a", "anthropic", ("C98", "C103")),
    _mix("fig22b", "google", ("C99", "C103")),
    _mix("fig22c", "x-ai", ("C100",)),
    _mix("fig23a", "openai", ("C101", "C102", "C103"),
         "The report's science share of over half early in the year can only mean May 2025, when labels begin."),
    _mix("fig23b", "deepseek", ("C104", "C105")),
    _mix("fig23c", "qwen", ("C106", "C107", "C108")),
)  # fmt: skip

# The report's appendix.
APPENDIX: tuple[Exhibit, ...] = (
    _tags("fig29a", "Sub-tags of roleplay", ("roleplay",), ("C86",),
          "The report gives 58% and nearly 60% for the largest one."),
    _tags("fig29b", "Sub-tags of programming", ("programming",), ("C87", "C95")),
    _tags("fig29c", "Sub-tags of technology", ("technology",), ("C96",),
          "The report's text gives 65% for its two largest sub-tags together; its figure, read by others, shows "
          "about 42%. The shares here are of technology's labelled tokens."),
)  # fmt: skip
