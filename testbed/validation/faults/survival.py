"""Which faults of data a query survives: it is asked of a clean log, and of the same log with each fault in it.

A query survives a fault if it answers as on the clean log. It refuses if it fails aloud. Else it is wrong, and says
nothing. Where the log still tells what is right, a query should survive; where it does not, nobody's query can, and the
log has to be looked at before it is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

from testbed.validation.asking import Ask, NoAnswer
from testbed.validation.compare import Comparison, judge
from testbed.validation.faults.logs import FAULTY_LOGS, FaultyLog, clean_log
from testbed.validation.matching import Answer, WrongShape, known_answer, read_answer
from testbed.validation.questions.form import Question
from testbed.validation.worlds.world import World

Fate = Literal["survives", "wrong without a word", "refuses"]
FATES: tuple[Fate, ...] = ("wrong without a word", "refuses", "survives")
Effect = Literal["none", "mendable", "lost"]
"""What a fault does to the right answer to a question. none: a query that reads the log as the question defines it
answers as on the clean log; mendable: it does not, but the log still tells what is right; lost: nobody can tell."""


@dataclass(frozen=True)
class Survived:
    """What a fault did to a query. effect: what it does to the right answer; mend: what would undo it, if the log still
    tells; why: how the answer differs, or why there is none."""

    fault: str
    about: str
    effect: Effect
    fate: Fate
    mend: str = ""
    why: str = ""

    @property
    def should_survive(self) -> bool:
        """Whether the right answer does not change."""
        return self.effect != "lost"


@dataclass(frozen=True)
class Survival:
    """What all faults do to a query. clean: how it did on the clean log; where it was wrong, no fault was tried."""

    question: str
    clean: Comparison
    faults: tuple[Survived, ...] = ()

    @property
    def text(self) -> str:
        """The same for people: one line a fault, those that make the query wrong without a word first, and what mends
        it."""
        if not self.clean.right:
            return f"No fault of data was tried. On a log without any: {self.clean.verdict} ({self.clean.why}).\n"
        width = max(len(one.fault) for one in self.faults)
        lines = []
        for fate in FATES:
            for one in (one for one in self.faults if one.fate == fate):
                told = one.mend or ("nobody can tell from the log" if one.effect == "lost" else "")
                told = "" if fate == "survives" else told
                lines.append(f"  {one.fault:{width}}  {fate:20}  {told}".rstrip())
        return "\n".join(lines) + "\n"

    def json(self) -> dict[str, Any]:
        """The same in plain types, for programs."""
        rows = [{**asdict(one), "should_survive": one.should_survive} for one in self.faults]
        return {
            "question": self.question,
            "clean": {"verdict": self.clean.verdict, "why": self.clean.why},
            "faults": rows,
        }


def survival(
    ask: Ask,
    question: Question,
    model: str | None = None,
    logs: Sequence[FaultyLog] = FAULTY_LOGS,
    zone: str = "UTC",
) -> Survival:
    """Ask a query of the clean log and of each faulty one. model: the id by which it calls the model. A question
    without an oracle has no right answer to survive with: nothing is asked."""
    if question.oracle is None:
        return Survival(question.name, Comparison("could not run", "the question has no oracle"))
    clean = clean_log() if model is None else clean_log().asked_about(model)
    right = known_answer(question, clean.tables, **clean.arguments(question))
    before = _judged(ask(clean.tables, zone), question, right)
    if not before.right:
        return Survival(question.name, before)
    found = []
    for log in logs:
        faulty = log.of(clean)
        after = _judged(ask(faulty.tables, zone), question, right)
        fate: Fate = "survives" if after.right else "wrong without a word"
        if after.verdict == "could not run":
            fate = "refuses"
        what = effect(question, right, faulty, bool(log.mend))
        mend = log.mend if what == "mendable" else ""
        found.append(Survived(log.name, log.about, what, fate, mend, after.why))
    return Survival(question.name, before, tuple(found))


def effect(question: Question, right: Answer, faulty: World, mendable: bool) -> Effect:
    """What a fault does to the right answer to a question. right: that on the clean log. mendable: whether the log
    still tells what is right, if the fault does anything."""
    with suppress(TypeError, ValueError, KeyError, ArithmeticError):  # the oracle meets values that cannot be
        found = known_answer(question, faulty.tables, **faulty.arguments(question))
        if judge(question, right, found).right:
            return "none"
    return "mendable" if mendable else "lost"


def _judged(given: pd.DataFrame | NoAnswer, question: Question, right: Answer) -> Comparison:
    """An answer beside the right one on the clean log."""
    if not isinstance(given, pd.DataFrame):
        return Comparison("could not run", given.reason)
    try:
        return judge(question, right, read_answer(question, given))
    except WrongShape as error:
        return Comparison("wrong", str(error))
