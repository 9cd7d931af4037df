"""`slipper import`: what a gateway exports becomes a log of the contract, with an account of every row."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import shlex
import sys
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed import arguments, shipped
from testbed.failure import DONE, BadInput, check_writable

if TYPE_CHECKING:
    import pyarrow as pa

    from analysis import LogError
    from analysis.importing.format import Importer

MAPPED, GUESS = "mapped", "guess"
DESCRIPTION = """\
Imports what a gateway exports into a log that slipper analyze, verdict and check read. Rows that cannot become a
row of a log are left out and listed with their place. Exports of other gateways are read by a mapping file
(slipper schema mapping --text), which says which column each field of a log is. Ids of models are resolved through
the catalogue. What the source lacks is null: nothing is made up."""

EPILOG = f"""\
examples:
  slipper import openrouter_activity_2025-11-30.csv --out november
  slipper import openrouter exports/ --out all-months       a folder: all its files, copies of rows once
  slipper import responses.jsonl --out bot --user support-bot
  slipper import litellm spend.jsonl --out proxy --list-prices   costs of the list for requests that state none
  slipper import export.csv.gz --out log --json | jq .left_out
  slipper import litellm postgresql://me@db.example.org/litellm --out proxy   its table of spend logs, where it lies
  slipper import mapped requests.parquet --mapping ours.yaml --out log    any CSV, JSON or Parquet, by a mapping
  slipper import guess requests.parquet --out ours.yaml    writes a first mapping of an unknown file, to be mended
  slipper import --formats                                  the gateways that are known, and their exports

left on disk, complete or not at all:
  LOG/log/             one row a request, Parquet by UTC week
      models.parquet   the catalogue's models, with those of --models
      import.json      the account: rows read, written and left out, and why

{arguments.EXIT_STATUSES}"""


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "import", help="a gateway's export -> log", description=DESCRIPTION, epilog=EPILOG
    )
    parser.add_argument(
        "format", metavar="FORMAT", nargs="?", help="the gateway (default: the one that knows the file)"
    )
    parser.add_argument("source", metavar="SOURCE", help="a file (Parquet; CSV, JSON or JSON lines in UTF-8, also "
                        "compressed with gzip or zstd), or a folder of them; of LiteLLM its PostgreSQL "
                        "database, too")  # fmt: skip
    parser.add_argument(
        "--out",
        metavar="LOG",
        help="folder for the log; an earlier import there is replaced (of guess: the mapping "
        "file; without it, it is printed)",
    )
    parser.add_argument("--formats", action=arguments.Told, lines=_formats, help="list the formats and exit")
    parser.add_argument("--mapping", metavar="FILE", help="of FORMAT mapped: YAML that says which column, constant or "
                        "expression of SQL each field of a log is (docs/import.md)")  # fmt: skip
    parser.add_argument("--user", metavar="NAME", help="who sent the requests that name no user")
    parser.add_argument("--list-prices", action="store_true", help="compute the cost of requests that state none, "
                        "at the listed price of their model on their day")  # fmt: skip
    parser.add_argument("--models", metavar="FILE", help="Parquet with facts of more models (slipper schema log); they "
                        "take precedence over those of the catalogue")  # fmt: skip
    arguments.add_output_options(parser)
    parser.set_defaults(parser=parser, execute=execute)


def _formats() -> Iterator[str]:
    """What can be imported."""
    from analysis.importers import importers
    from analysis.importing.format import CALLED

    for name, importer in importers().items():
        yield f"{name}: {importer.title}"
        for form in importer.forms:
            refused = ", refused: it has no single requests" if form.refused else ""
            yield f"  {form.name} ({CALLED[form.kind]}){refused}"
        if importer.served:
            yield f"  {importer.served.table}, its table on a PostgreSQL server (postgresql://USER@HOST/DATABASE)"
    yield f"{MAPPED}: any other CSV, JSON or Parquet, by a mapping (--mapping FILE); {GUESS} writes a first one"


def execute(args: argparse.Namespace) -> int:
    """Imports, and gives the account."""
    if args.user is not None and not args.user.strip():
        args.parser.error("--user needs a name")
    if args.format == GUESS:
        return _guess(args)
    if args.out is None:
        args.parser.error("--out LOG is needed: the folder for the log")
    out = Path(args.out)
    check_writable(out)
    from analysis import LogError
    from analysis.importing.run import import_log

    known = _importers(args)
    try:
        account = import_log(
            args.source, out, known, listed_models(args.models), name=args.format, user=args.user,
            list_prices=args.list_prices,
        )  # fmt: skip
    except LogError as error:
        raise BadInput(str(error)) from error
    if args.quiet and not args.json:
        from testbed.terminal import import_view

        import_view.print_losses_aside(account)
        print(out)
        return DONE
    from analysis.report.availability import availability_at

    exhibits = availability_at(out, account.empty)
    if args.json:
        print(json.dumps({"log": str(out), "exhibits": asdict(exhibits)} | account.as_json(), indent=2))
        return DONE
    from testbed.terminal import import_view

    import_view.print_account(account, exhibits, out)
    return DONE


def _guess(args: argparse.Namespace) -> int:
    """Writes a first mapping of a file, or prints it."""
    of_an_import = ("mapping", "user", "list_prices", "json")
    idle = [f"--{name.replace('_', '-')}" for name in of_an_import if getattr(args, name)]
    if idle:
        args.parser.error(f"{GUESS} writes a mapping, and takes no {' and no '.join(idle)}")
    from analysis import LogError
    from analysis.contract import files
    from analysis.importers import importers
    from analysis.importing.guessing.guesses import guess
    from analysis.importing.guessing.sample import spread
    from analysis.importing.recognition import importable
    from analysis.importing.source import find, look
    from testbed.mapping.first_draft import draft, needed_and_missing, said_of_files

    try:
        paths = find(args.source)[0]
        looked = [look(path) for path in spread(paths)]
        found = guess(looked, listed_models(args.models))
    except LogError as error:
        raise BadInput(str(error)) from error
    text = draft(found, Path(args.source).resolve().name, len(paths))
    known = [importable(importers(), file) for file in looked]
    for importer, form in {one[0].name: one for one in known if one}.values():
        own = [file for file, one in zip(looked, known, strict=True) if one and one[0] is importer]
        where = args.source if len(own) == len(looked) else str(own[0].path)
        _aside(
            f"{where} is an export of {importer.title}, which needs no mapping: "
            f"{command((importer.name, where), form.rules)}"
        )
    for sentence in said_of_files(found, len(paths)):
        _aside(sentence)
    if missing := needed_and_missing(found):
        _aside(f"not found, and needed: {', '.join(missing)}")
    if args.out is None:
        print(text, end="")
        return DONE
    try:
        files.write_page(Path(args.out), text, overwrite=None)
    except files.Foreign as error:
        raise BadInput(str(error)) from error
    _aside(f"mend {args.out}, then: {command((MAPPED, args.source, '--mapping', args.out), found.fields)}")
    print(args.out)
    return DONE


def _aside(sentence: str) -> None:
    print(f"slipper import: {sentence}", file=sys.stderr)


def _importers(args: argparse.Namespace) -> Mapping[str, Importer]:
    """The importers that may know the files: those of the gateways, or the one of a mapping."""
    from analysis.importers import importers

    if args.mapping is None and args.format != MAPPED:
        return importers()
    if args.mapping is None:
        args.parser.error(
            f"{MAPPED} needs --mapping FILE, which says where each field is (slipper schema mapping --text)"
        )
    if args.format not in (None, MAPPED):
        args.parser.error(f"--mapping is for the format {MAPPED}; {args.format} needs none")
    from testbed.mapping.reading import read_mapping

    return {MAPPED: read_mapping(args.mapping)}


def no_log(error: LogError, where: str) -> BadInput:
    """Why something cannot be opened as a log; of an export that can be imported, how; of another table or JSON, that
    a mapping imports it. Where a part of a log is among the files, only what is wrong with it."""
    from analysis import LogError
    from analysis.importers import importers
    from analysis.importing.recognition import importable
    from analysis.importing.run import served_by
    from analysis.importing.source import ENDS, find, look
    from analysis.sources.warehouses import libpq

    if not where.strip():
        return BadInput(str(error))
    served = libpq.is_address(where)
    try:
        paths = [] if served else find(where)[0]
        if (Path(where) / "log").is_dir() or (len(paths) > 1 and any(map(_is_of_a_log, paths))):
            return BadInput(str(error))
        file = None if served else look(paths[0])
        known = served_by(where, importers()) if file is None else importable(importers(), file)
    except LogError:
        return BadInput(str(error))
    if known:
        importer, form = known
        return BadInput(
            f"{where}: no log, but an export of {importer.title} ({form.name}). Import it first: "
            f"{command((importer.name, where), form.rules)}"
        )
    if (
        file is None
        or file.is_log
        or not file.path.name.lower().endswith(ENDS)
        or not (len(file.columns) > 1 or file.samples)
    ):
        return BadInput(str(error))
    why = (
        str(error).rstrip(".")
        if file.shape == "parquet"
        else f"{where}: no log, and no known gateway exports this"
    )
    return BadInput(
        f"{why}. If it holds one request a row, a mapping imports it; a first one is written by: slipper import guess "
        f"{shlex.quote(str(file.path))} --out mapping.yaml"
    )


def _is_of_a_log(path: Path) -> bool:
    from analysis import LogError
    from analysis.importing.source import look

    try:
        return path.suffix == ".parquet" and look(path).is_log
    except LogError:
        return False


def command(words: Sequence[str], has: Container[str]) -> str:
    """The import of a source, as it is typed. has: its fields; where it names no user, or states no cost, there is an
    option for that."""
    from analysis.importing.format import OPTIONS

    options = "".join(f" {option}" for field, option in OPTIONS.items() if field not in has)
    return f"slipper import {shlex.join(words)} --out LOG{options}"


def listed_models(more: str | None) -> pa.Table:
    """The models of the shipped catalogue as a table of the contract, those of a file before them. Raises BadInput."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from analysis.contract import arrow_schema
    from analysis.importing.model_ids import with_own
    from sim.catalogue import load_catalogue, write_models_table

    catalogue = write_models_table(load_catalogue(shipped.FOLDER / "catalogue"), dt.date.max)
    if more is None:
        return catalogue
    try:
        own = pq.read_table(more).cast(arrow_schema("models"))
    except (OSError, ValueError, pa.ArrowException) as error:
        why = str(error).splitlines()[0]
        raise BadInput(f"{more}: no models table of the contract (slipper schema log): {why}") from error
    return with_own(catalogue, own)
