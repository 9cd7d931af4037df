"""The smallest log on which a query errs: users left out, then rows, then values made simple, while it still errs.

The search is delta debugging (Zeller and Hildebrandt 2002, ddmin). A query is asked again for each trial, so trials are
counted; where the budget ends early, what was reached is shown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, TypeVar

import pandas as pd

from testbed.validation.asking import Ask
from testbed.validation.compare import Comparison, judge
from testbed.validation.matching import Answer, WrongShape, known_answer, read_answer
from testbed.validation.questions.form import Question
from testbed.validation.questions.rules import user_or_account
from testbed.validation.recognition import Case
from testbed.validation.tables import Row, Tables, of_rows

CALLS, SECONDS = 400, 8.0
"""How often a query is asked at most, and for how long."""
T = TypeVar("T")
Condition = Callable[[Case, Answer], bool]
"""What else must hold of a smaller log and the answer to it: that the mistake is the one that was recognised."""


class Spent(Exception):
    """The budget is spent."""


class Budget:
    """How often, and for how many seconds, something may be tried."""

    def __init__(self, calls: int, seconds: float) -> None:
        self.calls, self.tried, self._deadline = calls, 0, monotonic() + seconds

    def spend(self) -> None:
        """One more trial. Raises Spent if there is none left."""
        if self.tried >= self.calls or monotonic() > self._deadline:
            raise Spent
        self.tried += 1


def smallest(items: Sequence[T], holds: Callable[[list[T]], bool]) -> list[T]:
    """A part of `items` of which `holds` is true and which is 1-minimal: without any one of them it is false. Of the
    items themselves it must be true. Whatever `holds` raises goes through."""
    held, parts = list(items), 2
    while len(held) > 1:
        size = -(-len(held) // parts)
        chunks = [held[i : i + size] for i in range(0, len(held), size)]
        for number, chunk in enumerate(chunks):
            rest = [item for other, part in enumerate(chunks) if other != number for item in part]
            if len(chunks) > 2 and holds(chunk):
                held, parts = chunk, 2
                break
            if holds(rest):
                held, parts = rest, max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(2 * parts, len(held))
    return [] if len(held) == 1 and holds([]) else held


@dataclass(frozen=True, eq=False)
class Counterexample:
    """A log on which a query errs, with the right answer and the given one to just this log. world: where it was found.
    keys: the columns that name a row of the answers. minimal: no request can be left out; else the budget ended before
    that was known."""

    world: str
    zone: str
    tables: Tables
    found: Comparison
    right: Answer
    keys: tuple[str, ...]
    calls: int
    minimal: bool


@dataclass(frozen=True, eq=False)
class _Parts:
    """A log as lists of rows."""

    requests: list[Row]
    labels: list[Row]
    models: list[Row]

    def tables(self) -> Tables:
        made = (
            of_rows("generations", self.requests),
            of_rows("labels", self.labels),
            of_rows("models", self.models),
        )
        return Tables(*made)

    def of(self, requests: list[Row]) -> _Parts:
        """The part of the log with these requests: without labels of others."""
        ids = {row["generation_id"] for row in requests}
        return replace(
            self, requests=requests, labels=[row for row in self.labels if row["generation_id"] in ids]
        )


class _Search:
    """The search for a smaller log; `best` is the smallest so far on which the query errs."""

    def __init__(
        self, question: Question, ask: Ask, case: Case, condition: Condition | None, budget: Budget
    ) -> None:
        self.question, self.ask, self.case, self.budget = question, ask, case, budget
        self.condition = condition
        tables = case.tables
        self.best = _Parts(list(tables.requests), list(tables.label_rows), list(tables.model_rows))
        self.found: tuple[Comparison, Answer] | None = None

    def errs(self, parts: _Parts) -> bool:
        """Whether the query errs on this log; if so, it is the smallest so far."""
        self.budget.spend()
        return self.judged(parts.tables(), parts)

    def judged(self, tables: Tables, parts: _Parts) -> bool:
        """The same for tables as they are."""
        case = replace(self.case, tables=tables)
        given = self.ask(tables, case.zone)
        if not isinstance(given, pd.DataFrame):
            return False
        right = known_answer(self.question, tables, **case.arguments)
        try:
            answer = read_answer(self.question, given)
        except WrongShape as error:
            if self.found is not None and self.found[0].answer is not None:
                return False  # that would be another mistake
            self.best, self.found = parts, (Comparison("wrong", str(error)), right)
            return True
        found = judge(self.question, right, answer)
        if self.found is not None and self.found[0].answer is None:
            return False
        if found.right or (self.condition is not None and not self.condition(case, answer)):
            return False
        self.best, self.found = parts, (found, right)
        return True

    def shrink(self) -> bool:
        """Make the log smaller in every way. True if no request can be left out any more."""
        try:
            self._users()
            self._requests()
            self._others()
            self._values()
            self._requests()
        except Spent:
            return False
        return True

    def _users(self) -> None:
        by_user: dict[Any, list[Row]] = {}
        for row in self.best.requests:
            by_user.setdefault(user_or_account(row) or row["generation_id"], []).append(row)
        whole = self.best
        smallest(list(by_user), lambda users: self.errs(whole.of(_in_order(by_user, users))))

    def _requests(self) -> None:
        whole = self.best
        smallest(whole.requests, lambda rows: self.errs(whole.of(rows)))

    def _others(self) -> None:
        """Labels and models that do not matter are left out."""
        whole = self.best
        smallest(whole.labels, lambda rows: self.errs(replace(whole, labels=rows)))
        whole = self.best
        used = {row["model"] for row in whole.requests} | {self.case.arguments.get("model")}
        known = [row for row in whole.models if row["model"] in used]
        if len(known) == len(whole.models) or self.errs(replace(whole, models=known)):
            whole = self.best
        smallest(whole.models, lambda rows: self.errs(replace(whole, models=rows)))

    def _values(self) -> None:
        """Each column is made simple in all rows at once, else row by row."""
        for column in ("created_at", *USUAL):
            rows = self.best.requests
            wanted = [
                row | {column: USUAL[column] if column in USUAL else _noon(row[column])} for row in rows
            ]
            changed = [i for i, row in enumerate(rows) if row[column] != wanted[i][column]]
            if not changed or self.errs(replace(self.best, requests=wanted)) or len(changed) == 1:
                continue
            for i in changed:
                held = self.best.requests
                self.errs(replace(self.best, requests=[*held[:i], wanted[i], *held[i + 1 :]]))


def _in_order(by_user: dict[Any, list[Row]], users: Sequence[Any]) -> list[Row]:
    rows = [row for user in users for row in by_user[user]]
    return sorted(rows, key=lambda row: (row["created_at"], row["generation_id"]))


def _noon(moment: dt.datetime) -> dt.datetime:
    return moment.replace(hour=12, minute=0, second=0, microsecond=0)


USUAL: dict[str, Any] = {
    "tokens_reasoning": 0, "tokens_cached": 0, "tokens_completion": 10, "tokens_prompt": 100, "cost_total": 1.0,
    "byok": False, "variant": "standard", "finish_reason": "stop", "tool_called": False, "cancelled": False,
    "country": "US", "continent": "North America", "session_id": None, "app_name": None, "provider_name": None,
    "language": None, "streamed": None, "tools_offered": None, "time_to_first_token_ms": None,
    "generation_time_ms": None, "model_permaslug": None, "account_id": "account",
}  # fmt: skip
"""The simplest value of each column, tried in this order."""


def counterexample(
    question: Question, ask: Ask, case: Case, condition: Condition | None = None, *, calls: int = CALLS,
    seconds: float = SECONDS,
) -> Counterexample | None:  # fmt: skip
    """The smallest log on which a query errs, from one on which it does. condition: what must hold of it beside.
    None if it does not err there, or not any more."""
    search = _Search(question, ask, case, condition, Budget(calls, seconds))
    if not search.judged(case.tables, search.best):
        return None
    minimal = search.shrink()
    assert search.found is not None
    found, right = search.found
    keys = tuple(column.name for column in question.keys)
    tables = search.best.tables()
    return Counterexample(case.name, case.zone, tables, found, right, keys, search.budget.tried, minimal)
