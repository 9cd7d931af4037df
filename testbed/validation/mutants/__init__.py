"""Known-wrong answers: each trap as the oracles that fall into it, by which a wrong query is recognised."""

from __future__ import annotations

from functools import cache

from testbed.validation.mutants import (
    clocks,
    labels,
    money,
    order,
    parts,
    people,
    records,
    shares,
    spines,
    units,
)
from testbed.validation.mutants.form import Mutant, can_meet, together
from testbed.validation.mutants.retention import cells, cohorts, horizon, launches, windows
from testbed.validation.questions.form import Question

__all__ = ["Mutant", "can_meet", "mutants_of", "together"]

_ALL: tuple[Mutant, ...] = (
    *clocks.MUTANTS, *people.MUTANTS, *cohorts.MUTANTS, *cells.MUTANTS, *horizon.MUTANTS, *windows.MUTANTS,
    *launches.MUTANTS, *spines.MUTANTS, *records.MUTANTS, *shares.MUTANTS, *labels.MUTANTS, *money.MUTANTS,
    *order.MUTANTS, *parts.MUTANTS, *units.MUTANTS,
)  # fmt: skip


@cache
def _by_question(name: str, traps: frozenset[str]) -> tuple[Mutant, ...]:
    return tuple(m for m in _ALL if m.trap in traps and (not m.only or name in m.only))


def mutants_of(question: Question) -> tuple[Mutant, ...]:
    """The known-wrong variants of a question, in the order of its traps."""
    order = {trap.name: place for place, trap in enumerate(question.traps)}
    found = _by_question(question.name, frozenset(order))
    return tuple(sorted(found, key=lambda mutant: order[mutant.trap]))
