"""The same users twice: in a market with new/focal, and in its twin, in which new/focal never comes out.

Who came to new/focal, and when, is read off the market as it is. The twin has the same users with the same work and the
same luck; there they use other models. What differs for one user is new/focal's doing. No log holds this.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.inference.cohorts.cells import Bools, Ints
from lessons.frame.worlds import Played

WITHOUT = ("models.new/focal.released=2026-01-01", "calendar.0.model=old/one")
"""Settings under which new/focal comes after the end; who came at the news of it comes on the same day all the same."""
LATEST = 6
"""Months that are drawn."""
WITH, TWIN, LATER = "launch users", "the same users without new/focal", "later users"


@dataclass(frozen=True, eq=False)
class SameUsers:
    """Users of a model in a market, and in its twin without the model."""

    market: Played
    twin: Played
    model: str

    @cached_property
    def joined(self) -> Ints:
        """The month in which each user of the market first used the model; -1 where he never did."""
        used = self.market.active_months(self.model)
        return np.where(used.any(axis=1), used.argmax(axis=1), -1)

    @cached_property
    def launch(self) -> int:
        """The month of the first ones."""
        return int(self.joined[self.joined >= 0].min())

    @cached_property
    def _both(self) -> tuple[Bools, Bools]:
        """Who was active with any model in which month, in the market and in the twin, shape (users of the market,
        months). Users who are not there in the twin are never active in it."""
        active, twin = self.market.active_months(), self.twin.active_months()
        return active, np.pad(twin, ((0, len(active) - len(twin)), (0, 0)))

    @cached_property
    def _people(self) -> Bools:
        """Users who are there in the twin, too."""
        return np.asarray(self._both[1].any(axis=1))

    @property
    def absent(self) -> int:
        """Launch users who are never active in the twin."""
        return int((~self._people[self.joined == self.launch]).sum())

    def there(self, k: int, *, launch: bool = True, twin: bool = False, people: bool = False) -> float:
        """The share of launch users, or of later ones, active with any model k months after they joined the model.
        people: of those alone who are there in the twin, too."""
        active = self._both[twin]
        mine = self.joined == self.launch if launch else self.joined > self.launch
        if people:
            mine &= self._people
        rows = np.flatnonzero(mine & (self.joined + k < active.shape[1]))
        return float(active[rows, self.joined[rows] + k].mean())

    def made(self, k: int, *, people: bool = False) -> float:
        """Points of the launch users who are active in month k because the model is there."""
        return 100 * (self.there(k, people=people) - self.there(k, twin=True, people=people))

    def curves(self) -> pd.DataFrame:
        """Columns k, retention, name."""
        rows = []
        for name, who in ((WITH, {}), (TWIN, {"twin": True}), (LATER, {"launch": False})):
            rows += [(k, self.there(k, **who), name) for k in range(LATEST + 1)]
        return pd.DataFrame(rows, columns=["k", "retention", "name"])
