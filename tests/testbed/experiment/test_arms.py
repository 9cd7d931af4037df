"""Which arms a plan has: every combination of a design, once, in a fixed order."""

from __future__ import annotations

from math import comb, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.experiment.arms import SameArm, arms_of, count
from testbed.experiment.schema import ArmSettings, FactorSettings

SWITCHES = {name: FactorSettings(switch=f"mechanisms.{name}") for name in ("fit", "backlog", "lock_in")}


def names(factors, **section) -> list[str]:
    return [arm.name for arm in arms_of(factors, ArmSettings(**section))]


def test_one_at_a_time():
    assert names(SWITCHES, designs=["one_at_a_time"]) == ["base", "fit=off", "backlog=off", "lock_in=off"]
    arms = arms_of(SWITCHES, ArmSettings(designs=["one_at_a_time"]))
    assert [arm.factor for arm in arms] == [None, "fit", "backlog", "lock_in"]
    assert [arm.reference for arm in arms] == ["", "base", "base", "base"]
    assert [arm.weakens_cause for arm in arms] == [None, True, True, True]


def test_alone_is_compared_with_the_arm_without_any_cause():
    arms = {arm.name: arm for arm in arms_of(SWITCHES, ArmSettings(designs=["alone"]))}
    assert list(arms) == ["base", "none", "only fit", "only backlog", "only lock_in"]
    assert dict(arms["only fit"].levels) == {"backlog": "off", "lock_in": "off"}
    assert (arms["only fit"].reference, arms["only fit"].factor, arms["only fit"].weakens_cause) == (
        "none",
        "fit",
        False,
    )
    assert [name for name, arm in arms.items() if arm.alone] == ["only fit", "only backlog", "only lock_in"]
    none = arms["none"]
    assert (none.reference, none.factor, none.weakens_cause) == ("base", None, True)


@pytest.mark.parametrize("before", ["pairwise", "full"])
def test_causes_alone_stay_after_a_design_that_has_the_same_levels(before):
    arms = arms_of(SWITCHES, ArmSettings(designs=[before, "alone"]))
    alone = {arm.factor: arm for arm in arms if arm.alone}
    assert set(alone) == set(SWITCHES)
    assert {arm.reference for arm in alone.values()} == {"none"} <= {arm.name for arm in arms}
    assert {arm.factor for arm in arms if arm.reference == "base"} >= set(SWITCHES)
    assert len({arm.levels for arm in arms}) == len(arms)
    two = {name: SWITCHES[name] for name in ("fit", "backlog")}
    kept = arms_of(two, ArmSettings(designs=[before, "alone"]))
    assert {arm.factor for arm in kept if arm.reference == "base"} >= set(two)


def test_the_arms_of_a_design_are_counted_before_they_are_made():
    assert count("alone", SWITCHES) == len(names(SWITCHES, designs=["alone"])) == 5
    dose = FactorSettings(key="a.b", levels=list(range(40)))
    assert count("full", {f"f{number}": dose for number in range(4)}) == 41**4


def test_a_level_of_the_base_is_no_change():
    factors = {"dose": FactorSettings(key="a.b", base=1, levels=[0, 1, 2])}
    arms = arms_of(factors, ArmSettings(designs=["full"]))
    assert [arm.name for arm in arms] == ["base", "dose=0", "dose=2"]
    assert [arm.weakens_cause for arm in arms] == [None, True, False]


@pytest.mark.parametrize(
    ("base", "level", "weakens_cause"),
    [
        (2.0, 1.0, True),
        (2.0, 3, False),
        (None, 3, None),  # of a level of the world nothing is known here
        (None, 0, True),
        (None, "off", True),
        ("off", 3, False),
        (0, 3, False),
        ("poisson", "fixed", None),
        (1.5, "fixed", None),
        ("off", 0, None),
    ],
)
def test_which_level_is_less(base, level, weakens_cause):
    factor = FactorSettings(key="a.b", base=base, levels=[level])
    _, arm = arms_of({"dose": factor}, ArmSettings(designs=["one_at_a_time"]))
    assert arm.weakens_cause is weakens_cause
    if weakens_cause is not None:
        arms = arms_of({"dose": factor, "fit": SWITCHES["fit"]}, ArmSettings(designs=["alone"]))
        assert [arm.weakens_cause for arm in arms if arm.name == "only dose"] == [not weakens_cause]


def test_several_changes_have_a_direction_if_all_have_the_same():
    factors = {
        "dose": FactorSettings(key="a.b", base=1, levels=[0.5, 2]),
        "fit": SWITCHES["fit"],
        "price": FactorSettings(key="a.c", base=3, levels=[4]),
    }
    arms = {arm.name: arm.weakens_cause for arm in arms_of(factors, ArmSettings(designs=["full"]))}
    assert arms["dose=0.5, fit=off"] is True and arms["dose=2, price=4"] is False
    assert arms["dose=2, fit=off"] is None and arms["dose=0.5, price=4"] is None


def test_the_ends_of_a_dose():
    factors = {"dose": FactorSettings(key="a.b", base=2, levels=[1, 1.5, 3, 4, "off"])}
    arms = arms_of(factors, ArmSettings(designs=["one_at_a_time"]))
    assert [arm.name for arm in arms if arm.at_extreme] == ["dose=1", "dose=4", "dose=off"]


def test_listed_arms_come_last_and_must_be_new():
    listed = {"both": {"fit": "off", "lock_in": "off"}}
    assert names(SWITCHES, designs=["one_at_a_time"], listed=listed)[-1] == "both"
    with pytest.raises(SameArm, match="already the arm 'fit=off'"):
        names(SWITCHES, designs=["one_at_a_time"], listed={"mine": {"fit": "off"}})
    with pytest.raises(SameArm, match="another arm is called 'base'"):
        names(SWITCHES, listed={"base": {"fit": "off"}})


def test_a_name_makes_no_cause_stand_alone():
    section = ArmSettings(
        designs=["one_at_a_time"], listed={"only fit": {"backlog": "off", "lock_in": "off"}}
    )
    arm = arms_of(SWITCHES, section)[-1]
    assert (arm.name, arm.reference, arm.factor, arm.alone) == ("only fit", "base", None, False)


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=4),
    st.permutations(["full", "pairwise", "one_at_a_time"]),
)
def test_every_combination_once(sizes, designs):
    factors = {
        f"f{number}": FactorSettings(key=f"k{number}", levels=[f"l{level}" for level in range(size)])
        for number, size in enumerate(sizes)
    }
    full = arms_of(factors, ArmSettings(designs=["full"]))
    assert len(full) == prod(size + 1 for size in sizes)
    assert len({arm.levels for arm in full}) == len({arm.name for arm in full}) == len(full)
    pairs = sum(sizes[i] * sizes[j] for i in range(len(sizes)) for j in range(i))
    assert len(arms_of(factors, ArmSettings(designs=["pairwise"]))) == 1 + sum(sizes) + pairs
    assert comb(len(sizes), 2) >= (pairs > 0)
    for design in designs:
        assert count(design, factors) == len(arms_of(factors, ArmSettings(designs=[design])))
    everything = arms_of(factors, ArmSettings(designs=designs))
    assert {arm.levels for arm in everything} == {
        arm.levels for arm in full
    }  # the design's order changes names at most
    assert {arm.name for arm in everything} == {arm.name for arm in full}
