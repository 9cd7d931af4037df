"""Which column of an answer is which of the question's, and what its cells are in plain types.

By name first, whatever its case and spelling of spaces; what is left by type and order. Extra columns are allowed.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from numbers import Number
from typing import Any, Literal

import pandas as pd

from testbed.validation.questions.form import OPTIONAL, Column, Holds, Oracle, Question
from testbed.validation.questions.rules import RULES, Rules
from testbed.validation.tables import Tables

Cell = str | float | bool | dt.datetime | None
Key = tuple[Cell, ...]
How = Literal["name", "type and order"]
_DAY = re.compile(r"\d{4}-\d{2}(-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?)?")


class WrongShape(Exception):
    """An answer that cannot be compared: its columns are not those of the question. The message is for people."""


@dataclass(frozen=True)
class Match:
    """A column of the question, the column of the answer that stands for it, and how it was found."""

    column: str
    given: str
    how: How


@dataclass(frozen=True)
class Answer:
    """An answer in plain types: values by key, in the order of the answer. doubled: of keys of more than one row, the
    rows after the first. optional: keys of rows that another answer may leave out. matches: how columns were found;
    extra: columns that are none of the question's."""

    values: dict[Key, dict[str, Cell]]
    doubled: dict[Key, list[dict[str, Cell]]]
    optional: frozenset[Key]
    matches: tuple[Match, ...]
    extra: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """How the columns were matched, for people; empty where all have the question's names."""
        others = [match for match in self.matches if match.how != "name" or match.column != match.given]
        said = [f"{match.given} as {match.column} (by {match.how})" for match in others]
        return f"columns taken: {', '.join(said)}" if said else ""


def read_answer(question: Question, frame: pd.DataFrame) -> Answer:
    """An answer of a query, or of an oracle, in plain types. Raises WrongShape."""
    matches = match_columns(question, frame)
    by_name = {column.name: column for column in question.columns}
    cells = {m.column: _cells(by_name[m.column], _column(frame, m.given), m.given) for m in matches}
    keys = [column for column in question.keys if column.name in cells]
    names = [column.name for column in question.values if column.name in cells]
    may = frame[OPTIONAL].tolist() if OPTIONAL in frame else [False] * len(frame)
    rows = (
        (tuple(cells[column.name][i] for column in keys), {name: cells[name][i] for name in names}, may[i])
        for i in range(len(frame))
    )
    taken = {match.given for match in matches} | {OPTIONAL}
    extra = tuple(str(name) for name in frame.columns if str(name) not in taken)
    return _gathered(rows, matches, extra)


def known_answer(
    question: Question,
    tables: Tables,
    *,
    rules: Rules = RULES,
    oracle: Oracle | None = None,
    **arguments: Any,
) -> Answer:
    """The oracle's answer, or that of another one, in plain types: `read_answer` of `question.answer`, in a third of
    the time."""
    keys, columns = [column.name for column in question.keys], question.columns

    def rows() -> Iterator[tuple[Key, dict[str, Cell], bool]]:
        for row in question.rows(tables, rules=rules, oracle=oracle, **arguments):
            cells = {column.name: _plain_cell(column, row[column.name]) for column in columns}
            yield tuple(cells.pop(name) for name in keys), cells, bool(row.get(OPTIONAL))

    return _gathered(rows(), tuple(Match(column.name, column.name, "name") for column in columns), ())


def _gathered(
    rows: Iterable[tuple[Key, dict[str, Cell], bool]], matches: tuple[Match, ...], extra: tuple[str, ...]
) -> Answer:
    """An answer from its rows: key, values, and whether another answer may leave the row out."""
    values: dict[Key, dict[str, Cell]] = {}
    doubled: dict[Key, list[dict[str, Cell]]] = {}
    optional = set()
    for key, cells, may_be_left_out in rows:
        if key in values:
            doubled.setdefault(key, []).append(cells)
            continue
        values[key] = cells
        if may_be_left_out:
            optional.add(key)
    return Answer(values, doubled, frozenset(optional), matches, extra)


def _plain_cell(column: Column, value: Any) -> Cell:
    return column.missing_as if value is None else _READERS[column.holds](value)


def match_columns(question: Question, frame: pd.DataFrame) -> tuple[Match, ...]:
    """The columns of an answer that stand for those of the question. Raises WrongShape if a required one has none."""
    given = [str(name) for name in frame.columns if name != OPTIONAL]
    if len(set(given)) != len(given):
        twice = sorted({name for name in given if given.count(name) > 1})
        raise WrongShape(f"two columns have the name {', '.join(twice)}")
    found: dict[str, Match] = {}
    for column in question.columns:
        same = [name for name in given if _plain(name) == _plain(column.name)]
        if same:
            best = column.name if column.name in same else same[0]
            found[column.name] = Match(column.name, best, "name")
    left = [name for name in given if name not in {match.given for match in found.values()}]
    kinds = {name: kind_of(_column(frame, name)) for name in left}
    for strict in (True, False):  # a whole number stands for a count before it stands for a share
        for column in question.required:
            if column.name in found:
                continue
            fitting = next((name for name in left if _fits(column, kinds[name], strict)), None)
            if fitting is not None:
                found[column.name] = Match(column.name, fitting, "type and order")
                left.remove(fitting)
    missing = [column.name for column in question.required if column.name not in found]
    if missing:
        wanted = ", ".join(column.name for column in question.required)
        raise WrongShape(
            f"no column for {', '.join(missing)}: expected {wanted}; the answer has {', '.join(given) or 'none'}"
        )
    return tuple(found[column.name] for column in question.columns if column.name in found)


Found = Literal["text", "date", "whole", "number", "flag", "nothing"]


def kind_of(series: pd.Series) -> Found:
    """What a column holds; texts that are all ISO days count as dates."""
    if pd.api.types.is_bool_dtype(series):
        return "flag"
    if pd.api.types.is_datetime64_any_dtype(series):
        return "date"
    held = series.dropna().tolist()
    if not held:
        return "nothing"
    if all(isinstance(value, bool) for value in held):
        return "flag"
    if all(isinstance(value, Number) for value in held):
        return (
            "whole"
            if all(float(value) == math.floor(float(value)) for value in map(_finite, held))
            else "number"
        )
    if all(isinstance(value, dt.date) or _is_day(value) for value in held):
        return "date"
    return "text"


def _finite(value: Any) -> float:
    number = float(value)
    return number if math.isfinite(number) else 0.5


def _fits(column: Column, kind: Found, strict: bool) -> bool:
    if column.holds != "number":
        return kind == column.holds or (kind == "nothing" and not strict)
    if not strict:
        return kind in ("whole", "number", "nothing")
    return kind == ("whole" if column.kind in ("key", "count") else "number")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[next(given for given in frame.columns if str(given) == name)]


def _is_day(value: Any) -> bool:
    return isinstance(value, str) and _DAY.fullmatch(value.strip()) is not None


def _cells(column: Column, series: pd.Series, given: str) -> Sequence[Cell]:
    """The cells of a column in plain types. Raises WrongShape where they are of another kind."""
    if column.holds == "date" and pd.api.types.is_datetime64_any_dtype(series):
        moments = series.dt.tz_convert("UTC").dt.tz_localize(None) if series.dt.tz is not None else series
        try:
            return [None if pd.isna(moment) else moment.to_pydatetime() for moment in moments]
        except ValueError as error:  # a year that Python's dates do not have
            raise WrongShape(f"column '{given}' holds no dates of these times: {error}") from None
    read = _READERS[column.holds]
    cells: list[Cell] = []
    for value in series.tolist():
        if value is None or (not isinstance(value, str) and pd.isna(value)):
            cells.append(column.missing_as)
            continue
        try:
            cells.append(read(value))
        except (ValueError, TypeError, OverflowError):
            expected: dict[Holds, str] = {
                "date": "dates",
                "number": "numbers",
                "flag": "true or false",
                "text": "text",
            }
            raise WrongShape(
                f"column '{given}' holds {value!r}, expected {expected[column.holds]} ({column.name}: {column.meaning})"
            ) from None
    return cells


def _date(value: Any) -> dt.datetime:
    if isinstance(value, str):
        text = value.strip()
        if not _is_day(text):
            raise ValueError(text)
        value = dt.datetime.fromisoformat(text if len(text) > 7 else f"{text}-01")
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)
    raise ValueError(value)


def _number(value: Any) -> float:
    if isinstance(value, str | bool) or not isinstance(value, Number | Decimal):
        raise ValueError(value)
    return float(value)  # type: ignore[arg-type]


def _text(value: Any) -> str:
    return str(value)


def _flag(value: Any) -> bool:
    if isinstance(value, str) or value not in (0, 1):
        raise ValueError(value)
    return bool(value)


_READERS: dict[Holds, Callable[[Any], Cell]] = {
    "date": _date,
    "number": _number,
    "text": _text,
    "flag": _flag,
}
