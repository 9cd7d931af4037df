"""Langfuse: requests out of traces, and parts that lie inside or beside their whole, as the total says."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.importers import importers
from analysis.importing.run import import_log
from tests.analysis.importers.exports import SAMPLES, imported, models, table

TRACES = sorted((SAMPLES / "langfuse").glob("*.json"))


def test_ten_real_traces_come_in_with_the_sums_of_their_generations(tmp_path):
    account = import_log(SAMPLES / "langfuse", tmp_path / "log", importers(), models(), user="nobody")
    observations = [one for path in TRACES for one in json.loads(path.read_text())["observations"]]
    asked = [one for one in observations if one["type"] == "GENERATION"]
    ended = [one["usageDetails"] for one in asked if one["usageDetails"]]
    assert (account.format, len(account.files), account.odd) == ("langfuse", 10, ())
    assert (account.read, account.written) == (len(observations), len(ended))
    assert account.totals["tokens_prompt"] == sum(one["input"] for one in ended)
    assert account.totals["tokens_completion"] == sum(one.get("output", 0) for one in ended)
    assert account.totals["cost_total"] == pytest.approx(sum(one["totalCost"] for one in asked), rel=1e-12)
    assert account.users_from == {"userId": 3, "--user": len(ended) - 3}
    noted = {note.why: note.rows for note in account.left_out}
    assert noted["it states no usage (never ended?)"] == len(asked) - len(ended) == 2
    assert not account.unresolved


def observation(number, usage, **changes):
    """A request as the API gives it, made up."""
    return {
        "id": f"o{number}", "traceId": "t", "type": "GENERATION", "startTime": f"2025-11-03T10:00:{number:02d}.000Z",
        "endTime": f"2025-11-03T10:00:{number:02d}.800Z", "completionStartTime": f"2025-11-03T10:00:{number:02d}.200Z",
        "model": "gpt-4o", "latency": 800, "usageDetails": usage, "costDetails": {"total": 0.5}, "totalCost": 0.5,
        "userId": "ann", "projectId": "p", "metadata": {"finish_reason": "max_tokens"}, "toolDefinitions": {},
    } | changes  # fmt: skip


WAYS = (  # usage as frameworks write it; prompt, completion, cached, reasoning
    ({"input": 40, "input_cached_tokens": 60, "output": 10, "output_reasoning_tokens": 20, "total": 130},
     (100, 30, 60, 20)),
    ({"input": 100, "input_cache_read": 60, "output": 30, "output_reasoning": 20, "total": 130}, (100, 30, 60, 20)),
    ({"input": 100, "prompt_details.cache_read": 60, "output": 10, "completion_details.reasoning": 20, "total": 130},
     (100, 30, 60, 20)),
    ({"input": 40, "input_cache_read": 50, "input_cache_creation": 10, "output": 30}, (100, 30, 50, None)),
    ({"input": 40, "cache_read_input_tokens": 60, "output": 30}, (100, 30, 60, None)),
    ({"input": 100, "total": 130}, (100, 30, None, None)),
    ({"input": 100, "total": 100}, (100, 0, None, None)),
)  # fmt: skip
COUNTS = ("tokens_prompt", "tokens_completion", "tokens_cached", "tokens_reasoning")


def check(account, log):
    assert (account.format, account.left_out, account.odd) == ("langfuse", (), ())
    assert [tuple(row.values()) for row in log.select(COUNTS).to_pylist()] == [counts for _, counts in WAYS]
    assert sum(log["cost_total"].to_pylist()) == 0.5 * len(WAYS)
    assert set(log["finish_reason"].to_pylist()) == {"length"}
    assert set(log["time_to_first_token_ms"].to_pylist()) == {200}
    assert set(log["generation_time_ms"].to_pylist()) == {800}


ROWS = [observation(number, usage) for number, (usage, _) in enumerate(WAYS)]
FLAT = [
    {name: json.dumps(value) if isinstance(value, dict) else value for name, value in row.items()}
    for row in ROWS
]


def parquet(folder):
    """The rows under the names of the table, with a map of counts."""
    names = {"traceId": "trace_id", "startTime": "start_time", "endTime": "end_time", "model": "provided_model_name",
             "completionStartTime": "completion_start_time", "totalCost": "total_cost",
             "userId": "user_id"}  # fmt: skip
    columns = {
        names.get(name, name): pa.array([row[name] for row in FLAT])
        for name in FLAT[0]
        if name != "usageDetails"
    }
    usage = [list(row["usageDetails"].items()) for row in ROWS]
    columns["usage_details"] = pa.array(usage, pa.map_(pa.string(), pa.uint64()))
    columns["start_time"] = columns["start_time"].cast(pa.timestamp("ns", "UTC"))
    pq.write_table(pa.table(columns), folder / "made.parquet")
    return (folder / "made.parquet").read_bytes()


FORMS = {
    "lines.jsonl": lambda _: "\n".join(map(json.dumps, ROWS)),
    "page.json": lambda _: json.dumps({"data": ROWS, "meta": {"page": 1}}),
    "trace.json": lambda _: json.dumps(
        {"trace": {"id": "t", "projectId": "p"}, "observations": ROWS}, indent=1
    ),
    "table.csv": lambda _: table(FLAT, list(FLAT[0])),
    "table.parquet": parquet,
}


@pytest.mark.parametrize("name", FORMS)
def test_counts_follow_the_total_in_every_form(tmp_path, name):
    check(*imported(tmp_path, FORMS[name](tmp_path), name))


BROKEN = (
    (observation(1, {"input": 10, "output": 5, "total": 99}), "its total is not that of its counts"),
    (observation(2, {}, totalCost=0, costDetails={}), "it states no usage"),
    (observation(3, {"input": 10, "output": -5}), "its usage is not one of whole numbers"),
    (observation(4, {"input": 10, "output": 5}, totalCost=0, costDetails={}), "cost_total is empty"),
    (observation(5, {"input": 10, "output": 5}, type="SPAN"), "no request to a language model: its type is SPAN"),
    (observation(6, {"input": 10, "output": 5, "input_cached_tokens": 11, "total": 15}), "tokens_cached above"),
    ([1], "an observation that is no JSON object"),
)  # fmt: skip


def test_what_breaks_the_rules_is_listed_with_its_place(tmp_path):
    trace = {
        "trace": {"id": "t", "projectId": "p", "userId": "ann"},
        "observations": [ROWS[0], *(row for row, _ in BROKEN)],
    }
    lines = [
        json.dumps(trace),
        json.dumps(trace)[:200],
        json.dumps({"trace": {"id": "u"}, "observations": []}),
    ]
    account, log = imported(tmp_path, "\n".join(lines), "traces.jsonl")
    places = {place.partition(": ")[0]: note.why for note in account.left_out for place in note.examples}
    path = tmp_path / "traces.jsonl"
    for number, (_, why) in enumerate(BROKEN, 1):
        assert places.pop(f"{path}:1, observations[{number}]").startswith(why)
    assert places == {f"{path}:2": "no JSON object (cut off?)", f"{path}:3": "a trace without observations"}
    assert (account.read, account.written, log["generation_id"].to_pylist()) == (10, 1, ["o0"])


def test_costs_that_are_not_stated_come_from_the_list_where_asked(tmp_path):
    usage = {"input": 1000, "input_cached_tokens": 500, "output": 100}
    bare = [observation(n, usage, totalCost=0, costDetails={}, model=model)
            for n, model in enumerate(("gpt-4o", "own/model"))]  # fmt: skip
    account, log = imported(
        tmp_path, "\n".join(map(json.dumps, [*bare, ROWS[2]])), "o.jsonl", list_prices=True
    )
    (prices,) = (row["prices"] for row in models().to_pylist() if row["model"] == "openai/gpt-4o")
    price = [one for one in prices if f"{one['from']}" <= "2025-11-03"][-1]
    usd = (
        1000 * price["prompt_usd_per_mtok"]
        + 500 * price["cached_usd_per_mtok"]
        + 100 * price["completion_usd_per_mtok"]
    ) / 1e6
    assert log["cost_total"].to_pylist() == pytest.approx([usd, 0.5])
    assert (account.at_list_prices, account.written) == (1, 2)
    assert account.left_out[0].why == "cost_total is empty, and its model has no listed price on its day"
    assert account.left_out[0].examples == (f"{tmp_path / 'o.jsonl'}:2: 'own/model'",)


def test_a_trace_that_is_longer_than_the_head_is_read(tmp_path, monkeypatch):
    from analysis.importing import source

    monkeypatch.setattr(source, "_HEAD", 300)
    check(*imported(tmp_path, FORMS["trace.json"](tmp_path), "trace.json"))
