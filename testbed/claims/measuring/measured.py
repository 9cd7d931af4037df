"""What a statistic gives: a number with its interval, a weekly series, or several named numbers."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

Unit = Literal["share", "usd_per_mtok", "tokens", "ratio", "count", "weeks", "log10", "points", "bits"]
Floats = npt.NDArray[np.float64]
NAN = math.nan


class Untestable(Exception):
    """The log holds too little for a statistic; the text says what is missing."""


@dataclass(frozen=True)
class Measured:
    """A number. value: infinite for an event that never came (later than any week) and for the logarithm of nothing,
    NaN where there is no value. low, high: its 95% interval, NaN where it has none (an exact count, an extreme of
    weeks). n: size of the sample that it rests on, in what `detail` names; `detail` also says how the interval was
    made."""

    value: float
    low: float = NAN
    high: float = NAN
    n: int = 0
    unit: Unit = "share"
    detail: str = ""

    @property
    def has_interval(self) -> bool:
        """Whether there is an interval."""
        return math.isfinite(self.low) and math.isfinite(self.high)


@dataclass(frozen=True)
class Series:
    """Values by week, in time order. n: size of the sample, as `detail` says.
    draws: values as they might have come out of other samples of labels, one row a draw; None where no sample of
    labels is behind it."""

    times: tuple[dt.date, ...]
    values: Floats
    n: int = 0
    unit: Unit = "share"
    detail: str = ""
    draws: Floats | None = None


@dataclass(frozen=True)
class Groups:
    """Several numbers with names, compared with each other."""

    parts: Mapping[str, Measured]
    detail: str = ""
    context: Mapping[str, float] = field(default_factory=dict)  # further numbers worth showing


Result = Measured | Series | Groups
