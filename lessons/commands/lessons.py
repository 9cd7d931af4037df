"""`slipper lessons`: lists the lessons, opens one in the browser."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from testbed import arguments
from testbed.failure import DONE, BadInput

DESCRIPTION = """\
Lists the lessons on retention, or opens one: a page on this machine in which you
commit to a prediction, move a cause and see what becomes of the verdict. Works
without a network. Ctrl-C ends it. With --handout: writes pages that need neither
server nor network, slides, and a sheet of answers for the teacher."""

EPILOG = f"""\
examples:
  slipper lessons                     what there is
  slipper lessons 1                   open lesson 1 in the browser
  slipper lessons 1 --no-browser      only print its address
  slipper lessons --handout class/    every lesson as a page and a slide; with a number: that one

left on disk, with --handout:
  DIR/NN_NAME.html, .svg, .png      the page, and the slide of its result in two forms
  DIR/answers-for-teachers.html     the answers to the exercises

{arguments.EXIT_STATUSES}"""


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "lessons", help="learn about retention, one cause at a time", description=DESCRIPTION, epilog=EPILOG
    )
    parser.add_argument("number", nargs="?", metavar="NUMBER", help="the lesson to open")
    parser.add_argument(
        "--port", type=arguments.port, metavar="N", help="port on this machine (default: a free one)"
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument(
        "--handout", metavar="DIR", help="write handouts, slides and answers into this folder"
    )
    parser.add_argument("--json", action="store_true", help="the list as JSON on standard output")
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Lists the lessons, or opens one until Ctrl-C."""
    from lessons.frame.registry import lessons

    known = lessons()
    if args.number is not None and (not args.number.isdecimal() or int(args.number) not in known):
        raise BadInput(
            f"no lesson '{args.number}': there are {', '.join(map(str, known))}; `slipper lessons` lists them"
        )
    chosen = list(known.values()) if args.number is None else [known[int(args.number)]]
    if args.handout is not None:
        return _hand_out(chosen, Path(args.handout))
    if args.json:
        print(json.dumps([_told(one) for one in chosen], indent=2, ensure_ascii=False))
        return DONE
    if args.number is None:
        _list(chosen)
        return DONE
    from lessons.frame.server import serve

    return serve(chosen[0], args.port, browser=not args.no_browser)


def _hand_out(chosen: list[Any], folder: Path) -> int:
    from lessons.handouts.writing import write
    from testbed.failure import check_writable

    check_writable(folder)
    paths = write(chosen, folder, lambda name: print(name, flush=True))
    print(f"{len(paths)} files in {folder}")
    return DONE


def _told(one: Any) -> dict[str, Any]:
    return {
        "number": one.number, "title": one.title, "minutes": one.minutes, "misconception": one.misconception,
        "exercises": [exercise.key for exercise in one.exercises], "worlds": list(one.worlds),
    }  # fmt: skip


def _list(found: list[Any]) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from testbed.terminal.console import open_console

    console = open_console()
    for one in found:
        console.print(
            Text.assemble((f"{one.number:>2}  {one.title}", "bold"), (f"  {one.minutes} minutes", "dim"))
        )
        console.print(Padding(Text(f"Many believe: {one.misconception}"), (0, 0, 0, 4)))
    console.print("Open one: slipper lessons NUMBER", style="dim")
    console.print(
        "For a class: slipper lessons --handout DIR, slipper grade ANSWERS (docs/teaching.md)", style="dim"
    )
