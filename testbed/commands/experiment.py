"""`slipper experiment`: worlds with causes switched and dosed, over replicates, judged by patterns."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.numerals import NONE
from testbed import arguments
from testbed.failure import DONE, FAILED, BadInput, check_writable

if TYPE_CHECKING:
    import pandas as pd

    from testbed.experiment.findings.matrix import MatrixCell
    from testbed.experiment.plan import Cell, Plan
    from testbed.experiment.runner import Tally
    from testbed.experiment.runs import Record
    from testbed.experiment.store import Store

DESCRIPTION = """\
Runs an experiment: a file that names a world (or several), factors (scenario keys, switches, events), arms (which
levels go together), replicates, and patterns that each run is asked for. Arms of a replicate share their luck. Says for
each cause and pattern whether the cause is necessary, sufficient or irrelevant, and whether that contradicts what the
file declares.

Runs go replicate by replicate over all cores. Every finished run is remembered, so that the same command goes on after
an interruption, and a larger one only adds what is missing. A run that fails is a row; it is tried again
next time, as is one of which a pattern failed."""

EPILOG = f"""\
examples:
  slipper experiment ablation                           every mechanism, every pattern
  slipper experiment ablation --users 20_000 --replicates 4
  slipper experiment ablation --plan                    what it could decide; runs nothing
  slipper experiment slipper-dose --only base --only 'lock_in=*'
  slipper experiment my.yaml --engine dask                       a Dask cluster on this machine
  slipper experiment my.yaml --engine dask --address tcp://head:8786
  slipper experiment my.yaml --shard $SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT      with --array=0-7
  slipper experiment my.yaml --shard $JOB_COMPLETION_INDEX/8                           a Kubernetes indexed job
  slipper experiment my.yaml                            after all shards: everything is remembered, and merged

a file of your own, such as my.yaml (slipper schema experiment --text, slipper patterns):
  title: Why does the launch cohort stay?
  question: Which of these causes does it need?
  base: one-frontier-model.yaml        # a scenario, yours or a shipped one
  factors:
    fit: {{switch: mechanisms.fit}}
    lock_in: {{switch: mechanisms.lock_in}}
  arms:
    designs: [one_at_a_time]
  patterns:
    launch-cohort-stands-out:
      with: {{model: new/frontier}}

left on disk, in OUT/experiments/NAME/ (with --users or --seed: NAME-users..., NAME-seed...; tables and page with
--replicates: NAME-replicates..., with the runs of NAME):
  runs/KEY.json              each finished run; the key stands for scenario, seed, patterns and version
  runs.csv, runs.parquet     one row a run and pattern
  matrix.csv                 one row a world, arm and pattern
  numbers.csv                one row a run and number, of patterns with several numbers behind their answers
  experiment.html            one page, readable offline
  made-from.txt              the experiment file; another file of the same name has a folder of its own, NAME-...

Workers on other machines need the same version of glass-slipper; scenario files of your own must lie at the same paths
there (a run on another version or another file is refused, not mixed in). Shards need one OUT that all of them can
write to, or their runs/ folders copied into one.

{arguments.EXIT_STATUSES}"""

PAGE = "experiment.html"
NUMBERS = "numbers.csv"
LEFT = (PAGE, "matrix.csv", NUMBERS, "runs.csv", "runs.parquet")
MADE_FROM, RESULTS_OF = "made-from.txt", "Results of the experiment file "
"""Names the experiment file in its results folder, so that another file of the same name does not overwrite them."""


def shard(text: str) -> tuple[int, int]:
    """`i/n`: part i of n, counted from 0."""
    first, _, second = text.partition("/")
    if not (first.isdecimal() and second.isdecimal()) or int(second) < 1:
        raise argparse.ArgumentTypeError(f"expected I/N such as 0/8, not '{text}'")
    part, parts = int(first), int(second)
    if part >= parts:
        raise argparse.ArgumentTypeError(f"parts of {parts} count from 0 to {parts - 1}, not '{text}'")
    return part, parts


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "experiment", help="worlds x changed causes x replicates -> which cause makes which pattern",
        description=DESCRIPTION, epilog=EPILOG,
    )  # fmt: skip
    parser.add_argument(
        "file", metavar="EXPERIMENT", nargs="?", help="an experiment file, or the name of a shipped one"
    )
    what = parser.add_argument_group("what is run")
    what.add_argument("--only", action="append", metavar="GLOB", default=[],
                      help="arms (or WORLD/ARM) that match; repeatable")  # fmt: skip
    what.add_argument(
        "--replicates", type=arguments.positive_integer, metavar="N", help="default: the file's"
    )
    arguments.add_world_options(what, "experiment file", "master seed", "margin=0.1")
    what.add_argument("--plan", action="store_true", help="say what would run, what it could decide and how large the "
                      "judged cohorts would be, and exit (a few seconds a world)")  # fmt: skip
    what.add_argument("--fresh", action="store_true", help="run again what is remembered")
    what.add_argument(
        "--patterns",
        action="store_true",
        help="list the patterns that there are, and exit (slipper patterns)",
    )
    how = parser.add_argument_group("how it is run")
    arguments.add_workers_option(how)
    arguments.add_engine_options(how, "processes")
    how.add_argument(
        "--shard", type=shard, metavar="I/N", help="run part I of N, counted from 0, and merge later"
    )
    how.add_argument("--markdown", metavar="FILE", help="write the matrix as a Markdown page, too")
    how.add_argument("--out", default="outputs", metavar="DIR", help="folder for results (default: outputs)")
    arguments.add_output_options(parser)
    arguments.add_overwrite(parser)
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Runs an experiment."""
    if args.patterns:
        from testbed.commands.reference import patterns

        return patterns.execute(argparse.Namespace(name=None, json=args.json))
    if args.file is None:
        args.parser.error("name an experiment file, or a shipped one (ablation)")
    arguments.check_engine(args)
    if args.markdown is not None and args.shard is not None:
        raise BadInput(
            "--markdown needs all shards: leave it to the command without --shard that merges them"
        )

    import sim
    from analysis.contract import files
    from testbed.experiment import reading, runner
    from testbed.experiment.outlook import cannot_decide
    from testbed.experiment.store import Store

    path = reading.find(args.file)
    home_of = Path(args.out) / "experiments"
    check_writable(home_of)
    try:
        plan = reading.load(
            path,
            settings=args.settings,
            seed=args.seed,
            users=args.users,
            replicates=args.replicates,
            only=args.only,
        )
    except sim.ScenarioError as error:
        raise BadInput(str(error)) from error
    if args.plan:
        from testbed.experiment.findings.view import print_plan

        print_plan(plan, args.json)
        return DONE
    if not args.quiet:
        for told in cannot_decide(plan):
            print(f"warning: {told}", file=sys.stderr)
    home, runs = _folders(plan, args, home_of, path)
    _check_outputs(home, runs, args.markdown)
    files.check(home, LEFT, files.read(home))
    if args.markdown is not None:
        files.check_page(Path(args.markdown), args.overwrite)
    _claim(runs.parent, path)
    store = Store(runs)
    tasks = [cell.task for cell in _wanted(plan, args.only, args.shard)]
    tally = runner.run(
        tasks, store, engine=args.engine, workers=args.workers, address=args.address,
        fresh={task.key for task in tasks} if args.fresh else (), quiet=args.quiet,
    )  # fmt: skip
    if args.shard is not None:
        return _end_of_shard(args, tally, store)
    cells, behind, facts = write_results(plan, store, home, tally)
    if args.markdown is not None:
        from testbed.experiment.findings.markdown import markdown

        text = markdown(plan, cells, behind, facts, _command(args))
        files.write_page(Path(args.markdown), text, args.overwrite)
    if args.json:
        from analysis.json_values import records
        from testbed.experiment.findings.matrix import as_frame

        found = {"page": str(home / PAGE), "runs": tally.runs, "failed": tally.failed,
                 "seconds": round(tally.seconds, 1), "cells": records(as_frame(cells))}  # fmt: skip
        print(json.dumps(found, indent=2))
    elif args.quiet:
        print(home / PAGE)
    else:
        from testbed.experiment.findings.view import print_matrix

        print_matrix(plan, cells, home / PAGE, tally)
    return FAILED if tally.failed else DONE


def _folders(plan: Plan, args: argparse.Namespace, folder: Path, file: Path) -> tuple[Path, Path]:
    """The folder of the tables and the folder of the runs. Trials with other users, seeds or keys do not overwrite the
    experiment's own tables, nor do those with another number of replicates, which share its runs. A file of the same
    name in another folder has a folder of its own, too."""
    import hashlib

    from testbed.experiment.runs import local, portable

    name = plan.name
    for key in ("users", "seed"):
        if getattr(args, key) is not None:
            name += f"-{key}{getattr(args, key)}"
    if args.settings:
        name += f"-set{hashlib.sha256(json.dumps(args.settings).encode()).hexdigest()[:6]}"
    own = portable(file.resolve())
    owner, apart = _owner(folder / name), f"{name}-{hashlib.sha256(own.encode()).hexdigest()[:6]}"
    taken = owner not in (None, own) and local(str(owner)).is_file()
    if taken or _owner(folder / apart) == own:
        name = apart
    tables = name if args.replicates is None else f"{name}-replicates{args.replicates}"
    return folder / tables, folder / name / "runs"


def _owner(folder: Path) -> str | None:
    """The experiment file whose results a folder holds, None if it holds none that says so."""
    try:
        said = (folder / MADE_FROM).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return said.removeprefix(RESULTS_OF).strip() if said.startswith(RESULTS_OF) else None


def _claim(folder: Path, file: Path) -> None:
    """Says in a results folder whose results it holds."""
    from analysis.contract import files
    from testbed.experiment.runs import portable

    owner, own, marker = _owner(folder), portable(file.resolve()), folder / MADE_FROM
    if owner is None and marker.exists():
        raise BadInput(f"{marker}: slipper did not write this file; move it away, or choose another --out")
    if owner != own:
        files.write_text(marker, f"{RESULTS_OF}{own}\n")


def _check_outputs(home: Path, runs: Path, markdown: str | None) -> None:
    """Raises BadInput, before any run, for what cannot be written after them."""
    wanted = [("--out", home / name) for name in LEFT]
    wanted.append(("--out", runs / "KEY.json"))
    if markdown is not None:
        wanted.append(("--markdown", Path(markdown)))
    for option, file in wanted:
        try:
            check_writable(file.parent)
        except BadInput as error:
            raise BadInput(f"{option}: {error}") from None
        if file.is_dir():
            raise BadInput(f"{option}: {file}: expected a file to write, this is a folder")


def _wanted(plan: Plan, only: Sequence[str], part: tuple[int, int] | None) -> list[Cell]:
    """The runs that are asked for."""
    from testbed.experiment.plan import chosen

    cells = list(plan.cells)
    if only:
        cells = [cell for cell in cells if any(chosen(glob, cell.world, cell.arm) for glob in only)]
    return cells if part is None else cells[part[0] :: part[1]]


def _command(args: argparse.Namespace) -> str:
    """The command line, without what does not change the page."""
    words = arguments.command_line(args, ["experiment", args.file], ["replicates", "users", "seed", "only"])
    return shlex.join([*words, "--markdown", args.markdown])


def write_results(
    plan: Plan, store: Store, home: Path, tally: Tally
) -> tuple[list[MatrixCell], pd.DataFrame, list[tuple[str, str]]]:
    """Write the tables, the matrix and the page from all runs of the plan that are remembered; returns the matrix, the
    numbers behind the answers and the facts of the page."""
    from analysis.report.spreadsheet import write_csv
    from analysis.staging import Staging
    from testbed.experiment.findings import curves, matrix, numbers, page, table

    records: dict[str, Record] = {}
    for cell in plan.cells:
        record = store.read(cell.task.key, [pattern.name for pattern in plan.patterns])
        if record is not None:
            records[cell.task.key] = record
    tidy = table.tidy(plan, records)
    cells = matrix.matrix(plan, tidy)
    behind = numbers.numbers(plan, records)
    facts = _facts(plan, records, tally)
    with Staging(home, LEFT) as staged:
        table.write(tidy, staged.path)
        write_csv(matrix.as_frame(cells), staged.path / "matrix.csv")
        write_csv(behind, staged.path / NUMBERS)
        text = page.render(plan, cells, tidy, curves.curves(plan, tidy), facts)
        (staged.path / PAGE).write_text(text, encoding="utf-8")
        staged.publish()
    return cells, behind, facts


def _facts(plan: Plan, records: dict[str, Record], tally: Tally) -> list[tuple[str, str]]:
    versions = sorted({record["version"] for record in records.values() if record.get("version")})
    planned = len({cell.task.key for cell in plan.cells})
    return [
        ("Runs", f"{len(records):,} of {planned:,}"),
        ("Worlds", ", ".join(world.name for world in plan.worlds)),
        ("Arms", str(len(plan.arms))),
        ("Replicates", str(plan.replicates)),
        ("Users", f"{plan.users:,}" if plan.users else "the world's"),
        ("Seed", str(plan.seed)),
        ("Last command", tally.line()),
        ("Version", ", ".join(versions) or NONE),
    ]


def _end_of_shard(args: argparse.Namespace, tally: Tally, store: Store) -> int:
    part, parts = args.shard
    if args.json:
        print(
            json.dumps(
                {
                    "shard": [part, parts],
                    "runs": tally.runs,
                    "failed": tally.failed,
                    "store": str(store.folder),
                }
            )
        )
    elif args.quiet:
        print(store.folder)
    else:
        print(f"shard {part} of {parts}: {tally.line()}")
        print(
            f"remembered in {store.folder}; when all {parts} are done, the same command without --shard merges them"
        )
    return FAILED if tally.failed else DONE
