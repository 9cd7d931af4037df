"""Makes docs/cross-validation.md: what a calibrated world says of the claims that it was not fitted to.

It fits the world to all calibration claims, and for each section of the report again without its claims; then it
judges each of these worlds, and the one before any fit, on fresh seeds. What is finished is remembered: Ctrl-C ends it,
and the same command goes on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from testbed import arguments, shipped
from testbed.calibration.fit.fitting import Settings
from testbed.claims.registry import registry
from testbed.commands import calibrate
from testbed.failure import check_writable
from testbed.studies.cross_validation import page
from testbed.studies.cross_validation.folds import Workshop
from testbed.studies.cross_validation.study import carry_out
from testbed.studies.ending import again, write

SCENARIO = "report-base"
USERS, SEEDS, STEPS = 20_000, 10, 12
WHAT = {
    "users": (USERS, "of a world that is judged"),
    "seeds": (SEEDS, "on which each world is judged"),
    "fit-users": (USERS, "of a world that is fitted"),
    "fit-seeds": (calibrate.SEEDS, "replicates that every evaluation of a fit adds up"),
    "fit-seed": (calibrate.MASTER, "master seed of the fits"),
    "steps": (STEPS, "of each fit"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the study and write its page."""
    parser = _parser()
    args = parser.parse_args(arguments.at_home(sys.argv[1:] if argv is None else argv))
    out, memory = Path(args.markdown or page.PAGE), Path(args.out)

    def work() -> str:
        for folder in (out.parent, memory):
            check_writable(folder)
        settings = Settings(
            args.fit_users, args.steps, tuple(range(args.fit_seeds)), args.fit_seed, workers=args.workers
        )
        workshop = Workshop(shipped.find(args.scenario), registry(), settings, memory)
        try:
            found = carry_out(workshop, args.seeds, args.users, args.workers, args.quiet)
        except KeyboardInterrupt:
            print(f"{parser.prog}: interrupted; what is finished is remembered, and the same command goes on",
                  file=sys.stderr)  # fmt: skip
            raise
        usual = {name: value for name, (value, _) in WHAT.items()}
        words = [] if args.scenario == SCENARIO else [args.scenario]
        return page.page(found, again(page.PROGRAM, args, usual, words))

    return write(parser.prog, out, args.overwrite, work)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=page.PROGRAM, description=__doc__, allow_abbrev=False)
    parser.add_argument("scenario", nargs="?", default=SCENARIO, metavar="SCENARIO",
                        help=f"what is fitted (default: {SCENARIO})")  # fmt: skip
    for name, (usual, said) in WHAT.items():
        kind = arguments.whole_number if name == "fit-seed" else arguments.positive_integer
        parser.add_argument(
            f"--{name}", type=kind, default=usual, metavar="N", help=f"{said} (default: {usual:,})"
        )
    parser.add_argument(
        "--out", default="outputs", metavar="DIR", help="folder for what is remembered (default: outputs)"
    )
    parser.add_argument(
        "--markdown", metavar="FILE", help="the page to write (default: docs/cross-validation.md)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress: only the path of the page")
    arguments.add_workers_option(parser, "runs at a time")
    arguments.add_overwrite(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
