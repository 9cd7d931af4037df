"""What lessons 0 and 1 say in words holds in their worlds, whatever the seed."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.inference.cohorts.retention_definitions import DEFINITIONS
from lessons.course import activity_retention as one
from lessons.course import words as zero

SEEDS = (1, 2, 3)
"""Three worlds of 1,200 users: a month's share is off by 1.4 points (one standard error), the bounds are
ten and more; what must be alike is alike to the user, as the luck is the same."""
SWITCHES = {switch.key: switch.settings for switch in one.LESSON.switches}


def curve(settings, seed):
    return one.curves(settings, seed, "calendar month").set_index("k")["retention"]


@pytest.mark.parametrize("seed", SEEDS)
def test_who_skips_more_lies_lower_and_level(seed):
    before, after = curve((), seed), curve(SWITCHES["skip"], seed)
    assert (after < before).all()
    level = after.drop(one.HOLIDAY)
    assert level.max() - level.min() < 0.15


@pytest.mark.parametrize("seed", SEEDS)
def test_where_work_ends_the_curve_falls_and_little_comes_back(seed):
    before, after = curve((), seed), curve(SWITCHES["leave"], seed)
    assert (np.diff(after.loc[:5]) < 0).all()
    assert after[one.HOLIDAY + 1] - after[one.HOLIDAY] < 0.5 * (before[one.HOLIDAY + 1] - before[one.HOLIDAY])


@pytest.mark.parametrize("seed", SEEDS)
def test_without_the_holiday_only_its_month_differs(seed):
    before, after = curve((), seed), curve(SWITCHES["holiday"], seed)
    assert after[one.HOLIDAY] - before[one.HOLIDAY] > 0.2
    assert (after - before).drop(one.HOLIDAY).abs().max() == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_which_definitions_can_rise(seed):
    rises = {
        name: bool((np.diff(one.curves((), seed, name)["retention"]) > 0.1).any()) for name in DEFINITIONS
    }
    assert rises == {
        "calendar month": True,
        "30-day windows": True,
        "on or after": False,
        "every month": False,
    }
    assert one.at("on or after", 9, (), seed) < one.at("on or after", 5, (), seed) - 0.1, "the end of the log"


def test_each_definition_is_explained():
    assert tuple(one.MEANINGS) == DEFINITIONS


def test_the_40_users_are_there_nearly_always_or_gone():
    mine = zero.users().query(f"cohort == {zero.launch()}")
    extremes = (mine["active"] == mine["after"]) | (mine["active"] == 0)
    assert extremes.mean() > 0.5
    assert 0.4 < zero.curve().query("name == 'launch cohort' and k == 5")["retention"].item() < 0.6, (
        "about half"
    )
    assert "rise" not in zero.take_away() and len(zero.comebacks()) > 0


def test_the_backlog_falls_when_the_model_comes():
    waiting = zero.waiting().set_index("day")["waiting"]
    day = int((zero.world().released(zero.MODEL) - zero.world().start).astype(int))
    assert waiting[day + 14] < 0.6 * waiting[day - 1]
