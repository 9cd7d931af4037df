"""Which claims can hold together: planted contradictions are found and named, and nothing else is."""

from __future__ import annotations

from itertools import combinations

import pytest

from testbed.calibration.feasibility import Feasibility, feasibility, fewest
from testbed.calibration.problem import Problem
from testbed.calibration.tensor.reader import Reader
from tests.testbed.calibration.small_market import claim, problem, share, weekly

OPEN, CLOSED, CHINESE = "{open: true}", "{source: closed}", "{source: cn-open}"
MOSTLY_OPEN = claim(1, share(OPEN, "end"), "{kind: range, at_least: 0.6}")
CLOSED_THROUGHOUT = claim(2, weekly(CLOSED), "{kind: share_of_weeks, above: 0.5, at_least: 1.0}", False)
CHINESE_SHARE = claim(3, share(CHINESE), "{kind: value, target: 0.13, rule: share}")
DEEPSEEK_LEADS = claim(4, share("{author: deepseek}", within=CHINESE), "{kind: range, at_least: 0.7}")
CLOSED_HALF = claim(5, share(CLOSED, "end"), "{kind: range, at_least: 0.45}")


def asked(tmp_path, *claims: str) -> tuple[Problem, Feasibility]:
    found = problem(tmp_path, "".join(claims))
    return found, feasibility(found.claims, found.reference)


def all_held(found: Problem, told: Feasibility) -> bool:
    """Whether the claims that are said to hold together do, in the tensor that is shown."""
    assert told.witness is not None
    read = Reader(found.reference, told.witness.tensor)
    parts = [part for claim in found.claims for part in claim.linear_parts if claim.id in told.held]
    return all(part.exactly.slack(read) >= -1e-6 for part in parts)


def test_claims_that_can_hold_together_are_shown_to(tmp_path):
    found, told = asked(tmp_path, MOSTLY_OPEN, CHINESE_SHARE, DEEPSEEK_LEADS)
    assert told.failed == () and told.conflicts == ()
    assert told.asked == told.held == ("C01", "C03", "C04")
    assert all_held(found, told)


def test_a_planted_contradiction_is_named_and_what_has_no_part_in_it_is_not(tmp_path):
    found, told = asked(tmp_path, MOSTLY_OPEN, CLOSED_THROUGHOUT, CHINESE_SHARE, DEEPSEEK_LEADS)
    (conflict,) = told.conflicts
    assert conflict.claims == ("C01", "C02") and conflict.given == ()
    assert str(conflict) == "C01 (1) share and C02 (1) weekly share cannot hold together"
    assert told.failed == ("C02",), "of one of each, the one that is for validation only is given up"
    assert all_held(found, told)


def test_the_fewest_claims_are_given_up(tmp_path):
    _, told = asked(tmp_path, CLOSED_HALF, MOSTLY_OPEN, CLOSED_THROUGHOUT, CHINESE_SHARE)
    assert {conflict.claims for conflict in told.conflicts} == {("C05", "C01"), ("C01", "C02")}
    assert told.failed == ("C01",), "it stands in two conflicts"


def test_an_irreducible_conflict_can_hold_without_any_one_of_its_parts(tmp_path):
    thirds = [claim(n, share(f"{{source: {kind}}}"), "{kind: range, at_least: 0.34}")
              for n, kind in enumerate(("closed", "cn-open", "row-open"), start=1)]  # fmt: skip
    others = [DEEPSEEK_LEADS, CLOSED_HALF]
    _, told = asked(tmp_path, *thirds, *others)
    (conflict,) = told.conflicts
    assert conflict.claims == ("C01", "C02", "C03")
    for pair in combinations(thirds, 2):
        _, two = asked(tmp_path, *pair, *others)
        assert two.failed == ()


def test_conflicts_between_counts_of_weeks_are_found(tmp_path):
    """Neither has a week of its own that must hold: only counting them shows that they do not fit."""
    most = "{kind: share_of_weeks, above: 0.5, at_least: 0.6}"
    text = [claim(1, weekly(OPEN), most), claim(2, weekly(CLOSED), most), DEEPSEEK_LEADS, CHINESE_SHARE]
    found, told = asked(tmp_path, *text)
    (conflict,) = told.conflicts
    assert conflict.claims == ("C01", "C02") and len(told.failed) == 1
    assert all_held(found, told)


def test_a_claim_that_the_calendar_forbids_is_alone(tmp_path):
    late = claim(1, share("{model: acme/late}", "start"), "{kind: range, at_least: 0.05}")
    _, told = asked(tmp_path, late, DEEPSEEK_LEADS)
    (conflict,) = told.conflicts
    assert conflict.claims == told.failed == ("C01",)
    assert str(conflict) == "C01 (1) share cannot hold"


def test_what_rests_on_rates_of_the_world_is_said_to(tmp_path):
    dear = claim(1, "{name: cost.model_cost, model: qwen/small}", "{kind: range, at_least: 5}")
    long = claim(2, "{name: agentic.length, of: mean_prompt, window: main, summary: end}",
                 "{kind: range, at_least: 1000000}")  # fmt: skip
    found = problem(tmp_path, dear + long + DEEPSEEK_LEADS)
    told = feasibility(found.claims, found.reference)
    assert told.failed == ("C01", "C02")
    assert {str(conflict) for conflict in told.conflicts} == {
        f"{name} cannot hold, given the world's {given}"
        for name, given in (("C01 (1) model cost", "prices"), ("C02 (1) length", "lengths"))
    }  # fmt: skip


def test_strict_orders_cannot_go_in_a_circle(tmp_path):
    def order(number: int, first: str, second: str) -> str:
        return claim(number, "{name: openness.tokens_by, by: author, within: {open: true}}",
                     f"{{kind: ordering, order: [{first}, {second}]}}")  # fmt: skip

    circle = [
        order(1, "deepseek", "qwen"),
        order(2, "qwen", "meta-llama"),
        order(3, "meta-llama", "deepseek"),
    ]
    _, told = asked(tmp_path, *circle)
    (conflict,) = told.conflicts
    assert conflict.claims == ("C01", "C02", "C03") and len(told.failed) == 1


@pytest.mark.parametrize(("conflicts", "wanted", "dropped"), [
    ([], (), ()),
    ([("a", "b"), ("b", "c"), ("c", "d", "b")], (), ("b",)),
    ([("a",), ("b", "c")], ("b",), ("a", "c")),
    ([("a", "b"), ("a", "c"), ("b", "c")], ("c",), ("a", "b")),
])  # fmt: skip
def test_the_fewest_that_break_all_conflicts(conflicts, wanted, dropped):
    assert fewest(conflicts, "abcd", wanted) == dropped
