"""The rule behind each word, on counts with known answers; and the interval of a paired difference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.experiment.finding import Pairs, agreement, find, least_replicates

COUNTS = st.builds(Pairs, *[st.integers(0, 30)] * 4)


@pytest.mark.parametrize(
    ("pairs", "weakens_cause", "finding"),
    [
        (Pairs(0, 20, 0, 0), True, "necessary"),
        (Pairs(4, 12, 0, 4), True, "necessary"),
        (Pairs(0, 0, 20, 0), True, "prevents"),
        (Pairs(0, 0, 20, 0), False, "sufficient"),
        (Pairs(0, 20, 0, 0), False, "prevents"),
        (Pairs(12, 8, 0, 0), True, "helps"),  # 100% to 60%: still most runs
        (Pairs(0, 0, 8, 12), True, "hinders"),
        (Pairs(0, 0, 8, 12), False, "helps"),
        (Pairs(12, 8, 0, 0), False, "hinders"),
        (Pairs(0, 20, 0, 0), None, "ends"),
        (Pairs(0, 0, 20, 0), None, "brings"),
        (Pairs(12, 8, 0, 0), None, "lowers"),
        (Pairs(0, 0, 8, 12), None, "raises"),
        (Pairs(20, 0, 0, 0), True, "irrelevant"),
        (Pairs(0, 0, 0, 20), True, "absent"),
        (Pairs(0, 0, 0, 20), False, "irrelevant"),
        (Pairs(3, 0, 0, 0), True, "undecided"),  # three replicates cannot show that nothing changes
        (Pairs(0, 3, 0, 0), True, "undecided"),  # nor that all changes
        (Pairs(10, 4, 1, 5), True, "undecided"),
        (Pairs(0, 0, 0, 0), True, "untestable"),
    ],
)
def test_findings(pairs, weakens_cause, finding):
    assert find(pairs, pairs.p(), 0.05, 0.2, weakens_cause) == finding


def test_a_finding_needs_the_adjusted_p():
    assert find(Pairs(0, 20, 0, 0), 0.06, 0.05, 0.2, True) == "undecided"


def test_mcnemar_is_the_binomial_test_of_the_discordant_pairs():
    assert Pairs(5, 6, 0, 9).p() == pytest.approx(2 * 0.5**6)
    assert Pairs(5, 3, 3, 9).p() == 1.0
    assert Pairs(5, 0, 0, 9).p() == 1.0


def test_newcombes_example():
    """Newcombe (1998), Stat. Med. 17:2635: of 36, 12, 2 and 0 pairs method 10 makes 0.0569 to 0.3404."""
    low, high = Pairs(36, 12, 2, 0).interval()
    assert (-high, -low) == pytest.approx((0.0569, 0.3404), abs=5e-4)


@given(COUNTS)
def test_the_interval_holds_the_difference_and_turns_with_the_sides(pairs):
    if not pairs.n:
        return
    low, high = pairs.interval()
    before, after = pairs.rates
    assert -1 - 1e-9 <= low <= after - before + 1e-9 and after - before <= high + 1e-9 <= 1 + 1e-6
    turned = Pairs(pairs.both, pairs.second, pairs.first, pairs.neither)
    assert turned.interval() == pytest.approx((-high, -low))


def test_the_interval_covers():
    """20 pairs, 4,000 draws of each of three tables: at least 93% of the 95% intervals hold the true difference."""
    rng = np.random.default_rng(1)
    for shares in ([0.5, 0.2, 0.05, 0.25], [0.8, 0.1, 0.05, 0.05], [0.1, 0.6, 0.1, 0.2]):
        truth = shares[2] - shares[1]
        hits = 0
        tables, counts = np.unique(rng.multinomial(20, shares, size=4000), axis=0, return_counts=True)
        for table, count in zip(tables, counts, strict=True):
            low, high = Pairs(*table.tolist()).interval()
            hits += count * (low <= truth <= high)
        assert hits / 4000 > 0.93


def test_few_replicates_can_tell_nothing():
    tells, calms = least_replicates(0.05, 0.2)
    assert (tells, calms) == (6, 16)
    for n, found in ((tells - 1, "undecided"), (tells, "necessary")):
        pairs = Pairs(0, n, 0, 0)
        assert find(pairs, pairs.p(), 0.05, 0.2, weakens_cause=True) == found
    for n, found in ((calms - 1, "undecided"), (calms, "irrelevant")):
        assert find(Pairs(n, 0, 0, 0), 1.0, 0.05, 0.2, weakens_cause=True) == found


def test_what_does_not_emerge_cannot_vanish():
    never, always = Pairs(0, 0, 0, 40), Pairs(40, 0, 0, 0)
    assert find(never, 1.0, 0.05, 0.2, weakens_cause=True) == "absent"
    assert find(Pairs(3, 1, 1, 60), 1.0, 0.05, 0.2, weakens_cause=True) == "absent"
    assert find(always, 1.0, 0.05, 0.2, weakens_cause=True) == "irrelevant"
    assert (
        find(never, 1.0, 0.05, 0.2, weakens_cause=False) == "irrelevant"
    )  # more of the cause does not bring it
    assert find(Pairs(0, 0, 0, 4), 1.0, 0.05, 0.2, weakens_cause=True) == "undecided"


@pytest.mark.parametrize(
    ("declared", "found", "said"),
    [
        (None, "necessary", ""),
        ("necessary", "necessary", "as declared"),
        ("necessary", "irrelevant", "contradicts"),
        ("necessary", "prevents", "contradicts"),
        ("necessary", "helps", "weaker than declared"),
        ("necessary", "undecided", "not settled"),
        ("irrelevant", "untestable", "not settled"),
        ("irrelevant", "helps", "contradicts"),
        ("necessary", "absent", "not settled"),
        ("irrelevant", "absent", "not settled"),
        ("prevents", "absent", "contradicts"),
        ("sufficient", "sufficient", "as declared"),
    ],
)
def test_agreement(declared, found, said):
    assert agreement(declared, found) == said
