"""Predicates on one number, or several by name: near a reported value, within bounds, in an order."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from testbed.claims.amounts import say
from testbed.claims.measuring.measured import Groups, Measured, Result, Untestable
from testbed.claims.predicates.predicate import Predicate
from testbed.claims.verdict import Rule, Verdict, band, in_band, part, together


class Near(Predicate):
    """Near a reported number: within an absolute `tolerance`, a `factor` either way, or a `rule` (see claims.yaml)."""

    rule: Rule | None = None
    tolerance: float | None = Field(None, gt=0)
    factor: float | None = Field(None, gt=1)

    @model_validator(mode="after")
    def _one_band(self) -> Self:
        if sum(given is not None for given in (self.rule, self.tolerance, self.factor)) != 1:
            raise ValueError("give one of rule, tolerance and factor")
        return self

    def band(self, target: float) -> tuple[float, float]:
        """Edges of the band around a reported number."""
        return band(target, self.rule, self.tolerance, self.factor)


class Value(Near):
    """A number near the reported one."""

    kind: Literal["value"]
    target: float

    def judge(self, result: Result) -> Verdict:
        """Holds if the estimate lies in the band."""
        measured = self._is(result, Measured)
        return in_band(measured, *self.band(self.target))


class Range(Predicate):
    """A number with a lower or an upper bound, or both."""

    kind: Literal["range"]
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _some_bound(self) -> Range:
        if self.at_least is None and self.at_most is None:
            raise ValueError("give at_least, at_most or both")
        return self

    @property
    def edges(self) -> tuple[float, float]:
        """Both bounds, infinite where there is none."""
        low = -math.inf if self.at_least is None else self.at_least
        return low, math.inf if self.at_most is None else self.at_most

    def judge(self, result: Result) -> Verdict:
        """Holds if the estimate lies within the bounds, which belong to it."""
        return in_band(self._is(result, Measured), *self.edges)


class Profile(Near):
    """Several named numbers, each near its target."""

    kind: Literal["profile"]
    targets: dict[str, float]

    @property
    def names(self) -> tuple[str, ...]:
        """The targets."""
        return tuple(self.targets)

    def judge(self, result: Result) -> Verdict:
        """Holds if every named number lies in its band."""
        groups = self._is(result, Groups)
        verdicts = {
            name: in_band(part(groups, name), *self.band(target)) for name, target in self.targets.items()
        }
        return together(verdicts)


class Ordering(Predicate):
    """Named numbers in an order, the greatest first. any_order: only who stands at the top counts. others: `below` if
    everything that is not named must be smaller than everything that is."""

    kind: Literal["ordering"]
    order: list[str] = Field(min_length=1)
    any_order: bool = False
    others: Literal["below", "anywhere"] = "anywhere"

    def judge(self, result: Result) -> Verdict:
        """Holds if the estimates stand in the order."""
        groups = self._is(result, Groups)
        named = [part(groups, name) for name in self.order]
        rest = [(name, m) for name, m in groups.parts.items() if name not in self.order]
        rest.sort(key=lambda item: -item[1].value)
        pairs = (
            []
            if self.any_order
            else [
                (a, left, b, right)
                for (a, left), (b, right) in zip(
                    zip(self.order, named, strict=True),
                    list(zip(self.order, named, strict=True))[1:],
                    strict=False,
                )
            ]
        )
        if self.others == "below" and rest:
            name, best = rest[0]
            lowest = min(zip(self.order, named, strict=True), key=lambda item: item[1].value)
            pairs.append((*lowest, name, best))
        if not pairs:
            raise Untestable("there is nothing to compare with")
        wrong = [
            f"{b} ({say(right)}) is above {a} ({say(left)})"
            for a, left, b, right in pairs
            if not left.value > right.value
        ]
        overlap = any(
            left.has_interval and right.has_interval and (left.low < right.high) and (right.low < left.high)
            for _, left, _, right in pairs
        )
        seen = sorted(groups.parts, key=lambda name: -groups.parts[name].value)[: max(5, len(self.order))]
        return Verdict(
            "fails" if wrong else "holds",
            "; ".join(wrong[:3]) if wrong else f"order: {', '.join(seen)}",
            weak=overlap,
        )
