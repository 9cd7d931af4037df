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
from testbed.validation.battery import UTC, ZONES, Judgement, judged
from testbed.validation.integrations.world_files import chosen
from testbed.validation.questions import questions
from testbed.validation.sandbox import Sandbox
from testbed.validation.submission import read_submission

FOLDER = Path(__file__).parent / "submissions"
PAGE = Path(__file__).parents[3] / "docs" / "submissions.md"
HEAD = """# How well wrong queries are told from right ones

Made by `python -m tests.testbed.validation.judge_submissions`. The {count} submissions in
`tests/testbed/validation/submissions/` were written from the questions' definitions alone, by somebody who knew neither
the worlds of the battery nor the list of known mistakes. What is wrong with each is what its author meant to do wrong.

- Of {right} right ones {passed} are judged right.
- Of {wrong} wrong ones {caught} are judged wrong; of these a mistake is named for {named}.

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
                zones = ZONES if submission.kind == "query" and box.zoned else (UTC,)
                found = list(judged(question, asked(box), chosen(submission.model), zones))[-1]
            except BadInput as error:
                yield Result(name, said[name], f"not read: {error}", (), 0)
                continue
            assert isinstance(found, Judgement)
            worlds = sum(one.verdict in ("wrong", "could not run") for one in found.worlds)
            yield Result(name, said[name], found.verdict, tuple(trap.name for trap in found.traps), worlds)


def page(found: list[Result]) -> str:
    """The page as text."""
    right, wrong = ([one for one in found if one.right == which] for which in (True, False))
    caught = [one for one in wrong if one.verdict == "wrong"]
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
        count=len(found), right=len(right), passed=sum(one.verdict == "right" for one in right), wrong=len(wrong),
        caught=len(caught), named=sum(bool(one.told) for one in caught),
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
