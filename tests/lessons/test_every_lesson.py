"""Every lesson of the registry: its record, its notebook as a script, and that its misconception is refuted."""

from __future__ import annotations

import importlib.util
import re

import pandas as pd
import pytest

from analysis import glossary
from lessons.frame import lesson as frame
from lessons.frame.grading import computed, graded
from lessons.frame.notebook import feedback, flipped
from lessons.frame.registry import lessons
from lessons.pictures.bars import bars
from sim.scenario.shipped import worlds

LESSONS = list(lessons().values())
each = pytest.mark.parametrize("lesson", LESSONS, ids=lambda one: one.file.removesuffix(".py"))


def test_the_lessons_are_found():
    assert {1} <= set(lessons()) <= set(range(11)) and list(lessons()) == sorted(lessons())


@each
def test_the_record_is_whole(lesson):
    assert lesson.notebook.is_file() and lesson.file.startswith(f"{lesson.number:02}_")
    assert f'app_title="Lesson {lesson.number}: {lesson.title}"' in lesson.notebook.read_text("utf-8")
    assert 0 < lesson.minutes <= frame.MINUTES and lesson.question and lesson.misconception and lesson.place
    assert len(lesson.options) >= 2 and sum(option.right for option in lesson.options) == 1
    assert set(lesson.worlds) <= set(worlds())
    assert len(lesson.switches) != 1
    assert all(glossary.find(word) for word in lesson.words)
    assert [one.key for one in lesson.exercises] == [f"{lesson.number}.{i}" for i in (1, 2, 3)]


@each
def test_the_misconception_is_refuted(lesson):
    runs = [lesson.refutation.run(seed) for seed in lesson.refutation.seeds]
    assert sum(run.refuted for run in runs) >= lesson.refutation.least * len(runs), runs


@each
def test_right_answers_are_right_and_missteps_are_told(lesson):
    for one in lesson.exercises:
        right = computed(one.answer)
        assert not one.options or right in one.options
        assert graded(lesson, {one.key: right})[0].right
        for misstep in one.missteps:
            (found,) = graded(lesson, {one.key: computed(misstep.answer)})
            assert not found.right and found.misstep == misstep.why


@each
def test_every_switch_comes_up(lesson):
    rounds = {flipped(lesson, number).key for number in range(1, 41)} if lesson.switches else set()
    assert rounds == {switch.key for switch in lesson.switches}


@each
def test_the_code_that_is_shown_runs(lesson, monkeypatch, capsys):
    monkeypatch.chdir(frame.HOME.parent)
    assert len(re.findall(r"^.*\S", lesson.code, re.MULTILINE)) <= frame.CODE_LINES
    exec(compile(lesson.code, lesson.file, "exec"), {})
    assert capsys.readouterr().out


@each
def test_the_notebook_runs_as_a_script(lesson):
    spec = importlib.util.spec_from_file_location(f"notebook_{lesson.number}", lesson.notebook)
    notebook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(notebook)
    outputs, _ = notebook.app.run()
    texts = " ".join(one.text for one in outputs if hasattr(one, "text"))
    assert "gs-figure" in texts and "To take away" in texts and "Show the code" in texts
    assert notebook.experiment(1) == lesson.refutation.run(1)


def test_the_teachers_page_lists_every_lesson():
    page = (frame.HOME.parent / "docs" / "teaching.md").read_text("utf-8")
    for lesson in LESSONS:
        assert f"| {lesson.number} | {lesson.misconception.rstrip('.')} |" in page
        assert re.search(rf"^### .*\blessons? .*\b{lesson.number}\b", page, re.MULTILINE)


def test_a_prediction_is_made_once():
    class Form:
        value: str

    lesson, form = LESSONS[1], Form()
    wrong, right = (next(one for one in lesson.options if one.right is kind) for kind in (False, True))
    form.value = wrong.text
    told = feedback(lesson, form).text
    assert "It came out otherwise" in told and "This one counts" not in told
    form.value = right.text  # sent again, after the picture was seen
    told = feedback(lesson, form).text
    assert "It came out otherwise" in told and "This one counts" in told


def test_a_bar_below_zero_goes_to_the_left():
    rows = pd.DataFrame({"label": ["ahead", "behind"], "value": [0.2, -0.1]})
    drawn = bars(rows, title="lead", summary="one leads", x_title="lead").svg()
    (_, one), (left, other) = (
        (float(x), float(width))
        for x, width in re.findall(r'class="seen" x="([\d.]+)" y="\d+" width="([\d.]+)"', drawn)
    )
    assert left == 0 and other == pytest.approx(one / 2, abs=0.2)
