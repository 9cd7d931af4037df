"""The verdict on user code as a test and a pipeline need it: as text for a report, as JSON, as an exit status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from testbed.failure import BAD_INPUT, DONE, FAILED
from testbed.validation.battery import Final, Judgement
from testbed.validation.compare import Difference
from testbed.validation.counterexample import USUAL, Counterexample

STATUS: dict[Final, int] = {"right": DONE, "wrong": FAILED, "cannot run": BAD_INPUT}
REQUESTS = 8  # that a text shows of the smallest log
SHOWN = 3  # worlds, and rows of each, that a text shows


@dataclass(frozen=True)
class Judged:
    """A judgement. subject: what is judged, for people."""

    subject: str
    found: Judgement

    @property
    def verdict(self) -> Final:
        """Wrong if one answer is; else, whether there were answers on all worlds."""
        return self.found.verdict

    @property
    def status(self) -> int:
        """The exit status of a command: 0 right, 1 wrong, 2 cannot run."""
        return STATUS[self.verdict]

    @property
    def smallest(self) -> Counterexample | None:
        """The smallest log on which it errs, if one was looked for."""
        return self.found.counterexample

    def json(self) -> dict[str, Any]:
        """For programs."""
        return {"subject": self.subject, **self.found.json()}

    def text(self) -> str:
        """For people: the verdict, and the smallest worlds on which it errs with the right and the given rows."""
        erring, count, question = self.found.erring, len(self.found.worlds), self.found.question
        if not erring:
            return f"{self.subject}: right on all {count} worlds ({question})"
        verb = "wrong" if self.verdict == "wrong" else "cannot run"
        lines = [f"{self.subject}: {verb} on {len(erring)} of {count} worlds ({question})"]
        if self.found.breaking_only:
            lines.append("It errs only on logs that break a rule of the contract.")
        for trap in self.found.traps:
            lines.append(f"Trap: {trap.name}. {trap.advice}")
        for hint in self.found.recognition.hints:
            lines.append(f"On {', '.join(hint.cases[:SHOWN])} it answers as with the trap {hint.trap.name}, "
                         f"but not everywhere. {hint.trap.advice}")  # fmt: skip
        if self.smallest is not None:
            lines += ["", *_log(self.smallest)]
        for row in erring[:SHOWN]:
            lines += ["", f"World '{row.world}' ({row.about}): {row.why}"]
            if row.breaks:
                lines.append(f"  its log breaks a rule: {row.breaks}")
            lines += [f"  {line}" for line in _side_by_side(row.differences[:SHOWN])]
        if len(erring) > SHOWN:
            lines += ["", "Others: " + ", ".join(row.world for row in erring[SHOWN:])]
        lines += ["", f"The definition, and known traps: slipper questions {question}"]
        return "\n".join(lines)


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
