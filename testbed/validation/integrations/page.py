"""The verdict on a query as a page: the mistake, the smallest log on which it errs, the worlds, the faults of data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from analysis.report.pages.cells import Cell, SmallTable
from analysis.report.pages.page import environment
from testbed.validation.battery import Judgement, WorldRow
from testbed.validation.compare import Verdict
from testbed.validation.counterexample import Counterexample
from testbed.validation.faults.survival import FATES, Fate, Survival, Survived
from testbed.validation.integrations.wording import (
    MARKS,
    SAID,
    beside,
    cell_text,
    columns_that_matter,
    unnamed,
)
from testbed.validation.questions.form import Question
from testbed.validation.repair import wording as mending

_STYLES: dict[Verdict | Fate, str] = {
    "exact": "hold", "within tolerance": "hold", "wrong": "fail", "could not run": "fail",
    "survives": "hold", "refuses": "", "wrong without a word": "fail",
}  # fmt: skip


class Named(NamedTuple):
    """A table under a heading of its own."""

    name: str
    table: SmallTable


def render(
    name: str, question: Question, found: Judgement, survived: Survival | None = None, code: str = ""
) -> str:
    """The page as HTML: one file that asks nothing of any host. name: of what is judged, for people; code: its text, if
    it is to be shown."""
    held = Counter(row.verdict for row in found.worlds)
    counts = ", ".join(f"{held[verdict]} {verdict}" for verdict in MARKS if held[verdict])
    facts = {"Question": question.name, "Worlds": f"{len(found.worlds)}: {counts}"}
    if found.match:
        facts["Columns"] = found.match
    smallest = found.counterexample
    return (
        environment("testbed.validation.integrations")
        .get_template("page.html")
        .render(
            title=f"{name}: {SAID[found.verdict].lower()}",
            asks=question.asks,
            facts=facts,
            found=found,
            unnamed=unnamed(found),
            mends=list(mending.lines(found.repair)) if found.repair is not None else [],
            smallest=smallest,
            log=list(_log(smallest)) if smallest else [],
            answers=_table(list(beside(smallest.found.differences))) if smallest else None,
            worlds=SmallTable(["world", "verdict", "why", "what is special"], list(_worlds(found.worlds))),
            erring=[Named(row.world, _table(list(beside(row.differences)))) for row in found.erring if row.differences],
            survived=survived,
            faults=SmallTable(["fault", "what the query does", "what would mend it", "what it is"],
                              list(_faults(survived.faults)) if survived else []),
            code=code,
        )
    )  # fmt: skip


def _log(one: Counterexample) -> Iterator[Named]:
    """The tables of a small log, without columns that are missing everywhere."""
    tables = one.tables
    for name, rows in (
        ("generations", tables.requests),
        ("labels", tables.label_rows),
        ("models", tables.model_rows),
    ):
        if rows:
            yield Named(name, _table(columns_that_matter(rows)))


def _table(rows: Sequence[Mapping[str, Any]]) -> SmallTable:
    """Rows of values as a page's table."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[Cell(cell_text(row.get(name))) for name in names] for row in rows]
    return SmallTable([name.replace("_", " ") if ": " in name else name for name in names], cells)


def _worlds(rows: Iterable[WorldRow]) -> Iterator[list[Cell]]:
    """A row a world, those on which it errs first."""
    for row in sorted(rows, key=lambda one: one.right):
        why = f"{row.why}{f' (its log breaks the contract: {row.breaks})' if row.breaks else ''}"
        said = f"{MARKS[row.verdict]} {row.verdict}"
        yield [Cell(row.world), Cell(said, _STYLES[row.verdict]), Cell(why or "–"), Cell(row.about)]


def _faults(faults: Iterable[Survived]) -> Iterator[list[Cell]]:
    """A row a fault, those that make a query wrong without a word first."""
    for one in sorted(faults, key=lambda each: FATES.index(each.fate)):
        mend = one.mend or ("nobody can tell from the log" if one.effect == "lost" else "–")
        mend = "–" if one.fate == "survives" else mend
        yield [Cell(one.fault), Cell(one.fate, _STYLES[one.fate]), Cell(mend), Cell(one.about)]
