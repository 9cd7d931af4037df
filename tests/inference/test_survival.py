"""Kaplan-Meier and weighted log-rank tests against published numbers, statsmodels, hand counts and laws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.inference.curves.survival import durations, gehan, kaplan_meier, log_rank, tarone_ware

DATA = Path(__file__).parent / "data"
PRINTED = 5.1e-5  # half a unit of the fourth printed digit


def study(name: str) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    rows = pd.read_csv(DATA / f"{name}.csv")
    return rows["duration"].to_numpy(), rows["event"].to_numpy(), rows


@pytest.mark.parametrize(
    ("name", "p", "q", "statistic", "tail"),
    [
        ("waltons", 0, 0, 122.2491, 2.036e-28),
        ("waltons", 1, 0, 139.8439, 2.880e-32),
        ("waltons", 0, 1, 21.2516, 4.028e-06),
        ("waltons", 1, 1, 45.0347, 1.936e-11),
        ("waltons", 0.5, 0.5, 80.7373, 2.578e-19),
        ("freireich", 0, 0, 16.7929, 4.169e-05),
        ("freireich", 1, 0, 14.4572, 1.434e-4),
        ("freireich", 0, 1, 13.0484, 3.035e-4),
        ("freireich", 1, 1, 12.7415, 3.576e-4),
    ],
)
def test_fleming_harrington_gives_the_reference_numbers(name, p, q, statistic, tail):
    time, event, rows = study(name)
    found = log_rank(time, event, rows["group"], p, q)
    assert found.statistic == pytest.approx(statistic, abs=PRINTED)
    assert found.p == pytest.approx(tail, rel=3e-4)
    assert found.df == 1 and found.z**2 == pytest.approx(found.statistic)


def test_wilcoxon_and_tarone_ware_give_the_reference_numbers():
    time, event, rows = study("waltons")
    assert gehan(time, event, rows["group"]).statistic == pytest.approx(139.6479, abs=PRINTED)
    assert tarone_ware(time, event, rows["group"]).statistic == pytest.approx(133.8811, abs=PRINTED)
    time, event, rows = study("freireich")
    breslow = gehan(time, event, rows["group"])
    assert breslow.statistic == pytest.approx(13.4579, abs=PRINTED)
    assert breslow.p == pytest.approx(2.440e-4, rel=3e-4)


def test_observed_expected_and_variance_of_the_classics():
    time, event, rows = study("freireich")
    found = log_rank(time, event, rows["group"])
    assert found.groups == ("6-MP", "placebo")
    assert (found.observed[0], found.expected[0], found.variance[0, 0]) == pytest.approx(
        (9, 19.2505, 6.2570), abs=PRINTED
    )
    assert found.z < 0
    time, event, rows = study("waltons")
    found = log_rank(time, event, rows["group"])
    assert found.groups == ("control", "miR-137")
    assert (found.observed[1], found.expected[1], found.variance[1, 1]) == pytest.approx(
        (34, 7.0755, 5.9299), abs=PRINTED
    )


def test_four_groups_of_rossi():
    time, event, rows = study("rossi")
    found = log_rank(time, event, rows["race"] * 2 + rows["fin"])
    assert found.df == 3
    assert found.statistic == pytest.approx(4.6897, abs=PRINTED)
    assert found.p == pytest.approx(0.1960, abs=PRINTED)
    assert np.isnan(found.z)


def test_kaplan_meier_of_the_classics():
    time, event, rows = study("waltons")
    whole = kaplan_meier(time, event)
    assert whole.at([6, 9, 13, 20, 40, 56, 70]) == pytest.approx(
        [0.9939, 0.9692, 0.9507, 0.9137, 0.7778, 0.4299, 0.0143], abs=PRINTED
    )
    assert whole.median == 56
    group = rows["group"].to_numpy()
    medians = [kaplan_meier(time[group == g], event[group == g]).median for g in ("miR-137", "control")]
    assert medians == [26, 58]
    time, event, rows = study("freireich")
    mine = rows["group"].to_numpy() == "6-MP"
    drug = kaplan_meier(time[mine], event[mine])
    assert list(drug.times) == [6, 7, 10, 13, 16, 22, 23]
    assert drug.survival == pytest.approx(
        [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482], abs=PRINTED
    )
    assert list(drug.at_risk) == [21, 17, 15, 12, 11, 7, 6] and list(drug.events) == [3, 1, 1, 1, 1, 1, 1]
    assert np.all((drug.low < drug.survival) & (drug.survival < drug.high))


@pytest.mark.parametrize(("kind", "ours"), [("gb", gehan), ("tw", tarone_ware), (None, log_rank)])
def test_the_weights_agree_with_statsmodels(kind, ours):
    from statsmodels.duration.survfunc import survdiff

    time, event, rows = study("rossi")
    theirs = survdiff(time, event, rows["race"], weight_type=kind)
    found = ours(time, event, rows["race"])
    assert (found.statistic, found.p) == pytest.approx(theirs, rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(times=st.lists(st.integers(0, 12), min_size=1, max_size=40))
def test_without_censoring_kaplan_meier_is_one_minus_the_ecdf(times):
    time = np.array(times)
    curve = kaplan_meier(time, np.ones(len(time), dtype=bool))
    asked = np.arange(-1, 14)
    assert curve.at(asked) == pytest.approx([(time > t).mean() for t in asked], abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), n=st.integers(6, 40))
def test_laws_of_the_log_rank_test(data, n):
    time = np.array(data.draw(st.lists(st.integers(1, 6), min_size=n, max_size=n)))
    event = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    group = np.array(data.draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)))
    event[0], group[:2] = True, (0, 1)
    found = log_rank(time, event, group)
    assert found.observed.sum() == pytest.approx(event.sum())
    assert found.expected.sum() == pytest.approx(event.sum())
    assert found.variance.sum(axis=0) == pytest.approx(np.zeros(len(found.groups)), abs=1e-9)
    assert 0 <= found.p <= 1
    # Labels and the unit of time do not matter.
    again = log_rank(time * 30, event, 9 - group)
    assert again.statistic == pytest.approx(found.statistic, abs=1e-8)


def test_the_size_of_the_tests_with_heavy_ties_and_their_sense_of_early_and_late():
    # 400 pairs of equal cohorts of 150: each test rejects within 3 sd of its 5%, 0.017 to 0.083.
    rng = np.random.default_rng(8)
    group = np.repeat([0, 1], 150)
    tests = (log_rank, gehan, lambda t, e, g: log_rank(t, e, g, 0, 1))
    hits = np.zeros(3)
    for _ in range(400):
        life = rng.geometric(0.35, 300)
        hits += [test(np.minimum(life, 6), life <= 6, group).p < 0.05 for test in tests]
    assert np.all(np.abs(hits / 400 - 0.05) <= 3 * np.sqrt(0.05 * 0.95 / 400))
    # An eighth of the second cohort never leaves: the difference grows with age, late weights see it best.
    wins = np.zeros(3)
    for _ in range(100):
        life = np.where((group == 1) & (rng.random(300) < 0.125), 99, rng.geometric(0.35, 300))
        wins += [test(np.minimum(life, 6), life <= 6, group).p < 0.05 for test in tests]
    assert wins[2] > wins[0] > wins[1]
    assert wins[2] >= 75


def test_durations_from_months_of_activity():
    active = np.array(
        [
            [1, 0, 0, 0, 0],  # last 0: gone at 1
            [1, 0, 1, 0, 0],  # a gap, last 2, two silent months: gone at 3
            [1, 1, 0, 1, 0],  # last 3, one silent month: censored
            [1, 1, 1, 1, 1],  # there until the end: censored
        ]
    )
    time, event = durations(active)
    assert list(time) == [1, 3, 3, 4] and list(event) == [True, True, False, False]
    time, event = durations(active, gap=3)
    assert list(time) == [1, 2, 3, 4] and list(event) == [True, False, False, False]
    with pytest.raises(ValueError, match="at least 2 months"):
        durations(active, gap=1)


def test_impossible_input_is_refused_in_words():
    with pytest.raises(ValueError, match="at least 2 groups"):
        log_rank([1, 2], [1, 1], ["a", "a"])
    with pytest.raises(ValueError, match="no event"):
        log_rank([1, 2], [0, 0], ["a", "b"])
    with pytest.raises(ValueError, match="one length"):
        kaplan_meier([1, 2], [1])
    with pytest.raises(ValueError, match="not negative"):
        kaplan_meier([-1, 2], [1, 1])
    with pytest.raises(ValueError, match="p and q"):
        log_rank([1, 2], [1, 1], ["a", "b"], p=-1)
    assert kaplan_meier([3, 4], [0, 0]).at(5) == 1.0
