"""Grading: answers held against what the lesson computes, with the misconception behind a known wrong one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from lessons.frame.lesson import Exercise, Lesson


class Grade(NamedTuple):
    """What became of one answer. misstep: the misconception behind a wrong answer, empty if it is none that is
    known."""

    key: str
    given: Any
    right: bool
    said: str
    misstep: str = ""


def graded(lesson: Lesson, given: Mapping[str, Any]) -> list[Grade]:
    """The grades of the lesson's exercises that were answered, in their order."""
    return [grade(one, given[one.key]) for one in lesson.exercises if given.get(one.key) is not None]


def grade(one: Exercise, given: Any) -> Grade:
    """The grade of one answer."""
    if not one.options and number_of(given, one.unit) is None:
        return Grade(
            one.key, given, False, f"'{given}' is no number: write one, such as {written(one, 12.0)}."
        )
    if one.options and _chosen(one, given) is None:
        return Grade(one.key, given, False, f"'{given}' is none of the answers: {' / '.join(one.options)}.")
    answer = computed(one.answer)
    if _agree(one, given, answer):
        return Grade(one.key, given, True, f"Right: {written(one, answer)}. {one.explanation}")
    why = next((m.why for m in one.missteps if _agree(one, given, computed(m.answer))), "")
    told = _chosen(one, given) if one.options else number_of(given, one.unit)
    said = f"Not {written(one, told)} but {written(one, answer)}. "
    return Grade(one.key, given, False, said + (why or one.explanation), why)


@cache
def computed(answer: Any) -> float | str:
    """What a function of an exercise gives: worked out once."""
    found: float | str = answer()
    return found


def number_of(given: Any, unit: str = "") -> float | None:
    """The number that a learner wrote, with or without its unit or a percent sign; None if it is none."""
    if isinstance(given, bool):
        return None
    text = str(given).strip().casefold()
    for word in filter(None, ("%", unit, unit.removesuffix("s"))):
        text = text.removesuffix(word.casefold()).strip()
    try:
        value = float(text.replace(",", ".").replace("−", "-"))
    except ValueError:
        return None
    return value if abs(value) < 1e15 else None


def _chosen(one: Exercise, given: Any) -> str | None:
    """The option that a learner wrote, in whatever letter case; None if it is none."""
    alike = {" ".join(option.casefold().split()): option for option in one.options}
    return alike.get(" ".join(str(given).casefold().split()))


def _agree(one: Exercise, given: Any, answer: float | str) -> bool:
    if one.options:
        return _chosen(one, given) == answer
    value = number_of(given, one.unit)
    return value is not None and abs(value - float(answer)) <= one.tolerance + 1e-9


def written(one: Exercise, value: Any) -> str:
    """An answer for people, with its unit."""
    if one.options or isinstance(value, str):
        return f"“{value}”"
    whole = one.tolerance >= 0.5 or float(value).is_integer()
    digits = f"{value:,.0f}" if whole else f"{value:,.2f}"
    digits = "0" if digits == "-0" else digits
    return f"{digits}{'' if one.unit == '%' else ' '}{one.unit}".rstrip()
