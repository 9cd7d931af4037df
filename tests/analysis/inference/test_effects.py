"""Effect sizes: published values, statsmodels, and the planted truth within the stated intervals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from analysis.inference.cohorts.panel import Panel
from analysis.inference.cohorts.populations import Population, month_range, planted
from analysis.inference.launch.effects import Amount, e_value, e_value_near_end, effects


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


def of_counts(own, others, users=(200, 400), organisations=None):
    """Two cohorts over three months with so many of their users active: own in months 1 and 2, others in month 1."""
    cohort = np.repeat([0, 1], users)
    active = np.zeros((len(cohort), 4), bool)
    active[np.arange(len(cohort)), cohort] = True
    for c, count in ((0, own), (1, others)):
        active[np.flatnonzero(cohort == c)[:count], c + 1 :] = True
    owner = np.arange(len(cohort)) // organisations if organisations else None
    return Panel("m", month_range(4), cohort, active, organisation=owner, min_cohort=1)


@pytest.mark.parametrize("everybody", [False, True])
def test_nobody_or_everybody_active_is_no_certainty(everybody):
    """Wilson's interval of 0 of 200 and of 0 of 400: 0 to z^2 / (n + z^2)."""
    z2 = 1.959963984540054**2
    own_reach, others_reach = z2 / (200 + z2), z2 / (400 + z2)
    found = effects(of_counts(200, 400).cells if everybody else of_counts(0, 0).cells, 0)
    own, others = ((found.own.low, found.own.high), (found.others.low, found.others.high))
    if everybody:
        assert own == pytest.approx((1 - own_reach, 1.0)) and others == pytest.approx((1 - others_reach, 1.0))
        assert found.ratio.low == pytest.approx(1 - own_reach)
        assert found.ratio.high == pytest.approx(1 / (1 - others_reach))
        assert math.isnan(found.loyal_share.value)
        assert (found.active_months.low, found.active_months.high) == pytest.approx(
            (-2 * own_reach, 2 * others_reach)
        )
        return
    assert own == pytest.approx((0.0, own_reach)) and others == pytest.approx((0.0, others_reach))
    for amount in (found.difference, found.loyal_share):
        assert (amount.low, amount.value, amount.high) == pytest.approx((-others_reach, 0.0, own_reach))
    assert (found.active_months.low, found.active_months.high) == pytest.approx(
        (-2 * others_reach, 2 * own_reach)
    )


def test_one_side_at_the_edge_adds_its_doubt_to_the_others():
    found = effects(of_counts(0, 100).cells, 0)
    assert found.own.high > 0.01
    assert found.loyal_share.value == pytest.approx(-1 / 3)
    assert found.loyal_share.high > -1 / 3 + 0.05 and found.loyal_share.low < -1 / 3 - 0.05
    full = effects(of_counts(200, 100).cells, 0)
    assert full.loyal_share.value == full.loyal_share.high == 1.0
    assert 0.9 < full.loyal_share.low < 1.0
    assert full.plateau.value == 1.0 and full.plateau.low < 0.99 and full.plateau.high > 1.01


def test_at_the_edge_an_organisation_counts_once():
    """0 of 200 users of 20 organisations of ten say as much as 0 of 20."""
    found = effects(of_counts(0, 0, organisations=10).cells, 0)
    z2 = 1.959963984540054**2
    assert found.own.high == pytest.approx(z2 / (20 + z2))
    assert found.difference.high == pytest.approx(z2 / (20 + z2))


def test_off_the_edge_the_intervals_of_shares_are_normal():
    found = effects(of_counts(50, 100).cells, 0)
    half = 1.959963984540054 * math.sqrt(0.25 * 0.75 / 200 * 600 / 599)
    assert (found.own.low, found.own.high) == pytest.approx((0.25 - half, 0.25 + half))
    assert found.others.high - found.others.low == pytest.approx(2 * half / math.sqrt(2))


@pytest.mark.parametrize(("share", "users"), [(0.003, 200), (0.0005, 400), (0.997, 200)])
def test_rare_shares_are_covered_where_nobody_is_active(share, users):
    """The score interval of an edge holds the truth in 95% of the cases that reach the edge at all, or more."""
    rng = np.random.default_rng(6)
    edge = [
        e.own
        for _ in range(60)
        if (e := effects(of_counts(int(rng.binomial(users, share)), 50, (users, 400)).cells, 0))
        and e.own.value in (0.0, 1.0)
    ]
    assert len(edge) > 10
    assert np.mean([a.low <= share <= a.high for a in edge]) >= 0.95
