"""The market's calendar: releases, prices, promotions, outages, retirements and authors' strategies.

SimPy carries the clock. Each cause of change is one small process on one environment; `Market.days` advances the
environment day by day and hands each day's changes to the agents.
"""

import datetime as dt
import hashlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

import numpy as np
import simpy
from numpy.typing import NDArray

from analysis.contract import CATEGORIES
from sim.catalogue import Catalogue, CatalogueModel
from sim.pricing import Usage
from sim.scenario import Scenario
from sim.scenario.calendar import AbilityEvent, OutageEvent, PriceEvent, PriceStrategyEvent, PromotionEvent

Process = Generator[simpy.Event, None, None]
NO_LINE = -1
"""In place of a line's number: the model is of none."""
SAME = 1e-9
"""Relative difference below which two effective prices are the same but for rounding."""


@dataclass(frozen=True)
class MarketEvent:
    """One thing that happened in the market, for the truth."""

    day: int
    event: str
    model: int
    detail: str


@dataclass
class Changes:
    """What changed on one day: sets of model numbers."""

    released: list[int] = field(default_factory=list)
    retired: list[int] = field(default_factory=list)
    better: set[int] = field(default_factory=set)
    cheaper_in: dict[int, NDArray[np.bool_]] = field(default_factory=dict)
    """Categories in which a better model is only cheaper; a model that is not here is better in all."""
    worse: set[int] = field(default_factory=set)


class Market:
    """The state of all models today. Arrays have one row for each model, in the catalogue's order."""

    def __init__(self, scenario: Scenario, catalogue: Catalogue) -> None:
        self.scenario = scenario
        self.catalogue = catalogue
        self.start = scenario.start
        self.horizon = scenario.days
        models = catalogue.models
        n = len(models)
        self.key: NDArray[np.uint64] = np.array([_model_key(m.slug) for m in models], dtype=np.uint64)
        """Each model's entity in keyed draws: it depends on the slug alone, so that no other model's luck does."""
        self.listed: NDArray[np.bool_] = np.zeros(n, dtype=bool)
        self.up: NDArray[np.bool_] = np.ones(n, dtype=bool)
        self.free: NDArray[np.bool_] = np.zeros(n, dtype=bool)
        self.price: NDArray[np.float64] = np.full((n, 3), np.nan)
        self.ability: NDArray[np.float64] = np.array([m.latent.ability for m in models]).reshape(
            n, len(CATEGORIES)
        )
        self.hype: NDArray[np.float64] = np.array([m.latent.hype for m in models])
        self.reach: NDArray[np.float64] = np.array([m.latent.reach for m in models]).reshape(
            n, len(CATEGORIES)
        )
        """Models x categories."""
        self.permissive: NDArray[np.bool_] = np.array([m.latent.permissive for m in models], dtype=bool)
        self.tools: NDArray[np.bool_] = np.array([m.facts.tools for m in models], dtype=bool)
        self.context: NDArray[np.float64] = np.array([m.facts.context_tokens for m in models], dtype=float)
        self.release_day: NDArray[np.int64] = np.array(
            [self._day(m.facts.released) for m in models], dtype=np.int64
        )
        lines = sorted({m.facts.line for m in models} - {""})
        self.line: NDArray[np.int64] = np.array(
            [lines.index(m.facts.line) if m.facts.line else NO_LINE for m in models], dtype=np.int64
        )
        """The product line of each model, by a number; NO_LINE where it is of none."""
        self.share: NDArray[np.float64] = np.zeros(n)
        """Last week's share of use, written by the agents (`measured`)."""
        self.share_by_category: NDArray[np.float64] = np.zeros((n, len(CATEGORIES)))
        """The same within each category of work: models x categories."""
        self.changes = Changes()
        self._windows: NDArray[np.int64] = np.zeros(n, dtype=np.int64)
        self._outages: NDArray[np.int64] = np.zeros(n, dtype=np.int64)
        """How many free windows and outages are under way: they may overlap."""
        self._repriced = True
        self.version = 0
        """Another number whenever models may have changed; shares of use count for nothing here."""
        self._lasting: NDArray[np.float64] = np.ones(n)
        """By what each model's later prices in the catalogue are multiplied."""
        self.events: list[MarketEvent] = []
        self.price_history: NDArray[np.float64] = np.full((self.horizon, n, 3), np.nan)
        self.free_history: NDArray[np.bool_] = np.zeros((self.horizon, n), dtype=bool)
        self.up_history: NDArray[np.bool_] = np.zeros((self.horizon, n), dtype=bool)
        """Models that answer, by day: listed, and without an outage."""
        facts = [model.facts for model in models]
        self._usage = Usage(scenario, [f.reasoning for f in facts], [f.open_weights for f in facts])
        self.effective_price: NDArray[np.float64] = np.full((n, len(CATEGORIES)), np.nan)
        self.env = simpy.Environment(initial_time=min([0, *self.release_day.tolist()]))
        for number, model in enumerate(models):
            self.env.process(self._life(number, model))
            self.env.process(self._price_path(number, model))
            for window in model.facts.free_windows:
                first = self._day(window.start)
                until = None if window.end is None else self._day(window.end)
                self.env.process(self._free_window(number, first, until, window.kind))
        for event in scenario.calendar:
            self._schedule(event)

    # -- the clock ----------------------------------------------------------------------------------------------

    def days(self) -> Iterator[int]:
        """Advance the environment day by day; after each `next`, the state is that of the day yielded."""
        for day in range(self.horizon):
            self.changes = Changes()
            while self.env.peek() < day + 0.5:
                self.version += 1
                self.env.step()
            if day % 7 == 0 or self._repriced:
                self.version += 1
                self.effective_price = self._usage.effective_price(self.price, day)
                self._repriced = False
            self.price_history[day] = self.price
            self.free_history[day] = self.free
            self.up_history[day] = self.up & self.listed
            yield day

    def stretches(self) -> Iterator[range]:
        """The same, but days on which nothing changes come with the day before them, within a week from the world's
        first day on: after each `next`, the state is that of all the days yielded."""
        days = self.days()
        for day in days:
            # An event before noon is of its day: see `days`.
            event = int(np.floor(min(self.env.peek(), self.horizon) - 0.5)) + 1
            stretch = range(day, min(event, (day // 7 + 1) * 7, self.horizon))
            yield stretch
            for _ in stretch[1:]:
                next(days)

    def measured(self, uses: NDArray[np.float64]) -> None:
        """Take note of how many homes and trials each model has in each category (models x categories)."""
        self.share = uses.sum(axis=1) / max(uses.sum(), 1)
        self.share_by_category = uses / np.maximum(uses.sum(axis=0), 1)

    def _day(self, date: dt.date) -> int:
        return (date - self.start).days

    def _wait_until(self, day: float) -> simpy.Event:
        return self.env.timeout(max(0, day - self.env.now))

    def _note(self, event: str, model: int, detail: str = "") -> None:
        if self.env.now >= 0:
            self.events.append(MarketEvent(int(self.env.now), event, model, detail))

    # -- what happens to a model --------------------------------------------------------------------------------

    def _life(self, number: int, model: CatalogueModel) -> Process:
        yield self._wait_until(int(self.release_day[number]))
        self.listed[number] = True
        self.changes.released.append(number)
        self._note("release", number)
        if model.facts.retired is None:
            return
        yield self._wait_until(self._day(model.facts.retired))
        self.listed[number] = False
        self.changes.retired.append(number)
        self._note("retirement", number, model.facts.successor or "")

    def _price_path(self, number: int, model: CatalogueModel) -> Process:
        for point in model.facts.prices:
            yield self._wait_until(self._day(point.start))
            factor = self._lasting[number]
            cached = None if point.cached is None else point.cached * factor
            self._set_price(number, point.prompt * factor, point.completion * factor, cached)

    def _set_price(self, number: int, prompt: float, completion: float, cached: float | None) -> None:
        day = int(np.clip(self.env.now, 0, self.horizon - 1))
        old, paid = self.price[number].copy(), self._usage.price_of(number, self.price, day)
        new = np.array([prompt, completion, prompt if cached is None else cached])
        self.price[number] = new
        self._repriced = True
        self._judge_free(number)
        if np.isnan(old).any() or (old == new).all():
            return
        # Categories use prompts, caches and completions differently: one change can be better and worse.
        pays = self._usage.price_of(number, self.price, day)
        if (
            pays > paid * (1 + SAME)
        ).any() or not new.any():  # at a price of zero only the free variant is left
            self.changes.worse.add(number)
        cheaper = pays <= paid * (1 - self.scenario.search.noticeable_price_cut + SAME)
        if cheaper.any() and number not in self.changes.better:
            categories = np.zeros(len(CATEGORIES), dtype=bool)
            categories[self._usage.used] = cheaper
            self.changes.cheaper_in[number] = categories
            self.changes.better.add(number)
        self._note("price", number, f"{prompt:g}/{completion:g}")

    def _better_everywhere(self, number: int) -> None:
        self.changes.better.add(number)
        self.changes.cheaper_in.pop(number, None)

    def _judge_free(self, number: int) -> None:
        """A model has a free variant while a window is open, and while its price is zero."""
        was, now = self.free[number], self._windows[number] > 0 or not self.price[number].any()
        self.free[number] = now
        if now and not was:
            self._better_everywhere(number)
        elif was and not now:
            self.changes.worse.add(number)

    def _free_window(self, number: int, first: int, until: int | None, kind: str) -> Process:
        if until is not None and until < first:
            return
        yield self._wait_until(first)
        self._windows[number] += 1
        self._judge_free(number)
        self._note("free", number, kind)
        if until is None:
            return
        yield self._wait_until(until + 1)
        self._windows[number] -= 1
        self._judge_free(number)
        self._note("free_end", number, kind)

    # -- events of the scenario ---------------------------------------------------------------------------------

    def _schedule(self, event: object) -> None:
        match event:
            case PriceEvent():
                self.env.process(self._price_event(event))
            case AbilityEvent():
                self.env.process(self._ability_event(event))
            case PromotionEvent():
                number = self.catalogue.index(event.model)
                window = self._free_window(number, self._day(event.date), self._day(event.until), "promotion")
                self.env.process(window)
            case OutageEvent():
                self.env.process(self._outage(event))
            case PriceStrategyEvent():
                self.env.process(self._price_strategy(event))
            case _:
                pass  # large accounts and waves are population inputs

    def _price_event(self, event: PriceEvent) -> Process:
        yield self._wait_until(self._day(event.date) + 0.25)  # after the catalogue's price of that day
        numbers = np.flatnonzero(self.listed) if event.of_all else [self.catalogue.index(event.model)]
        for number in map(int, numbers):
            if event.factor is not None:
                prompt, completion, cached = self.price[number] * event.factor
                self._set_price(number, prompt, completion, cached)
                if event.lasting:
                    self._lasting[number] *= event.factor
            elif event.prompt is not None and event.completion is not None:
                self._set_price(number, event.prompt, event.completion, event.cached)

    def _ability_event(self, event: AbilityEvent) -> Process:
        number = self.catalogue.index(event.model)
        columns = slice(None) if event.category is None else CATEGORIES.index(event.category)
        yield self._wait_until(self._day(event.date))
        self.ability[number, columns] += event.by
        if event.by > 0:
            self._better_everywhere(number)
        else:
            self.changes.worse.add(number)
        self._note("ability", number, f"{event.by:+g}")

    def _outage(self, event: OutageEvent) -> Process:
        number = self.catalogue.index(event.model)
        yield self._wait_until(self._day(event.date))
        self._outages[number] += 1
        self.up[number] = False
        self._note("outage", number, f"{event.days} days")
        yield self.env.timeout(event.days)
        self._outages[number] -= 1
        self.up[number] = self._outages[number] == 0

    def _price_strategy(self, event: PriceStrategyEvent) -> Process:
        """Cut the author's prices when its weekly share has fallen from its best (assumed rule)."""
        mine = [i for i, m in enumerate(self.catalogue.models) if m.facts.author == event.author]
        yield self._wait_until(self._day(event.date))
        best, cuts = 0.0, 0
        while cuts < event.at_most:
            share = float(self.share[mine].sum())
            best = max(best, share)
            if best > 0 and share < best * (1 - event.when_share_falls_by):
                for number in mine:
                    if self.listed[number]:
                        prompt, completion, cached = self.price[number] * event.factor
                        self._set_price(number, prompt, completion, cached)
                cuts, best = cuts + 1, 0.0
                yield self.env.timeout(event.pause_days)
            else:
                yield self.env.timeout(7)


def _model_key(slug: str) -> int:
    return int.from_bytes(hashlib.sha256(slug.encode()).digest()[:8], "little")
