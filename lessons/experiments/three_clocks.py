"""Age, period and cohort: three clocks of one table, and which of them a fall belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import pandas as pd

from analysis.inference.cohorts.panel import Panel
from analysis.inference.launch.four_tests import age_period
from analysis.inference.launch.naive import age_only
from analysis.numerals import counted
from lessons.experiments.launch import from_launch
from lessons.frame.worlds import play

SHOCK, CROWDS = "lessons/rival-elsewhere", "lessons/worse-crowds"
MODEL = "new/focal"
COHORTS = 5
"""Months of joining that are drawn, from the first on."""
AGES = (1, 2, 3)
"""Months after joining that are followed along the calendar."""
AGE, LEAST, LEVEL = 3, 100, 0.05
APRIL, MAY = 4, 5


def activity(strength: float) -> tuple[str, ...]:
    """Settings under which all users come less often from 28 April on, a Monday: users of a week are active or not. So
    April is nearly untouched, and May is not. strength: 0 (not at all) to 1 (never)."""
    return (f"population.activity={{2025-04-27: 1.0, 2025-04-28: {1 - strength:.2f}}}",)


@dataclass(frozen=True, eq=False)
class Clocks:
    """The users of one model by month of joining."""

    panel: Panel

    def share(self, cohort: int, k: int) -> float:
        """R(k) of one cohort."""
        return float(self.panel.ages(cohort)[:, k].mean())

    def cells(self) -> pd.DataFrame:
        """One row a cohort and month after joining: age, month (of the calendar), share, name (of the cohort)."""
        months = self.panel.months
        rows = [
            (k, months[c + k].month, self.share(c, k), f"joined in {months[c]:%B}")
            for c in range(COHORTS)
            for k in range(1, len(months) - c)
        ]
        return pd.DataFrame(rows, columns=["age", "month", "share", "name"])

    def at_age(self) -> pd.DataFrame:
        """The same shares along the calendar, at one age each: one row an age and month, with all cohorts."""
        months = self.panel.months
        rows = [
            (k, months[c + k].month, self.share(c, k), f"{counted(k, 'month')} after joining")
            for k in AGES
            for c in range(len(months) - k)
        ]
        return pd.DataFrame(rows, columns=["age", "month", "share", "name"])

    @property
    def step(self) -> float:
        """Points by which the share of active users falls from April to May at the same age, the mean over ages."""
        at = self.at_age().pivot_table(index="age", columns="month", values="share")
        return 100 * float((at[APRIL] - at[MAY]).mean())

    @property
    def gap(self) -> float:
        """Points by which the first month's users lead those of the other months drawn, in their month 3."""
        later = [self.share(c, AGE) for c in range(1, COHORTS)]
        return 100 * (self.share(0, AGE) - sum(later) / len(later))

    @property
    def p_age_only(self) -> float:
        """The naive test: the first cohort against the others at the same age."""
        return age_only(self.panel.cells, 0, robust=True).p

    @property
    def p_age_period(self) -> float:
        """The same with every month of the calendar allowed a level of its own."""
        return age_period(self.panel.cells, 0)[0].p


@lru_cache(maxsize=64)
def clocks(strength: float = 0.55, crowds: bool = False, seed: int = 1) -> Clocks:
    """The world in which a rival of this strength opens elsewhere; crowds: later users are of a worse kind."""
    played = play(CROWDS if crowds else SHOCK, activity(strength), seed=seed)
    return Clocks(from_launch(played.panel(MODEL, min_cohort=LEAST)))
