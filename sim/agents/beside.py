"""Models beside the home: for a while a part of the work's volume stays with the model that was upgraded or left."""

import numpy as np
from numpy.typing import NDArray

from sim.agents.model_sets import NO_MODEL
from sim.agents.population import FOREVER
from sim.agents.rows import Rows, where_equal
from sim.agents.spells import Kind, Reason, SpellLog

MULTIHOMED = int(Kind.MULTIHOMED)


class Beside:
    """The model that each workload keeps beside its home, if any. Arrays have one entry for each workload."""

    def __init__(self, table: NDArray[np.void], spells: SpellLog) -> None:
        """table: the states of the workloads."""
        workloads = len(table)
        self.model = np.full(workloads, NO_MODEL, dtype=np.int16)
        self.until = np.full(workloads, FOREVER, dtype=np.int32)
        """The day on which it is given up."""
        self.start, self.since = table["beside_start"], table["beside_since"]
        self.kind = table["beside_kind"]
        """That of its spell: BESIDE after an upgrade, or MULTIHOMED."""
        self._spells = spells

    def open(
        self,
        day: int,
        rows: Rows,
        model: NDArray[np.int16],
        days: NDArray[np.int64],
        since: NDArray[np.int32],
        kind: Kind,
    ) -> None:
        """Keep a model each for some days, where there are any and nothing is kept already.

        since: the day on which the work was embedded in it.
        """
        kept = (days > 0) & (self.model[rows] == NO_MODEL)
        rows = rows[kept]
        self.model[rows], self.until[rows] = model[kept], np.minimum(day + days[kept], FOREVER)
        self.start[rows], self.since[rows], self.kind[rows] = day, since[kept], int(kind)

    def multihomes(self, rows: Rows) -> NDArray[np.bool_]:
        """Whether each one keeps a model of another line than its home's."""
        return np.asarray((self.model[rows] != NO_MODEL) & (self.kind[rows] == MULTIHOMED))

    def close(self, rows: Rows, day: int, reason: Reason) -> None:
        """Give up what is kept by `rows`, where something is, and write down the spells."""
        rows = rows[self.model[rows] != NO_MODEL]
        if not len(rows):
            return
        start, since, kind = self.start[rows], self.since[rows], self.kind[rows]
        self._spells.add(rows, self.model[rows], kind, start, day, since, reason)
        self.model[rows], self.until[rows] = NO_MODEL, FOREVER

    def close_due(self, day: int) -> None:
        """Give up what was kept until `day`."""
        self.close(where_equal(self.until, day), day, Reason.PHASED_OUT)
