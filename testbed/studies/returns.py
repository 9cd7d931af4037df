"""How often a boomerang is found where there is none, and where some users did come back; and the naive tests beside.

rates = measure(returning(REFERENCE, users=600, share=0.3, stays=False), np.random.default_rng(1), runs=200)
rates["boomerang"]        # how often the planted return was confirmed: the power
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis.inference.cohorts.co_activity import co_activity
from analysis.inference.cohorts.panel import Panel
from analysis.inference.cohorts.populations import Population
from analysis.inference.curves.reactivation_evidence import isotonic_lrt_of, log_convexity, mcnemar
from analysis.inference.curves.reactivations import find_reactivations
from analysis.inference.launch.four_tests import ALPHA
from testbed.studies.sizes import Setting

COLUMNS = ("isotonic", "McNemar", "log-convexity", "boomerang")
USERS = (600, 2000)  # of every cohort: the sizes that the target is stated at
COHORT, AGE = 2, 3  # where returns are planted: the third cohort, three months on
BLIP = 1.35  # factor of the one month that all are more active in: the reference of the size tables
STAYING_ACTIVITY = 0.7  # chance of a returner who stays to be active in a later month (assumed)


@dataclass(frozen=True)
class Comeback:
    """A population, and what share of the third cohort's lapsed users comes back; 0: a null.

    stays: for good, else for one month. Lapsed are those whom the panel would never have seen again from the month
    before the return on.
    """

    name: str
    population: Population
    share: float = 0.0
    stays: bool = False

    @property
    def is_null(self) -> bool:
        """Whether nobody comes back but by habit."""
        return self.share == 0

    def draw(self, rng: np.random.Generator) -> Panel:
        """One panel with the returns in it."""
        panel = self.population.draw(rng)
        if self.is_null:
            return panel
        month, active = COHORT + AGE, panel.active.copy()
        lapsed = (panel.cohort == COHORT) & ~active[:, month - 1 :].any(axis=1)
        back = np.flatnonzero(lapsed & (rng.random(panel.users) < self.share))
        active[back, month] = True
        if self.stays:
            later = active[back, month + 1 :]
            active[back, month + 1 :] = rng.random(later.shape) < STAYING_ACTIVITY
        return replace(panel, active=active, rewindowed=None)


def nulls(setting: Setting, users: int) -> list[Comeback]:
    """What makes a curve rise, or look so, without a comeback of one cohort's users; cohorts of `users` each."""
    base = Population("", (users,) * setting.cohorts, setting.prior, setting.months)
    month = COHORT + AGE
    seasons = {m: 0.7 if m % 6 == 3 else 1.25 for m in range(1, setting.months) if m % 3 == 0}
    shock = dict.fromkeys(range(month, setting.months), 0.65)
    dip = dict.fromkeys(range(month - 2, month), 0.7)
    return [
        Comeback("heterogeneous decay, nothing else", base),
        Comeback("seasons", replace(base, period=seasons)),
        Comeback("calendar shock, ×0.65 from one month on", replace(base, period=shock)),
        Comeback("calendar shock of one month, ×1.35", replace(base, period={month: BLIP})),
        Comeback("two months of ×0.7, then back to normal", replace(base, period=dip)),
        Comeback("heterogeneous decay, cohorts vary", replace(base, cohort_sd=0.25)),
        Comeback("calendar shock of one month, cohorts vary", replace(base, period={month: BLIP}, cohort_sd=0.25)),
    ]  # fmt: skip


def returning(setting: Setting, users: int, share: float, stays: bool) -> Comeback:
    """A share of the third cohort's lapsed users comes back; cohorts of `users` each."""
    base = Population("", (users,) * setting.cohorts, setting.prior, setting.months)
    return Comeback(f"{share:.0%} return {'and stay' if stays else 'for a month'}", base, share, stays)


def families(setting: Setting, users: int) -> list[Comeback]:
    """The nulls, and four planted returns."""
    planted = [returning(setting, users, share, stays) for stays in (False, True) for share in (0.10, 0.30)]
    return [*nulls(setting, users), *planted]


def measure(family: Comeback, rng: np.random.Generator, runs: int) -> dict[str, float]:
    """Share of panels on which each test of COLUMNS finds a return.

    The first three look at the third cohort alone, at 5% (McNemar and log-convexity: any month, Holm over its months).
    "boomerang" is the verdict's: over all cohorts but the oldest; where returns are planted it must name their cohort
    and month.
    """
    found = np.array([_each(family, family.draw(rng)) for _ in range(runs)], dtype=np.float64)
    return dict(zip(COLUMNS, found.mean(axis=0).tolist(), strict=True))


def _each(family: Comeback, panel: Panel) -> tuple[bool, ...]:
    own = co_activity(panel.ages(COHORT))
    confirmed = [(j.cohort, j.age) for j in find_reactivations(panel) if j.confirmed]
    return (
        isotonic_lrt_of(own).p <= ALPHA,
        mcnemar(own, ALPHA).reactivations.size > 0,
        log_convexity(own, level=ALPHA).reactivations.size > 0,
        bool(confirmed) if family.is_null else (COHORT, AGE) in confirmed,
    )
