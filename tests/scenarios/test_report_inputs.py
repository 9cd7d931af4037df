"""The inputs of the report world that state facts of the report: lengths, and the accounts of its calendar."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

import sim
from sim.scenario.calendar import LargeAccountEvent
from tests.sim.traffic_world import shipped

SCENARIO = sim.load_scenario(shipped("report"))
SPRING = (dt.date(2025, 5, 1) - SCENARIO.start).days


def mean_prompts(name: str) -> np.ndarray:
    """Mean prompt of a category's requests, in tokens, by day: a lognormal's mean."""
    kind = SCENARIO.workloads.categories[name]
    return SCENARIO.daily(kind.prompt_tokens, geometric=True) * np.exp(kind.prompt_sigma**2 / 2)


def test_programming_has_the_longest_prompts_and_they_pass_twenty_thousand_tokens():
    """Figure 16: highest at all times since spring 2025, often above 20K."""
    others = [mean_prompts(name) for name in SCENARIO.workloads.categories if name != "programming"]
    programming = mean_prompts("programming")[SPRING:]
    assert (programming > 2 * np.max(others, axis=0)[SPRING:]).all()
    assert (programming > 20_000).mean() > 0.25 and programming[-1] < 30_000


@pytest.mark.parametrize("name", sorted(set(SCENARIO.workloads.categories) - {"programming"}))
def test_all_other_prompts_are_flat_and_low_from_spring_on(name):
    lengths = mean_prompts(name)[SPRING:]
    assert np.ptp(lengths) == 0 and lengths[0] < 5_000


def test_two_large_accounts_are_declared_and_go_with_the_number_of_users():
    accounts = [event for event in SCENARIO.calendar if isinstance(event, LargeAccountEvent)]
    assert [(event.category, event.date.year) for event in accounts] == [
        ("technology", 2025),
        ("science", 2025),
    ]
    assert all(event.requests_per_day is None and event.until is not None for event in accounts)
