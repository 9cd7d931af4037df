"""How large a world will be is told before it is simulated, and what this machine cannot hold is refused."""

from __future__ import annotations

import dataclasses

import pytest

import sim
from sim import estimate
from sim.scenario.shipped import worlds
from testbed import capacity, cli
from testbed.failure import BadInput

WHALE = "model: new/frontier, requests_per_day: 6000000"
PER_USER = "model: new/frontier, requests_per_day_per_1000_users: 600000"


@pytest.fixture(scope="module")
def found():
    return estimate.estimate(sim.load_world(worlds()["one-frontier-model"], users=12_000))


def test_an_estimate_comes_near_what_a_run_takes(found, tmp_path_factory):
    run = sim.run(worlds()["one-frontier-model"], users=12_000, out=tmp_path_factory.mktemp("out"))
    disk = sum(file.stat().st_size for file in run.path.rglob("*") if file.is_file())
    assert found.users == 12_000
    assert 0.85 < found.requests / run.manifest["counts"]["generations"] < 1.15
    assert 0.6 < found.disk / disk < 1.6
    assert estimate.BASE_MEMORY < found.memory < 2 * estimate.BASE_MEMORY
    assert found.seconds > 0


def test_an_estimate_says_what_was_measured_and_what_assumed(found):
    text = dataclasses.replace(found, requests=462_000_000, disk=31_400_000_000, seconds=1320).sentence()
    assert "12,000 users: about 462 million requests, 31 GB on disk" in text and "22 minutes" in text
    assert "measured on worlds of 1,000 and 4,000 users" in text and "assumed:" in text


@pytest.mark.parametrize(
    ("settings", "users", "large"),
    [
        ([], 20_000, False), ([], 1_000_000, True), (["traffic.volume=400"], 20_000, True),
        (["traffic.season=400"], 20_000, True), (["workloads.requests_per_day=300"], 20_000, True),
        ([f"calendar=[{{event: large_account, date: 2025-01-15, {WHALE}}}]"], 10, True),
        ([f"calendar=[{{event: large_account, date: 2025-01-15, {PER_USER}}}]"], 10_000, True),
        ([f"calendar=[{{event: large_account, date: 2025-01-15, {PER_USER}}}]"], 10, False),
    ],
)  # fmt: skip
def test_worlds_with_many_users_or_many_requests_are_estimated(settings, users, large):
    world = sim.load_world(worlds()["one-frontier-model"], settings=settings, users=users)
    assert estimate.may_be_large(world) == large


@pytest.mark.parametrize("name", worlds())
def test_nothing_is_asked_of_a_shipped_world(name):
    assert not estimate.may_be_large(sim.load_world(worlds()[name]))


@pytest.mark.parametrize("which", ["disk", "memory"])
def test_what_exceeds_the_free_room_is_refused_unless_anyway(found, tmp_path, monkeypatch, which):
    monkeypatch.setattr(capacity, "free_disk", lambda out: 10**12)
    monkeypatch.setattr(capacity, "free_memory", lambda: 10**12)
    large = dataclasses.replace(found, **{which: 10**12 + 1})
    capacity.check(found, tmp_path, anyway=False)
    capacity.check(large, tmp_path, anyway=True)
    with pytest.raises(BadInput, match=r"too large for this machine.*free.*--anyway"):
        capacity.check(large, tmp_path, anyway=False)


def test_a_system_that_does_not_tell_its_memory_refuses_nothing_for_it(found, tmp_path, monkeypatch):
    monkeypatch.setattr(capacity, "free_memory", lambda: None)
    capacity.check(dataclasses.replace(found, memory=10**15), tmp_path, anyway=False)


def test_a_world_that_is_too_large_is_refused_before_anything_is_written(
    found, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(estimate, "estimate", lambda world, workers: dataclasses.replace(found, disk=10**18))
    out = tmp_path / "out"
    status = cli.main(["simulate", "report", "--users", "10_000_000", "--out", str(out), "--quiet"])
    assert status == 2 and not out.exists()
    assert "this world is too large for this machine" in capsys.readouterr().err
