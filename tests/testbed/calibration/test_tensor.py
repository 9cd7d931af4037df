"""The tensor: groups, periods, what a world brings, and what its classifier makes of it."""

from __future__ import annotations

import datetime as dt
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.contract import CATEGORIES
from sim.expectation import Expected
from sim.scenario.shipped import WORLDS
from sim.traffic.means import QUANTITIES
from sim.world import load_world
from testbed.calibration.linear.readings import Amount
from testbed.calibration.tensor import sight
from testbed.calibration.tensor.amounts import AXES, of_expected, together
from testbed.calibration.tensor.cells import cells_of
from testbed.calibration.tensor.frame import Frame, Tensor, main_weeks
from testbed.calibration.tensor.groups import grouped
from testbed.calibration.tensor.reference import Reference
from testbed.claims.measuring.tables import Pick
from tests.testbed.calibration.small_market import MODELS, amounts, facts

PICKS = [
    Pick(open=True), Pick(source="cn-open"), Pick(source=("closed", "cn-closed")), Pick(author="deepseek"),
    Pick(author=("qwen", "meta-llama")), Pick(model="deepseek/r1"), Pick(size="small"), Pick(reasoning=True),
    Pick(not_author="acme"), Pick(open=True, size="large"),
]  # fmt: skip


FACTS = facts()


@settings(max_examples=30)
@given(st.lists(st.sampled_from(PICKS), max_size=6))
def test_groups_are_the_coarsest_that_tell_apart_what_conditions_tell_apart(picks):
    frame = FACTS
    groups = grouped(frame, picks)
    told = {
        model: tuple(bool(pick.of(frame.assign(tokens=0))[number]) for pick in picks)
        for number, model in enumerate(frame["model"])
    }
    of = dict(zip(groups.models, groups.of, strict=True))
    assert set(of) == set(MODELS)
    assert set(of.values()) == set(range(len(groups))), "no group is empty"
    for one, other in combinations(MODELS, 2):
        assert (of[one] == of[other]) == (told[one] == told[other])
    assert len(set(groups.names)) == len(groups)


def test_a_group_is_named_by_what_its_models_share():
    groups = grouped(facts(), [Pick(open=True), Pick(model="deepseek/r1"), Pick(author="deepseek")])
    names = {groups.names[number]: groups.members(number) for number in range(len(groups))}
    assert names["deepseek/r1"] == ("deepseek/r1",)
    assert names["acme closed"] == ("acme/closed", "acme/late")
    assert names["others"] == ("meta-llama/large", "meta-llama/small", "qwen/small")
    assert dict(zip(groups.names, groups.authors, strict=True))["others"] == "others"


def frame_of(picks=(), step=2) -> Frame:
    return Frame(grouped(facts(), picks), main_weeks(), step)


@pytest.mark.parametrize("step", [1, 2, 3])
def test_all_tokens_of_a_period_are_in_its_cells(step):
    frame = frame_of(PICKS, step)
    cut = amounts().cut(frame.weeks, frame.groups.models)
    tensor = Tensor.of(frame, cut)
    assert tensor.shares.shape == (-(-56 // step), len(frame.groups), 12)
    np.testing.assert_allclose(tensor.shares.sum(axis=(1, 2)), 1)
    np.testing.assert_allclose(tensor.totals, cut.of["tokens"].sum(axis=(1, 2)))
    late = frame.groups.models.index("acme/late")
    period = int(frame.period_of[-1])
    own = cut.of["tokens"][frame.period_of == period, late].sum(axis=0)
    assert frame.groups.names[frame.groups.of[late]] == "acme/late"
    whole = cut.of["tokens"][frame.period_of == period].sum()
    np.testing.assert_allclose(tensor.shares[period, frame.groups.of[late]], own / whole)
    np.testing.assert_allclose(sum(tensor.by_author().values()), tensor.shares.sum(axis=1))


def test_the_distance_is_half_the_sum_of_differences_in_the_mean_of_periods():
    frame = Frame(grouped(facts(), [Pick(open=True)]), main_weeks()[:4])
    first, other = np.zeros((2, *frame.shape))
    first[:, 0, 0] = other[:, 0, 0] = 1.0
    other[1, 0, 0], other[1, 1, 3] = 0.7, 0.3
    one, two = (Tensor(frame, shares, np.ones(4)) for shares in (first, other))
    assert one.distance(two) == pytest.approx(0.15)
    assert one.distance(one) == 0


def test_what_a_world_lacks_is_said():
    with pytest.raises(ValueError, match="does not cover the week of 2026-01-05"):
        amounts().cut((dt.date(2026, 1, 5),), tuple(MODELS))
    with pytest.raises(ValueError, match="the models table has no qwen/small"):
        amounts().cut(main_weeks(), tuple(model for model in MODELS if model != "qwen/small"))
    with pytest.raises(ValueError, match="no tokens in the 2 weeks from 2024-11-04"):
        empty = amounts()
        empty.of["tokens"][:2] = 0
        Tensor.of(frame_of(), empty.cut(main_weeks(), frame_of().groups.models))


def test_amounts_of_expected_traffic_split_keys_free_variants_and_launches():
    week = dt.date(2025, 3, 3)
    axes = {"week": (week,), "model": ("a/m", "b/m"), "category": CATEGORIES, "free": (False, True),
            "own_key": (False, True), "large_account": (False, True)}  # fmt: skip
    values = np.zeros((1, 2, 12, 2, 2, 2, len(QUANTITIES)))
    names = list(QUANTITIES)
    cell = {
        "tokens_prompt": 8.0,
        "tokens_completion": 2.0,
        "requests": 1.0,
        "cost_usd": 3.0,
        "tool_call_tokens": 4.0,
    }
    for free, key, large, times in ((0, 0, 0, 1), (0, 1, 1, 10), (1, 0, 0, 100)):
        for name, value in cell.items():
            values[0, 0, 0, free, key, large, names.index(name)] = value * times
    found = of_expected(Expected(dict(zip(AXES, axes.values(), strict=True)), values),
                        {"a/m": [(dt.date(2025, 3, 9), None)]})  # fmt: skip
    first = {name: float(value[0, 0, 0]) for name, value in found.of.items()}
    assert first == {
        "tokens": 1110, "prompt_tokens": 888, "completion_tokens": 222, "requests": 111, "tool_tokens": 444,
        "spend_usd": 333, "charged_tokens": 1010, "charged_usd": 303, "paid_tokens": 10,
        "ranked_tokens": pytest.approx(1110 - 1000 / 7), "account_tokens": 100,
    }  # fmt: skip
    assert all(value[0, 1].sum() == 0 for value in found.of.values())


def test_several_worlds_are_added_up():
    both = together([amounts(1), amounts(2)])
    order = [list(MODELS).index(model) for model in both.models]
    np.testing.assert_allclose(
        both.of["tokens"], (amounts(1).of["tokens"] + amounts(2).of["tokens"])[:, order]
    )
    assert list(both.of) == list(amounts(1).of)  # files keep this order


def test_before_labels_begin_a_cell_is_a_group_with_the_categories_of_the_world():
    frame = frame_of(PICKS)
    reference = Reference(frame, amounts(), facts(), sight.perfect())
    cells = cells_of(reference)
    np.testing.assert_allclose(np.asarray(cells.spread.sum(axis=0)).ravel(), 1)
    counts = np.bincount(cells.period)
    late, r1 = 1, 1  # groups that are not on offer in the first period
    assert counts[0] == len(frame.groups) - late - r1
    assert counts[-1] == 12 * len(frame.groups)
    back = cells.spread @ (cells.spread.T @ (reference.tensor.shares.ravel() > 0).astype(float) > 0).astype(
        float
    )
    assert (back[~reference.on_offer().ravel()] == 0).all()
    spread = cells.spread[:, 0].toarray().reshape(frame.shape)[0]
    group = int(np.flatnonzero(spread.sum(axis=1))[0])
    own = reference.tensor.shares[0, group]
    np.testing.assert_allclose(spread[group], own / own.sum())


def test_what_nobody_used_costs_its_list_price():
    unused = amounts()
    for values in unused.of.values():
        values[:, list(MODELS).index("acme/closed")] = 0
    frame = frame_of([Pick(model=model) for model in MODELS])
    reference = Reference(frame, unused, facts(), sight.perfect())
    group = frame.groups.names.index("acme/closed")
    usd = reference.per_token(Amount("charged_usd", (Pick(model="acme/closed"),)))
    np.testing.assert_allclose(usd[:, group], 2e-6)
    requests = reference.per_token(Amount("requests"))
    assert (requests[:, group] > 1 / 4000).all() and (requests[:, group] < 1 / 1000).all()


# --- the classifier


def classifier(*settings: str):
    """The report world's classifier with other settings."""
    return load_world(WORLDS / "report-small.yaml", settings=settings).classifier


def test_a_classifier_that_never_errs_sees_what_is_there():
    found = sight.measured(
        classifier("observation.classifier_accuracy=1", "observation.second_label_share=0",
                   "observation.confidence=1"), 500)  # fmt: skip
    np.testing.assert_array_equal(found.carried, sight.perfect().carried)
    np.testing.assert_array_equal(found.labelled, 1)


def test_mistakes_go_to_all_other_categories_alike():
    found = sight.measured(
        classifier("observation.classifier_accuracy=0.7", "observation.second_label_share=0",
                   "observation.confidence=1", "observation.wrong_confidence=1"))  # fmt: skip
    np.testing.assert_allclose(found.carried[range(12), range(12)], 0.7, atol=0.005)
    np.testing.assert_allclose(found.carried[0, 1:], 0.3 / 11, atol=0.001)
    np.testing.assert_allclose(found.weights("labels"), 1)
    np.testing.assert_allclose(found.weights(("programming", "roleplay"))[:2], 0.7 + 0.3 / 11, atol=0.005)


def test_labels_below_the_threshold_are_lost_and_second_ones_add_up():
    found = sight.measured(
        classifier("observation.classifier_accuracy=1", "observation.second_label_share=1",
                   "observation.confidence=1", "observation.wrong_confidence=0.4"))  # fmt: skip
    np.testing.assert_allclose(found.labelled, 1)
    np.testing.assert_allclose(found.weights("labels"), 1, atol=0.005)
