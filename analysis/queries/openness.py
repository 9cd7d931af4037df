"""Open against closed models: weekly token volume and shares by source type.

Source types: `closed` (rest of the world, closed weights), `cn-closed`, `cn-open`, `row-open`; open = weights
can be downloaded, CN = developed in mainland China, Taiwan or Hong Kong. Models without an entry in the models
table make up `unknown`, which is shown and stays in every denominator.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis import vocabulary as v
from analysis.contract import SIZE_CLASSES
from analysis.proportions import share
from analysis.queries import weekly as step
from analysis.queries.categories import in_order, labelled
from analysis.queries.model_facts import model_names, release_days
from analysis.queries.query import finished_by
from analysis.sources.log import Log
from analysis.study import RELEASE_MARKERS

SOURCE_TYPES = ("closed", "cn-closed", "cn-open", "row-open", "unknown")
OPEN_TYPES = ("cn-open", "row-open")
MEANINGFUL_SHARE = (
    0.05  # of the week's open tokens: the report says "meaningful share", the number is assumed (C30)
)
TOP_MODELS = 15  # models in the figure of open models: C34
REST = "other open models"


def source_type(models: ir.Table) -> ir.StringValue:
    """The source type of each row of the models table; `unknown` where its facts are null."""
    return ibis.cases(
        (models.open_weights & (models.origin == "CN"), "cn-open"),
        (models.open_weights & (models.origin == "RoW"), "row-open"),
        (~models.open_weights & (models.origin == "CN"), "cn-closed"),
        (~models.open_weights & (models.origin == "RoW"), "closed"),
        else_="unknown",
    )


def _weekly_grid(frame: pd.DataFrame, log: Log, kind: str, order: Sequence[str]) -> pd.DataFrame:
    """Every week with every kind that occurs in the log: a kind without traffic in a week has 0 tokens there."""
    full = step.grid(
        frame, kind, [name for name in order if name in set(frame[kind])], ["requests", "tokens"]
    )
    full["week_tokens"] = full.groupby("week")["week_tokens"].transform("max").astype("int64")
    full["share"] = full["share"].where(full["share"].notna() | full["week_tokens"].eq(0), 0.0)
    return step.mark_complete(full, log)


def _finish_types(frame: pd.DataFrame, log: Log) -> pd.DataFrame:
    return _weekly_grid(frame, log, "source_type", SOURCE_TYPES)


@finished_by(_finish_types)
def weekly_shares(log: Log) -> ir.Table:
    """Token volume and share by week and source type: claims C12 to C23 (figures 1 and 2).

    requests (count), tokens (tokens): all requests of the week served by models of the type. share = tokens of
    the type over week_tokens, the tokens of all models in that week. complete: the log covers the whole week.
    Needs the models table.
    """
    t = step.by_model(log, "requests", "tokens")
    facts = log.need_models("open_weights", "origin", what="shares by openness")
    typed = t.left_join(facts.select("model", source_type=source_type(facts)), "model")
    typed = typed.mutate(source_type=typed.source_type.fill_null("unknown"))
    sums = typed.group_by("week", "source_type").aggregate(
        requests=v.total(typed.requests), tokens=v.total(typed.tokens)
    )
    sums = sums.mutate(week_tokens=v.whole(sums.tokens, [sums.week]))
    return sums.mutate(share=v.ratio(sums.tokens, sums.week_tokens)).order_by("week", "source_type")


def open_share(log: Log) -> pd.DataFrame:
    """Share of open models (cn-open + row-open) in all tokens by week: claims C12, C13.

    Columns week, tokens, week_tokens, share, complete; derived from `weekly_shares`.
    """
    frame = weekly_shares(log)
    opened = frame[frame["source_type"].isin(OPEN_TYPES)]
    weeks = frame.groupby("week", as_index=False).agg(
        week_tokens=("week_tokens", "max"), complete=("complete", "max")
    )
    out = weeks.join(opened.groupby("week")[["tokens", "share"]].sum(), on="week")
    out[["tokens", "share"]] = out[["tokens", "share"]].fillna(0)
    return out.astype({"tokens": "int64"})[["week", "tokens", "week_tokens", "share", "complete"]]


def weekly_shares_and_releases(log: Log) -> pd.DataFrame:
    """Share of each source type in all tokens by week, the share of all open models, and the marked releases:
    claims C12 to C22 (figure 1).

    tokens (tokens): all requests of the week served by models of the type. share = tokens over week_tokens, the
    tokens of all models in that week. open_share = tokens of cn-open and row-open over week_tokens. No row is
    left out; models without an entry in the models table are `unknown`. releases: names of the marked open
    models released in the week (empty if none). complete: the log covers the whole week. Derived from the query
    `openness.weekly_shares`; needs the models table.
    """
    frame = weekly_shares(log)
    opened = open_share(log).set_index("week")["share"].rename("open_share")
    named: dict[pd.Timestamp, list[str]] = {}
    released = release_days(log)
    for model, name in RELEASE_MARKERS.items():
        if log.beside_study and model in released:
            week = pd.Timestamp(released[model]).to_period("W-SUN").start_time
            named.setdefault(week, []).append(name)
    text = {week: ", ".join(names) for week, names in named.items()}
    out = frame.join(opened, on="week")
    return out.assign(releases=[text.get(week, "") for week in out["week"]])


def share_summary(log: Log, window: tuple[dt.date, dt.date] | None = None) -> pd.DataFrame:
    """Weekly shares of each source type over the complete weeks whose Monday lies in the window: claims C14 to
    C19.

    Columns source_type, weeks (count), mean (unweighted mean of weekly shares), low, high (extreme weeks),
    first, last (means of the first and the last four weeks), tokens (sum), token_share (the type's tokens over
    all tokens, which weights weeks by volume and so differs from the mean).
    """
    frame = weekly_shares(log)
    frame = frame[frame["complete"]]
    if window is not None:
        frame = frame[frame["week"].between(pd.Timestamp(window[0]), pd.Timestamp(window[1]))]
    whole = frame["tokens"].sum()
    rows = []
    for kind in (k for k in SOURCE_TYPES if k in set(frame["source_type"])):
        part = frame[frame["source_type"] == kind].sort_values("week")
        shares = part["share"]
        rows.append(
            {
                "source_type": kind,
                "weeks": len(part),
                "mean": shares.mean(),
                "low": shares.min(),
                "high": shares.max(),
                "first": shares.head(4).mean(),
                "last": shares.tail(4).mean(),
                "tokens": int(part["tokens"].sum()),
                "token_share": float(share(part["tokens"].sum(), whole)),
            }
        )
    columns = ["source_type", "weeks", "mean", "low", "high", "first", "last", "tokens", "token_share"]
    return pd.DataFrame(rows, columns=columns)


def _finish_sizes(frame: pd.DataFrame, log: Log) -> pd.DataFrame:
    return _weekly_grid(frame, log, "size_class", (*SIZE_CLASSES, "unknown"))


@finished_by(_finish_sizes)
def weekly_sizes(log: Log) -> ir.Table:
    """Token volume and share of open models by week and size class: claims C35 to C37 (figure 4).

    tokens (tokens), requests (count) of open models of the class (small < 15 B, medium, large >= 70 B
    parameters); share = those tokens over week_tokens, the tokens of all open models in that week. Needs the
    models table.
    """
    t = step.by_model(log, "requests", "tokens")
    facts = log.need_models("open_weights", "size_class", what="shares by size class")
    facts = facts.filter(facts.open_weights).select("model", size_class=facts.size_class.fill_null("unknown"))
    typed = t.inner_join(facts, "model")
    sums = typed.group_by("week", "size_class").aggregate(
        requests=v.total(typed.requests), tokens=v.total(typed.tokens)
    )
    sums = sums.mutate(week_tokens=v.whole(sums.tokens, [sums.week]))
    return sums.mutate(share=v.ratio(sums.tokens, sums.week_tokens)).order_by("week", "size_class")


# --- models: who leads, and how far


def _open_facts(log: Log, *columns: str, what: str) -> ir.Table:
    """Models with open weights: model and the columns."""
    facts = log.need_models("open_weights", *columns, what=what)
    return facts.filter(facts.open_weights).select("model", *columns)


def _by_open_model(log: Log, *columns: str, what: str) -> ir.Table:
    """Open models by week: week, model, the columns, requests, tokens, week_tokens (of all open models), share."""
    t = step.by_model(log, "requests", "tokens").select("week", "model", "requests", "tokens")
    t = t.inner_join(_open_facts(log, *columns, what=what), "model")
    t = t.mutate(week_tokens=v.whole(t.tokens, [t.week]))
    return t.mutate(share=v.ratio(t.tokens, t.week_tokens))


@finished_by(step.mark_complete)
def weekly_open_models(log: Log) -> ir.Table:
    """Token volume and share of each open model by week: claims C27 to C34 (figure 3).

    requests (count), tokens (tokens): all requests of the week to the model (free variants included). share =
    tokens over week_tokens, the tokens of all open models in that week. Models without requests in a week are
    not listed. Needs the models table.
    """
    t = _by_open_model(log, what="shares of open models")
    return t.order_by("week", ibis.desc("tokens"), "model")


@finished_by(step.mark_complete)
def concentration(log: Log) -> ir.Table:
    """How concentrated the open models' tokens are, by week: claims C29 to C31 (figure 3).

    With s = a model's tokens over the tokens of all open models in the week: hhi = sum of s squared (Herfindahl
    and Hirschman; 1 = one model has all), top_share = largest s, leading_models = number of models with s >= 5%
    (the report's "meaningful share"; its number is assumed), models = number of open models with tokens.
    week_tokens (tokens): those of all open models. Needs the models table.
    """
    t = _by_open_model(log, what="the concentration of open models")
    return (
        t.group_by("week")
        .aggregate(
            week_tokens=v.total(t.tokens),
            models=v.count_where(t.tokens > 0),
            leading_models=v.count_where(t.share >= MEANINGFUL_SHARE),
            top_share=t.share.max(),
            hhi=(t.share * t.share).sum(),
        )
        .order_by("week")
    )


def top_models(log: Log, window: step.Window | None = None, top: int = TOP_MODELS) -> pd.DataFrame:
    """Weekly shares of the largest open models, with the week's concentration: claims C27 to C34 (figure 3).

    The `top` open models with the most tokens over the weeks of the window, and `other open models` as one more
    row a week, so that the shares of a week add up to 1. tokens (tokens): all requests of the week; share =
    tokens over week_tokens, the tokens of all open models in the week. rank: by tokens over the window (0 for
    the rest). hhi, top_share, leading_models (models with at least 5%): of all open models in the week, see
    `concentration`. A model without requests in a week has 0 there. Derived from the queries
    `openness.weekly_open_models` and `openness.concentration`; needs the models table.
    """
    frame = step.inside(weekly_open_models(log), window)
    largest = step.largest(frame, "tokens", top)
    frame["model"] = frame["model"].where(frame["model"].isin(largest), REST)
    sums = frame.groupby(["week", "model"], as_index=False)[["requests", "tokens"]].sum()
    present = set(frame["model"])
    order = [*largest, *([REST] if REST in present else [])]
    full = step.grid(sums, "model", order, ["requests", "tokens"])
    weeks = concentration(log).set_index("week")
    full = full.join(weeks[["week_tokens", "hhi", "top_share", "leading_models"]], on="week")
    full["share"] = share(full["tokens"], full["week_tokens"])
    names = model_names(log)
    full.insert(1, "rank", [largest.index(m) + 1 if m in largest else 0 for m in full["model"]])
    full.insert(3, "name", [names.get(m, m) for m in full["model"]])
    columns = ["week", "rank", "model", "name", "requests", "tokens", "share", "week_tokens", "hhi", "top_share",
               "leading_models"]  # fmt: skip
    return step.mark_complete(full[columns], log)


@finished_by(step.mark_complete)
def size_leaders(log: Log) -> ir.Table:
    """The leading model of each size class of open models by week: claims C37, C39 to C41.

    With s = a model's tokens over the tokens of the open models of its class in the week: leader = the model
    with the largest s (the first by name of equals), leader_share = its s, hhi = sum of s squared, models =
    number of models of the class with tokens. class_tokens (tokens): those of the class. Needs the models table.
    """
    t = step.by_model(log, "tokens").select("week", "model", "tokens").filter(lambda t: t.tokens > 0)
    facts = _open_facts(log, "size_class", what="the leaders of the size classes")
    t = t.inner_join(facts, "model").mutate(size_class=lambda t: t.size_class.fill_null("unknown"))
    t = t.mutate(class_tokens=v.whole(t.tokens, [t.week, t.size_class]))
    t = t.mutate(share=v.ratio(t.tokens, t.class_tokens))
    best = ibis.window(group_by=[t.week, t.size_class], order_by=[t.tokens.desc(), v.in_byte_order(t.model)])
    t = t.mutate(place=ibis.row_number().over(best))
    sums = t.group_by("week", "size_class").aggregate(
        class_tokens=v.total(t.tokens),
        models=t.count().cast("int64"),
        leader=(t.place == 0).ifelse(t.model, ibis.null("string")).max(),
        leader_share=t.share.max(),
        hhi=(t.share * t.share).sum(),
    )
    return sums.order_by("week", "size_class")


def _finish_available(frame: pd.DataFrame, log: Log) -> pd.DataFrame:
    kinds = [name for name in (*SIZE_CLASSES, "unknown") if name in set(frame["size_class"])]
    return step.mark_complete(step.grid(frame, "size_class", kinds, ["models"]), log)


@finished_by(_finish_available)
def available_models(log: Log) -> ir.Table:
    """Number of open models on offer by week and size class: claim C38 (figure 5).

    models (count): open models of the class (small < 15 B, medium, large >= 70 B parameters) released on or
    before the week's Sunday and not retired on or before its Monday. Weeks: those with requests. From the models
    table alone: whether a model was used does not matter. Needs the models table.
    """
    weeks = step.by_model(log, "requests").select("week").distinct()
    facts = _open_facts(log, "released", "retired", "size_class", what="the number of models on offer")
    facts = facts.mutate(size_class=facts.size_class.fill_null("unknown"))
    offered = weeks.cross_join(facts)
    offered = offered.filter(
        offered.released <= offered.week + ibis.interval(days=6),
        offered.retired.isnull() | (offered.retired > offered.week),
    )
    return (
        offered.group_by("week", "size_class")
        .aggregate(models=offered.count().cast("int64"))
        .order_by("week", "size_class")
    )


# --- what open models are used for, and who serves a category


@finished_by(step.mark_complete)
def weekly_categories(log: Log) -> ir.Table:
    """Labelled tokens by week, source type and category: claims C42 to C55 (figures 6 to 9).

    requests (count), tokens (tokens): labelled requests of the week that carry the category, served by models of
    the type; a request counts once for each distinct category that it carries, with all its tokens.
    type_requests, type_tokens: the distinct labelled requests of the week served by models of the type. share =
    tokens over type_tokens. Labels with confidence below 0.5 are dropped. Combinations without requests
    are not listed. It is a share of the labelled sample. Needs the labels and the models table.
    """
    rows = labelled(log)
    facts = log.need_models("open_weights", "origin", what="categories by openness")
    types = facts.select("model", source_type=source_type(facts))
    tagged = rows.group_by("week", "model", "category").aggregate(
        requests=rows.count().cast("int64"), tokens=v.total(rows.tokens)
    )
    one = rows.select("generation_id", "week", "model", "tokens").distinct()
    whole = one.group_by("week", "model").aggregate(
        requests=one.count().cast("int64"), tokens=v.total(one.tokens)
    )

    def typed(t: ir.Table) -> ir.Table:
        joined = t.left_join(types, "model")
        return joined.mutate(source_type=joined.source_type.fill_null("unknown"))

    sums, wholes = typed(tagged), typed(whole)
    sums = sums.group_by("week", "source_type", "category").aggregate(
        requests=v.total(sums.requests), tokens=v.total(sums.tokens)
    )
    wholes = wholes.group_by("week", "source_type").aggregate(
        type_requests=v.total(wholes.requests), type_tokens=v.total(wholes.tokens)
    )
    out = sums.inner_join(wholes, ["week", "source_type"])
    out = out.select("week", "source_type", "category", "requests", "tokens", "type_requests", "type_tokens")
    return out.mutate(share=v.ratio(out.tokens, out.type_tokens)).order_by("week", "source_type", "category")


def category_mix(log: Log, source_types: Sequence[str] = OPEN_TYPES) -> pd.DataFrame:
    """What the labelled tokens of models of the source types are used for, by week: claims C42 to C48
    (figures 6 and 7).

    requests (count), tokens (tokens): labelled requests of the week that carry the category. share = those
    tokens over labelled_tokens, the tokens of the distinct labelled requests to models of the types in the week;
    labelled_requests is the sample. A request counts once for each distinct category that it carries, so that
    the shares of a week can add up to more than 1. Labels with confidence below 0.5 are dropped. A category
    without requests in a week has 0 there. Derived from the query `openness.weekly_categories`; needs the labels
    and the models table.
    """
    frame = weekly_categories(log)
    frame = frame[frame["source_type"].isin(source_types)]
    types = frame.drop_duplicates(["week", "source_type"])
    weeks = types.groupby("week")[["type_requests", "type_tokens"]].sum()
    weeks.columns = pd.Index(["labelled_requests", "labelled_tokens"])
    sums = frame.groupby(["week", "category"], as_index=False)[["requests", "tokens"]].sum()
    full = step.grid(sums, "category", in_order(sums["category"]), ["requests", "tokens"]).join(
        weeks, on="week"
    )
    full["share"] = share(full["tokens"], full["labelled_tokens"])
    return step.mark_complete(full, log)


def category_sources(log: Log, category: str) -> pd.DataFrame:
    """Whose models serve a category, by week: claims C49 to C55 (figures 8 and 9).

    requests (count), tokens (tokens): labelled requests of the week that carry the category, served by models of
    the source type. share = tokens over category_tokens, those of all models; share_of_open = tokens over
    open_tokens, those of cn-open and row-open (missing for the other types, and in weeks without any). Labels
    with confidence below 0.5 are dropped. Every week with the category has every source type that serves it in
    the log. Derived from the query `openness.weekly_categories`; needs the labels and the models table.
    """
    frame = weekly_categories(log)
    frame = frame[frame["category"] == category]
    kinds = [kind for kind in SOURCE_TYPES if kind in set(frame["source_type"])]
    counts = frame[["week", "source_type", "requests", "tokens"]]
    full = step.grid(counts, "source_type", kinds, ["requests", "tokens"])
    opened = full["source_type"].isin(OPEN_TYPES)
    full["category_tokens"] = full.groupby("week")["tokens"].transform("sum")
    full["open_tokens"] = full["tokens"].where(opened, 0).groupby(full["week"]).transform("sum")
    full["share"] = share(full["tokens"], full["category_tokens"])
    full["share_of_open"] = pd.Series(share(full["tokens"], full["open_tokens"])).where(opened)
    return step.mark_complete(full, log)
