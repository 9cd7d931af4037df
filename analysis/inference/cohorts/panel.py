"""The month-by-month activity of one model's users, and the counts on which every test of it rests.

`Panel` holds a row a user: the month of first use (its cohort) and in which months it was active. It comes from a
log (`Panel.from_log`, one scan for all models, kept in the engine) or from plain arrays (`Panel.from_arrays`).
`Cells` are its sufficient statistics: for every cohort c and age k its members and its active members, and how
often one user (or one organisation) is active in two cells at once. The rows of a regression on age and period are
the same for all users of a cell, so a variance that is robust to users needs nothing else, and a test on thousands
of users costs no more than one on ten.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.inference.cohorts.co_activity import CoActivity, co_activity
from analysis.inference.cohorts.user_months import WINDOW_DAYS, Windows, organisations, rows_of
from analysis.queries import launches, retention
from analysis.queries.query import day
from analysis.sources.coverage import Coverage, month_end
from analysis.sources.log import Log
from analysis.study import SMALL_COHORT

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Unit = Literal["user", "organisation"]

NEWCOMER_DAYS = 30  # on the platform before the first use of a model: under it a user is new there (assumed)
UNKNOWN_TENURE = -1
MOST_OF_ONE = (
    0.5  # of a cohort's users in one organisation: with a share s, errors come out 1 - s as large (assumed)
)


CLUSTERS_AT_ONCE = 2_048  # organisations whose counts are held at one time: what bounds memory


class NoPanel(Exception):
    """The log holds no panel of this model; the message says why."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Counts by cohort c and age k >= 1 (k = 0 is 1 by definition and never tested); `cells` entries each.

    cohort, age: month index of first use, months since; size: users of the cohort; count: those active. cross,
    cross_size, sizes (cells x cells): sums over clusters g of T_g T_g', T_g N_g', N_g N_g', where T_g is g's active
    users and N_g its users in each cell. clusters: how many; unit: what a cluster is.
    """

    cohort: Ints
    age: Ints
    size: Floats
    count: Floats
    cross: Floats
    cross_size: Floats
    sizes: Floats
    clusters: int
    unit: Unit = "user"

    def scatter(self, p: Floats) -> Floats:
        """Sum over clusters of r r' with r = T - N p, for fitted shares p (cells,): the middle of a robust variance."""
        mixed = self.cross_size * p
        return self.cross - mixed - mixed.T + self.sizes * np.outer(p, p)

    @cached_property
    def share(self) -> Floats:
        """R(c, k) of each cell."""
        return self.count / self.size

    @cached_property
    def covariance(self) -> Floats:
        """Covariance of the cells' shares, robust to clusters (cells x cells), with the factor G / (G - 1)."""
        factor = self.clusters / max(self.clusters - 1, 1)
        return factor * self.scatter(self.share) / np.outer(self.size, self.size)

    @cached_property
    def design_effect(self) -> Floats:
        """Variance of each cell's share over that of as many independent users: 1 where clusters are users."""
        binomial = self.size * self.share * (1 - self.share)
        spread = np.diagonal(self.scatter(self.share))
        ratio = np.divide(spread, binomial, out=np.ones_like(spread), where=binomial > 0)
        return np.maximum(ratio, 1.0)  # below 1 is luck of few clusters: never credit it

    @property
    def cohorts(self) -> list[int]:
        """The cohorts that have a cell, oldest first."""
        return [int(c) for c in np.unique(self.cohort)]

    def at(self, k: int) -> Ints:
        """Positions of the cells of age k, oldest cohort first."""
        return np.flatnonzero(self.age == k)

    def without(self, cohort: int) -> Cells:
        """The same without one cohort."""
        return self._of(np.flatnonzero(self.cohort != cohort))

    def until(self, month: int) -> Cells:
        """The same without the months after `month` (an index)."""
        return self._of(np.flatnonzero(self.cohort + self.age <= month))

    def shared_with(self, other: Cells) -> Cells:
        """The same without cells that `other` lacks."""
        pairs = set(zip(other.cohort.tolist(), other.age.tolist(), strict=True))
        own = zip(self.cohort.tolist(), self.age.tolist(), strict=True)
        return self._of(np.flatnonzero([pair in pairs for pair in own]))

    def _of(self, keep: Ints) -> Cells:
        block = np.ix_(keep, keep)
        return Cells(
            self.cohort[keep], self.age[keep], self.size[keep], self.count[keep],
            self.cross[block], self.cross_size[block], self.sizes[block], self.clusters, self.unit,
        )  # fmt: skip


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
        return found._of(np.flatnonzero(self.known[found.cohort, found.cohort + found.age]))

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
        days: npt.ArrayLike | None = None,
        launch: int | None = 0,
        min_cohort: int = SMALL_COHORT,
    ) -> Self:
        """A panel from rows of activity, one a user and month: user ids, month indices into `months`, and, if known,
        the user's organisation, the month's requests and the days with one. Rows of later months are left out."""
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

        def spread(values: npt.ArrayLike | None) -> Ints | None:
            if values is None:
                return None
            table = np.zeros((n, len(months)), np.int64)
            np.add.at(table, (code, at), np.asarray(values)[inside])
            return table

        owner = None
        if organisation is not None:
            _, codes = np.unique(np.asarray(organisation)[inside], return_inverse=True)
            owner = np.zeros(n, np.int64)
            owner[code] = codes
        return cls(
            model, tuple(months), active.argmax(axis=1), active, launch=launch, organisation=owner,
            requests=spread(requests), days=spread(days), min_cohort=min_cohort,
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
        return cls(**_assemble(log, model, rows, min_cohort, windows, aliases or {}, keep_partial_month))


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


def _assemble(
    log: Log,
    model: str,
    rows: pd.DataFrame,
    min_cohort: int,
    windows: Windows,
    aliases: Mapping[str, str],
    keep_partial_month: bool,
) -> dict[str, Any]:
    names = [model, *(old for old, new in aliases.items() if new == model)]
    code, people = pd.factorize(rows["user_id"], sort=True)  # engines give rows in any order
    first = rows["month"].min()
    month = _index(rows["month"], first)
    coverage = log.coverage
    end = int(_index(pd.Series([pd.Timestamp(coverage.last)]), first)[0])
    months = tuple(day(first + pd.DateOffset(months=i)) for i in range(end + 1))
    whole = set(coverage.complete_months())
    if windows == "30 days":
        month = month + rows["age"].to_numpy()
    length = end + 1
    while length and months[length - 1] not in whole and not keep_partial_month:
        length -= 1
    if windows == "30 days":
        length = _windows_over(first, length - 1, coverage.last)
    if length < 2:
        raise NoPanel(f"'{model}' has no complete month after its first in this log")
    inside = month < length
    n = len(people)
    active = np.zeros((n, length), np.bool_)
    active[code[inside], month[inside]] = True
    requests = np.zeros((n, length), np.int32)
    np.add.at(requests, (code[inside], month[inside]), rows["requests"].to_numpy()[inside])
    values: dict[str, Any] = {"requests": requests, "organisation": None}
    if "day_bits" in rows:
        bits = np.zeros((n, length), np.int64)
        np.bitwise_or.at(bits, (code[inside], month[inside]), rows["day_bits"].to_numpy()[inside])
        values["days"], values["day_bits"] = np.bitwise_count(bits).astype(np.int8), bits
    if "account_id" in log.columns and windows == "calendar months":
        found = organisations(log).set_index("user_id")["organisation"].reindex(people)
        own = np.arange(n) + log.rows + 1  # a user without an account is its own organisation
        values["organisation"] = np.where(found.isna(), own, found.fillna(0)).astype(np.int64)
    if "arrived" in rows:
        seconds = (rows["first_at"] - rows["arrived"]).dt.total_seconds().to_numpy()
        held_days = np.full(n, np.inf)
        np.minimum.at(held_days, code, seconds // 86_400)
        # Who is seen at the log's begin may have been there before it; 30 days later that is a month on the platform.
        since = (rows["arrived"] - pd.Timestamp(coverage.first)).dt.total_seconds().to_numpy()
        early = np.full(n, np.inf)
        np.minimum.at(early, code, since // 86_400)
        hidden = (early < NEWCOMER_DAYS) & (held_days < NEWCOMER_DAYS)
        values["tenure"] = np.where(hidden, UNKNOWN_TENURE, held_days).astype(np.int64)
    if "shared" in rows:
        values["shared"] = np.zeros(n, np.bool_)
        np.logical_or.at(values["shared"], code, rows["shared"].to_numpy(dtype=np.bool_))
    seen = active.any(axis=1)
    values = {name: None if held is None else held[seen] for name, held in values.items()}
    return (
        values
        | _cohorts(log, names, months[:length])
        | {
            "model": model,
            "months": months[:length],
            "cohort": active[seen].argmax(axis=1),
            "active": active[seen],
            "min_cohort": min_cohort,
            "windows": windows,
            "months_dropped": months[length:],
            "known": _known(coverage, months[:length], windows),
            "covered": _covered(coverage, months[:length]) if windows == "calendar months" else None,
        }
    )


def _cohorts(log: Log, names: Sequence[str], months: tuple[dt.date, ...]) -> dict[str, Any]:
    """Which cohort is the launch, and which hold others than newcomers: of a model with its earlier ids."""
    coverage, trusted = log.coverage, retention.trusted_release_days(log)
    release = min((trusted[name] for name in names if name in trusted), default=None)
    found = retention.launches_of(log, names)
    starts = [found[name] for name in names if found[name].month is not None]
    launch = min(starts, key=lambda one: one.month or dt.date.max) if starts else found[names[0]]
    old = tuple(i for i, month in enumerate(months) if launches.left_truncated(coverage, month, release))
    after = tuple(i for i, month in enumerate(months) if launches.after_hole(coverage, month, release))
    mixed = tuple(sorted({*old, *after}))
    at = months.index(launch.month) if launch.month in months else None
    why, remedy = launch.why, launch.remedy
    if launch.month is not None and at is None:
        why = f"the launch cohort ({launch.month:%B %Y}) has no complete month in this log"
        remedy = "a log with more complete months"
    elif at in mixed:  # of an earlier id, whose own launch is another month
        why, at = launches.lost(months[at]), None
    notes = [found[name].note for name in names if found[name].note]
    return {
        "launch": at, "no_launch": why, "launch_remedy": remedy, "left_truncated": old, "mixed": mixed,
        "notes": (*notes, *_of_holes(coverage, months)),
    }  # fmt: skip


def _of_holes(coverage: Coverage, months: tuple[dt.date, ...]) -> list[str]:
    """What the holes in these months mean, in words."""
    lost = [m for m in months if coverage.has_hole(m, month_end(m))]
    if not lost:
        return []
    names = ", ".join(f"{m:%B %Y}" for m in lost)
    return [
        f"{names}: the log lost days, so activity then is not known and left out; cohorts of these months, and of "
        "those right after, may hold others than newcomers and are not tested; error rates are simulated as if nothing "
        "were lost"
    ]


def _known(coverage: Coverage, months: tuple[dt.date, ...], windows: Windows) -> Bools | None:
    """(M, M): whether the log covers month m (or the 30-day windows of age m - c) for all of cohort c; None: it
    does."""
    if not coverage.holes:
        return None
    size = len(months)
    if windows == "calendar months":
        known = np.array([not coverage.has_hole(m, month_end(m)) for m in months])
        return np.broadcast_to(known, (size, size)).copy()
    table = np.ones((size, size), np.bool_)
    for c, month in enumerate(months):
        for m in range(c, size):
            begin = month + dt.timedelta(days=WINDOW_DAYS * (m - c))
            table[c, m] = not coverage.has_hole(
                begin, month_end(month) + dt.timedelta(days=WINDOW_DAYS * (m - c + 1))
            )
    return table


def _covered(coverage: Coverage, months: tuple[dt.date, ...]) -> Ints:
    """(M,): the covered days of each month as bits, bit d - 1 for day d."""
    return np.array(
        [
            sum(
                1 << (d - 1)
                for d in range(1, month_end(m).day + 1)
                if coverage.covered(m.replace(day=d), m.replace(day=d))
            )
            for m in months
        ],
        np.int64,
    )


def _windows_over(first: pd.Timestamp, length: int, last_day: dt.date) -> int:
    """How many months of cohorts have only windows that are over by the log's last day: the last member may join at the
    end of month c, and its window k ends 30 (k + 1) days later, which February can make later than month c + k + 1."""
    end = pd.Timestamp(last_day) + pd.Timedelta(days=1)

    def over(months: int) -> bool:
        return all(
            first + pd.DateOffset(months=c + 1) + pd.Timedelta(days=WINDOW_DAYS * (months - c)) <= end
            for c in range(months)
        )

    while length > 0 and not over(length):
        length -= 1
    return length


def _index(month: pd.Series, first: pd.Timestamp) -> Ints:
    """Calendar months since `first`."""
    return ((month.dt.year - first.year) * 12 + month.dt.month - first.month).to_numpy(dtype=np.int64)
