"""Cells of a triangle that are wrong: what is divided by what, which cells there are, and means over them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from testbed.validation.mutants.form import Change, Mutant, by_rules, filled, instead, made
from testbed.validation.questions import retention
from testbed.validation.questions.reading import Reading, groups
from testbed.validation.questions.retention import cell
from testbed.validation.tables import Row

TRIANGLES = ("retention_triangle", "retention_triangle_on_or_after", "retention_triangle_every_month",
             "retention_triangle_30_days")  # fmt: skip

MEANS = ("mean_retention_by_k", "mean_retention_by_cohort")


def by_triangle(own: Callable[[Reading], Iterable[Row]]) -> Change:
    """Another triangle stands in the place of the question's own."""
    return by_rules(lambda rules: replace(rules, triangle=lambda log, _: rules.triangle(log, own)))


def by_cells(edit: Callable[[list[Row], Reading], Iterable[Row]]) -> Change:
    """The cells of the triangle are changed."""
    return by_rules(
        lambda rules: replace(
            rules, triangle=lambda log, own: edit([dict(one) for one in rules.triangle(log, own)], log)
        )
    )


def _over(log: Reading, one: Row, whole: int, *, named: bool) -> Row:
    share = log.rules.over(one["active"], whole)
    return one | {"retention": share} | ({"users": whole} if named else {})


def _over_the_month_before(named: bool, of_nobody: float | None = None) -> Change:
    """of_nobody: what a share of nobody is."""

    def edit(cells: list[Row], log: Reading) -> Iterable[Row]:
        active: dict[Any, int] = {(one["cohort"], one["k"]): one["active"] for one in cells}
        for one in cells:
            whole = active.get((one["cohort"], one["k"] - 1), int(one["users"]))
            yield _over(log, one, whole, named=named) | ({} if whole else {"retention": of_nobody})

    return by_cells(edit)


def _over_the_active_of_the_month(named: bool) -> Change:
    def edit(cells: list[Row], log: Reading) -> Iterable[Row]:
        active: Counter[int] = Counter()
        for one in cells:
            active[_month_of(one)] += one["active"]
        for one in cells:
            yield _over(log, one, active[_month_of(one)], named=named)

    return by_cells(edit)


def _over_those_who_came_back(named: bool) -> Change:
    def edit(cells: list[Row], log: Reading) -> Iterable[Row]:
        back = {
            cohort: sum(len(active) > 1 for active in members)
            for cohort, members in retention.cohorts(log).items()
        }
        for one in cells:
            yield _over(log, one, back.get(one["cohort"], 0), named=named)

    return by_cells(edit)


def _over_themselves(cells: list[Row], log: Reading) -> Iterable[Row]:
    return (_over(log, one, one["active"], named=True) for one in cells)


def _active_only(cells: list[Row], log: Reading) -> Iterable[Row]:
    return (one for one in cells if one["active"])


def _month_of(one: Row) -> int:
    """The number of the month that a cell is about."""
    return 12 * one["cohort"].year + one["cohort"].month + int(one["k"])


def _used_months(log: Reading) -> set[int]:
    """The numbers of the months in which anybody used anything."""
    return {12 * month.year + month.month for month in map(log.month, log.requests)}


def _months_of_the_log(cells: list[Row], log: Reading) -> Iterable[Row]:
    """Months are those in which anybody used anything."""
    seen = _used_months(log)
    return (one for one in cells if _month_of(one) in seen)


def _ages_of_the_log(cells: list[Row], log: Reading) -> Iterable[Row]:
    """Ages are those that the first cohort has in such months."""
    seen = _used_months(log)
    first = min((one["cohort"] for one in cells), default=None)
    return (one for one in cells if _month_of(one | {"cohort": first}) in seen)


def _ages_of_somebody(cells: list[Row], log: Reading) -> Iterable[Row]:
    """Ages are those at which somebody of some cohort is active."""
    seen = {one["k"] for one in cells if one["active"]}
    return (one for one in cells if one["k"] in seen)


def _from_one(cells: list[Row], log: Reading) -> Iterable[Row]:
    return (one | {"k": one["k"] + 1, "optional": False} for one in cells)


def _from_the_second(cells: list[Row], log: Reading) -> Iterable[Row]:
    """The month after the first one is 0, and month 0 is not there."""
    return (one | {"k": one["k"] - 1, "optional": False} for one in cells if one["k"])


def _not_yet_as_nobody(seen: bool, young: bool) -> Change:
    """Months that have not come yet are cells of nobody. seen: only at ages at which somebody is active; young: also of
    cohorts that have no month but their first."""

    def edit(cells: list[Row], log: Reading) -> Iterable[Row]:
        ages = sorted({one["k"] for one in cells if one["active"] or not seen})
        for cohort, held in groups(cells, lambda one: one["cohort"]).items():
            known = {one["k"]: one for one in held}
            for k in ages if young or len(held) > 1 else known:
                yield known[k] if k in known else cell(log, cohort, k, held[0]["users"], 0)

    return by_cells(edit)


def _nothing_as_null(counted: bool) -> Change:
    """Cells of nobody are missing values. counted: the numbers of users, too."""

    def edit(cells: list[Row], log: Reading) -> Iterable[Row]:
        gone: Row = {"retention": None} | ({"active": None} if counted else {})
        return (one if one["active"] else one | gone for one in cells)

    return by_cells(edit)


def _first_counts(log: Reading) -> Iterable[Row]:
    """Means of cohorts in which month 0 counts."""
    shares: dict[Any, list[float]] = defaultdict(list)
    for one in retention.triangle(log):
        if one["retention"] is not None:
            shares[one["cohort"]].append(one["retention"])
    for cohort, held in sorted(shares.items()):
        yield {"cohort": cohort, "retention": sum(held) / len(held), "optional": len(held) == 1}


def _pooled(log: Reading) -> Iterable[Row]:
    """Users of all cells at k together, in place of a mean of shares."""
    for k, cells in sorted(groups(retention.triangle(log), lambda one: one["k"]).items()):
        active, users = (sum(one[name] for one in cells) for name in ("active", "users"))
        yield {"k": k, "retention": log.rules.over(active, users), "optional": k == 0}


def _over_all_cohorts(log: Reading) -> Iterable[Row]:
    """Users active at k over the users of all cohorts, also of those that are too young to have a cell at k."""
    cells = list(retention.triangle(log))
    users = sum({one["cohort"]: one["users"] for one in cells}.values())
    for k in sorted({one["k"] for one in cells}):
        active = sum(one["active"] for one in cells if one["k"] == k)
        yield {"k": k, "retention": log.rules.over(active, users), "optional": k == 0}


MUTANTS: tuple[Mutant, ...] = (
    *made("future months as empty", *(
        (f"at all ages{' that are seen' if seen else ''}{'' if young else ', but of cohorts without a second month'}",
         _not_yet_as_nobody(seen, young)) for seen in (False, True) for young in (True, False))),
    *made("nothing as null", ("cells of nobody", _nothing_as_null(True)),
          ("shares of nobody", _nothing_as_null(False)), only=TRIANGLES),
    *made("nothing as null", ("shares of nobody, which no mean counts", _nothing_as_null(False)), only=MEANS),
    *made("division by active users", *(
        (f"over {what}{', named users' if named else ''}", change(named))
        for what, change in (("those active the month before", _over_the_month_before),
                             ("all who are active in the month", _over_the_active_of_the_month),
                             ("those who came back", _over_those_who_came_back))
        for named in (False, True)),
        *((f"over those active the month before, {'0' if of_nobody == 0 else 'all'} of nobody",
           _over_the_month_before(False, of_nobody)) for of_nobody in (0.0, 1.0)),
          ("over themselves", by_cells(_over_themselves))),
    *made("empty cells dropped", ("without cells of nobody", by_cells(_active_only)),
          ("months in which the log has requests alone", by_cells(_months_of_the_log)),
          ("ages of the first cohort in such months alone", by_cells(_ages_of_the_log)),
          ("ages at which somebody is active alone", by_cells(_ages_of_somebody))),
    *made("empty cells dropped", ("without cells of nobody, 0 where none is left", filled(by_cells(_active_only))),
          only=MEANS),
    *made("months counted from 1", ("the first month is 1", by_cells(_from_one)),
          ("the month after the first is 0", by_cells(_from_the_second))),
    *made("month 0 counted", ("month 0 in the mean", instead(_first_counts)),
          only=("mean_retention_by_cohort",)),
    *made("mean over users", ("of all users of k", instead(_pooled)),
          ("of all users of all cohorts", instead(_over_all_cohorts)), only=("mean_retention_by_k",)),
)  # fmt: skip
