"""Answers to exercises as a file: YAML that a learner writes, or that a notebook saves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from analysis.contract.nearest_names import did_you_mean
from lessons.frame.lesson import Exercise, Lesson
from lessons.frame.registry import lessons
from sim.config.documents import load_document
from sim.config.problems import ProblemAt
from sim.config.schema_errors import parse


class Answers(BaseModel):
    """What a learner answered."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    learner: str = Field("", description="who answered; the file's name where there is none")
    lesson: int | None = Field(
        None, description="the lesson, told for people: the keys of answers say it, too"
    )
    answers: dict[str, str | float | bool] = Field(description="answers by the exercises' keys, such as 1.1")

    @model_validator(mode="after")
    def _known(self) -> Answers:
        known = exercises()
        for key in self.answers:
            if key not in known:
                hint = did_you_mean(key, known) or f"there are {', '.join(known)}"
                raise ProblemAt(("answers", key), f"no exercise '{key}'", hint, at_key=True)
        return self


def exercises() -> dict[str, Exercise]:
    """All exercises by key, in their order."""
    return {one.key: one for lesson in lessons().values() for one in lesson.exercises}


def read(path: Path) -> Answers:
    """The answers of a file. Raises ScenarioError with every problem and its place."""
    found = parse(load_document(path), Answers)
    return found.model_copy(update={"learner": found.learner.strip() or path.stem})


def as_yaml(lesson: Lesson, given: Mapping[str, Any], learner: str = "") -> str:
    """The text of a file of answers to one lesson."""
    head = {"learner": learner} if learner else {}
    return yaml.safe_dump(
        {**head, "lesson": lesson.number, "answers": dict(given)}, sort_keys=False, allow_unicode=True
    )
