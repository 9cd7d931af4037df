"""Negative controls: what brings the engaged to any launch is not this model's doing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.inference.cohorts.populations import Population, Prior, planted
from analysis.inference.launch.four_tests import launch_tests
from analysis.inference.verdict.controls import Controls, compare, effect
from analysis.inference.verdict.judging import _beside_controls, judge

SIZES = (1500, *[500] * 6)


def found(loyal: float, seed: int):
    """Tests of a panel whose launch cohort has a share of users who stay, and whether it stands out."""
    panel = planted(SIZES, loyal).draw(np.random.default_rng(seed))
    return launch_tests(panel.cells, 0), loyal > 0.1


def test_a_launch_like_all_others_is_explained_by_them():
    own, _ = found(0.25, 1)
    others = [found(0.25, seed) for seed in range(2, 7)]
    controls = compare(own, others)
    assert controls.explain and controls.p_mean < 1e-3 < 0.05 < controls.p_excess
    assert (controls.stand_out, controls.judged) == (5, 5)
    assert controls.odds_ratio > 1.5


def test_a_launch_above_all_others_is_not():
    own, _ = found(0.40, 1)
    weak = compare(own, [found(0.05, seed) for seed in range(2, 8)])
    none = compare(own, [found(0.0, seed) for seed in range(2, 8)])
    assert not weak.explain and weak.p_excess <= 0.05
    assert not none.explain and none.p_mean > 0.001


def test_few_controls_say_nothing():
    own, stands = found(0.25, 1)
    controls = compare(own, [(own, stands)] * 2)
    assert not controls.explain and np.isnan(controls.p_excess)
    assert compare(None, [(own, stands)] * 5).judged == 5


def test_the_effect_is_read_off_its_interval():
    own, _ = found(0.25, 1)
    value, variance = effect(own)
    assert np.exp(value) == pytest.approx(own.odds_ratio)
    assert np.exp(value + 1.959964 * variance**0.5) == pytest.approx(own.odds_ratio_high, rel=1e-4)
    assert effect(replace(own, odds_ratio_low=np.nan)) is None


def test_explained_by_controls_is_fragile():
    verdict = judge(planted(SIZES, 0.3).draw(np.random.default_rng(3)))
    assert verdict.classification.kind in ("foundational", "dominant launch")
    explained = _beside_controls(replace(verdict, controls=Controls(4, 5, 2.0, 0.001, 0.4, 4, 5)))
    assert explained.classification.kind == "fragile"
    assert (
        "beside other models" in explained.headline and "whatever model" in explained.classification.because
    )
    for few in (Controls(4, 5, 2.0, 0.001, 0.01, 4, 5), Controls(2, 4, 2.0, 0.001, 0.4, 2, 4)):
        assert _beside_controls(replace(verdict, controls=few)).classification == verdict.classification


def test_equal_launches_are_rarely_taken_for_special():
    """One-sided 5% for each: of 40 worlds with six equal launches at most 6 judge the first above the others
    (binomial, 2% chance of more)."""
    prior = Prior(2.0, 1.2, 1.2, 2.0)
    special = 0
    for world in range(40):
        rng = np.random.default_rng([9, world])
        families = [Population("equal", SIZES, prior, loyal=0.2) for _ in range(6)]
        tests = [launch_tests(family.draw(rng).cells, 0) for family in families]
        special += not compare(tests[0], [(test, True) for test in tests[1:]]).explain
    assert special <= 6


SLIPPER = planted(SIZES, 0.25, months=8)
NOTHING = Population("nothing", SIZES, months=8)
VARIED = replace(NOTHING, cohort_sd=0.25)
MIXTURES = [
    ("3 of 10 controls loyal, too", SLIPPER, [SLIPPER] * 3 + [NOTHING] * 7),
    ("2 of 6 controls loyal, too", SLIPPER, [SLIPPER] * 2 + [NOTHING] * 4),
    ("3 controls whose cohorts vary", replace(SLIPPER, cohort_sd=0.25), [VARIED] * 3),
]


@pytest.mark.parametrize(("name", "own", "others"), MIXTURES, ids=[name for name, *_ in MIXTURES])
def test_a_loyal_launch_is_rarely_withdrawn_beside_others(name, own, others):
    """At most 5%: of 40 worlds, more than 5 withdrawn would be seen in 1.4% of the cases. Withdrawing by the mean of
    the controls alone, three loyal ones among ten withdrew more than half."""
    withdrawn = 0
    for world in range(40):
        rng = np.random.default_rng([17, world])
        tests = [launch_tests(family.draw(rng).cells, 0) for family in (own, *others)]
        withdrawn += compare(tests[0], [(test, False) for test in tests[1:]]).explain
    assert withdrawn <= 5
