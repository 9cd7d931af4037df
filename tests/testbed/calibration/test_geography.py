"""Where users come from: solved for from who spends when, and written into the scenario's own lines."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from analysis import study
from sim.expectation import expected
from sim.scenario import load_scenario
from sim.simulation import run_agents
from sim.world import load_world
from testbed.calibration import geography
from testbed.calibration.geography import FILE, Flow
from testbed.claims.predicates import AllOf, Profile, Value
from testbed.claims.registry import registry

SCENARIO = load_scenario(FILE)
MONTHS = tuple(dt.date(2023 + (11 + k) // 12, (11 + k) % 12 + 1, 1) for k in range(24))
WEEKS = 56


def made_flow(account: float = 0.0) -> Flow:
    """Each month's arrivals spend for about a year: in week w those who came up to then, the latest most."""
    month_of = 11 + np.arange(WEEKS) * 12 / 52
    age = month_of[:, None] - np.arange(24)
    spend = np.where(age >= 0, np.exp(-np.abs(age) / 8), 0.0)
    other = np.c_[np.full(WEEKS, 0.1), np.full(WEEKS, account)]
    return Flow(MONTHS, np.full(24, 1 / 24), np.c_[spend, other], 3e6 * np.c_[spend, other])


def test_the_weights_give_the_four_numbers():
    weights = geography.fit(SCENARIO, [made_flow(), made_flow(account=0.4)])
    found = geography.measured(SCENARIO, weights, [made_flow(), made_flow(account=0.4)])
    asked = (geography.FIRST, geography.LAST, geography.ALL, geography.AT_HOME)
    assert found == pytest.approx(asked, abs=2e-3)


def test_the_part_of_a_week_is_the_mean_over_its_spenders_arrivals():
    spend = np.array([[1.0, 3.0, 0.0, 0.0], [2.0, 2.0, 0.0, 4.0], [0.0, 0.0, 5.0, 0.0]])
    flow = Flow(MONTHS[:2], np.array([0.75, 0.25]), spend, spend)
    parts, tokens = flow.parts(np.array([0.2, 0.6]), 0.0)
    np.testing.assert_allclose(
        parts, [0.5, 0.2, 0.3]
    )  # the large account is billed elsewhere, shared ones as opened
    assert tokens == pytest.approx((2.0 + 1.6 + 1.5) / 17)
    parts, tokens = flow.parts(np.array([0.2, 0.6]), 1.0)
    np.testing.assert_allclose(parts, [0.5, 0.7, 0.3])
    assert tokens == pytest.approx((2.0 + 5.6 + 1.5) / 17)


def test_large_accounts_leave_fewer_arrivals_to_their_country():
    without, with_it = (geography.fit(SCENARIO, [made_flow(account=size)])[-1] for size in (0.0, 0.6))
    assert with_it < without


def test_the_large_accounts_of_the_report_world_are_of_one_country():
    accounts = [event for event in SCENARIO.calendar if event.event == "large_account"]
    assert {account.country for account in accounts} == {geography.HOME}


def test_weights_are_shared_out_among_the_countries_and_nothing_else_is_touched(tmp_path):
    text = FILE.read_text(encoding="utf-8")
    new = geography.rewritten(text, SCENARIO, np.array([2.0, 20.0, 10.0, 33.3]))
    changed = [(a, b) for a, b in zip(text.splitlines(), new.splitlines(), strict=True) if a != b]
    asian = [name for name, c in SCENARIO.population.countries.items() if c.continent == "Asia"]
    assert [after.split(":")[0].strip() for _, after in changed] == [geography.HOME, *asian]
    copy = tmp_path / "mine.yaml"
    copy.write_text(new, encoding="utf-8")
    read = load_scenario(copy)
    shares = np.array([[c.share.root[day] for day in geography.dates(SCENARIO)]
                       for c in read.population.countries.values() if c.continent == "Asia"])  # fmt: skip
    np.testing.assert_allclose(shares.sum(axis=0), [2.0, 20.0, 10.0], atol=0.05)
    assert read.population.countries[geography.HOME].share.support == (33.3, 33.3)
    assert geography.rewritten(new, SCENARIO, np.array([2.0, 20.0, 10.0, 33.3])) == new


def test_a_country_on_several_lines_is_told():
    with pytest.raises(ValueError, match="SG does not stand on one line"):
        geography.rewritten("population: {}", SCENARIO, np.ones(4))


def test_the_numbers_are_those_of_the_claims():
    spend, tokens = (registry()[claim].claim.predicate for claim in ("C111", "C113"))
    assert isinstance(spend, AllOf) and isinstance(tokens, Profile)
    edges = [part.predicate for part in spend.of[:2]]
    assert [edge.target for edge in edges if isinstance(edge, Value)] == [geography.LAST, geography.FIRST]
    assert abs(tokens.targets[geography.CONTINENT] - geography.ALL) < 0.02
    places = registry()["C114"].claim.predicate
    assert isinstance(places, Profile)
    over = places.targets["US"] + places.targets["CA"] - tokens.targets["North America"]
    assert pytest.approx(places.targets[geography.HOME] - over / 2, abs=1e-3) == geography.AT_HOME


def test_a_worlds_flow_is_all_that_it_spends_and_uses_in_the_window():
    world = load_world(FILE, users=200, settings=["traffic.volume=1"])
    found = geography.flow(world)
    whole = expected(run_agents(world).traffic(), ("week",))
    inside = [study.MAIN_WINDOW[0] <= monday <= dt.date(2025, 11, 24) for monday in whole.axes["week"]]
    assert found.months == MONTHS and found.spend.shape == (WEEKS, 26)
    np.testing.assert_allclose(found.spend.sum(axis=1), whole["cost_usd"][inside])
    tokens = whole["tokens_prompt"] + whole["tokens_completion"]
    np.testing.assert_allclose(found.tokens.sum(axis=1), tokens[inside])


def test_what_is_found_is_printed_and_written_on_demand(tmp_path, monkeypatch, capsys):
    copy = tmp_path / "report.yaml"
    copy.write_text(FILE.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "label_paths.csv").write_bytes((FILE.parent / "label_paths.csv").read_bytes())
    monkeypatch.setattr(geography, "FILE", copy)
    monkeypatch.setattr(geography, "flow", lambda world: made_flow())
    geography.main([])
    said = capsys.readouterr().out
    assert "13.0% of the spend at first, 31.0% at last, 27.0% of tokens" in said
    assert "46.2% of tokens (20,000 users" in said
    assert copy.read_text(encoding="utf-8") == FILE.read_text(encoding="utf-8")
    geography.main(["--write"])
    assert copy.read_text(encoding="utf-8") != FILE.read_text(encoding="utf-8")
    assert capsys.readouterr().out == said
