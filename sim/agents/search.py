"""The agents' search: workloads try models, embed in one that fits, look at rivals, return, or wait.

This file says what workloads do when their decision is due. What the market's changes do to them is
said in `sim.agents.market_reactions`, and what each move changes in a workload's state in `sim.agents.states`. What a
mechanism computes is said in its file in `sim/mechanisms`, and how a workload judges a model in `sim.agents.judgement`.

Worlds run with the compiled decisions of `sim.agents.compiled`, which must agree with these.
"""

import numpy as np
from numpy.typing import NDArray

from sim.agents.choice import NO_MODEL, View, affordable_frontier, choose
from sim.agents.default_models import DefaultModels
from sim.agents.market_reactions import MarketReactions
from sim.agents.model_sets import Sets
from sim.agents.population import FOREVER, Workloads
from sim.agents.rows import Rows, where_equal
from sim.agents.spells import Kind, Reason
from sim.agents.states import (
    EMBEDDED,
    ENDED,
    RIVAL,
    TRIAL,
    TRYING,
    TRYING_RIVAL,
    UNBORN,
    UPGRADE,
    WAITING,
    States,
)
from sim.agents.upgrades import Upgrades
from sim.compiled import compiled
from sim.market import Market
from sim.mechanisms.backlog import Backlog
from sim.mechanisms.fit import Fit
from sim.mechanisms.multihoming import Multihoming
from sim.mechanisms.regret import Regret
from sim.randomness import Draws
from sim.scenario import Scenario


@compiled
def _uses(state, home, trial, category, uses):  # type: ignore[no-untyped-def]
    """Count in `uses` (models x categories) how many workloads have a model as their home and how many try it."""
    for i in range(len(state)):
        if state[i] == EMBEDDED or state[i] == TRYING_RIVAL:
            uses[home[i], category[i]] += 1
        if state[i] == TRYING or state[i] == TRYING_RIVAL:
            uses[trial[i], category[i]] += 1
    return uses


class Search(States):
    """The search of all workloads of a world. One `step` runs one day."""

    def __init__(self, scenario: Scenario, market: Market, workloads: Workloads, draws: Draws) -> None:
        super().__init__(scenario, market, workloads, draws)
        causes = scenario.mechanisms
        self.backlog, self.fit, self.regret = causes[Backlog], causes[Fit], causes[Regret]
        self.multihoming = causes[Multihoming]
        self.reactions, self.upgrades = MarketReactions(self), Upgrades(self)
        self.defaults = DefaultModels(scenario, market, workloads, draws)
        self.choices = 0
        """Choices of all workloads together."""

    # -- one day ------------------------------------------------------------------------------------------------

    def step(self, day: int, view: View) -> None:
        """Let every workload whose decision is due act on `day`."""
        self._react(day)
        self.decide(day, view)
        self.upgrades.begin(day)
        self._close(day, view)

    @property
    def keeps(self) -> bool:
        """Whether any work may keep a model beside its home."""
        return self.upgrades.any or self.multihoming.enabled

    def _react(self, day: int) -> None:
        """What comes before decisions: models that were kept until now, and what the market's changes do."""
        if self.keeps:
            self.beside.close_due(day)
        self.reactions.act(day)
        self.upgrades.announce(day)

    def _close(self, day: int, view: View) -> None:
        """What comes after decisions: shares of use once a week, and the market as it is remembered tomorrow."""
        if day % 7 == 6:
            self._measure_shares()
        self.reactions.yesterday = view

    def decide(self, day: int, view: View) -> None:
        """The decisions of the workloads that are due: `sim.agents.compiled.day` makes the same ones in less time."""
        due = where_equal(self.due, day)
        if not len(due):
            return
        ended = self.work.end[due] <= day
        self.end(day, due[ended])
        due = due[~ended]
        state = self.state[due]
        self._begin(day, due[state == UNBORN], view)
        self._judge_trials(day, due[state == TRYING])
        other = due[state == TRYING_RIVAL]
        self._judge_rivals(day, other[self.trial_kind[other] == RIVAL])
        self.upgrades.judge(day, other[self.trial_kind[other] == UPGRADE])
        self._consider_rivals(day, due[state == EMBEDDED], view)
        looking = where_equal(self.due, day)
        self._start_trials(day, looking[self.state[looking] == WAITING], view)

    # -- beginnings and ends ------------------------------------------------------------------------------------

    def _begin(self, day: int, rows: Rows, view: View) -> None:
        """Workloads that are bound to a model begin with it; the others begin to search, unless backlog is off and no
        listed model can serve them.
        """
        pinned = rows[self.pinned[rows] != NO_MODEL]
        self.embed(day, pinned, self.pinned[pinned])
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

    # -- looking and trying -------------------------------------------------------------------------------------

    def _start_trials(self, day: int, rows: Rows, view: View) -> None:
        """Waiting workloads choose a model to try, or go on waiting."""
        if not len(rows):
            return
        no_home = np.full(len(rows), NO_MODEL, dtype=np.int16)
        outside = np.full(len(rows), self.scenario.search.outside_option)
        chosen = self._choose(day, rows, view, self.memory.rejected, home=no_home, outside=outside)
        # New work may take the default of its application; users of a wave first try the model that drew them.
        new = self.decisions[rows] == 1
        default = self.defaults.first(day, rows[new], self.judge)
        chosen[new] = np.where(default != NO_MODEL, default, chosen[new])
        wave_model = self.work.wave_model[rows]
        follows = (wave_model != NO_MODEL) & new
        follows[follows] &= self.market.listed[wave_model[follows]]
        chosen = np.where(follows, wave_model, chosen)
        found = chosen != NO_MODEL
        self.open_trial(day, rows[found], chosen[found], TRIAL, self.scenario.search.trial_days.quantile)
        self.wait(day, rows[~found])

    def _choose(
        self,
        day: int,
        rows: Rows,
        view: View,
        passed_over: Sets,
        *,
        home: NDArray[np.int16],
        outside: NDArray[np.float64],
    ) -> NDArray[np.int16]:
        chosen = choose(
            view, self.scenario, self.draws, self.work, rows, passed_over=passed_over,
            known_to_fit=self.memory.known_to_fit, home=home, outside=outside, day=day,
        )  # fmt: skip
        self.decisions[rows] += 1
        self.choices += len(rows)
        return chosen

    # -- judging trials -------------------------------------------------------------------------------------------

    def _judge_trials(self, day: int, rows: Rows) -> None:
        """A trial ends: the model fits and becomes the home, or it is rejected."""
        model = self.trial[rows]
        fits = (self.judge.fits(rows, model) | self.planted.holds[rows]) & self.market.listed[model]
        good, bad = rows[fits], rows[~fits]
        self.close_trial(good, day, Reason.EMBEDDED)
        self.embed(day, good, self.trial[good])
        self.close_trial(bad, day, Reason.MISFIT)
        self.memory.reject(bad, self.trial[bad])
        self.wait(day, bad)

    # -- rivals -------------------------------------------------------------------------------------------------

    def _consider_rivals(self, day: int, rows: Rows, view: View) -> None:
        """Embedded workloads look around: staying and every rival not yet compared are the options of one choice."""
        if not self.rivals.enabled or not len(rows):
            self.next_rival_look(day, rows)
            return
        home = self.home[rows]
        outside = self.rivals.staying(self.judge.experienced_utility(rows, home))
        # What was compared with the home once is not compared again until it changes, or the home disappoints.
        self._look_back(day, rows)
        chosen = self._choose(day, rows, view, self.memory.passed_over, home=home, outside=outside)
        found = chosen != NO_MODEL
        trying, model = rows[found], chosen[found]
        self.open_trial(day, trying, model, RIVAL, self.rivals.trial_days.quantile)
        silent = trying[self.rivals.silent(self.draws, self.work.entity[trying], self.market.key[model])]
        self.close_home(silent, day, Reason.SILENT)
        self.silent[silent] = True
        self.next_rival_look(day, rows[~found])

    def _look_back(self, day: int, rows: Rows) -> None:
        """Where the home disappoints, the better one that was left for it may be compared again."""
        if not self.regret.enabled:
            return
        rows = rows[self.left[rows] != NO_MODEL]
        rows = rows[self.regret.looks_back(self.draws, self.work.entity[rows], day)]
        left, worth = self.left[rows], self.judge.experienced_utility
        better = worth(rows, left) > worth(rows, self.home[rows])
        self.memory.reopen(rows[better], left[better])

    def _judge_rivals(self, day: int, rows: Rows) -> None:
        """A rival's trial ends: work moves if the rival is better by more than the switching cost, else it returns."""
        model, home = self.trial[rows], self.home[rows]
        gain = self.judge.judged_utility(rows, model, day) - self.judge.experienced_utility(rows, home)
        fits = self.judge.fits(rows, model)
        cost = self.judge.cost_of_change(rows, home, model, day - self.since[rows])
        moves = (fits & (gain > cost)) | self.planted.holds[rows]
        movers, returners = rows[moves], rows[~moves]
        self.close_home(movers[~self.silent[movers]], day, Reason.MOVED)
        self.close_trial(movers, day, Reason.EMBEDDED)
        self._move(day, movers, model[moves])
        self.close_trial(returners, day, Reason.RETURNED)
        self.memory.compare(rows[~moves & fits], model[~moves & fits])
        self.memory.reject(rows[~fits], model[~fits])
        self.come_home(day, returners)

    def _move(self, day: int, rows: Rows, new: NDArray[np.int16]) -> None:
        """Leave the home for a rival. The old one may be kept beside it, if it is of another line; work that moves to
        the model that it kept never left that one: its tenure goes on."""
        beside = self.beside
        back = beside.multihomes(rows) & (beside.model[rows] == new)
        since = np.where(back, beside.since[rows], np.int32(day))
        days = self.multihoming.days_beside(self.draws, self.work.entity[rows], self.market.key[new])
        days[self.judge.same_line(self.home[rows], new)] = 0
        self.change_home(day, rows, new, since, days, Kind.MULTIHOMED)

    # -- measures ------------------------------------------------------------------------------------------------

    def _measure_shares(self) -> None:
        """Each model's share of homes and trials, for the popularity feedback and authors' strategies."""
        none = np.zeros(self.market.reach.shape)
        self.market.measured(_uses(self.state, self.home, self.trial, self.work.category, none))
