"""Which weeks there are, where a calendar of all of them stands in the place of those with requests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from testbed.validation.mutants.clocks import BY_WEEK, WEEK
from testbed.validation.mutants.form import Change, Mutant, by_rows, made
from testbed.validation.questions.form import Question
from testbed.validation.questions.reading import Reading
from testbed.validation.tables import Row


def _all_weeks(value: float | None) -> Change:
    """Weeks without requests have rows, too, between the first and the last one: of each kind that there is.
    value: of their columns; None: sums are 0 there, and what is divided is missing."""

    def edit(rows: list[Row], question: Question, log: Reading) -> Iterable[Row]:
        yield from rows
        held = {row["week"] for row in rows}
        if not held:
            return
        kinds = [column.name for column in question.keys if column.name != "week"]
        every = {tuple(row[kind] for kind in kinds) for row in rows if not row.get("optional") or not kinds}
        empty = {c.name: value if value is not None else 0 if c.extensive else None for c in question.values}
        week: dt.date = min(held) + WEEK
        while week < max(held):
            if week not in held:
                for names in every:
                    yield {"week": week} | dict(zip(kinds, names, strict=True)) | empty
            week += WEEK

    return by_rows(edit)


MUTANTS: tuple[Mutant, ...] = (
    *made("empty weeks as rows", ("with 0", _all_weeks(0)), ("with 0 requests, and no share", _all_weeks(None)),
          only=BY_WEEK),
)  # fmt: skip
