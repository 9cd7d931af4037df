"""`slipper explain`: what a word of the field means, in a sentence or two."""

from __future__ import annotations

import argparse
import json
from typing import Any

from testbed import arguments
from testbed.failure import DONE, BadInput

DESCRIPTION = """\
Says what a word means that the page, a verdict or the documentation uses. Without
a word: lists them all."""

EPILOG = f"""\
examples:
  slipper explain                     all words
  slipper explain glass slipper       one of them
  slipper explain cohort --json

{arguments.EXIT_STATUSES}"""


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "explain", help="what a word means, such as cohort", description=DESCRIPTION, epilog=EPILOG
    )
    parser.add_argument("word", nargs="*", metavar="WORD", help="the word, such as: glass slipper")
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Explains one word, or lists all."""
    from analysis import glossary

    asked = " ".join(args.word)
    if asked and glossary.find(asked) is None:
        near = glossary.nearest(asked)
        hint = f", did you mean {_or(near)}?" if near else ";"
        raise BadInput(f"no word '{asked}' in the glossary{hint} `slipper explain` lists all words")
    found = [entry for entry in (glossary.ENTRIES if not asked else [glossary.find(asked)]) if entry]
    if args.json:
        print(json.dumps({entry.word: entry.meaning for entry in found}, indent=2, ensure_ascii=False))
        return DONE
    from rich.padding import Padding
    from rich.text import Text

    from testbed.terminal.console import open_console

    console = open_console()
    for entry in found:
        console.print(Text(entry.word, style="bold"))
        console.print(Padding(Text(entry.meaning), (0, 0, 0, 2)))
    return DONE


def _or(words: list[str]) -> str:
    return " or ".join(f"'{word}'" for word in words)
