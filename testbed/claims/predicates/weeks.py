"""Predicates on a weekly series week by week: a spike, a condition that is true in most weeks."""

from __future__ import annotations

import datetime as dt
import math
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from testbed.claims.amounts import amount
from testbed.claims.measuring.measured import Result, Series, Untestable
from testbed.claims.predicates.predicate import Predicate
from testbed.claims.verdict import SURE, Verdict


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
            f"{what} in {met} of {len(known)} weeks ({share:.0%}; needed {self.at_least:.0%})",
            weak,
        )
