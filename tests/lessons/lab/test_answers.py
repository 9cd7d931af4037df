"""What the page gets: curves as a log would show them, the verdict of the project, the users behind a curve."""

from __future__ import annotations

from itertools import takewhile

import numpy as np
import pytest

from analysis.inference.cohorts.panel import Panel
from lessons.lab import judging
from lessons.lab.controls import _strength, market_json
from lessons.lab.desk import Abandoned, Desk, Ticket
from lessons.lab.market import worlds_of
from lessons.lab.state import read
from sim.mechanisms import MECHANISMS
from testbed.patterns.outcome import of_activity
from testbed.patterns.verdict import verdict_on
from tests.lessons.lab.conftest import USERS

STATE = {"users": 4_000, "twin": "backlog"}


@pytest.fixture(scope="module")
def pieces(desk):
    return list(desk.answers(read(STATE), Ticket()))


def test_parts_come_in_the_order_of_their_cost(pieces):
    parts = [(piece["part"], piece.get("side")) for piece in pieces]
    assert parts[0] == ("market", None)
    assert {*parts[1:3]} == {("curves", "world"), ("curves", "twin")}
    assert parts[3:] == [
        ("verdict", "world"), ("verdict", "twin"), ("rates", "world"), ("rates", "twin"), ("done", None),
    ]  # fmt: skip


def test_many_users_are_answered_for_by_few_first_and_once(desk, monkeypatch):
    monkeypatch.setattr("lessons.lab.desk.FIRST_USERS", 300)
    state = read({"users": 700, "seed": 5})

    def curves():
        return list(takewhile(lambda piece: piece["part"] != "verdict", desk.answers(state, Ticket())))

    _, *told = curves()
    places = [(piece["part"], piece["side"]) for piece in told]
    assert sorted(places) == sorted(
        (part, side) for part in ("first curves", "curves") for side in ("world", "twin")
    )
    assert all(
        places.index(("first curves", side)) < places.index(("curves", side)) for side in ("world", "twin")
    )
    few = worlds_of(read({"users": 300, "seed": 5})).world
    first = next(p for p in told if (p["part"], p["side"]) == ("first curves", "world"))
    assert first["cohorts"] == desk.panel(few, "new/frontier", Ticket())["cohorts"]
    assert [piece["part"] for piece in curves()] == ["market", "curves", "curves"]  # they are still known


def test_curves_are_those_of_the_log(desk, pieces):
    worlds = worlds_of(read(STATE))
    for world, side in ((worlds.world, "world"), (worlds.twin, "twin")):
        shown = next(p for p in pieces if (p["part"], p.get("side")) == ("curves", side))
        with of_activity(desk.simulated(world, Ticket()).agents) as outcome:
            panel = Panel.from_log(outcome.log, "new/frontier")
        months = [f"{month:%Y-%m}" for month in panel.months]
        sizes = {months[c]: int(n) for c, n in enumerate(panel.cohort_sizes) if n}
        assert {cohort["month"]: cohort["users"] for cohort in shown["cohorts"]} == sizes
        for cohort in shown["cohorts"]:
            c = months.index(cohort["month"])
            assert cohort["active"] == panel.active[panel.cohort == c, c:].sum(axis=0).tolist()
            assert cohort["launch"] == (c == panel.launch)


def test_the_twin_is_another_market_with_the_same_users(pieces):
    world, twin = (
        next(p for p in pieces if (p["part"], p.get("side")) == ("curves", s)) for s in ("world", "twin")
    )
    launch = [panel["cohorts"][0]["users"] for panel in (world, twin)]
    assert launch[0] > 1.5 * launch[1]  # without a backlog nobody waits for the launch


def test_the_verdict_is_that_of_the_project(desk, pieces):
    shown = next(p for p in pieces if (p["part"], p.get("side")) == ("verdict", "world"))
    world = worlds_of(read(STATE)).world
    with of_activity(desk.simulated(world, Ticket()).agents) as outcome:
        assert shown["headline"] == verdict_on(outcome, "new/frontier").headline


def test_error_rates_come_last(pieces):
    rates = next(p for p in pieces if (p["part"], p.get("side")) == ("rates", "world"))
    assert 0 <= rates["error_rates"]["false_positive_rate"] <= 1
    assert [rate["loyal"] for rate in rates["error_rates"]["power"]] == [0.1, 0.15, 0.25]


def test_a_model_that_nobody_used_is_told(desk):
    state = {
        "users": 300,
        "models": {"your/rival-1": {"like": "old/model", "released": "2025-09-30"}},
        "look": "your/rival-1",
    }
    told = list(desk.answers(read(state), Ticket()))
    assert [p["cohorts"] for p in told if p["part"] == "curves"] == [[], []]
    assert {p["verdict"] for p in told if p["part"] == "verdict"} == {"insufficient data"}


def test_a_month_that_is_cut_off_is_left_out(desk):
    text = "extends: one-frontier-model\nend: 2025-05-20\nusers: 300\nlook_at: [new/frontier]"
    curves = [p for p in desk.answers(read({"text": text}), Ticket()) if p["part"] == "curves"]
    assert curves[0]["months"][-1] == "2025-04"


def test_abandoned_work_is_not_finished():
    desk, ticket = Desk(), Ticket()
    pieces = desk.answers(read({"users": USERS, "seed": 3}), ticket)
    assert next(pieces)["part"] == "market"
    ticket.abandon()
    assert list(pieces) == []
    with pytest.raises(Abandoned):
        desk.simulated(worlds_of(read({"users": USERS, "seed": 4})).world, ticket)
    desk.close()


class Moved(Exception):
    """The learner moved on."""


@pytest.mark.parametrize(("work", "step"), [("verdict_json", 6), ("rates_json", 60)])
def test_a_verdict_and_its_error_rates_end_where_nobody_waits_any_more(desk, work, step):
    """The error rates are asked in the midst of their simulated panels; no half of a verdict is remembered."""
    calls = 0

    def check():
        nonlocal calls
        calls += 1
        if calls == step:
            raise Moved

    world = worlds_of(read(STATE)).world
    with of_activity(desk.simulated(world, Ticket()).agents) as outcome:
        with pytest.raises(Moved):
            getattr(judging, work)(outcome, "new/frontier", check)
        assert calls == step
        whole = judging.verdict_json(outcome, "new/frontier", lambda: None)
        assert whole["headline"] == verdict_on(outcome, "new/frontier").headline


def test_spells_say_who_makes_the_curve(desk):
    told = desk.spells(read(STATE), "world")
    assert len(told["users"]) == 40
    for user in told["users"]:
        own = [spell for spell in user["spells"] if spell["model"] == "new/frontier"]
        assert own and all(0 <= spell["start"] < spell["end"] <= told["days"] for spell in user["spells"])
    since = [user["since"] for user in told["users"]]
    assert since == sorted(since) and since[0] < "2025-02" < since[-1]


def test_every_mechanism_has_its_control():
    shown = market_json(worlds_of(read({})), read({}))["mechanisms"]
    assert {one["key"] for one in shown} == set(MECHANISMS)
    assert all(one["about"] and one["off"] for one in shown)
    for one in shown:
        for strength in one["strengths"]:
            assert strength["least"] <= strength["value"] <= strength["most"] and strength["step"] > 0


@pytest.mark.parametrize("key", sorted(MECHANISMS))
def test_the_ends_of_a_slider_are_values_that_the_scenario_takes(key):
    kind = MECHANISMS[key]
    usual = kind()
    for name, field in kind.model_fields.items():
        found = _strength(name, field, getattr(usual, name))
        for value in (found["least"], found["most"]) if found else ():
            assert np.isfinite(value)
            kind.model_validate({name: value})
