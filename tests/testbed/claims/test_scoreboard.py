"""The scoreboard on whole logs: odd ones give verdicts and never a traceback or a pass by default."""

from __future__ import annotations

import datetime as dt
import json

import ibis
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from analysis.sources.opening import open_log
from testbed.claims import scoreboard
from testbed.claims.registry import registry
from tests.analysis.in_memory import fill
from tests.analysis.made_log import made


@pytest.fixture(scope="module")
def tables():
    """A made log of a year, whole."""
    return made(rows=3000, users=200, seed=3)


def opened(generations, labels=None, models=None):
    connection = ibis.duckdb.connect()
    fill(connection, generations=generations, labels=labels, models=models)
    return open_log((connection, "generations"))


def statuses(log, only=None):
    with log:
        board = scoreboard.score(log, only)
    return {judged.entry.id: judged.verdict for judged in board.judged}, board


def constant(table, column, value):
    at = table.schema.get_field_index(column)
    return table.set_column(
        at, table.schema.field(column), pa.array([value] * len(table), table.schema.field(column).type)
    )


def test_a_whole_log(tables):
    log = opened(tables.generations, tables.labels, tables.models)
    found, board = statuses(log)
    assert list(found) == registry().ids()
    data = json.loads(json.dumps(board.as_json(), allow_nan=False))
    assert data["registry_digest"] == registry().digest and len(data["claims"]) == len(registry().ids())
    assert set(data["totals"]) == {"emergent", "input", "definition"}
    counts = [n for total in data["totals"].values() for key, n in total.items() if "weakly" not in key]
    assert sum(counts) == len(registry().ids())
    keys = {"id", "section", "where", "statement", "reported", "role", "basis", "calibration", "note", "status", "weak",
            "reason", "simulated", "value", "low", "high", "n", "unit", "detail", "test", "parts"}  # fmt: skip
    for record in data["claims"]:
        assert set(record) == keys
        assert record["status"] in ("holds", "fails", "not_testable") and record["reason"]
        if record["low"] is not None:
            assert record["low"] <= record["value"] <= record["high"], record["id"]
    assert "proves little" in data["caveat"]


LABELLED = ("C42", "C49", "C53", "C72", "C77", "C79", "C86", "C97", "C98", "C103", "C107", "C132", "C141")
MODEL_FACTS = ("C12", "C15", "C24", "C29", "C35", "C56", "C58")


@pytest.mark.parametrize(
    ("change", "cannot"),
    [
        (lambda t: (t.generations, None, t.models), (*LABELLED, "C08")),
        (lambda t: (t.generations, t.labels, None), (*MODEL_FACTS, "C155")),
        (lambda t: (t.generations, t.labels, t.models.slice(0, 0)), MODEL_FACTS),
        (lambda t: (t.generations, t.labels, t.models.drop_columns(["size_class"])), ("C35", "C36", "C37", "C38")),
        (lambda t: (t.generations, t.labels, t.models.drop_columns(["reasoning_optimised"])), ("C56", "C58", "C59")),
        (lambda t: (t.generations.drop_columns(["finish_reason"]), t.labels, t.models), ("C61", "C62", "C65", "C68")),
        (lambda t: (t.generations.drop_columns(["byok"]), t.labels, t.models), ("C132", "C142", "C147", "C155")),
        (lambda t: (t.generations.drop_columns(["tokens_reasoning"]), t.labels, t.models), ("C10", "C70")),
        (lambda t: (t.generations.drop_columns(["tools_offered"]), t.labels, t.models), ("C63", "C64")),
        (lambda t: (t.generations.drop_columns(["continent", "country", "language"]), t.labels, t.models),
         ("C03", "C109", "C110", "C112", "C113", "C114")),
        (lambda t: (constant(t.generations, "finish_reason", None), t.labels, t.models), ("C61", "C62")),
        (lambda t: (constant(t.generations, "language", None), t.labels, t.models), ("C112",)),
        (lambda t: (constant(t.generations, "byok", True), t.labels, t.models), ("C132", "C142", "C147")),
        (lambda t: (constant(t.generations, "model", "acme/new"), t.labels, t.models), (*MODEL_FACTS, "C117", "C147")),
    ],
    ids=["no labels", "no models", "empty models", "no sizes", "no reasoning flag", "no finish reasons", "no byok",
         "no reasoning tokens", "no tools offered", "no places", "unknown finish reasons", "unknown languages",
         "only byok", "unknown models"],
)  # fmt: skip
def test_what_a_log_lacks_makes_claims_not_testable(tables, change, cannot):
    found, _ = statuses(opened(*change(tables)), only=cannot)
    for claim in cannot:
        assert found[claim].status == "not_testable", (claim, found[claim])
        assert len(found[claim].reason) > 10


@pytest.mark.parametrize(
    "change",
    [
        lambda g: g.slice(0, 1),
        lambda g: g.filter(pc.equal(g["user_id"], g["user_id"][0])),
        lambda g: g.filter(pc.equal(g["model"], "openai/gpt-4o-mini")),
        lambda g: g.filter(pc.equal(pc.iso_week(g["created_at"]), 23)),
        lambda g: constant(g, "cost_total", 0.0),
    ],
    ids=["one row", "one user", "one model", "one week", "all free"],
)
def test_odd_logs_are_judged_without_failing(tables, change):
    """A log without tokens is among the bare ones of the commands' tests."""
    generations = change(tables.generations)
    found, board = statuses(opened(generations, tables.labels, tables.models))
    assert len(found) == len(registry().ids())
    json.dumps(board.as_json(), allow_nan=False)


def test_a_log_of_other_dates_tells_little(tables):
    at = tables.generations.schema.get_field_index("created_at")
    shifted = pc.subtract(
        tables.generations["created_at"], pa.scalar(dt.timedelta(days=800), pa.duration("ms"))
    )
    generations = tables.generations.set_column(at, tables.generations.schema.field("created_at"), shifted)
    found, _ = statuses(
        opened(generations, tables.labels, tables.models), only=[f"C{n}" for n in range(12, 30)]
    )
    assert {verdict.status for verdict in found.values()} == {"not_testable"}
    assert "weeks" in found["C17"].reason
