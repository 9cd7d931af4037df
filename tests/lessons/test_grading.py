"""`slipper grade`: right answers, wrong ones with the misconception behind them, a class, and what are no answers."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest

from lessons.frame import grading
from lessons.frame.answers import Answers, as_yaml, read
from lessons.frame.lesson import Exercise, Misstep
from lessons.frame.registry import lessons
from lessons.frame.school_class import Results, grade_files, plain
from testbed import cli

NUMBER = Exercise(
    "1.1", "How many?", lambda: 40.0, "It is so.", "%", 1.0, missteps=(Misstep(lambda: 60.0, "Upside down."),)
)
CHOICE = Exercise(
    "1.3",
    "Which?",
    lambda: "this",
    "It is so.",
    options=("this", "that"),
    missteps=(Misstep(lambda: "that", "No."),),
)


@pytest.mark.parametrize(("one", "given", "right", "misstep"), [
    (NUMBER, 40, True, ""), (NUMBER, "41%", True, ""), (NUMBER, "39,5 %", True, ""), (NUMBER, 42, False, ""),
    (NUMBER, 60.5, False, "Upside down."), (NUMBER, "many", False, ""), (NUMBER, True, False, ""),
    (NUMBER, float("nan"), False, ""), (CHOICE, "this", True, ""), (CHOICE, "that", False, "No."),
    (CHOICE, "those", False, ""), (CHOICE, " This ", True, ""), (CHOICE, "THAT", False, "No."),
])  # fmt: skip
def test_a_grade(one, given, right, misstep):
    found = grading.grade(one, given)
    assert (found.right, found.misstep) == (right, misstep)
    assert found.said


def test_a_number_may_be_written_as_it_is_asked_for():
    points = replace(NUMBER, unit="points")
    for text in ("40 points", "40 Points", "40.5 point", "40"):
        assert grading.grade(points, text).right, text
    said = grading.grade(points, "many").said
    assert (
        said.endswith("write one, such as 12 points.")
        and "12 points" in grading.grade(points, "12 points").said
    )
    assert not grading.grade(points, "40 cohorts").right


def test_a_wrong_answer_is_explained():
    assert grading.grade(NUMBER, 60).said == "Not 60% but 40%. Upside down."
    assert grading.grade(NUMBER, 50).said == "Not 50% but 40%. It is so."


def test_what_a_notebook_saves_is_read(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text(as_yaml(lessons()[1], {"1.1": "72", "1.3": "on or after"}, "Ada"), encoding="utf-8")
    assert read(file) == Answers(learner="Ada", lesson=1, answers={"1.1": "72", "1.3": "on or after"})


@pytest.fixture
def school_class(tmp_path):
    """Three learners: two of them share a wrong answer."""
    for name, answer in (("ada", "on or after"), ("bo", "calendar month"), ("cy", "calendar month")):
        (tmp_path / f"{name}.yaml").write_text(f"answers:\n  1.3: {answer}\n", encoding="utf-8")
    return tmp_path


def test_a_class_is_told_by_exercise(school_class, capsys):
    assert cli.main(["grade", str(school_class), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (row,) = told["exercises"]
    assert (row["key"], row["answered"], row["right"]) == ("1.3", 3, 1)
    assert (row["wrong"], row["times"]) == ("calendar month", 2)
    assert "Gaps are allowed" in row["misstep"]
    assert cli.main(["grade", str(school_class), "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(one["learner"], one["right"]) for one in rows] == [("ada", "1"), ("bo", "0"), ("cy", "0")]


def test_a_class_on_the_terminal(school_class, capsys):
    assert cli.main(["grade", str(school_class)]) == 0
    said = " ".join(re.sub(r"[^\w. ()]", " ", capsys.readouterr().out).split())
    assert "3 learners" in said and "1.3 3 1 calendar month" in said and "Gaps are allowed" in said
    assert cli.main(["grade", str(school_class / "bo.yaml")]) == 0
    assert "bo: 0 of 1 right" in capsys.readouterr().out


def test_a_learner_in_two_files_has_one_list(tmp_path, capsys):
    (tmp_path / "a.yaml").write_text("learner: Ada\nanswers: {1.3: calendar month}\n")
    (tmp_path / "b.yaml").write_text("learner: Ada\nanswers: {1.3: on or after}\n")
    found = grade_files([tmp_path / "a.yaml", tmp_path / "b.yaml"])
    assert [one.right for one in found.by_learner["Ada"]] == [True]
    assert found.twice == {"Ada": ("1.3",)}
    (tmp_path / "c.yaml").write_text("learner: ' '\nanswers: {1.1: .nan}\n")
    alone = grade_files([tmp_path / name for name in ("a.yaml", "a.yaml", "c.yaml")])
    assert alone.twice == {} and list(alone.by_learner) == ["Ada", "c"]
    assert cli.main(["grade", str(tmp_path), "--csv"]) == 0
    assert "Ada answers 1.3 differently in several files" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "said"), [
    ("answers: {1.9: 4}", "bad.yaml:1:11: answers.\"1.9\": no exercise '1.9'"),
    ("answers: {1.1: [4]}", "expected text, a number or true or false, got a list"),
    ("anwsers: {1.1: 4}", "did you mean 'answers'?"),
    ("learner: Ada", "answers"),
    ("answers: {1.1: 4", "bad.yaml:1"),
    ("", "bad.yaml"),
])  # fmt: skip
def test_what_is_no_answer_is_told_with_its_place(tmp_path, capsys, text, said):
    (tmp_path / "bad.yaml").write_text(text)
    assert cli.main(["grade", str(tmp_path / "bad.yaml")]) == 2
    told = capsys.readouterr()
    assert said in told.err and told.out == "" and "Traceback" not in told.err


def test_problems_of_all_files_are_told_together(tmp_path, capsys):
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("answers: {9.9: 4}")
    assert cli.main(["grade", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "a.yaml:1:11" in said and "b.yaml:1:11" in said


def test_what_is_not_there(tmp_path, capsys):
    assert cli.main(["grade", str(tmp_path / "none.yaml")]) == 2
    assert cli.main(["grade", str(tmp_path)]) == 2
    assert "no file of answers" in capsys.readouterr().err


def test_no_cell_is_a_formula():
    assert Results({"=1+1": []}).csv().count("=") == 0 and plain("=1+1") == "'=1+1" and plain("-5") == "-5"
    assert plain("-1+1") == "'-1+1"
