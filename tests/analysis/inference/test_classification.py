"""Every kind of model can be reached, by a population that is of that kind."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pytest

from analysis.inference.cohorts.models import predecessors
from analysis.inference.cohorts.panel import Panel
from analysis.inference.cohorts.populations import Population, Prior, planted
from analysis.inference.curves.reactivations import find_reactivations
from analysis.inference.verdict import judging as verdict_module
from analysis.inference.verdict.controls import Controls
from analysis.inference.verdict.judging import _adjusted, judge
from tests.analysis.rows import generations, model, models

SIZES = (1500,) + (500,) * 7


def drawn(family, seed=1):
    rng = np.random.default_rng(seed)
    return family.with_volumes(family.draw(rng), rng)


def with_returns(panel: Panel, cohorts: tuple[int, ...], age: int, share: float, seed: int = 3) -> Panel:
    """Some users of the cohorts who were silent come back in the month of that age."""
    rng = np.random.default_rng(seed)
    active = panel.active.copy()
    for c in cohorts:
        month = c + age
        silent = (panel.cohort == c) & ~active[:, month]
        active[silent, month] = rng.random(int(silent.sum())) < share
    return replace(panel, active=active)


KINDS = [
    ("foundational", planted(SIZES, 0.3)),
    ("dominant launch", planted(SIZES, 0.3, Prior(0.8, 2.4, 1.2, 2.0))),
    ("fragile", Population("whale", SIZES, whales=0.15)),
    ("no fit", Population("alike", (20_000,) * 6)),
    ("drift", Population("drift", (2000,) * 8, drift=0.3)),
    ("insufficient data", Population("small", (300, 300), months=4)),
]


@pytest.mark.parametrize(("kind", "family"), KINDS, ids=[kind for kind, _ in KINDS])
def test_kinds(kind, family):
    verdict = judge(drawn(family))
    assert verdict.classification.kind == kind
    assert verdict.classification.because
    assert json.loads(json.dumps(verdict.as_json(), allow_nan=False))["verdict"] == kind


def test_a_small_lead_is_a_launch_advantage_only():
    """A difference of three points is certain with these many users, and too small for a loyal cohort."""
    verdict = judge(drawn(planted((60_000,) + (30_000,) * 7, 0.035)))
    assert verdict.classification.kind == "launch advantage"
    assert verdict.decision.sizes.difference.value < 0.05


def test_too_small_a_launch_cohort_is_named():
    panel = replace(drawn(Population("small", (150,) + (300,) * 5)), min_cohort=200)
    verdict = judge(panel)
    assert verdict.classification.kind == "insufficient data"
    assert "150 users" in verdict.classification.because


def test_no_fit_needs_the_power_to_find_a_quarter():
    panel = drawn(Population("few", (60,) + (30,) * 6))
    assert judge(panel, np.random.default_rng(1), simulations=30).classification.kind == "insufficient data"
    enough = judge(drawn(Population("many", SIZES)), np.random.default_rng(1), simulations=20)
    assert enough.classification.kind == "no fit"


def test_no_fit_without_simulation_needs_cohorts_that_surely_lie_together():
    """Sixty users a cohort, 15% loyal ones missed or not: "no fit" is never said of so few."""
    family = planted((60,) * 7, 0.15)
    kinds = {judge(drawn(family, seed)).classification.kind for seed in range(12)}
    assert "no fit" not in kinds and "no stand-out" in kinds
    missed = judge(drawn(Population("many", SIZES))).classification
    assert missed.kind == "no stand-out" and "was not simulated" in missed.because


def test_users_who_stay_in_every_cohort_are_no_misfit():
    stays = Prior(4.0, 0.8, 0.4, 6.0)
    verdict = judge(drawn(Population("sticky", (20_000,) * 6, stays)))
    assert verdict.classification.kind == "no stand-out"
    assert "alike, at a level of" in verdict.classification.because


def test_the_reports_level_is_reached_or_not():
    steady = judge(drawn(planted(SIZES, 0.45)))
    low = judge(drawn(planted(SIZES, 0.15)))
    assert steady.classification.at_level is True
    assert low.classification.at_level is False


def test_returns_after_silence_are_a_boomerang():
    panel = with_returns(drawn(Population("none", (800,) * 8)), cohorts=(3,), age=3, share=0.25)
    reactivations = [j for j in find_reactivations(panel) if j.confirmed]
    assert [(j.cohort, j.age) for j in reactivations] == [(3, 3)]
    assert reactivations[0].after - reactivations[0].before > 0.03
    kind = judge(panel).classification
    assert kind.kind == "boomerang"
    assert kind.because.startswith("users come back: the cohort of ")
    assert judge(replace(panel, launch=None)).classification.because == kind.because


def test_a_season_for_everybody_is_no_boomerang():
    """All cohorts come back in one calendar month: a rise in each, a reactivation in none. Four panels without an
    alarm; at a true level of 5% one in five seeds would give one."""
    family = Population("season", (800,) * 8, period={5: 1.5, 4: 0.7})
    rng = np.random.default_rng(8)
    assert sum(any(j.confirmed for j in find_reactivations(family.draw(rng))) for _ in range(4)) == 0


def test_noise_is_no_boomerang():
    family = Population("noise", (400,) * 8)
    rng = np.random.default_rng(9)
    assert sum(any(j.confirmed for j in find_reactivations(family.draw(rng))) for _ in range(12)) <= 2


def test_ids_that_retired_into_a_model_at_its_launch_are_its_predecessors(connect):
    day = dt.date.fromisoformat
    catalogue = models(
        model("x/new", "2025-03-10"),
        model("x/preview", "2025-01-10", retired=day("2025-03-12"), successor="x/new"),
        model("x/alpha", "2024-12-10", retired=day("2025-01-11"), successor="x/preview"),
        model("x/old", "2024-05-10", retired=day("2025-09-12"), successor="x/new"),
    )
    log = connect(generations([("u", "x/new", "2025-03-11")]), models=catalogue)
    assert predecessors(log, "x/new") == ["x/preview", "x/alpha"]
    assert predecessors(log, "x/alpha") == []


def test_a_verdict_that_fails_the_adjustment_for_many_models_is_fragile():
    verdict = judge(drawn(planted(SIZES, 0.3)))
    assert verdict.classification.kind == "foundational" and verdict.p <= 0.05
    lost = _adjusted(replace(verdict, holm_p=0.08, judged_together=9))
    assert lost.classification.kind == "fragile"
    assert "adjusting for the 9 models judged" in lost.classification.because
    assert "once the number of models judged is allowed for" in lost.headline
    assert _adjusted(replace(verdict, holm_p=0.05)).classification == verdict.classification


def test_several_models_of_a_log_are_adjusted_together(monkeypatch):
    """Of eleven models one has a p-value that holds alone and not among so many."""
    chosen = drawn(planted(SIZES, 0.3))
    alone = judge(chosen)
    assert alone.decision is not None
    weak = replace(alone, decision=replace(alone.decision, found=_with_p(alone.decision.found, 0.01)))
    monkeypatch.setattr(verdict_module, "panel_of", lambda *args: chosen)
    monkeypatch.setattr(verdict_module, "predecessors", lambda *args: [])
    monkeypatch.setattr(verdict_module, "judge", lambda *args, **named: weak)
    monkeypatch.setattr(verdict_module, "_controls", lambda *args: Controls())
    one, *_ = verdict_module.verdicts(None, ["m"])
    many = verdict_module.verdicts(None, [f"m{i}" for i in range(11)])
    assert one.classification.kind == "foundational"
    assert {v.classification.kind for v in many} == {"fragile"}
    assert many[0].holm_p == pytest.approx(0.11)


def _with_p(found, p):
    return replace(found, tests={**found.tests, "C": replace(found.tests["C"], p=p)})


def test_the_headline_says_what_lacks_of_the_reports_level():
    low = judge(drawn(planted(SIZES, 0.15)))
    assert low.classification.kind == "foundational" and "below the report's level" in low.headline
    short = judge(drawn(planted(SIZES[:5], 0.3)))
    assert short.classification.kind == "foundational" and "month 5 not observed" in short.headline
    steady = judge(drawn(planted(SIZES, 0.45)))
    assert steady.headline.split(";")[0] == "foundational launch cohort"


def test_a_small_launch_cohort_is_told_what_its_least_size_is_good_for():
    """The half-width of a 95% interval at a share of a half, whatever --min-cohort is."""
    family = Population("small", (60, 900, 900, 900))
    for least, points in ((100, 10), (400, 5)):
        because = judge(family.draw(np.random.default_rng(1), least)).classification.because
        assert because.endswith(f"{least} are needed for shares to within {points} points")


@pytest.mark.parametrize(("sizes", "note"), [
    ((300, 300, 90, 300, 300), "1 cohort has fewer than 200 users and is not tested"),
    ((300, 300, 90, 90, 300), "2 cohorts have fewer than 200 users and are not tested"),
])  # fmt: skip
def test_small_cohorts_are_noted(sizes, note):
    assert note in judge(Population("small", sizes).draw(np.random.default_rng(1), 200)).notes
