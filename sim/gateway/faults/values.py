"""Values that are missing or cannot be: nulls, columns that come and go, counts below zero and far too large."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from analysis.contract import fields
from analysis.contract.nearest_names import did_you_mean
from sim.config.problems import ProblemAt
from sim.gateway.faults.fault import Fault, Ground, Plant, Planted, Rated, day_start
from sim.gateway.faults.rows import Rows
from sim.randomness import Purpose
from sim.settings.values import Share

COLUMNS = {name: place for place, name in enumerate(fields("generations"))}
KEPT = ("generation_id", "created_at", "model")
"""Columns without which a row is none."""
TOKENS = ("tokens_prompt", "tokens_completion")
UNKNOWN = -1
LARGEST = np.iinfo(np.int32).max


def _check_names(given: Mapping[str, object], key: str) -> None:
    known = [name for name in COLUMNS if name not in KEPT]
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known) or f"one of {', '.join(known)}"
            raise ProblemAt(
                (key, name), f"no column '{name}' of the log that can be missing", hint, at_key=True
            )


class Nulls(Fault):
    """Missing values."""

    key = "nulls"
    rule = "in each column that is named a share of the values is missing, each by its own draw"
    source = "assumed; of columns that the contract wants filled, user_id and cost_total are often empty in exports"

    columns: dict[str, Share] = Field(
        {}, description="share of missing values by column of the log (none by default)",
        examples=[{"user_id": 0.02, "country": 0.1, "finish_reason": 0.05, "cost_total": 0.01}],
    )  # fmt: skip

    @model_validator(mode="after")
    def _known(self) -> Nulls:
        _check_names(self.columns, "columns")
        return self

    @property
    def on(self) -> bool:
        """Whether it is asked for."""
        return any(self.columns.values())

    def plant(self, rows: Rows, ground: Ground) -> tuple[Rows, Planted]:
        """Counted are values that were there."""
        planted = Planted()
        for name, share in self.columns.items():
            hit = ground.draws.uniform(Purpose.FAULT_NULL, rows.request, COLUMNS[name]) < share
            hit &= rows.column(name).is_valid().to_numpy(zero_copy_only=False)
            planted[Plant(name, "null")] = int(hit.sum())
            rows = rows.without(hit, name)
        return rows, planted


class SchemaDrift(Fault):
    """Columns that come and go."""

    key = "schema_drift"
    rule = "a column is missing in all rows before a date, or from a date on"
    source = "columns that a gateway adds or drops in mid-year (tools offered: the report, September 2025); assumed"

    missing_before: dict[str, dt.date] = Field(
        {}, description="first day with values, by column of the log", examples=[{"country": "2025-03-01"}]
    )
    missing_from: dict[str, dt.date] = Field(
        {}, description="first day without values, by column of the log", examples=[{"tokens_cached": "2025-06-01"}]
    )  # fmt: skip

    @model_validator(mode="after")
    def _known(self) -> SchemaDrift:
        for key in ("missing_before", "missing_from"):
            _check_names(getattr(self, key), key)
        return self

    @property
    def on(self) -> bool:
        """Whether it is asked for."""
        return bool(self.missing_before or self.missing_from)

    def plant(self, rows: Rows, ground: Ground) -> tuple[Rows, Planted]:
        """Counted are values that were there."""
        planted, created = Planted(), rows.created_ms
        for changes, after in ((self.missing_before, False), (self.missing_from, True)):
            for name, day in changes.items():
                hit = (created >= day_start(day)) == after
                hit &= rows.column(name).is_valid().to_numpy(zero_copy_only=False)
                planted[Plant(name, f"null {'from' if after else 'before'} {day}")] = int(hit.sum())
                rows = rows.without(hit, name)
        return rows, planted


class NegativeCounts(Rated):
    """Counts below zero."""

    key = "negative_counts"
    rule = f"in a share of the rows tokens_prompt and tokens_completion are {UNKNOWN}; costs stay"
    source = "-1 as a word for unknown, where a provider reports no usage; rates assumed"

    share: Share = Field(0.0, description="rows without true counts (none by default)")

    def plant(self, rows: Rows, ground: Ground) -> tuple[Rows, Planted]:
        """Both counts of a row are hit together."""
        hit = ground.draws.uniform(Purpose.FAULT_NEGATIVE, rows.request) < self.share
        for name in TOKENS:
            column = rows.column(name)
            rows = rows.changed(name, pc.if_else(pa.array(hit), pa.scalar(UNKNOWN, column.type), column))
        return rows, Planted({Plant(): int(hit.sum())})


class HugeCounts(Rated):
    """Counts that are far too large."""

    key = "huge_counts"
    rule = "in a share of the rows tokens_prompt is multiplied by a factor; costs stay"
    source = "characters or thousandths taken for tokens, bytes of an image; assumed"

    share: Share = Field(0.0, description="rows with such a count (none by default)")
    factor: float = Field(1000.0, description="how many times too large (assumed)", gt=1)

    def plant(self, rows: Rows, ground: Ground) -> tuple[Rows, Planted]:
        """A count that the column cannot hold is the largest that it can; one that is below zero stays."""
        column = rows.column("tokens_prompt")
        values = column.fill_null(0).to_numpy(zero_copy_only=False)
        hit = ground.draws.uniform(Purpose.FAULT_HUGE, rows.request) < self.share
        hit &= values > 0
        large = pa.array(np.minimum(values * self.factor, LARGEST).astype(np.int32))
        return rows.changed("tokens_prompt", pc.if_else(pa.array(hit), large, column)), Planted(
            {Plant(): int(hit.sum())}
        )
