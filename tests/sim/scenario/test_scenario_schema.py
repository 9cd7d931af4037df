"""The schema for editors: what it says, and that the shipped file is current."""

import json
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from sim.config.switches import Switch
from sim.scenario.json_schema import SCHEMA_FILE, scenario_json_schema, schema_text, write_scenario_schema
from sim.settings.distributions import Distribution, Timeline


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Wave(Section):
    event: Literal["wave"]
    share: float


class Outage(Section):
    event: Literal["outage"]
    days: int


class Inner(Section):
    """What is inside."""

    strength: float = Field(ge=0, le=1, description="how strong")
    switch: Switch = True


class World(Section):
    """A world."""

    title: str
    inner: Inner
    life: Distribution = Distribution.exponential(3)
    growth: Timeline = Timeline.constant(1)
    calendar: list[Annotated[Wave | Outage, Field(discriminator="event")]] = []


@pytest.fixture
def schema() -> dict[str, Any]:
    return scenario_json_schema(World)


def test_head(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == "Scenario"
    assert schema["description"] == "A world."
    assert schema["additionalProperties"] is False


def test_top_keys_are_required_unless_the_file_extends_another(schema: dict[str, Any]) -> None:
    assert schema["if"] == {"not": {"required": ["extends"]}}
    assert schema["then"] == {"required": ["title", "inner"]}
    assert "required" not in schema
    assert schema["properties"]["extends"]["type"] == "string"


def test_sections_may_state_differences_but_list_items_are_whole(schema: dict[str, Any]) -> None:
    assert "required" not in schema["$defs"]["Inner"]
    assert schema["$defs"]["Wave"]["required"] == ["event", "share"]


def test_ranges_descriptions_and_closed_sections_are_kept(schema: dict[str, Any]) -> None:
    inner = schema["$defs"]["Inner"]
    assert inner["additionalProperties"] is False
    assert inner["properties"]["strength"] == {
        "description": "how strong",
        "maximum": 1,
        "minimum": 0,
        "type": "number",
    }
    assert inner["properties"]["switch"] == {"default": True, "enum": [True, False, "on", "off"]}


def test_a_distribution_is_a_number_or_exactly_one_family(schema: dict[str, Any]) -> None:
    number, family = schema["$defs"]["Distribution"]["anyOf"]
    assert number == {"type": "number"}
    assert (family["minProperties"], family["maxProperties"], family["additionalProperties"]) == (1, 1, False)
    assert list(family["properties"]) == ["normal", "lognormal", "exponential", "uniform", "constant"]
    assert schema["properties"]["life"]["default"] == {"exponential": {"mean": 3.0}}


def test_a_timeline_is_a_number_or_dates_or_a_curve(schema: dict[str, Any]) -> None:
    number, by_date, by_curve = schema["$defs"]["Timeline"]["anyOf"]
    assert number == {"type": "number"}
    assert by_date["propertyNames"] == {"format": "date"}
    assert list(by_curve["properties"]["logistic"]["properties"]) == [
        "start",
        "end",
        "midpoint",
        "width_days",
    ]
    assert schema["properties"]["growth"]["default"] == 1.0


def test_written_text_is_stable_and_is_the_schema(tmp_path: Any, schema: dict[str, Any]) -> None:
    write_scenario_schema(World, tmp_path / "a.json")
    text = (tmp_path / "a.json").read_text()
    assert text == schema_text(World)
    assert text.endswith("}\n")
    assert json.loads(text) == schema


def test_the_shipped_file_is_current() -> None:
    scenario = pytest.importorskip("sim.scenario")
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(scenario.Scenario), (
        "scenarios/scenario.schema.json is not current; write it with sim.scenario.json_schema.write_scenario_schema"
    )
