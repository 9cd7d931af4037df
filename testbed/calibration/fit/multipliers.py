"""How much more is asked of conditions that steps keep missing: the method of multipliers.

A step asks for what would hold if tokens answered as the logit says. Where the world answers less, the same step would
fall short in the same way for ever. So each condition is asked for with as much more room as it has fallen short so
far (Hestenes 1969, J. Optimization Theory and Applications 4:303; Powell 1969, in Optimization, ed. Fletcher)."""

from __future__ import annotations

from collections.abc import Mapping

RATE = 0.5
"""Part of what a condition falls short of its room by that is added to what is asked for; of what it has beyond its
room the same part is taken off again (assumed)."""
MOST = 0.3
"""Most that is asked beyond the room, in widths of the band (assumed): with the usual room the two edges of a band do
not meet."""


class Multipliers:
    """The room that each condition is asked for with. room: the usual one, in widths of bands."""

    def __init__(self, room: float) -> None:
        self._room = room
        self._more: dict[str, float] = {}

    def room(self, name: str) -> float:
        """What to ask for next."""
        return self._room + self._more.get(name, 0.0)

    def learn(self, slack: Mapping[str, float]) -> None:
        """Take in how conditions held at the parameters that the last step led to. slack: in widths of bands."""
        for name, held in slack.items():
            more = self._more.get(name, 0.0) + RATE * (self._room - held)
            self._more[name] = min(max(more, 0.0), MOST)
