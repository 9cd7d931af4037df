"""Rows that a log lacks: days, a share of all, what comes after its end; and rows that come late."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field

from sim.gateway.faults.fault import (
    MILLIS_PER_DAY,
    MILLIS_PER_HOUR,
    Fault,
    Ground,
    Plant,
    Planted,
    Rated,
    day_start,
)
from sim.gateway.faults.rows import Rows
from sim.randomness import Purpose
from sim.settings.values import Positive, Share


class MissingDays(Fault):
    """Days without a row."""

    key = "missing_days"
    rule = "all rows of some UTC days are lost: of those that are named, and of each other one by chance"
    source = "a nightly load that failed; assumed"

    share: Share = Field(0.0, description="chance of each day to be missing (none by default)")
    dates: list[dt.date] = Field([], description="days that are missing", examples=[["2025-03-04"]])

    @property
    def on(self) -> bool:
        """Whether it is asked for."""
        return self.share > 0 or bool(self.dates)

    def plant(self, rows: Rows, ground: Ground) -> tuple[Rows, Planted]:
        """What falls on a missing day goes."""
        days, of = np.unique(rows.created_ms // MILLIS_PER_DAY, return_inverse=True)
        named = [day_start(day) // MILLIS_PER_DAY for day in self.dates]
        gone = (ground.draws.uniform(Purpose.FAULT_MISSING_DAY, days) < self.share) | np.isin(days, named)
        counts = np.bincount(of, minlength=len(days))
        planted = Planted({
            Plant(str(dt.date(1970, 1, 1) + dt.timedelta(days=int(day)))): int(count)
            for day, count in zip(days[gone], counts[gone], strict=True)
        })  # fmt: skip
        return rows.take(~gone[of]), planted


class Sampling(Fault):
    """A sample in place of the log."""

    key = "sampling"
    rule = "a share of the requests, or all requests of a share of the users, is kept; nothing says so"
    source = "trace samplers (OpenTelemetry TraceIdRatioBased); rates assumed. The contract has no column of weights"

    kept: Share = Field(1.0, description="what is kept (all by default)")
    by: Literal["request", "user"] = Field("request", description="whether requests are sampled, or users")

    @property
    def on(self) -> bool:
        """Whether it is asked for."""
        return self.kept < 1

    def plant(self, rows: Rows, ground: Ground) -> tuple[Rows, Planted]:
        """The count is of rows that are gone."""
        entity = rows.request if self.by == "request" else rows.user
        kept = ground.draws.uniform(Purpose.FAULT_SAMPLE, entity) < self.kept
        return rows.take(kept), Planted({Plant(): int((~kept).sum())})


class Truncation(Fault):
    """A log that ends too early."""

    key = "truncation"
    rule = "the log ends within a month, or within a day; nothing says so"
    source = "an export made while the month, or the day, goes on; assumed"

    last_day: dt.date | None = Field(
        None, description="last day of the log (none: that of the world)", examples=["2025-03-17"]
    )
    hours: Positive = Field(24.0, description="hours of the last day that are there, UTC", le=24)

    @property
    def on(self) -> bool:
        """Whether it is asked for."""
        return self.last_day is not None

    def plant(self, rows: Rows, ground: Ground) -> tuple[Rows, Planted]:
        """The count is of rows that are gone."""
        assert self.last_day is not None
        kept = rows.created_ms < day_start(self.last_day) + self.hours * MILLIS_PER_HOUR
        return rows.take(kept), Planted({Plant(): int((~kept).sum())})


class LateRows(Rated):
    """Rows that are written later than others of their time."""

    key = "late_rows"
    rule = (
        "a share of the rows comes in a later file, in the folder of the week of its arrival; created_at is as it "
        "was, and what would come after the log's last week comes in that one"
    )
    source = "late data of event pipelines (Akidau et al. 2015, The Dataflow Model); rates assumed"

    share: Share = Field(0.0, description="rows that come late (none by default)")
    days: Positive = Field(10.0, description="the latest comes so many days late (uniform, assumed)", le=400)

    def plant(self, rows: Rows, ground: Ground) -> tuple[Rows, Planted]:
        """No column changes."""
        hit = ground.draws.uniform(Purpose.FAULT_LATE, rows.request) < self.share
        delay = ground.draws.uniform(Purpose.FAULT_LATE, rows.request, 1) * self.days * MILLIS_PER_DAY
        late = np.where(hit, np.ceil(delay), 0).astype(np.int64)
        return replace(rows, late_ms=late), Planted({Plant(): int(hit.sum())})


def arrival_weeks(rows: Rows, ground: Ground) -> NDArray[np.int64]:
    """The Monday of the UTC week in which each row is written, in days since 1970; no late row comes after the log's
    last week."""
    weeks = _monday(rows.created_ms // MILLIS_PER_DAY)
    arrives = _monday((rows.created_ms + rows.late_ms) // MILLIS_PER_DAY)
    last = _monday(np.int64(day_start(ground.last) // MILLIS_PER_DAY))
    return np.where(rows.late_ms > 0, np.maximum(np.minimum(arrives, last), weeks), weeks)


def _monday(day: NDArray[np.int64] | np.int64) -> NDArray[np.int64]:
    return np.asarray((day + 3) // 7 * 7 - 3)  # 1970 began on a Thursday


def still_there(labels: pa.Table, rows: Rows) -> pa.Table:
    """The labels of those requests that a log still holds."""
    return labels.filter(pc.is_in(labels.column("generation_id"), value_set=rows.strings("generation_id")))
