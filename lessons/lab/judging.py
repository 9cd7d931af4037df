"""The verdict on a panel, as everywhere else in the project, and after it how often such a verdict is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from analysis.inference.cohorts.models import control_models
from analysis.inference.error_rates.rates import LEAST_SIMULATIONS
from analysis.inference.verdict.judging import verdicts
from analysis.inference.verdict.verdict import Verdict
from analysis.study import SMALL_COHORT
from testbed.claims.statistics import Untestable
from testbed.patterns.outcome import Outcome
from testbed.patterns.verdict import verdict_on

SEED = 1  # of the simulated panels
Step = Callable[[], None]


def verdict_json(outcome: Outcome, model: str, step: Step) -> dict[str, Any]:
    """The verdict without error rates. A model that nobody used is told in words.

    step: is called between pieces of the work, and may raise to end it.
    """
    try:
        return _told(verdict_on(outcome, model, step=step))
    except Untestable as error:
        return {"verdict": "insufficient data", "headline": "insufficient data", "sentence": f"{error}."}


def rates_json(outcome: Outcome, model: str, step: Step) -> dict[str, Any] | None:
    """The verdict once more, with its error rates from simulated panels; None where there is nothing to simulate.

    step: is called before each simulated panel and between other pieces of the work, and may raise to end it.
    """
    try:
        if verdict_on(outcome, model, step=step).decision is None:
            return None
    except Untestable:
        return None
    found = verdicts(
        outcome.log, [model], np.random.default_rng(SEED), controls=control_models(outcome.log, SMALL_COHORT),
        simulations=LEAST_SIMULATIONS, min_cohort=SMALL_COHORT, progress=lambda *_: step(),
    )[0]  # fmt: skip
    return _told(found)


def _told(verdict: Verdict) -> dict[str, Any]:
    """What the page shows of a verdict."""
    whole = verdict.as_json()
    kept = (
        "verdict",
        "headline",
        "sentence",
        "because",
        "caveats",
        "notes",
        "remedies",
        "p",
        "effects",
        "error_rates",
    )
    return {key: whole[key] for key in kept if key in whole} | {"how_sure": verdict.how_sure}
