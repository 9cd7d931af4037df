"""Which cohorts and which cells there are, where that is wrong: too few, too many, called by another month."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from analysis.months import month_after, month_end
from testbed.validation.mutants.clocks import BY_MONTH, following
from testbed.validation.mutants.form import Change, Mutant, by_reading, by_rows, by_rules, instead, made
from testbed.validation.mutants.retention.cells import MEANS, TRIANGLES, by_cells, by_triangle
from testbed.validation.questions import definitions, retention
from testbed.validation.questions.form import Question
from testbed.validation.questions.reading import Reading, groups
from testbed.validation.questions.retention import cell, size
from testbed.validation.questions.rules import Rules, end_of_complete_months, quotient
from testbed.validation.tables import Row

SIZES = ("cohort_sizes",)
OF_COHORTS = (*BY_MONTH, "retention_triangle_30_days")
LEAST = (2, 3, 4, 5, 6, 10, 11, 20, 21, 30, 50)
"""Least sizes of a cohort that people ask for."""


def _months(first: dt.date, end: dt.date) -> Iterator[dt.date]:
    """The months from one on, before another."""
    while first < end:
        yield first
        first = following(first)


def _first_month(log: Reading) -> dt.date:
    return min(map(log.month, log.requests), default=dt.date.max)


def _first_month_if_cut(log: Reading) -> dt.date:
    """The log's first month, if the log does not begin with its first day."""
    day = min(map(log.rules.day, log.requests), default=dt.date.max)
    return dt.date.min if day.day == 1 else log.rules.month(day)


def _to_the_second_month(log: Reading) -> dt.date:
    return following(_first_month(log))


_FIRST: dict[str, Callable[[Reading], dt.date]] = {
    "of the log's first month": _first_month,
    "of the log's first month, unless that is whole": _first_month_if_cut,
    "of the log's first two months": _to_the_second_month,
}


def _later(last: Callable[[Reading], dt.date]) -> Change:
    """Cells of cohorts after this month."""
    return by_cells(lambda cells, log: [one for one in cells if one["cohort"] > last(log)])


def _sizes_later(last: Callable[[Reading], dt.date]) -> Change:
    return by_rows(lambda rows, question, log: [row for row in rows if row["cohort"] > last(log)])


def _without_first_of_model(cells: list[Row], log: Reading) -> Iterable[Row]:
    first = min((one["cohort"] for one in cells), default=None)
    return (one for one in cells if one["cohort"] != first)


def _sizes_without_first_of_model(rows: list[Row], question: Question, log: Reading) -> Iterable[Row]:
    for held in groups(rows, lambda row: row["model"]).values():
        first = min(row["cohort"] for row in held)
        yield from (row for row in held if row["cohort"] != first)


def _without_first_users(log: Reading) -> Rules:
    """Whoever uses anything in the log's first month is nobody."""
    first, own = _first_month(log), log.rules.user
    known = {own(row) for row in log.requests if log.month(row) == first}
    return replace(log.rules, user=lambda row: None if own(row) in known else own(row))


def _of_at_least(users: int) -> Change:
    return by_cells(lambda cells, log: [one for one in cells if one["users"] >= users])


def _sizes_of_at_least(users: int) -> Change:
    return by_rows(lambda rows, question, log: [row for row in rows if row["users"] >= users])


def _without_last_age(keep: int) -> Change:
    """Without the last cell of each cohort; keep: unless it is of a smaller age than this."""

    def edit(cells: list[Row], log: Reading) -> Iterable[Row]:
        last = {cohort: max(one["k"] for one in held)
                for cohort, held in groups(cells, lambda one: one["cohort"]).items()}  # fmt: skip
        return (one for one in cells if one["k"] < max(last[one["cohort"]], keep))

    return by_cells(edit)


def _a_month_fewer(rules: Rules) -> Rules:
    return replace(rules, end=lambda day: month_after(rules.end(day), -1))


def _until_the_last_use(of_all: bool) -> Change:
    """Cells up to the last month in which somebody of the cohort is active, or of any cohort."""

    def edit(cells: list[Row], log: Reading) -> Iterable[Row]:
        last: dict[dt.date, dt.date] = {}
        for one in cells:
            if one["active"]:
                month = _month(one)
                last[one["cohort"]] = max(month, last.get(one["cohort"], month))
        end = max(last.values(), default=dt.date.min)
        return (
            one for one in cells if _month(one) <= (end if of_all else last.get(one["cohort"], dt.date.min))
        )

    return by_cells(edit)


def _month(one: Row) -> dt.date:
    """The month that a cell is about."""
    return month_after(one["cohort"], int(one["k"]))


def _cut_cells_of_whole_cohorts(rules: Rules) -> Rules:
    """Cells of the month in which the log ends, of cohorts of complete months alone."""

    def triangle(log: Reading, own: Callable[[Reading], Iterable[Row]]) -> Iterable[Row]:
        end = dt.date.min if log.last_day is None else end_of_complete_months(log.last_day)
        return [one for one in rules.triangle(log, own) if one["cohort"] < end]

    return replace(rules, end=following, triangle=triangle)


def _cut_cohorts_of_month_0(rules: Rules) -> Rules:
    """Cohorts of the month in which the log ends, of which month 0 alone is there; no other cells of that month."""

    def triangle(log: Reading, own: Callable[[Reading], Iterable[Row]]) -> Iterable[Row]:
        end = dt.date.min if log.last_day is None else end_of_complete_months(log.last_day)
        return [one for one in rules.triangle(log, own) if one["cohort"] >= end or _month(one) < end]

    return replace(rules, end=following, triangle=triangle)


def _nobodys(*, early: bool, late: bool, share: float | None) -> Change:
    """Months in which nobody began are cohorts of nobody: between the first and the last cohort. early: from the log's
    first month on; late: to the log's end; share: their retention."""

    def edit(cells: list[Row], log: Reading) -> Iterable[Row]:
        held = groups(cells, lambda one: one["cohort"])
        if log.end is None or not held:
            return
        first = min(_first_month(log), min(held)) if early else min(held)
        last = max(log.end, following(max(held))) if late else following(max(held))
        for cohort in _months(first, last):
            if cohort in held:
                yield from held[cohort]
            else:
                for k in range(log.months_to_end(cohort)):
                    yield cell(log, cohort, k, 0, 0) | {"retention": share, "optional": False}

    return by_cells(edit)


def _sizes_of_nobody(whole: bool) -> Change:
    """Months in which nobody began with a model are rows of 0: those in which anybody began with anything, or all."""

    def edit(rows: list[Row], question: Question, log: Reading) -> Iterable[Row]:
        months = sorted({row["cohort"] for row in rows})
        if whole and months:
            months = list(_months(months[0], following(max(map(log.month, log.requests)))))
        for model, held in groups(rows, lambda row: row["model"]).items():
            known = {row["cohort"]: row for row in held}
            for month in months:
                yield known.get(month) or size(log, model, month, 0)

    return by_rows(edit)


def _called(name: Callable[[dt.date], dt.date]) -> Change:
    """Months are named otherwise."""

    def edit(rows: list[Row], question: Question, log: Reading) -> Iterable[Row]:
        names = [column.name for column in question.keys if column.every == "month"]
        return (row | {column: name(row[column]) for column in names} for row in rows)

    return by_rows(edit)


def _so_far(log: Reading) -> Iterable[Row]:
    """Active at k with a request in any month from 1 to k."""

    def seen(active: set[dt.date], cohort: dt.date, k: int) -> bool:
        ages = {log.rules.months(cohort, month) for month in active}
        return k == 0 or any(1 <= age <= k for age in ages)

    return definitions.triangle(log, seen)


def _those_who_left(cells: list[Row], log: Reading) -> Iterable[Row]:
    for one in cells:
        left = None if one["active"] is None else one["users"] - one["active"]
        share = None if one["retention"] is None else 1 - one["retention"]
        yield one | {"active": left, "retention": share}


def _means(key: str, put: Callable[[list[float]], float | None]) -> Change:
    """What else is made of the shares of a cohort, or of an age."""

    def means(log: Reading) -> Iterable[Row]:
        for value, cells in sorted(groups(retention.triangle(log), lambda one: one[key]).items()):
            shares = [one["retention"] for one in cells if one["k"] > 0 and one["retention"] is not None]
            if shares:
                yield {key: value, "retention": put(shares)}

    return instead(means)


_PUT: dict[str, tuple[str, Callable[[list[float]], float | None]]] = {
    "medians": ("median for mean", statistics.median),
    "of different shares": ("equal amounts once", lambda shares: statistics.fmean(set(shares))),
}

MUTANTS: tuple[Mutant, ...] = (
    *made("first cohorts dropped", *((f"without cohorts {way}", _later(last)) for way, last in _FIRST.items()),
          ("without the model's first cohort", by_cells(_without_first_of_model)), only=OF_COHORTS),
    *made("first cohorts dropped", *((f"without cohorts {way}", _sizes_later(last)) for way, last in _FIRST.items()),
          ("without the first cohort of each model", by_rows(_sizes_without_first_of_model)), only=SIZES),
    *made("first cohorts dropped", ("without users of the log's first month", by_reading(_without_first_users))),
    *made("small cohorts dropped", *((f"of {least} users or more", _of_at_least(least)) for least in LEAST),
          only=OF_COHORTS),
    *made("small cohorts dropped", *((f"of {least} users or more", _sizes_of_at_least(least)) for least in LEAST),
          only=SIZES),
    *made("last cells dropped", ("the last of each cohort", _without_last_age(0)),
          ("the last of each cohort, but for month 0", _without_last_age(1)), only=OF_COHORTS),
    *made("last cells dropped", ("as if the log ended a month before", by_rules(_a_month_fewer)), only=BY_MONTH),
    *made("partial last month",
          ("cells of the month in which the log ends, of whole cohorts", by_rules(_cut_cells_of_whole_cohorts)),
          ("cohorts of the month in which the log ends, and no other cells of it", by_rules(_cut_cohorts_of_month_0)),
          only=BY_MONTH),
    *made("empty cells dropped", ("after the last month in which some of the cohort are active",
                                  _until_the_last_use(False)),
          ("after the last month in which some of any cohort are active", _until_the_last_use(True)), only=OF_COHORTS),
    *made("empty cohorts as rows", *(
        (f"from the {'log' if early else 'cohort'}s first month to the {'log' if late else 'cohort'}s last, "
         f"{'0' if share == 0 else 'missing shares'}", _nobodys(early=early, late=late, share=share))
        for share in (None, 0.0) for early in (False, True) for late in (False, True)), only=OF_COHORTS),
    *made("empty cohorts as rows", ("months in which anybody began with any model", _sizes_of_nobody(False)),
          ("all months", _sizes_of_nobody(True)), only=SIZES),
    *made("months named by their end", ("by their last day", _called(month_end)),
          ("by the first day of the next", _called(following)),
          only=(*TRIANGLES, *SIZES, "mean_retention_by_cohort", "foundational_verdict")),
    *made("active up to k", ("in any month from 1 to k", by_triangle(_so_far)), only=OF_COHORTS),
    *made("the rest for the part", ("those who are not active", by_cells(_those_who_left)), only=OF_COHORTS),
    *(mutant for key, question in zip(("k", "cohort"), MEANS, strict=True) for way, (trap, put) in _PUT.items()
      for mutant in made(trap, (way, _means(key, put)), only=(question,))),
    *made("month 0 counted", ("in the number of months alone", _means("cohort", lambda shares: quotient(
        sum(shares), len(shares) + 1))), only=("mean_retention_by_cohort",)),
)  # fmt: skip
