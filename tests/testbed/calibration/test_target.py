"""The target: inside the bands, with room, and no further from the simulated market than it must be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from testbed.calibration.target import Contradiction, target
from testbed.calibration.tensor.reader import Reader
from tests.testbed.calibration.small_market import claim, problem, share, weekly

OPEN, CLOSED, CHINESE = "{open: true}", "{source: closed}", "{source: cn-open}"


def some_claims(open_share: float, chinese: float, weeks: float) -> str:
    return (
        claim(1, share(OPEN, "end"), f"{{kind: value, target: {open_share}, rule: about share}}")
        + claim(2, share(CHINESE, within=OPEN), f"{{kind: value, target: {chinese}, rule: share}}")
        + claim(
            3,
            weekly("{author: deepseek}", CHINESE),
            f"{{kind: share_of_weeks, above: 0.6, at_least: {weeks}}}",
        )
        + claim(4, weekly(CLOSED), "{kind: trend, direction: up}")
    )


@settings(max_examples=12)
@given(st.floats(0.15, 0.6), st.floats(0.2, 0.8), st.sampled_from([0.25, 0.5, 0.9]), st.integers(1, 99))
def test_every_claim_holds_in_the_target_with_its_room(tmp_path_factory, open_share, chinese, weeks, seed):
    text = some_claims(round(open_share, 3), round(chinese, 3), weeks)
    found = problem(tmp_path_factory.mktemp("claims"), text, seed)
    told = target(found.claims, found.reference, room=0.2)
    read = Reader(found.reference, told.tensor)
    assert set(told.rooms.values()) == {0.2}
    for part in (part for each in found.claims for part in each.linear_parts):
        assert part.exactly.slack(read) >= 0, part.name
        assert told.nearest.slack[part.name] == pytest.approx(part.exactly.slack(read))
        assert part.requirement(0.15).slack(read) >= 0, "most of the room is there"
    np.testing.assert_allclose(told.tensor.shares.sum(axis=(1, 2)), 1)
    np.testing.assert_array_equal(told.tensor.totals, found.reference.tensor.totals)
    assert 0 < told.distance <= 1
    assert set(told.binding) <= set(told.rooms)


def test_a_market_in_which_the_claims_hold_is_its_own_target(tmp_path):
    text = claim(1, share(OPEN), "{kind: range, at_least: 0.2}") + claim(
        2, share(CLOSED), "{kind: range, at_least: 0.1}"
    )
    found = problem(tmp_path, text)
    told = target(found.claims, found.reference)
    assert told.distance == pytest.approx(0, abs=1e-12)
    assert told.binding == {}


def test_the_target_is_on_the_edge_that_it_was_pulled_to(tmp_path):
    """Open models have more than half of this market: the target has as much as the band with room allows."""
    found = problem(tmp_path, claim(1, share(OPEN), "{kind: range, at_most: 0.3}"))
    told = target(found.claims, found.reference, room=0.1)
    (part,) = found.claims[0].parts
    read = Reader(found.reference, told.tensor)
    width = 0.1  # of a share of 30%: five points either way
    assert part.result.value(read) == pytest.approx(0.3 - 0.1 * width, abs=1e-5)
    assert list(told.binding) == [part.name]
    groups = found.reference.frame.groups
    opened = [groups.members(number)[0] != "acme/closed" for number in range(len(groups))]
    odds = told.tensor.shares / np.where(found.reference.tensor.shares > 0, found.reference.tensor.shares, 1)
    for period in range(28):
        closed_odds = odds[period][[not mine for mine in opened]]
        assert np.ptp(closed_odds[closed_odds > 0]) < 1e-9, "closed models keep their proportions"


def test_room_is_halved_where_conditions_stand_in_each_others_way(tmp_path):
    tight = claim(1, share(OPEN, "end"), "{kind: range, at_least: 0.6}")
    tight += claim(2, share(CLOSED, "end"), "{kind: range, at_least: 0.385}")
    tight += claim(3, share(CHINESE, "start"), "{kind: value, target: 0.3, rule: share}")
    found = problem(tmp_path, tight)
    told = target(found.claims, found.reference, room=0.2)
    assert told.rooms["C03 (1) share"] == 0.2
    assert told.rooms["C01 (1) share"] == told.rooms["C02 (1) share"] == 0.05
    assert all(slack >= 0 for slack in told.nearest.slack.values())


def test_what_cannot_hold_at_all_is_named(tmp_path):
    text = claim(1, share(OPEN), "{kind: range, at_least: 0.6}") + claim(
        2, share(CLOSED), "{kind: range, at_least: 0.5}"
    )
    found = problem(tmp_path, text + claim(3, share(CHINESE), "{kind: range, at_least: 0.1}"))
    with pytest.raises(Contradiction, match="feasibility") as error:
        target(found.claims, found.reference)
    assert error.value.names == ("C01 (1) share", "C02 (1) share")


def test_claims_for_validation_are_refused(tmp_path):
    text = claim(1, share(OPEN), "{kind: range, at_least: 0.6}")
    text += claim(2, share(CLOSED), "{kind: range, at_least: 0.1}", calibration=False)
    found = problem(tmp_path, text)
    with pytest.raises(ValueError, match="validation only: C02"):
        target(found.claims, found.reference)
    with pytest.raises(ValueError, match=r"room 0\.5"):
        target(found.claims[:1], found.reference, room=0.5)
