"""A question's own examples on every world: `python -m testbed.validation.examples [FILE or NAME ...]`.

They are trusted and run as they are, in this process. A user's code is not, and runs in the sandbox.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import duckdb
import pandas as pd
import pyarrow as pa

from testbed.validation.battery import ZONES
from testbed.validation.compare import Comparison, compare
from testbed.validation.questions import NoQuestion, Question, load, questions
from testbed.validation.worlds import World, battery


class Judged(NamedTuple):
    """How an example did on a world; zone: of the session, empty for Python."""

    language: Literal["sql", "python"]
    world: str
    zone: str
    found: Comparison


def judged(question: Question, world: World, zones: Sequence[str] = ZONES) -> Iterator[Judged]:
    """The examples of a question on one world, the query in each of the zones."""
    tables = world.tables.named
    right = question.answer(world.tables, **world.arguments(question))
    if question.sql:
        text = question.example("sql", world.model)
        for zone in zones:
            yield Judged("sql", world.name, zone, compare(question, right, by_sql(text, tables, zone)))
    if question.python:
        given = by_python(question.example("python", world.model), question.name, tables)
        yield Judged("python", world.name, "", compare(question, right, given))


def by_sql(text: str, tables: Mapping[str, pa.Table], zone: str) -> pd.DataFrame:
    """The answer of a query in DuckDB, in a session of this zone."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"SET TimeZone = '{zone}'")
        for name, table in tables.items():
            connection.register(name, table)
        return connection.execute(text).df()


def by_python(text: str, name: str, tables: Mapping[str, pa.Table]) -> pd.DataFrame:
    """The answer of the function of this name, given the tables that its parameters name, as pandas frames."""
    held: dict[str, Any] = {}
    exec(compile(text, f"example of {name}", "exec"), held)
    function: Callable[..., pd.DataFrame] = held[name]
    return function(**{table: tables[table].to_pandas() for table in inspect.signature(function).parameters})


def main(argv: list[str]) -> int:
    """Judge the examples of the questions of these files or names (all, without any); status 1 if one is wrong."""
    wrong = count = 0
    for name in argv or list(questions()):
        try:
            question = questions()[name] if name in questions() else load(name)
        except NoQuestion as error:
            print(error, file=sys.stderr)
            return 2
        for world in battery().values():
            for one in judged(question, world):
                count += 1
                if not one.found.right:
                    wrong += 1
                    where = f"{one.world}, {one.zone}" if one.zone else one.world
                    print(f"{question.name}, {one.language}, {where}: {one.found.why}")
                    for row in one.found.differences[:1]:
                        print(f"  {row.what}: {row.keys}: right {row.right}, given {row.given}")
    print(f"{count - wrong} of {count} right")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
