"""What is to be recovered: parameters that no source gives, those from sources, and what a fit of shares moves.

Parameters from sources are here to see whether numbers could tell them. No fit of the report world moves them.
"""

from __future__ import annotations

import math

from analysis.contract import CATEGORIES
from testbed.calibration.fit.contraction import DEFAULT
from testbed.calibration.globals.parameters import OWN, Global, Scale
from testbed.studies.behaviour import Parameter, parameters

SOURCED: dict[str, Scale] = {
    "mechanisms.price_response.alpha": "log",
    "mechanisms.information.kappa": "log",
    "mechanisms.lock_in.strength": "log",
    "mechanisms.rival_trials.look_every_days": "log",
    "mechanisms.popularity.weight": "log",
    "mechanisms.consideration.size": "log",
    "mechanisms.upgrade.share": "logit",
}
"""Parameters of behaviour that are looked at, with their scales: the ones that move who uses what (assumed)."""
RANGE_SDS = 4.0
"""How many standard deviations of its prior the range of a sourced parameter is (assumed)."""
AUTHORS = ("deepseek", "google", "openai", "mistralai", "qwen", "anthropic", "meta-llama", "x-ai")
"""Authors told apart, whose reach is free: the largest."""
DEMANDED = ("programming", "roleplay")
"""Categories whose demand is free: the largest."""


def sourced() -> tuple[Global, ...]:
    """The parameters of behaviour, each with the range that its page states as its prior."""
    known = {row.key: row for row in parameters()}
    return tuple(
        Global(_short(key), (key,), scale, _sd(known[key], scale), sourced=True)
        for key, scale in SOURCED.items()
    )


def fitted() -> tuple[Global, ...]:
    """What `slipper calibrate` moves, as far as it is told apart here: reach of authors, and demand."""
    reach = [
        Global(f"reach of {author}", tuple(f"authors.{author}.reach.{category}" for category in CATEGORIES),
               "log", DEFAULT.author, default=1.0)
        for author in AUTHORS
    ]  # fmt: skip
    demand = [
        Global(f"demand for {name}", (f"workloads.categories.{name}.volume",), "log", DEFAULT.demand)
        for name in DEMANDED
    ]
    return (*reach, *demand)


def everything() -> tuple[Global, ...]:
    """All of them."""
    return (*OWN, *sourced(), *fitted())


def _short(key: str) -> str:
    return key.split(".", 1)[1].replace("_", " ").replace(".", ": ")


def _sd(row: Parameter, scale: Scale) -> float:
    low, high = row.low, row.high
    if scale == "logit":
        low, high = low / (1 - low), high / (1 - high)
    return math.log(high / low) / RANGE_SDS
