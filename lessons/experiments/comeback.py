"""A dip and a rise in one cohort's retention: a rival that was tried, a quiet month, or both; what tells them apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.inference.cohorts.panel import Panel
from analysis.inference.curves.reactivation_evidence import (
    calendar_safe,
    elsewhere_in_gap,
    isotonic_lrt_of,
    log_convexity,
)
from lessons.frame.worlds import Played, play

WORLD, MODEL = "lessons/boomerang", "new/focal"
NO_RIVAL = ("mechanisms.rival_trials=off",)
QUIET = (
    "population.activity={2025-04-30: 1.0, 2025-05-01: 0.3, 2025-05-31: 0.3, 2025-06-01: 1.0}",
)  # as in quiet-month.yaml
MARCH, DIP, RISE = 2, 2, 3
"""The cohort that is looked at, and its months of May and June."""
LEVEL = 0.05
"""Of every test here."""


def settings(*, rival: bool, quiet: bool) -> tuple[str, ...]:
    """Settings of the world with and without a rival that people try, and with and without a quiet May."""
    return (*(() if rival else NO_RIVAL), *(QUIET if quiet else ()))


@dataclass(frozen=True, eq=False)
class Comeback:
    """The cohort of March in one world."""

    played: Played
    panel: Panel

    @cached_property
    def users(self) -> NDArray[np.int32]:
        """Rows in the world of the panel's users."""
        a = self.played.activity
        return np.unique(a.user[a.model == a.models.index(MODEL)])

    @cached_property
    def own(self) -> NDArray[np.bool_]:
        """Activity of March's users by months since March."""
        return self.panel.ages(MARCH)

    def share(self, k: int) -> float:
        """R(k) of March's users."""
        return float(self.own[:, k].mean())

    @property
    def p_rise(self) -> float:
        """The usual test for a rise: is the curve more than a falling one with noise? (isotonic likelihood ratio)"""
        return isotonic_lrt_of(self.own).p

    @property
    def p_bend(self) -> float:
        """Does the curve bend in June as no mix of skipping and leaving can? (log-convexity)"""
        tests = log_convexity(self.own)
        return float(tests.p[tests.months == RISE][0])

    @property
    def p_beside(self) -> float:
        """Does it bend more than the older cohorts' curves do in the same months? (calendar-safe)"""
        tests = calendar_safe(self.own, [(self.panel.ages(c), MARCH - c) for c in range(MARCH)])
        return float(tests.p[tests.months == RISE][0])

    @cached_property
    def gap(self) -> dict[str, Any]:
        """Of March's users silent in May, those back in June and the others: who used another model meanwhile."""
        row = elsewhere_in_gap(self.own, self._elsewhere)
        return dict(row[row["k"] == RISE].iloc[0])

    @cached_property
    def _elsewhere(self) -> NDArray[np.bool_]:
        """Activity of March's users in any other model, by months since March."""
        a, mine = self.played.activity, self.users
        other = (a.model != a.models.index(MODEL)) & np.isin(a.user, mine)
        active = np.zeros((len(mine), len(a.months)), np.bool_)
        active[np.searchsorted(mine, a.user[other]), a.month[other]] = True
        return active[self.panel.cohort == MARCH, MARCH:]

    def by_month(self) -> pd.DataFrame:
        """Shares of March's users and of all older ones by month of the calendar: month (1 to 9), share, name."""
        panel = self.panel
        older = panel.active[panel.cohort < MARCH]
        rows = [
            (m + 1, float(active[:, m].mean()), name)
            for name, active in (
                ("users of March", panel.active[panel.cohort == MARCH]),
                ("older users", older),
            )
            for m in range(MARCH, len(panel.months))
        ]
        return pd.DataFrame(rows, columns=["month", "share", "name"])

    @property
    def found(self) -> bool:
        """Whether a comeback is found: a bend beside the older cohorts, by users who were elsewhere."""
        return self.p_beside <= LEVEL and self.gap["low"] > 0


@lru_cache(maxsize=64)
def comeback(rival: bool = True, quiet: bool = False, seed: int = 1) -> Comeback:
    """The cohort of March in the world of these switches."""
    played = play(WORLD, settings(rival=rival, quiet=quiet), seed=seed)
    return Comeback(played, played.panel(MODEL))
