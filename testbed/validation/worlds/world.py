"""A world of the battery: a small log with something special about it, made on first use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from testbed.validation.questions.form import Question
from testbed.validation.tables import Tables


@dataclass(frozen=True, eq=False)
class World:
    """A world by its name, and what is special about it.

    model: the model that questions about one model are asked of; `top` and other arguments are the questions' own.
    breaks: which rule of the contract its log breaks, empty if none: a query that errs there alone is right on every
    log that conforms. simulated: it takes a simulation to make, which is remembered.
    """

    name: str
    about: str
    make: Callable[[], Tables] = field(repr=False)
    model: str
    breaks: str = ""
    simulated: bool = False

    @cached_property
    def tables(self) -> Tables:
        """The tables, made once."""
        return self.make()

    def arguments(self, question: Question) -> dict[str, Any]:
        """The arguments with which a question is asked here."""
        return {"model": self.model} if question.takes_model else {}

    def asked_about(self, model: str) -> World:
        """The same world in which the model has the id that a query names."""
        if model == self.model:
            return self
        return replace(self, make=lambda: self.tables.renamed(self.model, model), model=model)
