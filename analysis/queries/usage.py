"""Token volume: by week, by model, by author; mean lengths of requests.

Tokens = prompt + completion (reasoning is inside completion, cached inside prompt). Weeks are UTC, from Monday.
No row is left out: free variants, own-key (BYOK), cancelled and failed requests count with the tokens that the
log holds for them.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis import vocabulary as v
from analysis.proportions import share
from analysis.queries import weekly as step
from analysis.queries.query import finished_by, query
from analysis.sources.log import Log


@finished_by(step.mark_complete)
def weekly(log: Log) -> ir.Table:
    """Volume and mean lengths by week: claims C23 (tokens), C69 to C71 and C74 (means).

    requests (count), tokens_prompt, tokens_completion, tokens (tokens), cost_usd (USD charged): sums over all
    requests of the week. mean_prompt, mean_completion, mean_total: those tokens over requests, tokens per
    request. prompt_to_completion: prompt tokens over completion tokens. complete: the log covers the whole
    week.
    """
    t = step.by_model(log, "requests", "tokens_prompt", "tokens_completion", "tokens", "cost_usd")
    sums = t.group_by("week").aggregate(
        requests=v.total(t.requests),
        tokens_prompt=v.total(t.tokens_prompt),
        tokens_completion=v.total(t.tokens_completion),
        tokens=v.total(t.tokens),
        cost_usd=t.cost_usd.sum(),
    )
    return sums.mutate(
        mean_prompt=v.ratio(sums.tokens_prompt, sums.requests),
        mean_completion=v.ratio(sums.tokens_completion, sums.requests),
        mean_total=v.ratio(sums.tokens, sums.requests),
        prompt_to_completion=v.ratio(sums.tokens_prompt, sums.tokens_completion),
    ).order_by("week")


@finished_by(step.mark_complete)
def weekly_by_model(log: Log) -> ir.Table:
    """Volume by week and model.

    requests (count), tokens (tokens), cost_usd (USD charged): sums over all requests. share = the model's tokens
    over all tokens of the week.
    """
    t = step.by_model(log, "requests", "tokens", "cost_usd")
    t = t.select("week", "model", "requests", "tokens", "cost_usd")
    return t.mutate(share=v.ratio(t.tokens, v.whole(t.tokens, [t.week]))).order_by(
        "week", ibis.desc("tokens"), "model"
    )


@query
def by_model(log: Log, window: step.Window | None = None) -> ir.Table:
    """Volume by model over the weeks whose Monday lies in the window (all weeks without one): claim C131 (volume).

    requests (count), tokens (tokens), cost_usd (USD charged): sums over all requests. share = the model's tokens
    over all tokens of those weeks.
    """
    t = step.by_model(log, "requests", "tokens", "cost_usd").filter(lambda t: v.within(t.week, window))
    sums = t.group_by("model").aggregate(
        requests=v.total(t.requests), tokens=v.total(t.tokens), cost_usd=t.cost_usd.sum()
    )
    return sums.mutate(share=v.ratio(sums.tokens, v.whole(sums.tokens, []))).order_by(
        ibis.desc("tokens"), "model"
    )


@query
def by_author(log: Log, open_weights: bool | None = True, window: step.Window | None = None) -> ir.Table:
    """Tokens by model author over the weeks whose Monday lies in the window: claims C24 to C26 (table 1).

    open_weights: only models with open weights (True), only closed ones (False), or all
    (None). tokens (tokens), requests (count): sums. share = the author's tokens over the tokens of all authors
    in the table. origin: the models' place of development; an author with both gets two rows. Needs the models
    table unless all.
    """
    t = step.by_model(log, "requests", "tokens").filter(lambda t: v.within(t.week, window))
    if open_weights is None:
        t = t.mutate(author=v.author(t.model), origin=ibis.null("string"))
    else:
        facts = log.need_models("author", "open_weights", "origin", what="the table of authors")
        facts = facts.filter(facts.open_weights == open_weights).select("model", "author", "origin")
        t = t.inner_join(facts, "model")
    sums = t.group_by("author", "origin").aggregate(
        models=t.model.nunique().cast("int64"), requests=v.total(t.requests), tokens=v.total(t.tokens)
    )
    return sums.mutate(share=v.ratio(sums.tokens, v.whole(sums.tokens, []))).order_by(
        ibis.desc("tokens"), "author"
    )


def open_authors(log: Log, window: step.Window | None = None) -> pd.DataFrame:
    """Tokens by author of open models over the weeks whose Monday lies in the window: claims C24 to C26 (table 1).

    One row an author, the largest first (rank 1): requests (count), tokens (tokens) and models (count of open
    models with requests); share = the author's tokens over the tokens of all open models. origin: where the
    author's open models are developed, `CN + RoW` if in both. All requests count, free variants too. Derived
    from the query `usage.by_author`; needs the models table.
    """
    frame = by_author(log, True, window)
    sums = frame.groupby("author", as_index=False).agg(
        origin=("origin", lambda origins: " + ".join(sorted(set(origins)))),
        models=("models", "sum"),
        requests=("requests", "sum"),
        tokens=("tokens", "sum"),
    )
    sums = sums.sort_values(["tokens", "author"], ascending=[False, True], ignore_index=True)
    sums["share"] = share(sums["tokens"], sums["tokens"].sum())
    sums.insert(0, "rank", sums.index + 1)
    return sums
