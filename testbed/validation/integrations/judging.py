"""The verdict on user code as a test and a pipeline need it: as text for a report, as JSON, as an exit status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from testbed.failure import BAD_INPUT, DONE, FAILED
from testbed.validation.battery import Final, Judgement
from testbed.validation.counterexample import Counterexample
from testbed.validation.integrations import wording

STATUS: dict[Final, int] = {"right": DONE, "wrong": FAILED, "cannot run": BAD_INPUT}
SHOWN = 3  # worlds that a text shows


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
        """For people: the verdict and what led to it, with worlds on which it errs."""
        erring = self.found.erring
        lines = [wording.text(self.subject, self.found, None).strip()]
        for row in erring[:SHOWN]:
            lines += ["", wording.world_line(row), f"  {row.about}", *wording.differing(row.differences)]
        if len(erring) > SHOWN:
            lines += ["", "Others: " + ", ".join(row.world for row in erring[SHOWN:])]
        return "\n".join(
            [*lines, "", f"The definition, and known traps: slipper questions {self.found.question}"]
        )
