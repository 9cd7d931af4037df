"""A log as an oracle reads it: rows under rules, with what several questions need of them. Plain Python, no engine."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from testbed.validation.questions.rules import Rules
from testbed.validation.tables import Row, Tables

K = TypeVar("K")


@dataclass(frozen=True)
class Labelled:
    """A labelled request: its row, and how often it counts for each category of the labels that count."""

    row: Row
    categories: Counter[str]

    def rows_of(self, category: str) -> list[Row]:
        """Its row as often as it counts for a category: once, or not at all."""
        return [self.row] * self.categories[category]


@dataclass(frozen=True, eq=False)
class Reading:
    """Tables, the rules under which they are read, and the arguments of the question."""

    tables: Tables
    rules: Rules
    arguments: Mapping[str, Any]

    @cached_property
    def requests(self) -> list[Row]:
        """The requests that count."""
        return self.rules.requests(self.tables)

    def week(self, row: Row) -> dt.date:
        """The Monday of a request's week."""
        return self.rules.week(self.rules.day(row))

    def month(self, row: Row) -> dt.date:
        """The first day of a request's month."""
        return self.rules.month(self.rules.day(row))

    @cached_property
    def weeks(self) -> dict[dt.date, list[Row]]:
        """The requests by week, in the order of the weeks."""
        return dict(sorted(groups(self.requests, self.week).items()))

    def author(self, row: Row) -> str:
        """The author of a request's model: what stands before the slash."""
        return self.rules.model(row).split("/")[0]

    def tokens(self, rows: Iterable[Row]) -> float:
        """The tokens of requests."""
        return self.total(map(self.rules.tokens, rows))

    def total(self, tokens: Iterable[int]) -> float:
        """The sum of numbers of tokens, one of each request."""
        return sum(self.rules.counted(tokens))

    def mean(self, tokens: Iterable[int]) -> float | None:
        """Their mean; None without any."""
        held = self.rules.counted(tokens)
        return self.rules.over(sum(held), len(held))

    def cost(self, rows: Iterable[Row]) -> float:
        """What requests cost, in USD."""
        return sum(self.rules.counted_costs(map(self.rules.cost, rows)))

    def users(self, rows: Iterable[Row]) -> set[str]:
        """Who sent requests."""
        return {user for row in rows if (user := self.rules.user(row)) is not None}

    def by_user(self, rows: Iterable[Row]) -> dict[str, list[Row]]:
        """Requests by who sent them, without those of which nobody knows."""
        found = groups(rows, self.rules.user)
        return {user: held for user, held in found.items() if user is not None}

    def facts(self, row: Row) -> Row | None:
        """The row of the models table about a request's model; None where it has none."""
        return self.rules.facts(self._facts.get(self.rules.model(row)), row)

    @cached_property
    def _facts(self) -> dict[str, Row]:
        return {row["model"]: row for row in self.tables.model_rows}

    @cached_property
    def last_day(self) -> dt.date | None:
        """The day of the log's last request; None for a log without any."""
        return self.rules.last_day(self)

    @cached_property
    def end(self) -> dt.date | None:
        """The day after the log's last complete month: what comes later is not looked at by month."""
        return None if self.last_day is None else self.rules.end(self.last_day)

    def months_to_end(self, month: dt.date) -> int:
        """Complete months from a month on, that month included."""
        return 0 if self.end is None else self.rules.months(month, self.end)

    @cached_property
    def of_model(self) -> list[Row]:
        """The requests to the model that the question is about."""
        return [row for row in self.requests if self.rules.model(row) == self.arguments["model"]]

    def is_in_complete_month(self, row: Row) -> bool:
        """Whether a request is of a month that the log shows to its end."""
        return self.end is not None and self.rules.day(row) < self.end

    @cached_property
    def labelled(self) -> list[Labelled]:
        """The labelled requests, each with its categories. Labels of requests that the log lacks are left
        out."""
        held: dict[str, list[str]] = defaultdict(list)
        for label in self.rules.labels(filter(self.rules.confident, self.tables.label_rows)):
            held[label["generation_id"]].append(self.rules.category(label["path"]))
        return [
            Labelled(row, self.rules.carried(held[row["generation_id"]]))
            for row in self.requests
            if row["generation_id"] in held
        ]


def groups(rows: Iterable[Row], key: Callable[[Row], K]) -> dict[K, list[Row]]:
    """Rows by what `key` says of them."""
    found: dict[K, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return dict(found)
