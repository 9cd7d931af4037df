"""A lesson's world, played in memory: who used which model when, without writing a log."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import sim
from analysis.inference.cohorts.panel import Panel
from analysis.months import months_between
from analysis.queries.cohorts.activity_retention import WINDOW_DAYS
from sim.activity import Activity, monthly
from sim.agents.spells import Kind, Reason
from sim.traffic.records import MILLIS_PER_DAY
from testbed import shipped

KEPT = 24
"""Worlds that are kept after they were played: a control that goes back finds its world again."""


@dataclass(frozen=True, eq=False)
class Played:
    """A world whose market has run."""

    agents: sim.Agents
    _alone: dict[str, Activity] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def activity(self) -> Activity:
        """Who used which model in which month, exactly as the log would say."""
        return monthly(self.agents)

    def _activity_of(self, model: str) -> Activity:
        """The activity with a model: counted alone it is there sooner than that with all of them."""
        if "activity" in self.__dict__:
            return self.activity
        if model not in self._alone:
            self._alone[model] = monthly(self.agents, model)
        return self._alone[model]

    @property
    def days(self) -> int:
        """Days of the world."""
        return self.agents.world.scenario.days

    @property
    def start(self) -> np.datetime64:
        """The first day."""
        return np.datetime64(self.agents.world.scenario.start, "D")

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models."""
        return self.activity.models

    def released(self, model: str) -> np.datetime64:
        """The day on which a model came out."""
        return np.datetime64(self.agents.world.catalogue[model].released, "D")

    @cached_property
    def spells(self) -> pd.DataFrame:
        """The intervals of use, one row each, by user and start: user (row in the world), work, model, kind (a name of
        `sim.agents.spells.Kind` in small letters), start and end (days since the world's first one, half-open), reason
        (why it ended)."""
        spells, agents = self.agents.spells, self.agents
        names = np.array([m.slug for m in agents.world.catalogue.models], dtype=object)
        return pd.DataFrame({
            "user": agents.workloads.user[spells["workload"]],
            "work": spells["workload"],
            "model": names[spells["model"]],
            "kind": [Kind(k).name.lower() for k in spells["kind"]],
            "start": spells["start"],
            "end": np.minimum(spells["end"], self.days),
            "reason": [Reason(r).name.lower() for r in spells["reason"]],
        })  # fmt: skip

    @cached_property
    def active_days(self) -> pd.DataFrame:
        """Each user's days with a request to a model: user, model, day (days since the world's first one), requests."""
        traffic = self.agents.traffic()
        slugs = np.array([m.slug for m in self.agents.world.catalogue.models], dtype=object)
        parts = []
        for week, block in traffic.tasks():
            records = traffic.records(week, block)
            parts.append(np.stack([records.user, records.model, records.day_millis // MILLIS_PER_DAY]))
        rows, count = np.unique(np.concatenate(parts, axis=1), axis=1, return_counts=True)
        return pd.DataFrame(
            {"user": rows[0], "model": slugs[rows[1].astype(int)], "day": rows[2], "requests": count}
        )

    def active_months(self, model: str | None = None) -> NDArray[np.bool_]:
        """Who used a model, or any of them, in which month, shape (users, months)."""
        a = self.activity if model is None else self._activity_of(model)
        mine = np.ones(len(a), np.bool_) if model is None else a.model == a.models.index(model)
        active = np.zeros((len(self.agents.users), len(a.months)), np.bool_)
        active[a.user[mine], a.month[mine]] = True
        return active

    @cached_property
    def month_of(self) -> NDArray[np.int64]:
        """The index of each day's calendar month, from 0."""
        months = (self.start + np.arange(self.days)).astype("datetime64[M]").astype(np.int64)
        return months - months[0]

    def panel(self, model: str, *, windows: bool = False, min_cohort: int = 1) -> Panel:
        """The months of use of one model's users, as a log's panel, with the cohort of the release as the
        launch cohort.

        windows: the same users by 30-day windows from their first day of use stand beside it (`rewindowed`); a window
        counts where it is over for every member of the cohort when the world ends.
        """
        a = self._activity_of(model)
        months = a.months
        mine = a.model == a.models.index(model)
        world = self.agents.world
        launch = months_between(world.scenario.start, world.catalogue[model].released)
        panel = Panel.from_arrays(
            a.user[mine], a.month[mine], months=months, model=model, organisation=a.account[mine],
            requests=a.requests[mine], launch=launch if 0 <= launch < len(months) else None, min_cohort=min_cohort,
        )  # fmt: skip
        return replace(panel, rewindowed=self._by_windows(panel)) if windows else panel

    def _by_windows(self, panel: Panel) -> Panel:
        used = self.active_days[self.active_days["model"] == panel.model]
        first = used.groupby("user")["day"].transform("min").to_numpy()
        cohort, size = self.month_of[first], len(panel.months)
        window = (used["day"].to_numpy() - first) // WINDOW_DAYS
        known = np.zeros((size, size), dtype=np.bool_)
        for c in np.unique(cohort):
            over = (self.days - int(first[cohort == c].max())) // WINDOW_DAYS
            known[c, c : c + over] = True
        again = Panel.from_arrays(
            used["user"], cohort + window, months=panel.months, model=panel.model, launch=panel.launch,
            min_cohort=panel.min_cohort,
        )  # fmt: skip
        return replace(again, windows="30 days", known=known)


@lru_cache(maxsize=KEPT)
def play(name: str, settings: tuple[str, ...] = (), *, seed: int = 1, users: int | None = None) -> Played:
    """Play a shipped world, such as "lessons/habits". settings: as after `--set`, such as "mechanisms.fit=off"."""
    world = sim.load_world(shipped.named(name), settings=settings, seed=seed, users=users)
    return Played(sim.run_agents(world))
