"""The command that fills docs/launch-cohorts.md from the folder of a run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from testbed import arguments, markdown
from testbed.failure import BadInput
from testbed.studies.ending import Fill, fill
from testbed.studies.launch_cohorts.study import BEGIN, PAGE, PROGRAM, results


def main(argv: Sequence[str] | None = None) -> int:
    """Read a run and write the page."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "run", type=Path, metavar="RUN", help="the folder of a run of the report world, with truth"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help=f"the page to write (default: docs/{PAGE.name})"
    )
    arguments.add_overwrite(parser)
    args = parser.parse_args(arguments.at_home(sys.argv[1:] if argv is None else argv))

    def work() -> Fill:
        if not args.run.is_dir():
            raise BadInput(
                f"{args.run}: no folder; expected that of a run, as `slipper run report` writes it"
            )
        lines = results(args.run)
        return lambda text: markdown.filled(text, BEGIN, lines)

    return fill(PROGRAM, PAGE, args.out, args.overwrite, work)


if __name__ == "__main__":
    sys.exit(main())
