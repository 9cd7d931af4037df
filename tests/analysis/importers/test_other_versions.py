"""Exports of other versions of the gateways than the rest of the tests has: what comes in is as was written by hand."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from tests.analysis.importers.exports import imported, put
from tests.analysis.importers.test_litellm import spend
from tests.analysis.importers.test_opentelemetry import batch, span

COUNTS = ("tokens_prompt", "tokens_completion", "tokens_cached", "tokens_reasoning", "cost_total")


def rows(log):
    """Models with their counts and costs, in the order of the log."""
    return [tuple(row.values()) for row in log.select(("model", *COUNTS)).to_pylist()]


def why(account):
    """How many rows were left out, by why."""
    return {note.why: note.rows for note in account.left_out}


def of_langfuse_2(number, **changes):
    """An observation as the API of version 2 gives it."""
    usage = {"input": 800, "output": 90, "total": 890, "unit": "TOKENS"}
    return {
        "id": f"o{number}", "traceId": "t", "type": "GENERATION", "startTime": f"2024-08-01T10:0{number}:00.000Z",
        "endTime": f"2024-08-01T10:0{number}:02.500Z", "model": "gpt-4o-2024-05-13", "usage": usage,
        "promptTokens": 800, "completionTokens": 90, "totalTokens": 890, "calculatedTotalCost": 0.00535,
    } | changes  # fmt: skip


def test_langfuse_2_has_sums_under_older_names(tmp_path):
    found = [
        of_langfuse_2(0),
        of_langfuse_2(1, usage=None),
        of_langfuse_2(2, usage={"input": 3000, "unit": "CHARACTERS"}),
        of_langfuse_2(3, type="EVENT", usage=None),
    ]
    account, log = imported(tmp_path, json.dumps({"data": found, "meta": {}}), "page.json", user="us")
    assert rows(log) == 2 * [("openai/gpt-4o-2024-05-13", 800, 90, None, None, 0.00535)]
    assert why(account) == {
        "its usage counts CHARACTERS, not tokens": 1,
        "no request to a language model: its type is EVENT": 1,
    }


def test_pages_of_litellm_come_in_and_a_row_that_two_of_them_have_once(tmp_path):
    found = [spend(number) for number in range(3)]
    pages = ({"data": found[:2], "page": 1, "total": 3}, {"data": found[1:], "page": 2, "total": 3})
    account, log = imported(tmp_path, "\n".join(json.dumps(page, indent=1) for page in pages), "pages.json")
    assert (account.format, log["generation_id"].to_pylist()) == (
        "litellm",
        [one["request_id"] for one in found],
    )
    assert why(account) == {"a copy of another row": 1}


def test_a_deployment_means_the_model_that_the_row_names_elsewhere(tmp_path):
    names = [
        ("azure/ours-eu", "gpt-4o"),
        ("azure/ours-eu", "gpt-4.1"),
        ("azure/gpt-4o-mini", "fast"),
        ("own", "fast"),
    ]
    found = [
        spend(number, model=model, model_group=group, custom_llm_provider="azure")
        for number, (model, group) in enumerate(names)
    ]
    account, log = imported(tmp_path, "\n".join(map(json.dumps, found)), "spend.jsonl")
    assert log["model"].to_pylist() == ["openai/gpt-4o", "openai/gpt-4.1", "openai/gpt-4o-mini", "own"]
    assert log["model_permaslug"].to_pylist() == [model for model, _ in names]
    assert [one.id for one in account.ids if not one.how] == ["own"]
    assert {one.model for one in account.ids if one.how == "by its other name gpt-4o"} == {"openai/gpt-4o"}


def test_answers_of_openrouter_that_are_no_chat_are_left_out(tmp_path):
    def answer(number, kind):
        return {"data": {
            "id": f"gen-{number}", "created_at": "2025-10-01T10:00:00Z", "model": "openai/gpt-4o", "total_cost": 0.5,
            "api_type": kind, "native_tokens_prompt": 10, "native_tokens_completion": 2, "external_user": "ann",
        }}  # fmt: skip

    lines = "\n".join(json.dumps(answer(n, kind)) for n, kind in enumerate(("completions", "embeddings")))
    account, log = imported(tmp_path, lines, "answers.jsonl")
    assert rows(log) == [("openai/gpt-4o", 10, 2, None, None, 0.5)]
    assert why(account) == {"no request to a language model, by its data.api_type": 1}


def test_a_call_of_the_ai_sdk_is_counted_on_its_own_span(tmp_path):
    sums = {"ai.usage.promptTokens": 321, "ai.usage.completionTokens": 21, "user.id": "",
            "ai.telemetry.metadata.userId": "ute", "ai.usage.cachedInputTokens": 300}  # fmt: skip
    own = {"gen_ai.system": "openai.chat", "gen_ai.usage.input_tokens": 321, "gen_ai.usage.output_tokens": 21,
           "gen_ai.usage.cost": 0.5}  # fmt: skip
    call = span(1, sums | own, parentSpanId="s0")
    account, log = imported(tmp_path, json.dumps(batch(span(0, sums), call)), "spans.json")
    assert rows(log) == [("openai/gpt-4o", 321, 21, 300, None, 0.5)]
    assert log["user_id"].to_pylist() == ["ute"]
    assert why(account) == {"no request to a language model: it has none of the attributes of one": 1}


def frame():
    """Spans as Phoenix's data frame has them: counts are floats, since some spans have none."""
    begin, nothing = "attributes.llm.token_count.", None
    columns = {
        "context.span_id": ["s1", "s2", "s3", "s4"], "context.trace_id": ["t1", "t1", "t2", "t3"],
        "span_kind": ["LLM", "CHAIN", "LLM", "LLM"], "parent_id": ["s2", nothing, nothing, nothing],
        "start_time": pd.to_datetime([f"2025-03-01T10:0{n}:00.5+00:00" for n in range(4)]),
        "end_time": pd.to_datetime([f"2025-03-01T10:0{n}:01+00:00" for n in range(4)]),
        "status_code": ["OK", "OK", "ERROR", "OK"],
        "attributes.openinference.span.kind": ["LLM", "CHAIN", "LLM", "LLM"],
        "attributes.llm.model_name": ["gpt-4o-2024-08-06", nothing, "gpt-4o", "claude-3-5-sonnet-20241022"],
        f"{begin}prompt": [400.0, nothing, nothing, 1510.0], f"{begin}completion": [40.0, nothing, nothing, 20.0],
        f"{begin}prompt_details.cache_read": [128.0, nothing, nothing, 1400.0],
        "attributes.llm.cost.total": [0.25, nothing, nothing, 0.5],
        "attributes.user.id": ["ute", nothing, "udo", "ute"],
    }  # fmt: skip
    return pd.DataFrame(columns).set_index("context.span_id")


@pytest.mark.parametrize("name", ["spans.parquet", "spans.csv"])
def test_a_data_frame_of_phoenix_comes_in(tmp_path, name):
    path = put(tmp_path, "", name)
    frame().to_parquet(path) if name.endswith("parquet") else frame().to_csv(path)
    account, log = imported(tmp_path, path.read_bytes(), name)
    assert rows(log) == [
        ("openai/gpt-4o-2024-08-06", 400, 40, 128, None, 0.25),
        ("anthropic/claude-3.5-sonnet", 1510, 20, 1400, None, 0.5),
    ]
    assert f"{log['created_at'][0].as_py():%H:%M:%S.%f}" == "10:00:00.500000"
    assert why(account) == {
        "it failed, and counts no tokens": 1,
        "no request to a language model: a span of CHAIN": 1,
    }


def test_a_page_of_phoenix_comes_in(tmp_path):
    attributes = {"openinference": {"span": {"kind": "LLM"}}, "llm": {"model_name": "gpt-4o", "cost": {"total": 0.5}},
                  "llm.token_count.prompt": 7, "llm.token_count.completion": 2, "user.id": "ute"}  # fmt: skip
    one = {"context": {"trace_id": "t", "span_id": "s"}, "span_kind": "LLM", "parent_id": None, "status_code": "OK",
           "start_time": "2025-03-01T10:00:00+00:00", "end_time": "2025-03-01T10:00:01+00:00",
           "attributes": attributes}  # fmt: skip
    _, log = imported(tmp_path, json.dumps({"data": [one], "next_cursor": None}), "page.json")
    assert rows(log) == [("openai/gpt-4o", 7, 2, None, None, 0.5)]


def piece(number, delta, usage=None, **choice):
    """An event of a stream with a piece of a response."""
    said = {"id": f"gen-{number}", "created": 1760000000 + number, "model": "openai/gpt-4o-mini", "provider": "OpenAI",
            "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": delta}} | choice],
            **({"usage": usage} if usage else {})}  # fmt: skip
    return f"data: {json.dumps(said)}\n\n"


def test_streams_come_in_as_they_were_saved(tmp_path):
    def usage(prompt):
        return {"prompt_tokens": prompt, "completion_tokens": 9, "cost": 0.5,
                "prompt_tokens_details": {"cached_tokens": 4}}  # fmt: skip

    comment, end = ": OPENROUTER PROCESSING\n\n", "data: [DONE]\n\n"
    saved = (
        comment
        + piece(1, "a")
        + comment
        + piece(1, "b", finish_reason="length")
        + piece(1, "", usage(14))
        + end,
        (piece(2, "a") + piece(2, "", finish_reason="stop") + end).replace("\n", "\r\n"),
        "event: message\n" + piece(3, "a", finish_reason="stop") + piece(3, "", usage(15)),
        'data: {"id": "gen-4", "cut',
    )
    account, log = imported(tmp_path, "".join(saved), "saved.txt", user="us")
    assert rows(log) == [("openai/gpt-4o-mini", prompt, 9, 4, None, 0.5) for prompt in (14, 15)]
    assert log["finish_reason"].to_pylist() == ["length", "stop"]
    assert log["streamed"].to_pylist() == [True, True]
    first_of_2, cut = (saved[0].count("\n") + 1, "".join(saved).count("\n") + 1)
    places = {note.why: note.examples[0].partition(": ")[0] for note in account.left_out}
    assert places == {
        "tokens_prompt is empty": f"{tmp_path / 'saved.txt'}:{first_of_2}",
        "no JSON object (cut off?)": f"{tmp_path / 'saved.txt'}:{cut}",
    }
