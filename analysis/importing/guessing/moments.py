"""Moments: in which form, unit and zone a column has them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal

from analysis.importing.guessing.magnitudes import unit_of_moments
from analysis.importing.guessing.sample import ENOUGH, Column
from analysis.sources.quoting import identifier

Made = tuple[Mapping[str, Any], Literal["sure", "likely", "a guess"], str]

_FORMATS = (
    "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M",
    "%Y%m%d %H:%M:%S", "%Y%m%dT%H%M%S", "%b %d, %Y %H:%M:%S", "%d %b %Y %H:%M:%S", "%a, %d %b %Y %H:%M:%S GMT",
    *(f"{day}, {time}" for day in ("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y") for time in (
        "%I:%M:%S.%f %p", "%I:%M:%S %p", "%H:%M:%S.%f", "%H:%M:%S")),
)  # fmt: skip
"""Forms of dates beside ISO 8601, as strptime has them."""
_ISO = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d")
_ZONED = re.compile(r"\d\d:\d\d.*([zZ]|[-+]\d\d(:?\d\d)?| ?[A-Za-z/_]+)$")
_UTC = ("utc", "gmt")
NO_ZONE = "its times state no zone: UTC is assumed (zone: Europe/Berlin and the like, if it is another)"


def guess(column: Column) -> Made | None:
    """How a column has moments, or None if it has none."""
    texts = column.filled
    if column.numbers is not None:
        unit = unit_of_moments(column.numbers)
        return (
            ({"unit": unit}, "sure", f"its name; in {unit} since 1970 all are in this century")
            if unit
            else None
        )
    iso = [text for text in texts if _ISO.match(text)]
    if iso and len(iso) >= ENOUGH * len(texts):
        if all(_ZONED.search(text) for text in iso):
            return {}, "sure", "its name, and times with their zone"
        if any(word in column.place.lower() for word in _UTC):
            return {"zone": "UTC"}, "sure", "its name, which says the zone"
        return {"zone": "UTC"}, "likely", f"its name; {NO_ZONE}"
    fits = [(span, form) for form in _FORMATS if (span := _span(texts, form)) is not None]
    if not fits:
        return None
    _, form = min(fits, key=lambda pair: pair[0])  # of two, the one in which the file is shorter
    said = any(word in column.place.lower() for word in _UTC)
    both = "; day and month may be the other way around" if len(fits) > 1 else ""
    return (
        {"expression": f"strptime({identifier(column.place)}, '{form}')", "zone": "UTC"},
        "a guess" if both else "likely",
        f"its name{', which says the zone' if said else ''}; {form}{both}{'' if said else f'; {NO_ZONE}'}",
    )


def _span(texts: tuple[str, ...], form: str) -> dt.timedelta | None:
    """From the first to the last moment in this form; None if too many of the texts have another."""
    moments = []
    for text in texts:
        with suppress(ValueError):
            moments.append(dt.datetime.strptime(text, form))
    return max(moments) - min(moments) if moments and len(moments) >= ENOUGH * len(texts) else None
