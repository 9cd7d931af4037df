"""Relations that hold without an oracle: oracles keep them, and mistakes break them."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from testbed.validation.asking import Failure
from testbed.validation.metamorphic import RELATIONS, Broken, broken, relations_of
from testbed.validation.questions import questions
from testbed.validation.recognition import Case
from testbed.validation.worlds import battery
from tests.testbed.validation.asked import answering

WORLDS = ("four users", "two weeks", "ties", "on the thresholds")


@pytest.mark.parametrize("name", questions())
def test_oracles_keep_the_relations_of_their_questions(name):
    question = questions()[name]
    for world in WORLDS:
        held = battery()[world]
        case = Case(world, held.tables, "UTC", held.arguments(question))
        assert list(broken(question, answering(question, model=held.model), case)) == []


def test_which_relations_hold_follows_from_the_columns():
    of = {
        name: {relation.name for relation in relations_of(question)} for name, question in questions().items()
    }
    every = {"shuffled rows", "split files", "renamed ids"}
    assert of["retention_triangle"] == every | {"another model's rows", "doubled users"}
    assert of["weekly_openness"] == of["top_models"] == every | {"whole-week shift", "doubled users"}
    assert of["cohort_sizes"] == every | {"doubled users"}
    assert of["elasticity"] == every | {"whole-week shift"}  # its intercept goes with the log's size
    own = replace(questions()["tool_share"], relations=("split files",))
    assert [relation.name for relation in relations_of(own)] == ["split files"]


def by_order_of_rows(tables, zone):
    """The session's week is that of the table's first row."""
    week = pd.Timestamp(tables.requests[0]["created_at"]).tz_localize(None).normalize()
    return pd.DataFrame({"week": [week], "share": [0.5]})


def by_names(tables, zone):
    share = sum(row["user_id"] < "u2" for row in tables.requests) / len(tables.requests)
    return pd.DataFrame({"week": [pd.Timestamp("2025-06-02")], "share": [share]})


def by_first_chunk(tables, zone):
    part = tables.generations.column("tokens_prompt").chunk(0)
    return pd.DataFrame({"week": [pd.Timestamp("2025-06-02")], "share": [1 / (1 + len(part))]})


def in_a_fixed_week(tables, zone):
    return pd.DataFrame({"week": [pd.Timestamp("2025-06-02")], "share": [0.5]})


def by_size(tables, zone):
    week = min(row["created_at"] for row in tables.requests)
    return pd.DataFrame({"week": [week], "share": [1 / tables.generations.num_rows]})


@pytest.mark.parametrize(("ask", "relation"), [
    (by_order_of_rows, "shuffled rows"), (by_names, "renamed ids"), (by_first_chunk, "split files"),
    (in_a_fixed_week, "whole-week shift"), (by_size, "doubled users"),
])  # fmt: skip
def test_each_relation_is_broken_by_what_it_is_for(ask, relation):
    question = replace(questions()["tool_share"], oracle=None)
    found = list(broken(question, ask, Case("two weeks", battery()["two weeks"].tables)))
    assert relation in {one.relation.name for one in found if isinstance(one, Broken)}


def test_requests_to_another_model_are_seen_to_matter():
    question, held = questions()["retention_triangle"], battery()["four users"]

    def ask(tables, zone):  # the cohorts of all models together
        every = [row | {"model": held.model} for row in tables.requests if row["user_id"] != "z"]
        late = [row for row in tables.requests if row["model"] not in (held.model, "beta/two")]
        return answering(question, model=held.model)(
            tables.with_rows(every if late else tables.requests), zone
        )

    found = list(broken(question, ask, Case("four users", held.tables, "UTC", held.arguments(question))))
    assert [one.relation.name for one in found if isinstance(one, Broken)] == ["another model's rows"]


def test_code_that_fails_is_told_apart():
    question = questions()["tool_share"]
    case = Case("two weeks", battery()["two weeks"].tables)
    (found,) = broken(question, lambda tables, zone: Failure("it broke"), case)
    assert isinstance(found, Failure) and found.reason == "it broke"

    def only_the_first(tables, zone):
        return answering(question)(tables, zone) if tables is case.tables else Failure("not again")

    others = list(broken(question, only_the_first, case))
    assert {one.found.verdict for one in others if isinstance(one, Broken)} == {"could not run"}
    assert len(others) == len(relations_of(question)) < len(RELATIONS)
