"""Old models beside new ones: for a while after an upgrade a part of the work's volume stays with the old model."""

import numpy as np
from numpy.typing import NDArray

from sim.agents.model_sets import NO_MODEL
from sim.agents.population import FOREVER
from sim.agents.rows import Rows, where_equal
from sim.agents.spells import Kind, Reason, SpellLog


class Beside:
    """The model that each workload keeps beside its home, if any. Arrays have one entry for each workload."""

    def __init__(self, table: NDArray[np.void], spells: SpellLog) -> None:
        """table: the states of the workloads."""
        workloads = len(table)
        self.model = np.full(workloads, NO_MODEL, dtype=np.int16)
        self.until = np.full(workloads, FOREVER, dtype=np.int32)
        """The day on which it is given up."""
        self.start, self.since = table["beside_start"], table["beside_since"]
        self._spells = spells

    def open(
        self,
        day: int,
        rows: Rows,
        model: NDArray[np.int16],
        days: NDArray[np.int64],
        since: NDArray[np.int32],
    ) -> None:
        """Keep a model each for some days, where there are any. since: the day on which the work was embedded."""
        kept = days > 0
        rows = rows[kept]
        self.model[rows], self.until[rows] = model[kept], np.minimum(day + days[kept], FOREVER)
        self.start[rows], self.since[rows] = day, since[kept]

    def close(self, rows: Rows, day: int, reason: Reason) -> None:
        """Give up what is kept by `rows`, where something is, and write down the spells."""
        rows = rows[self.model[rows] != NO_MODEL]
        if not len(rows):
            return
        kind = np.full(len(rows), int(Kind.BESIDE), dtype=np.int8)
        self._spells.add(rows, self.model[rows], kind, self.start[rows], day, self.since[rows], reason)
        self.model[rows], self.until[rows] = NO_MODEL, FOREVER

    def close_due(self, day: int) -> None:
        """Give up what was kept until `day`."""
        self.close(where_equal(self.until, day), day, Reason.PHASED_OUT)
