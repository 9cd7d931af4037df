"""A calibration as a whole: what can hold together, the fit, and the world that it makes."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import sim
from analysis.workers import cores
from sim.randomness import replicate_seed
from sim.scenario import Scenario
from sim.world import source_digest
from testbed.calibration.feasibility import Conflict, feasibility, together
from testbed.calibration.fit.aim import Aiming
from testbed.calibration.fit.fitting import Fit, Settings, Step, evaluated, fit
from testbed.calibration.fit.page import Story
from testbed.calibration.fit.parameters import Parameters
from testbed.calibration.fit.world_file import document, space_of, text
from testbed.calibration.linear_claims import LinearClaim
from testbed.claims.frequency import Study
from testbed.experiment.engine import Processes

STAMP = "# Written by slipper."


@dataclass(frozen=True)
class Calibration:
    """What a calibration found. claims: those asked for; given_up: conflicts between claims that cannot hold
    together, of each of which one was given up."""

    scenario: Scenario
    settings: Settings
    claims: tuple[LinearClaim, ...]
    given_up: tuple[Conflict, ...]
    fit: Fit

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that were fitted."""
        return tuple(replicate_seed(self.settings.master, number) for number in self.settings.seeds)

    def story(self, title: str, command: str, study: Study | None) -> Story:
        """What its page tells."""
        return Story(
            title, command, source_digest()[:10], self.settings, self.claims, self.given_up, self.fit, study
        )


def calibrate(
    scenario: Path, claims: Collection[str], settings: Settings, folder: Path, told: Callable[[Step], None]
) -> Calibration:
    """Calibrate a scenario. claims: ids of calibration claims; folder: where what is remembered lies.

    Raises sim.ScenarioError for a scenario that cannot run, ValueError for a claim that calibration may not use,
    Failure for an evaluation that failed, KeyboardInterrupt with what is finished remembered."""
    world = sim.load_world(scenario, users=settings.users)
    aiming = Aiming(world, claims)
    space = space_of(world.scenario, world.catalogue.models)
    given_up: tuple[Conflict, ...] = ()
    with Processes(min(settings.workers or cores(), len(settings.seeds))) as engine:
        amounts = evaluated(world.scenario, scenario, space, Parameters.none(space), settings, folder, engine)
        problem = aiming.problem(amounts)
        if not together(problem.claims, problem.reference):
            found = feasibility(problem.claims, problem.reference)
            given_up = found.conflicts
            aiming = Aiming(world, set(claims) - set(found.failed))
        fitted = fit(scenario, aiming, settings, folder, told, engine)
    return Calibration(world.scenario, settings, problem.claims, given_up, fitted)


def world_text(found: Calibration, title: str, scenario: Path, target_file: Path, command: str) -> str:
    """The calibrated world as a scenario file: the header of the fitted one under the new title, how it was made, and
    the sections that the fit moved. target_file: where it will lie, from which the fitted one is named."""
    fitted = found.fit
    first, best = fitted.steps[0], fitted.best
    header = [title, *_header(scenario)[1:]]
    header += [
        f"Made by:  `{command}`",
        f"Fitted:   {len(found.claims)} calibration claims, of which {len(best.asked)} have "
        f"conditions on who uses what; {best.users:,} users,",
        f"          the mean of seeds {', '.join(map(str, found.seeds))}; {len(fitted.steps) - 1} steps.",
        f"Distance: {100 * first.distance:.1f} points from the target before, {100 * best.distance:.1f} after step "
        f"{best.number}; {first.met} and {best.met} of {len(best.slack)} conditions hold.",
        f"Moved:    {best.parameters.moved:,} parameters, {best.parameters.effective:.0f} effective; version "
        f"{source_digest()[:10]}.",
    ]
    extends = os.path.relpath(scenario.resolve(), target_file.resolve().parent)
    sections = document(found.scenario, fitted.space, best.parameters.settled(fitted.space))
    return text(extends, sections, header, title=title)


def _header(scenario: Path) -> list[str]:
    """The comment lines with which a scenario begins, without their marks and the stamp of a command."""
    lines = takewhile(lambda line: line.startswith("#"), scenario.read_text(encoding="utf-8").splitlines())
    return [line.removeprefix("#").removeprefix(" ") for line in lines if not line.startswith(STAMP)]
