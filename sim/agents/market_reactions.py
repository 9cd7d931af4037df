"""What the market's changes do to workloads: better models, retirements, broken fits, and news of releases.

These moves are not decisions that are due: they come on the day of the change, before anybody decides.
"""

import numpy as np
from numpy.typing import NDArray

from analysis.contract import CATEGORIES
from sim.agents.choice import NO_MODEL, View, affordable_frontier
from sim.agents.rows import Rows, where_equal
from sim.agents.spells import Reason
from sim.agents.states import EMBEDDED, TRIAL, TRYING, TRYING_RIVAL, WAITING, States
from sim.mechanisms.frontier_attention import FrontierAttention
from sim.mechanisms.migration import Migration
from sim.randomness import Purpose

EVERY_CATEGORY = np.ones(len(CATEGORIES), dtype=bool)


class MarketReactions:
    """The reactions of all workloads of a world to the market's changes."""

    def __init__(self, states: States) -> None:
        self.states, self.scenario = states, states.scenario
        self.market, self.work, self.draws = states.market, states.work, states.draws
        self.judge, self.pinned = states.judge, states.pinned
        causes = states.scenario.mechanisms
        self.attention, self.migration = causes[FrontierAttention], causes[Migration]
        self.yesterday: View | None = None

    def act(self, day: int) -> None:
        """Let the changes of `day` act."""
        self._reconsider()
        self._retire(day)
        self._break_fits(day)
        self._spread_news(day)

    def _reconsider(self) -> None:
        """A model that became better, or cheaper for this kind of work, is worth another trial. Of one that is released
        today nobody remembers anything."""
        for number in self.market.changes.better.difference(self.market.changes.released):
            categories = self.market.changes.cheaper_in.get(number, EVERY_CATEGORY)
            self.states.memory.forget(number, self.work.category, categories)

    def _retire(self, day: int) -> None:
        """A retired model's users move to its successor or search anew, and trials of it end."""
        for number in self.market.changes.retired:
            trying = np.flatnonzero((self.states.state == TRYING) & (self.states.trial == number))
            self.states.close_trial(trying, day, Reason.RETIRED)
            self.states.seek(day, trying)
            rivals = np.flatnonzero((self.states.state == TRYING_RIVAL) & (self.states.trial == number))
            self.states.close_trial(rivals, day, Reason.RETIRED)
            self.states.come_home(day, rivals)
            beside = np.flatnonzero(self.states.beside.model == number)
            self.states.beside.close(beside, day, Reason.RETIRED)
            rows = where_equal(self.states.home, number)
            rows = rows[self.states.has_home(rows)]
            self.states.drop_rival(day, rows)
            successor = self._successor_of(number)
            moved = rows[:0] if successor is None else rows[self._can_follow(rows, successor)]
            left = np.setdiff1d(rows, moved, assume_unique=True)
            pinned = left[self.pinned[left] != NO_MODEL]
            self.states.end(day, pinned)
            left = left[self.pinned[left] == NO_MODEL]
            self.states.close_home(left, day, Reason.RETIRED)
            self.states.seek(day, left)
            if successor is not None:
                self._migrate(day, moved, successor)

    def _successor_of(self, number: int) -> int | None:
        """The model to which the gateway moves the users of a retired one, if it does."""
        successor = self.market.catalogue.models[number].facts.successor
        if successor is None:
            return None
        found = self.market.catalogue.index(successor)
        return found if self.migration.moves(bool(self.market.listed[found])) else None

    def _can_follow(self, rows: Rows, successor: int) -> NDArray[np.bool_]:
        """Those who can pay the successor's price, and accounts that are bound to the model."""
        successors = np.full(len(rows), successor, dtype=np.int16)
        return self.judge.affordable(rows, successors) | (self.pinned[rows] != NO_MODEL)

    def _migrate(self, day: int, rows: Rows, successor: int) -> None:
        """Move homes to the successor; tenure is kept. Work that the successor does not fit starts a trial of it."""
        self.states.close_home(rows, day, Reason.MIGRATED)
        since = self.states.since[rows]
        self.states.embed(day, rows, np.full(len(rows), successor, dtype=np.int16), since)
        pinned = self.pinned[rows] != NO_MODEL
        self.pinned[rows[pinned]] = successor
        self.states.due[rows[pinned]] = self.work.end[rows[pinned]]
        misfit = rows[~pinned & ~self.judge.fits(rows, self.states.home[rows])]
        self.states.beside.close(misfit, day, Reason.HOME_LOST)
        self.states.home[misfit] = NO_MODEL
        successors = np.full(len(misfit), successor, dtype=np.int16)
        self.states.open_trial(day, misfit, successors, TRIAL, self.scenario.search.trial_days.quantile)

    def _break_fits(self, day: int) -> None:
        """A price rise, the end of a free window or a lost ability can break a fit."""
        for number in sorted(self.market.changes.worse):
            rows = where_equal(self.states.home, number)
            rows = rows[self.states.has_home(rows) & (self.pinned[rows] == NO_MODEL)]
            rows = rows[~self.judge.fits(rows, self.states.home[rows])]
            pays = self.judge.affordable(rows, self.states.home[rows])
            self.states.drop_rival(day, rows)
            self.states.close_home(rows[~pays], day, Reason.PRICE)
            self.states.close_home(rows[pays], day, Reason.ABILITY)
            self.states.memory.reject(rows, self.states.home[rows])
            self.states.seek(day, rows)
            rows = np.flatnonzero(self.states.beside.model == number)
            rows = rows[~self.judge.fits(rows, self.states.beside.model[rows])]
            pays = self.judge.affordable(rows, self.states.beside.model[rows])
            self.states.beside.close(rows[~pays], day, Reason.PRICE)
            self.states.beside.close(rows[pays], day, Reason.ABILITY)

    def _spread_news(self, day: int) -> None:
        """News of a release spreads. Waiting work that no affordable model serves listens most."""
        if not self.attention.enabled or self.yesterday is None:
            return
        for number in self.market.changes.released:
            self._wake(day, self.waiting_who_hear(day, number, self.yesterday), number)
            if self.states.rivals.enabled:
                self._wake(day, self.embedded_who_hear(number), number)

    def waiting_who_hear(self, day: int, number: int, yesterday: View) -> Rows:
        """Waiting work that hears of a release."""
        reach, category = self.market.reach[number], self.work.category
        waiting = np.flatnonzero((self.states.state == WAITING) & (self.work.start <= day))
        # Draw against the highest chance first: few then need a frontier.
        waiting = self._hear(waiting, number, self.attention.most(reach))
        # Yesterday's frontier: who listens is decided by what could be had before the release.
        frontier = affordable_frontier(yesterday, self.work, waiting)
        hardness = self.work.hardness[waiting]
        chance = self.attention.of_waiting(reach[category[waiting]], hardness, frontier)
        return self._hear(waiting, number, chance)

    def embedded_who_hear(self, number: int) -> Rows:
        """Work with a home that hears of a release."""
        reach, category = self.market.reach[number], self.work.category
        embedded = np.flatnonzero(self.states.state == EMBEDDED)
        embedded = embedded[self.pinned[embedded] == NO_MODEL]
        chance = self.attention.of_embedded(reach[category[embedded]], self.work.curiosity[embedded])
        return self._hear(embedded, number, chance)

    def _hear(self, rows: Rows, number: int, chance: NDArray[np.float64] | float) -> Rows:
        """Those of `rows` whose draw for this release lies below `chance`."""
        key = self.market.key[number]
        return rows[self.draws.uniform(Purpose.HEARS_RELEASE, self.work.entity[rows], key) < chance]

    def _wake(self, day: int, rows: Rows, number: int) -> None:
        """Those who heard of a release look after a reaction time, unless they would look earlier anyway."""
        u = self.draws.uniform(Purpose.REACTION, self.work.entity[rows], self.market.key[number])
        self.states.due[rows] = np.minimum(self.states.due[rows], day + self.attention.reaction(u)).astype(
            np.int32
        )
        self.states.failures[rows] = 0
