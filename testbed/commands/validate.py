"""`slipper validate`: is a query right? It is asked of small worlds whose answers are known."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed import arguments
from testbed.failure import DONE, BadInput

if TYPE_CHECKING:
    from testbed.validation.integrations.validating import Task

DESCRIPTION = """\
Judges a query, or a Python function or script, before it runs on private data. It is asked of a battery of small
worlds, each with something special about it (a month that is cut off, a year's turn, users without an id, zones far
from UTC), and its answers are compared with those of an oracle that shares no code with it. A mistake that is known is
named, with the line that mends it; in each wrong case the smallest log on which it errs is printed with both answers.
Then it is asked of logs with faults of data, such as doubled rows, to see which of them it survives.

The code runs in a process of its own, without network, without other files than the world's tables, and with limits
of time and memory (docs/containment.md)."""

EPILOG = """\
examples:
  slipper questions retention_triangle                       what is asked, and which columns are expected
  slipper validate retention.sql                             the file's head says: -- question: retention_triangle
  slipper validate retention.sql --question retention_triangle --model acme/new-model --dialect bigquery
  slipper validate metrics.py --function openness --question weekly_openness
  slipper validate query.sql --columns mapping.yaml          the code uses names of your own warehouse
  slipper validate query.sql --question our_question.py      a team's own question (docs/add-a-question.md)
  slipper validate query.sql --against postgresql://me@localhost/scratch
  slipper validate --worlds worlds/                          the worlds as DuckDB files, for dbt and others
  slipper validate --answers worlds/ --table retention --question retention_triangle

In the code --model, or the head's line `-- model: author/slug`, is the model that a question is about: it has that
name in all worlds. docs/validate.md explains what is printed; docs/validate-in-your-repository.md says how to do this
in pytest, dbt and continuous integration.

exit status:
  0    right
  1    wrong
  2    it could not run, or bad input
  130  interrupted"""


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "validate",
        help="a query -> is it right, on small worlds whose answers are known",
        description=DESCRIPTION,
        epilog=EPILOG,
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="a query (.sql) or Python (.py)")
    what = parser.add_argument_group("what it answers")
    what.add_argument("--question", metavar="NAME", help="the question, or a file with a team's own")
    what.add_argument("--model", metavar="AUTHOR/SLUG", help="the model that the code names")
    how = parser.add_argument_group("how it is asked")
    how.add_argument("--dialect", metavar="NAME", help="of the SQL, such as bigquery (default: guessed)")
    how.add_argument("--function", metavar="NAME", help="which one of a Python file")
    how.add_argument("--columns", metavar="FILE", help="YAML: what tables and columns are called in the code")
    how.add_argument("--against", metavar="URL", help="run the query on a PostgreSQL server, in a schema that is "
                     "taken back")  # fmt: skip
    how.add_argument(
        "--repair-seconds",
        type=arguments.whole_number,
        default=10,
        metavar="N",
        help="how long to look for a small change that mends wrong code; 0 for not at all (default: 10)",
    )
    how.add_argument("--no-faults", action="store_true", help="do not try logs with faults of data")
    files = parser.add_argument_group("in other engines")
    files.add_argument(
        "--worlds", metavar="FOLDER", help="only write the worlds there, each as a DuckDB file"
    )
    files.add_argument("--answers", metavar="FOLDER", help="judge answers that lie there, a file a world")
    files.add_argument("--table", default="answer", metavar="NAME", help="which table of a DuckDB file is the answer "
                       "(default: answer)")  # fmt: skip
    arguments.add_output_options(parser)
    parser.add_argument("--html", metavar="FILE", help="write the result as a page, too")
    parser.add_argument("--markdown", metavar="FILE", help="the same in Markdown, for a repository")
    arguments.add_overwrite(parser)
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Judges a user's code."""
    if args.worlds:
        return _write_worlds(args)
    if (args.file is None) == (args.answers is None):
        args.parser.error("name a file, or a folder with --answers")
    from analysis.contract.files import check_page, write_page
    from testbed.validation.battery import Judgement
    from testbed.validation.faults.survival import survival
    from testbed.validation.integrations import wording
    from testbed.validation.integrations.judging import STATUS

    for written in (args.markdown, args.html):
        if written:
            check_page(Path(written), args.overwrite)
    if args.model and "/" not in args.model:
        raise BadInput(f"--model {args.model}: expected author/slug, such as openai/gpt-4o")
    name = args.file or args.answers
    view = wording.Rows(quiet=args.json or args.quiet)
    found, survived = None, None
    with _opened(args) as task:
        if args.model and not task.question.takes_model:
            raise BadInput(f"--model {args.model}: {task.question.name} is not about one model")
        view.begin(name, task.question, task.notes)
        for one in task.rows():
            if isinstance(one, Judgement):
                found = one
            else:
                view.row(one)
        assert found is not None
        if task.again and found.verdict == "right" and not args.no_faults:
            survived = survival(task.ask, task.question, task.model)
    if args.json:
        told = found.json()
        if survived is not None:
            told["faults"] = survived.json()["faults"]
        print(json.dumps(told, indent=2, default=str))
    elif args.quiet:
        print(found.verdict)
    else:
        print(wording.text(name, found, survived))
    if args.markdown:
        write_page(Path(args.markdown), wording.page(name, found, survived), args.overwrite)
        print(args.markdown, file=sys.stderr)
    if args.html:
        from testbed.validation.integrations import page

        code = Path(args.file).read_text(encoding="utf-8", errors="replace") if args.file else ""
        write_page(
            Path(args.html),
            page.render(Path(name).name, task.question, found, survived, code),
            args.overwrite,
        )
        print(args.html, file=sys.stderr)
    return STATUS[found.verdict]


def _opened(args: argparse.Namespace) -> AbstractContextManager[Task]:
    from testbed.validation.integrations import wording
    from testbed.validation.integrations.validating import answers, opened

    if args.answers:
        return nullcontext(answers(args.answers, args.question, table=args.table, model=args.model))
    return opened(
        Path(args.file), args.question, model=args.model, columns=args.columns, dialect=args.dialect,
        function=args.function, against=args.against, repair_seconds=args.repair_seconds,
        progress=None if args.json or args.quiet else wording.Searching(args.repair_seconds),
    )  # fmt: skip


def _write_worlds(args: argparse.Namespace) -> int:
    from testbed.validation.columns import read_columns
    from testbed.validation.integrations.world_files import write_worlds

    columns = read_columns(args.columns) if args.columns else None
    for one in write_worlds(args.worlds, model=args.model, columns=columns):
        print(one.path)
    return DONE
