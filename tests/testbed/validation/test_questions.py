"""Questions as they are shown, and a team's own in one file."""

from __future__ import annotations

import json
import re

import pytest

from testbed.validation.questions import NoQuestion, load, questions
from testbed.validation.questions.form import Column, Question
from testbed.validation.worlds import battery
from tests.command_line import slipper

KEPT = {
    "retention_triangle": ("cohort", "k", "users", "active", "retention"),
    "cohort_sizes": ("model", "cohort", "users"),
    "mean_retention_by_k": ("k", "retention"),
    "mean_retention_by_cohort": ("cohort", "retention"),
    "weekly_openness": ("week", "source_type", "tokens", "share"),
    "programming_share": ("week", "share"),
    "category_share": ("week", "category", "share"),
    "programming_length": ("week", "ratio"),
    "effective_cost": ("model", "charged_tokens", "cost_usd", "cost_usd_per_mtok"),
    "spend_region": ("week", "continent", "share"),
    "tool_share": ("week", "share"),
    "mean_lengths": ("week", "category", "mean_prompt", "mean_completion"),
    "reasoning_share": ("week", "share"),
    "top_models": ("model", "tokens"),
}
OWN = """
from testbed.validation.questions import Column, Question


def busiest(log):
    for week, rows in log.weeks.items():
        yield {"week": week, "requests": len(rows)}


QUESTION = Question(
    "weekly_requests", "ours", "How many requests are there in each week?", "All requests by UTC week from Monday.",
    (Column("week", "key", "Monday", of="date"), Column("requests", "count", "requests")), busiest,
    "-- question: weekly_requests", "",
)
"""


def test_names_and_required_columns_are_kept():
    required = {name: tuple(c.name for c in questions()[name].required) for name in KEPT}
    assert required == KEPT


def test_questions_are_listed_by_topic(capsys):
    status, out, err = slipper(capsys, "questions")
    assert (status, err) == (0, "")
    assert all(re.search(rf"^  {name} ", out, re.MULTILINE) for name in questions())
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("name", questions())
def test_a_page_has_the_definition_the_columns_the_traps_and_the_examples(capsys, name):
    status, out, _ = slipper(capsys, "questions", name)
    one, flat = questions()[name], " ".join(out.split())
    assert status == 0 and one.asks in flat and " ".join(one.definition.split()) in flat
    assert all(re.search(rf"^  {column.name} +\S", out, re.MULTILINE) for column in one.columns)
    assert one.traps and all(f"{trap.name}: {trap.advice}" in flat for trap in one.traps)
    assert f"-- question: {name}" in out and f"def {name}(" in out


def test_an_example_alone_can_be_kept_in_a_file(capsys):
    status, out, _ = slipper(capsys, "questions", "tool_share", "--example", "sql")
    assert status == 0 and out == questions()["tool_share"].example("sql")


def test_questions_for_programs(capsys):
    _, out, _ = slipper(capsys, "questions", "--json")
    told = {one["question"]: one for one in json.loads(out)}
    assert set(told) == set(questions())
    _, out, _ = slipper(capsys, "questions", "weekly_openness", "--json")
    one = json.loads(out)
    assert one == told["weekly_openness"]
    assert [column["name"] for column in one["columns"]] == ["week", "source_type", "tokens", "share"]
    assert {"name", "advice"} == set(one["traps"][0])


@pytest.mark.parametrize(("arguments", "said"), [
    (("retention_triangl",), "did you mean 'retention_triangle'"),
    (("no/such.py",), "no/such.py: not a Python file with a question"),
    (("--example", "sql"), "name the question"),
    (("tool_share", "--example", "sql", "--json"), "give --example or --json"),
])  # fmt: skip
def test_what_was_wrong_is_told(capsys, arguments, said):
    status, out, err = slipper(capsys, "questions", *arguments)
    assert (status, out) == (2, "") and said in err


def test_a_teams_own_question_is_one_file(capsys, tmp_path):
    file = tmp_path / "ours.py"
    file.write_text(OWN)
    status, out, _ = slipper(capsys, "questions", file)
    assert status == 0 and "How many requests are there in each week?" in out
    answer = load(file).answer(battery()["two weeks"].tables)
    assert answer["requests"].tolist() == [3, 3]


@pytest.mark.parametrize(("text", "said"), [
    ("QUESTION = 1", "names no QUESTION"),
    ("x = ", "SyntaxError"),
    ("import no_such_module", "ModuleNotFoundError"),
])  # fmt: skip
def test_a_file_without_a_question_is_refused(tmp_path, text, said):
    file = tmp_path / "ours.py"
    file.write_text(text)
    with pytest.raises(NoQuestion, match=said):
        load(file)


def test_a_question_takes_no_argument_that_it_does_not_name():
    with pytest.raises(TypeError, match="takes no 'model'"):
        questions()["tool_share"].answer(battery()["two weeks"].tables, model="a/b")


def test_columns_have_names_of_their_own():
    week = Column("week", "key", "week", of="date")
    with pytest.raises(ValueError, match="twice"):
        Question("q", "t", "?", ".", (week, week), lambda log: (), "", "")
    with pytest.raises(ValueError, match="taken"):
        Question("q", "t", "?", ".", (week, Column("optional", "flag", "x")), lambda log: (), "", "")
