"""Steps of a fit: on as long as it helps, back to the best place where one led astray."""

from __future__ import annotations

import numpy as np
import pytest

from testbed.calibration.fit.parameters import Parameters
from testbed.calibration.fit.walk import GAIN, MUCH_WORSE, SHORTER, Place, Walk


def point(value: float) -> Parameters:
    """A point of a space with one author, one category and nothing else."""
    return Parameters(np.full((1, 1), value), np.zeros(0), np.zeros((0, 1)), np.zeros((1, 2)))


def value(parameters: Parameters) -> float:
    return float(parameters.author[0, 0])


def test_a_step_goes_a_part_of_the_way_from_where_it_is():
    walk = Walk()
    assert value(walk.onwards(Place(5.0, point(0.0), point(1.0)))) == pytest.approx(GAIN)
    assert value(walk.onwards(Place(4.0, point(0.7), point(2.7)))) == pytest.approx(0.7 + 2 * GAIN)


def test_a_step_that_made_it_much_worse_is_taken_back_and_a_shorter_one_tried():
    walk = Walk()
    walk.onwards(Place(1.0, point(0.0), point(1.0)))
    again = walk.onwards(Place(1.01 * MUCH_WORSE, point(0.7), point(-9.0)))
    assert value(again) == pytest.approx(GAIN * SHORTER)
    once_more = walk.onwards(Place(2 * MUCH_WORSE, again, point(-9.0)))
    assert value(once_more) == pytest.approx(GAIN * SHORTER**2)


def test_a_little_worse_is_let_pass_but_the_best_place_stays_the_measure():
    walk = Walk()
    walk.onwards(Place(1.0, point(0.0), point(1.0)))
    for strain in (1.1, 1.2):
        at = walk.onwards(Place(strain, point(3.0), point(4.0)))
        assert value(at) == pytest.approx(3.0 + GAIN)
    back = walk.onwards(Place(1.3, point(5.0), point(6.0)))  # little worse than the last, much than the best
    assert value(back) == pytest.approx(GAIN * SHORTER)


def test_steps_grow_again_after_one_that_helped_and_never_beyond_the_usual():
    walk = Walk()
    walk.onwards(Place(1.0, point(0.0), point(1.0)))
    walk.onwards(Place(9.0, point(0.7), point(1.0)))
    short = walk.gain
    walk.onwards(Place(0.9, point(0.35), point(1.0)))
    assert short < walk.gain <= GAIN
    for _ in range(5):
        walk.onwards(Place(0.5, point(0.5), point(1.0)))
    assert walk.gain == GAIN


def test_it_settles_where_steps_that_overshoot_would_swing_apart():
    """A world that answers three times as much as the step expects: without going back the error doubles each time."""
    walk, at = Walk(), point(1.0)
    for _ in range(40):
        place = Place(value(at) ** 2, at, point(value(at) - 5.0 * value(at)))
        at = walk.onwards(place)
    assert abs(value(at)) < 1e-2
