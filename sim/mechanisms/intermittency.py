"""Intermittency: users skip weeks."""

from typing import Any

from sim.scenario.mechanism import Mechanism


class Intermittency(Mechanism):
    """Users skip weeks by their regularity."""

    key = "intermittency"
    rule = "a user is active in a UTC week with probability regularity * population.activity of that Monday"
    source = "assumed"
    off = "active every week"

    @staticmethod
    def skips(u: Any, regularity: Any, activity: Any) -> Any:
        """Whether a user skips a week. u: the uniform draw of user and week. The loop of the traffic compiles it."""
        return u >= regularity * activity
