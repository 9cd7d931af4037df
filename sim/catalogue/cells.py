"""How a cell of the catalogue's CSV files is read: the types of the catalogue's fields, and what a wrong cell is told.

Python's own readers come before pydantic's, which would make a date of `0` and a whole number of `1.0`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import ErrorDetails

from sim.catalogue.names import hint

_FLAGS: Final = {"true": True, "false": False}


def _read(convert: Callable[[str], object], expected: str) -> BeforeValidator:
    def read(raw: str) -> object:
        try:
            return convert(raw)
        except ValueError:
            raise ValueError(f"expected {expected}, got {raw!r}") from None

    return BeforeValidator(read)


def within(low: float, high: float = float("inf")) -> AfterValidator:
    """For a number from `low` to `high`, both included; also for several numbers."""

    def check(value: float | tuple[float, ...]) -> float | tuple[float, ...]:
        for number in value if isinstance(value, tuple) else (value,):
            if not low <= number <= high:  # nor is "nan" within
                raise ValueError(f"{number:g} is outside {low:g} .. {high:g}")
        return value

    return AfterValidator(check)


def for_each(names: Sequence[str]) -> BeforeValidator:
    """For a number that stands in one cell and holds for all of `names` alike."""
    return _read(lambda raw: (float(raw),) * len(names), "a number")


Text = Annotated[str, Field(min_length=1)]
Day = Annotated[date, _read(date.fromisoformat, "a date like 2025-01-31")]
Flag = Annotated[bool, Field(strict=True), BeforeValidator(lambda raw: _FLAGS.get(raw, raw))]
Number = Annotated[float, _read(float, "a number")]
Count = Annotated[int, _read(int, "a whole number"), within(1)]
Amount = Annotated[Number, within(0)]
MAY_BE_EMPTY: Final = BeforeValidator(lambda raw: raw or None)


def message(error: ErrorDetails) -> str:
    """What is wrong in a cell, and what was expected there."""
    raw = error["input"]
    match error["type"]:
        case "string_too_short":
            return "is empty"
        case "bool_type" | "literal_error":
            known = re.findall(r"'(.*?)'", error.get("ctx", {}).get("expected", "")) or list(_FLAGS)
            return f"{raw!r} is not one of {', '.join(known)}{hint(raw, known)}"
        case _:
            return str(error.get("ctx", {}).get("error", error["msg"]))
