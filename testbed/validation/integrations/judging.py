"""Answers on the worlds, judged one by one, and the verdict as text for a test's report and as JSON for programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from testbed.failure import BAD_INPUT, DONE, FAILED, BadInput
from testbed.validation.asking import Ask, Failure
from testbed.validation.compare import Comparison, Difference, compare
from testbed.validation.counterexample import Counterexample, counterexample
from testbed.validation.questions import PLACEHOLDER, NoQuestion, Question, named
from testbed.validation.recognition import Case, KnownAnswers, Recognition, Seen, recognise
from testbed.validation.sandbox import Outcome
from testbed.validation.submission import Submission
from testbed.validation.tables import Tables
from testbed.validation.worlds import World

UTC = "UTC"
ZONES = (UTC, "America/Los_Angeles", "Asia/Kolkata")
"""Zones of a session in which a query must give the same."""
Run = Callable[[Tables, str], Outcome]
"""The answer to a log, in a session of this zone."""
Final = Literal["right", "wrong", "cannot run"]
STATUS: dict[Final, int] = {"right": DONE, "wrong": FAILED, "cannot run": BAD_INPUT}
REQUESTS = 8  # that a text shows of the smallest log
USUAL = {"tokens_prompt": 100, "tokens_completion": 10, "tokens_reasoning": 0, "tokens_cached": 0, "cost_total": 1.0,
         "byok": False, "variant": "standard", "finish_reason": "stop", "tool_called": False, "cancelled": False,
         "country": "US", "continent": "North America", "account_id": "account"}  # fmt: skip
"""What a smallest log holds where it does not matter."""
SHOWN = 3  # worlds, and rows of each, that a text shows


@dataclass(frozen=True)
class WorldRow:
    """How an answer compares on a world. zone: of the session in which it did worst. requests: of the world's log."""

    world: World
    zone: str
    found: Comparison
    requests: int

    def json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "world": self.world.name, "about": self.world.about, "verdict": self.found.verdict, "zone": self.zone,
            "why": self.found.why, "breaks": self.world.breaks,
            "differences": [
                {"keys": _plain(one.keys), "right": _plain(one.right), "given": _plain(one.given), "what": one.what}
                for one in self.found.differences
            ],
        }  # fmt: skip


@dataclass(frozen=True)
class Judged:
    """The verdict on answers to a question. rows: one a world, in their order; subject: what is judged, for people;
    recognition: which known mistakes explain the answers, if some are wrong; smallest: the smallest log on which it
    errs, if one was looked for."""

    question: Question
    subject: str
    rows: tuple[WorldRow, ...]
    recognition: Recognition = field(default_factory=Recognition)
    smallest: Counterexample | None = None

    @property
    def verdict(self) -> Final:
        """Wrong if one answer is; else, whether there were answers on all worlds."""
        found = {row.found.verdict for row in self.rows}
        return "wrong" if "wrong" in found else "cannot run" if "could not run" in found else "right"

    @property
    def status(self) -> int:
        """The exit status of a command: 0 right, 1 wrong, 2 cannot run."""
        return STATUS[self.verdict]

    @property
    def erring(self) -> list[WorldRow]:
        """Worlds without a right answer, the smallest first; those where it is wrong before those without any."""
        rows = [row for row in self.rows if not row.found.right]
        return sorted(rows, key=lambda row: (row.found.verdict != "wrong", row.requests))

    def json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "question": self.question.name, "subject": self.subject, "verdict": self.verdict,
            "traps": [{"name": trap.name, "advice": trap.advice} for trap in self.recognition.traps],
            "hints": [
                {"name": one.trap.name, "advice": one.trap.advice, "worlds": list(one.cases)}
                for one in self.recognition.hints
            ],
            "worlds": [row.json() for row in self.rows],
        }  # fmt: skip

    def text(self) -> str:
        """For people: the verdict, and the smallest worlds on which it errs with the right and the given rows."""
        erring, count = self.erring, len(self.rows)
        if not erring:
            return f"{self.subject}: right on all {count} worlds ({self.question.name})"
        verb = "wrong" if self.verdict == "wrong" else "cannot run"
        lines = [f"{self.subject}: {verb} on {len(erring)} of {count} worlds ({self.question.name})"]
        if all(row.world.breaks for row in erring):
            lines.append("It errs only on logs that break a rule of the contract.")
        for trap in self.recognition.traps:
            lines.append(f"Trap: {trap.name}. {trap.advice}")
        for hint in self.recognition.hints:
            lines.append(f"On {', '.join(hint.cases[:SHOWN])} it answers as with the trap {hint.trap.name}, "
                         f"but not everywhere. {hint.trap.advice}")  # fmt: skip
        if self.smallest is not None:
            lines += ["", *_log(self.smallest)]
        for row in erring[:SHOWN]:
            session = f", in a session in {row.zone}" if row.zone != UTC else ""
            lines += ["", f"World '{row.world.name}' ({row.world.about}){session}: {row.found.why}"]
            if row.world.breaks:
                lines.append(f"  its log breaks a rule: {row.world.breaks}")
            lines += [f"  {line}" for line in _side_by_side(row.found.differences[:SHOWN])]
        if len(erring) > SHOWN:
            lines += ["", "Others: " + ", ".join(row.world.name for row in erring[SHOWN:])]
        lines += ["", f"The definition, and known traps: slipper questions {self.question.name}"]
        return "\n".join(lines)


def judged(
    question: Question, run: Run, worlds: Sequence[World], zones: Sequence[str] = ZONES, subject: str = "the query",
    reduce: bool = True,
) -> Judged:  # fmt: skip
    """Answers on these worlds, in sessions of these zones, each beside the right one.
    reduce: look for the smallest log on which it errs, for which it is asked again."""
    known, seen = KnownAnswers(question), list[Seen]()
    rows = tuple(_row(known, run, world, zones, seen) for world in worlds)
    # an answer of another shape is none that a known mistake would give
    shapeless = any(row.found.verdict == "wrong" and row.found.answer is None for row in rows)
    recognition = Recognition() if shapeless else recognise(known, seen)
    wrong = sorted(
        (one.case for one in seen if not one.right), key=lambda case: (case.size, case.zone != UTC)
    )
    smallest = counterexample(question, _ask(run), wrong[0]) if wrong and reduce else None
    return Judged(question, subject, rows, recognition, smallest)


def _ask(run: Run) -> Ask:
    def ask(tables: Tables, zone: str) -> pd.DataFrame | Failure:
        outcome = run(tables, zone)
        return Failure(outcome.reason) if outcome.table is None else outcome.table

    return ask


def _log(one: Counterexample) -> list[str]:
    """The smallest log, of each request what is not usual, and the rows of the answer that differ."""
    lines = [
        f"The smallest log on which it errs ({len(one.tables.requests)} requests, in a session in {one.zone}):"
    ]
    for row in one.tables.requests[:REQUESTS]:
        own = {name: cell for name, cell in row.items() if cell is not None and cell != USUAL.get(name)}
        lines.append("  " + ", ".join(f"{name} {_shown(cell)}" for name, cell in own.items()))
    if len(one.tables.requests) > REQUESTS:
        lines.append(f"  and {len(one.tables.requests) - REQUESTS} more")
    return [*lines, *(f"  {line}" for line in _side_by_side(one.found.differences[:SHOWN]))]


_WORST = ("wrong", "could not run", "within tolerance", "exact")


def _row(known: KnownAnswers, run: Run, world: World, zones: Sequence[str], seen: list[Seen]) -> WorldRow:
    """How it did on a world. seen: the answers that can be compared are added."""
    question, tables, worst = known.question, world.tables, None
    right = question.answer(tables, **world.arguments(question))
    for zone in zones:
        outcome = run(tables, zone)
        if outcome.table is None:
            found = Comparison("could not run", outcome.reason)
        else:
            found = compare(question, right, outcome.table)
        if found.answer is not None:
            case = Case(world.name, tables, zone, world.arguments(question))
            seen.append(Seen(case, found.answer, found.right))
        if worst is None or _WORST.index(found.verdict) < _WORST.index(worst.found.verdict):
            worst = WorldRow(world, zone, found, tables.generations.num_rows)
        if found.verdict == "could not run":  # it would not in another zone
            break
    assert worst is not None
    return worst


def asked(name: str | None, submission: Submission | None = None) -> Question:
    """The question of a name, or of a Python file, or the one that a submission names. Raises BadInput."""
    said = name or (submission.question if submission is not None else None)
    if said is None:
        place = f"{submission.path}: " if submission is not None else ""
        raise BadInput(
            f"{place}which question does it answer? Name one of those that `slipper questions` lists, "
            "or write it at the head of the file: -- question: NAME"
        )
    try:
        return named(said)
    except NoQuestion as error:
        raise BadInput(str(error)) from None


def about(question: Question, model: str | None, submission: Submission | None = None) -> str | None:
    """The model of which it is asked; None for a question without one. Raises BadInput if none is named."""
    if not question.takes_model:
        return None
    said = model or (submission.model if submission is not None else None)
    if said is None and submission is not None and PLACEHOLDER in submission.text:
        return PLACEHOLDER
    if said is None:
        place = f"{submission.path}: " if submission is not None else ""
        raise BadInput(
            f"{place}{question.name} is asked of one model: name the one that the code names, "
            "or write it at the head of the file: -- model: author/slug"
        )
    return said


def _plain(cells: dict[str, Any] | None) -> dict[str, Any] | None:
    if cells is None:
        return None
    return {name: cell.isoformat() if hasattr(cell, "isoformat") else cell for name, cell in cells.items()}


def _side_by_side(differences: Sequence[Difference]) -> list[str]:
    """Rows that differ: keys, what is wrong, and the right and the given values."""
    lines = []
    for one in differences:
        keys = ", ".join(f"{name} {_shown(cell)}" for name, cell in one.keys.items()) or "the row"
        lines.append(f"{keys}: {one.what}")
        for who, cells in (("right", one.right), ("given", one.given)):
            said = (
                "no such row"
                if cells is None
                else ", ".join(f"{name} {_shown(c)}" for name, c in cells.items())
            )
            lines.append(f"    {who}  {said}")
    return lines


def _shown(cell: Any) -> str:
    if isinstance(cell, float):
        return f"{cell:.6g}"
    if hasattr(cell, "isoformat"):
        return str(cell.isoformat()).removesuffix("T00:00:00")
    return "nothing" if cell is None else str(cell)
