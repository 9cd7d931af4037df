"""Applications as carriers of users and of work: how many come through each, and what that makes of their work."""

import datetime as dt
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from analysis.contract import Category
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


def app_weights(scenario: Scenario, kind: SegmentSettings, days: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weights of the applications of `kind.apps` (columns) among users of a segment who come on these days (rows)."""
    acting = scenario.mechanisms[Applications].carriers(scenario.applications)
    ones = np.ones(len(days))
    return np.stack(
        [
            weight * (acting[name].growth.at(days, scenario.start) if name in acting else ones)
            for name, weight in kind.apps.items()
        ],
        axis=1,
    )


def pick_app(
    scenario: Scenario, kind: SegmentSettings, u: NDArray[np.float64], arrival: NDArray[np.int32]
) -> NDArray[np.int64]:
    """For each uniform draw of a user of this segment the place of an application in `kind.apps`."""
    weights = app_weights(scenario, kind, np.arange(scenario.days))
    if (weights == weights[0]).all():
        return pick_fixed(u, weights[0].tolist())
    return pick(u, weights, arrival)


def expected_kinds(scenario: Scenario, date: dt.date) -> dict[Category, float]:
    """The shares of the kinds of work among what users bring who come on a day, each through an application."""
    kinds, acting = scenario.workloads.categories, carriers(scenario)
    names, day = app_names(scenario), np.array([(date - scenario.start).days])
    general = {name: float(kind.share.at(day, scenario.start)[0]) for name, kind in kinds.items()}
    found = dict.fromkeys(kinds, 0.0)
    for segment in scenario.population.segments.values():
        work = segment.workloads * float(segment.share.at(day, scenario.start)[0])
        weights = app_weights(scenario, segment, day)[0]
        for app, part in zip(segment.apps, weights / weights.sum(), strict=True):
            settings = acting.get(names.index(app))
            own = settings.categories if settings is not None and settings.categories else general
            for name in found:
                found[name] += work * part * own.get(name, 0.0) / sum(own.values())
    return {name: share / sum(found.values()) for name, share in found.items()}


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
