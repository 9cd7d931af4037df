"""The counts on which every test of a triangle rests: users of a cohort by age, and who is active in two cells at once.

The rows of a regression on age and period are the same for all users of a cell, so a variance that is robust to users
needs nothing else, and a test on thousands of users costs no more than one on ten.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Unit = Literal["user", "organisation"]


@dataclass(frozen=True, eq=False)
class Cells:
    """Counts by cohort c and age k >= 1 (k = 0 is 1 by definition and never tested); `cells` entries each.

    cohort, age: month index of first use, months since; size: users of the cohort; count: those active. cross,
    cross_size, sizes (cells x cells): sums over clusters g of T_g T_g', T_g N_g', N_g N_g', where T_g is g's active
    users and N_g its users in each cell. clusters: how many; unit: what a cluster is.
    """

    cohort: Ints
    age: Ints
    size: Floats
    count: Floats
    cross: Floats
    cross_size: Floats
    sizes: Floats
    clusters: int
    unit: Unit = "user"

    def scatter(self, p: Floats) -> Floats:
        """Sum over clusters of r r' with r = T - N p, for fitted shares p (cells,): the middle of a robust variance."""
        mixed = self.cross_size * p
        return self.cross - mixed - mixed.T + self.sizes * np.outer(p, p)

    @cached_property
    def share(self) -> Floats:
        """R(c, k) of each cell."""
        return self.count / self.size

    @cached_property
    def covariance(self) -> Floats:
        """Covariance of the cells' shares, robust to clusters (cells x cells), with the factor G / (G - 1)."""
        factor = self.clusters / max(self.clusters - 1, 1)
        return factor * self.scatter(self.share) / np.outer(self.size, self.size)

    @cached_property
    def design_effect(self) -> Floats:
        """Variance of each cell's share over that of as many independent users: 1 where clusters are users."""
        binomial = self.size * self.share * (1 - self.share)
        spread = np.diagonal(self.scatter(self.share))
        ratio = np.divide(spread, binomial, out=np.ones_like(spread), where=binomial > 0)
        return np.maximum(ratio, 1.0)  # below 1 is luck of few clusters: never credit it

    @property
    def cohorts(self) -> list[int]:
        """The cohorts that have a cell, oldest first."""
        return [int(c) for c in np.unique(self.cohort)]

    def at(self, k: int) -> Ints:
        """Positions of the cells of age k, oldest cohort first."""
        return np.flatnonzero(self.age == k)

    def without(self, cohort: int) -> Cells:
        """The same without one cohort."""
        return self.chosen(np.flatnonzero(self.cohort != cohort))

    def until(self, month: int) -> Cells:
        """The same without the months after `month` (an index)."""
        return self.chosen(np.flatnonzero(self.cohort + self.age <= month))

    def shared_with(self, other: Cells) -> Cells:
        """The same without cells that `other` lacks."""
        pairs = set(zip(other.cohort.tolist(), other.age.tolist(), strict=True))
        own = zip(self.cohort.tolist(), self.age.tolist(), strict=True)
        return self.chosen(np.flatnonzero([pair in pairs for pair in own]))

    def chosen(self, keep: Ints) -> Cells:
        """The same with the cells at these positions alone."""
        block = np.ix_(keep, keep)
        return Cells(
            self.cohort[keep], self.age[keep], self.size[keep], self.count[keep],
            self.cross[block], self.cross_size[block], self.sizes[block], self.clusters, self.unit,
        )  # fmt: skip
