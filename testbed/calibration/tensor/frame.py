"""The tensor: how the tokens of each fortnight are shared by groups of models and categories."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from analysis import study
from analysis.contract import CATEGORIES
from testbed.calibration.tensor.amounts import Amounts
from testbed.calibration.tensor.groups import Groups

Floats = npt.NDArray[np.float64]
FORTNIGHT = 2


@dataclass(frozen=True)
class Frame:
    """The axes: periods of a few weeks, groups of models, the contract's categories. weeks: Mondays; each `step` of
    them are a period, whose shares stand for each of its weeks."""

    groups: Groups
    weeks: tuple[dt.date, ...]
    step: int = FORTNIGHT

    @property
    def shape(self) -> tuple[int, int, int]:
        """Periods, groups, categories."""
        return -(-len(self.weeks) // self.step), len(self.groups), len(CATEGORIES)

    @cached_property
    def period_of(self) -> npt.NDArray[np.int64]:
        """The period's number by week."""
        return np.arange(len(self.weeks)) // self.step

    def by_period(self, weekly: Floats) -> Floats:
        """Sums over the weeks of each period. weekly: weeks first."""
        sums = np.zeros((self.shape[0], *weekly.shape[1:]))
        np.add.at(sums, self.period_of, weekly)
        return sums

    def by_group(self, values: Floats, models: npt.NDArray[np.int64] | None = None) -> Floats:
        """Sums over the models of each group. values: models are the second axis; models: which these are, all if
        None."""
        of = self.groups.of if models is None else self.groups.of[models]
        members = np.zeros((self.shape[1], len(of)))
        members[of, np.arange(len(of))] = 1.0
        return np.einsum("gm,tm...->tg...", members, values, optimize=True)


def main_weeks() -> tuple[dt.date, ...]:
    """The Mondays of the main window: 56 weeks, 28 fortnights."""
    first, last = study.MAIN_WINDOW
    return tuple(first + dt.timedelta(weeks=n) for n in range(((last - first).days + 1) // 7))


@dataclass(frozen=True)
class Tensor:
    """Shares of the tokens of each period: periods x groups x categories (true ones), each period adding up to 1.
    totals: tokens by week, which are given."""

    frame: Frame
    shares: Floats
    totals: Floats

    @classmethod
    def of(cls, frame: Frame, amounts: Amounts) -> Tensor:
        """The tensor of a world. Raises ValueError for a period without tokens."""
        tokens = amounts.of["tokens"]
        sums = frame.by_group(frame.by_period(tokens))
        whole = sums.sum(axis=(1, 2))
        if (whole <= 0).any():
            empty = frame.weeks[int(np.flatnonzero(whole <= 0)[0]) * frame.step]
            raise ValueError(f"the world has no tokens in the {frame.step} weeks from {empty} on")
        return cls(frame, sums / whole[:, None, None], tokens.sum(axis=(1, 2)))

    def with_shares(self, shares: Floats) -> Tensor:
        """Another tensor of the same frame and totals."""
        return Tensor(self.frame, shares, self.totals)

    def distance(self, other: Tensor) -> float:
        """Half the sum of absolute differences of the shares, in the mean of the periods: between 0 and 1."""
        return float(0.5 * np.abs(self.shares - other.shares).sum(axis=(1, 2)).mean())

    def by_author(self) -> dict[str, Floats]:
        """Shares by author of the groups: periods x categories each."""
        authors = np.array(self.frame.groups.authors)
        return {str(name): self.shares[:, authors == name].sum(axis=1) for name in dict.fromkeys(authors)}
