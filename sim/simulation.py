"""The simulation of a world: its market, its agents and their search, day by day. No request is made yet."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.agents.compiled.search import CompiledSearch
from sim.agents.population import Users, Workloads, build_population
from sim.agents.search import Search
from sim.market import Market
from sim.progress import Progress, Reporter, throttled
from sim.traffic.blocks import Traffic
from sim.world import World


@dataclass(frozen=True)
class Agents:
    """A world after its market has run: who there was, what they did, what the market did."""

    world: World
    users: Users
    workloads: Workloads
    market: Market
    search: Search
    spells: dict[str, NDArray[np.int32]]

    @property
    def decisions(self) -> int:
        """Choices that workloads made."""
        return self.search.choices

    def traffic(self) -> Traffic:
        """The maker of this world's requests."""
        world = self.world
        return Traffic(
            world.scenario, world.catalogue, self.market, self.users, self.workloads, self.spells, world.draws
        )


def run_agents(world: World, report: Reporter | None = None) -> Agents:
    """Run the market and the search of all workloads: no log yet."""
    report = throttled(report)
    report(Progress("population", 0, 1))
    users, workloads = build_population(world.scenario, world.catalogue, world.draws)
    report(Progress("population", 1, 1))
    return run_market(world, users, workloads, report)


def run_market(world: World, users: Users, workloads: Workloads, report: Reporter | None = None) -> Agents:
    """Run the market and the search of these users' work. Planted loyalty writes into `users` and `workloads`."""
    report = throttled(report)
    scenario = world.scenario
    market = Market(scenario, world.catalogue)
    search = CompiledSearch(scenario, market, workloads, world.draws)
    for days in market.stretches():
        search.steps(days)
        report(Progress("market", days.stop, scenario.days, scenario.start + dt.timedelta(days=days[-1])))
    search.finish(scenario.days)
    search.planted.keep_users(users)
    return Agents(world, users, workloads, market, search, search.spells.arrays())
