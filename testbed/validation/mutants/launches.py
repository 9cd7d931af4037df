"""Launch cohorts and later ones told apart wrongly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any

from testbed.validation.mutants.form import Mutant, made, of_family
from testbed.validation.questions import launches, retention
from testbed.validation.questions.launches import AGES, EARLY, GAP, LATER_AFTER, LEVEL, PLATEAU
from testbed.validation.questions.reading import Reading
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


def _contrast(*, launch_of: Launch | None = None, after: int = LATER_AFTER, pooled: bool = False,
              others: bool = False) -> Callable[[Reading], Iterable[Row]]:  # fmt: skip
    """The contrast with another launch month, or other cohorts beside it: those from `after` months on, or all others;
    pooled: their users together."""

    def contrast(log: Reading) -> Iterable[Row]:
        cells = {(one["cohort"], one["k"]): one for one in retention.triangle(log)}
        cohorts = {cohort for cohort, _ in cells}
        launch = (launch_of or launches.launch_month)(log, cohorts)
        for k in AGES:
            if launch is None or (launch, k) not in cells:
                continue
            beside = [
                one for (cohort, age), one in cells.items()
                if age == k and (cohort != launch if others else log.rules.months(launch, cohort) >= after)
            ]  # fmt: skip
            own = cells[launch, k]["retention"]
            if pooled:
                later = log.rules.over(
                    sum(one["active"] for one in beside), sum(one["users"] for one in beside)
                )
            else:
                shares = [one["retention"] for one in beside if one["retention"] is not None]
                later = sum(shares) / len(shares) if shares else None
            gap = None if later is None or own is None else own - later
            ratio = None if later is None or own is None else log.rules.over(own, later)
            yield {"k": k, "launch": own, "later": later, "difference": gap, "ratio": ratio}

    return contrast


def _verdict(*, launch_of: Launch | None = None, strict: bool = False, without: str = "", mean: bool = False,
             last_month: int = EARLY, base: int = AGES[0], each: bool = False, alone: bool = False,
             numbers: type[Any] = Fraction,
             ) -> Callable[[Reading], Iterable[Row]]:  # fmt: skip
    """The verdict with another launch month, with a condition left out, with > in place of >=, with the mean of later
    cohorts in place of each, with the plateau against another age. each: a later cohort must be seen at each age;
    alone: a cohort without a later one is apart; numbers: in which shares are compared."""

    level, plateau, gap, nothing = (numbers(value) for value in (LEVEL, PLATEAU, GAP, 0))

    def beyond(value: Any, bound: Any) -> bool:
        return bool(value > bound if strict else value >= bound)

    def verdict(log: Reading) -> Iterable[Row]:
        cells = {
            (one["cohort"], one["k"]): numbers(one["active"]) / numbers(one["users"])
            for one in retention.triangle(log)
            if one["users"] and one["active"] is not None
        }
        launch = (launch_of or launches.launch_month)(log, {cohort for cohort, _ in cells})
        for cohort in sorted(cohort for cohort, k in cells if k == AGES[-1]):
            at = launch is not None and 0 <= log.rules.months(launch, cohort) <= last_month
            own, before = cells[cohort, AGES[-1]], cells.get((cohort, base), nothing)
            later = {k: [share for (c, age), share in cells.items() if c > cohort and age == k] for k in AGES}
            if mean:
                later = {k: [sum(held, nothing) / len(held)] if held else [] for k, held in later.items()}
            gaps = [cells.get((cohort, k), nothing) - share for k, held in later.items() for share in held]
            holds = [
                at or without == "early",
                without == "level" or beyond(own, level),
                without == "plateau" or beyond(own, plateau * before),
                without == "apart"
                or (alone and not gaps)
                or (bool(gaps) and beyond(min(gaps), gap) and (not each or all(later.values()))),
            ]
            yield {"cohort": cohort, "foundational": all(holds)}

    return verdict


_LAUNCHES: tuple[tuple[str, Launch], ...] = (
    ("the first cohort", _first_use),
    ("the largest cohort", _largest),
    ("also of a model released before the log", _release_known),
    ("the month of the release", _month_of_release),
)
MUTANTS: tuple[Mutant, ...] = (
    *made("another launch month", *((way, of_family(_contrast, launch_of=launch)) for way, launch in _LAUNCHES),
          only=CONTRAST),
    *made("another launch month", *((way, of_family(_verdict, launch_of=launch)) for way, launch in _LAUNCHES),
          ("the launch month alone", of_family(_verdict, last_month=0)), only=VERDICT),
    *made("neighbours as later ones", ("from the month after on", of_family(_contrast, after=1)),
          ("all other cohorts", of_family(_contrast, others=True)),
          ("the launch cohort, too", of_family(_contrast, after=0)),
          ("from three months after on", of_family(_contrast, after=3)), only=CONTRAST),
    *made("mean over users", ("users of later cohorts together", of_family(_contrast, pooled=True)), only=CONTRAST),
    *made("conditions left out", *((f"without '{name}'", of_family(_verdict, without=name))
                                   for name in ("early", "level", "plateau", "apart")), only=VERDICT),
    *made("apart from the mean", ("above the mean of later cohorts", of_family(_verdict, mean=True)),
          ("above the mean of later cohorts, of which there is one at each age",
           of_family(_verdict, mean=True, each=True)),
          only=VERDICT),
    *made("apart from nobody", ("apart where there is no later cohort", of_family(_verdict, alone=True)),
          only=VERDICT),
    *made("another plateau", *(
        (f"against month {k}{', a later cohort at each age' if each else ''}",
         of_family(_verdict, base=k, **({"each": True} if each else {})))
        for k in (0, 1, 2, 4) for each in (False, True)), only=VERDICT),
    *made("strict thresholds", ("> for >=", of_family(_verdict, strict=True)),
          ("in floats", of_family(_verdict, numbers=float)), only=VERDICT),
)  # fmt: skip
