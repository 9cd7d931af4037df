"""The plugin of pytest in a small project of a user's own, and the command that a pipeline calls."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib import import_module

import pytest

from testbed.failure import BadInput
from testbed.validation.integrations import __main__ as command
from testbed.validation.integrations.judging import Judged
from testbed.validation.integrations.validating import validate
from testbed.validation.questions import questions
from testbed.validation.worlds import battery
from tests.house import ROOT

pytestmark = pytest.mark.usefixtures("one_sandbox", "patient")

SMALL = ["two weeks", "far zones"]
RIGHT = questions()["active_users"].example("sql")
LOCAL = RIGHT.replace(" AT TIME ZONE 'UTC'", "::TIMESTAMP")
PROJECT = f"""
import sys
import pandas as pd
import pytest

SMALL = {SMALL!r}


def test_right(slipper_validate):
    assert slipper_validate("right.sql", worlds=SMALL).verdict == "right"


def test_wrong(slipper_validate):
    slipper_validate("wrong.sql", worlds=SMALL)


def weekly(generations: pd.DataFrame) -> pd.DataFrame:
    week = generations.created_at.dt.tz_convert("UTC").dt.tz_localize(None).dt.to_period("W-SUN").dt.start_time
    return generations.user_id.groupby(week).nunique().rename_axis("week").rename("users").reset_index()


def test_function(slipper_validate):
    assert slipper_validate(weekly, "active_users", worlds=SMALL).verdict == "right"


def test_bad_input(slipper_validate):
    slipper_validate("SELECT 1 AS n FROM generations", "active_user")


@pytest.mark.parametrize("slipper_world", SMALL[:2], indirect=True)
def test_each(slipper_world):
    with slipper_world.in_zone("Asia/Kolkata").connect() as connection:
        (count, zone), = connection.execute("SELECT count(*), current_setting('TimeZone') FROM generations").fetchall()
    assert count == len(slipper_world.pandas["generations"]) == len(slipper_world.arrow["generations"]) > 0
    assert zone == "Asia/Kolkata" and slipper_world.about and len(slipper_world.right("active_users"))


@pytest.mark.parametrize("slipper_worlds", [SMALL], indirect=True)
def test_some(slipper_worlds):
    assert [world.name for world in slipper_worlds] == SMALL


def test_all(slipper_worlds):
    assert len(slipper_worlds) > 15
"""
UNUSED = """
import sys


def test_nothing_is_loaded():
    assert not {"pandas", "pyarrow", "duckdb", "numpy", "sqlglot"} & set(sys.modules)
"""


def project(folder, **files):
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    flags = [
        "-p",
        "no:slipper",
        "-p",
        "testbed.validation.integrations.pytest_plugin",
        "-p",
        "no:cacheprovider",
    ]
    made = subprocess.run([sys.executable, "-m", "pytest", "-rA", "--color=no", *flags], cwd=folder, text=True,
                          capture_output=True, env=None)  # fmt: skip
    return made.stdout + made.stderr


def test_a_project_of_the_users_own(tmp_path):
    said = project(tmp_path, test_ours__py=PROJECT, right__sql=RIGHT, wrong__sql=LOCAL)
    for name in ("right", "function", "each[two weeks]", "each[far zones]", "some[slipper_worlds0]", "all"):
        assert f"PASSED test_ours.py::test_{name}" in said, said
    assert "FAILED test_ours.py::test_wrong" in said and "FAILED test_ours.py::test_bad_input" in said
    for words in ("wrong.sql: WRONG", "✗ far zones: wrong", "The mistake: local time", "session zone"):
        assert words in said, words
    assert "did you mean 'active_users'?" in said and "Traceback" not in said


def test_it_costs_nothing_where_it_is_not_used(tmp_path):
    assert "1 passed" in project(tmp_path, test_unused__py=UNUSED)


def test_the_entry_point_names_the_plugin():
    held = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]["pytest11"]
    assert import_module(held["slipper"]).slipper_validate


def test_a_verdict_is_text_and_json():
    right = validate(RIGHT, worlds=SMALL)
    assert (right.verdict, right.status) == (
        "right",
        0,
    ) and "the query: RIGHT\n2 worlds: 2 exact" in right.text()
    wrong = validate(LOCAL, worlds=SMALL)
    assert (wrong.verdict, wrong.status) == ("wrong", 1)
    (row,) = [one for one in wrong.json()["worlds"] if one["world"] == "far zones"]
    assert row["verdict"] == "wrong" and row["zone"] != "UTC" and row["differences"][0]["right"] is not None
    assert [one["name"] for one in wrong.json()["traps"]] == [
        "local time"
    ] and "The mistake: local time" in wrong.text()
    assert "The smallest log on which it errs: " in wrong.text() and len(wrong.smallest.tables.requests) <= 2
    assert "users: right" in wrong.text() and "✗ far zones: wrong" in wrong.text()
    none = validate("SELECT no FROM generations", "active_users", worlds=SMALL)
    assert (none.verdict, none.status) == (
        "cannot run",
        2,
    ) and "CANNOT RUN\n2 worlds: 2 could not run" in none.text()


def test_the_model_is_the_one_that_the_code_names(tmp_path):
    question = questions()[
        "cohort_sizes" if questions()["cohort_sizes"].takes_model else "retention_triangle"
    ]
    named = question.example("sql", "my/model")
    assert validate(named, model="my/model", worlds=["two weeks", "leap day"]).verdict == "right"
    assert validate(question.example("sql"), question.name, worlds=["leap day"]).verdict == "right"
    plain = "SELECT 1 AS k FROM generations WHERE model = 'a/b'"
    with pytest.raises(BadInput, match="asked of one model"):
        validate(plain, question.name)


def test_an_error_of_a_function_is_told():
    def ours(generations):
        return 1 / 0

    found = validate(ours, "active_users", worlds=["two weeks"])
    assert found.verdict == "cannot run" and "ZeroDivisionError: division by zero" in " ".join(
        found.text().split()
    )
    with pytest.raises(BadInput, match="no world 'moon'"):
        validate(ours, "active_users", worlds=["moon"])
    with pytest.raises(BadInput, match="a server runs queries"):
        validate(ours, "active_users", against="postgresql://me@localhost/x")


def test_what_breaks_the_contract_is_told_apart():
    coarse = RIGHT.replace("coalesce(nullif(user_id, ''), account_id)", "user_id")
    found = validate(coarse, worlds=["two weeks", "no users"])
    assert found.verdict == "wrong" and "only on logs that break the contract" in found.text()


def test_a_pipeline_gets_a_status_and_json(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv(command.AGAINST, raising=False)
    worlds = [battery()[name] for name in SMALL]
    monkeypatch.setattr(
        "testbed.validation.integrations.world_files.battery", lambda: dict(zip(SMALL, worlds, strict=True))
    )
    for name, text in (
        ("right.sql", RIGHT),
        ("wrong.sql", LOCAL),
        ("none.sql", "SELECT no FROM generations"),
    ):
        (tmp_path / name).write_text(text)
    for name, status, verdict in (
        ("right.sql", 0, "right"),
        ("wrong.sql", 1, "wrong"),
        ("none.sql", 2, "cannot run"),
    ):
        assert command.main(["query", str(tmp_path / name), "--question", "active_users", "--json"]) == status
        assert json.loads(capsys.readouterr().out)["verdict"] == verdict
    assert command.main(["query", str(tmp_path / "right.sql"), "--question", "x"]) == 2
    assert "no question 'x'" in capsys.readouterr().err
    folder = str(tmp_path / "w")
    assert command.main(["worlds", folder]) == 0 and len(capsys.readouterr().out.splitlines()) == 2
    assert command.main(["answers", folder, "--question", "active_users"]) == 2
    assert "no table 'active_users'" in " ".join(capsys.readouterr().out.split())


def test_a_query_is_judged_on_a_server(postgres):
    found = validate(RIGHT, worlds=SMALL, against=f"{postgres}/postgres")
    assert (
        isinstance(found, Judged)
        and found.verdict == "right"
        and "on postgresql://me@127.0.0.1" in found.subject
    )
    assert validate(LOCAL, worlds=SMALL, against=f"{postgres}/postgres").verdict == "wrong"
