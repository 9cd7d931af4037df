"""The arrays of users and of workloads."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

FOREVER = 2**30
"""A day that never comes."""
NO_APP = -1
"""Stands for the application of work that came through none."""


@dataclass
class Users:
    """Arrays of length n_users. Days count from the scenario's start."""

    entity: NDArray[np.uint64]
    arrival: NDArray[np.int32]
    leave: NDArray[np.int32]
    segment: NDArray[np.int8]
    country: NDArray[np.int16]
    language: NDArray[np.int16]
    app: NDArray[np.int16]
    account: NDArray[np.uint64]
    byok: NDArray[np.bool_]
    curiosity: NDArray[np.float32]
    regularity: NDArray[np.float32]
    price_sensitivity: NDArray[np.float32]
    wave_model: NDArray[np.int16]
    names: "Names"

    def __len__(self) -> int:
        return len(self.arrival)


@dataclass(frozen=True)
class Names:
    """What the small integers of the arrays stand for."""

    segments: tuple[str, ...]
    countries: tuple[str, ...]
    languages: tuple[str, ...]
    apps: tuple[str, ...]


@dataclass
class Workloads:
    """Arrays of length n_workloads, ordered by user."""

    user: NDArray[np.int32]
    app: NDArray[np.int16]  # the user's; -1 for large accounts
    entity: NDArray[np.uint64]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    category: NDArray[np.int8]
    hardness: NDArray[np.float32]
    log_willingness: NDArray[np.float32]
    price_sensitivity: NDArray[np.float32]
    curiosity: NDArray[np.float32]
    needs_tools: NDArray[np.bool_]
    needs_permissive: NDArray[np.bool_]
    context_tokens: NDArray[np.float32]
    accepts_free: NDArray[np.bool_]
    requests_per_day: NDArray[np.float32]
    wave_model: NDArray[np.int16]
    pinned_model: NDArray[np.int16]
    tool_call_share: NDArray[np.float32]  # nan: as the category

    def __len__(self) -> int:
        return len(self.user)

    def __getitem__(self, rows: NDArray[Any]) -> "Workloads":
        return Workloads(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})
