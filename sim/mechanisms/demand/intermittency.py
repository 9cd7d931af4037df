"""Intermittency: users skip weeks."""

from typing import Any

from sim.settings.mechanism import Mechanism


class Intermittency(Mechanism):
    """Users skip weeks by their regularity."""

    key = "intermittency"
    rule = "a user is active in a UTC week with probability regularity * population.activity of that Monday"
    source = "assumed"
    off = "active every week"

    @staticmethod
    def active_chance(regularity: Any, activity: Any) -> Any:
        """The chance of a user to be active in a week. Traffic compiles it into its loops."""
        return min(1.0, regularity * activity)
