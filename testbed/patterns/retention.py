"""Patterns on who comes back: launch cohorts that stand out, models without a fit, boomerangs (section 7)."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Annotated

import pandas as pd
from pydantic import Field

from analysis import study
from analysis.inference.launch.decision import LEAST_DIFFERENCE
from analysis.months import month_after
from analysis.queries import retention
from analysis.sources.log import Log
from testbed.claims.amounts import amount, say
from testbed.claims.measuring.measured import Unit
from testbed.claims.registry import registry
from testbed.claims.statistics import Measured, Untestable
from testbed.claims.statistics import retention as cohorts
from testbed.patterns.claim import pattern_of
from testbed.patterns.outcome import Outcome
from testbed.patterns.registry import Age, Count, Found, Number, Share, pattern

Lag = Annotated[int, Field(ge=0, le=600)]
"""Months from a model's launch to the month of joining."""

CLEAR = 0.10  # a launch cohort stands out by at least this much over all later users: C119's margin

# Panels of figure 25 by the claim that says what each shows.
PANELS = {
    "typical-cohort-churns": "C115",
    "few-durable-cohorts": "C116",
    "sonnet-4-keeps-forty-percent": "C117",
    "gemini-2.5-pro-keeps-forty-percent": "C118",
    "gpt-4o-mini-launch-dominates": "C120",
    "gpt-4o-mini-later-cohorts-alike": "C121",
    "llama-4-maverick-no-fit": "C122",
    "gemini-2.0-flash-no-fit": "C123",
    "deepseek-r1-boomerang": "C125",
    "deepseek-v3-0324-boomerang": "C126",
    "durable-cohorts-are-early": "C128",
    "stays-when-a-rival-appears": "C129",
}


for _name, _claim in PANELS.items():
    pattern(_name, "activity", registry()[_claim].claim.text)(pattern_of(registry()[_claim]))


def launch_month(log: Log, model: str) -> dt.date:
    """First day of the month of the model's release. Raises Untestable where the log does not reach back to it."""
    month, _ = retention.launch_cohort(log, model)
    if month is None:
        raise Untestable(f"the log holds no launch of {model}")
    return month


@pattern("launch-cohort-stands-out")
def launch_cohort_stands_out(outcome: Outcome, model: str, k: Age = 3, margin: Share = CLEAR) -> Found:
    """The launch cohort of a model lies above each later cohort at month k, by intervals, and by the margin or more
    above all later users at month k + 1. value: the second difference."""
    log = outcome.log
    cohort = launch_month(log, model)
    each = cohorts.against_every_later(log, model, cohort, k)
    pooled = cohorts.against_pooled_later(log, model, cohort, k + 1)
    why = f"month {k}: {_said(each)} over each later cohort; month {k + 1}: {_said(pooled)} over all later users"
    return Found(each.low > 0 and pooled.value >= margin, pooled.value, why)


@pattern("sonnet-4-launch-stands-out")
def sonnet_4_launch_stands_out(outcome: Outcome) -> Found:
    """The launch cohort of Claude Sonnet 4 stands out from the later ones (C119)."""
    return launch_cohort_stands_out(outcome, "anthropic/claude-sonnet-4")


@pattern("gemini-2.5-pro-launch-stands-out")
def gemini_launch_stands_out(outcome: Outcome) -> Found:
    """The launch cohort of Gemini 2.5 Pro stands out from the later ones (C119)."""
    return launch_cohort_stands_out(outcome, "google/gemini-2.5-pro")


@pattern("launch-cohort-durable")
def launch_cohort_durable(outcome: Outcome, model: str, at_least: Share = study.LEVEL) -> Found:
    """At least 30% of a model's launch cohort are active at month 5, and the curve has flattened: month 5 over month 3
    at least 0.8. value: R(5)."""
    log = outcome.log
    cohort = launch_month(log, model)
    late, early = (cohorts.cell(log, model, cohort, k) for k in (5, 3))
    plateau = late.value / early.value if early.value else math.inf
    return Found(
        study.durable(late.value, plateau, at_least), late.value, f"R(5) {say(late)}, R(3) {say(early)}"
    )


@pattern("cohort-retention")
def cohort_retention(outcome: Outcome, model: str, k: Age = 5, lag: Lag = 0, at_least: Share = 0.0) -> Found:
    """R(k) of the cohort that starts `lag` months after a model's launch is at least the given share. value: R(k)."""
    month = month_after(launch_month(outcome.log, model), lag)
    found = cohorts.cell(outcome.log, model, month, k)
    return Found(found.value >= at_least, found.value, f"R({k}) {say(found)}")


@pattern("launch-cohort-leads")
def launch_cohort_leads(
    outcome: Outcome,
    model: str,
    k: Age = 5,
    margin: Share = LEAST_DIFFERENCE,
    min_cohort: Count = study.SMALL_COHORT,
) -> Found:
    """The launch cohort retains more at month k than the mean of the cohorts that start two or more months later, by
    the margin or more. value: the difference. Only cohorts of at least min_cohort users count."""
    row = _contrast(outcome, model, k, min_cohort)
    numbers = {
        "launch cohort": _number(row["launch"], "share"), "later cohorts": _number(row["later"], "share"),
        "ratio": _number(row["ratio"], "ratio"), "difference": _number(row["difference"], "points"),
    }  # fmt: skip
    lead = numbers["difference"].value
    return Found(None if lead is None else lead >= margin, lead, _listed(numbers), numbers)


@pattern("cohorts-alike")
def cohorts_alike(
    outcome: Outcome,
    model: str,
    k: Age = 5,
    within: Share = LEAST_DIFFERENCE,
    min_cohort: Count = study.SMALL_COHORT,
) -> Found:
    """From its launch on, the cohorts of a model retain alike at month k: the largest share lies less than `within`
    above the smallest. value: that distance. Only cohorts of at least min_cohort users count."""
    row = _contrast(outcome, model, k, min_cohort)
    numbers = {
        "launch cohort": _number(row["launch"], "share"), "later cohorts": _number(row["later"], "share"),
        "largest minus smallest": _number(row["spread"], "points"),
    }  # fmt: skip
    spread = numbers["largest minus smallest"].value
    return Found(None if spread is None else spread < within, spread, _listed(numbers), numbers)


def _contrast(outcome: Outcome, model: str, k: int, min_cohort: int) -> pd.Series:
    """`analysis.queries.retention.launch_contrast` at one month. Raises Untestable where nobody used the model."""
    outcome.check_in_use(model)
    return retention.launch_contrast(outcome.log, model, months=[k], min_cohort=min_cohort).iloc[0]


def _number(value: float, unit: Unit) -> Number:
    return Number(None if math.isnan(value) else float(value), unit)


def _listed(numbers: Mapping[str, Number]) -> str:
    return ", ".join(
        f"{name} {'not known' if number.value is None else amount(number.value, number.unit)}"
        for name, number in numbers.items()
    )


@pattern("deepseek-not-foundational")
def deepseek_not_foundational(outcome: Outcome) -> Found:
    """Neither DeepSeek R1 nor V3 0324 has a foundational cohort (C124 without its volume)."""
    found = [
        cohorts.foundational_cohorts(outcome.log, f"deepseek/{model}")
        for model in ("deepseek-r1", "deepseek-chat-v3-0324")
    ]
    total = sum(measured.value for measured in found)
    return Found(total == 0, total, "; ".join(f"{m.value:.0f} of {m.n} {m.detail}" for m in found))


def _said(measured: Measured) -> str:
    return say(measured, signed=True)
