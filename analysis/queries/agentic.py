"""Agentic inference: reasoning-optimised models, and requests that end in a tool call.

Choice for launch access: the report leaves free launch access out of its ranking of reasoning models and does not
define it. Here it is a request that cost nothing to a model inside one of the free windows of the models table whose
kind is not `free_variant`: launch promotions, stealth and experimental listings. Lasting free variants stay in.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis import vocabulary as v
from analysis.proportions import share
from analysis.queries import weekly as step
from analysis.queries.model_facts import model_names
from analysis.queries.query import day, finished_by
from analysis.sources.log import Log, NotAvailable

LATEST_WEEKS = 4  # complete weeks that a ranking of models covers (assumed)
EARLIER_BY = 8  # weeks between the two rankings: "a few weeks" (assumed)
TOP_REASONING, TOP_TOOLS = 10, 12  # models shown (assumed)
REST = "other models"


@finished_by(step.mark_complete)
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


@finished_by(step.mark_complete)
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


def _launch_access(log: Log) -> ir.Table:
    """Requests and tokens of free launch access to reasoning-optimised models by week and model: week, model,
    launch_requests, launch_tokens."""

    def build() -> ir.Table:
        facts = log.need_models("free_windows", "reasoning_optimised", what="leaving free launch access out")
        facts = facts.filter(facts.reasoning_optimised)
        windows = facts.select("model", free=v.elements(facts.free_windows))
        windows = windows.select(
            "model",
            first=v.part(windows.free, "from", "date"),
            last=v.part(windows.free, "to", "date"),
            kind=v.part(windows.free, "kind", "string"),
        )
        windows = windows.filter(windows.kind.fill_null("") != "free_variant")
        rows = log.generations
        rows = rows.filter(rows.cost_total == 0).select(
            "model", day=v.day(rows.created_at), week=v.week(rows.created_at), tokens=v.tokens_total(rows)
        )
        until = windows["last"].fill_null(ibis.date(v.FAR.isoformat()))
        inside = [rows.model == windows.model, rows.day >= windows["first"], rows.day <= until]
        rows = rows.semi_join(windows, inside)
        return rows.group_by("week", "model").aggregate(
            launch_requests=rows.count().cast("int64"), launch_tokens=v.total(rows.tokens)
        )

    return log.shared("launch_access", build)


@finished_by(step.mark_complete)
def weekly_reasoning_models(log: Log) -> ir.Table:
    """Tokens of each reasoning-optimised model by week, without free launch access: claims C58 to C60 (figure 11).

    requests (count), tokens (tokens): requests of the week to the model, without those of free launch access,
    which are launch_requests and launch_tokens. Free launch access: requests that cost nothing on a day inside a
    free window of the model whose kind is not `free_variant`. share = tokens
    over the tokens of all reasoning-optimised models in the week, likewise. Needs the models table with its free
    windows.
    """
    t = step.by_model(log, "requests", "tokens").select("week", "model", "requests", "tokens")
    facts = log.need_models("reasoning_optimised", what="the ranking of reasoning models")
    t = t.inner_join(facts.filter(facts.reasoning_optimised).select("model"), "model")
    t = t.left_join(_launch_access(log), ["week", "model"])
    t = t.select(
        "week", "model", "requests", "tokens",
        launch_requests=t.launch_requests.fill_null(0), launch_tokens=t.launch_tokens.fill_null(0),
    )  # fmt: skip
    t = t.mutate(requests=t.requests - t.launch_requests, tokens=t.tokens - t.launch_tokens)
    return t.mutate(share=v.ratio(t.tokens, v.whole(t.tokens, [t.week]))).order_by(
        "week", t.tokens.desc(), "model"
    )


def reasoning_ranking(
    log: Log,
    window: step.Window | None = None,
    weeks: int = LATEST_WEEKS,
    earlier_by: int = EARLIER_BY,
    top: int = TOP_REASONING,
) -> pd.DataFrame:
    """Reasoning-optimised models by tokens in the latest weeks, and a few weeks earlier: claims C58 to C60
    (figure 11).

    period: `latest` = the last `weeks` complete weeks of the window, `earlier` = as many weeks that end
    `earlier_by` weeks before (4 and 8: assumed, the report says "a few weeks"). Where the log is shorter the
    earlier period is left out. tokens (tokens), requests (count): sums over the period, without free launch
    access (launch_tokens). share = tokens over those of all reasoning-optimised models in the period. rank: by
    tokens, 1 is first. Listed: models that are among the `top` in either period. first_week, last_week: Mondays.
    Derived from the query `agentic.weekly_reasoning_models`; needs the models table with its free windows.
    """
    frame = step.inside(weekly_reasoning_models(log), window)
    known = [pd.Timestamp(monday) for monday in log.complete_weeks()]
    known = [monday for monday in known if window is None or window[0] <= day(monday) <= window[1]]
    ends = {"latest": len(known), "earlier": len(known) - earlier_by}
    names = model_names(log)
    parts = []
    for period, end in ends.items():
        chosen = known[max(end - weeks, 0) : max(end, 0)]
        part = frame[frame["week"].isin(chosen)]
        counts = ["requests", "tokens", "launch_tokens"]
        sums = part.groupby("model")[counts].sum().reset_index()
        sums = sums.sort_values(["tokens", "model"], ascending=[False, True], ignore_index=True)
        sums["share"] = share(sums["tokens"], sums["tokens"].sum())
        sums["rank"] = sums.index + 1
        first, last = (chosen[0], chosen[-1]) if chosen else (pd.NaT, pd.NaT)
        sums.insert(0, "period", period)
        sums["first_week"] = pd.Series([first] * len(sums), dtype="datetime64[us]")
        sums["last_week"] = pd.Series([last] * len(sums), dtype="datetime64[us]")
        parts.append(sums)
    out = pd.concat(parts, ignore_index=True)
    out = out[out["model"].isin(set(out.loc[out["rank"] <= top, "model"]))].reset_index(drop=True)
    out["name"] = [names.get(model, model) for model in out["model"]]
    columns = ["period", "first_week", "last_week", "rank", "model", "name", "requests", "tokens", "share"]
    return out[[*columns, "launch_tokens"]]


def _mark_known(frame: pd.DataFrame, log: Log) -> pd.DataFrame:
    if not frame["known_requests"].any():
        raise NotAvailable("finish_reason", "the log has the column but no value in it")
    return step.mark_complete(frame, log)


@finished_by(_mark_known)
def tool_share(log: Log) -> ir.Table:
    """Share of requests that end in a tool call in all tokens by week: claim C61 (figure 12).

    tool_tokens: tokens (prompt + completion) of requests with finish_reason = tool_calls. share = those over tokens,
    the tokens of all requests of the week: those without a finish reason, such as cancelled ones, count too.
    tool_requests and requests (count) likewise. known_requests (count): requests with a finish reason; without
    any in the week its share is missing. Not the same as requests that were offered tools (C63). Needs the
    column finish_reason.
    """
    t = step.by_model(log, "tool_requests", "requests", "finish_known_requests", "tool_tokens", "tokens")
    sums = t.group_by("week").aggregate(
        tool_requests=v.total(t.tool_requests),
        requests=v.total(t.requests),
        known_requests=v.total(t.finish_known_requests),
        tool_tokens=v.total(t.tool_tokens),
        tokens=v.total(t.tokens),
    )
    part = (sums.known_requests > 0).ifelse(v.ratio(sums.tool_tokens, sums.tokens), ibis.null("float64"))
    return sums.mutate(share=part).order_by("week")


@finished_by(step.mark_complete)
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


@finished_by(step.mark_complete)
def tool_accounts(log: Log) -> ir.Table:
    """Part of the largest account in the tool-call tokens, by week: claim C62 (figure 12).

    tool_tokens (tokens): tokens of requests with finish_reason = tool_calls and a known account; accounts
    (count): accounts with such requests; largest_account_tokens: those of the account with the most of them in
    the week; largest_account_share = largest_account_tokens over tool_tokens. Needs the columns finish_reason
    and account_id.
    """
    log.need("finish_reason", "account_id", what="the largest account's part in tool calls")
    rows = log.generations
    rows = rows.filter(rows.finish_reason == "tool_calls", rows.account_id.notnull())
    by_account = rows.group_by(week=v.week(rows.created_at), account_id=rows.account_id).aggregate(
        tool_tokens=v.total(v.tokens_total(rows))
    )
    sums = by_account.group_by("week").aggregate(
        tool_tokens=v.total(by_account.tool_tokens),
        accounts=by_account.count().cast("int64"),
        largest_account_tokens=by_account.tool_tokens.max(),
    )
    return sums.mutate(largest_account_share=v.ratio(sums.largest_account_tokens, sums.tool_tokens)).order_by(
        "week"
    )


def tool_share_and_largest_account(log: Log) -> pd.DataFrame:
    """Share of requests that end in a tool call in all tokens by week, and the largest account's part in it:
    claims C61 and C62 (figure 12).

    tool_tokens (tokens), tool_requests (count): requests with finish_reason = tool_calls. share = tool_tokens
    over tokens, the tokens of all requests of the week (requests: their count; known_requests: those with a
    finish reason, without any of which the shares of the week are missing).
    largest_account_tokens: tool-call tokens of the account with the most of them in the week;
    largest_account_share = those over tool_tokens; largest_account_part = those over tokens, so that share -
    largest_account_part is what all other accounts add. accounts (count): accounts with tool calls. The columns
    of accounts are empty where the log names no account. Not the same as requests that were offered tools
    (the title of the report's figure 13 says "tools provided", but that is recorded from September 2025 only).
    Derived from the queries `agentic.tool_share` and `agentic.tool_accounts`; needs the column finish_reason.
    """
    frame = tool_share(log)
    columns = ["accounts", "largest_account_tokens", "largest_account_share"]
    accounts = tool_accounts(log) if "account_id" in log.columns else None
    if accounts is None or (accounts.empty and frame["tool_requests"].any()):  # the log names nobody
        return frame.assign(**dict.fromkeys([*columns, "largest_account_part"], float("nan")))
    frame = frame.join(accounts.set_index("week")[columns], on="week")
    frame = frame.fillna({"accounts": 0, "largest_account_tokens": 0})
    frame = frame.astype({"accounts": "int64", "largest_account_tokens": "int64"})
    part = pd.Series(share(frame["largest_account_tokens"], frame["tokens"]), index=frame.index)
    return frame.assign(largest_account_part=part.where(frame["share"].notna()))


def _mark_offers(frame: pd.DataFrame, log: Log) -> pd.DataFrame:
    if frame.empty:
        raise NotAvailable("tools_offered", "the log has the column but no value in it")
    tool_share(log)  # says so where no finish reason is known
    return step.mark_complete(frame, log)


@finished_by(_mark_offers)
def tools_offered(log: Log) -> ir.Table:
    """Requests that offer tools against requests that end in a tool call, by week: claims C63 and C64 (beside
    figure 12).

    requests (count): requests for which it is recorded whether tools were offered (from September 2025 on; null
    = not recorded). offered (count): those that offered tools. called (count): those with finish_reason =
    tool_calls. unoffered_calls (count): tool calls without an offer, which should be 0. offered_share = offered
    over requests, called_share = called over requests. Weeks without a recorded offer are not listed. Needs the
    columns tools_offered and finish_reason.
    """
    t = step.by_model(log, "offer_known_requests", "offered_requests", "offer_known_calls", "offered_calls")
    sums = t.group_by("week").aggregate(
        requests=v.total(t.offer_known_requests),
        offered=v.total(t.offered_requests),
        called=v.total(t.offer_known_calls),
        offered_calls=v.total(t.offered_calls),
    )
    sums = sums.filter(sums.requests > 0)
    sums = sums.mutate(unoffered_calls=sums.called - sums.offered_calls).drop("offered_calls")
    return sums.mutate(
        offered_share=v.ratio(sums.offered, sums.requests), called_share=v.ratio(sums.called, sums.requests)
    ).order_by("week")


def top_tool_models(log: Log, window: step.Window | None = None, top: int = TOP_TOOLS) -> pd.DataFrame:
    """Tool-call tokens by week and model: claims C65 to C68 (figure 13).

    tool_tokens (tokens): tokens of requests with finish_reason = tool_calls. share = tool_tokens over
    week_tool_tokens, those of all models in the week. The `top` models by tool-call tokens over the weeks of the
    window, and `other models` as one more row a week, so that the shares of a week add up to 1. rank: by those
    tokens (0 for the rest). hhi = sum over all models of the squared share in the week (1 = one model has all).
    A model without tool calls in a week has 0 there. Tools that were offered are not counted (in the report
    they are recorded from September 2025 only: C64). Derived from the query `agentic.tool_share_by_model`; needs the
    column finish_reason with a value in it.
    """
    tool_share(log)  # says so where no finish reason is known
    frame = step.inside(tool_share_by_model(log), window)
    weeks = frame.groupby("week").agg(
        week_tool_tokens=("tool_tokens", "sum"), hhi=("share", lambda part: (part**2).sum())
    )
    largest = step.largest(frame, "tool_tokens", top)
    frame["model"] = frame["model"].where(frame["model"].isin(largest), REST)
    sums = frame.groupby(["week", "model"], as_index=False)[["tool_tokens"]].sum()
    order = [*largest, *([REST] if REST in set(frame["model"]) else [])]
    full = step.grid(sums, "model", order, ["tool_tokens"]).join(weeks, on="week")
    full["share"] = share(full["tool_tokens"], full["week_tool_tokens"])
    names = model_names(log)
    full["rank"] = [largest.index(m) + 1 if m in largest else 0 for m in full["model"]]
    full["name"] = [names.get(m, m) for m in full["model"]]
    columns = ["week", "rank", "model", "name", "tool_tokens", "share", "week_tool_tokens", "hhi"]
    return step.mark_complete(full[columns], log)
