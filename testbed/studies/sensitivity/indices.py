"""What the outcomes of a design say of the parameters: elementary effects, Sobol indices, and what luck alone would do.

Outcomes are arrays of seeds x points x outcomes; missing where a point was not run with a seed, or where the run could
not tell. An effect is the change of an outcome if a parameter goes through its whole range.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from SALib.analyze import morris as morris_analyze
from SALib.analyze import sobol as sobol_analyze
from scipy import stats

from testbed.studies.sensitivity.design import (
    LEAST_POINTS,
    LEAST_TRAJECTORIES,
    LEVELS,
    STEP,
    Rows,
    block_length,
    problem,
)

LEVEL = 0.95
RESAMPLES = 1000
PRIOR = 4
"""Steps for which the mean over all parameters counts in the luck of one (assumed)."""
ONE_SIDED = float(stats.norm.ppf(LEVEL))
FOLDED_MEAN = math.sqrt(2 / math.pi)
"""Mean size of a standard normal; its variance is 1 - FOLDED_MEAN**2."""

Values = NDArray[np.float64]
Effects = pd.DataFrame
"""One row an outcome and parameter, both by their places: outcome, parameter, mu (mean effect), mu_star (mean size of
the effect), margin (half its bootstrap interval), sigma (sd of the effect), floor (see `screening`), of_sd (mu_star
over the sd of the outcome), told (trajectories that tell). All are missing where too few tell."""
Indices = pd.DataFrame
"""One row an outcome and parameter, both by their places: outcome, parameter, first and total (indices), first_margin
and total_margin (half their bootstrap intervals), floor (of the total, see `shares`), told (blocks that tell)."""


def mean_over(values: Values, seeds: int) -> Values:
    """Mean outcomes over the first seeds, points x outcomes; missing where one of them is."""
    return np.asarray(values[:seeds].mean(axis=0))


def moved(rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The steps of all trajectories: the row at which each begins, and the parameter that it moves."""
    length = rows.shape[1] + 1
    begins = np.array([n for n in range(len(rows) - 1) if (n + 1) % length], dtype=np.int64)
    return begins, np.abs(rows[begins + 1] - rows[begins]).argmax(axis=1).astype(np.int64)


def luck(rows: Rows, values: Values) -> Values:
    """How much the change of an outcome by one step of a parameter differs between seeds: variances, parameters x
    outcomes, from the steps that were run with two seeds or more; missing where there is none. A parameter's own
    variance rests on few steps, and so is drawn towards the mean over all, as if that were `PRIOR` steps more."""
    begins, parameter = moved(rows)
    steps = values[:, begins + 1] - values[:, begins]
    seeds = np.isfinite(steps).sum(axis=0)
    centred = steps - _nanmean(steps)
    each = np.where(seeds > 1, np.nansum(centred**2, axis=0) / np.maximum(seeds - 1, 1), np.nan)
    found = []
    for own in (each[parameter == one] for one in range(rows.shape[1])):
        told = np.isfinite(own)
        found.append(
            (np.where(told, own, 0.0).sum(axis=0) + PRIOR * _nanmean(each)) / (told.sum(axis=0) + PRIOR)
        )
    return np.stack(found)


def _nanmean(values: Values) -> Values:
    """Mean along the first axis of what is there; missing where nothing is."""
    there = np.isfinite(values)
    number = there.sum(axis=0)
    total = np.where(there, values, 0.0).sum(axis=0)
    return np.asarray(np.where(number > 0, total / np.maximum(number, 1), np.nan))


def screening(rows: Rows, values: Values, seeds: int, noise: Values) -> Effects:
    """Morris: elementary effects of every parameter, from the trajectories in which an outcome can tell at all points.

    floor: what the mean size of the effect stays below in 95% of designs if the parameter changes nothing but who is
    lucky. seeds: over how many the outcomes are means."""
    count, length = rows.shape[1], rows.shape[1] + 1
    found = []
    for outcome, y in enumerate(mean_over(values, seeds).T):
        whole = np.isfinite(y.reshape(-1, length)).all(axis=1)
        told = int(whole.sum())
        row = {"outcome": outcome, "parameter": np.arange(count), "told": told}
        if told < LEAST_TRAJECTORIES:
            found.append(
                pd.DataFrame(
                    row | dict.fromkeys(("mu", "mu_star", "margin", "sigma", "floor", "of_sd"), np.nan)
                )
            )
            continue
        kept = np.repeat(whole, length)
        made = morris_analyze.analyze(
            problem(count),
            rows[kept],
            y[kept],
            num_levels=LEVELS,
            num_resamples=RESAMPLES,
            conf_level=LEVEL,
            seed=1,
        )
        size, spread = np.asarray(made["mu_star"], dtype=np.float64), float(y[kept].std(ddof=1))
        by_luck = np.sqrt(noise[:, outcome] / seeds) / STEP
        spare = ONE_SIDED * math.sqrt((1 - FOLDED_MEAN**2) / told)
        found.append(pd.DataFrame(row | {
            "mu": np.asarray(made["mu"], dtype=np.float64), "mu_star": size,
            "margin": np.asarray(made["mu_star_conf"], dtype=np.float64),
            "sigma": np.asarray(made["sigma"], dtype=np.float64), "floor": by_luck * (FOLDED_MEAN + spare),
            "of_sd": size / spread if np.ptp(y[kept]) > 0 else np.zeros(count),
        }))  # fmt: skip
    return pd.concat(found, ignore_index=True)


def ranked(effects: Effects) -> pd.Series:
    """Parameters by the sum, over the outcomes that tell, of the mean size of their effects in sds of the outcome: the
    largest first; of equal ones the first. The rule by which parameters go on to Sobol."""
    sums = effects.groupby("parameter")["of_sd"].sum()
    return sums.sort_values(ascending=False, kind="stable")


def shares(rows: Rows, values: Values, seeds: int, noise: Values) -> Indices:
    """Sobol: what share of an outcome's variance goes back to each parameter alone (first) and with all that it does
    together with others (total), from the blocks in which an outcome can tell at all points (Saltelli et al. 2010,
    Jansen 1999).

    noise: of these parameters. floor: what the total stays below in 95% of designs if the parameter changes nothing but
    who is lucky, as told from the steps of the trajectories."""
    count, length = rows.shape[1], block_length(rows.shape[1])
    found = []
    for outcome, y in enumerate(mean_over(values, seeds).T):
        whole = np.isfinite(y.reshape(-1, length)).all(axis=1)
        told = int(whole.sum())
        y = y[np.repeat(whole, length)]
        row = {"outcome": outcome, "parameter": np.arange(count), "told": told}
        both = np.concatenate([y[::length], y[length - 1 :: length]])  # A and B
        if told < LEAST_POINTS or np.ptp(both) == 0:
            names = ("first", "first_margin", "total", "total_margin", "floor")
            found.append(pd.DataFrame(row | dict.fromkeys(names, np.nan)))
            continue
        with warnings.catch_warnings():  # an outcome that hardly moves is constant in some resamples
            warnings.simplefilter("ignore")
            made = sobol_analyze.analyze(
                problem(count), y, calc_second_order=False, num_resamples=RESAMPLES, conf_level=LEVEL, seed=1
            )
        by_luck = noise[:, outcome] / seeds / (2 * float(both.var()))
        found.append(pd.DataFrame(row | {
            "first": made["S1"], "first_margin": made["S1_conf"], "total": made["ST"],
            "total_margin": made["ST_conf"], "floor": by_luck * (1 + ONE_SIDED * math.sqrt(2 / told)),
        }))  # fmt: skip
    return pd.concat(found, ignore_index=True)
