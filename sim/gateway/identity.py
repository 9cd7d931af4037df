"""Under which id the gateway knows a user: a user who comes back under a new id looks like another one.

An id can be reset at the beginning of each UTC week, by the chance of the user's segment
(`observation.id_resets_per_month`). The account stays, so that the log holds a trace of it. An id is a function of the
user and the week of its last reset alone, so that blocks can be written in any order.
"""

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from sim.agents.population import Users, of_large_account
from sim.compiled import compiled
from sim.randomness import Draws, Purpose, draw_unit
from sim.scenario import Scenario
from sim.traffic.weeks import week_number

DAYS_PER_MONTH = 30.0


@compiled
def _last_resets(key, entity, chance, arrived, week):  # type: ignore[no-untyped-def]
    """The week of each user's last reset up to `week`, 0 if there was none since the arrival."""
    last = np.zeros(len(entity), dtype=np.uint64)
    for i in range(len(entity)):
        if chance[i] > 0.0:
            for w in range(week, arrived[i], -1):
                if draw_unit(key, entity[i], np.uint64(w)) < chance[i]:
                    last[i] = w
                    break
    return last


class Identities:
    """The ids of a world's users, week by week."""

    def __init__(self, scenario: Scenario, users: Users, draws: Draws) -> None:
        self.users, self.draws = users, draws
        self.start, self.days = scenario.start, scenario.days
        self.first: NDArray[np.uint64] = draws.bits(Purpose.USER_ID, users.entity)
        """Codes of the ids with which users arrive, by which the truth knows them."""
        resets = scenario.observation.id_resets_per_month
        monthly = np.array([resets.get(name, 0.0) for name in users.names.segments])
        # A large account has keys of its own, whose ids do not change.
        own = of_large_account(users)
        weekly = 1.0 - (1.0 - monthly) ** (7.0 / DAYS_PER_MONTH)
        self.chance: NDArray[np.float64] = np.where(own, 0.0, weekly[users.segment])
        self.change = bool((self.chance > 0).any())
        """Whether any id can change."""
        days = scenario.start.weekday() + users.arrival.astype(np.int64)
        self._arrived = week_number(scenario.start) + days // 7

    def codes(self, people: slice, day: dt.date) -> NDArray[np.uint64]:
        """Codes of the ids of these users in the week of `day`."""
        entity = self.users.entity[people]
        last = _last_resets(
            self.draws.key(Purpose.ID_RESET), entity, self.chance[people], self._arrived[people],
            week_number(day),
        )  # fmt: skip
        return self.draws.bits(Purpose.USER_ID, entity, last)

    def resets(self) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int32]]:
        """All resets, by user and date: the user's row, the code of the new id, and the day since which it counts."""
        found: list[tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int32]]] = []
        at_risk = np.flatnonzero(self.chance > 0)
        first = week_number(self.start)
        for week in range(first + 1, week_number(self.start + dt.timedelta(days=self.days - 1)) + 1):
            day = week * 7 + 1 - self.start.toordinal()
            rows = at_risk[(self._arrived[at_risk] < week) & (self.users.leave[at_risk] > day)]
            entity = self.users.entity[rows]
            hit = self.draws.uniform(Purpose.ID_RESET, entity, week) < self.chance[rows]
            codes = self.draws.bits(Purpose.USER_ID, entity[hit], week)
            found.append((rows[hit], codes, np.full(int(hit.sum()), day, dtype=np.int32)))
        if not found:
            return np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.int32)
        rows, codes, days = (np.concatenate(parts) for parts in zip(*found, strict=True))
        order = np.lexsort([days, rows])
        return rows[order], codes[order], days[order]
