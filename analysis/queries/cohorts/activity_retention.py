"""Activity retention of cohorts by each of the four definitions that tools use, one query each.

The definitions are those of `analysis.inference.cohorts.retention_definitions`, which takes them of one model's panel,
beside intervals and tests; a test holds the two together. Here each is a query of its own, for all models at once, and
its SQL can be read and run elsewhere.

A cohort (m, c): users whose first request to model m falls in the UTC calendar month c. Cells: k = 1, 2, ... up to the
last month that the log covers to its end, those without an active member too; none of a month (or window) in which the
log lost days. No cohort is left out, also one whose users may be older than the log: which these are,
`retention.triangles` tells.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from analysis import vocabulary as v
from analysis.months import month_after, month_end
from analysis.queries.query import query
from analysis.sources.coverage import Span
from analysis.sources.log import Log

WINDOW_DAYS = 30
"""Of a window of retention by the day of the own first request (Mixpanel's month)."""
USER = ("user_id", "model")
COHORT = ("model", "cohort")


@query
def calendar_month(log: Log, models: Sequence[str] | None = None, min_cohort: int = 1) -> ir.Table:
    """Retention by calendar month: a member is active at k with at least one request to the model in month c + k.

    The report's definition. Gaps are allowed, so it can rise. users: size n of the cohort; active: members active in
    month c + k (distinct users, counts); retention = active / users. models: only these; min_cohort: only cohorts of at
    least so many users.
    """
    members = _members(log, models)
    active = members.group_by(*COHORT, "month").aggregate(active=members.count())
    return _by_month(log, members, active, min_cohort)


@query
def on_or_after(log: Log, models: Sequence[str] | None = None, min_cohort: int = 1) -> ir.Table:
    """Unbounded retention: a member is active at k with a request to the model in month c + k or later.

    In some tools "rolling". It never rises, and is too low near the end of the log. users, active (distinct users,
    counts), retention, models, min_cohort: as in calendar_month.
    """
    members = _members(log, models)
    last = members.group_by(*USER, "cohort").aggregate(latest=members.month.max())
    counts = last.group_by(*COHORT, "latest").aggregate(users=last.count())
    later = counts.cross_join(_months(log))
    later = later.filter(later.month > later.cohort, later.month <= later.latest)
    active = later.group_by(*COHORT, "month").aggregate(active=v.total(later.users))
    return _by_month(log, members, active, min_cohort)


@query
def every_month(log: Log, models: Sequence[str] | None = None, min_cohort: int = 1) -> ir.Table:
    """Unbroken retention: a member is active at k with a request to the model in every month up to c + k.

    What GA4's cohort exploration calls "rolling". It never rises, and is not known after a month that the log does not
    cover. users, active (distinct users, counts), retention, models, min_cohort: as in calendar_month.
    """
    members = _members(log, models)
    order = ibis.window(group_by=[members[name] for name in USER], order_by=members.month)
    # the months of a user in order: the i-th lies i months after the first one only if none was left out
    unbroken = members.mutate(place=ibis.row_number().over(order))
    unbroken = unbroken.filter(unbroken.place == v.months_between(unbroken.cohort, unbroken.month))
    active = unbroken.group_by(*COHORT, "month").aggregate(active=unbroken.count())
    return _by_month(log, members, active, min_cohort, unbroken=True)


@query
def thirty_day_windows(log: Log, models: Sequence[str] | None = None, min_cohort: int = 1) -> ir.Table:
    """Retention by 30-day windows: a member is active at k with a request to the model in the k-th window of 30 times
    24 hours from the own first one.

    Mixpanel's months; gaps are allowed. A window counts where it is over for all members of the cohort. users, active
    (distinct users, counts), retention, models, min_cohort: as in calendar_month.
    """
    rows = _of(log.body, models).select(*USER, "created_at")
    firsts = rows.group_by(*USER).aggregate(first_at=rows.created_at.min())
    end = log.last_day + dt.timedelta(days=1)
    members = firsts.mutate(
        cohort=v.month(firsts.first_at), windows=v.periods(end, firsts.first_at, WINDOW_DAYS)
    )
    sizes = members.group_by(*COHORT).aggregate(users=members.count(), windows=members.windows.min())
    everybody = log.body
    ages = everybody.select(k=v.periods(everybody.created_at, log.first_day, WINDOW_DAYS)).distinct()
    grid = sizes.cross_join(ages)
    grid = grid.filter(grid.k > 0, grid.k < grid.windows, grid.users >= min_cohort)
    for hole in log.coverage.holes:
        for cohort in log.coverage.months():
            first, last = _windows_over(hole, cohort)
            if last > 0:
                grid = grid.filter((grid.cohort != cohort) | ~grid.k.between(first, last))
    seen = rows.inner_join(members, USER)
    seen = seen.select(*USER, "cohort", k=v.periods(seen.created_at, seen.first_at, WINDOW_DAYS)).distinct()
    active = seen.group_by(*COHORT, "k").aggregate(active=seen.count())
    return _shares(grid, active, "k")


# --- steps


def _of(rows: ir.Table, models: Sequence[str] | None) -> ir.Table:
    return rows if models is None else rows.filter(rows.model.isin(list(models)))


def _months_with(log: Log, rows: ir.Table, *by: str) -> ir.Table:
    """The months with a request among the rows, apart for each value of the columns `by`, up to the last month that the
    log covers to its end; no row if it covers none."""
    whole = max(log.coverage.complete_months(), default=month_after(log.first_day, -1))
    months = rows.select(*by, month=v.month(rows.created_at)).distinct()
    return months.filter(months.month <= whole)


def _months(log: Log) -> ir.Table:
    """The months of the log in which anybody had a request, up to the last whole one."""
    return _months_with(log, log.body)


def _members(log: Log, models: Sequence[str] | None) -> ir.Table:
    """One row a user, model and month with a request, up to the last whole month: user_id, model, month, and the cohort
    of user and model."""
    months = _months_with(log, _of(log.body, models), *USER)
    return months.mutate(cohort=months.month.min().over(ibis.window(group_by=[months[n] for n in USER])))


def _by_month(
    log: Log, members: ir.Table, active: ir.Table, min_cohort: int, unbroken: bool = False
) -> ir.Table:
    """Users, active ones and their share in each month after a cohort's own that is known; unbroken: and so are all
    between."""
    first = members.filter(members.month == members.cohort)
    sizes = first.group_by(*COHORT).aggregate(users=first.count())
    grid = sizes.cross_join(_months(log))
    grid = grid.filter(grid.month > grid.cohort, grid.users >= min_cohort)
    for lost in (month for month in log.coverage.months() if not log.coverage.knows(month)):
        grid = grid.filter((grid.month < lost) | (grid.cohort > lost) if unbroken else grid.month != lost)
    return _shares(grid.mutate(k=v.months_between(grid.cohort, grid.month)), active, "month")


def _shares(grid: ir.Table, active: ir.Table, by: str) -> ir.Table:
    """Each cell of a grid with its active members, also where there are none."""
    found = grid.left_join(active, [*COHORT, by])
    found = found.select(*COHORT, "k", "users", active=found.active.fill_null(0).cast("int64"))
    return found.mutate(retention=v.ratio(found.active, found.users)).order_by(*COHORT, "k")


def _windows_over(hole: Span, cohort: dt.date) -> tuple[int, int]:
    """The first and the last window k in which days of a hole lie, of any user who may be of the cohort."""
    before = (month_end(cohort) - hole.first).days
    return -divmod(before, WINDOW_DAYS)[0] - 1, divmod((hole.last - cohort).days, WINDOW_DAYS)[0]
