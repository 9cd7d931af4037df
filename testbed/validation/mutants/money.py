"""Money: which requests are charged, at which price, and how it is added up."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from testbed.validation.mutants.form import (
    Change,
    Mutant,
    by_requests,
    by_rows,
    by_rules,
    columns_of,
    key_of,
    made,
    of_family,
    rounded,
)
from testbed.validation.questions import cost
from testbed.validation.questions.form import Oracle, Question
from testbed.validation.questions.reading import Reading
from testbed.validation.questions.rules import utc_day
from testbed.validation.tables import Row, Tables

COSTS = ("effective_cost", "effective_cost_by_author", "elasticity")
LINE = ("elasticity",)


def _paid(paid: Callable[[Row], bool]) -> Change:
    return by_rules(lambda rules: replace(rules, paid=paid))


def _priced_by(priced: Callable[[Row], bool]) -> Change:
    return by_rules(lambda rules: replace(rules, priced=priced))


def _at(which: str) -> Callable[[list[Row], Row, dt.date], Row | None]:
    """The price of a path: on the day of a request, the last of all, the first, or the last one that the log sees."""

    def chosen(path: list[Row], row: Row, last_day: dt.date) -> Row | None:
        if which == "first":
            return path[0]
        if which == "latest":
            return path[-1]
        day = utc_day(row) if which == "own" else last_day
        held = [step for step in path if step["from"] <= day]
        return held[-1] if held else None

    return chosen


def _priced(which: str, *, caches: bool, free: bool, joined: bool = False) -> Change:
    """Costs from list prices. caches: cached tokens at their own price; free: free variants cost nothing; joined: what
    has no price is left out."""
    price_of = _at(which)

    def edit(rows: list[Row], tables: Tables) -> list[Row]:
        paths = {
            row["model"]: sorted(row["prices"] or (), key=lambda step: step["from"])
            for row in tables.model_rows
        }

        last_day = max(map(utc_day, tables.requests), default=dt.date.max)

        def listed(row: Row) -> float:
            path = paths.get(row["model"])
            price = price_of(path, row, last_day) if path else None
            if price is None:
                return math.nan if joined else 0.0
            if free and row["variant"] == "free":
                return 0.0
            cached = (row["tokens_cached"] or 0) if caches else 0
            own = price["cached_usd_per_mtok"]
            cached_price = price["prompt_usd_per_mtok"] if own is None else own
            return float(
                (row["tokens_prompt"] - cached) * price["prompt_usd_per_mtok"] + cached * cached_price
                + row["tokens_completion"] * price["completion_usd_per_mtok"]
            ) / cost.MILLION  # fmt: skip

        priced = [row | {"cost_total": listed(row)} for row in rows]
        return [row for row in priced if not math.isnan(row["cost_total"])]

    return by_requests(edit)


def _prices(which: str, name: str) -> tuple[tuple[str, Change], ...]:
    return tuple(
        (f"{name}{', caches known' if caches else ''}{', free ones free' if free else ''}"
         f"{', without those that have none' if joined else ''}",
         _priced(which, caches=caches, free=free, joined=joined))
        for caches in (False, True) for free in (False, True) for joined in (False, True)
    ) + tuple(
        (f"{name}{', caches known' if caches else ''}, missing where there is none",
         _unknown_as_null(_priced(which, caches=caches, free=False)))
        for caches in (False, True)
    )  # fmt: skip


def _each(edit: Callable[[float], float]) -> Change:
    return by_requests(lambda rows, tables: [row | {"cost_total": edit(row["cost_total"])} for row in rows])


class Single(float):
    """A number that is added in single precision."""

    def __add__(self, other: float) -> Single:
        return Single(np.float32(self) + np.float32(other))

    __radd__ = __add__


def _cents_down(value: float) -> float:
    return math.floor(100 * value) / 100


Logs = tuple[bool, bool]


def _line(*, log: Callable[[float], float] = math.log10, logs: Logs = (True, True), turned: bool = False,
          point: Callable[[Row, Reading], Any] | None = None, counted: bool = False, least: int = cost.LEAST_MODELS,
          plus: tuple[int, int] = (0, 0), factor: Callable[[int], float] = lambda points: 1.0, scale: float = 1.0,
          of: str = "slope", total: bool = False,
          ) -> Callable[[Reading], Iterable[Row]]:  # fmt: skip
    """The line with another logarithm, or of x on y. logs: whether it is taken of the cost, of the tokens; point: what
    has a point of its own, if not a model; counted: `models` are the points; least: how many points a line needs;
    plus: what is added to cost and tokens first; factor: by how much the slope is too large; scale: the cost is so
    many times what it is; of: the `slope`, that of a line `through 0` or `weighted` by tokens, or the `correlation`;
    total: x is the cost of a model, not of a million tokens."""

    def line(reading: Reading) -> Iterable[Row]:
        def key(row: Row) -> Any:
            return (reading.rules.model(row), None if point is None else point(row, reading))

        costs = cost.effective_costs(reading, "key", key)
        rows = [row for row in costs if row["charged_tokens"] > 0 and row["cost_usd"] > 0]
        models = len(rows) if counted else len({row["key"][0] for row in rows})
        if len(rows) < least:
            yield _none(models)
            return
        x, y = np.array([[row["cost_usd_per_mtok"], row["charged_tokens"]] for row in rows], dtype=float).T
        weights = y if of == "weighted" else np.ones(len(y))
        if total:
            x = np.array([row["cost_usd"] for row in rows], dtype=float)
        x, y = scale * x + plus[0], y + plus[1]
        x, y = (np.array(list(map(log, values))) if taken else values
                for values, taken in zip((x, y), logs, strict=True))  # fmt: skip
        if turned:
            x, y = y, x
        if np.ptp(x) < 1e-12:
            yield _none(models)
            return
        x_mean, y_mean = (
            (0.0, 0.0) if of == "through 0" else (np.average(held, weights=weights) for held in (x, y))
        )
        slope = float((weights * (x - x_mean) * (y - y_mean)).sum() / (weights * (x - x_mean) ** 2).sum())
        if of == "correlation":
            slope = float(np.corrcoef(x, y)[0, 1])
        slope *= factor(len(rows))
        intercept = float(y_mean - slope * x_mean)
        spread = float(((y - y.mean()) ** 2).sum())
        fit = 1 - float(((y - intercept - slope * x) ** 2).sum()) / spread if spread else None
        yield {
            "models": models,
            "slope": slope,
            "intercept": intercept,
            "r_squared": fit,
            "optional": False,
        }

    return line


def _none(models: int) -> dict[str, Any]:
    return {"models": models, "slope": None, "intercept": None, "r_squared": None, "optional": True}


def _in_one_sum(change: Change, column: str) -> Change:
    """The change is made in one of the two sums, in money or in tokens; what has a cost is right."""

    def only(oracle: Oracle, question: Question) -> Oracle:
        def answer(log: Reading) -> Iterable[Row]:
            other = {key_of(row, question): row[column] for row in change(oracle, question)(log)}
            for row in oracle(log):
                mixed = dict(row) | {column: other[key_of(row, question)]}
                each = log.rules.over(mixed["cost_usd"], mixed["charged_tokens"])
                yield mixed | {"cost_usd_per_mtok": None if each is None else each * cost.MILLION}

        return answer

    return only


_SUMS = {"cost_usd": "in the money alone", "charged_tokens": "in the tokens alone"}
_POINTS: dict[str, Callable[[Row, Reading], Any]] = {
    "models in a month": lambda row, log: log.month(row),
    "models in a week": lambda row, log: log.week(row),
    "models on a day": lambda row, log: log.rules.day(row),
    "requests": lambda row, log: row["generation_id"],
    "models of a user": lambda row, log: log.rules.user(row),
}


def _unknown_as_null(change: Change) -> Change:
    """What costs nothing in the end, since no price is known, is a missing value."""

    def edit(rows: list[Row], question: Question, log: Reading) -> Iterable[Row]:
        names = columns_of(question, "money")
        gone = dict.fromkeys(names)
        return (row | gone if names and not any(row[name] for name in names) else row for row in rows)

    return lambda oracle, question: by_rows(edit)(change(oracle, question), question)


MUTANTS: tuple[Mutant, ...] = (
    *made("own keys in", ("all of them", _paid(lambda row: True)),
          ("missing ones as false", _paid(lambda row: row["byok"] is not True)),
          ("own keys alone", _paid(lambda row: row["byok"] is True))),
    *made("own keys in", *((f"{which}, {where}", _in_one_sum(_paid(paid), column)) for column, where in _SUMS.items()
                           for which, paid in (("all of them", lambda row: True),
                                               ("known ones", lambda row: row["byok"] is not None))),
          only=COSTS[:2]),
    *made("free variants in", ("all of them", _priced_by(lambda row: True))),
    *made("free variants in", ("their tokens alone", _in_one_sum(  # they cost nothing
        _priced_by(lambda row: True), "charged_tokens")), only=COSTS[:2]),
    *made("missing variants dropped",
          ("variant <> 'free', which loses missing ones",
           _priced_by(lambda row: row["variant"] not in (None, "free"))),
          ("standard variants", _priced_by(lambda row: row["variant"] == "standard")),
          ("with a cost", _priced_by(lambda row: row["cost_total"] > 0))),
    *made("list price", *_prices("own", "the price of the day")),
    *made("latest price", *_prices("latest", "the last price"), *_prices("seen", "the last price that the log saw"),
          *_prices("first", "the first price")),
    *made("rounded before the sum", ("each to the cent", _each(lambda value: round(value, 2))),
          ("each to four decimals", _each(lambda value: round(value, 4))),
          ("each to three decimals", _each(lambda value: round(value, 3))),
          ("each to the dollar", _each(lambda value: round(value))), ("cents cut off", _each(_cents_down))),
    *made("float money", ("single precision", _each(Single))),
    *made("money rounded", *((f"to {digits} decimals", rounded("money", digits)) for digits in (2, 3, 1, 0))),
    *made("axes turned", ("cost on tokens", of_family(_line, turned=True)), only=LINE),
    *made("logarithms left out", ("neither", of_family(_line, logs=(False, False))),
          ("of the cost alone", of_family(_line, logs=(True, False))),
          ("of the tokens alone", of_family(_line, logs=(False, True))), only=LINE),
    *made("natural logarithms", ("log for log10", of_family(_line, log=math.log)), only=LINE),
    *made("one added first", ("to the cost", of_family(_line, plus=(1, 0))), ("to both", of_family(_line, plus=(1, 1))),
          ("to the tokens", of_family(_line, plus=(0, 1))), only=LINE),
    *made("sample and population",
          ("covariance of the population, variance of the sample", of_family(_line, factor=lambda n: (n - 1) / n)),
          ("covariance of the sample, variance of the population", of_family(_line, factor=lambda n: n / (n - 1))),
          only=LINE),
    *made("another line", *((way, of_family(_line, of=way)) for way in ("through 0", "weighted", "correlation")),
          ("of two models, too", of_family(_line, least=2)),
          ("of tokens on the cost of the model", of_family(_line, total=True)), only=LINE),
    *made("another unit", ("USD for a token", of_family(_line, scale=1e-6)),
          ("USD for a thousand tokens", of_family(_line, scale=1e-3)), only=LINE),
    *made("other points", *((f"{what}{', two of them enough' if least == 2 else ''}",
                             of_family(_line, point=point, counted=counted, least=least))
                            for what, point in _POINTS.items() for counted in (False, True) for least in (3, 2)),
          only=LINE),
)  # fmt: skip
