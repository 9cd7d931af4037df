"""Patterns of the market: shares of open models, concentration, leaders (section 3), and how much a model is used,
measured in requests.

The report measures tokens. Requests are what an activity outcome has; each request counts as one token here, so levels
may differ from the claims' where open and closed models get requests of different lengths, and the names say so. The
claims themselves are patterns, too (`C12`), on the tokens of the whole log.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Annotated

from pydantic import Field

from testbed.claims.measuring.measured import Untestable
from testbed.claims.measuring.tables import Pick, traffic
from testbed.claims.registry import registry
from testbed.patterns.claim import judged
from testbed.patterns.outcome import Outcome
from testbed.patterns.registry import Count, Found, Number, pattern

Weeks = Annotated[int, Field(ge=1, le=520)]
WEEK = dt.timedelta(weeks=1)

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


@pattern("log-requests")
def log_requests(
    outcome: Outcome,
    since: dt.date,
    weeks: Weeks = 4,
    model: str | None = None,
    author: str | None = None,
    open: bool | None = None,
    at_least: Count = 1,
) -> Found:
    """Requests of some whole weeks (UTC, from Monday on), the first that begin on a day or after it: to a model, to the
    models of an author, to open or closed ones, or to all. Holds if they are at least a number. value: their natural
    logarithm, so that the difference of two arms over the logarithm of a price factor is an elasticity."""
    monday = since + dt.timedelta(days=-since.weekday() % 7)
    frame = traffic(outcome.by_requests, (monday, monday + weeks * WEEK - dt.timedelta(days=1)))
    covered = outcome.log.complete_weeks()
    if missing := [week for n in range(weeks) if (week := monday + n * WEEK) not in covered]:
        raise Untestable(f"the log does not hold the whole week of {missing[0]}")
    requests = int(frame[Pick(model=model, author=author, open=open).of(frame)]["requests"].sum())
    if not requests:
        raise Untestable(f"no such request in {weeks} weeks from {monday} on")
    why = f"{requests:,} requests in {weeks} weeks from {monday} on"
    return Found(requests >= at_least, math.log(requests), why, {"requests": Number(requests, "count")})
