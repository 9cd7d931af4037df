"""Mystery worlds: each cause can be told from the others by what the page shows."""

from __future__ import annotations

import pytest

from lessons.lab.desk import Desk
from lessons.lab.market import worlds_of
from lessons.lab.mystery import CAUSES, NOTHING, round_of
from lessons.lab.player import FIRST, PAGE, ROUNDS, played

LEAST = 0.8
"""Of all rounds that a player must name rightly who sees only the page's numbers (the laboratory's own aim)."""
MARKETS = (500, 501)  # the rounds whose markets the quick test plays


def test_each_cause_is_told_from_the_others(desk):
    """Every cause once, in each of two markets. `docs/laboratory.md` has many rounds."""
    found = played(desk, [round_of(market, cause) for market in MARKETS for cause in CAUSES])
    right = sum(count for (truth, named), count in found.items() if truth == named)
    assert right >= LEAST * len(MARKETS) * len(CAUSES), dict(found)


@pytest.mark.slow
def test_two_hundred_rounds_are_named_rightly():
    desk = Desk()
    found = played(desk, (round_of(2 * FIRST + i) for i in range(ROUNDS)))
    desk.close()
    assert sum(count for (truth, named), count in found.items() if truth == named) >= LEAST * ROUNDS, dict(
        found
    )


def test_the_page_says_what_was_measured():
    text = PAGE.read_text(encoding="utf-8")
    said = next(line for line in text.splitlines() if " rounds right" in line)
    right, rounds = int(said.split()[0]), int(said.split()[2])
    assert rounds == ROUNDS and right >= LEAST * rounds
    market = worlds_of(round_of(FIRST).reference).world.scenario.mechanisms
    assert all(f"| {key} |" in text for key in (*CAUSES, *(key for key, cause in market if cause.enabled)))


def test_a_round_is_a_market_with_one_cause_changed():
    for cause in CAUSES:
        asked = round_of(7, cause)
        mystery, reference = (worlds_of(state).world.scenario for state in (asked.mystery, asked.reference))
        changed = {
            key for key in ("mechanisms", "calendar") if getattr(mystery, key) != getattr(reference, key)
        }
        assert len(changed) == (cause != NOTHING)
        assert mystery.model_copy(update={key: getattr(reference, key) for key in changed}) == reference


def test_rounds_differ():
    rounds = [round_of(number) for number in range(60)]
    assert {one.truth for one in rounds} == set(CAUSES)
    assert len({one.reference.seed for one in rounds}) == 60
    assert round_of(3) == round_of(3)
    with pytest.raises(ValueError, match="no cause"):
        round_of(3, "luck")
