"""Writes the handouts: a page and a slide for each lesson, and a sheet of answers for the teacher."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from analysis import glossary
from analysis.report.pages.page import environment
from analysis.staging import Staging
from lessons.frame.grading import computed, written
from lessons.frame.lesson import Exercise, Lesson
from lessons.handouts import slide
from lessons.handouts.markup import blocks, inline
from lessons.pictures import figure

ANSWERS = "answers-for-teachers.html"


def names(lesson: Lesson) -> tuple[str, str, str]:
    """The files of one lesson: page, slide as SVG, slide as PNG."""
    stem = lesson.file.removesuffix(".py")
    return f"{stem}.html", f"{stem}.svg", f"{stem}.png"


def write(
    chosen: Sequence[Lesson], folder: Path, tell: Callable[[str], None] = lambda name: None
) -> list[Path]:
    """Write the handouts of some lessons into a folder, all or none; files of ours are replaced, others never (raises
    `analysis.contract.files.Foreign`). tell: hears the name of each file. Gives the paths."""
    every = [name for lesson in chosen for name in names(lesson)] + [ANSWERS]
    with Staging(folder, every) as staged:
        for lesson in chosen:
            page, vector, pixels = names(lesson)
            drawn = slide.svg(lesson, lesson.result())
            (staged.path / page).write_text(handout(lesson), encoding="utf-8")
            (staged.path / vector).write_text(drawn, encoding="utf-8")
            (staged.path / pixels).write_bytes(slide.png(drawn))
            tell(page)
        (staged.path / ANSWERS).write_text(answers(chosen), encoding="utf-8")
        staged.publish()
    return [folder / name for name in every]


def handout(lesson: Lesson) -> str:
    """One lesson as a page."""
    drawn = (
        lesson.result().html(style=False).replace("<details>", "<details open>")
    )  # paper cannot be unfolded
    return _environment().get_template("handout.html").render(
        lesson=lesson, take_away=lesson.take_away(), figure=Markup(drawn),
        style=Markup(figure.STYLE), words=[one for word in lesson.words if (one := glossary.find(word))],
    )  # fmt: skip


def answers(chosen: Sequence[Lesson]) -> str:
    """The right answers, and the wrong ones that are known."""
    told = [(lesson, [_told(one) for one in lesson.exercises]) for lesson in chosen]
    return _environment().get_template("teacher.html").render(lessons=told)


def _told(one: Exercise) -> dict[str, Any]:
    missteps = [(written(one, computed(misstep.answer)), misstep.why) for misstep in one.missteps]
    return {"exercise": one, "answer": written(one, computed(one.answer)), "missteps": missteps}


def _environment() -> Environment:
    made = environment("lessons.handouts")
    made.filters["inline"], made.filters["blocks"] = inline, blocks
    return made
