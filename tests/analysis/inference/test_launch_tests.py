"""The four tests of a cohort that stands out: against statsmodels, by hand, and what they must not depend on."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.proportion import proportions_ztest

from analysis.inference import pooling
from analysis.inference.cohorts.panel import Panel
from analysis.inference.cohorts.populations import Population, month_range, planted
from analysis.inference.launch import four_tests, identifiability, naive


@pytest.fixture(scope="module")
def panel():
    return planted([300, 150, 200, 120, 180], 0.2, months=6).draw(np.random.default_rng(5))


def long_rows(panel):
    """Outcome, cell and user of every user and month of the tested cells."""
    cells = panel.cells
    outcome, cell, user = [], [], []
    for i, (c, k) in enumerate(zip(cells.cohort, cells.age, strict=True)):
        members = np.flatnonzero(panel.cohort == c)
        outcome.append(panel.active[members, c + k])
        cell.append(np.full(len(members), i))
        user.append(members)
    return np.concatenate(outcome).astype(float), np.concatenate(cell), np.concatenate(user)


@pytest.mark.parametrize("organisations", [None, 40])
def test_age_period_equals_a_clustered_glm_on_every_user_and_month(panel, organisations):
    if organisations:
        codes = np.random.default_rng(1).integers(0, organisations, panel.users)
        panel = replace(panel, organisation=codes)
    cells = panel.cells
    columns = np.column_stack([identifiability.design(cells), cells.cohort == 0])
    y, cell, user = long_rows(panel)
    groups = panel.organisation[user] if organisations else user
    fit = sm.GLM(y, columns[cell], family=sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    test, effect, se = four_tests.age_period(cells, 0)
    factor = cells.clusters / (cells.clusters - 1)
    assert effect == pytest.approx(fit.params[-1], abs=1e-6)
    assert se == pytest.approx(fit.bse[-1] * math.sqrt(factor), rel=1e-6)
    assert test.statistic == pytest.approx(effect / se)
    assert cells.clusters == len(np.unique(groups))


def test_the_model_error_of_the_naive_test_is_the_glms(panel):
    cells = panel.cells
    y, cell, _ = long_rows(panel)
    columns = np.column_stack([(cells.age[:, None] == np.unique(cells.age)), cells.cohort == 0]).astype(float)
    fit = sm.GLM(y, columns[cell], family=sm.families.Binomial()).fit()
    assert naive.age_only(cells, 0, robust=False).statistic == pytest.approx(fit.tvalues[-1], rel=1e-5)


def test_two_proportions_are_those_of_statsmodels(panel):
    cells = panel.cells
    at = cells.at(3)
    counts = [cells.count[at[0]], cells.count[at[1:]].sum()]
    sizes = [cells.size[at[0]], cells.size[at[1:]].sum()]
    z, p = proportions_ztest(counts, sizes, alternative="larger")
    test = naive.two_proportions(cells, 0)
    assert test.statistic == pytest.approx(z)
    assert test.p == pytest.approx(p)


def test_prediction_from_the_others_uses_their_random_effects_mean():
    cells = Population("vary", (300,) * 6, cohort_sd=1.0).draw(np.random.default_rng(1)).cells
    k = four_tests.contrast_age(cells, 0)
    at = cells.at(k)
    s, n = cells.count[at], cells.size[at]
    y, v = np.log((s + 0.5) / (n - s + 0.5)), 1 / (s + 0.5) + 1 / (n - s + 0.5)
    others = combine_effects(y[1:], v[1:], method_re="dl")
    mean, precision = others.mean_effect_re, (1 / (v[1:] + others.tau2)).sum()
    t = (y[0] - mean) / math.sqrt(others.tau2 + v[0] + 1 / precision)
    test = four_tests.predicted_from_others(cells, 0)
    assert test.statistic == pytest.approx(t, rel=1e-8)
    assert test.p == pytest.approx(stats.t.sf(t, len(at) - 2))


def test_the_spread_between_values_is_der_simonian_and_lairds():
    y, v = np.array([0.1, 0.9, -0.4, 0.5]), np.array([0.02, 0.05, 0.03, 0.04])
    expected = combine_effects(y, v, method_re="dl")
    mean, between, _ = pooling.random_effects(y, v)
    assert mean == pytest.approx(expected.mean_effect_re)
    assert between == pytest.approx(expected.tau2)


def test_the_largest_pairwise_p_value_decides():
    cells = planted([400, 200, 200, 200, 200], 0.3, months=6).draw(np.random.default_rng(2)).cells
    test = four_tests.beats_every_other(cells, 0)
    at = cells.at(test.age)
    each = [
        proportions_ztest(cells.count[[at[0], o]], cells.size[[at[0], o]], alternative="larger")[1]
        for o in at[1:]
    ]
    assert test.p == pytest.approx(max(each))


def test_a_line_through_the_later_cohorts_predicts_the_launch():
    """On an exact line the launch cohort is its continuation: t = 0; above it, t > 0."""
    x = np.column_stack([np.ones(5), np.arange(1.0, 6.0)])
    fit, _, between = pooling.random_effects_line(x, 2.0 - 0.3 * np.arange(1.0, 6.0), np.full(5, 0.01))
    np.testing.assert_allclose(fit, [2.0, -0.3], atol=1e-9)
    assert between == 0


def test_a_steep_drift_beats_every_other_cohort_but_not_their_trend():
    drift = Population("drift", (4000,) * 8, drift=0.3, months=9).draw(np.random.default_rng(3))
    found = four_tests.launch_tests(drift.cells, 0)
    assert found.tests["C"].rejects()
    assert not found.tests["D"].rejects()
    assert not found.stands_out


def of_shares(logit, cohorts=9, months=10, size=2000):
    """A panel in which logit(c, k) of each cohort's users are active, exactly but for whole users."""
    cohort = np.repeat(np.arange(cohorts), size)
    active = np.zeros((len(cohort), months), bool)
    for c in range(cohorts):
        for month in range(c, months):
            share = 1.0 if month == c else 1 / (1 + math.exp(-logit(c, month - c)))
            active[c * size : c * size + round(share * size), month] = True
    return Panel("m", month_range(months), cohort, active, min_cohort=1)


def test_a_drift_that_slows_down_beats_a_straight_line_but_not_the_trend():
    slowing = of_shares(lambda c, k: -0.3 * k - 0.5 * math.log1p(c)).cells
    assert four_tests.falling(slowing, 0)
    found = four_tests.launch_tests(slowing, 0)
    d = found.tests["D"]
    assert all(found.tests[letter].rejects() for letter in "BC")
    assert d.slack == 1.0 and abs(d.statistic) < 0.2
    assert not d.rejects() and not found.stands_out
    others = slowing.at(d.age)[1:]
    y, variance = four_tests._logits(slowing)
    straight = np.column_stack([np.ones(len(others)), slowing.cohort[others]])
    fit, _, _ = pooling.random_effects_line(straight, y[others], variance[others])
    assert y[slowing.at(d.age)[0]] > fit[0] + 0.2  # a straight line foretells less


@pytest.mark.parametrize("rise", [0.0, 0.1])
def test_a_cohort_above_others_that_do_not_fall_beats_their_straight_line(rise):
    lone = of_shares(lambda c, k: -0.3 * k + (0.8 if c == 0 else rise * c)).cells
    assert not four_tests.falling(lone, 0)
    d = four_tests.beats_trend(lone, 0)
    assert d.slack == four_tests.GUARD_ALPHA / four_tests.ALPHA and d.rejects()


def test_a_cohort_far_above_a_fall_stands_out():
    far = of_shares(lambda c, k: -0.3 * k - 0.1 * c + (1.0 if c == 0 else 0.0)).cells
    assert four_tests.falling(far, 0)
    assert four_tests.beats_trend(far, 0).slack == 1.0 and four_tests.launch_tests(far, 0).stands_out


def test_too_few_later_cohorts_do_not_fall():
    assert not four_tests.falling(of_shares(lambda c, k: -0.3 * k - 0.5 * c, cohorts=3, months=5).cells, 0)


def test_a_planted_loyal_cohort_stands_out():
    found = four_tests.launch_tests(
        planted([3000] + [1500] * 7, 0.25, months=9).draw(np.random.default_rng(4)).cells, 0
    )
    assert found.stands_out
    assert found.p == pytest.approx(max(found.tests[x].p / found.tests[x].slack for x in "ABCD"))
    assert found.odds_ratio_low > 1


@pytest.mark.parametrize("cohorts", [2, 3, 4, 6])
def test_ranks_golden(cohorts):
    """A trend over cohorts adds no rank; the launch cohort's own effect adds one from three cohorts on."""
    cells = Population("any", (20,) * cohorts, months=8).draw(np.random.default_rng(0)).cells
    found = identifiability.check(cells, 0)
    trend = np.column_stack([identifiability.design(cells), cells.cohort])
    assert np.linalg.matrix_rank(trend) == found.rank
    assert found.cohort_adds == (0 if cohorts == 2 else 1)
    assert found.identified == (cohorts > 2)
    assert ("not identified" in found.words) == (cohorts == 2)


def test_too_few_cohorts_say_so_instead_of_a_number():
    found = four_tests.launch_tests(
        Population("two", (50, 50), months=4).draw(np.random.default_rng(0)).cells, 0
    )
    assert not found.testable
    assert not found.stands_out
    assert math.isnan(found.p)
    assert any("not identified" in gap for gap in found.gaps)


def test_nobody_active_at_an_age_leaves_finite_numbers(panel):
    active = panel.active.copy()
    active[np.arange(panel.users), np.minimum(panel.cohort + 2, 5)] = panel.cohort + 2 > 5
    active[np.arange(panel.users), panel.cohort] = True
    test, effect, se = four_tests.age_period(replace(panel, active=active).cells, 0)
    assert np.isfinite([test.statistic, effect, se]).all()


def test_the_order_of_users_does_not_matter(panel):
    order = np.random.default_rng(9).permutation(panel.users)
    shuffled = replace(panel, cohort=panel.cohort[order], active=panel.active[order])
    a, b = (four_tests.launch_tests(p.cells, 0) for p in (panel, shuffled))
    assert [t.p for t in a.tests.values()] == [t.p for t in b.tests.values()]


def test_one_organisation_counts_once():
    """Sixty always-on keys of one organisation make the launch cohort no more certain than one of them."""
    family = Population("none", (800,) + (400,) * 6, whales=0.08, whale_accounts=False)
    panel = family.draw(np.random.default_rng(8))
    alone = replace(panel, organisation=np.arange(panel.users))
    assert four_tests.age_period(alone.cells, 0)[0].p < 0.001
    assert four_tests.age_period(panel.cells, 0)[0].p > 0.05
    assert (
        four_tests.beats_every_other(panel.cells, 0).p > four_tests.beats_every_other(alone.cells, 0).p + 0.05
    )


def sparse(own, others, sizes=(200,) * 5):
    """Cohorts of which so many users are active in every month, and the rest in none after their first."""
    cohort = np.repeat(np.arange(len(sizes)), sizes)
    active = np.zeros((len(cohort), len(sizes) + 2), bool)
    active[np.arange(len(cohort)), cohort] = True
    for c in range(len(sizes)):
        active[np.flatnonzero(cohort == c)[: others if c else own], c + 1 :] = True
    return Panel("m", month_range(len(sizes) + 2), cohort, active, min_cohort=1)


@pytest.mark.parametrize(
    ("own", "others", "sizes", "why"),
    [
        (0, 0, (200,) * 5, "of the cohort active"),
        (2, 0, (200,) * 5, "of the cohort active"),
        (0, 0, (20, 5000, 5000, 5000), "of the cohort active"),
        (0, 1, (20, 5000, 5000, 5000), "of the cohort active"),
        (200, 200, (200,) * 5, "of the others inactive"),
    ],
)
def test_no_activity_is_no_evidence(own, others, sizes, why):
    found = four_tests.launch_tests(sparse(own, others, sizes).cells, 0)
    test = found.tests["A"]
    assert not test.ran and why in test.why and test.why in found.gaps
    assert np.isnan([found.odds_ratio, found.odds_ratio_low, found.odds_ratio_high, found.p]).all()


def test_cohorts_with_nobody_active_are_as_uncertain_as_half_a_user():
    """Against nobody, log odds have at least the variance 2 of half a count; a strong effect still shows, a cohort of
    which nobody is active beside active ones is below them."""
    for own in (10, 80):
        found = four_tests.launch_tests(sparse(own, 0).cells, 0)
        se = math.log(found.odds_ratio_high / found.odds_ratio_low) / (2 * stats.norm.ppf(0.975))
        assert se == pytest.approx(math.sqrt(2 + 1 / own + 1 / (200 - own)), rel=0.03)
        assert found.odds_ratio == pytest.approx(own / (200 - own) / (0.5 / 199.5), rel=0.01)
    assert found.tests["A"].p < 1e-3
    below = four_tests.launch_tests(sparse(0, 10).cells, 0)
    assert below.tests["A"].p > 0.9 and below.odds_ratio_low < 0.01 and below.odds_ratio_high < 1


@pytest.mark.parametrize(
    ("sizes", "rate", "stay"),
    [
        ((200,) * 5, 0.01, 1.0),
        ((1000, *[100] * 4), 0.01, 1.0),
        ((100, *[1000] * 4), 0.003, 0.3),
        ((50, *[2000] * 7), 0.02, 0.3),
        ((400, *[150] * 7), 0.02, 1.0),
    ],
)
def test_sparse_cohorts_alike_are_rarely_told_apart(sizes, rate, stay):
    """5%: of 150 panels, more than 14 would be seen in 0.8% of the cases."""
    rng, rejected = np.random.default_rng([3, *sizes]), 0
    cohort = np.repeat(np.arange(len(sizes)), sizes)
    months = len(sizes) + 1
    for _ in range(150):
        returns = rng.random(len(cohort)) < rate
        active = (rng.random((len(cohort), months)) < stay) & returns[:, None]
        active &= np.arange(months) > cohort[:, None]
        active[np.arange(len(cohort)), cohort] = True
        panel = Panel("m", month_range(months), cohort, active, min_cohort=1)
        rejected += four_tests.age_period(panel.cells, 0)[0].rejects()
    assert rejected <= 14
