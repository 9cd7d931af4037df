"""An activity outcome says what the whole log of the same world says, and patterns are asked with checked arguments."""

from __future__ import annotations

import math

import pandas as pd
import pytest

import sim
from analysis.queries import retention, usage
from sim.scenario.shipped import WORLDS
from testbed import patterns
from testbed.claims.measuring.cohorts import LEAST_USERS
from testbed.claims.statistics import measure
from testbed.patterns import outcome

NEW = "new/frontier"
SETTINGS = (
    "start=2024-12-05",
    "end=2025-06-27",
    "mechanisms.rival_trials={look_every_days: 20, inertia: 0.2}",
)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The same world by its activity and by its log."""
    scenario = WORLDS / "one-frontier-model.yaml"
    world = sim.load_world(scenario, users=2500, settings=SETTINGS)
    run = sim.run(scenario, users=2500, settings=SETTINGS, out=tmp_path_factory.mktemp("runs"), workers=1)
    with outcome.of_activity(sim.run_agents(world)) as quick, outcome.of_run(run.path) as whole:
        yield quick, whole


@pytest.mark.parametrize("least", [1, LEAST_USERS])
def test_triangles_are_those_of_the_log(both, least):
    quick, whole = (retention.triangles(o.log, min_cohort=least) for o in both)
    assert len(quick) > 20 and quick["active"].sum() > 1000
    pd.testing.assert_frame_equal(quick, whole, check_exact=True)


def test_months_of_users_are_those_of_the_log(both):
    key = ["model", "cohort", "held"]
    quick, whole = (
        retention.patterns(o.log).assign(
            held=lambda f: f["months"].map(lambda m: m.astype(int).tolist()).astype(str)
        )
        for o in both
    )
    quick, whole = (f.sort_values(key, ignore_index=True)[[*key, "users"]] for f in (quick, whole))
    assert len(quick) > 50
    pd.testing.assert_frame_equal(quick, whole)


def test_weekly_requests_are_those_of_the_log(both):
    quick, whole = (o.weekly.sort_values(["week", "model"], ignore_index=True) for o in both)
    pd.testing.assert_frame_equal(quick, whole, check_exact=True, check_dtype=False)
    assert quick["requests"].sum() == both[1].log.rows


def test_all_patterns_on_activity_agree(both):
    arguments = {"launch-cohort-stands-out": {"model": NEW, "margin": 0.05}, "launch-cohort-durable": {"model": NEW},
                 "cohort-retention": {"model": NEW, "k": 2, "lag": 1},
                 "launch-cohort-leads": {"model": NEW, "k": 2, "min_cohort": 40},
                 "cohorts-alike": {"model": NEW, "k": 2, "min_cohort": 40},
                 "log-requests": {"model": NEW, "since": "2025-03-01", "weeks": 3}}  # fmt: skip
    told = 0
    for name, pattern in patterns.patterns().items():
        if pattern.needs != "activity":
            continue
        bound = patterns.bind(name, arguments.get(name))
        quick, whole = (bound.ask(o) for o in both)
        assert quick == whole, name
        told += quick.holds is not None
    assert told >= 5  # the others are about models of the report


def test_the_launch_contrast_is_that_of_the_log(both):
    row = retention.launch_contrast(both[1].log, NEW, months=[2], min_cohort=40).iloc[0]
    leads, alike = (
        patterns.bind(name, {"model": NEW, "k": 2, "min_cohort": 40}).ask(both[0])
        for name in ("launch-cohort-leads", "cohorts-alike")
    )
    assert {name: (number.value, number.unit) for name, number in leads.numbers.items()} == {
        "launch cohort": (row["launch"], "share"), "later cohorts": (row["later"], "share"),
        "ratio": (row["ratio"], "ratio"), "difference": (row["difference"], "points"),
    }  # fmt: skip
    assert leads.value == row["difference"] and leads.holds is bool(row["difference"] >= 0.05)
    assert alike.value == alike.numbers["largest minus smallest"].value == row["spread"]
    assert alike.holds is bool(row["spread"] < 0.05)
    far = {"model": NEW, "k": 2, "min_cohort": 40}
    assert patterns.bind("launch-cohort-leads", far | {"margin": 1.0}).ask(both[0]).holds is False
    assert patterns.bind("cohorts-alike", far | {"within": 1.0}).ask(both[0]).holds is True


def test_a_contrast_without_later_cohorts_still_has_the_launch(both):
    found = patterns.bind("launch-cohort-leads", {"model": NEW, "k": 4, "min_cohort": 40}).ask(both[0])
    assert found.holds is None and found.value is None and "difference not known" in found.why
    assert found.numbers["launch cohort"].value > 0 and found.numbers["ratio"].value is None
    assert "no requests" in patterns.bind("cohorts-alike", {"model": "a/b"}).ask(both[0]).why


def test_statistics_on_single_users_agree(both):
    call = {"model": NEW, "cohort": "2025-01-01", "around": 3}
    quick, whole = (measure(o.log, "retention.rise", call) for o in both)
    assert quick == whole and quick.n > LEAST_USERS


def test_what_needs_tokens_is_not_asked_of_an_activity(both):
    assert patterns.patterns()["C12"].needs == patterns.patterns()["C131"].needs == "log"
    assert patterns.patterns()["C117"].needs == "activity"
    quick, whole = both
    assert quick.activity is not None and whole.activity is None
    assert "tokens_prompt" not in quick.log.columns and "tokens_prompt" in whole.log.columns
    assert "prices" not in quick.log.models.columns


def test_outcomes_of_a_world_know_that_it_is_simulated(both):
    for found in both:
        assert found.log.simulated and found.by_requests.simulated and found.log.unshared().simulated


def test_by_requests_weighs_each_request_as_one(both):
    weekly = usage.weekly_by_model(both[1].log)
    share = {"of": {"model": NEW}, "window": ["2025-01-06", "2025-06-15"], "summary": "mean"}
    counted = measure(both[1].by_requests, "openness.share", share)
    inside = weekly[weekly["week"].between("2025-01-06", "2025-06-15")]
    table = inside.pivot_table(index="week", columns="model", values="requests", aggfunc="sum").fillna(0)
    expected = float((table[NEW] / table.sum(axis=1)).mean())
    assert counted.value == pytest.approx(expected)
    assert measure(both[0].by_requests, "openness.share", share) == counted
    assert measure(both[1].log, "openness.share", share).value != pytest.approx(expected, abs=1e-6)


def requests(log, first: str, last: str, **columns) -> int:
    """Rows of the log from a day to the one before another."""
    rows = log.generations.select("model", "created_at").to_pandas()
    at = pd.to_datetime(rows["created_at"], utc=True)
    inside = at.between(pd.Timestamp(first, tz="UTC"), pd.Timestamp(last, tz="UTC"), inclusive="left")
    return int((inside & (rows["model"] == columns["model"] if columns else True)).sum())


def test_log_requests_are_those_of_the_whole_weeks_after_a_day(both):
    """1 March 2025 is a Saturday: three whole weeks go from Monday 3 to Sunday 23."""
    quick, whole = both
    asked = {"since": "2025-03-01", "weeks": 3}
    n = requests(whole.log, "2025-03-03", "2025-03-24", model=NEW)
    one = patterns.bind("log-requests", asked | {"model": NEW, "at_least": n}).ask(quick)
    assert (one.holds, one.value) == (True, math.log(n)) and one.numbers["requests"].value == n
    assert not patterns.bind("log-requests", asked | {"model": NEW, "at_least": n + 1}).ask(quick).holds
    of_all = requests(whole.log, "2025-03-03", "2025-03-24")
    assert patterns.bind("log-requests", asked).ask(quick).value == math.log(of_all) > one.value
    assert patterns.bind("log-requests", asked | {"author": "new"}).ask(quick).value == one.value
    assert patterns.bind("log-requests", asked | {"open": False}).ask(quick).value == math.log(of_all)
    monday = patterns.bind("log-requests", {"since": "2025-03-03", "weeks": 3, "model": NEW}).ask(quick)
    assert monday.value == one.value


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"since": "2025-03-01", "model": "rival/none"}, "no such request in 4 weeks from 2025-03-03"),
        ({"since": "2025-06-10", "weeks": 2, "model": NEW}, "does not hold the whole week of 2025-06-23"),
        ({"since": "2026-01-01"}, "0 of the 4 complete weeks"),
        ({"since": "2024-12-02", "weeks": 2}, "does not hold the whole week of 2024-12-02"),
    ],
)
def test_log_requests_are_not_told_without_a_request_or_a_whole_week(both, asked, why):
    one = patterns.bind("log-requests", asked).ask(both[0])
    assert one.holds is None and one.value is None and why in one.why, one.why


@pytest.mark.parametrize(
    ("name", "arguments", "key", "text"),
    [
        ("launch-cohort-durble", {}, None, "did you mean 'launch-cohort-durable'"),
        ("launch-cohort-durable", {}, None, "needs 'model'"),
        ("launch-cohort-durable", {"model": 3}, "model", "valid string"),
        ("launch-cohort-durable", {"model": NEW, "k": 3}, "k", "takes no 'k'"),
        ("C999", {}, None, "no pattern 'C999'"),
    ],
)
def test_bad_patterns(name, arguments, key, text):
    with pytest.raises(patterns.BadPattern, match=text) as caught:
        patterns.bind(name, arguments)
    assert caught.value.key == key


def test_two_patterns_cannot_share_a_name():
    with pytest.raises(ValueError, match="two patterns"):
        patterns.pattern("launch-cohort-durable")(lambda o: patterns.Found(True))
