"""A state of the laboratory: checked, and said as a scenario."""

from __future__ import annotations

import pytest
import yaml

from lessons.lab.market import flipped, saved, worlds_of
from lessons.lab.state import MOST_USERS, as_yaml, read
from sim import load_world
from sim.mechanisms import MECHANISMS
from testbed.failure import BadInput
from tests.lessons.lab.conftest import USERS

SET = {
    "users": USERS,
    "seed": 7,
    "mechanisms": {"lock_in": {"strength": 0.25}, "rival_trials": {"enabled": False}},
    "models": {
        "rival/later": {"released": "2025-06-01", "price_usd_per_mtok": 1.5},
        "your/rival-1": {"like": "new/frontier", "released": "2025-03-01", "ability": 2.4},
    },
    "calendar": [{"event": "price_change", "date": "2025-04-01", "model": "new/frontier", "factor": 0.5}],
    "look": "rival/later",
    "twin": "lock_in",
}


def test_what_is_set_is_what_runs():
    worlds = worlds_of(read(SET))
    scenario = worlds.world.scenario
    assert (scenario.users, scenario.seed, worlds.look) == (USERS, 7, "rival/later")
    assert (
        scenario.mechanisms.lock_in.strength == 0.25 and scenario.mechanisms.lock_in.time_constant_days == 45
    )
    assert not scenario.mechanisms.rival_trials.enabled
    assert scenario.mechanisms.rival_trials.look_every_days == 90  # as the base says
    assert str(worlds.world.catalogue["rival/later"].released) == "2025-06-01"
    assert "your/rival-1" in worlds.world.catalogue
    assert scenario.calendar[0].factor == 0.5


def test_the_saved_scenario_is_the_same_world(tmp_path):
    file = tmp_path / "laboratory.yaml"
    file.write_text(saved(read(SET)))
    assert load_world(file).scenario == worlds_of(read(SET)).world.scenario


def test_a_saved_scenario_can_be_opened_and_changed_on(tmp_path):
    text = saved(read(SET))
    opened = {"text": text, "seed": 8}
    scenario = worlds_of(read(opened)).world.scenario
    assert scenario.seed == 8 and scenario.mechanisms.lock_in.strength == 0.25
    file = tmp_path / "again.yaml"
    file.write_text(saved(read(opened)))
    assert load_world(file).scenario == scenario


def test_the_twin_differs_in_one_switch():
    worlds = worlds_of(read(SET))
    told, twin = (one.scenario.model_dump() for one in (worlds.world, worlds.twin))
    assert told["mechanisms"]["lock_in"]["enabled"] and not twin["mechanisms"]["lock_in"]["enabled"]
    twin["mechanisms"]["lock_in"]["enabled"] = True
    assert told == twin


def test_flipping_twice_is_no_change():
    world = worlds_of(read({"users": USERS})).world
    for key in MECHANISMS:
        assert flipped(flipped(world, key), key).scenario == world.scenario != flipped(world, key).scenario


def test_nothing_set_is_the_base_alone():
    assert yaml.safe_load(as_yaml(read({}), "one-frontier-model")) == {"extends": "one-frontier-model"}


@pytest.mark.parametrize(("given", "words"), [
    ([], "the state"),
    ({"users": MOST_USERS + 1}, "users"),
    ({"users": 0}, "users"),
    ({"users": float("nan")}, "users"),
    ({"seed": -1}, "seed"),
    ({"sed": 1}, "sed"),
    ({"twin": "lockin"}, "did you mean 'lock_in'"),
    ({"mechanisms": {"fits": {"enabled": False}}}, "did you mean 'fit'"),
    ({"mechanisms": {"fit": {"match_sd": float("inf")}}}, "match_sd"),
    ({"base": "../../etc/passwd"}, "no scenario is called"),
    ({"text": "x" * 100_000}, "text"),
    ({"models": {"a/b": {"released": "soon"}}}, "released"),
])  # fmt: skip
def test_a_bad_state_is_told_in_words(given, words):
    with pytest.raises(BadInput, match=words):
        read(given)


@pytest.mark.parametrize(("given", "words"), [
    ({"look": "no/such"}, "unknown model 'no/such'"),
    ({"mechanisms": {"fit": {"match": 1}}}, "mechanisms.fit"),
    ({"mechanisms": {"fit": {"match_sd": -1}}}, "mechanisms.fit.match_sd"),
    ({"calendar": [{"event": "wave"}]}, "calendar"),
    ({"calendar": [{"event": "large_account", "date": "2025-02-01", "model": "new/frontier", "users": 10_000_000,
                    "requests_per_day": 1}]}, "are too many"),
    ({"base": "report"}, "are too many"),
    ({"text": "users: [1"}, "this is not YAML"),
    ({"text": "3"}, "a scenario is a mapping"),
    ({"text": "extends: /etc/passwd"}, "may extend a shipped scenario"),
    ({"text": "extends: one-frontier-model\ncatalogue: {folder: /etc}"}, "opens no other files"),
    ({"text": "extends: one-frontier-model\nend: 2028-01-01"}, "1,100 days at most"),
    ({"text": "extends: one-frontier-model\nuser: 3"}, "line 2: user: "),
])  # fmt: skip
def test_a_world_that_cannot_run_is_told_in_words(given, words):
    with pytest.raises(BadInput, match=words) as told:
        worlds_of(read(given))
    assert "/tmp" not in str(told.value)
