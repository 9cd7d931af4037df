"""What follows from the folder of mechanisms: the section of a scenario, its schema, the ODD's table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sim.mechanisms
from sim.mechanisms import MECHANISMS, Mechanisms
from sim.mechanisms.__main__ import ODD, with_tables
from sim.scenario import Scenario
from sim.scenario.json_schema import SCHEMA_FILE, schema_text

HERE = Path(sim.mechanisms.__file__).parent
OFF_BY_DEFAULT = ("multihoming",)
"""New causes that no shipped world has yet."""
FILES = {file.stem: file.relative_to(HERE) for file in HERE.rglob("[!_]*.py")}


def test_each_file_is_one_mechanism_by_its_key():
    assert list(MECHANISMS) == sorted(FILES)
    assert {key: kind.__module__ for key, kind in MECHANISMS.items()} == {
        key: ".".join(("sim.mechanisms", *file.with_suffix("").parts)) for key, file in FILES.items()
    }


@pytest.mark.parametrize("key", MECHANISMS)
def test_a_mechanism_states_its_rule_its_source_and_what_is_without_it(key):
    kind = MECHANISMS[key]
    assert min(len(text.strip()) for text in (kind.rule, kind.source, kind.off, kind.__doc__ or "")) > 5
    assert kind.__doc__.endswith(".")
    assert not any(
        "|" in text or "\n" in text or text.endswith(".") for text in (kind.rule, kind.source, kind.off)
    )


@pytest.mark.parametrize("key", MECHANISMS)
def test_a_mechanism_is_on_by_default_and_is_found_by_class_and_by_key(key):
    section = Mechanisms.model_validate({key: "off"})
    assert section[MECHANISMS[key]] is getattr(section, key)
    assert {name for name, cause in section if not cause.enabled} == {key, *OFF_BY_DEFAULT}


@pytest.mark.parametrize("key", OFF_BY_DEFAULT)
def test_one_that_is_off_by_default_is_on_where_a_scenario_says_so_or_names_a_parameter(key):
    parameter = next(name for name in MECHANISMS[key].model_fields if name != "enabled")
    value = getattr(Mechanisms(), key).model_dump()[parameter]
    given = {
        "on": "on",
        "named": {parameter: value},
        "said": {parameter: value, "enabled": False},
        "empty": {},
    }
    found = {name: getattr(Mechanisms.model_validate({key: one}), key).enabled for name, one in given.items()}
    assert found == {"on": True, "named": True, "said": False, "empty": False}


def test_what_is_made_of_the_folder_is_current():
    """Else run `python -m sim.mechanisms`."""
    page = ODD.read_text(encoding="utf-8")
    assert with_tables(page) == page
    assert all(f"| `{key}` |" in page for key in MECHANISMS)
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(Scenario)
    described = json.loads(schema_text(Scenario))["$defs"]["LockIn"]["description"]
    assert described.endswith(
        "Off: no cost. Source: switching costs (Farrell & Klemperer 2007); assumed values."
    )
