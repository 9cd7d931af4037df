"""A query on the whole battery: one row a world as it comes, then the verdict, traps and a smallest counterexample.

Small worlds come first. A query that depends on the session's time zone is asked in several.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from testbed.validation import counterexample as reducing
from testbed.validation.asking import Ask, Failure, NoAnswer
from testbed.validation.compare import Comparison, Difference, Verdict, is_right, judge
from testbed.validation.counterexample import Counterexample
from testbed.validation.matching import Answer, Cell, WrongShape, read_answer
from testbed.validation.metamorphic import Broken, broken
from testbed.validation.questions.form import Question
from testbed.validation.questions.known_traps import Trap
from testbed.validation.recognition import (
    Case,
    Explanation,
    KnownAnswers,
    Recognition,
    Seen,
    Wrong,
    recognise,
)
from testbed.validation.repair.form import Repair
from testbed.validation.repair.wording import traps
from testbed.validation.tables import Row, Tables
from testbed.validation.worlds import World, battery

UTC = "UTC"
ZONES = (UTC, "America/Los_Angeles", "Asia/Kolkata")
"""Zones of a session in which a query must give the same."""
WITH_RELATIONS = 3
"""On how many worlds relations are looked at beside an oracle."""
ENDLESS = 3
"""Code that took all its time so often is not asked any more: its verdict would take half an hour."""
Final = Literal["right", "wrong", "cannot run"]
Mender = Callable[[Wrong], Repair]
"""Looks for a small change of code that is wrong which makes it right."""
_WORST: tuple[Verdict, ...] = ("wrong", "could not run", "within tolerance", "exact")


@dataclass(frozen=True)
class WorldRow:
    """How a query did on a world. zones: those of the session in which it did so, where others did better; why: in a
    sentence, empty if exact; differences: the first rows that differ; breaks: which rule of the contract the world's
    log breaks, empty if none."""

    world: str
    about: str
    verdict: Verdict
    why: str = ""
    zones: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    breaks: str = ""

    @property
    def zone(self) -> str:
        """That of a session in which it did so."""
        return self.zones[0] if self.zones else UTC

    @property
    def right(self) -> bool:
        """Whether its answer is right there."""
        return is_right(self.verdict)

    def json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "world": self.world, "about": self.about, "verdict": self.verdict, "why": self.why, "zone": self.zone,
            "zones": list(self.zones), "breaks": self.breaks,
            "differences": [_difference(one) for one in self.differences],
        }  # fmt: skip


@dataclass(frozen=True)
class Judgement:
    """The verdict on a query, and what led to it. match: how the answer's columns were taken, empty if by name. repair:
    what a search for a small change that mends it has found, None where there was none."""

    question: str
    verdict: Final
    recognition: Recognition
    worlds: tuple[WorldRow, ...]
    relations: tuple[Broken, ...] = ()
    counterexample: Counterexample | None = None
    match: str = ""
    repair: Repair | None = None

    @property
    def traps(self) -> tuple[Trap, ...]:
        """The traps that explain the query's answers; where none is known, the mistake that a mend shows."""
        return self.recognition.traps or traps(self.repair)

    @property
    def erring(self) -> list[WorldRow]:
        """Worlds without a right answer; those where it is wrong before those without any."""
        return sorted((row for row in self.worlds if not row.right), key=lambda row: row.verdict != "wrong")

    @property
    def breaking_only(self) -> bool:
        """Whether it errs only on logs that break the contract."""
        return bool(self.erring) and all(row.breaks for row in self.erring)

    def json(self) -> dict[str, Any]:
        """For programs: the question, the verdict, traps, worlds and the counterexample."""
        return {
            "question": self.question,
            "verdict": self.verdict,
            "traps": [{"name": trap.name, "advice": trap.advice} for trap in self.traps],
            "explanations": [[trap.name for trap in one.traps] for one in self.recognition.explanations],
            "alike": [trap.name for trap in self.recognition.alike],
            "hints": [
                {"name": hint.trap.name, "advice": hint.trap.advice, "worlds": list(hint.cases)}
                for hint in self.recognition.hints
            ],
            "worlds": [row.json() for row in self.worlds],
            "relations": [
                {
                    "name": one.relation.name,
                    "says": one.relation.says,
                    "world": one.case,
                    "why": one.found.why,
                }
                for one in self.relations
            ],
            "counterexample": None if self.counterexample is None else _counterexample(self.counterexample),
            "columns": self.match,
            "repair": None if self.repair is None else self.repair.json(),
        }


def judged(
    question: Question,
    ask: Ask,
    worlds: Sequence[World] | None = None,
    zones: Sequence[str] = ZONES,
    again: bool = True,
    mender: Mender | None = None,
) -> Iterator[WorldRow | Judgement]:
    """A row a world as it comes, and the judgement at the end. worlds: the battery if not said; zones: one for code
    that knows no session's zone. again: whether it can be asked about other logs than these; answers that lie as files
    cannot, so that no relation is looked at beside them and no smaller log looked for. mender: looks for a change
    that mends the code, where no known mistake is recognised."""
    chosen = list(battery().values()) if worlds is None else list(worlds)
    trial = _Trial(question, ask, zones, again)
    for world in chosen:
        yield trial.on(world)
    yield trial.judgement(mender)


class _Trial:
    """A query on its way through the worlds."""

    def __init__(self, question: Question, ask: Ask, zones: Sequence[str], again: bool) -> None:
        self.question, self.code, self.zones, self.again = question, ask, tuple(zones), again
        self.endless = 0
        self.known = KnownAnswers(question)
        self.rows: list[WorldRow] = []
        self.relations: list[Broken] = []
        self.seen: list[Seen] = []
        self.shapeless: list[Case] = []
        self.cases: list[Case] = []
        self.match = ""

    def ask(self, tables: Tables, zone: str) -> pd.DataFrame | NoAnswer:
        """The code's answer, unless it took all its time again and again."""
        if self.endless >= ENDLESS:
            return Failure(f"not asked, since it did not end {ENDLESS} times before")
        given = self.code(tables, zone)
        self.endless += isinstance(given, Failure) and given.endless
        return given

    def on(self, world: World) -> WorldRow:
        """The row of a world."""
        cases = [Case(world.name, world.tables, zone, world.arguments(self.question)) for zone in self.zones]
        self.cases += cases
        if self.question.oracle is None:
            row = self._by_relations(world, cases[0])
        else:
            row = self._by_oracle(world, cases)
        self.rows.append(row)
        return row

    def _by_oracle(self, world: World, cases: Sequence[Case]) -> WorldRow:
        found = {case.zone: self._asked(case) for case in cases}
        worst = min((one.verdict for one in found.values()), key=_WORST.index)
        at = tuple(zone for zone, one in found.items() if one.verdict == worst)
        one = found[at[0]]
        beside = at if len(at) < len(found) and not one.right else ()
        why = f"in a session in {', '.join(beside)}: {one.why}" if beside else one.why
        return WorldRow(world.name, world.about, worst, why, beside, one.differences, world.breaks)

    def _asked(self, case: Case) -> Comparison:
        given = self.ask(case.tables, case.zone)
        if not isinstance(given, pd.DataFrame):
            return Comparison("could not run", given.reason)
        right = self.known.answer((), case)
        assert right is not None
        try:
            answer = read_answer(self.question, given)
        except WrongShape as error:
            self.shapeless.append(case)
            return Comparison("wrong", str(error))
        self.match = self.match or answer.sentence
        found = judge(self.question, right, answer)
        self.seen.append(Seen(case, answer, found.right))
        return found

    def _by_relations(self, world: World, case: Case) -> WorldRow:
        failed: list[Broken] = []
        for one in broken(self.question, self.ask, case):
            if isinstance(one, Failure):
                return WorldRow(world.name, world.about, "could not run", one.reason, breaks=world.breaks)
            failed.append(one)
        self.relations += failed
        if not failed:
            return WorldRow(world.name, world.about, "exact", "keeps all relations", breaks=world.breaks)
        first = failed[0]
        verdict: Verdict = "could not run" if first.found.verdict == "could not run" else "wrong"
        why = f"{first.relation.name}: {first.relation.says}, but {first.found.why}"
        return WorldRow(world.name, world.about, verdict, why, (), first.found.differences, world.breaks)

    def judgement(self, mender: Mender | None = None) -> Judgement:
        """The verdict."""
        verdicts = {row.verdict for row in self.rows}
        final: Final = (
            "wrong" if "wrong" in verdicts else "cannot run" if "could not run" in verdicts else "right"
        )
        recognition = Recognition() if self.shapeless else recognise(self.known, self.seen)
        asks_on = self.again and self.question.oracle is not None
        if asks_on and final != "cannot run":
            self._relations_beside()
        smallest = self._smallest(recognition) if asks_on and final == "wrong" else None
        repair = None
        if mender is not None and final == "wrong" and not recognition.traps and self.seen:
            repair = mender(Wrong(self.known, self.cases, self.seen))
        return Judgement(
            self.question.name,
            final,
            recognition,
            tuple(self.rows),
            tuple(self.relations),
            smallest,
            self.match,
            repair,
        )

    def _relations_beside(self) -> None:
        for one in [one for one in self.seen if one.case.zone == self.zones[0]][:WITH_RELATIONS]:
            self.relations += [b for b in broken(self.question, self.ask, one.case) if isinstance(b, Broken)]

    def _smallest(self, recognition: Recognition) -> Counterexample | None:
        """The smallest counterexample, of the recognised mistake where it can be."""
        wrong = [one.case for one in self.seen if not one.right] + self.shapeless
        for explanation in (*recognition.explanations[:1], None):
            for case in sorted(wrong, key=lambda case: (case.size, case.zone != UTC))[:2]:
                condition = None if explanation is None else self._explained_by(explanation)
                found = reducing.counterexample(self.question, self.ask, case, condition)
                if found is not None:
                    return found
        return None

    def _explained_by(self, explanation: Explanation) -> reducing.Condition:
        return lambda case, answer: self.known.explains(explanation.made, case, answer)


def _plain(cell: Cell) -> Any:
    if isinstance(cell, float):
        return None if math.isnan(cell) else int(cell) if math.isfinite(cell) and cell == int(cell) else cell
    return cell if cell is None or isinstance(cell, str | bool) else _moment(cell)


def _moment(value: Any) -> str:
    text: str = value.isoformat()
    return text.removesuffix("T00:00:00")


def _values(row: dict[str, Cell] | None) -> dict[str, Any] | None:
    return None if row is None else {name: _plain(cell) for name, cell in row.items()}


def _difference(one: Difference) -> dict[str, Any]:
    return {
        "keys": _values(one.keys), "right": _values(one.right), "given": _values(one.given), "what": one.what,
        "columns": list(one.columns),
    }  # fmt: skip


def _answer(answer: Answer | None, question_keys: Sequence[str]) -> list[dict[str, Any]]:
    if answer is None:
        return []
    return [
        {name: _plain(cell) for name, cell in zip(question_keys, key, strict=True)} | (_values(values) or {})
        for key, values in answer.values.items()
    ]


def _said(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows without what is missing in them."""
    return [
        {name: _moment(value) if hasattr(value, "isoformat") else value for name, value in row.items()
         if value is not None and value != []}
        for row in rows
    ]  # fmt: skip


def _counterexample(one: Counterexample) -> dict[str, Any]:
    return {
        "world": one.world,
        "zone": one.zone,
        "generations": _said(one.tables.requests),
        "labels": _said(one.tables.label_rows),
        "models": _said(one.tables.model_rows),
        "right": _answer(one.right, one.keys),
        "given": _answer(one.found.answer, one.keys),
        "why": one.found.why,
        "differences": [_difference(difference) for difference in one.found.differences],
        "minimal": one.minimal,
        "calls": one.calls,
    }
