"""A verdict on a measured number: within a band, beyond a bound, or several such at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from analysis.report.status import Status
from testbed.claims.amounts import amount, say
from testbed.claims.measuring.measured import Groups, Measured, Untestable

Rule = Literal["share", "about share", "factor", "about factor"]

SURE = 0.975  # of the draws of a labelled sample must give the same verdict, else it is weak
FACTORS = {"factor": 1.25, "about factor": 1.5}
# least and greatest tolerance of a share
POINTS = {"share": (0.01, 0.05), "about share": (0.03, 0.05)}


@dataclass(frozen=True)
class Verdict:
    """Whether a claim holds. weak: the interval does not settle it. reason: for people, with the numbers."""

    status: Status
    reason: str
    weak: bool = False


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


def beyond(measured: Measured, bound: float, above: bool) -> Verdict:
    """Whether the whole interval lies above (below) a bound. Without an interval: Untestable."""
    if not math.isfinite(measured.value):
        raise Untestable("there is no value")
    if not measured.has_interval:
        raise Untestable("too little data for an interval")
    sure = measured.low > bound if above else measured.high < bound
    right = measured.value > bound if above else measured.value < bound
    side = "above" if above else "below"
    how = "" if sure else "not surely " if right else "not "
    text = f"{say(measured, signed=True)} is {how}{side} {amount(bound, measured.unit)}"
    return Verdict("holds" if sure else "fails", text, weak=right and not sure)


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
