"""Code that answers as known mistakes do, to be asked like a user's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from testbed.validation.asking import Ask
from testbed.validation.mutants import Mutant, mutants_of, together
from testbed.validation.questions import OPTIONAL, RULES, Question, questions
from testbed.validation.tables import Tables
from testbed.validation.worlds import battery

SMALL = [world for world in battery().values() if not world.simulated]


def way(question: str, trap: str, number: int = 0) -> Mutant:
    """A way into a trap of a question."""
    return [mutant for mutant in mutants_of(questions()[question]) if mutant.trap == trap][number]


def answering(
    question: Question, *mutants: Mutant, model: str | None = None, calls: Sequence[int] = ()
) -> Ask:
    """Code with these mistakes. model: the one that it names; calls: a list to which each call is added."""
    arguments = {"model": model} if question.takes_model else {}

    def ask(tables: Tables, zone: str) -> pd.DataFrame:
        if isinstance(calls, list):
            calls.append(tables.generations.num_rows)
        oracle = together(question, mutants)
        rows = question.rows(tables, rules=replace(RULES, zone=zone), oracle=oracle, **arguments)
        return question.framed(rows).drop(columns=OPTIONAL)

    return ask
