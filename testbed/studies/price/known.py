"""Prices with a known answer: the logit of choices made anew, and made outcomes, to see how often an interval errs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from testbed.claims.measuring.uncertainty import mean_interval

SEED = 20251130
KEPT = 0.8
"""In made outcomes, the part of the work that uses a model without the cut and still does with it (assumed)."""
VOLUME_SIGMA = 1.0
"""In made outcomes, of the log of requests of one piece of work (about that of the report world)."""


def logit_shares(prices: Sequence[float], worth: Sequence[float], weight: float) -> list[float]:
    """Shares of models in choices made anew: exp(worth - weight * log price) over their sum (McFadden 1974)."""
    weights = [math.exp(w - weight * math.log(p)) for p, w in zip(prices, worth, strict=True)]
    return [w / sum(weights) for w in weights]


def logit_elasticities(share: float, weight: float, factor: float) -> tuple[float, float]:
    """What a model's price change by a factor does, in choices made anew: the elasticity of its own use, and that of
    the use of each other model. For a small change they are -weight * (1 - share) and weight * share."""
    grown = factor**-weight
    others = -math.log(1 - share + share * grown) / math.log(factor)
    return others - weight, others


def made(
    rng: np.random.Generator, truth: float, work: int, factor: float, shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Elasticities of made replicates, an array of a shape. work: pieces of work that use the model in the base, on
    average. Most of it is the same in both arms; some is lost, and other work won. Each piece has a lognormal number of
    requests."""
    kept, base_only = KEPT * work, (1 - KEPT) * work
    cut_only = work * factor**truth - kept
    same, before, after = (_requests(rng, mean, shape) for mean in (kept, base_only, cut_only))
    return np.asarray((np.log(same + after) - np.log(same + before)) / math.log(factor))


def _requests(rng: np.random.Generator, mean: float, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Requests of a Poisson number of pieces of work."""
    size = shape[0] * shape[1]
    pieces = rng.poisson(mean, size)
    volumes = rng.lognormal(0.0, VOLUME_SIGMA, int(pieces.sum()))
    found = np.bincount(np.repeat(np.arange(size), pieces), weights=volumes, minlength=size)
    return found.astype(np.float64).reshape(shape)


@dataclass(frozen=True)
class Errors:
    """How the interval does in made outcomes. missed: share of experiments whose interval does not hold the true
    elasticity; false: share that excludes 0 where nothing changes; half: median half-width."""

    work: int
    replicates: int
    missed: float
    false: float
    half: float


def errors(
    truth: float, factor: float, works: Sequence[int], replicates: Sequence[int], draws: int
) -> Iterator[Errors]:
    """Error rates of the paired interval, by work that uses the model and by replicates: `draws` experiments each."""
    rng = np.random.default_rng(SEED)
    for work in works:
        for count in replicates:
            (value, low, high), (_, none_low, none_high) = (
                np.array([mean_interval(row) for row in made(rng, true, work, factor, (draws, count))]).T
                for true in (truth, 0.0)
            )
            missed = float(((low > truth) | (high < truth)).mean())
            false = float(((none_low > 0) | (none_high < 0)).mean())
            yield Errors(work, count, missed, false, float(np.median(high - value)))
