"""A verdict on a measured number: within a band, beyond a bound, or several such at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from analysis.json_values import finite
from analysis.report.status import Status
from testbed.claims.amounts import amount, say
from testbed.claims.measuring.measured import NAN, Groups, Measured, Unit, Untestable

Rule = Literal["share", "about share", "factor", "about factor"]

SURE = 0.975  # of the draws of a labelled sample must give the same verdict, else it is weak
FACTORS = {"factor": 1.25, "about factor": 1.5}
HOW = {
    "interval": "",
    "labels": " by the interval of the label sample",
    "world": ", and decides: a simulated log is its world whole",
    "replicates": " by the mean over the replicates",
}
# least and greatest tolerance of a share
POINTS = {"share": (0.01, 0.05), "about share": (0.03, 0.05)}


By = Literal["weeks", "interval", "labels", "world", "replicates"]


@dataclass(frozen=True)
class Tested:
    """How a direction was tested, and on what number.

    by: `weeks`, the trend test of one history; `interval`, that of the statistic; `labels`, the interval of the sample
    of labels of a simulated log; `world`, a simulated log is its world whole, so the number decides; `replicates`,
    the t interval of the mean over the replicates of a world. low, high: NaN where there is no interval, p:
    where there is no test. up: whether above the bound is what is claimed. least: how large the estimate must also be.
    level: of the test and of the intervals of replicates.
    """

    by: By
    value: float
    unit: Unit
    up: bool
    low: float = NAN
    high: float = NAN
    p: float = NAN
    bound: float = 0.0
    least: float = 0.0
    level: float = 0.05

    def as_data(self) -> dict[str, Any]:
        """As plain data, without a value where there is none."""
        return {name: finite(one) if isinstance(one, float) else one for name, one in vars(self).items()}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Tested:
        """From plain data."""
        given: dict[str, Any] = {name: NAN if one is None else one for name, one in data.items()}
        return cls(**given)


@dataclass(frozen=True)
class Verdict:
    """Whether a claim holds. weak: the interval does not settle it. reason: for people, with the numbers. test: of a
    direction, how it was tested. withheld: it cannot be told since a small cell could be seen."""

    status: Status
    reason: str
    weak: bool = False
    test: Tested | None = None
    withheld: bool = False


def band(
    target: float, rule: Rule | None = None, tolerance: float | None = None, factor: float | None = None
) -> tuple[float, float]:
    """Edges of the band around a reported value. The rules are written at the top of claims.yaml."""
    if rule is not None and rule in POINTS:
        least, greatest = POINTS[rule]
        tolerance = min(max(min(target, 1 - target) / 4, least), greatest, target / 2)
        return max(target - tolerance, 0.0), min(target + tolerance, 1.0)
    elif rule is not None:
        factor = FACTORS[rule]
    if tolerance is not None:
        return target - tolerance, target + tolerance
    assert factor is not None
    return tuple(sorted((target / factor, target * factor)))  # type: ignore[return-value]


def in_band(measured: Measured, low: float, high: float) -> Verdict:
    """Whether the estimate lies in [low, high]; weak if its interval crosses an edge. An infinite value (an event that
    never came, the logarithm of no use) is a value, and lies outside a band that is bounded on its side."""
    if math.isnan(measured.value):
        raise Untestable("there is no value")
    inside = low <= measured.value <= high
    edges = [edge for edge in (low, high) if math.isfinite(edge)]
    weak = measured.has_interval and any(measured.low < edge < measured.high for edge in edges)
    if math.isinf(low):
        what = f"at most {amount(high, measured.unit)}"
    elif math.isinf(high):
        what = f"at least {amount(low, measured.unit)}"
    elif low == high:
        what = f"exactly {amount(low, measured.unit)}"
    else:
        what = f"{amount(low, measured.unit)} to {amount(high, measured.unit)}"
    return Verdict(
        "holds" if inside else "fails", f"{say(measured)}, {'as' if inside else 'not'} wanted: {what}", weak
    )


def directed(test: Tested, what: str = "") -> Verdict:
    """Whether a number lies on the claimed side of its bound: its whole interval, where the test is by one, else the
    number itself. what: leads the reason. Untestable without the number, or the interval."""
    measured = Measured(test.value, test.low, test.high, unit=test.unit)
    if not math.isfinite(test.value):
        raise Untestable("there is no value")
    if test.by != "world" and not measured.has_interval:
        raise Untestable("too little data for an interval")
    right = test.value > test.bound if test.up else test.value < test.bound
    sure = (
        right if test.by == "world"
        else test.low > test.bound if test.up
        else test.high < test.bound
    )  # fmt: skip
    large = abs(test.value) >= test.least
    whether = "" if sure else "not surely " if right else "not "
    side = f"{whether}{'above' if test.up else 'below'} {amount(test.bound, test.unit)}"
    asked = "" if large else f", and less than {amount(test.least, test.unit)}"
    text = f"{what}{say(measured, signed=True)} is {side}{asked}{HOW[test.by]}"
    return Verdict("holds" if sure and large else "fails", text, right and not sure, test)


def together(verdicts: dict[str, Verdict]) -> Verdict:
    """Several conditions as one: it fails if one fails, and cannot be told if none fails but one cannot be told."""
    failed = [f"{name}: {v.reason}" for name, v in verdicts.items() if v.status == "fails"]
    unknown = [f"{name}: {v.reason}" for name, v in verdicts.items() if v.status == "not_testable"]
    weak = any(v.weak for v in verdicts.values() if v.status == "fails") if failed else any(
        v.weak for v in verdicts.values()
    )  # fmt: skip
    if failed:
        return Verdict("fails", "; ".join(failed), weak and len(failed) == 1)
    if unknown:
        return Verdict("not_testable", "; ".join(unknown))
    return Verdict("holds", "; ".join(f"{name}: {v.reason}" for name, v in verdicts.items()), weak)


def part(groups: Groups, name: str) -> Measured:
    """One of the named numbers. Raises Untestable if the log does not have it."""
    if name not in groups.parts or not math.isfinite(groups.parts[name].value):
        raise Untestable(f"the log has nothing of {name}")
    return groups.parts[name]
