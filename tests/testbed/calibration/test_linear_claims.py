"""Every claim is linear or says why not; the weeks and models that it looks at decide as well as its statistic."""

from __future__ import annotations

import datetime as dt

import pytest

from sim.catalogue import write_models_table
from sim.scenario.shipped import WORLDS
from sim.world import load_world
from testbed.calibration.linear.registry import REASONS, forms, why_not
from testbed.calibration.linear.requirements import NotLinear
from testbed.calibration.linear.setting import Setting
from testbed.calibration.linear_claims import linear_claims, picks_of
from testbed.calibration.problem import around
from testbed.calibration.tensor.frame import main_weeks
from testbed.calibration.tensor.groups import grouped
from testbed.calibration.tensor.worlds import facts_of
from testbed.claims.measuring.tables import Pick
from testbed.claims.registry import registry
from testbed.claims.statistics import statistics
from tests.testbed.calibration.small_market import claim, facts, market, problem, share

RETENTION = {"retention", "rivals"}


@pytest.fixture(scope="module")
def setting():
    """The report world's models in the main window."""
    world = load_world(WORLDS / "report-small.yaml")
    known = facts_of(write_models_table(world.catalogue, world.scenario.end))
    return Setting(main_weeks(), known, (1.0,) * 56)


@pytest.fixture(scope="module")
def claims(setting):
    return linear_claims(setting)


def test_every_statistic_has_a_form_or_a_reason():
    known = forms()
    assert set(known) <= set(statistics())
    for name in statistics():
        module = name.partition(".")[0]
        assert (name in known) != (name in REASONS or module in REASONS), name
        if name not in known:
            assert len(why_not(name)) > 10
    stale = [name for name in REASONS if name not in statistics() and name not in
             {statistic.partition(".")[0] for statistic in statistics()}]  # fmt: skip
    assert stale == []


def test_every_claim_says_what_it_is(claims):
    assert [claim.id for claim in claims] == registry().ids()
    for found in claims:
        for part in found.parts:
            assert (part.result is None) == bool(part.why_not)


def test_which_claims_are_linear(claims):
    linear = {claim.id for claim in claims if not claim.why_not}
    partly = {claim.id for claim in claims if claim.linear_parts} - linear
    assert partly == {"C39", "C40", "C62", "C69", "C70", "C71", "C72", "C74", "C134", "C138", "C139"}
    assert {
        "C12",
        "C17",
        "C24",
        "C27",
        "C43",
        "C53",
        "C79",
        "C80",
        "C99",
        "C106",
        "C132",
        "C148",
        "C160",
    } <= linear
    assert len(linear) == 71
    retention = [c for c in claims for p in c.parts if p.statistic.name.partition(".")[0] in RETENTION]
    assert retention and not any(c.linear_parts for c in retention)


def test_what_lengths_and_prices_set_is_marked(claims):
    marked = {part.name.split(" ")[0]: part.set_by for claim in claims for part in claim.parts if part.set_by}
    assert {key for key, value in marked.items() if value == "lengths"} == {"C69", "C70", "C71", "C72", "C74"}
    assert {key for key, value in marked.items() if value == "prices"} == {f"C{n}" for n in range(147, 155)}


def test_groups_stand_alone_where_a_claim_names_a_model_and_are_pooled_where_none_does(claims, setting):
    groups = grouped(setting.facts, picks_of(claims))
    assert 60 <= len(groups) <= 100
    assert {"openai/gpt-4", "qwen/qwen-2-7b-instruct", "deepseek/deepseek-r1"} <= set(groups.names)
    assert set(groups.authors) >= {"anthropic", "deepseek", "google", "minimax", "tngtech", "z-ai", "others"}
    of_the_mix = linear_claims(setting, ["C12", "C17", "C24", "C26"])
    few = grouped(setting.facts, picks_of(of_the_mix))
    assert len(few) < 20 and "openai row-open" in " ".join(few.names)


def test_models_that_a_statistic_goes_through_are_not_named_by_it(tmp_path):
    text = claim(1, "{name: openness.largest_share, by: model, within: {open: true}}",
                 "{kind: range, at_most: 0.9}")  # fmt: skip
    found = problem(tmp_path, text)
    assert picks_of(found.claims) == [Pick(open=True)]
    assert len(found.reference.frame.groups) == 2


@pytest.mark.parametrize(("window", "reason"), [
    ("all", "before those of the tensor"), ("[2024-01-01, 2024-12-29]", "beyond those of the tensor"),
])  # fmt: skip
def test_a_claim_that_looks_outside_of_the_weeks_is_not_linear(tmp_path, window, reason):
    text = claim(1, f"{{name: openness.share, of: {{open: true}}, window: {window}}}",
                 "{kind: range, at_least: 0.1}")  # fmt: skip
    (found,) = problem(tmp_path, text).claims
    assert reason in found.why_not


def test_a_claim_on_what_the_world_does_not_have_is_not_linear(tmp_path):
    order = claim(1, "{name: openness.tokens_by, by: author, within: {open: true}}",
                  "{kind: ordering, order: [qwen, nobody]}")  # fmt: skip
    lean = claim(2, "{name: agentic.tool_lean, of: {model: no/model}}", "{kind: sign, of: positive}")
    first, second = problem(tmp_path, order + lean).claims
    assert first.why_not == "(1) the world has nothing of nobody"
    assert second.why_not == "(1) the world has none of these models"


def test_windows_are_those_of_the_study():
    setting = Setting(main_weeks(), facts(), (1.0,) * 56)
    assert setting.span("main") == tuple(range(56))
    assert setting.span("category") == tuple(range(26, 56))
    assert setting.dates(setting.span((dt.date(2024, 11, 4), dt.date(2024, 12, 31)))) == main_weeks()[:9]
    with pytest.raises(NotLinear):
        setting.span((dt.date(2025, 11, 1), dt.date(2026, 1, 1)))


def test_a_world_that_does_not_cover_the_main_window_is_refused(tmp_path):
    world = market()
    short = world.amounts.cut(main_weeks()[:50], world.amounts.models)
    with pytest.raises(ValueError, match="does not cover the week of 2025-10-20"):
        around(type(world)(short, world.facts, world.sight))


def test_a_claim_of_one_statistic_has_one_part(tmp_path):
    (found,) = problem(tmp_path, claim(7, share("{open: true}"), "{kind: range, at_least: 0.1}")).claims
    (part,) = found.parts
    assert part.name == "C07 (1) share" and not found.why_not and part.set_by is None
