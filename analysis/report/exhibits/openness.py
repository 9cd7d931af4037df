"""Figures 1 to 9 and table 1: open against closed models."""

from __future__ import annotations

import pandas as pd

from analysis.queries import openness, usage
from analysis.report.charts import samples
from analysis.report.charts.chart import DASHES, Bars, Format, Lines, Panels, Series, Stack, Value
from analysis.report.charts.palette import (
    CATEGORY_COLOURS,
    GREY,
    INK,
    MODEL_COLOURS,
    ORANGE,
    PALE,
    PURPLE,
    SIZE_COLOURS,
    SIZE_NAMES,
    SOURCE_COLOURS,
    SOURCE_NAMES,
)
from analysis.report.exhibit import Exhibit
from analysis.report.window import in_window, over_window
from analysis.study import CATEGORY_WINDOW, MAIN_WINDOW

SOURCES = Series("source_type", list(SOURCE_COLOURS), SOURCE_NAMES, SOURCE_COLOURS)
SIZES = Series("size_class", ["large", "medium", "small", "unknown"], SIZE_NAMES, SIZE_COLOURS,
               {"medium": DASHES[1], "small": DASHES[2]})  # fmt: skip
TOKENS = Value("tokens", "tokens", "tokens")
HHI = Value("hhi", "HHI of the week", "number")

_COUNTS: dict[str, Format] = {"week": "week", "requests": "count", "tokens": "tokens"}


def _open_and_closed(frame: pd.DataFrame) -> Lines:
    """Lines of each source type and of all open models together."""
    opened = frame.drop_duplicates("week").assign(source_type="open")
    opened["share"] = opened["open_share"]
    opened["tokens"] = frame[frame["source_type"].isin(openness.OPEN_TYPES)].groupby("week")["tokens"].sum().reindex(
        opened["week"], fill_value=0
    ).to_numpy()  # fmt: skip
    series = Series(
        "source_type",
        ["open", "cn-open", "row-open", "closed", "cn-closed", "unknown"],
        SOURCE_NAMES | {"open": "all open models"},
        SOURCE_COLOURS | {"open": INK, "closed": GREY},
        {"row-open": DASHES[1], "cn-closed": DASHES[2]},
        wide="open",
    )
    both = pd.concat([opened, frame], ignore_index=True)
    return Lines(both, Value("share", "share of tokens"), series, more=(TOKENS,), marks="releases")


def _tokens(frame: pd.DataFrame) -> Stack:
    return Stack(frame, Value("tokens", "tokens a week", "tokens"), SOURCES, more=(Value("share", "share"),))


def _models(frame: pd.DataFrame) -> Panels:
    """The largest models, and below them in files how concentrated the market is."""
    order = list(dict.fromkeys(frame["model"]))
    colours = dict(zip(order, MODEL_COLOURS, strict=False)) | {openness.REST: PALE}
    names = dict(zip(frame["model"], frame["name"], strict=True))
    leading = Value("leading_models", "models with at least 5%", "count")
    stack = Stack(
        frame, Value("share", "share of open models' tokens"), Series("model", order, names, colours),
        more=(TOKENS, HHI, leading),
    )  # fmt: skip
    weeks = frame.drop_duplicates("week")
    columns = {"hhi": "concentration (HHI), left", "top_share": "share of the largest, left"}
    long = weeks.melt(["week", "complete"], list(columns), var_name="line", value_name="level")
    lines = Series("line", list(columns), columns, {"hhi": INK, "top_share": ORANGE},
                   {"top_share": DASHES[1]}, wide="hhi")  # fmt: skip
    counts = weeks.assign(line="models with at least 5%, right")
    count = Series("line", ["models with at least 5%, right"], {}, {"models with at least 5%, right": PURPLE})
    twin = Lines(counts, Value("leading_models", "models", "count"), count, steps=True)
    return Panels(
        (stack, Lines(long, Value("level", "0 to 1", "number"), lines, twin=twin)), ("",), below=True
    )


def _authors(frame: pd.DataFrame) -> Bars:
    series = Series(
        "origin",
        ["CN", "RoW", "CN + RoW"],
        {"CN": "China", "RoW": "rest of world", "CN + RoW": "both"},
        {"CN": SOURCE_COLOURS["cn-open"], "RoW": SOURCE_COLOURS["row-open"], "CN + RoW": GREY},
    )
    more = (Value("share", "share of open models' tokens"), Value("models", "models", "count"))
    return Bars(frame, TOKENS, "author", series, most=15, more=more)


def _sizes(frame: pd.DataFrame) -> Stack:
    return Stack(frame, Value("share", "share of open models' tokens"), SIZES, more=(TOKENS,))


def _leaders(frame: pd.DataFrame) -> Lines:
    more = (HHI, Value("models", "models with tokens", "count"))
    return Lines(frame, Value("leader_share", "share of the size's tokens"), SIZES, more=more)


def _on_offer(frame: pd.DataFrame) -> Lines:
    return Lines(frame, Value("models", "models on offer", "count"), SIZES, log=True, steps=True)


def _mix(frame: pd.DataFrame) -> Stack:
    sums = frame.groupby("category")["tokens"].sum()
    order = sorted(sums.index, key=lambda name: (name == "other", -sums[name]))
    more = (
        Value("requests", "labelled requests", "count"),
        Value("labelled_requests", "in the week", "count"),
    )
    series = Series("category", order, {}, CATEGORY_COLOURS)
    return Stack(frame, Value("share", "share of labelled tokens"), series, more=more)


def _sources(frame: pd.DataFrame) -> Stack:
    more = (
        Value("share_of_open", "share within open models"),
        Value("requests", "labelled requests", "count"),
    )
    return Stack(frame, Value("share", "share of labelled tokens of the category"), SOURCES, more=more)


def _sources_twice(frame: pd.DataFrame) -> Panels:
    """The sources of a category, and beside them in files those of open models alone."""
    opened = frame[frame["source_type"].isin(openness.OPEN_TYPES)]
    alone = Stack(opened, Value("share_of_open", "share of open models' tokens of the category"), SOURCES)
    return Panels((_sources(frame), alone), ("Open models only",))


_MODELS_ARE_LISTED_IDS = (
    "A model is the listed id: DeepSeek V3 and V3 0324 are two models; free variants count as the model."
)
_CATEGORY_CHOICE = (
    "A request with several categories counts once in each with all its tokens, so that the shares of a week can add "
    "up to more than 100%. `other` is shown; the report mostly leaves it out. The report lists nine buckets where it "
    "explains its method and uses twelve tags in its figures: these are the twelve."
)  # fmt: skip

EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        id="fig01",
        title="Open and closed models: share of tokens",
        section="openness",
        cells=("models",),
        unit="share of the week's tokens",
        table=in_window(openness.weekly_shares_and_releases, MAIN_WINDOW),
        queries=(openness.weekly_shares,),
        sample=samples.requests,
        chart=_open_and_closed,
        claims=("C12", "C13", "C14", "C15", "C16", "C17", "C18", "C19", "C20", "C21", "C22", "C159", "C160"),
        choice=(
            "The report speaks of one third and of a 30% balance for open models; both are read off this share. Its "
            "means (13.0% for open models from China, 13.7% for others) are of weeks that count alike, as here; its "
            "table 1 sums tokens, 69 to 31 for the same two, so that late weeks "
            "with more tokens weigh more. Both are kept."
        ),
        compared="share",
        key=("source_type",),
        formats={
            **_COUNTS, "source_type": "text", "week_tokens": "tokens", "share": "share", "open_share": "share",
            "releases": "text",
        },
    ),
    Exhibit(
        id="fig02",
        title="Tokens a week by source type",
        section="openness",
        cells=("models",),
        unit="tokens a week",
        table=in_window(openness.weekly_shares, MAIN_WINDOW),
        queries=(openness.weekly_shares,),
        sample=samples.requests,
        chart=_tokens,
        claims=("C23", "C20"),
        compared="tokens",
        key=("source_type",),
        formats={**_COUNTS, "source_type": "text", "week_tokens": "tokens", "share": "share"},
    ),
    Exhibit(
        id="table1",
        title="Tokens by author of open models",
        section="openness",
        cells=("models",),
        unit="tokens",
        table=over_window(usage.open_authors, MAIN_WINDOW),
        queries=(usage.by_author,),
        sample=samples.within(MAIN_WINDOW),
        chart=_authors,
        claims=("C24", "C25", "C26"),
        choice=(
            "All authors are listed and make up the whole; the report lists ten and states no total. Its tokens are "
            "69 to 31 for authors from China, while its mean weekly shares are about equal (figure 1): here tokens "
            "are summed, there weeks count alike."
        ),
        compared="tokens",
        key=("author",),
        formats={
            "rank": "count", "author": "text", "origin": "text", "models": "count", "requests": "count",
            "tokens": "tokens", "share": "share",
        },
    ),
    Exhibit(
        id="fig03",
        title="The largest open models: share of the open models' tokens",
        section="openness",
        cells=("models",),
        unit="share of the open models' tokens of the week",
        table=over_window(openness.top_models, MAIN_WINDOW),
        queries=(openness.weekly_open_models, openness.concentration),
        sample=samples.requests,
        chart=_models,
        claims=("C27", "C28", "C29", "C30", "C31", "C32", "C33", "C34"),
        choice=(
            f"{_MODELS_ARE_LISTED_IDS} A share of at least 5% counts as meaningful; the report gives no number. It "
            "says five to seven such models in one place and six in another, and for the largest 20 to 25% and 25%: "
            "the wider statement is taken. It has DeepSeek V3 and R1 above half in late 2024, when R1 was not out: "
            "early is read as February to June 2025."
        ),
        compared="share",
        key=("model",),
        formats={
            **_COUNTS, "rank": "count", "model": "text", "name": "text", "share": "share", "week_tokens": "tokens",
            "hhi": "number", "top_share": "share", "leading_models": "count",
        },
    ),
    Exhibit(
        id="fig04",
        title="Open models by size: share of tokens",
        section="openness",
        cells=("models",),
        unit="share of the open models' tokens of the week",
        table=in_window(openness.weekly_sizes, MAIN_WINDOW),
        queries=(openness.weekly_sizes,),
        sample=samples.requests,
        chart=_sizes,
        claims=("C35", "C36", "C37", "C40", "C41"),
        choice="Total parameters decide, not active ones; a model of 70 B is large.",
        compared="share",
        key=("size_class",),
        formats={**_COUNTS, "size_class": "text", "week_tokens": "tokens", "share": "share"},
    ),
    Exhibit(
        id="fig04b",
        title="The leading open model of each size",
        section="openness",
        cells=("models",),
        unit="share of the tokens of the open models of the size",
        table=in_window(openness.size_leaders, MAIN_WINDOW),
        queries=(openness.size_leaders,),
        sample=samples.requests,
        chart=_leaders,
        claims=("C37", "C39", "C40", "C41"),
        choice="The report speaks of fragmented and consolidated segments and gives no number: the share of the week's "
        "leading model and the HHI stand for them.",
        compared="leader_share",
        key=("size_class",),
        formats={
            "week": "week", "size_class": "text", "leader": "text", "leader_share": "share", "hhi": "number",
            "models": "count", "class_tokens": "tokens",
        },
    ),
    Exhibit(
        id="fig05",
        title="Open models on offer by size",
        section="openness",
        cells=(),
        unit="models",
        table=in_window(openness.available_models, MAIN_WINDOW),
        queries=(openness.available_models,),
        sample=samples.models_table,
        chart=_on_offer,
        claims=("C38", "C39"),
        compared="models",
        key=("size_class",),
        formats={"week": "week", "size_class": "text", "models": "count"},
    ),
    Exhibit(
        id="fig06",
        title="What open models are used for",
        section="openness",
        cells=("categories by source", "labelled requests by source"),
        unit="share of the labelled tokens of open models",
        table=in_window(openness.category_mix, CATEGORY_WINDOW),
        queries=(openness.weekly_categories,),
        sample=samples.labels,
        chart=_mix,
        claims=("C42", "C43", "C44", "C45"),
        choice=_CATEGORY_CHOICE,
        compared="share",
        key=("category",),
        formats={
            **_COUNTS, "category": "text", "labelled_requests": "count", "labelled_tokens": "tokens", "share": "share",
        },
    ),
    Exhibit(
        id="fig07",
        title="What open models from China are used for",
        section="openness",
        cells=("categories by source", "labelled requests by source"),
        unit="share of the labelled tokens of open models from China",
        table=in_window(openness.category_mix, CATEGORY_WINDOW, source_types=("cn-open",)),
        queries=(openness.weekly_categories,),
        sample=samples.labels,
        chart=_mix,
        claims=("C46", "C47", "C48"),
        choice=f"{_CATEGORY_CHOICE} Programming and technology together are 38% in the caption and 39% in the text.",
        compared="share",
        key=("category",),
        formats={
            **_COUNTS, "category": "text", "labelled_requests": "count", "labelled_tokens": "tokens", "share": "share",
        },
    ),
    Exhibit(
        id="fig08",
        title="Programming by source type",
        section="openness",
        cells=("categories by source", "labelled requests by source"),
        unit="share of the labelled programming tokens of the week",
        table=in_window(openness.category_sources, CATEGORY_WINDOW, category="programming"),
        queries=(openness.weekly_categories,),
        sample=samples.category_sources,
        chart=_sources_twice,
        claims=("C49", "C50", "C51", "C52"),
        choice=(
            "The caption says that open models of the rest of the world now hold more than half of the open models' "
            "programming tokens, the text that their share has slipped: share_of_open shows both periods."
        ),
        compared="share",
        key=("source_type",),
        formats={
            **_COUNTS, "source_type": "text", "category_tokens": "tokens", "open_tokens": "tokens", "share": "share",
            "share_of_open": "share",
        },
    ),
    Exhibit(
        id="fig09",
        title="Roleplay by source type",
        section="openness",
        cells=("categories by source", "labelled requests by source"),
        unit="share of the labelled roleplay tokens of the week",
        table=in_window(openness.category_sources, CATEGORY_WINDOW, category="roleplay"),
        queries=(openness.weekly_categories,),
        sample=samples.category_sources,
        chart=_sources,
        claims=("C53", "C54", "C55"),
        compared="share",
        key=("source_type",),
        formats={
            **_COUNTS, "source_type": "text", "category_tokens": "tokens", "open_tokens": "tokens", "share": "share",
            "share_of_open": "share",
        },
    ),
)  # fmt: skip
