"""News of a release, compiled: who hears of it, as `sim.agents.market_reactions` says."""

import math

import numpy as np
from numpy.typing import NDArray

from sim.agents.choice import View, ability_order
from sim.agents.compiled.choice import best_within
from sim.agents.market_reactions import MarketReactions
from sim.agents.model_sets import NO_MODEL
from sim.agents.rows import Rows
from sim.agents.states import EMBEDDED, WAITING, States
from sim.compiled import compiled
from sim.mechanisms.frontier_attention import MOST_GAP, SCALE, heard
from sim.randomness import Purpose, draw_unit


@compiled
def waiting_who_hear(day, state, start, work, chances, key, model_key, view, order):  # type: ignore[no-untyped-def]
    """The rows of waiting work that hears of a release, given the chances of the easiest and of the hardest work by
    category, and the hardness relative to the frontier at which listening is half-way."""
    easiest, hardest, midpoint = chances
    rows, count = np.empty(len(state), dtype=np.int64), 0
    for w in range(len(state)):
        if state[w] != WAITING or start[w] > day:
            continue
        of = work[w]
        u, casual, hard = draw_unit(key, of.entity, model_key), easiest[of.category], hardest[of.category]
        if u >= max(casual, hard):
            continue
        gap = (of.hardness - best_within(of, view, order) - midpoint) / SCALE
        gap = min(max(gap, -MOST_GAP), MOST_GAP)
        if u < casual + (hard - casual) / (1.0 + math.exp(-gap)):
            rows[count] = w
            count += 1
    return rows[:count].copy()


@compiled
def embedded_who_hear(state, table, work, curiosity, chance, key, model_key):  # type: ignore[no-untyped-def]
    """The rows of work with a home of its own choice that hears of a release. chance: at curiosity 1, by category."""
    rows, count = np.empty(len(state), dtype=np.int64), 0
    for w in range(len(state)):
        if state[w] != EMBEDDED or table[w].pinned != NO_MODEL:
            continue
        if draw_unit(key, work[w].entity, model_key) < chance[work[w].category] * curiosity[w]:
            rows[count] = w
            count += 1
    return rows[:count].copy()


class CompiledReactions(MarketReactions):
    """The reactions of all workloads of a world, of which news are compiled. work: what a choice asks of it."""

    def __init__(self, states: States, work: NDArray[np.void]) -> None:
        super().__init__(states)
        self._table = work
        self._key = states.draws.key(Purpose.HEARS_RELEASE)

    def waiting_who_hear(self, day: int, number: int, yesterday: View) -> Rows:
        """Waiting work that hears of a release."""
        reach, attention = heard(self.market.reach[number]), self.attention
        chances = reach * attention.casual, reach * attention.hard, attention.midpoint
        return np.asarray(waiting_who_hear(
            day, self.states.state, self.work.start, self._table, chances, self._key, self.market.key[number],
            yesterday, ability_order(yesterday),
        ))  # fmt: skip

    def embedded_who_hear(self, number: int) -> Rows:
        """Work with a home that hears of a release."""
        chance = heard(self.market.reach[number]) * self.attention.embedded
        return np.asarray(embedded_who_hear(
            self.states.state, self.states.table, self._table, self.work.curiosity, chance, self._key,
            self.market.key[number],
        ))  # fmt: skip
