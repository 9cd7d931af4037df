"""Langfuse: traces with their observations as the page exports them, and observations as the API, a CSV or a Parquet
export gives them. A request is an observation of the type GENERATION; agents, tools and spans sum it up again, and are
left out.

Names of counts differ by framework (input_cached_tokens, input_cache_read, prompt_details.cache_read and the like), and
so does whether a part lies inside its whole. Langfuse's own integrations take parts out of input and output, others do
not; the observation's total says which: parts that it holds beside input and output are added to them. Without a total
they are beside, for Langfuse sums so. Version 2 knows no parts: it has `usage` or promptTokens and completionTokens,
and calculatedTotalCost. An observation whose total fits neither is left out, and so is one without usage: Langfuse
writes 0 for a request that never ended.

Who asked is on the trace: an export of observations alone names no user unless it has a column for it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from analysis.importing.format import Export, Form, Importer, Part
from analysis.importing.rules import (
    amount,
    finish_reason,
    flag,
    milliseconds_between,
    moment,
    text,
    whole,
)
from analysis.importing.source import parsed

_NESTED = ("usage", "usageDetails", "costDetails", "metadata", "output", "toolDefinitions", "toolCalls")
_FINISH = ("finish_reason", "finishReason", "stop_reason")
_SNAKE = {"provided_model_name": "model"}
_IN = (
    "input_",
    "cache_read",
    "cache_creation",
    "prompt_details.",
    "prompt_tokens_details.",
    "input_token_details.",
)
_OUT = ("output_", "reasoning", "completion_details.", "completion_tokens_details.", "output_token_details.")
_UNREAD = "its usage is not one of whole numbers"


def _requests(records: Iterator[tuple[str, Any]]) -> Iterator[Part]:
    for place, record in records:
        if isinstance(page := record.get("data"), list):
            yield from _requests(
                (f"{place}, data[{n}]", one) for n, one in enumerate(page) if isinstance(one, dict)
            )
        elif isinstance(record.get("trace"), dict) or isinstance(record.get("observations"), list):
            trace = record["trace"] if isinstance(record.get("trace"), dict) else record
            found = record.get("observations") or trace.get("observations") or []
            if not isinstance(found, list) or not found:
                yield Part(place, None, "a trace without observations")
                continue
            for number, one in enumerate(found):
                yield _request(f"{place}, observations[{number}]", one, trace)
        else:
            yield _request(place, record, {})


def _request(place: str, record: Any, trace: Mapping[str, Any]) -> Part:
    if not isinstance(record, dict):
        return Part(place, None, "an observation that is no JSON object (cut off?)")
    one = {_camel(name): value for name, value in record.items()}
    if one.get("type") != "GENERATION":
        return Part(
            place, None, f"no request to a language model: its type is {one.get('type') or 'not there'}"
        )
    one |= {name: parsed(one[name]) for name in _NESTED if isinstance(one.get(name), str)}
    for name in ("userId", "sessionId", "release"):
        one[name] = one.get(name) or trace.get(name)
    one["traceName"] = one.get("traceName") or trace.get("name")
    usage = one.get("usageDetails")
    if not isinstance(usage, dict):  # older exports have only the sums
        usage, unit = _sums(one)
        if unit != "TOKENS":
            return Part(place, None, f"its usage counts {unit}, not tokens")
    counts = _counts({name: value for name, value in usage.items() if value not in (None, "")})
    if isinstance(counts, str):
        return Part(place, None, counts)
    if one.get("totalCost") is None:
        one["totalCost"] = one.get("calculatedTotalCost")
    costs = one.get("costDetails")
    if isinstance(costs, dict) and not costs and not float(one.get("totalCost") or 0):
        one["totalCost"] = None  # its 0 says that no price was known
    said = [one.get(name) for name in ("output", "metadata")]
    found = (place[name] for place in said if isinstance(place, dict) for name in _FINISH if place.get(name))
    one["finish"] = next(found, None)
    one["tools"] = "true" if one.get("toolDefinitions") else None
    kept = (name for name in one if name not in _NESTED and name != "input")
    return Part(place, {name: one[name] for name in kept} | counts)


def _sums(one: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The sums of an observation without details, by the newest name that has one, and what they count."""
    usage = one["usage"] if isinstance(one.get("usage"), dict) else {}
    found = {
        name: next((value for value in said if value not in (None, "")), None)
        for name, said in {
            "input": (usage.get("input"), one.get("inputUsage"), one.get("promptTokens")),
            "output": (usage.get("output"), one.get("outputUsage"), one.get("completionTokens")),
            "total": (usage.get("total"), one.get("totalUsage"), one.get("totalTokens")),
        }.items()
    }
    return found, str(usage.get("unit") or "TOKENS")


def _counts(usage: Mapping[str, Any]) -> dict[str, int] | str:
    """Tokens by the contract's convention, or why there are none."""
    if not usage:
        return "it states no usage (never ended?)"
    try:
        read = {name: int(value) for name, value in usage.items() if float(value) >= 0}
    except (TypeError, ValueError, OverflowError):
        return _UNREAD
    if len(read) < len(usage) or "input" not in read:
        return _UNREAD
    given, shown, total = read["input"], read.get("output"), read.get("total")
    ins = {name: count for name, count in read.items() if name.startswith(_IN)}
    outs = {name: count for name, count in read.items() if name.startswith(_OUT)}
    if shown is None:  # what is left of the total
        shown = 0 if total is None else max(0, total - given - sum(ins.values()) - sum(outs.values()))
    ways = itertools.product((sum(outs.values()), 0), (sum(ins.values()), 0))
    more = next(((i, o) for o, i in ways if total is None or given + i + shown + o == total), None)
    if more is None:
        return "its total is not that of its counts"
    counts = {"prompt": given + more[0], "completion": shown + more[1]}
    cached = [count for name, count in ins.items() if "cache" in name and not _written(name)]
    reasoning = [count for name, count in outs.items() if "reasoning" in name]
    return (
        counts
        | ({"cached": sum(cached)} if cached else {})
        | ({"reasoning": sum(reasoning)} if reasoning else {})
    )


def _observations(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The way back: parts of counts beside the rest, as Langfuse's own integrations write them."""
    for row in rows:
        cached, reasoning, finish = row.pop("cached"), row.pop("reasoning"), row.pop("finish")
        prompt, completion, tools = row.pop("prompt"), row.pop("completion"), row.pop("tools")
        usage = {"input": prompt - (cached or 0), "output": completion - (reasoning or 0)}
        parts = {"input_cached_tokens": cached, "output_reasoning_tokens": reasoning}
        yield row | {
            "traceId": row["id"], "type": "GENERATION",
            "usageDetails": usage
            | {name: count for name, count in parts.items() if count is not None}
            | {"total": prompt + completion},
            "costDetails": {"total": row["totalCost"]},
            "metadata": {_FINISH[0]: finish} if finish else {},
            "toolDefinitions": {"tool": "{}"} if tools else {},
        }  # fmt: skip


def _written(name: str) -> bool:
    """Whether a count is of tokens that went into a cache: they were not read from one."""
    return "creation" in name or "write" in name


def _camel(name: str) -> str:
    """A column's name as the API spells it."""
    name = _SNAKE.get(name, name)
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


_RULES = {
    "generation_id": text("id"),
    "created_at": moment("startTime"),
    "user_id": text("userId"),
    "account_id": text("projectId"),
    "app_name": text("traceName"),
    "model": text("model"),
    "model_permaslug": text("model"),
    "tokens_prompt": whole("prompt"),
    "tokens_completion": whole("completion"),
    "tokens_reasoning": whole("reasoning"),
    "tokens_cached": whole("cached"),
    "cost_total": amount("totalCost"),
    "finish_reason": finish_reason("finish"),
    "tools_offered": flag("tools"),
    "time_to_first_token_ms": milliseconds_between("startTime", "completionStartTime"),
    "generation_time_ms": milliseconds_between("startTime", "endTime"),
    "session_id": text("sessionId"),
}


def _form(name: str, *marks: str, kind: Any = "json") -> Form:
    only = {"tools_offered": "only that they were"}
    return Form(name=name, kind=kind, marks=marks, rules=_RULES, unfold=_requests, partly=only)


_OBSERVATIONS = ("id", "traceId", "type", "startTime", "model")
OBSERVATIONS = _form("observations", *_OBSERVATIONS)
OBSERVATIONS_TABLE = _form("observations, CSV or Parquet", *_OBSERVATIONS, kind="table")
_COLUMNS = (
    "id", "traceId", "projectId", "type", "traceName", "userId", "sessionId", "startTime", "endTime",
    "completionStartTime", "model", "usageDetails", "costDetails", "totalCost", "metadata", "toolDefinitions",
)  # fmt: skip
EXPORTS = (
    Export("observations", OBSERVATIONS_TABLE, _COLUMNS, fold=_observations),
    Export("observations", OBSERVATIONS, fold=_observations),
)


IMPORTER = Importer(
    "langfuse",
    "Langfuse",
    (
        _form("trace export", "trace.id", "trace.projectId", "observations"),
        _form("GET /traces", "id", "timestamp", "projectId", "observations[0].traceId"),
        _form("GET /observations", "data[0].id", "data[0].traceId", "data[0].type"),
        OBSERVATIONS,
        OBSERVATIONS_TABLE,
        _form("table of observations", "id", "trace_id", "type", "start_time", "provided_model_name"),
        _form(
            "table of observations, CSV or Parquet",
            "id", "trace_id", "type", "start_time", "provided_model_name", kind="table",
        ),
    ),
    exports=EXPORTS,
)  # fmt: skip
