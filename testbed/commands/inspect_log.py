"""`slipper inspect`: what may be wrong with a log, before its numbers are believed; and the same look before others."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed import arguments
from testbed.failure import DONE, FAILED, BadInput

if TYPE_CHECKING:
    from rich.console import Console

    from analysis.inspection.inspection import Inspection

DESCRIPTION = """\
Looks at a log before its numbers are believed: whether it conforms to the contract (slipper schema log), which days it
lacks, and what a schema does not tell: users that are keys or sessions, costs in cents, tokens counted twice, clocks
hours off, ids given anew, requests sent again, columns that come and go. `slipper analyze`, `verdict` and `check` do it
first, and stop at errors; of runs of slipper's own they look at those with planted faults."""

EPILOG = """\
examples:
  slipper inspect /data/log
  slipper inspect /data/log --html inspection.html      the same as a page
  slipper inspect warehouse.duckdb --table requests --json
  slipper inspect /data/log --k-anonymity 20            what was found by name alone, without counts of rows

What to do about each finding, how often a fault is found, by rate, and how often a clean log is warned of:
docs/inspection.md.

exit status:
  0    no error was found (there may be warnings)
  1    errors were found
  2    the log cannot be opened"""
STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "inspect", help="log -> what may be wrong with it", description=DESCRIPTION, epilog=EPILOG
    )
    arguments.add_log(parser)
    parser.add_argument("--html", metavar="FILE", help="write it as a page, too")
    arguments.add_overwrite(parser)
    arguments.add_log_options(parser)
    arguments.add_scope_options(parser)
    arguments.add_k_anonymity(parser)
    arguments.add_output_options(parser)
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Inspects a log."""
    from analysis import LogError
    from analysis.contract import files
    from testbed.commands.import_log import no_log
    from testbed.terminal.console import open_console

    if args.html:
        files.check_page(Path(args.html), args.overwrite)
    try:
        found = _inspected(args.log, arguments.log_options(args))
        found = found.named() if args.k_anonymity else found
    except LogError as error:
        raise no_log(error, args.log) from error
    if args.html:
        from analysis.report.pages import inspection as page

        files.write_page(Path(args.html), page.render(found), args.overwrite)
    if args.json:
        print(json.dumps({"log": args.log} | found.as_json() | {"name": found.log}, indent=2))
    elif not args.quiet:
        _print(open_console(), found)
    if args.html and not args.json:
        print(args.html)
    return FAILED if found.errors else DONE


def _print(console: Console, found: Inspection) -> None:
    """How many findings of how many checks, what the log is, and each finding, the worst first."""
    from rich.text import Text

    from analysis.numerals import counted
    from testbed.terminal.console import head

    parts = [counted(len(found.of(kind)), kind) for kind in STYLES if found.of(kind)]
    said = f"{', '.join(parts) or 'nothing found'} ({counted(found.checks, 'check')})"
    head(console, f"{found.log}: {said}")
    for name, value in found.facts.items():
        console.print(Text.assemble((f"{name}: ", "dim"), value))
    for one in found.findings:
        console.print(
            Text.assemble((one.severity, STYLES[one.severity]), f"  {one.sentence}"), soft_wrap=True
        )
        if one.remedy:
            console.print(Text(f"  what to do: {one.remedy}", style="dim"), soft_wrap=True)


def look_first(args: argparse.Namespace, where: str) -> Inspection:
    """Inspects a log before a command reads it, and tells what it found. A run in which no fault was planted is known,
    and not looked at. Raises BadInput where there are errors, unless `--anyway` is given, and LogError where a log
    cannot be opened."""
    from analysis import open_log
    from analysis.inspection.inspection import Inspection
    from analysis.sources import runs

    run = runs.own_run(Path(where))
    told = runs.read_manifest(run) if run is not None else None
    if told is not None and not told[0].get("faults"):
        return Inspection(str(where), 0, (), {})
    options = arguments.log_options(args)
    found = _inspected(where, options)
    for one in found.of("error", "warning"):
        if not one.told:  # standard output is for what the command finds
            print(f"slipper {args.command}: {one.severity}: {one.sentence}", file=sys.stderr)
    if found.errors and not args.anyway:
        with open_log(where, **options):  # says it in its own words where it refuses such a log
            pass
        names = ", ".join(dict.fromkeys(one.check for one in found.errors))
        raise BadInput(
            f"{where}: the log has errors ({names}), and numbers from it would be wrong. Mend it, see `slipper inspect "
            f"{where}`, or go on with --anyway: what is written is then marked"
        )
    return found


def _inspected(where: str, options: dict[str, Any]) -> Inspection:
    from analysis import open_log
    from analysis.inspection.inspection import inspect

    with open_log(where, **options, check=False) as log:
        return inspect(log)
