"""Searching over cohorts and models: adjusted p-values, and what a search finds in noise."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from analysis.inference.cohorts.populations import Population, planted
from analysis.inference.error_rates.fitted_null import searched_null
from analysis.inference.launch.four_tests import age_period
from analysis.inference.launch.multiplicity import adjusted, cohort_statistics, scan
from analysis.inference.verdict.judging import judge


def test_holm_and_benjamini_hochberg_by_hand():
    p = [0.01, 0.04, math.nan, 0.03]
    assert adjusted(p, "holm") == pytest.approx([0.03, 0.06, math.nan, 0.06], nan_ok=True)
    assert adjusted(p, "fdr_bh") == pytest.approx([0.03, 0.04, math.nan, 0.04], nan_ok=True)
    assert all(math.isnan(x) for x in adjusted([math.nan], "holm"))


def test_score_statistics_agree_with_the_fitted_effects():
    cells = planted((800,) + (400,) * 5, 0.05).draw(np.random.default_rng(1)).cells
    z = cohort_statistics(cells)
    for cohort in (0, 2, 3):
        assert z[cohort] == pytest.approx(age_period(cells, cohort)[0].statistic, abs=0.35)


def test_two_cohorts_have_no_statistics():
    assert cohort_statistics(Population("two", (50, 50), months=4).draw(np.random.default_rng(0)).cells) == {}


def test_a_search_finds_the_loyal_cohort():
    panel = planted((800,) + (400,) * 5, 0.25).draw(np.random.default_rng(2))
    found = scan(panel, searched_null(panel), np.random.default_rng(3), 60)
    assert found.top == 0
    assert found.adjusted_p[0] <= 2 / 61


def test_a_search_through_noise_keeps_its_level():
    """Some cohort's own z exceeds 1.64 in most panels of noise; its adjusted p is at most 5% in few (3 of 30 or less,
    exceeded in 2% of cases at a level of 5%), although seasons shake all cohorts."""
    family = Population("noise", (300,) * 7, period={3: 0.6, 5: 1.3})
    null = family
    rng = np.random.default_rng(5)
    naive = alarms = 0
    for _ in range(30):
        panel = family.draw(rng)
        found = scan(panel, null, rng, 39)
        naive += max(found.z) > 1.645
        alarms += min(found.adjusted_p) <= 0.05
    assert naive >= 6
    assert alarms <= 4


@pytest.mark.parametrize(("spread", "panels", "most"), [(0.0, 12, 3), (0.25, 24, 5)])
def test_a_search_through_cohorts_that_merely_vary_keeps_its_level(spread, panels, most):
    """The null is fitted to each panel. 5 of 24 alarms or fewer (3 of 12 where cohorts are alike), exceeded in 1% of
    cases at a level of 8%; a null in which cohorts do not vary gives 38 of 40 at a spread of 0.25."""
    family, rng = Population("vary", (500,) * 7, months=8, cohort_sd=spread), np.random.default_rng(3)
    alarms = 0
    for _ in range(panels):
        panel = family.draw(rng)
        alarms += min(scan(panel, searched_null(panel), rng, 39).adjusted_p) <= 0.05
    assert alarms <= most


def test_a_model_without_a_tested_launch_is_searched_too():
    panel = replace(planted((400, 300, 300, 300, 300), 0.6).draw(np.random.default_rng(5)), launch=None)
    verdict = judge(panel, np.random.default_rng(6), simulations=30, search=True)
    assert verdict.decision is None
    assert verdict.scan.top == 0 and verdict.scan.adjusted_p[0] < 0.05
    few = replace(panel, min_cohort=350)
    assert any("no search over cohorts: it needs 3" in n for n in
               judge(few, np.random.default_rng(6), simulations=30, search=True).notes)  # fmt: skip
