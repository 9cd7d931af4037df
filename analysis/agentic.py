"""Agentic inference: share of reasoning-optimised models, share of requests that end in a tool call."""

from __future__ import annotations

import ibis.expr.types as ir
import pandas as pd

from analysis import vocabulary as v
from analysis import weekly as step
from analysis.query import finished_by, query
from analysis.source import Log, NotAvailable


def _mark(frame: pd.DataFrame, log: Log) -> pd.DataFrame:
    return step.mark_complete(frame, log)


@finished_by(_mark)
def reasoning_share(log: Log) -> ir.Table:
    """Share of reasoning-optimised models in all tokens by week: claims C56 and C57 (figure 10).

    reasoning_model_tokens: all tokens (prompt + completion) of models that the models table flags
    `reasoning_optimised`, not the reasoning tokens inside outputs. share = those over tokens, the tokens of all
    models in the week. unknown_tokens: tokens of models without an entry (in the denominator, not in the
    numerator). Needs the models table.
    """
    t = step.by_model(log, "tokens")
    facts = log.need_models("reasoning_optimised", what="the share of reasoning models")
    t = t.left_join(facts.select("model", flag=facts.reasoning_optimised), "model")
    sums = t.group_by("week").aggregate(
        reasoning_model_tokens=v.total_where(t.tokens, t.flag.fill_null(False)),
        unknown_tokens=v.total_where(t.tokens, t.flag.isnull()),
        tokens=v.total(t.tokens),
    )
    return sums.mutate(share=v.ratio(sums.reasoning_model_tokens, sums.tokens)).order_by("week")


@finished_by(_mark)
def reasoning_token_share(log: Log) -> ir.Table:
    """Reasoning tokens inside outputs by week, over all completion tokens of the week (tokens over tokens);
    driver of C70.

    Not the report's figure 10, which is `reasoning_share`. Needs the column tokens_reasoning.
    """
    t = step.by_model(log, "tokens_reasoning", "tokens_completion")
    sums = t.group_by("week").aggregate(
        tokens_reasoning=v.total(t.tokens_reasoning), tokens_completion=v.total(t.tokens_completion)
    )
    return sums.mutate(share=v.ratio(sums.tokens_reasoning, sums.tokens_completion)).order_by("week")


@query
def reasoning_models(log: Log, window: step.Window | None = None) -> ir.Table:
    """Tokens of reasoning-optimised models over the weeks whose Monday lies in the window: claims C58, C59
    (figure 11).

    share = the model's tokens over the tokens of all reasoning-optimised models. Free variants are counted (the
    report leaves free launch access out: C60). Needs the models table.
    """
    t = step.by_model(log, "requests", "tokens").filter(lambda t: v.within(t.week, window))
    facts = log.need_models("reasoning_optimised", what="the ranking of reasoning models")
    t = t.inner_join(facts.filter(facts.reasoning_optimised).select("model"), "model")
    sums = t.group_by("model").aggregate(requests=v.total(t.requests), tokens=v.total(t.tokens))
    return sums.mutate(share=v.ratio(sums.tokens, v.whole(sums.tokens, []))).order_by(
        sums.tokens.desc(), "model"
    )


def _mark_known(frame: pd.DataFrame, log: Log) -> pd.DataFrame:
    if not frame["requests"].any():
        raise NotAvailable("finish_reason", "the log has the column but no value in it")
    return step.mark_complete(frame, log)


@finished_by(_mark_known)
def tool_share(log: Log) -> ir.Table:
    """Share of requests that end in a tool call in all tokens by week: claim C61 (figure 12).

    tool_tokens: tokens (prompt + completion) of requests with finish_reason = tool_calls. share = those over tokens,
    the tokens of the week's requests with a known finish reason. tool_requests and requests (count) likewise. Not the
    same as requests that were offered tools (C63). Needs the column finish_reason.
    """
    t = step.by_model(log, "tool_requests", "finish_known_requests", "tool_tokens", "finish_known_tokens")
    sums = t.group_by("week").aggregate(
        tool_requests=v.total(t.tool_requests),
        requests=v.total(t.finish_known_requests),
        tool_tokens=v.total(t.tool_tokens),
        tokens=v.total(t.finish_known_tokens),
    )
    return sums.mutate(share=v.ratio(sums.tool_tokens, sums.tokens)).order_by("week")


@finished_by(_mark)
def tool_share_by_model(log: Log) -> ir.Table:
    """Tool-call tokens by week and model: claims C65 to C67 (figure 13).

    share = the model's tool-call tokens over all tool-call tokens of the week. Needs the column finish_reason.
    """
    t = step.by_model(log, "tool_tokens")
    t = t.select("week", "model", "tool_tokens")
    t = t.filter(t.tool_tokens > 0)
    return t.mutate(share=v.ratio(t.tool_tokens, v.whole(t.tool_tokens, [t.week]))).order_by(
        "week", t.tool_tokens.desc(), "model"
    )
