"""The battery: a row a world as it comes, then the verdict, with traps and a counterexample."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pandas as pd
import pytest

from testbed.validation.asking import Failure, asked
from testbed.validation.battery import ENDLESS, ZONES, Judgement, WorldRow, judged
from testbed.validation.integrations.wording import text
from testbed.validation.questions import questions
from tests.testbed.validation.asked import SMALL, answering, way

FEW = [world for world in SMALL if world.name in ("two weeks", "ties", "far zones", "own keys", "no users")]


def verdict(question, ask, worlds=FEW, zones=ZONES) -> Judgement:
    *rows, last = judged(question, ask, worlds, zones)
    assert all(isinstance(row, WorldRow) for row in rows) and isinstance(last, Judgement)
    assert list(last.worlds) == rows and [row.world for row in rows] == [world.name for world in worlds]
    return last


def test_a_right_query():
    question = questions()["tool_share"]
    found = verdict(question, answering(question))
    assert (found.verdict, found.traps, found.counterexample) == ("right", (), None) and not found.relations
    assert {row.verdict for row in found.worlds} == {"exact"} and not found.breaking_only
    told = found.json()
    assert (told["verdict"], told["traps"], told["counterexample"]) == ("right", [], None)


def test_rows_come_one_by_one():
    asked = []

    def ask(tables, zone):
        asked.append(zone)
        return answering(questions()["tool_share"])(tables, zone)

    rows = judged(questions()["tool_share"], ask, FEW)
    assert not asked and isinstance(next(rows), WorldRow) and asked == list(ZONES)


def test_a_wrong_query_its_trap_and_its_counterexample():
    question = questions()["weekly_openness"]
    found = verdict(question, answering(question, way("weekly_openness", "Sunday weeks")))
    assert found.verdict == "wrong" and [trap.name for trap in found.traps] == ["Sunday weeks"]
    assert found.counterexample is not None and len(found.counterexample.tables.requests) == 1
    told = json.loads(json.dumps(found.json()))
    assert set(told) >= {"question", "verdict", "traps", "worlds", "counterexample"}
    assert told["traps"] == [{"name": "Sunday weeks", "advice": found.traps[0].advice}]
    small = told["counterexample"]
    (row,) = small["generations"]
    assert row["tokens_prompt"] == 100 and "session_id" not in row
    given, right = (next(one for one in small[which] if one["tokens"]) for which in ("given", "right"))
    assert given["week"] < right["week"] and given["tokens"] == right["tokens"]
    world = next(one for one in told["worlds"] if one["world"] == "far zones")
    assert world["verdict"] == "wrong" and world["differences"][0]["what"]


def test_answers_that_lie_there_are_not_asked_for_about_other_logs():
    question = questions()["weekly_openness"]
    there = {id(world.tables) for world in FEW}

    def ask(tables, zone):
        assert id(tables) in there
        return answering(question, way("weekly_openness", "Sunday weeks"))(tables, zone)

    *_, found = judged(question, ask, FEW, again=False)
    assert found.verdict == "wrong" and [trap.name for trap in found.traps] == ["Sunday weeks"]
    assert found.counterexample is None and not found.relations


def test_a_query_that_is_wrong_in_other_zones_alone():
    question = questions()["tool_share"]
    session = next(
        mutant for mutant in (way("tool_share", "local time", i) for i in range(40)) if mutant.zoned
    )
    found = verdict(question, answering(question, session))
    assert found.verdict == "wrong" and [trap.name for trap in found.traps] == ["local time"]
    row = next(row for row in found.worlds if row.world == "far zones")
    assert row.zones == ZONES[1:] and row.why.startswith(
        "in a session in America/Los_Angeles, Asia/Kolkata: "
    )
    assert verdict(question, answering(question, session), zones=("UTC",)).verdict == "right"


def test_a_query_that_cannot_run():
    question = questions()["tool_share"]
    found = verdict(question, lambda tables, zone: Failure("no such column: weeks"))
    assert found.verdict == "cannot run" and found.worlds[0].why == "no such column: weeks"
    assert found.counterexample is None and found.traps == ()


def test_a_failure_on_one_world_leaves_the_others():
    question = questions()["tool_share"]
    odd = next(world for world in FEW if world.name == "own keys")

    def ask(tables, zone):
        return Failure("it broke") if tables is odd.tables else answering(question)(tables, zone)

    found = verdict(question, ask)
    assert found.verdict == "cannot run"
    assert {row.world for row in found.worlds if row.verdict == "could not run"} == {"own keys"}


def test_an_answer_of_another_shape_is_wrong_and_shown():
    found = verdict(
        questions()["tool_share"], lambda tables, zone: pd.DataFrame({"week": [], "n": ["a"] * 0})
    )
    assert found.verdict == "wrong" and found.counterexample is not None
    shape = verdict(
        questions()["tool_share"], lambda tables, zone: pd.DataFrame({"week": pd.to_datetime([])})
    )
    assert shape.verdict == "wrong" and "no column for share" in shape.worlds[0].why
    assert shape.counterexample is not None and shape.traps == ()


def test_what_errs_where_the_contract_is_broken_alone_is_told_so():
    question = questions()["active_users"]
    found = verdict(question, answering(question, way("active_users", "null users dropped")))
    assert found.verdict == "wrong" and found.breaking_only
    assert [row.breaks for row in found.worlds if row.verdict == "wrong"] == ["user_id is never missing"]


def test_columns_that_were_taken_by_type_are_told():
    question = questions()["tool_share"]

    def ask(tables, zone):
        return answering(question)(tables, zone).rename(columns={"share": "part"})

    found = verdict(question, ask)
    assert found.verdict == "right" and found.match == "columns taken: part as share (by type and order)"


@pytest.mark.parametrize("right", [True, False])
def test_a_question_without_an_oracle_is_judged_by_relations(right):
    known = questions()["tool_share"]
    question = replace(known, oracle=None)

    def ask(tables, zone):
        frame = answering(known)(tables, zone)
        return frame if right else frame.head(1 + tables.generations.num_rows % 5)

    found = verdict(question, ask)
    assert found.verdict == ("right" if right else "wrong") and bool(found.relations) != right
    assert found.counterexample is None and found.json()["relations"] == [] if right else True


def test_a_question_without_an_oracle_has_no_answer():
    question = replace(questions()["tool_share"], oracle=None)
    with pytest.raises(ValueError, match="has no oracle"):
        question.answer(FEW[0].tables)
    with pytest.raises(ValueError, match="has no oracle"):
        answering(question)(FEW[0].tables, "UTC")


def test_what_a_runner_says_is_an_answer_or_a_failure():
    @dataclass
    class Said:
        table: pd.DataFrame | None
        reason: str = ""
        failure: str | None = None

    class Box:
        def run(self, tables, zone="UTC"):
            return Said(pd.DataFrame({"zone": [zone]})) if tables else Said(None, "too long", "time")

    ask = asked(Box())
    assert ask(FEW[0].tables, "Asia/Kolkata")["zone"].tolist() == ["Asia/Kolkata"]
    assert ask(None, "UTC") == Failure("too long", endless=True)


def test_code_that_does_not_end_is_not_asked_again_and_again():
    times = []

    def ask(tables, zone):
        times.append(zone)
        return Failure("not done", endless=True)

    found = verdict(questions()["tool_share"], ask)
    assert len(times) == ENDLESS and found.verdict == "cannot run"
    assert found.worlds[0].why == "not done" and "not asked, since it did not end" in found.worlds[1].why


def test_a_relation_that_fails_on_several_worlds_is_said_once():
    question, calls = questions()["active_users"], []

    def ask(tables, zone):
        calls.append(zone)
        right = answering(question)(tables, zone)
        return right.assign(users=right["users"] + len(calls) % 2)

    found = verdict(question, ask, zones=["UTC"])
    said = text("x.sql", found, None)
    assert len({one.case for one in found.relations if one.relation.name == "shuffled rows"}) > 1
    assert said.count("shuffled rows: ") == 1 and "but on '" in said and "and not on" in said
