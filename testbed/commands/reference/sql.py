"""`slipper sql`: the SQL of the queries, in the dialect of the warehouse that holds the log."""

from __future__ import annotations

import argparse
import inspect
import json
import re
from typing import TYPE_CHECKING, Any

from testbed import arguments
from testbed.failure import DONE, BadInput

if TYPE_CHECKING:
    from analysis.queries.query import Query

DESCRIPTION = """\
Prints the SQL of a query for the warehouse that holds the log, or lists the queries.
No log is opened: the tables are those of the contract (slipper schema log), by the
names that they have there. Days, weeks (from Monday) and months are UTC ones,
whatever the zone of the session."""

EPILOG = f"""\
examples:
  slipper sql                                              the queries, one line each
  slipper sql usage.weekly --dialect bigquery --generations ours.gateway.generations
  slipper sql activity_retention.calendar_month --dialect snowflake \\
      --from 2025-01-01 --to 2025-12-31 --model openai/gpt-4o-mini

Queries of cohorts need --from and --to: the days that the log covers tell which
months are whole.

{arguments.EXIT_STATUSES}"""

DIALECTS = ("bigquery", "snowflake", "clickhouse", "databricks", "postgres", "spark", "duckdb")
TABLES = ("generations", "labels", "models")


def add_parser(commands: Any) -> None:
    """Adds the command's parser."""
    parser: arguments.Parser = commands.add_parser(
        "sql", help="the SQL of a query, for a warehouse", description=DESCRIPTION, epilog=EPILOG
    )
    parser.add_argument("query", nargs="?", metavar="QUERY", help="such as usage.weekly (default: list them)")
    parser.add_argument(
        "--dialect", choices=DIALECTS, default="duckdb", metavar="DIALECT",
        help=f"{', '.join(DIALECTS[:-1])} or {DIALECTS[-1]} (default: duckdb)",
    )  # fmt: skip
    names = parser.add_argument_group("names of the tables")
    for table in TABLES:
        names.add_argument(
            f"--{table}", dest=f"{table}_name", default=table, metavar="NAME",
            help=f"TABLE, SCHEMA.TABLE or CATALOG.SCHEMA.TABLE (default: {table})",
        )  # fmt: skip
    arguments.add_days(parser)
    cohorts = parser.add_argument_group("of queries of cohorts")
    cohorts.add_argument(
        "--model", dest="models", action="append", metavar="MODEL", help="only this model; may be repeated"
    )
    cohorts.add_argument(
        "--min-cohort", type=arguments.positive_integer, metavar="USERS", help="only cohorts of so many users or more"
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="as JSON on standard output")
    parser.set_defaults(parser=parser, execute=execute)


def execute(args: argparse.Namespace) -> int:
    """Prints the SQL of a query, or lists the queries."""
    from analysis.queries.query import all_queries

    queries = all_queries()
    if args.query is None:
        lines = {name: in_a_line(query) for name, query in queries.items()}
        print(json.dumps(lines, indent=2) if args.json else _listed(lines))
        return DONE
    if args.query not in queries:
        raise BadInput(
            f"no query '{args.query}'{arguments.hint(args.query, queries)}; slipper sql lists them"
        )
    text = _statement(args, queries[args.query])
    if args.json:
        print(json.dumps({"query": args.query, "dialect": args.dialect, "sql": text}, indent=2))
    else:
        print(f"-- {args.query}: {in_a_line(queries[args.query])}\n{text};")
    return DONE


def _statement(args: argparse.Namespace, query: Query[Any]) -> str:
    from analysis.queries.statements import NeedsDays, Tables, statement
    from analysis.sources.errors import LogError
    from analysis.sources.scope import Scope

    given = {
        name: getattr(args, name) for name in ("models", "min_cohort") if getattr(args, name) is not None
    }
    for name in given:
        if name not in inspect.signature(query.build).parameters:
            option = "--model" if name == "models" else "--min-cohort"
            raise BadInput(f"{option}: {query.name} takes no such option")
    tables = Tables(**{table: getattr(args, f"{table}_name") for table in TABLES})
    try:
        return statement(query, args.dialect, tables, Scope(args.from_day, args.to_day), given)
    except NeedsDays as error:
        raise BadInput(
            f"{query.name}: {error}: state the first and the last one, such as --from 2025-01-01 --to 2025-12-31"
        ) from None
    except LogError as error:
        raise BadInput(str(error)) from None


def in_a_line(query: Query[Any]) -> str:
    """What a query is about: how its description begins."""
    first = " ".join((inspect.getdoc(query.build) or "").partition("\n\n")[0].split())
    return re.split(r"[:.;] |[.:]$", first)[0]


def _listed(lines: dict[str, str]) -> str:
    width = max(map(len, lines)) + 2
    parts = [f"{name:<{width}}{line}" for name, line in lines.items()]
    return "\n".join([*parts, "", "The SQL of one: slipper sql QUERY --dialect DIALECT"])
