"""The verdict on a model's launch cohort as patterns (`analysis.inference.verdict`)."""

from __future__ import annotations

from analysis.inference.panel import NoPanel, Panel
from analysis.inference.verdict import Verdict, judge
from testbed.outcome import Outcome
from testbed.patterns.registry import Found, pattern
from testbed.statistics import Untestable

# A pattern's name, and the kind of verdict that it asks for.
KINDS = {
    "verdict-foundational": "foundational",
    "verdict-no-fit": "no fit",
    "verdict-boomerang": "boomerang",
    "verdict-launch-advantage": "launch advantage",
}


def verdict_on(outcome: Outcome, model: str) -> Verdict:
    """The verdict, without simulated error rates. Of an activity outcome the panel knows requests and organisations,
    but neither the days within a month nor 30-day windows. Raises Untestable."""
    if outcome.monthly is not None:
        outcome.log.give("presence", outcome.monthly)
    try:
        return judge(Panel.from_log(outcome.log, model))
    except NoPanel as error:
        raise Untestable(str(error)) from None


def _pattern_of(kind: str) -> None:
    def ask(outcome: Outcome, model: str) -> Found:
        verdict = verdict_on(outcome, model)
        if verdict.classification.kind == "insufficient data":
            raise Untestable(verdict.classification.because)
        sizes = verdict.decision.sizes if verdict.decision else None
        value = sizes.difference.value if sizes else None
        return Found(verdict.classification.kind == kind, value, verdict.headline)

    name = next(name for name, asked in KINDS.items() if asked == kind)
    pattern(name, "activity", f"The verdict on a model's launch cohort is: {kind}")(ask)


for _kind in KINDS.values():
    _pattern_of(_kind)
