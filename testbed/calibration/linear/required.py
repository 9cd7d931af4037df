"""Which requirement makes a predicate true of a result.

Estimates decide, as in `testbed.claims.predicates`; what a test on a log asks beyond that (a direction that the
interval confirms) is asked of the size: a trend is end less start, means of the first and the last four weeks of the
series, and a difference counts from `STRICT` on.

room: the part of a band's width by which its edges move inwards, so that what meets them does not sit on an edge. A
bound without a second edge is as wide as the band that the rules of the claims would give its number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import singledispatch
from itertools import pairwise

from testbed.calibration.linear.readings import Reading, mean, quotient
from testbed.calibration.linear.requirements import Bound, Every, NotLinear, Requirement, inwards, some
from testbed.calibration.linear.results import Number, Parts, Plain, Result, Series
from testbed.claims.measuring.changes import EDGE_WEEKS
from testbed.claims.predicates import (
    Comparison,
    Ordering,
    Predicate,
    Profile,
    Range,
    ShareOfWeeks,
    Sign,
    Threshold,
    TrendIs,
    Value,
)
from testbed.claims.verdict import FACTORS, band

STRICT = 0.001
"""Least difference of shares, and least relative difference of levels, that counts as one (assumed)."""
DIFFERENCE_WIDTH = 0.1
"""Width of the band of a difference of shares that must only have a sign: ten points (assumed)."""
TRACE = 1e-6
"""By how much a bound must be passed where meeting it exactly is not enough, as a part of the bound (assumed)."""
LEAST_WIDTH = 0.01
"""Width of a band that has none, as a unit of slack: the rules' least tolerance of a share."""
LEVEL_WIDTH = FACTORS["factor"] - 1 / FACTORS["factor"]
"""Width of the band of a level, relative to it: that of the rule `factor`."""


def required(predicate: Predicate, result: Result, room: float = 0.0) -> Requirement:
    """The requirement. Raises NotLinear where there is none."""
    return _required(predicate, result, room)


@singledispatch
def _required(predicate: Predicate, result: Result, room: float) -> Requirement:
    raise TypeError(f"no requirement is written for {type(predicate).__name__}")


@_required.register
def _value(predicate: Value, result: Result, room: float) -> Requirement:
    return _within(_number(result), *predicate.band(predicate.target), room)


@_required.register
def _range(predicate: Range, result: Result, room: float) -> Requirement:
    return _within(_number(result), *predicate.edges, room)


@_required.register
def _profile(predicate: Profile, result: Result, room: float) -> Requirement:
    parts = _parts(result)
    return Every(tuple(
        _within(Plain(_part(parts, name)), *predicate.band(target), room) for name, target in predicate.targets.items()
    ))  # fmt: skip


@_required.register
def _ordering(predicate: Ordering, result: Result, room: float) -> Requirement:
    parts = _parts(result)
    pairs = [] if predicate.any_order else list(pairwise(predicate.order))
    if predicate.others == "below":
        lowest = predicate.order if predicate.any_order else predicate.order[-1:]
        pairs += [(name, other) for name in lowest for other in parts if other not in predicate.order]
    return Every(tuple(_above(_part(parts, left), _part(parts, right), room) for left, right in pairs))


@_required.register
def _sign(predicate: Sign, result: Result, room: float) -> Requirement:
    number, least = _number(result), STRICT + room * DIFFERENCE_WIDTH
    if predicate.of == "positive":
        return number.at_least(least, DIFFERENCE_WIDTH)
    return number.at_most(-least, DIFFERENCE_WIDTH)


@_required.register
def _comparison(predicate: Comparison, result: Result, room: float) -> Requirement:
    parts = _parts(result)
    greater, smaller = (_part(parts, name) for name in (predicate.greater, predicate.smaller))
    return _above(greater, smaller, room, predicate.margin)


@_required.register
def _trend(predicate: TrendIs, result: Result, room: float) -> Requirement:
    if not isinstance(result, Series):
        raise TypeError(f"a trend is one of a series, not of a {type(result).__name__}")
    start, end = mean(result.readings[:EDGE_WEEKS]), mean(result.readings[-EDGE_WEEKS:])
    if predicate.margin is not None:
        return _within(Plain(end - start), -predicate.margin, predicate.margin, room)
    greater, smaller = (end, start) if predicate.direction == "up" else (start, end)
    return _above(greater, smaller, room, predicate.least)


@_required.register
def _share_of_weeks(predicate: ShareOfWeeks, result: Result, room: float) -> Requirement:
    if not isinstance(result, Series):
        raise TypeError(f"weeks are those of a series, not of a {type(result).__name__}")
    low = -math.inf if predicate.above is None else predicate.above
    high = math.inf if predicate.below is None else predicate.below
    weeks = [_between(number, low, high, room) for number in result.numbers]
    if predicate.at_least == 1:
        return Every(tuple(weeks))
    return some(weeks, predicate.at_least * len(weeks))


@_required.register
def _threshold(predicate: Threshold, result: Result, room: float) -> Requirement:
    """Some week among those of the peak is so many times half of the weeks around, or one more to be sure."""
    if not isinstance(result, Series):
        raise TypeError(f"a peak is one of a series, not of a {type(result).__name__}")
    inside = [n for n, day in enumerate(result.times) if predicate.first <= day <= predicate.last]
    if not inside:
        raise NotLinear("the tensor has no week of the peak")
    before = range(max(0, inside[0] - predicate.around), inside[0])
    after = range(inside[-1] + 1, min(len(result.times), inside[-1] + 1 + predicate.around))
    near = [result.readings[n] for n in (*before, *after)]
    times = predicate.times * (1 + room * LEVEL_WIDTH)
    needed, surely = math.ceil(len(near) / 2), len(near) // 2 + 1
    peaks = (
        [Bound(result.readings[n] - usual * times, 0.0, DIFFERENCE_WIDTH) for usual in near] for n in inside
    )
    return some([some(above, needed, surely) for above in peaks], 1)


def _within(number: Number, low: float, high: float, room: float) -> Requirement:
    """From `low` to `high`, both of which belong to it, less the room."""
    width = _width(number, low, high)
    shift = 0.0 if number.unit == "count" else room * width
    width = width or LEAST_WIDTH
    found: list[Requirement] = []
    if math.isfinite(low):
        found.append(number.at_least(low + shift, width))
    if math.isfinite(high):
        found.append(number.at_most(high - shift, width))
    both = Every(tuple(found))
    return inwards(both, room) if number.unit == "count" else both


def _between(number: Number, low: float, high: float, room: float) -> Requirement:
    """Above `low` and below `high`, which do not belong to it: of whole numbers, from the next one on."""
    if number.unit != "count":
        low, high = low + TRACE * abs(low), high - TRACE * abs(high)
    else:
        low, high = math.floor(low) + 1 if math.isfinite(low) else low, (
            math.ceil(high) - 1 if math.isfinite(high) else high
        )  # fmt: skip
    return _within(number, low, high, room)


def _width(number: Number, low: float, high: float) -> float:
    if math.isfinite(low) and math.isfinite(high):
        return high - low
    edge = low if math.isfinite(low) else high
    if number.unit == "share":
        lowest, highest = band(edge, "share")
        return highest - lowest
    return LEVEL_WIDTH * abs(edge) if number.unit == "level" else 1.0


def _above(greater: Reading, smaller: Reading, room: float, margin: float = 0.0) -> Bound:
    """One reading above another by more than a margin. Of levels, and of parts of one whole, by a part of the smaller
    one; of other shares by points."""
    if not margin and (times := _times(greater, smaller)) is not None:
        return Bound(times, 1 + STRICT + room * LEVEL_WIDTH, LEVEL_WIDTH)
    signed = any(weight < 0 for weight, _ in (*greater.terms, *smaller.terms))
    if margin or signed or greater.unit == "share":
        least = max(margin, STRICT) + room * DIFFERENCE_WIDTH
        return Bound(greater - smaller, least, DIFFERENCE_WIDTH)
    return Bound(greater - smaller * (1 + STRICT + room * LEVEL_WIDTH), 0.0, DIFFERENCE_WIDTH)


def _times(greater: Reading, smaller: Reading) -> Reading | None:
    """One reading over another, where each is one part of the same whole in the same weeks."""
    match (greater.terms, greater.constant), (smaller.terms, smaller.constant):
        case (((1.0, one),), 0.0), (((1.0, other),), 0.0) if (one.whole, one.weeks) == (
            other.whole,
            other.weeks,
        ):
            return quotient(one.part, other.part, one.weeks, "level")
    return None


def _number(result: Result) -> Number:
    if isinstance(result, (Series, Parts)):
        raise TypeError(f"a number was expected, not {type(result).__name__}")
    return result


def _part(parts: Mapping[str, Reading], name: str) -> Reading:
    if name not in parts:
        raise NotLinear(f"the world has nothing of {name}")
    return parts[name]


def _parts(result: Result) -> Mapping[str, Reading]:
    if not isinstance(result, Parts):
        raise TypeError(f"named numbers were expected, not {type(result).__name__}")
    return result.of
