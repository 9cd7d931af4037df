"""Content categories of the labelled sample: token shares and mean lengths by category.

A classifier labels a random sample of the requests (the report's is about 0.25%) with content paths and
confidences. Labels below the threshold (0.5: C05) are dropped. A path maps to a category through
`taxonomy.csv`: the longest listed path that it equals or lies under decides. Two schemes: `rankings`, the
twelve tags of the report's charts, and `report`, the buckets of its section 2.2; what maps to neither is
`other`.

Choice for requests with several labels: a request counts once for each distinct category that it carries, with
all its tokens. Shares are over labelled tokens, the tokens of the distinct labelled requests; so the shares of
a week can add up to more than 1, by as much as requests carry several categories. They are shares of the
sample: labels say nothing of the rest.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from analysis import vocabulary as v
from analysis.contract import CATEGORIES
from analysis.queries import weekly as step
from analysis.queries.query import finished_by
from analysis.sources.log import Log
from analysis.study import LABEL_THRESHOLD, MIX_AUTHORS, NAMED_AUTHORS

OTHER = "other"
Scheme = Literal["rankings", "report"]


class TaxonomyRow(NamedTuple):
    """One path of the taxonomy and where it goes; `evidence` says why."""

    path: str
    rankings_tag: str
    report_bucket: str
    evidence: str


@cache
def taxonomy() -> tuple[TaxonomyRow, ...]:
    """The mapping from content paths to categories, as shipped in taxonomy.csv."""
    with files("analysis.queries").joinpath("taxonomy.csv").open(encoding="utf-8") as file:
        return tuple(TaxonomyRow(**row) for row in csv.DictReader(file))


def category_of(path: str, scheme: Scheme = "rankings") -> str:
    """Category of one path: that of the longest listed path that it equals or lies under, else `other`."""
    targets = _targets(scheme)
    while path:
        if path in targets:
            return targets[path]
        path = path.rpartition("/")[0]
    return OTHER


def category(path: ir.StringValue, scheme: Scheme = "rankings") -> ir.StringValue:
    """`category_of` as an expression. Exact paths first, then parents from the longest to the shortest."""
    targets = _targets(scheme)
    by_target: dict[str, list[str]] = {}
    for listed, target in targets.items():
        by_target.setdefault(target, []).append(listed)
    exact = [(path.isin(listed), target) for target, listed in sorted(by_target.items())]
    under = [
        (path.startswith(listed + "/"), targets[listed]) for listed in sorted(targets, key=len, reverse=True)
    ]
    return ibis.cases(*exact, *under, else_=OTHER)


@cache
def _targets(scheme: Scheme) -> dict[str, str]:
    if scheme == "rankings":
        return {row.path: row.rankings_tag or OTHER for row in taxonomy()}
    return {row.path: row.report_bucket or OTHER for row in taxonomy()}


def labelled_paths(log: Log, scheme: Scheme = "rankings") -> ir.Table:
    """One row a labelled request and distinct path: generation_id, path, category, week, model, the token
    columns, tokens, cost_usd, free (free variant; false where not recorded) and, where the log has it, byok.
    """
    labels = log.need_labels("shares by category")

    def build() -> ir.Table:
        kept = labels.filter(labels.confidence >= LABEL_THRESHOLD)
        kept = kept.select("generation_id", "path").distinct()
        paths = kept.select("path").distinct()  # few: each is looked up once, not for each label
        kept = kept.inner_join(paths.mutate(category=category(paths.path, scheme)), "path")
        rows = log.generations
        columns: dict[str, ir.Value] = {
            "week": v.week(rows.created_at),
            "tokens": v.tokens_total(rows),
            "cost_usd": rows.cost_total.cast("float64"),
            "free": v.free_variant(rows),
        }
        if "byok" in log.columns:
            columns["byok"] = rows.byok
        rows = rows.select("generation_id", "model", "tokens_prompt", "tokens_completion", **columns)
        return kept.inner_join(rows, "generation_id")

    return log.shared(f"labelled_paths_{scheme}", build)


def labelled(log: Log, scheme: Scheme = "rankings") -> ir.Table:
    """`labelled_paths` with one row a labelled request and distinct category, without the path."""

    def build() -> ir.Table:
        return labelled_paths(log, scheme).drop("path").distinct()

    return log.shared(f"labelled_{scheme}", build)


def _by_week(rows: ir.Table) -> ir.Table:
    """Distinct labelled requests and their tokens by week."""
    one = rows.select("generation_id", "week", "tokens").distinct()
    return one.group_by("week").aggregate(
        labelled_requests=one.count().cast("int64"), labelled_tokens=v.total(one.tokens)
    )


def in_order(categories: pd.Series) -> list[str]:
    """The categories that occur: the contract's order, then others by name, `other` last."""
    present = set(categories)
    order = [*(c for c in CATEGORIES if c in present), *sorted(present - {*CATEGORIES, OTHER})]
    return [*order, OTHER] if OTHER in present else order


def _finish(frame: pd.DataFrame, log: Log, scheme: Scheme = "rankings") -> pd.DataFrame:
    weeks = frame.groupby("week")[["labelled_requests", "labelled_tokens"]].max()
    own = ["requests", "tokens", "share"]
    full = step.grid(frame[["week", "category", *own]], "category", in_order(frame["category"]), own)
    return step.mark_complete(full.join(weeks, on="week"), log)


@finished_by(_finish)
def weekly_shares(log: Log, scheme: Scheme = "rankings") -> ir.Table:
    """Token share by week and category: claims C77, C78 (figure 19).

    requests (count), tokens (tokens): labelled requests of the week that carry the category. share = those
    tokens over labelled_tokens, the tokens of the week's distinct labelled requests. Labels with confidence
    below 0.5 are dropped. labelled_requests is the sample size. complete: the log covers the whole
    week. Needs the labels table.
    """
    rows = labelled(log, scheme)
    sums = rows.group_by("week", "category").aggregate(
        requests=rows.count().cast("int64"), tokens=v.total(rows.tokens)
    )
    sums = sums.inner_join(_by_week(rows), "week")
    return sums.mutate(share=v.ratio(sums.tokens, sums.labelled_tokens)).order_by("week", "category")


def programming_share(log: Log) -> pd.DataFrame:
    """Programming's rows of `weekly_shares`: claim C77. Its tokens over all labelled tokens, by week."""
    frame = weekly_shares(log)
    return frame[frame["category"] == "programming"].reset_index(drop=True)


@finished_by(step.mark_complete)
def mean_lengths(log: Log) -> ir.Table:
    """Mean lengths by week and category: claims C72, C73, C75 (figures 16 and 18).

    mean_prompt, mean_completion, mean_total: tokens per labelled request that carries the category (requests of
    them in the week; a request counts once for each distinct category). Needs the labels table.
    """
    rows = labelled(log)
    sums = rows.group_by("week", "category").aggregate(
        requests=rows.count().cast("int64"),
        tokens_prompt=v.total(rows.tokens_prompt),
        tokens_completion=v.total(rows.tokens_completion),
        tokens=v.total(rows.tokens),
    )
    return sums.mutate(
        mean_prompt=v.ratio(sums.tokens_prompt, sums.requests),
        mean_completion=v.ratio(sums.tokens_completion, sums.requests),
        mean_total=v.ratio(sums.tokens, sums.requests),
    ).order_by("week", "category")


# --- whose models serve a category, and what an author's models are used for


def _finish_authors(
    frame: pd.DataFrame,
    log: Log,
    category: str = "programming",
    leave_out: Sequence[str] = (),
) -> pd.DataFrame:
    """Every week with every author that occurs: an author without spend in a week has 0 there."""
    whole = ["week_spend_usd", "week_requests"]
    weeks = frame.groupby("week")[whole].max()
    authors = frame.groupby("author")["spend_usd"].sum().sort_values(ascending=False, kind="stable").index
    own = ["requests", "spend_usd", "share", "request_share"]
    full = step.grid(frame[["week", "author", *own]], "author", list(authors), own).join(weeks, on="week")
    full["share"] = full["share"].where(full["week_spend_usd"] > 0)
    return step.mark_complete(full, log)


@finished_by(_finish_authors)
def weekly_author_spend(
    log: Log,
    category: str = "programming",
    leave_out: Sequence[str] = ("x-ai",),
) -> ir.Table:
    """Share of each model author in the spend on a category by week: claims C79 to C85 (figure 20).

    spend_usd (USD charged; own-key requests count with the gateway's fee) and requests (count): labelled
    requests of the week that carry the category, without the authors in `leave_out` (the report leaves xAI out,
    since most of its use was free). share = spend_usd over week_spend_usd, the spend of all authors that are
    kept; missing in a week without spend. request_share = requests over week_requests, likewise (the reading of
    the report's caption). It is a share of the labelled sample. Labels with confidence below 0.5 are
    dropped. author: what stands before the slash of the model id. complete: the log covers the whole week.
    Needs the labels table.
    """
    rows = labelled(log)
    rows = rows.filter(rows.category == category).mutate(author=v.author(rows.model))
    rows = rows.filter(rows.author.notin(list(leave_out))) if leave_out else rows
    sums = rows.group_by("week", "author").aggregate(
        requests=rows.count().cast("int64"), spend_usd=v.amount(rows.cost_usd)
    )
    sums = sums.mutate(
        week_spend_usd=v.whole_amount(sums.spend_usd, [sums.week]),
        week_requests=v.whole(sums.requests, [sums.week]),
    )
    return sums.mutate(
        share=v.ratio(sums.spend_usd, sums.week_spend_usd),
        request_share=v.ratio(sums.requests, sums.week_requests),
    ).order_by("week", "author")


def _finish_mix(frame: pd.DataFrame, log: Log, authors: Sequence[str] = MIX_AUTHORS) -> pd.DataFrame:
    """Every week in which an author has labelled tokens with every category that the author ever has."""
    parts = []
    for _, part in frame.groupby("author", sort=False):
        whole = part.groupby(["author", "week"])[["author_requests", "author_tokens"]].max().reset_index()
        found = pd.DataFrame({"category": in_order(part["category"])})
        grid = whole.merge(found, how="cross").merge(
            part[["week", "category", "requests", "tokens", "share"]], on=["week", "category"], how="left"
        )
        parts.append(grid)
    if not parts:
        return step.mark_complete(frame.assign(concentration=pd.Series(dtype="float64")), log)
    full = pd.concat(parts, ignore_index=True)
    full[["requests", "tokens"]] = full[["requests", "tokens"]].fillna(0).astype("int64")
    full["share"] = full["share"].fillna(0.0).where(full["author_tokens"] > 0)
    squares = full["share"].pow(2).groupby([full["author"], full["week"]])
    full["concentration"] = squares.transform("sum").where(full["author_tokens"] > 0)
    columns = ["author", "week", "category", "requests", "tokens", "share", "author_requests", "author_tokens",
               "concentration"]  # fmt: skip
    return step.mark_complete(full[columns], log)


@finished_by(_finish_mix)
def weekly_author_mix(log: Log, authors: Sequence[str] = MIX_AUTHORS) -> ir.Table:
    """What each author's models are used for, by week: claims C98 to C108 (figures 22 and 23).

    tokens (tokens) and requests (count): labelled requests of the week to the author's models that carry the
    category. share = tokens over author_tokens, the sum over the author's categories in that week (`other`
    included), so that a week's shares add up to 1; a request with two categories counts once in each.
    author_requests: the same sum of requests. concentration: the sum of squared shares (Herfindahl index: 1 = a
    single category). Open models of the author count too. Labels with confidence below 0.5 are dropped.
    complete: the log covers the whole week. Needs the labels table.
    """
    rows = labelled(log)
    rows = rows.mutate(author=v.author(rows.model))
    rows = rows.filter(rows.author.isin(list(authors)))
    sums = rows.group_by("author", "week", "category").aggregate(
        requests=rows.count().cast("int64"), tokens=v.total(rows.tokens)
    )
    sums = sums.mutate(
        author_requests=v.whole(sums.requests, [sums.author, sums.week]),
        author_tokens=v.whole(sums.tokens, [sums.author, sums.week]),
    )
    return sums.mutate(share=v.ratio(sums.tokens, sums.author_tokens)).order_by("author", "week", "category")


# --- inside a category


def subtag_of(path: str) -> str:
    """Short name of a content path: its last two parts, such as `Programming/Other`."""
    return "/".join(path.strip("/").split("/")[-2:])


def _finish_subtags(frame: pd.DataFrame, log: Log, window: step.Window | None = None) -> pd.DataFrame:
    order = {name: at for at, name in enumerate(in_order(frame["category"]))}
    out = frame.assign(subtag=frame["path"].map(subtag_of).astype("str"), at=frame["category"].map(order))
    out = out.sort_values(["at", "tokens", "path"], ascending=[True, False, True], ignore_index=True)
    plogp = out["share"] * np.log2(out["share"].where(out["share"] > 0, 1.0))
    entropy = -plogp.groupby(out["category"]).transform("sum")
    out["entropy_bits"] = entropy.where(out["category_tokens"] > 0).abs()  # abs: no negative zero
    columns = ["category", "path", "subtag", "requests", "tokens", "share", "category_requests", "category_tokens",
               "entropy_bits"]  # fmt: skip
    return out[columns]


@finished_by(_finish_subtags)
def subtags(log: Log, window: step.Window | None = None) -> ir.Table:
    """Sub-tags within each category over the weeks whose Monday lies in the window: claims C86 to C97 (figures
    21 and 29).

    A sub-tag is the content path as the classifier gave it. tokens (tokens) and requests (count): labelled
    requests that carry the path; a request counts once for each distinct path. share = tokens over
    category_tokens, the sum over the paths of the category, so that a category's shares add up to 1.
    category_requests: distinct requests that carry the category, the sample. entropy_bits: Shannon entropy of
    the category's shares, in bits (0 = one sub-tag; n equal ones = log2 n). Labels with confidence below
    0.5 are dropped. Needs the labels table.
    """
    rows = labelled_paths(log)
    rows = rows.filter(v.within(rows.week, window))
    whole = rows.group_by("category").aggregate(category_requests=rows.generation_id.nunique().cast("int64"))
    sums = rows.group_by("category", "path").aggregate(
        requests=rows.count().cast("int64"), tokens=v.total(rows.tokens)
    )
    sums = sums.inner_join(whole, "category")
    sums = sums.mutate(category_tokens=v.whole(sums.tokens, [sums.category]))
    return sums.mutate(share=v.ratio(sums.tokens, sums.category_tokens)).order_by("category", "path")


def named_authors(frame: pd.DataFrame) -> pd.DataFrame:
    """Weekly spend with the authors that the report does not name added up as `others`."""
    kept = frame.assign(author=frame["author"].where(frame["author"].isin(NAMED_AUTHORS), "others"))
    sums = ["requests", "spend_usd", "share", "request_share"]
    keys = ["week", "author", "week_spend_usd", "week_requests", "complete"]
    return kept.groupby(keys, as_index=False, sort=False)[sums].sum(min_count=1)
