"""Fills docs/recovery.md: which parameters a world's numbers give back, and how often the intervals are right.

It runs what is not remembered: at the sizes given as defaults about 10 minutes on two cores. Ctrl-C ends it; the same
command goes on. What the report's numbers ask of the world is left as settings.txt beside the remembered runs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.contract import files
from sim.world import source_digest
from testbed import arguments, markdown, shipped
from testbed.calibration.globals.worlds import Worlds
from testbed.experiment.store import Store
from testbed.studies.ending import Fill, again, fill
from testbed.studies.recovery import page, space, study

WORLD, USERS, MASTER = "report", 20_000, 1000
HOME = Path("outputs/recovery")
SETTINGS = "settings.txt"
SIZES = {
    "seeds": f"that slopes are the mean of (default: {study.Size.seeds})",
    "training": f"worlds from which the errors are estimated (default: {study.Size.training})",
    "test": f"worlds that are recovered (default: {study.Size.test})",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the study and write its page."""
    parser = _parser()
    args = parser.parse_args(arguments.at_home(sys.argv[1:] if argv is None else argv))

    def work() -> Fill:
        lines = _carried_out(args)
        return lambda text: markdown.filled(text, page.BEGIN, lines)

    return fill(parser.prog, page.PAGE, args.out, args.overwrite, work, (ValueError,))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=page.PROGRAM, description=__doc__, allow_abbrev=False)
    parser.add_argument("world", nargs="?", default=WORLD, metavar="WORLD",
                        help=f"the centre of the prior: a scenario (default: {WORLD})")  # fmt: skip
    arguments.add_users_option(parser, f"{USERS:,}", USERS)
    parser.add_argument("--seed", type=arguments.whole_number, default=MASTER, metavar="N",
                        help=f"master seed of the worlds (default: {MASTER})")  # fmt: skip
    for name, said in SIZES.items():
        parser.add_argument(
            f"--{name}",
            type=arguments.positive_integer,
            default=getattr(study.Size, name),
            metavar="N",
            help=said,
        )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the page to write (default: docs/recovery.md)"
    )
    parser.add_argument("--memory", type=Path, metavar="DIR", help=f"finished runs (default: {HOME}/WORLD)")
    arguments.add_workers_option(parser)
    arguments.add_overwrite(parser)
    return parser


def _carried_out(args: argparse.Namespace) -> list[str]:
    """The lines of the page."""
    file = shipped.find(args.world)
    size = study.Size(args.seeds, args.training, args.test)
    memory = args.memory or HOME / file.stem
    worlds = Worlds(
        file, space.everything(), space.AUTHORS, args.users, args.seed, Store(memory), args.workers
    )
    count = len(worlds.parameters)
    print(f"{size.runs(count):,} runs at most, of {args.users:,} users", file=sys.stderr)
    found = study.carry_out(worlds, size)
    files.write_text(memory / SETTINGS, "".join(f"{line}\n" for line in found.settings))
    words = [] if args.world == WORLD else [args.world]
    usual = {"users": USERS, "seed": MASTER} | {name: getattr(study.Size, name) for name in SIZES}
    made = page.made_by(
        again(page.PROGRAM, args, usual, words), file.stem, args.users, args.seed, count, size.seeds,
        (size.training, size.test), source_digest()[:10],
    )  # fmt: skip
    return page.results(found, made)


if __name__ == "__main__":
    sys.exit(main())
