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
from sim.randomness import GOLDEN, STEP, Purpose, draw_unit, mix

TOGETHER = 1024
"""Draws that are made one after the other, without branches, so that the compiler vectorises them."""
DROPPED = np.uint64(12)
"""Bits of a draw that a number of double precision has no room for."""


@compiled
def may_hear(entity, key, model_key, most):  # type: ignore[no-untyped-def]
    """The rows whose draw for a release lies below the highest chance of all: few, and found many at a time."""
    rows, count = np.empty(len(entity), dtype=np.int64), 0
    # (bits + 0.5) / 2^52 < most, in whole numbers.
    below = np.uint64(math.ceil(min(max(0.5, most * 2.0**52), 2.0**52) - 0.5))
    step, draws = (model_key + np.uint64(1)) * STEP, np.empty(TOGETHER, dtype=np.uint64)
    for first in range(0, len(entity), TOGETHER):
        part = entity[first : first + TOGETHER]
        for k in range(len(part)):
            draws[k] = mix(mix(key + part[k] * GOLDEN) + step) >> DROPPED
        for k in range(len(part)):
            rows[count] = first + k
            count += draws[k] < below
    return rows[:count]


@compiled
def waiting_who_hear(day, state, start, entity, work, chances, key, model_key, view, order):  # type: ignore[no-untyped-def]
    """The rows of waiting work that hears of a release, given the chances of the easiest and of the hardest work by
    category, and the hardness relative to the frontier at which listening is half-way."""
    easiest, hardest, midpoint = chances
    rows, count = may_hear(entity, key, model_key, max(easiest.max(), hardest.max())), 0
    for w in rows:
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
def embedded_who_hear(state, table, entity, work, curiosity, chance, key, model_key):  # type: ignore[no-untyped-def]
    """The rows of work with a home of its own choice that hears of a release. chance: at curiosity 1, by category."""
    # Curiosity may be of single precision, and so may be its product with a chance.
    most = 1.0 + 1e-6 if len(curiosity) == 0 else chance.max() * curiosity.max() * (1.0 + 1e-6)
    rows, count = may_hear(entity, key, model_key, most), 0
    for w in rows:
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
            day, self.states.state, self.work.start, self.work.entity, self._table, chances, self._key,
            self.market.key[number], yesterday, ability_order(yesterday),
        ))  # fmt: skip

    def embedded_who_hear(self, number: int) -> Rows:
        """Work with a home that hears of a release."""
        chance = heard(self.market.reach[number]) * self.attention.embedded
        return np.asarray(embedded_who_hear(
            self.states.state, self.states.table, self.work.entity, self._table, self.work.curiosity, chance, self._key,
            self.market.key[number],
        ))  # fmt: skip
