"""What is varied: the behavioural parameters of docs/behaviour.md, each from 0 (its low end) to 1 (its high end).

A range that spans a factor of four or more is walked on a log scale, any other on a linear one: halving and doubling
are then equal steps where a parameter is a time, a rate or a weight.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sim import World
from testbed.failure import BadInput
from testbed.studies.behaviour import Parameter

LOG_FROM = 4.0
"""High over low from which on a range is walked on a log scale (assumed)."""
MECHANISMS = "mechanisms"


@dataclass(frozen=True)
class Input:
    """A parameter to vary. key: as `--set` names it."""

    key: str
    low: float
    high: float

    @property
    def scale(self) -> Literal["log", "linear"]:
        """How the range is walked."""
        return "log" if self.low > 0 and self.high / self.low >= LOG_FROM else "linear"

    @property
    def name(self) -> str:
        """The key without what all have in common."""
        return self.key.removeprefix(f"{MECHANISMS}.").removesuffix(".exponential.mean")

    def at(self, unit: float) -> float:
        """The value at a place in the range. unit: from 0 (low) to 1 (high). Raises BadInput for a place outside."""
        if self.scale == "log":
            value = math.exp(math.log(self.low) + unit * math.log(self.high / self.low))
        else:
            value = self.low + unit * (self.high - self.low)
        if not 0 <= unit <= 1:
            raise BadInput(f"{self.key}: {value:g} lies outside its range, {self.low:g} to {self.high:g}")
        return value

    def setting(self, unit: float) -> str:
        """What sets a scenario to that value, as `--set` takes it."""
        return f"{self.key}={self.at(unit):.6g}"


def inputs_of(world: World, parameters: Sequence[Parameter]) -> tuple[list[Input], list[str]]:
    """What can be varied in a world, and the keys that cannot, since their mechanism is switched off in it: to set one
    would switch it on."""
    varied, left_out = [], []
    for one in parameters:
        section, _, rest = one.key.partition(".")
        mechanism = (
            getattr(world.scenario.mechanisms, rest.partition(".")[0]) if section == MECHANISMS else None
        )
        if mechanism is not None and not mechanism.enabled:
            left_out.append(one.key)
        else:
            varied.append(Input(one.key, one.low, one.high))
    return varied, left_out
