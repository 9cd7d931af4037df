"""`slipper run`: a scenario is simulated, its log is analysed, and the result is summed up."""

from __future__ import annotations

import argparse
import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from testbed import arguments
from testbed.commands import analyze, simulate
from testbed.failure import DONE
from testbed.terminal.progress import open_display

if TYPE_CHECKING:
    from testbed.terminal.summary import Findings

ANALYSIS = (
    "analysis.report.results",
    "analysis.report.exhibits",
    "analysis.inference.verdict.judging",
    "analysis.report.pages.page",
    "ibis.backends.duckdb",
)

DESCRIPTION = """\
Simulates the marketplace of a scenario, writes its log and truth, analyses the log with the code that would run on a
real one, and prints a summary: who was in the market, retention by cohort, shares by openness, where the files are."""

EPILOG = f"""\
examples:
  slipper run report-small                        15 to 20 seconds
  slipper run scenarios/report.yaml               about a minute
  slipper run report --set mechanisms.fit=off     the same world without one cause
  slipper run report --seed 7 --users 50_000
  slipper run report-small --json | jq .summary
  The first run after an installation takes a minute more: it compiles.

left on disk, in OUT/SCENARIO/RUN-ID/:
  log/  labels/  models.parquet  truth/  manifest.json    the run, complete or not at all (slipper simulate --help)
  tables/        results as CSV and Parquet
  figures/       with --figures: pictures as SVG and PNG
  report.html    one page with all of it, readable offline
  The run id stands for the scenario, its changes and the seed: a complete run is used again, unless --fresh is given.

{arguments.EXIT_STATUSES}"""


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser = commands.add_parser(
        "run", help="scenario -> log, truth, tables, report", description=DESCRIPTION, epilog=EPILOG
    )
    arguments.add_simulation_options(parser)
    arguments.add_figures_option(parser)
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Simulates, analyses and sums up; the answer comes as soon as it is known."""
    told = not (args.json or args.quiet)
    from analysis.workers import Workers, cores
    from testbed.terminal.console import open_console, print_warnings

    # The workers get ready while the market is simulated, and so does the analysis here.
    workers = Workers(args.workers or cores(), draws=args.figures)
    threading.Thread(target=_import_analysis, daemon=True).start()
    with workers, open_display(quiet=args.quiet) as show:
        run = simulate.simulate(args, show)

        def answer(findings: Findings) -> None:
            if told:
                show.let(lambda: _print_answer(run.manifest, findings))

        result = analyze.analyse(
            run.path, run.path, show, answered=answer, workers=workers, stills=args.figures
        )
    if args.json:
        print(json.dumps(simulate.as_json(run) | analyze.as_json(result), indent=2, default=str))
    elif args.quiet:
        print(run.path)
    else:
        from testbed.terminal import summary

        console = open_console()
        print_warnings(console, result.warnings)
        summary.print_census(console, run.manifest)
        summary.print_findings(console, result.findings)
        timings = ({} if run.reused else run.manifest["timings_s"]) | {"analysis": result.seconds}
        summary.print_files(console, run.path, timings, reused=run.reused)
    return DONE


def _import_analysis() -> None:
    """Loads what the analysis will need. Whatever goes wrong here goes wrong again where it is used."""
    with suppress(Exception):
        for name in ANALYSIS:
            import_module(name)


def _print_answer(manifest: Mapping[str, Any], findings: Findings) -> None:
    from testbed.terminal import summary
    from testbed.terminal.console import open_console

    console = open_console()
    summary.print_question(console, manifest)
    summary.print_answer(console, findings)
