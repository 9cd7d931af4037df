"""Effect sizes: published values, statsmodels, and the planted truth within the stated intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from analysis.inference.effects import Amount, e_value, e_value_near_end, effects
from analysis.inference.panel import Panel
from analysis.inference.populations import Population, month_range, planted


def test_e_value_golden():
    assert e_value(2.67) == pytest.approx(4.78, abs=0.005)  # 40% against 15%
    assert e_value(1.0) == 1.0
    assert e_value(0.5) == pytest.approx(e_value(2.0))
    assert math.isnan(e_value(math.nan))


@pytest.mark.parametrize(
    ("ratio", "near_end"),
    [
        ((2.67, 1.5, 4.7), e_value(1.5)),
        ((0.33, 0.21, 0.53), 3.18),  # by hand: 1 / 0.53 + sqrt(1 / 0.53 (1 / 0.53 - 1))
        ((1.2, 0.9, 1.6), 1.0),
        ((0.8, 0.6, 1.1), 1.0),
        ((math.nan,), math.nan),
    ],
)
def test_the_e_value_of_the_end_nearer_to_one(ratio, near_end):
    assert e_value_near_end(Amount(*ratio)) == pytest.approx(near_end, abs=0.005, nan_ok=True)


def test_a_cohort_that_leaves_sooner_has_an_e_value_for_its_near_end():
    family = Population("worse", (400, 400, 400, 400), months=8, worse=(0, 1.5))
    found = effects(family.draw(np.random.default_rng(1)).cells, 0)
    assert found.ratio.high < 0.8
    assert 1 < found.e_value_low < found.e_value
    assert found.e_value_low == pytest.approx(e_value(found.ratio.high))


def test_without_a_ratio_there_is_no_e_value():
    active = np.zeros((200, 4), bool)
    cohort = np.repeat([0, 1], 100)
    active[np.arange(200), cohort] = True
    found = effects(Panel("m", month_range(4), cohort, active, min_cohort=1).cells, 0)
    assert math.isnan(found.e_value) and math.isnan(found.e_value_low)


def test_the_difference_has_newcombes_interval():
    panel = planted([500, 300, 300, 300], 0.25, months=8).draw(np.random.default_rng(1))
    cells = panel.cells
    found = effects(cells, 0)
    assert found.age == 5
    at = cells.at(5)
    later = at[1:]
    low, high = confint_proportions_2indep(
        cells.count[at[0]],
        cells.size[at[0]],
        cells.count[later].sum(),
        cells.size[later].sum(),
        method="newcomb",
    )
    assert found.difference.low == pytest.approx(low, abs=2e-4)  # clusters' G / (G - 1) makes it a hair wider
    assert found.difference.high == pytest.approx(high, abs=2e-4)
    assert found.ratio.value == pytest.approx(found.own.value / found.others.value)


def test_intervals_cover_the_planted_truth():
    """95% intervals of difference, ratio, loyal share and active months over 120 panels: at least 88% each."""
    family = planted([1000, 600, 600, 600], 0.2, months=8)
    r0, r1 = family.expected(0, 5), family.expected(1, 5)
    months = sum(family.expected(0, k) - family.expected(1, k) for k in range(1, 6))
    truth = {
        "difference": r0 - r1,
        "ratio": r0 / r1,
        "loyal_share": (r0 - r1) / (1 - r1),
        "active_months": months,
    }
    rng = np.random.default_rng(2)
    hits = dict.fromkeys(truth, 0)
    for _ in range(120):
        found = effects(family.draw(rng).cells, 0)
        for name, value in truth.items():
            amount = getattr(found, name)
            hits[name] += amount.low <= value <= amount.high
    assert min(hits.values()) >= 105, hits
    assert max(hits.values()) <= 119, hits


def test_organisations_widen_the_intervals():
    family = Population("whale", (600, 300, 300, 300), months=8, whales=0.2, whale_accounts=False)
    panel = family.draw(np.random.default_rng(3))
    users, organisations = effects(panel.counted("user"), 0), effects(panel.counted("organisation"), 0)
    width = [e.difference.high - e.difference.low for e in (users, organisations)]
    assert width[1] > 2 * width[0]


def test_the_latest_shared_age_is_used_and_named():
    panel = planted([200, 100, 100], 0.2, months=5).draw(np.random.default_rng(1))
    found = effects(panel.cells, 0)
    assert found.age == 3  # the second cohort reaches month 3 of five months
    assert found.others_cohorts == 1
    assert found.plateau_ages == (2, 4)


def test_alone_there_is_nothing_to_compare():
    assert effects(Population("one", (50,), months=4).draw(np.random.default_rng(0)).cells, 0) is None


def test_organisations_on_both_sides_narrow_the_difference():
    """Keys of one organisation in the launch cohort and in a later one go together: their common luck drops out.
    Against the spread of the difference over 300 draws of organisations with a level of their own each."""
    rng = np.random.default_rng(4)

    def drawn():
        owners = 120
        cohort = np.tile(np.repeat([0, 1], 5), owners)
        owner = np.repeat(np.arange(owners), 10)
        level = rng.beta(0.6, 1.0, owners)[owner]
        active = rng.random((len(owner), 3)) < level[:, None]
        active[np.arange(len(owner)), cohort] = True
        active[cohort == 1, 0] = False
        return Panel("m", month_range(3), cohort, active, organisation=owner, min_cohort=1)

    found = [effects(drawn().cells, 0) for _ in range(300)]
    for name in ("difference", "ratio", "loyal_share"):
        amounts = [getattr(e, name) for e in found]
        values = np.array([a.value for a in amounts])
        width = np.mean([a.high - a.low for a in amounts]) / (2 * 1.96)
        assert width == pytest.approx(values.std(), rel=0.15), name
