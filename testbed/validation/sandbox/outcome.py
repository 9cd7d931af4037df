"""What user code may use, and what became of it: limits and the outcome of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

Failure = Literal["error", "time", "memory", "crash", "exit", "output", "threads", "disk", "answer"]
"""Why there is no answer. error: it raised; crash: it was killed by a signal; exit: it ended its process; output: it
printed too much; disk: it wrote too much; answer: what it returned is no table."""


PATIENCE = 3
"""By the clock a run may take so many times its seconds: the machine may be busy, and code may wait for nothing."""


@dataclass(frozen=True)
class Limits:
    """What one run of user code may use, all assumed: a world has some hundred rows, for which an honest query needs
    less than a hundredth of each.

    seconds: of processor time, and PATIENCE times as many by the clock; memory_mb: on top of Python and the
    libraries; printed_kb: of output, which for a script is its answer; rows, columns: of the
    answer; disk_mb: in the scratch folder.
    """

    seconds: float = 10.0
    memory_mb: int = 1024
    printed_kb: int = 4096
    rows: int = 200_000
    columns: int = 200
    threads: int = 64
    disk_mb: int = 256


@dataclass(frozen=True)
class Outcome:
    """What became of a run. table: the answer, None where there is none; then failure says which kind and reason says
    why, in a sentence. kinds: types of the answer's columns as the user's own library calls them. notes: what a person
    should know of an answer that is there, such as NaN in it. printed: the beginning of what it printed."""

    table: pd.DataFrame | None = None
    failure: Failure | None = None
    reason: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    printed: str = ""
    seconds: float = 0.0
