"""The JSON Schema of experiment files, for completion and checks in editors.

Beside the keys it holds what the model checks in code: a world or several, a switch, an event or a key with levels; and
the registered patterns, so that an editor completes their names. Names of factors in one place are not checked against
those in another: `slipper experiment` does.
"""

from __future__ import annotations

import json
from typing import Any

from analysis.contract import files
from sim.scenario.json_schema import DIALECT, untitled
from testbed import shipped
from testbed.experiment.schema import PlanFile
from testbed.patterns import patterns

SCHEMA_FILE = shipped.FOLDER / "experiments" / "experiment.schema.json"


def experiment_json_schema() -> dict[str, Any]:
    """The schema of an experiment file as a person writes it."""
    names = sorted(patterns())
    schema = PlanFile.model_json_schema(by_alias=True)
    definitions = {name: _untitled(part) for name, part in schema.pop("$defs").items()}
    definitions["FactorSettings"]["oneOf"] = [
        _holds("switch", without=("key", "event", "levels", "base")),
        _holds("key", "levels", without=("switch", "event")),
        _holds("event", without=("key", "switch", "levels", "base")),
    ]  # fmt: skip
    section = definitions["PatternSettings"]["properties"]
    section["is"] = {"description": section["is"]["description"], "enum": names}
    schema = _untitled(schema)
    schema["oneOf"] = [_holds("base", without=("worlds",)), _holds("worlds", without=("base",))]
    of_one: dict[str, str] = schema["properties"]["patterns"]["additionalProperties"]
    schema["properties"]["patterns"]["properties"] = dict.fromkeys(names, of_one)
    return {"$schema": DIALECT, **schema, "title": "Experiment", "$defs": definitions}


def schema_text() -> str:
    """The schema as the text of its file; the same model and patterns give the same text."""
    return json.dumps(experiment_json_schema(), indent=2) + "\n"


def write_schema() -> None:
    """Write the shipped file."""
    files.write_text(SCHEMA_FILE, schema_text())


def _holds(*keys: str, without: tuple[str, ...]) -> dict[str, Any]:
    """A file or section with these keys and without those."""
    return {"required": list(keys), "not": {"anyOf": [{"required": [key]} for key in without]}}


def _untitled(part: dict[str, Any]) -> dict[str, Any]:
    """A model and its keys without titles."""
    return untitled({"": part})[""] | {"properties": untitled(part.get("properties", {}))}
