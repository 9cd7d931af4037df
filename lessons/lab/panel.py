"""The retention panel of one model of a world: its cohorts month by month, counted from the spells without a log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.months import month_end
from analysis.study import SMALL_COHORT
from sim import Agents
from sim.activity import Activity, monthly
from testbed.patterns.outcome import Histories


@dataclass(frozen=True)
class Panel:
    """Users of `model` by the month in which they came (rows), and how many were active in each month (columns).

    active: (months, months), whole months only; on its diagonal all of a cohort. launch: row of the launch cohort,
    None where the world does not show the release. before: the cohort of the world's first month holds users who may
    have come earlier. largest: the share of the largest account in the requests to the model.
    """

    model: str
    months: tuple[str, ...]
    active: NDArray[np.int64]
    launch: int | None
    before: bool
    largest: float

    def as_json(self) -> dict[str, Any]:
        """For the page: cohorts with users, shares by month since joining, and what they are."""
        sizes = np.diagonal(self.active)
        cohorts = [
            {
                "month": month,
                "users": int(sizes[c]),
                "active": self.active[c, c:].tolist(),
                "launch": c == self.launch,
                "small": bool(sizes[c] < SMALL_COHORT),
                "mixed": self.before and c == 0,
            }
            for c, month in enumerate(self.months)
            if sizes[c]
        ]
        return {
            "model": self.model,
            "months": list(self.months),
            "cohorts": cohorts,
            "largest": self.largest,
        }


def panel_of(agents: Agents, look: str, activity: Activity | None = None) -> Panel:
    """The panel of a model in a world whose market has run. A month that the world does not show whole is left out."""
    activity = monthly(agents) if activity is None else activity
    scenario = agents.world.scenario
    held = Histories.of(activity)
    months = list(activity.months)
    while months and month_end(months[-1]) > scenario.end:
        months.pop()
    own = held.model == int(np.flatnonzero(held.names == look)[0])
    cohort, active = held.cohort[own], held.months[own]
    counts = np.zeros((len(months), len(months)), dtype=np.int64)
    for c in range(len(months)):
        counts[c] = active[cohort == c, : len(months)].sum(axis=0)
    released = agents.world.catalogue[look].released
    launch = next((c for c, month in enumerate(months) if month <= released <= month_end(month)), None)
    return Panel(
        model=look,
        months=tuple(f"{month:%Y-%m}" for month in months),
        active=counts,
        launch=launch if released >= scenario.start else None,
        before=released < scenario.start,
        largest=_largest(activity, look),
    )


def _largest(activity: Activity, look: str) -> float:
    """The share of the account that sent most of the requests to a model, 0 without any."""
    own = activity.model == activity.models.index(look)
    sent = np.bincount(activity.account[own], weights=activity.requests[own], minlength=1)
    return float(sent.max() / max(1.0, sent.sum()))
