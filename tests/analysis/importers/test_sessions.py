"""Sessions of coding agents: a response of several lines is one request, a count that is repeated is none."""

from __future__ import annotations

import json

import pytest

from analysis import LogError
from analysis.importers import importers
from analysis.importing.run import import_log
from tests.analysis.importers.exports import imported, models, put, written


def lines(records):
    """Records one a line."""
    return "\n".join(map(json.dumps, records))


# --- Claude Code ---------------------------------------------------------------------------------------------


def said(number, message, usage=None, **changes):
    """A line of a response of Claude Code, made up."""
    usage = {
        "input_tokens": 4,
        "cache_creation_input_tokens": 36,
        "cache_read_input_tokens": 60,
        "output_tokens": 1,
    } | (usage or {})
    return {
        "type": "assistant", "uuid": f"u{number}", "sessionId": "s1",
        "timestamp": f"2025-11-03T10:00:{number:02d}.500Z", "requestId": f"req_{message}", "message": {
            "id": f"msg_{message}", "role": "assistant", "model": "claude-sonnet-4-5-20250929", "content": [],
            "stop_reason": None, "usage": usage,
        } | changes,
    }  # fmt: skip


ASKED = {"type": "user", "uuid": "u0", "sessionId": "s1", "timestamp": "2025-11-03T10:00:00.000Z",
         "message": {"role": "user", "content": "…"}}  # fmt: skip
SESSION = [
    {"type": "summary", "summary": "…", "leafUuid": "u9"}, ASKED,
    said(1, "a"), said(2, "a", {"output_tokens": 30}, stop_reason="tool_use"),
    said(3, "b", {"output_tokens": 7}, stop_reason="end_turn"),
    said(4, "a"), said(5, "c", {"input_tokens": 0}, model="<synthetic>"), said(6, "d", {"input_tokens": "many"}),
]  # fmt: skip


def test_lines_of_a_response_are_one_request(tmp_path):
    records = [*SESSION[:5], *SESSION[6:]]
    account, log = imported(tmp_path, lines(records), "s.jsonl", user="ann", list_prices=True)
    assert (account.format, account.read, account.written) == ("claude_code", 7, 2)
    assert log["generation_id"].to_pylist() == ["msg_a", "msg_b"]
    assert log["tokens_prompt"].to_pylist() == [100, 100]  # 4 + 36 written + 60 read
    assert log["tokens_cached"].to_pylist() == [60, 60]
    assert log["tokens_completion"].to_pylist() == [30, 7]
    assert log["finish_reason"].to_pylist() == ["tool_calls", "stop"]
    assert [f"{at:%S.%f}" for at in log["created_at"].to_pylist()] == ["01.500000", "03.500000"]
    assert set(log["model"].to_pylist()) == {"anthropic/claude-sonnet-4.5"}
    price = next(row for row in models().to_pylist() if row["model"] == "anthropic/claude-sonnet-4.5")[
        "prices"
    ][-1]
    usd = [(40 * price["prompt_usd_per_mtok"] + 60 * price["cached_usd_per_mtok"]
            + shown * price["completion_usd_per_mtok"]) / 1e6 for shown in (30, 7)]  # fmt: skip
    assert log["cost_total"].to_pylist() == pytest.approx(usd, rel=1e-12)
    noted = {
        note.why: note.examples[0].rpartition(":s.jsonl:")[2].partition("jsonl:")[2]
        for note in account.left_out
    }
    assert noted == {
        "a further line of a response": "4", "no response of a model: a record of type summary": "1",
        "no response of a model: a record of type user": "2",
        "no response of a model: Claude Code wrote it itself": "6",
        "tokens_prompt is not a whole number from 0 to 2,147,483,647": "7: 'many'",
    }  # fmt: skip


def test_a_message_of_two_files_comes_in_once(tmp_path):
    put(tmp_path, lines(SESSION[:5]), "in/project/s1.jsonl")
    again = [one | {"sessionId": "s2", "isSidechain": True} for one in SESSION[1:5]]
    put(
        tmp_path, lines([*again, said(9, "e", {"output_tokens": 9})]), "in/project/s1/subagents/agent-1.jsonl"
    )
    put(tmp_path, json.dumps({"version": 1, "entries": []}), "in/project/sessions-index.json")
    put(tmp_path, lines(SESSION[:1]), "in/project/s0.jsonl")
    account = import_log(
        tmp_path / "in", tmp_path / "log", importers(), models(), user="ann", list_prices=True
    )
    assert written(tmp_path / "log")["generation_id"].to_pylist() == ["msg_a", "msg_b", "msg_e"]
    assert {note.why: note.rows for note in account.left_out}["a copy of another row"] == 2


def test_costs_of_old_sessions_are_theirs_and_the_user_is_never_made_up(tmp_path):
    old = said(1, "a", {"output_tokens": 3}) | {"costUSD": 0.125}
    _, log = imported(tmp_path, lines([old]), "s.jsonl", user="ann")
    assert log["cost_total"].to_pylist() == [0.125]
    with pytest.raises(LogError, match=r"who sent a request.*--user"):
        imported(tmp_path, lines([old]), "s.jsonl")
    with pytest.raises(LogError, match=r"cost_total is empty.*--list-prices"):
        imported(tmp_path, lines([said(1, "a")]), "s.jsonl", user="ann")


# --- Codex ---------------------------------------------------------------------------------------------------


def event(number, kind, **payload):
    """A line of a session of Codex, made up."""
    return {"timestamp": f"2025-11-03T10:00:{number:02d}.500Z", "type": kind, "payload": payload}


def count(number, last, total):
    """A count of tokens: input, cached, output, reasoning, total."""
    names = (
        "input_tokens",
        "cached_input_tokens",
        "output_tokens",
        "reasoning_output_tokens",
        "total_tokens",
    )
    info = {name: dict(zip(names, counts, strict=True)) for name, counts in
            (("last_token_usage", last), ("total_token_usage", total)) if counts}  # fmt: skip
    return event(number, "event_msg", type="token_count", info=info or None, rate_limits={})


ROLLOUT = [
    event(0, "session_meta", id="s1", originator="codex_cli_rs", model_provider="openai"),
    event(1, "turn_context", model="gpt-5-codex"), count(2, None, None),
    count(3, (100, 60, 30, 20, 130), (100, 60, 30, 20, 130)), count(4, (100, 60, 30, 20, 130), (100, 60, 30, 20, 130)),
    event(5, "response_item", type="message"), event(6, "turn_context", model="gpt-5"),
    count(7, None, (150, 60, 40, 20, 190)),
    count(8, (50, 0, 10, 5, 65), (200, 60, 50, 25, 255)),
]  # fmt: skip


def test_each_count_of_a_session_is_a_request(tmp_path):
    account, log = imported(tmp_path, lines(ROLLOUT), "rollout.jsonl", user="ann", list_prices=True)
    assert (account.format, account.read, account.written) == ("codex", 9, 3)
    assert log["generation_id"].to_pylist() == ["s1-1", "s1-2", "s1-3"]
    assert log["tokens_prompt"].to_pylist() == [100, 50, 50]
    assert log["tokens_cached"].to_pylist() == [60, 0, 0]
    assert log["tokens_completion"].to_pylist() == [30, 10, 15]  # the last says that reasoning lies beside it
    assert log["tokens_reasoning"].to_pylist() == [20, 0, 5]
    assert log["model"].to_pylist() == ["openai/gpt-5-codex", "openai/gpt-5", "openai/gpt-5"]
    assert (account.at_list_prices, log["app_name"][0].as_py()) == (3, "codex_cli_rs")
    noted = {note.why: note.rows for note in account.left_out}
    assert noted["a count of tokens that repeats the last"] == noted["a count of tokens that is empty"] == 1


def test_a_session_of_codex_without_costs_is_refused_unless_they_are_asked_for(tmp_path):
    with pytest.raises(LogError, match=r"nothing in it says what a request cost.*--list-prices"):
        imported(tmp_path, lines(ROLLOUT), "rollout.jsonl", user="ann")
    bad = [
        *ROLLOUT[:2],
        count(3, (10, 20, 5, 0, 15), (10, 20, 5, 0, 15)),
        count(4, (-1, 0, 5, 0, 4), (1, 20, 5, 0, 19)),
    ]
    cut = lines([*bad, ROLLOUT[3]])[:-40]
    with pytest.raises(LogError, match=r"cut off.*tokens_cached above tokens_prompt"):
        imported(tmp_path, cut, "rollout.jsonl", user="ann", list_prices=True)
