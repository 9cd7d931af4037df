"""`slipper patterns`: what an experiment can ask of each run, and the arguments that a question takes."""

from __future__ import annotations

import argparse
import json
import textwrap
from typing import Any

from testbed import arguments
from testbed.failure import DONE, BadInput

DESCRIPTION = """\
Lists the patterns that an experiment can ask for, or shows one with its arguments:
what each means, which values are allowed, and its default. Claims of the report are
patterns, too, by their ids."""

EPILOG = """\
examples:
  slipper patterns
  slipper patterns cohort-retention
  slipper patterns '*-verdict'
  slipper patterns --json

in an experiment file:
  patterns:
    late loyalty: {is: cohort-retention, with: {model: new/frontier, k: 5, lag: 2}}

Leaves nothing on disk."""


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "patterns", help="what an experiment can ask of each run", description=DESCRIPTION, epilog=EPILOG
    )
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="show this pattern in full; may be a glob, such as '*-verdict'",
    )
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Lists patterns, or shows some."""
    from testbed.patterns import Pattern, matching, patterns

    known = patterns()
    wanted = list(known) if args.name is None else matching(args.name)
    if not wanted:
        near = arguments.hint(args.name, known)
        raise BadInput(f"no pattern '{args.name}'{near}; `slipper patterns` lists them")
    chosen: list[Pattern] = [known[name] for name in wanted]
    if args.json:
        print(json.dumps({one.name: as_json(one) for one in chosen}, indent=2))
    elif args.name is None:
        print_list(chosen)
    else:
        print("\n\n".join(in_full(one) for one in chosen))
    return DONE


def as_json(one: Any) -> dict[str, Any]:
    """What a program wants to know of a pattern."""
    from testbed.patterns.registry import arguments_of

    taken = {a.name: {"allowed": a.allowed} | ({} if a.required else {"default": a.default})
             for a in arguments_of(one)}  # fmt: skip
    return {"needs": one.needs, "about": one.about, "arguments": taken}


def print_list(chosen: list[Any]) -> None:
    """Names, what they need and take, and what holds: the claims of the report last."""
    from rich.padding import Padding
    from rich.text import Text

    from testbed.patterns.registry import arguments_of
    from testbed.terminal.console import open_console

    console = open_console()
    for one in sorted(chosen, key=lambda one: one.is_claim):
        taken = ", ".join(f"{a.name}*" if a.required else a.name for a in arguments_of(one))
        more = f"  needs the {one.needs}" + (f"; takes {taken}" if taken else "")
        console.print(Text.assemble((one.name, "bold"), (more, "dim")))
        console.print(Padding(Text(one.about), (0, 0, 0, 4)))
    console.print(
        "* required. One in full, with the values that are allowed: slipper patterns NAME", style="dim"
    )


def in_full(one: Any) -> str:
    """One pattern with its arguments."""
    from testbed.patterns.registry import arguments_of
    from testbed.terminal.schema_text import WIDTH, written

    def wrapped(text: str, by: str) -> list[str]:
        return textwrap.wrap(text, WIDTH, initial_indent=by, subsequent_indent=by)

    lines = [one.name, *wrapped(f"{one.about}.", "    ")]
    lines += wrapped(
        f"needs the {one.needs} of a run" + (", which is quick" if one.needs == "activity" else ""), "    "
    )
    taken = arguments_of(one)
    if not taken:
        lines.append("    takes no arguments")
    for a in taken:
        lines += wrapped(
            f"{a.name}: {a.allowed}; " + ("required" if a.required else f"default {written(a.default)}"),
            "    ",
        )
    return "\n".join(lines)
