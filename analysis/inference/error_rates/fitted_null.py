"""The population without a loyal cohort that is nearest to a panel: its own users, sizes, months and spread.

BG/BB users fitted to the cohorts that are not judged (so that a loyal launch cohort does not colour its own null),
calendar effects as the ratio of active users to expected ones in each month, and the spread between those cohorts.
Where users belong to organisations, the simulated ones do so too, in organisations of the log's sizes, and are as
alike within them as those of the other cohorts are.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from analysis.inference.cohorts.cells import Cells
from analysis.inference.cohorts.panel import Panel
from analysis.inference.cohorts.populations import Population, Prior
from analysis.inference.curves.bgbb import bgbb_cells, fit_bgbb
from analysis.inference.launch.four_tests import contrast_age
from analysis.inference.pooling import random_effects

LARGEST_COHORT = 2_000  # users of a simulated cohort: larger ones hardly do more than raise the power
PERIOD_BOUNDS = (0.2, 3.0)  # of a calendar month's factor: beyond is noise of a few users
_STEP = 0.05  # of log dropout shape, for a numerical slope


class NoFit(Exception):
    """There is too little in the panel to fit a population to."""


def fitted_null(panel: Panel, cohort: int | None = None) -> Population:
    """The population without a loyal cohort: month 0 is the judged cohort's month. Raises NoFit.

    cohort: the judged one (default: the launch cohort, else the first tested one). Cohorts before it are left out;
    cohorts that are too small to be tested are empty. Sizes are cut at LARGEST_COHORT users.
    """
    chosen = panel.launch if cohort is None else cohort
    chosen = min(panel.tested, default=0) if chosen is None else chosen
    others = [c for c in panel.tested if c != chosen]
    cells = panel.cells
    prior = _prior(panel, others)
    total = len(panel.months) - chosen
    groups = _organisations(panel, range(chosen, len(panel.months) - 1))
    sizes = tuple(
        min(int(panel.cohort_sizes[c]), LARGEST_COHORT) if c in panel.tested else 0
        for c in range(chosen, len(panel.months) - 1)
    )
    if groups:
        sizes = tuple(sum(cohort) for cohort in groups)
    null = Population(
        "this log's users, the same in every cohort", sizes, prior, total, organisations=groups,
        likeness=likeness(cells, others) if groups else 0.0,
    )  # fmt: skip
    return replace(null, period=_periods(cells, null, chosen))


def searched_null(panel: Panel) -> Population:
    """The population of a search over all tested cohorts: none is special, but they vary as these do. Raises NoFit.

    The first tested cohort, mostly the launch, colours neither the users nor the spread. Where a cohort was cut at
    LARGEST_COHORT, cohorts vary as much more as a statistic of so many users shrinks.
    """
    first = min(panel.tested, default=0)
    null = fitted_null(panel, first)
    largest = max((int(panel.cohort_sizes[c]) for c in panel.tested), default=0)
    spread = between_cohorts(panel, null, first) * math.sqrt(max(largest / LARGEST_COHORT, 1.0))
    return replace(null, cohort_sd=spread)


def likeness(cells: Cells, cohorts: list[int]) -> float:
    """Correlation of the activity of two users of one organisation and cohort, pooled over the cells of these cohorts:
    0 to 1, 0 where no organisation has two users in a cohort.

    Moments: the sum over pairs of users of the products of their residuals, beside as many variances (the analysis of
    variance estimator of an intra-cluster correlation; Donner 1986, Int. Stat. Rev. 54:67).
    """
    at = np.isin(cells.cohort, cohorts)
    variance = (cells.share * (1 - cells.share))[at]
    together = np.diagonal(cells.scatter(cells.share))[at] - cells.size[at] * variance
    pairs = np.diagonal(cells.sizes)[at] - cells.size[at]
    expected = float(pairs @ variance)
    return float(np.clip(together.sum() / expected, 0.0, 1.0)) if expected > 0 else 0.0


def _organisations(panel: Panel, cohorts: range) -> tuple[tuple[int, ...], ...]:
    """Users of each organisation in each cohort (none in those that are not tested), empty where the panel's users
    are their own. Of a cohort above LARGEST_COHORT, organisations of all its sizes alike, for about so many users."""
    if not panel.has_organisations or panel.organisation is None:
        return ()
    found = []
    for c in cohorts:
        sizes = np.zeros(0, np.int64)
        if c in panel.tested:
            _, sizes = np.unique(panel.organisation[panel.cohort == c], return_counts=True)
        users = int(sizes.sum())
        if users > LARGEST_COHORT:
            keep = max(round(len(sizes) * LARGEST_COHORT / users), 1)
            sizes = np.sort(sizes)[np.linspace(0, len(sizes) - 1, keep).round().astype(np.int64)]
        found.append(tuple(sizes.tolist()))
    return tuple(found)


def between_cohorts(panel: Panel, null: Population, cohort: int | None = None) -> float:
    """Standard deviation between the other cohorts, as a shift of the log dropout shape (`Population.cohort_sd`)."""
    chosen = panel.launch if cohort is None else cohort
    if chosen is None:
        return 0.0
    cells = panel.cells
    k = contrast_age(cells, chosen)
    if k is None:
        return 0.0
    at = cells.at(k)
    at = at[cells.cohort[at] != chosen]
    s, rest = cells.count[at] + 0.5, cells.size[at] - cells.count[at] + 0.5
    # The months of these cells differ, so calendar effects are taken out before the spread is read.
    expected = np.array([null.period.get(int(cells.cohort[i] + k - chosen), 1.0) for i in at])
    _, between, _ = random_effects(
        np.log(s / rest) - np.log(expected), (1 / s + 1 / rest) * cells.design_effect[at]
    )
    slope = (_logit_at(null, k, _STEP) - _logit_at(null, k, -_STEP)) / (2 * _STEP)
    return math.sqrt(between) / abs(slope) if slope else 0.0


def _logit_at(null: Population, k: int, shift: float) -> float:
    share = Population(null.name, null.sizes, null.prior, null.months, worse=(0, shift)).expected(0, k)
    return math.log(share / (1 - share))


def _prior(panel: Panel, cohorts: list[int]) -> Prior:
    parts = [bgbb_cells(panel.ages(c)) for c in cohorts if panel.ages(c).shape[1] > 1]
    if not parts:
        raise NoFit("no other cohort has a month after its first")
    x, t_x, n, counts = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    if int(n.max()) < 2 or not x.any():
        raise NoFit("no other cohort was seen for two months after its first, or none came back")
    fit = fit_bgbb(x, t_x, n, counts)
    return Prior(fit.alpha, fit.beta, fit.gamma, fit.delta)


def _periods(cells: Cells, null: Population, chosen: int) -> dict[int, float]:
    seen, expected = np.zeros(null.months or 0), np.zeros(null.months or 0)
    for c, k, n, s in zip(cells.cohort, cells.age, cells.size, cells.count, strict=True):
        if c > chosen:
            seen[c + k - chosen] += s
            expected[c + k - chosen] += n * null.expected(0, int(k))
    factor = np.divide(seen, expected, out=np.ones_like(seen), where=expected > 0)
    return {m: float(np.clip(f, *PERIOD_BOUNDS)) for m, f in enumerate(factor) if expected[m] > 0}
