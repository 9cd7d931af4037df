"""A rehearsal gives what a world alone gives, to the byte, whatever ran before it, and makes no users twice."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

import sim.rehearsal
from sim.agents.population import build_population
from sim.rehearsal import KEPT, Rehearsal
from sim.simulation import Agents, run_agents
from sim.world import load_world
from tests.sim.traffic_world import shipped

PLANTED = "planted_loyalty={model: new/frontier, loyal_share: 0.4}"
WAVE = "calendar=[{event: wave, date: 2025-02-01, days: 9, share_of_users: 0.2, model: new/frontier}]"
ACCOUNT = (
    "calendar=[{event: large_account, date: 2025-02-01, model: new/frontier, users: 3, requests_per_day: 9}]"
)
VARIANTS = {
    "a cause off": "mechanisms.lock_in=off",
    "another market": "models.rival/later.released=2025-02-20",
    "planted loyalty": PLANTED,
    "a wave": WAVE,
    "a large account": ACCOUNT,
    "other work": "workloads.hardness={normal: {mean: 1.2, sd: 0.8}}",
    "other users": "population.initial_share=0.2",
    "work that is not touched": "mechanisms.legacy_work={share: 0.5}",
    "work that pays more": "mechanisms.premium_work={share: 0.5}",
    "another end": "end=2025-03-31",
}


def made(*settings: str, seed: int = 1):
    """Four months around the release of new/frontier."""
    span = ("start=2024-12-15", "end=2025-04-15")
    return load_world(shipped("one-frontier-model"), users=300, seed=seed, settings=(*span, *settings))


def check_equal(one: Agents, other: Agents) -> None:
    for name, values in one.spells.items():
        np.testing.assert_array_equal(values, other.spells[name])
    for kept, alone in ((one.users, other.users), (one.workloads, other.workloads)):
        for field in fields(kept):
            if field.name != "names":
                np.testing.assert_array_equal(getattr(kept, field.name), getattr(alone, field.name))


@pytest.fixture(scope="module")
def base() -> Agents:
    return run_agents(made())


@pytest.fixture(scope="module")
def rehearsal() -> Rehearsal:
    return Rehearsal()


@pytest.mark.parametrize("setting", VARIANTS.values(), ids=VARIANTS)
def test_a_variant_is_the_world_that_runs_alone(rehearsal, base, setting):
    alone = run_agents(made(setting))
    assert any(not np.array_equal(values, base.spells[name]) for name, values in alone.spells.items())
    check_equal(rehearsal.agents(made()), base)
    check_equal(rehearsal.agents(made(setting)), alone)
    check_equal(rehearsal.agents(made()), base)


def test_users_are_made_once_while_their_sections_are_equal(monkeypatch):
    built = []

    def build(*given):
        built.append(1)
        return build_population(*given)

    monkeypatch.setattr(sim.rehearsal, "build_population", build)
    rehearsal = Rehearsal()
    for setting in ("mechanisms.lock_in=off", "mechanisms.fit=off", "models.rival/later.released=2025-02-20"):
        rehearsal.agents(made(setting))
    assert len(built) == 1
    for seed in range(2, 2 + KEPT):
        rehearsal.agents(made(seed=seed))
    assert len(built) == 1 + KEPT
    rehearsal.agents(made())  # the first ones were given up
    assert len(built) == 2 + KEPT
