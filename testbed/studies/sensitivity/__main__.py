"""Fills docs/sensitivity.md: by how much each behavioural parameter moves retention.

It runs what is not remembered: at the sizes given as defaults about 20 minutes on two cores. Ctrl-C ends it; the same
command goes on. All numbers are left as morris.csv and sobol.csv beside the remembered runs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import sim
from analysis.report.spreadsheet import write_csv
from testbed import arguments, markdown, shipped
from testbed.experiment import reading
from testbed.experiment.plan import Plan
from testbed.experiment.store import Store
from testbed.studies.behaviour import FILE, parameters
from testbed.studies.ending import Fill, again, fill
from testbed.studies.sensitivity import evaluation, page, study
from testbed.studies.sensitivity.inputs import inputs_of

EXPERIMENT = "sensitivity"
HOME = Path("outputs/experiments")
CHANGES = ("users", "replicates", "seed")
SIZES = {
    "trajectories": f"of Morris (default: {study.Size.trajectories})",
    "repeated": f"how many of them are run with one seed more, to see luck (default: {study.Size.repeated})",
    "kept": f"parameters that go on to Sobol (default: {study.Size.kept})",
    "points": f"of Sobol, a power of 2 (default: {study.Size.points})",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the study and write its page."""
    parser = _parser()
    args = parser.parse_args(arguments.at_home(sys.argv[1:] if argv is None else argv))

    def work() -> Fill:
        lines = _carried_out(args, _plan(args))
        return lambda text: markdown.filled(text, page.BEGIN, lines)

    return fill(parser.prog, page.PAGE, args.out, args.overwrite, work, (ValueError,))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=page.PROGRAM, description=__doc__, allow_abbrev=False)
    parser.add_argument("experiment", nargs="?", default=EXPERIMENT, metavar="EXPERIMENT",
                        help=f"an experiment whose patterns are the outcomes (default: {EXPERIMENT})")  # fmt: skip
    parser.add_argument("--world", metavar="FILE", help="the world to vary (default: the experiment's)")
    for name in CHANGES:
        kind = arguments.whole_number if name == "seed" else arguments.positive_integer
        said = (
            "seeds at every point; default: the experiment's"
            if name == "replicates"
            else "default: the experiment's"
        )
        parser.add_argument(f"--{name}", type=kind, metavar="N", help=said)
    for name, said in SIZES.items():
        kind = arguments.whole_number if name == "repeated" else arguments.positive_integer
        parser.add_argument(f"--{name}", type=kind, default=getattr(study.Size, name), metavar="N", help=said)
    parser.add_argument(
        "--parameters", type=Path, default=FILE, metavar="FILE",
        help=f"what to vary, and from where to where (default: {FILE.name})",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the page to write (default: docs/sensitivity.md)"
    )
    parser.add_argument("--memory", type=Path, help=f"finished runs (default: {HOME}/EXPERIMENT/runs)")
    arguments.add_workers_option(parser)
    arguments.add_overwrite(parser)
    return parser


def _plan(args: argparse.Namespace) -> Plan:
    settings = [] if args.world is None else [f"base={shipped.find(args.world).resolve()}"]
    return reading.load(
        reading.find(args.experiment),
        settings=settings,
        users=args.users,
        replicates=args.replicates,
        seed=args.seed,
    )


def _carried_out(args: argparse.Namespace, plan: Plan) -> list[str]:
    """The lines of the page."""
    size = study.Size(**{name: getattr(args, name) for name in SIZES}, seeds=plan.replicates)
    task = plan.cells[0].task
    world = sim.load_world(plan.worlds[0].file, settings=task.settings, users=task.users)
    inputs, left_out = inputs_of(world, parameters(args.parameters))
    study.check(size, len(inputs))
    evaluation.check(plan, inputs)
    memory = args.memory or HOME / plan.name / "runs"
    outcomes = [evaluation.Outcome.named(pattern.name) for pattern in plan.patterns]
    evaluate = evaluation.Evaluation(outcomes, evaluation.in_world(plan), Store(memory), args.workers)
    print(f"{size.runs(len(inputs)):,} runs at most, of {world.scenario.users:,} users", file=sys.stderr)
    found = study.carry_out(inputs, evaluate, size)
    for name, frame in study.named(found).items():
        write_csv(frame, memory.parent / f"{name}.csv")
    seconds = sum(evaluate.seconds.values())
    words = [] if args.experiment == EXPERIMENT else [args.experiment]
    usual = dict.fromkeys(("world", *CHANGES)) | {name: getattr(study.Size, name) for name in SIZES}
    usual |= {"parameters": FILE}
    made = page.made_by(
        found, again(page.PROGRAM, args, usual, words),
        plan.worlds[0].name, world.scenario.users, plan.seed, seconds, len(evaluate.seconds),
        evaluate.versions,
    )  # fmt: skip
    return page.results(found, made, left_out)


if __name__ == "__main__":
    sys.exit(main())
