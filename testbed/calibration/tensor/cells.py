"""The cells that an integer programme moves: fewer than a tensor has, since labels begin late.

Before the category window no claim tells categories apart. There a cell is a group in a period, with the categories in
the proportions of the world; from then on a cell is one category of it. Cells that nothing on offer fills are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from analysis import study
from testbed.calibration.tensor.reference import Reference

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Cells:
    """spread: (periods x groups x categories, flat) x cells: how a cell's tokens are spread over the tensor. period: by
    cell."""

    spread: sparse.csr_array
    period: npt.NDArray[np.int64]

    @cached_property
    def of_period(self) -> list[npt.NDArray[np.int64]]:
        """The cells of each period."""
        return [np.flatnonzero(self.period == number) for number in range(int(self.period.max()) + 1)]

    def __len__(self) -> int:
        return len(self.period)


def cells_of(reference: Reference) -> Cells:
    """The cells of a reference's frame."""
    periods, groups, kinds = reference.frame.shape
    on_offer, shares = reference.on_offer(), reference.tensor.shares
    rows: list[int] = []
    columns: list[int] = []
    weights: list[float] = []
    period: list[int] = []
    for t in range(periods):
        labelled = reference.frame.weeks[t * reference.frame.step] >= study.CATEGORY_WINDOW[0]
        for g in np.flatnonzero(on_offer[t].any(axis=1)):
            at = (t * groups + int(g)) * kinds + np.arange(kinds)
            if labelled:
                columns += [len(period) + k for k in range(kinds)]
                weights += [1.0] * kinds
                period += [t] * kinds
            else:
                mix = shares[t, g] if shares[t, g].sum() > 0 else shares[t].sum(axis=0)
                columns += [len(period)] * kinds
                weights += list(mix / mix.sum())
                period.append(t)
            rows += list(at)
    size = (periods * groups * kinds, len(period))
    return Cells(sparse.csr_array((weights, (rows, columns)), shape=size), np.array(period, dtype=np.int64))
