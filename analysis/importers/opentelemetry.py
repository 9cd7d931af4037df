"""OpenTelemetry: spans of requests in OTLP JSON (the collector's file exporter, webhooks), one a record, or as Phoenix
gives them: a page of its API, or its data frame in CSV or Parquet, a column an attribute.

Three generations of names of the GenAI conventions are read (gen_ai.usage.prompt_tokens with gen_ai.system;
input_tokens; gen_ai.provider.name with counts of cached and reasoning tokens), those of OpenLLMetry before them
(llm.*), OpenInference (llm.token_count.*), and of Vercel's AI SDK (ai.*) what stands beside gen_ai names on the span of
the call; the span around it has the sums again. The newest name that a span has counts.

By the conventions the counts hold cached and reasoning tokens. Where a span's own total says that they were counted
beside (Anthropic's in some instrumentations), they are added; a span that has more cached than prompt tokens and no
such total is left out. The conventions have no cost: it comes from names that some writers add, else --list-prices.

Spans of agents, tools and workflows sum requests up and are left out; so is a request around another in the same batch,
which two instrumentations of one call give. User and session must be on the request's own span.
"""

from __future__ import annotations

import datetime as dt
import hashlib
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
from analysis.importing.shapes import spans

Attributes = Mapping[str, Any]

_NAMES: Mapping[str, tuple[str, ...]] = {
    "response": ("gen_ai.response.id", "llm.response.id"),
    "version": ("gen_ai.response.model", "llm.response.model", "llm.model_name"),
    "model": (
        "gen_ai.response.model", "llm.response.model", "gen_ai.request.model", "llm.model_name", "llm.request.model",
    ),
    "requested": ("gen_ai.request.model", "llm.request.model"),
    "provider": ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "llm.vendor"),
    "prompt": (
        "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "llm.usage.prompt_tokens",
    ),
    "completion": (
        "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion",
        "llm.usage.completion_tokens",
    ),
    "total": ("gen_ai.usage.total_tokens", "llm.usage.total_tokens", "llm.token_count.total"),
    "cached": (
        "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.details.cache_read_tokens", "llm.token_count.prompt_details.cache_read",
        "ai.usage.cachedInputTokens",
    ),
    "written": (
        "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.details.cache_write_tokens", "llm.token_count.prompt_details.cache_write",
    ),
    "reasoning": (
        "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens",
        "gen_ai.usage.details.reasoning_tokens", "llm.token_count.completion_details.reasoning",
        "llm.usage.reasoning_tokens", "ai.usage.reasoningTokens",
    ),
    "cost": ("gen_ai.usage.cost", "gen_ai.usage.total_cost", "llm.cost.total", "operation.cost"),
    "finish": (
        "gen_ai.response.finish_reasons", "gen_ai.response.finish_reason", "gen_ai.completion.0.finish_reason",
        "llm.response.finish_reason", "llm.finish_reason", "ai.response.finishReason",
    ),
    "streamed": ("gen_ai.request.stream", "gen_ai.is_streaming", "llm.is_streaming"),
    "user": (
        "user.id", "enduser.id", "traceloop.association.properties.user_id", "langfuse.user.id",
        "ai.telemetry.metadata.userId", "ai.telemetry.metadata.user_id",
    ),
    "session": (
        "gen_ai.conversation.id", "session.id", "traceloop.association.properties.session_id", "langfuse.session.id",
        "ai.telemetry.metadata.sessionId", "ai.telemetry.metadata.session_id",
    ),
}  # fmt: skip
"""By what a rule reads: the attributes that may say it, the newest first."""
_WAIT = ("gen_ai.response.time_to_first_chunk", "gen_ai.server.time_to_first_token")  # seconds
_TOOLS = ("gen_ai.tool.definitions", "llm.tools.0.tool.json_schema", "llm.request.functions.0.name")
_KINDS = ("gen_ai.operation.name", "openinference.span.kind", "traceloop.span.kind", "llm.request.type")
_REQUESTS = ("chat", "text_completion", "generate_content", "completion", "llm")
_ERRORS = (2, "2", "STATUS_CODE_ERROR", "ERROR")


def _batches(records: Iterator[tuple[str, Any]]) -> Iterator[Part]:
    """The spans of batches of OTLP, and of a collector that writes other signals beside them."""
    for place, record in records:
        if not isinstance(record.get("resourceSpans"), list):
            yield Part(place, None, f"a batch without spans ({', '.join(record) or 'empty'})")
            continue
        yield from _parts(list(spans.of_batch(place, record["resourceSpans"])))


def _lines(records: Iterator[tuple[str, Any]]) -> Iterator[Part]:
    for place, record in records:
        yield from _parts(list(spans.of_record(place, record)))


def _frame(records: Iterator[tuple[str, Any]]) -> Iterator[Part]:
    for place, row in records:
        yield from _parts([spans.of_row(place, row)])


def _parts(found: list[spans.Placed]) -> Iterator[Part]:
    """The requests among the spans of a batch."""
    whys = [_why_none(span) for _, span in found]
    around = {(span["trace"], span["parent"]) for (_, span), why in zip(found, whys, strict=True) if not why}
    for (place, span), why in zip(found, whys, strict=True):
        if not why and (span["trace"], span["id"]) in around:
            why = "a request around another: it is counted there"
        yield Part(place, None if why else _row(span), why)


def _why_none(span: Mapping[str, Any]) -> str:
    """Why a span is no request; empty if it is one."""
    if not span:
        return "a span that is no JSON object"
    attributes: Attributes = span["attributes"]
    kind = str(_first(attributes, _KINDS) or "")
    if kind and kind.lower() not in _REQUESTS:
        return f"no request to a language model: a span of {kind}"
    if not kind and _first(attributes, (*_NAMES["prompt"], *_NAMES["completion"])) is None:
        return "no request to a language model: it has none of the attributes of one"
    return ""


def _row(span: Mapping[str, Any]) -> dict[str, Any]:
    attributes: Attributes = span["attributes"]
    row = {name: _first(attributes, names) for name, names in _NAMES.items()} | _counts(attributes)
    if isinstance(row["finish"], (list, tuple)):
        row["finish"] = next(iter(row["finish"]), None)
    if not row["finish"] and span["status"] in _ERRORS:
        row["finish"] = "error"
    wait = _first(attributes, _WAIT)
    row["wait"] = round(1000 * wait) if isinstance(wait, (int, float)) else wait
    row["tools"] = "true" if _first(attributes, _TOOLS) not in (None, "[]", []) else None
    row["id"] = row["response"] or (f"{span['trace']}-{span['id']}" if span["id"] else None)
    service = str(span["service"] or "")
    row["app"] = "" if service.startswith("unknown_service") else service
    return row | {"start": span["start"], "end": span["end"]}


def _counts(attributes: Attributes) -> dict[str, Any]:
    """Prompt and completion with the parts that the total has beside them; what is no number is left for the rules."""
    names = ("prompt", "completion", "total", "cached", "written", "reasoning")
    said = [_first(attributes, _NAMES[name]) for name in names]
    try:
        prompt, completion, total, cached, written, reasoning = (spans.count(value or 0) for value in said)
    except (TypeError, ValueError, OverflowError):
        return {}
    for ins in (cached + written, 0):
        for outs in (reasoning, 0):
            if (
                (ins or outs)
                and total == prompt + completion + ins + outs
                and said[0] is not None is not said[1]
            ):
                return {"prompt": prompt + ins, "completion": completion + outs}
    return {}


# --- the way back ---------------------------------------------------------------------------------------------

_SPANS = 100  # in a batch, as collectors gather them


def _called(*begins: str) -> dict[str, str]:
    """What a convention calls each attribute, by how its names begin."""
    named = {**_NAMES, "wait": _WAIT, "tools": _TOOLS}
    found = {
        key: next((name for name in names if name.startswith(begins)), "") for key, names in named.items()
    }
    return {key: name for key, name in found.items() if name}


_GENAI = _called("gen_ai.", "user.", "session.")
_OPENINFERENCE = _called(
    "llm.model_name", "llm.provider", "llm.token_count.", "llm.cost.", "llm.finish_reason", "llm.tools.", "user.",
    "session.",
)  # fmt: skip


def _genai(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield from _folded(rows, _GENAI, {"gen_ai.operation.name": "chat"})


def _openinference(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield from _folded(rows, _OPENINFERENCE, {"openinference.span.kind": "LLM"})


def _folded(
    rows: Iterator[dict[str, Any]], names: Mapping[str, str], kind: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """Rows as batches of spans, those of a service together."""
    while batch := list(itertools.islice(rows, _SPANS)):
        services: dict[str | None, list[dict[str, Any]]] = {}
        for row in batch:
            services.setdefault(row["app"], []).append(_span(row, names, kind))
        yield {
            "resourceSpans": [
                {
                    "resource": {"attributes": _pairs({"service.name": service})},
                    "scopeSpans": [{"scope": {"name": "slipper"}, "spans": group}],
                }
                for service, group in services.items()
            ]
        }


def _span(row: dict[str, Any], names: Mapping[str, str], kind: dict[str, str]) -> dict[str, Any]:
    said = row | {
        "response": row["id"],
        "wait": row["wait"] and row["wait"] / 1000,
        "tools": "[{}]" if row["tools"] else None,
        "finish": [row["finish"]] if row["finish"] and names is _GENAI else row["finish"],
    }
    attributes: dict[str, Any] = {**kind} | {name: said[key] for key, name in names.items() if key in said}
    digest = hashlib.sha256(row["id"].encode()).hexdigest()
    return {
        "traceId": digest[:32], "spanId": digest[32:48], "name": row["model"], "kind": 3,
        "startTimeUnixNano": _nanoseconds(row["start"]), "endTimeUnixNano": _nanoseconds(row["end"]),
        "attributes": _pairs(attributes), "status": {"code": 2} if row["finish"] == "error" else {},
    }  # fmt: skip


def _pairs(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """OTLP's list of keys and typed values, of the values that are there."""
    return [{"key": name, "value": _value(value)} for name, value in attributes.items() if value is not None]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"arrayValue": {"values": [_value(one) for one in value]}}


def _nanoseconds(moment: str | None) -> str | None:
    """Nanoseconds since 1970 of a moment as a rule writes it."""
    if moment is None:
        return None
    return f"{(dt.datetime.fromisoformat(moment) - _EPOCH) // dt.timedelta(milliseconds=1)}000000"


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _first(attributes: Attributes, names: tuple[str, ...]) -> Any:
    return next((attributes[name] for name in names if attributes.get(name) not in (None, "")), None)


def _count(value: Any) -> int:
    """A count, which a data frame writes as 400.0. Raises ValueError, TypeError or OverflowError."""
    number = int(float(value)) if isinstance(value, str) and "." in value else int(value)
    if number != float(value):
        raise ValueError(value)
    return number


_RULES = {
    "generation_id": text("id"),
    "created_at": moment("start"),
    "user_id": text("user"),
    "app_name": text("app"),
    "model": text("model", "requested"),
    "model_permaslug": text("version"),
    "provider_name": text("provider"),
    "tokens_prompt": whole("prompt"),
    "tokens_completion": whole("completion"),
    "tokens_reasoning": whole("reasoning"),
    "tokens_cached": whole("cached"),
    "cost_total": amount("cost"),
    "finish_reason": finish_reason("finish"),
    "tools_offered": flag("tools"),
    "streamed": flag("streamed"),
    "time_to_first_token_ms": whole("wait"),
    "generation_time_ms": milliseconds_between("start", "end"),
    "session_id": text("session"),
}

_PARTLY = {"tools_offered": "only that they were"}
OTLP = Form(
    name="OTLP",
    kind="json",
    marks=("resourceSpans",),
    rules=_RULES,
    unfold=_batches,
    partly=_PARTLY | {"generation_id": "by OpenInference as the ids of its span"},
)
SPANS = Form(
    name="spans, one a record",
    kind="json",
    marks=("context.trace_id", "context.span_id", "start_time", "attributes"),
    rules=_RULES,
    unfold=_lines,
    partly=_PARTLY,
)
PAGE = Form(
    name="Phoenix's API, a page of spans",
    kind="json",
    marks=("data[0].context.trace_id", "data[0].context.span_id", "data[0].start_time", "data[0].attributes"),
    rules=_RULES,
    unfold=_lines,
    partly=_PARTLY,
)
FRAME = Form(
    name="Phoenix's data frame of spans, CSV or Parquet",
    marks=("context.trace_id", "span_kind", "start_time", "end_time"),
    rules=_RULES,
    unfold=_frame,
    partly=_PARTLY,
)
_ONE_NAME = {"model_permaslug": "model"}

IMPORTER = Importer(
    "opentelemetry",
    "OpenTelemetry",
    (OTLP, SPANS, PAGE, FRAME),
    exports=(
        Export("genai", OTLP, at=_ONE_NAME, fold=_genai, lines=True),
        Export(
            "openinference",
            OTLP,
            at=_ONE_NAME,
            fold=_openinference,
            lines=True,
            without=("streamed", "time_to_first_token_ms"),
        ),
    ),
)  # fmt: skip
