"""The form of a question: what is asked, the exact definition, the columns, the oracle, right examples, the traps.

A team's own question is one file that makes one `Question` and names it QUESTION (`testbed.validation.questions.load`).
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from testbed.validation.questions.known_traps import Trap
from testbed.validation.questions.reading import Reading
from testbed.validation.questions.rules import RULES, Rules
from testbed.validation.tables import Tables

Kind = Literal["key", "count", "share", "money", "mean", "flag"]
"""What a column holds. key: names the row; count: a whole number; share: 0 to 1; money: USD; mean: any other number;
flag: true or false."""
Holds = Literal["text", "date", "number", "flag"]

OPTIONAL = "optional"
"""The column of an answer that says which of its rows may be left out."""
PLACEHOLDER = "author/slug"
"""Stands for the model in the text of examples."""


def python(name: str, body: str, model: bool = True) -> str:
    """A Python example: its head, then its body. model: whether the question is about one model."""
    about = f"model: {PLACEHOLDER}\n" if model else ""
    return f'"""question: {name}\n{about}"""\n{body}'


@dataclass(frozen=True)
class Column:
    """A column of the answer. A key says what it `holds`; of the other kinds that follows.

    required: an answer must have it; else it is only compared where the answer has a column of this name. missing_as:
    for a key, the value that a missing one stands for. adds: whether it is twice as much in a log with everything
    twice; if not said, counts are. every: for days, what each of them begins.
    """

    name: str
    kind: Kind
    meaning: str
    of: Holds | None = None
    required: bool = True
    missing_as: str | None = None
    adds: bool | None = None
    every: Literal["week", "month"] | None = None

    @property
    def extensive(self) -> bool:
        """Whether it grows with the log, as sums do and shares do not."""
        return self.kind == "count" if self.adds is None else self.adds

    @property
    def holds(self) -> Holds:
        """The kind of its values."""
        return self.of or ("flag" if self.kind == "flag" else "number")


Answers = Iterable[Mapping[str, Any]]
Oracle = Callable[[Reading], Answers]


@dataclass(frozen=True)
class Question:
    """A question to a log whose right answer an oracle knows.

    oracle: plain Python over rows, independent of any engine: from a `Reading` of the tables to the rows of the answer.
    A row with `optional: True` may be left out of an answer, such as that of a week without use; an answer that has it
    must have it right. optional_rows: which these are, in words. arguments: what a question takes beside the tables,
    with defaults; `model` is a model of the log. relations: what must hold between answers to a log and to the same
    log changed, by the names of `testbed.validation.metamorphic`; if not said, those that follow from the columns. A
    question without an oracle is judged by these alone. sql, python: right examples; `author/slug` in them stands for
    the model.
    """

    name: str
    topic: str
    asks: str
    definition: str
    columns: tuple[Column, ...]
    oracle: Oracle | None
    sql: str
    python: str
    traps: tuple[Trap, ...] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)
    optional_rows: str = ""
    relations: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError(f"question '{self.name}' names a column twice: {', '.join(names)}")
        if OPTIONAL in names:
            raise ValueError(
                f"question '{self.name}': the name '{OPTIONAL}' is taken, for rows that may be left out"
            )

    @property
    def keys(self) -> tuple[Column, ...]:
        """The columns that name a row; none where the answer is one row."""
        return tuple(column for column in self.columns if column.kind == "key")

    @property
    def values(self) -> tuple[Column, ...]:
        """The other columns."""
        return tuple(column for column in self.columns if column.kind != "key")

    @property
    def required(self) -> tuple[Column, ...]:
        """The columns that an answer must have."""
        return tuple(column for column in self.columns if column.required)

    @property
    def takes_model(self) -> bool:
        """Whether it is asked of one model."""
        return "model" in self.arguments

    def answer(self, tables: Tables, *, rules: Rules = RULES, **arguments: Any) -> pd.DataFrame:
        """The right answer on these tables: one row a combination of keys, in the order of the keys, with a column
        `optional` beside those of the question. rules: others than the right ones give a known-wrong answer. Raises
        TypeError for an argument that the question does not take, ValueError if it has no oracle."""
        return self.framed(self.rows(tables, rules=rules, **arguments))

    def rows(
        self, tables: Tables, *, rules: Rules = RULES, oracle: Oracle | None = None, **arguments: Any
    ) -> list[Mapping[str, Any]]:
        """The rows of `answer` as the oracle gives them, or another one in its place."""
        for name in arguments:
            if name not in self.arguments:
                raise TypeError(f"question '{self.name}' takes no '{name}'")
        asked = oracle or self.oracle
        if asked is None:
            raise ValueError(f"question '{self.name}' has no oracle")
        return list(asked(Reading(tables, rules, dict(self.arguments) | arguments)))

    def framed(self, rows: Answers) -> pd.DataFrame:
        """Rows of an answer as a frame of the question's columns and `optional`, in the order of the keys: dates as
        `datetime64[us]`, numbers as `float64`, text and flags as objects."""
        names = [column.name for column in self.columns]
        plain = [{name: row[name] for name in names} | {OPTIONAL: row.get(OPTIONAL, False)} for row in rows]
        frame = pd.DataFrame(plain, columns=[*names, OPTIONAL], dtype=object)
        for column in self.columns:
            if column.holds == "date":
                frame[column.name] = pd.to_datetime(frame[column.name]).astype("datetime64[us]")
            elif column.holds == "number":
                frame[column.name] = pd.to_numeric(frame[column.name]).astype("float64")
        frame[OPTIONAL] = frame[OPTIONAL].astype(bool)
        keys = [column.name for column in self.keys]
        return frame.sort_values(keys, ignore_index=True) if keys else frame

    def example(self, language: Literal["sql", "python"], model: str = PLACEHOLDER) -> str:
        """The right example in a language, about this model."""
        text = textwrap.dedent(self.sql if language == "sql" else self.python).strip() + "\n"
        return text.replace(PLACEHOLDER, model)
