"""Helicone: its table of requests (request_response_rmt) as ClickHouse gives it, and the answers of its query API.

The table has costs in billionths of a dollar, the API in dollars. Counts are taken apart before they are written:
cached tokens, those written into a cache, and reasoning tokens lie beside prompt and completion, and are added to them
(so the API's total is prompt, completion and reasoning). So it is since cached tokens have a price of their own there
(2025); the first rows with a count of them have OpenAI's inside the prompt, and nothing tells these apart. A request
that Helicone answered from its own cache has no tokens and no cost. A missing user is written as the word undefined or
null.

A status from 400 on is an error; statuses below 0 are Helicone's own and say nothing here. The country is that of the
caller's address, not of the account, and is left out; so is the billing flag: who pays is not whose cost the row has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from analysis.importing.format import Export, Form, Importer
from analysis.importing.mapped.lists import rows_at
from analysis.importing.rules import ISO, Rule, amount, finish_reason, moment, text, whole


def _user(texts: Sequence[str]) -> str:
    named = (f"CASE WHEN lower({t}) NOT IN ('undefined', 'null') THEN {t} END" for t in texts)
    return f"coalesce({', '.join(named)})"


def _with_written(texts: Sequence[str]) -> str:
    """Prompt tokens with those that went into a cache."""
    prompt, written = texts
    both = f"CAST(TRY_CAST({prompt} AS BIGINT) + TRY_CAST(coalesce({written}, '0') AS BIGINT) AS VARCHAR)"
    return f"CASE WHEN {prompt} IS NOT NULL THEN coalesce({both}, concat({prompt}, ' + ', {written})) END"


def _finish(texts: Sequence[str]) -> str:
    status, *reasons = texts
    return (
        f"CASE WHEN TRY_CAST({status} AS INTEGER) >= 400 THEN 'error' ELSE coalesce({', '.join(reasons)}) END"
    )


_ANSWER = ("choices[0].finish_reason", "stop_reason", "candidates[0].finishReason")


def _rules(
    user: str, status: str, latency: str, models: tuple[str, ...], per_usd: float, moments: str
) -> dict[str, Rule]:
    reasons = [f"response_body>{place}" for place in _ANSWER]
    properties = ("properties", "request_properties")
    return {
        "generation_id": text("request_id"),
        "created_at": moment("request_created_at", written=moments),
        "user_id": replace(text(user), join=_user),
        "account_id": text("organization_id"),
        "model": text(*models),
        "model_permaslug": text(*models),
        "provider_name": text("provider"),
        "tokens_prompt": replace(whole("prompt_tokens", "prompt_cache_write_tokens"), join=_with_written),
        "tokens_completion": whole("completion_tokens"),
        "tokens_reasoning": whole("reasoning_tokens"),
        "tokens_cached": whole("prompt_cache_read_tokens"),
        "cost_total": amount("cost", per_usd=per_usd),
        "finish_reason": replace(finish_reason(status, *reasons), join=_finish, at=reasons[0]),
        "time_to_first_token_ms": whole("time_to_first_token"),
        "generation_time_ms": whole(latency),
        "session_id": text(*(f'{name}>"Helicone-Session-Id"' for name in properties)),
    }


_TABLE = _rules("user_id", "status", "latency", ("model",), 1e9, "%Y-%m-%d %H:%M:%S.%g")
_API = _rules(
    "request_user_id", "response_status", "delay_ms", ("response_model", "model_override", "request_model"), 1, ISO
)  # fmt: skip
_OF_TABLE = (
    "request_id",
    "request_created_at",
    "latency",
    "model",
    "prompt_tokens",
    "completion_tokens",
    "cost",
)
_OF_API = (
    "request_id",
    "request_created_at",
    "delay_ms",
    "request_model",
    "prompt_tokens",
    "completion_tokens",
)
_BESIDE: dict[str, Any] = {"cached": "outside", "reasoning": "outside"}
_WORDS = {"user_id": "but for users who are called undefined or null"}
_IN_TABLE = _BESIDE | {
    "partly": _WORDS | {"cost_total": "in billionths of a dollar: the last digit may differ"}
}
_IN_API = _BESIDE | {"partly": _WORDS}

TABLE = Form(name="table of requests, CSV or Parquet", marks=_OF_TABLE, rules=_TABLE, **_IN_TABLE)
RECORDS = Form(name="table of requests", kind="json", marks=_OF_TABLE, rules=_TABLE, **_IN_TABLE)
REQUESTS = Form(name="requests of the API", kind="json", marks=_OF_API, rules=_API, **_IN_API)
REQUESTS_TABLE = Form(name="requests of the API, CSV", marks=_OF_API, rules=_API, **_IN_API)
ANSWER = Form(
    name="POST /request/query",
    kind="json",
    marks=tuple(f"data[0].{mark}" for mark in _OF_API),
    rules=_API,
    unfold=rows_at("data"),
    **_IN_API,
)

_STATUS = "CASE WHEN finish_reason = 'error' THEN 500 ELSE 200 END"
_COLUMNS = (
    "response_id", "response_created_at", "latency", "status", "completion_tokens", "prompt_tokens",
    "prompt_cache_write_tokens", "prompt_cache_read_tokens", "prompt_audio_tokens", "completion_audio_tokens",
    "reasoning_tokens", "model", "ai_gateway_body_mapping", "request_id", "request_created_at", "user_id",
    "organization_id", "proxy_key_id", "threat", "time_to_first_token", "provider", "country_code", "target_url",
    "properties", "scores", "request_body", "response_body", "assets", "updated_at", "cache_reference_id",
    "cache_enabled", "cost", "prompt_id", "prompt_version", "request_referrer", "is_passthrough_billing",
    "storage_location", "size_bytes",
)  # fmt: skip
_API_COLUMNS = (
    "response_id", "response_created_at", "response_body", "response_status", "response_model", "request_id",
    "request_created_at", "request_body", "request_user_id", "request_model", "model_override", "organization_id",
    "provider", "delay_ms", "time_to_first_token", "prompt_tokens", "prompt_cache_write_tokens",
    "prompt_cache_read_tokens", "completion_tokens", "reasoning_tokens", "cost", "properties",
)  # fmt: skip
_TO_API: dict[str, Any] = {
    "also": {"response_status": _STATUS},
    "at": {"model": "request_model", "model_permaslug": "request_model"},
}
EXPORTS = (
    Export("table", TABLE, _COLUMNS, also={"status": _STATUS}),
    Export("table", RECORDS, also={"status": _STATUS}),
    Export("api", REQUESTS, **_TO_API),
    Export("api", REQUESTS_TABLE, _API_COLUMNS, **_TO_API),
)

IMPORTER = Importer(
    "helicone", "Helicone", (TABLE, RECORDS, REQUESTS, REQUESTS_TABLE, ANSWER), exports=EXPORTS
)
