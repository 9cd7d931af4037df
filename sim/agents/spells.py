"""Spells: the intervals in which a workload uses a model, and why they ended."""

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.compiled import compiled


class Kind(IntEnum):
    """What a spell is."""

    TRIAL = 0
    HOME = 1
    RIVAL = 2
    UPGRADE = 3  # the trial of a later model of the home's line: the work's whole volume goes to it
    BESIDE = 4  # a part of the volume stays with the old model for a while after an upgrade
    MULTIHOMED = 5  # a part of the volume stays with the model that was left for one of another line


class Reason(IntEnum):
    """Why a spell ended."""

    HORIZON = 0  # the world ended first
    ENDED = 1  # the job was done, or the user left
    MISFIT = 2
    EMBEDDED = 3  # the trial became a home
    MOVED = 4  # a home was left for a rival
    RETURNED = 5  # a rival's trial or an upgrade's ended with a return
    SILENT = 6  # the home fell silent during a rival's trial
    PRICE = 7
    ABILITY = 8
    RETIRED = 9
    MIGRATED = 10
    HOME_LOST = 11  # a rival's trial or a model kept beside the home ended because the home did
    UPGRADING = 12  # the home fell silent while a later model of its line was tried
    PHASED_OUT = 13  # the time of a model kept beside the home was over


@compiled
def _by_workload(workload, start, kind, workloads):  # type: ignore[no-untyped-def]
    """The order of spells by workload, start and kind; those that agree in all keep their order."""
    edges = np.zeros(workloads + 1, dtype=np.int64)
    for w in workload:
        edges[w + 1] += 1
    edges = np.cumsum(edges)
    order, filled = np.empty(len(workload), dtype=np.int64), edges.copy()
    for s in range(len(workload)):
        # Spells come in the order of their ends: a workload's are nearly in order, and few.
        first, at = edges[workload[s]], filled[workload[s]]
        filled[workload[s]] += 1
        while at > first:
            before = order[at - 1]
            if start[before] < start[s] or (start[before] == start[s] and kind[before] <= kind[s]):
                break
            order[at] = before
            at -= 1
        order[at] = s
    return order


COLUMNS = ("workload", "model", "kind", "start", "end", "since", "reason")


class SpellLog:
    """Ended spells, in the order in which they ended. Days are half-open: [start, end)."""

    def __init__(self) -> None:
        self._parts: list[NDArray[np.int32]] = []
        """Spells x COLUMNS each."""

    def add(
        self,
        rows: NDArray[np.int64],
        model: NDArray[np.int16],
        kind: NDArray[np.int8],
        start: NDArray[np.int32],
        end: int,
        since: NDArray[np.int32],
        reason: Reason,
    ) -> None:
        """Write down the spells of `rows` that lasted at least a day."""
        if not len(rows):
            return
        part = np.empty((len(rows), len(COLUMNS)), dtype=np.int32)
        columns: tuple[Any, ...] = (rows, model, kind, start, end, since, int(reason))
        for number, value in enumerate(columns):
            part[:, number] = value
        self.extend(part[start < end])

    def extend(self, spells: NDArray[np.int32]) -> None:
        """Write down spells that lasted at least a day: spells x COLUMNS."""
        if len(spells):
            self._parts.append(spells)

    def arrays(self) -> dict[str, NDArray[np.int32]]:
        """All spells by column, ordered by workload and start.

        The log keeps these very arrays in place of its parts, so that the spells are held once.
        """
        self._parts = [np.concatenate([np.empty((0, len(COLUMNS)), dtype=np.int32), *self._parts])]
        columns = dict(zip(COLUMNS, self._parts[0].T, strict=True))
        workload, start, kind = columns["workload"], columns["start"], columns["kind"]
        order = _by_workload(workload, start, kind, int(workload.max(initial=-1)) + 1)
        ordered = np.empty((len(COLUMNS), len(order)), dtype=np.int32)  # each column is one stretch of memory
        for number, column in enumerate(columns.values()):
            ordered[number] = column[order]
        self._parts = [ordered.T]
        return dict(zip(COLUMNS, ordered, strict=True))
