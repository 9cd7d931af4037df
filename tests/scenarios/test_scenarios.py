"""The shipped scenarios: they load, say what they ask, and differ from each other in what they say and nothing else."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import yaml

import sim
from sim.catalogue import load_catalogue
from sim.scenario import TELLING, json_schema
from sim.scenario.json_schema import SCHEMA_FILE
from sim.scenario.shipped import WORLDS
from sim.world import load_world
from tests.sim.traffic_world import shipped

PROMISED = {"report", "report-small", "no-fit", "no-lock-in", "uninformed", "no-backlog", "one-frontier-model",
            "price-cut", "whale"}  # fmt: skip
SHIPPED = sorted(file.stem for file in WORLDS.glob("*.yaml"))
NULL_WORLDS = {"no-fit": "fit", "no-lock-in": "lock_in", "uninformed": "information", "no-backlog": "backlog"}
WORDS = tuple(sorted(TELLING))


def resolved(scenario: sim.Scenario) -> dict[str, Any]:
    """All values of a scenario but its words, by dotted key."""
    return dict(_leaves(scenario.model_dump(mode="json", by_alias=True, exclude=set(WORDS))))


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def differences(name: str, base: str) -> dict[str, tuple[Any, Any]]:
    """Keys in which two shipped scenarios differ, with the values of `base` and of `name`."""
    old, new = (resolved(sim.load_scenario(shipped(which))) for which in (base, name))
    missing = object()
    return {
        key: (old.get(key), new.get(key))
        for key in old.keys() | new.keys()
        if old.get(key, missing) != new.get(key, missing)
    }


def header(file: Path) -> list[str]:
    """The comment lines with which a file begins, less the stamp of one that a command wrote."""
    lines = takewhile(lambda line: line.startswith("#"), file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if not line.startswith("# Written by slipper.")]


@functools.cache
def stated_keys(name: str) -> dict[str, Any]:
    """What the file itself says."""
    return yaml.safe_load(shipped(name).read_text(encoding="utf-8"))


@functools.cache
def schema_for_editors() -> dict[str, Any]:
    """The JSON Schema of a scenario."""
    return json_schema()


def test_all_promised_scenarios_are_shipped():
    assert set(SHIPPED) >= PROMISED


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_loads_with_its_models_and_labels(name):
    world = load_world(shipped(name))
    assert len(world.catalogue) >= 2
    assert world.classifier is not None
    assert world.scenario.start < world.scenario.end
    assert world.name == name


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_begins_with_a_header_in_plain_words(name):
    lines = header(shipped(name))
    scenario = sim.load_scenario(shipped(name))
    assert lines[0] == f"# {scenario.title}"
    parts = [line.partition(":")[0] for line in lines]
    assert [part for part in ("# Question", "# Market", "# Look at") if part not in parts] == []
    assert all(len(line) > 20 for line in lines[1:]), "an empty line of the header"


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_states_its_own_title_and_ends_its_question_with_a_mark(name):
    assert stated_keys(name)["title"]
    assert sim.load_scenario(shipped(name)).question.endswith("?")


@pytest.mark.parametrize("name", [name for name in SHIPPED if "\nextends:" in shipped(name).read_text()])
def test_what_a_scenario_extends_resolves_and_only_stated_keys_differ(name):
    stated = stated_keys(name)
    base = Path(stated["extends"]).stem
    assert base in SHIPPED
    keys = {key.split(".")[0] for key in differences(name, base)}
    assert keys <= set(stated) - set(WORDS)
    assert keys, "it differs in nothing"


@pytest.mark.parametrize(("name", "mechanism"), NULL_WORLDS.items())
def test_a_null_world_is_the_report_world_with_one_switch(name, mechanism):
    assert differences(name, "report") == {f"mechanisms.{mechanism}.enabled": (True, False)}
    by_hand = load_world(shipped("report"), settings=[f"mechanisms.{mechanism}=off"])
    assert load_world(shipped(name)).run_id == by_hand.run_id  # the same world, whoever switched


def test_the_small_report_world_has_fewer_users_and_is_otherwise_the_same():
    assert set(differences("report-small", "report")) == {"users"}


def test_the_whale_is_the_only_difference_of_its_world():
    ((key, (without, events)),) = differences("whale", "report-small").items()
    assert key == "calendar"
    assert events[:-1] == without
    assert events[-1]["event"] == "large_account"


def test_the_twins_of_the_price_cut_differ_in_the_cut_alone():
    world = load_world(shipped("price-cut"))
    one, two = (world.catalogue[f"{name}/middle"] for name in ("one", "two"))
    assert one.latent == two.latent
    same = ("author", "name", "slug", "permaslug")
    facts = [{k: v for k, v in vars(model.facts).items() if k not in same} for model in (one, two)]
    assert facts[0] == facts[1]
    (event,) = world.scenario.calendar
    assert (event.event, event.model, event.factor) == ("price_change", "one/middle", 0.7)
    by_price = sorted(world.catalogue.models, key=lambda model: model.facts.prices[0].prompt)
    for cheaper, dearer in itertools.pairwise(by_price):  # which is abler and better known, or its twin
        assert cheaper.latent.ability <= dearer.latent.ability and cheaper.latent.reach <= dearer.latent.reach


def test_the_report_world_spans_the_reports_time_and_has_every_mechanism():
    scenario = sim.load_scenario(shipped("report"))
    assert (str(scenario.start), str(scenario.end)) == ("2023-12-01", "2025-11-30")
    assert scenario.users >= 100_000
    assert all(mechanism.enabled for _, mechanism in scenario.mechanisms)
    assert str(scenario.observation.tools_offered_from) == "2025-09-01"
    world = load_world(shipped("report"))
    assert {m.slug for m in world.catalogue.models} == {
        m.slug for m in load_catalogue(WORLDS / "catalogue").models
    }
    assert len(set(scenario.workloads.categories)) == 12


def test_the_schema_for_editors_is_current():
    shipped_schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    assert shipped_schema == schema_for_editors()


@pytest.mark.parametrize("name", SHIPPED)
def test_editors_accept_the_keys_of_the_shipped_scenarios(name):
    """Every key of a file is one that the schema for editors knows."""
    schema = schema_for_editors()
    assert list(unknown_keys(stated_keys(name), schema, schema["$defs"])) == []


def unknown_keys(value: Any, schema: dict[str, Any], known: dict[str, Any], path: str = "") -> Iterator[str]:
    """Keys of `value` that no alternative of `schema` has."""
    options = list(_options(schema, known))
    if isinstance(value, list):
        for item in value:
            yield from unknown_keys(
                item, {"anyOf": [o["items"] for o in options if "items" in o]}, known, path
            )
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        found = [o["properties"][key] for o in options if key in o.get("properties", {})]
        found += [
            o["additionalProperties"] for o in options if isinstance(o.get("additionalProperties"), dict)
        ]
        if not found:
            yield f"{path}.{key}"
        else:
            yield from unknown_keys(inner, {"anyOf": found}, known, f"{path}.{key}")


def _options(schema: dict[str, Any], known: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "$ref" in schema:
        yield from _options(known[schema["$ref"].rpartition("/")[2]], known)
    alternatives = [*schema.get("anyOf", []), *schema.get("oneOf", []), *schema.get("allOf", [])]
    for option in alternatives:
        yield from _options(option, known)
    yield schema
