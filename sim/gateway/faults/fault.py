"""What all faults of data have in common: their section of a scenario, the rows that they befall, what was planted."""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict

from sim.gateway.faults.rows import Rows
from sim.randomness import Draws
from sim.settings.values import Settings, Share

MILLIS_PER_HOUR = 3_600_000
MILLIS_PER_DAY = 24 * MILLIS_PER_HOUR


class Plant(NamedTuple):
    """What a fault fell on (a day, a provider, an id, a column), and what the log says of it instead. Both are empty
    where a fault falls on single rows."""

    of: str = ""
    became: str = ""


Planted = Counter[Plant]
"""Numbers of rows."""


@dataclass(frozen=True)
class Ground:
    """What faults know of a log beside its rows. utc_offset: hours by country. spell: opaque ids of a prefix of four
    letters, codes and, for requests, Unix seconds. The log begins with `first` and ends with `last`."""

    draws: Draws
    first: dt.date
    last: dt.date
    utc_offset: Mapping[str, float]
    spell: Callable[[str, NDArray[np.uint64], NDArray[np.int64] | None], Any]


def _say_source(schema: dict[str, Any], kind: type[Fault]) -> None:
    schema["description"] += f" Rule: {kind.rule}. Source: {kind.source}."


class Fault(Settings):
    """Something wrong with a log. Its fields are its rate and its parameters, none of which plants it by default."""

    model_config = ConfigDict(json_schema_extra=_say_source)

    key: ClassVar[str]
    """Its name in a scenario."""
    rule: ClassVar[str]
    """What it does to the log."""
    source: ClassVar[str]
    """Where it has been seen, or "assumed"."""

    @property
    @abstractmethod
    def on(self) -> bool:
        """Whether it is asked for."""

    @abstractmethod
    def plant(self, rows: Rows, ground: Ground) -> tuple[Rows, Planted]:
        """The rows with the fault in them, and what it fell on. A function of each row alone: whatever the order of
        rows or the number of blocks, the same rows are hit."""


class Rated(Fault):
    """A fault that falls on a share of something."""

    share: Share = 0.0

    @property
    def on(self) -> bool:
        """Whether it is asked for."""
        return self.share > 0


def day_start(day: dt.date) -> int:
    """The first millisecond of a UTC day, since 1970."""
    return (day - dt.date(1970, 1, 1)).days * MILLIS_PER_DAY


def signed_hours(hours: float) -> str:
    """Hours with their sign, for people."""
    return f"{hours:+g} h"
