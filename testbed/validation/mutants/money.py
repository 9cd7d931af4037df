"""Money: which requests are charged, at which price, and how it is added up."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from testbed.validation.mutants.form import Change, Mutant, by_requests, by_rules, instead, made
from testbed.validation.questions import cost
from testbed.validation.questions.reading import Reading
from testbed.validation.questions.rules import utc_day
from testbed.validation.tables import Row, Tables

COSTS = ("effective_cost", "effective_cost_by_author", "elasticity")
LINE = ("elasticity",)


def _charged(charged: Callable[[Row], bool]) -> Change:
    return by_rules(lambda rules: replace(rules, charged=charged))


def _at(which: str) -> Callable[[list[Row], Row, Tables], Row | None]:
    """The price of a path: on the day of a request, the last of all, the first, or the last one that the log sees."""

    def chosen(path: list[Row], row: Row, tables: Tables) -> Row | None:
        if which == "first":
            return path[0]
        if which == "latest":
            return path[-1]
        day = utc_day(row) if which == "own" else max(map(utc_day, tables.requests))
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

        def listed(row: Row) -> float:
            path = paths.get(row["model"])
            price = price_of(path, row, tables) if path else None
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


def _line(points: Callable[[list[Row]], list[tuple[float, float]]], turned: bool = False) -> Change:
    """The line through other points, or of x on y."""

    def line(log: Reading) -> Iterable[Row]:
        rows = [row for row in cost.by_model(log) if row["charged_tokens"] > 0 and row["cost_usd"] > 0]
        held = points(rows)
        if len(held) < cost.LEAST_MODELS:
            yield _none(len(held))
            return
        x, y = np.array(held, dtype=float).T
        if turned:
            x, y = y, x
        if np.ptp(x) < 1e-12:
            yield _none(len(held))
            return
        slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
        intercept = float(y.mean() - slope * x.mean())
        spread = float(((y - y.mean()) ** 2).sum())
        fit = 1 - float(((y - intercept - slope * x) ** 2).sum()) / spread if spread else None
        yield {
            "models": len(held),
            "slope": slope,
            "intercept": intercept,
            "r_squared": fit,
            "optional": False,
        }

    return instead(line)


def _none(models: int) -> dict[str, Any]:
    return {"models": models, "slope": None, "intercept": None, "r_squared": None, "optional": True}


def _logs(log: Callable[[float], float], of_x: bool = True, of_y: bool = True, requests: bool = False) -> Any:
    def points(rows: list[Row]) -> list[tuple[float, float]]:
        return [
            (log(row["cost_usd_per_mtok"]) if of_x else row["cost_usd_per_mtok"],
             log(row["charged_tokens"]) if of_y else row["charged_tokens"])
            for row in rows
        ]  # fmt: skip

    return points


MUTANTS: tuple[Mutant, ...] = (
    *made("own keys in", ("all but free variants", _charged(lambda row: row["variant"] != "free")),
          ("variant <> 'free', which loses missing ones", _charged(lambda row: row["variant"] not in (None, "free"))),
          ("missing ones as false", _charged(lambda row: row["byok"] is not True and row["variant"] != "free")),
          ("own keys alone", _charged(lambda row: row["byok"] is True and row["variant"] != "free"))),
    *made("free variants in", ("all but own keys", _charged(lambda row: row["byok"] is False))),
    *made("free variants in", ("all requests", _charged(lambda row: True)),
          ("all but known own keys", _charged(lambda row: row["byok"] is not True)), only=COSTS),
    *made("missing variants dropped",
          ("variant <> 'free', which loses missing ones",
           _charged(lambda row: row["byok"] is False and row["variant"] not in (None, "free"))),
          ("standard variants", _charged(lambda row: row["byok"] is False and row["variant"] == "standard")),
          ("with a cost", _charged(lambda row: row["byok"] is False and row["cost_total"] > 0))),
    *made("list price", *_prices("own", "the price of the day")),
    *made("latest price", *_prices("latest", "the last price"), *_prices("seen", "the last price that the log saw"),
          *_prices("first", "the first price")),
    *made("rounded before the sum", ("each to the cent", _each(lambda value: round(value, 2))),
          ("each to four decimals", _each(lambda value: round(value, 4))),
          ("each to three decimals", _each(lambda value: round(value, 3))),
          ("each to the dollar", _each(lambda value: round(value))), ("cents cut off", _each(_cents_down))),
    *made("float money", ("single precision", _each(Single))),
    *made("axes turned", ("cost on tokens", _line(_logs(math.log10), turned=True)), only=LINE),
    *made("logarithms left out", ("neither", _line(_logs(math.log10, False, False))),
          ("of the cost alone", _line(_logs(math.log10, True, False))),
          ("of the tokens alone", _line(_logs(math.log10, False, True))), only=LINE),
    *made("natural logarithms", ("log for log10", _line(_logs(math.log))), only=LINE),
)  # fmt: skip
