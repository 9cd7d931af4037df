"""Smallest counterexamples: small, 1-minimal, and true of the very rows that are shown."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.validation.asking import Failure
from testbed.validation.compare import compare, judge
from testbed.validation.counterexample import Budget, Spent, counterexample, smallest
from testbed.validation.matching import read_answer
from testbed.validation.questions import questions
from testbed.validation.recognition import Case
from testbed.validation.worlds import battery
from tests.testbed.validation.asked import answering, way


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 39), min_size=1, max_size=6), st.integers(1, 40))
def test_what_is_needed_is_found_and_no_more(needed, count):
    items = list(range(max(count, max(needed) + 1)))
    assert smallest(items, lambda part: needed <= set(part)) == sorted(needed)


@settings(max_examples=60, deadline=None)
@given(st.sets(st.frozensets(st.integers(0, 19), min_size=1, max_size=4), min_size=1, max_size=4))
def test_whatever_is_found_holds_and_is_1_minimal(causes):
    """Where several parts will do, one of them is found."""

    def holds(part: list[int]) -> bool:
        return any(cause <= set(part) for cause in causes) and sum(part) % 3 != 1

    if holds(list(range(20))):
        found = smallest(list(range(20)), holds)
        assert holds(found)
        assert not any(holds(found[:i] + found[i + 1 :]) for i in range(len(found)))


def test_nothing_is_needed_where_nothing_still_holds():
    assert smallest([1, 2, 3], lambda part: True) == []


def test_a_budget_ends():
    budget = Budget(2, 60)
    budget.spend()
    budget.spend()
    with pytest.raises(Spent):
        budget.spend()
    with pytest.raises(Spent):
        Budget(2, -1).spend()


MADE = [
    ("retention_triangle", "on or after", "whole months", "UTC", 4),
    ("retention_triangle", "empty cells dropped", "empty week", "UTC", 3),
    ("weekly_openness", "unknown models dropped", "unknown model", "UTC", 2),
    ("effective_cost", "own keys in", "own keys", "UTC", 1),
    ("category_share", "doubled labels", "doubled labels and retries", "UTC", 2),
    ("top_models", "limits and ties", "ties", "UTC", 12),
]


@pytest.mark.parametrize(("name", "trap", "world", "zone", "most"), MADE)
def test_a_counterexample_is_small_minimal_and_true(name, trap, world, zone, most):
    question, held = questions()[name], battery()[world]
    ask = answering(question, way(name, trap), model=held.model)
    case = Case(world, held.tables, zone, held.arguments(question))
    found = counterexample(question, ask, case, seconds=60)
    assert found is not None and found.minimal
    rows = found.tables.requests
    assert 1 <= len(rows) <= most
    # both answers are those to the very rows that are shown
    right = question.answer(found.tables, **case.arguments)
    again = compare(question, right, ask(found.tables, zone))
    assert again.verdict == "wrong" and again.differences == found.found.differences
    assert judge(question, found.right, read_answer(question, right)).verdict == "exact"
    # without any one of the requests it does not err
    for i in range(len(rows)):
        labels = [
            label for label in found.tables.label_rows if label["generation_id"] != rows[i]["generation_id"]
        ]
        fewer = found.tables.with_rows(rows[:i] + rows[i + 1 :], labels)
        assert compare(question, question.answer(fewer, **case.arguments), ask(fewer, zone)).right


def test_the_session_zone_stays_and_values_are_simple():
    question, held = questions()["tool_share"], battery()["far zones"]
    session = next(
        mutant for mutant in (way("tool_share", "local time", i) for i in range(40)) if mutant.zoned
    )
    case = Case("far zones", held.tables, "Asia/Kolkata")
    found = counterexample(question, answering(question, session), case, seconds=60)
    assert found is not None and found.zone == "Asia/Kolkata" and len(found.tables.requests) == 1
    (row,) = found.tables.requests
    assert (row["tokens_prompt"], row["continent"], row["session_id"]) == (100, "North America", None)
    assert row["created_at"].hour != 12  # at noon it is the same day in both zones


def test_the_recognised_mistake_is_kept():
    """Of two mistakes the one that is looked for."""
    question, held = questions()["tool_share"], battery()["far zones"]
    ask = answering(question, way("tool_share", "Sunday weeks"), way("tool_share", "percent"))
    case = Case("far zones", held.tables)

    def a_sunday(case, answer):
        return any(key[0].weekday() == 6 for key in answer.values if key[0] is not None)

    found = counterexample(question, ask, case, a_sunday, seconds=60)
    assert found is not None and found.found.answer is not None and a_sunday(case, found.found.answer)


def test_where_the_budget_ends_what_was_reached_is_shown():
    question, held = questions()["tool_share"], battery()["far zones"]
    calls: list[int] = []
    ask = answering(question, way("tool_share", "Sunday weeks"), calls=calls)
    found = counterexample(question, ask, Case("far zones", held.tables), calls=5)
    assert found is not None and not found.minimal and found.calls == 5 and len(calls) == 6
    assert found.found.verdict == "wrong" and len(found.tables.requests) <= held.tables.generations.num_rows


def test_a_right_answer_has_none_and_a_failure_is_no_mistake():
    question, held = questions()["tool_share"], battery()["two weeks"]
    case = Case("two weeks", held.tables)
    assert counterexample(question, answering(question), case) is None
    assert counterexample(question, lambda tables, zone: Failure("no"), case) is None


def test_an_answer_of_another_shape_has_one_too():
    question, held = questions()["tool_share"], battery()["two weeks"]
    found = counterexample(
        question, lambda tables, zone: pd.DataFrame({"week": []}), Case("two weeks", held.tables)
    )
    assert found is not None and "no column for share" in found.found.why and found.tables.requests == []
