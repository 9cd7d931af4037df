"""Worlds written as files for another engine, and the answers that it leaves there."""

from __future__ import annotations

import json

import duckdb
import pandas as pd
import pytest

from testbed.failure import BadInput
from testbed.validation.columns import InputColumns
from testbed.validation.compare import compare
from testbed.validation.integrations.answer_files import AnswerFiles
from testbed.validation.integrations.world_files import chosen, file_name, write_worlds
from testbed.validation.questions import questions
from testbed.validation.worlds import battery

SMALL = ("two weeks", "far zones", "year's turn")
QUESTION = questions()["retention_triangle"]


def small(model=None):
    return [world for world in chosen(model) if world.name in SMALL]


def as_dbt_would(path, sql, name, zone="UTC", schema="main"):
    """A model made in a world's file: what `dbt run` does with it."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"SET TimeZone = '{zone}'; CREATE SCHEMA IF NOT EXISTS {schema}")
        connection.execute(f"CREATE OR REPLACE TABLE {schema}.{name} AS {sql}")


@pytest.fixture
def worlds(tmp_path):
    """A folder with worlds, all with one name for the model."""
    list(write_worlds(tmp_path / "w", small("my/model"), model="my/model"))
    return tmp_path / "w"


def verdicts(files):
    """How the answers of some worlds compare."""
    found = {}
    for world in files.worlds:
        if world.name in SMALL:
            outcome = files.run(world.tables)
            right = QUESTION.answer(world.tables, **world.arguments(QUESTION))
            found[world.name] = (
                outcome.reason if outcome.table is None else compare(QUESTION, right, outcome.table).right
            )
    return found


def test_names_of_files_differ():
    names = [file_name(name) for name in battery()]
    assert len(set(names)) == len(names) and file_name("year's turn") == "years-turn"


def test_worlds_hold_the_tables_and_the_list_names_them(worlds):
    held = json.loads((worlds / "worlds.json").read_text())
    assert [one["name"] for one in held["worlds"]] == [world.name for world in small()]
    assert {one["model"] for one in held["worlds"]} == {"my/model"}
    for one in held["worlds"]:
        with duckdb.connect(str(worlds / one["file"]), read_only=True) as connection:
            (count,) = connection.execute("SELECT count(*) FROM generations").fetchone()
            assert count == len(battery()[one["name"]].tables.requests)
            query = "SELECT count(*) FROM generations JOIN models USING (model) WHERE model = 'my/model'"
            assert connection.execute(query).fetchone()[0] > 0
            assert connection.execute("SELECT prices[1]['from'] FROM models").fetchone()


def test_right_answers_that_dbt_leaves_there_are_right(worlds):
    for path in worlds.glob("*.duckdb"):
        as_dbt_would(path, QUESTION.example("sql", "my/model"), "retention_triangle", "Asia/Kolkata", "marts")
    assert verdicts(AnswerFiles(worlds, "retention_triangle")) == dict.fromkeys(SMALL, True)


def test_wrong_answers_are_wrong_where_they_err(worlds):
    local = QUESTION.example("sql", "my/model").replace(
        "created_at AT TIME ZONE 'UTC'", "created_at::TIMESTAMP"
    )
    assert local != QUESTION.example("sql", "my/model")
    for path in worlds.glob("*.duckdb"):
        as_dbt_would(path, local, "mine", "Asia/Kolkata")
    found = verdicts(AnswerFiles(worlds, "mine"))
    assert found["far zones"] is False


def test_answers_may_be_csv_or_parquet_of_another_engine(tmp_path):
    for world in small("my/model"):
        right = QUESTION.answer(world.tables, model="my/model").drop(columns="optional")
        if world.name == "two weeks":
            right.to_parquet(tmp_path / "two-weeks.parquet")
        else:
            right.to_csv(tmp_path / f"{file_name(world.name)}.csv", index=False)
    assert verdicts(AnswerFiles(tmp_path, "x", model="my/model")) == dict.fromkeys(SMALL, True)


def test_what_is_missing_or_cannot_be_read_is_told(worlds):
    (worlds / "two-weeks.csv").write_text("no table\n")
    (worlds / "far-zones.parquet").write_bytes(b"none")
    as_dbt_would(worlds / "years-turn.duckdb", "SELECT 1 AS n", "one")
    as_dbt_would(worlds / "years-turn.duckdb", "SELECT 1 AS n", "one", schema="other")
    files = AnswerFiles(worlds, "one")
    found = verdicts(files)
    assert "no table" in found["two weeks"] and "cannot be read" in found["far zones"]
    assert "main.one and other.one: name one with its schema" in found["year's turn"]
    assert "did you mean 'one'" in verdicts(AnswerFiles(worlds, "oen"))["year's turn"]
    assert verdicts(AnswerFiles(worlds, "other.one"))["year's turn"] is False
    other = next(world for world in files.worlds if world.name == "leap day")
    assert "expected leap-day.csv, leap-day.parquet, or leap-day.duckdb" in files.run(other.tables).reason
    assert "no answer lies here for this log" in files.run(battery()["two weeks"].tables.with_rows([])).reason


def test_answers_to_worlds_of_another_version_are_not_judged(worlds):
    for path in worlds.glob("*.duckdb"):
        as_dbt_would(path, QUESTION.example("sql", "my/model"), "mine")
    held = json.loads((worlds / "worlds.json").read_text())
    held["worlds"][0]["digest"] = "another"
    (worlds / "worlds.json").write_text(json.dumps(held))
    found = verdicts(AnswerFiles(worlds, "mine"))
    assert "another version: write the worlds anew" in found.pop("two weeks")
    assert set(found.values()) == {True}


def test_folders_that_are_not_ours_are_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(BadInput, match="holds other things than worlds"):
        next(write_worlds(tmp_path, small()))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(BadInput, match="holds no answer"):
        AnswerFiles(tmp_path, "x")
    with pytest.raises(BadInput, match="no such folder"):
        AnswerFiles(tmp_path / "none", "x")


def test_writing_again_replaces_what_lies_there(worlds):
    as_dbt_would(worlds / "two-weeks.duckdb", "SELECT 1 AS n", "stale")
    list(write_worlds(worlds, small()))
    with duckdb.connect(str(worlds / "two-weeks.duckdb"), read_only=True) as connection:
        assert "stale" not in connection.sql("SHOW TABLES").df()["name"].tolist()
    assert json.loads((worlds / "worlds.json").read_text())["model"] is None


def test_worlds_have_the_names_of_the_users_own(tmp_path):
    own = InputColumns({"generations": "calls"}, {"generations": {"model": "llm"}})
    list(write_worlds(tmp_path / "w", small(), columns=own))
    with duckdb.connect(str(tmp_path / "w" / "two-weeks.duckdb"), read_only=True) as connection:
        frame = connection.execute("SELECT llm FROM calls").df()
    assert isinstance(frame, pd.DataFrame) and len(frame) == 6
