"""Applications as carriers of users and of work: how many come through each, and what that makes of their work."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sim.agents.population.picks import pick, pick_fixed
from sim.mechanisms.demand.applications import Applications
from sim.scenario import Scenario
from sim.scenario.people import ApplicationSettings, SegmentSettings


def app_names(scenario: Scenario) -> tuple[str, ...]:
    """The applications of all segments: what the numbers of `Users.app` stand for."""
    return tuple(sorted({name for kind in scenario.population.segments.values() for name in kind.apps}))


def carriers(scenario: Scenario) -> Mapping[int, ApplicationSettings]:
    """The applications that act, by their numbers."""
    names, section = app_names(scenario), scenario.applications
    acting = scenario.mechanisms[Applications].carriers(section)
    return {names.index(name): settings for name, settings in acting.items()}


def pick_app(
    scenario: Scenario, kind: SegmentSettings, u: NDArray[np.float64], arrival: NDArray[np.int32]
) -> NDArray[np.int64]:
    """For each uniform draw of a user of this segment the place of an application in `kind.apps`."""
    acting = scenario.mechanisms[Applications].carriers(scenario.applications)
    growing = {name: acting[name].growth for name in kind.apps if name in acting}
    if all(growth.support == (1.0, 1.0) for growth in growing.values()):
        return pick_fixed(u, list(kind.apps.values()))
    ones = np.ones(scenario.days)
    weights = [
        weight * (scenario.daily(growing[name]) if name in growing else ones)
        for name, weight in kind.apps.items()
    ]
    return pick(u, np.stack(weights, axis=1), arrival)


class Carried:
    """What applications change in the traits of new work. `app` has the application of each workload."""

    def __init__(self, scenario: Scenario, app: NDArray[np.int16]) -> None:
        self.scenario = scenario
        self._rows = [
            (np.flatnonzero(app == number), settings) for number, settings in carriers(scenario).items()
        ]

    def kinds(self, u: NDArray[np.float64], kind: NDArray[np.int64]) -> NDArray[np.int64]:
        """The kinds of work, as places in `workloads.categories`: those of the application where it states them, for
        the same draws `u`."""
        names = list(self.scenario.workloads.categories)
        out = kind.copy()
        for rows, settings in self._rows:
            if settings.categories:
                out[rows] = pick_fixed(u[rows], [settings.categories.get(name, 0.0) for name in names])
        return out

    def needing_tools(self, share: NDArray[np.float64], start: NDArray[np.int32]) -> NDArray[np.float64]:
        """The chance that each piece of work needs tools. share: that of its category."""
        out = share.copy()
        for rows, settings in self._rows:
            if settings.needs_tools is not None:
                out[rows] = self.scenario.daily(settings.needs_tools)[start[rows]]
        return out

    def volume(self, volume: NDArray[np.float64]) -> NDArray[np.float64]:
        """Requests a day. volume: what they would be without the application."""
        out = volume.copy()
        for rows, settings in self._rows:
            out[rows] *= settings.volume
        return out
