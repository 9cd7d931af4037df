"""A claim on the truth of one run: what was found, and whether it holds."""

from __future__ import annotations

import math
from dataclasses import dataclass

from analysis.report.status import Status

LEAST = 30
"""Fewest members of each group (assumed)."""


@dataclass(frozen=True)
class TruthCheck:
    """One claim, checked on the truth of one run."""

    name: str
    claim: str
    value: float
    low: float
    high: float
    n: int
    """Observations: joiners, workload-months, users, or returns, as `words` says."""
    null: float
    """The value at which the claim would be empty; the interval must lie beyond it."""
    verdict: Status
    """`holds` if the claim is shown, `fails` if it is not or its reverse is, `not_testable` where the run holds too few
    to tell. A claim of two halves holds if both do."""
    words: str


def untested(name: str, claim: str, null: float, words: str, n: int = 0) -> TruthCheck:
    """A claim of which the run holds too few cases."""
    return TruthCheck(name, claim, math.nan, math.nan, math.nan, n, null, "not_testable", words)
