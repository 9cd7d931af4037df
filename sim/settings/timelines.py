"""Values that change with the date: a number, `{2024-01-01: 0.2, 2025-01-01: 0.5}`, or a curve of few parameters."""

from __future__ import annotations

import datetime as dt
import math
from itertools import pairwise
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    RootModel,
    Tag,
    model_serializer,
    model_validator,
)
from pydantic_core import CoreSchema

from sim.config.problems import ProblemAt

ANY_DAY = dt.date(1970, 1, 1)  # where the one point of a constant stands


Number = Annotated[float, Field(allow_inf_nan=False)]


class Logistic(BaseModel):
    """An S-shaped change from one level to another (the curve of growth of Verhulst 1838)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    start: Number = Field(description="level long before")
    end: Number = Field(description="level long after")
    midpoint: dt.date = Field(description="the day half-way")
    width_days: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        description="days from a tenth of the way to nine tenths"
    )

    def progress(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """How much of the way is done, 0..1, on days since 1970."""
        steepness = 2 * math.log(9) / self.width_days
        return np.asarray(0.5 + 0.5 * np.tanh(0.5 * steepness * (x - (self.midpoint - ANY_DAY).days)))


class Curve(BaseModel):
    """A value that changes by a curve."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    logistic: Logistic


def _form(value: Any) -> str:
    """Which form a value by date has; also its name in a place of pydantic's errors, which must be no key."""
    return (
        "a curve"
        if isinstance(value, Curve) or (isinstance(value, dict) and "logistic" in value)
        else "dates"
    )


class Timeline(
    RootModel[
        Annotated[
            Annotated[dict[dt.date, Number], Tag("dates")] | Annotated[Curve, Tag("a curve")],
            Discriminator(_form),
        ]
    ]
):
    """A value by date: a number, a mapping {date: number} in ascending order, or {logistic: {...}}.

    Between two dates the value moves in a straight line (or geometrically, where the key says so); before the first
    and after the last it stays. A logistic curve goes from `start` to `end`; where the key says so, its logarithm does.
    """

    model_config = ConfigDict(frozen=True)

    @classmethod
    def constant(cls, value: float) -> Self:
        """The same value on every date."""
        return cls({ANY_DAY: value})

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return {ANY_DAY.isoformat(): value}
        if not isinstance(value, dict | Curve):
            raise ValueError("expected a number, or a mapping of dates to numbers such as {2024-01-01: 0.2}")
        return value

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if isinstance(self.root, Curve):
            return self
        days = list(self.root)
        if not days:
            raise ProblemAt((), "give at least one date")
        for earlier, later in pairwise(days):
            if later <= earlier:
                raise ProblemAt(str(later), f"dates must ascend; this one comes after {earlier}", at_key=True)
        return self

    @model_serializer
    def _write(self) -> Any:
        if isinstance(self.root, Curve):
            return self.root.model_dump(mode="json")
        if list(self.root) == [ANY_DAY]:
            return self.root[ANY_DAY]
        return {day.isoformat(): value for day, value in self.root.items()}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        by_date = {
            "type": "object",
            "propertyNames": {"format": "date"},
            "additionalProperties": {"type": "number"},
            "minProperties": 1,
        }
        curve = Curve.model_json_schema()
        logistic = curve["$defs"]["Logistic"]
        by_curve = {key: curve[key] for key in ("type", "additionalProperties", "required")}
        by_curve["properties"] = {"logistic": logistic}
        description = (cls.__doc__ or "").partition("\n")[0]
        return {"description": description, "anyOf": [{"type": "number"}, by_date, by_curve]}

    def at(
        self, days: ArrayLike, start: dt.date | None = None, geometric: bool = False
    ) -> NDArray[np.float64]:
        """Values on days, in their shape.

        `days` are datetime64, or numbers of days since `start` (0 is `start` itself). `geometric` interpolates the
        logarithm; ValueError if a value is not above zero then, or if days are numbers without a start.
        """
        when = np.asarray(days)
        if when.dtype.kind == "M":
            x = (when - np.datetime64(ANY_DAY)) / np.timedelta64(1, "D")
        elif start is None:
            raise ValueError("days are numbers: say from which date they count (start=...)")
        else:
            x = when + float((start - ANY_DAY).days)
        if isinstance(self.root, Curve):
            curve = self.root.logistic
            ends = np.array([curve.start, curve.end])
            first, last = _logs(ends) if geometric else ends
            value = first + (last - first) * curve.progress(x)
            return np.asarray(np.exp(value) if geometric else value)
        points = np.array([(day - ANY_DAY).days for day in self.root], dtype=np.float64)
        values = np.array(list(self.root.values()), dtype=np.float64)
        if not geometric:
            return np.asarray(np.interp(x, points, values))
        return np.exp(np.interp(x, points, _logs(values)))

    @property
    def support(self) -> tuple[float, float]:
        """Least and greatest value."""
        root = self.root
        values = (root.logistic.start, root.logistic.end) if isinstance(root, Curve) else root.values()
        return (min(values), max(values))

    @property
    def is_constant(self) -> bool:
        """Whether the value is the same on every date."""
        return self.support[0] == self.support[1]

    @property
    def turns(self) -> list[dt.date]:
        """The dates at which something is stated of it."""
        return [self.root.logistic.midpoint] if isinstance(self.root, Curve) else list(self.root)


def _logs(values: NDArray[np.float64]) -> NDArray[np.float64]:
    if (values <= 0).any():
        raise ValueError("geometric interpolation needs values above zero")
    return np.log(values)
