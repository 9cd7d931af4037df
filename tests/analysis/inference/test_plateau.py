"""Dropout curves, BG/BB and the plateau index against published numbers, exact sums and simulated truth."""

from __future__ import annotations

from math import comb
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.inference.cohorts.co_activity import co_activity
from analysis.inference.curves.bgbb import BGBB, bgbb_cells, fit_bgbb
from analysis.inference.curves.dropout import SBG, fit_bdw, fit_cure, fit_geometric, fit_sbg
from analysis.inference.curves.likelihood import likelihood_ratio
from analysis.inference.curves.plateau import (
    bdw_against_sbg,
    compare,
    cure_against_geometric,
    follow_up,
    hold_out,
    plateau_index,
    vuong,
)

DATA = Path(__file__).parent / "data"

# Fader & Hardie (2007): survivors of 1,000 customers, years 0..12.
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173]
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]
PARAMETER, SHAPE, LOG_LIKELIHOOD, PRINTED = 1e-3, 5e-3, 1e-3, 5.1e-5

shapes = st.floats(0.1, 20.0)


@pytest.mark.parametrize(
    ("curve", "renewals", "sbg", "sbg_ll", "bdw", "bdw_ll", "ratio"),
    [
        (REGULAR, 4, (0.7637, 1.2958), -1401.5594, (0.5230, 0.8943, 1.1964), -1401.3831, 0.3527),
        (REGULAR, 7, (0.7041, 1.1820), -1680.2652, (0.4556, 0.7793, 1.2835), -1679.6028, 1.3247),
        (REGULAR, 12, (0.6974, 1.1689), -1931.4917, (0.5083, 0.8688, 1.2094), -1930.9297, 1.1239),
        (HIGH_END, 4, (1.2810, 7.7904), -1225.1349, (0.2593, 1.7226, 1.5844), -1222.7493, 4.7712),
        (HIGH_END, 7, (0.6681, 3.8061), -1611.1581, (0.2143, 1.4266, 1.7236), -1605.3142, 11.6879),
        (HIGH_END, 12, (0.5961, 3.3270), -2010.8584, (0.2496, 1.6542, 1.5968), -2004.8169, 12.0831),
    ],
)
def test_sbg_and_bdw_give_the_published_fits(curve, renewals, sbg, sbg_ll, bdw, bdw_ll, ratio):
    survivors = curve[: renewals + 1]
    plain, growing = fit_sbg(survivors), fit_bdw(survivors)
    assert (plain.alpha, plain.beta) == pytest.approx(sbg, abs=PARAMETER)
    assert plain.log_likelihood == pytest.approx(sbg_ll, abs=LOG_LIKELIHOOD)
    assert (growing.alpha, growing.beta, growing.c) == pytest.approx(bdw, abs=SHAPE)
    assert growing.log_likelihood == pytest.approx(bdw_ll, abs=LOG_LIKELIHOOD)
    assert bdw_against_sbg(survivors).statistic == pytest.approx(ratio, abs=2e-4)
    assert not plain.at_boundary


def test_more_anchors_of_the_seven_renewal_fits():
    regular, high = fit_sbg(REGULAR[:8]), fit_sbg(HIGH_END[:8])
    assert regular.retention(range(1, 6)) == pytest.approx([0.6267, 0.7560, 0.8188, 0.8559, 0.8804], abs=2e-4)
    assert high.retention(range(1, 6)) == pytest.approx([0.8507, 0.8780, 0.8968, 0.9106, 0.9212], abs=2e-4)
    assert regular.survival([8, 12]) == pytest.approx([0.2201, 0.1700], abs=2e-4)
    assert high.survival([8, 12]) == pytest.approx([0.4604, 0.3780], abs=2e-4)
    churns = [fit.alpha / (fit.alpha + fit.beta) for fit in (regular, high)]
    assert churns == pytest.approx([0.3733, 0.1493], abs=2e-4)
    spreads = [1 / (fit.alpha + fit.beta + 1) for fit in (regular, high)]
    assert spreads == pytest.approx([0.3465, 0.1827], abs=2e-4)
    assert fit_bdw(HIGH_END[:8]).survival(12) == pytest.approx(0.404, abs=1e-3)
    assert bdw_against_sbg(HIGH_END[:8]).p == pytest.approx(0.0006, abs=5e-5)
    at_one = SBG(0.0, 1000.0, 7, False, 1.0, 1.0).score(HIGH_END[:8]) / 1000
    assert at_one == pytest.approx(-2.1155, abs=PRINTED)


@pytest.mark.parametrize(
    ("curve", "theta", "plain", "stays", "churn", "seven", "at_twelve", "twelve"),
    [
        (REGULAR, 0.2260, -1794.6209, 0.2250, 0.4258, -1690.4271, 0.2260, -1971.4869),
        (HIGH_END, 0.1033, -1637.0928, 0.4119, 0.2492, -1607.6096, 0.4308, -2011.1805),
    ],
)
def test_geometric_and_cure_give_the_reference_fits(
    curve, theta, plain, stays, churn, seven, at_twelve, twelve
):
    geometric, cure = fit_geometric(curve[:8]), fit_cure(curve[:8])
    assert geometric.churn == pytest.approx(theta, abs=PARAMETER)
    assert geometric.log_likelihood == pytest.approx(plain, abs=LOG_LIKELIHOOD)
    assert (cure.stays, cure.churn) == pytest.approx((stays, churn), abs=PARAMETER)
    assert cure.log_likelihood == pytest.approx(seven, abs=LOG_LIKELIHOOD)
    assert cure.survival(12) == pytest.approx(at_twelve, abs=PARAMETER)
    assert fit_cure(curve).log_likelihood == pytest.approx(twelve, abs=LOG_LIKELIHOOD)
    test = cure_against_geometric(curve[:8])
    assert test.boundary and test.statistic == pytest.approx(2 * (seven - plain), abs=3e-3)


def test_the_cure_model_wins_the_window_and_loses_the_future():
    # The lesson of High End: on 7 renewals the cure model has the better AIC than the sBG; on 12 it has not.
    early, late = compare(HIGH_END[:8]), compare(HIGH_END)
    aic = {name: comparison.table.set_index("model")["aic"] for name, comparison in
           (("early", early), ("late", late))}  # fmt: skip
    assert aic["early"]["cure-geometric"] < aic["early"]["shifted-beta-geometric"]
    assert aic["late"]["cure-geometric"] > aic["late"]["shifted-beta-geometric"]
    assert aic["late"].idxmin() == "beta-discrete-Weibull"
    near = early.table[early.table["delta_aic"] <= 10]["S(12)"]
    assert near.min() < HIGH_END[12] / 1000 < near.max()
    held = hold_out(HIGH_END, 5).set_index("model")
    assert (held["actual"] == 0.394).all()
    assert held["log_likelihood"].idxmax() == "beta-discrete-Weibull"


def test_the_words_never_claim_a_plateau():
    flat = compare(HIGH_END[:8])
    assert flat.flattening
    assert flat.words.startswith("Flattening within the window; long-run plateau not identified.")
    assert "between 0.378 and 0.431" in flat.words
    assert "Follow-up is insufficient" in flat.words
    steady = compare([1000, 700, 490, 343, 240])
    assert not steady.flattening and steady.words.startswith("No flattening beyond a constant churn")
    short = compare([100, 60, 45])
    assert short.bdw_against_sbg is None and len(short.table) == 3


def test_a_null_on_the_boundary_halves_the_tail():
    plain, boundary = likelihood_ratio(-98.647, -100.0), likelihood_ratio(-98.647, -100.0, boundary=True)
    assert plain.p == pytest.approx(0.1, abs=1e-3) and boundary.p == pytest.approx(0.05, abs=1e-3)
    assert boundary.statistic == pytest.approx(2.706)
    assert likelihood_ratio(-100.0, -100.0, boundary=True).p == 1.0
    assert cure_against_geometric([1000, 700, 490, 343, 240]).p == 1.0


def test_vuong_is_antisymmetric_and_silent_where_curves_coincide():
    curve = HIGH_END[:8]
    cure, sbg = fit_cure(curve), fit_sbg(curve)
    forth, back = vuong(cure, sbg, curve), vuong(sbg, cure, curve)
    assert forth.z == pytest.approx(-back.z) and forth.p == pytest.approx(back.p)
    # By hand, user by user.
    gone = np.repeat(np.arange(8), [*(-np.diff(curve)), curve[-1]])
    apart = cure.fates(7)[gone] - sbg.fates(7)[gone]
    assert forth.z == pytest.approx(apart.sum() / (np.sqrt(1000) * apart.std()), rel=1e-9)
    steady = [1000, 700, 490, 343, 240]
    assert vuong(fit_cure(steady), fit_geometric(steady), steady).p == 1.0
    assert vuong(sbg, sbg, curve) == vuong(cure, cure, curve) and vuong(sbg, sbg, curve).z == 0.0


def test_follow_up_needs_silence_after_the_last_departure():
    assert not follow_up(HIGH_END).sufficient
    assert follow_up(HIGH_END).alpha == 1.0
    quiet = follow_up([1000, 600, 500, 500, 500, 500, 500])
    assert quiet.sufficient and quiet.last_departure == 2 and quiet.near_the_end == 500
    assert not follow_up([50, 50, 50]).sufficient
    # n = 10, one departure in (1, 3]: (1 - 1/10)^10 = 0.349.
    edge = follow_up([10, 10, 10, 9, 9, 9])
    assert edge.alpha == pytest.approx(0.9**10) and not edge.sufficient


def test_size_of_the_boundary_test_and_power_against_a_staying_share():
    # 150 worlds of a common churn: the boundary-corrected test rejects at most 0.05 + 3 sd = 0.103, and not never.
    rng = np.random.default_rng(20251)
    size = np.mean([cure_against_geometric(geometric_world(rng, 500, 0.0)).p < 0.05 for _ in range(150)])
    assert 0.01 <= size <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 150)
    power = np.mean([cure_against_geometric(geometric_world(rng, 500, 0.3)).p < 0.05 for _ in range(10)])
    assert power == 1.0


def geometric_world(rng: np.random.Generator, users: int, stays: float) -> np.ndarray:
    life = np.where(rng.random(users) < stays, 99, rng.geometric(0.3, users))
    return np.array([(life > t).sum() for t in range(7)])


def test_cure_and_sbg_are_told_apart_when_one_of_them_is_true():
    # Reference: K = 5, n = 1000: cure preferred in .00 of sBG worlds and .98 of worlds with 40% that stay.
    rng = np.random.default_rng(3)

    def prefers_cure(life: np.ndarray) -> bool:
        survivors = [(life > t).sum() for t in range(6)]
        return fit_cure(survivors).log_likelihood > fit_sbg(survivors).log_likelihood

    sorted_out = [prefers_cure(rng.geometric(rng.beta(0.7, 1.2, 1000))) for _ in range(15)]
    staying = [
        prefers_cure(np.where(rng.random(1000) < 0.4, 99, rng.geometric(0.4, 1000))) for _ in range(15)
    ]
    assert np.mean(sorted_out) <= 0.1
    assert np.mean(staying) >= 0.85


@settings(max_examples=60)
@given(alpha=shapes, beta=shapes)
def test_sbg_survival_falls_while_retention_rises(alpha, beta):
    curve = SBG(0.0, 1.0, 12, False, alpha, beta)
    s = curve.survival(np.arange(13))
    assert s[0] == pytest.approx(1.0)
    assert np.all(np.diff(s) < 0)
    assert np.all(np.diff(curve.retention(np.arange(1, 13))) > 0)
    assert curve.retention(np.arange(1, 13)) == pytest.approx(s[1:] / s[:-1], rel=1e-9)
    assert np.exp(curve.fates(12)).sum() == pytest.approx(1.0)


@settings(max_examples=10)
@given(drops=st.lists(st.integers(0, 60), min_size=3, max_size=8), rest=st.integers(0, 100))
def test_larger_models_never_fit_worse(drops, rest):
    survivors = np.cumsum([rest, *drops])[::-1]
    if survivors[0] == 0:
        return
    slack = 1e-3 * survivors[0]  # the box of parameters ends just before the exact boundary
    geometric, sbg = fit_geometric(survivors), fit_sbg(survivors)
    assert sbg.log_likelihood >= geometric.log_likelihood - slack
    assert fit_bdw(survivors).log_likelihood >= sbg.log_likelihood - 1e-9 * survivors[0]
    assert fit_cure(survivors).log_likelihood >= geometric.log_likelihood - 1e-9 * survivors[0]


@pytest.mark.parametrize(
    ("survivors", "said"),
    [
        ([100, 50, 60], "must not rise.*N_2 = 60.*fit_bgbb"),
        ([100, 50], "at least 2 periods"),
        ([0, 0, 0], "N_0 = 0"),
        ([100, np.nan, 3], "missing"),
        ([[1, 2], [3, 4]], "one row"),
    ],
)
def test_impossible_survivors_are_refused_in_words(survivors, said):
    with pytest.raises(ValueError, match=said):
        fit_sbg(survivors)


def test_bgbb_gives_the_published_fit_of_the_donations():
    cells = pd.read_csv(DATA / "donations.csv")
    assert cells["users"].sum() == 11104 and len(cells) == 22
    fit = fit_bgbb(cells["x"], cells["t_x"], cells["n"], cells["users"])
    assert (fit.alpha, fit.beta, fit.gamma, fit.delta) == pytest.approx(
        (1.2035, 0.7497, 0.6567, 2.7834), abs=PARAMETER
    )
    assert fit.log_likelihood == pytest.approx(-33225.5813, abs=LOG_LIKELIHOOD)
    expected = [
        0.6162, 0.4985, 0.4248, 0.3735, 0.3354, 0.3058, 0.2820, 0.2624, 0.2459, 0.2318, 0.2196, 0.2088, 0.1993
    ]  # fmt: skip
    assert fit.expected_active(range(13)) == pytest.approx(expected, abs=2e-4)


@settings(max_examples=30)
@given(alpha=shapes, beta=shapes, gamma=shapes, delta=shapes, n=st.integers(1, 7))
def test_bgbb_probabilities_sum_to_one_and_their_mean_is_the_curve(alpha, beta, gamma, delta, n):
    model = BGBB(alpha, beta, gamma, delta, 0.0, 1.0, False)
    cells = [(0, 0, 1)] + [
        (x, t, comb(t - 1, x - 1)) for t in range(1, n + 1) for x in range(1, t + 1)
    ]  # fmt: skip
    x, t_x, ways = np.array(cells).T
    probability = ways * np.exp(model.log_probability(x, t_x, n))
    assert probability.sum() == pytest.approx(1.0, rel=1e-9)
    assert probability @ x == pytest.approx(model.expected_active(np.arange(1, n + 1)).sum(), rel=1e-9)


def bgbb_world(rng: np.random.Generator, users: int, months: int) -> np.ndarray:
    p, theta = rng.beta(2.0, 1.2, users), rng.beta(1.2, 2.0, users)
    life = rng.geometric(theta)
    active = (rng.random((users, months)) < p[:, None]) & (np.arange(1, months + 1) < life[:, None])
    return np.column_stack([np.ones(users, dtype=bool), active])


def test_bgbb_recovers_a_planted_curve_from_a_matrix():
    active = bgbb_world(np.random.default_rng(11), 20_000, 6)
    x, t_x, n, counts = bgbb_cells(active)
    assert counts.sum() == 20_000 and (n == 6).all() and len(x) == 22
    fit = fit_bgbb(x, t_x, n, counts)
    truth = BGBB(2.0, 1.2, 1.2, 2.0, 0.0, 1.0, False).expected_active(range(1, 13))
    assert fit.expected_active(range(1, 13)) == pytest.approx(truth, abs=0.015)
    assert fit.expected_active(range(1, 7)) == pytest.approx(active.mean(axis=0)[1:], abs=0.01)


def test_impossible_histories_are_refused_in_words():
    with pytest.raises(ValueError, match="impossible history in cell 1: x = 3, t_x = 2"):
        fit_bgbb([0, 3], [0, 2], 6)
    with pytest.raises(ValueError, match="at least 2 months"):
        fit_bgbb([0, 1], [0, 1], 1)


@pytest.mark.parametrize(
    ("x", "t_x", "n", "what"),
    [
        ([0, 1.5], [0, 2], 6, r"x must hold whole numbers of months, got 1.5 in cell 1"),
        ([1, 1], [2, float("nan")], 6, r"t_x must hold whole numbers of months, got nan in cell 1"),
        ([1, 1], [2, 2], [6, float("inf")], r"n must hold whole numbers of months, got inf in cell 1"),
        (["1", "2"], [2, 2], 6, r"x must hold whole numbers of months, got '1' in cell 0"),
        ([1, None], [2, 2], 6, r"x must hold whole numbers of months, got None in cell 1"),
    ],
)
def test_histories_that_are_no_whole_months_are_refused_not_cut(x, t_x, n, what):
    with pytest.raises(ValueError, match=what):
        fit_bgbb(x, t_x, n)
    with pytest.raises(ValueError, match=what):
        BGBB(1.0, 1.0, 1.0, 1.0, 0.0, 1.0, False).log_probability(x, t_x, n)


def test_whole_numbers_may_come_as_floats_and_users_are_whole():
    as_floats = fit_bgbb([0.0, 1.0, 2.0], [0.0, 1.0, 2.0], 3.0, [2.0, 1.0, 4.0])
    assert as_floats == fit_bgbb([0, 1, 2], [0, 1, 2], 3, [2, 1, 4])
    with pytest.raises(ValueError, match=r"counts must hold whole numbers of users, got 2.5 in cell 0"):
        fit_bgbb([0, 1], [0, 1], 3, [2.5, 1.0])
    with pytest.raises(ValueError, match="none negative and not all 0"):
        fit_bgbb([0, 1], [0, 1], 3, [0, 0])
    with pytest.raises(ValueError, match="at least one cell"):
        fit_bgbb([], [], 3)
    with pytest.raises(ValueError, match="rows of one length"):
        fit_bgbb([0, 1], [0, 1, 2], 3)


def test_plateau_index_by_hand_and_from_counts_alone():
    # 100 users; month 3: 50 active, month 5: 40 active, 30 in both.
    active = np.zeros((100, 6), dtype=bool)
    active[:, 0] = True
    active[:50, 3] = True
    active[20:60, 5] = True
    found = plateau_index(active)
    assert found.index == pytest.approx(0.8)
    variance = (0.25 / 0.25 + 0.24 / 0.16 - 2 * (0.3 - 0.2) / 0.2) / 99
    assert found.se == pytest.approx(np.sqrt(variance))
    assert found.p_above == pytest.approx(0.5) and found.p_below == pytest.approx(0.5)
    assert found.low < 0.8 < found.high
    assert plateau_index(co_activity(active)) == found
    one_each = plateau_index(active, clusters=np.arange(100))
    assert one_each.se == pytest.approx(found.se)
    doubled = np.vstack([active, active])
    twice = plateau_index(doubled, clusters=np.tile(np.arange(100), 2))
    assert twice.se == pytest.approx(found.se) and plateau_index(doubled).se < found.se * 0.72
    assert np.isnan(plateau_index(active, late=5, early=4).index)
    with pytest.raises(ValueError, match="early < late <= 5"):
        plateau_index(active, late=6)


def test_the_interval_of_the_plateau_index_covers_and_its_test_keeps_its_level():
    # 400 cohorts of 400 users: coverage within 3 sd of 0.95; the test at the true value within 3 sd of 0.05.
    rng = np.random.default_rng(5)
    curve = BGBB(2.0, 1.2, 1.2, 2.0, 0.0, 1.0, False).expected_active([3, 5])
    truth = float(curve[1] / curve[0])
    found = [plateau_index(bgbb_world(rng, 400, 5), threshold=truth) for _ in range(400)]
    covered = np.mean([one.low <= truth <= one.high for one in found])
    assert abs(covered - 0.95) <= 3 * np.sqrt(0.95 * 0.05 / 400)
    for side in ("p_above", "p_below"):
        assert np.mean([getattr(one, side) < 0.05 for one in found]) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
