"""Counts and places on a tensor: how many weeks or models reach a share, where an amount stands, when something comes.

Each takes a choice among several bounds: a binary variable for each of its parts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import Literal

from testbed.calibration.linear.readings import Amount, Reading, quotient
from testbed.calibration.linear.requirements import Bound, Every, NotLinear, Read, Requirement, some


@dataclass(frozen=True)
class Place:
    """The place of an amount among several in one week: 1 is the largest."""

    own: Amount
    others: tuple[Amount, ...]
    week: int
    unit: Literal["count"] = "count"

    def _gap(self, other: Amount, sign: float) -> Bound:
        everything = Amount("tokens")
        gap = quotient(self.own, everything, (self.week,)) - quotient(other, everything, (self.week,))
        return Bound(gap * sign, 0.0, 0.05)

    def at_least(self, least: float, width: float) -> Requirement:
        """So many others are larger."""
        return some([self._gap(other, -1.0) for other in self.others], math.ceil(least) - 1)

    def at_most(self, most: float, width: float) -> Requirement:
        """All but so many others are smaller."""
        parts = [self._gap(other, 1.0) for other in self.others]
        needed = len(parts) - (math.floor(most) - 1)
        return Every(tuple(parts)) if needed == len(parts) else some(parts, needed)

    def value(self, read: Read) -> float:
        """The place."""
        return 1.0 + sum(self._gap(other, -1.0).slack(read) > 0 for other in self.others)


@dataclass(frozen=True)
class Held:
    """How many of several series reach a share in a least number of weeks. each: one series a name."""

    each: tuple[tuple[Reading, ...], ...]
    share: float
    weeks: int
    unit: Literal["count"] = "count"

    def at_least(self, least: float, width: float) -> Requirement:
        """So many of them reach it in so many weeks each."""
        parts = [
            some([Bound(reading, self.share, self.share) for reading in s], self.weeks) for s in self.each
        ]
        return some(parts, math.ceil(least))

    def at_most(self, most: float, width: float) -> Requirement:
        """No claim asks for this so far."""
        raise NotLinear("that at most so many hold a share")

    def value(self, read: Read) -> float:
        """The count."""
        return float(sum(sum(read(r) >= self.share for r in series) >= self.weeks for series in self.each))


@dataclass(frozen=True)
class Together:
    """In how many weeks all of several series reach a share. each: one series a name."""

    each: tuple[tuple[Reading, ...], ...]
    share: float
    unit: Literal["count"] = "count"

    def at_least(self, least: float, width: float) -> Requirement:
        """In so many weeks all of them do."""
        weeks = [
            Every(tuple(Bound(r, self.share, self.share) for r in week))
            for week in zip(*self.each, strict=True)
        ]
        return some(weeks, math.ceil(least))

    def at_most(self, most: float, width: float) -> Requirement:
        """No claim asks for this so far."""
        raise NotLinear("that in at most so many weeks several hold a share")

    def value(self, read: Read) -> float:
        """The count."""
        return float(sum(all(read(r) >= self.share for r in week) for week in zip(*self.each, strict=True)))


@dataclass(frozen=True)
class FirstBelow:
    """When a series first lies below a level. positions: of its weeks, in weeks from a date."""

    readings: tuple[Reading, ...]
    positions: tuple[float, ...]
    level: float
    unit: Literal["count"] = "count"

    def at_least(self, least: float, width: float) -> Requirement:
        """No week before that lies below."""
        early = [r for r, p in zip(self.readings, self.positions, strict=True) if p < least]
        return Every(tuple(Bound(reading, self.level, 0.1) for reading in early))

    def at_most(self, most: float, width: float) -> Requirement:
        """Some week up to that lies below."""
        until = [r for r, p in zip(self.readings, self.positions, strict=True) if p <= most]
        return some([Bound(-reading, -self.level, 0.1) for reading in until], 1)

    def value(self, read: Read) -> float:
        """The position of the first such week; infinite without one."""
        pairs = zip(self.readings, self.positions, strict=True)
        return next((position for reading, position in pairs if read(reading) < self.level), math.inf)


@dataclass(frozen=True)
class Passage:
    """How long several series take to reach a share, in the median, in weeks. each: one series a name, from its first
    week on. followed: those that never do count as later than any number of weeks if they are longer than this, else
    they are left out."""

    each: tuple[tuple[Reading, ...], ...]
    share: float
    followed: int
    unit: Literal["count"] = "count"

    def at_least(self, least: float, width: float) -> Requirement:
        """No claim asks for this so far."""
        raise NotLinear("that models take at least some time")

    def at_most(self, most: float, width: float) -> Requirement:
        """Half of them reach it by then; one more is surely enough."""
        in_time = [
            some([Bound(reading, self.share, self.share) for reading in series[: math.floor(most) + 1]], 1)
            for series in self.each
        ]
        return some(in_time, math.ceil(len(in_time) / 2), len(in_time) // 2 + 1)

    def value(self, read: Read) -> float:
        """The median; NaN where all are left out."""
        found = []
        for series in self.each:
            first = next((week for week, r in enumerate(series) if read(r) >= self.share), math.inf)
            if first < math.inf or len(series) - 1 > self.followed:
                found.append(first)
        return median(found) if found else math.nan
