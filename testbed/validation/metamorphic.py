"""What must hold between a query's answers to a log and to the same log changed: no oracle is needed for that
(metamorphic testing, Chen and others 1998).

Which relations a question keeps follows from its columns, unless it says so itself.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import pandas as pd
import pyarrow as pa

from testbed.validation.asking import Ask, Failure
from testbed.validation.compare import Comparison, judge
from testbed.validation.matching import Answer, Cell, WrongShape, read_answer
from testbed.validation.questions.form import Question
from testbed.validation.recognition import Case
from testbed.validation.tables import Row, Tables, of_rows

SHIFT = dt.timedelta(weeks=4)
OTHER_MODEL = "another/model"
AGAIN = " again"
IDS = ("user_id", "account_id", "session_id", "generation_id")


def _same(question: Question, answer: Answer) -> Answer:
    return answer


def _always(question: Question) -> bool:
    return True


@dataclass(frozen=True)
class Relation:
    """A change of a log, and what it must do to an answer.

    says: in words. change: the changed log. of_before, of_after: what of the answers to the log and to the changed one
    must be equal. holds: whether a question keeps it, by its columns.
    """

    name: str
    says: str
    change: Callable[[Tables], Tables]
    of_before: Callable[[Question, Answer], Answer] = _same
    of_after: Callable[[Question, Answer], Answer] = _same
    holds: Callable[[Question], bool] = _always


@dataclass(frozen=True)
class Broken:
    """A relation that answers to a case do not keep: how the answer to the changed log compares with what it must
    be."""

    relation: Relation
    case: str
    found: Comparison


def shuffled(tables: Tables) -> Tables:
    """The rows of each table in another order."""
    order = random.Random(5)

    def mixed(table: pa.Table) -> pa.Table:
        return table.take(pa.array(order.sample(range(table.num_rows), table.num_rows), pa.int64()))

    return Tables(mixed(tables.generations), mixed(tables.labels), mixed(tables.models))


def split(tables: Tables) -> Tables:
    """Each table in parts, as a reader of several files has it."""

    def parts(table: pa.Table) -> pa.Table:
        cut = table.num_rows // 3
        return pa.concat_tables([table.slice(0, cut), table.slice(cut, 1), table.slice(cut + 1)])

    return Tables(parts(tables.generations), parts(tables.labels), parts(tables.models))


def renamed(tables: Tables) -> Tables:
    """Other names, and another order of names, for users, accounts, sessions and requests."""

    def name(value: str | None) -> str | None:
        return f"{crc32(value.encode()):08x} {value[::-1]}" if value else value

    requests = [row | {column: name(row[column]) for column in IDS} for row in tables.requests]
    labels = [row | {"generation_id": name(row["generation_id"])} for row in tables.label_rows]
    return tables.with_rows(requests, labels)


def with_another_model(tables: Tables) -> Tables:
    """A third of the requests again, as requests to a model that was not there."""
    every = [
        row | {"generation_id": row["generation_id"] + AGAIN, "model": OTHER_MODEL} for row in tables.requests
    ]
    return tables.with_rows([*tables.requests, *every[::3]], tables.label_rows)


def weeks_later(tables: Tables) -> Tables:
    """Everything four weeks later."""

    def later(value: Any) -> Any:
        return None if value is None else value + SHIFT

    requests = [row | {"created_at": later(row["created_at"])} for row in tables.requests]
    models = [
        row | {name: later(row[name]) for name in ("released", "retired")}
        | {"prices": [step | {"from": later(step["from"])} for step in row["prices"] or ()],
           "free_windows": [{name: later(day) for name, day in one.items()} for one in row["free_windows"] or ()]}
        for row in tables.model_rows
    ]  # fmt: skip
    return Tables(of_rows("generations", requests), tables.labels, of_rows("models", models))


def _days_later(question: Question, answer: Answer) -> Answer:
    days = [column.of == "date" for column in question.keys]

    def later(key: tuple[Cell, ...]) -> tuple[Cell, ...]:
        return tuple(
            cell + SHIFT if is_day and isinstance(cell, dt.datetime) else cell
            for cell, is_day in zip(key, days, strict=True)
        )

    return replace(
        answer,
        values={later(key): values for key, values in answer.values.items()},
        doubled={later(key): rows for key, rows in answer.doubled.items()},
        optional=frozenset(map(later, answer.optional)),
    )


def doubled(tables: Tables) -> Tables:
    """Each user once more, under another name, with all that it did."""

    def again(row: Row) -> Row:
        return row | {column: row[column] + AGAIN for column in IDS if row[column]}

    requests = [*tables.requests, *map(again, tables.requests)]
    labels = [row | {"generation_id": row["generation_id"] + AGAIN} for row in tables.label_rows]
    return tables.with_rows(requests, [*tables.label_rows, *labels])


def _times(factor: float) -> Callable[[Question, Answer], Answer]:
    """Sums times a factor. What is compared is smaller than what was given, so that sums may be rounded."""

    def scaled(question: Question, answer: Answer) -> Answer:
        sums = {column.name for column in question.values if column.extensive}
        values = {
            key: {name: factor * cell if name in sums and isinstance(cell, float) else cell
                  for name, cell in cells.items()}
            for key, cells in answer.values.items()
        }  # fmt: skip
        return replace(answer, values=values)

    return scaled


def _by_weeks(question: Question) -> bool:
    """Whether an answer goes with weeks, or with no days at all."""
    days = [column for column in question.keys if column.holds == "date"]
    return all(column.every == "week" for column in days) if days else not question.takes_model


RELATIONS: dict[str, Relation] = {
    relation.name: relation
    for relation in (
        Relation("shuffled rows", "the order of rows does not matter", shuffled),
        Relation("split files", "it does not matter in how many files the log lies", split),
        Relation("renamed ids", "the names of users, accounts, sessions and requests do not matter", renamed),
        Relation("another model's rows", "requests to another model do not matter", with_another_model,
                 holds=lambda question: question.takes_model),
        Relation("whole-week shift", "what is four weeks later is the same, four weeks later", weeks_later,
                 of_before=_days_later, holds=_by_weeks),
        Relation("doubled users", "with every user twice, sums double and shares stay", doubled,
                 of_before=_times(0.5), of_after=_times(0.25)),
    )
}  # fmt: skip
"""By name."""


def relations_of(question: Question) -> tuple[Relation, ...]:
    """The relations that a question keeps. KeyError for a name that is not known."""
    if question.relations is not None:
        return tuple(RELATIONS[name] for name in question.relations)
    return tuple(relation for relation in RELATIONS.values() if relation.holds(question))


def broken(question: Question, ask: Ask, case: Case) -> Iterator[Broken | Failure]:
    """The relations that answers to this log do not keep; a Failure if the log itself has no answer."""
    before = _answer(question, ask, case)
    if not isinstance(before, Answer):
        yield Failure(before.why)
        return
    for relation in relations_of(question):
        after = _answer(question, ask, replace(case, tables=relation.change(case.tables)))
        if isinstance(after, Comparison):
            yield Broken(relation, case.name, after)
            continue
        found = judge(question, relation.of_before(question, before), relation.of_after(question, after))
        if not found.right:
            yield Broken(relation, case.name, found)


def _answer(question: Question, ask: Ask, case: Case) -> Answer | Comparison:
    given = ask(case.tables, case.zone)
    if not isinstance(given, pd.DataFrame):
        return Comparison("could not run", given.reason)
    try:
        return read_answer(question, given)
    except WrongShape as error:
        return Comparison("wrong", str(error))
