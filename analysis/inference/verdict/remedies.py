"""What would let a model be judged, where there is too little: numbers worked out from the log."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from analysis.inference.cohorts.panel import Panel
from analysis.inference.error_rates.rates import ENOUGH_POWER, PLANTED, ErrorRates
from analysis.inference.launch.decision import first_look
from analysis.inference.launch.four_tests import ALPHA, EARLIEST_AGE, LEAST_OTHERS
from analysis.months import month_after, month_end
from analysis.numerals import counted
from analysis.proportions import Z95

LEAST_USERS = 30  # of a cohort, below which no share is worth a look: it is known to 18 points (assumed)
MARGIN = 1.1  # on a number of users, since cohorts come out smaller or larger by chance (assumed)
MOST_TIMES = 1_000  # as many users: more is no advice


def remedies(panel: Panel, rates: ErrorRates | None = None, users: int | None = None) -> tuple[str, ...]:
    """What would do for a panel whose launch cohort cannot be judged, a phrase each; none where nothing is known.

    users: of the simulated world that the log is of, None for any other log.
    """
    launch = panel.launch
    if launch is None:
        return (panel.launch_remedy,) if panel.launch_remedy else ()
    if int(panel.cohort_sizes[launch]) == 0:
        return ()
    if launch in panel.tested and first_look(panel, launch).found.testable:
        short = rates is not None and not rates.enough
        return _more_users(_times_for_power(rates.power_at(max(PLANTED))), users) if rates and short else ()
    said: list[str] = []
    months = launch + LEAST_OTHERS + EARLIEST_AGE - (len(panel.months) - 1)
    if months > 0:
        times = MARGIN * panel.min_cohort / int(panel.cohort_sizes[launch])
        if times > MOST_TIMES:
            return ()  # a longer log alone would not do
        said.append(
            _longer(panel, months, users) + (f" and {_so_many_users(times, users)}" if times > MARGIN else "")
        )
    least = _least_cohort(panel, launch)
    if least is not None:
        within = math.ceil(100 * Z95 * math.sqrt(0.25 / least))
        where = "LOG" if users is None else "RUN"
        said.append(
            f"`slipper verdict {where} --min-cohort {least}` (shares are then known to within {within} points only)"
        )
        said += _more_users(MARGIN * panel.min_cohort / least, users)
    return tuple(said)


def _least_cohort(panel: Panel, launch: int) -> int | None:
    """The largest least size of cohorts, below the panel's, at which its launch cohort can be judged."""
    sizes = sorted({int(size) for size in panel.cohort_sizes if LEAST_USERS <= size < panel.min_cohort})
    for least in reversed(sizes):
        tried = replace(panel, min_cohort=least)
        if launch in tried.tested and first_look(tried, launch).found.testable:
            return least
    return None


def _times_for_power(power: float) -> float:
    """How many times the users give `ENOUGH_POWER`, where these give `power`: by the normal approximation, in which
    the distance to the threshold grows with the root of their number."""
    here = min(max(power, 0.02), ENOUGH_POWER - 0.01)
    wanted, now = (ndtri(1 - ALPHA) + ndtri(x) for x in (ENOUGH_POWER, here))
    return float(MOST_TIMES if now <= 0 else (wanted / now) ** 2)


def _more_users(times: float, users: int | None) -> tuple[str, ...]:
    if not np.isfinite(times) or times > MOST_TIMES:
        return ()
    return (f"{'a log' if users is None else 'simulate'} with {_so_many_users(times, users)}",)


def _so_many_users(times: float, users: int | None) -> str:
    return (
        f"about {times:.2g} times the users" if users is None else f"`--users {_rounded_up(users * times):_}`"
    )


def _rounded_up(count: float) -> int:
    """Up to two significant digits."""
    scale = 10 ** max(math.floor(math.log10(count)) - 1, 0)
    return math.ceil(count / scale) * scale


def _longer(panel: Panel, months: int, users: int | None) -> str:
    more = f"{counted(months, 'more complete month')}"
    if users is None:
        return f"a log with {more}"
    end = month_end(month_after(panel.months[-1], months))
    return f"simulate {more} with `--set end={end}`"


def in_words(found: tuple[str, ...]) -> str:
    """The remedies as a sentence, or nothing."""
    return f"What would do: {'; or '.join(found)}." if found else ""
