"""`slipper simulate`: a scenario becomes a log and its truth, without analysis."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed import arguments, shipped
from testbed.failure import DONE, BadInput, check_writable
from testbed.terminal.progress import open_display

if TYPE_CHECKING:
    import sim

DESCRIPTION = """\
Simulates the marketplace of a scenario and writes the log that a gateway would hold, with the truth that no real log
holds. Analyses nothing: use it to make logs for other tools, or `slipper run` to do both."""

EPILOG = f"""\
examples:
  slipper simulate scenarios/report-small.yaml
  slipper simulate report --seed 7 --users 50_000 --out /data/runs
  slipper simulate report --set mechanisms.fit=off --set end=2025-06-30
  RUN=$(slipper simulate report-small --quiet) && slipper analyze "$RUN"

left on disk, complete or not at all:
  OUT/SCENARIO/RUN-ID/log/       one row a request, Parquet by UTC week
                      labels/    what the content classifier said of a sample
                      models.parquet   the public catalogue
                      truth/     users, workloads, spells, events: what no real log holds
                      manifest.json    the resolved scenario, seed, versions, counts, timings
  The run id stands for the scenario, its changes and the seed: a complete run is used again, unless --fresh is given.
  A world of a million users, or of hundreds of millions of requests, is estimated first: some seconds, once compiled.
  It is refused if the disk or the memory that is free would not hold it, unless --anyway is given.

{arguments.EXIT_STATUSES}"""


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser = commands.add_parser(
        "simulate", help="scenario -> log and truth", description=DESCRIPTION, epilog=EPILOG
    )
    arguments.add_simulation_options(parser)
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Simulates and says where the run is."""
    with open_display(quiet=args.quiet) as show:
        run = simulate(args, show)
    if args.json:
        print(json.dumps(as_json(run), indent=2, default=str))
    elif args.quiet:
        print(run.path)
    else:
        from testbed.terminal import summary

        console = summary.open_console()
        summary.print_question(console, run.manifest)
        summary.print_census(console, run.manifest)
        summary.print_files(
            console, run.path, {} if run.reused else run.manifest["timings_s"], reused=run.reused
        )
    return DONE


def simulate(args: argparse.Namespace, show: Callable[[Any], None]) -> sim.Run:
    """The run that the command line asks for. Raises BadInput."""
    scenario = shipped.find(args.scenario)
    check_writable(Path(args.out))

    import sim

    try:
        world = sim.load_world(scenario, seed=args.seed, users=args.users, settings=args.settings)
    except sim.ScenarioError as error:
        raise BadInput(str(error)) from error
    say_notices(world.notices)
    if not _is_there(world, Path(args.out), args.fresh):
        _check_room(world, args)
    return sim.run_world(world, out=args.out, workers=args.workers, fresh=args.fresh, progress=show)


def _is_there(world: sim.World, out: Path, fresh: bool) -> bool:
    return not fresh and (out / world.name / world.run_id / "manifest.json").is_file()


def _check_room(world: sim.World, args: argparse.Namespace) -> None:
    """Estimates a world that may be large, says so, and raises BadInput if this machine has no room for it."""
    from sim import estimate
    from testbed import capacity

    if estimate.may_be_large(world):
        found = estimate.estimate(world, args.workers)
        capacity.check(found, Path(args.out), args.anyway)
        print(f"{args.scenario}: {found.sentence()}", file=sys.stderr)


def say_notices(notices: Iterable[sim.Problem]) -> None:
    """What a scenario's writer should hear of, each once, on standard error."""
    for told in dict.fromkeys(map(str, notices)):
        place, _, message = told.partition(": ")
        print(f"{place}: warning: {message}", file=sys.stderr)


def as_json(run: sim.Run) -> dict[str, Any]:
    """What a program wants to know of a run."""
    keys = ("scenario", "title", "run_id", "seed", "users", "start", "end", "counts", "timings_s", "versions")
    return {"run": str(run.path), "reused": run.reused} | {key: run.manifest[key] for key in keys}
