"""A small change that mends code is found, and is right wherever the code is asked."""

from __future__ import annotations

import json
import random

import pytest
import sqlglot
from sqlglot import exp

from testbed.validation.asking import asked
from testbed.validation.battery import Judgement, judged
from testbed.validation.columns import InputColumns
from testbed.validation.compare import compare
from testbed.validation.questions import PLACEHOLDER, questions
from testbed.validation.recognition import Case, KnownAnswers, Recognition, Wrong
from testbed.validation.repair.form import Edit, Patch, mend
from testbed.validation.repair.search import repair
from testbed.validation.repair.sql.edits import query_edits
from testbed.validation.repair.sql.places import Placed
from testbed.validation.repair.vocabulary import Subject
from testbed.validation.sandbox import Sandbox
from testbed.validation.submission import read_submission
from tests.testbed.validation.asked import SMALL

WORLDS = SMALL[:3]
UNDONE = {
    "wrong comparison",
    "wrong unit of time",
    "rows merged",
    "wrong join",
    "wrong window",
    "wrong aggregate",
}
"""Kinds of edits that an edit of the same kinds takes back."""
EXAMPLES = ("active_users", "effective_cost")


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


def subject(name):
    question = questions()[name]
    return Subject(question, PLACEHOLDER if question.takes_model else None)


def edits(name):
    return query_edits(questions()[name].example("sql"), "duckdb", subject(name), InputColumns())


def wrong(question, text):
    model = PLACEHOLDER if question.takes_model else None
    worlds = [world.asked_about(model) if model else world for world in WORLDS]
    cases = [Case(world.name, world.tables, "UTC", world.arguments(question)) for world in worlds]
    return Wrong(KnownAnswers(question), cases, [])


def opened(sandbox, folder, name, text):
    path = folder / "query.sql"
    path.write_text(text, encoding="utf-8")
    return sandbox.open(read_submission(path, dialect="duckdb"))


def answers(box, held):
    question = held.known.question
    for case in held.cases:
        given = box.run(case.tables).table
        right = question.answer(case.tables, **case.arguments)
        yield given is not None and compare(question, right, given).right


def test_a_column_is_not_exchanged_for_one_that_cannot_have_the_value_it_is_compared_with():
    text = "SELECT model FROM generations WHERE variant <> 'free' AND model_permaslug = 'author/slug'"
    held = query_edits(text, "duckdb", subject("top_models"), InputColumns())
    changed = {(text[one.patches[0].start : one.patches[0].end], one.patches[0].becomes) for one in held}
    assert ("model_permaslug", "model") in changed
    assert ("variant", "model") not in changed
    assert ("variant", "finish_reason") not in changed


@pytest.mark.parametrize("name", sorted(questions()))
def test_each_node_of_an_example_stands_where_the_tree_says(name):
    placed = Placed(questions()[name].example("sql"), "duckdb")
    for node in placed.nodes():
        text = placed.source(node)
        negated = isinstance(node.parent, exp.Not) and placed.span(node) == placed.span(node.parent)
        if text and not negated and isinstance(node, exp.Predicate | exp.AggFunc | exp.Literal):
            again = sqlglot.parse_one(text, read="duckdb")
            assert again.sql("duckdb").strip("()") == node.sql("duckdb").strip("()")


@pytest.mark.parametrize("name", sorted(questions()))
def test_edits_give_queries(name):
    text = questions()[name].example("sql")
    found = edits(name)
    assert len(found) > 50
    assert [one.cost for one in found] == sorted(one.cost for one in found)
    for one in random.Random(name).sample(found, 25):
        assert one.applied(text) != text
        sqlglot.parse(one.applied(text), read="duckdb")


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_edit_that_is_planted_in_a_right_example_is_taken_back(sandbox, tmp_path, name):
    question = questions()[name]
    planted = [one for one in edits(name) if one.kind in UNDONE]
    random.Random(name).shuffle(planted)
    for one in planted:
        box = opened(sandbox, tmp_path, name, one.applied(question.example("sql")))
        held = wrong(question, box.submission.text)
        if box.run(held.cases[0].tables).table is not None and not all(answers(box, held)):
            break
    found = repair(box, held, 60)
    assert found.mends, one
    for mended in found.mends:
        after = opened(sandbox, tmp_path, name, mended.edit.applied(box.submission.text))
        assert all(answers(after, held))


def test_two_edits_at_once_are_found(sandbox, tmp_path):
    question = questions()["active_users"]
    text = question.example("sql").replace("FROM generations", "FROM generations WHERE tokens_prompt > 120")
    box = opened(sandbox, tmp_path, "active_users", text.replace(" AS users", " + 3 AS users"))
    found = repair(box, wrong(question, text), 60)
    assert found.mends[0].kind == "filter too many and term too many"
    assert {place.was for place in found.mends[0].places} == {"+ 3", "WHERE tokens_prompt > 120"}


def test_nothing_is_found_where_time_is_over_and_that_is_said(sandbox, tmp_path):
    question = questions()["active_users"]
    box = opened(sandbox, tmp_path, "active_users", question.example("sql").replace("'week'", "'month'"))
    found = repair(box, wrong(question, ""), 0)
    assert not found.mends
    assert not found.exhausted


def test_an_interrupted_search_keeps_what_it_has(sandbox, tmp_path):
    def interrupt(done, total):
        if 0 < done < total:
            raise KeyboardInterrupt

    question = questions()["active_users"]
    box = opened(sandbox, tmp_path, "active_users", question.example("sql").replace("'week'", "'month'"))
    found = repair(box, wrong(question, ""), 60, interrupt)
    assert not found.exhausted
    assert found.mends[0].kind == "wrong unit of time"


def test_a_mistake_without_a_name_is_told_by_its_mend(sandbox, tmp_path, monkeypatch):
    monkeypatch.setattr("testbed.validation.battery.recognise", lambda *_: Recognition())
    question = questions()["active_users"]
    text = question.example("sql").replace("FROM generations", "FROM generations\nWHERE tokens_prompt > 120")
    box = opened(sandbox, tmp_path, "active_users", text)
    *_, found = judged(question, asked(box), WORLDS, again=False, mender=lambda held: repair(box, held, 60))
    assert isinstance(found, Judgement)
    (trap,) = found.traps
    assert trap.name == "filter too many"
    assert trap.advice.startswith(
        "line 5: leave out `WHERE tokens_prompt > 120`: with this one change it is right on all"
    )
    told = json.loads(json.dumps(found.json()))
    assert told["traps"] == [{"name": trap.name, "advice": trap.advice}]
    told = told["repair"]
    assert (told["line"], told["column"], told["was"], told["becomes"]) == (
        5,
        1,
        "WHERE tokens_prompt > 120",
        "",
    )
    assert {"kind", "alternatives", "tried", "exhausted"} <= set(told)


def test_places_are_lines_and_columns_of_the_users_file():
    text = "SELECT a\nFROM b\n"
    place = mend(text, Edit((Patch(15, 15, " WHERE c"),), "filter missing", 1.0)).places[0]
    assert (place.line, place.column, place.was, place.becomes) == (2, 7, "", "WHERE c")
