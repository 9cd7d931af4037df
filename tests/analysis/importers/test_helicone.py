"""Helicone's requests: billionths of a dollar in the table, dollars in the API; parts lie beside their whole."""

from __future__ import annotations

import json

import pytest

from tests.analysis.importers.exports import imported, table


def row(number, **changes):
    """A row of the table, made up."""
    return {
        "request_id": f"r{number}", "request_created_at": f"2025-11-03 10:00:{number:02d}.125", "latency": 900,
        "status": 200,
        "user_id": "ann", "organization_id": "org", "provider": "ANTHROPIC", "model": "claude-haiku-4-5-20251001",
        "prompt_tokens": 40, "prompt_cache_write_tokens": 10, "prompt_cache_read_tokens": 50, "completion_tokens": 30,
        "reasoning_tokens": 20, "cost": 1_250_000, "time_to_first_token": 300, "country_code": "DE",
        "properties": {"Helicone-Session-Id": "s1"}, "response_body": {"stop_reason": "max_tokens"},
    } | changes  # fmt: skip


ROWS = [
    row(1), row(2, user_id="bob", status=500, cost=0), row(3, status=-3, prompt_cache_write_tokens=None),
    row(4, response_body="not JSON", properties={}),
]  # fmt: skip
NAMES = {
    "user_id": "request_user_id",
    "latency": "delay_ms",
    "status": "response_status",
    "model": "request_model",
}


def of_api(one):
    """The row as the API names it."""
    return {NAMES.get(name, name): value for name, value in one.items()} | {"cost": one["cost"] / 1e9}


def flat(rows):
    """Rows for a table."""
    return [{name: json.dumps(v) if isinstance(v, dict) else v for name, v in one.items()} for one in rows]


FORMS = {
    "table.jsonl": "\n".join(map(json.dumps, ROWS)),
    "table.csv": table(flat(ROWS), list(ROWS[0])),
    "api.json": json.dumps([of_api(one) for one in ROWS]),
    "answer.json": json.dumps({"data": [of_api(one) for one in ROWS], "error": None}),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_log(tmp_path, name):
    account, log = imported(tmp_path, FORMS[name], name)
    assert (account.format, account.written, account.left_out) == ("helicone", 4, ())
    assert [(note.why, note.rows) for note in account.odd] == [("response_body is not JSON", 1)]
    assert log["tokens_prompt"].to_pylist() == [100, 100, 90, 100]
    assert log["tokens_cached"].to_pylist() == [50] * 4
    assert log["tokens_completion"].to_pylist() == [50] * 4
    assert log["tokens_reasoning"].to_pylist() == [20] * 4
    assert sum(log["cost_total"].to_pylist()) == pytest.approx(3 * 0.00125, rel=1e-12)
    assert log["finish_reason"].to_pylist() == ["length", "error", "length", None]
    assert log["session_id"].to_pylist() == ["s1", "s1", "s1", None]
    assert log["user_id"].to_pylist() == ["ann", "bob", "ann", "ann"]
    assert set(log["model"].to_pylist()) == {"anthropic/claude-haiku-4.5"}
    assert (set(log["generation_time_ms"].to_pylist()), log["country"].null_count) == ({900}, 4)


def test_what_breaks_the_rules_is_listed(tmp_path):
    rows = [
        row(1), row(2, user_id="undefined"), row(3, prompt_cache_write_tokens="many"), row(4, cost=-1),
        row(5, prompt_cache_read_tokens=2**31 - 1), row(6, request_created_at="0000-00-00 00:00:00"),
    ]  # fmt: skip
    account, log = imported(tmp_path, "\n".join(map(json.dumps, rows)), "table.jsonl")
    found = {place.split(".jsonl:")[1]: note.why for note in account.left_out for place in note.examples}
    assert {place.partition(":")[0]: why.partition(" is ")[0] for place, why in found.items()} == {
        "2": "user_id", "3": "tokens_prompt", "4": "cost_total", "5": "tokens_prompt", "6": "created_at",
    }  # fmt: skip
    assert (account.read, account.written, log["generation_id"].to_pylist()) == (6, 1, ["r1"])
