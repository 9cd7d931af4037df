"""A search for a special month of joining among many models, where there is none, one, or where all months vary.

What the best of many looks is worth is asked by the permutation maximum (maxT, Westfall & Young 1993): the users of
each model are dealt out to its months anew. That is right where no calendar month is special, as here. On a log it
would move users to other calendar months: `analysis.inference.launch.multiplicity.scan` draws new users instead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np

from analysis.inference.cohorts.cells import Cells, Floats
from analysis.inference.cohorts.populations import Population
from analysis.inference.launch.four_tests import launch_tests
from analysis.inference.launch.multiplicity import holm
from analysis.inference.launch.naive import pooled_z, two_proportions

Truth = Literal["nothing", "one", "vary"]
Asked = tuple[int, int, int, Truth, int]
AGE = 3
"""The month that the naive test looks at; every cohort reaches it."""
LEVEL = 0.05
LOYAL, SPREAD = 0.25, 0.25
"""Share of the one special cohort that never leaves; spread of all cohorts where they vary, on the log of dropout."""
SHUFFLES = 999
"""How often users are dealt out anew: the best of noise is known to its 95th percentile (assumed to be enough)."""


@dataclass(frozen=True, eq=False)
class Search:
    """What a search over all cohorts of all models finds. Arrays of shape (models, cohorts).

    lead: R(3) of the cohort less that of the model's other cohorts; z: the lead over its usual chance size; p: of the
    naive test, one-sided; dealt: z after the users were dealt out anew once, in order, shape (models * cohorts,);
    best_of_noise: the largest z each time that they were, in order, shape (SHUFFLES,). asked: the arguments of `drawn`.
    """

    lead: Floats
    z: Floats
    p: Floats
    dealt: Floats
    best_of_noise: Floats
    asked: Asked

    @property
    def looked_at(self) -> int:
        """Cohorts that were looked at."""
        return self.p.size

    @property
    def naive(self) -> int:
        """Cohorts with p under 5%."""
        return int((self.p <= LEVEL).sum())

    @property
    def corrected(self) -> int:
        """Cohorts with p under 5% after Holm's correction for how many were looked at."""
        return int((holm(self.p.ravel()) <= LEVEL).sum())

    @property
    def to_beat(self) -> float:
        """The z that the best of noise reaches in one of twenty dealings."""
        return float(self.best_of_noise[math.ceil((1 - LEVEL) * (SHUFFLES + 1)) - 1])

    @property
    def beyond_noise(self) -> int:
        """Cohorts that lead by more than that: those which single-step maxT calls at 5%."""
        return int((self.z > self.to_beat).sum())

    @cached_property
    def strict(self) -> int:
        """Cohorts that the four tests together call."""
        models = drawn(*self.asked)
        return sum(launch_tests(cells, cohort).stands_out for cells in models for cohort in cells.cohorts)

    @cached_property
    def launch_stands(self) -> bool:
        """Whether they call the first model's launch month."""
        return launch_tests(drawn(*self.asked)[0], 0).stands_out

    @property
    def best(self) -> float:
        """The largest lead, in points."""
        return 100 * float(self.lead.ravel()[int(np.argmin(self.p))])


@lru_cache(maxsize=256)
def search(
    models: int = 8, cohorts: int = 8, users: int = 400, truth: Truth = "nothing", seed: int = 1
) -> Search:
    """Draw users of some models, cohort by cohort, and look at every cohort of every model.

    truth: "nothing": all cohorts of a model are alike; "one": a quarter of the first model's launch cohort never
    leaves; "vary": in every model some cohorts leave sooner than others, for no reason that a release has.
    """
    asked = (models, cohorts, users, truth, seed)
    found = []
    for cells in drawn(*asked):
        for cohort in cells.cohorts:
            naive = two_proportions(cells, cohort, AGE)
            found.append((lead_of(cells, cohort, AGE), naive.statistic, naive.p))
    lead, z, p = (np.array(column).reshape(models, cohorts) for column in zip(*found, strict=True))
    rng = np.random.default_rng([seed, models, cohorts, users, SHUFFLES])
    noise = np.hstack([dealt_out(cells, rng) for cells in drawn(*asked)])
    return Search(lead, z, p, np.sort(noise[0]), np.sort(noise.max(axis=1)), asked)


@lru_cache(maxsize=2)
def drawn(models: int, cohorts: int, users: int, truth: Truth, seed: int) -> list[Cells]:
    """The users of each model as counts. Only the last are kept: they are large."""
    alike = Population("alike", (users,) * cohorts, months=cohorts + AGE)
    rng = np.random.default_rng([seed, models, cohorts, users])
    worlds = [replace(alike, cohort_sd=SPREAD) if truth == "vary" else alike] * models
    if truth == "one":
        worlds[0] = replace(alike, loyal=LOYAL)
    return [world.draw(rng).cells for world in worlds]


def dealt_out(cells: Cells, rng: np.random.Generator, times: int = SHUFFLES) -> Floats:
    """z of each cohort's R(3) after the users of a model were dealt out to its months anew, shape (times, cohorts)."""
    at = cells.at(AGE)
    size, active = cells.size[at].astype(np.int64), int(cells.count[at].sum())
    hands = rng.multivariate_hypergeometric(size, active, size=times)
    z = np.vectorize(pooled_z, otypes=[np.float64])(hands, size, active - hands, size.sum() - size)
    return np.asarray(z)


def lead_of(cells: Cells, cohort: int, k: int) -> float:
    """How far a cohort's R(k) lies above that of the model's other cohorts together, 0 to 1."""
    at = cells.at(k)
    own = cells.cohort[at] == cohort
    return float(cells.share[at][own][0] - cells.count[at][~own].sum() / cells.size[at][~own].sum())


def needed(looked_at: int) -> float:
    """The z that the best cohort needs after Holm's correction: that of 5% shared among all that were looked at."""
    from scipy.special import ndtri

    return -float(ndtri(LEVEL / looked_at))


def chance_of_one(looked_at: int) -> float:
    """How likely at least one of so many independent looks has p under 5% by chance alone."""
    return 1 - math.pow(1 - LEVEL, looked_at)
