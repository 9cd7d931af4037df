"""The report's claims as patterns: each by its id (`C117`), and measured as the registry of claims says.

Those on cohorts alone need no more than the activity; all others need the whole log.
"""

from __future__ import annotations

from collections.abc import Callable

from analysis.sources.log import Log
from testbed.claims import scoreboard
from testbed.claims.predicates import AllOf
from testbed.claims.registry import Claim, Entry, registry
from testbed.claims.statistics.registry import Needs, registered
from testbed.patterns.outcome import Outcome
from testbed.patterns.registry import Found, pattern


def needs_of(claim: Claim) -> Needs:
    """Whether a claim can be judged on the activity."""
    calls = [claim.statistic]
    if isinstance(claim.predicate, AllOf):
        calls += [part.statistic for part in claim.predicate.of]
    known = registered()
    needs = {known[call.name].needs for call in calls if call is not None}
    return "log" if "log" in needs else "activity"


def judged(log: Log, entry: Entry) -> Found:
    """A claim's verdict on a log, as a pattern's answer. Its value is that of the statistic; of a weekly series the
    change that its direction is judged by."""
    found = scoreboard.judge(log, entry)
    holds = None if found.verdict.status == "not_testable" else found.verdict.status == "holds"
    test = found.verdict.test
    value = test.value if found.value is None and test is not None else found.value
    return Found(holds, value, found.verdict.reason, line=scoreboard.line(found))


def pattern_of(entry: Entry) -> Callable[[Outcome], Found]:
    """What asks a log for a claim's verdict."""

    def ask(outcome: Outcome) -> Found:
        return judged(outcome.log, entry)

    return ask


for _entry in registry():
    if _entry.claim.testable:
        pattern(_entry.id, needs_of(_entry.claim), _entry.claim.text, is_claim=True)(pattern_of(_entry))
