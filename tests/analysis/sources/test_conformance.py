"""The check of conformance finds each planted violation, with its count and examples, and nothing in a sound log."""

from __future__ import annotations

import shutil

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from analysis import contract
from analysis.sources.conformance import EXAMPLES, RESULT_COLUMNS, check_conformance, is_conforming
from analysis.sources.opening import open_log
from tests.analysis.rows import generations, labels, model, models

DAY = "2025-10-07T12:00:00"


def test_a_sound_log_has_no_violations(log, made_log):
    findings = check_conformance(log)
    assert tuple(findings.columns) == RESULT_COLUMNS
    assert findings["violations"].sum() == 0
    assert is_conforming(findings)
    of_log = findings[findings["table"] == "generations"]
    assert (of_log["rows"] == made_log.generations.num_rows).all()
    assert check_conformance(log, only_violations=True).empty


PLANTED = [
    ("part of completion", "tokens_reasoning", {"tokens_reasoning": 51}, "error"),
    ("part of prompt", "tokens_cached", {"tokens_cached": 101}, "error"),
    ("not negative", "tokens_prompt", {"tokens_prompt": -1, "tokens_cached": None}, "error"),
    ("not negative", "tokens_completion", {"tokens_completion": -1, "tokens_reasoning": None}, "error"),
    ("not negative", "cost_total", {"cost_total": -0.5}, "error"),
    ("finite", "cost_total", {"cost_total": float("nan")}, "error"),
    ("not negative", "time_to_first_token_ms", {"time_to_first_token_ms": -5}, "error"),
    ("not negative", "generation_time_ms", {"generation_time_ms": -5, "time_to_first_token_ms": None}, "error"),
    ("allowed values", "finish_reason", {"finish_reason": "tool_use"}, "error"),
    ("allowed values", "continent", {"continent": "Antarctica", "country": None}, "error"),
    ("agrees with finish_reason", "tool_called", {"tool_called": True}, "error"),
    ("agrees with finish_reason", "tool_called", {"finish_reason": "tool_calls"}, "error"),
    ("called tools were offered", "tools_offered",
     {"tools_offered": False, "tool_called": True, "finish_reason": "tool_calls"}, "error"),
    ("not blank", "user_id", {"user_id": ""}, "error"),
    ("author/slug", "model", {"model": "sonnet"}, "error"),
    ("no variant suffix", "model", {"model": "x/y:free"}, "error"),
    ("usual values", "variant", {"variant": "turbo"}, "warning"),
    ("continent of country", "continent", {"country": "FR"}, "warning"),
    ("first token before the end", "time_to_first_token_ms", {"time_to_first_token_ms": 901}, "warning"),
    ("free costs nothing", "cost_total", {"variant": "free"}, "warning"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "column", "values", "severity"), PLANTED)
def test_finds_a_planted_row(connect, check, column, values, severity):
    rows = [("u", "x/y", DAY)] * 8 + [("u", "x/y", DAY, values)] * 7
    found = check_conformance(connect(generations(rows), check=False), only_violations=True)
    assert found[["check", "column", "violations", "rows", "severity"]].to_numpy().tolist() == [
        [check, column, 7, 15, severity]
    ]
    assert 1 <= len(found["examples"].iloc[0].split(", ")) <= EXAMPLES
    assert is_conforming(found) == (severity == "warning")


def test_finds_dates_that_cannot_be_meant(connect):
    log = connect(
        generations([("u", "x/y", DAY), ("u", "x/y", "1970-01-01"), ("u", "x/y", "2101-01-01")]), check=False
    )
    (found,) = check_conformance(log, only_violations=True).itertuples()
    assert (found.check, found.violations, found.severity) == ("plausible date", 2, "error")
    assert found.examples == "g00001, g00002"


def test_unknown_values_are_no_violations(connect):
    unknown = dict.fromkeys((f.name for f in contract.GENERATIONS if f.nullable), None)
    log = connect(generations([("u", "x/y", DAY, unknown)]))
    assert check_conformance(log, only_violations=True).empty


@pytest.mark.parametrize("column", [f.name for f in contract.GENERATIONS if not f.nullable])
def test_finds_missing_values(connect, column):
    table = generations([("u", "x/y", DAY)] * 4)
    i = table.column_names.index(column)
    mask = pa.array([False, True, True, False])
    holes = pc.if_else(mask, pa.scalar(None, table.schema.field(i).type), table[column])
    table = table.set_column(i, pa.field(column, holes.type), holes)
    found = check_conformance(connect(table, check=False), only_violations=True)
    assert ["not null", column, 2] in found[["check", "column", "violations"]].to_numpy().tolist()


def test_finds_duplicates(connect):
    rows = [("u", "x/y", DAY, {"generation_id": name}) for name in ("a", "a", "a", "b", "b", "c")]
    found = check_conformance(connect(generations(rows), check=False), only_violations=True).iloc[0]
    assert (found["check"], found["column"], found["violations"], found["examples"]) == (
        "unique",
        "generation_id",
        3,
        "a, b",
    )


def test_finds_faults_of_labels(connect):
    table = labels([("g00000", "/Health", 0.9), ("g00001", "Health", 0.2), ("ghost", "/Health", 1.5)])
    log = connect(generations([("u", "x/y", DAY)] * 2), labels=table)
    found = check_conformance(log, only_violations=True)
    assert {(r.check, r.violations, r.examples) for r in found.itertuples()} == {
        ("has its generation", 1, "ghost"), ("at most 1", 1, "ghost"), ("path form", 1, "Health"),
    }  # fmt: skip


def test_finds_faults_of_models(connect):
    facts = models(
        model("x/y", "2024-01-01", origin="Mars"),
        model("x/y", "2024-01-01"),
        model("x/z", "2024-01-01", size_class="tiny"),
    )
    log = connect(generations([("u", "x/y", DAY), ("u", "new/model", DAY)]), models=facts, check=False)
    found = check_conformance(log, only_violations=True)
    assert {(r.check, r.column, r.violations, r.severity) for r in found.itertuples()} == {
        ("allowed values", "origin", 1, "error"), ("allowed values", "size_class", 1, "error"),
        ("unique", "model", 1, "error"), ("model is known", "model", 1, "warning"),
    }  # fmt: skip
    assert found.set_index("check").loc["model is known", "examples"] == "new/model"


def test_finds_rows_outside_their_week(run_folder, tmp_path):
    copy = shutil.copytree(run_folder, tmp_path / "copy")
    weeks = sorted((copy / "log").glob("week=2025-1*"))
    part = weeks[0] / "part-0.parquet"
    with open_log(part) as one:
        rows = one.rows
    part.rename(weeks[1] / "part-1.parquet")
    found = check_conformance(copy, only_violations=True)
    assert found[["check", "column", "violations"]].to_numpy().tolist() == [
        ["in its week's folder", "created_at", rows]
    ]
    assert len(found["examples"].iloc[0].split(", ")) == EXAMPLES


def test_reports_on_logs_that_cannot_be_opened_for_analysis(made_log, tmp_path):
    import pyarrow.parquet as pq

    table = made_log.generations.drop_columns(["user_id", "language"])
    table = table.set_column(1, "created_at", table["created_at"].cast(pa.timestamp("ms")))
    table = table.set_column(
        table.column_names.index("byok"), "byok", pc.cast(table["byok"], pa.int32())
    )  # fmt: skip
    pq.write_table(table, tmp_path / "log.parquet")
    found = check_conformance(tmp_path / "log.parquet", only_violations=True)
    assert {(r.check, r.column, r.severity) for r in found.itertuples()} == {
        ("column present", "user_id", "error"), ("column present", "language", "warning"),
        ("column type", "created_at", "error"), ("column type", "byok", "error"),
    }  # fmt: skip
    assert "no time zone" in found.set_index("column").loc["created_at", "explanation"]


def test_reports_an_empty_log(connect):
    log = connect(generations([]), check=False)
    found = check_conformance(log, only_violations=True)
    assert found["check"].tolist() == ["not empty"]
    assert not is_conforming(found)
