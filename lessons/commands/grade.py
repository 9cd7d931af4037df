"""`slipper grade`: checks answers to the exercises, one learner's or a class's, and says what was wrong."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed import arguments
from testbed.failure import DONE, BadInput

if TYPE_CHECKING:
    from lessons.frame.school_class import Results

DESCRIPTION = """\
Checks answers to the exercises of the lessons. Of a file: which answers are right,
which are not, and the misconception behind a wrong answer that people often give.
Of a folder, a class: a table by exercise, with the commonest wrong answer. Right
answers are computed from the lessons' worlds, so that grading takes some seconds."""

EPILOG = f"""\
examples:
  slipper grade answers.yaml
  slipper grade answers/              a class: every .yaml file in the folder
  slipper grade answers/ --csv > class.csv
  slipper grade answers.yaml --json

a file of answers (a notebook saves one):
  learner: Ada
  answers:
    1.1: 72
    1.3: on or after

Wrong answers are no error: the status is 0. Leaves nothing on disk.

{arguments.EXIT_STATUSES}"""


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "grade", help="check answers to the lessons' exercises", description=DESCRIPTION, epilog=EPILOG
    )
    parser.add_argument(
        "answers", metavar="FILE_OR_FOLDER", help="answers as YAML, or a folder of such files"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="every grade as a row of CSV on standard output")
    form.add_argument("--json", action="store_true", help="as JSON on standard output")
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Grades one file, or those of a folder."""
    from lessons.frame import school_class
    from sim import ScenarioError

    path = Path(args.answers)
    try:
        results = school_class.grade_files(school_class.files_of(path))
    except ScenarioError as error:
        raise BadInput(str(error)) from error
    for learner, keys in results.twice.items():
        print(
            f"slipper grade: {learner} answers {', '.join(keys)} differently in several files; the later file counts. "
            "If they are two learners, write another name in one of the files (learner: NAME)",
            file=sys.stderr,
        )
    if args.csv:
        print(results.csv(), end="")
    elif args.json:
        print(json.dumps(results.as_json(), indent=2, ensure_ascii=False))
    elif path.is_dir():
        _print_class(results)
    else:
        _print_one(results)
    return DONE


def _print_one(results: Results) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from testbed.terminal.console import open_console

    console = open_console()
    for learner, grades in results.by_learner.items():
        right = sum(one.right for one in grades)
        console.print(Text(f"{learner}: {right} of {len(grades)} right", style="bold"))
        for one in grades:
            console.print(Text.assemble((f"  {one.key}  ", "bold"), "right" if one.right else "not right"))
            console.print(Padding(Text(one.said), (0, 0, 0, 7)))


def _print_class(results: Results) -> None:
    from rich.table import Table

    from analysis.numerals import counted
    from testbed.terminal.console import open_console

    console = open_console()
    table = Table(title=f"{len(results.by_learner)} learners", title_justify="left")
    for column in ("exercise", "answered", "right", "commonest wrong answer", "the misconception behind it"):
        table.add_column(column, justify="right" if column in ("answered", "right") else "left")
    for row in results.by_exercise():
        wrong = f"{row.wrong} ({counted(row.times, 'time')})" if row.times else ""
        table.add_row(row.key, str(row.answered), str(row.right), wrong, row.misstep)
    console.print(table)
