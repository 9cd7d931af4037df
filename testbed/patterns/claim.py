"""The report's claims as patterns: each by its id (`C117`), and measured as the registry of claims says.

Those on cohorts alone need no more than the activity; all others need the whole log.
"""

from __future__ import annotations

from collections.abc import Callable

from analysis.sources.log import Log
from testbed.claims import scoreboard
from testbed.claims.predicates import AllOf
from testbed.claims.registry import Claim, Entry, registry
from testbed.patterns.outcome import Needs, Outcome
from testbed.patterns.registry import Found, pattern

# Statistics on cohorts that read the volume of tokens, too.
_WITH_VOLUME = ("retention.volume_rank", "retention.volume_and_retention")


def needs_of(claim: Claim) -> Needs:
    """Whether a claim can be judged on the activity."""
    calls = [claim.statistic]
    if isinstance(claim.predicate, AllOf):
        calls += [part.statistic for part in claim.predicate.of]
    names = [call.name for call in calls if call is not None]
    of_cohorts = all(name.startswith("retention.") and name not in _WITH_VOLUME for name in names)
    return "activity" if of_cohorts else "log"


def judged(log: Log, entry: Entry) -> Found:
    """A claim's verdict on a log, as a pattern's answer."""
    found = scoreboard.judge(log, entry)
    holds = None if found.verdict.status == "not_testable" else found.verdict.status == "holds"
    return Found(holds, found.value, found.verdict.reason)


def _pattern_of(entry: Entry) -> Callable[[Outcome], Found]:
    def ask(outcome: Outcome) -> Found:
        return judged(outcome.log, entry)

    return ask


for _entry in registry():
    if _entry.claim.testable:
        pattern(_entry.id, needs_of(_entry.claim), _entry.claim.text)(_pattern_of(_entry))
