"""What a pipeline calls: `python -m testbed.validation.integrations worlds|answers|query ...`.

Exit status 0: right, or written; 1: wrong; 2: cannot run, or bad input.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from testbed.failure import DONE, Failure

AGAINST = "SLIPPER_AGAINST"


def main(argv: list[str] | None = None) -> int:
    """Carry out a command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m testbed.validation.integrations", description=(__doc__ or "").split("\n", 2)[2],
        allow_abbrev=False,
    )  # fmt: skip
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    worlds = commands.add_parser(
        "worlds", help="write each world of the battery into a DuckDB file of a folder"
    )
    worlds.add_argument("folder")
    answers = commands.add_parser("answers", help="judge answers that lie in a folder, one file a world")
    answers.add_argument("folder")
    answers.add_argument("--table", metavar="NAME", help="in files of DuckDB (default: the question's name)")
    answers.add_argument(
        "--zone", default="UTC", help="of the session in which they were made (default: UTC)"
    )
    query = commands.add_parser("query", help="judge a query or a Python file on the battery")
    query.add_argument("file")
    query.add_argument("--dialect", metavar="NAME", help="in which a query is written (default: guessed)")
    query.add_argument(
        "--against", metavar="URL", default=os.environ.get(AGAINST) or None,
        help=f"run a query on this PostgreSQL server (default: ${AGAINST}; put the password into $PGPASSWORD)",
    )  # fmt: skip
    for one in (worlds, query):
        one.add_argument("--columns", metavar="FILE", help="names of your own for tables and columns (YAML)")
    for one in (answers, query):
        one.add_argument("--question", metavar="NAME", help="one of those that `slipper questions` lists")
        one.add_argument("--json", action="store_true", help="the verdict as JSON")
    for one in (worlds, answers, query):
        one.add_argument("--model", metavar="ID", help="the model of which a question is asked")
    args = parser.parse_args(argv)
    try:
        return _written(args) if args.command == "worlds" else _judged(args)
    except Failure as error:
        print(error, file=sys.stderr)
        return error.status


def _written(args: argparse.Namespace) -> int:
    from testbed.validation.columns import read_columns
    from testbed.validation.integrations.world_files import write_worlds

    named = read_columns(args.columns) if args.columns else None
    for one in write_worlds(args.folder, model=args.model, columns=named):
        print(one.path)
    return DONE


def _judged(args: argparse.Namespace) -> int:
    from testbed.validation.integrations.validating import answers, validate

    if args.command == "answers":
        found = answers(
            args.folder, args.question, table=args.table, model=args.model, zone=args.zone
        ).judged()
    else:
        found = validate(
            Path(args.file), args.question, model=args.model,
            columns=args.columns, dialect=args.dialect, against=args.against,
        )  # fmt: skip
    print(json.dumps(found.json(), indent=2) if args.json else found.text())
    return found.status


if __name__ == "__main__":
    sys.exit(main())
