"""Predicates: what must be true of a measured statistic for a claim to hold.

How uncertainty enters, the same everywhere:

- a band (`value`, `range`, `profile`): the estimate decides. The verdict is *weak* where the interval reaches across an
  edge of the band, so that the data cannot tell on which side the truth lies.
- a direction (`sign`, `comparison`, `trend` up or down): the claim holds only if the interval, or the test at its
  level, says so. An estimate on the right side that chance explains fails, and is weak.
- a count of weeks (`share_of_weeks`) of a labelled sample: the estimates decide; weak where more than 2.5% of samples
  drawn with the sampling error of the labels give another verdict. Other weekly series are sums over all requests.
- no direction (`trend` flat): the change over the window is smaller than a stated margin; the estimate decides.
  That a test finds nothing is never taken as flatness.
- an order (`ordering`): the estimates decide; weak where neighbours' intervals overlap.
- a data set that cannot answer (a missing column, too few weeks, a model without users): not testable, never a pass.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from analysis.numerals import p_is
from testbed.claims.amounts import amount, say
from testbed.claims.measuring.measured import Groups, Measured, Result, Series, Unit, Untestable
from testbed.claims.measuring.uncertainty import LEAST_WEEKS_FOR_TREND, difference, trend
from testbed.claims.verdict import SURE, Rule, Verdict, band, beyond, in_band, part, together


class Predicate(BaseModel):
    """What all kinds share. Those of one condition `judge` a result: they raise Untestable where it cannot be told, and
    TypeError for a result of another shape."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    def names(self) -> tuple[str, ...]:
        """Which named numbers of a result the predicate is about; empty if all."""
        return ()

    def _is(self, result: Result, kind: type[Any]) -> Any:
        if not isinstance(result, kind):
            raise TypeError(f"{type(self).__name__} judges a {kind.__name__}, not a {type(result).__name__}")
        return result


class Value(Predicate):
    """A number near the reported one: within an absolute `tolerance`, a `factor` either way, or a `rule` (see
    claims.yaml)."""

    kind: Literal["value"]
    target: float
    rule: Rule | None = None
    tolerance: float | None = Field(None, gt=0)
    factor: float | None = Field(None, gt=1)

    @model_validator(mode="after")
    def _one_band(self) -> Value:
        if sum(given is not None for given in (self.rule, self.tolerance, self.factor)) != 1:
            raise ValueError("give one of rule, tolerance and factor")
        return self

    def judge(self, result: Result) -> Verdict:
        """Holds if the estimate lies in the band."""
        measured = self._is(result, Measured)
        return in_band(measured, *band(self.target, self.rule, self.tolerance, self.factor))


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

    def judge(self, result: Result) -> Verdict:
        """Holds if the estimate lies within the bounds, which belong to it."""
        low = -math.inf if self.at_least is None else self.at_least
        high = math.inf if self.at_most is None else self.at_most
        return in_band(self._is(result, Measured), low, high)


class Profile(Predicate):
    """Several named numbers, each near its target."""

    kind: Literal["profile"]
    targets: dict[str, float]
    rule: Rule | None = None
    tolerance: float | None = Field(None, gt=0)
    factor: float | None = Field(None, gt=1)

    @model_validator(mode="after")
    def _one_band(self) -> Profile:
        if sum(given is not None for given in (self.rule, self.tolerance, self.factor)) != 1:
            raise ValueError("give one of rule, tolerance and factor")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The targets."""
        return tuple(self.targets)

    def judge(self, result: Result) -> Verdict:
        """Holds if every named number lies in its band."""
        groups = self._is(result, Groups)
        verdicts = {
            name: in_band(part(groups, name), *band(target, self.rule, self.tolerance, self.factor))
            for name, target in self.targets.items()
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


class Sign(Predicate):
    """A number on one side of zero, by its interval."""

    kind: Literal["sign"]
    of: Literal["positive", "negative"]

    def judge(self, result: Result) -> Verdict:
        """Holds if the whole interval lies on the side."""
        return beyond(self._is(result, Measured), 0.0, self.of == "positive")


class Comparison(Predicate):
    """One named number greater than another by more than `margin`, by the interval of the difference."""

    kind: Literal["comparison"]
    greater: str
    smaller: str
    margin: float = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """The two sides."""
        return (self.greater, self.smaller)

    def judge(self, result: Result) -> Verdict:
        """Holds if the interval of the difference lies above the margin."""
        groups = self._is(result, Groups)
        left, right = part(groups, self.greater), part(groups, self.smaller)
        gap = difference(left, right)
        verdict = beyond(gap, self.margin, True)
        return Verdict(
            verdict.status,
            f"{self.greater} {say(left)}, {self.smaller} {say(right)}: {verdict.reason}",
            verdict.weak,
        )


class TrendIs(Predicate):
    """A weekly series that rises, falls or stays: Mann-Kendall test at `level`, Theil-Sen change. `least`: the change
    over the window must also be at least this large; `margin`: what counts as flat."""

    kind: Literal["trend"]
    direction: Literal["up", "down", "flat"]
    level: float = Field(0.05, gt=0, lt=1)
    least: float = Field(0.0, ge=0)
    margin: float | None = Field(None, gt=0)

    @model_validator(mode="after")
    def _flat_needs_margin(self) -> TrendIs:
        if (self.direction == "flat") != (self.margin is not None):
            raise ValueError("a flat trend, and only that, needs a margin")
        return self

    def judge(self, result: Result) -> Verdict:
        """Holds if the test rejects at the level in the direction, or the change stays within the margin."""
        series = self._is(result, Series)
        known = int(np.isfinite(series.values).sum())
        least = LEAST_WEEKS_FOR_TREND if series.step == "week" else 5
        if known < least:
            raise Untestable(f"a trend needs {least} {series.step}s or more, the log has {known}")
        found = trend(series.values)
        unit: Unit = "points" if series.unit == "share" else series.unit
        change = Measured(found.change, found.low, found.high, found.steps, unit)
        shown = f"change over {found.steps} {series.step}s {say(change, signed=True)}, {p_is(found.p)}"
        if self.margin is not None:
            flat = abs(found.change) < self.margin
            weak = flat != (max(abs(found.low), abs(found.high)) < self.margin)
            text = f"{shown}; flat is less than {amount(self.margin, unit)}"
            return Verdict("holds" if flat else "fails", text, weak)
        signed = found.change if self.direction == "up" else -found.change
        if found.p < self.level and signed >= self.least and signed > 0:
            return Verdict("holds", shown)
        return Verdict("fails", shown, weak=signed > 0 and found.p >= self.level)


class Threshold(Predicate):
    """A spike: the highest value among `weeks` around a date, over the median of the `around` weeks on either side.
    Holds if that quotient is at least `times`."""

    kind: Literal["threshold"]
    times: float = Field(gt=1)
    first: dt.date
    last: dt.date
    around: int = Field(8, ge=2)

    def judge(self, result: Result) -> Verdict:
        """Holds if the peak stands out from its neighbourhood."""
        series = self._is(result, Series)
        inside = np.array([self.first <= day <= self.last for day in series.times])
        if not inside.any():
            raise Untestable(f"the log has no complete week from {self.first} to {self.last}")
        at = np.flatnonzero(inside)
        near = np.r_[max(0, at[0] - self.around) : at[0], at[-1] + 1 : at[-1] + 1 + self.around]
        near = near[near < len(series.values)]
        if len(near) < self.around:
            raise Untestable(
                f"a spike is judged by {self.around} or more weeks around it, the log has {len(near)}"
            )
        if not (np.isfinite(series.values[at]).any() and np.isfinite(series.values[near]).any()):
            raise Untestable("no week has a value")
        peak, usual = float(np.nanmax(series.values[at])), float(np.nanmedian(series.values[near]))
        times = peak / usual if usual > 0 else math.inf if peak > 0 else math.nan
        return Verdict(
            "holds" if times >= self.times else "fails",
            f"peak {amount(peak, series.unit)} is {times:.2f} times the weeks around it "
            f"({amount(usual, series.unit)}); a spike is {self.times:g} times",
        )


class ShareOfWeeks(Predicate):
    """A condition that is true in at least `at_least` of the weeks. The condition: value from `above`, and below
    `below`."""

    kind: Literal["share_of_weeks"]
    at_least: float = Field(gt=0, le=1)
    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _some_condition(self) -> ShareOfWeeks:
        if self.above is None and self.below is None:
            raise ValueError("give above, below or both")
        return self

    def judge(self, result: Result) -> Verdict:
        """Holds if enough weeks meet the condition."""
        series = self._is(result, Series)
        known = series.values[np.isfinite(series.values)]
        if not len(known):
            raise Untestable("no week has a value")
        low = -math.inf if self.above is None else self.above
        high = math.inf if self.below is None else self.below
        met = int(((known > low) & (known < high)).sum())
        share = met / len(known)
        holds = share >= self.at_least
        weak = False
        if series.draws is not None:
            drawn = series.draws[:, np.isfinite(series.values)]
            agree = (((drawn > low) & (drawn < high)).mean(axis=1) >= self.at_least) == holds
            weak = float(agree.mean()) < SURE
        what = " and ".join(
            f"{word} {amount(bound, series.unit)}"
            for word, bound in (("above", self.above), ("below", self.below))
            if bound is not None
        )
        return Verdict(
            "holds" if holds else "fails",
            f"{what} in {met} of {len(known)} {series.step}s ({share:.0%}; needed {self.at_least:.0%})",
            weak,
        )


class StatisticCall(BaseModel):
    """A statistic by name; the other keys are its arguments."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments as written."""
        return dict(self.model_extra or {})


class Part(BaseModel):
    """One of several conditions. statistic: its own, or the claim's where it has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    statistic: StatisticCall | None = None
    predicate: Simple


Simple = Annotated[
    Value | Range | Profile | Ordering | Sign | Comparison | TrendIs | Threshold | ShareOfWeeks,
    Field(discriminator="kind"),
]


class AllOf(Predicate):
    """Several conditions that must all be true. The scoreboard measures and judges the parts."""

    kind: Literal["all_of"]
    of: list[Part] = Field(min_length=2)


Any_ = Annotated[
    Value | Range | Profile | Ordering | Sign | Comparison | TrendIs | Threshold | ShareOfWeeks | AllOf,
    Field(discriminator="kind"),
]
KINDS: tuple[type[Predicate], ...] = (
    Value, Range, Profile, Ordering, Sign, Comparison, TrendIs, Threshold, ShareOfWeeks, AllOf,
)  # fmt: skip


Part.model_rebuild()
