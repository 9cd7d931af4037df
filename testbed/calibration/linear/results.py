"""What a statistic is on a tensor: a number, a weekly series or several named numbers, as `measured` has them on a log.

Each kind of number says which requirement makes it at least, or at most, something, and what its value is.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal, Protocol

from testbed.calibration.linear.readings import Amount, Reading, mean, quotient
from testbed.calibration.linear.requirements import Bound, Every, NotLinear, Read, Requirement, Some, some


class Number(Protocol):
    """One number read off a tensor."""

    @property
    def unit(self) -> Literal["share", "level", "count", "log10"]:
        """Of what kind it is: how wide a band without a second edge is depends on it."""

    def at_least(self, least: float, width: float) -> Requirement:
        """What makes it at least so much; width: of the band that the bound belongs to. Raises NotLinear."""

    def at_most(self, most: float, width: float) -> Requirement:
        """What makes it at most so much. Raises NotLinear."""

    def value(self, read: Read) -> float:
        """The number itself."""


@dataclass(frozen=True)
class Plain:
    """A reading."""

    reading: Reading

    @property
    def unit(self) -> Literal["share", "level"]:
        """That of the reading."""
        return self.reading.unit

    def at_least(self, least: float, width: float) -> Requirement:
        """The bound itself."""
        return Bound(self.reading, least, width)

    def at_most(self, most: float, width: float) -> Requirement:
        """The bound on the negative."""
        return Bound(-self.reading, -most, width)

    def value(self, read: Read) -> float:
        """The reading."""
        return read(self.reading)


@dataclass(frozen=True)
class Extreme:
    """The lowest or the highest of a series."""

    readings: tuple[Reading, ...]
    which: Literal["low", "high"]
    unit: Literal["share"] = "share"

    def at_least(self, least: float, width: float) -> Requirement:
        """Every week reaches it, or for the highest some week does."""
        parts = tuple(Bound(reading, least, width) for reading in self.readings)
        return Every(parts) if self.which == "low" else some(parts, 1)

    def at_most(self, most: float, width: float) -> Requirement:
        """Some week lies below, or for the highest every week does."""
        parts = tuple(Bound(-reading, -most, width) for reading in self.readings)
        return Every(parts) if self.which == "high" else some(parts, 1)

    def value(self, read: Read) -> float:
        """The extreme."""
        return (min if self.which == "low" else max)(read(reading) for reading in self.readings)


@dataclass(frozen=True)
class Largest:
    """The largest of several in each week: its highest week, or the mean of its weeks. each: one series a name."""

    each: tuple[tuple[Reading, ...], ...]
    over: Literal["high", "mean"]
    unit: Literal["share"] = "share"

    def at_least(self, least: float, width: float) -> Requirement:
        """No claim asks for this so far."""
        raise NotLinear("that the largest of several is at least something, in the mean of weeks")

    def at_most(self, most: float, width: float) -> Requirement:
        """Each stays below, in every week or in the mean. In the mean that is necessary, and enough while the largest
        stays the same."""
        tops = self.each if self.over == "high" else tuple((mean(series),) for series in self.each)
        return Every(tuple(Bound(-reading, -most, width) for series in tops for reading in series))

    def value(self, read: Read) -> float:
        """The highest of the weeks' largest, or their mean."""
        weeks = [max(values) for values in zip(*([read(r) for r in s] for s in self.each), strict=True)]
        return max(weeks) if self.over == "high" else sum(weeks) / len(weeks)


@dataclass(frozen=True)
class Middle:
    """The median of several readings."""

    readings: tuple[Reading, ...]
    unit: Literal["level"] = "level"

    def _half(self, parts: Sequence[Requirement]) -> Some:
        n = len(parts)
        return some(parts, math.ceil(n / 2), n // 2 + 1)

    def at_least(self, least: float, width: float) -> Requirement:
        """Half of them reach it; one more is surely enough."""
        return self._half([Bound(reading, least, width) for reading in self.readings])

    def at_most(self, most: float, width: float) -> Requirement:
        """Half of them lie below; one more is surely enough."""
        return self._half([Bound(-reading, -most, width) for reading in self.readings])

    def value(self, read: Read) -> float:
        """The median."""
        return median(read(reading) for reading in self.readings)


@dataclass(frozen=True)
class ToLargest:
    """An amount over the largest of several, itself among them or not; or the logarithm of that (base 10). whole: an
    amount that holds them all."""

    own: Amount
    others: tuple[Amount, ...]
    whole: Amount
    weeks: tuple[int, ...]
    unit: Literal["level", "log10"] = "level"

    def _of(self, amount: Amount) -> Reading:
        return quotient(amount, self.whole, self.weeks, "level")

    def _beyond(self, bound: float, width: float, sign: float) -> list[Bound]:
        """For each of the others that the amount is at least (at most, with sign -1) `bound` of it."""
        if self.unit == "log10":
            bound = 10.0**bound
            width *= bound * math.log(10)
        gaps = (self._of(self.own) - self._of(other) * bound for other in self.others if other != self.own)
        return [Bound(gap * sign, 0.0, width) for gap in gaps]

    def at_least(self, least: float, width: float) -> Requirement:
        """So much of each of them."""
        return Every(tuple(self._beyond(least, width, 1.0)))

    def at_most(self, most: float, width: float) -> Requirement:
        """At most so much of one of them; nothing to ask of one that is itself among them and may be the largest."""
        if self.own in self.others and most >= (0.0 if self.unit == "log10" else 1.0):
            return Every(())
        return some(self._beyond(most, width, -1.0), 1)

    def value(self, read: Read) -> float:
        """The quotient, or its logarithm."""
        own, largest = read(self._of(self.own)), max(read(self._of(other)) for other in self.others)
        found = own / largest if largest > 0 else math.nan
        if self.unit == "level":
            return found
        return math.log10(found) if found > 0 else -math.inf


@dataclass(frozen=True)
class ToMedian:
    """An amount over the median of several in logarithms, itself among them."""

    own: Amount
    others: tuple[Amount, ...]
    weeks: tuple[int, ...]
    unit: Literal["level"] = "level"

    def at_least(self, least: float, width: float) -> Requirement:
        """Half of all are among the others, and it is so many times each of these: exact for 1, for then it stands in
        the upper half, and for more than 1 enough to be above the median."""
        if least < 1:
            raise NotLinear("how far below the median of several an amount may lie")
        against = [Bound(quotient(self.own, o, self.weeks, "level"), least, width) for o in self.others]
        return some(against, (len(self.others) + 1) // 2)

    def at_most(self, most: float, width: float) -> Requirement:
        """No claim asks for this so far."""
        raise NotLinear("how far below the median of several an amount lies")

    def value(self, read: Read) -> float:
        """The quotient."""
        logs = [-math.log(read(quotient(self.own, o, self.weeks, "level"))) for o in self.others]
        return math.exp(-median([0.0, *logs]))


@dataclass(frozen=True)
class Series:
    """Numbers by week, in time order."""

    times: tuple[dt.date, ...]
    numbers: tuple[Number, ...]

    @property
    def readings(self) -> tuple[Reading, ...]:
        """The readings, where all numbers are plain ones. Raises NotLinear."""
        found = tuple(number.reading for number in self.numbers if isinstance(number, Plain))
        if len(found) < len(self.numbers):
            raise NotLinear("a trend of places")
        return found


@dataclass(frozen=True)
class Parts:
    """Several named readings, compared with each other or with targets of their own."""

    of: Mapping[str, Reading]


Result = Number | Series | Parts
