"""Costs: what a generation costs at list price, and what tokens cost in effect."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir

from analysis import vocabulary as v
from analysis import weekly as step
from analysis.query import query
from analysis.source import Log

PER_MTOK = 1e-6  # prices are in USD per million tokens


class Price(NamedTuple):
    """A list price in USD per million tokens. Without a cached price, cached tokens cost as prompt tokens do."""

    prompt: float
    completion: float
    cached: float | None = None


def list_price_cost(tokens_prompt: Any, tokens_completion: Any, tokens_cached: Any, price: Price) -> Any:
    """Cost in USD at list price: (prompt - cached) p + cached p_cached + completion p_out. Numbers or arrays.

    Cached tokens are a part of the prompt; reasoning tokens are a part of the completion and priced as such.
    """
    cached_price = price.prompt if price.cached is None else price.cached
    return (
        (tokens_prompt - tokens_cached) * price.prompt
        + tokens_cached * cached_price
        + tokens_completion * price.completion
    ) * PER_MTOK


def price_on(path: Sequence[Mapping[str, Any]], on: dt.date) -> Price | None:
    """The price that holds on a day; None before the first. path: `prices` of the models table, in any order."""
    started = [entry for entry in path if entry["from"] <= on]
    if not started:
        return None
    entry = max(started, key=lambda entry: entry["from"])
    return Price(
        entry["prompt_usd_per_mtok"], entry["completion_usd_per_mtok"], entry.get("cached_usd_per_mtok")
    )


@query
def effective_cost(log: Log, window: step.Window | None = None) -> ir.Table:
    """Effective cost by model over the weeks whose Monday lies in the window: report definition B.16, claims
    C147 to C155.

    cost_usd_per_mtok = charged USD over charged tokens, times a million. charged_tokens (prompt + completion),
    cost_usd and requests are those of requests not paid with the customer's own key (byok false); a request
    whose byok is null is left out. Null for a model without such requests. Free variants count, at what was
    charged: nothing. Needs the column byok.
    """
    t = step.by_model(log, "charged_requests", "charged_tokens", "charged_cost_usd")
    t = t.filter(v.within(t.week, window))
    sums = t.group_by("model").aggregate(
        requests=v.total(t.charged_requests),
        charged_tokens=v.total(t.charged_tokens),
        cost_usd=t.charged_cost_usd.sum(),
    )
    cost = v.ratio(sums.cost_usd, sums.charged_tokens) * 1e6
    return sums.mutate(cost_usd_per_mtok=cost).order_by(ibis.desc("charged_tokens"), "model")
