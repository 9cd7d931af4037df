"""What the triangle can say at all: age, period and cohort of a cell are tied by cohort + age = period.

With a free effect of every age and every calendar month, a straight line over cohorts is already in the model:
"later cohorts are gradually worse" cannot be told from calendar and age effects. That one cohort departs from the
others can, if at least three cohorts have cells. Holford (1983), Biometrics 39:311; Fosse & Winship (2019),
Demography 56:1975; Fannon & Nielsen (2018).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from analysis.inference.cohorts.cells import Cells, Floats, Ints
from analysis.numerals import counted

TOLERANCE = 1e-9  # of a singular value, beside the largest


@dataclass(frozen=True)
class Identifiability:
    """Ranks of the age + period design (cells, columns), and what a cohort term adds to them."""

    cells: int
    cohorts: int
    rank: int
    cohort_adds: int  # of the one cohort's own effect: 1 if it can be told

    @property
    def identified(self) -> bool:
        """Whether the cohort's departure from the others can be estimated."""
        return self.cohort_adds == 1

    @property
    def words(self) -> str:
        """What can and cannot be told, for people."""
        trend = (
            "A gradual change from cohort to cohort cannot be identified: the same numbers arise when all users "
            "age or the market changes month by month."
        )
        if self.identified:
            cohorts = counted(self.cohorts, "cohort")
            return f"That this cohort departs from the others is identified ({cohorts}). {trend}"
        return (
            f"That this cohort departs from the others is not identified: {counted(self.cohorts, 'cohort')} "
            f"with cells that overlap, three are needed. {trend}"
        )


def check(cells: Cells, cohort: int) -> Identifiability:
    """Whether a cohort's own effect, beside age and period effects, can be told from these cells."""
    return _check(tuple(cells.cohort.tolist()), tuple(cells.age.tolist()), cohort)


@lru_cache(maxsize=1024)  # simulated panels share their cells
def _check(cohorts: tuple[int, ...], ages: tuple[int, ...], cohort: int) -> Identifiability:
    base = _design(cohorts, ages)
    own = np.column_stack([base, (np.array(cohorts) == cohort).astype(np.float64)])
    rank = _rank(base)
    return Identifiability(len(ages), len(set(cohorts)), rank, _rank(own) - rank)


def design(cells: Cells) -> Floats:
    """Columns of full rank for free effects of age and of period (calendar month): (cells, rank)."""
    return _design(tuple(cells.cohort.tolist()), tuple(cells.age.tolist()))


@lru_cache(maxsize=256)
def _design(cohorts: tuple[int, ...], ages: tuple[int, ...]) -> Floats:
    from scipy.linalg import qr

    age = np.array(ages, dtype=np.int64)
    columns = np.column_stack([_indicators(age), _indicators(age + np.array(cohorts, dtype=np.int64))])
    if not columns.size:
        return np.zeros((len(ages), 0))
    _, r, pivot = qr(columns, mode="economic", pivoting=True)
    size = np.abs(np.diagonal(r))
    kept = np.sort(pivot[: int((size > TOLERANCE * size.max()).sum())])
    full: Floats = columns[:, kept]
    full.setflags(write=False)
    return full


def _indicators(values: Ints) -> Floats:
    return (values[:, None] == np.unique(values)).astype(np.float64)


def _rank(columns: Floats) -> int:
    return int(np.linalg.matrix_rank(columns)) if columns.size else 0
