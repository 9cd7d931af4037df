"""The JSON Schema of scenario files, for completion and checks in editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from analysis.contract import files

DIALECT = "https://json-schema.org/draft/2020-12/schema"
EXTENDS = (
    "another scenario, of which this one states the differences: a path relative to this file, or the name "
    "of a shipped scenario (report, nulls/base)"
)
SCHEMA_FILE = Path(__file__).parents[2] / "scenarios" / "scenario.schema.json"


def scenario_json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a scenario file as a person writes it.

    It differs from the schema of a whole scenario where a file may state differences only: keys at the top are
    required unless the file extends another, and keys further down are not (what is missing after merging is found
    when the scenario is read).
    """
    schema = model.model_json_schema()
    required = schema.pop("required", [])
    definitions = {name: _relaxed(part) for name, part in schema.pop("$defs", {}).items()}
    properties = {**schema.pop("properties"), "extends": {"description": EXTENDS, "type": "string"}}
    schema.pop("title", None)
    relaxed = {"$schema": DIALECT, "title": "Scenario", **schema, "properties": untitled(properties)}
    relaxed["if"] = {"not": {"required": ["extends"]}}
    relaxed["then"] = {"required": required}
    return {**relaxed, "$defs": definitions}


def schema_text(model: type[BaseModel]) -> str:
    """The schema as the text of its file; the same model gives the same text."""
    return json.dumps(scenario_json_schema(model), indent=2) + "\n"


def write_scenario_schema(model: type[BaseModel], path: Path = SCHEMA_FILE) -> None:
    """Write the schema's file."""
    files.write_text(path, schema_text(model))


def _relaxed(definition: dict[str, Any]) -> dict[str, Any]:
    """A definition without required keys. Alternatives told apart by a constant keep theirs: they are items of
    lists, which are given whole."""
    properties = definition.get("properties", {})
    relaxed = {**definition, "properties": untitled(properties)} if properties else dict(definition)
    relaxed.pop("title", None)
    if not any("const" in part for part in properties.values()):
        relaxed.pop("required", None)
    return relaxed


def untitled(properties: dict[str, Any]) -> dict[str, Any]:
    """Properties without the titles that pydantic makes of the keys; editors show the keys themselves."""
    return {
        key: {name: value for name, value in part.items() if name != "title"}
        for key, part in properties.items()
    }
