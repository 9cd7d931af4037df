"""The verdict as patterns: one judgement a run for all kinds, too little data counts, and the search over models."""

from __future__ import annotations

from dataclasses import replace

import pytest

import sim
from analysis.inference.cohorts.panel import Panel
from analysis.inference.launch.multiplicity import Scan
from analysis.inference.verdict.judging import verdicts
from sim.scenario.shipped import WORLDS
from testbed import patterns
from testbed.claims.statistics import Untestable
from testbed.patterns import outcome
from testbed.patterns import verdict as asked

FOCAL = "new/focal"
KINDS = ("foundational", "dominant-launch", "fragile", "launch-advantage", "drift", "boomerang", "no-fit",
         "no-stand-out", "insufficient-data")  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A third of the users of a planted world and of its null: later cohorts of about 170 users."""
    folders = {}
    for name in ("planted-40", "planted-00"):
        file = WORLDS / "nulls" / f"{name}.yaml"
        folders[name] = sim.run(file, users=3500, out=tmp_path_factory.mktemp(name), workers=1, seed=1).path
    return folders


@pytest.fixture(params=["planted-40"])
def made(runs, request):
    with outcome.of_run(runs[request.param]) as found:
        yield found


def ask(made, name, **arguments):
    return patterns.bind(name, arguments).ask(made)


def test_each_run_has_one_kind_and_is_judged_once(made, monkeypatch):
    calls = []

    def counted(*given, **named):
        calls.append(named)
        return verdicts(*given, **named)

    monkeypatch.setattr(asked, "verdicts", counted)
    found = {kind: ask(made, f"{kind}-verdict", model=FOCAL, min_cohort=100) for kind in KINDS}
    assert [kind for kind, answer in found.items() if answer.holds] == ["foundational"]
    assert len({answer.value for answer in found.values()}) == 1 and found["fragile"].value > 0.1
    assert len(calls) == 1
    ask(made, "foundational-verdict", model=FOCAL)
    assert len(calls) == 2  # other arguments are another verdict


def test_too_little_data_counts_as_not_called(made):
    for kind in KINDS:
        assert ask(made, f"{kind}-verdict", model=FOCAL, min_cohort=5000).holds is (
            kind == "insufficient-data"
        )
    naive = ask(made, "two-proportions-reject", model=FOCAL, min_cohort=5000)
    assert naive.holds is False and naive.value is None
    assert ask(made, "two-proportions-reject", model=FOCAL, min_cohort=100).holds


def test_a_model_that_nobody_used_cannot_be_judged(made):
    for name in ("foundational-verdict", "two-proportions-reject"):
        answer = ask(made, name, model="new/focl")
        assert answer.holds is None and "no requests to 'new/focl'" in answer.why
    with pytest.raises(Untestable):
        asked.verdict_on(made, "new/focl")


@pytest.mark.parametrize(("made", "called"), [("planted-40", True), ("planted-00", False)], indirect=["made"])
def test_the_search_finds_what_is_there(made, called):
    for scan in (False, True):
        found = ask(made, "any-foundational-verdict", min_cohort=100, scan_cohorts=scan)
        assert (found.holds, found.value) == (called, float(called)), found
    assert (f"{FOCAL} 2025-01" in found.why) == called


def test_a_verdict_that_does_not_survive_holm_is_not_called(made, monkeypatch):
    (true,) = verdicts(made.log, [FOCAL], min_cohort=100)
    for holm, called in ((0.04, True), (0.06, False)):
        adjusted = replace(true, holm_p=holm)
        made.remembered.clear()
        monkeypatch.setattr(asked, "verdicts", lambda *a, given=adjusted, **k: [given])
        assert ask(made, "any-foundational-verdict", min_cohort=100).holds is called


def test_a_searched_cohort_must_survive_the_number_of_models(made, monkeypatch):
    launch = Panel.from_log(made.log, FOCAL, min_cohort=100)
    panel = replace(launch, launch=None)  # so that the planted cohort is one like the others
    for p, called in ((0.004, [f"{FOCAL} 2025-01"]), (0.006, [])):
        cohorts = tuple(panel.tested)
        found = Scan(cohorts, (9.0,) * len(cohorts), (p,) * len(cohorts), 1000)
        monkeypatch.setattr(asked, "scan", lambda *a, given=found: given)
        assert asked._searched(panel, FOCAL, 10) == called
        assert asked._searched(launch, FOCAL, 10) == []  # a launch cohort has the verdict
