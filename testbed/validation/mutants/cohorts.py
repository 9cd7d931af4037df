"""Cohorts and retention counted wrongly: who is in a cohort, when a user is active, what is divided by what."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from testbed.validation.mutants.form import Change, Mutant, by_rules, instead, made
from testbed.validation.questions import definitions, retention
from testbed.validation.questions.reading import Reading, groups
from testbed.validation.questions.retention import Cohorts, cell
from testbed.validation.tables import Row

WINDOW = definitions.WINDOW
MEANS = ("mean_retention_by_k", "mean_retention_by_cohort")


@dataclass
class Member:
    """A user of a cohort: requests by the age k at which they came."""

    cohort: dt.date
    ages: Counter[int]


Members = Iterable[Member]


def _triangle(own: Callable[[Reading], Iterable[Row]]) -> Change:
    """Another triangle stands in the place of the question's own."""
    return by_rules(lambda rules: replace(rules, triangle=lambda log, _: rules.triangle(log, own)))


def _cells(edit: Callable[[list[Row], Reading], Iterable[Row]]) -> Change:
    """The cells of the triangle are changed."""
    return by_rules(
        lambda rules: replace(
            rules, triangle=lambda log, own: edit([dict(one) for one in rules.triangle(log, own)], log)
        )
    )


def _counted(
    members: Callable[[Reading], Members],
    last: Callable[[Reading, dt.date], int] = lambda log, cohort: log.months_to_end(cohort),
) -> Callable[[Reading], Iterable[Row]]:
    """The triangle of these members. last: how many ages a cohort has."""

    def triangle(log: Reading) -> Iterable[Row]:
        for cohort, ages in _by_cohort(members(log)):
            for k in range(last(log, cohort)):
                yield cell(log, cohort, k, len(ages), sum(k in age for age in ages))

    return triangle


def _by_user(log: Reading, rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        user = log.rules.user(row)
        if user is not None:
            found[user].append(row)
    return found


def _own(log: Reading) -> dict[str, list[Row]]:
    """The requests of each user to the model in complete months."""
    return _by_user(log, filter(log.is_in_complete_month, log.of_model))


def _anywhere(log: Reading) -> dict[str, list[Row]]:
    """The requests of each user to any model in complete months."""
    return _by_user(log, filter(log.is_in_complete_month, log.requests))


def _ages(log: Reading, cohort: dt.date, rows: Iterable[Row]) -> Counter[int]:
    return Counter(log.rules.months(cohort, log.month(row)) for row in rows)


def _signed_up(everybody: bool) -> Callable[[Reading], Members]:
    """Cohorts by the first request to any model. everybody: with users who never use the model."""

    def members(log: Reading) -> Members:
        own = _own(log)
        for user, rows in _anywhere(log).items():
            if everybody or user in own:
                cohort = min(map(log.month, rows), key=log.rules.order)
                yield Member(cohort, _ages(log, cohort, own.get(user, ())))

    return members


def _signed_up_here(log: Reading) -> Members:
    """Only who began with the platform and the model in one month."""
    first = {user: min(map(log.month, rows)) for user, rows in _anywhere(log).items()}
    for user, rows in _own(log).items():
        cohort = min(map(log.month, rows))
        if cohort == first[user]:
            yield Member(cohort, _ages(log, cohort, rows))


def _active_anywhere(log: Reading) -> Members:
    every = _anywhere(log)
    for user, rows in _own(log).items():
        cohort = min(map(log.month, rows), key=log.rules.order)
        yield Member(cohort, _ages(log, cohort, every[user]))


Age = Callable[[Reading, list[Row], dt.date], Counter[int]]


def _moments(log: Reading, rows: list[Row], cohort: dt.date) -> Counter[int]:
    first = min(row["created_at"] for row in rows)
    return Counter((row["created_at"] - first) // WINDOW for row in rows)


def _days(log: Reading, rows: list[Row], cohort: dt.date) -> Counter[int]:
    first = min(map(log.rules.day, rows))
    return Counter((log.rules.day(row) - first) // WINDOW for row in rows)


def _days_of_month(log: Reading, rows: list[Row], cohort: dt.date) -> Counter[int]:
    return Counter((log.rules.day(row) - cohort) // WINDOW for row in rows)


def _months_by_days(log: Reading, rows: list[Row], cohort: dt.date) -> Counter[int]:
    return Counter((log.month(row) - cohort) // WINDOW for row in rows)


def _rounded_months(log: Reading, rows: list[Row], cohort: dt.date) -> Counter[int]:
    first = min(map(log.rules.day, rows))
    return Counter(int((log.rules.day(row) - first).days / 30.44) for row in rows)


def _anniversaries(log: Reading, rows: list[Row], cohort: dt.date) -> Counter[int]:
    """Whole months from the user's own first day, as age() and DATEDIFF count them."""
    first = min(map(log.rules.day, rows))
    return Counter(log.rules.months(first, day) - (day.day < first.day) for day in map(log.rules.day, rows))


def _calendar(log: Reading, rows: list[Row], cohort: dt.date) -> Counter[int]:
    return _ages(log, cohort, rows)


def _aged(age: Age, whole: bool = False) -> Callable[[Reading], Members]:
    """Ages by another measure. whole: of all requests to the model, also those of the month that is not complete."""

    def members(log: Reading) -> Members:
        for rows in (_by_user(log, log.of_model) if whole else _own(log)).values():
            cohort = min(map(log.month, rows), key=log.rules.order)
            yield Member(cohort, age(log, rows, cohort))

    return members


_AGES: dict[str, Age] = {
    "windows of 30 times 24 hours": _moments,
    "windows of 30 days": _days,
    "windows of 30 days from the month's first day": _days_of_month,
    "days between months over 30": _months_by_days,
    "days over 30.44": _rounded_months,
}


def _by_cohort(members: Members) -> list[tuple[dt.date, list[Counter[int]]]]:
    """The ages of each cohort's members, in the order of cohorts."""
    found: dict[dt.date, list[Counter[int]]] = defaultdict(list)
    for member in members:
        found[member.cohort].append(member.ages)
    return sorted(found.items())


def _ages_seen(age: Age) -> Callable[[Reading], Iterable[Row]]:
    """The cells that somebody is active in, whatever their age."""

    def triangle(log: Reading) -> Iterable[Row]:
        for cohort, ages in _by_cohort(_aged(age)(log)):
            for k in sorted(set().union(*ages)):
                yield cell(log, cohort, k, len(ages), sum(k in held for held in ages)) | {"optional": False}

    return triangle


def _month_numbers(log: Reading, rows: list[Row], cohort: dt.date) -> Counter[int]:
    return Counter(log.month(row).month - cohort.month for row in rows)


def _within_a_year(log: Reading, rows: list[Row], cohort: dt.date) -> Counter[int]:
    return Counter((log.month(row).month - cohort.month) % 12 for row in rows)


def _rows_for_users(users: str) -> Callable[[Reading], Iterable[Row]]:
    """active = requests. users: who is counted as a cohort."""

    def triangle(log: Reading) -> Iterable[Row]:
        for cohort, ages in _by_cohort(_aged(_calendar)(log)):
            sums: Counter[int] = sum(ages, Counter())
            size = {"users": len(ages), "first": sums[0], "all": sum(sums.values())}[users]
            for k in range(log.months_to_end(cohort)):
                yield cell(log, cohort, k, size, sums[k])

    return triangle


def _users_of_the_join(log: Reading) -> Iterable[Row]:
    """users = pairs of a user and a month in which that one was active; active is right."""
    found: Cohorts = retention.cohorts(log)
    for cohort, members in found.items():
        ages = Counter(log.rules.months(cohort, month) for active in members for month in active)
        for k in range(log.months_to_end(cohort)):
            yield cell(log, cohort, k, sum(map(len, members)), ages[k])


def _over(log: Reading, one: Row, whole: int, *, named: bool) -> Row:
    share = log.rules.over(one["active"], whole)
    return one | {"retention": share} | ({"users": whole} if named else {})


def _over_the_month_before(named: bool) -> Change:
    def edit(cells: list[Row], log: Reading) -> Iterable[Row]:
        active: dict[Any, int] = {(one["cohort"], one["k"]): one["active"] for one in cells}
        for one in cells:
            whole = active.get((one["cohort"], one["k"] - 1), int(one["users"]))
            yield _over(log, one, whole, named=named)

    return _cells(edit)


def _over_the_active_of_the_month(named: bool) -> Change:
    def edit(cells: list[Row], log: Reading) -> Iterable[Row]:
        def month(one: Row) -> int:
            return 12 * one["cohort"].year + one["cohort"].month + int(one["k"])

        active: Counter[int] = Counter()
        for one in cells:
            active[month(one)] += one["active"]
        for one in cells:
            yield _over(log, one, active[month(one)], named=named)

    return _cells(edit)


def _over_those_who_came_back(named: bool) -> Change:
    def edit(cells: list[Row], log: Reading) -> Iterable[Row]:
        back = {
            cohort: sum(len(active) > 1 for active in members)
            for cohort, members in retention.cohorts(log).items()
        }
        for one in cells:
            yield _over(log, one, back.get(one["cohort"], 0), named=named)

    return _cells(edit)


def _over_themselves(cells: list[Row], log: Reading) -> Iterable[Row]:
    return (_over(log, one, one["active"], named=True) for one in cells)


def _active_only(cells: list[Row], log: Reading) -> Iterable[Row]:
    return (one for one in cells if one["active"])


def _from_one(cells: list[Row], log: Reading) -> Iterable[Row]:
    return (one | {"k": one["k"] + 1, "optional": False} for one in cells)


def _first_counts(key: str) -> Callable[[Reading], Iterable[Row]]:
    """Means in which month 0 counts."""

    def means(log: Reading) -> Iterable[Row]:
        shares: dict[Any, list[float]] = defaultdict(list)
        for one in retention.triangle(log):
            if one["retention"] is not None:
                shares[one[key]].append(one["retention"])
        for value, held in sorted(shares.items()):
            yield {key: value, "retention": sum(held) / len(held)}

    return means


def _pooled(log: Reading) -> Iterable[Row]:
    """Users of all cells at k together, in place of a mean of shares."""
    for k, cells in sorted(groups(retention.triangle(log), lambda one: one["k"]).items()):
        if k > 0:
            active, users = (sum(one[name] for one in cells) for name in ("active", "users"))
            yield {"k": k, "retention": log.rules.over(active, users)}


def _over_all_cohorts(log: Reading) -> Iterable[Row]:
    """Users active at k over the users of all cohorts, also of those that are too young to have a cell at k."""
    cells = list(retention.triangle(log))
    users = sum({one["cohort"]: one["users"] for one in cells}.values())
    for k in sorted({one["k"] for one in cells if one["k"] > 0}):
        active = sum(one["active"] for one in cells if one["k"] == k)
        yield {"k": k, "retention": log.rules.over(active, users)}


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
        yield {"model": model, "cohort": cohort, "users": users, "optional": not log.months_to_end(cohort)}


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
        yield {"model": model, "cohort": cohort, "users": users, "optional": not log.months_to_end(cohort)}


MUTANTS: tuple[Mutant, ...] = (
    *made("cohort by platform sign-up", ("by the first request to any model", _triangle(_counted(_signed_up(False)))),
          ("of all users", _triangle(_counted(_signed_up(True)))),
          ("of users new to the platform", _triangle(_counted(_signed_up_here)))),
    *made("cohort by platform sign-up", ("by the first request to any model", instead(_sizes_by_sign_up)),
          ("of the first model alone", instead(_first_model_only)), only=("cohort_sizes",)),
    *made("active with any model", ("requests to any model count", _triangle(_counted(_active_anywhere)))),
    *made("on or after", ("in the month or later", _triangle(definitions.on_or_after))),
    *made("gaps forbidden", ("in every month so far", _triangle(definitions.every_month))),
    *made("gaps allowed", ("in the month itself", _triangle(retention.by_calendar_month))),
    *made("30-day windows", ("windows of 30 days that are over", _triangle(definitions.windows)),
          *((name, _triangle(_counted(_aged(age)))) for name, age in _AGES.items()),
          *((f"{name}, those seen", _triangle(_ages_seen(age))) for name, age in _AGES.items())),
    *made("months from the first day", ("whole months from the first day", _triangle(_counted(_aged(_anniversaries)))),
          ("whole months from the first day, those seen", _triangle(_ages_seen(_anniversaries)))),
    *made("calendar months", ("calendar months", _triangle(retention.by_calendar_month)),
          ("calendar months, in the cells of windows", _triangle(_counted(_aged(_calendar, True),
                                                                          definitions.windows_over))),
          ("calendar months, those seen", _triangle(_ages_seen(_calendar)))),
    *made("month number without year", ("ages by the numbers of months", _triangle(_ages_seen(_month_numbers))),
          ("ages without whole years", _triangle(_ages_seen(_within_a_year))),
          ("ages by the numbers of months, in the right cells", _triangle(_counted(_aged(_month_numbers)))),
          ("ages without whole years, in the right cells", _triangle(_counted(_aged(_within_a_year))))),
    *made("rows for users", *((f"requests at k over {what}", _triangle(_rows_for_users(users))) for users, what in (
        ("users", "users"), ("first", "requests of month 0"), ("all", "all requests"))),
        ("active months for users of the cohort", _triangle(_users_of_the_join))),
    *made("division by active users", *(
        (f"over {what}{', named users' if named else ''}", change(named))
        for what, change in (("those active the month before", _over_the_month_before),
                             ("all who are active in the month", _over_the_active_of_the_month),
                             ("those who came back", _over_those_who_came_back))
        for named in (False, True)), ("over themselves", _cells(_over_themselves))),
    *made("empty cells dropped", ("without cells of nobody", _cells(_active_only))),
    *made("months counted from 1", ("the first month is 1", _cells(_from_one))),
    *made("month 0 counted", ("month 0 in the mean", instead(_first_counts("cohort"))),
          only=("mean_retention_by_cohort",)),
    *made("mean over users", ("of all users of k", instead(_pooled)),
          ("of all users of all cohorts", instead(_over_all_cohorts)), only=("mean_retention_by_k",)),
)  # fmt: skip
