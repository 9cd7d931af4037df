"""The answer of a market to its parameters, and the step to where claims would hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.contract import CATEGORIES
from testbed.calibration.fit.contraction import FARTHEST, NEARNESS, Prior, decisive, likeliest, stepped
from testbed.calibration.fit.parameters import MOST, Parameters, Space
from testbed.calibration.fit.response import Response
from testbed.calibration.fit.shortfall import FAR, loss
from testbed.calibration.problem import Problem
from testbed.calibration.tensor.reader import Reader
from testbed.calibration.tensor.reference import Reference
from tests.testbed.calibration.small_market import MODELS, claim, facts, problem, share, weekly

OPEN, CLOSED, CHINESE = "{open: true}", "{source: closed}", "{source: cn-open}"
KINDS = len(CATEGORIES)
AUTHORS = ("acme", "deepseek", "meta-llama", "qwen")
SPACE = Space(
    AUTHORS, tuple(MODELS), tuple(MODELS), np.array([AUTHORS.index(model.split("/")[0]) for model in MODELS]),
    np.random.default_rng(3).uniform(0.2, 0.9, len(MODELS))[:, None] * np.ones(KINDS),
    np.stack([np.linspace(1, 0, 56), np.linspace(0, 1, 56)])[:, :, None] * np.ones(KINDS),
)  # fmt: skip
NOWHERE = Parameters.none(SPACE)


def drawn(seed: int, scale: float = 0.5) -> Parameters:
    """Some point of the space."""
    return NOWHERE.with_vector(np.random.default_rng(seed).normal(0, scale, NOWHERE.vector.size))


def tokens_of(reference: Reference) -> np.ndarray:
    """What the small market brings, by period, model and category."""
    frame = reference.frame
    shares = np.stack([reference.tensor.shares[:, group] for group in frame.groups.of], axis=1)
    parts = shares / np.bincount(frame.groups.of)[frame.groups.of][None, :, None]
    order = [frame.groups.models.index(model) for model in MODELS]
    return parts[:, order]


def response_of(reference: Reference) -> Response:
    tokens = tokens_of(reference)
    return Response(SPACE, reference.frame, NOWHERE, tokens, 0 * tokens, reference.totals)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Problem:
    """Three claims that the market as it is does not meet."""
    text = (
        claim(1, share(OPEN, "end"), "{kind: value, target: 0.3, rule: about share}")
        + claim(2, share(CHINESE, within=OPEN), "{kind: value, target: 0.7, rule: share}")
        + claim(3, weekly("{author: deepseek}", CHINESE), "{kind: share_of_weeks, above: 0.6, at_least: 0.5}")
    )
    return problem(tmp_path_factory.mktemp("claims"), text)


@given(st.integers(0, 10_000))
def test_the_gradient_is_that_of_finite_differences(asked, seed):
    response, rng = (
        replace(response_of(asked.reference), present=drawn(seed + 2)),
        np.random.default_rng(seed),
    )
    at, way, slope = drawn(seed), drawn(seed + 1), rng.normal(size=asked.reference.frame.shape)

    def value(length: float) -> float:
        moved = at.with_vector(at.vector + length * way.vector)
        return float((response.at(moved).tensor.shares * slope).sum())

    found = response.gradient(response.at(at), slope).vector @ way.vector
    assert found == pytest.approx((value(1e-5) - value(-1e-5)) / 2e-5, rel=1e-4, abs=1e-7)


def test_reach_moves_shares_within_a_category_and_demand_moves_its_size(asked):
    reference, response = asked.reference, response_of(asked.reference)
    np.testing.assert_allclose(response.at(NOWHERE).tensor.shares, reference.tensor.shares)
    author = np.zeros((len(AUTHORS), KINDS))
    author[0, 2] = 1.0
    moved = response.at(replace(NOWHERE, author=author)).shares
    now = response.at(NOWHERE).shares
    np.testing.assert_allclose(moved.sum(axis=1), now.sum(axis=1))
    np.testing.assert_allclose(np.delete(moved, 2, axis=2), np.delete(now, 2, axis=2))
    np.testing.assert_allclose(moved[:, 0, 2] / moved[:, 2, 2], np.e * now[:, 0, 2] / now[:, 2, 2])
    demand = np.zeros((KINDS, 2))
    demand[4] = (0.5, 0.2)
    grown = response.at(replace(NOWHERE, demand=demand)).shares
    ratio = (grown[:, :, 4].sum(axis=1) / grown[:, :, 5].sum(axis=1)) / (
        now[:, :, 4].sum(axis=1) / now[:, :, 5].sum(axis=1)
    )
    np.testing.assert_allclose(np.log(ratio[[0, -1]]), [0.3, 0.7], atol=0.01)
    assert ratio[14] == pytest.approx((np.exp(0.3) + np.exp(0.7)) / 2, rel=0.02), (
        "half way of the two, in between"
    )


def test_large_accounts_keep_to_their_model(asked):
    response = response_of(asked.reference)
    fixed = np.zeros_like(response.tokens)
    fixed[:, 1, 3] = response.tokens[:, 1, 3]
    answer = replace(response, fixed=fixed).at(drawn(4))
    assert (answer.moved[:, 1, 3] == 0).all() and (answer.shares[:, 1, 3] > 0).all()
    others = replace(response, tokens=response.tokens - fixed).at(drawn(4)).shares
    np.testing.assert_allclose(answer.moved / answer.moved.sum(axis=(1, 2), keepdims=True), others)


def test_the_step_goes_to_where_the_claims_hold_with_their_room(asked):
    response = response_of(asked.reference)
    parts = [part for each in asked.claims for part in each.linear_parts]
    wanted = [part.requirement(0.15) for part in parts]
    now = Reader(asked.reference, asked.reference.tensor)
    assert min(each.slack(now) for each in wanted) < -0.2
    found = likeliest(response, asked.reference, wanted)
    read = Reader(asked.reference, found.tensor)
    assert found.short < 0.1
    assert all(part.exactly.slack(read) >= 0 for part in parts)
    np.testing.assert_allclose(response.at(found.at).tensor.shares, found.tensor.shares)


def test_what_no_claim_informs_stays_and_a_market_that_meets_all_stays_whole(asked, tmp_path):
    met = problem(tmp_path, claim(1, share(OPEN), "{kind: range, at_least: 0.05}"))
    found = likeliest(
        response_of(met.reference), met.reference, [p.requirement(0.15) for c in met.claims for p in c.linear_parts],
    )  # fmt: skip
    assert np.abs(found.at.vector).max() < 1e-9
    away = likeliest(replace(response_of(met.reference), present=drawn(5)), met.reference, [])
    np.testing.assert_allclose(
        away.at.vector, drawn(5).vector / (1 + NEARNESS), atol=1e-4, err_msg="back to the centre"
    )
    some = [part.requirement(0.15) for each in asked.claims for part in each.linear_parts]
    space = replace(SPACE, demand=SPACE.demand * (np.arange(KINDS) < 6))
    there = likeliest(replace(response_of(asked.reference), space=space), asked.reference, some).at
    assert not there.author[:, 6:].any() and not there.own[:, 6:].any() and not there.demand[6:].any()
    assert there.author[:, :6].any()


@pytest.mark.parametrize("elasticity", [0.6, 1.0, 1.4])
def test_steps_come_to_rest_where_the_claims_hold_in_a_market_that_answers_otherwise(asked, elasticity):
    """Popularity makes a real market answer more than the logit says, habit less."""
    plain, wanted = (
        response_of(asked.reference),
        [p.requirement(0.15) for c in asked.claims for p in c.linear_parts],
    )
    at = NOWHERE
    for _ in range(12):
        answered = plain.at(at.with_vector(elasticity * at.vector))
        market = replace(plain, present=at, tokens=answered.shares)
        at = stepped(at, likeliest(market, asked.reference, wanted).at, 0.7)
    read = Reader(asked.reference, plain.at(at.with_vector(elasticity * at.vector)).tensor)
    assert all(part.exactly.slack(read) > -0.02 for each in asked.claims for part in each.linear_parts)


def test_the_decisive_parts_of_a_choice_are_the_nearest_to_holding(asked):
    read = Reader(asked.reference, asked.reference.tensor)
    (part,) = [p for c in asked.claims if c.id == "C03" for p in c.linear_parts]
    weeks = list(decisive(part.exactly, read))
    slacks = sorted((bound.slack(read) for bound in part.exactly.of), reverse=True)  # type: ignore[union-attr]
    assert len(weeks) == 28, "half of the weeks"
    np.testing.assert_allclose(sorted((b.slack(read) for b in weeks), reverse=True), slacks[:28])


def test_a_wider_prior_lets_a_kind_of_parameter_carry_more(asked):
    wanted = [p.requirement(0.15) for c in asked.claims for p in c.linear_parts]
    response = response_of(asked.reference)
    found = [likeliest(response, asked.reference, wanted, Prior(own=own)).at.own for own in (0.05, 0.5)]
    assert np.abs(found[0]).max() < 0.5 * np.abs(found[1]).max()


@given(st.integers(0, 1000), st.floats(-3, 3))
def test_settling_changes_no_factor_on_awareness_and_keeps_reach_at_most_one(seed, shift):
    at = drawn(seed)
    at = replace(at, model=at.model + shift)
    settled = at.settled(SPACE)
    assert (SPACE.reach * np.exp(settled.model[:, None] + settled.own) <= MOST + 1e-9).all()
    before = at.author[SPACE.author_of] + at.model[:, None] + at.own
    after = settled.author[SPACE.author_of] + settled.model[:, None] + settled.own
    np.testing.assert_allclose(before, after)


def test_no_parameter_moves_further_than_the_prior_lets_it(asked):
    wanted = [p.requirement(0.15) for c in asked.claims for p in c.linear_parts]
    narrow = Prior(author=0.01, model=0.01, own=0.01, demand=0.01, growth=0.01, weight=1e9)
    found = likeliest(response_of(asked.reference), asked.reference, wanted, narrow)
    assert np.abs(found.at.vector).max() == pytest.approx(0.01 * FARTHEST)
    assert found.short > 0.1


def test_one_shortfall_far_away_pulls_no_harder_than_one_a_little_away():
    assert loss(np.array([0.1])) == pytest.approx(0.005)
    at = np.array([FAR, 2 * FAR, 9 * FAR])
    slopes = (loss(at + 1e-6) - loss(at - 1e-6)) / 2e-6
    np.testing.assert_allclose(slopes, FAR, rtol=1e-5)


def test_effective_number_of_parameters():
    assert NOWHERE.effective == 0 and NOWHERE.moved == 0
    model = np.zeros(len(MODELS))
    model[3] = 0.5
    one = replace(NOWHERE, model=model)
    assert one.effective == pytest.approx(1) and one.moved == 1
    assert replace(NOWHERE, model=model * 0 + 0.5).effective == pytest.approx(len(MODELS))


def test_the_small_market_has_the_models_of_the_space():
    assert set(facts()["model"]) == set(SPACE.listed)
