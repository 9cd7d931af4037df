"""The models of a day as the race of `sim.agents.compiled.choice` sees them, ready to be bounded many at a time."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.compiled import compiled, inlined
from sim.randomness import STEP

FEW = 16
"""Models up to which no bound is made, and there are no entrants."""
BATCH = 32
"""Models that the compiler takes together, so that none is left over."""
CLASSES = 4
FARTHEST = 300.0
"""Largest logarithm of a factor of the bound, so that none overflows."""


class Entrants(NamedTuple):
    """The models of a day as the race sees them: for each category and each class of work (what `class_of` says) those
    that it may use, the cheapest first. Arrays are categories x classes x places, but for `top`; the last places are
    empty, so that there are whole steps of BATCH.
    """

    top: NDArray[np.float64]  # by category: the best perceived ability
    row: NDArray[np.int64]  # of the view
    key: NDArray[np.uint64]
    step: NDArray[np.uint64]  # of the hash of the error of perception
    slowness: NDArray[np.float64]  # 1 / awareness; endless in empty places
    weakness: NDArray[np.float64]  # by how much the perceived ability slows a model, beside the best
    dearness: NDArray[np.float64]  # log of the price over the lowest one; endless in empty places


_NOBODY = (0, 0, 0)
NO_ENTRANTS = Entrants(
    np.zeros(0), np.zeros(_NOBODY, np.int64), np.zeros(_NOBODY, np.uint64), np.zeros(_NOBODY, np.uint64),
    np.zeros(_NOBODY), np.zeros(_NOBODY), np.zeros(_NOBODY),
)  # fmt: skip
"""Where there are few models: see FEW."""


@inlined
def class_of(accepts_free: int, needs_permissive: int) -> int:
    """The class of a piece of work: 1 or 0 for each."""
    return 2 * needs_permissive + accepts_free


@compiled
def enter(view, by_price, kappa):  # type: ignore[no-untyped-def]
    """The entrants of a day. by_price: by category (columns) the rows of the view, the cheapest first."""
    m, categories = view.perceived.shape
    shape = categories, CLASSES, (m + BATCH - 1) // BATCH * BATCH
    top = np.full(categories, -np.inf)
    row, key, step = np.zeros(shape, np.int64), np.zeros(shape, np.uint64), np.zeros(shape, np.uint64)
    slowness, weakness, dearness = np.full(shape, np.inf), np.ones(shape), np.full(shape, np.inf)
    steps, factor = (view.key + np.uint64(1)) * STEP, np.empty(m)
    for g in range(categories):
        for j in range(m):
            top[g] = max(top[g], view.perceived[j, g])
        for j in range(m):
            factor[j] = math.exp(min(kappa * (top[g] - view.perceived[j, g]), FARTHEST))
        for accepts_free in range(2):
            for needs_permissive in range(2):
                c, at = class_of(accepts_free, needs_permissive), 0
                for free in range(accepts_free, -1, -1):  # those that are free for the work come first
                    for k in range(m):
                        j = by_price[k, g]
                        if (accepts_free and view.free[j] != free) or (
                            needs_permissive and not view.permissive[j]
                        ):
                            continue
                        row[g, c, at], key[g, c, at], step[g, c, at] = j, view.key[j], steps[j]
                        weakness[g, c, at] = factor[j]
                        dearness[g, c, at] = 0.0 if free else view.log_price[j, g] - view.log_free_price
                        at += 1
    return Entrants(top, row, key, step, slowness, weakness, dearness)


@compiled
def attend(entrants, view):  # type: ignore[no-untyped-def]
    """Write today's awareness of the models into the entrants."""
    categories, classes, places = entrants.row.shape
    for g in range(categories):
        for c in range(classes):
            for k in range(places):
                if entrants.dearness[g, c, k] < np.inf:
                    entrants.slowness[g, c, k] = 1.0 / view.awareness[entrants.row[g, c, k], g]


@inlined
def affordable(entrants, g, c, most_dear):  # type: ignore[no-untyped-def]
    """How many of the first places a piece of work of a class can pay."""
    count = 0
    for k in range(entrants.dearness.shape[2]):
        count += entrants.dearness[g, c, k] <= most_dear
    return count
