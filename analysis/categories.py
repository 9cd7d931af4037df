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
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis import vocabulary as v
from analysis import weekly as step
from analysis.contract import CATEGORIES
from analysis.query import finished_by, query
from analysis.source import Log
from analysis.study import LABEL_THRESHOLD

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
    with files("analysis").joinpath("taxonomy.csv").open(encoding="utf-8") as file:
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


def labelled(log: Log, threshold: float, scheme: Scheme) -> ir.Table:
    """One row a labelled request and distinct category: generation_id, week, model, category and token columns."""
    labels = log.need_labels("shares by category")

    def build() -> ir.Table:
        kept = labels.filter(labels.confidence >= threshold)
        tags = kept.select("generation_id", category=category(kept.path, scheme)).distinct()
        rows = log.generations
        rows = rows.select(
            "generation_id",
            "model",
            "tokens_prompt",
            "tokens_completion",
            week=v.week(rows.created_at),
            tokens=v.tokens_total(rows),
        )
        return tags.inner_join(rows, "generation_id")

    return log.shared(f"labelled_{scheme}_{round(threshold * 1000)}", build)


def _by_week(rows: ir.Table) -> ir.Table:
    """Distinct labelled requests and their tokens by week."""
    one = rows.select("generation_id", "week", "tokens").distinct()
    return one.group_by("week").aggregate(
        labelled_requests=one.count().cast("int64"), labelled_tokens=v.total(one.tokens)
    )


def _finish(
    frame: pd.DataFrame, log: Log, threshold: float = LABEL_THRESHOLD, scheme: Scheme = "rankings"
) -> pd.DataFrame:
    present = set(frame["category"])
    order = [*(c for c in CATEGORIES if c in present), *sorted(present - {*CATEGORIES, OTHER})]
    order += [OTHER] if OTHER in present else []
    weeks = frame.groupby("week")[["labelled_requests", "labelled_tokens"]].max()
    index = pd.MultiIndex.from_product([weeks.index, order], names=["week", "category"])
    full = frame.set_index(["week", "category"])[["requests", "tokens", "share"]].reindex(index)
    full[["requests", "tokens"]] = full[["requests", "tokens"]].fillna(0).astype("int64")
    full["share"] = full["share"].fillna(0.0)
    out = full.reset_index().join(weeks, on="week")
    return step.mark_complete(out, log)


@finished_by(_finish)
def weekly_shares(log: Log, threshold: float = LABEL_THRESHOLD, scheme: Scheme = "rankings") -> ir.Table:
    """Token share by week and category: claims C77, C78 (figure 19).

    requests (count), tokens (tokens): labelled requests of the week that carry the category. share = those
    tokens over labelled_tokens, the tokens of the week's distinct labelled requests. Labels with confidence
    below `threshold` are dropped. labelled_requests is the sample size. complete: the log covers the whole
    week. Needs the labels table.
    """
    rows = labelled(log, threshold, scheme)
    sums = rows.group_by("week", "category").aggregate(
        requests=rows.count().cast("int64"), tokens=v.total(rows.tokens)
    )
    sums = sums.inner_join(_by_week(rows), "week")
    return sums.mutate(share=v.ratio(sums.tokens, sums.labelled_tokens)).order_by("week", "category")


def programming_share(log: Log, threshold: float = LABEL_THRESHOLD) -> pd.DataFrame:
    """Programming's rows of `weekly_shares`: claim C77. Its tokens over all labelled tokens, by week."""
    frame = weekly_shares(log, threshold)
    return frame[frame["category"] == "programming"].reset_index(drop=True)


@query
def shares(
    log: Log,
    window: step.Window | None = None,
    threshold: float = LABEL_THRESHOLD,
    scheme: Scheme = "rankings",
) -> ir.Table:
    """Token share by category over the weeks whose Monday lies in the window: as `weekly_shares`, without the
    weeks.

    requests (count), tokens (tokens), share (tokens over the tokens of the distinct labelled requests),
    mean_tokens (tokens per request that carries the category).
    """
    rows = labelled(log, threshold, scheme)
    rows = rows.filter(v.within(rows.week, window))
    one = rows.select("generation_id", "tokens").distinct()
    whole = one.aggregate(labelled_requests=one.count().cast("int64"), labelled_tokens=v.total(one.tokens))
    sums = rows.group_by("category").aggregate(
        requests=rows.count().cast("int64"), tokens=v.total(rows.tokens)
    )
    sums = sums.cross_join(whole)
    return sums.mutate(
        share=v.ratio(sums.tokens, sums.labelled_tokens), mean_tokens=v.ratio(sums.tokens, sums.requests)
    ).order_by(sums.tokens.desc(), "category")


def _mark(
    frame: pd.DataFrame, log: Log, threshold: float = LABEL_THRESHOLD, scheme: Scheme = "rankings"
) -> pd.DataFrame:
    return step.mark_complete(frame, log)


@finished_by(_mark)
def mean_lengths(log: Log, threshold: float = LABEL_THRESHOLD, scheme: Scheme = "rankings") -> ir.Table:
    """Mean lengths by week and category: claims C72, C73, C75 (figures 16 and 18).

    mean_prompt, mean_completion, mean_total: tokens per labelled request that carries the category (requests of
    them in the week; a request counts once for each distinct category). Needs the labels table.
    """
    rows = labelled(log, threshold, scheme)
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
