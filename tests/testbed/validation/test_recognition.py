"""Known mistakes are told from the right answer on some world, and recognised by their answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from random import Random

import pandas as pd
import pytest

from testbed.validation.battery import ZONES, Judgement
from testbed.validation.compare import agrees, may_be_one
from testbed.validation.integrations.wording import unnamed
from testbed.validation.matching import read_answer
from testbed.validation.mutants import Mutant, can_meet
from testbed.validation.mutants import form as making
from testbed.validation.questions import TRAPS, questions
from testbed.validation.recognition import (
    Case,
    KnownAnswers,
    Profile,
    Recognition,
    Seen,
    recognise,
    step_by_step,
    told_apart,
)
from testbed.validation.worlds.rows import label, log, numbered, request
from tests.testbed.validation.asked import SMALL, way

YES_OR_NO = {"foundational_verdict"}
"""Questions whose answers are yes or no: many mistakes give the same there, and then none is named."""
UNUSED = {"duplicates kept", "sampling weights ignored"}
"""No log of the contract has them: ids are unique there, and there is no weight. Faults of data can."""


@cache
def known(question: str) -> KnownAnswers:
    return KnownAnswers(questions()[question])


def cases(question: str, zones: Iterable[str] = ("UTC",)) -> list[Case]:
    asked = questions()[question]
    return [Case(world.name, world.tables, zone, world.arguments(asked)) for world in SMALL for zone in zones]


def cases_of(question: str, *mutants: Mutant) -> list[Case]:
    return cases(question, ZONES if any(mutant.zoned for mutant in mutants) else ("UTC",))


def told(question: str, *mutants: Mutant) -> bool:
    """Whether some world tells these mistakes from the right answer."""
    answers = known(question)
    for case in cases_of(question, *mutants):
        right, wrong = answers.answer((), case), answers.answer(mutants, case)
        assert wrong is not None or len(mutants) > 1, f"{question}: {mutants[0].trap}, {mutants[0].way} fails"
        if right is None or wrong is None or not agrees(answers.question, right, wrong):
            return wrong is not None
    return False


def named(question: str, *mutants: Mutant, seconds: float = 5.0) -> Recognition:
    """What is recognised where a query answers as these mistakes do."""
    answers, seen = known(question), []
    for case in cases_of(question, *mutants):
        given, right = answers.answer(mutants, case), answers.answer((), case)
        if given is not None and right is not None:
            seen.append(Seen(case, given, agrees(answers.question, right, given)))
    return recognise(answers, seen, seconds)


def is_named(trap: str, found: Recognition, question: str) -> bool:
    """Whether a trap is named, or where answers are yes or no, is one of many that are alike."""
    return trap in {one.name for one in found.traps + (found.alike if question in YES_OR_NO else ())}


def first_told(question: str, trap: str) -> Mutant | None:
    ways = [mutant for mutant in known(question).mutants if mutant.trap == trap]
    return next((mutant for mutant in ways if told(question, mutant)), None)


def test_every_trap_is_in_the_way_of_some_question():
    assert {trap.name for question in questions().values() for trap in question.traps} == set(TRAPS) - UNUSED


@pytest.mark.parametrize("name", questions())
def test_every_trap_of_a_question_is_told_from_the_right_answer_and_named(name):
    traps = [trap.name for trap in questions()[name].traps]
    found = {trap: first_told(name, trap) for trap in traps}
    assert [trap for trap, mutant in found.items() if mutant is None] == []
    place = list(questions()).index(name)
    wrong = {}
    for trap in traps[place % 12 :: 12]:  # all of them in the slow test
        mutant = found[trap]
        assert mutant is not None
        recognised = named(name, mutant)
        if not is_named(trap, recognised, name):
            wrong[trap, mutant.way] = recognised
    assert wrong == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", questions())
def test_every_way_into_every_trap_is_named(name):
    wrong = {
        (mutant.trap, mutant.way)
        for mutant in known(name).mutants
        if told(name, mutant) and not is_named(mutant.trap, named(name, mutant), name)
    }
    assert wrong == set()


@pytest.mark.parametrize(("question", "traps"), [
    ("retention_triangle", ("local time", "null users dropped")),
    pytest.param("weekly_openness", ("Sunday weeks", "reasoning twice"), marks=pytest.mark.slow),
    ("sessions_by_pause", ("another pause", "first session forgotten")),  # two of one family
    ("effective_cost", ("own keys in", "money rounded")),  # the second matters to some wrong answers alone
    pytest.param("effective_cost", ("own keys in", "cached twice"), marks=pytest.mark.slow),
    pytest.param("spend_region", ("list price", "null regions dropped"), marks=pytest.mark.slow),
])  # fmt: skip
def test_two_mistakes_together_are_both_named(question, traps):
    mutants = [way(question, trap) for trap in traps]
    recognised = named(question, *mutants)
    assert set(traps) in [{trap.name for trap in one.traps} for one in recognised.explanations]


@pytest.mark.parametrize(("question", "ways"), [
    pytest.param("retention_triangle", (
        "whole numbers", "the month in which the log ends, too", "months in which the log has requests alone",
    ), marks=pytest.mark.slow),
    ("tool_share", ("of requests with a finish reason", "100 for 1", "weeks from Sunday")),
])  # fmt: skip
def test_three_mistakes_are_found_step_by_step(question, ways):
    answers = known(question)
    made = tuple(next(mutant for mutant in answers.mutants if mutant.way == way) for way in ways)
    seen = []
    for case in cases(question):
        given, right = answers.answer(made, case), answers.answer((), case)
        assert given is not None and right is not None
        seen.append(Seen(case, given, agrees(answers.question, right, given)))
    (found,) = step_by_step(answers, sorted(seen, key=lambda one: one.case.size), seconds=30.0)
    assert {mutant.trap for mutant in found} == {mutant.trap for mutant in made}
    assert step_by_step(known("foundational_verdict"), [], seconds=30.0) == []


@pytest.mark.slow
def test_most_random_pairs_are_named():
    rng, hits, tried = Random(12), 0, 0
    for _ in range(120):
        name = rng.choice(list(questions()))
        first, second = rng.sample(known(name).mutants, 2)
        if first.trap == second.trap or first.depth + second.depth == 0:
            continue
        if not told(name, first, second) or not told(name, first) or not told(name, second):
            continue
        tried += 1
        recognised = named(name, first, second, seconds=10)
        hits += any(
            {trap.name for trap in one.traps} <= {first.trap, second.trap} for one in recognised.explanations
        )
    assert tried > 50 and hits / tried >= 0.9


def charged_tokens(*mutants: Mutant) -> float:
    """Of one request each whose key and whose variant is not known, and a plain one of 1 token."""
    tokens = {"tokens_completion": 0, "cost_total": 1.0}
    rows = [request("u", "acme/one", "2025-06-02", tokens_prompt=number, **tokens, **others) for number, others in (
        (1, {}), (10, {"byok": None}), (100, {"variant": None}), (1000, {"byok": True}), (10000, {"variant": "free"}),
    )]  # fmt: skip
    answer = known("effective_cost").answer(mutants, Case("one", log(numbered(rows), [], [])))
    assert answer is not None
    (row,) = answer.values.values()
    assert isinstance(row["charged_tokens"], float)
    return row["charged_tokens"]


def test_mistakes_about_keys_and_about_variants_are_made_together():
    key, variant = way("effective_cost", "own keys in", 1), way("effective_cost", "missing variants dropped")
    free = way("effective_cost", "free variants in")
    assert [charged_tokens(*made) for made in ((), (key,), (variant,), (key, variant), (variant, key))] == [
        101, 111, 1, 11, 11,
    ]  # fmt: skip
    assert charged_tokens(key, free) == 10111


def test_mistakes_about_which_labels_count_and_which_is_taken_are_made_together():
    rows = numbered([request("u", "acme/one", "2025-06-02", tokens_prompt=900, tokens_completion=100)])
    labels = [
        label("gen-00000", "/Computers & Electronics/Programming", 0.4),
        label("gen-00000", "/Pets/Cats", 0.3),
    ]
    case = Case("one", log(rows, labels, []))
    unsure, surest = (
        way("category_share", "low-confidence labels"),
        way("category_share", "one label a request"),
    )
    for made in ((unsure, surest), (surest, unsure)):
        answer = known("category_share").answer(made, case)
        assert answer is not None
        assert {key[1] for key, row in answer.values.items() if row["tokens"]} == {"programming"}


def test_a_mistake_that_adds_only_what_may_be_left_out_does_not_rule_out_a_pair():
    """A cohort of the last month has month 0 alone: its mean is right to leave out."""
    question, mutant = (
        questions()["mean_retention_by_cohort"],
        way("mean_retention_by_cohort", "month 0 counted"),
    )
    answers, case = (
        known(question.name),
        next(c for c in cases(question.name) if c.name == "large and small amounts"),
    )
    right, wrong = answers.answer((), case), answers.answer((mutant,), case)
    assert right is not None and wrong is not None
    assert not agrees(question, right, wrong) and may_be_one(question, right, wrong)
    profile = Profile(answers, [Seen(case, right, True)], 1.0)
    assert mutant not in profile.ruled_out and way(question.name, "percent") not in profile.ruled_out
    told_there = next(c for c in cases(question.name) if c.name == "one user")
    assert mutant in Profile(answers, [Seen(told_there, answers.answer((), told_there), True)], 1.0).ruled_out  # type: ignore[arg-type]


def test_where_many_mistakes_give_the_same_answers_none_is_named():
    """Who forbids gaps finds no cohort foundational, and so do others; who forgets the empty comparison is alone."""
    found = named("foundational_verdict", way("foundational_verdict", "gaps forbidden"))
    assert found.traps == () and found.hints == () and len(found.alike) > 3
    said = unnamed(Judgement("foundational_verdict", "wrong", found, ()))
    assert "no world tells them apart" in said and "'gaps forbidden'" in said
    alone = named("foundational_verdict", way("foundational_verdict", "apart from nobody"))
    assert [trap.name for trap in alone.traps] == ["apart from nobody"] and alone.alike == ()


def test_what_many_pairs_share_is_named():
    traps = ("Sunday weeks", "percent", "integer division", "reasoning twice")
    shared, *others = (way("tool_share", trap) for trap in traps)
    found = told_apart([(shared, other) for other in others])
    assert [trap.name for trap in found.traps] == ["Sunday weeks"] and len(found.alike) == 4
    assert len(told_apart([(shared, other) for other in others[:2]]).explanations) == 2


def test_a_right_query_has_no_trap():
    assert named("tool_share") == Recognition()


def test_a_mistake_in_one_column_is_named():
    """Sums are right, and shares are of the week's local days."""
    question = questions()["weekly_openness"]
    mutant = way("weekly_openness", "reasoning twice")
    answers, seen = known("weekly_openness"), []
    for case in cases("weekly_openness"):
        right, wrong = answers.answer((), case), answers.answer((mutant,), case)
        assert right is not None and wrong is not None
        given = replace(wrong, values={
            key: values | {"tokens": right.values[key]["tokens"]} for key, values in wrong.values.items()
        })  # fmt: skip
        seen.append(Seen(case, given, agrees(question, right, given)))
    assert [trap.name for trap in recognise(answers, seen).traps] == ["reasoning twice"]


def test_a_mistake_in_each_of_two_columns_is_named():
    question, answers, seen = questions()["mean_lengths"], known("mean_lengths"), []
    median, twice = way("mean_lengths", "median for mean"), way("mean_lengths", "reasoning twice")
    for case in cases("mean_lengths"):
        right, one, other = (answers.answer(made, case) for made in ((), (median,), (twice,)))
        assert right is not None and one is not None and other is not None
        given = replace(one, values={
            key: values | {"mean_completion": other.values[key]["mean_completion"], "mean_total": values["mean_total"]}
            for key, values in one.values.items()
        })  # fmt: skip
        seen.append(Seen(case, given, agrees(question, right, given)))
    found = recognise(answers, seen)
    assert {"median for mean", "reasoning twice"} in [
        {trap.name for trap in one.traps} for one in found.explanations
    ]


def test_two_mistakes_of_which_each_is_another_oracle_go_together_in_one_family_alone():
    pause, forgotten = (
        way("sessions_by_pause", "another pause"),
        way("sessions_by_pause", "first session forgotten"),
    )
    assert can_meet(pause, forgotten) and not can_meet(pause, way("sessions_by_pause", "another pause", 1))
    assert not can_meet(way("active_users", "rows for users"), way("active_users", "sums of distinct users"))


def test_a_week_in_two_parts_is_doubled_and_recognised_as_that():
    split = way("active_users", "year of the week", 2)
    answer = known("active_users").answer(
        (split,), next(c for c in cases("active_users") if c.name == "year's turn")
    )
    assert answer is not None and len(answer.doubled) == 1
    assert [one.made[0].way for one in named("active_users", split).explanations] == [split.way]


def test_what_explains_a_part_is_a_hint_and_no_more():
    question, answers, seen = questions()["tool_share"], known("tool_share"), []
    sunday = way("tool_share", "Sunday weeks")
    for case in cases("tool_share"):
        given, right = answers.answer((sunday,), case), answers.answer((), case)
        assert given is not None and right is not None
        if case.name == "far zones":  # nonsense here
            nonsense = pd.DataFrame({"week": [dt.date(2025, 6, 2)], "share": [0.123]})
            given = read_answer(question, nonsense)
        seen.append(Seen(case, given, agrees(question, right, given)))
    recognised = recognise(answers, seen, seconds=0.2)
    assert recognised.traps == () and recognised.hints[0].trap.name == "Sunday weeks"
    assert "far zones" not in recognised.hints[0].cases and len(recognised.hints[0].cases) > 3


def test_mistakes_are_put_into_each_other_whatever_their_order():
    question = questions()["retention_triangle"]
    pair = way("retention_triangle", "empty cells dropped"), way("retention_triangle", "on or after")
    case = cases("retention_triangle")[0]
    one, other = (KnownAnswers(question).answer(order, case) for order in (pair, pair[::-1]))
    assert one is not None and other is not None and one.values == other.values
    assert all(row["active"] for row in one.values.values())
    assert making.together(question, ()) is question.oracle
