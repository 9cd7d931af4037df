"""The schemas for reading: every key is explained, its example is in use and can be set."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest

import sim
from sim.config.documents import load_document
from sim.scenario import Scenario
from sim.scenario.shipped import worlds
from testbed import cli
from testbed.experiment.reading import experiments
from testbed.experiment.schema import PlanFile
from testbed.terminal import schema_text

SCHEMAS = {
    "scenario": Scenario.model_json_schema(by_alias=True),
    "experiment": PlanFile.model_json_schema(by_alias=True),
}
FILES = {"scenario": worlds(), "experiment": experiments()}


@functools.cache
def examples(name: str) -> Any:
    """Values that the shipped files give to the keys of a schema. They are looked for by the worker that has these
    tests, not by all."""
    trees = (load_document(file).tree for file in FILES[name].values())
    return schema_text.examples_in(trees, SCHEMAS[name])


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_key_says_what_it_means_and_what_may_be_written(name):
    schema = SCHEMAS[name]
    keys = list(schema_text.walk(schema))
    assert len({key.path for key in keys}) == len(keys) > 15
    for key in keys:
        text = schema_text.section(schema, key.dotted, examples(name))
        lines = text.splitlines()
        assert lines[0] == key.dotted
        assert lines[1].startswith("    "), key.dotted
        assert "any value" not in text or name == "experiment", key.dotted
        assert all(len(line) <= schema_text.WIDTH for line in lines), key.dotted
        assert key.is_section or "example: " in text or key.path[-1] == "hours", key.dotted  # 24 numbers


def keys_of(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(tree, dict):
        for name, inner in tree.items():
            yield (*path, name)
            yield from keys_of(inner, (*path, name))


def test_the_walk_knows_every_key_that_a_shipped_world_states():
    known = {key.path for key in schema_text.walk(SCHEMAS["scenario"])}
    leaves = {path for path in known if path not in {p[:n] for p in known for n in range(1, len(p))}}
    for file in worlds().values():
        for path in keys_of(load_document(file).tree):
            steps = [path, (*path[:1], "NAME", *path[2:]), (*path[:2], "NAME", *path[3:])]
            inside = any(
                step[:n] in leaves for step in steps for n in range(1, len(step))
            )  # a value with parts
            assert inside or any(step in known or step[-1] == "NAME" for step in steps), path


def test_examples_without_names_in_their_path_can_be_set():
    settings = {}
    for key in schema_text.walk(SCHEMAS["scenario"]):
        if key.path[0] in ("mechanisms", "search", "traffic", "observation") and not key.is_section:
            text = schema_text.section(SCHEMAS["scenario"], key.dotted, examples("scenario"))
            settings[key.dotted] = text.partition(f"example: {key.path[-1]}: ")[2].strip()
    settings.pop("traffic.hours")
    assert len(settings) > 50
    settings.pop("observation.id_resets_per_month")  # it names a segment
    settings.pop("observation.label_paths", None)
    sim.load_world(
        worlds()["report-small"], settings=[f"{key}={value}" for key, value in settings.items()], users=10
    )


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("mechanisms.lock_in.time_constant_days", "number above 0; in days; default 45.0"),
        (
            "workloads.willingness_to_pay_usd_per_mtok",
            "number or distribution; in USD per million tokens; required",
        ),
        ("population.growth", "number, numbers by date or a curve; required"),
        ("models.NAME.reasoning", "one of none, hybrid, always"),
        ("calendar.wave.share_of_users", "number from 0 to 1; a share; required"),
        ("users", "whole number from 1 to 20,000,000; users; required"),
        ("mechanisms.fit", "the keys below or on or off"),
    ],
)
def test_what_is_said_of_a_key(section, said):
    text = schema_text.section(SCHEMAS["scenario"], section, {})
    assert f"    {said}\n" in text


def test_the_command_prints_an_overview_a_section_and_the_nearest_name(capsys):
    assert cli.main(["schema", "scenario", "--text"]) == 0
    overview = capsys.readouterr().out
    for name in Scenario.model_fields:
        assert name in overview
    assert (
        "\npopulation*: " in overview
        and "\ncalendar: " in overview
        and "or in what the file extends" in overview
    )
    assert cli.main(["schema", "experiment", "--text"]) == 0
    assert "* required\n" in capsys.readouterr().out  # an experiment extends no other
    assert max(map(len, overview.splitlines())) <= schema_text.WIDTH
    assert cli.main(["schema", "scenario", "--text", "mechanisms.lock_in"]) == 0
    assert "mechanisms.lock_in.strength\n    lambda: surplus" in capsys.readouterr().out
    assert cli.main(["schema", "scenario", "--text", "mechanisms.lockin"]) == 2
    assert "no section 'mechanisms.lockin', did you mean 'mechanisms.lock_in'?" in capsys.readouterr().err
    assert cli.main(["schema", "experiment", "--text", "factors"]) == 0
    assert "factors.NAME.levels" in capsys.readouterr().out
    assert cli.main(["schema", "log", "--text"]) == 2
    assert cli.main(["schema", "scenario", "--text", "--json"]) == 2


def test_patterns_are_listed_with_their_arguments(capsys):
    assert cli.main(["patterns", "cohort-retention"]) == 0
    text = capsys.readouterr().out
    assert "model: a model, as author/slug; required" in text
    assert "k: whole number from 1 to 600; default 5" in text
    assert "at_least: number from 0 to 1; default 0.0" in text
    assert cli.main(["patterns"]) == 0
    listed = capsys.readouterr().out
    assert "cohort-retention" in listed and "model*, k" in listed
    assert cli.main(["patterns", "cohort-retentoin"]) == 2
    assert "did you mean 'cohort-retention'?" in capsys.readouterr().err
