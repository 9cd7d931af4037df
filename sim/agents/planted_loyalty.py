"""A planted loyal share: users who are made loyal by construction, so that a test of loyalty has a known answer.

This is an input, not a cause: nothing in the model explains why they stay. Of the users who begin with one model in the
calendar month of its release, a keyed draw makes a stated share never leave it. Their volume and their regularity are
those that they would have had anyway, and nobody else changes (assumed design: the locked-in share of a simulated
power study, as in a cure model, Boag 1949).
"""

import calendar

import numpy as np
from numpy.typing import NDArray

from sim.agents.model_sets import NO_MODEL
from sim.agents.population import FOREVER, Users, Workloads
from sim.market import Market
from sim.randomness import Draws, Purpose
from sim.scenario import Scenario


class PlantedLoyalty:
    """The planted workloads of a world."""

    def __init__(
        self,
        scenario: Scenario,
        market: Market,
        workloads: Workloads,
        draws: Draws,
        holds: NDArray[np.bool_],
    ) -> None:
        section = scenario.planted_loyalty
        self.work, self.draws = workloads, draws
        self.holds = holds
        """Workloads that stay for good, from the trial on with which they begin."""
        self.model, self.share, self.window = NO_MODEL, 0.0, range(0)
        if section is not None:
            self.model, self.share = market.catalogue.index(section.model), section.loyal_share
            released = market.catalogue[section.model].released
            first = (released - scenario.start).days
            rest = calendar.monthrange(released.year, released.month)[1] - released.day
            self.window = range(first, first + rest + 1)

    def take(self, day: int, rows: NDArray[np.int64], model: NDArray[np.int16]) -> None:
        """Make the planted share loyal among workloads whose trial of `model` begins on `day`: their work has no end.

        The draw is the user's, so that all work that a loyal user brings to the model in that month stays.
        """
        if day not in self.window:
            return
        begins = rows[model == self.model]
        loyal = begins[self.draws.uniform(Purpose.PLANTED_LOYALTY, self.work.user[begins]) < self.share]
        self.holds[loyal] = True
        self.work.end[loyal] = FOREVER

    def keep_users(self, users: Users) -> None:
        """Loyal users do not leave the platform."""
        users.leave[self.users()] = FOREVER

    def users(self) -> NDArray[np.int32]:
        """Rows of the loyal users, in order."""
        return np.unique(self.work.user[self.holds])
