"""`slipper export`: a log as a gateway would export it, for trying code that reads such exports."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed import arguments
from testbed.failure import DONE, check_writable

if TYPE_CHECKING:
    from analysis.exporting.run import Exported

DESCRIPTION = """\
Writes a log, simulated or real, as a gateway would export it. `slipper import` of the file gives the same log again for
all that the format carries; what it does not carry is listed. What the log does not hold stays empty."""

EPILOG = f"""\
examples:
  slipper export openrouter RUN --out activity.csv
  slipper export openrouter RUN --form activity-21 --out older.csv.gz
  slipper export litellm RUN --out spend.jsonl.zst
  slipper export --forms                            the gateways, and the forms of each

{arguments.EXIT_STATUSES}"""


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "export", help="log -> a gateway's export", description=DESCRIPTION, epilog=EPILOG
    )
    parser.add_argument("format", metavar="FORMAT", help="the gateway (--forms lists them)")
    parser.add_argument("log", metavar="RUN_OR_LOG", help="a run folder, Parquet files (folder, file or glob) or a "
                        "DuckDB file")  # fmt: skip
    parser.add_argument("--out", metavar="FILE", required=True, help="file to write; its end says what: .csv, .json "
                        "(an array), .jsonl (one record a line), each also with .gz or .zst")  # fmt: skip
    parser.add_argument("--form", metavar="NAME", help="which of the gateway's forms (default: the first of --forms "
                        "that FILE can be)")  # fmt: skip
    parser.add_argument("--forms", action=arguments.Told, lines=_forms, help="list the forms and exit")
    parser.add_argument("--overwrite", action="store_true", help="write over a file that is there")
    arguments.add_log_options(parser)
    arguments.add_output_options(parser)
    parser.set_defaults(parser=parser, execute=execute)


def _forms() -> Iterator[str]:
    """What can be written."""
    from analysis.importers import importers
    from analysis.importing.format import CALLED

    for name, importer in importers().items():
        for export in importer.exports:
            form, lacks = export.form, export.lacks()
            yield f"{name} --form {export.name} ({CALLED[form.kind]}): {importer.title}, {form.name}"
            yield f"  does not carry: {', '.join(lacks) or 'nothing'}"
            for field, what in form.in_part(lacks).items():
                yield f"  in part: {field}: {what}"


def execute(args: argparse.Namespace) -> int:
    """Exports, and gives the account."""
    from analysis import LogError, open_log
    from analysis.exporting.run import chosen, export_log
    from analysis.exporting.target import Target
    from analysis.importers import importers
    from testbed.commands.import_log import listed_models, no_log
    from testbed.failure import BadInput
    from testbed.terminal.console import print_warnings_aside
    from testbed.terminal.progress import Report, open_display

    out = Path(args.out)
    check_writable(out.parent)
    try:
        target = Target.named(out)
        importer, export = chosen(importers(), args.format, args.form, target)
    except LogError as error:
        raise BadInput(str(error)) from error
    target.check_free(args.overwrite)
    try:
        with open_log(args.log, **arguments.log_options(args)) as log, open_display(quiet=args.quiet) as show:
            account = export_log(
                log, importer, export, target, listed_models(None), args.overwrite,
                lambda done, total: show(Report("export", done, total)),
            )  # fmt: skip
            warnings = log.warnings
    except LogError as error:
        raise no_log(error, args.log) from error
    print_warnings_aside("export", warnings)
    if args.json:
        print(json.dumps(account.as_json(), indent=2))
    elif args.quiet:
        print(out)
    else:
        _print(account, _models(args.log))
    return DONE


def _models(log: str) -> str:
    """The option that an import needs for models that the log has by itself."""
    beside = Path(log) / "models.parquet"
    return f" --models {shlex.quote(str(beside))}" if beside.is_file() else ""


def _print(account: Exported, models: str) -> None:
    from rich.markup import escape

    from analysis.importing.format import OPTIONS
    from analysis.numerals import counted
    from testbed.commands import import_log
    from testbed.terminal import import_view
    from testbed.terminal.console import head, open_console

    console = open_console()
    console.print(
        f"{escape(account.title)}, {escape(account.form)}: {counted(account.rows, 'request')} written to "
        f"{escape(account.file)}",
        soft_wrap=True,
    )
    console.print(escape(import_view.totals(account.totals)))
    import_view.print_carried(account.not_carried, account.partly)
    if account.labels:
        console.print("  the content labels of the log: no gateway exports them")
    if account.versions_lost:
        console.print(
            f"  {counted(account.versions_lost, 'request')} with its model's id in the place of its version, which "
            "means another model or none"
        )
    for model, other in account.misread.items():
        console.print(f"  {escape(model)}: an import takes it for {escape(other)}, whose name is alike")
    head(console, "next")
    command = import_log.command((account.format, account.file), OPTIONS.keys() - account.not_carried)
    console.print(f"  {escape(command + models)}", soft_wrap=True)
