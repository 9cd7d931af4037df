"""`slipper validate` from the command line: verdicts, exit statuses, what is printed, and bad input."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from testbed.commands import validate
from testbed.validation.integrations.world_files import chosen
from testbed.validation.questions import questions
from tests.command_line import slipper

pytestmark = pytest.mark.usefixtures("one_sandbox", "patient")

RIGHT = questions()["retention_triangle"].example("sql", "author/slug")
SUNDAY = """-- question: active_users
SELECT date_trunc('week', (created_at AT TIME ZONE 'UTC') + INTERVAL 1 DAY)::DATE - 1 AS week,
       count(DISTINCT coalesce(nullif(user_id, ''), account_id)) AS users
FROM generations GROUP BY 1
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a right query and some that are not."""
    folder = tmp_path_factory.mktemp("queries")
    (folder / "right.sql").write_text(f"-- question: retention_triangle\n-- model: author/slug\n{RIGHT}")
    (folder / "sunday.sql").write_text(SUNDAY)
    (folder / "broken.sql").write_text("-- question: active_users\nSELECT no_such_column FROM generations\n")
    (folder / "nameless.sql").write_text("SELECT 1 AS users\n")
    (folder / "modelless.sql").write_text("-- question: retention_triangle\nSELECT 1 AS users\n")
    return folder


@pytest.fixture
def few_worlds(monkeypatch):
    """Some small worlds: a query that passes is asked of all of them, and what is said of others is the same."""
    names = ("four users", "two weeks", "far zones", "leap day")
    monkeypatch.setattr(
        "testbed.validation.integrations.validating.chosen", lambda model, _: chosen(model, names)
    )


@pytest.fixture(scope="module", autouse=True)
def judged_once():
    """A query that is given again is not judged again: what it is told as, text or JSON, is another matter."""
    judge, kept = validate._opened, {}

    @contextmanager
    def opened(args):
        key = (args.file, args.answers, args.question, args.model)
        if key not in kept:
            with judge(args) as task:
                found: list[object] = []

                def noted():
                    for row in task.rows():
                        found.append(row)
                        yield row

                yield SimpleNamespace(**vars(task), rows=noted)
                kept[key] = SimpleNamespace(**vars(task) | {"again": False}, rows=lambda: found)
        else:
            yield kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(validate, "_opened", opened)
        yield


def test_a_right_query_passes_and_is_told_which_faults_it_survives(files, capsys):
    html = files / "right.html"
    status, out, _ = slipper(capsys, "validate", files / "right.sql", "--html", html)
    assert status == 0
    assert "The verdict: right" in html.read_text() and "exact duplicates" in html.read_text()
    assert "right.sql: RIGHT" in out and "✗" not in out
    assert "exact duplicates" in out and "wrong without a word" in out


def test_a_wrong_query_fails_with_its_mistake_and_the_smallest_log(files, capsys, few_worlds):
    status, out, _ = slipper(capsys, "validate", files / "sunday.sql")
    assert status == 1
    assert "sunday.sql: WRONG" in out and "The mistake: Sunday weeks" in out
    assert "The smallest log on which it errs: 1 request" in out and "right and given" in out


def test_the_same_for_programs(files, capsys, tmp_path, few_worlds):
    page, html = tmp_path / "page.md", tmp_path / "page.html"
    status, out, _ = slipper(
        capsys, "validate", files / "sunday.sql", "--json", "--markdown", page, "--html", html
    )
    told = json.loads(out)
    assert status == 1
    assert told["question"] == "active_users" and told["verdict"] == "wrong"
    assert [trap["name"] for trap in told["traps"]] == ["Sunday weeks"] and told["traps"][0]["advice"]
    assert {"exact", "wrong"} >= {row["verdict"] for row in told["worlds"]}
    assert (
        told["counterexample"]["generations"]
        and told["counterexample"]["right"] != told["counterexample"]["given"]
    )
    assert page.read_text().count("| two weeks |") == 1
    shown = html.read_text()
    for said in (
        "sunday.sql: wrong",
        "The mistake: Sunday weeks",
        "users: given",
        "Where it differs in “two weeks”",
    ):
        assert shown.count(said), said
    assert SUNDAY.splitlines()[-1] in shown and "://" not in shown
    html.write_text("my own page")
    status, _, err = slipper(capsys, "validate", files / "sunday.sql", "--html", html)
    assert status == 2 and "--overwrite" in err


def test_a_function_gets_the_model_that_the_command_names(tmp_path, capsys, few_worlds):
    file = tmp_path / "empty.py"
    file.write_text(
        "def cells(generations, model):\n"
        "    if model != 'acme/new':\n"
        "        raise ValueError(model)\n"
        "    return {name: [] for name in ('cohort', 'k', 'users', 'active', 'retention')}\n"
    )
    words = ["validate", file, "--question", "retention_triangle", "--model", "acme/new"]
    status, out, _ = slipper(capsys, *words, "--json")
    assert status == 1 and {row["verdict"] for row in json.loads(out)["worlds"]} == {"exact", "wrong"}


def test_what_cannot_run_says_so_for_every_world(files, capsys, few_worlds):
    status, out, _ = slipper(capsys, "validate", files / "broken.sql")
    assert status == 2
    assert "broken.sql: CANNOT RUN" in out and "no_such_column" in out and "Traceback" not in out
    assert "4 worlds: 4 could not run" in out
    assert out.count("no_such_column") == 1 and out.count("could not run: likewise") == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nameless.sql"], "which question does it answer?"),
        (["modelless.sql"], "which one does the code name?"),
        (["right.sql", "--question", "retention_triangel"], "did you mean 'retention_triangle'?"),
        (["right.sql", "--model", "gpt-4o"], "expected author/slug"),
        (["sunday.sql", "--model", "a/b"], "is not about one model"),
        (["gone.sql"], "no such file"),
        ([], "name a file, or a folder with --answers"),
    ],
)
def test_bad_input_is_said(files, capsys, monkeypatch, words, message):
    monkeypatch.chdir(files)
    status, out, err = slipper(capsys, "validate", *words)
    assert status == 2 and message in err and not out


def test_answers_of_another_engine_are_judged_and_nothing_else_is_asked_of_them(tmp_path, capsys):
    folder = tmp_path / "worlds"
    assert slipper(capsys, "validate", "--worlds", folder, "--model", "author/slug")[0] == 0
    for file in folder.glob("*.duckdb"):
        with duckdb.connect(str(file)) as connection:
            connection.execute(f"SET TimeZone = 'UTC'; CREATE TABLE answer AS {RIGHT.strip().rstrip(';')}")
    status, out, _ = slipper(capsys, "validate", "--answers", folder, "--question", "retention_triangle")
    assert status == 0 and "RIGHT" in out
    assert "no answer lies" not in out and "does not matter" not in out


def test_worlds_are_written_for_other_engines(tmp_path, capsys):
    status, out, _ = slipper(capsys, "validate", "--worlds", tmp_path / "worlds", "--model", "acme/new")
    assert status == 0
    assert (
        all(Path(line).is_file() for line in out.splitlines())
        and (tmp_path / "worlds" / "worlds.json").is_file()
    )
