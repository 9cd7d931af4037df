"""OpenTelemetry: every generation of names gives the same log, and a request is counted once."""

from __future__ import annotations

import json

import pytest

from tests.analysis.importers.exports import imported

WAYS = {  # the same request: 100 prompt of which 60 cached, 30 completion of which 20 reasoning
    "prompt and completion tokens": {
        "gen_ai.system": "openai", "gen_ai.operation.name": "chat", "gen_ai.usage.prompt_tokens": 100,
        "gen_ai.usage.completion_tokens": 30, "gen_ai.usage.cost": 0.5,
    },
    "input and output tokens": {
        "gen_ai.system": "openai", "gen_ai.operation.name": "text_completion", "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 30, "operation.cost": 0.5, "gen_ai.usage.prompt_tokens": 7,
    },
    "with parts": {
        "gen_ai.provider.name": "openai", "gen_ai.operation.name": "generate_content", "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 30, "gen_ai.usage.cache_read.input_tokens": 60,
        "gen_ai.usage.reasoning.output_tokens": 20, "gen_ai.usage.cost": 0.5,
    },
    "with parts beside their whole": {
        "gen_ai.provider.name": "openai", "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 30,
        "gen_ai.usage.output_tokens": 10, "gen_ai.usage.cache_read_input_tokens": 60, "gen_ai.usage.total_tokens": 130,
        "gen_ai.usage.cache_creation_input_tokens": 10, "gen_ai.usage.reasoning_tokens": 20, "gen_ai.usage.cost": 0.5,
    },
    "OpenLLMetry": {
        "llm.vendor": "openai", "llm.request.type": "chat", "llm.usage.total_tokens": 130,
        "llm.usage.prompt_tokens": 100, "llm.usage.completion_tokens": 30, "gen_ai.usage.cost": 0.5,
    },
    "OpenInference": {
        "llm.provider": "openai", "openinference.span.kind": "LLM", "llm.token_count.prompt": 100,
        "llm.token_count.completion": 30, "llm.token_count.total": 130, "llm.cost.total": 0.5,
        "llm.token_count.prompt_details.cache_read": 60, "llm.token_count.completion_details.reasoning": 20,
    },
}  # fmt: skip
HAVE_PARTS = ("with parts", "with parts beside their whole", "OpenInference")
START = 1762164000_125_000_000  # 2025-11-03 10:00:00.125


def value(of):
    """A value as OTLP types it."""
    if isinstance(of, list):
        return {"arrayValue": {"values": [value(one) for one in of]}}
    kinds = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
    return {kinds[type(of)]: str(of) if type(of) is int else of}


def span(number, attributes, **changes):
    """A span in OTLP."""
    said = {"gen_ai.request.model": "gpt-4o", "user.id": "ann", "session.id": "s1"} | attributes
    return {
        "traceId": "t", "spanId": f"s{number}", "name": "chat", "status": {},
        "startTimeUnixNano": str(START + number * 10**9),
        "endTimeUnixNano": str(START + number * 10**9 + 800_999_999),
        "attributes": [{"key": name, "value": value(of)} for name, of in said.items()],
    } | changes  # fmt: skip


def batch(*spans):
    """A batch of OTLP."""
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "coder"}}]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {}, "spans": list(spans)}]}]}


MORE = {"gen_ai.response.finish_reasons": ["end_turn"], "gen_ai.request.stream": True,
        "gen_ai.response.time_to_first_chunk": 0.25, "gen_ai.response.model": "gpt-4o-2024-08-06"}  # fmt: skip
SPANS = [span(number, attributes | MORE) for number, attributes in enumerate(WAYS.values())]


def console(one):
    """A span as a console exporter writes it."""

    def plain(of):
        ((kind, inner),) = of.items()
        return [plain(each) for each in inner["values"]] if kind == "arrayValue" else inner

    return {
        "name": "chat", "context": {"trace_id": "0xt", "span_id": one["spanId"]}, "parent_id": None,
        "start_time": f"2025-11-03T10:00:0{one['spanId'][1:]}.125000Z",
        "end_time": f"2025-11-03T10:00:0{one['spanId'][1:]}.925999Z", "status": {"status_code": "UNSET"},
        "attributes": {pair["key"]: plain(pair["value"]) for pair in one["attributes"]},
        "resource": {"attributes": {"service.name": "coder"}},
    }  # fmt: skip


FORMS = {
    "one.json": json.dumps(batch(*SPANS), indent=1),
    "batches.jsonl": "\n".join(json.dumps(batch(one)) for one in SPANS),
    "console.json": "\n".join(json.dumps(console(one), indent=2) for one in SPANS),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_generation_of_names_gives_the_same_counts(tmp_path, name):
    account, log = imported(tmp_path, FORMS[name], name)
    assert (account.format, account.written, account.left_out, account.odd) == ("opentelemetry", 6, (), ())
    assert log["tokens_prompt"].to_pylist() == [100] * 6
    assert log["tokens_completion"].to_pylist() == [30] * 6
    parts = [way in HAVE_PARTS for way in WAYS]
    assert log["tokens_cached"].to_pylist() == [60 if has else None for has in parts]
    assert log["tokens_reasoning"].to_pylist() == [20 if has else None for has in parts]
    assert sum(log["cost_total"].to_pylist()) == 3
    for field, found in {"provider_name": "openai", "user_id": "ann", "session_id": "s1", "app_name": "coder",
                         "finish_reason": "stop", "streamed": True, "time_to_first_token_ms": 250,
                         "model": "openai/gpt-4o-2024-08-06", "model_permaslug": "gpt-4o-2024-08-06",
                         }.items():  # fmt: skip
        assert set(log[field].to_pylist()) == {found}, field
    assert set(log["generation_time_ms"].to_pylist()) <= {800, 801}
    assert f"{log['created_at'][1].as_py():%Y-%m-%d %H:%M:%S.%f}" == "2025-11-03 10:00:01.125000"


CHAT = WAYS["with parts"]
OTHERS = (
    (
        span(1, {"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 9}),
        "a span of invoke_agent",
    ),
    (span(2, {"openinference.span.kind": "CHAIN"}), "a span of CHAIN"),
    (span(3, {}), "it has none of the attributes"),
    (span(4, CHAT, spanId="outer"), "a request around another"),
    (span(5, CHAT | {"gen_ai.usage.cache_read.input_tokens": 101}), "tokens_cached above tokens_prompt"),
    (span(6, CHAT | {"gen_ai.usage.output_tokens": "many"}), "tokens_completion is not a whole number"),
    (span(7, CHAT, startTimeUnixNano="yesterday"), "created_at is not a date"),
    (span(8, CHAT | {"user.id": ""}), "user_id is empty"),
    (7, "a span that is no JSON object"),
)


def test_what_is_no_request_or_breaks_the_rules_is_listed_with_its_place(tmp_path):
    inner = span(0, CHAT, parentSpanId="outer", status={"code": 2})
    lines = [
        json.dumps(batch(inner, *(one for one, _ in OTHERS))),
        json.dumps({"resourceLogs": []}),
        '{"resourceSp',
    ]
    account, log = imported(tmp_path, "\n".join(lines), "spans.jsonl")
    places = {place.partition(": ")[0]: note.why for note in account.left_out for place in note.examples}
    path = tmp_path / "spans.jsonl"
    for number, (_, why) in enumerate(OTHERS, 1):
        assert why in places.pop(f"{path}:1, resourceSpans[0].scopeSpans[0].spans[{number}]")
    assert places == {
        f"{path}:2": "a batch without spans (resourceLogs)",
        f"{path}:3": "no JSON object (cut off?)",
    }
    assert (account.read, account.written, log["finish_reason"].to_pylist()) == (12, 1, ["error"])


def test_spans_without_costs_are_priced_only_where_asked(tmp_path):
    from analysis import LogError

    bare = {name: of for name, of in CHAT.items() if name != "gen_ai.usage.cost"}
    content = json.dumps(batch(span(1, bare)))
    with pytest.raises(LogError, match=r"cost_total is empty.*--list-prices"):
        imported(tmp_path, content, "spans.jsonl")
    account, log = imported(tmp_path, content, "spans.jsonl", list_prices=True)
    assert account.at_list_prices == 1
    assert log["cost_total"][0].as_py() > 0
