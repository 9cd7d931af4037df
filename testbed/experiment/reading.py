"""Reads an experiment file and resolves it into a plan: worlds, arms and patterns.

Errors are those of scenarios: file, line, column, key, what was expected. A level that a world refuses is told at the
place in the experiment file where it stands.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from glob import glob
from itertools import permutations
from pathlib import Path
from typing import Any

from sim.config.documents import OVERRIDES, Document, ProblemAt, ScenarioError, load_document
from sim.config.problems import Path as KeyPath
from sim.config.problems import Problem
from sim.config.schema_errors import parse
from sim.gateway.models import listed_name
from sim.scenario import ALL_MECHANISMS, Scenario
from sim.settings.distributions import FAMILIES
from sim.world import load_world
from testbed import shipped
from testbed.arguments import hint
from testbed.experiment.arms import Arm, SameArm, arms_of, count, written
from testbed.experiment.plan import Plan, PlannedPattern, PlannedWorld, chosen, label
from testbed.experiment.schema import HAPPENS, HAPPENS_NOT, Level, PlanFile
from testbed.failure import BadInput, no_file
from testbed.patterns import BadPattern, bind, matching
from testbed.patterns.registry import MODEL

FOLDER = shipped.FOLDER / "experiments"
ONE_WORLD = "world"
EVENT = "event"
"""The key of a factor that is an event of the calendar."""
MOST_ARMS = 10_000  # of a design; each is a scenario that is read before the first run


def find(given: str) -> Path:
    """The experiment file that was meant: a path, or the name of a shipped one. Raises BadInput."""
    path, there = Path(given), experiments()
    if _is_scenario(path, given, there):
        raise BadInput(
            f"{given}: a scenario, no experiment. An experiment is a file of its own, which names it as its `base` and "
            "says what is changed and which patterns are asked for; slipper experiment --help shows one"
        )
    if path.is_file():
        return path
    if path.exists() and given not in there:
        raise no_file(given, "an experiment")
    stem = path.name.removesuffix(".yaml")
    if stem in there and str(path.parent) in (".", "experiments", "scenarios/experiments"):
        return there[stem]
    raise shipped.no_such("experiment", given, stem, there)


def _is_scenario(path: Path, given: str, there: Mapping[str, Path]) -> bool:
    """Whether it is a scenario, a file or a shipped one: it has keys of a scenario, and asks for no pattern."""
    if not path.is_file():
        return not path.exists() and given not in there and shipped.is_name(given)
    keys = set(re.findall(r"^(\w+):", path.read_text("utf-8", errors="replace"), flags=re.MULTILINE))
    own, asked = set(Scenario.model_fields), set(PlanFile.model_fields)
    return bool(keys & (own - asked)) and not keys & (asked - own)


def experiments() -> dict[str, Path]:
    """The shipped experiments by name."""
    return {file.stem: file for file in sorted(FOLDER.glob("*.yaml"))}


def load(
    path: str | Path,
    *,
    settings: Sequence[str] = (),
    seed: int | None = None,
    users: int | None = None,
    replicates: int | None = None,
    only: Sequence[str] = (),
) -> Plan:
    """Read and resolve an experiment. settings: overrides of the file, `key=value`. only: globs of arms, each of which
    must match one. Raises ScenarioError with every problem that was found, by place, and BadInput for a glob."""
    options = {key: value for key, value in (("seed", seed), ("users", users), ("replicates", replicates))
               if value is not None}  # fmt: skip
    document = load_document(
        path, overrides=settings, options=options, named=experiments(), alternatives=FAMILIES
    )
    file = parse(document, PlanFile)
    here = Path(path).resolve().parent
    try:
        worlds = _worlds(file, here, document)
        patterns = _patterns(file, document)
        arms = arms_of(file.factors, _checked_arms(file))
        _check_used(file, arms)
        _check_nested(file, arms)
        _check_only(only, worlds, arms)
        resolved, listed = _resolve(file, document, worlds, arms)
        _check_models(file, listed, document)
    except SameArm as error:
        raise ScenarioError(
            [document.problem(("arms", "listed", error.name), str(error), at_key=True)]
        ) from None
    except ProblemAt as error:
        problem = document.problem(error.path, error.message, error.hint, at_key=error.at_key)
        raise ScenarioError([problem]) from None
    return Plan(
        Path(path).stem, file, worlds, arms, patterns, file.seed, file.users, file.replicates, resolved
    )


# --- worlds


def _worlds(file: PlanFile, here: Path, document: Document) -> tuple[PlannedWorld, ...]:
    common = _settings(("set",), file.set)
    if file.base is not None:
        world, name = _file_of(file.base, here, ("base",)), file.base
        return (PlannedWorld(Path(name).stem or ONE_WORLD, world, None, common),)
    found: dict[str, PlannedWorld] = {}
    for name, section in file.worlds.items():
        place: KeyPath = ("worlds", name)
        own = (*common, *_settings((*place, "set"), section.set))
        if "*" in section.file:
            matches = sorted(here / match for match in glob(section.file, root_dir=here, recursive=True))
            files = [world for world in matches if world.is_file()
                     and not any(fnmatch.fnmatchcase(world.stem, name) for name in section.without)]  # fmt: skip
            if not files:
                raise ProblemAt((*place, "file"), f"no file matches '{section.file}' in {here}")
            named = {f"{name} {short}": world for short, world in _short_names(files).items()}
        else:
            named = {name: _file_of(section.file, here, (*place, "file"))}
        for called, world in named.items():
            if called in found:
                raise ProblemAt(
                    place, f"another world is called '{called}'; choose another name", at_key=True
                )
            found[called] = PlannedWorld(called, world, section.effect, own)
    return tuple(found.values())


def _short_names(files: Sequence[Path]) -> dict[str, Path]:
    """Files by their names without `.yaml`; where two have the same, all by their paths within the common folder."""
    stems = {file.stem: file for file in files}
    if len(stems) == len(files):
        return stems
    common = os.path.commonpath([file.parent for file in files])
    return {file.relative_to(common).as_posix(): file for file in files}


def _file_of(given: str, here: Path, place: KeyPath) -> Path:
    """A world's file: beside the experiment, or shipped."""
    beside = here / given
    if beside.is_file():
        return beside.resolve()
    try:
        return shipped.named(given, here)
    except BadInput as error:
        raise ProblemAt(place, str(error).partition(":1:1: ")[2]) from None


def _settings(place: KeyPath, keys: Mapping[str, Level]) -> tuple[tuple[KeyPath, str], ...]:
    return tuple(_set_together([((*place, key), f"{key}={written(value)}") for key, value in keys.items()]))


def _set_together(placed: list[tuple[KeyPath, str]]) -> list[tuple[KeyPath, str]]:
    """Settings of one place in an order in which a mechanism that is named wins over all of them."""
    return sorted(placed, key=lambda one: not one[1].startswith(f"{ALL_MECHANISMS}="))


# --- arms


def _checked_arms(file: PlanFile) -> Any:
    """The section of arms, if its listed arms name known factors and its designs can be made."""
    for name, levels in file.arms.listed.items():
        for factor, level in levels.items():
            place: KeyPath = ("arms", "listed", name, factor)
            if factor not in file.factors:
                known = ", ".join(file.factors) or "none"
                raise ProblemAt(place, f"no factor '{factor}'; there are: {known}", at_key=True)
            if file.factors[factor].event is not None and level not in (HAPPENS, HAPPENS_NOT):
                raise ProblemAt(place, f"an event is {HAPPENS} or {HAPPENS_NOT}, not {written(level)}")
    if file.arms.designs and not file.factors:
        raise ProblemAt(("arms", "designs"), "a design needs factors, there are none")
    for number, design in enumerate(file.arms.designs):
        if (arms := count(design, file.factors)) > MOST_ARMS:
            raise ProblemAt(
                ("arms", "designs", number),
                f"the design '{design}' makes {arms:,} arms of these factors, expected at most {MOST_ARMS:,}",
            )
    if "alone" in file.arms.designs:
        for name, section in file.factors.items():
            if len(section.changes) != 1:
                raise ProblemAt(
                    ("factors", name), "the design 'alone' needs factors with one level, such as switches"
                )
    return file.arms


def _check_used(file: PlanFile, arms: Sequence[Arm]) -> None:
    """Raises ProblemAt for a factor that no arm changes: nothing would be said of it."""
    used = {factor for arm in arms for factor in arm.changed}
    for name in file.factors:
        if name not in used:
            raise ProblemAt(
                ("factors", name),
                f"no arm changes the factor '{name}'",
                "add `arms: {designs: [one_at_a_time]}`, or list an arm that does",
                at_key=True,
            )


def _check_nested(file: PlanFile, arms: Sequence[Arm]) -> None:
    """Raises ProblemAt for an arm that sets a key and, by another factor, a key within it: one undoes the other, and
    the arm would not be what its name says."""
    paths = {name: section.path.replace("'", '"') for name, section in file.factors.items()}
    nested = [(outer, inner) for outer, inner in permutations(paths, 2)
              if paths[inner].startswith(f"{paths[outer]}.")]  # fmt: skip
    for arm in arms if nested else ():
        for outer, inner in nested:
            sections = {name: file.factors[name] for name in (outer, inner)}
            if all(one.sets(arm.changed.get(name, one.base)) for name, one in sections.items()):
                raise ProblemAt(
                    ("factors", inner),
                    f"its key {file.factors[inner].path} lies within {file.factors[outer].path}, the key of '{outer}', "
                    f"and the arm '{arm.name}' sets both",
                    "keep them apart (one_at_a_time and no `base`), or make them one factor",
                    at_key=True,
                )


def _check_only(only: Sequence[str], worlds: Sequence[PlannedWorld], arms: Sequence[Arm]) -> None:
    """Raises BadInput for a glob that matches no arm."""
    known = [arm.name for arm in arms]
    for pattern in only:
        if not any(chosen(pattern, world, arm) for world in worlds for arm in arms):
            near = hint(pattern, [*known, *(label(world, arm) for world in worlds for arm in arms)])
            raise BadInput(f"--only: no arm matches '{pattern}'{near}; arms: {'; '.join(known)}")


def _resolve(
    file: PlanFile, document: Document, worlds: Sequence[PlannedWorld], arms: Sequence[Arm]
) -> tuple[dict[tuple[str, str], tuple[tuple[str, ...], str]], set[str]]:
    """Settings and digest of each world and arm: every one is read once, so that no run can fail for its scenario. And
    the models of them all, as logs name them."""
    found = {}
    listed: set[str] = set()
    problems: dict[Problem, None] = {}
    varied = any(section.path == "users" for section in file.factors.values())
    for world in worlds:
        for arm in arms:
            placed = [*world.settings, *_levels(file, arm)]
            settings = tuple(setting for _, setting in placed)
            try:
                resolved = load_world(
                    world.file, settings=settings, seed=0, users=None if varied else file.users
                )
            except ScenarioError as error:
                for problem in error.problems:
                    problems[_at_home(problem, placed, document)] = None
                continue
            found[world.name, arm.name] = (settings, resolved.digest)
            listed |= {listed_name(model.slug) for model in resolved.catalogue.models}
    if problems:
        raise ScenarioError(list(problems))
    return found, listed


def _levels(file: PlanFile, arm: Arm) -> list[tuple[KeyPath, str]]:
    """What an arm sets, each with its place in the experiment file. Bases that the plan states are set, too."""
    placed: list[tuple[KeyPath, str]] = []
    for name, section in file.factors.items():
        level = arm.changed.get(name, section.base)
        if level is None or not section.sets(level):
            continue
        place: KeyPath = ("factors", name)
        if section.event is not None:
            place, level = (*place, EVENT), {**section.event}
        elif section.switch is not None:
            place = (*place, "switch")
        elif level == section.base and name not in arm.changed:
            place = (*place, "base")
        elif level in section.levels:
            place = (*place, "levels", section.levels.index(level))
        else:
            place = ("arms", "listed", arm.name, name)
        placed.append((place, f"{section.path}={written(level)}"))
    return _set_together(placed)


def _at_home(problem: Problem, placed: Sequence[tuple[KeyPath, str]], document: Document) -> Problem:
    """A problem with a setting, told where the setting stands in the experiment file; others as they are."""
    place: KeyPath = ("users",)
    if problem.file == "--users":
        setting = f"users={document.tree['users']}"
    elif problem.file == OVERRIDES and 0 < problem.line <= len(placed):
        place, setting = placed[problem.line - 1]
        if place[-1] == EVENT:
            return _in_event(problem, place, document)
    else:
        return problem
    message = problem.message if not problem.path else f"{problem.path}: {problem.message}"
    return replace(document.problem(place, f"the world refuses {setting}: {message}"), hint=problem.hint)


def _in_event(problem: Problem, place: KeyPath, document: Document) -> Problem:
    """A problem with an event that an arm adds, at the event's key that it is about, or at the event."""
    added: Any = document.tree
    for step in place:
        added = added[step]
    within = problem.path.split(".")[2:]  # behind the calendar and the event's number in it
    told = (*place, *within[:1]) if within and within[0] in added else place
    return replace(
        document.problem(told, f"the world refuses this event: {problem.message}"), hint=problem.hint
    )


# --- patterns


def _check_models(file: PlanFile, listed: set[str], document: Document) -> None:
    """Raises ScenarioError for patterns on a model that no world has: no run could tell."""
    problems = []
    for name, section in file.patterns.items():
        model = section.with_.get(MODEL)
        if model is not None and model not in listed:
            said = f"no world of this experiment has a model '{model}'{hint(model, sorted(listed))}"
            problems.append(document.problem(("patterns", name, "with", MODEL), said))
    if problems:
        raise ScenarioError(problems)


def _patterns(file: PlanFile, document: Document) -> tuple[PlannedPattern, ...]:
    found: dict[str, PlannedPattern] = {}
    problems = []
    for name, section in file.patterns.items():
        place: KeyPath = ("patterns", name)
        names = [section.is_] if section.is_ is not None else matching(name) or [name]
        for registered in names:
            called = name if section.is_ is not None else registered
            try:
                bound = bind(registered, section.with_)
                found.setdefault(
                    called, PlannedPattern(called, bound, section.expect, section.counts_as_false_positive)
                )
            except BadPattern as error:
                at = (*place, "with", error.key) if error.key else (*place, "is") if section.is_ else place
                problems.append(document.problem(at, str(error), at_key=not error.key and not section.is_))
    if problems:
        raise ScenarioError(problems)
    return tuple(found.values())
