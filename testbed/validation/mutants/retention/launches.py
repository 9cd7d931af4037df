"""Launch cohorts and later ones told apart wrongly."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Callable, Collection, Iterable
from fractions import Fraction
from typing import Any

from testbed.validation.mutants.form import Mutant, by_rows, made, of_family
from testbed.validation.questions import launches, retention
from testbed.validation.questions.form import Question
from testbed.validation.questions.launches import AGES, EARLY, GAP, LATER_AFTER, LEVEL, PLATEAU
from testbed.validation.questions.reading import Reading
from testbed.validation.questions.rules import quotient
from testbed.validation.tables import Row

CONTRAST, VERDICT = ("launch_contrast",), ("foundational_verdict",)
Launch = Callable[[Reading, set[dt.date]], dt.date | None]


def _first_use(log: Reading, cohorts: set[dt.date]) -> dt.date | None:
    """The first cohort of all, whenever the model was released."""
    return min(cohorts, default=None)


def _release_known(log: Reading, cohorts: set[dt.date]) -> dt.date | None:
    """The first cohort from the release on, also for a log that begins after it."""
    days = [row["released"] for row in log.tables.model_rows if row["model"] == log.arguments["model"]]
    if not days or days[0] is None:
        return None
    return min((cohort for cohort in cohorts if cohort >= log.rules.month(days[0])), default=None)


def _month_of_release(log: Reading, cohorts: set[dt.date]) -> dt.date | None:
    """The month of the release, whoever began in it."""
    days = [row["released"] for row in log.tables.model_rows if row["model"] == log.arguments["model"]]
    return log.rules.month(days[0]) if days and days[0] is not None else None


def _largest(log: Reading, cohorts: set[dt.date]) -> dt.date | None:
    """The largest cohort."""
    sizes = {one["cohort"]: one["users"] for one in retention.triangle(log)}
    return max(sizes, key=lambda cohort: (sizes[cohort], -cohort.toordinal()), default=None)


def _mean(shares: list[Any]) -> Any:
    return sum(shares) / len(shares)


def _contrast(*, launch_of: Launch | None = None, after: int = LATER_AFTER, only_then: bool = False,
              pooled: bool = False, others: bool = False, ages: Collection[int] = AGES, shift: int = 0,
              put: Callable[[list[Any]], Any] = _mean) -> Callable[[Reading], Iterable[Row]]:  # fmt: skip
    """The contrast with another launch month, or other cohorts beside it: those from `after` months on (only_then: of
    that month alone), or all others; pooled: their users together; put: what is made of their shares. ages: other rows;
    shift: how much later it is looked than it says."""

    def contrast(log: Reading) -> Iterable[Row]:
        cells = {(one["cohort"], one["k"]): one for one in retention.triangle(log)}
        cohorts = {cohort for cohort, _ in cells}
        launch = (launch_of or launches.launch_month)(log, cohorts)
        for k in ages:
            if launch is None or (launch, k + shift) not in cells:
                continue
            distance = {cohort: log.rules.months(launch, cohort) for cohort in cohorts}
            beside = [
                one for (cohort, age), one in cells.items()
                if age == k + shift and (cohort != launch if others else distance[cohort] == after if only_then
                                         else distance[cohort] >= after)
            ]  # fmt: skip
            own = cells[launch, k + shift]["retention"]
            if pooled:
                later = log.rules.over(
                    sum(one["active"] for one in beside), sum(one["users"] for one in beside)
                )
            else:
                shares = [one["retention"] for one in beside if one["retention"] is not None]
                later = put(shares) if shares else None
            gap = None if later is None or own is None else own - later
            ratio = None if later is None or own is None else log.rules.over(own, later)
            yield {"k": k, "launch": own, "later": later, "difference": gap, "ratio": ratio}

    return contrast


Against = Callable[[Reading, dt.date | None, dt.date, dt.date], bool]
"""Whether a cohort is held against another, from the launch month, the cohort, and the other one."""


def _every_later(log: Reading, launch: dt.date | None, cohort: dt.date, other: dt.date) -> bool:
    return other > cohort


def _every_other(log: Reading, launch: dt.date | None, cohort: dt.date, other: dt.date) -> bool:
    return other != cohort


def _the_next(log: Reading, launch: dt.date | None, cohort: dt.date, other: dt.date) -> bool:
    return log.rules.months(cohort, other) == 1


def _two_months_from_launch(log: Reading, launch: dt.date | None, cohort: dt.date, other: dt.date) -> bool:
    return other > cohort and launch is not None and log.rules.months(launch, other) >= LATER_AFTER


def _verdict(*, launch_of: Launch | None = None, strict: bool = False, without: str = "", mean: bool = False,
             last_month: int = EARLY, base: int = AGES[0], each: bool = False, alone: bool = False,
             numbers: type[Any] = Fraction, shown_at: int = AGES[-1], at: int = AGES[-1], level: Fraction = LEVEL,
             plateau: Fraction = PLATEAU, gap: Fraction = GAP, ages: Collection[int] = AGES,
             against: Against = _every_later, some_age: bool = False, trues: bool = False,
             shift: int = 0,
             ) -> Callable[[Reading], Iterable[Row]]:  # fmt: skip
    """The verdict with another launch month, with a condition left out, with > in place of >=, with the mean of later
    cohorts in place of each, with the plateau against another age. each: a later cohort must be seen at each age;
    alone: a cohort without a later one is apart; numbers: in which shares are compared. shown_at: the age at which a
    cohort must have a cell to have a row; at: the age of level and plateau; level, plateau, gap: other thresholds;
    ages: those of apart; against: which cohorts it is held against; some_age: apart at one age is
    enough; trues: rows of foundational cohorts alone; shift: R(k) is taken so
    many months later."""

    least, times, apart, nothing = (numbers(value) for value in (level, plateau, gap, 0))

    def beyond(value: Any, bound: Any) -> bool:
        return bool(value > bound if strict else value >= bound)

    def verdict(log: Reading) -> Iterable[Row]:
        cells = {
            (one["cohort"], one["k"] - shift): numbers(one["active"]) / numbers(one["users"])
            for one in retention.triangle(log)
            if one["users"] and one["active"] is not None
        }
        launch = (launch_of or launches.launch_month)(log, {cohort for cohort, _ in cells})
        for cohort in sorted(cohort for cohort, k in cells if k == shown_at):
            early = launch is not None and 0 <= log.rules.months(launch, cohort) <= last_month
            own, before = cells.get((cohort, at), nothing), cells.get((cohort, base), nothing)
            later = {k: [share for (c, age), share in cells.items() if age == k and against(log, launch, cohort, c)]
                     for k in ages}  # fmt: skip
            if mean:
                later = {k: [sum(held, nothing) / len(held)] if held else [] for k, held in later.items()}
            gaps = {k: [cells.get((cohort, k), nothing) - share - apart
                        for share in held] for k, held in later.items()}  # fmt: skip
            all_gaps = [one for held in gaps.values() for one in held]
            is_apart = (
                any(held and beyond(min(held), 0) for held in gaps.values())
                if some_age
                else bool(all_gaps) and beyond(min(all_gaps), 0) and (not each or all(later.values()))
            )
            holds = [
                early or without == "early",
                without == "level" or beyond(own, least),
                without == "plateau" or beyond(own, times * before),
                without == "apart" or (alone and not all_gaps) or is_apart,
            ]
            if all(holds) or not trues:
                yield {"cohort": cohort, "foundational": all(holds)}

    return verdict


def _in_the_log_month(log: Reading, cohorts: set[dt.date]) -> dt.date | None:
    """As if the month of the release had to be in the log, and not its day."""
    first = min(map(log.month, log.requests), default=None)
    days = [row["released"] for row in log.tables.model_rows if row["model"] == log.arguments["model"]]
    known = first is not None and days and days[0] is not None and log.rules.month(days[0]) >= first
    return _release_known(log, cohorts) if known else None


def _after_the_first_day(log: Reading, cohorts: set[dt.date]) -> dt.date | None:
    """As if a release on the day of the log's first request were before the log."""
    first = min(map(log.rules.day, log.requests), default=None)
    days = [row["released"] for row in log.tables.model_rows if row["model"] == log.arguments["model"]]
    return launches.launch_month(log, cohorts) if days and days[0] != first else None


def _after_release(log: Reading, cohorts: set[dt.date]) -> dt.date | None:
    """The first cohort after the month of the release."""
    month = _month_of_release(log, cohorts)
    known = launches.launch_month(log, cohorts) is not None and month is not None
    return min((cohort for cohort in cohorts if cohort > month), default=None) if known else None  # type: ignore[operator]


_LAUNCHES: tuple[tuple[str, Launch], ...] = (
    ("the first cohort", _first_use),
    ("the largest cohort", _largest),
    ("also of a model released before the log", _release_known),
    ("the month of the release", _month_of_release),
    ("also of a model released in the month in which the log begins", _in_the_log_month),
    ("not of a model released on the log's first day", _after_the_first_day),
    ("the first cohort after the month of the release", _after_release),
)
_AGAINST: dict[str, Against] = {
    "all other cohorts": _every_other, "the next cohort": _the_next,
    "cohorts from two months after the launch month on": _two_months_from_launch,
}  # fmt: skip
# No world tells those near the right ones, or the plateau at month 3, from the mean of later cohorts, from > for >=, or
# from a condition left out: with them none of these would be named.
_THRESHOLDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "level": ("a level of", ("2/5", "1/2")),
    "plateau": ("a plateau of", ("1",)),
    "gap": ("apart by", ("3/20", "1/5")),
}
_TURNED: dict[str, Callable[[float], float | None]] = {
    "difference": lambda value: -value,
    "ratio": lambda value: quotient(1, value),
}


def _turned(rows: list[Row], question: Question, log: Reading) -> Iterable[Row]:
    """Later less launch, later over launch."""
    for row in rows:
        yield row | {name: None if row[name] is None else turn(row[name]) for name, turn in _TURNED.items()}


MUTANTS: tuple[Mutant, ...] = (
    *made("another launch month", *((way, of_family(_contrast, launch_of=launch)) for way, launch in _LAUNCHES),
          only=CONTRAST),
    *made("another launch month", *((way, of_family(_verdict, launch_of=launch)) for way, launch in _LAUNCHES),
          ("the launch month alone", of_family(_verdict, last_month=0)), only=VERDICT),
    *made("neighbours as later ones", ("from the month after on", of_family(_contrast, after=1)),
          ("all other cohorts", of_family(_contrast, others=True)),
          ("the launch cohort, too", of_family(_contrast, after=0)),
          ("from three months after on", of_family(_contrast, after=3)),
          ("of two months after alone", of_family(_contrast, only_then=True)),
          ("of the month after alone", of_family(_contrast, after=1, only_then=True)), only=CONTRAST),
    *made("median for mean", ("medians", of_family(_contrast, put=statistics.median)),
          ("the largest", of_family(_contrast, put=max)), only=CONTRAST),
    *made("other ages", *((f"{ages[0]} to {ages[-1]}", of_family(_contrast, ages=ages)) for ages in (
        (3, 4), (4, 5), (2, 3, 4), (1, 2, 3), (4, 5, 6), (3, 4, 5, 6), (1, 2, 3, 4, 5), (0, 1, 2, 3, 4, 5))),
          ("from 3 on", of_family(_contrast, ages=range(3, 60))), ("all", of_family(_contrast, ages=range(60))),
          ("from 1 on", of_family(_contrast, ages=range(1, 60))),
          ("a month later than they say", of_family(_contrast, shift=1)),
          ("a month earlier than they say", of_family(_contrast, shift=-1)), only=CONTRAST),
    *made("turned around", ("later less launch, later over launch", by_rows(_turned)), only=CONTRAST),
    *made("mean over users", ("users of later cohorts together", of_family(_contrast, pooled=True)), only=CONTRAST),
    *made("conditions left out", *((f"without '{name}'", of_family(_verdict, without=name))
                                   for name in ("early", "level", "plateau", "apart")), only=VERDICT),
    *made("apart from the mean", ("above the mean of later cohorts", of_family(_verdict, mean=True)),
          ("above the mean of later cohorts, of which there is one at each age",
           of_family(_verdict, mean=True, each=True)),
          only=VERDICT),
    *made("apart from nobody", ("apart where there is no later cohort", of_family(_verdict, alone=True)),
          only=VERDICT),
    *made("apart from other cohorts", *((f"apart from {name}", of_family(_verdict, against=against))
                                        for name, against in _AGAINST.items()), only=VERDICT),
    *made("other ages", *((f"apart at {', '.join(map(str, ages))} alone", of_family(_verdict, ages=ages))
                          for ages in ((5,), (3,), (3, 5), (4, 5), (3, 4), (1, 2, 3, 4, 5))),
          ("apart at any of them", of_family(_verdict, some_age=True)),
          *((f"level and plateau at {k}", of_family(_verdict, at=k)) for k in (4, 6)), only=VERDICT),
    *made("other thresholds", *(
        (f"{way} {value}", of_family(_verdict, **{name: Fraction(value)}))
        for name, (way, values) in _THRESHOLDS.items() for value in values),
        only=VERDICT),
    *made("too young for a verdict", *((f"cohorts with a cell at {k}", of_family(_verdict, shown_at=k))
                                       for k in (4, 3, 0)),
          ("cohorts with a cell at 6 alone", of_family(_verdict, shown_at=6)), only=VERDICT),
    *made("rows of some alone", ("foundational cohorts alone", of_family(_verdict, trues=True)), only=VERDICT),
    *made("months counted from 1", *(
        (f"R(k {'+' if shift > 0 else '-'} 1) for R(k), a later cohort at each age",
         of_family(_verdict, shift=shift, each=True)) for shift in (1, -1)), only=VERDICT),
    *made("another plateau", *(
        (f"against month {k}{', a later cohort at each age' if each else ''}",
         of_family(_verdict, base=k, **({"each": True} if each else {})))
        for k in (0, 1, 2, 4) for each in (False, True)), only=VERDICT),
    *made("strict thresholds", ("> for >=", of_family(_verdict, strict=True)),
          ("in floats", of_family(_verdict, numbers=float)), only=VERDICT),
)  # fmt: skip
