"""Statistics on what a rival's release does to a foundational cohort (section 7)."""

from __future__ import annotations

import datetime as dt
import math

import pandas as pd

from analysis import study
from analysis.months import months_between
from analysis.proportions import Z95
from analysis.queries import retention
from analysis.sources.log import Log
from testbed.claims.measuring.cohorts import cell_of, cells_of
from testbed.claims.measuring.measured import Measured, Untestable
from testbed.claims.measuring.tables import facts
from testbed.claims.measuring.uncertainty import difference, proportion
from testbed.claims.statistics.registry import on_activity


def _release_month(log: Log, cohort: dt.date, rival: str) -> int:
    """The age of a cohort in months when the rival is released."""
    released = facts(log).set_index("model")["released"]
    if rival not in released.index:
        raise Untestable(f"the models table has no {rival}")
    at = months_between(cohort, released[rival])
    if at < 3:
        raise Untestable(f"the cohort is less than three months old when {rival} is released")
    return at


def _need_foundational(log: Log, model: str, cohort: dt.date, age: int) -> None:
    """Raises Untestable unless the cohort counts as foundational by what is known at an age: up to one month after
    launch, and at least `study.LEVEL` active. Later months do not enter, or a curve that breaks would not be judged."""
    row = cell_of(cells_of(log, model), cohort, age)
    if row["lag"] > 1 or row["retention"] < study.LEVEL:
        raise Untestable(
            f"the cohort of {cohort:%B %Y} of {model} is not foundational: {row['lag']:.0f} months after launch, "
            f"{row['retention']:.1%} active at month {age}"
        )


def _change(log: Log, model: str, cohort: dt.date, early: int, late: int) -> Measured:
    """R(late) over R(early) of a cohort; interval on the log scale from both cells as if independent (wide, since the
    same users stand in both)."""
    cells = cells_of(log, model)
    a, b = cell_of(cells, cohort, early), cell_of(cells, cohort, late)
    if min(a["active"], b["active"]) == 0:
        raise Untestable("nobody was active")
    value = float(b["retention"] / a["retention"])
    error = math.sqrt(sum(1 / r["active"] - 1 / r["users"] for r in (a, b)))
    factor = math.exp(Z95 * error)
    return Measured(value, value / factor, value * factor, int(a["users"]), "ratio",
                    f"users; {a['retention']:.1%} at month {early}, {b['retention']:.1%} at month {late}")  # fmt: skip


@on_activity
def stays(log: Log, model: str, cohort: dt.date, rival: str) -> Measured:
    """R in the month after the rival's release month over R in the month before it, of one foundational cohort: 1 where
    the release leaves the curve as it was; the interval is on the log scale and takes both cells as independent (wide,
    since the same users stand in both)."""
    at = _release_month(log, cohort, rival)
    _need_foundational(log, model, cohort, at - 1)
    return _change(log, model, cohort, at - 1, at + 1)


@on_activity
def exit_jump(log: Log, model: str, cohort: dt.date, rival: str) -> Measured:
    """By how much more users leave around a rival's release than before it, compared with users who are not
    foundational, at the same age.

    Leaving: of those active in a month, the share not active two months later. With the release at age k: leaving from
    month k-1 less leaving from month k-3, of a foundational cohort, less the same of the model's other cohorts that
    are not foundational by month k-1 and reach month k+1. Interval from the four Wilson intervals (MOVER)."""
    at = _release_month(log, cohort, rival)
    _need_foundational(log, model, cohort, at - 1)
    cells = cells_of(log, model)
    cell_of(cells, cohort, at + 1)
    low = cells[(cells["k"] == at - 1) & ((cells["lag"] > 1) | (cells["retention"] < study.LEVEL))]["cohort"]
    reached = set(cells[cells["k"] == at + 1]["cohort"])
    others = [other for other in low if other in reached]
    if not others:
        raise Untestable(f"no other cohort of {model} has a complete month {at + 1}")
    found = retention.patterns(log)
    found = found[found["model"] == model]
    sides = []
    for group in ([pd.Timestamp(cohort)], others):
        rows = found[found["cohort"].isin(group)]
        after, before = (_leaving(log, rows, age) for age in (at - 1, at - 3))
        sides.append((difference(after, before), after, before))
    (own, after, before), (usual, _, _) = sides
    gap = difference(own, usual)
    text = (
        f"users; {before.value:.1%} left before, {after.value:.1%} around it; others {100 * usual.value:+.1f}"
    )
    return Measured(gap.value, gap.low, gap.high, after.n, "points", text)


def _leaving(log: Log, rows: pd.DataFrame, age: int) -> Measured:
    """Of the users active at an age in months, the share not active two months later. rows: of `retention.patterns`."""
    active = left = 0
    known = [log.coverage.knows(month) for month in log.coverage.months()]
    for start, users, months in zip(rows["cohort"], rows["users"], rows["months"], strict=True):
        at = months_between(log.first_day, start) + age
        if at + 2 < len(months) and months[at] and known[at + 2]:
            active += int(users)
            left += int(users) * (not months[at + 2])
    if not active:
        raise Untestable(f"nobody is active at month {age}")
    return proportion(float(left), float(active), "users")
