"""LiteLLM: the spend logs of its proxy, one row a request, as the table LiteLLM_SpendLogs, GET /spend/logs or
the pages of GET /spend/logs/ui give it.

The columns are those of the table in PostgreSQL, in CSV and in JSON alike; older versions lack some. The table can be
read from its server, too: of its JSON only what the rules read leaves it. `metadata`,
`response` and `proxy_server_request` are JSON, in a text or not; the last two are empty unless prompts are stored.

Counts follow OpenAI whatever the vendor: cached tokens are a part of the prompt, reasoning tokens of the completion.
Where the row's own total says that reasoning was counted beside the completion (Gemini in older versions), it is added.
A row that failed ended in an error. A response whose first token came before its end was streamed: LiteLLM writes one
moment for both where it was not.

Rows of other services (embeddings, pictures, speech) are left out. Sums by day (LiteLLM_DailyUserSpend and the like)
have no requests, and are refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analysis.importing.format import Export, Form, Importer, Served
from analysis.importing.mapped.lists import rows_at
from analysis.importing.rules import (
    after,
    amount,
    finish_reason,
    flag,
    is_before,
    milliseconds_between,
    moment,
    text,
    whole,
)

_USAGE = ("metadata>usage_object", "metadata>additional_usage_values", "response>usage")
_REASONING = tuple(f"{usage}.completion_tokens_details.reasoning_tokens" for usage in _USAGE)
_CACHED = tuple(
    f"{usage}.{place}"
    for usage in _USAGE
    for place in ("prompt_tokens_details.cached_tokens", "cache_read_input_tokens")
)


def _completion(texts: Sequence[str]) -> str:
    """Completion tokens with those of reasoning, by the total."""
    completion, prompt, total, *rest = texts
    reasoning = f"coalesce({', '.join(rest)})"
    parts = " + ".join(f"TRY_CAST({t} AS BIGINT)" for t in (prompt, completion, reasoning))
    beside = f"TRY_CAST({total} AS BIGINT) = {parts}"
    both = f"CAST(TRY_CAST({completion} AS BIGINT) + TRY_CAST({reasoning} AS BIGINT) AS VARCHAR)"
    return f"CASE WHEN {beside} THEN {both} ELSE {completion} END"


def _finish(texts: Sequence[str]) -> str:
    reason, status = texts
    return f"coalesce({reason}, CASE WHEN {status} = 'failure' THEN 'error' END)"


def _tools(texts: Sequence[str]) -> str:
    """Whether the stored request has tools; null where no request is stored."""
    request, tools = texts
    return (
        f"CASE WHEN {tools} NOT IN ('[]', '{{}}') THEN 'true' WHEN {request} NOT IN ('{{}}', 'null') "
        f"AND json_valid({request}) THEN 'false' END"
    )


_AGENT = "User-Agent: "


def _agent(texts: Sequence[str]) -> str:
    """The name in the first tag that names an agent."""
    tags = f"CASE WHEN json_valid({texts[0]}) THEN json_extract_string({texts[0]}, '$[*]') END"
    named = f"list_filter({tags}, lambda tag: starts_with(tag, '{_AGENT}'))"
    return f"nullif(substr({named}[1], {len(_AGENT) + 1}), '')"


def _tagged(app: str) -> str:
    return f"CASE WHEN {app} IS NOT NULL THEN json_array(concat('{_AGENT}', {app})) END"


def _offered(tools: str) -> str:
    """The stored request, of which only the tools are known."""
    some, none = '{"tools": [{"type": "function"}]}', '{"messages": []}'
    return f"CAST(CASE {tools} WHEN true THEN '{some}' WHEN false THEN '{none}' END AS JSON)"


def _first_token_at(streamed: str) -> str:
    """When the first token came: of a response that was not streamed, when it ended."""
    at_end = f"WHEN NOT {streamed} THEN {after('generation_time_ms')}"
    before = f"WHEN {streamed} AND time_to_first_token_ms < generation_time_ms THEN {after('time_to_first_token_ms')}"
    return f"CASE {at_end} {before} END"


_WAIT = milliseconds_between("startTime", "completionStartTime")
_FIRST_TOKEN = replace(
    _WAIT,
    places=("startTime", "completionStartTime", "endTime"),
    join=lambda texts: f"CASE WHEN {texts[1]} <> {texts[2]} THEN {_WAIT.join(texts)} END",
    write=None,
)
"""Only of a streamed response: of another, LiteLLM writes its end."""

_RULES = {
    "generation_id": text("request_id"),
    "created_at": moment("startTime"),
    "user_id": text("end_user", "user", "metadata>user_api_key_user_id", "api_key"),
    "account_id": text("team_id", "organization_id", "api_key"),
    "app_name": replace(text("request_tags"), join=_agent, write=_tagged),
    "model": text("model", "model_group"),
    "model_permaslug": text("model"),
    "provider_name": text("custom_llm_provider"),
    "tokens_prompt": whole("prompt_tokens"),
    "tokens_completion": replace(
        whole("completion_tokens", "prompt_tokens", "total_tokens", *_REASONING), join=_completion
    ),
    "tokens_reasoning": whole(*_REASONING),
    "tokens_cached": whole(*_CACHED),
    "cost_total": amount("spend"),
    "finish_reason": replace(finish_reason("response>choices[0].finish_reason", "status"), join=_finish),
    "tools_offered": replace(
        flag("proxy_server_request", "proxy_server_request>tools"), join=_tools, write=_offered
    ),
    "streamed": replace(is_before("completionStartTime", "endTime"), write=_first_token_at),
    "time_to_first_token_ms": _FIRST_TOKEN,
    "generation_time_ms": milliseconds_between("startTime", "endTime"),
    "session_id": text("session_id"),
}

_MARKS = ("request_id", "call_type", "startTime", "spend", "prompt_tokens", "completion_tokens", "model")
_OTHERS = ("embedding", "image_generation", "image_edit", "speech", "transcription", "rerank", "moderation")
_CALLS = ("call_mcp_tool", "list_mcp_tools", "create_batch", "acreate_batch", "create_file", "acreate_file")
_PARTLY = {
    "streamed": "where the row states when its first token came and when it ended",
    "time_to_first_token_ms": "of streamed responses",
}
_ASIDE = {"call_type": (*_OTHERS, *(f"a{name}" for name in _OTHERS), *_CALLS)}
SPEND_TABLE = Form(name="spend logs, CSV", marks=_MARKS, rules=_RULES, aside=_ASIDE, partly=_PARTLY)
SPEND = Form(name="spend logs", kind="json", marks=_MARKS, rules=_RULES, aside=_ASIDE, partly=_PARTLY)
PAGE = Form(
    name="GET /spend/logs/ui",
    kind="json",
    marks=tuple(f"data[0].{mark}" for mark in _MARKS),
    rules=_RULES,
    aside=_ASIDE,
    partly=_PARTLY,
    unfold=rows_at("data"),
)

_ALSO = {
    "call_type": "'acompletion'",
    "total_tokens": "tokens_prompt + tokens_completion",
    "status": "CASE WHEN finish_reason = 'error' THEN 'failure' ELSE 'success' END",
}
_COLUMNS = (
    "request_id", "call_type", "api_key", "spend", "total_tokens", "prompt_tokens", "completion_tokens", "startTime",
    "endTime", "completionStartTime", "model", "model_id", "model_group", "custom_llm_provider", "api_base", "user",
    "metadata", "cache_hit", "cache_key", "request_tags", "team_id", "organization_id", "end_user",
    "requester_ip_address", "messages", "response", "session_id", "status", "mcp_namespaced_tool_name", "agent_id",
    "proxy_server_request",
)  # fmt: skip
EXPORTS = (
    Export("spend", SPEND_TABLE, _COLUMNS, also=_ALSO),
    Export("spend", SPEND, also=_ALSO),
)

_SUMS = (
    "each of its rows is a sum of many requests. A log needs the single request, with its moment and its user, and "
    "none can be made up. Export the table LiteLLM_SpendLogs instead"
)
_SUMS_MARKS = ("date", "api_requests", "custom_llm_provider")
SUMS = Form(name="spend by day, CSV", marks=_SUMS_MARKS, refused=_SUMS)
SUMS_RECORDS = Form(name="spend by day", kind="json", marks=_SUMS_MARKS, refused=_SUMS)

_SHORTER = {
    "metadata": "jsonb_build_object('usage_object', metadata -> 'usage_object', 'additional_usage_values', metadata -> "
    "'additional_usage_values', 'user_api_key_user_id', metadata -> 'user_api_key_user_id')",
    "response": "jsonb_build_object('choices', jsonb_build_array(jsonb_build_object('finish_reason', response #> "
    "'{choices,0,finish_reason}')), 'usage', response -> 'usage')",
    "proxy_server_request": "jsonb_build_object('stored', true) || CASE WHEN proxy_server_request -> 'tools' IN "
    "('[]', '{}', 'null') THEN '{}' WHEN proxy_server_request ? 'tools' THEN '{\"tools\": [{}]}' ELSE '{}' END::jsonb",
}
"""What the rules read of the columns of JSON; of tools only whether there are any."""
SERVED = Served(
    table="LiteLLM_SpendLogs",
    key="request_id",
    shorter={
        name: f"CASE WHEN jsonb_typeof({name}) = 'object' AND {name} <> '{{}}' THEN {short} ELSE {name} END"
        for name, short in _SHORTER.items()
    },
)

IMPORTER = Importer(
    "litellm", "LiteLLM", (SPEND_TABLE, SPEND, PAGE, SUMS, SUMS_RECORDS), exports=EXPORTS, served=SERVED
)
