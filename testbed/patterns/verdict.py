"""The verdict on a model's launch cohort as patterns (`analysis.inference.verdict`), and the naive test beside it.

They read the whole log: days, countries and volumes tell an always-on account from a loyal user.
"""

from __future__ import annotations

from analysis.inference.naive import two_proportions
from analysis.inference.panel import NoPanel, Panel
from analysis.inference.standout import ALPHA
from analysis.inference.verdict import Verdict, models_to_judge, verdicts
from testbed.outcome import Outcome
from testbed.patterns.registry import Found, pattern
from testbed.statistics import Untestable

MIN_COHORT = 100  # users: a world of an experiment is smaller than a gateway's log (assumed)


def verdict_on(outcome: Outcome, model: str) -> Verdict:
    """The verdict, without simulated error rates, with all other models of the log as negative controls."""
    controls = models_to_judge(outcome.log, MIN_COHORT)
    return verdicts(outcome.log, [model], controls=controls, min_cohort=MIN_COHORT)[0]


def _asked(outcome: Outcome, model: str, kind: str) -> Found:
    verdict = verdict_on(outcome, model)
    if verdict.classification.kind == "insufficient data":
        raise Untestable(verdict.classification.because)
    sizes = verdict.decision.sizes if verdict.decision else None
    return Found(
        verdict.classification.kind == kind, sizes.difference.value if sizes else None, verdict.headline
    )


@pattern("foundational-verdict", "log")
def foundational(outcome: Outcome, model: str) -> Found:
    """The verdict on a model's launch cohort is: foundational. value: the difference in R(5) to the other cohorts."""
    return _asked(outcome, model, "foundational")


@pattern("no-fit-verdict", "log")
def no_fit(outcome: Outcome, model: str) -> Found:
    """The verdict on a model is: no fit."""
    return _asked(outcome, model, "no fit")


@pattern("boomerang-verdict", "log")
def boomerang(outcome: Outcome, model: str) -> Found:
    """The verdict on a model is: boomerang."""
    return _asked(outcome, model, "boomerang")


@pattern("two-proportions-reject", "log")
def naive_test(outcome: Outcome, model: str, k: int = 3) -> Found:
    """The naive test: the launch cohort against all later users together at month k, two proportions, one-sided 5%.
    value: z."""
    try:
        panel = Panel.from_log(outcome.log, model, min_cohort=MIN_COHORT)
    except NoPanel as error:
        raise Untestable(str(error)) from None
    if panel.launch is None:
        raise Untestable(f"the log holds no launch of {model}")
    test = two_proportions(panel.cells, panel.launch, k)
    if not test.ran:
        raise Untestable(test.why)
    return Found(test.rejects(ALPHA), test.statistic, f"z {test.statistic:.1f} at month {k}")
