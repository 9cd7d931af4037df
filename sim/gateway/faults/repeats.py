"""Requests that come twice: as exact copies, and sent again under a new id."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pydantic import Field

from sim.gateway.faults.fault import Ground, Plant, Planted, Rated
from sim.gateway.faults.rows import Rows
from sim.randomness import Purpose
from sim.settings.values import Positive, Share


class Duplicates(Rated):
    """Exact copies."""

    key = "duplicates"
    rule = "a share of the rows is written twice, the same in every column"
    source = "delivery at least once of message queues (Kafka, Pub/Sub); rates assumed"

    share: Share = Field(0.0, description="rows that are written twice (none by default)")

    def plant(self, rows: Rows, ground: Ground) -> tuple[Rows, Planted]:
        """Each copy follows its original."""
        hit = ground.draws.uniform(Purpose.FAULT_DUPLICATE, rows.request) < self.share
        return rows.take(np.repeat(np.arange(len(rows)), 1 + hit)), Planted({Plant(): int(hit.sum())})


class Retries(Rated):
    """Requests that were sent again."""

    key = "retries"
    rule = (
        "a share of the requests comes once more with a new generation_id, the same content, some moments later; a "
        "repeated request has no label"
    )
    source = (
        "clients that retry after a lost answer (OpenAI and Anthropic SDKs: twice by default); rates assumed"
    )

    share: Share = Field(0.0, description="requests that are sent again (none by default)")
    after_seconds: Positive = Field(5.0, description="mean time between the two (exponential, assumed)")

    def plant(self, rows: Rows, ground: Ground) -> tuple[Rows, Planted]:
        """All second requests follow all first ones."""
        draws = ground.draws
        hit = draws.uniform(Purpose.FAULT_RETRY, rows.request) < self.share
        again = rows.take(hit)
        gap = -self.after_seconds * np.log(draws.uniform(Purpose.FAULT_RETRY, again.request, 1))
        key = draws.bits(Purpose.FAULT_RETRY, again.request, 2)
        later = again.created(again.created_ms + np.ceil(1000 * gap).astype(np.int64))
        later = replace(later, request=key)
        later = later.changed("generation_id", ground.spell("gen-", key, later.created_ms // 1000))
        return rows.followed_by(later), Planted({Plant(): int(hit.sum())})
