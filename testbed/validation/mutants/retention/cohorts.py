"""Cohorts counted wrongly: who is in one, and when a user is active."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from itertools import zip_longest
from typing import Any, TypeVar

from testbed.validation.mutants.clocks import BY_MONTH
from testbed.validation.mutants.form import Change, Mutant, by_rules, made
from testbed.validation.mutants.people import PARTS, approximately, beginnings
from testbed.validation.mutants.retention.cells import by_triangle
from testbed.validation.questions import definitions, retention
from testbed.validation.questions.reading import Reading, groups
from testbed.validation.questions.retention import Cohorts, cell
from testbed.validation.tables import Row

WINDOW = definitions.WINDOW
ON_OR_AFTER = "retention_triangle_on_or_after"


V = TypeVar("V")
Ages = dict[dt.date, list[Counter[int]]]
"""The requests of each user of a cohort by the age k at which they came, by cohort."""


def _cohorts(own: Callable[[Reading], Cohorts]) -> Change:
    """Other cohorts, or other months in which their users are active, whatever a question makes of them."""
    return by_rules(lambda rules: replace(rules, cohorts=lambda log, _: rules.cohorts(log, own)))


def _counted(
    aged: Callable[[Reading], Ages],
    last: Callable[[Reading, dt.date], int] = lambda log, cohort: log.months_to_end(cohort),
) -> Callable[[Reading], Iterable[Row]]:
    """The triangle of users of these ages. last: how many ages a cohort has."""

    def triangle(log: Reading) -> Iterable[Row]:
        for cohort, ages in aged(log).items():
            for k in range(last(log, cohort)):
                yield cell(log, cohort, k, len(ages), sum(k in age for age in ages))

    return triangle


def _own(log: Reading, whole: bool = False) -> dict[str, list[Row]]:
    """The requests of each user to the model in complete months; whole: in all months."""
    return log.by_user(log.of_model if whole else filter(log.is_in_complete_month, log.of_model))


def _anywhere(log: Reading, whole: bool = False) -> dict[str, list[Row]]:
    """The same to any model."""
    return log.by_user(log.requests if whole else filter(log.is_in_complete_month, log.requests))


def _begun(log: Reading, rows: Iterable[Row]) -> dt.date:
    """The month of the first of these requests."""
    return min(map(log.month, rows), key=log.rules.order)


def _gathered(members: Iterable[tuple[dt.date, V]]) -> dict[dt.date, list[V]]:
    """What is known of each member of a cohort, in the order of cohorts."""
    found: dict[dt.date, list[V]] = defaultdict(list)
    for cohort, known in members:
        found[cohort].append(known)
    return dict(sorted(found.items()))


def _signed_up(everybody: bool = False, whole: bool = False) -> Callable[[Reading], Cohorts]:
    """Cohorts by the first request to any model. everybody: with users who never use the model; whole: also of users
    who only do so in the month that is not complete."""

    def members(log: Reading) -> Iterable[tuple[dt.date, set[dt.date]]]:
        own = _own(log, whole)
        for user, rows in _anywhere(log, whole).items():
            if everybody or user in own:
                yield _begun(log, rows), set(map(log.month, own.get(user, ())))

    return lambda log: _gathered(members(log))


def _signed_up_here(log: Reading) -> Cohorts:
    """Only who began with the platform and the model in one month."""
    first = {user: min(map(log.month, rows)) for user, rows in _anywhere(log).items()}
    months = {user: set(map(log.month, rows)) for user, rows in _own(log).items()}
    return _gathered((first[user], active) for user, active in months.items() if min(active) == first[user])


def _active_anywhere(log: Reading) -> Cohorts:
    every = _anywhere(log)
    return _gathered(
        (_begun(log, rows), set(map(log.month, every[user]))) for user, rows in _own(log).items()
    )


def _begun_in_parts(part: Callable[[Row], Hashable], own: bool) -> Callable[[Reading], Cohorts]:
    """A user is once in the cohort of each month in which a part of the model's use begins. own: active with the parts
    that began in it alone."""

    def members(log: Reading) -> Iterable[tuple[dt.date, set[dt.date]]]:
        for rows in _own(log).values():
            months: dict[dt.date, set[dt.date]] = defaultdict(set)
            for held in groups(rows, part).values():
                months[_begun(log, held)].update(map(log.month, held if own else rows))
            yield from months.items()

    return lambda log: _gathered(members(log))


def _come_back(streak: bool) -> Callable[[Reading], Cohorts]:
    """A user is once in the cohort of each month before which there was a pause. streak: active until the next pause
    alone."""

    def members(log: Reading) -> Iterable[tuple[dt.date, set[dt.date]]]:
        for rows in _own(log).values():
            months = set(map(log.month, rows))
            begun = beginnings(log, months)
            for cohort, after in zip_longest(begun, begun[1:]):
                held = {month for month in months if cohort <= month and (after is None or month < after)}
                yield cohort, held if streak else months

    return lambda log: _gathered(members(log))


def _in_all_months(log: Reading) -> Cohorts:
    """Use in the month that is not complete counts, too."""
    return _gathered(
        (_begun(log, rows), set(map(log.month, rows))) for rows in _own(log, whole=True).values()
    )


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


def _ends_month(day: dt.date) -> bool:
    return (day + dt.timedelta(days=1)).day == 1


def _anniversaries(moments: bool, ends: bool = False) -> Age:
    """Whole months from the user's own first day, as DATEDIFF counts them; moments: to the second, as age() does; ends:
    from the last day of a month to that of another are whole ones, as MONTHS_BETWEEN has it."""

    def short(first: tuple[dt.date, Any], last: tuple[dt.date, Any]) -> bool:
        if ends and _ends_month(first[0]) and _ends_month(last[0]):
            return False
        return (last[0].day, last[1]) < (first[0].day, first[1]) if moments else last[0].day < first[0].day

    def ages(log: Reading, rows: list[Row], cohort: dt.date) -> Counter[int]:
        held = sorted((log.rules.day(row), row["created_at"].timetz() if moments else None) for row in rows)
        return Counter(log.rules.months(held[0][0], one[0]) - short(held[0], one) for one in held)

    return ages


def _calendar(log: Reading, rows: list[Row], cohort: dt.date) -> Counter[int]:
    return Counter(log.rules.months(cohort, log.month(row)) for row in rows)


def _aged(age: Age, whole: bool = False) -> Callable[[Reading], Ages]:
    """Ages by another measure. whole: of all requests to the model, also those of the month that is not complete."""

    def members(log: Reading) -> Iterable[tuple[dt.date, Counter[int]]]:
        for rows in _own(log, whole).values():
            cohort = _begun(log, rows)
            yield cohort, age(log, rows, cohort)

    return lambda log: _gathered(members(log))


_AGES: dict[str, Age] = {
    "windows of 30 times 24 hours": _moments,
    "windows of 30 days": _days,
    "windows of 30 days from the month's first day": _days_of_month,
    "days between months over 30": _months_by_days,
    "days over 30.44": _rounded_months,
}


def _ages_seen(age: Age) -> Callable[[Reading], Iterable[Row]]:
    """The cells that somebody is active in, whatever their age."""

    def triangle(log: Reading) -> Iterable[Row]:
        for cohort, ages in _aged(age)(log).items():
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
        for cohort, ages in _aged(_calendar)(log).items():
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


def _sketched(users: bool, active: bool) -> Callable[[Reading], Iterable[Row]]:
    """Users, or those who are active, are counted by a sketch."""

    def triangle(log: Reading) -> Iterable[Row]:
        members: dict[tuple[dt.date, int], set[str]] = defaultdict(set)
        for user, rows in _own(log).items():
            cohort = _begun(log, rows)
            for row in rows:
                members[cohort, log.rules.months(cohort, log.month(row))].add(user)
        about = approximately(members)
        for cohort in sorted({cohort for cohort, _ in members}):
            size = about[cohort, 0] if users else len(members[cohort, 0])
            for k in range(log.months_to_end(cohort)):
                seen = members.get((cohort, k), set())
                yield cell(log, cohort, k, size, about.get((cohort, k), 0) if active else len(seen))

    return triangle


def _after(first: bool) -> Callable[[Reading], Iterable[Row]]:
    """Active in a later month than the k-th. first: month 0 is all of the cohort."""

    def seen(log: Reading) -> Callable[[set[dt.date], dt.date, int], bool]:
        return lambda active, cohort, k: (
            (first and k == 0)
            or (bool(active) and log.rules.months(cohort, max(active, key=log.rules.order)) > k)
        )

    return lambda log: definitions.triangle(log, seen(log))


def _added_up(log: Reading) -> Iterable[Row]:
    """Active at k with k + 1 active months in all."""
    return definitions.triangle(log, lambda active, cohort, k: len(active) > k)


def _and_the_month_before(log: Reading) -> Iterable[Row]:
    """Active at k in that month and the one before, whatever came earlier."""

    def seen(active: set[dt.date], cohort: dt.date, k: int) -> bool:
        return {log.rules.months(cohort, month) for month in active}.issuperset(range(max(k - 1, 0), k + 1))

    return definitions.triangle(log, seen)


def _of_counts(
    put: Callable[[list[int]], int], later: bool, *, first: bool = False, capped: bool = False
) -> Callable[[Reading], Iterable[Row]]:
    """Active at k is made of the numbers of users of months: of those from k on, or else of those up to k. first: month
    0 is all of the cohort; capped: there are at most as many as the cohort has."""

    def triangle(log: Reading) -> Iterable[Row]:
        for cohort, cells in groups(retention.by_calendar_month(log), lambda one: one["cohort"]).items():
            counts = [one["active"] for one in cells]
            for k, one in enumerate(cells):
                users, active = one["users"], put(counts[k:] if later else counts[: k + 1])
                active = users if first and k == 0 else min(active, users) if capped else active
                yield cell(log, cohort, k, users, active)

    return triangle


def _longest_streak(log: Reading) -> Iterable[Row]:
    """Active at k with k + 1 active months in a row, wherever they lie."""

    def long(active: set[dt.date], cohort: dt.date, k: int) -> bool:
        ages = {log.rules.months(cohort, month) for month in active}
        return any(ages.issuperset(range(age, age + k + 1)) for age in ages)

    return definitions.triangle(log, long)


MUTANTS: tuple[Mutant, ...] = (
    *made("cohort by platform sign-up", *(
        ("by the first request to any model"
         f"{', of all users' if everybody else ''}{', of the whole log' if whole else ''}",
         _cohorts(_signed_up(everybody, whole))) for everybody in (False, True) for whole in (False, True)),
        ("of users new to the platform", _cohorts(_signed_up_here)), only=BY_MONTH),
    *made("active with any model", ("requests to any model count", _cohorts(_active_anywhere)), only=BY_MONTH),
    *made("partial last month",
          ("use in the month in which the log ends, in the right cells", _cohorts(_in_all_months)),
          only=(ON_OR_AFTER,)),
    *made("later months alone", ("after month k", by_triangle(_after(True))),
          ("after month k, also for k = 0", by_triangle(_after(False)))),
    *made("approximate counts", ("users and active ones", by_triangle(_sketched(True, True))),
          ("active ones", by_triangle(_sketched(False, True))), ("users", by_triangle(_sketched(True, False))),
          only=("retention_triangle",)),
    *made("on or after", ("in the month or later", by_triangle(definitions.on_or_after))),
    *made("active months added up", ("k + 1 active months in all", by_triangle(_added_up)),
          ("k + 1 active months in a row, anywhere", by_triangle(_longest_streak))),
    *made("first use of each part", *(
        (f"of each {name}{', active with it' if own else ''}", _cohorts(_begun_in_parts(part, own)))
        for name, part in PARTS.items() for own in (False, True)), only=BY_MONTH),
    *made("come back as new", ("after a month without use", _cohorts(_come_back(False))),
          ("after a month without use, active until the next", _cohorts(_come_back(True))), only=BY_MONTH),
    *made("counts for users", ("the largest of the later counts", by_triangle(_of_counts(max, True))),
          ("the sum of the later counts", by_triangle(_of_counts(sum, True))),
          ("the sum of the later counts, all of the cohort at 0", by_triangle(_of_counts(sum, True, first=True))),
          ("the sum of the later counts, or all of the cohort", by_triangle(_of_counts(sum, True, capped=True))),
          only=(ON_OR_AFTER,)),
    *made("counts for users", ("the smallest of the counts so far", by_triangle(_of_counts(min, False))),
          only=("retention_triangle_every_month",)),
    *made("gaps forbidden", ("in every month so far", by_triangle(definitions.every_month))),
    *made("gaps allowed", ("in the month itself", by_triangle(retention.by_calendar_month)),
          ("in the month and the one before", by_triangle(_and_the_month_before))),
    *made("30-day windows", ("windows of 30 days that are over", by_triangle(definitions.windows)),
          *((name, by_triangle(_counted(_aged(age)))) for name, age in _AGES.items()),
          *((f"{name}, those seen", by_triangle(_ages_seen(age))) for name, age in _AGES.items())),
    *made("months from the first day", *(
        (f"whole months from the first {what}{', of the whole log' if whole else ''}",
         by_triangle(_counted(_aged(_anniversaries(moments), whole))))
        for what, moments in (("day", False), ("moment", True)) for whole in (False, True)),
        *((f"months between, the ends of two months whole ones apart{', of the whole log' if whole else ''}",
           by_triangle(_counted(_aged(_anniversaries(False, ends=True), whole)))) for whole in (False, True)),
        ("whole months from the first day, those seen", by_triangle(_ages_seen(_anniversaries(False))))),
    *made("calendar months", ("calendar months", by_triangle(retention.by_calendar_month)),
          ("calendar months, in the cells of windows", by_triangle(_counted(_aged(_calendar, True),
                                                                          definitions.windows_over))),
          ("calendar months, those seen", by_triangle(_ages_seen(_calendar)))),
    *made("month number without year", ("ages by the numbers of months", by_triangle(_ages_seen(_month_numbers))),
          ("ages without whole years", by_triangle(_ages_seen(_within_a_year))),
          *((f"ages {how}, in the right cells{', of the whole log' if whole else ''}",
             by_triangle(_counted(_aged(age, whole)))) for how, age in (
                 ("by the numbers of months", _month_numbers), ("without whole years", _within_a_year))
            for whole in (False, True))),
    *made("rows for users", *((f"requests at k over {what}", by_triangle(_rows_for_users(users))) for users, what in (
        ("users", "users"), ("first", "requests of month 0"), ("all", "all requests"))),
        ("active months for users of the cohort", by_triangle(_users_of_the_join))),
)  # fmt: skip
