"""Each file is checked: a file that differs is named, whatever the order of the names."""

from __future__ import annotations

import pyarrow as pa
import pytest

from analysis.queries import usage
from analysis.sources.conformance import check_conformance, is_conforming
from analysis.sources.log import LogError
from analysis.sources.opening import open_log
from tests.analysis.sources.files_of_a_log import ROWS, cast, found, put, write

FIRST, SECOND = ROWS.slice(0, 30), ROWS.slice(30)
SPOILT = {
    "no zone": (lambda rows: cast(rows, "created_at", pa.timestamp("us")), "created_at", "without a time zone"),
    "a date": (lambda rows: cast(rows, "created_at", pa.date32()), "created_at", "'created_at' is date"),
    "numbers for users": (
        lambda rows: put(rows, "user_id", pa.array(range(len(rows)))), "user_id", "'user_id' is int64, expected string",
    ),
    "text for tokens": (lambda rows: cast(rows, "tokens_prompt", pa.string()), "tokens_prompt", "expected int"),
    "no model": (lambda rows: rows.drop_columns(["model"]), "model", "'model' is missing"),
    "another spelling": (
        lambda rows: rows.rename_columns(["Model" if n == "model" else n for n in rows.column_names]),
        "model", "'model' is missing",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SPOILT)
@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_a_file_that_differs_is_refused_and_named(tmp_path, case, names):
    spoil, column, message = SPOILT[case]
    write(tmp_path / f"{names[0]}.parquet", FIRST)
    bad = write(tmp_path / f"{names[1]}.parquet", spoil(SECOND))
    with pytest.raises(LogError, match=message) as refused:
        open_log(tmp_path)
    assert str(refused.value).startswith(f"{bad} does not conform")
    if "text" in case or case == "a date":
        return  # the engine cannot read such files as one table, and says so
    findings = check_conformance(tmp_path, only_violations=True)
    row = findings[(findings["check"] == "each file conforms") & (findings["column"] == column)].iloc[0]
    assert (row["violations"], row["examples"]) == (30, str(bad))
    assert not is_conforming(findings)


def test_how_many_files_differ_is_said(tmp_path):
    write(tmp_path / "a.parquet", FIRST)
    for i in range(3):
        write(tmp_path / f"b{i}.parquet", cast(SECOND.slice(10 * i, 10), "created_at", pa.timestamp("us")))
    with pytest.raises(LogError, match=r"b0\.parquet \(and 2 other files of the generations table\)"):
        open_log(tmp_path)


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_a_broken_file_is_named(tmp_path, names):
    write(tmp_path / f"{names[0]}.parquet")
    (tmp_path / f"{names[1]}.parquet").write_bytes(b"PAR1 and no more PAR1")
    with pytest.raises(LogError, match=rf"/{names[1]}\.parquet: not Parquet"):
        open_log(tmp_path)


@pytest.mark.parametrize("column", ["language", "account_id", "byok", "tokens_cached", "tools_offered"])
@pytest.mark.parametrize("everywhere", [True, False])
def test_a_column_of_null_type_is_empty(tmp_path, column, everywhere):
    empty = pa.nulls(30)
    write(tmp_path / "a.parquet", put(FIRST, column, empty))
    write(tmp_path / "b.parquet", put(SECOND, column, empty) if everywhere else SECOND)
    with open_log(tmp_path) as log:
        assert log.rows == 60 and log.warnings == ()
        held = log.generations.filter(log.generations[column].notnull()).count().to_pyarrow().as_py()
        assert held == (0 if everywhere or SECOND[column].null_count else 30)
        assert usage.by_model(log)["requests"].sum() == 60
    found = check_conformance(tmp_path, only_violations=True)
    assert "column type" not in set(found["check"])


def test_a_column_of_null_type_that_the_contract_does_not_know_is_no_matter(tmp_path):
    write(tmp_path / "a.parquet", FIRST.append_column("note", pa.nulls(30)))
    write(tmp_path / "b.parquet", SECOND.append_column("note", pa.array(["x"] * 30)))
    assert found(tmp_path) == found(write(tmp_path / "one" / "all.parquet"))[:1] + found(tmp_path / "one")[1:]


def test_a_required_column_of_null_type_is_missing(tmp_path):
    write(tmp_path / "a.parquet", put(ROWS, "user_id", pa.nulls(60)))
    with pytest.raises(LogError, match="60 with user_id missing"):
        open_log(tmp_path)


def test_an_empty_column_of_a_table_is_accepted(connect):
    log = connect(put(ROWS, "language", pa.nulls(60, pa.int32())))
    assert log.generations.language.type().is_string()
    with pytest.raises(LogError, match="'language' is int32"):
        connect(put(ROWS, "language", pa.array([1] * 60, pa.int32())))
