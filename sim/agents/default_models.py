"""Default models: the model that an application offers first, and the work that takes it."""

import numpy as np
from numpy.typing import NDArray

from sim.agents.judgement import Judgement
from sim.agents.model_sets import NO_MODEL
from sim.agents.population import Workloads
from sim.agents.population.carriers import app_names, carriers
from sim.agents.rows import Rows
from sim.market import Market
from sim.mechanisms.demand.applications import Applications
from sim.randomness import Draws
from sim.scenario import Scenario


class DefaultModels:
    """The defaults of a world's applications."""

    def __init__(self, scenario: Scenario, market: Market, workloads: Workloads, draws: Draws) -> None:
        self.market, self.work = market, workloads
        acting, catalogue = carriers(scenario), market.catalogue
        # One more place than there are applications: work of large accounts has none, number -1.
        self.model = np.full((scenario.days, len(app_names(scenario)) + 1), NO_MODEL, dtype=np.int16)
        """By day and application."""
        share = np.zeros(self.model.shape[1])
        for number, settings in acting.items():
            share[number] = settings.default_share
            for date, slug in sorted(settings.default_model.items()):
                known = catalogue.index(slug) if slug in catalogue else NO_MODEL
                self.model[max(0, (date - scenario.start).days) :, number] = known
        self.takes: NDArray[np.bool_] = np.zeros(len(workloads), dtype=bool)
        """Work that begins with the default, if it may."""
        if share.any():
            self.takes = Applications.takes_default(draws, workloads.entity, share[workloads.app])

    def first(self, day: int, rows: Rows, judge: Judgement) -> NDArray[np.int16]:
        """The default with which each workload of `rows` begins: listed, answering, affordable and meeting its needs;
        NO_MODEL where it searches as others do."""
        model = np.where(self.takes[rows], self.model[day, self.work.app[rows]], NO_MODEL).astype(np.int16)
        offered = np.flatnonzero(model != NO_MODEL)
        there = self.market.listed[model[offered]] & self.market.up[model[offered]]
        model[offered[~(there & judge.usable(rows[offered], model[offered]))]] = NO_MODEL
        return model
