"""LiteLLM's spend logs: JSON in texts, counts by the row's own total, and what is no request."""

from __future__ import annotations

import csv
import io
import json

import pytest

from analysis import LogError
from tests.analysis.importers.exports import SAMPLES, imported, table

SAMPLE = (SAMPLES / "litellm.json").read_text()


def spend(number, usage=None, **changes):
    """A row of the spend logs, made up. usage: the vendor's, as `metadata` keeps it."""
    second = f"2025-11-03 10:00:{number:02d}"
    row = {
        "request_id": f"r{number}", "call_type": "acompletion", "api_key": "88dc28d0f0", "spend": 0.001 * number,
        "total_tokens": 130, "prompt_tokens": 100, "completion_tokens": 30, "startTime": f"{second}.100",
        "completionStartTime": f"{second}.350", "endTime": f"{second}.900",
        "model": "claude-haiku-4-5-20251001", "model_group": "fast", "custom_llm_provider": "anthropic", "user": "u1",
        "end_user": "", "team_id": "t1", "session_id": "s1", "status": "success", "cache_hit": "None",
        "metadata": json.dumps({"usage_object": usage}), "response": "{}", "proxy_server_request": "{}",
        "request_tags": '["User-Agent: coder/1.2", "User-Agent: coder"]',
    }  # fmt: skip
    return row | changes


USAGE = {
    "prompt_tokens_details": {"cached_tokens": 60},
    "completion_tokens_details": {"reasoning_tokens": 20},
}
ROWS = [
    spend(1, USAGE),
    spend(2, USAGE, total_tokens=150, end_user="e"),  # Gemini of old: 100 + 30 + 20 beside
    spend(3, {"cache_read_input_tokens": 7}, startTime="2025-11-03T11:00:03.100+01:00", metadata={"usage_object": {}}),
    spend(4, status="failure", completion_tokens=0, completionStartTime="", user="", request_tags="[]"),
    spend(5, completionStartTime="2025-11-03 10:00:05.900", metadata="{'usage_object': None}", response=json.dumps(
        {"choices": [{"finish_reason": "tool_calls"}], "usage": {"prompt_tokens_details": {"cached_tokens": 9}}}),
        proxy_server_request='{"model": "fast", "tools": [{"type": "function"}]}'),
]  # fmt: skip


def test_the_real_row_comes_in_with_its_sums(tmp_path):
    account, log = imported(tmp_path, SAMPLE, "spend.json", user="one")
    row = json.loads(SAMPLE)
    assert (account.format, account.read, account.written, account.odd) == ("litellm", 1, 1, ())
    assert account.totals == {name: row[source] for name, source in (
        ("tokens_prompt", "prompt_tokens"), ("tokens_completion", "completion_tokens"), ("cost_total", "spend"),
    )}  # fmt: skip
    (found,) = log.to_pylist()
    assert (found["model"], found["provider_name"]) == ("openai/gpt-4o", "openai")
    assert (found["streamed"], found["time_to_first_token_ms"], found["generation_time_ms"]) == (
        False,
        None,
        4,
    )
    assert f"{found['created_at']:%Y-%m-%d %H:%M:%S.%f}" == "2025-01-24 09:20:46.847000"


def check(account, log):
    assert (account.written, account.left_out) == (5, ())
    assert [(note.why, note.rows) for note in account.odd] == [("metadata is not JSON", 1)]
    assert log["tokens_prompt"].to_pylist() == [100] * 5
    assert log["tokens_cached"].to_pylist() == [60, 60, None, None, 9]
    assert log["tokens_completion"].to_pylist() == [30, 50, 30, 0, 30]
    assert log["tokens_reasoning"].to_pylist() == [20, 20, None, None, None]
    assert sum(log["cost_total"].to_pylist()) == pytest.approx(0.015, rel=1e-12)
    assert log["user_id"].to_pylist() == ["u1", "e", "u1", "88dc28d0f0", "u1"]
    assert set(log["model"].to_pylist()) == {"anthropic/claude-haiku-4.5"}
    assert log["finish_reason"].to_pylist() == [None, None, None, "error", "tool_calls"]
    assert log["tools_offered"].to_pylist() == [None, None, None, None, True]
    assert log["streamed"].to_pylist() == [True, True, True, None, False]
    assert log["time_to_first_token_ms"].to_pylist() == [250, 250, 250, None, None]
    assert set(log["generation_time_ms"].to_pylist()) == {800}
    assert log["app_name"].to_pylist() == ["coder/1.2"] * 3 + [None, "coder/1.2"]


def test_rows_come_in_by_litellms_rules_from_json(tmp_path):
    check(*imported(tmp_path, "\n".join(map(json.dumps, ROWS)), "spend.jsonl"))


def test_rows_of_the_table_come_in_alike_from_csv(tmp_path):
    rows = [row | {"metadata": json.dumps(row["metadata"]) if isinstance(row["metadata"], dict) else row["metadata"]}
            for row in ROWS]  # fmt: skip
    check(*imported(tmp_path, table(rows, list(ROWS[0]))))


def test_what_breaks_the_rules_is_listed(tmp_path):
    usage = {"prompt_tokens_details": {"cached_tokens": 101}}
    rows = [
        spend(1), spend(2, usage), spend(3, call_type="aembedding", completion_tokens=0), spend(4, spend="-1"),
        spend(5, {"completion_tokens_details": {"reasoning_tokens": 31}}), spend(6, model="", model_group=""),
    ]  # fmt: skip
    content = table(rows, list(rows[0]))
    assert len(list(csv.reader(io.StringIO(content)))) == 7
    account, log = imported(tmp_path, content)
    assert (account.read, account.written) == (6, 1)
    found = {
        int(place.split(".csv:")[1].partition(":")[0]): note.why
        for note in account.left_out
        for place in note.examples
    }
    assert [found[line].partition(" is ")[0] for line in range(3, 8)] == [
        "tokens_cached above tokens_prompt", "no request to a language model, by its call_type", "cost_total",
        "tokens_reasoning above tokens_completion", "model",
    ]  # fmt: skip
    assert log["generation_id"].to_pylist() == ["r1"]


@pytest.mark.parametrize("name", ["daily.csv", "daily.jsonl"])
def test_sums_by_day_are_refused(tmp_path, name):
    row = {"date": "2025-11-03", "custom_llm_provider": "openai", "api_requests": 4, "spend": 1.0}
    with pytest.raises(LogError, match=r"a sum of many requests.*LiteLLM_SpendLogs"):
        imported(tmp_path, table([row], list(row)) if name.endswith("csv") else json.dumps(row), name)
