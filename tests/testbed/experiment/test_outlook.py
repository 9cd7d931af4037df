"""What an experiment can decide, and how large its cohorts will be, before it runs."""

from __future__ import annotations

import json

import numpy as np
import pytest

import sim
from sim.activity import monthly
from sim.randomness import replicate_seed
from testbed import cli
from testbed.experiment import reading
from testbed.experiment.finding import Pairs, find, replicates_to_tell
from testbed.experiment.findings.matrix import _errors
from testbed.experiment.outlook import cannot_decide, cohort_sizes, comparisons, replicates_to_settle
from tests.testbed.experiment.made import write


@pytest.mark.parametrize("level", [0.05, 0.01, 0.05 / 275])
def test_the_least_replicates_are_the_least_with_which_a_finding_can_be_made(level):
    least = replicates_to_tell(level)
    for n, found in ((least, "necessary"), (least - 1, "undecided")):
        pairs = Pairs(0, n, 0, 0)
        assert find(pairs, pairs.p(), level, 0.001, True) == found


def test_a_rate_is_settled_from_the_replicates_that_are_named():
    least = replicates_to_settle(0.05)
    assert _errors(0, least, 0.05) == "within the level"
    assert _errors(0, least - 1, 0.05) == "not settled"


def plan_of(tmp_path, **options):
    return reading.load(write(tmp_path), **options)


def test_an_experiment_says_what_its_replicates_cannot_decide(tmp_path):
    plan = plan_of(tmp_path, replicates=2)
    tests = comparisons(plan)
    assert tests > 1
    few = " ".join(cannot_decide(plan))
    assert "2 replicates can tell no change: from 6 on if all comparisons agree" in few
    assert f"from {replicates_to_tell(0.05 / tests)} on for one alone" in few
    assert f"adjusted for up to {tests} comparisons" in few
    assert "can call nothing irrelevant or absent" in few
    lone = replicates_to_tell(0.05 / tests)
    some = " ".join(cannot_decide(plan_of(tmp_path, replicates=lone - 1)))
    assert f"from {lone} on" in some or "that the file declares" in some
    assert cannot_decide(plan_of(tmp_path, replicates=200)) == []


def test_expected_cohorts_are_those_of_the_first_replicate(tmp_path):
    plan = plan_of(tmp_path)
    (one, *_) = cohort_sizes(plan)
    world = plan.worlds[0]
    settings, _ = plan.worlds_resolved[world.name, "base"]
    seed = replicate_seed(plan.seed, 0)
    agents = sim.run_agents(sim.load_world(world.file, settings=settings, seed=seed, users=plan.users))
    activity = monthly(agents)
    own = activity.model == activity.models.index(one.model)
    table = {}
    for user, month in zip(activity.user[own], activity.month[own], strict=True):
        table[user] = min(table.get(user, 999), month)
    sizes = np.bincount(list(table.values()), minlength=len(activity.months))
    launch = activity.months.index(one.month)
    assert one.launch == sizes[launch] > 0
    assert one.later[1] <= sizes[launch + 1 :].max()


def test_the_plan_is_printed_and_nothing_runs(tmp_path, capsys):
    file, out = write(tmp_path), tmp_path / "out"
    assert cli.main(["experiment", str(file), "--plan", "--replicates", "2", "--out", str(out)]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Expected cohorts" in text and "2 replicates can tell no change" in text
    assert not out.exists()
    assert (
        cli.main(["experiment", str(file), "--plan", "--replicates", "2", "--json", "--out", str(out)]) == 0
    )
    known = json.loads(capsys.readouterr().out)
    assert known["cohorts"][0]["launch"] > 0 and known["runs"] == 2 * len(known["arms"])
