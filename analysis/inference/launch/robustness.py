"""The robustness checks: what else could make a cohort stand out, each tried on the same data.

A robustness check changes the data (other months, other units, fewer users or cohorts) and asks the same question
again. Two kinds. Some correct a wrong unit or a wrong clock: always-on accounts of large and of ordinary volume, many
keys of one organisation, the heaviest 1%, an id that is not the first, months of unequal length, time on the platform.
A verdict that one of them overturns is withdrawn. The others take data away (a month, a cohort): a verdict that changes
under them is called fragile.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from analysis.inference.cohorts.cells import Bools, Cells, Floats
from analysis.inference.cohorts.log_panel import NEWCOMER_DAYS
from analysis.inference.cohorts.panel import Panel
from analysis.inference.launch.always_on import never_pauses
from analysis.months import month_end
from analysis.numerals import counted

TOP_SHARE = 0.01  # of users, by requests in an active month
ALWAYS_ON_DAYS = 0.9  # of a month's days: 27 of 30; workdays alone are 0.71 (assumed)
MOST_COVERED = 0.5  # of a month's days covered, for its volume to say something of the month (assumed)
# An outlying volume lies above the median by 2.5 robust standard deviations of the logarithm, among retained users
# of the other cohorts: Leys et al. (2013), J. Exp. Soc. Psychol. 49:764, after Hampel.
OUTLYING = 2.5
MAD_TO_SD = 1.4826  # median absolute deviation of a normal distribution to its standard deviation
LEAST_SHRINKAGE = (
    0.5  # of the difference, from which fewer users show that it has gone, not that they are few (assumed)
)
LEAST_REFERENCE = 30  # users from whom a volume can be called outlying (assumed)


@dataclass(frozen=True)
class RobustnessCheck:
    """One robustness check, ready to be tried: `cells` gives the changed counts and the cohort's index in them.

    beside: the unchanged counts of as many cells, where the change costs some. If the cohort does not stand out in
    these either, the robustness check says nothing: less was left to see it in. part: the change leaves a part of the
    users only; then it overturns nothing unless the difference shrinks, too. left: the changed counts of the same
    cohorts, however few users are left: where they are too few to be judged, they still tell whether the difference has
    gone. without: the month of the one other cohort that is left out, in a robustness check that leaves out one.
    """

    name: str
    about: str  # what is changed, for people
    withdraws: bool
    cells: Callable[[], tuple[Cells, int]]
    beside: Callable[[], Cells] | None = None
    part: bool = False
    left: Callable[[], Cells] | None = None
    without: dt.date | None = None


@dataclass(frozen=True)
class Outcome:
    """What a robustness check did. overturns: whether the answer changes, None where it could not be judged (too little
    is left). without: the month of the one other cohort that the robustness check left out, None if it is of another
    kind."""

    name: str
    about: str
    withdraws: bool
    overturns: bool | None
    p: float = math.nan
    difference: float = math.nan
    without: dt.date | None = None


@dataclass(frozen=True)
class Concentration:
    """Who makes up the cohort's retained users at the age of the effect sizes; NaN where the log does not say.

    always_on_users: users of the whole panel that the diagnostic calls always on; always_on_share: their share of the
    cohort's active users at that age; largest_organisation: share of the largest one; organisations: how many there
    are; volume_gini: Gini coefficient of their requests; unpausing_share: share of accounts that never pause.
    """

    age: int
    retained: int
    always_on_users: int
    always_on_share: float
    organisations: int
    largest_organisation: float
    volume_gini: float
    unpausing_share: float = math.nan


def robustness_checks(panel: Panel, cohort: int, merged: Panel | None = None) -> Iterator[RobustnessCheck]:
    """The robustness checks that this panel allows, the withdrawing ones first. merged: the panel with aliases
    merged."""
    flagged = always_on(panel, cohort)
    if flagged is not None and flagged.any():
        yield RobustnessCheck(
            "always-on accounts",
            f"{counted(int(flagged.sum()), 'always-on account')} of outlying volume left out", True,
            lambda: (panel.keep(~flagged).cells, cohort), left=lambda: _left(panel, panel.keep(~flagged)),
        )  # fmt: skip
    steady = unpausing(panel)
    if steady is not None and steady.any():
        kept = ~steady if flagged is None else ~(steady | flagged)
        yield RobustnessCheck(
            "accounts that never pause",
            f"{counted(int(steady.sum()), 'account')} active on nearly all days left out, weekends like others", True,
            lambda: (panel.keep(kept).cells, cohort), part=True, left=lambda: _left(panel, panel.keep(kept)),
        )  # fmt: skip
    heavy = heaviest(panel)
    if heavy is not None and heavy.any():
        yield RobustnessCheck(
            "heaviest 1%", f"the {counted(int(heavy.sum()), 'user')} with most requests left out", True,
            lambda: (panel.keep(~heavy).cells, cohort), left=lambda: _left(panel, panel.keep(~heavy)),
        )  # fmt: skip
    if panel.has_organisations:
        yield RobustnessCheck(
            "one user an organisation", "organisations counted instead of users", True,
            lambda: (panel.by_organisation().cells, cohort),
            left=lambda: _left(panel, panel.by_organisation()),
        )  # fmt: skip
    if panel.rewindowed is not None:
        windows = panel.rewindowed
        yield RobustnessCheck(
            "30-day months", "months of 30 days from each user's first request", True,
            lambda: (windows.cells, _same_month(panel, windows, cohort)),
            lambda: panel.cells.shared_with(windows.cells),
        )  # fmt: skip
    if merged is not None:
        yield RobustnessCheck(
            "aliases merged", "requests to earlier ids of the model counted, too", True,
            lambda: (merged.cells, merged.launch if merged.launch is not None else -1),
        )  # fmt: skip
    peers = of_one_tenure(panel, cohort)
    if peers is not None:
        name, chosen = peers
        yield RobustnessCheck(
            "time on the platform", f"{name} compared with their like only", True,
            lambda: (panel.keep(chosen).cells, cohort), part=True,
        )  # fmt: skip
    cells = panel.cells
    last = len(panel.months) - 1
    yield RobustnessCheck("last month dropped", "the last complete month left out", False,
                    lambda: (cells.until(last - 1), cohort))  # fmt: skip
    for other in cells.cohorts:
        if other != cohort:
            month = panel.months[other]
            yield RobustnessCheck(f"without the cohort of {month:%Y-%m}", "one cohort left out", False,
                            partial(_without, cells, other, cohort), without=month)  # fmt: skip


def _left(panel: Panel, changed: Panel) -> Cells:
    """The cells of the changed panel in the cohorts that the panel tests, of whatever size they are now."""
    return replace(changed, min_cohort=1).cells.shared_with(panel.cells)


def _without(cells: Cells, other: int, cohort: int) -> tuple[Cells, int]:
    return cells.without(other), cohort


def _same_month(panel: Panel, other: Panel, cohort: int) -> int:
    month = panel.months[cohort]
    return other.months.index(month) if month in other.months else -1


def of_one_tenure(panel: Panel, cohort: int) -> tuple[str, Bools] | None:
    """Users (n,) who had been on the platform alike when they first used the model, and what they are: newcomers, or
    those who had been there for a month; whichever the cohort has more of, among those that it shares with two others.
    None where the log does not say, or all users are of one kind, or too few are comparable. Users whose time on the
    platform is not known are of neither kind.

    A launch finds users who have been there for long, and so are of the staying kind; later joiners may all be new.
    """
    if panel.tenure is None:
        return None
    new, old = (panel.tenure >= 0) & (panel.tenure < NEWCOMER_DAYS), panel.tenure >= NEWCOMER_DAYS
    own = panel.cohort == cohort
    if not np.count_nonzero(panel.tenure[own] < 0) and not (np.any(new & own) and np.any(old & own)):
        return None
    found = []
    for name, chosen in (("newcomers to the platform", new), ("users who were on the platform before", old)):
        tested = panel.keep(chosen).tested
        if cohort in tested and len(tested) > 2:
            found.append((int(np.count_nonzero(chosen & own)), name, chosen))
    return max(found, key=lambda kind: kind[0])[1:] if found else None


# --- who is no ordinary user


def always_on(panel: Panel, cohort: int) -> Bools | None:
    """Users (n,) that look like machines or shared keys: None where the log says nothing of it.

    A loyal user and an always-on account are both active in every month, so activity cannot tell them apart. Always
    on is who, in months after the first, has a request on at least 90% of the days and a volume far above that of
    retained users of the other cohorts; or whom the log saw in several countries. Loyal users of an ordinary volume
    stay. Where the log has only days or only volumes, these decide alone. Days that the log does not cover count for
    nothing; months of which it covers less than half are left out, volumes of others scaled to the whole month.
    """
    if panel.requests is None and panel.days is None and panel.shared is None:
        return None
    n, months = panel.active.shape
    covered = panel.covered_days.sum(axis=1)
    length = np.array([month_end(m).day for m in panel.months])
    after = panel.active & (np.arange(months) > panel.cohort[:, None]) & (covered >= MOST_COVERED * length)
    counted = after.sum(axis=1)
    seen = counted > 0
    flagged = np.zeros(n, np.bool_)
    if panel.requests is not None or panel.days is not None:
        flagged = seen.copy()
    if panel.days is not None:
        bits = None if panel.covered is None else panel.covered_day_bits
        days = panel.days if bits is None else np.bitwise_count(bits)
        share = (days / np.maximum(covered, 1) * after).sum(axis=1) / np.maximum(counted, 1)
        flagged &= share >= ALWAYS_ON_DAYS
    if panel.requests is not None:
        level = _level(panel.requests * (length / np.maximum(covered, 1)), after, counted)
        fence = _fence(panel, cohort, level, after)
        flagged &= level > fence if fence is not None else False
    if panel.shared is not None:
        flagged |= panel.shared
    return flagged


def unpausing(panel: Panel) -> Bools | None:
    """Users (n,) that are active day after day, whatever their volume: None where the log does not say on which days.

    Some people are, too. So where they are left out, the verdict falls only if most of the difference falls with them.
    """
    bits = panel.covered_day_bits
    return None if bits is None else never_pauses(bits, panel.months)


def _level(requests: np.ndarray, after: Bools, counted: np.ndarray) -> Floats:
    """Each user's mean log requests in the months `after` the first; counted: how many these are."""
    logs = np.log(np.maximum(requests, 1)) * after
    return np.asarray(logs.sum(axis=1) / np.maximum(counted, 1), dtype=np.float64)


def _fence(panel: Panel, cohort: int, level: Floats, after: Bools) -> float | None:
    """Log requests a month above which a volume is outlying, or None without a reference.

    The reference are users who were active two or more months after their first, of other cohorts if there are enough.
    """
    months = panel.active.shape[1]
    retained = (after & (np.arange(months) > panel.cohort[:, None] + 1)).any(axis=1)
    reference = level[retained & (panel.cohort != cohort)]
    if len(reference) < LEAST_REFERENCE:
        reference = level[retained]
    if len(reference) < LEAST_REFERENCE:
        return None
    middle = float(np.median(reference))
    spread = MAD_TO_SD * float(np.median(np.abs(reference - middle)))
    return middle + OUTLYING * spread


def heaviest(panel: Panel) -> Bools | None:
    """Users (n,) with most requests in an active month, at most 1%: of users with equal volumes all or none; None
    without volumes."""
    if panel.requests is None:
        return None
    months = np.maximum(panel.active.sum(axis=1), 1)
    volume = panel.requests.sum(axis=1) / months
    count = int(TOP_SHARE * panel.users)
    if not count:
        return np.zeros(panel.users, np.bool_)
    return np.asarray(volume > np.partition(volume, -count - 1)[-count - 1])


def concentration(panel: Panel, cohort: int, age: int) -> Concentration:
    """Who is behind R(age) of a cohort."""
    retained = np.zeros(panel.users, np.bool_)
    if cohort + age < len(panel.months):
        retained = (panel.cohort == cohort) & panel.active[:, cohort + age]
    count = int(retained.sum())
    flagged = always_on(panel, cohort)
    share, users = math.nan, 0
    if flagged is not None:
        users = int(flagged.sum())
        share = float((flagged & retained).sum() / count) if count else math.nan
    organisations, largest = 0, math.nan
    if panel.organisation is not None and count:
        _, sizes = np.unique(panel.organisation[retained], return_counts=True)
        organisations, largest = len(sizes), float(sizes.max() / count)
    gini = math.nan
    if panel.requests is not None and count:
        gini = _gini(panel.requests[retained, cohort + age])
    steady = unpausing(panel)
    unbroken = float((steady & retained).sum() / count) if steady is not None and count else math.nan
    return Concentration(age, count, users, share, organisations, largest, gini, unbroken)


def _gini(values: np.ndarray) -> float:
    """Gini coefficient of non-negative values."""
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    total = ordered.sum()
    if total <= 0:
        return math.nan
    ranks = np.arange(1, len(ordered) + 1)
    return float((2 * ranks - len(ordered) - 1) @ ordered / (len(ordered) * total))
