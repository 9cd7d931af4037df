"""The schema of experiment files: it takes what the reader takes, refuses what that refuses, and is current."""

from __future__ import annotations

import copy
import json

import pytest
import yaml

import sim
from testbed import cli
from testbed.experiment import json_schema, reading
from testbed.patterns import patterns
from tests.testbed.experiment.made import TINY, write

SCHEMA = json_schema.experiment_json_schema()


def plain(text: str) -> dict:
    """A file as an editor sees it: YAML 1.2, in which `off` is a word, and dates are text."""
    return yaml.load(text, Loader=yaml.BaseLoader)


def errors(data: object) -> list[str]:
    schemas = pytest.importorskip("jsonschema")
    return [error.message for error in schemas.Draft202012Validator(SCHEMA).iter_errors(data)]


def tiny() -> dict:
    """The tiny experiment as data."""
    data = plain(TINY)
    data |= {"users": 3000, "replicates": 3}
    data["factors"]["lock_in"] |= {"base": 1.5, "levels": [0, 3]}
    return data


def test_the_shipped_file_is_current():
    assert json_schema.SCHEMA_FILE.read_text(encoding="utf-8") == json_schema.schema_text(), (
        "scenarios/experiments/experiment.schema.json is not current; write it with "
        "testbed.experiment.json_schema.write_schema"
    )


def test_the_command_prints_it(capsys):
    assert cli.main(["schema", "experiment"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA


def test_it_takes_an_event_as_a_factor():
    data = tiny()
    data["factors"]["cut"] = {
        "event": {"event": "price_change", "date": "2025-07-01", "model": "all", "factor": 0.9}
    }
    assert errors(data) == []
    data["factors"]["cut"]["base"] = "off"
    assert any("not valid under any" in message for message in errors(data))


def test_it_knows_every_pattern_and_is_closed():
    section = SCHEMA["$defs"]["PatternSettings"]
    assert set(section["properties"]["is"]["enum"]) == set(patterns())
    assert set(SCHEMA["properties"]["patterns"]["properties"]) == set(patterns())
    assert all(part["additionalProperties"] is False for part in (SCHEMA, *SCHEMA["$defs"].values()))


def test_it_takes_the_shipped_experiments():
    numbers = {"seed", "users", "replicates"}
    for file in sorted(reading.FOLDER.glob("*.yaml")):
        data = plain(file.read_text(encoding="utf-8"))
        data |= {key: int(data[key]) for key in numbers & set(data)}
        for pattern in data["patterns"].values():
            if "counts_as_false_positive" in pattern:
                pattern["counts_as_false_positive"] = pattern["counts_as_false_positive"] == "true"
        assert errors(data) == [], file.name


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda d: d.update(replicate=3), "'replicate' was unexpected"),
        (lambda d: d.pop("title"), "'title' is a required"),
        (lambda d: d.pop("base"), "not valid under any"),
        (lambda d: d.update(worlds={"a": {"file": "nulls/base"}}), "not valid under any"),
        (lambda d: d["factors"].update(x={"switch": "mechanisms.fit", "key": "a.b"}), "not valid under any"),
        (lambda d: d["factors"].update(x={"switch": "mechanisms.fit", "levels": [1]}), "not valid under any"),
        (lambda d: d["factors"].update(x={"key": "mechanisms.backlog"}), "not valid under any"),
        (lambda d: d["patterns"]["kept"].update({"is": "cohort-retenton"}), "is not one of"),
        (lambda d: d["patterns"]["kept"].update(expect={"fit": "need"}), "'need' is not one of"),
        (lambda d: d["arms"].update(designs=["halves"]), "'halves' is not one of"),
        (lambda d: d.update(level=1), "1 is greater than"),
        (lambda d: d.update(patterns={}), "non-empty|enough properties"),
    ],
)
def test_it_refuses_what_the_reader_refuses(tmp_path, change, text):
    data = tiny()
    assert errors(data) == []
    reading.load(write(tmp_path, yaml.safe_dump(data)))
    wrong = copy.deepcopy(data)
    change(wrong)
    found = errors(wrong)
    assert any(part in message for message in found for part in text.split("|")), found
    with pytest.raises(sim.ScenarioError):
        reading.load(write(tmp_path, yaml.safe_dump(wrong)))
