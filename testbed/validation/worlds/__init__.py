"""The battery: small worlds on which a query is judged, each with something special about it."""

from __future__ import annotations

from functools import cache

from testbed.validation.worlds import by_hand, calendars, launches, records, simulated
from testbed.validation.worlds.world import World

__all__ = ["World", "battery"]


@cache
def battery() -> dict[str, World]:
    """The worlds by name, the smallest first; those that take a simulation last."""
    worlds = (*by_hand.WORLDS, *launches.WORLDS, *calendars.WORLDS, *records.WORLDS, *simulated.WORLDS)
    return {world.name: world for world in worlds}
