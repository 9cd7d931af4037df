"""Open against closed models: weekly token volume and shares by source type.

Source types: `closed` (rest of the world, closed weights), `cn-closed`, `cn-open`, `row-open`; open = weights
can be downloaded, CN = developed in mainland China, Taiwan or Hong Kong. Models without an entry in the models
table make up `unknown`, which is shown and stays in every denominator.
"""

from __future__ import annotations

import datetime as dt

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis import vocabulary as v
from analysis import weekly as step
from analysis.contract import SIZE_CLASSES
from analysis.proportions import share
from analysis.query import finished_by
from analysis.source import Log

SOURCE_TYPES = ("closed", "cn-closed", "cn-open", "row-open", "unknown")
OPEN_TYPES = ("cn-open", "row-open")


def source_type(models: ir.Table) -> ir.StringValue:
    """The source type of each row of the models table; `unknown` where its facts are null."""
    return ibis.cases(
        (models.open_weights & (models.origin == "CN"), "cn-open"),
        (models.open_weights & (models.origin == "RoW"), "row-open"),
        (~models.open_weights & (models.origin == "CN"), "cn-closed"),
        (~models.open_weights & (models.origin == "RoW"), "closed"),
        else_="unknown",
    )


def _weekly_grid(frame: pd.DataFrame, log: Log, kind: str, order: tuple[str, ...]) -> pd.DataFrame:
    """Every week with every kind that occurs in the log: a kind without traffic in a week has 0 tokens there."""
    kinds = [name for name in order if name in set(frame[kind])]
    index = pd.MultiIndex.from_product([sorted(frame["week"].unique()), kinds], names=["week", kind])
    full = frame.set_index(["week", kind]).reindex(index)
    full["week_tokens"] = full.groupby("week")["week_tokens"].transform("max").astype("int64")
    full[["requests", "tokens"]] = full[["requests", "tokens"]].fillna(0).astype("int64")
    full["share"] = full["share"].where(full["share"].notna() | full["week_tokens"].eq(0), 0.0)
    return step.mark_complete(full.reset_index(), log)


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
