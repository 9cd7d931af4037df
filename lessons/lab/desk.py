"""The desk: takes a state and gives its curves, then its verdicts, then their error rates. The newest state wins."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from lessons.frame.worlds import Played
from lessons.lab.controls import market_json
from lessons.lab.market import Worlds, worlds_of
from lessons.lab.mystery import Round
from lessons.lab.panel import panel_json
from lessons.lab.spell_bars import spells_json
from lessons.lab.state import State
from sim import World
from sim.rehearsal import Rehearsal
from testbed.patterns.outcome import of_activity

KEPT = 12
"""Worlds, first answers among them, that are not simulated again when the learner comes back to them."""
VERDICT_AFTER_S, RATES_AFTER_S = 0.4, 1.0
"""Pauses of the hand: after the curves, before verdicts are begun; and after these, before error rates are. Work that
the next move would only abandon would slow its curves down (assumed)."""

FIRST_USERS = 4_000
"""Users of the first answer to a state with more than twice as many: the same market with fewer users, which takes a
third of the time (assumed to be enough for the shape of a curve; the page says how many they are)."""


class Abandoned(Exception):
    """Nobody waits for this work any more."""


class Ticket:
    """Whether somebody still waits for an answer."""

    def __init__(self) -> None:
        self._over = threading.Event()

    def abandon(self) -> None:
        """Nobody does."""
        self._over.set()

    def rest(self, seconds: float) -> None:
        """Waits, but not for longer than somebody waits for the answer. Raises Abandoned if nobody does."""
        if self._over.wait(seconds):
            raise Abandoned

    def check(self, *_: object) -> None:
        """Raises Abandoned if nobody does."""
        if self._over.is_set():
            raise Abandoned


class Desk:
    """Answers states, several at a time; a world that was asked for lately is not simulated again."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="world")
        self._kept: OrderedDict[str, Played] = OrderedDict()
        self._lock = threading.Lock()
        self._own = threading.local()

    def close(self) -> None:
        """Waits for nothing that has not begun."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def simulated(self, world: World, ticket: Ticket) -> Played:
        """The world, run. Raises Abandoned as soon as nobody waits for it."""
        key = _key(world)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        ticket.check()
        found = Played(self._rehearsal.agents(world, ticket.check))
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    @property
    def _rehearsal(self) -> Rehearsal:
        """This thread's: it keeps users and work that a change does not touch."""
        if not hasattr(self._own, "rehearsal"):
            self._own.rehearsal = Rehearsal()
        found: Rehearsal = self._own.rehearsal
        return found

    def panel(self, world: World, look: str, ticket: Ticket) -> dict[str, Any]:
        """The retention panel of a model in a world."""
        return panel_json(self.simulated(world, ticket), look)

    def answers(self, state: State, ticket: Ticket) -> Iterator[dict[str, Any]]:
        """What the page gets, piece by piece: the controls, the curves of both worlds (where there are many users,
        those of fewer first), verdicts, error rates.

        Raises BadInput where the state cannot run, before the first piece; ends early once nobody waits.
        """
        worlds = worlds_of(state)
        yield {"part": "market", **market_json(worlds, state)}
        try:
            yield from self._curves(worlds, ticket, self._first(worlds))
            yield from self._judged(worlds, ticket)
            yield {"part": "done"}
        except Abandoned:
            return

    def mystery(self, asked: Round, ticket: Ticket) -> Iterator[dict[str, Any]]:
        """The curves of a round: `world` is the changed market, `twin` the market as it was. No state is told."""
        changed, before = worlds_of(asked.mystery), worlds_of(asked.reference)
        try:
            yield from self._curves(replace(changed, twin=before.world), ticket)
        except Abandoned:
            return

    def _curves(
        self, worlds: Worlds, ticket: Ticket, first: Sequence[tuple[World, str]] = ()
    ) -> Iterator[dict[str, Any]]:
        """The panels of both worlds as they come. first: worlds of fewer users; their panels are `first curves`."""
        asked: dict[Future[dict[str, Any]], tuple[str, str]] = {}
        for part, sides in (("first curves", first), ("curves", _both(worlds))):
            for world, side in sides:
                asked[self._pool.submit(self.panel, world, worlds.look, ticket)] = part, side
        whole = set()
        for done in as_completed(asked):
            part, side = asked[done]
            if part == "curves":
                whole.add(side)
            elif side in whole:
                continue  # it comes too late to be the first one
            yield {"part": part, "side": side, **done.result()}

    def _first(self, worlds: Worlds) -> list[tuple[World, str]]:
        """The worlds with fewer users, of sides whose own takes much longer."""
        if worlds.world.scenario.users <= 2 * FIRST_USERS:
            return []
        with self._lock:
            return [(_fewer(world), side) for world, side in _both(worlds) if _key(world) not in self._kept]

    def _judged(self, worlds: Worlds, ticket: Ticket) -> Iterator[dict[str, Any]]:
        # It brings the libraries of statistics, for which no first curve should wait.
        from lessons.lab import judging

        ticket.rest(VERDICT_AFTER_S)
        with ExitStack() as opened:
            outcomes = {}
            for world, side in _both(worlds):
                ticket.check()
                played = self.simulated(world, ticket)
                outcome = opened.enter_context(of_activity(played.agents, played.activity))
                outcomes[side] = outcome
                yield {
                    "part": "verdict",
                    "side": side,
                    **judging.verdict_json(outcome, worlds.look, ticket.check),
                }
            ticket.rest(RATES_AFTER_S)
            for side, outcome in outcomes.items():
                ticket.check()
                told = judging.rates_json(outcome, worlds.look, ticket.check)
                yield {"part": "rates", "side": side, **(told or {"nothing": True})}

    def spells(self, state: State, side: str) -> dict[str, Any]:
        """Single users of the world or of its twin."""
        worlds = worlds_of(state)
        world = worlds.twin if side == "twin" else worlds.world
        return spells_json(self.simulated(world, Ticket()).agents, worlds.look)


def _key(world: World) -> str:
    """By what a simulated world is kept."""
    return world.scenario.model_dump_json()


def _fewer(world: World) -> World:
    """The same market with fewer users."""
    return replace(world, scenario=world.scenario.model_copy(update={"users": FIRST_USERS}))


def _both(worlds: Worlds) -> tuple[tuple[World, str], ...]:
    return (worlds.world, "world"), (worlds.twin, "twin")


def warm_up() -> None:
    """Compiles what curves need, or reads it from the cache, with a world of a few users."""
    desk = Desk()
    try:
        worlds = worlds_of(State(users=20))
        for world, _ in _both(worlds):
            desk.panel(world, worlds.look, Ticket())
    finally:
        desk.close()
