"""The battery: each world has what it says, and is small."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

import sim.runs
import sim.world
from analysis import contract
from testbed.validation.compare import compare, judge
from testbed.validation.matching import known_answer, read_answer
from testbed.validation.questions import questions
from testbed.validation.tables import Tables, of_rows
from testbed.validation.worlds import battery, simulated
from testbed.validation.worlds.world import World


def rows(world: str) -> list[dict]:
    return battery()[world].tables.requests


def days(world: str) -> set[dt.date]:
    return {row["created_at"].date() for row in rows(world)}


@pytest.mark.parametrize("name", battery())
def test_every_world_is_small_and_in_the_columns_of_the_contract(name):
    tables = battery()[name].tables
    assert tables.generations.num_rows <= 5000
    for table in contract.TABLES:
        made = getattr(tables, table)
        assert made.schema.names == contract.arrow_schema(table).names
        assert made.schema.types == contract.arrow_schema(table).types
        required = [f for f in contract.FIELDS[table] if not f.nullable and not battery()[name].breaks]
        assert not [f.name for f in required if made.column(f.name).null_count]
    ids = [row["generation_id"] for row in tables.requests]
    assert len(set(ids)) == len(ids)
    for row in tables.requests:
        assert (row["tokens_cached"] or 0) <= row["tokens_prompt"] and row["cost_total"] >= 0
        assert (row["tokens_reasoning"] or 0) <= row["tokens_completion"]
        assert row["finish_reason"] in (None, *contract.FINISH_REASONS)
    assert battery()[name].model in {row["model"] for row in tables.requests}


def test_worlds_have_the_calendars_that_they_say():
    assert max(days("cut month")) == dt.date(2025, 8, 17)
    assert {dt.date(2024, 12, 30), dt.date(2025, 1, 5)} <= days("year's turn")
    assert dt.date(2024, 2, 29) in days("leap day") and max(days("ends on a leap day")) == dt.date(
        2024, 2, 29
    )
    week = [dt.date(2025, 6, 16) + dt.timedelta(days=i) for i in range(7)]
    assert not days("empty week") & set(week) and min(days("empty week")) < week[0] < max(days("empty week"))


def test_users_far_from_utc_live_in_another_month_at_its_edges():
    zones = {"NZ": "Pacific/Auckland", "US": "Pacific/Honolulu", "IN": "Asia/Kolkata", "JP": "Asia/Tokyo",
             "BR": "America/Sao_Paulo"}  # fmt: skip
    found = [
        row["country"]
        for row in rows("far zones")
        if row["user_id"].startswith("far")
        and row["created_at"].astimezone(ZoneInfo(zones[row["country"]])).month != row["created_at"].month
    ]
    assert set(found) == set(zones)


def test_worlds_have_the_records_that_they_say():
    keys = [row["byok"] for row in rows("own keys")]
    assert {True, False, None} == set(keys) and keys.count(True) > len(keys) / 4
    missing = rows("missing values")
    for column in ("finish_reason", "continent", "session_id", "tokens_cached", "variant", "account_id"):
        assert any(row[column] is None for row in missing) and any(row[column] is not None for row in missing)
    assert {None, ""} <= {row["user_id"] for row in rows("no users")}
    assert any(not row["user_id"] and row["account_id"] is None for row in rows("no users"))
    labels = battery()["doubled labels and retries"].tables.label_rows
    assert len({(label["generation_id"], label["path"]) for label in labels}) < len(labels)
    moves = battery()["aliases and migrations"].tables
    preview = next(row for row in moves.model_rows if row["successor"])
    users = {
        m: {row["user_id"] for row in moves.requests if row["model"] == m}
        for m in (preview["model"], preview["successor"])
    }
    assert len(users[preview["model"]] & users[preview["successor"]]) >= 8
    assert (
        len({row["model_permaslug"] for row in moves.requests if row["model"] == preview["successor"]}) == 2
    )
    known = {row["model"] for row in battery()["unknown model"].tables.model_rows}
    assert len({row["model"] for row in rows("unknown model")} - known) == 2


def test_a_query_may_call_the_model_by_its_own_id():
    world = battery()["aliases and migrations"]
    asked = world.asked_about("han/deep")  # which is another model of this world
    triangle = questions()["retention_triangle"]
    own = triangle.answer(world.tables, model=world.model)
    assert compare(triangle, own, triangle.answer(asked.tables, model="han/deep")).verdict == "exact"
    assert asked.model == "han/deep" and world.asked_about(world.model) is world
    facts = {row["model"]: row for row in asked.tables.model_rows}
    assert facts["han/deep"]["author"] == "han" and facts["acme/nova-preview"]["successor"] == "han/deep"


def test_a_simulated_world_is_made_once_and_made_again_where_it_cannot_be_read(tmp_path, monkeypatch):
    monkeypatch.setenv(simulated.CACHE, str(tmp_path))
    made = []

    real = sim.runs.run_world

    def run(world: sim.world.World, **options) -> sim.runs.Run:
        made.append(world)
        return real(world, **options)

    monkeypatch.setattr(sim.runs, "run_world", run)

    def tables() -> Tables:
        return simulated.simulated("nulls/base", 20)

    first = tables()
    assert tables().requests == first.requests and len(made) == 1
    (kept,) = (tmp_path / "worlds").iterdir()
    (kept / "labels.parquet").write_bytes(b"cut off")
    assert tables().requests == first.requests and len(made) == 2
    monkeypatch.setenv(simulated.CACHE, str(tmp_path / "worlds" / kept.name / "models.parquet"))
    assert tables().requests == first.requests and len(made) == 3  # no folder can be made there


def test_a_world_is_made_on_first_use():
    def make() -> Tables:
        made.append(1)
        return Tables(*(of_rows(table, []) for table in contract.TABLES))

    made: list[int] = []
    world = World("empty", "nothing", make, "a/b")
    assert not made and world.tables is world.tables and made == [1]


@pytest.mark.parametrize("name", questions())
def test_a_log_without_rows_has_an_answer_without_rows(name):
    nothing = Tables(*(of_rows(table, []) for table in contract.TABLES))
    answer = questions()[name].answer(nothing)
    assert answer["optional"].all()


@pytest.mark.parametrize("name", questions())
def test_an_oracles_answer_is_the_same_read_from_its_frame(name):
    question = questions()[name]
    for world in ("two weeks", "three prices", "own keys"):
        made = battery()[world]
        arguments = made.arguments(question)
        plain = known_answer(question, made.tables, **arguments)
        framed = read_answer(question, question.answer(made.tables, **arguments))
        assert plain.values.keys() == framed.values.keys()
        assert (plain.optional, plain.matches) == (framed.optional, framed.matches)
        assert judge(question, plain, framed).verdict == judge(question, framed, plain).verdict == "exact"
