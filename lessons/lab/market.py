"""From a state to its worlds: the one that was built, and its twin with one cause flipped, which shares all luck."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from analysis.contract import files
from lessons.lab.state import MOST_USERS, State, as_yaml, dumped
from sim import Scenario, ScenarioError, World, load_world
from sim.scenario import read_scenario
from sim.scenario.calendar import LargeAccountEvent
from testbed import shipped
from testbed.failure import BadInput

MOST_DAYS = 1_100
OPENED, ASKED = "opened.yaml", "laboratory.yaml"
FILES = (("catalogue", "folder"), ("observation", "label_paths"))
"""Keys of a scenario that name other files, which the laboratory does not open."""


@dataclass(frozen=True)
class Worlds:
    """A world and its twin. look: the model whose panel is shown; twin: the cause that is flipped in the twin."""

    world: World
    twin: World
    look: str
    flipped: str


def worlds_of(state: State) -> Worlds:
    """The worlds of a state. Raises BadInput, in words, where the scenario cannot run or is too large."""
    with tempfile.TemporaryDirectory(prefix="slipper-lab-") as folder:
        file = _written(state, Path(folder))
        try:
            world = load_world(file)
        except ScenarioError as error:
            raise BadInput(_in_words(error)) from None
    world = replace(world, name=state.base if state.text is None else "opened")
    _check_size(world.scenario)
    models = [model.slug for model in world.catalogue.models]
    look = state.look or next(iter(world.scenario.look_at), models[0])
    return Worlds(world, flipped(world, state.twin), look, state.twin)


def saved(state: State) -> str:
    """The state as the text of a scenario: it extends a shipped one, or holds all of an opened one."""
    if state.text is None:
        return as_yaml(state, state.base)
    with tempfile.TemporaryDirectory(prefix="slipper-lab-") as folder:
        try:
            return dumped(read_scenario(_written(state, Path(folder))).tree)
        except ScenarioError as error:
            raise BadInput(_in_words(error)) from None


def flipped(world: World, key: str) -> World:
    """The same world with one mechanism switched: off where it is on, on where it is off."""
    causes = world.scenario.mechanisms
    cause = getattr(causes, key)
    changed = causes.model_copy(update={key: cause.model_copy(update={"enabled": not cause.enabled})})
    return replace(world, scenario=world.scenario.model_copy(update={"mechanisms": changed}))


def _written(state: State, folder: Path) -> Path:
    """The file of the state's scenario in `folder`, beside the opened one if there is one."""
    base = state.base
    if state.text is not None:
        _check_opened(state.text)
        files.write_text(folder / OPENED, state.text)
        base = OPENED
    file = folder / ASKED
    files.write_text(file, as_yaml(state, base))
    return file


def _check_opened(text: str) -> None:
    """A scenario from elsewhere opens no other files than shipped ones."""
    try:
        told: Any = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadInput(f"this is not YAML: {' '.join(str(error).split())[:300]}") from None
    if not isinstance(told, dict):
        raise BadInput("a scenario is a mapping: begin with lines such as 'users: 20000'")
    extends = told.get("extends")
    if extends is not None and extends not in shipped.worlds():
        raise BadInput(
            f"extends: the laboratory opens one file; it may extend a shipped scenario ({', '.join(shipped.worlds())})"
        )
    for section, key in FILES:
        if isinstance(told.get(section), dict) and key in told[section]:
            raise BadInput(f"{section}.{key}: the laboratory opens no other files; leave this key out")


def _check_size(scenario: Scenario) -> None:
    accounts = [event for event in scenario.calendar if isinstance(event, LargeAccountEvent)]
    users = scenario.users + sum(event.users for event in accounts)
    if users > MOST_USERS:
        raise BadInput(
            f"users: {users:,} are too many for the laboratory, which answers while you look: {MOST_USERS:,} at most. "
            "For larger worlds: slipper run"
        )
    if scenario.days > MOST_DAYS:
        raise BadInput(
            f"end: the laboratory simulates {MOST_DAYS:,} days at most, these are {scenario.days:,}"
        )


def _in_words(error: ScenarioError) -> str:
    """What is wrong, without the places of files that the learner never saw."""
    told = []
    for problem in error.problems[:5]:
        line = f"line {problem.line}: " if Path(problem.file).name == OPENED else ""
        hint = f"; {problem.hint}" if problem.hint else ""
        told.append(
            f"{line}{problem.path}: {problem.message}{hint}"
            if problem.path
            else f"{line}{problem.message}{hint}"
        )
    return "\n".join(told)
