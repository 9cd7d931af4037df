"""Users under other ids: all at once from a day on, and several under one."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from sim.gateway.faults.fault import Fault, Ground, Plant, Planted, Rated, day_start
from sim.gateway.faults.rows import Rows
from sim.randomness import Purpose
from sim.settings.values import Share


class IdReset(Fault):
    """New ids at a date."""

    key = "id_reset"
    rule = "from a date on a share of the users has a new user_id; accounts stay"
    source = "a new salt of hashed ids, a move to another system; assumed (observation.id_resets_per_month: one by one)"

    date: dt.date | None = Field(
        None, description="first day of the new ids (none: never)", examples=["2025-06-01"]
    )
    share: Share = Field(1.0, description="users who get a new one")

    @property
    def on(self) -> bool:
        """Whether it is asked for."""
        return self.date is not None and self.share > 0

    def plant(self, rows: Rows, ground: Ground) -> tuple[Rows, Planted]:
        """The date is that which the row states."""
        assert self.date is not None
        hit = ground.draws.uniform(Purpose.FAULT_ID_RESET, rows.user) < self.share
        hit &= rows.created_ms >= day_start(self.date)
        return _renamed(rows, hit, ground, ground.draws.bits(Purpose.FAULT_ID_RESET, rows.user, 1))


class SharedKeys(Rated):
    """One id for several users."""

    key = "shared_keys"
    rule = "a share of the users is logged under one of a few user_ids that they share; accounts stay"
    source = "teams that pass one key around, front ends that send one user for all; rates assumed"

    share: Share = Field(0.0, description="users who share an id with others (none by default)")
    keys: int = Field(5, description="ids that are shared (assumed)", ge=1)

    def plant(self, rows: Rows, ground: Ground) -> tuple[Rows, Planted]:
        """A user has the same key at all times."""
        draws = ground.draws
        hit = draws.uniform(Purpose.FAULT_SHARED_KEY, rows.user) < self.share
        key = (draws.uniform(Purpose.FAULT_SHARED_KEY, rows.user, 1) * self.keys).astype(np.uint64)
        return _renamed(rows, hit, ground, draws.bits(Purpose.FAULT_SHARED_KEY, key, 2))


def _renamed(
    rows: Rows, hit: NDArray[np.bool_], ground: Ground, codes: NDArray[np.uint64]
) -> tuple[Rows, Planted]:
    """Rows with other user_ids where they are marked and have one. codes: of the new id, for each row."""
    old = rows.strings("user_id")
    hit = hit & old.is_valid().to_numpy(zero_copy_only=False)
    distinct, at = np.unique(codes, return_inverse=True)
    new = ground.spell("usr-", distinct, None).take(pa.array(at))
    pairs = pa.table({"of": old, "became": new}).filter(pa.array(hit)).group_by(["of", "became"])
    planted = Planted({
        Plant(pair["of"], pair["became"]): pair["count_all"]
        for pair in pairs.aggregate([([], "count_all")]).to_pylist()
    })  # fmt: skip
    return rows.changed_where(hit, "user_id", new), planted
