"""Requests that are left out or counted otherwise, and their tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from testbed.validation.mutants.form import (
    Change,
    Mutant,
    by_requests,
    by_rules,
    changing,
    keeping,
    made,
    ratios_only,
)
from testbed.validation.mutants.shares import COSTS, SHARES_OF_KINDS, WEEKLY, in_parts, over_the_sum_of_parts
from testbed.validation.questions.rules import Rules
from testbed.validation.tables import Row, Tables

OF_TOKENS = ("top_models", "weekly_openness", "weekly_authors", "tool_share", "reasoning_share", "cache_hit_rate",
             "category_share", "programming_share", "mean_lengths", "programming_length")  # fmt: skip
NOTHING: Row = {"tokens_prompt": 0, "tokens_completion": 0}


def _of_the_model(condition: Callable[[Row], bool]) -> Change:
    """Of the requests to the model those of which this holds; the log still ends with the last of all."""

    def other(rules: Rules) -> Rules:
        return replace(rules, model=lambda row: rules.model(row) if condition(row) else "")

    return by_rules(other)


def _finished(*reasons: str) -> Callable[[Row], bool]:
    return lambda row: row["finish_reason"] in reasons


KEPT: dict[str, Callable[[Row], bool]] = {
    "without errors": lambda row: row["finish_reason"] != "error",
    "finish_reason <> 'error', which loses missing ones": lambda row: (
        row["finish_reason"] not in (None, "error")
    ),
    "those that stopped": _finished("stop"),
    "those that stopped or called a tool": _finished("stop", "tool_calls"),
    "those that stopped, called a tool or reached the limit": _finished("stop", "tool_calls", "length"),
    "without errors and filtered ones": lambda row: row["finish_reason"] not in ("error", "content_filter"),
    "without errors, filtered and missing ones": _finished("stop", "tool_calls", "length", "cancelled"),
    "without cancelled ones": lambda row: row["cancelled"] is not True,
    "cancelled = false, which loses missing ones": lambda row: row["cancelled"] is False,
    "without errors and cancelled ones": lambda row: (
        row["finish_reason"] != "error" and row["cancelled"] is not True
    ),
    "with completion tokens": lambda row: row["tokens_completion"] > 0,
}
UNPAID: dict[str, Callable[[Row], bool]] = {
    "without free variants": lambda row: row["variant"] != "free",
    "variant <> 'free', which loses missing ones": lambda row: row["variant"] not in (None, "free"),
    "standard variants": lambda row: row["variant"] == "standard",
    "without own keys": lambda row: row["byok"] is not True,
    "byok = false, which loses missing ones": lambda row: row["byok"] is False,
    "with a cost": lambda row: row["cost_total"] > 0,
    "paid and not free": lambda row: row["byok"] is False and row["variant"] != "free",
}


def _once(columns: Sequence[str], *, last: bool, minute: bool = False) -> Change:
    """One request of those that have the same in these columns: the first or the last."""

    def edit(rows: list[Row], tables: Tables) -> list[Row]:
        found: dict[Any, Row] = {}
        for row in sorted(rows, key=lambda row: row["created_at"], reverse=last):
            moment = row["created_at"].replace(second=0, microsecond=0) if minute else None
            found.setdefault((*(row[column] for column in columns), moment), row)
        kept = {id(row) for row in found.values()}
        return [row for row in rows if id(row) in kept]

    return by_requests(edit)


def _plus(column: str, to: str, *, sign: int = 1) -> Change:
    return changing(lambda row: {to: row[to] + sign * (row[column] or 0)})


def _plus_known(column: str, to: str, *, sign: int = 1) -> Change:
    """A missing value makes the whole sum missing."""
    return changing(lambda row: NOTHING if row[column] is None else {to: row[to] + sign * row[column]})


def _repeated(without: str) -> Change:
    """Each request is there once for each price of its model. without: what becomes of models that have none, since a
    price path is unnested: their entry is not `found`, their requests are `dropped`, or `kept`."""

    def other(rules: Rules) -> Rules:
        def requests(tables: Tables) -> list[Row]:
            count = {row["model"]: len(row["prices"] or ()) for row in tables.model_rows}
            least = 0 if without == "dropped" else 1
            return [
                row for row in rules.requests(tables) for _ in range(max(count.get(row["model"], 0), least))
            ]

        def facts(known: Row | None, row: Row) -> Row | None:
            held = rules.facts(known, row)
            return held if without != "found" or (held is not None and held["prices"]) else None

        return replace(rules, requests=requests, facts=facts)

    return by_rules(other)


_ONE: Row = {"tokens_prompt": 1, "tokens_completion": 0, "cost_total": 1.0}
_COUNTED = changing(lambda row: _ONE)
_COST_BY_TOKENS = changing(lambda row: {"cost_total": float(row["tokens_prompt"] + row["tokens_completion"])})

_TOKENS_ONCE = by_rules(lambda rules: replace(rules, counted=set))
_COSTS_ONCE = by_rules(lambda rules: replace(rules, counted_costs=set))
_ONCE = by_rules(lambda rules: replace(rules, counted=set, counted_costs=set))


def _stacked(rows: list[Row], tables: Tables) -> list[Row]:
    """Prompts and completions below each other."""
    return [row | {column: 0} for row in rows for column in ("tokens_completion", "tokens_prompt")]


def _union(rules: Rules) -> Rules:
    """Equal ones of what is stacked fall together."""
    return replace(rules, requests=lambda tables: _stacked(rules.requests(tables), tables), counted=set)


_UNION = by_rules(_union)

MUTANTS: tuple[Mutant, ...] = (
    *made("equal amounts once", ("each number of tokens", _TOKENS_ONCE), only=(*OF_TOKENS, *COSTS)),
    *made("equal amounts once", ("each cost", _COSTS_ONCE), ("each number of tokens, each cost", _ONCE),
          only=(*COSTS, "spend_region")),
    *made("equal amounts once", ("prompt and completion tokens by UNION", _UNION), only=("top_models",)),
    *made("equal amounts once", ("prompt and completion tokens by UNION", over_the_sum_of_parts(_UNION)),
          only=("weekly_openness", "weekly_authors")),
    *made("equal amounts once", ("in the parts alone", in_parts(_ONCE)), only=WEEKLY),
    *made("equal amounts once", ("in the parts, of which the whole is the sum", over_the_sum_of_parts(_ONCE)),
          only=SHARES_OF_KINDS),
    *made("failed requests dropped", *((way, keeping(condition)) for way, condition in KEPT.items()),
          *((f"{way}, of the model", _of_the_model(condition)) for way, condition in KEPT.items())),
    *made("unpaid requests dropped", *((way, keeping(condition)) for way, condition in UNPAID.items()),
          *((f"{way}, of the model", _of_the_model(condition)) for way, condition in UNPAID.items())),
    *made("rows repeated by a join", ("once a price of the model", _repeated("found")),
          ("once a price of the model, without those that have none", _repeated("dropped")),
          ("once a price of the model, once where it has none", _repeated("kept"))),
    *made("retries dropped", *(
        (f"one of each {', '.join(columns)}{', minute' if minute else ''}: the {'last' if last else 'first'}",
         _once(columns, last=last, minute=minute))
        for columns, minute in (
            (("user_id", "model", "session_id", "tokens_prompt"), False),
            (("user_id", "model", "tokens_prompt"), False),
            (("user_id", "model"), True), (("user_id", "model", "tokens_prompt"), True),
            (("session_id", "model", "tokens_prompt"), False), (("user_id", "created_at"), False),
            (("user_id", "model", "created_at"), False),
        ) for last in (False, True))),
    *made("reasoning twice", ("reasoning added", _plus("tokens_reasoning", "tokens_completion")),
          ("reasoning added, nothing where it is missing", _plus_known("tokens_reasoning", "tokens_completion"))),
    *made("cached twice", ("cached tokens added", _plus("tokens_cached", "tokens_prompt")),
          ("cached tokens added, nothing where they are missing", _plus_known("tokens_cached", "tokens_prompt"))),
    *made("parts of tokens left out", ("completion tokens", changing(lambda row: {"tokens_prompt": 0})),
          ("prompt tokens", changing(lambda row: {"tokens_completion": 0})),
          ("without cached tokens", _plus("tokens_cached", "tokens_prompt", sign=-1)),
          ("without cached tokens, nothing where they are missing",
           _plus_known("tokens_cached", "tokens_prompt", sign=-1)),
          ("without reasoning tokens", _plus("tokens_reasoning", "tokens_completion", sign=-1)),
          ("without reasoning tokens, nothing where they are missing",
           _plus_known("tokens_reasoning", "tokens_completion", sign=-1))),
    *made("requests for tokens", ("requests", _COUNTED), ("requests in shares", ratios_only(_COUNTED)),
          ("tokens for spend", _COST_BY_TOKENS), ("tokens in shares of spend", ratios_only(_COST_BY_TOKENS))),
)  # fmt: skip
