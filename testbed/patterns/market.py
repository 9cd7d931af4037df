"""Patterns of the market: shares of open models, concentration, leaders (section 3), measured in requests.

The report measures tokens. Requests are what an activity outcome has; each request counts as one token here, so levels
may differ from the claims' where open and closed models get requests of different lengths, and the names say so. The
claims themselves are patterns, too (`C12`), on the tokens of the whole log.
"""

from __future__ import annotations

from collections.abc import Callable

from testbed.claims.registry import registry
from testbed.patterns.claim import judged
from testbed.patterns.outcome import Outcome
from testbed.patterns.registry import Found, pattern

BY_REQUESTS = {
    "open-share-grows-to-a-third": "C12",
    "closed-models-lead-throughout": "C14",
    "chinese-open-models-grow-late": "C20",
    "open-releases-lift-the-open-share": "C21",
    "deepseek-leads-open-models-early": "C27",
    "open-models-concentrate-less": "C31",
    "no-open-model-above-a-quarter": "C29",
    "strong-entrants-scale-in-weeks": "C32",
    "authors-who-release-keep-share": "C33",
    "no-one-dominates": "C160",
}


def _in_requests(claim: str) -> Callable[[Outcome], Found]:
    def ask(outcome: Outcome) -> Found:
        return judged(outcome.by_requests, registry()[claim])

    return ask


for _name, _claim in BY_REQUESTS.items():
    pattern(_name, "activity", f"{registry()[_claim].claim.text} (of requests)")(_in_requests(_claim))
