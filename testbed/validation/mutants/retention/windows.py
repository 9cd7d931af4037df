"""Windows of 30 days taken wrongly: where they begin, how days are counted, which of them are over."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence

from testbed.validation.mutants.clocks import following
from testbed.validation.mutants.form import Mutant, made, of_family
from testbed.validation.mutants.people import PARTS
from testbed.validation.questions.definitions import WINDOW, windows_over
from testbed.validation.questions.reading import Reading, groups
from testbed.validation.questions.retention import cell
from testbed.validation.tables import Row

ONLY = ("retention_triangle_30_days",)
DAY = dt.timedelta(days=1)
Age = Callable[[Reading, Row, Row], int]
"""Which window a request is in, from the request with which the user's windows begin."""
Over = Callable[[Reading, dt.date, Sequence[Row]], int]
"""How many windows of a cohort are shown, from the requests with which its members began."""


def _hours(log: Reading, row: Row, begun: Row) -> int:
    return int((row["created_at"] - begun["created_at"]) // WINDOW)


def _dates(log: Reading, row: Row, begun: Row) -> int:
    return (log.rules.day(row) - log.rules.day(begun)).days // 30


def _rounded(log: Reading, row: Row, begun: Row) -> int:
    return round((row["created_at"] - begun["created_at"]) / WINDOW)


def _rounded_up(log: Reading, row: Row, begun: Row) -> int:
    return -int((begun["created_at"] - row["created_at"]) // WINDOW)


def _rounded_dates(log: Reading, row: Row, begun: Row) -> int:
    return round((log.rules.day(row) - log.rules.day(begun)) / WINDOW)


def _from_the_month(log: Reading, row: Row, begun: Row) -> int:
    return (log.rules.day(row) - log.month(begun)).days // 30


def _of_days(days: int) -> Age:
    return lambda log, row, begun: int((row["created_at"] - begun["created_at"]) // dt.timedelta(days=days))


def _for_everybody(log: Reading, cohort: dt.date, begun: Sequence[Row]) -> int:
    return windows_over(log, cohort)


def _until_the_end(log: Reading, since: dt.date) -> int:
    return 0 if log.last_day is None else max((log.last_day + DAY - since).days // 30, 0)


def _for_the_first_of_month(log: Reading, cohort: dt.date, begun: Sequence[Row]) -> int:
    return _until_the_end(log, cohort)


def _for_the_first(log: Reading, cohort: dt.date, begun: Sequence[Row]) -> int:
    return _until_the_end(log, min(map(log.rules.day, begun)))


def _for_the_last(log: Reading, cohort: dt.date, begun: Sequence[Row]) -> int:
    return _until_the_end(log, max(map(log.rules.day, begun)))


def _running_too(log: Reading, cohort: dt.date, begun: Sequence[Row]) -> int:
    return windows_over(log, cohort) + 1


def _by_days(more: int) -> Over:
    """So many days longer than it should be."""

    def over(log: Reading, cohort: dt.date, begun: Sequence[Row]) -> int:
        return _until_the_end(log, following(cohort) - more * DAY)

    return over


def _to_the_last_request(log: Reading, cohort: dt.date, begun: Sequence[Row]) -> int:
    begins = dt.datetime.combine(following(cohort), dt.time(), dt.UTC)
    last = max(row["created_at"] for row in log.requests)
    return max(int((last - begins) // WINDOW), 0)


def _of_complete_months(log: Reading, cohort: dt.date, begun: Sequence[Row]) -> int:
    return 0 if log.end is None else max((log.end - following(cohort)).days // 30, 0)


def _complete_months(log: Reading, cohort: dt.date, begun: Sequence[Row]) -> int:
    return log.months_to_end(cohort)


def _in_the_window(ages: set[int], k: int) -> bool:
    return k in ages


def _added_up(ages: set[int], k: int) -> bool:
    return len(ages) > k


def _one(row: Row) -> Hashable:
    return None


def _windows(
    *, age: Age = _hours, over: Over = _for_everybody, begins: str = "own", active: str = "own",
    seen: Callable[[set[int], int], bool] = _in_the_window, part: Callable[[Row], Hashable] = _one,
) -> Callable[[Reading], Iterable[Row]]:  # fmt: skip
    """The triangle of windows. begins: with the user's `own` first request to the model, or with that to `any`; active:
    with requests to the model (`own`), or to `any`; seen: which users of these ages are active at k; part: what of the
    model's use begins anew, a user counted once in each month in which some does."""

    def triangle(log: Reading) -> Iterable[Row]:
        rows = {"own": log.of_model, "any": log.requests}
        own, first, used = (log.by_user(rows[which]) for which in ("own", begins, active))
        members: dict[dt.date, dict[str, tuple[Row, set[int]]]] = defaultdict(dict)
        for user in own:
            for rows_of in groups(first[user], part).values():
                begun = min(rows_of, key=lambda row: row["created_at"])
                _, ages = members[log.month(begun)].setdefault(user, (begun, set()))
                ages.update(age(log, row, begun) for row in used[user])
        for cohort, held in sorted(members.items()):
            for k in range(over(log, cohort, [begun for begun, _ in held.values()])):
                yield cell(log, cohort, k, len(held), sum(seen(ages, k) for _, ages in held.values()))

    return lambda log: log.rules.triangle(log, triangle)


MUTANTS: tuple[Mutant, ...] = (
    *made("dates for moments", ("days between dates over 30", of_family(_windows, age=_dates)), only=ONLY),
    *made("windows of the cohort", ("from the month's first day", of_family(_windows, age=_from_the_month)), only=ONLY),
    *made("windows rounded", ("moments over 30 days, rounded", of_family(_windows, age=_rounded)),
          ("days between dates over 30, rounded", of_family(_windows, age=_rounded_dates)),
          ("moments over 30 days, rounded up", of_family(_windows, age=_rounded_up)), only=ONLY),
    *made("windows of another length", *((f"{days} days", of_family(_windows, age=_of_days(days)))
                                         for days in (7, 28, 31)), only=ONLY),
    *made("windows that are not over",
          ("over for who came on the first", of_family(_windows, over=_for_the_first_of_month)),
          ("over for the first who came", of_family(_windows, over=_for_the_first)),
          ("over for the last who came", of_family(_windows, over=_for_the_last)),
          ("over a day early", of_family(_windows, over=_by_days(1))),
          ("over at the end of the last complete month", of_family(_windows, over=_of_complete_months)),
          ("begun", of_family(_windows, over=_running_too)),
          ("as many as there are complete months", of_family(_windows, over=_complete_months)), only=ONLY),
    *made("last cells dropped", ("over a day late", of_family(_windows, over=_by_days(-1))),
          ("over before the last request", of_family(_windows, over=_to_the_last_request)), only=ONLY),
    *made("cohort by platform sign-up", ("windows from the first request to any model",
                                         of_family(_windows, begins="any")), only=ONLY),
    *made("active months added up", ("k + 1 active windows in all", of_family(_windows, seen=_added_up)), only=ONLY),
    *made("first use of each part", *((f"of each {name}", of_family(_windows, part=part))
                                      for name, part in PARTS.items()), only=ONLY),
    *made("active with any model", ("requests to any model count", of_family(_windows, active="any")), only=ONLY),
)  # fmt: skip
