"""Many cohorts and many models: what one would find by looking at all of them.

Over the cohorts of a model: the largest of their age + period statistics, beside what the largest is when no cohort
is special (maxT, Westfall & Young 1993). Exchanging users between cohorts would be wrong, since it moves them to
other calendar months; so the null is simulated from the fitted BG/BB users and calendar effects (a parametric
bootstrap). Over models: Holm for a list of verdicts, Benjamini & Hochberg for screening.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from analysis.inference.cohorts.cells import Cells, Floats
from analysis.inference.cohorts.panel import Panel
from analysis.inference.cohorts.populations import Population
from analysis.inference.launch import identifiability
from analysis.inference.launch.four_tests import binomial_regression, expit

Method = Literal["holm", "fdr_bh"]
LEAST_SCANNED = 3  # cohorts without which none has an effect of its own beside age and month


@dataclass(frozen=True)
class Scan:
    """All cohorts of one model: z statistics and p-values adjusted for the search (single-step maxT)."""

    cohorts: tuple[int, ...]
    z: tuple[float, ...]
    adjusted_p: tuple[float, ...]
    simulations: int

    @property
    def top(self) -> int | None:
        """The cohort with the largest statistic; None without any."""
        return self.cohorts[int(np.nanargmax(self.z))] if np.isfinite(self.z).any() else None


def scan(panel: Panel, null: Population, rng: np.random.Generator, simulations: int = 200) -> Scan:
    """Which cohort of a model stands out most, and how unusual that is if none is special.

    How much cohorts vary is known from few of them, so each simulation has a spread of its own, which that estimate
    could come from: its square over a chi-squared of as many degrees of freedom (as Student's t arises). Of seven
    cohorts of 500 users, none special, some has an adjusted p below 5% in 0 to 10% of panels (60 each, spread 0 to 0.5)
    """
    cells = panel.cells
    z = cohort_statistics(cells)
    degrees = max(len(z) - 2, 1)  # the cohorts but the first, less their mean
    largest = np.full(simulations, -np.inf)
    for i in range(simulations):
        spread = null.cohort_sd * math.sqrt(degrees / rng.chisquare(degrees))
        world = replace(null, cohort_sd=spread)
        drawn = cohort_statistics(world.draw(rng, min_cohort=max(panel.min_cohort, 1)).cells)
        largest[i] = max(drawn.values(), default=-math.inf)
    adjusted = [float((1 + (largest >= value).sum()) / (simulations + 1)) for value in z.values()]
    return Scan(tuple(z), tuple(z.values()), tuple(adjusted), simulations)


def cohort_statistics(cells: Cells) -> dict[int, float]:
    """Score statistic of each cohort's own effect beside age and period effects, robust to clusters.

    One fit without any cohort effect serves all cohorts. Cohorts without an identified effect are left out.
    """
    cohorts = cells.cohorts
    if len(cohorts) < LEAST_SCANNED:
        return {}
    base = identifiability.design(cells)
    beta, _ = binomial_regression(cells, base)
    p = expit(base @ beta)
    weight = cells.size * p * (1 - p)
    own = (cells.cohort[:, None] == np.array(cohorts)).astype(np.float64)
    solved = np.linalg.lstsq(base.T @ (weight[:, None] * base), base.T @ (weight[:, None] * own), rcond=None)[
        0
    ]
    efficient: Floats = own - base @ solved
    score = efficient.T @ (cells.count - cells.size * p)
    variance = np.einsum("ic,ij,jc->c", efficient, cells.scatter(p), efficient)
    information = (weight[:, None] * efficient**2).sum(axis=0)
    known = (variance > 0) & (information > 1e-9 * weight.sum())
    return {c: float(score[i] / math.sqrt(variance[i])) for i, c in enumerate(cohorts) if known[i]}


def adjusted(p_values: Sequence[float], method: Method) -> list[float]:
    """p-values adjusted for their number: "holm" (a list of verdicts) or "fdr_bh" (screening); NaN stays NaN."""
    values = np.asarray(p_values, dtype=np.float64)
    if method == "holm":
        return holm(values).tolist()
    known = np.isfinite(values)
    out = np.full(len(values), math.nan)
    if known.any():
        from scipy.stats import false_discovery_control

        out[known] = false_discovery_control(values[known], method="bh")
    return [float(p) for p in out]


def holm(p: Floats) -> Floats:
    """Holm-corrected p-values, shape (tests,); an undefined one (NaN) stays so and counts for nothing.

    Written out, because the one in statsmodels collects garbage on every call: a fifth of a second in a large process.
    """
    out = np.full(p.shape, np.nan)
    order = np.argsort(p)[: np.count_nonzero(~np.isnan(p))]  # NaN sort last
    scaled = p[order] * np.arange(order.size, 0, -1)
    out[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return out
