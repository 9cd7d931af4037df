"""Spells become requests, block by block: the users of a block in one UTC week.

Blocks can be made in any order, by any number of workers: what a record says depends on its workload, day and number
alone.
"""

import datetime as dt
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.agents.population import Users, Workloads
from sim.catalogue import Catalogue
from sim.market import Market
from sim.randomness import Draws
from sim.scenario import Scenario
from sim.traffic.buffers import Memory
from sim.traffic.counts import Cells, count_cells, spells_by_week, take, volume_of
from sim.traffic.factors import factor_table
from sim.traffic.records import Columns, Origin, Records, fill
from sim.traffic.tables import (
    SPELL,
    WORK,
    Tables,
    day_table,
    kind_table,
    model_table,
    spell_table,
    work_table,
)
from sim.traffic.weeks import Weeks, week_number, weeks_of

BLOCK_USERS = 1 << 18
"""Users of one block. Fixed: it decides which records share a file."""
SETTLED_DAYS = np.int32(10_000)
"""Tenure at which the ramp of an embedded workload's volume is over, whatever its time constant."""


class Traffic:
    """Makes the requests of one world, block by block."""

    def __init__(
        self,
        scenario: Scenario,
        catalogue: Catalogue,
        market: Market,
        users: Users,
        workloads: Workloads,
        spells: dict[str, NDArray[np.int32]],
        draws: Draws,
    ) -> None:
        self.scenario, self.users, self.work, self.spells = scenario, users, workloads, spells
        self.catalogue = catalogue
        self.memory = Memory()
        self._weeks = weeks_of(scenario)
        mondays = np.array([monday for monday, _, _ in self._weeks], dtype="datetime64[D]")
        self.calendar = Weeks(
            number=week_number(scenario.start), weekday=scenario.start.weekday(), days=scenario.days,
            activity=scenario.population.activity.at(mondays),
        )  # fmt: skip
        self.days = day_table(scenario, market)
        models, self.providers = model_table(scenario, catalogue)
        self.tables = Tables(self.days, models, kind_table(scenario), factor_table(scenario))
        self.work_table = work_table(scenario, users, workloads)
        # A large account comes with its full volume: it has no ramp.
        settled = workloads.pinned_model[spells["workload"]] >= 0
        since = np.where(settled, spells["since"] - SETTLED_DAYS, spells["since"])
        self.spell_table = spell_table(scenario, spells | {"since": since})
        self.volume = volume_of(scenario, self.days, self.spell_table, draws)
        # Blocks are ranges of users; workloads and spells are ordered by user.
        edges = np.arange(0, len(users) + BLOCK_USERS, BLOCK_USERS)
        self._work_edges = np.searchsorted(workloads.user, edges)
        spell_edges = np.searchsorted(spells["workload"], self._work_edges)
        self._spell_slices = [slice(int(a), int(b)) for a, b in pairwise(spell_edges)]

    @cached_property
    def _by_week(self) -> list[tuple[NDArray[np.int64], NDArray[np.int32]]]:
        """For each block the spells that touch each week: see `spells_by_week`."""
        weekday, weeks = self.scenario.start.weekday(), len(self._weeks)
        return [spells_by_week(self.spell_table[part], weekday, weeks) for part in self._spell_slices]

    @property
    def blocks(self) -> int:
        """Number of blocks of users."""
        return len(self._work_edges) - 1

    def weeks(self) -> list[tuple[dt.date, int, int]]:
        """UTC Monday weeks of the scenario: (Monday, first day, day after the last)."""
        return self._weeks

    def tasks(self) -> Iterator[tuple[int, int]]:
        """(week number, block), in the order of writing."""
        for week in range(len(self.weeks())):
            for block in range(self.blocks):
                yield week, block

    def work_of(self, block: int) -> slice:
        """Rows of the block's workloads in the world's arrays."""
        return slice(int(self._work_edges[block]), int(self._work_edges[block + 1]))

    def users_of(self, block: int) -> slice:
        """Rows of the block's users in the world's arrays."""
        return slice(block * BLOCK_USERS, min((block + 1) * BLOCK_USERS, len(self.users)))

    def records(self, week: int, block: int) -> Records:
        """All requests of one block of users in one week, ordered by user."""
        edges, rows = self._by_week[block]
        new_array = self.memory.array
        rows = rows[edges[week] : edges[week + 1]]
        spells, works = new_array(len(rows), SPELL), new_array(len(rows), WORK)
        take(self.spell_table[self._spell_slices[block]], rows, spells)
        take(self.work_table, spells["workload"], works)
        cells = Cells(*(new_array(7 * len(rows), np.int32) for _ in Cells._fields))
        filled, n = count_cells(spells, works, self.volume, self.calendar, week, cells)
        cells = Cells(*(column[:filled] for column in cells))
        out = Records(
            key=new_array(n, np.uint64), session=new_array(n, np.uint64), day_millis=new_array(n, np.int64),
            workload=new_array(n, np.int32), user=new_array(n, np.int32), model=new_array(n, np.int16),
            free=new_array(n, np.bool_), provider=new_array(n, np.int16), tokens_prompt=new_array(n, np.int32),
            tokens_completion=new_array(n, np.int32), tokens_reasoning=new_array(n, np.int32),
            tokens_cached=new_array(n, np.int32), cost=new_array(n, np.float64), finish=new_array(n, np.int8),
            tools_offered=new_array(n, np.bool_), streamed=new_array(n, np.bool_),
            first_token_ms=new_array(n, np.int32), generation_ms=new_array(n, np.int32),
        )  # fmt: skip
        names: tuple[str, ...] = Columns._fields
        columns = Columns(*(getattr(out, name) for name in names))
        origin = Origin(self.scenario.start.weekday(), self.work_of(block).start, self.users_of(block).start)
        out.prompts_cut = fill(cells, spells, works, self.tables, self.volume, origin, columns)
        return out
