"""What the sections of a scenario are made of: numbers in a range, values by date, values that vary."""

import math
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sim.config.problems import ProblemAt
from sim.settings.distributions import Distribution
from sim.settings.timelines import ANY_DAY, Timeline

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]


def _within(low: float, high: float = math.inf, above: bool = False) -> AfterValidator:
    """All values of a timeline or a distribution lie in [low, high]; strictly above `low` if `above`."""

    def check(value: Timeline | Distribution) -> Timeline | Distribution:
        least, most = value.support
        if least < low or most > high or (above and least <= low and isinstance(value, Timeline)):
            limits = f"above {low:g}" if above else f"at least {low:g}"
            limits += "" if high == math.inf else f" and at most {high:g}"
            hint = "" if isinstance(value, Timeline) else "; truncate it with min and max"
            raise ValueError(f"every value must be {limits}, these go from {least:g} to {most:g}{hint}")
        return value

    return AfterValidator(check)


Shares = Annotated[Timeline, _within(0, 1)]
Weights = Annotated[Timeline, _within(0)]
Positives = Annotated[Timeline, _within(0, above=True)]
Amount = Annotated[Distribution, _within(0)]
Chance = Annotated[Distribution, _within(0, 1)]


class Settings(BaseModel):
    """A part of a file for people, such as a scenario: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def some_weight(groups: Mapping[Any, Any], key: str) -> None:
    """On every date at which a weight changes, some group has one."""
    dates = {day for group in groups.values() for day in group.share.turns}
    for day in sorted(dates):
        moment = np.array([day], dtype="datetime64[D]")
        if sum(float(group.share.at(moment)[0]) for group in groups.values()) <= 0:
            when = "" if day == ANY_DAY else f"on {day} "
            raise ProblemAt((key,), f"{when}no share is above zero; give one some weight")
