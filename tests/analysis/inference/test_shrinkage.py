"""Beta-binomial shrinkage: closed forms, scipy's own beta-binomial, recovery of known shapes, and what it is for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from analysis.inference.cohorts.populations import Population
from analysis.inference.curves.shrinkage import COLUMNS, FEWEST_COHORTS, Shrinkage, shrink, shrunken_cohorts


def known(alpha, beta, successes, trials):
    return Shrinkage(alpha, beta, False, np.array(successes, float), np.array(trials, float))


def test_which_of_two_is_larger_has_a_closed_form():
    """P(B > A) = sum over i < a_B of B(a_A + i, b_A + b_B)/((b_B + i) B(1 + i, b_B) B(a_A, b_A)) for whole shapes."""
    from scipy.special import beta

    a, b = (1 + 12, 1 + 50 - 12), (1 + 19, 1 + 60 - 19)
    exact = sum(
        beta(a[0] + i, a[1] + b[1]) / ((b[1] + i) * beta(1 + i, b[1]) * beta(*a)) for i in range(b[0])
    )
    largest = known(1.0, 1.0, [12, 19], [50, 60]).largest
    assert largest[1] == pytest.approx(exact, abs=1e-5)
    assert largest.sum() == pytest.approx(1.0)


def test_the_largest_of_three_agrees_with_draws():
    fit = known(4.0, 12.0, [30, 45, 8], [100, 130, 20])
    rng = np.random.default_rng(5)
    draws = rng.beta(fit.successes + 4.0, fit.trials - fit.successes + 12.0, (200_000, 3)).argmax(axis=1)
    assert fit.largest == pytest.approx(np.bincount(draws) / len(draws), abs=0.005)


def test_shrunken_shares_by_hand():
    fit = known(2.0, 8.0, [10, 0], [20, 10])
    assert fit.mean == pytest.approx(0.2)
    assert fit.shrunken == pytest.approx([12 / 30, 2 / 20])
    assert fit.interval[0][1] == pytest.approx(stats.beta.ppf(0.025, 2, 18))


def test_the_maximum_is_that_of_scipys_beta_binomial():
    successes, trials = np.array([42, 130, 61, 9, 88]), np.array([200, 410, 260, 90, 300])
    fit = shrink(successes, trials)

    def loss(shapes):
        return -stats.betabinom.logpmf(successes, trials, *np.exp(shapes)).sum()

    other = optimize.minimize(loss, [0.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-10})
    assert (fit.alpha, fit.beta) == pytest.approx(tuple(np.exp(other.x)), rel=1e-3)
    assert not fit.at_boundary


def test_known_shapes_are_recovered():
    rng = np.random.default_rng(11)
    trials = np.full(2000, 150)
    fit = shrink(rng.binomial(trials, rng.beta(3.0, 12.0, 2000)), trials)
    assert fit.alpha == pytest.approx(3.0, rel=0.1)
    assert fit.beta == pytest.approx(12.0, rel=0.1)


def test_cohorts_that_differ_by_chance_become_one():
    fit = shrink([20, 21, 19, 20], [100, 100, 100, 100])
    assert fit.at_boundary
    assert fit.shrunken == pytest.approx(np.full(4, 0.2), abs=1e-3)
    assert fit.largest.max() < 0.35


def test_a_small_cohort_on_top_of_the_chart_is_no_longer_the_likeliest_largest():
    """10 of 20 tops the raw chart; 900 of 2,000 is the surer lead over cohorts near 20%."""
    fit = shrink([10, 900, 400, 380, 420], [20, 2000, 2000, 2000, 2000])
    assert fit.raw.argmax() == 0
    assert fit.shrunken[0] < fit.raw[0] - 0.03
    assert fit.raw[1] - fit.shrunken[1] < 0.005
    assert fit.largest[1] > 0.4 > fit.largest[2]


@settings(max_examples=25)
@given(
    st.lists(
        st.integers(5, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
        min_size=3,
        max_size=6,
    )
)
def test_shrunken_lies_between_own_and_common(counts):
    successes, trials = zip(*counts, strict=True)
    fit = shrink(successes, trials)
    ends = np.sort(np.stack([fit.raw, np.full(len(counts), fit.mean)]), axis=0)
    assert np.all(fit.shrunken >= ends[0] - 1e-9)
    assert np.all(fit.shrunken <= ends[1] + 1e-9)
    assert np.all(fit.largest >= 0) and math.isclose(fit.largest.sum(), 1.0, rel_tol=1e-9)


def test_bad_counts_are_told():
    with pytest.raises(ValueError, match=f"at least {FEWEST_COHORTS}"):
        shrink([1, 2], [10, 10])
    with pytest.raises(ValueError, match="between 0 and their number"):
        shrink([1, 2, 11], [10, 10, 10])


def test_the_cohorts_of_a_panel():
    panel = Population("alike", (400,) * 5, months=6).draw(np.random.default_rng(3))
    table = shrunken_cohorts(panel)
    assert tuple(table.columns) == COLUMNS
    assert table.groupby("k")["cohort"].count().to_dict() == {1: 5, 2: 4, 3: 3}
    assert table.groupby("k")["probability_largest"].sum().to_numpy() == pytest.approx(1.0)
    assert table["retention"].iloc[0] == pytest.approx(panel.cells.share[panel.cells.at(1)[0]])
    assert shrunken_cohorts(Population("two", (400,) * 2, months=3).draw(np.random.default_rng(3))).empty
