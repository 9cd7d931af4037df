"""Rules that are written once: who needs one takes it from the place that has it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis import study
from analysis.inference.error_rates.populations import Population
from analysis.inference.launch.classification import at_level
from analysis.inference.launch.decision import first_look
from testbed.claims.statistics import measure
from testbed.patterns.outcome import Outcome
from testbed.patterns.retention import launch_cohort_durable
from tests.claims.market_log import cohort, fact, log_of

MODEL = "meta-llama/llama-4-maverick"


@pytest.mark.parametrize("constant", ["LEVEL", "PLATEAU"])
def test_claims_patterns_and_verdicts_call_the_same_cohorts_foundational(monkeypatch, constant):
    """All of them change with each of the two thresholds."""
    visits = cohort(MODEL, "2025-04", 500, [300, 300, 300, 300, 300])
    panel = Population("steady", (500,) * 6, months=8).draw(np.random.default_rng(1))
    decision = first_look(panel, panel.launch)
    sizes = decision.sizes
    assert sizes is not None
    stays = replace(sizes, own=replace(sizes.own, value=0.6), plateau=replace(sizes.plateau, value=1.0))
    decision = replace(decision, sizes=stays)
    with log_of(visits=visits, facts=[fact(MODEL, "row-open", released="2025-04-01")]) as log:

        def said() -> list[bool | None]:
            return [
                at_level(decision),
                measure(log, "retention.foundational_cohorts", {"model": MODEL}).value == 1,
                launch_cohort_durable(Outcome(log, None), MODEL, at_least=study.LEVEL).holds,
            ]

        assert said() == [True] * 3
        monkeypatch.setattr(study, constant, 1.01)
        assert said() == [False] * 3
