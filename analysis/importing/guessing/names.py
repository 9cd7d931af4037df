"""What gateways call the fields of a log, and which columns of a file bear such a name.

The names are those of the schemas of OpenRouter, LiteLLM, Langfuse, Helicone, OpenTelemetry, OpenInference, Portkey,
Cloudflare and of the vendors' own APIs; letter case, underscores and dots do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from analysis.contract.nearest_names import nearest

SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "generation_id": (
        "generation_id", "request_id", "id", "call_id", "response_id", "gen_ai.response.id", "completion_id", "uuid",
        "log_id", "event_id", "span_id", "correlation_id",
    ),
    "created_at": (
        "start_time", "request_created_at", "requested_at", "request_time", "request_timestamp", "started_at",
        "created_at", "created", "timestamp", "time", "datetime", "date_time", "ts", "event_time", "event_timestamp",
        "logged_at", "logging_time", "time_generated", "time_generated_utc", "arrived_at", "start_time_unix_nano", "at",
    ),
    "user_id": (
        "end_user", "user", "user_id", "external_user", "request_user_id", "user_api_key_user_id", "enduser.id",
        "end_user_id", "customer_id", "customer", "uid", "member", "member_id", "username", "user_name",
        "metadata._user", "api_key_name", "key_alias", "user_api_key_alias", "identity.arn", "api_key",
    ),
    "account_id": (
        "account_id", "account", "team_id", "organization_id", "org_id", "workspace_id", "project_id", "tenant_id",
        "api_key_name", "team", "tenant", "app_id", "api_key",
    ),
    "app_name": (
        "app_name", "app", "application", "application_name", "service.name", "service_name", "http_referer", "origin",
        "trace_name", "client",
    ),
    "model": (
        "response_model", "gen_ai.response.model", "model", "provided_model_name", "model_name", "ai_model",
        "model_override", "request_model", "gen_ai.request.model", "model_permaslug", "model_group", "model_id",
        "llm", "llm_model", "deployment_name", "deployment", "engine",
    ),
    "model_permaslug": ("model_permaslug", "model_version", "response_model", "gen_ai.response.model"),
    "variant": ("variant", "model_variant"),
    "provider_name": (
        "provider_name", "provider", "custom_llm_provider", "ai_org", "gen_ai.provider.name", "gen_ai.system", "vendor",
    ),
    "tokens_prompt": (
        "native_tokens_prompt", "tokens_prompt", "prompt_tokens", "input_tokens", "gen_ai.usage.input_tokens",
        "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "tokens_in", "tokens_input", "req_units",
        "context_tokens", "prompt_token_count", "input_token_count", "input_usage", "num_prompt_tokens",
        "num_input_tokens", "usage_details.input", "prompt_length", "input",
    ),
    "tokens_completion": (
        "native_tokens_completion", "tokens_completion", "completion_tokens", "output_tokens",
        "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion", "tokens_out",
        "tokens_output", "res_units", "generated_tokens", "candidates_token_count", "output_token_count",
        "output_usage", "num_completion_tokens", "num_output_tokens", "num_generated_tokens", "usage_details.output",
        "output",
    ),
    "tokens_reasoning": (
        "native_tokens_reasoning", "tokens_reasoning", "reasoning_tokens", "reasoning_output_tokens",
        "gen_ai.usage.reasoning.output_tokens", "output_reasoning_tokens", "output_reasoning", "thinking_tokens",
        "thoughts_token_count", "llm.token_count.completion_details.reasoning",
    ),
    "tokens_cached": (
        "native_tokens_cached", "tokens_cached", "cached_tokens", "cache_read_input_tokens",
        "prompt_cache_read_tokens", "cache_read_tokens", "gen_ai.usage.cache_read.input_tokens", "cached_input_tokens",
        "input_cached_tokens", "input_cache_read", "cached_content_token_count", "cache_read_input_token_count",
        "llm.token_count.prompt_details.cache_read",
    ),
    "cost_total": (
        "cost_total", "total_cost", "cost_usd", "cost", "spend", "response_cost", "gen_ai.usage.cost", "llm.cost.total",
        "operation.cost", "price", "charge", "amount", "cents", "cost_cents", "cost_nanodollars", "cost_micros",
    ),
    "byok": ("is_byok", "byok", "own_key"),
    "finish_reason": (
        "finish_reason_normalized", "finish_reason", "finish_reasons", "native_finish_reason", "finish_reason_raw",
        "stop_reason", "gen_ai.response.finish_reasons", "ended",
    ),
    "tools_offered": ("tools_offered", "has_tools", "with_tools"),
    "tool_called": ("tool_called", "tools_called", "called_tools"),
    "streamed": (
        "streamed", "stream", "is_streaming", "is_stream", "streaming", "is_stream_completion",
        "gen_ai.request.stream",
    ),
    "cancelled": ("cancelled", "canceled", "aborted", "is_cancelled"),
    "time_to_first_token_ms": (
        "time_to_first_token_ms", "time_to_first_token", "ttft_ms", "ttft", "first_token_ms", "time_to_first_chunk",
        "gen_ai.response.time_to_first_chunk", "gen_ai.server.time_to_first_token", "first_token_latency",
    ),
    "generation_time_ms": (
        "generation_time_ms", "generation_time", "duration_ms", "duration", "response_time", "delay_ms", "latency_ms",
        "total_latency", "elapsed", "elapsed_ms", "request_duration", "latency",
    ),
    "country": ("billing_country", "country"),
    "continent": ("continent", "billing_continent"),
    "language": ("language", "lang", "prompt_language"),
    "session_id": (
        "session_id", "session", "conversation_id", "gen_ai.conversation.id", "thread_id", "helicone-session-id",
    ),
}  # fmt: skip
"""By field, the usual names, the best first."""
SEVERAL: Final = ("user_id", "account_id", "model", "finish_reason", "app_name")
"""Fields whose value may lie in another column where the best one is empty."""
END: Final = (
    "end_time",
    "ended_at",
    "end",
    "finished_at",
    "completed_at",
    "response_created_at",
    "end_time_unix_nano",
)
FIRST_TOKEN: Final = ("completion_start_time", "first_token_at", "first_token_time")
WRITTEN: Final = (
    "cache_creation_input_tokens", "prompt_cache_write_tokens", "cache_write_tokens", "cache_write_input_tokens",
    "gen_ai.usage.cache_creation.input_tokens", "input_cache_creation", "cache_write_input_token_count",
)  # fmt: skip
"""Tokens that went into a cache."""
TOTAL: Final = ("total_tokens", "tokens_total", "total_units", "total_usage", "total_token_count", "total")
SUMMED: Final = (
    "requests", "num_model_requests", "num_requests", "request_count", "requests_count", "api_requests",
    "count_requests", "total_requests",
)  # fmt: skip
"""How many requests a row sums up."""
OWN_KEY_COST: Final = ("byok_usage_inference",)
"""What a provider charged to the customer's own key: above 0 where one was used."""
_ALIKE = 0.87  # how much two names are alike that differ by a slip; from 0 to 1
_LIKE = 6  # letters that a name must have to be looked for among alike ones


def plain(name: str) -> str:
    """A name without letter case and marks."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def spellings(place: str) -> list[str]:
    """What a place may be called, the whole path first, then its ends: usage.prompt_tokens is prompt_tokens, too."""
    steps = [step for step in re.split(r"[.>\[\]\"]+", place) if step and not step.isdigit()]
    return [plain("".join(steps[start:])) for start in range(len(steps))]


def named(places: Iterable[str], names: Iterable[str]) -> list[str]:
    """The places that bear one of the names, by the order of the names; of several, the shortest path first."""
    ranks = {plain(name): rank for rank, name in reversed(list(enumerate(names)))}
    found = {
        place: min(hits)
        for place in places
        if (hits := [ranks[spelling] for spelling in spellings(place) if spelling in ranks])
    }
    return sorted(found, key=lambda place: (found[place], len(spellings(place)), len(place)))


def alike(places: Iterable[str], names: Iterable[str]) -> list[str]:
    """Places whose last name is one of the names but for a letter or two."""
    known = [plain(name) for name in names if len(plain(name)) >= _LIKE]
    return [
        place
        for place in places
        if (last := spellings(place)[-1:]) and len(last[0]) >= _LIKE and nearest(last[0], known, alike=_ALIKE)
    ]
