"""`slipper schema`: what a scenario and an experiment may say, and what a log must hold."""

from __future__ import annotations

import argparse
import json
from typing import Any

from testbed import arguments
from testbed.failure import DONE

DESCRIPTION = """\
Prints a schema. `scenario`, `experiment`: the JSON Schema of such files, which gives editors completion and checks.
`log`: the log contract with field names, types, units, allowed values, meaning and sources, for people (--json: for
programs)."""

EPILOG = """\
examples:
  slipper schema scenario > scenario.schema.json
  slipper schema experiment > experiment.schema.json
  slipper schema log
  slipper schema log --json

editors: put this line at the top of a scenario, or of an experiment with its own file
  # yaml-language-server: $schema=./scenario.schema.json

Leaves nothing on disk."""


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "schema", help="what a scenario or experiment may say, what a log must hold", description=DESCRIPTION,
        epilog=EPILOG,
    )  # fmt: skip
    parser.add_argument(
        "schema",
        metavar="scenario|experiment|log",
        choices=["scenario", "experiment", "log"],
        help="which schema",
    )
    parser.add_argument("--json", action="store_true", help="as JSON (those of files always are)")
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Prints the schema."""
    if args.schema == "scenario":
        from sim.json_schema import schema_text
        from sim.scenario import Scenario

        print(schema_text(Scenario), end="")
        return DONE
    if args.schema == "experiment":
        from testbed.experiment import json_schema

        print(json_schema.schema_text(), end="")
        return DONE
    from analysis import contract

    if args.json:
        print(json.dumps(contract.as_json_schema_like(), indent=2))
    else:
        print(contract.to_text(), end="")
    return DONE
