"""Values that change with the date: a number, or `{2024-01-01: 0.2, 2025-01-01: 0.5}`."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import ConfigDict, Field, GetJsonSchemaHandler, RootModel, model_serializer, model_validator
from pydantic_core import CoreSchema

from sim.config.problems import ProblemAt

ANY_DAY = dt.date(1970, 1, 1)  # where the one point of a constant stands


class Timeline(RootModel[dict[dt.date, Annotated[float, Field(allow_inf_nan=False)]]]):
    """A value by date: a number, or a mapping {date: number} in ascending order.

    Between two dates the value moves in a straight line (or geometrically, where the key says so); before the first
    and after the last it stays.
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
        if not isinstance(value, dict):
            raise ValueError("expected a number, or a mapping of dates to numbers such as {2024-01-01: 0.2}")
        return value

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        days = list(self.root)
        if not days:
            raise ProblemAt((), "give at least one date")
        for earlier, later in pairwise(days):
            if later <= earlier:
                raise ProblemAt(str(later), f"dates must ascend; this one comes after {earlier}", at_key=True)
        return self

    @model_serializer
    def _write(self) -> Any:
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
        return {"description": (cls.__doc__ or "").partition("\n")[0], "anyOf": [{"type": "number"}, by_date]}

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
        points = np.array([(day - ANY_DAY).days for day in self.root], dtype=np.float64)
        values = np.array(list(self.root.values()), dtype=np.float64)
        if not geometric:
            return np.asarray(np.interp(x, points, values))
        if (values <= 0).any():
            raise ValueError("geometric interpolation needs values above zero")
        return np.exp(np.interp(x, points, np.log(values)))

    @property
    def support(self) -> tuple[float, float]:
        """Least and greatest value."""
        return (min(self.root.values()), max(self.root.values()))
