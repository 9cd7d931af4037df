"""The examples that questions ship are judged right, on every world and in every session zone."""

from __future__ import annotations

import ast
import inspect

import duckdb
import pandas as pd
import pytest

from testbed.validation.compare import compare
from testbed.validation.questions import PLACEHOLDER, questions
from testbed.validation.worlds import battery

ZONES = ("UTC", "America/Los_Angeles", "Asia/Kolkata")


def engine(tables: dict) -> duckdb.DuckDBPyConnection:
    """A DuckDB that holds these tables."""
    connection = duckdb.connect(config={"threads": 1})
    for name, table in tables.items():
        connection.register(name, table)
    return connection


def by_sql(text: str, connection: duckdb.DuckDBPyConnection, zone: str) -> pd.DataFrame:
    """The answer of a query in a session of this zone."""
    connection.execute(f"SET TimeZone = '{zone}'")
    return connection.execute(text).df()


def by_python(text: str, name: str, frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The answer of the function that bears the question's name, given the tables that it names."""
    names: dict = {}
    exec(compile(text, name, "exec"), names)
    function = names[name]
    return function(**{argument: frames[argument] for argument in inspect.signature(function).parameters})


@pytest.mark.parametrize("world", battery())
def test_examples_are_right(world):
    made = battery()[world]
    tables = made.tables.named
    frames = {name: table.to_pandas() for name, table in tables.items()}
    connection = engine(tables)
    wrong = {}
    for number, (name, question) in enumerate(questions().items()):
        right = question.answer(made.tables, **made.arguments(question))
        # each in one zone here: every question meets all of them in three worlds
        zone = ZONES[(number + list(battery()).index(world)) % len(ZONES)]
        for language, given in (
            ("sql", by_sql(question.example("sql", made.model), connection, zone)),
            ("python", by_python(question.example("python", made.model), name, frames)),
        ):
            found = compare(question, right, given)
            if found.verdict != "exact":
                wrong[name, language, zone] = (found.why, found.differences)
    connection.close()
    assert wrong == {}


@pytest.mark.parametrize("name", questions())
def test_examples_say_which_question_and_model_they_are_about(name):
    question = questions()[name]
    sql, python = question.example("sql"), question.example("python")
    head = sql.splitlines()[:2]
    said = (ast.get_docstring(ast.parse(python)) or "").splitlines()
    assert head[0] == f"-- question: {name}" and said[0] == f"question: {name}"
    for lines, mark in ((head, "-- model: "), (said, "model: ")):
        assert (f"{mark}{PLACEHOLDER}" in lines) == question.takes_model
    assert (PLACEHOLDER in sql) == (PLACEHOLDER in python) == question.takes_model
    assert PLACEHOLDER not in question.example("sql", "a/b") and (
        not question.takes_model or "a/b" in question.example("sql", "a/b")
    )
