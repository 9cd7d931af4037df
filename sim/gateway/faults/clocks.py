"""Moments that are wrong: clocks that run hours off, and local times that were taken for UTC."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from sim.gateway.faults.fault import MILLIS_PER_HOUR, Ground, Plant, Planted, Rated, signed_hours
from sim.gateway.faults.rows import Rows, entities
from sim.randomness import Purpose
from sim.settings.values import Positive, Share


class ClockSkew(Rated):
    """Clocks that are off."""

    key = "clock_skew"
    rule = (
        "a share of the providers stamps its requests by a clock that is hours fast or slow, each as likely"
    )
    source = "assumed"

    share: Share = Field(0.0, description="providers whose clocks are off (none by default)")
    hours: Positive = Field(3.0, description="how far they are off (assumed)", le=48)

    def plant(self, rows: Rows, ground: Ground) -> tuple[Rows, Planted]:
        """Rows without a provider keep their moments."""
        providers = rows.column("provider_name")
        entity = entities(providers)
        draws = ground.draws
        hit = draws.uniform(Purpose.FAULT_CLOCK, entity) < self.share
        hit &= providers.is_valid().to_numpy(zero_copy_only=False)
        fast = draws.uniform(Purpose.FAULT_CLOCK, entity, 1) < 0.5
        hours = np.where(hit, np.where(fast, self.hours, -self.hours), 0.0)
        planted = Planted(
            Plant(str(provider), signed_hours(off))
            for provider, off in zip(rows.take(hit).strings("provider_name").to_pylist(), hours[hit], strict=True)
        )  # fmt: skip
        return _shifted(rows, hours), planted


class MixedZones(Rated):
    """Local times among those of UTC."""

    key = "mixed_zones"
    rule = (
        "the requests of a share of the users are stamped by their local clock, and taken for UTC: they are off by the "
        "country's utc_offset_hours"
    )
    source = "exports without a zone (OpenRouter's activity CSV states none); rates assumed"

    share: Share = Field(0.0, description="users whose times are local (none by default)")

    def plant(self, rows: Rows, ground: Ground) -> tuple[Rows, Planted]:
        """Rows without a country, or of one whose offset is 0, keep their moments."""
        country = rows.strings("country").dictionary_encode()
        offsets = np.array(
            [ground.utc_offset.get(name, 0.0) for name in country.dictionary.to_pylist()] + [0.0]
        )
        at = country.indices.fill_null(len(offsets) - 1).to_numpy(zero_copy_only=False)
        hit = ground.draws.uniform(Purpose.FAULT_ZONE, rows.user) < self.share
        hours = np.where(hit, offsets[at], 0.0)
        names = country.dictionary.to_pylist()
        planted = Planted({
            Plant(name, signed_hours(offsets[i])): int((hit & (at == i)).sum())
            for i, name in enumerate(names) if offsets[i]
        })  # fmt: skip
        return _shifted(rows, hours), planted


def _shifted(rows: Rows, hours: np.ndarray) -> Rows:
    """Rows whose moments are later by so many hours, one number for each."""
    return rows.created(rows.created_ms + (hours * MILLIS_PER_HOUR).astype(np.int64))
