"""Upgrades within a line: who takes up a later model of its home's line, when, and whether it stays with it.

As a user does it: the id in the application is changed, so that all requests go to the new model; after some days the
change stays, or is undone. Where it stays, a part of the requests still names the old model for a while.
"""

import numpy as np
from numpy.typing import NDArray

from sim.agents.model_sets import NO_MODEL, contains
from sim.agents.population import FOREVER
from sim.agents.rows import Rows, where_equal
from sim.agents.spells import Kind, Reason
from sim.agents.states import TRYING_RIVAL, UPGRADE, States
from sim.market import NO_LINE
from sim.mechanisms.upgrade import Upgrade


class Upgrades:
    """The upgrades of all workloads of a world. Arrays have one entry for each workload."""

    def __init__(self, states: States) -> None:
        self.states, self.market, self.work = states, states.market, states.work
        self.upgrade = states.scenario.mechanisms[Upgrade]
        self.model = np.full(len(self.work), NO_MODEL, dtype=np.int16)
        """The model that the work has decided to take up, and has not yet."""
        self.day = np.full(len(self.work), FOREVER, dtype=np.int32)
        """The day on which it does."""
        self.any = False
        """Whether any work has ever decided to take up a model."""

    def announce(self, day: int) -> None:
        """Work at home with an earlier model of the line of one that is released today may decide to take that up;
        work without any curiosity does not hear of it."""
        if not self.upgrade.enabled:
            return
        market, states = self.market, self.states
        for number in market.changes.released:
            earlier = (market.line == market.line[number]) & (market.release_day < market.release_day[number])
            if market.line[number] == NO_LINE or not earlier.any():
                continue
            rows = np.flatnonzero(np.isin(states.home, np.flatnonzero(earlier)))
            rows = rows[(states.pinned[rows] == NO_MODEL) & (self.work.curiosity[rows] > 0)]
            entity, key = self.work.entity[rows], market.key[number]
            takes = self.upgrade.takes_up(states.draws, entity, key)
            rows, entity = rows[takes], entity[takes]
            self.model[rows], self.any = number, self.any or bool(len(rows))
            self.day[rows] = np.minimum(day + self.upgrade.reaction(states.draws, entity, key), FOREVER)

    def begin(self, day: int) -> None:
        """Those who take up a model today change to it, if they still are at home with an earlier one of its line.

        Who tries a rival judges that first; while the new model does not answer, one waits for it.
        """
        rows = where_equal(self.day, day)
        if not len(rows):
            return
        market, states, model = self.market, self.states, self.model[rows]
        home = states.home[rows]
        may = states.has_home(rows) & (states.pinned[rows] == NO_MODEL) & market.listed[model]
        may &= states.judge.same_line(home, model) & (market.release_day[home] < market.release_day[model])
        tries = may & (states.state[rows] == TRYING_RIVAL)
        down = may & ~tries & ~market.up[model]
        self.day[rows[tries]], self.day[rows[down]] = states.due[rows[tries]], day + 1
        decided = rows[~tries & ~down]
        self.model[decided], self.day[decided] = NO_MODEL, FOREVER
        begins = may & ~tries & ~down
        begins[begins] = self._worth_a_trial(day, rows[begins], model[begins])
        states.close_home(rows[begins], day, Reason.UPGRADING)
        states.silent[rows[begins]] = True
        length = states.scenario.search.trial_days.quantile
        states.open_trial(day, rows[begins], model[begins], UPGRADE, length)

    def _worth_a_trial(self, day: int, rows: Rows, model: NDArray[np.int16]) -> NDArray[np.bool_]:
        """Whether a model can be used, did not fail before, and would stay if it were as good as can be."""
        states = self.states
        gain = states.judge.highest_utility(rows, model) - self._home_utility(rows)
        stays = self.upgrade.stays(gain, self._cost(day, rows, model))
        return stays & states.judge.usable(rows, model) & ~contains(states.memory.rejected, rows, model)

    def judge(self, day: int, rows: Rows) -> None:
        """The trial of an upgrade ends: work stays with the new model, or changes back."""
        states, model = self.states, self.states.trial[rows]
        fits = states.judge.fits(rows, model)
        gain = states.judge.judged_utility(rows, model, day) - self._home_utility(rows)
        stays = fits & self.upgrade.stays(gain, self._cost(day, rows, model)) | states.planted.holds[rows]
        back = ~stays
        states.close_trial(rows[back], day, Reason.RETURNED)
        states.memory.compare(rows[back & fits], model[back & fits])
        states.memory.reject(rows[back & ~fits], model[back & ~fits])
        states.come_home(day, rows[back])
        rows, model = rows[stays], model[stays]
        states.close_trial(rows, day, Reason.EMBEDDED)
        days = self.upgrade.days_beside(states.draws, self.work.entity[rows], self.market.key[model])
        states.change_home(day, rows, model, states.since[rows], days, Kind.BESIDE)

    def _home_utility(self, rows: Rows) -> NDArray[np.float64]:
        return self.states.judge.experienced_utility(rows, self.states.home[rows])

    def _cost(self, day: int, rows: Rows, model: NDArray[np.int16]) -> NDArray[np.float64]:
        tenure = day - self.states.since[rows]
        return self.states.judge.cost_of_change(rows, self.states.home[rows], model, tenure)
