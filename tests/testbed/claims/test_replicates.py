"""Replicates of a world: what they say together of a direction, and how it enters the counts."""

from __future__ import annotations

import json

import numpy as np
import pytest
from rich.console import Console
from scipy import stats

from testbed.claims import verdict as verdicts
from testbed.claims.frequency import Study, frequency
from testbed.claims.registry import registry
from testbed.claims.replicates import of_world, shown
from testbed.terminal import scoreboard_page, scoreboard_view

WORLD = [0.10, 0.14, 0.12, 0.13, 0.11]
LUCK = [0.10, -0.12, 0.03, 0.05, -0.02]


def made(value, **more):
    return verdicts.Tested("world", value, "points", **({"up": True} | more))


def line(one, **more):
    verdict = verdicts.directed(one)
    return {"status": verdict.status, "weak": verdict.weak, "reason": verdict.reason, "simulated": "16% → 31%",
            "value": None, "unit": "share", "test": one.as_data(), "parts": []} | more  # fmt: skip


def data(values, **more):
    return [made(value, **more).as_data() for value in values]


def study(claim, lines):
    entry = registry()[claim]
    found = frequency(entry, lines)
    seeds = tuple(range(len(lines)))
    return found, Study("made", 1, seeds, ("run",) * len(lines), "digest", (found,), registry().titles)


def test_the_mean_with_its_t_interval_says_what_the_world_has():
    found = of_world(data(WORLD))
    low, high = stats.t.interval(0.95, 4, np.mean(WORLD), stats.sem(WORLD))
    assert (found.mean, found.low, found.high) == pytest.approx((0.12, low, high))
    assert found.shown and found.replicates == 5 and found.unit == "points"
    assert not of_world(data(LUCK)).shown  # three of five lie above zero
    assert not of_world(data(WORLD, up=False)).shown
    assert of_world(data([-value for value in WORLD], up=False)).shown


def test_the_bound_and_the_least_change_are_those_of_each_replicate():
    assert of_world(data(WORLD, bound=0.09)).shown and not of_world(data(WORLD, bound=0.11)).shown
    assert of_world(data(WORLD, least=0.11)).shown and not of_world(data(WORLD, least=0.13)).shown
    assert not of_world(data([0.10, 0.14, 0.02], level=0.05)).shown
    assert of_world(data([0.10, 0.14, 0.02], level=0.3)).shown


def test_what_is_no_draw_of_a_world_or_alone_says_nothing():
    assert of_world(data(WORLD[:1])) is None and of_world([None, *data(WORLD[:1])]) is None
    assert of_world([None, *data(WORLD)]).replicates == 5
    assert (
        of_world([verdicts.Tested("interval", value, "points", True, 0.0, 0.2).as_data() for value in WORLD])
        is None
    )
    assert of_world([None, None]) is None
    labelled = [
        verdicts.Tested("labels", value, "points", True, value - 1, value + 1).as_data() for value in WORLD
    ]
    assert of_world(labelled).shown  # the luck of the labels is in the spread
    assert shown([]) == shown([None]) == ""
    assert shown([of_world(data(WORLD)), None]) == "shown"
    assert shown([of_world(data(WORLD)), of_world(data(LUCK))]) == "not shown"


def test_a_direction_that_holds_by_luck_counts_for_nothing():
    found, whole = study("C35", [line(made(value)) for value in LUCK])
    assert (found.holds, found.testable, found.share) == (3, 5, 0.6)
    assert found.shown == "not shown" and found.counted == 0
    totals = whole.totals()["emergent"]
    assert (totals["mostly"], totals["never"], totals["mean_held"], totals["goal"]) == (0, 1, 0, 0)
    assert scoreboard_view.often(found) == "3/5 (23-88%), by luck"
    assert scoreboard_view.over_replicates(found).endswith(", not shown")


def test_a_direction_that_the_replicates_show_counts_as_it_holds():
    lines = [line(made(value)) for value in (0.10, 0.14, 0.12, 0.13, -0.001, 0.12)]
    found, whole = study("C35", lines)
    assert (found.holds, found.shown) == (5, "shown") and found.counted == found.share == 5 / 6
    totals = whole.totals()["emergent"]
    assert (totals["goal"], totals["always"], totals["mostly"]) == (1, 0, 1)
    assert totals["mean_held"] == pytest.approx(5 / 6, abs=0.01)
    assert scoreboard_view.often(found) == "5/6 (44-97%)"
    record = json.loads(json.dumps(whole.as_json(), allow_nan=False))["claims"][0]
    assert record["shown"] == "shown" and record["world"]["shown"] is True
    assert record["world"]["low"] < record["world"]["mean"] < record["world"]["high"]
    text = scoreboard_view.over_replicates(found)
    assert text.startswith("16% → 31%: mean +10.1 points [") and text.endswith("], shown")


def test_one_replicate_counts_as_it_is():
    found, _ = study("C35", [line(made(0.1))])
    assert found.shown == "" and found.counted == found.share == 1


def test_one_luck_among_the_conditions_of_a_claim_is_luck():
    level = {"name": "share", "status": "holds", "weak": False, "reason": "in the band", "simulated": "33%",
             "value": 0.33, "unit": "share", "test": None}  # fmt: skip

    def lines(values):
        found = []
        for value in values:
            part = line(made(value)) | {"name": "weekly share"}
            del part["parts"]
            found.append({"status": part["status"], "weak": False, "reason": "made", "simulated": "?", "value": 0.33,
                         "unit": "share", "test": None, "parts": [level, part]})  # fmt: skip
        return found

    found, _ = study("C12", lines(LUCK))
    assert found.holds == 3 and found.counted == 0 and found.world is None
    assert [part.world is None for part in found.parts] == [True, False]
    assert "not shown: holds 3/5" in scoreboard_view.over_replicates(found)
    assert study("C12", lines(WORLD))[0].counted == 1


def test_the_tests_are_said_on_the_terminal_and_on_the_page():
    _, whole = study("C35", [line(made(value)) for value in LUCK])
    console = Console(record=True, width=200)
    scoreboard_view.print_study(console, whole, whole.frequencies)
    printed = " ".join(console.export_text().split())
    page = scoreboard_page.study_markdown(whole, whole.frequencies, "the command")
    for text in (printed, " ".join(page.split())):
        assert "its t interval" in text and "3/5 (23-88%), by luck" in text and "not shown" in text
    assert "| in 80% |" in page
