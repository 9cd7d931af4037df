"""What is asked of conditions that steps keep missing."""

from __future__ import annotations

import pytest

from testbed.calibration.fit.multipliers import MOST, RATE, Multipliers


def test_what_falls_short_is_asked_for_with_more_room_and_what_holds_gives_it_back():
    found = Multipliers(0.15)
    assert found.room("C12 (1)") == 0.15
    found.learn({"C12 (1)": 0.05, "C13 (1)": 0.4})
    assert found.room("C12 (1)") == pytest.approx(0.15 + RATE * 0.1)
    assert found.room("C13 (1)") == 0.15, "what has room to spare is not asked for less"
    found.learn({"C12 (1)": 0.25, "C13 (1)": 0.4})
    assert found.room("C12 (1)") == pytest.approx(0.15)


def test_what_never_holds_is_not_asked_for_beyond_a_limit():
    found = Multipliers(0.15)
    for _ in range(20):
        found.learn({"C80 (1)": -3.0})
    assert found.room("C80 (1)") == pytest.approx(0.15 + MOST) and 0.15 + MOST < 0.5


def test_a_market_that_answers_half_as_much_still_comes_to_its_room():
    """Asked for what the logit says, it would stop half way."""
    found, at, asked = Multipliers(0.15), -0.4, 0.0
    for _ in range(30):
        found.learn({"C13 (1)": at})
        asked = found.room("C13 (1)")
        at = -0.4 + 0.7 * (asked + 0.4)
    assert at == pytest.approx(0.15, abs=0.01) and asked > 0.15
