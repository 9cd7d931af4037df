"""The rules by which all questions read a row, each one a plain function.

A known-wrong variant of a question is its oracle under rules of which one is another: `replace(RULES, week=...)`.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from testbed.validation.tables import Row, Tables, paths

T = TypeVar("T")
CONFIDENCE = 0.5
OTHER = "other"


def every_request(tables: Tables) -> list[Row]:
    """The requests that count: all, free, failed and own-key ones too."""
    return tables.requests


def utc_day(row: Row) -> dt.date:
    """The UTC day of a request."""
    moment: dt.datetime = row["created_at"]
    return moment.astimezone(dt.UTC).date()


def monday(day: dt.date) -> dt.date:
    """The Monday of a day's week."""
    return day - dt.timedelta(days=day.weekday())


def first_of_month(day: dt.date) -> dt.date:
    """The first day of a day's month."""
    return day.replace(day=1)


def months_between(first: dt.date, second: dt.date) -> int:
    """Calendar months from one month to another."""
    return 12 * (second.year - first.year) + second.month - first.month


def end_of_complete_months(last_day: dt.date) -> dt.date:
    """The day after the last complete month of a log that ends on this day: of the month of the last request only if
    that day is the month's last."""
    return (last_day + dt.timedelta(days=1)).replace(day=1)


def user_or_account(row: Row) -> str | None:
    """Who sent a request: the user, and the account where the user is missing or empty; None where both are."""
    return row["user_id"] or row["account_id"] or None


def listed_model(row: Row) -> str:
    """The listed id of the model, without a date."""
    model: str = row["model"]
    return model


def prompt_and_completion(row: Row) -> int:
    """All tokens of a request; reasoning lies inside the completion, cached tokens inside the prompt."""
    tokens: int = row["tokens_prompt"] + row["tokens_completion"]
    return tokens


def charged_cost(row: Row) -> float:
    """What the account was charged, in USD."""
    cost: float = row["cost_total"]
    return cost


def paid_with_the_gateway(row: Row) -> bool:
    """Whether a request is known not to be paid with the customer's own key."""
    return row["byok"] is False


def not_free(row: Row) -> bool:
    """Whether a request is of no free variant."""
    return bool(row["variant"] != "free")


def listed_above(path: str) -> list[str]:
    """The listed paths that a content path equals or lies under."""
    return [listed for listed in paths() if path == listed or path.startswith(listed + "/")]


@cache
def longest_listed_path(path: str) -> str:
    """The category of a content path: that of the longest listed path that it equals or lies under, else `other`."""
    under = listed_above(path)
    return paths()[max(under, key=len)] if under else OTHER


def confident(label: Row) -> bool:
    """Whether a label counts: with a confidence of 0.5 or more."""
    return bool(label["confidence"] >= CONFIDENCE)


def once_each(categories: Iterable[str]) -> Counter[str]:
    """How often a request counts for each of the categories that its labels have: once."""
    return Counter(set(categories))


def as_it_is(day: dt.date) -> Any:
    """What days are ordered by."""
    return day


def its_own(log: Any, own: Callable[[Any], T]) -> T:
    """What a question itself makes of a `Reading`: the cells of its triangle, or the cohorts of the model, with the
    months in which each user of them was active."""
    return own(log)


def day_of_last_request(log: Any) -> dt.date | None:
    """The day of the last request of a `Reading`, to any model; None for a log without any."""
    return max((log.rules.day(row) for row in log.requests), default=None)


def as_listed(facts: Row | None, row: Row) -> Row | None:
    """What the models table says of the model of a request; None where it has no entry."""
    return facts


def quotient(part: float, whole: float) -> float | None:
    """A part over its whole; None where the whole is 0."""
    return part / whole if whole else None


@dataclass(frozen=True)
class Rules:
    """How a log is read. zone: that of the session in which a query runs; no right rule looks at it. counted,
    counted_costs: which of some requests' tokens, and of their costs, are added up: each."""

    zone: str = "UTC"
    requests: Callable[[Tables], list[Row]] = every_request
    day: Callable[[Row], dt.date] = utc_day
    week: Callable[[dt.date], dt.date] = monday
    month: Callable[[dt.date], dt.date] = first_of_month
    months: Callable[[dt.date, dt.date], int] = months_between
    end: Callable[[dt.date], dt.date] = end_of_complete_months
    user: Callable[[Row], str | None] = user_or_account
    model: Callable[[Row], str] = listed_model
    tokens: Callable[[Row], int] = prompt_and_completion
    cost: Callable[[Row], float] = charged_cost
    paid: Callable[[Row], bool] = paid_with_the_gateway
    priced: Callable[[Row], bool] = not_free
    category: Callable[[str], str] = longest_listed_path
    confident: Callable[[Row], bool] = confident
    labels: Callable[[Iterable[Row]], list[Row]] = list
    carried: Callable[[Iterable[str]], Counter[str]] = once_each
    order: Callable[[dt.date], Any] = as_it_is
    last_day: Callable[[Any], dt.date | None] = day_of_last_request
    facts: Callable[[Row | None, Row], Row | None] = as_listed
    cohorts: Callable[[Any, Callable[[Any], Any]], Any] = its_own
    triangle: Callable[[Any, Callable[[Any], Iterable[Row]]], Iterable[Row]] = its_own
    over: Callable[[float, float], float | None] = quotient
    counted: Callable[[Iterable[float]], Collection[float]] = list
    counted_costs: Callable[[Iterable[float]], Collection[float]] = list

    def charged(self, row: Row) -> bool:
        """Whether a request counts for effective cost."""
        return self.paid(row) and self.priced(row)


RULES = Rules()
"""The right ones."""
