"""The command that fills docs/price.md.

It runs what is not remembered of the experiment price-cuts, and the whole logs of its base worlds, for the slope across
models (C142): an hour or two, once.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from testbed import arguments
from testbed.experiment import reading
from testbed.studies.ending import Fill, again, fill
from testbed.studies.price import page
from testbed.studies.price.results import carry_out

EXPERIMENT = "price-cuts"
MEMORY = Path("outputs/experiments") / EXPERIMENT / "runs"
"""Where `slipper experiment price-cuts` remembers its runs."""
CHANGES = ("users", "replicates", "seed")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the study and write its page."""
    parser = argparse.ArgumentParser(prog=page.PROGRAM, description=__doc__, allow_abbrev=False)
    parser.add_argument("experiment", nargs="?", default=EXPERIMENT, metavar="EXPERIMENT",
                        help=f"an experiment whose arms multiply prices (default: {EXPERIMENT})")  # fmt: skip
    for name in CHANGES:
        kind = arguments.whole_number if name == "seed" else arguments.positive_integer
        parser.add_argument(f"--{name}", type=kind, metavar="N", help="default: the experiment's")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the page to write (default: docs/price.md)")
    parser.add_argument("--memory", type=Path, default=MEMORY, help=f"finished runs (default: {MEMORY})")
    parser.add_argument(
        "--without-runs", action="store_true", help="make those tables alone that need no run"
    )
    arguments.add_workers_option(parser)
    arguments.add_overwrite(parser)
    args = parser.parse_args(arguments.at_home(sys.argv[1:] if argv is None else argv))

    def work() -> Fill:
        places = page.fixed()
        if not args.without_runs:
            file = reading.find(args.experiment)
            plan = reading.load(file, users=args.users, replicates=args.replicates, seed=args.seed)
            found = carry_out(plan, args.memory, args.workers)
            words = [] if args.experiment == EXPERIMENT else [args.experiment]
            places["results"] = page.results(found, again(page.PROGRAM, args, dict.fromkeys(CHANGES), words))
        return lambda text: page.with_tables(text, places)

    return fill(parser.prog, page.PAGE, args.out, args.overwrite, work)


if __name__ == "__main__":
    sys.exit(main())
