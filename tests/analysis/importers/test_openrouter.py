"""OpenRouter's exports: each form comes in whole, and its sums are those of the rows that were written by hand."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from analysis import LogError, check_conformance, contract, open_log
from analysis.importing import writing
from analysis.sources.conformance import is_conforming
from tests.analysis.importers.exports import COLUMNS, OLDER, SAMPLES, SEVEN, imported, request, table

ROWS = [request(number) for number in range(60)]
STATED = {COLUMNS: None, OLDER: None, SEVEN: "one-service"}


def total(name, rows=ROWS):
    """The sum of a column of the export, made without the importer."""
    return sum(float(row[name]) for row in rows)


@pytest.mark.parametrize("columns", STATED, ids=len)
def test_each_form_comes_in_with_the_sums_of_its_rows(tmp_path, columns):
    account, log = imported(tmp_path, table(ROWS, columns), user=STATED[columns])
    assert (account.read, account.written, account.left_out, account.odd) == (len(ROWS), len(ROWS), (), ())
    for name in ("tokens_prompt", "tokens_completion", "tokens_reasoning", "tokens_cached", "cost_total"):
        if name in columns:
            assert sum(log[name].to_pylist()) == pytest.approx(total(name), rel=1e-12)
            assert account.totals[name] == pytest.approx(total(name), rel=1e-12)
        else:
            assert name in account.empty
            assert log[name].null_count == len(ROWS)
    with open_log(tmp_path / "log") as opened:
        assert is_conforming(check_conformance(opened))
        assert opened.rows == len(ROWS)
        assert opened.models is not None


def test_the_log_has_the_types_of_the_contract(tmp_path):
    _, log = imported(tmp_path, table(ROWS))
    assert log.schema == contract.arrow_schema("generations")


def test_weeks_are_whole_however_many_rows_are_written_at_a_time(tmp_path, monkeypatch):
    rows = [request(8 * number) for number in range(60)]  # 12 days from a Monday on
    _, log = imported(tmp_path / "one", table(rows))
    monkeypatch.setattr(writing, "_BATCH", 7)
    account, parts = imported(tmp_path / "two", table(rows))
    assert parts.equals(log)
    weeks = sorted(path.parent.name for path in (tmp_path / "two/log/log").glob("*/*.parquet"))
    assert weeks == ["week=2025-11-03", "week=2025-11-10"]
    assert account.totals["cost_total"] == pytest.approx(total("cost_total", rows), rel=1e-12)


def test_columns_go_by_their_names_whatever_their_order(tmp_path):
    _, log = imported(tmp_path / "one", table(ROWS))
    _, turned = imported(tmp_path / "two", table(ROWS, COLUMNS[::-1]))
    assert log.equals(turned)


def test_a_row_comes_in_as_it_was(tmp_path):
    row = request(
        7, generation_id="gen-7", created_at="2025-11-30 23:59:59.999", user="ann", variant="free", app_name="",
        finish_reason_normalized="", finish_reason_raw="MAX_TOKENS", byok_usage_inference="0.25", cancelled="true",
        streamed="false", cost_total="0.0000021", model_permaslug="anthropic/claude-4.5-haiku-20251001",
        provider_name="Google", tokens_prompt=100, tokens_completion=60, tokens_reasoning=60, tokens_cached=100,
        time_to_first_token_ms="", generation_time_ms=12,
    )  # fmt: skip
    _, log = imported(tmp_path, table([row]))
    (found,) = log.to_pylist()
    assert found == {
        "generation_id": "gen-7", "created_at": dt.datetime(2025, 11, 30, 23, 59, 59, 999000, tzinfo=dt.UTC),
        "user_id": "ann", "account_id": "key-a", "app_name": None, "model": "anthropic/claude-haiku-4.5",
        "model_permaslug": "anthropic/claude-4.5-haiku-20251001", "variant": "free", "provider_name": "Google",
        "tokens_prompt": 100, "tokens_completion": 60, "tokens_reasoning": 60, "tokens_cached": 100,
        "cost_total": 0.0000021, "byok": True, "finish_reason": "length", "tools_offered": None, "tool_called": False,
        "streamed": False, "cancelled": True, "time_to_first_token_ms": None, "generation_time_ms": 12, "country": None,
        "continent": None, "language": None, "session_id": None,
    }  # fmt: skip


def test_who_names_no_user_is_the_key_or_whom_the_caller_states(tmp_path):
    account, _ = imported(tmp_path, table(ROWS))
    assert account.users_from == {"user": 40, "api_key_name": 20}
    nobody = [row | {"user": "", "api_key_name": ""} for row in ROWS]
    account, log = imported(tmp_path, table(ROWS[:3] + nobody[3:]), user="rest")
    assert account.users_from == {"--user": 57, "user": 2, "api_key_name": 1}
    assert sorted(set(log["user_id"].to_pylist())) == ["ann", "bob", "key-a", "rest"]


def test_seven_columns_name_no_user_and_are_no_log_by_themselves(tmp_path):
    with pytest.raises(
        LogError, match=r"nothing in it says who sent a request .*no column user or api_key_name.*--user"
    ):
        imported(tmp_path, table(ROWS, SEVEN))
    assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "sums.csv",
            "date,model,usage,requests,prompt_tokens,completion_tokens,reasoning_tokens\n2025-11-01,a/b,1,5,9,9,0\n",
        ),
        (
            "sums.json",
            json.dumps({"data": [{"date": "2025-11-01", "model": "a/b", "usage": 1, "requests": 5}]}),
        ),
        ("sums.jsonl", json.dumps({"date": "2025-11-01", "model": "a/b", "usage": 1, "requests": 5})),
    ],
)
def test_sums_by_day_have_no_requests_and_are_refused(tmp_path, name, content):
    with pytest.raises(LogError, match=r"a sum of many requests.*none can be made up.*generation_id"):
        imported(tmp_path, content, name)
    assert not (tmp_path / "log").exists()


def response(number, **usage):
    """A response of the chat API."""
    return {
        "id": f"gen-{number}", "created": 1764500000 + number, "model": "openai/gpt-4o", "provider": "Azure",
        "choices": [{"finish_reason": None, "native_finish_reason": "tool_use", "message": {"content": "…"}}],
        "usage": {
            "prompt_tokens": 10 + number, "completion_tokens": 20, "cost": 2.75e-06, "is_byok": False,
            "prompt_tokens_details": {"cached_tokens": 3}, "completion_tokens_details": {"reasoning_tokens": 4},
        } | usage,
    }  # fmt: skip


LISTS = {
    "lines.jsonl": lambda rows: "\n".join(json.dumps(row) for row in rows),
    "array.json": json.dumps,
    "spread.json": lambda rows: json.dumps(rows, indent=2),
    "objects.json": lambda rows: "\n".join(json.dumps(row, indent=2) for row in rows),
}


@pytest.mark.parametrize("name", LISTS)
def test_responses_come_in_from_json_of_any_shape(tmp_path, name):
    account, log = imported(tmp_path, LISTS[name]([response(n) for n in range(5)]), name, user="bot")
    assert (account.written, account.read) == (5, 5)
    assert account.totals == pytest.approx(
        {
            "tokens_prompt": 60,
            "tokens_completion": 100,
            "tokens_reasoning": 20,
            "tokens_cached": 15,
            "cost_total": 1.375e-05,
        }
    )
    assert set(log["finish_reason"].to_pylist()) == {"tool_calls"}
    assert set(log["tool_called"].to_pylist()) == {True}
    assert log["created_at"][0].as_py() == dt.datetime.fromtimestamp(1764500000, dt.UTC)


def test_real_responses_come_in_with_the_sums_of_their_usage(tmp_path):
    lines = (SAMPLES / "openrouter.jsonl").read_text()
    usage = [json.loads(line)["usage"] for line in lines.splitlines()]
    account, log = imported(tmp_path, lines, "responses.jsonl", user="bot")
    assert (account.read, account.written, account.odd) == (15, 15, ())
    assert account.totals == pytest.approx(
        {
            "tokens_prompt": sum(one["prompt_tokens"] for one in usage),
            "tokens_completion": sum(one["completion_tokens"] for one in usage),
            "tokens_reasoning": sum(one["completion_tokens_details"]["reasoning_tokens"] for one in usage),
            "tokens_cached": sum(one["prompt_tokens_details"]["cached_tokens"] for one in usage),
            "cost_total": sum(one["cost"] for one in usage),
        },
        rel=1e-12,
    )
    assert len(set(log["model"].to_pylist())) == 6
    assert set(log["finish_reason"].to_pylist()) <= {"stop", "tool_calls"}


def test_a_published_bill_adds_up_by_the_counting_convention(tmp_path):
    """395 prompt of which 192 cached, 161 completion of which 135 reasoning, at 0.2, 0.02 and 1.5 USD a million."""
    details = {
        "prompt_tokens_details": {"cached_tokens": 192},
        "completion_tokens_details": {"reasoning_tokens": 135},
    }
    bill = response(1, prompt_tokens=395, completion_tokens=161, cost=0.00028594, **details)
    _, log = imported(tmp_path, json.dumps(bill), "bill.json", user="bot")
    (row,) = log.to_pylist()
    fresh = row["tokens_prompt"] - row["tokens_cached"]
    usd = (fresh * 0.2 + row["tokens_cached"] * 0.02 + row["tokens_completion"] * 1.5) / 1e6
    assert usd == pytest.approx(row["cost_total"], rel=1e-9)
    assert row["tokens_reasoning"] == 135


def test_an_answer_of_get_generation_comes_in(tmp_path):
    answer = {"data": {
        "id": "gen-1", "created_at": "2025-11-30T01:00:00.433273+02:00", "model": "openai/gpt-4o", "total_cost": 0.5,
        "external_user": "ann", "tokens_prompt": 10, "native_tokens_prompt": 12, "native_tokens_completion": 5,
        "tokens_completion": 4, "is_byok": True, "streamed": True, "cancelled": False, "latency": 9, "session_id": "s",
        "provider_responses": [{"model_permaslug": "x/failed"}, {"model_permaslug": "openai/gpt-4o-2024-08-06"}],
    }}  # fmt: skip
    _, log = imported(tmp_path, json.dumps(answer), "generation.json")
    (row,) = log.to_pylist()
    assert row["created_at"] == dt.datetime(2025, 11, 29, 23, 0, 0, 433000, tzinfo=dt.UTC)
    assert (row["user_id"], row["tokens_prompt"], row["tokens_completion"], row["byok"]) == (
        "ann",
        12,
        5,
        True,
    )
    assert row["model_permaslug"] == "openai/gpt-4o-2024-08-06"
