"""Names that are spelled otherwise: models by aliases, finish reasons by the words of a vendor."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field

from sim.gateway.faults.fault import Fault, Ground, Plant, Planted, Rated, day_start
from sim.gateway.faults.rows import Rows
from sim.randomness import Purpose
from sim.settings.values import Share

NATIVE_REASONS = {
    "stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal",
}  # fmt: skip
"""Anthropic's stop_reason for each finish reason of the contract; errors have none."""


class Aliases(Rated):
    """Models by other names."""

    key = "aliases"
    rule = (
        "a share of the requests names its model by its dated version (model_permaslug), or without its author where "
        "there is no such version or `spelling` says so"
    )
    source = "gateways log what the caller sent: dated, permanent and bare names of one model; rates assumed"

    share: Share = Field(0.0, description="requests that name an alias (none by default)")
    spelling: Literal["dated", "bare"] = Field("dated", description="which alias")

    def plant(self, rows: Rows, ground: Ground) -> tuple[Rows, Planted]:
        """Only `model` changes."""
        hit = ground.draws.uniform(Purpose.FAULT_ALIAS, rows.request) < self.share
        listed, dated = rows.strings("model"), rows.strings("model_permaslug")
        bare = pc.replace_substring_regex(listed, r"^[^/]*/", "")
        alias = bare
        if self.spelling == "dated":
            other = pc.fill_null(pc.not_equal(listed, dated), False)
            alias = pc.if_else(other, dated, bare)
        return _respelled(rows, hit, "model", alias)


class FinishReasons(Fault):
    """Finish reasons in a vendor's words."""

    key = "finish_reasons"
    rule = (
        "from a date on finish reasons are those of a vendor: "
        + ", ".join(f"{ours} is {theirs}" for ours, theirs in NATIVE_REASONS.items())
    )  # fmt: skip
    source = "stop_reason of Anthropic's Messages API, which a gateway normalises until it does not"

    date: dt.date | None = Field(
        None, description="first day of the other words (none: never)", examples=["2025-06-01"]
    )

    @property
    def on(self) -> bool:
        """Whether it is asked for."""
        return self.date is not None

    def plant(self, rows: Rows, ground: Ground) -> tuple[Rows, Planted]:
        """Missing reasons and errors stay."""
        assert self.date is not None
        reasons = rows.strings("finish_reason")
        known = pa.array(list(NATIVE_REASONS))
        native = pa.array(list(NATIVE_REASONS.values())).take(pc.index_in(reasons, value_set=known))
        hit = (rows.created_ms >= day_start(self.date)) & native.is_valid().to_numpy(zero_copy_only=False)
        return _respelled(rows, hit, "finish_reason", native)


def _respelled(rows: Rows, hit: NDArray[np.bool_], name: str, values: pa.Array) -> tuple[Rows, Planted]:
    """Rows with other text in a column where they are marked."""
    pairs = pa.table({"of": rows.strings(name), "became": values}).filter(pa.array(hit))
    counts = pairs.group_by(["of", "became"]).aggregate([([], "count_all")]).to_pylist()
    planted = Planted({Plant(pair["of"], pair["became"]): pair["count_all"] for pair in counts})
    return rows.changed_where(hit, name, values), planted
