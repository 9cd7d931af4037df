"""`slipper simulate`: a scenario becomes a log and its truth, without analysis."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed import arguments, shipped
from testbed.failure import DONE, BadInput, Failure, check_writable
from testbed.terminal.progress import open_display

if TYPE_CHECKING:
    import sim
    from testbed.cluster import Cluster

DESCRIPTION = """\
Simulates the marketplace of a scenario and writes the log that a gateway would hold, with the truth that no real log
holds. Analyses nothing: use it to make logs for other tools, or `slipper run` to do both."""

EPILOG = f"""\
examples:
  slipper simulate scenarios/report-small.yaml
  slipper simulate report --seed 7 --users 50_000 --out /data/runs
  slipper simulate report --set mechanisms.fit=off --set end=2025-06-30
  RUN=$(slipper simulate report-small --quiet) && slipper analyze "$RUN"
  slipper simulate big.yaml --out /shared/runs --engine dask --address tcp://head:8786
  slipper simulate big.yaml --out s3://bucket/runs --engine dask --address tcp://head:8786
      no folder is shared: workers put their blocks into the object store

left on disk, complete or not at all:
  OUT/SCENARIO/RUN-ID/log/       one row a request, Parquet by UTC week
                      labels/    what the content classifier said of a sample
                      models.parquet   the public catalogue
                      truth/     users, workloads, spells, events: what no real log holds
                      manifest.json    the resolved scenario, seed, versions, counts, timings
  The run id stands for the scenario, its changes and the seed: a complete run is used again, unless --fresh is given.
  A world of a million users, or of hundreds of millions of requests, is estimated first: some seconds, once compiled.
  It is refused if the disk or the memory that is free would not hold it, unless --anyway is given.

With --engine dask the market is simulated here, and the requests are made by the workers of a Dask cluster, block by
block, the same bytes. All workers need the same versions as this machine, and must see OUT under the same path. A
worker that dies loses nothing. What an interrupted command has made stays in OUT/SCENARIO/.begun-RUN-ID; the same
command goes on from there. docs/scale.md says what large worlds take, and how a run goes into an object store.

{arguments.EXIT_STATUSES}"""


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser = commands.add_parser(
        "simulate", help="scenario -> log and truth", description=DESCRIPTION, epilog=EPILOG
    )
    run = arguments.add_simulation_options(parser)
    arguments.add_engine_options(run, "threads")
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Simulates and says where the run is."""
    arguments.check_engine(args)
    if "://" in args.out:
        return _into_store(args)
    with open_display(quiet=args.quiet) as show:
        run = simulate(args, show, _cluster(args))
    _tell(args, run)
    return DONE


def _tell(args: argparse.Namespace, run: sim.Run | sim.StoredRun) -> None:
    """Says what the run is, and where."""
    import sim

    if args.json:
        print(json.dumps(as_json(run), indent=2, default=str))
    elif args.quiet:
        print(_where(run))
    else:
        from testbed.terminal import summary
        from testbed.terminal.console import open_console

        console = open_console()
        summary.print_question(console, run.manifest)
        summary.print_census(console, run.manifest)
        if isinstance(run, sim.StoredRun):
            again = " (complete already: not simulated again)" if run.reused else ""
            console.print(f"\n{run.url}{again}", soft_wrap=True, highlight=False, markup=False)
            return
        summary.print_files(
            console, run.path, {} if run.reused else run.manifest["timings_s"], reused=run.reused
        )


def simulate(
    args: argparse.Namespace, show: Callable[[Any], None], cluster: Cluster | None = None
) -> sim.Run:
    """The run that the command line asks for; on a cluster, its requests are made there. Raises Failure."""
    check_writable(Path(args.out))
    world = _world(args)

    import sim

    there = _is_there(world, Path(args.out), args.fresh)
    if not there:
        _check_room(world, args, Path(args.out))
    options: dict[str, Any] = {"out": args.out, "fresh": args.fresh, "progress": show}
    if cluster is None or there:
        return sim.run_world(world, workers=args.workers, **options)
    try:
        with cluster:
            return sim.run_world(world, spread=cluster, **options)
    except sim.RunError as error:
        raise Failure(str(error)) from error
    finally:
        _say_begun(world, Path(args.out))


def _into_store(args: argparse.Namespace) -> int:
    """Simulates into an object store and says where the run is."""
    import tempfile

    from analysis.sources.errors import LogError
    from analysis.sources.warehouses import addresses
    from sim.gateway.object_store import SCHEME

    cluster = _cluster(args)
    try:
        addresses.refuse_secrets(args.out)
    except LogError as error:
        raise BadInput(str(error)) from None
    if addresses.scheme_of(args.out) != SCHEME or not re.fullmatch(
        r"[^/?#]+(/[^?#]*)?", args.out.partition("://")[2]
    ):
        raise BadInput(
            f"--out {args.out}: expected a folder, or an object store such as {SCHEME}://bucket/runs"
        )
    if cluster is None:
        raise BadInput(f"--out {args.out}: give --engine dask, too, whose workers put their blocks there")
    world = _world(args)
    import sim

    _check_room(world, args, Path(tempfile.gettempdir()))
    try:
        with open_display(quiet=args.quiet) as show, cluster:
            run = sim.run_into_store(world, args.out, cluster, fresh=args.fresh, progress=show)
    except sim.RunError as error:
        raise Failure(str(error)) from error
    _tell(args, run)
    return DONE


def _cluster(args: argparse.Namespace) -> Cluster | None:
    """The cluster that is asked for, not yet reached."""
    if args.engine != "dask":
        return None
    from analysis.workers import cores
    from testbed.cluster import Cluster

    return Cluster(args.address, args.workers or cores())


def _say_begun(world: sim.World, out: Path) -> None:
    """Says what is left of a run that was not finished."""
    from analysis.numerals import counted
    from sim.runs import begun

    folder, blocks = begun(world, out)
    if blocks:
        verbs = "is whole and stays" if blocks == 1 else "are whole and stay"
        print(f"{counted(blocks, 'block')} of the log {verbs} in {folder}: the same command goes on from there",
              file=sys.stderr)  # fmt: skip


def _is_there(world: sim.World, out: Path, fresh: bool) -> bool:
    from testbed.experiment.runs import run_is_there

    return not fresh and run_is_there(out / world.name / world.run_id)


def _world(args: argparse.Namespace) -> sim.World:
    """The world that the command line asks for. Raises BadInput."""
    scenario = shipped.find(args.scenario)

    import sim

    try:
        world = sim.load_world(scenario, seed=args.seed, users=args.users, settings=args.settings)
    except sim.ScenarioError as error:
        raise BadInput(str(error)) from error
    say_notices(world.notices)
    return world


def _check_room(world: sim.World, args: argparse.Namespace, out: Path) -> None:
    """Estimates a world that may be large, says so, and raises BadInput if this machine has no room for it."""
    from sim import estimate
    from testbed import capacity

    if estimate.may_be_large(world):
        found = estimate.estimate(world, args.workers)
        capacity.check(found, out, args.anyway)
        print(f"{args.scenario}: {found.sentence()}", file=sys.stderr)


def say_notices(notices: Iterable[sim.Problem]) -> None:
    """What a scenario's writer should hear of, each once, on standard error."""
    for line in dict.fromkeys(notice.told("warning: ") for notice in notices):
        print(line, file=sys.stderr)


def as_json(run: sim.Run | sim.StoredRun) -> dict[str, Any]:
    """What a program wants to know of a run."""
    keys = ("scenario", "title", "run_id", "seed", "users", "start", "end", "counts", "timings_s", "versions")
    return {"run": _where(run), "reused": run.reused} | {key: run.manifest[key] for key in keys}


def _where(run: sim.Run | sim.StoredRun) -> str:
    import sim

    return run.url if isinstance(run, sim.StoredRun) else str(run.path)
