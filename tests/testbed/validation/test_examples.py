"""The examples that questions ship are judged right, on every world and in every session zone."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace

import pytest

from testbed.validation import examples
from testbed.validation.battery import ZONES
from testbed.validation.questions import PLACEHOLDER, Question, questions
from testbed.validation.worlds import battery


def wrong_on(world: str, asked: Iterable[tuple[Question, tuple[str, ...]]]) -> dict:
    """Questions whose examples are not judged right on a world, in the zones."""
    made, wrong = battery()[world], {}
    for question, zones in asked:
        for one in examples.judged(question, made, zones):
            if one.found.verdict != "exact":
                wrong[question.name, one.language, one.zone] = (one.found.why, one.found.differences)
    return wrong


@pytest.mark.parametrize("world", battery())
def test_examples_are_right(world):
    """Each in one zone here: the query of a question in every fourth world, its function in those between them. All
    meet all worlds and zones in the slow test."""
    asked = []
    for number, question in enumerate(questions().values(), list(battery()).index(world)):
        if number % 2 == 0:
            one = replace(question, sql="") if number % 4 else replace(question, python="")
            asked.append((one, (ZONES[number // 4 % len(ZONES)],)))
    assert wrong_on(world, asked) == {}


@pytest.mark.slow
@pytest.mark.parametrize("world", battery())
def test_all_examples_are_right_in_all_zones(world):
    assert wrong_on(world, [(question, ZONES) for question in questions().values()]) == {}


@pytest.mark.parametrize("name", questions())
def test_examples_say_which_question_and_model_they_are_about(name):
    question = questions()[name]
    sql, python = question.example("sql"), question.example("python")
    head = sql.splitlines()[:2]
    said = (ast.get_docstring(ast.parse(python)) or "").splitlines()
    assert head[0] == f"-- question: {name}" and said[0] == f"question: {name}"
    for lines, mark in ((head, "-- model: "), (said, "model: ")):
        assert (f"{mark}{PLACEHOLDER}" in lines) == question.takes_model
    assert (PLACEHOLDER in sql) == (PLACEHOLDER in python) == question.takes_model
    about = question.example("sql", "a/b")
    assert PLACEHOLDER not in about and ("a/b" in about) == question.takes_model


WRONG = """
from dataclasses import replace

from testbed.validation.questions import questions

known = questions()["tool_share"]
QUESTION = replace(known, sql=known.sql.replace("'week'", "'day'"))
"""


def test_examples_of_a_file_are_judged(tmp_path, capsys, monkeypatch):
    few = {name: world for name, world in battery().items() if name in ("two weeks", "far zones")}
    monkeypatch.setattr(examples, "battery", lambda: few)
    assert examples.main(["tool_share"]) == 0
    assert capsys.readouterr().out == "8 of 8 right\n"
    (tmp_path / "ours.py").write_text(WRONG)
    assert examples.main([str(tmp_path / "ours.py")]) == 1
    out = capsys.readouterr().out
    assert "tool_share, sql, far zones, Asia/Kolkata: " in out and "2 of 8 right" in out
    assert examples.main(["no/such.py"]) == 2
