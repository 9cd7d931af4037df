"""OpenRouter: the export of its activity page, one row a request; and its answers as an SDK or its API gives them.

The columns of the activity export go by their names, for their order changes: 24 of them in 2026, 21 before (without
tokens_cached, user and api_key_disabled); 7 make a log (id, moment, cost, two counts of tokens, model, and who).
Counts are the provider's: cached tokens are a part of the prompt, reasoning tokens of the completion (checked on a
published bill, to the last digit: 395 prompt of which 192 cached, 161 completion of which 135 reasoning).

Streamed responses are read as they were saved, comments and all; one without a last piece with usage is left out.

An export whose rows count requests (the page's sums by day, GET /activity) has no requests, and is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analysis.importing.format import Export, Form, Importer
from analysis.importing.rules import (
    above_zero,
    amount,
    finish_reason,
    flag,
    moment,
    text,
    unix_seconds,
    whole,
)

ACTIVITY = Form(
    name="activity export, one row a request",
    marks=(
        "generation_id",
        "created_at",
        "cost_total",
        "tokens_prompt",
        "tokens_completion",
        "model_permaslug",
    ),
    rules={
        "generation_id": text("generation_id"),
        "created_at": moment("created_at", written="%Y-%m-%d %H:%M:%S.%g"),
        "user_id": text("user", "api_key_name"),
        "account_id": text("api_key_name"),
        "app_name": text("app_name"),
        "model": text("model_permaslug"),
        "model_permaslug": text("model_permaslug"),
        "variant": text("variant"),
        "provider_name": text("provider_name"),
        "tokens_prompt": whole("tokens_prompt"),
        "tokens_completion": whole("tokens_completion"),
        "tokens_reasoning": whole("tokens_reasoning"),
        "tokens_cached": whole("tokens_cached"),
        "cost_total": amount("cost_total"),
        "byok": above_zero("byok_usage_inference"),
        "finish_reason": finish_reason("finish_reason_normalized", "finish_reason_raw"),
        "streamed": flag("streamed"),
        "cancelled": flag("cancelled"),
        "time_to_first_token_ms": whole("time_to_first_token_ms"),
        "generation_time_ms": whole("generation_time_ms"),
    },
    partly={
        "byok": "as the provider's charge, of which a log holds only whether it is above 0",
    },
)


def _streamed(texts: Sequence[str]) -> str:
    """Whether a response came in pieces, by what it calls itself."""
    return f"CASE {texts[0]} WHEN 'chat.completion.chunk' THEN 'true' WHEN 'chat.completion' THEN 'false' END"


RESPONSE = Form(
    name="responses of the chat API",
    kind="json",
    marks=("id", "created", "model", "usage.prompt_tokens", "usage.completion_tokens", "usage.cost"),
    rules={
        "generation_id": text("id"),
        "created_at": unix_seconds("created"),
        "model": text("model"),
        "model_permaslug": text("model"),
        "provider_name": text("provider"),
        "tokens_prompt": whole("usage.prompt_tokens"),
        "tokens_completion": whole("usage.completion_tokens"),
        "tokens_reasoning": whole("usage.completion_tokens_details.reasoning_tokens"),
        "tokens_cached": whole("usage.prompt_tokens_details.cached_tokens"),
        "cost_total": amount("usage.cost"),
        "byok": flag("usage.is_byok"),
        "finish_reason": finish_reason("choices[0].finish_reason", "choices[0].native_finish_reason"),
        "streamed": replace(flag("object"), join=_streamed),
    },
    partly={"created_at": "to the second"},
)

GENERATION = Form(
    name="GET /generation",
    kind="json",
    marks=("data.id", "data.created_at", "data.model", "data.total_cost"),
    rules={
        "generation_id": text("data.id"),
        "created_at": moment("data.created_at"),
        "user_id": text("data.external_user"),
        "account_id": text("data.workspace_id", "data.app_id"),
        "app_name": text("data.http_referer", "data.origin"),
        "model": text("data.model"),
        "model_permaslug": text("data.provider_responses[#-1].model_permaslug"),
        "provider_name": text("data.provider_name"),
        "tokens_prompt": whole("data.native_tokens_prompt", "data.tokens_prompt"),
        "tokens_completion": whole("data.native_tokens_completion", "data.tokens_completion"),
        "tokens_reasoning": whole("data.native_tokens_reasoning"),
        "tokens_cached": whole("data.native_tokens_cached"),
        "cost_total": amount("data.total_cost"),
        "byok": flag("data.is_byok"),
        "finish_reason": finish_reason("data.finish_reason", "data.native_finish_reason"),
        "streamed": flag("data.streamed"),
        "cancelled": flag("data.cancelled"),
        "time_to_first_token_ms": whole("data.latency"),
        "generation_time_ms": whole("data.generation_time"),
        "session_id": text("data.session_id"),
    },
    aside={"data.api_type": ("embeddings", "rerank", "tts", "stt", "video", "image")},
)

_SUMS = (
    "each of its rows is a sum of many requests. A log needs the single request, with its moment and its user, and "
    "none can be made up. Export one row a request instead (the log of the activity page, which has generation_id)"
)
_COLUMNS = (
    "generation_id", "created_at", "cost_total", "cost_web_search", "cost_cache", "cost_file_processing",
    "byok_usage_inference", "tokens_prompt", "tokens_completion", "tokens_reasoning", "tokens_cached",
    "model_permaslug", "provider_name", "variant", "cancelled", "streamed", "user", "finish_reason_raw",
    "finish_reason_normalized", "generation_time_ms", "time_to_first_token_ms", "api_key_disabled", "api_key_name",
    "app_name",
)  # fmt: skip
_LATER = ("tokens_cached", "user", "api_key_disabled")
_LEAST = (
    "generation_id", "created_at", "cost_total", "tokens_prompt", "tokens_completion", "model_permaslug", "user",
)  # fmt: skip
EXPORTS = (
    Export("activity", ACTIVITY, _COLUMNS),
    Export("activity-21", ACTIVITY, tuple(name for name in _COLUMNS if name not in _LATER)),
    Export("activity-7", ACTIVITY, _LEAST),
    Export("generation", GENERATION),
    Export("response", RESPONSE, without=("streamed",)),
)

SUMS = Form(name="activity by day", marks=("date", "requests"), refused=_SUMS)
SUMS_RECORDS = Form(name="activity by day, records", kind="json", marks=("date", "requests"), refused=_SUMS)
SUMS_ANSWER = Form(
    name="GET /activity", kind="json", marks=("data[0].date", "data[0].requests"), refused=_SUMS
)

IMPORTER = Importer(
    "openrouter",
    "OpenRouter",
    (ACTIVITY, RESPONSE, GENERATION, SUMS, SUMS_RECORDS, SUMS_ANSWER),
    exports=EXPORTS,
)
