"""A given answer beside the right one: exact, within tolerance, or wrong, with the first rows that differ."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from testbed.validation.matching import Answer, Cell, Key, WrongShape, read_answer
from testbed.validation.questions.form import Kind, Question

Verdict = Literal["exact", "within tolerance", "wrong", "could not run"]
SHOWN = 5

EXACT = 1e-9  # of the value: sums of floats differ by their order, and no more
TINY = 1e-12
TOLERANCES: dict[Kind, tuple[float, float]] = {
    # (absolute, of the value): what rounding for people does, and no more
    "key": (0.0, 0.0),
    "count": (0.0, 0.0),
    "flag": (0.0, 0.0),
    "share": (5.001e-4, 0.0),  # three decimals
    "money": (5.001e-5, 1e-6),  # four decimals, or single precision
    "mean": (5.001e-4, 1e-3),  # three decimals, or four digits
}


@dataclass(frozen=True)
class Difference:
    """A row that differs. keys: its keys; right, given: its values, None where there is no such row. columns: which of
    them differ."""

    keys: dict[str, Cell]
    right: dict[str, Cell] | None
    given: dict[str, Cell] | None
    columns: tuple[str, ...] = ()
    doubled: bool = False

    @property
    def what(self) -> str:
        """What is wrong with it, for people."""
        if self.doubled:
            return "more than one row"
        if self.given is None:
            return "missing"
        return "should not be there" if self.right is None else f"{', '.join(self.columns)} differs"


@dataclass(frozen=True)
class Comparison:
    """How a given answer compares with the right one. why: in a sentence, empty if exact. differences: the first rows
    that differ, in the order of the keys; differing: how many there are. answer: the given answer, as it was read."""

    verdict: Verdict
    why: str = ""
    differences: tuple[Difference, ...] = ()
    differing: int = 0
    answer: Answer | None = None

    @property
    def right(self) -> bool:
        """Whether the answer is right."""
        return is_right(self.verdict)

    @property
    def match(self) -> str:
        """How the columns were matched, for people."""
        return self.answer.sentence if self.answer else ""


def is_right(verdict: Verdict) -> bool:
    """Whether this is said of right answers."""
    return verdict in ("exact", "within tolerance")


def compare(question: Question, right: pd.DataFrame, given: pd.DataFrame, shown: int = SHOWN) -> Comparison:
    """A given answer beside the right one, which is that of `question.answer` on the same tables.

    The order of rows and extra columns do not matter. Rows that are marked as optional may be missing. Missing values
    and NaN are the same.
    """
    try:
        answer = read_answer(question, given)
    except WrongShape as error:
        return Comparison("wrong", f"{error}")
    return judge(question, read_answer(question, right), answer, shown)


def judge(question: Question, right: Answer, given: Answer, shown: int = SHOWN) -> Comparison:
    """The same for answers that were read already."""
    kinds = {column.name: column.kind for column in question.values}
    names = [column.name for column in question.keys]
    exact, found, count = True, [], 0
    for key, difference in _differences(kinds, right, given):
        if difference is None:
            exact = False
            continue
        count += 1
        found.append((key, difference))
    found.sort(key=lambda entry: tuple(map(_in_order, entry[0])))
    if not count:
        if exact:
            return Comparison("exact", answer=given)
        return Comparison("within tolerance", "equal but for rounding", answer=given)
    first = tuple(Difference(dict(zip(names, key, strict=True)), *rest) for key, rest in found[:shown])
    missing = sum(rest[1] is None for _, rest in found)
    extra = sum(rest[0] is None for _, rest in found)
    parts = [(missing, "missing"), (extra, "too many"), (count - missing - extra, "with other values")]
    said = ", ".join(f"{number} {what}" for number, what in parts if number)
    rows = "row differs" if count == 1 else "rows differ"
    return Comparison("wrong", f"{count} {rows} ({said})", first, count, given)


def agrees(question: Question, right: Answer, given: Answer) -> bool:
    """Whether a given answer is right: `judge(...).right`, without saying what differs."""
    kinds = {column.name: column.kind for column in question.values}
    return all(difference is None for _, difference in _differences(kinds, right, given))


def distance(question: Question, right: Answer, given: Answer) -> int:
    """How many cells of a given answer are wrong: all of a row that is missing or should not be there."""
    kinds = {column.name: column.kind for column in question.values}
    found = (difference for _, difference in _differences(kinds, right, given) if difference is not None)
    return sum(
        1 + len(kinds) if own is None or other is None or doubled else len(far)
        for own, other, far, doubled in found
    )


def may_be_one(question: Question, one: Answer, other: Answer) -> bool:
    """Whether a given answer can equal both, since rows that either says may be left out are."""
    kinds = {column.name: column.kind for column in question.values}
    return all(
        difference is None or (difference[0] is None and not difference[3] and key in other.optional)
        for key, difference in _differences(kinds, one, other)
    )


def differing_columns(question: Question, right: Answer, given: Answer) -> set[str] | None:
    """The value columns in which two answers differ; None where one has rows that the other lacks."""
    kinds, found = {column.name: column.kind for column in question.values}, set[str]()
    for _, difference in _differences(kinds, right, given):
        if difference is not None:
            own, other, far, doubled = difference
            if own is None or other is None or doubled:
                return None
            found.update(far)
    return found


def _in_order(cell: Cell) -> tuple[bool, str, Any]:
    return cell is None, type(cell).__name__, 0 if cell is None else cell


_Rest = tuple[dict[str, Cell] | None, dict[str, Cell] | None, tuple[str, ...], bool]


def _differences(kinds: dict[str, Kind], right: Answer, given: Answer) -> Iterator[tuple[Key, _Rest | None]]:
    """Keys with what differs; None for one whose values are equal within tolerance only."""
    for key, values in right.values.items():
        own = given.values.get(key)
        if own is None:
            if key not in right.optional:
                yield key, (values, None, (), False)
            continue
        shared = [name for name in kinds if name in own and name in values]
        far = tuple(name for name in shared if not near(kinds[name], values[name], own[name]))
        if key in given.doubled or key in right.doubled:
            rows = [*right.doubled.get(key, []), values], [*given.doubled.get(key, []), own]
            if not _same_rows(kinds, *rows):
                yield key, (values, own, far, True)
        elif far:
            yield key, (values, own, far, False)
        elif not all(same(values[name], own[name]) for name in shared):
            yield key, None
    for key, own in given.values.items():
        if key not in right.values:
            yield key, (None, own, (), key in given.doubled)


def _same_rows(kinds: dict[str, Kind], right: list[dict[str, Cell]], given: list[dict[str, Cell]]) -> bool:
    """Whether the rows of one key are as many and alike, in whatever order."""
    left = list(given)
    for values in right:
        alike = (
            own
            for own in left
            if all(near(kinds[name], values[name], own[name]) for name in own if name in values)
        )
        found = next(alike, None)
        if found is None:
            return False
        left.remove(found)
    return not left


def same(right: Cell, given: Cell) -> bool:
    """Whether two values are equal, but for the order in which floats were added."""
    return _within(right, given, TINY, EXACT)


def near(kind: Kind, right: Cell, given: Cell) -> bool:
    """Whether a value of this kind is equal within its tolerance."""
    absolute, relative = TOLERANCES[kind]
    return _within(right, given, absolute, relative) or same(right, given)


def _within(right: Cell, given: Cell, absolute: float, relative: float) -> bool:
    right, given = _known(right), _known(given)
    if right is None or given is None:
        return right is None and given is None
    if isinstance(right, float) and isinstance(given, float):
        if math.isinf(right) or math.isinf(given):
            return right == given
        return abs(right - given) <= max(absolute, relative * abs(right))
    return right == given


def _known(value: Cell) -> Cell:
    return None if isinstance(value, float) and math.isnan(value) else value
