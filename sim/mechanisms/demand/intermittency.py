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
        """Whether a user skips a week. u: the uniform draw of user and week. Traffic compiles it into its loop."""
        return u >= regularity * activity
