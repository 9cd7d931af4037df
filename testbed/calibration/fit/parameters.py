"""The parameters of a fit: how much is heard of each author and model, by category, and how demand grows.

All are logarithms of factors on what the scenario and the catalogue say, so that 0 everywhere is the world as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.contract import CATEGORIES

Floats = npt.NDArray[np.float64]
MOST = 1.0
"""The largest reach of a model: what goes beyond is written as a factor of its author."""
LEAST_MOVE = 0.005
"""Factors nearer to 1 than this are not written: they say nothing."""
DIGITS = 4


@dataclass(frozen=True)
class Space:
    """What the parameters are about. models: of the catalogue; listed: their names in the log, each once; reach: of
    each model before the fit, by category (models x categories); author_of: the author's number by model; demand: the
    volume of each category in each fitted week as a sum of two parts, of which the first grows with the factor at the
    first week and the second with that at the last (2 x weeks x categories), 0 for categories without work."""

    authors: tuple[str, ...]
    models: tuple[str, ...]
    listed: tuple[str, ...]
    author_of: npt.NDArray[np.int64]
    reach: Floats
    demand: Floats

    @property
    def demanded(self) -> npt.NDArray[np.bool_]:
        """Categories in which the world has work."""
        return np.asarray(self.demand.sum(axis=(0, 1)) > 0)


@dataclass(frozen=True)
class Parameters:
    """A point of the space. author: authors x categories; model: by model; own: models x categories, on top of the
    factors of their author and of the model as a whole; demand: categories x (level, growth) of the volume, which is
    multiplied by exp(level - growth) in the first fitted week and by exp(level + growth) in the last."""

    author: Floats
    model: Floats
    own: Floats
    demand: Floats

    @classmethod
    def none(cls, space: Space) -> Parameters:
        """The world as it was."""
        return cls(
            np.zeros((len(space.authors), len(CATEGORIES))),
            np.zeros(len(space.models)),
            np.zeros((len(space.models), len(CATEGORIES))),
            np.zeros((len(CATEGORIES), 2)),
        )

    def settled(self, space: Space) -> Parameters:
        """The same world, written so that no model's reach is above `MOST`: the excess goes into the factor of its
        author, and the own reach of all models of that author falls by as much."""
        top = (np.log(np.maximum(space.reach, 1e-12)) + self.own).max(axis=1) + self.model
        over = np.full(len(space.authors), -np.inf)
        np.maximum.at(over, space.author_of, top - np.log(MOST))
        over = np.maximum(over, 0.0)
        return Parameters(
            self.author + over[:, None], self.model - over[space.author_of], self.own, self.demand
        )

    @property
    def vector(self) -> Floats:
        """All numbers in one row."""
        return np.concatenate([part.ravel() for part in (self.author, self.model, self.own, self.demand)])

    def with_vector(self, vector: Floats) -> Parameters:
        """Parameters of the same space from one row of numbers, as `vector` has them."""
        parts = (self.author, self.model, self.own, self.demand)
        cuts = np.split(vector, np.cumsum([part.size for part in parts])[:-1])
        return Parameters(*(cut.reshape(part.shape) for cut, part in zip(cuts, parts, strict=True)))

    @property
    def moved(self) -> int:
        """How many parameters differ from the world as it was by more than is worth writing."""
        return int((np.abs(self.vector) > LEAST_MOVE).sum())

    @property
    def effective(self) -> float:
        """How many parameters carry the move: (sum of squares)^2 over the sum of fourth powers (the participation
        ratio). 1 where one parameter does all, their number where all move alike."""
        squares = self.vector**2
        fourth = float((squares**2).sum())
        return float(squares.sum()) ** 2 / fourth if fourth else 0.0


def authors_section(space: Space, parameters: Parameters) -> dict[str, Any]:
    """The scenario's section `authors`: factors on the reach of all models of an author, by category."""
    found: dict[str, Any] = {}
    for number, author in enumerate(space.authors):
        by_category = {
            category: rounded(np.exp(value))
            for category, value in zip(CATEGORIES, parameters.author[number], strict=True)
            if abs(value) > LEAST_MOVE
        }
        if by_category:
            alike = len(by_category) == len(CATEGORIES) and len(set(by_category.values())) == 1
            found[author] = {"reach": next(iter(by_category.values())) if alike else by_category}
    return found


def models_section(space: Space, parameters: Parameters) -> dict[str, Any]:
    """What the scenario's section `models` says of reach: of models that moved."""
    found: dict[str, Any] = {}
    for number, model in enumerate(space.models):
        moved = parameters.model[number] + parameters.own[number]
        if np.abs(moved).max() <= LEAST_MOVE:
            continue
        reach = np.minimum(space.reach[number] * np.exp(moved), MOST)
        values = [rounded(value) for value in reach]
        alike = len(set(values)) == 1
        found[model] = {"reach": values[0] if alike else dict(zip(CATEGORIES, values, strict=True))}
    return found


def demand_factors(parameters: Parameters) -> Mapping[str, tuple[float, float]]:
    """Factors on the volume of each category that moved, at the first and the last day of the fitted weeks."""
    found: dict[str, tuple[float, float]] = {}
    for number, category in enumerate(CATEGORIES):
        level, growth = parameters.demand[number]
        if max(abs(level), abs(growth)) > LEAST_MOVE:
            found[category] = (rounded(np.exp(level - growth)), rounded(np.exp(level + growth)))
    return found


def rounded(value: float) -> float:
    """A number as a scenario file has it: `DIGITS` significant digits."""
    return float(f"{value:.{DIGITS}g}")
