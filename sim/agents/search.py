"""The agents' search: workloads try models, embed in one that fits, look at rivals, return, or wait.

The state of a workload says what it does now. `due` says on which day it decides next, so a day's step touches only
those whose decision is due. Spells, the intervals in which a workload uses a model, are written down as they end.

This file says when things happen. What a mechanism computes is said in its file in `sim/mechanisms`, and how a workload
judges a model in `sim.agents.judgement`.

Long because every transition reads and writes the same few arrays.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from analysis.contract import CATEGORIES
from sim.agents.choice import NO_MODEL, View, affordable_frontier, choose
from sim.agents.judgement import Judgement
from sim.agents.model_sets import add, empty_sets, remove
from sim.agents.planted_loyalty import PlantedLoyalty
from sim.agents.population import FOREVER, Workloads
from sim.agents.spells import Kind, Reason, SpellLog
from sim.compiled import compiled
from sim.market import Market
from sim.mechanisms.backlog import Backlog
from sim.mechanisms.fit import Fit
from sim.mechanisms.frontier_attention import FrontierAttention
from sim.mechanisms.lock_in import LockIn
from sim.mechanisms.migration import Migration
from sim.mechanisms.rival_trials import RivalTrials
from sim.randomness import Draws, Purpose
from sim.scenario import Scenario

Rows = NDArray[np.int64]

MOST_FAILURES = 12
"""Failures after which the wait stops growing (assumed; as a rule `longest_wait_days` has stopped it before)."""


class State(IntEnum):
    """What a workload does."""

    UNBORN = 0
    WAITING = 1
    TRYING = 2
    EMBEDDED = 3
    TRYING_RIVAL = 4
    ENDED = 5


# NumPy probes each scalar that meets an array, and hides whatever goes wrong meanwhile, even an interrupt from the
# keyboard. The probe is quick for plain integers and slow for members of an enumeration: arrays meet plain ones only.
UNBORN, WAITING, TRYING, EMBEDDED, TRYING_RIVAL, ENDED = (int(state) for state in State)
TRIAL, HOME, RIVAL = (int(kind) for kind in Kind)
ALL = slice(None)
EVERY_CATEGORY = np.ones(len(CATEGORIES), dtype=bool)


@compiled
def _where_equal(values, value):  # type: ignore[no-untyped-def]
    """The rows where an array of integers has this value."""
    rows = np.empty(len(values), dtype=np.int64)
    count = 0
    for i in range(len(values)):
        rows[count] = i
        count += values[i] == value
    return rows[:count].copy()


@compiled
def _uses(state, home, trial, models):  # type: ignore[no-untyped-def]
    """By model, how many workloads have it as their home and how many try it."""
    uses = np.zeros(models)
    for i in range(len(state)):
        if state[i] == EMBEDDED or state[i] == TRYING_RIVAL:
            uses[home[i]] += 1
        if state[i] == TRYING or state[i] == TRYING_RIVAL:
            uses[trial[i]] += 1
    return uses


class Search:
    """The search of all workloads of a world. One `step` runs one day.

    Arrays have one entry for each workload. Models are numbers, NO_MODEL where there is none.
    """

    def __init__(self, scenario: Scenario, market: Market, workloads: Workloads, draws: Draws) -> None:
        n = len(workloads)
        self.scenario, self.market, self.work, self.draws = scenario, market, workloads, draws
        causes = scenario.mechanisms
        self.backlog, self.fit, self.lock_in = causes[Backlog], causes[Fit], causes[LockIn]
        self.attention, self.rivals = causes[FrontierAttention], causes[RivalTrials]
        self.migration = causes[Migration]
        self.judge = Judgement(scenario, market, workloads, draws)
        self.state = np.full(n, UNBORN, dtype=np.int8)
        self.due = workloads.start.copy()
        """The day of the next decision."""
        self.home = np.full(n, NO_MODEL, dtype=np.int16)
        self.trial = np.full(n, NO_MODEL, dtype=np.int16)
        self.since = np.zeros(n, dtype=np.int32)
        """The day since which the work is embedded in its home."""
        self.home_start = np.zeros(n, dtype=np.int32)
        self.trial_start = np.zeros(n, dtype=np.int32)
        """The first days of the spells that are open."""
        self.silent = np.zeros(n, dtype=bool)
        """Whether the home is silent while a rival is tried."""
        self.failures = np.zeros(n, dtype=np.int16)
        """Searches and trials that failed since the last embedding, loss of home or news of a release."""
        self.decisions = np.zeros(n, dtype=np.int32)
        """Choices so far."""
        self.rejected = empty_sets(n, len(market.listed))
        """Models that failed a trial, or whose fit broke: not tried again until they change."""
        self.known_to_fit = empty_sets(n, len(market.listed))
        """Models that are known to fit: former homes, and rivals that did not beat the home by enough."""
        self.choices = 0
        """Choices of all workloads together."""
        self.pinned = workloads.pinned_model.copy()
        """The model to which a workload is bound."""
        self.planted = PlantedLoyalty(scenario, market, workloads, draws)
        self.spells = SpellLog()
        self._yesterday: View | None = None

    # -- one day ------------------------------------------------------------------------------------------------

    def step(self, day: int, view: View) -> None:
        """Let every workload whose decision is due act on `day`."""
        self._reconsider(self.market.changes.better)
        self._retire(day)
        self._break_fits(day)
        self._spread_news(day)
        due = _where_equal(self.due, day)
        if len(due):
            ended = self.work.end[due] <= day
            self._end(day, due[ended])
            due = due[~ended]
            state = self.state[due]
            self._begin(day, due[state == UNBORN], view)
            self._judge_trials(day, due[state == TRYING])
            self._judge_rivals(day, due[state == TRYING_RIVAL])
            self._consider_rivals(day, due[state == EMBEDDED], view)
            looking = _where_equal(self.due, day)
            self._start_trials(day, looking[self.state[looking] == WAITING], view)
        if day % 7 == 6:
            self._measure_shares()
        self._yesterday = view

    def finish(self, horizon: int) -> None:
        """Write down the spells that are still open when the world ends."""
        rows = np.flatnonzero(self._has_home(ALL) & ~self.silent)
        self._close_home(rows, horizon, Reason.HORIZON)
        rows = np.flatnonzero(self._tries(ALL))
        self._close_trial(rows, horizon, Reason.HORIZON)

    # -- beginnings and ends ------------------------------------------------------------------------------------

    def _begin(self, day: int, rows: Rows, view: View) -> None:
        """Workloads that are bound to a model begin with it; the others begin to search, unless backlog is off and no
        listed model can serve them.
        """
        pinned = rows[self.pinned[rows] != NO_MODEL]
        self.home[pinned] = self.pinned[pinned]
        self._embed(day, pinned)
        self.due[pinned] = self.work.end[pinned]
        rows = rows[self.pinned[rows] == NO_MODEL]
        self.state[rows] = WAITING
        if not self.backlog.enabled:
            hopeless = rows[~self._solvable(rows, view)]
            self.state[hopeless] = ENDED
            self.due[hopeless] = FOREVER

    def _solvable(self, rows: Rows, view: View) -> NDArray[np.bool_]:
        """Whether some listed model can do the work."""
        frontier = affordable_frontier(view, self.work, rows)
        return self.backlog.solvable(self.fit, self.work.hardness[rows], frontier)

    def _end(self, day: int, rows: Rows) -> None:
        """The job is done, or the user leaves the platform."""
        self._close_home(rows[self._has_home(rows) & ~self.silent[rows]], day, Reason.ENDED)
        self._close_trial(rows[self._tries(rows)], day, Reason.ENDED)
        self.state[rows] = ENDED
        self.due[rows] = FOREVER
        self.home[rows] = NO_MODEL

    # -- looking and trying -------------------------------------------------------------------------------------

    def _start_trials(self, day: int, rows: Rows, view: View) -> None:
        """Waiting workloads choose a model to try, or go on waiting."""
        if not len(rows):
            return
        no_home = np.full(len(rows), NO_MODEL, dtype=np.int16)
        outside = np.full(len(rows), self.scenario.search.outside_option)
        chosen = self._choose(day, rows, view, home=no_home, outside=outside)
        # Users of a wave first try the model that drew them.
        wave_model = self.work.wave_model[rows]
        follows = (wave_model != NO_MODEL) & (self.decisions[rows] == 1)
        follows[follows] &= self.market.listed[wave_model[follows]]
        chosen = np.where(follows, wave_model, chosen)
        found = chosen != NO_MODEL
        self._open_trial(day, rows[found], chosen[found], TRYING, self.scenario.search.trial_days.quantile)
        self._wait(day, rows[~found])

    def _choose(
        self,
        day: int,
        rows: Rows,
        view: View,
        *,
        home: NDArray[np.int16],
        outside: NDArray[np.float64],
        unknown_only: bool = False,
    ) -> NDArray[np.int16]:
        chosen = choose(
            view, self.scenario, self.draws, self.work, rows, rejected=self.rejected,
            known_to_fit=self.known_to_fit, home=home, outside=outside, day=day, unknown_only=unknown_only,
        )  # fmt: skip
        self.decisions[rows] += 1
        self.choices += len(rows)
        return chosen

    def _wait(self, day: int, rows: Rows) -> None:
        """Wait for the next look: on average twice as long with each failure, up to longest_wait_days."""
        search = self.scenario.search
        mean = np.minimum(search.look_every_days * np.exp2(self.failures[rows]), search.longest_wait_days)
        self.due[rows] = self._next_look(Purpose.LOOK, day, rows, mean)
        self.failures[rows] = np.minimum(self.failures[rows] + 1, MOST_FAILURES)
        self.state[rows] = WAITING

    def _next_look(
        self, purpose: Purpose, day: int, rows: Rows, mean: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """The day of each one's next look, at the latest the end of its work or of the world."""
        latest = np.minimum(self.work.end[rows], self.scenario.days)
        return self.draws.next_event(purpose, self.work.entity[rows], day, mean, latest)

    def _open_trial(self, day, rows, model, state, length_quantile) -> None:  # type: ignore[no-untyped-def]
        self.planted.take(day, rows, model)
        u = self.draws.uniform(Purpose.TRIAL_LENGTH, self.work.entity[rows], self.market.key[model])
        self.state[rows] = state
        self.trial[rows] = model
        self.trial_start[rows] = day
        last = day + np.maximum(1, np.round(length_quantile(u)))
        self.due[rows] = np.minimum(last, self.work.end[rows]).astype(np.int32)

    # -- judging trials -------------------------------------------------------------------------------------------

    def _judge_trials(self, day: int, rows: Rows) -> None:
        """A trial ends: the model fits and becomes the home, or it is rejected."""
        model = self.trial[rows]
        fits = (self.judge.fits(rows, model) | self.planted.holds[rows]) & self.market.listed[model]
        good, bad = rows[fits], rows[~fits]
        self._close_trial(good, day, Reason.EMBEDDED)
        self.home[good] = self.trial[good]
        self._embed(day, good)
        self._close_trial(bad, day, Reason.MISFIT)
        add(self.rejected, bad, self.trial[bad])
        self._wait(day, bad)

    def _embed(self, day: int, rows: Rows) -> None:
        """A home begins. Those who are planted as loyal stay bound to it."""
        self.state[rows] = EMBEDDED
        self.failures[rows] = 0
        self.since[rows] = day
        self.home_start[rows] = day
        self.silent[rows] = False
        self._next_rival_look(day, rows)
        planted = rows[self.planted.holds[rows]]
        self.pinned[planted] = self.home[planted]
        self.due[planted] = self.work.end[planted]

    # -- rivals -------------------------------------------------------------------------------------------------

    def _next_rival_look(self, day: int, rows: Rows) -> None:
        if not self.rivals.enabled:
            self.due[rows] = self.work.end[rows]
            return
        mean = self.rivals.days_between_looks(self.work.curiosity[rows])
        self.due[rows] = self._next_look(Purpose.RIVAL_LOOK, day, rows, mean)

    def _consider_rivals(self, day: int, rows: Rows, view: View) -> None:
        """Embedded workloads look around: staying and every rival not yet compared are the options of one choice."""
        if not self.rivals.enabled or not len(rows):
            self._next_rival_look(day, rows)
            return
        home = self.home[rows]
        outside = self.rivals.staying(self.judge.experienced_utility(rows, home))
        # What was compared with the home once is not compared again until it changes.
        chosen = self._choose(day, rows, view, home=home, outside=outside, unknown_only=True)
        found = chosen != NO_MODEL
        trying, model = rows[found], chosen[found]
        self._open_trial(day, trying, model, TRYING_RIVAL, self.rivals.trial_days.quantile)
        silent = trying[self.rivals.silent(self.draws, self.work.entity[trying], self.market.key[model])]
        self._close_home(silent, day, Reason.SILENT)
        self.silent[silent] = True
        self._next_rival_look(day, rows[~found])

    def _judge_rivals(self, day: int, rows: Rows) -> None:
        """A rival's trial ends: work moves if the rival is better by more than the switching cost, else it returns."""
        model, home = self.trial[rows], self.home[rows]
        gain = self.judge.experienced_utility(rows, model) - self.judge.experienced_utility(rows, home)
        fits = self.judge.fits(rows, model)
        cost = self.lock_in.switching_cost(day - self.since[rows], self.work.hardness[rows])
        moves = (fits & (gain > cost)) | self.planted.holds[rows]
        movers, returners = rows[moves], rows[~moves]
        self._close_home(movers[~self.silent[movers]], day, Reason.MOVED)
        self._close_trial(movers, day, Reason.EMBEDDED)
        add(self.known_to_fit, movers, self.home[movers])
        self.home[movers] = self.trial[movers]
        self._embed(day, movers)
        self._close_trial(returners, day, Reason.RETURNED)
        add(self.known_to_fit, rows[~moves & fits], model[~moves & fits])
        add(self.rejected, rows[~fits], model[~fits])
        self._come_home(day, returners)

    def _come_home(self, day: int, rows: Rows) -> None:
        """Back to the home after a rival's trial; a home that was silent begins a new spell."""
        was_silent = rows[self.silent[rows]]
        self.home_start[was_silent] = day
        self.silent[was_silent] = False
        self.state[rows] = EMBEDDED
        self._next_rival_look(day, rows)

    # -- the market changes ---------------------------------------------------------------------------------------

    def _reconsider(self, better: set[int]) -> None:
        """A model that became better, or cheaper for this kind of work, is worth another trial."""
        for number in better:
            categories = self.market.changes.cheaper_in.get(number, EVERY_CATEGORY)
            for models in (self.rejected, self.known_to_fit):
                remove(models, number, self.work.category, categories)

    def _retire(self, day: int) -> None:
        """A retired model's users move to its successor or search anew, and trials of it end."""
        for number in self.market.changes.retired:
            trying = np.flatnonzero((self.state == TRYING) & (self.trial == number))
            self._close_trial(trying, day, Reason.RETIRED)
            self._seek(day, trying)
            rivals = np.flatnonzero((self.state == TRYING_RIVAL) & (self.trial == number))
            self._close_trial(rivals, day, Reason.RETIRED)
            self._come_home(day, rivals)
            rows = _where_equal(self.home, number)
            rows = rows[self._has_home(rows)]
            self._drop_rival(day, rows)
            successor = self._successor_of(number)
            moved = rows[:0] if successor is None else rows[self._can_follow(rows, successor)]
            left = np.setdiff1d(rows, moved, assume_unique=True)
            pinned = left[self.pinned[left] != NO_MODEL]
            self._end(day, pinned)
            left = left[self.pinned[left] == NO_MODEL]
            self._close_home(left, day, Reason.RETIRED)
            self._seek(day, left)
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
        self._close_home(rows, day, Reason.MIGRATED)
        since = self.since[rows]
        self.home[rows] = successor
        self._embed(day, rows)
        self.since[rows] = since
        pinned = self.pinned[rows] != NO_MODEL
        self.pinned[rows[pinned]] = successor
        self.due[rows[pinned]] = self.work.end[rows[pinned]]
        misfit = rows[~pinned & ~self.judge.fits(rows, self.home[rows])]
        self.home[misfit] = NO_MODEL
        successors = np.full(len(misfit), successor, dtype=np.int16)
        self._open_trial(day, misfit, successors, TRYING, self.scenario.search.trial_days.quantile)

    def _break_fits(self, day: int) -> None:
        """A price rise, the end of a free window or a lost ability can break a fit."""
        for number in sorted(self.market.changes.worse):
            rows = _where_equal(self.home, number)
            rows = rows[self._has_home(rows) & (self.pinned[rows] == NO_MODEL)]
            rows = rows[~self.judge.fits(rows, self.home[rows])]
            pays = self.judge.affordable(rows, self.home[rows])
            self._drop_rival(day, rows)
            self._close_home(rows[~pays], day, Reason.PRICE)
            self._close_home(rows[pays], day, Reason.ABILITY)
            add(self.rejected, rows, self.home[rows])
            self._seek(day, rows)

    def _drop_rival(self, day: int, rows: Rows) -> None:
        """End the rival trials of `rows`; their homes are in use again."""
        trying = rows[self.state[rows] == TRYING_RIVAL]
        self._close_trial(trying, day, Reason.HOME_LOST)
        self._come_home(day, trying)

    def _seek(self, day: int, rows: Rows) -> None:
        """Workloads that lost their home look again at once."""
        self.home[rows] = NO_MODEL
        self.failures[rows] = 0
        self.state[rows] = WAITING
        self.due[rows] = np.minimum(day, self.work.end[rows])

    def _spread_news(self, day: int) -> None:
        """News of a release spreads. Waiting work that no affordable model serves listens most."""
        if not self.attention.enabled or self._yesterday is None:
            return
        for number in self.market.changes.released:
            reach, category = self.market.reach[number], self.work.category
            waiting = np.flatnonzero((self.state == WAITING) & (self.work.start <= day))
            # Draw against the highest chance first: few then need a frontier.
            waiting = self._hear(waiting, number, self.attention.most(reach))
            # Yesterday's frontier: who listens is decided by what could be had before the release.
            frontier = affordable_frontier(self._yesterday, self.work, waiting)
            hardness = self.work.hardness[waiting]
            chance = self.attention.of_waiting(reach[category[waiting]], hardness, frontier)
            self._wake(day, self._hear(waiting, number, chance), number)
            if self.rivals.enabled:
                embedded = np.flatnonzero(self.state == EMBEDDED)
                embedded = embedded[self.pinned[embedded] == NO_MODEL]
                curiosity = self.work.curiosity[embedded]
                chance = self.attention.of_embedded(reach[category[embedded]], curiosity)
                self._wake(day, self._hear(embedded, number, chance), number)

    def _hear(self, rows: Rows, number: int, chance: NDArray[np.float64] | float) -> Rows:
        """Those of `rows` whose draw for this release lies below `chance`."""
        key = self.market.key[number]
        return rows[self.draws.uniform(Purpose.HEARS_RELEASE, self.work.entity[rows], key) < chance]

    def _wake(self, day: int, rows: Rows, number: int) -> None:
        """Those who heard of a release look after a reaction time, unless they would look earlier anyway."""
        u = self.draws.uniform(Purpose.REACTION, self.work.entity[rows], self.market.key[number])
        self.due[rows] = np.minimum(self.due[rows], day + self.attention.reaction(u)).astype(np.int32)
        self.failures[rows] = 0

    # -- measures and spells --------------------------------------------------------------------------------------

    def _has_home(self, rows: Rows | slice) -> NDArray[np.bool_]:
        state = self.state[rows]
        return np.asarray((state == EMBEDDED) | (state == TRYING_RIVAL))

    def _tries(self, rows: Rows | slice) -> NDArray[np.bool_]:
        state = self.state[rows]
        return np.asarray((state == TRYING) | (state == TRYING_RIVAL))

    def _measure_shares(self) -> None:
        """Each model's share of all homes and trials, for the popularity feedback and authors' strategies."""
        uses = _uses(self.state, self.home, self.trial, len(self.market.listed))
        total = uses.sum()
        self.market.share = uses / total if total else uses

    def _close_home(self, rows: Rows, day: int, reason: Reason) -> None:
        kind = np.full(len(rows), HOME, dtype=np.int8)
        self.spells.add(rows, self.home[rows], kind, self.home_start[rows], day, self.since[rows], reason)

    def _close_trial(self, rows: Rows, day: int, reason: Reason) -> None:
        kind = np.where(self.state[rows] == TRYING_RIVAL, RIVAL, TRIAL).astype(np.int8)
        start = self.trial_start[rows]
        self.spells.add(rows, self.trial[rows], kind, start, day, start, reason)
