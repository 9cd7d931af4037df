"""The questions that a query can be judged on: definitions, columns, right examples, and oracles in plain Python."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from analysis.contract.nearest_names import did_you_mean
from testbed.failure import BadInput
from testbed.validation.questions import (
    agentic,
    categories,
    cost,
    definitions,
    launches,
    openness,
    retention,
    use,
)
from testbed.validation.questions.form import OPTIONAL, PLACEHOLDER, Column, Kind, Question
from testbed.validation.questions.known_traps import TRAPS, Trap
from testbed.validation.questions.reading import Reading
from testbed.validation.questions.rules import RULES, Rules

__all__ = [
    "OPTIONAL", "PLACEHOLDER", "RULES", "TRAPS", "Column", "Kind", "NoQuestion", "Question", "Reading", "Rules", "Trap",
    "load", "named", "questions",
]  # fmt: skip

TOPICS = (retention, definitions, launches, use, openness, categories, agentic, cost)


class NoQuestion(BadInput):
    """No question is of this name, or a file holds none; the message says why."""


@cache
def questions() -> dict[str, Question]:
    """The questions that come with the project by name, topic by topic."""
    return {question.name: question for topic in TOPICS for question in topic.QUESTIONS}


def load(path: str | Path) -> Question:
    """A team's own question: the `Question` that a Python file names QUESTION. It is run as it is, in this process.
    Raises NoQuestion, with a message for people."""
    spec = importlib.util.spec_from_file_location("own_question", path)
    if spec is None or spec.loader is None or not Path(path).is_file():
        raise NoQuestion(f"{path}: not a Python file with a question")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise NoQuestion(f"{path}: {type(error).__name__}: {error}") from error
    found = getattr(module, "QUESTION", None)
    if not isinstance(found, Question):
        raise NoQuestion(
            f"{path}: names no QUESTION; end it with QUESTION = Question(...), "
            "of testbed.validation.questions"
        )
    return found


def named(name: str) -> Question:
    """The question of a name, or of a Python file. Raises NoQuestion, with the nearest name if there is none."""
    known = questions()
    if name in known:
        return known[name]
    if Path(name).suffix == ".py":
        return load(name)
    hint = did_you_mean(name, known)
    raise NoQuestion(f"no question '{name}'{f', {hint}' if hint else ''}; `slipper questions` lists them")
