"""Judges the submissions of analysts, for docs/submissions.md: `python -m tests.testbed.validation.judge_submissions`.

Whoever wrote them knew the questions' definitions and neither the worlds nor the known mistakes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from analysis.contract import files
from testbed.failure import BadInput
from testbed.markdown import heading, row
from testbed.validation.asking import asked
from testbed.validation.battery import Judgement, judged
from testbed.validation.integrations.validating import zones_of
from testbed.validation.integrations.world_files import chosen
from testbed.validation.questions import questions
from testbed.validation.sandbox import Sandbox
from testbed.validation.submission import read_submission

FOLDER = Path(__file__).parent / "submissions"
PAGE = Path(__file__).parents[3] / "docs" / "submissions.md"
HEAD = """# How well wrong queries are told from right ones

Made by `python -m tests.testbed.validation.judge_submissions` from `tests/testbed/validation/submissions/`. What is
wrong with each is what its author meant to do wrong.

**Two numbers, of which the first is the fair one.** The first 109 submissions were written from the questions'
definitions alone, by somebody who knew neither the worlds of the battery nor the list of known mistakes. Judged with
the list as it was then, all of 32 right ones were judged right; of 77 wrong ones 75 were judged wrong, and of these a
mistake was named for 47, which is 61% of the 77. After that the ones that were not named had been read, and the kinds
of mistakes in them were added to the list, for all questions in whose way they lie, and to the battery what makes the
two err that were not caught. So what is said of the same submissions below shows that the kinds are covered now, and
not how well a stranger's mistake would be named.

As a weaker check of that, {later} wrong ones were written before anything was added, by somebody who had read the list:
{later_before} of them were named before, and {later_named} are now.

- Of {right} right ones {passed} are judged right.
- Of the first {wrong} wrong ones {caught} are judged wrong, and for {named} a mistake is named: {share:.0%} of all.
- Of the {later} later ones {later_caught} are judged wrong, and for {later_named} a mistake is named.

Two names with "and" between them are two mistakes, or two that no world of the battery tells apart.

"""


class Result(NamedTuple):
    """What became of a submission. meant: what its author says is wrong with it; told: the mistakes that were named."""

    name: str
    meant: str
    verdict: str
    told: tuple[str, ...]
    worlds: int

    @property
    def right(self) -> bool:
        """Whether its author meant it to be right."""
        return self.meant == "right"


LATER = "## Written later"
"""The heading in the folder's README under which those stand that were written by somebody who knew the mutants."""
LATER_BEFORE = 7
"""How many of these were named before mutants were added."""


def later() -> set[str]:
    """The files that were written later."""
    listed = (FOLDER / "README.md").read_text(encoding="utf-8").partition(LATER)[2]
    return set(re.findall(r"^\| `([^`]+)` \|", listed, re.MULTILINE))


def meant() -> dict[str, str]:
    """What is wrong with each file, as the folder's README has it."""
    line = re.compile(r"^\| `([^`]+)` \|.*\| ([^|]+) \|$", re.MULTILINE)
    return dict(line.findall((FOLDER / "README.md").read_text(encoding="utf-8")))


def results(names: list[str]) -> Iterator[Result]:
    """The submissions, one after the other."""
    said, known = meant(), questions()
    with Sandbox() as sandbox:
        for name in names or list(said):
            try:
                submission = read_submission(FOLDER / name)
                box = sandbox.open(submission)
                question = known[submission.question or ""]
                worlds = chosen(submission.model)
                found = list(judged(question, asked(box), worlds, zones_of(box), again=False))[-1]
            except BadInput as error:
                yield Result(name, said[name], f"not read: {error}", (), 0)
                continue
            assert isinstance(found, Judgement)
            named = tuple(trap.name for trap in found.traps)
            yield Result(name, said[name], found.verdict, named, len(found.erring))


def page(found: list[Result]) -> str:
    """The page as text."""
    added = later()
    right, every = ([one for one in found if one.right == which] for which in (True, False))
    wrong, after = ([one for one in every if (one.name in added) == which] for which in (False, True))
    caught, caught_after = ([one for one in part if one.verdict == "wrong"] for part in (wrong, after))
    named, named_after = (sum(bool(one.told) for one in part) for part in (caught, caught_after))
    lines = heading(
        "submission",
        "what is wrong with it",
        "judged",
        "the mistake that is named",
        "worlds on which it errs",
    )
    lines += [
        row(f"`{one.name}`", one.meant, one.verdict, " and ".join(one.told) or "–", str(one.worlds))
        for one in found
    ]
    head = HEAD.format(
        right=len(right), passed=sum(one.verdict == "right" for one in right), wrong=len(wrong), caught=len(caught),
        named=named, share=named / len(wrong), later=len(after), later_before=LATER_BEFORE,
        later_caught=len(caught_after), later_named=named_after,
    )  # fmt: skip
    return head + "\n".join(lines) + "\n"


def main(names: list[str]) -> None:
    """Judge those named, or all; the page is written for all."""
    found = []
    for one in results(names):
        print(f"{one.name}: {one.verdict} ({' and '.join(one.told) or '-'}; {one.meant})", flush=True)
        found.append(one)
    if not names:
        files.write_text(PAGE, page(found))


if __name__ == "__main__":
    main(sys.argv[1:])
