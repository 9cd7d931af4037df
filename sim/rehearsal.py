"""A rehearsal: a world and its variants run again and again in one process, and keep what a change does not touch.

Every trait of users and work is a keyed draw, so worlds whose sections on users and work are equal have the same users
and the same work. What comes out is what `sim.simulation.run_agents` gives, to the byte.
"""

from dataclasses import replace
from typing import Any

from sim.agents.population import Users, Workloads, build_population, of_population
from sim.progress import Reporter
from sim.simulation import Agents, run_market
from sim.world import World

KEPT = 4
"""Populations that are kept: a world, its twin and what was looked at before (assumed)."""


class Rehearsal:
    """Runs worlds one after the other. Not for several threads at once: give each thread one of its own."""

    def __init__(self) -> None:
        self._kept: list[tuple[tuple[Any, ...], Users, Workloads]] = []
        """What populations hang on, and they: the last used one is the last."""

    def agents(self, world: World, report: Reporter | None = None) -> Agents:
        """The world after its market has run, as `run_agents` gives it."""
        return run_market(world, *self._population(world), report)

    def _population(self, world: World) -> tuple[Users, Workloads]:
        """The users and the work of a world, made anew only if no kept ones are the same."""
        wanted = of_population(world.scenario, world.catalogue)
        at = next((n for n, (key, *_) in enumerate(self._kept) if key == wanted), None)
        if at is None:
            made = build_population(world.scenario, world.catalogue, world.draws)
            self._kept = [*self._kept, (wanted, *made)][-KEPT:]
        else:
            self._kept.append(self._kept.pop(at))
        _, users, work = self._kept[-1]
        # What planted loyalty changes in a run is a copy.
        return replace(users, leave=users.leave.copy()), replace(work, end=work.end.copy())
