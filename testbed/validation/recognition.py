"""Which known mistakes explain a query's answers: its mutants that answer as it does on every world.

Known-wrong answers are worked out when they are needed, and remembered. Two mistakes together are looked for only where
none alone explains all answers, first on small worlds; then three that seem likely, each by its own likeness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import combinations
from math import inf
from time import process_time
from typing import Any

from testbed.validation.compare import agrees, differing_columns, distance, may_be_one
from testbed.validation.matching import Answer, known_answer
from testbed.validation.mutants import Mutant, can_meet, mutants_of, together
from testbed.validation.questions.form import Question
from testbed.validation.questions.known_traps import TRAPS, Trap
from testbed.validation.questions.rules import RULES
from testbed.validation.tables import Tables

SECONDS = 12.0
"""How long mistakes that are made together are looked for, in processor time."""
HINTS = 2
"""How many mistakes are named that explain a part of the wrong answers."""
MANY = 3
"""So many different names of one mistake are no name: at most one of them can be meant."""
PAIRS = 0.25
"""The part of this time for all pairs; before it each is looked at alone, after it up to three that seem likely."""
FEW, BEAM = 6, 4
"""On how many cases mistakes are put together that seem likely, and how many of the best are gone on with."""
Made = tuple[Mutant, ...]
"""One mistake, or two or three that are made together."""


@dataclass(frozen=True, eq=False)
class Case:
    """A log on which a query is asked, the session's zone, and the arguments of the question there."""

    name: str
    tables: Tables
    zone: str = "UTC"
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Requests and labels: what an answer takes, about."""
        return int(self.tables.generations.num_rows + self.tables.labels.num_rows)


@dataclass(frozen=True, eq=False)
class Seen:
    """What a query answered to a case, and whether that was right."""

    case: Case
    given: Answer
    right: bool


@dataclass(frozen=True)
class Explanation:
    """Mistakes that, made together, give a query's answers. ways: how each is made, in words."""

    traps: tuple[Trap, ...]
    ways: tuple[str, ...]
    made: Made = field(repr=False)


@dataclass(frozen=True)
class Hint:
    """A mistake that gives some of the wrong answers, and not all: those to these cases."""

    trap: Trap
    way: str
    cases: tuple[str, ...]


@dataclass(frozen=True)
class Recognition:
    """What explains a query's answers to all cases. Two explanations cannot be told apart on these worlds. alike: if
    there are more, the traps of all, of which none is named but what they share. hints: if nothing explains all, what
    explains a part. complete: whether all pairs of mistakes could be looked at in time."""

    explanations: tuple[Explanation, ...] = ()
    alike: tuple[Trap, ...] = ()
    hints: tuple[Hint, ...] = ()
    complete: bool = True

    @property
    def traps(self) -> tuple[Trap, ...]:
        """The traps of all explanations, each once."""
        return tuple(dict.fromkeys(trap for one in self.explanations for trap in one.traps))


class KnownAnswers:
    """Answers to a question with known mistakes, remembered by case. A mistake that cannot be made there, since the
    oracle fails with it, has none."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.mutants = mutants_of(question)
        self._held: dict[tuple[Made, Tables, str, str], Answer | None] = {}

    def answer(self, made: Made, case: Case) -> Answer | None:
        """The answer to a case with these mistakes; with none, the right one."""
        zone = case.zone if any(mutant.zoned for mutant in made) else ""
        key = (made, case.tables, repr(case.arguments), zone)
        if key not in self._held:
            self._held[key] = self.worked_out(made, case)
        return self._held[key]

    def worked_out(self, made: Made, case: Case) -> Answer | None:
        """The same without remembering it."""
        oracle = together(self.question, made)
        if not made:
            return known_answer(self.question, case.tables, **case.arguments)
        with suppress(Exception):  # a mistake that makes no sense here, or not with another one
            return known_answer(
                self.question,
                case.tables,
                rules=replace(RULES, zone=case.zone),
                oracle=oracle,
                **case.arguments,
            )
        return None

    def explains(self, made: Made, case: Case, given: Answer) -> bool:
        """Whether an answer is as with these mistakes, to a case that is not worth remembering."""
        answer = self.worked_out(made, case)
        return answer is not None and agrees(self.question, answer, given)

    def equals(self, made: Made, seen: Seen) -> bool:
        """Whether a query answered to a case as it would with these mistakes."""
        known = self.answer(made, seen.case)
        return known is not None and agrees(self.question, known, seen.given)


@dataclass(frozen=True, eq=False)
class Wrong:
    """Code that is wrong: how it is asked, and what it answered. cases: all that it was asked; seen: what it answered
    where it did."""

    known: KnownAnswers
    cases: Sequence[Case]
    seen: Sequence[Seen]


def recognise(known: KnownAnswers, seen: Sequence[Seen], seconds: float = SECONDS) -> Recognition:
    """What explains the answers of a query that erred at least once. seconds: for mistakes made together."""
    wrong = sorted((one for one in seen if not one.right), key=lambda one: one.case.size)
    if not wrong:
        return Recognition()
    # the cases that rule out most mistakes at the least cost come first
    order = sorted(seen, key=lambda one: (one.case.size > 4 * wrong[0].case.size, one.right, one.case.size))
    alone = [(mutant,) for mutant in known.mutants if all(known.equals((mutant,), one) for one in order)]
    if alone:
        return told_apart(alone)
    mixed = _by_columns(known, order)
    if mixed:
        return told_apart(mixed)
    profile = Profile(known, order, seconds / 2)
    pairs, complete = _pairs(known, profile, order, PAIRS * seconds)
    pairs = pairs or step_by_step(known, order, (0.5 - PAIRS) * seconds)
    return replace(told_apart(pairs), hints=() if pairs else profile.hints()[:HINTS], complete=complete)


def told_apart(found: Sequence[Made]) -> Recognition:
    """What these mistakes say, each of which gives all answers."""
    explanations = _explained(found)
    if len(explanations) < MANY:
        return Recognition(explanations)
    traps = tuple(dict.fromkeys(trap for one in explanations for trap in one.traps))
    shared = tuple(trap for trap in traps if all(trap in one.traps for one in explanations))
    first = explanations[0]
    return Recognition((replace(first, traps=shared),) if shared else (), alike=traps)


def _pairs(
    known: KnownAnswers, profile: Profile, order: Sequence[Seen], seconds: float
) -> tuple[list[Made], bool]:
    """Pairs that give all answers, one of the same two traps, and whether there was time for all. Others beside the
    first are looked for a fourth as long."""
    pairs: dict[tuple[str, str], Made] = {}
    deadline = process_time() + seconds
    for pair in profile.pairs():
        if process_time() > deadline:
            return list(pairs.values()), False
        traps = pair[0].trap, pair[1].trap
        if traps not in pairs and all(known.equals(pair, one) for one in order):
            pairs[traps] = pair
            deadline = min(deadline, process_time() + seconds / 4)
    return list(pairs.values()), True


def step_by_step(known: KnownAnswers, order: Sequence[Seen], seconds: float) -> list[Made]:
    """Up to three mistakes, each of which brings the answers nearer to those that were given, on a few small cases:
    the best ones are gone on with. Not where answers are yes or no: three mistakes explain any there."""
    question, deadline = known.question, process_time() + seconds
    if all(column.kind == "flag" for column in question.values):
        return []
    wrong = [one for one in sorted(order, key=lambda one: one.case.size) if not one.right]
    cases = list({one.case.name: one for one in reversed(wrong)}.values())[::-1][:FEW]

    def far(made: Made, bound: float = inf) -> float:
        """The cells that are wrong, as a part of those that are without any mistake; no more than the bound matters."""
        total = 0.0
        for one in cases:
            answer, right = known.answer(made, one.case), known.answer((), one.case)
            if answer is None or right is None:
                return inf
            total += distance(question, answer, one.given) / distance(question, right, one.given)
            if total > bound:
                return inf
        return total

    steps: list[tuple[float, Made]] = [(float(len(cases)), ())]
    for _ in range(3):
        tried: dict[frozenset[Mutant], tuple[float, Made]] = {}
        for value, made in steps[:BEAM]:
            for other in known.mutants:
                key = frozenset((*made, other))
                if key in tried or any(one.trap == other.trap or not can_meet(one, other) for one in made):
                    continue
                if process_time() > deadline:
                    return []
                step = tried[key] = far((*made, other), value), (*made, other)
                if not step[0] and all(known.equals(step[1], one) for one in order):
                    return [_needed(known, step[1], order)]
        steps = sorted((one for one in tried.values() if one[0] < inf), key=lambda one: one[0])
    return []


def _needed(known: KnownAnswers, made: Made, order: Sequence[Seen]) -> Made:
    """Those of some mistakes that give all answers without which they do not."""
    for one in made:
        others = tuple(other for other in made if other is not one)
        if others and all(known.equals(others, seen) for seen in order):
            return _needed(known, others, order)
    return made


def _explained(found: Sequence[Made]) -> tuple[Explanation, ...]:
    """Explanations by their traps, each with the first way."""
    by_traps: dict[tuple[str, ...], Made] = {}
    for made in found:
        by_traps.setdefault(tuple(mutant.trap for mutant in made), made)
    return tuple(
        Explanation(tuple(TRAPS[name] for name in names), tuple(mutant.way for mutant in made), made)
        for names, made in by_traps.items()
    )


def _by_columns(known: KnownAnswers, order: Sequence[Seen]) -> list[Made]:
    """Mistakes that are made in some columns alone: each column is right on every case, or as with one of them. One
    such mistake if there is one, else two in different columns."""
    columns = frozenset(column.name for column in known.question.values)
    right = _held(known, (), order, columns)
    held = {(mutant,): _held(known, (mutant,), order, columns) - right for mutant in known.mutants}
    alone: list[Made] = [made for made, own in held.items() if own and own | right == columns]
    if alone:
        return alone
    return [
        (*first, *second) for (first, one), (second, other) in combinations(held.items(), 2)
        if one and other and one | other | right == columns and first[0].trap != second[0].trap
    ]  # fmt: skip


def _held(known: KnownAnswers, made: Made, order: Sequence[Seen], columns: frozenset[str]) -> frozenset[str]:
    """The columns that are as with these mistakes on every case; none where one has another set of rows."""
    for one in order:
        answer = known.answer(made, one.case)
        differ = None if answer is None else differing_columns(known.question, answer, one.given)
        columns = frozenset() if differ is None else columns - differ
        if not columns:
            break
    return columns


class Profile:
    """What each mistake alone does to the answers, on as many cases as there is time for, the small ones first."""

    def __init__(self, known: KnownAnswers, seen: Sequence[Seen], seconds: float) -> None:
        self.known = known
        self.cases: list[Seen] = []
        self.touches: dict[Mutant, list[bool]] = {mutant: [] for mutant in known.mutants}
        self.fits: dict[Mutant, list[bool]] = {mutant: [] for mutant in known.mutants}
        self.ruled_out: set[Mutant] = set()
        self.complete = True
        deadline = process_time() + seconds
        for one in sorted(seen, key=lambda one: one.case.size):
            if process_time() > deadline:
                self.complete = False
                break
            self.cases.append(one)
            right = known.answer((), one.case)
            for mutant in known.mutants:
                answer = known.answer((mutant,), one.case)
                same = answer is not None and right is not None and agrees(known.question, right, answer)
                self.touches[mutant].append(not same)
                if one.right and not same and not self._may_leave_right(right, answer):
                    self.ruled_out.add(mutant)
                self.fits[mutant].append(answer is not None and agrees(known.question, answer, one.given))

    def _may_leave_right(self, right: Answer | None, answer: Answer | None) -> bool:
        """Whether a query with the mistake can still be right here: if all that differs may be left out."""
        return right is not None and answer is not None and may_be_one(self.known.question, right, answer)

    def hints(self) -> tuple[Hint, ...]:
        """Mistakes by the number of wrong answers that they give alone, a trap once."""
        found: dict[str, Hint] = {}
        for mutant, fits in self.fits.items():
            cases = tuple(dict.fromkeys(
                one.case.name for one, fit in zip(self.cases, fits, strict=True) if fit and not one.right
            ))  # fmt: skip
            if cases and (mutant.trap not in found or len(cases) > len(found[mutant.trap].cases)):
                found[mutant.trap] = Hint(TRAPS[mutant.trap], mutant.way, cases)
        return tuple(sorted(found.values(), key=lambda hint: -len(hint.cases)))

    def pairs(self) -> list[tuple[Mutant, Mutant]]:
        """Two mistakes of different traps that may give the answers together, the likeliest first. Where the answer is
        right, neither changes more than what may be left out; where it is wrong and one of them does not matter, it
        mostly is as with the other: not where that one matters to a wrong answer alone, so such pairs come last. Of
        equal ones those first that seldom meet."""
        wrong = [place for place, one in enumerate(self.cases) if not one.right]
        possible = [
            mutant for mutant, touches in self.touches.items()
            if mutant not in self.ruled_out
            and (any(touches[place] for place in wrong) or not self.complete)
        ]  # fmt: skip
        found = [
            (first, second) for first, second in combinations(possible, 2)
            if first.trap != second.trap and can_meet(first, second)
            and any(self.touches[first][place] or self.touches[second][place] for place in wrong)
        ]  # fmt: skip
        return sorted(found, key=lambda pair: (
            sum(not self._may(pair[0], pair[1], place) for place in wrong),
            sum(self.touches[pair[0]][place] and self.touches[pair[1]][place] for place in wrong),
        ))  # fmt: skip

    def _may(self, first: Mutant, second: Mutant, place: int) -> bool:
        one, other = self.touches[first][place], self.touches[second][place]
        if one and other:
            return True
        return (one and self.fits[first][place]) or (other and self.fits[second][place])
