"""The answers of a class: all files graded, and what they say by exercise."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from analysis.report.spreadsheet import quoted
from lessons.frame.answers import exercises, read
from lessons.frame.grading import Grade, grade, number_of
from sim.config.problems import Problem, ScenarioError
from testbed.failure import BadInput


class Row(NamedTuple):
    """One exercise over the class. wrong: the commonest wrong answer, empty if there is none; times: how often it was
    given; misstep: the misconception behind it, where it is known."""

    key: str
    answered: int
    right: int
    wrong: str
    times: int
    misstep: str


@dataclass(frozen=True)
class Results:
    """Grades by learner, in the order of the files. twice: learners whose files answer an exercise differently, with
    those exercises."""

    by_learner: dict[str, list[Grade]]
    twice: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def by_exercise(self) -> list[Row]:
        """The exercises that somebody answered, in their order."""
        rows = []
        for key in exercises():
            given = [one for grades in self.by_learner.values() for one in grades if one.key == key]
            if not given:
                continue
            wrong = Counter(str(one.given) for one in given if not one.right).most_common(1)
            said, times = wrong[0] if wrong else ("", 0)
            why = next((one.misstep for one in given if wrong and str(one.given) == said), "")
            rows.append(Row(key, len(given), sum(one.right for one in given), said, times, why))
        return rows

    def csv(self) -> str:
        """Every grade as a row: learner, exercise, answer, right (1 or 0), misconception."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(("learner", "exercise", "answer", "right", "misconception"))
        for learner, grades in self.by_learner.items():
            table.writerows(
                (plain(learner), g.key, plain(str(g.given)), int(g.right), g.misstep) for g in grades
            )
        return text.getvalue()

    def as_json(self) -> dict[str, Any]:
        """Grades and the table by exercise, for programs."""
        told = {
            learner: [
                {
                    "exercise": g.key,
                    "answer": g.given,
                    "right": g.right,
                    "said": g.said,
                    "misconception": g.misstep,
                }
                for g in grades
            ]
            for learner, grades in self.by_learner.items()
        }
        return {"learners": told, "exercises": [row._asdict() for row in self.by_exercise()]}


def plain(text: str) -> str:
    """Text that a spreadsheet takes as text, or as the number that a learner wrote; see `quoted`."""
    return text if number_of(text) is not None else str(quoted(text))


def files_of(path: Path) -> list[Path]:
    """The file, or the .yaml files of the folder, in order. Raises BadInput if there is none."""
    if path.is_dir():
        found = sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml"))
        if not found:
            raise BadInput(f"{path}: no file of answers (.yaml) in this folder")
        return found
    if not path.exists():
        raise BadInput(f"{path}: no such file or folder of answers")
    return [path]


def grade_files(files: Sequence[Path]) -> Results:
    """The grades of all files. Answers of one learner in several files are put together, the later one's count. Raises
    ScenarioError with the problems of all files."""
    by_learner: dict[str, dict[str, Any]] = {}
    twice: dict[str, tuple[str, ...]] = {}
    problems: list[Problem] = []
    for file in files:
        try:
            found = read(file)
        except ScenarioError as error:
            problems += error.problems
            continue
        given = by_learner.setdefault(found.learner, {})
        if other := tuple(
            key for key, one in found.answers.items() if key in given and str(given[key]) != str(one)
        ):
            twice[found.learner] = (*twice.get(found.learner, ()), *other)
        given.update(found.answers)
    if problems:
        raise ScenarioError(problems)
    known = exercises()
    return Results({
        learner: [grade(one, given[key]) for key, one in known.items() if key in given]
        for learner, given in by_learner.items()
    }, twice)  # fmt: skip
