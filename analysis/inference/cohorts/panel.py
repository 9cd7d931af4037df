"""The month-by-month activity of one model's users.

`Panel` holds a row a user: the month of first use (its cohort) and in which months it was active. It comes from a
log (`Panel.from_log`, one scan for all models, kept in the engine) or from plain arrays (`Panel.from_arrays`). Its
sufficient statistics are `Cells`: for every cohort c and age k its members and its active members, and how often one
user (or one organisation) is active in two cells at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from analysis.inference.cohorts.cells import Bools, Cells, Floats, Ints, Unit
from analysis.inference.cohorts.co_activity import CoActivity, co_activity
from analysis.inference.cohorts.log_panel import NoPanel, fields_of_panel
from analysis.inference.cohorts.user_months import Windows, rows_of
from analysis.months import month_end
from analysis.sources.log import Log
from analysis.study import SMALL_COHORT

MOST_OF_ONE = (
    0.5  # of a cohort's users in one organisation: with a share s, errors come out 1 - s as large (assumed)
)
CLUSTERS_AT_ONCE = 2_048  # organisations whose counts are held at one time: what bounds memory


@dataclass(frozen=True, eq=False)
class Panel:
    """One model's users (n) by month (M consecutive ones): see the fields.

    months: first days; cohort (n,): index of the month of first use; active (n, M): at least one request;
    launch: index of the launch cohort, None if the panel does not hold it; organisation (n,): code of the account,
    None where the log has none; requests and days (n, M): requests, and days with one, in the month, None if
    unknown; day_bits (n, M): which days these are, bit d - 1 for day d, None if unknown; shared (n,): the user id was
    seen from several countries, None if unknown; tenure (n,): days from the user's first request to any model to the
    first one to this model, None if unknown; UNKNOWN_TENURE of users who came in the log's first NEWCOMER_DAYS and took
    up the model within as many, as they may be older than the log. Cohorts under `min_cohort` users are not tested.
    months_dropped: incomplete months at the end that were left out.
    """

    model: str
    months: tuple[dt.date, ...]
    cohort: Ints
    active: Bools
    launch: int | None = 0
    organisation: Ints | None = None
    requests: npt.NDArray[np.integer[Any]] | None = None
    days: npt.NDArray[np.integer[Any]] | None = None
    day_bits: Ints | None = None
    shared: Bools | None = None
    tenure: Ints | None = None
    min_cohort: int = SMALL_COHORT
    windows: Windows = "calendar months"
    months_dropped: tuple[dt.date, ...] = ()
    left_truncated: tuple[int, ...] = ()  # cohorts that may hold users who are older than the log
    mixed: tuple[int, ...] = ()  # these, and cohorts after holes: not tested, see `launches`
    known: Bools | None = None  # (M, M): whether the log covers month m for cohort c whole; None: all of them
    covered: Ints | None = (
        None  # (M,): the days that the log covers, as bits like day_bits; None: all of them
    )
    no_launch: str = ""  # why there is no launch cohort, for people
    launch_remedy: str = ""  # what log would show it, a phrase
    notes: tuple[str, ...] = ()  # what to know of the panel, for people
    rewindowed: Panel | None = None  # the same users by 30-day windows from first use, where that is known

    @property
    def users(self) -> int:
        """Number of users."""
        return len(self.cohort)

    @cached_property
    def cohort_sizes(self) -> Ints:
        """Users of each month's cohort, (M,)."""
        return np.bincount(self.cohort, minlength=len(self.months))

    @cached_property
    def tested(self) -> list[int]:
        """Cohorts of newcomers, at least `min_cohort` of them, with a covered month after their first, oldest first."""
        last = len(self.months) - 1
        return [
            c
            for c in range(last)
            if self.cohort_sizes[c] >= max(self.min_cohort, 1)
            and c not in self.mixed
            and (self.known is None or self.known[c, c + 1 :].any())
        ]

    @cached_property
    def has_organisations(self) -> bool:
        """Whether some organisation has more than one user: else organisations say nothing that users do not."""
        return self.organisation is not None and self._groups[1] < self.users

    @cached_property
    def _groups(self) -> tuple[Ints, int]:
        """Each user's organisation as a number from 0 on (n,), and how many there are; else users stand alone."""
        return numbered(np.arange(self.users) if self.organisation is None else self.organisation)

    @cached_property
    def cells(self) -> Cells:
        """Counts clustered by organisation where the panel has them, else by user."""
        return self.counted("organisation" if self.has_organisations else "user")

    def counted(self, unit: Unit) -> Cells:
        """Counts of the tested cohorts in covered months, clustered by user or by organisation."""
        found = self._counted(unit)
        if self.known is None:
            return found
        return found.chosen(np.flatnonzero(self.known[found.cohort, found.cohort + found.age]))

    def _counted(self, unit: Unit) -> Cells:
        last = len(self.months) - 1
        ages = {c: last - c for c in self.tested}
        cohort = np.repeat(np.array(list(ages), dtype=np.int64), list(ages.values()))
        age = np.concatenate([np.arange(1, k + 1) for k in ages.values()] or [np.zeros(0, np.int64)])
        together = np.zeros(self.users, np.bool_)  # users of organisations that have more than one here
        clusters = int(self.cohort_sizes[list(ages)].sum())
        by_organisation = unit == "organisation" and self.organisation is not None
        if by_organisation:
            group, groups = self._groups
            here = np.isin(self.cohort, self.tested)
            members = np.bincount(group[here], minlength=groups)
            together = here & (members > 1)[group]
            clusters = int(np.count_nonzero(members))
        cross, cross_size, sizes = (np.zeros((len(cohort), len(cohort))) for _ in range(3))
        begin = 0
        for c, k in ages.items():  # who is alone in its cluster has cells of one cohort only
            own = self.active[(self.cohort == c) & ~together, c + 1 :].astype(np.float32)
            block = slice(begin, begin + k)
            cross[block, block] = own.T @ own
            cross_size[block, block] = np.diagonal(cross[block, block])[:, None]
            sizes[block, block] = len(own)
            begin += k
        if together.any():
            for active, size in self._clusters(np.flatnonzero(together), cohort, age):
                cross += active.T @ active
                cross_size += active.T @ size
                sizes += size.T @ size
        count, size = np.diagonal(cross).copy(), self.cohort_sizes[cohort].astype(np.float64)
        if together.any():
            count = self._active_users(cohort, age)
        return Cells(
            cohort, age, size, count, cross, cross_size, sizes, clusters,
            "organisation" if by_organisation else "user",
        )  # fmt: skip

    def _active_users(self, cohort: Ints, age: Ints) -> Floats:
        counts = np.zeros((len(self.months), len(self.months)))
        for c in self.tested:
            counts[c] = self.active[self.cohort == c].sum(axis=0)
        return counts[cohort, cohort + age]

    def _clusters(self, rows: Ints, cohort: Ints, age: Ints) -> Iterator[tuple[Floats, Floats]]:
        """Active users and users of the organisations of these rows in each cell (organisations, cells), some at a
        time."""
        group, groups = numbered(self._groups[0][rows])
        order = np.argsort(group, kind="stable")
        rows, group = rows[order], group[order]
        which = np.full(len(self.months), -1)
        which[self.tested] = np.arange(len(self.tested))
        for begin in range(0, groups, CLUSTERS_AT_ONCE):
            end = min(begin + CLUSTERS_AT_ONCE, groups)
            some = slice(*np.searchsorted(group, [begin, end]))
            own, at, n = self.cohort[rows[some]], group[some] - begin, end - begin
            members = np.bincount(at * len(self.tested) + which[own], minlength=n * len(self.tested))
            size = members.reshape(n, -1)[:, which[cohort]].astype(np.float64)
            user, month = np.nonzero(self.active[rows[some]])
            place = (at * len(self.tested) + which[own])[user] * len(self.months) + month
            seen = np.bincount(place, minlength=n * len(self.tested) * len(self.months))
            active = seen.reshape(n, len(self.tested), -1)[:, which[cohort], cohort + age].astype(np.float64)
            yield active, size

    @cached_property
    def covered_days(self) -> Bools:
        """Whether the log covers each day of each month, (M, 31); days after a month's end are not covered."""
        lengths = np.array([month_end(m).day for m in self.months])
        inside: Bools = np.arange(31) < lengths[:, None]
        if self.covered is None:
            return inside
        return inside & ((self.covered[:, None] >> np.arange(31)) & 1 == 1)

    @property
    def covered_day_bits(self) -> Ints | None:
        """day_bits of covered days alone: the few rows that a hole may hold are none of anybody's habits."""
        if self.day_bits is None or self.covered is None:
            return self.day_bits
        return self.day_bits & self.covered

    def keep(self, chosen: Bools) -> Panel:
        """The same panel with the chosen users (n,) only."""

        def cut(values: Any) -> Any:
            return None if values is None else values[chosen]

        return replace(
            self, cohort=self.cohort[chosen], active=self.active[chosen],
            organisation=cut(self.organisation), requests=cut(self.requests), days=cut(self.days),
            day_bits=cut(self.day_bits), shared=cut(self.shared), tenure=cut(self.tenure), rewindowed=None,
        )  # fmt: skip

    def by_organisation(self) -> Panel:
        """The same panel with one row an organisation: active where one of its users is, first seen with its first.

        Without organisations the panel itself.
        """
        if self.organisation is None:
            return self
        group, groups = self._groups
        order = np.argsort(group, kind="stable")
        starts = np.searchsorted(group[order], np.arange(groups))
        if not groups:
            return self
        cohort = np.minimum.reduceat(self.cohort[order], starts)
        active = np.logical_or.reduceat(self.active[order], starts, axis=0)
        requests = None
        if self.requests is not None:
            requests = np.add.reduceat(self.requests[order], starts, axis=0, dtype=np.int64)
        return replace(
            self, cohort=cohort, active=active, organisation=np.arange(groups), requests=requests, days=None,
            day_bits=None, shared=None, tenure=None, rewindowed=None,
        )  # fmt: skip

    def ages(self, cohort: int) -> Bools:
        """Activity of one cohort by age: (users of the cohort, ages 0 to the last), as the plateau's fits take
        it. It ends before the first month that the log does not cover: silence in it would pass for absence."""
        end = len(self.months)
        if self.known is not None and not self.known[cohort, cohort + 1 :].all():
            end = cohort + 1 + int(np.argmin(self.known[cohort, cohort + 1 :]))
        own: Bools = self.active[self.cohort == cohort, cohort:end]
        return own

    def co_activity(self, cohort: int) -> CoActivity:
        """Co-activity of a cohort, clustered by organisation where the panel has them. Its covariance is NaN where half
        of the users or more are one organisation's: what varies between organisations cannot be told from so few."""
        own = self.ages(cohort)
        if not self.has_organisations or self.organisation is None:
            return co_activity(own)
        codes = self.organisation[self.cohort == cohort]
        if np.unique(codes, return_counts=True)[1].max() < MOST_OF_ONE * len(codes):
            return co_activity(own, codes)
        found = co_activity(own)
        return replace(found, covariance=np.full_like(found.covariance, np.nan))

    @classmethod
    def from_arrays(
        cls,
        user: npt.ArrayLike,
        month: npt.ArrayLike,
        *,
        months: Sequence[dt.date],
        model: str = "model",
        organisation: npt.ArrayLike | None = None,
        requests: npt.ArrayLike | None = None,
        launch: int | None = 0,
        min_cohort: int = SMALL_COHORT,
    ) -> Self:
        """A panel from rows of activity, one a user and month: user ids, month indices into `months`, and, if known,
        the user's organisation and the month's requests. Rows of later months are left out."""
        users, months_of = np.asarray(user), np.asarray(month, dtype=np.int64)
        if users.shape != months_of.shape:
            raise ValueError(f"user and month differ in length: {users.shape} and {months_of.shape}")
        if months_of.size and int(months_of.min()) < 0:
            raise ValueError("month holds a negative index: 0 is the first of `months`")
        inside = months_of < len(months)
        _, code = np.unique(users[inside], return_inverse=True)
        n, at = int(code.max(initial=-1)) + 1, months_of[inside]
        active = np.zeros((n, len(months)), np.bool_)
        active[code, at] = True

        sent = None
        if requests is not None:
            sent = np.zeros((n, len(months)), np.int64)
            np.add.at(sent, (code, at), np.asarray(requests)[inside])
        owner = None
        if organisation is not None:
            _, codes = np.unique(np.asarray(organisation)[inside], return_inverse=True)
            owner = np.zeros(n, np.int64)
            owner[code] = codes
        return cls(
            model, tuple(months), active.argmax(axis=1), active, launch=launch, organisation=owner,
            requests=sent, min_cohort=min_cohort,
        )  # fmt: skip

    @classmethod
    def from_log(
        cls,
        log: Log,
        model: str,
        *,
        min_cohort: int = SMALL_COHORT,
        windows: Windows = "calendar months",
        aliases: Mapping[str, str] | None = None,
        keep_partial_month: bool = False,
        together: Sequence[str] | None = None,
    ) -> Self:
        """The panel of one model of a log. Raises NoPanel if nothing of it can be tested.

        windows "30 days": ages are 30-day windows from each user's first request instead of calendar months; cohorts
        stay calendar months, and a window counts where it is over for all members. aliases: old id -> id into which
        its requests count. The last month is left out where the log does not cover it to its end. together: the models
        whose 30-day windows one scan of the log makes for all (default: every model of the log).
        """
        rows = rows_of(log, model, windows, aliases or {}, together)
        if rows.empty:
            raise NoPanel(f"the log has no requests to '{model}'")
        return cls(
            **fields_of_panel(log, model, rows, min_cohort, windows, aliases or {}, keep_partial_month)
        )


def numbered(codes: Ints) -> tuple[Ints, int]:
    """Codes (n,) as numbers from 0 on in the order of the codes, and how many there are.

    Codes that are small already are counted, which takes a tenth of the time of sorting them.
    """
    if not len(codes):
        return np.zeros(0, np.int64), 0
    if codes.min() >= 0 and int(codes.max()) < 8 * len(codes):
        held = np.bincount(codes) > 0
        return (np.cumsum(held) - 1)[codes], int(np.count_nonzero(held))
    _, group = np.unique(codes, return_inverse=True)
    return group.astype(np.int64), int(group.max()) + 1
