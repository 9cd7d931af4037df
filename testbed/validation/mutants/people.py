"""Who is counted: users that are missing, accounts, requests in place of users, sessions."""

from __future__ import annotations

import datetime as dt
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

import duckdb
import pyarrow as pa

from testbed.validation.mutants.form import Change, Mutant, by_rules, instead, made
from testbed.validation.questions.reading import Reading, groups
from testbed.validation.questions.retention import first_months, size
from testbed.validation.tables import Row

K = TypeVar("K")
ONE = "(one)"
PARTS: dict[str, Callable[[Row], Hashable]] = {
    "variant": lambda row: row["variant"] or "standard",
    "variant, missing ones apart": lambda row: row["variant"],
    "dated version": lambda row: row["model_permaslug"],
    "account": lambda row: row["account_id"],
}
"""What people group by beside the model and the user."""


def _users(user: Callable[[Row], str | None]) -> Change:
    return by_rules(lambda rules: replace(rules, user=user))


def _known_or_one(row: Row) -> str | None:
    return ONE if row["user_id"] is None else row["user_id"]


def _coalesced(row: Row) -> str | None:
    return row["account_id"] if row["user_id"] is None else row["user_id"]


def _requests_for_users(log: Reading) -> Iterable[Row]:
    for week, rows in log.weeks.items():
        yield {"week": week, "users": len(rows)}


def _requests_with_users(log: Reading) -> Iterable[Row]:
    for week, rows in log.weeks.items():
        yield {"week": week, "users": sum(log.rules.user(row) is not None for row in rows)}


def _sums_of_days(log: Reading) -> Iterable[Row]:
    for week, rows in log.weeks.items():
        yield {"week": week, "users": len({(log.rules.day(row), log.rules.user(row)) for row in rows
                                           if log.rules.user(row) is not None})}  # fmt: skip


def _sums_of_models(log: Reading) -> Iterable[Row]:
    for week, rows in log.weeks.items():
        yield {"week": week, "users": len({(log.rules.model(row), log.rules.user(row)) for row in rows
                                           if log.rules.user(row) is not None})}  # fmt: skip


def approximately(groups: Mapping[K, set[str]]) -> dict[K, int]:
    """How many there are in each group, as a sketch counts them (HyperLogLog, as DuckDB has it)."""
    names = list(groups)
    if not names:
        return {}
    held = pa.table({
        "place": pa.array([place for place, name in enumerate(names) for _ in groups[name]], pa.int64()),
        "who": pa.array([who for name in names for who in groups[name]], pa.string()),
    })  # fmt: skip
    with duckdb.connect() as connection:
        connection.register("held", held)
        found = dict(
            connection.sql("SELECT place, approx_count_distinct(who) FROM held GROUP BY place").fetchall()
        )
    return {name: found.get(place, 0) for place, name in enumerate(names)}


def _sketched_users(log: Reading) -> Iterable[Row]:
    about = approximately({week: log.users(rows) for week, rows in log.weeks.items()})
    return ({"week": week, "users": users, "optional": not users} for week, users in about.items())


def _sketched_sessions(log: Reading) -> Iterable[Row]:
    about = approximately({
        week: {row["session_id"] for row in rows} - {None} for week, rows in log.weeks.items()
    })  # fmt: skip
    return (
        {"week": week, "sessions": sessions, "optional": not sessions} for week, sessions in about.items()
    )


def _sketched_sizes(log: Reading) -> Iterable[Row]:
    members: dict[tuple[str, dt.date], set[str]] = defaultdict(set)
    for (model, user), cohort in first_months(log).items():
        members[model, cohort].add(user)
    return (size(log, model, cohort, users) for (model, cohort), users in approximately(members).items())


def _sessions(count: Callable[[list[Row]], int]) -> Change:
    def sessions(log: Reading) -> Iterable[Row]:
        for week, rows in log.weeks.items():
            yield {"week": week, "sessions": count(rows)}

    return instead(sessions)


def _in_their_first_week(log: Reading) -> Iterable[Row]:
    first: dict[str, dt.date] = {}
    for row in log.requests:
        if row["session_id"] is not None:
            week = log.week(row)
            first[row["session_id"]] = min(week, first.get(row["session_id"], week))
    begun = Counter(first.values())
    for week in log.weeks:
        yield {"week": week, "sessions": begun[week], "optional": not begun[week]}


def _means_of_days(put: Callable[[list[int]], float]) -> Change:
    """What is made of the numbers of users of a week's days."""

    def users(log: Reading) -> Iterable[Row]:
        for week, rows in log.weeks.items():
            counts = [len(log.users(held)) for held in groups(rows, log.rules.day).values()]
            yield {"week": week, "users": put(counts), "optional": not any(counts)}

    return instead(users)


def _of_requests(least: int) -> Change:
    """Users who sent so many requests in the week."""

    def users(log: Reading) -> Iterable[Row]:
        for week, rows in log.weeks.items():
            number = sum(len(held) >= least for held in log.by_user(rows).values())
            yield {"week": week, "users": number, "optional": not log.users(rows)}

    return instead(users)


def _new_users(so_far: bool) -> Change:
    """Users in their first week. so_far: those of the weeks before, too."""

    def users(log: Reading) -> Iterable[Row]:
        known: set[str] = set()
        for week, rows in log.weeks.items():
            now = log.users(rows)
            yield {"week": week, "users": len(now | known if so_far else now - known), "optional": not now}
            known |= now

    return instead(users)


def _in_weeks(weeks: Callable[[Sequence[dt.date]], Iterable[dt.date]], least: int = 1) -> Change:
    """A session counts in some of its weeks, if it has so many requests."""

    def sessions(log: Reading) -> Iterable[Row]:
        held = groups(
            [row for row in log.requests if row["session_id"] is not None], lambda row: row["session_id"]
        )
        found = Counter(
            week
            for rows in held.values()
            if len(rows) >= least
            for week in weeks(sorted(set(map(log.week, rows))))
        )
        for week in log.weeks:
            yield {"week": week, "sessions": found[week], "optional": not found[week]}

    return instead(sessions)


def _sessions_in_parts(part: Callable[[Row, Reading], Hashable]) -> Change:
    """Sessions of each part of a week, added up."""

    def sessions(log: Reading) -> Iterable[Row]:
        for week, rows in log.weeks.items():
            found = {(part(row, log), row["session_id"]) for row in rows if row["session_id"] is not None}
            yield {"week": week, "sessions": len(found), "optional": not found}

    return instead(sessions)


def _uses(log: Reading) -> Iterator[tuple[str, list[Row]]]:
    """Each user's requests to each model, with the model."""
    for model, rows in groups(log.requests, log.rules.model).items():
        for own in log.by_user(rows).values():
            yield model, own


def _sized(log: Reading, found: Mapping[tuple[str, dt.date], int]) -> Iterator[Row]:
    """The sizes of cohorts, by model and month."""
    for (model, cohort), users in sorted(found.items()):
        yield size(log, model, cohort, users)


def _sizes(users: Callable[[list[Row], dt.date, Reading], int]) -> Change:
    """Sizes of cohorts from the requests of its users to the model."""

    def sizes(log: Reading) -> Iterable[Row]:
        found: dict[tuple[str, dt.date], int] = defaultdict(int)
        for model, rows in _uses(log):
            cohort = min(map(log.month, rows), key=log.rules.order)
            found[model, cohort] += users(rows, cohort, log)
        return _sized(log, found)

    return instead(sizes)


def _in_parts(part: Callable[[Row], Hashable]) -> Change:
    """A user begins once with each part of a model's use, and counts once in each month in which a part begins."""

    def sizes(log: Reading) -> Iterable[Row]:
        found: Counter[tuple[str, dt.date]] = Counter()
        for model, rows in _uses(log):
            parts = groups(rows, part).values()
            found.update({(model, min(map(log.month, held), key=log.rules.order)) for held in parts})
        return _sized(log, found)

    return instead(sizes)


def beginnings(log: Reading, months: Iterable[dt.date]) -> list[dt.date]:
    """The months before which there was a pause, or nothing."""
    held = sorted(set(months), key=log.rules.order)
    return held[:1] + [month for before, month in pairwise(held) if log.rules.months(before, month) > 1]


def _come_back(log: Reading) -> Iterable[Row]:
    """Whoever did not use the model in the month before begins."""
    found = Counter(
        (model, month) for model, rows in _uses(log) for month in beginnings(log, map(log.month, rows))
    )
    return _sized(log, found)


def _every_month(distinct: bool) -> Change:
    """Everybody who was active in a month counts, not only who began in it."""

    def sizes(log: Reading) -> Iterable[Row]:
        users: dict[tuple[str, dt.date], list[str]] = defaultdict(list)
        for row in log.requests:
            user = log.rules.user(row)
            if user is not None:
                users[log.rules.model(row), log.month(row)].append(user)
        for (model, month), held in sorted(users.items()):
            number = len(set(held)) if distinct else len(held)
            yield size(log, model, month, number)

    return instead(sizes)


def _sizes_by_sign_up(log: Reading) -> Iterable[Row]:
    first: dict[str, dt.date] = {}
    used: set[tuple[str, str]] = set()
    for row in log.requests:
        user, month = log.rules.user(row), log.month(row)
        if user is not None:
            first[user] = min(month, first.get(user, month), key=log.rules.order)
            used.add((log.rules.model(row), user))
    sizes = Counter((model, first[user]) for model, user in used)
    for (model, cohort), users in sorted(sizes.items()):
        yield size(log, model, cohort, users)


def _first_model_only(log: Reading) -> Iterable[Row]:
    """A user counts for the model of the first request of all, and for no other."""
    first: dict[str, Row] = {}
    for row in log.requests:
        user = log.rules.user(row)
        if user is not None and (user not in first or row["created_at"] < first[user]["created_at"]):
            first[user] = row
    for (model, cohort), users in sorted(
        Counter((log.rules.model(row), log.month(row)) for row in first.values()).items()
    ):
        yield size(log, model, cohort, users)


MUTANTS: tuple[Mutant, ...] = (
    *made(
        "null users as one user",
        ("missing and empty users as one", _users(lambda row: row["user_id"] or ONE)),
        ("missing users as one, empty ones as another", _users(_known_or_one)),
        ("empty users as one", _users(_coalesced)),
        ("who has neither user nor account as one", _users(lambda row: row["user_id"] or row["account_id"] or ONE)),
    ),
    *made(
        "null users dropped",
        ("without missing and empty users", _users(lambda row: row["user_id"] or None)),
        ("without missing users, empty ones as one", _users(lambda row: row["user_id"])),
        (
            "without empty users",
            _users(lambda row: None if row["user_id"] == "" else row["user_id"] or row["account_id"] or None),
        ),
        (
            "without missing users, empty ones by account",
            _users(lambda row: None if row["user_id"] is None else row["user_id"] or row["account_id"] or None),
        ),
    ),
    *made(
        "accounts for users",
        ("by account", _users(lambda row: row["account_id"])),
        ("by account, by user where it is missing", _users(lambda row: row["account_id"] or row["user_id"])),
        ("by user and account", _users(lambda row: f"{row['user_id']} {row['account_id']}")),
    ),
    *made("rows for users", ("requests", instead(_requests_for_users)),
          ("requests with a user", instead(_requests_with_users)), only=("active_users",)),
    *made("sums of distinct users", ("users of each day, added up", instead(_sums_of_days)),
          ("users of each model, added up", instead(_sums_of_models)), only=("active_users",)),
    *made("mean of days", ("the mean of days with requests", _means_of_days(statistics.fmean)),
          ("the mean of seven days", _means_of_days(lambda counts: sum(counts) / 7)),
          ("the most of a day", _means_of_days(max)), only=("active_users",)),
    *made("rare users dropped", *((f"with {least} requests or more", _of_requests(least)) for least in (2, 3, 5)),
          only=("active_users",)),
    *made("new users for active ones", ("each in the first week alone", _new_users(False)),
          ("all so far", _new_users(True)), only=("active_users",)),
    *made("sessions in one week only", ("each in its last week", _in_weeks(lambda weeks: weeks[-1:])),
          only=("sessions",)),
    *made("short sessions dropped", *((f"of {least} requests or more", _in_weeks(lambda weeks: weeks, least))
                                      for least in (2, 3)), only=("sessions",)),
    *made("sums of distinct users", ("sessions of each day, added up",
                                     _sessions_in_parts(lambda row, log: log.rules.day(row))),
          ("sessions of each model, added up", _sessions_in_parts(lambda row, log: log.rules.model(row))),
          only=("sessions",)),
    *made("rows for users", ("requests with a session", _sessions(lambda rows: sum(r["session_id"] is not None
                                                                                   for r in rows))),
          ("requests", _sessions(len)), only=("sessions",)),
    *made("missing sessions counted",
          ("requests without a session as one", _sessions(lambda rows: len({row["session_id"] for row in rows}))),
          ("each request without a session as one",
           _sessions(lambda rows: len({row["session_id"] or row["generation_id"] for row in rows}))),
          ("users and sessions",
           _sessions(lambda rows: len({(row["user_id"], row["session_id"]) for row in rows}))),
          only=("sessions",)),
    *made("sessions in one week only", ("each in its first week", instead(_in_their_first_week)), only=("sessions",)),
    *made(
        "rows for users",
        ("all requests of the cohort's users", _sizes(lambda rows, cohort, log: len(rows))),
        (
            "requests of the cohort's users in its month",
            _sizes(lambda rows, cohort, log: sum(log.month(row) == cohort for row in rows)),
        ),
        ("requests of each month", _every_month(distinct=False)),
        only=("cohort_sizes",),
    ),
    *(mutant for question, sketched in (
        ("active_users", _sketched_users), ("sessions", _sketched_sessions), ("cohort_sizes", _sketched_sizes))
      for mutant in made("approximate counts", ("by a sketch", instead(sketched)), only=(question,))),
    *made("first use of each part", *((f"of each {name}", _in_parts(part)) for name, part in PARTS.items()),
          only=("cohort_sizes",)),
    *made("cohort by platform sign-up", ("by the first request to any model", instead(_sizes_by_sign_up)),
          ("of the first model alone", instead(_first_model_only)), only=("cohort_sizes",)),
    *made("come back as new", ("after a month without use", instead(_come_back)), only=("cohort_sizes",)),
    *made("active users for new ones", ("all users of each month", _every_month(distinct=True)),
          only=("cohort_sizes",)),
)  # fmt: skip
