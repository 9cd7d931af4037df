"""`slipper catalogue`: the real models that scenarios draw on, their facts and their price paths."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from typing import Any

from analysis.months import month_end
from testbed import arguments, shipped
from testbed.failure import DONE, BadInput

DESCRIPTION = """\
Lists the models of the shipped catalogue, or shows one: its facts with sources, its price path, free windows and
retirement, and the latent parameters that the simulation gives it (model parameters, not facts)."""

EPILOG = """\
examples:
  slipper catalogue                                     all models, by date of release
  slipper catalogue --open --origin CN --released-from 2025-01
  slipper catalogue --author anthropic --reasoning hybrid --reasoning always
  slipper catalogue --search coder --json
  slipper catalogue show anthropic/claude-sonnet-4

Leaves nothing on disk."""

PIPED_WIDTH = 120  # columns of a list that does not go to a terminal: one line a model, for grep


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "catalogue", help="the models, their facts and price paths", description=DESCRIPTION, epilog=EPILOG
    )
    parser.add_argument("action", nargs="?", default="list", choices=["list", "show"], metavar="list|show",
                        help="list models (default), or show one")  # fmt: skip
    parser.add_argument("model", nargs="?", metavar="MODEL", help="the model to show, as author/slug")
    which = parser.add_argument_group("which models to list")
    which.add_argument("--author", action="append", metavar="NAME", help="of this author; repeatable")
    weights = which.add_mutually_exclusive_group()
    weights.add_argument("--open", dest="openness", action="store_const", const="open", help="open weights")
    weights.add_argument(
        "--closed", dest="openness", action="store_const", const="closed", help="closed weights"
    )
    which.add_argument(
        "--origin", choices=["CN", "RoW"], help="developed in China, or in the rest of the world"
    )
    which.add_argument(
        "--reasoning", action="append", choices=["none", "hybrid", "always"], help="repeatable"
    )
    which.add_argument("--released-from", type=_first_day, metavar="DATE", help="YYYY-MM-DD or YYYY-MM")
    which.add_argument(
        "--released-to", type=_last_day, metavar="DATE", help="YYYY-MM-DD or YYYY-MM, included"
    )
    which.add_argument("--free", action="store_true", help="free of charge at some time")
    which.add_argument("--search", metavar="TEXT", help="with this text in the name or the slug")
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Lists models, or shows one."""
    if args.action == "list" and args.model:
        args.parser.error("give a MODEL with `show` only; `list` takes options such as --search")
    if args.action == "show" and not args.model:
        args.parser.error("name the MODEL to show, as author/slug")
    from sim.catalogue import CatalogueError, load_catalogue
    from sim.catalogue.names import did_you_mean
    from testbed.terminal import catalogue_view
    from testbed.terminal.console import open_console

    try:
        catalogue = load_catalogue(shipped.FOLDER / "catalogue")
    except (CatalogueError, OSError) as error:
        raise BadInput(str(error)) from error
    if args.action == "show":
        if args.model not in catalogue:
            known = [model.slug for model in catalogue.models]
            said = did_you_mean(args.model, known)
            raise BadInput(f"unknown model '{args.model}'" + (f", {said}" if said else ""))
        models = [catalogue[args.model]]
    else:
        _check_authors(args.author, sorted({model.author for model in catalogue.models}))
        models = catalogue_view.list_models(
            catalogue,
            author=args.author,
            openness=args.openness,
            origin=args.origin,
            reasoning=args.reasoning,
            released_from=args.released_from,
            released_to=args.released_to,
            free=args.free or None,
            search=args.search,
        )
    if args.json:
        records = catalogue_view.as_records(models)
        print(json.dumps(records[0] if args.action == "show" else records, indent=2, ensure_ascii=False))
    else:
        width = None if sys.stdout.isatty() else PIPED_WIDTH
        view = (
            catalogue_view.detail_of(models[0]) if args.action == "show" else catalogue_view.table_of(models)
        )
        open_console(width=width).print(view)
    return DONE


def _check_authors(given: list[str] | None, known: list[str]) -> None:
    for author in given or ():
        if author not in known:
            raise BadInput(
                f"no model is by '{author}'{arguments.hint(author, known)}; authors: {', '.join(known)}"
            )


def _day(text: str) -> tuple[dt.date, dt.date]:
    """First and last day of a date or a month."""
    try:
        if len(text) == 7:
            first = dt.date.fromisoformat(f"{text}-01")
            return first, month_end(first)
        return (day := dt.date.fromisoformat(text)), day
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"expected YYYY-MM-DD or YYYY-MM, not '{text}'") from None


def _first_day(text: str) -> dt.date:
    return _day(text)[0]


def _last_day(text: str) -> dt.date:
    return _day(text)[1]
