"""The search for a small edit of a user's code that makes it right on every world: generate and validate.

Edits come the near ones first. Each is tried where the code errs, on the smallest log, and dies with its first wrong
answer; what is left is tried on larger ones, then where the code is right already, then in sessions of other zones.
Where no edit alone is enough, those that make some answers better and none worse are tried two at a time, and looked at
for a known mistake that is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from time import monotonic

from testbed.validation.questions.known_traps import TRAPS, Trap
from testbed.validation.recognition import Case, Seen, Wrong
from testbed.validation.repair.form import Edit, Mend, Repair, mend
from testbed.validation.repair.python.edits import python_edits
from testbed.validation.repair.sql.edits import query_edits
from testbed.validation.repair.trial import Clock, Found, OutOfTime, Stage, Trials
from testbed.validation.repair.vocabulary import Subject
from testbed.validation.sandbox import Box

SECONDS = 10.0
"""How long a mend is looked for, by the clock, if nobody says otherwise."""
SHOWN = 3
"""Mends that are told."""
FARTHER = 0.6
"""When there is a mend, others are looked for that cost so much more at most."""
PROMISING = 24
"""Edits that make some answers better, which are tried two at a time."""
LOOKED_AT = 3
"""Worlds on which that is seen."""
_NOTHING = Edit((), "", 0.0)
Progress = Callable[[int, int], None]
"""Told how many edits of how many were tried."""


def edits_of(box: Box, subject: Subject) -> list[Edit]:
    """All small edits of a submission, the near ones first."""
    submission = box.submission
    if box.translation is not None:
        return query_edits(submission.text, box.translation.dialect, subject, submission.columns)
    return python_edits(submission.text, subject, submission.columns)


def repair(
    box: Box,
    wrong: Wrong,
    seconds: float = SECONDS,
    progress: Progress | None = None,
    clock: Clock = monotonic,
) -> Repair:
    """What mends a user's code, looked for so long at most; an interruption ends the search, and what was found till
    then stays. clock: by which the seconds are counted."""
    subject = Subject(wrong.known.question, box.submission.model)
    edits = edits_of(box, subject)
    search = _Search(Trials(box, wrong.known, seconds, clock), wrong, edits, progress or (lambda *_: None))
    exhausted = False
    search.progress(0, len(edits) + 1)
    try:
        search.singles()
        if not search.mends:
            search.pairs()
        exhausted = True
    except (OutOfTime, KeyboardInterrupt):
        exhausted = False
    search.progress(1, 1)
    text = box.submission.text
    mends = tuple(mend(text, one, search.beside.get(one, ())) for one in search.told())
    return Repair(mends, search.trials.tried, len(edits), search.worlds, exhausted, search.trials.seconds)


@dataclass
class _Search:
    trials: Trials
    wrong: Wrong
    edits: list[Edit]
    progress: Progress
    mends: list[Edit] = field(default_factory=list)
    beside: dict[Edit, tuple[Trap, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        right = {(one.case.name, one.case.zone) for one in self.wrong.seen if one.right}
        far: dict[str, list[Case]] = {}
        for case in self.wrong.cases:
            far.setdefault(case.name, []).append(case)
        erring: list[Stage] = []
        sound: list[Stage] = []
        zones: list[Stage] = []
        for cases in far.values():
            wrong = [case for case in cases if (case.name, case.zone) not in right]
            first = (wrong or cases)[0]
            (erring if wrong else sound).append(Stage(first, (first.zone,)))
            others = tuple(case.zone for case in cases if case.zone != first.zone)
            if others:
                zones.append(Stage(first, others))
        self.erring = sorted(erring, key=lambda stage: stage.case.size)
        self.sound = sorted(sound, key=lambda stage: stage.case.size)
        self.stages, self.zones = [*self.erring, *self.sound], zones
        self.worlds = len(far)

    def told(self) -> list[Edit]:
        """The mends that are told, the nearest first."""
        return sorted(self.mends, key=lambda one: (len(self.beside.get(one, ())), one.cost))[:SHOWN]

    def singles(self) -> None:
        """Each edit alone, the near ones first, until there are enough mends."""
        done = 0
        for chunk in _chunks(self.edits):
            if self.mends and chunk[0].cost > min(one.cost for one in self.mends) + FARTHER:
                break
            self._keep(chunk)
            done += len(chunk)
            self.progress(done, len(self.edits))
            if len(self.mends) >= SHOWN:
                break

    def _keep(self, edits: Sequence[Edit]) -> None:
        found = self.trials.on(edits, self.erring[0], quick=True)
        alive = [edit for edit, each in zip(edits, found, strict=True) if all(one.right for one in each)]
        for stages in (self.erring[:3], self.stages, self.zones):
            alive = self.trials.right(alive, stages) if alive and stages else alive
        self.mends += alive

    def pairs(self) -> None:
        """Two edits at once, of which one makes some answers better."""
        promising = self._promising()
        for one in promising[:4]:
            self._named(one)
        if self.mends:
            return
        together = [one.with_(other) for one, other in combinations(promising, 2) if one.apart_from(other)]
        for one in promising[:6]:
            together += [one.with_(other) for other in self.edits if one.apart_from(other)]
        for done, chunk in enumerate(_chunks(list(dict.fromkeys(together)))):
            self._keep(chunk)
            self.progress(len(self.edits) + done * len(chunk), len(self.edits) + len(together))
            if self.mends:
                break

    def _promising(self) -> list[Edit]:
        """Edits that make answers better in some of the worlds in which the code errs, and worse in none, the best
        first. What is as far off on the smallest of them as before is not looked at on others, if anything is not."""
        alive, gains = self.edits, dict.fromkeys(self.edits, 0.0)
        for place, stage in enumerate(self.erring[:LOOKED_AT]):
            before = _far(self.trials.on([_NOTHING], stage)[0])
            now = dict(zip(alive, map(_far, self.trials.on(alive, stage, quick=True)), strict=True))
            for edit, far in now.items():
                gains[edit] += (far == 0) + (before - far) / max(1.0, before) if far <= before else 0.0
            alive = [edit for edit, far in now.items() if far <= before]
            if not place:
                alive = [edit for edit in alive if gains[edit] > 0] or alive[: 2 * PROMISING]
        found = [edit for edit in alive if gains[edit] > 0]
        return sorted(found, key=lambda edit: (-gains[edit], edit.cost))[:PROMISING]

    def _named(self, edit: Edit) -> None:
        """Whether with this edit the code answers as it does with one known mistake."""
        known, mutants = self.trials.known, list(self.trials.known.mutants)
        for stage in (*self.stages, *self.zones):
            for zone, found in zip(stage.zones, self.trials.on([edit], stage)[0], strict=True):
                if found.given is None:
                    return
                seen = Seen(replace(stage.case, zone=zone), found.given, found.right)
                mutants = [one for one in mutants if known.equals((one,), seen)]
            if not mutants:
                return
        names = tuple(dict.fromkeys(one.trap for one in mutants))
        if len(names) == 1:
            self.mends.append(edit)
            self.beside[edit] = (TRAPS[names[0]],)


def _far(found: Sequence[Found]) -> float:
    return sum(float("inf") if one.far is None else one.far for one in found)


def _chunks(edits: Sequence[Edit], size: int = 60) -> Iterator[Sequence[Edit]]:
    for first in range(0, len(edits), size):
        yield edits[first : first + size]


__all__ = ["SECONDS", "Mend", "Repair", "edits_of", "repair"]
