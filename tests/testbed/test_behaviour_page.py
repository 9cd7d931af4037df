"""The page on behaviour: its tables are current, its arithmetic gives its values, the report world takes them."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest

from sim.mechanisms import MECHANISMS, demand
from sim.scenario import load_scenario
from testbed.studies import behaviour
from testbed.studies.behaviour import PAGE, WORLD, Parameter, parameters

HEAD = "key,value,low,high,basis,evidence,source\n"
NOT_BEHAVIOUR = {
    "search.price_floor_usd_per_mtok",  # keeps a logarithm finite
    "mechanisms.fit.chance_when_off",  # acts only where fit is off
    "mechanisms.frontier_attention.midpoint",  # a zero: half-way is where hardness meets the frontier
}
DEMAND = demand.__name__
REFERENCE = re.compile(r"^- \*\*(.+?)\.\*\* ", re.MULTILINE)


@cache
def world() -> dict[str, Any]:
    """The report world as it is written, with all defaults."""
    return load_scenario(WORLD).model_dump(mode="json", by_alias=True)


def stated(key: str, values: Any) -> Any:
    """The value at a dotted key; None where a scenario has no such key."""
    for part in key.split("."):
        values = values.get(part) if isinstance(values, dict) else None
    return values


def numbers(values: Any, path: str) -> set[str]:
    """The dotted keys of all numbers within."""
    if isinstance(values, dict):
        return set().union(*(numbers(inner, f"{path}.{key}") for key, inner in values.items()))
    return {path} if isinstance(values, float) else set()


def pending(key: str) -> bool:
    """Whether a key is of a mechanism that nobody has written yet."""
    section, name, *_ = key.split(".")
    return section == "mechanisms" and name not in MECHANISMS


def test_the_tables_follow_from_the_file():
    text = PAGE.read_text(encoding="utf-8")
    assert behaviour.with_tables(text) == text, (
        f"{PAGE.name} is out of date: python -m testbed.studies.behaviour"
    )


def test_the_arithmetic_comes_to_the_values():
    """To a tenth: values are rounded to what the evidence can bear."""
    rows = {parameter.key: parameter for parameter in parameters()}
    for conversion in behaviour.computed():
        assert rows[conversion.key].value == pytest.approx(conversion.result, rel=0.1), conversion.key


def test_a_value_that_rests_on_arithmetic_shows_it():
    shown = {conversion.key for conversion in behaviour.computed()}
    unshown = {parameter.key for parameter in parameters() if parameter.basis == "converted"} - shown
    assert unshown == {
        "search.noticeable_price_cut",
        "mechanisms.consideration.size",
    }  # taken over as they are


def test_each_source_is_a_reference_and_each_reference_a_source():
    cited = {source for parameter in parameters() for source in parameter.sources}
    assert cited == set(REFERENCE.findall(PAGE.read_text(encoding="utf-8")))
    assert [p.key for p in parameters() if p.basis != "assumed" and not p.sources] == []


def test_a_row_that_cannot_be_is_told_by_its_line(tmp_path):
    file = tmp_path / "behaviour.csv"
    for row, said in (("a,3,1,2,assumed,why,None", "3, 2$"), ("a,1,1,2,guessed,why,None", "'guessed'")):
        file.write_text(f"{HEAD}b,1,0,2,assumed,why,None\n{row}\n", encoding="utf-8")
        with pytest.raises(ValueError, match=rf"behaviour.csv:3: .*{said}"):
            parameters(file)


@pytest.mark.parametrize("parameter", parameters(), ids=lambda parameter: parameter.key)
def test_the_report_world_takes_the_value(parameter: Parameter):
    if pending(parameter.key):
        pytest.skip("no such mechanism yet")
    found = stated(parameter.key, world())
    assert found is not None, "the mechanism has no such key: rename it in scenarios/behaviour.csv"
    assert found == parameter.value


def test_each_number_by_which_work_chooses_and_searches_is_listed():
    """Whoever gives such a cause a parameter says where its value comes from. Causes of demand need not: they say what
    requests look like."""
    listed = {parameter.key for parameter in parameters()} | NOT_BEHAVIOUR
    causes = {key for key, kind in MECHANISMS.items() if not kind.__module__.startswith(DEMAND)}
    found = numbers(world()["search"], "search").union(
        *(numbers(world()["mechanisms"][key], f"mechanisms.{key}") for key in causes)
    )
    assert len(found) > 20 and found <= listed, "add what is missing: docs/add-a-mechanism.md"
