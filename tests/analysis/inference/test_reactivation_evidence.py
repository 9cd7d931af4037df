"""Tests of returns after silence: laws, hand counts, reference tables, and sizes and powers with fixed seeds."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.inference.cohorts.co_activity import co_activity
from analysis.inference.curves.reactivation_evidence import (
    calendar_safe,
    chi_bar_tail,
    chi_bar_weights,
    elsewhere_in_gap,
    isotonic_lrt,
    isotonic_lrt_of,
    log_convexity,
    mcnemar,
    return_rates,
)
from analysis.inference.launch.multiplicity import holm

RUNS, USERS, MONTHS = 400, 2000, 7


def cohort(rng, users=USERS, months=MONTHS, theta=(1.2, 2.0), p=(2.0, 1.2), factor=None, back=None):
    """Activity of a cohort: p of activity and theta of dropout vary; factor multiplies p by month; back = (month,
    share, stays): that share of the dropped out come back in that month, for it alone or for good.
    """
    p_user = rng.beta(*p, users)
    dropout = rng.beta(*theta, users) if theta else np.zeros(users)
    life = rng.geometric(np.maximum(dropout, 1e-12)) if theta else np.full(users, 99)
    k = np.arange(1, months + 1)
    alive = k < life[:, None]
    chance = p_user[:, None] * (1.0 if factor is None else np.asarray(factor)[:months])
    active = alive & (rng.random((users, months)) < np.minimum(chance, 1))
    if back:
        month, share, stays = back
        returns = ~alive[:, month - 1] & (rng.random(users) < share)
        active[returns, month - 1] = True
        if stays:
            active[returns, month:] |= rng.random((returns.sum(), months - month)) < 0.7
    return np.column_stack([np.ones(users, dtype=bool), active])


def rate(test, make, runs=RUNS, seed=1):
    """Share of runs in which a test finds any reactivation at its family-wise 5%."""
    rng = np.random.default_rng(seed)
    return np.mean([test(make(rng)).reactivations.size > 0 for _ in range(runs)])


def above(level, runs=RUNS):
    return level + 3 * np.sqrt(level * (1 - level) / runs)


# --- laws ---


@settings(max_examples=100)
@given(
    users=st.lists(
        st.tuples(st.floats(0.01, 1), st.floats(0.01, 1), st.floats(0.1, 10)), min_size=1, max_size=6
    )
)
def test_any_mixture_of_dropout_and_stationary_activity_is_non_increasing_and_log_convex(users):
    p, theta, weight = np.array(users).T
    k = np.arange(9)
    curve = (weight * p) @ np.maximum(1 - theta, 1e-6)[:, None] ** k / weight.sum()
    assert np.all(np.diff(curve) <= 1e-15)
    d = np.log(curve[:-2]) - 2 * np.log(curve[1:-1]) + np.log(curve[2:])
    assert np.all(d >= -1e-9)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), users=st.integers(20, 200))
def test_what_is_counted_gives_what_the_matrix_gives(seed, users):
    active = cohort(np.random.default_rng(seed), users)
    whole = co_activity(active)
    assert np.array_equal(whole.together, active.astype(int).T @ active)
    assert np.array_equal(whole.unbroken, np.cumprod(active, axis=1).sum(axis=0))
    for test in (log_convexity, mcnemar, return_rates):
        assert test(active).table().equals(test(whole).table())
    assert whole.covariance == pytest.approx(np.cov(active.T) / users, abs=1e-12)
    assert isotonic_lrt_of(active).p == isotonic_lrt_of(whole).p
    without = replace(whole, unbroken=None)
    assert return_rates(without).table()["silent_before"].isna().all()


def test_the_standard_error_of_d_is_that_of_repeated_cohorts():
    rng = np.random.default_rng(4)
    found = [log_convexity(cohort(rng)) for _ in range(300)]
    spread = np.std([one.d for one in found], axis=0)
    assert np.mean([one.se for one in found], axis=0) == pytest.approx(spread, rel=0.15)
    # Users of one cluster who act alike count once.
    active = cohort(rng)
    same = np.vstack([active, active])
    clustered = log_convexity(same, clusters=np.tile(np.arange(USERS), 2))
    assert clustered.se == pytest.approx(log_convexity(active).se)
    assert clustered.d == pytest.approx(log_convexity(active).d)


# --- sizes and powers; the comment gives the rate of the reference for a like world, where it has one ---


def test_log_convexity_keeps_its_level_under_dropout_mixtures():
    assert rate(log_convexity, lambda r: cohort(r, theta=None)) <= above(0.064)  # flat: .046
    assert rate(log_convexity, cohort) <= above(0.05)  # heterogeneous decay: .024
    near = partial(cohort, theta=(30.0, 70.0), p=(60.0, 40.0))
    assert rate(log_convexity, near) <= above(0.064)  # near-homogeneous, the boundary: .064


def test_log_convexity_sees_small_returns_that_the_others_miss():
    # One lapsed user in twenty: the curve flattens for a month and does not rise.
    few = partial(cohort, back=(4, 0.05, False))
    assert rate(log_convexity, few, 100) >= 0.80
    assert rate(mcnemar, few, 100) <= 0.1
    third = partial(cohort, users=600, back=(4, 0.30, False))
    assert rate(log_convexity, third, 100) >= 0.95  # 1.00
    assert rate(mcnemar, third, 100) >= 0.5  # .673
    stay = partial(cohort, back=(4, 0.30, True))
    assert rate(log_convexity, stay, 50) >= 0.95  # .995
    assert rate(mcnemar, stay, 50) >= 0.95  # .998


def test_mcnemar_is_conservative_on_falling_curves_and_exact_on_flat_ones():
    assert rate(mcnemar, lambda r: cohort(r, theta=None)) <= above(0.05)  # .038
    assert rate(mcnemar, cohort) == 0.0  # .000


def test_the_isotonic_test_has_no_power_on_falling_curves():
    rng = np.random.default_rng(2)
    flat = [isotonic_lrt_of(cohort(rng, theta=None)).p < 0.05 for _ in range(RUNS)]
    falling = [isotonic_lrt_of(cohort(rng)).p < 0.05 for _ in range(RUNS)]
    blip = [isotonic_lrt_of(cohort(rng, back=(4, 0.05, False))).p < 0.05 for _ in range(RUNS)]
    assert np.mean(flat) <= above(0.05)  # .018
    assert np.mean(falling) == 0.0 and np.mean(blip) <= 0.05  # .000 and .000


def test_a_season_fools_log_convexity_and_not_the_comparison_with_older_cohorts():
    # Everybody's activity is up by 35% in the cohort's month 4, which is month 4 + m of the cohort m months older.
    calendar = np.ones(20)
    calendar[10] = 1.35

    def world(rng, back=None):
        def one(offset, back=None):
            return cohort(
                rng,
                months=MONTHS + offset,
                p=(2.0, 3.0),
                factor=calendar[7 - offset :][: MONTHS + offset],
                back=back,
            )

        return one(0, back), [(one(m), m) for m in (1, 2, 3)]

    rng = np.random.default_rng(9)
    worlds = [world(rng) for _ in range(100)]
    fooled = np.mean([log_convexity(mine).reactivations.size > 0 for mine, _ in worlds])
    safe = np.mean([calendar_safe(mine, older).reactivations.size > 0 for mine, older in worlds])
    assert fooled >= 0.7  # 1.00
    assert safe <= above(0.05, 100)  # .023
    returns = [world(rng, (4, 0.30, False)) for _ in range(40)]
    assert np.mean([calendar_safe(mine, older).reactivations.size > 0 for mine, older in returns]) >= 0.9
    assert all(4 in calendar_safe(mine, older).reactivations for mine, older in returns[:5])


# --- hand counts ---


def test_calendar_safe_lines_up_the_calendar():
    rng = np.random.default_rng(0)
    mine, older, oldest = cohort(rng, 500, 5), cohort(rng, 700, 6), cohort(rng, 900, 6)
    found = calendar_safe(mine, [(older, 1), (co_activity(oldest), 2)])
    assert list(found.months) == [2, 3, 4]
    assert list(found.older_users) == [1600, 1600, 700]
    sums = older.sum(axis=0)[2:5] + oldest.sum(axis=0)[3:6]
    assert found.older[0] == pytest.approx(np.log(sums) @ [1, -2, 1])
    assert found.older[2] == pytest.approx(np.log(older.sum(axis=0)[4:7]) @ [1, -2, 1])
    assert found.difference == pytest.approx(log_convexity(mine).d - found.older)
    assert found.se[2] == pytest.approx(np.hypot(log_convexity(mine).se[2], log_convexity(older).se[3]))
    alone = calendar_safe(mine, [])
    assert np.isnan(alone.p).all() and alone.reactivations.size == 0 and not alone.older_users.any()
    with pytest.raises(ValueError, match="at least 1 month earlier"):
        calendar_safe(mine, [(older, 0)])


def test_few_active_users_give_no_test_and_short_cohorts_none():
    active = np.zeros((50, 5), dtype=bool)
    active[:, 0] = True
    active[:9, 1:] = True
    assert np.isnan(log_convexity(active).p).all()
    assert log_convexity(active[:, :3]).months.size == 0
    always = np.ones((50, 5), dtype=bool)
    assert np.isnan(log_convexity(always).holm).all() and np.isnan(mcnemar(always).p).all()


def test_holm_is_that_of_statsmodels():
    from statsmodels.stats.multitest import multipletests

    p = np.array([0.01, np.nan, 0.04, 0.03, 0.8, 0.005, 0.03])
    known = ~np.isnan(p)
    assert np.isnan(holm(p)[1])
    assert holm(p)[known] == pytest.approx(multipletests(p[known], method="holm")[1])
    assert holm(np.array([])).size == 0


def test_mcnemar_and_return_rates_by_hand():
    # Steps 1 -> 2: users 0-9 return, 10-12 fall silent.
    active = np.zeros((40, 4), dtype=bool)
    active[:, 0] = True
    active[10:20, 1] = True
    active[:10, 2] = active[13:20, 2] = True
    active[13:20, 3] = True
    found = mcnemar(active)
    assert list(found.months) == [2, 3] and list(found.gained) == [10, 0] and list(found.lost) == [3, 10]
    assert found.p[0] == pytest.approx((286 + 78 + 13 + 1) / 2**13)  # P(Bin(13, 1/2) >= 10)
    assert found.p[1] == pytest.approx(1.0)
    assert found.holm[0] == pytest.approx(2 * found.p[0])
    assert found.z[0] == pytest.approx(7 / np.sqrt(13))
    rates = return_rates(active)
    assert list(rates.silent) == [30, 23] and list(rates.returned) == [10, 0]
    assert rates.rate == pytest.approx([1 / 3, 0])
    assert rates.reactivated == pytest.approx([10 / 17, 0]) and rates.silent_before == pytest.approx(
        [10 / 17, 0]
    )
    assert rates.low[0] < 1 / 3 < rates.high[0]


def test_other_models_in_the_gap():
    #               months of this model   others   returns at 3?  elsewhere in the gap?
    mine = np.array([[1, 0, 0, 1], [1, 1, 0, 1], [1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1]])
    other = np.array([[0, 1, 0, 0], [0, 1, 0, 1], [0, 0, 1, 0], [1, 1, 0, 1], [0, 1, 0, 0], [0, 1, 1, 0]])
    table = elsewhere_in_gap(mine, other).set_index("k")
    third = table.loc[3]
    assert (third["returners"], third["returners_elsewhere"]) == (2, 1)
    assert (third["others"], third["others_elsewhere"]) == (2, 1)
    second = table.loc[2]
    assert (second["returners"], second["returners_elsewhere"]) == (1, 1)
    assert (second["others"], second["others_elsewhere"]) == (2, 1)


def test_the_contrast_of_returners_is_found_and_a_long_gap_alone_is_no_contrast():
    rng = np.random.default_rng(6)
    active = cohort(rng, 4000, 5, back=(4, 0.25, False))
    by_chance = rng.random(active.shape) < 0.3
    null = elsewhere_in_gap(active, by_chance).set_index("k").loc[4]
    assert null["p"] > 0.01 and abs(np.log(null["odds_ratio"])) < 0.35
    back = active[:, 4] & ~active[:, 3]
    tried = by_chance | (back[:, None] & (rng.random(active.shape) < 0.5))
    found = elsewhere_in_gap(active, tried).set_index("k").loc[4]
    assert found["returners_share"] > 0.5 and found["low"] > 0 and found["odds_ratio"] > 1.5
    assert found["p"] < 1e-6
    with pytest.raises(ValueError, match="shape of active"):
        elsewhere_in_gap(active, tried[:, :3])


# --- chi-bar-squared ---


def test_level_weights_are_stirling_numbers():
    assert chi_bar_weights(5) == pytest.approx([0.2, 0.4167, 0.2917, 0.0833, 0.0083], abs=5e-5)
    assert chi_bar_weights(4) * 24 == pytest.approx([6, 11, 6, 1])
    for k in (1, 2, 7, 12):
        assert chi_bar_weights(k).sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("k", "at_5", "at_1"),
    [
        (3, 4.577, 7.672),
        (4, 6.175, 9.564),
        (5, 7.665, 11.305),
        (6, 9.095, 12.958),
        (8, 11.846, 16.098),
        (10, 14.505, 19.096),
        (12, 17.103, 21.997),
    ],
)
def test_critical_values_of_the_reference(k, at_5, at_1):
    for level, printed in ((0.05, at_5), (0.01, at_1)):
        assert chi_bar_tail(printed - 1e-3, k) > level > chi_bar_tail(printed + 1e-3, k)


def test_the_isotonic_statistic_by_hand():
    found = isotonic_lrt([40, 60], [100, 100])
    assert found.fitted == pytest.approx([0.5, 0.5])
    by_hand = 2 * 2 * 100 * (0.4 * np.log(0.8) + 0.6 * np.log(1.2))
    assert found.statistic == pytest.approx(by_hand)
    assert isotonic_lrt([60, 40, 0], [100, 100, 100]).p == pytest.approx(1.0)
    assert isotonic_lrt([100, 100], [100, 100]).statistic == 0.0
    with pytest.raises(ValueError, match="at least 2 counts"):
        isotonic_lrt([5], [10])


# --- input ---


@pytest.mark.parametrize(
    ("active", "said"),
    [
        ([[1], [1]], "K at least 1"),
        ([[1, 2]], "true or false"),
        ([[0, 1], [1, 1]], "month of first use.*1 are not"),
    ],
)
def test_impossible_activity_is_refused_in_words(active, said):
    with pytest.raises(ValueError, match=said):
        co_activity(active)


def test_impossible_clusters_are_refused_in_words():
    with pytest.raises(ValueError, match="one code a user"):
        co_activity([[1, 0], [1, 1]], clusters=[1])
    with pytest.raises(ValueError, match="matrix of activity"):
        log_convexity(co_activity([[1, 0], [1, 1]]), clusters=[1, 2])
