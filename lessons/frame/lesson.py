"""The record of a lesson: what it asks, which belief it refutes, what is computed for it, and its exercises.

A lesson is a file of `lessons/course` that holds a `LESSON`, and a notebook of the same number. No number that a
sentence tells of a world is typed into a record: what has one is a function that computes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lessons.pictures.figure import Figure

HOME = Path(__file__).resolve().parents[1]
"""The folder of the notebooks."""
MINUTES = 15
"""How long a lesson may take."""
CODE_LINES = 10
"""How long the code that a lesson shows may be."""


class Option(NamedTuple):
    """One answer to choose from. comment: what the learner who chose it should know, whether right or wrong."""

    text: str
    comment: str
    right: bool = False


class Misstep(NamedTuple):
    """A wrong answer that people give. answer: as a function, as the right one; why: the misconception behind it."""

    answer: Callable[[], float | str]
    why: str


@dataclass(frozen=True)
class Exercise:
    """A question with an answer that can be checked.

    key: its name in a file of answers. answer: computes the right one from the world: a number, or one of `options`.
    unit: of a number, for people; a share is asked in percent (unit "%"), as a number from 0 to 100. tolerance: how far
    off a number may be, in the unit. explanation: why the right answer is right.
    """

    key: str
    question: str
    answer: Callable[[], float | str]
    explanation: str
    unit: str = ""
    tolerance: float = 0.5
    options: tuple[str, ...] = ()
    missteps: tuple[Misstep, ...] = ()


class Switch(NamedTuple):
    """A cause that a lesson can flip unseen. settings: of the scenario, as after `--set`; telltale: the trace
    by which it is told from the others."""

    key: str
    name: str
    settings: tuple[str, ...]
    telltale: str


class Reading(NamedTuple):
    """What one run shows. naive: the number that the misconception believes or expects; truth: the number that is so in
    this world; refuted: whether the run shows that the naive reading is wrong."""

    naive: float
    truth: float
    refuted: bool


class Refutation(NamedTuple):
    """How a lesson refutes its misconception. run: what the world of one seed shows; seeds: those that a test runs;
    least: the share of them in which it must be refuted, with why in the lesson's text."""

    run: Callable[[int], Reading]
    seeds: Sequence[int] = range(1, 11)
    least: float = 1.0


@dataclass(frozen=True)
class Lesson:
    """One lesson.

    number: 0 to 10. file: of the notebook, in `lessons/`. place: where the report or its pages deal with this. worlds:
    names of shipped scenarios, such as "lessons/habits"; empty where plain statistics are enough. options: of the
    prediction, exactly one right. take_away: one paragraph with computed numbers. result: the picture that says it, for
    handouts and slides. code: at most ten lines of public API that make the numbers of the picture. switches:
    the causes among which "which switch did we flip?" chooses; two or more, or none.
    """

    number: int
    file: str
    title: str
    question: str
    misconception: str
    options: tuple[Option, ...]
    refutation: Refutation
    take_away: Callable[[], str]
    result: Callable[[], Figure]
    exercises: tuple[Exercise, ...]
    place: str
    code: str
    minutes: int = MINUTES
    worlds: tuple[str, ...] = ()
    switches: tuple[Switch, ...] = ()
    words: tuple[str, ...] = ()
    """Words of the glossary that the lesson explains where it first uses them."""

    @property
    def notebook(self) -> Path:
        """The path of the notebook."""
        return HOME / self.file
