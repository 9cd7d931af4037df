"""Mystery worlds: a market in which one cause is changed, and which one is not said.

Beside it stands the market as it was, with the same luck. Where the pictures of two causes are alike, one of the two
is not asked for: `docs/laboratory.md` measures which causes can be told by a player who sees what the page shows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.lab.state import FIRST, State, read
from sim.mechanisms import MECHANISMS

USERS = 5_000
MODEL, RIVAL = "new/frontier", "rival/later"
Events = Callable[[np.random.Generator, dt.date], list[dict[str, Any]]]
NOTHING = "nothing"


@dataclass(frozen=True)
class Cause:
    """What may have been changed. tell: by what the page shows it, in words. events: what happens where the cause is an
    event of the market; without any, the mechanism of this key is switched off, or nothing is."""

    key: str
    title: str
    tell: str
    events: Events | None = None


def _whale(rng: np.random.Generator, released: dt.date) -> list[dict[str, Any]]:
    keys = int(rng.integers(60, 200))
    day = released + dt.timedelta(days=int(rng.integers(5, 75)))
    return [
        {
            "event": "large_account",
            "date": day.isoformat(),
            "model": MODEL,
            "users": keys,
            "requests_per_day": 8 * keys,
        }
    ]


def _wave(rng: np.random.Generator, released: dt.date) -> list[dict[str, Any]]:
    month = (released.replace(day=1) + dt.timedelta(days=int(rng.integers(70, 140)))).replace(day=1)
    last, share = month + dt.timedelta(days=27), round(float(rng.uniform(0.12, 0.25)), 2)
    return [
        {"event": "promotion", "date": month.isoformat(), "until": last.isoformat(), "model": MODEL},
        {"event": "wave", "date": month.isoformat(), "days": 28, "model": MODEL, "share_of_users": share},
    ]


CAUSES: dict[str, Cause] = {
    cause.key: cause
    for cause in (
        Cause("fit", "Fit is off", "As many come at the launch, but a coin decides who stays: the launch cohort loses "
              "far more users in its first month."),
        Cause("backlog", "Backlog is off", "No work was waiting: the launch cohort is a fraction of its size, and the "
              "cohorts after it are smaller, too."),
        Cause("frontier_attention", "Frontier attention is off", "Nobody heard of the release: the launch cohort is a "
              "fraction of its size, but the cohorts after it are as large or larger, since the waiting work comes "
              "late."),
        Cause("rival_trials", "Rival trials are off", "Who has a home never looks elsewhere: far fewer come later, and "
              "those who come stay at once, in every cohort."),
        Cause("lock_in", "Lock-in is off", "Leaving costs nothing: more of the later cohorts stay a month, and they "
              "leave for the next model when it comes, so that in the end fewer are left."),
        Cause("information", "Information is off", "Choices are made blindly: somewhat fewer come, at the launch and "
              "after it, and those who come later stay a little longer."),
        Cause("whale", "A whale came", "One account sends a large part of all requests, and its keys never leave.",
              _whale),
        Cause("wave", "A free month brought a wave", "One later cohort is far larger than its neighbours.", _wave),
        Cause(NOTHING, "Nothing was changed", "Every number is the same: both worlds have the same luck."),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Round:
    """One question: the market as it was, and the same with one cause changed."""

    reference: State
    mystery: State
    truth: str


def round_of(number: int, truth: str | None = None) -> Round:
    """The round of a number: another market and other luck for each. truth: the cause (default: drawn), one of CAUSES
    or any mechanism, which is then switched off."""
    rng = np.random.default_rng(number)
    drawn = str(rng.choice(list(CAUSES)))
    truth = drawn if truth is None else truth
    released = dt.date(2024, 12, 1) + dt.timedelta(days=int(rng.integers(0, 80)))
    rival = released + dt.timedelta(days=int(rng.integers(75, 150)))
    market: dict[str, Any] = {
        "base": FIRST, "users": USERS, "seed": int(rng.integers(2**31)), "look": MODEL,
        "models": {MODEL: {"released": released.isoformat()}, RIVAL: {"released": rival.isoformat()}},
    }  # fmt: skip
    cause = CAUSES.get(truth)
    changed: dict[str, Any] = {}
    if cause is not None and cause.events is not None:
        changed = {"calendar": cause.events(rng, released)}
    elif truth in MECHANISMS:
        changed = {"mechanisms": {truth: {"enabled": False}}, "twin": truth}
    elif truth != NOTHING:
        raise ValueError(f"no cause or mechanism '{truth}'")
    return Round(read(market), read(market | changed), truth)
