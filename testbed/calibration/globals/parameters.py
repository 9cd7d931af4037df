"""Global parameters of a scenario: each moves one or several of its numbers by one step on a log or logit scale.

A parameter is 0 where the scenario stands, and 1 is one standard deviation of its prior. The prior's centre is thus the
scenario, and its standard deviations are assumed, unless it is said where they come from.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from sim.scenario import Scenario

Floats = npt.NDArray[np.float64]
Scale = Literal["log", "logit"]
EVERY = "*"
"""In a key: all that a section has."""
CURVE, CURVE_LEVELS = "logistic", ["start", "end"]
"""A curve over time, and what of it is as large as what it describes."""
DIGITS = 6


@dataclass(frozen=True)
class Global:
    """A parameter. name: for people; keys: as `--set` takes them, `EVERY` for all of a section, and of what varies by
    date all its levels; sd: of its prior, on its scale; sourced: it comes from sources, so it must never be fitted;
    default: of a key that a scenario may leave out."""

    name: str
    keys: tuple[str, ...]
    scale: Scale
    sd: float
    sourced: bool = False
    default: float | None = None

    def moved(self, value: float, z: float) -> float:
        """A number of the scenario with the parameter at z standard deviations of its prior."""
        if self.scale == "log":
            return value * math.exp(self.sd * z)
        if value in (0.0, 1.0):
            return value
        return 1 / (1 + math.exp(-math.log(value / (1 - value)) - self.sd * z))


@dataclass(frozen=True)
class Globals:
    """The parameters of a study with the numbers of a scenario that each moves, by key."""

    of: tuple[Global, ...]
    numbers: tuple[Mapping[str, float], ...]

    def __len__(self) -> int:
        return len(self.of)

    def settings(self, z: Sequence[float] | Floats) -> tuple[str, ...]:
        """What sets the scenario to a point, as `--set` takes it; nothing for parameters at 0."""
        found: dict[str, float] = {}
        for one, numbers, place in zip(self.of, self.numbers, z, strict=True):
            if place:
                for key, value in numbers.items():
                    found[key] = one.moved(found.get(key, value), float(place))
        return tuple(f"{key}={value:.{DIGITS}g}" for key, value in found.items())


def globals_of(scenario: Scenario, wanted: Sequence[Global]) -> Globals:
    """The parameters in a scenario. Raises ValueError for one of which it has no number that could move."""
    content = scenario.model_dump(mode="json")
    numbers = []
    for one in wanted:
        found: dict[str, float] = {}
        for key in one.keys:
            there = dict(_numbers(content, key.split("."), ""))
            found |= there or ({} if one.default is None else {key: one.default})
        fixed = (0.0, 1.0) if one.scale == "logit" else (0.0,)
        if all(value in fixed for value in found.values()):
            raise ValueError(
                f"{one.name}: the scenario has no number at {', '.join(one.keys)} that could move"
            )
        numbers.append(found)
    return Globals(tuple(wanted), tuple(numbers))


def _numbers(node: Any, path: Sequence[str], key: str) -> Iterator[tuple[str, float]]:
    """The numbers at a path below a node. A number on the way stands for all that is below it."""
    if isinstance(node, (int, float)) and not isinstance(node, bool):
        yield ".".join([key, *path]), float(node)
    elif isinstance(node, Mapping):
        names = path[:1] or (
            [CURVE] if CURVE in node else CURVE_LEVELS if set(CURVE_LEVELS) <= set(node) else [EVERY]
        )
        for name in node if names == [EVERY] else names:
            if name in node:
                yield from _numbers(node[name], path[1:], f"{key}.{name}" if key else name)


OWN = (
    Global("willingness to pay, median", ("workloads.willingness_to_pay_usd_per_mtok.lognormal.median",), "log", 0.4),
    Global("willingness to pay, spread", ("workloads.willingness_to_pay_usd_per_mtok.lognormal.sigma",), "log", 0.2),
    Global("willingness to pay of hard work", ("workloads.willingness_per_hardness",), "log", 0.5),
    Global("hardness, spread", ("workloads.hardness.normal.sd",), "log", 0.2),
    Global("hardness, drift", ("workloads.hardness_drift",), "log", 0.3),
    Global("work that takes free models only", ("workloads.free_share",), "logit", 0.5),
    Global("requests, spread", ("workloads.requests_per_day.lognormal.sigma",), "log", 0.2),
    Global("prompt lengths", ("workloads.categories.*.prompt_tokens",), "log", 0.3),
    Global("completion lengths", ("workloads.categories.*.completion_tokens",), "log", 0.3),
    Global("reasoning lengths", ("traffic.reasoning_completion_factor",), "log", 0.3),
    Global("cached part of prompts", ("workloads.categories.*.cached_share",), "logit", 0.5),
    Global("tool calls", ("traffic.tool_call_share",), "logit", 0.5),
)  # fmt: skip
"""Those that no source gives, with standard deviations that are assumed. These, and no others, a fit may move."""
