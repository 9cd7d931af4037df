"""Judges the submissions of analysts, for docs/submissions.md: `python -m tests.testbed.validation.judge_submissions`.

With the names of rounds (`first`, `second` and so on) it judges those anew, and leaves the other rows of the page as
they are; with the names of files it judges those, and leaves the page alone. After the word `mends` it looks for small
changes that mend the wrong ones of these rounds. Whoever wrote them knew the questions'
definitions and neither the worlds nor the known mistakes.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from time import process_time
from typing import NamedTuple
from unittest.mock import patch

from analysis.contract import files
from testbed.failure import BadInput
from testbed.markdown import heading, row
from testbed.validation.asking import asked
from testbed.validation.battery import Judgement, judged
from testbed.validation.integrations.validating import zones_of
from testbed.validation.integrations.world_files import chosen
from testbed.validation.questions import questions
from testbed.validation.recognition import Recognition, Wrong
from testbed.validation.repair.form import Repair
from testbed.validation.repair.search import SECONDS, repair
from testbed.validation.repair.wording import change
from testbed.validation.sandbox import Sandbox
from testbed.validation.submission import read_submission

FOLDER = Path(__file__).parent / "submissions"
PAGE = Path(__file__).parents[3] / "docs" / "submissions.md"
HEAD = """# How well wrong queries are told from right ones

Made by `python -m tests.testbed.validation.judge_submissions` from `tests/testbed/validation/submissions/`. What is
wrong with each is what its author meant to do wrong.

**The fair numbers are those of the first time.** Whoever wrote the rounds knew the questions' definitions and the
log's columns, and neither the worlds of the battery nor the list of known mistakes. What was not named was then read,
and its kind added to the list, for all questions in whose way it lies, and to the battery what makes a query err that
was not caught. So what is said of the same submissions *now* shows that the kinds are covered, and not how well a
stranger's mistake would be named: that share went up and down by the round. In the last two rounds, judged with one
list, {last} of 44 were named, where 90% is the aim.

| round | code of | right ones: judged right | wrong ones: judged wrong | the mistake named | share of the wrong ones |
|---|---|---|---|---|---|
{rounds}

In the second round the three that were not judged as they should could not run: ClickHouse's functions of weeks and
zones were not translated. Of the {second_named} names one was beside the mark (`{beside}`).
In the third round all could run, and each of the {third_named} names is that of the mistake that was meant. Two of
those that were not named go wrong in a second way, which nobody meant (the folder's README says how): without them it
is {third_named} of 28.
In the fourth round {fourth_named} were named the first time, one of them by a neighbour's name with the right advice
(`fourth_round/wrong_19_weekly_authors.py`: its weeks begin on Tuesday, and it is told that they begin on Monday). The
search for a small change, written meanwhile by somebody who had not seen this round, mends one of the six others
(`fourth_round/wrong_03_cohort_sizes.py`). After it the list grew by whole classes of mistakes, for all questions.
In the fifth round {fifth_named} were named the first time. Of the two others the search for a small change mends one
(`fifth_round/wrong_18_cohort_sizes.sql`); the other takes each model and provider as a point of its own
(`fifth_round/wrong_29_elasticity.py`). In the sixth, judged with the same list, {sixth_named} of 14 were.
One that was meant to be right was judged wrong, and is: of a log without programming it gives all weeks
(`sixth_round/right_07_programming_length.py`), and the search says what to change. No other one was.

As a weaker check, {later} wrong ones were written between the rounds, before anything was added, by somebody who had
read the list: {later_before} of them were named before, and {later_named} are now.

Names with "and" between them are mistakes that are there together, as an author meant (two) or did unawares, or that no
world of the battery tells apart.

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


ROUNDS = {
    "first": "", "second": "second_round", "third": "third_round", "fourth": "fourth_round", "fifth": "fifth_round",
    "sixth": "sixth_round",
}  # fmt: skip
"""Where the files of a round are, in the folder: what others wrote, each after the list had grown."""
LATER = "## Written later"
"""The heading in the folder's README under which those stand that were written by somebody who knew the mutants."""
LATER_BEFORE = 7
"""How many of these were named before mutants were added."""


class Score(NamedTuple):
    """How a round was judged: right ones, and those judged right; wrong ones, those judged wrong, and those named."""

    right: int
    passed: int
    wrong: int
    caught: int
    named: int

    def row(self, name: str, code: str) -> str:
        """As a row of the page. code: the commit whose code judged."""
        return row(
            name,
            code,
            f"{self.passed} of {self.right}",
            f"{self.caught} of {self.wrong}",
            str(self.named),
            f"{self.named / self.wrong:.0%}",
        )


FIRST_TIME = {
    "first": Score(32, 32, 77, 75, 47), "second": Score(16, 15, 60, 58, 49), "third": Score(8, 8, 30, 30, 20),
    "fourth": Score(8, 8, 30, 30, 24), "fifth": Score(8, 8, 30, 30, 28),
    "sixth": Score(12, 11, 14, 14, 14),
}  # fmt: skip
"""The rounds as judged with the list that stood when they were written: a record, which no run makes again."""
FIRST_CODE = {
    "first": "afd0047", "second": "b6b289b", "third": "a69bcfc", "fourth": "ae6569b", "fifth": "164ce50",
    "sixth": "9dde078",
}  # fmt: skip
"""The commits of the code that judged then."""
NONE = "–"
"""What stands where no mistake is named."""
BESIDE = "second_round/a_wrong_13_foundational_verdict.sql"
"""The one whose name was no name of its mistake."""


def later() -> set[str]:
    """The files that were written later."""
    listed = (FOLDER / "README.md").read_text(encoding="utf-8").partition(LATER)[2]
    return set(re.findall(r"^\| `([^`]+)` \|", listed, re.MULTILINE))


def meant() -> dict[str, str]:
    """What is wrong with each file, as the README of its folder has it."""
    line = re.compile(r"^\| `([^`]+)` \|.*\| ([^|]+) \|$", re.MULTILINE)
    found = {}
    for folder in map(FOLDER.joinpath, ROUNDS.values()):
        for name, wrong in line.findall((folder / "README.md").read_text(encoding="utf-8")):
            found[str((folder / name).relative_to(FOLDER))] = wrong
    return found


def results(names: list[str]) -> Iterator[Result]:
    """What becomes of these, as many at a time as the machine has cores."""
    said = meant()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(result, names, [said[name] for name in names])


def result(name: str, said: str) -> Result:
    """What becomes of one. said: what its author says is wrong with it."""
    with Sandbox() as sandbox:
        try:
            submission = read_submission(FOLDER / name)
            box = sandbox.open(submission)
            question = questions()[submission.question or ""]
            found = list(judged(question, asked(box), chosen(submission.model), zones_of(box), again=False))[
                -1
            ]
        except BadInput as error:
            return Result(name, said, f"not read: {error}", (), 0)
    assert isinstance(found, Judgement)
    return Result(name, said, found.verdict, tuple(trap.name for trap in found.traps), len(found.erring))


def round_of(name: str) -> str:
    """The round of a file."""
    return next(one for one, folder in ROUNDS.items() if str(Path(name).parent) == str(Path(folder)))


def written() -> tuple[dict[str, Result], dict[str, str]]:
    """What the page says: the result of each file, and the commit whose code judged each round last."""
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(.+?)` \| .+ \| (.+?) \| (.+?) \| (\d+) \|$", text, re.MULTILINE)
    said = meant()
    results_of = {
        name: Result(
            name, said[name], verdict, () if told == NONE else tuple(told.split(" and ")), int(worlds)
        )
        for name, verdict, told, worlds in rows
        if name in said
    }
    return results_of, dict(re.findall(r"^\| (\w+), now \| (\w+) \|", text, re.MULTILINE))


def page(found: dict[str, Result], code: dict[str, str]) -> str:
    """The page as text. code: the commit whose code judged each round."""
    added = later()
    after = [one for name, one in found.items() if name in added]
    rows = []
    for name in ROUNDS:
        held = [one for file, one in found.items() if file not in added and round_of(file) == name]
        rows += [
            FIRST_TIME[name].row(f"{name}, the first time", FIRST_CODE[name]),
            _score(held).row(f"{name}, now", code[name]),
        ]
    lines = heading(
        "submission",
        "what is wrong with it",
        "judged",
        "the mistake that is named",
        "worlds on which it errs",
    )
    lines += [
        row(f"`{one.name}`", one.meant, one.verdict, " and ".join(one.told) or NONE, str(one.worlds))
        for one in found.values()
    ]
    named = {name: score.named for name, score in FIRST_TIME.items()}
    head = HEAD.format(
        rounds="\n".join(rows), second_named=named["second"], third_named=named["third"], beside=BESIDE,
        fourth_named=named["fourth"], fifth_named=named["fifth"], sixth_named=named["sixth"],
        last=named["fifth"] + named["sixth"],
        later=len(after), later_before=LATER_BEFORE, later_named=_score(after).named,
    )  # fmt: skip
    _, title, part = PAGE.read_text(encoding="utf-8").partition(MENDS)
    return head + "\n".join(lines) + "\n" + title + part


def _score(found: list[Result]) -> Score:
    right, wrong = ([one for one in found if one.right == which] for which in (True, False))
    caught = [one for one in wrong if one.verdict == "wrong"]
    return Score(
        len(right),
        sum(one.verdict == "right" for one in right),
        len(wrong),
        len(caught),
        sum(bool(one.told) for one in caught),
    )


class Mended(NamedTuple):
    """What a search for a mend made of a wrong submission, with the list of known mistakes switched off. changes: how
    many mend it, 0 where none was found; beside: whether a known mistake is left then; seconds: of processor time, the
    sandbox's too."""

    name: str
    changes: int
    beside: bool
    seconds: float
    exhausted: bool
    said: str


def mended(name: str, seconds: float = SECONDS) -> Mended:
    """What becomes of one. seconds: of processor time that the search has."""
    with Sandbox() as sandbox, patch("testbed.validation.battery.recognise", return_value=Recognition()):
        submission = read_submission(FOLDER / name)
        box = sandbox.open(submission)
        question = questions()[submission.question or ""]

        def mender(wrong: Wrong) -> Repair:
            return repair(box, wrong, seconds, clock=lambda: process_time() + sandbox.worked())

        worlds, zones = chosen(submission.model), zones_of(box)
        *_, found = judged(question, asked(box), worlds, zones, again=False, mender=mender)
    assert isinstance(found, Judgement)
    if found.repair is None:
        return Mended(name, 0, False, 0.0, True, f"judged {found.verdict}")
    held = found.repair.mends[:1]
    changes = held[0].edit.changes if held else 0
    said = f"{held[0].kind}: {change(held[0])}" if held else NONE
    return Mended(
        name, changes, bool(held and held[0].beside), found.repair.seconds, found.repair.exhausted, said
    )


def mends(rounds: list[str]) -> None:
    """Look for mends of the wrong submissions of these rounds, or of all, and write their part of the page."""
    text = PAGE.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\w+) (\| .+ s \|)$", text, re.MULTILINE))
    said, added = meant(), later()
    for one in [one for one in ROUNDS if one in rounds or not rounds]:
        names = [
            name for name in said if said[name] != "right" and name not in added and round_of(name) == one
        ]
        found = []
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            for got in pool.map(mended, names):
                print(f"{got.name}: {got.changes} changes, {got.seconds:.1f} s ({got.said})", flush=True)
                found.append(got)
        alone = [sum(got.changes == count and not got.beside for got in found) for count in (1, 2)]
        cells = [len(found), *alone, sum(got.beside for got in found), sum(not got.exhausted for got in found),
                 f"{median(got.seconds for got in found):.1f} s"]  # fmt: skip
        rows[one] = f"| {' | '.join(map(str, cells))} |"
    table = [*heading("round", "wrong ones", "by one change", "by two", "by one beside a known mistake",
                      "not all changes tried", "processor time, median"),
             *(f"| {one} {rows[one]}" for one in ROUNDS if one in rows)]  # fmt: skip
    part = MENDS_HEAD.format(seconds=SECONDS) + "\n".join(table) + "\n"
    files.write_text(PAGE, text.partition(MENDS)[0] + MENDS + part)


MENDS = "\n## Mended by a small change\n"
MENDS_HEAD = """
Made by `python -m tests.testbed.validation.judge_submissions mends`: how many of the wrong ones a small change of their
own code makes right on every world, found by search, **with the list of known mistakes switched off**, in at most
{seconds:g} s of processor time each. Who wrote the search had read the third round, and much of the two before it, so
that its kinds of changes are not blind to them: the fair number is that of a round written apart.

"""


def main(asked: list[str]) -> None:
    """Judge these rounds, or all, and write the page; or judge these files; or, after `mends`, look for mends."""
    if asked[:1] == ["mends"]:
        mends(asked[1:])
        return
    rounds = [name for name in ROUNDS if name in asked or not asked]
    names = [name for name in meant() if name in asked or round_of(name) in rounds]
    found = {}
    for one in results(names):
        print(f"{one.name}: {one.verdict} ({' and '.join(one.told) or '-'}; {one.meant})", flush=True)
        found[one.name] = one
    if rounds:
        before, code = written()
        now = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
        )
        known = before | found
        files.write_text(
            PAGE,
            page(
                {name: known[name] for name in meant() if name in known},
                code | dict.fromkeys(rounds, now.stdout.strip()),
            ),
        )


if __name__ == "__main__":
    main(sys.argv[1:])
