"""`slipper schema`: what a scenario, an experiment and a mapping may say, and what a log must hold."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from testbed import arguments
from testbed.failure import DONE, BadInput

DESCRIPTION = """\
Prints a schema. `scenario`, `experiment`, `mapping` (of slipper import): the JSON Schema of such files, which
gives editors completion and checks; with --text for reading: every key of a
section with its meaning, unit, allowed values, default and an example. `log`: the
log contract with field names, types, units, allowed values, meaning and sources,
for people (--json: for programs)."""

EPILOG = """\
examples:
  slipper schema scenario --text                        the sections and their keys
  slipper schema scenario --text mechanisms.lock_in     one section in full
  slipper schema scenario --text calendar.wave
  slipper schema scenario > scenario.schema.json
  slipper schema experiment > experiment.schema.json
  slipper schema mapping --text fields.created_at
  slipper schema log
  slipper schema log --json

editors: put this line at the top of a scenario, or of an experiment with its own file
  # yaml-language-server: $schema=./scenario.schema.json

Leaves nothing on disk."""


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "schema", help="what a scenario, experiment or mapping may say, what a log must hold", description=DESCRIPTION,
        epilog=EPILOG,
    )  # fmt: skip
    parser.add_argument(
        "schema",
        metavar="scenario|experiment|mapping|log",
        choices=["scenario", "experiment", "mapping", "log"],
        help="which schema",
    )
    parser.add_argument(
        "--text", nargs="?", const="", metavar="SECTION", help="for reading: all sections, or one of them"
    )
    parser.add_argument("--json", action="store_true", help="as JSON (those of files always are)")
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Prints the schema."""
    if args.text is not None:
        return _print_text(args)
    if args.schema == "scenario":
        from sim.scenario import Scenario
        from sim.scenario.json_schema import schema_text

        print(schema_text(Scenario), end="")
        return DONE
    if args.schema == "experiment":
        from testbed.experiment import json_schema

        print(json_schema.schema_text(), end="")
        return DONE
    if args.schema == "mapping":
        from testbed.mapping.schema import mapping_json_schema

        print(json.dumps(mapping_json_schema(), indent=2))
        return DONE
    from analysis import contract

    if args.json:
        print(json.dumps(contract.as_json_schema_like(), indent=2))
    else:
        print(contract.to_text(), end="")
    return DONE


def _print_text(args: argparse.Namespace) -> int:
    from sim.config.documents import load_document
    from testbed.terminal import schema_text

    if args.schema == "log":
        args.parser.error("the log's schema is text already: leave --text out")
    if args.json:
        args.parser.error("give --text or --json, not both")
    schema, files = {"scenario": _scenario, "experiment": _experiment, "mapping": _mapping}[args.schema]()
    if not args.text:
        print(schema_text.overview(schema, f"slipper schema {args.schema} --text"), end="")
        return DONE
    examples = schema_text.examples_in((load_document(file).tree for file in files), schema)
    try:
        print(schema_text.section(schema, args.text, examples), end="")
    except schema_text.UnknownSection as error:
        raise BadInput(f"--text: {error}") from None
    return DONE


def _scenario() -> tuple[dict[str, Any], Iterable[Path]]:
    """The schema of scenarios, and the files to take examples from."""
    from sim.scenario import Scenario
    from testbed import shipped

    return Scenario.model_json_schema(by_alias=True), shipped.worlds().values()


def _experiment() -> tuple[dict[str, Any], Iterable[Path]]:
    """The same of experiments."""
    from testbed.experiment.reading import experiments
    from testbed.experiment.schema import PlanFile

    return PlanFile.model_json_schema(by_alias=True), experiments().values()


def _mapping() -> tuple[dict[str, Any], Iterable[Path]]:
    """The same of mapping files: none is shipped."""
    from testbed.mapping.schema import MappingFile

    return MappingFile.model_json_schema(by_alias=True), ()
