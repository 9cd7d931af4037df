"""The switches of lessons 2 to 5 leave the traces that the lessons name: a reader of the numbers tells each."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.proportions import wilson
from lessons.course import exposure, plateau, small_numbers, sorting


def _fall(flipped, usual, back):
    """Of cohorts from February on: how far month `back` from the end lies below that without the switch."""
    last = int(usual["k"].max())
    order = list(dict.fromkeys(usual["cohort"]))
    both = usual.merge(flipped, on=["cohort", "k"], suffixes=("", "_flipped"))
    month = both["cohort"].map(order.index) + both["k"]
    mine = both[(month == last - back) & (both["cohort"] != order[0])]
    return 1 - mine["retention_flipped"].sum() / mine["retention"].sum()


@pytest.mark.parametrize("switch", exposure.LESSON.switches, ids=lambda one: one.key)
def test_the_triangle_tells_what_was_flipped(switch):
    launch, last, fall = exposure.KINDS[switch.key]
    usual = exposure.cells(exposure.seen(1, exposure.WHOLE))
    flipped = exposure.cells(exposure.seen(launch, last, fall=fall))
    newest, before = _fall(flipped, usual, 0), _fall(flipped, usual, 1)
    first = flipped["retention"].iloc[0] / usual["retention"].iloc[0]
    named = "fall" if before > 0.15 else "last" if newest > 0.3 else "launch" if first > 1.1 else "none"
    assert named == switch.key


def test_dots_and_intervals_tell_what_was_flipped():
    right = 0
    for turn in range(1, 21):
        for switch in small_numbers.LESSON.switches:
            kind, _ = small_numbers.KINDS[switch.key]
            back = small_numbers.tossed(kind, 100 + turn)
            low, high = wilson(back, kind.size)
            mean = (back / kind.size).mean()
            apart = np.sum((low > mean) | (high < mean))
            named = "small" if (high - low).mean() > 0.15 else "differ" if apart >= 5 else "better"
            right += named == switch.key
    assert right >= 0.8 * 60


@pytest.mark.parametrize("switch", sorting.LESSON.switches, ids=lambda one: one.key)
def test_leaving_by_kind_tells_what_was_flipped(switch):
    world = sorting.FLIPPED[switch.key]
    for seed in (1, 2, 3):
        total, within = sorting.ratio(world, seed), sorting.ratio(world, seed, within=True)
        named = "loyal" if within < 0.6 else "alike" if total > 0.8 else "few"
        assert named == switch.key, (seed, total, within)


def test_lock_in_makes_users_loyal_and_without_it_nobody_is():
    """All users of that world are alike: nothing sorts them. Late leaving is a fifth of early leaving with lock-in, and
    as much as that without it; who is lost has gone to a rival and does not come back."""
    for seed in (1, 2, 3):
        locked, free = (sorting.variant(loyal=True, lock_in=lock_in) for lock_in in (True, False))
        assert sorting.ratio(locked, seed, within=True) < 0.4
        assert 0.8 < sorting.ratio(free, seed, within=True) < 1.3
        assert sorting.alarms(free, seed) == 0
        active, _ = sorting.there(locked, seed)
        assert (np.diff(active.astype(int), axis=1) <= 0).all()


def test_all_the_years_tell_a_plateau_from_slow_decay():
    right = 0
    for turn in range(1, 41):
        for switch in plateau.LESSON.switches:
            there = plateau.drawn(plateau.fits()[plateau.WORLDS[switch.key]], 1000 + turn, plateau.FAR)
            lost = (there[-6] - there[-1]) / there[-1]
            right += ("plateau" if lost < 0.06 else "decay") == switch.key
    assert right >= 76


def test_the_world_with_loyal_users_has_much_the_same_curve_as_the_one_with_two_kinds():
    both = [
        sorting.curves(sorting.variant(loyal=loyal), kinds=False)["retention"].to_numpy()
        for loyal in (False, True)
    ]
    assert np.abs(both[0] - both[1]).max() < 0.08
