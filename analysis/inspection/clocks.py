"""Checks of when requests are said to have arrived: the clock of the day, and the end of the log."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from analysis.inspection.check import Found, check
from analysis.inspection.facts import Facts
from analysis.inspection.offsets import UTC_OFFSET

LEAST_HOURS = 2.0  # off, from which a clock is told: summer time, and several clocks, are less (assumed)
SURE = 5.0  # standard errors (assumed)
LEAST_USERS = 20.0  # of about equal weight, on both sides (assumed)
LEAST_ROWS_MISSING = 12.0  # expected after the log's last moment: chance leaves none in 1 of 160,000 logs


@check("clocks of countries", "warning")
def country_clocks(facts: Facts) -> Found | None:
    """A country whose day lies hours apart from that of all others, by its local time."""
    words = (
        "requests from some countries lie hours apart from the local day of the others: local times may have been "
        "taken for UTC, or UTC for local ones"
    )
    return _apart(facts, "country", words)


@check("local times", "warning")
def local_times(facts: Facts) -> Found | None:
    """Days of countries that agree by the times as they are logged, and not by local time."""
    if not facts.has("country"):
        return None
    frame = facts.directions
    frame = frame[frame["of"] == "country"]
    vectors = (frame["cos"] + 1j * frame["sin"]).to_numpy()
    back = np.exp(-1j * np.pi / 12 * frame["name"].map(UTC_OFFSET).to_numpy(dtype=float))
    local, logged = abs(vectors.sum()) ** 2, abs((vectors * back).sum()) ** 2
    chance = float((frame["coscos"] + frame["sinsin"]).sum())  # what a sum over users without a day would be
    if not chance or logged - local < SURE**2 * chance:
        return None
    return Found(
        "the days of all countries agree by the times in the log, as if these were local times and not UTC",
        int(frame["n"].sum()), facts.rows,
    )  # fmt: skip


@check("clocks of providers", "warning")
def provider_clocks(facts: Facts) -> Found | None:
    """A provider whose users' day lies hours apart from that of other providers' users."""
    words = "requests served by some providers lie hours apart from the users' day elsewhere: these clocks may be off"
    return _apart(facts, "provider", words)


def _apart(facts: Facts, of: str, words: str) -> Found | None:
    if not facts.has("country") or (of == "provider" and not facts.has("provider_name")):
        return None
    frame = facts.directions
    frame = frame[frame["of"] == of].reset_index(drop=True)
    if len(frame) < 2:
        return None
    found = []
    for row in frame.index:
        hours = _hours_apart(frame.loc[row], frame.drop(index=row).sum(numeric_only=True))
        if hours:
            found.append((str(frame.loc[row, "name"]), hours, int(frame.loc[row, "n"])))
    if not found:
        return None
    # Where one is far off all others seem so; the odd ones out are those farthest off.
    far = max(abs(hours) for _, hours, _ in found)
    odd = sorted((one for one in found if abs(one[1]) >= far / 2), key=lambda one: -abs(one[1]))
    names = ", ".join(f"{name} {hours:+.0f} h" for name, hours, _ in odd[:3])
    return Found(words, sum(n for *_, n in odd),
                 facts.rows, names)  # fmt: skip


def _hours_apart(one: pd.Series, rest: pd.Series) -> float:
    """Hours from the middle of the day of the rest to that of one; 0 where chance may have made them."""
    angles, errors = [], []
    for side in (one, rest):
        length = math.hypot(side["cos"], side["sin"])
        if not length or side["n"] ** 2 < LEAST_USERS * side["nn"]:
            return 0.0
        # Of the sum over users of a vector, the part across its direction: users are independent, rows are not.
        across = (
            side["sin"] ** 2 * side["coscos"]
            - 2 * side["sin"] * side["cos"] * side["cossin"]
            + side["cos"] ** 2 * side["sinsin"]
        )
        angles.append(math.atan2(side["sin"], side["cos"]))
        errors.append(math.sqrt(max(across, 0.0)) / length**2)
    apart = (angles[0] - angles[1] + math.pi) % (2 * math.pi) - math.pi
    hours, error = apart * 12 / math.pi, math.hypot(*errors) * 12 / math.pi
    return hours if abs(hours) > max(LEAST_HOURS, SURE * error) else 0.0


@check("cut inside a day", "warning", "retention", "openness", "agentic")
def cut_in_a_day(facts: Facts) -> Found | None:
    """The last day ends hours before its end, where days before go on."""
    expected, end = facts.after_the_end / 7, facts.log.end
    if expected < LEAST_ROWS_MISSING or end is None:
        return None
    words = (
        f"the log's last row is of {end:%H:%M} (UTC), and about {expected:.0f} more would come on such a day: "
        "the last day is not whole"
    )
    return Found(words, round(expected), facts.rows, f"{end:%Y-%m-%d %H:%M}")
