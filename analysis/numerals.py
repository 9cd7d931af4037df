"""Numbers and lists as people read them, alike on the page, on the terminal and in every sentence of a verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

NONE = "–"
"""Stands for a number that is not known."""
NOBODY = "none, as nobody of those cohorts is active then"
"""Stands for a ratio to a share of 0."""
_CENT, _NANO = 0.01, 9  # USD; decimals of the smallest unit that a gateway counts in
_FINE = 0.0995  # shares below ten percent keep a decimal: 4.2%, not 4%


class Interval(Protocol):
    """A value and the two ends of its interval; NaN where there is none."""

    @property
    def value(self) -> float: ...

    @property
    def low(self) -> float: ...

    @property
    def high(self) -> float: ...


def percent(share: float) -> str:
    """A share in percent: whole, with one decimal below ten."""
    if not math.isfinite(share):
        return NONE
    if share == 0 or abs(share) >= _FINE:
        return f"{share:.0%}".replace("-", "−")
    return f"{share:.1%}".replace("-", "−")


def money(usd: float, decimals: int) -> str:
    """An amount of USD with so many decimals; below a cent with two digits: little is not nothing."""
    if 0 < abs(usd) < _CENT:
        decimals = max(decimals, min(1 - math.floor(math.log10(abs(usd))), _NANO))
    return f"{usd:,.{decimals}f}"


def percent_within(amount: Interval) -> str:
    """A share in percent with its 95% interval: 18% (16% to 21%)."""
    return _within(amount, percent)


def points(difference: float) -> str:
    """A difference of shares in percentage points, one decimal."""
    if not math.isfinite(difference):
        return NONE
    said = f"{100 * difference:.1f}".replace("-", "−").replace("−0.0", "0.0")
    return f"{said} point{'s'[: said not in ('1.0', '−1.0')]}"


def points_within(amount: Interval) -> str:
    """A difference in points with its 95% interval: 9.4 points (7.2 to 11.5)."""
    return _within(amount, points, lambda end: points(end).partition(" ")[0])


def number(value: float) -> str:
    """A number with two decimals."""
    if value == math.inf:
        return "∞"
    return f"{value:.2f}".replace("-", "−") if math.isfinite(value) else NONE


def number_within(amount: Interval) -> str:
    """A number with its 95% interval: 1.92 (1.70 to 2.10)."""
    return _within(amount, number)


def p_value(p: float) -> str:
    """A p-value: .012, < .001."""
    if not math.isfinite(p):
        return NONE
    return "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def p_is(p: float) -> str:
    """A p-value in a sentence: p = .012, p < .001."""
    said = p_value(p)
    return f"p {said}" if said.startswith("<") else f"p = {said}"


def _within(
    amount: Interval, write: Callable[[float], str], write_end: Callable[[float], str] | None = None
) -> str:
    if not math.isfinite(amount.value):
        return NONE
    if not (math.isfinite(amount.low) and math.isfinite(amount.high)):
        return write(amount.value)
    end = write_end or write
    return f"{write(amount.value)} ({end(amount.low)} to {end(amount.high)})"


def counted(number: int, thing: str, things: str | None = None) -> str:
    """So many things, in the singular where it is one: 1 request, 2,000 requests. things: the plural (None: thing with
    an s)."""
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"


def listed(words: Sequence[str], most: int | None = None) -> str:
    """Words in a row: a, b and c; of more than `most` the first ones, and how many are left out."""
    shown = list(words[:most])
    if len(shown) < len(words):
        shown.append(f"{len(words) - len(shown)} more")
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1]


def span(values: Sequence[int]) -> str:
    """The smallest and the largest of counts, once if they are the same: 12 to 340."""
    low, high = f"{min(values):,}", f"{max(values):,}"
    return low if low == high else f"{low} to {high}"
