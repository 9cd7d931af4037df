"""Answers to exercises as a file: YAML that a learner writes, or that a notebook saves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from lessons.frame.lesson import Lesson


def as_yaml(lesson: Lesson, given: Mapping[str, Any], learner: str = "") -> str:
    """The text of a file of answers to one lesson."""
    head = {"learner": learner} if learner else {}
    return yaml.safe_dump(
        {**head, "lesson": lesson.number, "answers": dict(given)}, sort_keys=False, allow_unicode=True
    )
