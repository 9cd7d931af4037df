"""The states of all workloads: what each does, since when and until when, and the elementary moves between states.

The state of a workload says what it does now. `due` says on which day it decides next, so a day's step touches only
those whose decision is due. Spells, the intervals in which a workload uses a model, are written down as they end.

When and why a move is made is said in `sim.agents.search`, and in `sim.agents.market_reactions` where the market moves
a workload.
"""

from collections.abc import Callable
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from sim.agents.beside import Beside
from sim.agents.judgement import Judgement
from sim.agents.model_sets import NO_MODEL, Memory
from sim.agents.planted_loyalty import PlantedLoyalty
from sim.agents.population import FOREVER, Workloads
from sim.agents.rows import Rows
from sim.agents.spells import Kind, Reason, SpellLog
from sim.market import Market
from sim.mechanisms.rival_trials import RivalTrials
from sim.randomness import Draws, Purpose
from sim.scenario import Scenario

MOST_FAILURES = 12
"""Failures after which the wait stops growing (assumed; as a rule `longest_wait_days` has stopped it before)."""


class State(IntEnum):
    """What a workload does."""

    UNBORN = 0
    WAITING = 1
    TRYING = 2
    EMBEDDED = 3
    TRYING_RIVAL = 4  # or a later model of the home's line: `trial_kind` says which
    ENDED = 5


# NumPy probes each scalar that meets an array, and hides whatever goes wrong meanwhile, even an interrupt from the
# keyboard. The probe is quick for plain integers and slow for members of an enumeration: arrays meet plain ones only.
UNBORN, WAITING, TRYING, EMBEDDED, TRYING_RIVAL, ENDED = (int(state) for state in State)
TRIAL, HOME, RIVAL, UPGRADE, BESIDE, MULTIHOMED = (int(kind) for kind in Kind)
ALL = slice(None)

AGENT = np.dtype([
    ("since", np.int32), ("home_start", np.int32), ("trial_start", np.int32), ("decisions", np.int32),
    ("beside_start", np.int32), ("beside_since", np.int32), ("trial", np.int16), ("left", np.int16),
    ("pinned", np.int16), ("failures", np.int16), ("trial_kind", np.int8), ("beside_kind", np.int8),
    ("silent", np.bool_), ("loyal", np.bool_),
], align=True)  # fmt: skip
"""A workload's state, but what all of them are searched for: a decision touches few, and each costs one read of
memory."""


class States:
    """The states of all workloads of a world. Arrays have one entry for each. Models are numbers, NO_MODEL for none."""

    def __init__(self, scenario: Scenario, market: Market, workloads: Workloads, draws: Draws) -> None:
        n = len(workloads)
        self.scenario, self.market, self.work, self.draws = scenario, market, workloads, draws
        self.rivals = scenario.mechanisms[RivalTrials]
        self.judge = Judgement(scenario, market, workloads, draws)
        self.state = np.full(n, UNBORN, dtype=np.int8)
        self.due = workloads.start.copy()
        """The day of the next decision."""
        self.home = np.full(n, NO_MODEL, dtype=np.int16)
        self.table = np.zeros(n, dtype=AGENT)
        """What follows, up to `pinned`."""
        self.trial, self.trial_kind = self.table["trial"], self.table["trial_kind"]
        self.trial[:], self.trial_kind[:] = NO_MODEL, TRIAL
        self.since = self.table["since"]
        """The day since which the work is embedded in its home."""
        self.home_start = self.table["home_start"]
        self.trial_start = self.table["trial_start"]
        """The first days of the spells that are open."""
        self.silent = self.table["silent"]
        """Whether the home is silent while another model is tried."""
        self.failures = self.table["failures"]
        """Searches and trials that failed since the last embedding, loss of home or news of a release."""
        self.decisions = self.table["decisions"]
        """Choices so far."""
        self.memory = Memory(n, len(market.listed))
        self.left = self.table["left"]
        self.left[:] = NO_MODEL
        """The home that was left for the present one after a comparison."""
        self.pinned = self.table["pinned"]
        self.pinned[:] = workloads.pinned_model
        """The model to which a workload is bound."""
        self.planted = PlantedLoyalty(scenario, market, workloads, draws, self.table["loyal"])
        self.spells = SpellLog()
        self.beside = Beside(self.table, self.spells)
        """What is kept beside the home after an upgrade or a move."""

    def has_home(self, rows: Rows | slice) -> NDArray[np.bool_]:
        """Whether each one has a home, in use or silent."""
        state = self.state[rows]
        return np.asarray((state == EMBEDDED) | (state == TRYING_RIVAL))

    def tries(self, rows: Rows | slice) -> NDArray[np.bool_]:
        """Whether each one tries a model."""
        state = self.state[rows]
        return np.asarray((state == TRYING) | (state == TRYING_RIVAL))

    # -- waiting and trying ---------------------------------------------------------------------------------------

    def wait(self, day: int, rows: Rows) -> None:
        """Wait for the next look: on average twice as long with each failure, up to longest_wait_days."""
        mean = self.days_to_look(self.failures[rows])
        self.due[rows] = self._next_look(Purpose.LOOK, day, rows, mean)
        self.failures[rows] = np.minimum(self.failures[rows] + 1, MOST_FAILURES)
        self.state[rows] = WAITING

    def days_to_look(self, failures: NDArray[np.int16]) -> NDArray[np.floating]:
        """Mean days to the next look, after this many failures."""
        search = self.scenario.search
        return np.asarray(np.minimum(search.look_every_days * np.exp2(failures), search.longest_wait_days))

    def _next_look(
        self, purpose: Purpose, day: int, rows: Rows, mean: NDArray[np.floating]
    ) -> NDArray[np.int64]:
        """The day of each one's next look, at the latest the end of its work or of the world."""
        latest = np.minimum(self.work.end[rows], self.scenario.days)
        return self.draws.next_event(purpose, self.work.entity[rows], day, mean, latest)

    def open_trial(
        self,
        day: int,
        rows: Rows,
        model: NDArray[np.int16],
        kind: int,
        length: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    ) -> None:
        """Begin a trial of one model each. kind: that of the spells; length: its days for uniform draws."""
        self.planted.take(day, rows, model)
        u = self.draws.uniform(Purpose.TRIAL_LENGTH, self.work.entity[rows], self.market.key[model])
        self.state[rows] = TRYING if kind == TRIAL else TRYING_RIVAL
        self.trial[rows] = model
        self.trial_kind[rows] = kind
        self.trial_start[rows] = day
        last = day + np.maximum(1, np.round(length(u)))
        self.due[rows] = np.minimum(last, self.work.end[rows]).astype(np.int32)

    def seek(self, day: int, rows: Rows) -> None:
        """Workloads that lost their home look again at once."""
        self.beside.close(rows, day, Reason.HOME_LOST)
        self.home[rows] = NO_MODEL
        self.failures[rows] = 0
        self.state[rows] = WAITING
        self.due[rows] = np.minimum(day, self.work.end[rows])

    # -- homes ----------------------------------------------------------------------------------------------------

    def embed(
        self, day: int, rows: Rows, model: NDArray[np.int16], since: NDArray[np.int32] | None = None
    ) -> None:
        """A home begins with one model each. Those who are planted as loyal stay bound to it.

        since: the day on which tenure began, where it goes on; `day` if none is given.
        """
        # What is kept ends with the home, but a model of another line stays through a change within the home's.
        stays = self.beside.multihomes(rows)
        stays[stays] = self.judge.same_line(self.home[rows[stays]], model[stays])
        self.beside.close(rows[~stays], day, Reason.HOME_LOST)
        self.home[rows] = model
        self.state[rows] = EMBEDDED
        self.failures[rows] = 0
        self.since[rows] = day if since is None else since
        self.left[rows] = NO_MODEL
        self.home_start[rows] = day
        self.silent[rows] = False
        self.next_rival_look(day, rows)
        planted = rows[self.planted.holds[rows]]
        self.pinned[planted] = self.home[planted]
        self.due[planted] = self.work.end[planted]

    def change_home(
        self,
        day: int,
        rows: Rows,
        new: NDArray[np.int16],
        since: NDArray[np.int32],
        days: NDArray[np.int64],
        kind: Kind,
    ) -> None:
        """Leave the home for a new one; the old one is kept beside it for some days, where there are any.

        since: the day on which tenure with the new one began; kind: that of the spell of what is kept.
        """
        old, tenure = self.home[rows], self.since[rows]
        self.memory.compare(rows, old)
        self.embed(day, rows, new, since)
        self.left[rows] = old
        self.beside.open(day, rows, old, days, tenure, kind)

    def next_rival_look(self, day: int, rows: Rows) -> None:
        """Work with a home looks at rivals on some later day, or never."""
        if not self.rivals.enabled:
            self.due[rows] = self.work.end[rows]
            return
        mean = self.rivals.days_between_looks(self.work.curiosity[rows])
        self.due[rows] = self._next_look(Purpose.RIVAL_LOOK, day, rows, mean)

    def come_home(self, day: int, rows: Rows) -> None:
        """Back to the home after the trial of another model; a home that was silent begins a new spell."""
        was_silent = rows[self.silent[rows]]
        self.home_start[was_silent] = day
        self.silent[was_silent] = False
        self.state[rows] = EMBEDDED
        self.next_rival_look(day, rows)

    def drop_rival(self, day: int, rows: Rows) -> None:
        """End the trials of `rows` beside their homes; these are in use again."""
        trying = rows[self.state[rows] == TRYING_RIVAL]
        self.close_trial(trying, day, Reason.HOME_LOST)
        self.come_home(day, trying)

    # -- ends and spells ------------------------------------------------------------------------------------------

    def end(self, day: int, rows: Rows) -> None:
        """The job is done, or the user leaves the platform."""
        self.close_home(rows[self.has_home(rows) & ~self.silent[rows]], day, Reason.ENDED)
        self.close_trial(rows[self.tries(rows)], day, Reason.ENDED)
        self.beside.close(rows, day, Reason.ENDED)
        self.state[rows] = ENDED
        self.due[rows] = FOREVER
        self.home[rows] = NO_MODEL

    def finish(self, horizon: int) -> None:
        """Write down the spells that are still open when the world ends."""
        rows = np.flatnonzero(self.has_home(ALL) & ~self.silent)
        self.close_home(rows, horizon, Reason.HORIZON)
        rows = np.flatnonzero(self.tries(ALL))
        self.close_trial(rows, horizon, Reason.HORIZON)
        self.beside.close(np.arange(len(self.work)), horizon, Reason.HORIZON)

    def close_home(self, rows: Rows, day: int, reason: Reason) -> None:
        """Write down the spells of homes that end on `day`."""
        kind = np.full(len(rows), HOME, dtype=np.int8)
        self.spells.add(rows, self.home[rows], kind, self.home_start[rows], day, self.since[rows], reason)

    def close_trial(self, rows: Rows, day: int, reason: Reason) -> None:
        """Write down the spells of trials that end on `day`."""
        start, kind = self.trial_start[rows], self.trial_kind[rows]
        # An upgrade's trial has the work's whole volume, and so the home's tenure.
        since = np.where(kind == UPGRADE, self.since[rows], start)
        self.spells.add(rows, self.trial[rows], kind, start, day, since, reason)
