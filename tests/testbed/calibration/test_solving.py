"""Rows, the programme over them, and the nearest tokens that meet them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from testbed.calibration.linear.readings import Amount, quotient
from testbed.calibration.linear.requirements import Bound, Every, Some, some
from testbed.calibration.problem import Problem
from testbed.calibration.solving.conditions import Choice, Conditions, chosen, nearness, rows_of
from testbed.calibration.solving.nearest import Impossible, nearest, programme_of
from testbed.calibration.solving.projection import NotReached, project
from testbed.calibration.tensor.cells import cells_of
from testbed.calibration.tensor.reader import Reader
from testbed.claims.measuring.tables import Pick
from tests.testbed.calibration.small_market import claim, problem, share

OPEN, CLOSED, DEEPSEEK = Pick(open=True), Pick(source="closed"), Pick(author="deepseek")
TOKENS = Amount("tokens")


@pytest.fixture(scope="module")
def market(tmp_path_factory) -> Problem:
    """The market in groups by openness, author and size."""
    text = claim(1, share("{open: true}"), "{kind: range, at_least: 0.1}")
    text += claim(2, share("{author: deepseek}", within="{size: large}"), "{kind: range, at_least: 0.1}")
    text += claim(3, share("{source: closed}"), "{kind: range, at_least: 0.1}")
    return problem(tmp_path_factory.mktemp("market"), text)


def at_least(pick: Pick, least: float, *weeks: int, within: Pick | None = None) -> Bound:
    """That some models have a share of the tokens of some weeks."""
    whole = TOKENS if within is None else TOKENS.of(within)
    return Bound(quotient(whole.of(pick), whole, weeks or tuple(range(56))), least, 0.1)


def random_tensor(market: Problem, seed: int):
    rng = np.random.default_rng(seed)
    tensor = market.reference.tensor
    shares = rng.gamma(0.5, size=tensor.shares.shape) * market.reference.on_offer()
    return tensor.with_shares(shares / shares.sum(axis=(1, 2), keepdims=True))


@settings(max_examples=15)
@given(st.integers(0, 1000), st.floats(0.05, 0.9))
def test_a_bound_of_one_whole_is_one_condition_on_every_tensor(market, seed, least):
    bound = at_least(DEEPSEEK, least, 0, 1, 9, within=OPEN)
    row = Reader(market.reference, market.reference.tensor).row(bound)
    elsewhere = random_tensor(market, seed)
    read = Reader(market.reference, elsewhere)
    slack, excess = bound.slack(read), float((row * elsewhere.shares).sum())
    assert (slack >= 0) == (excess >= 0) or abs(slack) < 1e-9
    assert read.one_whole(bound)


@settings(max_examples=15)
@given(st.integers(0, 1000))
def test_a_mean_of_quotients_is_right_on_its_tensor_and_to_first_order_near_it(market, seed):
    reading = (
        at_least(DEEPSEEK, 0, 0, within=OPEN).reading + at_least(DEEPSEEK, 0, 54, within=OPEN).reading
    ) * 0.5
    here = random_tensor(market, seed)
    read = Reader(market.reference, here)
    bound = Bound(reading, read(reading), 0.1)  # just met: the row is the tangent
    row = read.row(bound)
    assert not read.one_whole(bound)
    assert float((row * here.shares).sum()) == pytest.approx(0, abs=1e-9)
    there = random_tensor(market, seed + 1).shares - here.shares

    def off(step: float) -> float:
        moved = here.with_shares(here.shares + step * there)
        return abs(bound.slack(Reader(market.reference, moved)) - float((row * moved.shares).sum()))

    assert off(1e-4) <= 0.02 * off(1e-2) + 1e-9, "the error falls with the square of the step"


def test_rows_that_ask_the_same_are_one(market):
    conditions = Conditions(Reader(market.reference, market.reference.tensor), cells_of(market.reference))
    both_weeks = conditions.add(Every((at_least(OPEN, 0.3, 4), at_least(OPEN, 0.3, 5))))
    assert both_weeks == Choice((0,))
    counted = conditions.add(some([at_least(OPEN, 0.3, week) for week in (4, 5, 6)], 2))
    assert counted == Choice((0, 1), (2.0, 1.0), 2)
    assert conditions.matrix().shape == (2, len(conditions.cells))


def test_a_share_of_some_models_asks_that_they_are_there(market):
    """Where nothing is open all shares of open models would meet all bounds of their linear form."""
    of_open = {
        "a": at_least(DEEPSEEK, 0.9, 8, within=OPEN),
        "b": at_least(Pick(size="small"), 0.9, 8, within=OPEN),
    }
    programme, found = settled(market, **of_open)
    assert found is None and programme.support(["a", "b"]) == ["a", "b"]
    there = Reader(market.reference, market.reference.tensor).presence(of_open["a"])
    assert [bound.reading.amounts for bound in there] == [(TOKENS.of(OPEN),)]
    assert settled(market, a=of_open["a"], few=Bound(-at_least(OPEN, 0, 8).reading, -0.0005, 0.1))[1] is None


def test_rows_keep_their_slack_when_what_is_common_is_taken_out(market):
    reader = Reader(market.reference, market.reference.tensor)
    conditions = Conditions(reader, cells_of(market.reference))
    asked = [at_least(OPEN, 0.3), at_least(DEEPSEEK, 0.6, 8, 9, within=OPEN), at_least(CLOSED, 0.9, 55)]
    rows = [next(rows_of(conditions.add(bound))) for bound in asked]
    into = conditions.cells.spread.copy()
    into.data[:] = 1
    tokens = into.T @ market.reference.tensor.shares.ravel()
    excess = ((conditions.matrix() @ tokens - conditions.least) * conditions.scales)[rows]
    np.testing.assert_allclose(excess, [bound.slack(reader) for bound in asked], rtol=1e-9)


def test_chosen_are_the_parts_that_come_nearest():
    tree = Choice((0, Choice((1, 2)), 3), (1.0, 2.0, 1.0), 2.0)
    assert list(chosen(tree, np.array([0.5, 0.1, 0.2, -0.3]))) == [0, 1, 2]
    assert list(chosen(tree, np.array([-0.5, 0.1, 0.2, -0.3]))) == [1, 2]
    assert nearness(tree, np.array([0.5, 0.1, 0.2, -0.3])) == 0.1
    assert nearness(tree, np.array([0.5, -0.4, 0.2, 0.3])) == 0.3
    assert nearness(Choice((0,), (1.0,), 2.0), np.array([1.0])) == -np.inf


# --- the programme


def settled(market: Problem, **asked):
    programme = programme_of(market.reference, asked)
    return programme, programme.settle(list(asked))


def test_tokens_are_found_with_which_all_holds(market):
    programme, found = settled(
        market, a=at_least(OPEN, 0.7), b=at_least(CLOSED, 0.5, 0, 1), c=at_least(DEEPSEEK, 0.4)
    )
    conditions = programme.conditions
    assert found is not None
    np.testing.assert_allclose(np.bincount(conditions.cells.period, found.tokens), 1)
    assert (conditions.matrix() @ found.tokens >= conditions.least - 1e-6).all()
    assert (found.tokens >= 0).all()


def test_what_cannot_hold_is_seen_and_blamed(market):
    programme, found = settled(
        market, a=at_least(OPEN, 0.7), b=at_least(CLOSED, 0.5), c=at_least(DEEPSEEK, 0.2, 7)
    )
    assert found is None
    assert programme.support(["a", "b", "c"]) == ["a", "b"]
    assert programme.support(["a", "c"]) == ["a", "c"], "these can: nobody is to blame"


def test_a_model_that_is_not_out_yet_has_nothing(market):
    r1 = Pick(model="deepseek/r1")
    assert settled(market, a=at_least(r1, 0.1, 9))[1] is None
    assert settled(market, a=at_least(r1, 0.1, 12))[1] is not None


def most_weeks(pick: Pick, weeks: int) -> Some:
    """That some models have more than half of the tokens in so many of the weeks, which make 28 fortnights."""
    return some([at_least(pick, 0.51, week) for week in range(56)], weeks)


def test_counts_of_weeks_are_settled_by_branching(market):
    _, found = settled(market, a=most_weeks(OPEN, 28), b=most_weeks(CLOSED, 28))
    assert found is not None, "half of the weeks each"
    programme, found = settled(market, a=most_weeks(OPEN, 29), b=most_weeks(CLOSED, 28))
    assert found is None, "no week is left for both"
    assert programme.support(["a", "b"]) == ["a", "b"]


def test_choices_within_choices(market):
    either = some([most_weeks(OPEN, 40), most_weeks(CLOSED, 40)], 1)
    both = some([most_weeks(OPEN, 40), most_weeks(CLOSED, 40)], 2)
    assert settled(market, a=either)[1] is not None
    assert settled(market, a=both)[1] is None
    assert settled(market, a=either, b=at_least(OPEN, 0.95))[1] is not None
    _, found = settled(market, a=either, b=at_least(OPEN, 0.2), c=at_least(CLOSED, 0.35))
    assert found is not None


def test_parts_are_chosen_that_are_near_to_what_is_there(market):
    """Without a reason to the contrary the weeks are those in which open models have most already."""
    weeks = list(range(0, 56, 2))
    asked = {"a": some([at_least(OPEN, 0.9, week) for week in weeks], 5)}
    found = nearest(market.reference, asked)
    before = Reader(market.reference, market.reference.tensor)
    after = Reader(market.reference, found.tensor)
    share_ = [at_least(OPEN, 0, week).reading for week in weeks]
    most = sorted(weeks, key=lambda week: -before(share_[week // 2]))[:5]
    met = [week for week in weeks if after(share_[week // 2]) >= 0.9 - 1e-6]
    assert sorted(most) == met


# --- the projection


def period(*counts: int) -> np.ndarray:
    return np.repeat(np.arange(len(counts)), counts)


def test_two_cells_have_a_known_answer():
    matrix = sparse.csr_array(np.array([[0.0, 1.0]]))
    found = project(matrix, np.array([0.3]), np.array([0.9, 0.1]), period(2))
    np.testing.assert_allclose(found.tokens, [0.7, 0.3], atol=1e-5)
    known = np.log(0.3 / 0.7) - np.log(0.1 / 0.9)
    assert found.multipliers[0] == pytest.approx(known, rel=1e-3)


def test_the_multiplier_is_shared_by_the_periods_that_a_condition_covers():
    matrix = sparse.csr_array(np.array([[0.0, 0.5, 0.0, 0.5]]))
    start = np.array([0.9, 0.1, 0.6, 0.4])
    found = project(matrix, np.array([0.5]), start, period(2, 2))
    assert matrix @ found.tokens == pytest.approx([0.5], abs=1e-4)
    odds = found.tokens / start
    assert odds[1] / odds[0] == pytest.approx(odds[3] / odds[2]), "each period is tilted alike"


def divergence(x: np.ndarray, p: np.ndarray) -> float:
    return float((x * np.log(np.where(x > 0, x / p, 1))).sum())


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_the_nearest_meets_all_conditions_and_is_no_further_than_any_that_does(seed, conditions):
    rng = np.random.default_rng(seed)
    periods = period(4, 6, 5)
    start, inside = rng.gamma(1.0, size=(2, 15)) + 0.02
    start, inside = (x / np.bincount(periods, x)[periods] for x in (start, inside))
    matrix = sparse.csr_array(rng.normal(size=(conditions, 15)))
    least = matrix @ inside - rng.gamma(1.0, 0.02, size=conditions)
    found = project(matrix, least, start, periods)
    unit = abs(matrix) @ start
    assert ((matrix @ found.tokens - least) / unit > -5e-5).all()
    assert divergence(found.tokens, start) <= divergence(inside, start) + 1e-6
    slack = (matrix @ found.tokens - least) / unit
    assert (found.multipliers[slack > 1e-3] == 0).all(), "what does not bind has no multiplier"
    np.testing.assert_allclose(np.bincount(periods, found.tokens), 1)


def test_tokens_that_meet_all_conditions_stay():
    start = np.array([0.5, 0.5, 0.2, 0.8])
    found = project(sparse.csr_array(np.eye(4)), np.full(4, 0.1), start, period(2, 2))
    np.testing.assert_array_equal(found.tokens, start)
    assert found.steps == 0


def test_what_cannot_be_reached_is_said():
    matrix = sparse.csr_array(np.array([[1.0, 0.0], [0.0, 1.0]]))
    with pytest.raises(NotReached) as error:
        project(matrix, np.array([0.7, 0.7]), np.array([0.5, 0.5]), period(2))
    assert error.value.short.any()


# --- the nearest tensor


def test_a_tensor_that_meets_the_requirements_is_its_own_nearest(market):
    found = nearest(market.reference, {"a": at_least(OPEN, 0.01), "b": at_least(CLOSED, 0.01, 3)})
    assert found.tensor.distance(market.reference.tensor) == pytest.approx(0, abs=1e-12)
    assert found.rounds == 1 and not found.short
    assert all(multiplier == 0 for multiplier in found.multipliers.values())


def test_means_of_quotients_are_met_exactly(market):
    """Their linear form is right near one tensor only, and the nearest one is far from the start."""
    weeks = range(8)
    of_open = [at_least(DEEPSEEK, 0, week, within=OPEN).reading for week in weeks]
    whole = of_open[0]
    for reading in of_open[1:]:
        whole = whole + reading
    asked = {
        "share": Bound(whole * (1 / 8), 0.8, 0.1),
        "small": Bound(-at_least(OPEN, 0, 0, 1).reading, -0.2, 0.1),
    }
    found = nearest(market.reference, asked)
    read = Reader(market.reference, found.tensor)
    assert read(whole * (1 / 8)) == pytest.approx(0.8, abs=2e-3)
    assert found.rounds > 1 and found.slack["share"] >= -1e-3
    assert found.multipliers["share"] > 0
    moved = np.abs(found.tensor.shares - market.reference.tensor.shares).sum(axis=(1, 2))
    assert moved[4:].max() < 1e-9, "other fortnights stay as they are"


def test_impossible_requirements_are_named(market):
    with pytest.raises(Impossible) as error:
        nearest(
            market.reference,
            {"a": at_least(OPEN, 0.7), "b": at_least(CLOSED, 0.5), "c": at_least(OPEN, 0.1, 3)},
        )
    assert error.value.names == ("a", "b")
