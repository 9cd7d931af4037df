"""Predicates on a direction: a sign, a comparison, a trend. Some are judged in another way in a simulated log.

A log that is the one history of its gateway has no other sampling units than what is inside it: its weeks, or the
releases and authors in it. A simulated log holds its world whole, as a census; units inside it are no sample of more,
and the number itself decides. What luck adds to it only the replicates of the world can tell
(`testbed.claims.replicates`).
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from analysis.numerals import p_is
from testbed.claims.amounts import amount, say
from testbed.claims.measuring.changes import end_less_start, need_weeks
from testbed.claims.measuring.measured import NAN, Groups, Measured, Result, Series, Unit, Untestable
from testbed.claims.measuring.uncertainty import difference, trend
from testbed.claims.predicates.predicate import Predicate
from testbed.claims.verdict import By, Tested, Verdict, directed, part


class Direction(Predicate):
    """What has a direction. `judge` takes a log as one history, `judge_world` as a simulated world whole."""

    @abstractmethod
    def judge(self, result: Result) -> Verdict:
        """Holds if the interval, or the test, says so."""

    @abstractmethod
    def decide(self, result: Result) -> Verdict | None:
        """Holds if the number says so, by its interval only where labels were sampled; None where a simulated log is
        judged like any other."""

    def judge_world(self, result: Result) -> Verdict:
        """As `decide` says. Weak where the same log taken as one history would give another verdict: how far a number
        is luck, one draw of a world cannot tell."""
        found = self.decide(result)
        if found is None:
            return self.judge(result)
        try:
            alone = self.judge(result)
        except Untestable as gap:
            return replace(found, weak=True, reason=f"{found.reason}; as one history: {gap}")
        weak = found.weak or alone.status != found.status
        return replace(found, weak=weak, reason=f"{found.reason}; as one history: {alone.reason}")


class Sign(Direction):
    """A number on one side of zero, by its interval. over: `replicates` where the interval is about units of which a
    simulated log has all, as weeks and releases; then the estimate decides in such a log."""

    kind: Literal["sign"]
    of: Literal["positive", "negative"]
    over: Literal["replicates"] | None = None

    def judge(self, result: Result) -> Verdict:
        """Holds if the whole interval lies on the side."""
        return directed(_tested("interval", self._is(result, Measured), self.of == "positive"))

    def decide(self, result: Result) -> Verdict | None:
        """The estimate decides, if the test is one over replicates."""
        if self.over is None:
            return None
        return directed(_tested("world", _whole(self._is(result, Measured)), self.of == "positive"))


class Comparison(Direction):
    """One named number greater than another by more than `margin`, by the interval of the difference. over: as for a
    sign."""

    kind: Literal["comparison"]
    greater: str
    smaller: str
    margin: float = 0.0
    over: Literal["replicates"] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The two sides."""
        return (self.greater, self.smaller)

    def judge(self, result: Result) -> Verdict:
        """Holds if the interval of the difference lies above the margin."""
        left, right = self._sides(result)
        return self._verdict("interval", left, right)

    def decide(self, result: Result) -> Verdict | None:
        """The estimates decide, if the test is one over replicates."""
        if self.over is None:
            return None
        left, right = (_whole(side) for side in self._sides(result))
        return self._verdict("world", left, right)

    def _sides(self, result: Result) -> tuple[Measured, Measured]:
        groups = self._is(result, Groups)
        return part(groups, self.greater), part(groups, self.smaller)

    def _verdict(self, by: By, left: Measured, right: Measured) -> Verdict:
        found = directed(replace(_tested(by, difference(left, right), True), bound=self.margin))
        sides = f"{self.greater} {say(left)}, {self.smaller} {say(right)}"
        return replace(found, reason=f"{sides}: {found.reason}")


class TrendIs(Direction):
    """A weekly series that rises, falls or stays. In one history: Mann-Kendall test at `level`, Theil-Sen change. In a
    simulated log: end less start, means of four weeks each. `least`: the change over the window must also be at least
    this large; `margin`: what counts as flat."""

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
        need_weeks(int(np.isfinite(series.values).sum()))
        found = trend(series.values)
        unit: Unit = "points" if series.unit == "share" else series.unit
        change = Measured(found.change, found.low, found.high, found.steps, unit)
        shown = f"change over {found.steps} weeks {say(change, signed=True)}"
        if self.margin is not None:
            flat = abs(found.change) < self.margin
            weak = flat != (max(abs(found.low), abs(found.high)) < self.margin)
            text = f"{shown}; flat is less than {amount(self.margin, unit)}"
            return Verdict("holds" if flat else "fails", text, weak)
        up = self.direction == "up"
        test = replace(_tested("weeks", change, up), p=found.p, least=self.least, level=self.level)
        shown = f"{shown}, {p_is(found.p)} by the weekly trend test"
        signed = found.change if up else -found.change
        if found.p < self.level and signed >= self.least and signed > 0:
            return Verdict("holds", shown, test=test)
        return Verdict("fails", shown, signed > 0 and found.p >= self.level, test)

    def decide(self, result: Result) -> Verdict | None:
        """Holds if end less start has the direction. What is flat is judged in all logs alike."""
        if self.margin is not None:
            return None
        series = self._is(result, Series)
        by: By = "world" if series.draws is None else "labels"
        test = _tested(by, end_less_start(series), self.direction == "up")
        return directed(replace(test, least=self.least, level=self.level), "from start to end ")


def _whole(measured: Measured) -> Measured:
    """A number without the interval that takes what a simulated log holds whole for a sample."""
    return replace(measured, low=NAN, high=NAN)


def _tested(by: By, measured: Measured, up: bool) -> Tested:
    return Tested(by, measured.value, measured.unit, up, measured.low, measured.high)
