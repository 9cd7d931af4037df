"""Which arms a plan has: every combination of a design, once, in a fixed order."""

from __future__ import annotations

from math import comb, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.experiment.arms import SameArm, arms_of
from testbed.experiment.schema import ArmsSection, FactorSection

SWITCHES = {name: FactorSection(switch=f"mechanisms.{name}") for name in ("fit", "backlog", "lock_in")}


def names(factors, **section) -> list[str]:
    return [arm.name for arm in arms_of(factors, ArmsSection(**section))]


def test_one_at_a_time():
    assert names(SWITCHES, designs=["one_at_a_time"]) == ["base", "fit=off", "backlog=off", "lock_in=off"]
    arms = arms_of(SWITCHES, ArmsSection(designs=["one_at_a_time"]))
    assert [arm.factor for arm in arms] == [None, "fit", "backlog", "lock_in"]
    assert [arm.reference for arm in arms] == ["", "base", "base", "base"]
    assert [arm.takes_away for arm in arms] == [False, True, True, True]


def test_alone_is_compared_with_the_arm_without_any_cause():
    arms = {arm.name: arm for arm in arms_of(SWITCHES, ArmsSection(designs=["alone"]))}
    assert list(arms) == ["base", "none", "only fit", "only backlog", "only lock_in"]
    assert dict(arms["only fit"].levels) == {"backlog": "off", "lock_in": "off"}
    assert (arms["only fit"].reference, arms["only fit"].factor, arms["only fit"].takes_away) == (
        "none",
        "fit",
        False,
    )
    assert arms["none"].reference == "base" and arms["none"].factor is None


def test_a_level_of_the_base_is_no_change():
    factors = {"dose": FactorSection(key="a.b", base=1, levels=[0, 1, 2])}
    arms = arms_of(factors, ArmsSection(designs=["full"]))
    assert [arm.name for arm in arms] == ["base", "dose=0", "dose=2"]
    assert [arm.takes_away for arm in arms] == [False, True, False]


def test_listed_arms_come_last_and_must_be_new():
    listed = {"both": {"fit": "off", "lock_in": "off"}}
    assert names(SWITCHES, designs=["one_at_a_time"], listed=listed)[-1] == "both"
    with pytest.raises(SameArm, match="already the arm 'fit=off'"):
        names(SWITCHES, designs=["one_at_a_time"], listed={"mine": {"fit": "off"}})
    with pytest.raises(SameArm, match="another arm is called 'base'"):
        names(SWITCHES, listed={"base": {"fit": "off"}})


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=4),
    st.permutations(["full", "pairwise", "one_at_a_time"]),
)
def test_every_combination_once(sizes, designs):
    factors = {
        f"f{number}": FactorSection(key=f"k{number}", levels=[f"l{level}" for level in range(size)])
        for number, size in enumerate(sizes)
    }
    full = arms_of(factors, ArmsSection(designs=["full"]))
    assert len(full) == prod(size + 1 for size in sizes)
    assert len({arm.levels for arm in full}) == len({arm.name for arm in full}) == len(full)
    pairs = sum(sizes[i] * sizes[j] for i in range(len(sizes)) for j in range(i))
    assert len(arms_of(factors, ArmsSection(designs=["pairwise"]))) == 1 + sum(sizes) + pairs
    assert comb(len(sizes), 2) >= (pairs > 0)
    everything = arms_of(factors, ArmsSection(designs=designs))
    assert {arm.levels for arm in everything} == {
        arm.levels for arm in full
    }  # the design's order changes names at most
    assert {arm.name for arm in everything} == {arm.name for arm in full}
