"""Oracles and analysis agree on every world: two ways to the same answer that share no code."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from analysis.sources.errors import LogError
from testbed.validation.compare import compare
from testbed.validation.questions import questions
from testbed.validation.worlds import battery
from tests.analysis.in_memory import opened
from tests.testbed.validation.from_analysis import ANSWERS, NOT_ASKED, PARTIAL, asked, log_of

USERS = {
    name for name in ANSWERS if name.startswith(("retention", "cohort", "mean_retention", "launch", "found"))
}


def test_every_question_is_compared_or_said_to_have_no_table():
    assert set(ANSWERS) | NOT_ASKED == set(questions()) and not set(ANSWERS) & NOT_ASKED


@pytest.mark.parametrize("world", battery())
def test_oracles_agree_with_the_analysis(world):
    """Every other question here, the others on the worlds before and after it; all of them in the slow test."""
    assert disagreements(world, list(ANSWERS)[list(battery()).index(world) % 2 :: 2]) == {}


@pytest.mark.slow
@pytest.mark.parametrize("world", battery())
def test_all_oracles_agree_with_the_analysis(world):
    assert disagreements(world, ANSWERS) == {}


def disagreements(world: str, asked_for: Iterable[str]) -> dict[str, object]:
    """Questions on whose answers to a world the oracle and the analysis differ: why, and where."""
    made = battery()[world]
    wrong: dict[str, object] = {}
    with log_of(made) as log:
        for name in asked_for:
            answer = ANSWERS[name]
            if made.breaks and name in USERS:
                continue
            right, found = asked(made, name), answer(log, made.model)
            if name in PARTIAL:
                cells = set(zip(found["cohort"], found["k"], strict=True))
                right = right.loc[[cell in cells for cell in zip(right["cohort"], right["k"], strict=True)]]
            compared = compare(questions()[name], right, found)
            if compared.verdict != "exact":
                wrong[name] = (compared.why, compared.differences)
    return wrong


def test_the_analysis_refuses_the_log_without_users():
    world = battery()["no users"]
    with pytest.raises(LogError, match="user_id"), opened(world.tables.generations):
        pass
