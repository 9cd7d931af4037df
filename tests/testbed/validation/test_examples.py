"""The examples that questions ship are judged right, on every world and in every session zone."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest

from testbed.validation import examples
from testbed.validation.battery import ZONES
from testbed.validation.questions import PLACEHOLDER, questions
from testbed.validation.worlds import battery


@pytest.mark.parametrize("world", battery())
def test_examples_are_right(world):
    made, wrong = battery()[world], {}
    for number, (name, question) in enumerate(questions().items(), list(battery()).index(world)):
        # each in one zone here: every question meets all of them in three worlds; its function in every other world
        zone = ZONES[number % len(ZONES)]
        here = question if number % 2 else replace(question, python="")
        for one in examples.judged(here, made, [zone]):
            if one.found.verdict != "exact":
                wrong[name, one.language, zone] = (one.found.why, one.found.differences)
    assert wrong == {}


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
