"""The parts of a lesson's notebook, in their order: question, prediction, controls, picture, verdict, switch,
exercises.

Each gives something that marimo shows. The learner commits to a prediction before anything else runs: cells behind
`wait_for` stay still until then, except in a script, where nobody is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import marimo as mo
import numpy as np

from lessons.frame.answers import as_yaml
from lessons.frame.grading import graded
from lessons.frame.lesson import Exercise, Lesson, Switch
from lessons.pictures.figure import Figure


def is_script() -> bool:
    """Whether the notebook runs as a script: nobody is there to answer."""
    return mo.app_meta().mode in (None, "script", "test")


def opening(lesson: Lesson) -> mo.Html:
    """The title, how long it takes, and the question."""
    from analysis import glossary

    words = [found for word in lesson.words if (found := glossary.find(word))]
    told = "".join(f"\n- **{one.word}**: {one.meaning}" for one in words)
    head = f"\n\n**Words of this lesson**\n{told}" if told else ""
    return mo.md(
        f"# Lesson {lesson.number}: {lesson.title}\n\nAbout {lesson.minutes} minutes.\n\n{lesson.question}{head}"
    )


def prediction(lesson: Lesson) -> Any:
    """The form in which the learner commits to a prediction. Its value is the text of an option, None before that."""
    texts = [option.text for option in lesson.options]
    return mo.ui.radio(texts, label="**What do you expect?**").form(
        submit_button_label="This is my prediction", bordered=False
    )


def wait_for(form: Any, *, aloud: bool = False) -> None:
    """Stop a cell, and all that follow from it, until the prediction is committed. aloud: the cell says so meanwhile;
    one of a notebook's cells does."""
    said = mo.md("*The world runs as soon as you have committed to a prediction.*") if aloud else None
    mo.stop(form.value is None and not is_script(), said)
    committed(form)


def committed(form: Any) -> str | None:
    """The first prediction that was sent: what is sent after the picture was seen is none."""
    kept = vars(form)  # a form of marimo is no key of a dictionary
    if form.value is not None:
        kept.setdefault("first_sent", form.value)
    return kept.get("first_sent")


def feedback(lesson: Lesson, form: Any) -> mo.Html:
    """What to know of the prediction that was made; to be shown below the picture."""
    first = committed(form)
    chosen = next((option for option in lesson.options if option.text == first), None)
    if chosen is None:
        return mo.md("")
    right = next(option for option in lesson.options if option.right)
    said = "**You were right.**" if chosen.right else "**It came out otherwise.**"
    more = "" if chosen.right else f"\n\nRight was: *{right.text}* {right.comment}"
    again = "" if form.value == first else "\n\nThis one counts: you made it before you saw the picture."
    return mo.md(f"## Your prediction\n\n*{chosen.text}*{again}\n\n{said} {chosen.comment}{more}")


def seed(label: str = "luck of the draw (seed)") -> Any:
    """The control for the seed: the same number is the same luck."""
    return mo.ui.number(1, 9999, step=1, value=1, label=label)


def controls(**elements: Any) -> Any:
    """Controls in one block: its value is a dictionary by name."""
    return mo.ui.dictionary(elements)


def shown(controls: Any, heading: str = "Controls") -> mo.Html:
    """A block of controls, laid out for a narrow and a wide page alike."""
    return mo.vstack([mo.md(f"## {heading}"), *controls.elements.values()], gap=0.5)


def picture(figure: Figure) -> mo.Html:
    """A figure on the page."""
    return mo.Html(figure.html())


def words(pictures: Mapping[str, Callable[[], Figure]]) -> list[mo.Html]:
    """Words of the glossary, each with its meaning and its picture."""
    from analysis import glossary

    shown = []
    for word, draw in pictures.items():
        found = glossary.find(word)
        meaning = found.meaning if found else ""
        shown += [mo.md(f"### {word.capitalize()}\n\n{meaning}"), picture(draw())]
    return shown


def turn() -> Any:
    """The control for the round of "which switch did we flip?"."""
    return mo.ui.number(
        1, 99, step=1, value=1, label="round (each number hides one of the causes named below)"
    )


def flipped(lesson: Lesson, number: float | None) -> Switch:
    """The switch that is flipped in round `number` of "which switch did we flip?"; an emptied field is a round, too."""
    draw = np.random.default_rng([lesson.number, int(number or 0)])
    return lesson.switches[int(draw.integers(len(lesson.switches)))]


def guess(lesson: Lesson) -> Any:
    """The form for "which switch did we flip?". Its value is the name of a switch, None before that."""
    names = [switch.name for switch in lesson.switches]
    return mo.ui.radio(names, label="**Which switch did we flip?**").form(
        submit_button_label="This one", bordered=False
    )


def verdict_on_guess(guessed: str | None, switch: Switch) -> mo.Html:
    """Whether the guess names the cause, and the trace by which it is told."""
    if guessed is None:
        return mo.md("*Look at the pictures, then name the cause.*")
    said = "**Yes.**" if guessed == switch.name else f"**No, it was: {switch.name}.**"
    return mo.md(f"{said} {switch.telltale}")


def take_away(lesson: Lesson) -> mo.Html:
    """The paragraph to keep, and where the report deals with it."""
    return mo.md(f"## To take away\n\n{lesson.take_away()}\n\n*In the report:* {lesson.place}")


def code(lesson: Lesson) -> mo.Html:
    """The code behind the picture, on demand."""
    return mo.accordion({"Show the code": mo.md(f"```python\n{lesson.code}\n```")})


def exercises(lesson: Lesson) -> Any:
    """The form of the exercises. Its value is for `results`; None before it was sent."""
    fields = {_name(one.key): _field(one) for one in lesson.exercises}
    places = "\n\n".join(f"{{{name}}}" for name in fields)
    return mo.md(f"## Exercises\n\n{places}").batch(**fields).form(
        submit_button_label="Check my answers", bordered=False
    )  # fmt: skip


def _name(key: str) -> str:
    """The key of an exercise as a name that a text can hold a place for."""
    return "exercise_" + key.replace(".", "_")


def _field(one: Exercise) -> Any:
    label = f"**{one.key}.** {one.question}" + (f" (in {one.unit})" if one.unit else "")
    if one.options:
        return mo.ui.radio(list(one.options), label=label)
    return mo.ui.text(label=label)


def results(lesson: Lesson, answers: Mapping[str, Any] | None) -> mo.Html:
    """What is right and what is not, and the answers as a file for a teacher."""
    named = answers or {}
    given = {one.key: named.get(_name(one.key)) for one in lesson.exercises}
    given = {key: value for key, value in given.items() if value not in (None, "")}
    if not given:
        return mo.md("*Answer one or more, then check.*")
    lines = [f"- **{one.key}**: {one.said}" for one in graded(lesson, given)]
    file = mo.download(
        as_yaml(lesson, given).encode(),
        filename=f"lesson-{lesson.number:02}-answers.yaml",
        label="Save my answers for the teacher",
    )
    return mo.vstack([mo.md("\n".join(lines)), file])
