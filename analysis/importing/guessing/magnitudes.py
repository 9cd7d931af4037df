"""Units by magnitudes: what numbers must count so that requests to language models come out of them.

The anchors are assumed: a request costs about 2 USD per million tokens, its first token takes about a second, and
tokens then come at about 50 a second. Units are a thousand apart, so that rough anchors do. Where the models are
listed, costs are held to their listed prices instead.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

from analysis.importing.rules import PER_SECOND

_MONEY = {"nano": "nanodollars", "micro": "micros", "cent": "cents", "usd": "USD", "dollar": "USD"}
_TIME = {"nano": "nanoseconds", "micro": "microseconds", "milli": "milliseconds", "second": "seconds"}
_TIME_ENDS = {
    "_ns": "nanoseconds",
    "_us": "microseconds",
    "_ms": "milliseconds",
    "_s": "seconds",
    "_sec": "seconds",
}
Numbers = Sequence[float | None]
Price = tuple[float, float, float]
"""USD per million tokens: prompt, completion, cached prompt."""

USD_PER_MTOK, TOKENS_PER_SECOND, SECONDS_TO_FIRST = 2.0, 50.0, 1.0
FIRST_DAY, LAST_DAY = 1_577_836_800, 4_102_444_800  # 2020 to 2100, seconds since 1970
_SAME = 1.25  # ratio of charged to listed costs up to which they are the same
_PLAUSIBLE = 50.0  # the same, up to which dollars can be: 0.04 to 100 USD per million tokens
_NEAR = 8.0  # ratio of an anchor and the numbers in a unit, up to which the unit is likely


def unit_in_name(place: str, of: str | None) -> str | None:
    """The unit that the name of a column says, such as cost_cents; None if it says none. of: the contract's unit."""
    name = place.lower()
    if of == "USD":
        return next((unit for part, unit in _MONEY.items() if part in name), None)
    if of != "milliseconds":
        return None
    ends = (unit for end, unit in _TIME_ENDS.items() if name.endswith(end))
    return next(ends, None) or next((unit for part, unit in _TIME.items() if part in name), None)


def unit_of_moments(numbers: Numbers) -> str | None:
    """The unit in which all numbers are moments of 2020 to 2100, or None."""
    given = [number for number in numbers if number is not None]
    units = [
        unit
        for unit, per_second in PER_SECOND.items()
        if given and all(FIRST_DAY * per_second <= number < LAST_DAY * per_second for number in given)
    ]
    return units[0] if units else None


def unit_of_duration(numbers: Numbers, tokens: Numbers | None) -> tuple[str, bool]:
    """The unit of durations, and whether it is likely. tokens: written in them; None: up to the first token."""
    pairs = zip(numbers, tokens or [1.0 / TOKENS_PER_SECOND] * len(numbers), strict=True)
    anchor = TOKENS_PER_SECOND if tokens else SECONDS_TO_FIRST
    ratios = [
        (count or 0) / number / anchor if tokens else number / anchor
        for number, count in pairs
        if number and (count or not tokens)
    ]
    if not ratios:
        return "milliseconds", False
    middle = statistics.median(ratios)
    off = {
        unit: abs(math.log(middle * per if tokens else middle / per))
        for unit, per in PER_SECOND.items()
        if middle > 0
    }
    best = min(off, key=off.__getitem__, default="milliseconds")
    return best, bool(off) and off[best] < math.log(_NEAR)


def unit_of_cost(
    costs: Numbers, prompts: Numbers, completions: Numbers, units: Mapping[str, int]
) -> tuple[str, bool]:
    """The unit of costs by USD per million tokens, and whether it is likely."""
    per_mtok = [
        cost / (ins + outs) * 1e6
        for cost, ins, outs in zip(costs, prompts, completions, strict=True)
        if cost and ins is not None and outs is not None and ins + outs > 0
    ]
    if not per_mtok or statistics.median(per_mtok) <= 0:
        return "USD", False
    middle = statistics.median(per_mtok)
    off = {unit: abs(math.log(middle / per / USD_PER_MTOK)) for unit, per in units.items()}
    if off["USD"] < math.log(_PLAUSIBLE):  # the usual one, where it can be
        return "USD", off["USD"] < math.log(_NEAR)
    best = min(off, key=off.__getitem__)
    return best, off[best] < math.log(_NEAR)


def unit_of_listed_cost(ratios: Sequence[float], units: Mapping[str, int]) -> str | None:
    """The unit in which charged costs are those of the list; None where they are not. ratios: charged to listed."""
    if not ratios:
        return None
    middle = statistics.median(ratios)
    return next((unit for unit, per in units.items() if 1 / _SAME < middle / per < _SAME), None)


def listed_cost(price: Price, prompt: float, completion: float, cached: float) -> float:
    """USD of a request at a listed price. prompt: cached tokens included."""
    fresh, shown, kept = price
    return ((prompt - cached) * fresh + cached * kept + completion * shown) / 1e6
