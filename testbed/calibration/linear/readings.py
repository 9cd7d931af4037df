"""What a statistic reads off a tensor: weighted sums of quotients of amounts, each a linear form of the tensor.

`Ratio(Amount(picks=(open,)), Amount(), weeks=(0,))` is the open share of the tokens of the first week. A share of a
week is one ratio, a mean of weekly shares a sum of ratios, a share over a window one ratio over all its weeks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from testbed.claims.measuring.tables import Pick

Quantity = Literal[
    "tokens",  # prompt and completion tokens
    "prompt_tokens",
    "completion_tokens",
    "requests",
    "tool_tokens",  # tokens of requests that end in a tool call
    "spend_usd",  # what was charged, the gateway's fee on own keys included
    "charged_tokens",  # tokens of requests that are not paid with an own key, free variants included
    "charged_usd",  # what was charged for these
    "paid_tokens",  # the same tokens without free variants
    "ranked_tokens",  # tokens without free launch access (figure 11)
    "account_tokens",  # tokens of large accounts, which keep to their model
]
MONEY: tuple[Quantity, ...] = ("spend_usd", "charged_usd")
Seen = Literal["all", "labelled", "labels"] | tuple[str, ...]
"""Which requests count: all of them, the labelled ones, the labels of these (one a request and category, `other`
included), or those that carry one of some categories (one a request and category)."""


@dataclass(frozen=True)
class Amount:
    """How much of a quantity some models' requests make: a linear form of the tensor. picks: conditions on models, all
    of which hold."""

    quantity: Quantity = "tokens"
    picks: tuple[Pick, ...] = ()
    seen: Seen = "all"

    def of(self, *picks: Pick) -> Amount:
        """The same of those models only that meet further conditions."""
        return Amount(self.quantity, (*self.picks, *picks), self.seen)


@dataclass(frozen=True)
class Ratio:
    """An amount over another, both summed over the same weeks (numbers of the weeks of the frame). whole: None if the
    amount itself is meant."""

    part: Amount
    whole: Amount | None
    weeks: tuple[int, ...]


@dataclass(frozen=True)
class Reading:
    """A weighted sum of ratios and a constant. unit: `share` of something, between 0 and 1, or a `level` in a unit of
    its own, of which only proportions can be compared."""

    terms: tuple[tuple[float, Ratio], ...]
    constant: float = 0.0
    unit: Literal["share", "level"] = "share"

    def __add__(self, other: Reading) -> Reading:
        return Reading((*self.terms, *other.terms), self.constant + other.constant, self.unit)

    def __mul__(self, factor: float) -> Reading:
        scaled = tuple((factor * weight, ratio) for weight, ratio in self.terms)
        return Reading(scaled, factor * self.constant, self.unit)

    def __neg__(self) -> Reading:
        return self * -1.0

    def __sub__(self, other: Reading) -> Reading:
        return self + -other

    @property
    def amounts(self) -> tuple[Amount, ...]:
        """All amounts in it, each once."""
        found = [a for _, r in self.terms for a in (r.part, r.whole) if a is not None]
        return tuple(dict.fromkeys(found))


def quotient(part: Amount, whole: Amount | None, weeks: Iterable[int], unit: str = "share") -> Reading:
    """An amount over another over some weeks together."""
    level: Literal["share", "level"] = "share" if unit == "share" else "level"
    return Reading(((1.0, Ratio(part, whole, tuple(weeks))),), unit=level)


def mean(readings: Sequence[Reading]) -> Reading:
    """The unweighted mean of readings of one unit."""
    if not readings:
        raise ValueError("a mean needs a reading")
    whole = readings[0]
    for other in readings[1:]:
        whole = whole + other
    return whole * (1 / len(readings))
