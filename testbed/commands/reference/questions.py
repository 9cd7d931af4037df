"""`slipper questions`: what a query can be judged on, with definitions, columns, examples and traps."""

from __future__ import annotations

import argparse
import json
import textwrap
from typing import TYPE_CHECKING, Any

from testbed import arguments
from testbed.failure import DONE

if TYPE_CHECKING:
    from testbed.validation.questions import Question

DESCRIPTION = """\
Lists the questions that a query can be judged on, or shows one: what is asked, the
exact definition, the columns of the answer, the traps, and a right example in SQL
(DuckDB) and in Python. Queries find the tables generations, labels and models of
the log, and taxonomy, the category of each content path."""

EPILOG = f"""\
examples:
  slipper questions                                     all of them
  slipper questions retention_triangle                  one in full
  slipper questions tool_share --example sql > mine.sql
  slipper questions our_question.py                     a team's own, from its file
  slipper questions --json

{arguments.EXIT_STATUSES}"""

WIDTH = 80


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "questions", help="what a query can be judged on", description=DESCRIPTION, epilog=EPILOG
    )
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help="show this question, or that of a Python file"
    )
    parser.add_argument(
        "--example", choices=["sql", "python"], metavar="sql|python", help="print a right example alone"
    )
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Lists questions, or shows one."""
    if args.example and not args.name:
        args.parser.error("name the question of which to print an example")
    if args.example and args.json:
        args.parser.error("give --example or --json, not both")
    from testbed.validation.questions import named, questions

    if args.name is None:
        chosen = list(questions().values())
        print(json.dumps([as_json(one) for one in chosen], indent=2) if args.json else in_a_list(chosen))
        return DONE
    one = named(args.name)
    if args.example:
        print(one.example(args.example), end="")
    elif args.json:
        print(json.dumps(as_json(one), indent=2))
    else:
        print(in_full(one))
    return DONE


def as_json(one: Question) -> dict[str, Any]:
    """A question for programs."""
    return {
        "question": one.name,
        "topic": one.topic,
        "asks": one.asks,
        "definition": one.definition,
        "columns": [
            {"name": c.name, "kind": c.kind, "holds": c.holds, "meaning": c.meaning, "required": c.required}
            for c in one.columns
        ],
        "arguments": dict(one.arguments),
        "optional_rows": one.optional_rows,
        "traps": [{"name": trap.name, "advice": trap.advice} for trap in one.traps],
        "sql": one.example("sql"),
        "python": one.example("python"),
    }


def in_a_list(chosen: list[Question]) -> str:
    """Names and what is asked, by topic."""
    width = max(len(one.name) for one in chosen) + 2
    lines = []
    for topic in dict.fromkeys(one.topic for one in chosen):
        lines += ["", topic.capitalize()]
        for one in chosen:
            if one.topic == topic:
                first, *rest = textwrap.wrap(one.asks, WIDTH - width - 2)
                lines += [f"  {one.name:<{width}}{first}", *(f"  {'':<{width}}{line}" for line in rest)]
    return "\n".join([*lines[1:], "", "One in full, with examples and traps: slipper questions NAME"])


def in_full(one: Question) -> str:
    """A question as a page of text."""
    lines = [one.name, *_filled(one.asks), "", "Definition", *_filled(one.definition)]
    if one.optional_rows:
        lines += _filled(f"These rows may be left out, and must be right if given: {one.optional_rows}.")
    lines += ["", "Columns (found by name, else by type and order; others may stand beside them)"]
    width = max(len(column.name) for column in one.columns) + 2
    for column in one.columns:
        kind = f"key, {column.holds}" if column.kind == "key" else column.kind
        beside = "" if column.required else "; may be missing"
        text = f"{column.meaning} ({kind}{beside})"
        first, *rest = textwrap.wrap(text, WIDTH - width - 2)
        lines += [f"  {column.name:<{width}}{first}", *(f"  {'':<{width}}{line}" for line in rest)]
    if one.takes_model:
        lines += [
            "",
            *_filled(f"It is asked of one model; put its id in the place of {one.arguments['model']}."),
        ]
    if one.traps:
        lines += ["", "Traps"]
        for trap in one.traps:
            said = f"{trap.name}: {trap.advice}"
            lines += textwrap.wrap(
                said, WIDTH, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False
            )
    for title, text in (("Right in SQL", one.example("sql")), ("Right in Python", one.example("python"))):
        lines += ["", title, "", *(f"  {line}".rstrip() for line in text.splitlines())]
    return "\n".join(lines)


def _filled(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
